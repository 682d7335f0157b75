"""Lagged links of every district by itself, and what the field of districts holds together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .multiple import binomial_tail, holm

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Link:
    """One link over the districts, all its lags together.

    Attributes:
        single: whether a district has a lag at the level of one test, (district,).
        strict: whether it has one after Holm over the whole family, (district,).
        strongest: value of the strongest lag of each district, (district,).
        lag: that lag [steps], (district,).
        chance: districts that would pass a single test though no link is real.
        field_p: chance of as many or more, districts taken as independent.
    """

    single: np.ndarray
    strict: np.ndarray
    strongest: np.ndarray
    lag: np.ndarray
    chance: float
    field_p: float


@dataclass(frozen=True)
class Field:
    """Tests of lagged links in every district, the past of a variable itself left out.

    Attributes:
        tested: p-values, NaN where nothing was tested, (district, source, target, lag from 1 on).
        adjusted: the same after Holm over all links, lags and districts.
        val: strengths, same shape.
        usable: districts that count, (district,).
        level: significance of one test, and of the family.
    """

    tested: np.ndarray
    adjusted: np.ndarray
    val: np.ndarray
    usable: np.ndarray
    level: float

    @property
    def tests(self) -> int:
        """How many links were tested."""
        return int(np.isfinite(self.tested).sum())

    def link(self, source: int, target: int) -> Link:
        """What the districts say of one link."""
        val = self.val[:, source, target]
        best = np.abs(val).argmax(axis=-1)
        single = np.atleast_1d((self.tested[:, source, target] <= self.level).any(axis=-1))
        # the chance that a district has at least one of its lags below the level though none is real
        any_lag = 1.0 - (1.0 - self.level) ** val.shape[-1]
        members = int(self.usable.sum())
        return Link(
            single,
            np.atleast_1d((self.adjusted[:, source, target] <= self.level).any(axis=-1)),
            np.take_along_axis(val, best[:, None], axis=-1)[:, 0],
            best + 1,
            any_lag * members,
            binomial_tail(int(single.sum()), members, any_lag),
        )


def searched(ds: xr.Dataset, names: Sequence[str], tau_max: int, level: float, **more: Any) -> xr.Dataset:
    """Links of every district by PCMCI with partial correlation, lags from one step on."""
    from causal.discover import discover

    return discover(
        ds,
        list(names),
        method="pcmci",
        test="parcorr",
        tau_min=1,
        tau_max=tau_max,
        pc_alpha=0.05,
        alpha=level,
        **more,
    )


def lagged(found: xr.Dataset, name: str) -> np.ndarray:
    """A variable of a search, (district, source, target, lag from 1 on)."""
    return found[name].transpose("district", "source", "target", "lag").values[..., 1:]


def field_of(
    p: np.ndarray,
    val: np.ndarray,
    level: float,
    usable: np.ndarray | None = None,
    closed: np.ndarray | None = None,
) -> Field:
    """The tests of a search, adjusted over the family.

    Args:
        p: p-values (district, source, target, lag).
        val: strengths, same shape.
        level: significance.
        usable: districts that count, (district,); all where None.
        closed: links that were ruled out beforehand, (source, target); none where None.
    """
    size = p.shape[1]
    held = np.ones(len(p), bool) if usable is None else np.asarray(usable, bool)
    tested = p.copy()
    tested[~held] = np.nan
    tested[:, np.arange(size), np.arange(size)] = np.nan  # a series and its own past: not a question
    if closed is not None:
        tested[:, closed] = np.nan
    return Field(tested, holm(tested), val, held, level)
