"""A process: pools joined by fluxes, and the order in which its quantities are computed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from data.errors import ModelError, nearest

from .declare import Driven, Flux, Neural, Parameter, Pool, Quantity, Trailing

Level = Literal["static", "series", "state"]
Node = Quantity | Trailing | Neural | Driven


@dataclass(frozen=True, eq=False, repr=False)
class Process:
    """Pools joined by fluxes, with every quantity, parameter and observable they need.

    The inputs of each law are found from its argument names, so the whole forms a graph. Three levels follow
    from the graph: ``static`` values depend on parameters and site attributes alone, ``series`` values on
    forcing too, ``state`` values on pools. Only the last are computed inside the time loop.

    Raises:
        ModelError: a name that nothing defines, a name defined twice, a cycle, or a flux of an unknown pool.
    """

    name: str
    forcing: tuple[str, ...]
    attributes: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    pools: tuple[Pool, ...]
    quantities: tuple[Quantity | Neural | Driven, ...]
    fluxes: tuple[Flux, ...]
    observables: tuple[Quantity, ...]
    trailing: tuple[Trailing, ...] = ()
    given: tuple[str, ...] = ()
    """Further static names that a model supplies: networks, raw values, categories."""
    budgets: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Budget name to the pools it sums, e.g. water and carbon."""

    def __post_init__(self) -> None:
        self._check()

    def __repr__(self) -> str:
        return f"Process({self.name}, {len(self.pools)} pools, {len(self.fluxes)} fluxes)"

    def _check(self) -> None:
        seen: set[str] = set()
        groups = (self.forcing, self.attributes, [p.name for p in self.all_parameters])
        for name in [n for g in groups for n in g] + [
            x.name for g in (self.pools, self.trailing, self.quantities, self.observables) for x in g
        ]:
            if name in seen:
                raise ModelError(f"name {name!r} is defined twice", f"process {self.name}", "rename one")
            seen.add(name)
        pools = {p.name for p in self.pools}
        for flux in self.fluxes:
            for end in (flux.donor, flux.receiver):
                if end is not None and end not in pools:
                    raise ModelError(
                        f"flux {flux.name!r} names the pool {end!r}, which the process does not have"
                        f"{nearest(end, pools)}",
                        f"process {self.name}",
                        "declare the pool or correct the name",
                    )
            if flux.name not in {q.name for q in self.quantities} | {p.name for p in self.parameters}:
                raise ModelError(
                    f"flux {flux.name!r} has no rate law",
                    f"process {self.name}",
                    "declare a quantity of the same name",
                )
        _ = self.order, self.observable_order

    @cached_property
    def all_parameters(self) -> tuple[Parameter, ...]:
        """Declared parameters and the initial content of every pool."""
        return self.parameters + tuple(p.start for p in self.pools)

    @cached_property
    def parameter(self) -> dict[str, Parameter]:
        """Parameters by name."""
        return {p.name: p for p in self.all_parameters}

    @cached_property
    def pool_names(self) -> tuple[str, ...]:
        """Names of the pools in declared order."""
        return tuple(p.name for p in self.pools)

    def _sort(self, items: tuple[Node, ...], known: set[str]) -> tuple[Node, ...]:
        waiting = list(items)
        known = set(known)
        ordered: list[Node] = []
        while waiting:
            ready = [q for q in waiting if all(n in known for n in q.inputs)]
            if not ready:
                every = known | {q.name for q in waiting}
                for q in waiting:
                    for n in q.inputs:
                        if n not in every:
                            raise ModelError(
                                f"{q.name!r} reads {n!r}, which nothing defines{nearest(n, every)}",
                                f"process {self.name}",
                                "declare it as forcing, attribute, parameter, pool or quantity",
                            )
                names = ", ".join(sorted(q.name for q in waiting))
                raise ModelError(
                    f"these quantities need each other: {names}", f"process {self.name}", "break the cycle"
                )
            ordered += ready
            known |= {q.name for q in ready}
            waiting = [q for q in waiting if q not in ready]
        return tuple(ordered)

    @cached_property
    def _given(self) -> set[str]:
        names = set(self.forcing) | set(self.attributes) | set(self.parameter) | set(self.pool_names)
        return names | set(self.given)

    @cached_property
    def order(self) -> tuple[Node, ...]:
        """Quantities and trailing means, each after all that it reads."""
        return self._sort(self.trailing + self.quantities, self._given)

    @cached_property
    def observable_order(self) -> tuple[Quantity, ...]:
        """Observables, each after all that it reads."""
        known = self._given | {q.name for q in self.order}
        return tuple(q for q in self._sort(self.observables, known) if isinstance(q, Quantity))

    def levels(self, parameter_levels: dict[str, Level]) -> dict[str, Level]:
        """Level of every name, given the level of every parameter (from its role)."""
        rank = {"static": 0, "series": 1, "state": 2}
        out: dict[str, Level] = {}
        out.update({n: "static" for n in self.attributes + self.given})
        out.update({n: "series" for n in self.forcing})
        out.update({n: "state" for n in self.pool_names})
        out.update(parameter_levels)
        for q in self.order:
            top: Level = "static"
            for n in q.inputs:
                if rank[out[n]] > rank[top]:
                    top = out[n]
            if isinstance(q, Trailing):
                if top == "state" or out[q.time_constant] != "static":
                    raise ModelError(
                        f"trailing mean {q.name!r} needs a series of forcing and a static time constant",
                        f"process {self.name}",
                        f"give {q.time_constant!r} the role fixed, global or static",
                    )
                top = "series"
            out[q.name] = top
        return out

    def replace_law(self, name: str, quantity: Quantity | Neural | Driven) -> Process:
        """Return the process with the law of one quantity exchanged (for a learned flux, say)."""
        if name not in {q.name for q in self.quantities}:
            raise ModelError(
                f"{name!r} is no quantity of the process{nearest(name, [q.name for q in self.quantities])}",
                f"process {self.name}",
                "name a flux or quantity of the process",
            )
        new = tuple(quantity if q.name == name else q for q in self.quantities)
        return replace(self, quantities=new)
