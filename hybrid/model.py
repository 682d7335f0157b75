"""A hybrid model: a process, the roles of its parameters, and networks in its slots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Bool, Float, PRNGKeyArray, PyTree

from data.batches import Panel
from data.errors import ModelError

from .bounds import to_bounded, to_raw
from .closure import worst
from .design import Design, is_learned, make_design
from .inputs import Inputs, from_panel
from .integrate.plan import evaluate
from .integrate.simulate import Integrator, Trajectory, simulate
from .process import Process
from .roles import Fixed, Role, Slot
from .slots import Seated, blind_to, seat, statistics, with_statistics


class Model(eqx.Module):
    """A process with learned parts. Simulate it with :meth:`simulate`; train it with :func:`hybrid.fit`.

    Attributes:
        design: the graph (no arrays).
        raw: learned parameter to its unconstrained value.
        networks: network name to the seated network.
    """

    design: Design = eqx.field(static=True)
    raw: dict[str, Float[Array, ""]]
    networks: dict[str, Seated]

    def __init__(
        self,
        process: Process,
        roles: Mapping[str, Role] | None = None,
        networks: Mapping[str, Slot] | None = None,
        *,
        categories: Mapping[str, tuple[str, ...]] | None = None,
        attributes: tuple[str, ...] = (),
        integrator: Integrator | None = None,
        key: PRNGKeyArray | None = None,
    ) -> None:
        """Build a model at its declared defaults.

        Args:
            process: pools joined by fluxes.
            roles: parameter or rate-law name to role; what is left out is fixed at its default.
            networks: networks shared by several roles.
            categories: text attributes (or ``site``) to their known values.
            attributes: further numeric attributes that networks read.
            integrator: solver and steps; one explicit step a day where None.
            key: for the networks' first weights; ``jax.random.key(0)`` where None.

        Raises:
            ModelError: roles, networks or inputs that do not fit the process.
        """
        self.design = make_design(process, roles or {}, networks, categories, attributes, integrator)
        self.raw = {}
        for name, parameter in self.design.learned.items():
            start = getattr(self.design.roles[name], "start", None)
            if start is not None and not parameter.lower <= start <= parameter.upper:
                raise ModelError(
                    f"the start {start} of {name!r} is outside its bounds ({parameter.lower}, {parameter.upper})",
                    f"process {process.name}",
                    "choose a start inside them",
                )
            self.raw[name] = jnp.asarray(to_raw(parameter, parameter.default if start is None else start))
        keys = jr.split(jr.key(0) if key is None else key, max(1, len(self.design.slots)))
        self.networks = {
            n: seat(s, len(self.design.outputs[n]), self.design.categories, key=k)
            for (n, s), k in zip(sorted(self.design.slots.items()), keys, strict=False)
        }

    def __repr__(self) -> str:
        return f"Model({self.design!r})"

    def renewed(self, key: PRNGKeyArray) -> Model:
        """The untrained model with other first weights and the same inputs' statistics."""
        seated = {}
        keys = jr.split(key, max(1, len(self.networks)))
        for (name, net), k in zip(sorted(self.networks.items()), keys, strict=False):
            slot, count = self.design.slots[name], len(self.design.outputs[name])
            new = seat(slot, count, self.design.categories, key=k)
            seated[name] = eqx.tree_at(statistics, new, statistics(net))
        return eqx.tree_at(lambda m: m.networks, self, seated)

    def blind_to(self, names: Sequence[str]) -> Model:
        """The model whose networks learn nothing from some of their inputs; normalise it first."""
        if not self.networks:
            return self
        seated = {n: blind_to(net, names) for n, net in self.networks.items()}
        return eqx.tree_at(lambda m: m.networks, self, seated)

    @property
    def process(self) -> Process:
        """The graph, networks included."""
        return self.design.process

    def values(self, inputs: Inputs) -> dict[str, Any]:
        """Names that the graph is given: forcing, attributes, categories, parameters and networks."""
        for name in self.process.forcing:
            if name not in inputs.forcing:
                raise ModelError(f"the forcing {name!r} is missing", f"process {self.process.name}", "add it")
        for name in self.process.attributes:
            if name not in inputs.attributes:
                raise ModelError(
                    f"the site attribute {name!r} is missing", f"process {self.process.name}", "add it"
                )
        values: dict[str, Any] = {**inputs.forcing, **inputs.attributes, **inputs.categories}
        dtype = next(iter(inputs.forcing.values())).dtype
        values |= {f"raw:{n}": r.astype(dtype) for n, r in self.raw.items()}
        values |= self.parameters(dtype)
        values |= {f"module:{n}": m for n, m in self.networks.items()}
        return values

    def parameters(self, dtype: Any = jnp.float32) -> dict[str, Float[Array, ""]]:
        """Values of all parameters that take one value: fixed and global, in their units."""
        values = {}
        for p in self.process.all_parameters:
            role = self.design.roles.get(p.name, Fixed())
            if is_learned(role):
                values[p.name] = to_bounded(p, self.raw[p.name].astype(dtype))
            else:
                fixed = role.value if isinstance(role, Fixed) and role.value is not None else p.default
                values[p.name] = jnp.asarray(fixed, dtype)
        return values

    def centres(self) -> dict[str, Float[Array, ""]]:
        """Values of all learned parameters with every network's output at zero, in their units."""
        return {n: to_bounded(p, self.raw[n]) for n, p in self.design.learned.items()}

    def simulate(
        self,
        inputs: Inputs | Panel,
        integrator: Integrator | None = None,
        start: Mapping[str, Float[Array, " site"]] | None = None,
    ) -> Trajectory:
        """Run the model over its forcing; see :func:`hybrid.simulate`."""
        if isinstance(inputs, Panel):
            inputs = self.inputs(inputs)
        return simulate(self.design.plan, self.values(inputs), integrator or self.design.integrator, start)

    def prepared(self, inputs: Inputs) -> Inputs:
        """Inputs with all that depends on forcing and attributes alone, computed once for many simulations.

        They hold for this forcing only: change it, and prepare it again.
        """
        named = evaluate(self.design.plan.free, {**inputs.forcing, **inputs.attributes})
        added = {f"free:{q.name}": named[q.name] for q in self.design.plan.free}
        series = {n: v for n, v in added.items() if v.ndim == 2}
        static = {n: v for n, v in added.items() if v.ndim < 2}
        return Inputs(inputs.forcing | series, inputs.attributes | static, inputs.categories)

    def forward(self, inputs: Inputs) -> tuple[dict[str, Array], Array]:
        """Observables (time, site), and the penalty of learned parts.

        The penalty is the mean square of all network outputs, which moves parameters no further from their
        global value than data ask for, and the square of each global value's distance from its prior.
        """
        run = self.simulate(inputs)
        return run.observables, self._penalty(run, inputs)

    def judge(self, inputs: Inputs) -> tuple[dict[str, Array], dict[str, Array]]:
        """Observables, and what to watch in training: the worst relative closure residual."""
        run = self.simulate(inputs)
        return run.observables, {"closure": worst(self.process, run)[1]}

    def _penalty(self, run: Trajectory, inputs: Inputs) -> Float[Array, ""]:
        outputs = [
            jnp.mean(run.values[f"outputs:{n}"] ** 2) for n in self.networks if f"outputs:{n}" in run.values
        ]
        priors = [
            ((to_bounded(p, self.raw[n]) - p.prior[0]) / p.prior[1]) ** 2
            for n, p in self.design.learned.items()
            if p.prior is not None
        ]
        quiet = [
            self.networks[n].sensitivity({**inputs.categories, **run.values}, s.quiet)
            for n, s in self.design.slots.items()
            if s.quiet
        ]
        total = sum(outputs) + sum(priors) + sum(quiet) + _trends(self.process, run)
        return jnp.asarray(total, jnp.float32)

    def inputs(self, panel: Panel, dtype: type = np.float32) -> Inputs:
        """Inputs of a panel with this model's categories."""
        return from_panel(panel, self.design.categories, dtype)

    def normalised(self, inputs: Inputs, mask: Bool[np.ndarray, "time site"]) -> Model:
        """The model with its networks' inputs normalised by their mean and spread where ``mask`` is True.

        Features that depend on parameters or pools are taken from a run at the present parameters with the
        networks silent. Attributes count each site with any True once.
        """
        if not self.networks:
            return self
        given: dict[str, Any] = {**inputs.forcing, **inputs.attributes}
        if not given.keys() >= {f for net in self.networks.values() for f in net.features}:
            given = self._silent_values(inputs)
        seated = {n: with_statistics(net, given, np.asarray(mask)) for n, net in self.networks.items()}
        return eqx.tree_at(lambda m: m.networks, self, seated)

    def _silent_values(self, inputs: Inputs) -> dict[str, Any]:
        """Every value of a run with the networks silent."""
        silent = jax.tree.map(lambda a: a, self)
        silent = eqx.tree_at(
            lambda m: [n.module for n in m.networks.values()],
            silent,
            [_Silent(len(self.design.outputs[n])) for n in self.networks],
        )
        return _values(silent, inputs)

    def trainable(self) -> PyTree[bool]:
        """Filter of the arrays that training changes: all but the normalising statistics."""
        spec = jax.tree.map(eqx.is_inexact_array, self)
        for name in self.networks:
            spec = eqx.tree_at(lambda m, n=name: statistics(m.networks[n]), spec, (False,) * 4)
        return spec

    def with_key(self, key: PRNGKeyArray | None) -> Model:
        """The model with dropout drawn from ``key`` (training), or off where None."""
        if not self.networks:
            return self
        keys = [None] * len(self.networks) if key is None else list(jr.split(key, len(self.networks)))
        seated = {
            n: eqx.tree_at(lambda s: s.key, net, k, is_leaf=lambda x: x is None)
            for (n, net), k in zip(sorted(self.networks.items()), keys, strict=True)
        }
        return eqx.tree_at(lambda m: m.networks, self, seated)


def _trends(process: Process, run: Trajectory) -> Array | float:
    """Mean square of the pools' trends over years, in units of what is plausible [@bloom2015].

    The trend is the last year's mean less the first year's, relative to their mean, per year.
    """
    penalties = []
    for pool in process.pools:
        content = run.pools[pool.name]
        years = content.shape[0] / 365.25 - 1.0
        if pool.trend is not None and years >= 1.0:
            first, last = content[:365].mean(0), content[-365:].mean(0)
            trend = (last - first) / (0.5 * (first + last) + 1.0) / years
            penalties.append(jnp.mean((trend / pool.trend) ** 2))
    return sum(penalties) / max(len(penalties), 1)


@eqx.filter_jit
def _values(model: Model, inputs: Inputs) -> dict[str, Array]:
    return model.simulate(inputs).values


class _Silent(eqx.Module):
    outputs: int = eqx.field(static=True)

    def __call__(self, x: Array, *, key: PRNGKeyArray | None = None) -> Array:
        return jnp.zeros((*x.shape[:-1], self.outputs), x.dtype)
