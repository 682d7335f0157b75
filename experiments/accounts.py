"""Accounts of a hybrid model: what its output owes to weather, by the pools and fluxes that it passed through."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from hybrid.inputs import Inputs
from hybrid.integrate.disturbance import Disturbance, fluxes_at, observed_at
from hybrid.integrate.plan import evaluate_before
from hybrid.integrate.simulate import simulate
from hybrid.model import Model
from hybrid.process import Neural, Trailing
from xai.account import DIRECT, Slopes, shaped, units

X = dict[str, dict[str, Array]]
"""Input of an account: "forcing" (time,), "initial" pools (), "parameters" () and "attributes" () of one site."""
MEMORY = "memory: "
"""Begins the channel of a network's memory, or of a trailing mean."""


class Observed(eqx.Module):
    """A hybrid model at one site as a function of what is explained, with weighted sums of observables as output.

    Attributes:
        model: the model, in the precision of the inputs.
        inputs: one site; what is not among the explained inputs stays as it is here.
        weights: observable to its weight on each day, (time,) or (out, time); the output is the sum of products.
    """

    model: Model
    inputs: Inputs
    weights: dict[str, Float[Array, "*out time"]]

    def values(self, x: X) -> dict:
        """What the graph is given at x."""
        site = lambda named: {n: v[..., None] for n, v in named.items()}  # noqa: E731
        inputs = Inputs(
            self.inputs.forcing | site(x.get("forcing", {})),
            self.inputs.attributes | site(x.get("attributes", {})),
            self.inputs.categories,
        )
        return self.model.values(inputs) | x.get("parameters", {})

    @property
    def memories(self) -> tuple[str, ...]:
        """Quantities that remember earlier days without a pool, each after those that it reads."""
        plan = self.model.design.plan
        return tuple(
            q.name for q in plan.before if isinstance(q, Trailing) or (isinstance(q, Neural) and q.memory)
        )

    def remembered(self, values: dict, given: dict[str, Array] | None = None) -> dict[str, Array]:
        """Every memory over all days, (time, site, ...); those in `given` are taken from there."""
        given = dict(given or {})
        found = evaluate_before(self.model.design.plan, values | {f"free:{n}": v for n, v in given.items()})
        return {n: found[n] for n in self.memories}

    def with_memories(self, values: dict, memories: dict[str, Array]) -> dict:
        """Values in which the memories are those that are given."""
        return values | {f"free:{n}": v for n, v in memories.items()}

    def pushed(self, values: dict, push: dict[str, Array]) -> dict[str, Array]:
        """Every memory where a push on one is felt by those that read it."""
        found: dict[str, Array] = {}
        for n in self.memories:
            found[n] = self.remembered(values, found)[n] + push.get(MEMORY + n, 0.0)
        return found

    def output(self, observed: dict[str, Array]) -> Array:
        """Weighted sum of the observables."""
        return jnp.asarray(sum(w @ observed[n][:, 0] for n, w in self.weights.items()))

    def run_of(self, values: dict, x: X, disturbance: Disturbance | None):
        """Trajectory with the pools of x at the start."""
        design = self.model.design
        start = {n: v[None] for n, v in x.get("initial", {}).items()}
        return simulate(design.plan, values, design.integrator, start, disturbance)

    def undisturbed(self) -> Float[Array, " time"]:
        """Share of the pools that is kept each day: all."""
        forcing = next(iter(self.inputs.forcing.values()))
        return jnp.ones(forcing.shape[0], forcing.dtype)


class Total(Observed):
    """The output alone, without channels: what a grouped game or another method of attribution explains."""

    def __call__(self, x: X) -> Array:
        """Output at x."""
        return self.output(self.run_of(self.values(x), x, None).observables)


class ByFlux(Observed):
    """Channels are the fluxes that an input enters by, memories that carry it to them, and pools at the start.

    A flux is held to the pools and memories of its day. What it does later is its own worth, whatever that passes.
    """

    def run(self, x: X, push: dict[str, Array] | None = None):
        """Output, and the pools, fluxes and memories of every day."""
        push = push or {}
        values = self.values(x)
        memories = self.pushed(values, push)
        process = self.model.process
        fluxes = {f.name: push[f.name][:, None] for f in process.fluxes if f.name in push}
        keep = self.undisturbed()
        first = jnp.zeros_like(keep).at[0].set(1.0)
        pools = {n: (first * push[_start(n)])[:, None] for n in process.pool_names if _start(n) in push}
        found = self.run_of(self.with_memories(values, memories), x, Disturbance(keep, pools, fluxes))
        return self.output(found.observables), (found.pools, found.fluxes, memories)

    @property
    def step(self) -> Array:
        """Zero, which no compiler can know."""
        return (0.0 * next(iter(self.inputs.forcing.values()))[0, 0]).astype(jnp.int32)

    def local(self, x: X, held) -> tuple[dict[str, Array], Array]:
        """Fluxes at held pools and memories, memories, and pools at the start; and the output at held fluxes."""
        pools, fluxes, memories = held
        values = self.values(x)
        plan = self.model.design.plan
        fixed = self.with_memories(values, memories)
        found = {n: r[:, 0] for n, r in fluxes_at(plan, fixed, pools, self.step).items()}
        for n in self.memories:
            others = {m: v for m, v in memories.items() if m != n}
            found[MEMORY + n] = self.remembered(values, others)[n]
        initial = {_start(n): _initial(x, values, n) for n in self.model.process.pool_names}
        return found | initial, self.output(observed_at(plan, fixed, pools, fluxes, self.step))


