"""Declarations that a process is made of: parameters, pools, quantities and fluxes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from data.errors import ModelError


@dataclass(frozen=True)
class Parameter:
    """A parameter of a process, declared once, where the process is.

    ``lower`` and ``upper`` bound every value that a learned role may take. ``source`` is a BibTeX key of
    ``paper/refs.bib`` or a sentence.
    """

    name: str
    default: float
    lower: float
    upper: float
    unit: str
    meaning: str
    source: str = ""
    prior: tuple[float, float] | None = None
    """Mean and standard deviation of a normal prior in the parameter's unit, or None for bounds alone."""

    def __post_init__(self) -> None:
        if not self.lower < self.upper:
            raise ModelError(
                f"parameter {self.name!r} has lower bound {self.lower} not below upper bound {self.upper}",
                remedy="declare lower < upper",
            )
        if not self.lower < self.default < self.upper:
            raise ModelError(
                f"parameter {self.name!r} has default {self.default} outside its open bounds"
                f" ({self.lower}, {self.upper})",
                remedy="declare a default strictly between the bounds",
            )


@dataclass(frozen=True)
class Pool:
    """A store of mass (the field's term: compartment).

    Its content at the start is a parameter of its own, named ``initial_<name>``, whose role is configured as
    any other's.
    """

    name: str
    unit: str
    meaning: str
    initial: float
    upper: float
    """Upper bound of the initial content."""
    trend: float | None = None
    """Standard deviation of the relative trend [yr-1] that is plausible over years, or None."""

    @property
    def start(self) -> Parameter:
        """The parameter that holds the content at the start."""
        low = min(1e-3, 1e-3 * self.initial)
        return Parameter(
            f"initial_{self.name}", self.initial, low, self.upper, self.unit, f"{self.meaning} at the start"
        )


@dataclass(frozen=True)
class Quantity:
    """A named value computed by one law from other named values.

    The law's argument names are the names it reads: forcing, site attributes, parameters, pools, or other
    quantities. ``rename`` maps an argument to another name, so that one law serves several pools.
    """

    name: str
    law: Callable[..., Any]
    unit: str
    meaning: str = ""
    rename: Mapping[str, str] = field(default_factory=dict)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names this quantity reads, in the order of the law's arguments."""
        arguments = inspect.signature(self.law).parameters.values()
        return tuple(self.rename.get(a.name, a.name) for a in arguments if a.default is a.empty)

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """Apply the law to ``values`` (name to array)."""
        return self.law(*(values[n] for n in self.inputs))

    def with_law(self, law: Callable[..., Any]) -> Quantity:
        """Return the same quantity computed by another law."""
        return replace(self, law=law)


@dataclass(frozen=True)
class Flux:
    """Mass moved per day from a donor pool to a receiver pool; ``None`` is the outside.

    The rate is the quantity of the same name. A flux with neither donor nor receiver passes through the
    system within the step (rain that evaporates from the canopy) and counts in the budgets alone.
    """

    name: str
    donor: str | None
    receiver: str | None


@dataclass(frozen=True)
class Trailing:
    """Exponentially weighted trailing mean of a series: d(name)/dt = (of - name) / time constant.

    ``time_constant`` names a parameter [d]. The daily solution with forcing held over the day is exact, so
    no step size enters.
    """

    name: str
    of: str
    time_constant: str
    unit: str
    meaning: str = ""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names this series reads."""
        return self.of, self.time_constant


@dataclass(frozen=True)
class Neural:
    """The outputs of a network, (..., outputs), as a named value of the graph.

    ``inputs`` are forcing, attributes, categories or quantities; the network's arrays come with the values
    under ``module:<network>``, so a process holds no weights.
    """

    name: str
    network: str
    features: tuple[str, ...]
    memory: bool
    unit: str = "1"
    meaning: str = "outputs of a network"

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names this value reads."""
        return (f"module:{self.network}", *self.features)

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """Apply the network to its normalised features."""
        return values[f"module:{self.network}"]({n: values[n] for n in self.features})


@dataclass(frozen=True)
class Driven:
    """A parameter whose unconstrained value is a learned global value plus outputs of networks.

    ``sources`` are pairs of the name of a network's outputs and the index of the one that is added.
    """

    name: str
    sources: tuple[tuple[str, int], ...]
    parameter: Parameter

    @property
    def unit(self) -> str:
        """Unit of the parameter."""
        return self.parameter.unit

    @property
    def meaning(self) -> str:
        """Meaning of the parameter."""
        return self.parameter.meaning

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names this value reads."""
        return (*(n for n, _ in self.sources), f"raw:{self.name}")

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """Value inside the declared bounds."""
        from ..bounds import to_bounded

        raw = values[f"raw:{self.name}"]
        for source, index in self.sources:
            column = values.get(f"{source}:{index}")
            raw = raw + (values[source][..., index] if column is None else column)
        return to_bounded(self.parameter, raw)
