"""From a process and roles to a graph with networks in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from data.errors import ModelError, nearest

from .integrate.plan import Plan, make_plan
from .integrate.simulate import Integrator
from .process import Driven, Neural, Parameter, Process
from .process.process import Level
from .roles import Dynamic, Fixed, Global, Learned, Role, Slot, Static


@dataclass(frozen=True, eq=False)
class Design:
    """A process whose learned parts are joined to it, before any array exists.

    Attributes:
        process: the graph with networks and driven parameters in it.
        roles: role of every parameter and learned law that was configured.
        slots: network name to its kind, inputs and options.
        outputs: network name to the parameters it drives, in order of its outputs.
        categories: category to its known values in order.
        plan: the order of computation.
    """

    process: Process
    roles: dict[str, Role]
    slots: dict[str, Slot]
    outputs: dict[str, tuple[str, ...]]
    categories: dict[str, tuple[str, ...]]
    plan: Plan
    learned: dict[str, Parameter]
    """Every learned value: parameters by role and learned laws, with their bounds."""
    integrator: Integrator | None = None
    """How pools are advanced unless a simulation says otherwise; one explicit step a day where None."""

    def __repr__(self) -> str:
        return f"Design({self.process!r}, {len(self.learned)} learned, networks {sorted(self.slots)})"

    @property
    def forcing(self) -> tuple[str, ...]:
        """Names of the forcing that a simulation must be given."""
        return self.process.forcing


def make_design(
    process: Process,
    roles: Mapping[str, Role],
    networks: Mapping[str, Slot] | None = None,
    categories: Mapping[str, tuple[str, ...]] | None = None,
    attributes: tuple[str, ...] = (),
    integrator: Integrator | None = None,
) -> Design:
    """Join roles and networks to a process.

    Args:
        process: pools joined by fluxes.
        roles: parameter or quantity name to role; a parameter left out is fixed at its default.
        networks: networks that several roles share.
        categories: text attributes (or ``site``) to their known values, for one-hot inputs.
        attributes: further numeric site attributes that networks may read.
        integrator: solver and steps.

    Raises:
        ModelError: a name that the process does not have, an unknown network or input, a recurrent network
            that reads state, a static role that reads forcing.
    """
    categories = dict(categories or {})
    slots = dict(networks or {})
    drives: dict[str, list[str]] = {}
    learned: dict[str, Parameter] = {}
    parameters = dict(process.parameter)
    laws = {q.name: q for q in process.quantities}
    for name, role in roles.items():
        if not isinstance(role, Fixed | Global | Static | Dynamic | Learned):
            raise ModelError(
                f"the role of {name!r} is {role!r}",
                f"process {process.name}",
                "give hybrid.Global() or another role",
            )
        if isinstance(role, Learned):
            if name not in laws:
                raise ModelError(
                    f"{name!r} is no rate law of the process{nearest(name, laws)}",
                    f"role learned, process {process.name}",
                    "name one of its quantities",
                )
            unit = laws[name].unit
            start = role.start if role.start is not None else 0.5 * (role.lower + role.upper)
            learned[name] = Parameter(name, start, role.lower, role.upper, unit, laws[name].meaning)
        elif name not in parameters:
            raise ModelError(
                f"{name!r} is no parameter of the process{nearest(name, parameters)}",
                f"roles, process {process.name}",
                "name one of its parameters",
            )
        elif not isinstance(role, Fixed):
            learned[name] = parameters[name]
        if isinstance(role, Static | Dynamic | Learned):
            network = role.network
            if network is None and not role.inputs:
                raise ModelError(
                    f"the role of {name!r} has neither inputs nor a network",
                    f"process {process.name}",
                    "give one",
                )
            if network is None:
                memory = getattr(role, "memory", False)
                network = name
                slots[name] = Slot("gru" if memory else "perceptron", tuple(role.inputs), role.options)
            for one in (network,) if isinstance(network, str) else network:
                if one not in slots:
                    raise ModelError(
                        f"the role of {name!r} names the network {one!r}, which is not declared"
                        f"{nearest(one, slots)}",
                        f"process {process.name}",
                        "declare it under networks",
                    )
                drives.setdefault(one, []).append(name)
    slots = {n: s for n, s in slots.items() if n in drives}
    nodes: list = [
        Neural(f"outputs:{n}", n, tuple(s.inputs), s.kind == "gru" or getattr(s.kind, "memory", False))
        for n, s in slots.items()
    ]
    driven = {n for names in drives.values() for n in names}
    nodes += [
        Driven(n, tuple((f"outputs:{k}", v.index(n)) for k, v in drives.items() if n in v), learned[n])
        for n in sorted(driven)
    ]
    given = tuple(f"module:{n}" for n in slots) + tuple(f"raw:{n}" for n in driven) + tuple(categories)
    held = set(process.attributes)
    graph = _Extended.of(process, driven, nodes, given + tuple(a for a in attributes if a not in held))
    levels = graph.levels(dict.fromkeys(graph.parameter, "static"))
    _check_networks(graph, slots, drives, roles, levels)
    return Design(
        process=graph,
        roles=dict(roles),
        slots=slots,
        outputs={n: tuple(v) for n, v in drives.items()},
        categories=categories,
        plan=make_plan(graph, dict.fromkeys(graph.parameter, "static")),
        learned=learned,
        integrator=integrator,
    )


class _Extended(Process):
    """A process some of whose parameters are driven by networks and so are quantities of its graph."""

    @property
    def all_parameters(self) -> tuple[Parameter, ...]:  # type: ignore[override]
        own = {q.name for q in self.quantities if isinstance(q, Driven)}
        return tuple(p for p in self.parameters + tuple(x.start for x in self.pools) if p.name not in own)

    @classmethod
    def of(cls, process: Process, driven: set[str], nodes: list, given: tuple[str, ...]) -> Process:
        kept = tuple(q for q in process.quantities if q.name not in driven)
        parameters = tuple(p for p in process.parameters if p.name not in driven)
        plain = replace(process)
        values = {f: getattr(plain, f) for f in plain.__dataclass_fields__}
        values |= {"quantities": kept + tuple(nodes), "parameters": parameters, "given": given}
        return cls(**values)


def _check_networks(
    graph: Process,
    slots: Mapping[str, Slot],
    drives: Mapping[str, list[str]],
    roles: Mapping[str, Role],
    levels: Mapping[str, Level],
) -> None:
    for name, slot in slots.items():
        level = levels[f"outputs:{name}"]
        where = f"network {name}, process {graph.name}"
        if level == "state" and slot.kind == "gru":
            state = [i for i in slot.inputs if levels[i] == "state"]
            raise ModelError(
                f"a recurrent network reads {', '.join(map(repr, state))}, which depend on pools",
                where,
                "take them out of its inputs, or use a perceptron, whose memory is the pools",
            )
        for parameter in drives[name]:
            static = isinstance(roles[parameter], Static) or parameter.startswith("initial_")
            if static and level != "static":
                raise ModelError(
                    f"{parameter!r} takes one value per site but its network reads values that change in time",
                    where,
                    "give it attributes alone, or the role dynamic",
                )
        for n in slot.quiet:
            if slot.kind == "gru" or n not in slot.inputs:
                raise ModelError(
                    f"{n!r} cannot be quiet: it must be an input of a network without memory",
                    where,
                    "correct `quiet`",
                )
        if slot.kind == "gru" and level == "static":
            raise ModelError("a recurrent network reads attributes alone", where, "use a perceptron")


def is_learned(role: Role) -> bool:
    """Whether a role has anything to train."""
    return isinstance(role, Global | Static | Dynamic | Learned)
