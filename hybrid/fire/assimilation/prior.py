"""What is believed of the parameters before perimeters are seen: independent Gaussians in an unbounded space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from data.errors import ConfigError, DataError, listing

KINDS = ("positive", "real", "bounded")


@dataclass(frozen=True, eq=False)
class Parameter:
    """A quantity that perimeters shall tell about, with its Gaussian prior in an unbounded space.

    Attributes:
        name: by which the physics are given it.
        centre: median, in the parameter's own unit; a number or of ``shape``.
        sd: standard deviation in the unbounded space: of the logarithm (positive; 0.3 is about 30 %), in the
            parameter's unit (real), or of the logit of its place between the bounds (bounded).
        kind: "positive" (by the logarithm), "real" (as it is) or "bounded" (by the logit).
        lower: bound of a bounded one.
        upper: likewise.
        shape: of its value: () for a number, (n,) for e.g. one value per class of fuel or piece of time.
    """

    name: str
    centre: Any
    sd: Any
    kind: Literal["positive", "real", "bounded"] = "positive"
    lower: float | None = None
    upper: float | None = None
    shape: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        where = f"parameter '{self.name}'"
        if self.kind not in KINDS:
            raise ConfigError(f"unknown kind {self.kind!r}", where, f"choose {listing(KINDS)}")
        try:
            centre, sd = (np.broadcast_to(np.asarray(v, float), self.shape) for v in (self.centre, self.sd))
        except ValueError:
            raise ConfigError(
                f"centre or sd is not of shape {self.shape}", where, "give a number or one per value"
            ) from None
        if not np.isfinite(centre).all():
            raise ConfigError("the centre of the prior is not finite", where, "give a number")
        if not (np.isfinite(sd).all() and (sd > 0.0).all()):
            raise ConfigError(
                "the sd of the prior is not a number above zero", where, "give how sure you are"
            )
        if self.kind == "positive" and not (centre > 0.0).all():
            raise ConfigError(
                "the centre is not above zero", where, "choose kind 'real' or a positive centre"
            )
        if self.kind == "bounded":
            low, high = self.lower, self.upper
            if low is None or high is None or not (np.isfinite([low, high]).all() and low < high):
                raise ConfigError(f"the bounds {low} and {high} hold nothing", where, "give lower < upper")
            if not ((centre > low) & (centre < high)).all():
                raise ConfigError("the centre is not inside the bounds", where, "move it inside")
        elif self.lower is not None or self.upper is not None:
            raise ConfigError(f"bounds are given for kind '{self.kind}'", where, "choose kind 'bounded'")

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return int(np.prod(self.shape, dtype=int))


Values = Mapping[str, Any]


class Space(eqx.Module):
    """Parameters laid end to end as a vector z that is standard normal a priori: raw = centre + sd z."""

    centre: Float[Array, " n"]
    sd: Float[Array, " n"]
    lower: Float[Array, " parameter"]
    upper: Float[Array, " parameter"]
    names: tuple[str, ...] = eqx.field(static=True)
    kinds: tuple[str, ...] = eqx.field(static=True)
    shapes: tuple[tuple[int, ...], ...] = eqx.field(static=True)

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        self.names, self.kinds, self.shapes = names_of(parameters), *_forms(parameters)
        self.lower = jnp.asarray([0.0 if p.lower is None else p.lower for p in parameters])
        self.upper = jnp.asarray([1.0 if p.upper is None else p.upper for p in parameters])
        self.sd = jnp.asarray(
            np.concatenate([np.broadcast_to(np.asarray(p.sd, float), p.shape).ravel() for p in parameters])
        )
        raw = [_unbound(p, np.broadcast_to(np.asarray(p.centre, float), p.shape)) for p in parameters]
        self.centre = jnp.asarray(np.concatenate([r.ravel() for r in raw]))

    @property
    def size(self) -> int:
        """Length of the vector."""
        return sum(int(np.prod(s, dtype=int)) for s in self.shapes)

    def values(self, z: Float[Array, " n"]) -> dict[str, Array]:
        """Parameters in their own units."""
        raw, out, at = self.centre + self.sd * z, {}, 0
        for i, (name, kind, shape) in enumerate(zip(self.names, self.kinds, self.shapes, strict=True)):
            size = int(np.prod(shape, dtype=int))
            part = raw[at : at + size].reshape(shape)
            if kind == "positive":
                part = jnp.exp(part)
            elif kind == "bounded":
                part = self.lower[i] + (self.upper[i] - self.lower[i]) * jax.nn.sigmoid(part)
            out[name] = part
            at += size
        return out

    def vector(self, values: Values) -> Float[Array, " n"]:
        """The vector z of parameters in their own units."""
        parts = []
        for i, (name, kind, shape) in enumerate(zip(self.names, self.kinds, self.shapes, strict=True)):
            part = jnp.broadcast_to(jnp.asarray(values[name]), shape).ravel()
            if kind == "positive":
                part = jnp.log(part)
            elif kind == "bounded":
                share = (part - self.lower[i]) / (self.upper[i] - self.lower[i])
                part = jnp.log(share) - jnp.log1p(-share)
            parts.append(part)
        return (jnp.concatenate(parts) - self.centre) / self.sd


def names_of(parameters: Sequence[Parameter]) -> tuple[str, ...]:
    """Names of the parameters, once there are some and no two are alike."""
    names = tuple(p.name for p in parameters)
    if not names:
        raise ConfigError("there is no parameter", "parameters", "give one or more")
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise ConfigError(f"two parameters are named {listing(twice)}", "parameters", "rename one")
    return names


def _forms(parameters: Sequence[Parameter]) -> tuple[tuple[str, ...], tuple[tuple[int, ...], ...]]:
    return tuple(p.kind for p in parameters), tuple(tuple(p.shape) for p in parameters)


def _unbound(parameter: Parameter, value: np.ndarray) -> np.ndarray:
    if parameter.kind == "positive":
        return np.log(value)
    if parameter.kind == "bounded":
        assert parameter.lower is not None
        assert parameter.upper is not None
        share = (value - parameter.lower) / (parameter.upper - parameter.lower)
        return np.log(share) - np.log1p(-share)
    return value


def draw(parameters: Sequence[Parameter], key: PRNGKeyArray, number: int) -> dict[str, Array]:
    """Draws from the prior, each (number, *shape), in the parameters' own units."""
    space = Space(parameters)
    return many(space, jax.random.normal(key, (number, space.size)))