class ByPool(Observed):
    """Channels are the pools at the start of one day, and the memories of that day; the cut is that day.

    Attributes:
        cut: index of the day.
    """

    cut: Int[Array, ""]

    def slopes(self, x: X) -> Slopes:
        """Gradient by pool at the cut, with one reverse sweep for the output and all pools.

        A pool at the cut is one number: its gradient does not wait for what a push on it is worth.
        """
        values = self.values(x)
        names = self.model.process.pool_names
        nothing: dict[str, Array] = {n: jnp.zeros((), self.undisturbed().dtype) for n in names}
        nothing |= {MEMORY + n: jnp.zeros_like(v) for n, v in self.remembered(values).items()}

        def run(z, push):
            value, held = self.run(z, push)
            return (value, {n: held[0][n][0] for n in names}), held

        (value, _), pull, held = jax.vjp(run, x, nothing, has_aux=True)
        outs = value.size
        every = jnp.eye(outs + len(names), dtype=value.dtype)
        cotangents = (
            every[:, :outs].reshape(-1, *value.shape),
            {n: every[:, outs + i] for i, n in enumerate(names)},
        )
        pulled, worth = jax.vmap(lambda c: pull(c))(cotangents)
        by_channel = {}
        for i, n in enumerate(names):
            by_channel[n] = jax.tree.map(
                lambda s, i=i, n=n: jnp.multiply.outer(worth[n][:outs], s[outs + i]), pulled
            )
        plain = jax.tree.map(lambda s: s[:outs], pulled)
        if self.memories:
            _, pull_memories = jax.vjp(lambda z: self.carried(z, held), x)
            for n in self.memories:
                only = {m: worth[m][:outs] * (m == MEMORY + n) for m in map(MEMORY.__add__, self.memories)}
                by_channel[MEMORY + n] = jax.vmap(lambda c: pull_memories(c)[0])(only)
        rest, pull_rest = jax.vjp(lambda z: self.rest(z, held), x)
        by_channel[DIRECT] = jax.vmap(lambda unit: pull_rest(unit)[0])(units(rest))
        return shaped(Slopes(by_channel, plain, value, rest))

    def _day(self) -> Array:
        return jnp.arange(self.undisturbed().shape[0])

    def run(self, x: X, push: dict[str, Array] | None = None):
        """Output, and the pools at the cut, the memories and x."""
        push = push or {}
        values = self.values(x)
        memories = self.pushed(values, push)
        at = (self._day() == self.cut).astype(self.undisturbed().dtype)
        pools = {n: (at * push[n])[:, None] for n in self.model.process.pool_names if n in push}
        found = self.run_of(
            self.with_memories(values, memories), x, Disturbance(self.undisturbed(), pools, {})
        )
        return self.output(found.observables), ({n: p[self.cut] for n, p in found.pools.items()}, memories, x)

    def local(self, x: X, held) -> tuple[dict[str, Array], Array]:
        """Pools at the cut, and memories of what was before; and the output with both held at the cut."""
        live = self.run_of(self.values(x), x, None)
        found = {n: p[self.cut, 0] for n, p in live.pools.items()}
        return found | self.carried(x, held), self.rest(x, held)

    def carried(self, x: X, held) -> dict[str, Array]:
        """Memories from the cut on as far as they follow from forcing before it, zero before."""
        _, memories, old = held
        before, was = self._day() < self.cut, old.get("forcing", {})
        early = {n: jnp.where(before, v, was[n]) for n, v in x.get("forcing", {}).items()}
        values = self.values({**old, "forcing": early})
        told = self.remembered(values)
        found = {}
        for n, old_one in memories.items():
            others = {m: jnp.where(_like(before, v), told[m], v) for m, v in memories.items() if m != n}
            found[MEMORY + n] = jnp.where(_like(before, old_one), 0.0, self.remembered(values, others)[n])
        return found

    def rest(self, x: X, held) -> Array:
        """Output with pools and memories held at the cut; what is before it follows from x."""
        pools, _, old = held
        values = self.values(x)
        before, was = self._day() < self.cut, old.get("forcing", {})
        late = {n: jnp.where(before, was[n], v) for n, v in x.get("forcing", {}).items()}
        now, then = self.remembered(values), self.remembered(self.values({**x, "forcing": late}))
        mixed = {n: jnp.where(_like(before, now[n]), now[n], then[n]) for n in self.memories}
        at = self._day() == self.cut
        keep = jnp.where(at, 0.0, self.undisturbed())
        given = {n: jnp.where(at[:, None], p, 0.0) for n, p in pools.items()}
        found = self.run_of(self.with_memories(values, mixed), x, Disturbance(keep, given, {}))
        return self.output(found.observables)


def _start(pool: str) -> str:
    return f"initial {pool}"


def _initial(x: X, values: dict, pool: str) -> Array:
    held = x.get("initial", {})
    return held[pool] if pool in held else jnp.reshape(values[f"initial_{pool}"], ())


def _like(mask: Array, value: Array) -> Array:
    return mask.reshape(-1, *[1] * (value.ndim - 1))
