"""A learned factor on the rate of spread, trained through the solver on the scars of other fires."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
from jaxtyping import Array, Float

from data.errors import ModelError
from hybrid.fire.spread import RateFactor, Scheme, burned_fraction

from .config import Config
from .members import Member, OnGrid, landscape, run_one, scheme_of
from .opening import Fire

GROUPS = {
    "grass": (101, 109),
    "grass and shrub": (121, 124),
    "shrub": (141, 149),
    "timber understory": (161, 165),
    "timber litter": (181, 189),
}
"""First and last number of the fuel types of [@scott2005standard]; slash has none of these features."""


class Learning(NamedTuple):
    """Width of the blur [m], standard deviation of log(factor) before training, and weight of this prior."""

    blur: Any
    spread: Any
    pull: Any


def features(fire: Fire, length: int) -> Float[np.ndarray, "time y x feature"]:
    """What the factor sees: one for the fuel's type, else zero; slope [1]; wind at 10 m [m s-1].

    Args:
        fire: landscape and weather.
        length: weather times; those after the last row hold its wind.
    """
    kinds = [(fire.fuel >= low) & (fire.fuel <= high) for low, high in GROUPS.values()]
    ground = np.stack([*(k.astype(np.float32) for k in kinds), fire.slope.astype(np.float32)], axis=-1)
    wind = np.pad(fire.wind, (0, length - len(fire.wind)), mode="edge").astype(np.float32)
    shape = (length, *fire.fuel.shape)
    ground = np.broadcast_to(ground, (length, *ground.shape))
    return np.concatenate([ground, np.broadcast_to(wind[:, None, None], shape)[..., None]], axis=-1)


def near(fire: Fire, reach: float) -> Fire:
    """The part of a fire within a distance of its ignition, of the same shape for fires that are far from an edge."""
    row = int(np.argmin(np.abs(fire.y - fire.ignition[1])))
    column = int(np.argmin(np.abs(fire.x - fire.ignition[0])))
    cells = int(reach // fire.width)
    rows, columns = (
        slice(max(at - cells, 0), min(at + cells + 1, size))
        for at, size in zip((row, column), fire.fuel.shape, strict=True)
    )
    cut = {n: getattr(fire, n)[rows, columns] for n in ("fuel", "elevation", "slope", "aspect")}
    scar = None if fire.scar is None else fire.scar[rows, columns]
    return replace(fire, x=fire.x[columns], y=fire.y[rows], scar=scar, **cut)


def blurred(values: Float[Array, "y x"], cells: Any) -> Float[Array, "y x"]:
    """A field blurred by a Gaussian of so many cells, with nothing around it."""

    def kernel(size: int) -> Array:
        place = jnp.arange(size, dtype=values.dtype)
        near = jnp.exp(-0.5 * ((place[:, None] - place) / cells) ** 2)
        return near / (cells * np.sqrt(2.0 * np.pi))

    return kernel(values.shape[0]) @ values @ kernel(values.shape[1])


def start(fires: Sequence[Fire], config: Config) -> RateFactor:
    """A factor that is about one, whose range is that of the burnable cells of these fires and their weather."""
    learn = config.factor
    seen = []
    for fire in (near(f, learn.reach) for f in fires):
        table = features(fire, len(fire.wind))[:, fire.burnable]
        seen.append(table.reshape(-1, table.shape[-1]))
    key = jr.key(config.seed)
    return RateFactor(
        np.concatenate(seen), key=key, bound=learn.bound, width=learn.width, depth=1, fade=learn.fade
    )


def misfit(
    model: RateFactor,
    data: tuple[OnGrid, Array, Array],
    member: Member,
    width: float,
    scheme: Scheme,
    learn: Learning,
) -> Array:
    """Squared difference of burned area and scar, both blurred, in shares of their squares; a pull towards one.

    The parts of cells that burned have a gradient at the front alone; blurred by a Gaussian, they feel a scar's edge
    that is farther away, and a perfect area has no misfit. The pull is that of a normal prior of log(factor).
    """
    land, seen, scar = data
    factor = model(seen)
    front, _ = run_one(land, member, factor, width, scheme)
    burned = jnp.where(land.burnable, burned_fraction(front.level, width), 0.0)
    burned, scar = (blurred(v, learn.blur / width) for v in (burned, scar))
    gap = jnp.sum((burned - scar) ** 2) / (jnp.sum(burned**2) + jnp.sum(scar**2))
    far = jnp.log(factor) / learn.spread
    pull = jnp.sum(jnp.where(land.burnable, far**2, 0.0)) / jnp.sum(land.burnable) / factor.shape[0]
    return gap + 0.5 * learn.pull * pull


@partial(jax.jit, static_argnums=(4, 5))
def _slope(
    weights: Any, rest: Any, data: Any, member: Member, width: float, scheme: Scheme, learn: Learning
) -> tuple[Array, Any]:
    def loss(w: Any) -> Array:
        return misfit(eqx.combine(w, rest), data, member, width, scheme, learn)

    return jax.value_and_grad(loss)(weights)


@partial(jax.jit, static_argnums=(2, 3))
def _steps(land: OnGrid, member: Member, width: float, scheme: Scheme) -> Array:
    return run_one(land, member, None, width, scheme)[1]


def train(
    fires: Sequence[Fire],
    member: Member,
    config: Config,
    report: Callable[[int, float], None] = lambda step, loss: None,
) -> tuple[RateFactor, np.ndarray]:
    """A factor of least mean misfit over some fires, and the misfit of each step.

    Args:
        fires: to learn from, with scars.
        member: what is assumed of them.
        config: ignition, solver and training.
        report: told of each step.

    Raises:
        ModelError: a misfit that is not a number.
    """
    learn, width = config.factor, fires[0].width
    prior = Learning(*map(jnp.float32, (learn.blur, learn.spread, learn.pull)))
    member = jax.tree.map(jnp.float32, member)
    data = []
    for fire in (near(f, learn.reach) for f in fires):
        land = landscape(fire, config)
        seen = features(fire, land.times.shape[0])
        data.append((land, jnp.asarray(seen), jnp.asarray(fire.scar, jnp.float32)))
    wanted = max(int(_steps(d[0], member, width, scheme_of(config))) for d in data)
    # room for the greatest factor everywhere; a power of two, so that folds share a program
    scheme = scheme_of(config, 2 ** int(np.ceil(np.log2(wanted * learn.bound + 32))))
    model = start(fires, config)
    trained, rest = eqx.partition(model, _is_trained(model))
    optimiser = optax.adam(learn.learning_rate)
    state, losses = optimiser.init(trained), []
    for step in range(learn.steps):
        found = [_slope(trained, rest, d, member, width, scheme, prior) for d in data]
        loss = float(np.mean([f[0] for f in found]))
        if not np.isfinite(loss):
            raise ModelError(
                f"the misfit at step {step} is {loss}", "factor", "lower factor.learning_rate or factor.bound"
            )
        mean = jax.tree.map(lambda *g: sum(g) / len(g), *(f[1] for f in found))
        updates, state = optimiser.update(mean, state)
        trained = optax.apply_updates(trained, updates)
        losses.append(loss)
        report(step + 1, loss)
    return eqx.combine(trained, rest), np.array(losses)


def _is_trained(model: RateFactor) -> Any:
    """True for the weights of the network: the range of the features is no weight."""
    nothing = jax.tree.map(lambda _: False, model)
    weights = jax.tree.map(eqx.is_inexact_array, model.network)
    return eqx.tree_at(lambda m: m.network, nothing, weights)


def field(model: RateFactor, fire: Fire, length: int) -> Float[np.ndarray, "time y x"]:
    """The factor of every cell at the weather times [1]."""
    return np.asarray(_field(model, jnp.asarray(features(fire, length))), np.float32)


_field = eqx.filter_jit(lambda model, seen: model(seen))


def known(fire: Fire, config: Config) -> np.ndarray | None:
    """The factor of synthetic fires at each cell, (1, y, x) [1]; None where it is one everywhere."""
    made = config.synthetic
    if made.factor_grass == made.factor_timber == 1.0:
        return None
    low, high = GROUPS["timber litter"]
    timber = (fire.fuel >= low) & (fire.fuel <= high)
    return np.where(timber, made.factor_timber, made.factor_grass)[None].astype(np.float32)


__all__ = ["GROUPS", "Learning", "blurred", "features", "field", "known", "misfit", "near", "start", "train"]
