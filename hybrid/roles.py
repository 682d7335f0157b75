"""Roles: what a parameter or a rate law is in a hybrid model, said by configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Fixed:
    """A value that is not learned: the declared default, or ``value`` in the parameter's unit."""

    value: float | None = None


@dataclass(frozen=True)
class Global:
    """One learned value for all sites, inside the declared bounds, from ``start`` or the default."""

    start: float | None = None


@dataclass(frozen=True)
class Static:
    """One value per site: a learned global value moved by a network of site attributes.

    ``inputs`` builds a perceptron of its own; ``network`` names one that several parameters share.
    """

    inputs: Sequence[str] = ()
    network: str | Sequence[str] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    start: float | None = None


@dataclass(frozen=True)
class Dynamic:
    """A value of each step: a learned global value moved by a network of forcing, attributes and state.

    ``network`` may name several, whose outputs add up (one of the site, one of the weather).

    ``memory`` chooses a recurrent network, which must read forcing and attributes alone.
    """

    inputs: Sequence[str] = ()
    network: str | Sequence[str] | None = None
    memory: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    start: float | None = None


@dataclass(frozen=True)
class Learned:
    """A rate law replaced by a network: the quantity takes a learned value between ``lower`` and ``upper``.

    A flux learned so is still limited by what its donor pool holds.
    """

    inputs: Sequence[str] = ()
    lower: float = 0.0
    upper: float = 10.0
    start: float | None = None
    network: str | Sequence[str] | None = None
    memory: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


Role = Fixed | Global | Static | Dynamic | Learned


@dataclass(frozen=True)
class Slot:
    """A network shared by several roles: its kind, inputs and options.

    ``kind`` is ``perceptron``, ``table`` (one value per site), ``gru``, ``flax`` (a perceptron in Flax nnx),
    or a callable ``(inputs, outputs, *, key) -> module``, so that any Equinox or Flax module fits.
    """

    kind: Literal["perceptron", "table", "gru", "flax"] | Any
    inputs: Sequence[str]
    options: Mapping[str, Any] = field(default_factory=dict)
    quiet: Sequence[str] = ()
    """Inputs whose influence the equations already carry: training penalises the network's sensitivity to
    them, which decides between explanations that fit alike. For networks without memory."""
