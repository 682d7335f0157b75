"""What is known of links before a search: required, forbidden, bounded in lag, and variables that nothing drives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from data.errors import ConfigError, listing, nearest

from .links import MARK

OPEN = "-?>"
UNORIENTED = "o?o"
CERTAIN = "-->"
BACKWARD = {OPEN: "<?-", CERTAIN: "<--", UNORIENTED: UNORIENTED, "": ""}


@dataclass(frozen=True)
class Priors:
    """Knowledge of links, by names of variables; lags are in steps, and a link runs from its source to its target.

    Attributes:
        required: links that exist, ``(source, target, lag)``.
        forbidden: links that do not exist, ``(source, target)`` at all lags or ``(source, target, lag)``. At lag 0
            one direction is forbidden, and the other stays open unless it is forbidden too.
        lags: least and largest lag of all links from a source to a target, ``{(source, target): (least, largest)}``;
            the other lags are forbidden.
        exogenous: variables that no other variable drives, except other exogenous ones ("rain is not caused by soil").
    """

    required: Sequence[tuple[str, str, int]] = ()
    forbidden: Sequence[tuple[str, str] | tuple[str, str, int]] = ()
    lags: Mapping[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    exogenous: Sequence[str] = ()

    def to_array(self, names: Sequence[str], tau_min: int, tau_max: int) -> np.ndarray:
        """Return the assumed mark of every link.

        Args:
            names: the variables, in the order of the data.
            tau_min: least lag of the search.
            tau_max: largest lag of the search.

        Returns:
            Marks, ``(source, target, lag)``: ``-?>`` a link that is looked for, ``o?o`` one of lag 0 with neither
            direction given, ``-->`` a link that exists, ``''`` none, and ``<--`` and ``<?-`` at lag 0 for what ``-->``
            and ``-?>`` are from the other end.

        Raises:
            ConfigError: where a name or a lag is unknown, or what is given contradicts itself.
        """
        names = [str(name) for name in names]
        allowed = np.zeros((len(names), len(names), tau_max + 1), bool)
        allowed[:, :, tau_min:] = True
        allowed[np.arange(len(names)), np.arange(len(names)), 0] = False
        why = self._forbid(names, allowed, tau_min)
        needed = self._require(names, allowed, tau_min, why)
        _acyclic(names, needed[:, :, 0], "required links of lag 0 close a circle", "take one of them out")
        at_zero = _at_zero(allowed[:, :, 0], needed[:, :, 0])
        directed = np.isin(at_zero, (OPEN, CERTAIN))
        _acyclic(
            names,
            directed,
            "what is required and forbidden at lag 0 leaves only directions that close a circle",
            "forbid the other direction of one of these links too, or allow both",
        )
        marks = np.where(allowed, OPEN, "").astype(MARK)
        marks[needed] = CERTAIN
        marks[:, :, 0] = at_zero
        return marks

    def _forbid(self, names: list[str], allowed: np.ndarray, tau_min: int) -> dict[tuple[int, int, int], str]:
        """Take forbidden links out of those allowed; return what forbade each."""
        why: dict[tuple[int, int, int], str] = {}

        def out(i: int, j: int, lag: int, reason: str) -> None:
            allowed[i, j, lag] = False
            why.setdefault((i, j, lag), reason)

        tau_max = allowed.shape[2] - 1
        for given in self.forbidden:
            source, target, lag = _link(given, "forbidden", names, tau_min, tau_max)
            for each in range(tau_max + 1) if lag is None else (lag,):
                out(source, target, each, "is forbidden")
        for pair, bounds in self.lags.items():
            source, target, _ = _link(pair, "lags", names, tau_min, tau_max)
            least, largest = _bounds(bounds, pair, tau_min, tau_max)
            for each in range(tau_max + 1):
                if not least <= each <= largest:
                    out(source, target, each, f"lies outside its lags {least} to {largest}")
        driven = [_index(name, "exogenous", names) for name in self.exogenous]
        for j in driven:
            for i in set(range(len(names))) - set(driven):
                for each in range(tau_max + 1):
                    out(i, j, each, f"would drive '{names[j]}', which is exogenous,")
        return why

    def _require(self, names: list[str], allowed: np.ndarray, tau_min: int, why: dict) -> np.ndarray:
        """Return the required links, bool ``(source, target, lag)``."""
        needed = np.zeros_like(allowed)
        for given in self.required:
            source, target, lag = _link(given, "required", names, tau_min, allowed.shape[2] - 1)
            if lag is None:
                raise ConfigError(
                    f"the required link {_told(given)} has no lag", "priors", "give (source, target, lag)"
                )
            if (source, target, lag) in why:
                raise ConfigError(
                    f"the required link {names[source]} -> {names[target]} at lag {lag} {why[source, target, lag]}",
                    "priors",
                    "take one of the two out",
                )
            needed[source, target, lag] = True
        return needed


def _at_zero(allowed: np.ndarray, needed: np.ndarray) -> np.ndarray:
    """Marks of lag 0, each consistent with its reverse."""
    marks = np.full(allowed.shape, "", MARK)
    for i, j in zip(*np.nonzero(np.triu(allowed | allowed.T, 1)), strict=True):
        if needed[i, j] or needed[j, i]:
            ahead = CERTAIN if needed[i, j] else BACKWARD[CERTAIN]
        elif allowed[i, j] and allowed[j, i]:
            ahead = UNORIENTED
        else:
            ahead = OPEN if allowed[i, j] else BACKWARD[OPEN]
        marks[i, j] = ahead
        marks[j, i] = BACKWARD.get(ahead) or {v: k for k, v in BACKWARD.items()}[ahead]
    return marks


def _acyclic(names: list[str], directed: np.ndarray, what: str, remedy: str) -> None:
    """Raise ConfigError where arrows of lag 0 close a circle."""
    left = list(range(len(names)))
    while left:
        inner = directed[np.ix_(left, left)]
        kept = [k for n, k in enumerate(left) if inner[n].any() and inner[:, n].any()]
        if kept == left:
            raise ConfigError(what, f"priors of {listing(names[k] for k in kept)}", remedy)
        left = kept


def _link(
    given: Any, where: str, names: list[str], tau_min: int, tau_max: int
) -> tuple[int, int, int | None]:
    """Indices of a link's source and target, and its lag."""
    if isinstance(given, str) or not isinstance(given, Sequence) or len(given) not in (2, 3):
        raise ConfigError(
            f"{_told(given)} is not a link",
            f"priors, {where}",
            "give (source, target) or (source, target, lag)",
        )
    source, target = (_index(name, where, names) for name in given[:2])
    if len(given) == 2:
        return source, target, None
    lag = given[2]
    if isinstance(lag, bool) or not isinstance(lag, int | np.integer) or not tau_min <= lag <= tau_max:
        raise ConfigError(
            f"the lag of {_told(given)} is not among {tau_min} to {tau_max}",
            f"priors, {where}",
            "change it, or tau_min and tau_max",
        )
    if source == target and lag == 0:
        raise ConfigError(
            f"{_told(given)} links a variable with itself at lag 0",
            f"priors, {where}",
            "give a lag of 1 or more",
        )
    return source, target, int(lag)


def _bounds(bounds: Any, pair: Any, tau_min: int, tau_max: int) -> tuple[int, int]:
    """Least and largest lag of a pair."""
    good = isinstance(bounds, Sequence) and len(bounds) == 2
    good = good and all(isinstance(b, int | np.integer) and not isinstance(b, bool) for b in bounds)
    if not good or not tau_min <= bounds[0] <= bounds[1] <= tau_max:
        raise ConfigError(
            f"the lags {bounds!r} of {_told(pair)} are not a least and a largest among {tau_min} to {tau_max}",
            "priors, lags",
            "give (least, largest), or change tau_min and tau_max",
        )
    return int(bounds[0]), int(bounds[1])


def _index(name: Any, where: str, names: list[str]) -> int:
    """Position of a variable."""
    if name not in names:
        raise ConfigError(
            f"no variable '{name}'",
            f"priors, {where}",
            nearest(name, names).strip() or f"the variables are {listing(names)}",
        )
    return names.index(name)


def _told(given: Any) -> str:
    """A link in words, as far as it is one."""
    return f"({', '.join(map(str, given))})" if isinstance(given, tuple | list) else repr(given)
