"""Training of network mechanisms: all variables, members and penalties in one compiled program."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
from jaxtyping import Array, Float

from data.errors import ConfigError

from .linear import solve
from .mechanism import Bend, Mechanism

EVERY = 10
"""Steps between validations."""


@dataclass(frozen=True)
class Network:
    """A network for each variable: its size and how it is trained.

    Attributes:
        width: units of each of the two hidden layers.
        steps: most optimisation steps, each over all samples.
        rate: learning rate at the start; it falls to zero along a cosine.
        patience: validations (every 10 steps) without progress after which a network stops.
        penalty: penalties on squared weights; each member chooses for each variable by its own validation.
    """

    width: int = 16
    steps: int = 200
    rate: float = 1e-2
    patience: int = 5
    penalty: tuple[float, ...] = (1e-4, 1e-3, 1e-2)

    def __post_init__(self) -> None:
        if min(self.width, self.steps, self.patience) < 1 or self.rate <= 0:
            raise ConfigError("a setting of the network is not positive", "Network", "give positive numbers")
        if not self.penalty or min(self.penalty) < 0:
            raise ConfigError(f"penalty is {self.penalty}", "Network", "give at least one number from 0 on")


def train(
    settings: Network,
    x: np.ndarray,
    y: np.ndarray,
    mask: np.ndarray,
    weight: np.ndarray,
    validation: np.ndarray,
    seed: int,
) -> tuple[Mechanism, dict[str, Any]]:
    """Train an ensemble, each member on its own rows and with its own choice of penalty for each variable.

    Every network starts at the ridge regression of its own rows and stops at its best validation. A bootstrap
    sample repeats the choice between penalties as well: one choice for all would hide from their spread what it
    bends them to in common [@efron2014].

    Args:
        settings: size and training.
        x: inputs ``(row, input)``, standardised and finite.
        y: targets ``(row, variable)``, standardised and finite.
        mask: bool ``(variable, input)``.
        weight: weight of each training row ``(member, variable, row)``.
        validation: weight of each validation row, same shape.
        seed: of the first weights.

    Returns:
        mechanisms with a leading member axis, the chosen penalties ``(member, variable)`` and the
        mean validation error of each variable.
    """
    members, variables = weight.shape[:2]
    grid = len(settings.penalty)
    penalty = np.repeat(settings.penalty, members)
    slope, constant = solve(x, y, mask, np.tile(weight, (grid, 1, 1)), penalty)
    # the same first weights under every penalty, so that the choice between penalties is not one of luck
    bend = Bend.start(jr.key(seed), (members, variables), jnp.asarray(mask, jnp.float32), settings.width)
    bend = jax.tree.map(lambda a: jnp.tile(a, (grid,) + (1,) * (a.ndim - 1)), bend)
    first = Mechanism(jnp.asarray(slope, jnp.float32), jnp.asarray(constant, jnp.float32), bend)
    single = [jnp.asarray(a, jnp.float32) for a in (x, y, mask, weight, validation, penalty)]
    best, loss = _train(first, *single, settings.steps, settings.rate, settings.patience)
    loss = np.asarray(loss).reshape(grid, members, variables)
    chosen = loss.argmin(0)
    at = chosen * members + np.arange(members)[:, None]
    picked = jax.tree.map(lambda a: np.asarray(a)[at, np.arange(variables)], best)
    told = {"penalty": np.asarray(settings.penalty)[chosen], "validation": loss.min(0).mean(0)}
    return picked, told


@partial(jax.jit, static_argnames=("steps", "patience"))
def _train(
    first: Mechanism,
    x: Float[Array, "row input"],
    y: Float[Array, "row variable"],
    mask: Float[Array, "variable input"],
    weight: Float[Array, "member variable row"],
    validation: Float[Array, "member variable row"],
    penalty: Float[Array, " run"],
    steps: int,
    rate: float,
    patience: int,
) -> tuple[Mechanism, Float[Array, "run variable"]]:
    """Best parameters and validation error of runs, which are members times penalties."""
    optimiser = optax.adam(optax.cosine_decay_schedule(rate, steps))
    members = weight.shape[0]
    shares = [w / jnp.maximum(w.sum(-1, keepdims=True), 1e-9) for w in (weight, validation)]

    def square(m: Mechanism) -> Float[Array, "penalty member variable row"]:
        linear = jnp.einsum("si,rni->rns", x, m.slope * mask) + m.constant[..., None]
        bend = m.bend
        assert bend is not None
        h = jnp.tanh(
            jnp.einsum("si,rnih->rnsh", x, bend.enter * mask[..., None]) + bend.enter_bias[:, :, None]
        )
        h = jnp.tanh(jnp.einsum("rnsh,rnhk->rnsk", h, bend.hidden) + bend.hidden_bias[:, :, None])
        error = linear + jnp.einsum("rnsh,rnh->rns", h, bend.leave) - y.T
        return (error**2).reshape(-1, members, *error.shape[1:])

    def sizes(m: Mechanism) -> Float[Array, "run variable"]:
        bend = m.bend
        assert bend is not None
        weights = (m.slope, bend.enter * mask[..., None], bend.hidden, bend.leave)
        return sum((a**2).reshape(*a.shape[:2], -1).sum(-1) for a in weights)  # type: ignore[return-value]

    def goal(m: Mechanism) -> Float[Array, ""]:
        # runs and variables share no parameter, so the gradient of the sum trains each alone
        return jnp.sum(square(m) * shares[0]) + jnp.sum(penalty[:, None] * sizes(m))

    def judge(m: Mechanism) -> Float[Array, "run variable"]:
        return (square(m) * shares[1]).sum(-1).reshape(-1, y.shape[1])

    def step(_: int, carry: tuple) -> tuple:
        m, state = carry
        updates, state = optimiser.update(jax.grad(goal)(m), state)
        return optax.apply_updates(m, updates), state

    def better(mark: Array, new: Array, old: Array) -> Array:
        return jnp.where(mark.reshape(mark.shape + (1,) * (new.ndim - 2)), new, old)

    def chunk(carry: tuple) -> tuple:
        m, state, best, loss, stale, done = carry
        m, state = jax.lax.fori_loop(0, EVERY, step, (m, state))
        now = judge(m)
        # a run that has stopped stays stopped, as it would alone
        mark = (now < loss) & (stale < patience)
        best = jax.tree.map(partial(better, mark), m, best)
        return m, state, best, jnp.where(mark, now, loss), jnp.where(mark, 0, stale + 1), done + EVERY

    def going(carry: tuple) -> Array:
        return (carry[-1] < steps) & jnp.any(carry[-2] < patience)

    loss = judge(first)
    state = optimiser.init(first)  # type: ignore[arg-type]
    carry = (first, state, first, loss, jnp.zeros(loss.shape, jnp.int32), jnp.int32(0))
    _, _, best, loss, _, _ = jax.lax.while_loop(going, chunk, carry)
    return best, loss