@eqx.filter_jit
def many(space: Space, z: Float[Array, "number n"]) -> dict[str, Array]:
    """Values in their own units of many vectors, each (number, *shape)."""
    return jax.vmap(space.values)(z)


def flatten(parameters: Sequence[Parameter], values: Values) -> Float[Array, " n"]:
    """Vector z of values in their own units: standard normal a priori, in the order of the parameters.

    Raises:
        DataError: a value that is missing, of another shape, or outside of what its kind allows.
    """
    for p in parameters:
        where = f"parameter '{p.name}'"
        if p.name not in values:
            raise DataError("a value is missing", where, f"given are {listing(values)}")
        value = np.asarray(values[p.name], float)
        if value.shape not in ((), tuple(p.shape)):
            raise DataError(f"the value is of shape {value.shape}", where, f"give it as {p.shape}")
        low = p.lower if p.kind == "bounded" else 0.0 if p.kind == "positive" else -np.inf
        high = p.upper if p.kind == "bounded" else np.inf
        if not (np.isfinite(value).all() and (value > low).all() and (value < high).all()):
            raise DataError(f"a value is not between {low:g} and {high:g}", where, "move it inside")
    return Space(parameters).vector(values)


def unflatten(parameters: Sequence[Parameter], flat: Float[Array, " n"]) -> dict[str, Array]:
    """Values in their own units of a vector z."""
    return Space(parameters).values(flat)


def log_prior(parameters: Sequence[Parameter], flat: Float[Array, " n"]) -> Float[Array, ""]:
    """Logarithm of the prior density of a vector z [1]."""
    del parameters
    return -0.5 * jnp.sum(flat**2) - 0.5 * flat.shape[-1] * jnp.log(2.0 * jnp.pi)


__all__ = ["Parameter", "Space", "Values", "draw", "flatten", "log_prior", "many", "names_of", "unflatten"]
