"""Runs of a structural model: one step, paths under an intervention, and paths with the observed noise kept."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from .mechanism import Mechanism


def _settle(
    mechanism: Mechanism, mask: Array, depth: Array, past: Array, noise: Array, held: Array, fixed: Array
) -> Float[Array, " variable"]:
    """Values of one step, links of lag 0 included.

    After as many sweeps as the longest path of lag 0 has variables, every variable has read settled parents.
    """

    def sweep(_: int, now: Array) -> Array:
        window = jnp.concatenate([now[None], past]).reshape(-1)
        return jnp.where(fixed, held, mechanism(window, mask) + noise)

    return jax.lax.fori_loop(0, depth, sweep, jnp.where(fixed, held, jnp.zeros_like(held)))


def _shift(now: Array, past: Array) -> Array:
    return jnp.concatenate([now[None], past])[: past.shape[0]]


@eqx.filter_jit
def paths(
    mechanisms: Mechanism,
    member: Int[Array, " draw"],
    mask: Float[Array, "variable input"],
    depth: Int[Array, ""],
    past: Float[Array, "series lag variable"],
    noise: Float[Array, "draw series step variable"],
    held: Float[Array, "series step variable"],
    fixed: Bool[Array, "series step variable"],
) -> Float[Array, "draw series step variable"]:
    """Simulate forward from a history.

    Args:
        mechanisms: with a leading member axis.
        member: which member each draw uses.
        mask: who may read what.
        depth: variables on the longest path of lag 0.
        past: the last ``tau_max`` values, newest first.
        noise: added at each step.
        held: values of variables that are set.
        fixed: where they are set.
    """

    def one(m: Mechanism, past: Array, noise: Array, held: Array, fixed: Array) -> Array:
        def step(past: Array, given: tuple) -> tuple[Array, Array]:
            now = _settle(m, mask, depth, past, *given)
            return _shift(now, past), now

        return jax.lax.scan(step, past, (noise, held, fixed))[1]

    def draw(index: Array, noise: Array) -> Array:
        return jax.vmap(one, (None, 0, 0, 0, 0))(_member(mechanisms, index), past, noise, held, fixed)

    return jax.vmap(draw)(member, noise)


@eqx.filter_jit
def counterfactual_paths(
    mechanisms: Mechanism,
    member: Int[Array, " draw"],
    mask: Float[Array, "variable input"],
    depth: Int[Array, ""],
    first: Float[Array, "draw series lag variable"],
    seen: Float[Array, "series step variable"],
    noise: Float[Array, "draw series step variable"],
    held: Float[Array, "series step variable"],
    fixed: Bool[Array, "series step variable"],
    start: Float[Array, "draw series lag variable"],
) -> tuple[Array, Array]:
    """Simulate with the noise of an observed path kept (abduction, action, prediction) [@pearl2009].

    Args:
        mechanisms: with a leading member axis.
        member: which member each draw uses.
        mask: who may read what.
        depth: variables on the longest path of lag 0.
        first: factual values of the first ``tau_max`` steps, newest first, without gaps.
        seen: the observed path after them, NaN where missing.
        noise: used where a value is missing.
        held: values of variables that are set.
        fixed: where they are set.
        start: counterfactual values of the first ``tau_max`` steps, newest first.

    Returns:
        the factual path with its gaps filled, and the counterfactual one.
    """

    def one(m: Mechanism, first: Array, start: Array, seen: Array, noise: Array, held: Array, fixed: Array):
        def step(carry: tuple, given: tuple) -> tuple:
            fact, other = carry
            x, drawn, held, fixed = given
            known = jnp.isfinite(x)
            fact_now = _settle(m, mask, depth, fact, drawn, jnp.where(known, x, 0.0), known)
            window = jnp.concatenate([fact_now[None], fact]).reshape(-1)
            kept = jnp.where(known, fact_now - m(window, mask), drawn)
            other_now = _settle(m, mask, depth, other, kept, held, fixed)
            return (_shift(fact_now, fact), _shift(other_now, other)), (fact_now, other_now)

        return jax.lax.scan(step, (first, start), (seen, noise, held, fixed))[1]

    def draw(index: Array, first: Array, start: Array, noise: Array) -> tuple[Array, Array]:
        return jax.vmap(one, (None, 0, 0, 0, 0, 0, 0))(
            _member(mechanisms, index), first, start, seen, noise, held, fixed
        )

    return jax.vmap(draw)(member, first, start, noise)


def _member(mechanisms: Mechanism, index: Array) -> Mechanism:
    return jax.tree.map(lambda a: a[index], mechanisms)
