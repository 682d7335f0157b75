"""What identified Q10, from the results of a run: spread over starts, profiles, and what they mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .config import Config
from .variants import VARIANTS, Variant

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Range:
    """An interval of Q10; where an end is open, it is the end of the grid and not of the interval."""

    low: float
    high: float
    open_low: bool
    open_high: bool

    @property
    def bounded(self) -> bool:
        """Whether both ends lie inside the grid."""
        return not (self.open_low or self.open_high)

    def __str__(self) -> str:
        low = f"{self.low:.2f}" + (" or less" if self.open_low else "")
        high = f"{self.high:.2f}" + (" or more" if self.open_high else "")
        return f"{low} to {high}"


@dataclass(frozen=True)
class Finding:
    """What one variant found.

    Attributes:
        variant: what was said beforehand.
        q10: learned Q10 (start, repeat).
        skill: held-out NSE of the same members.
        found: whether every one is within the tolerance of the truth.
        spread: greatest less least Q10.
        agree: whether the spread is within twice the tolerance, as that of values that are all found.
        alike: values of Q10 whose held-out NSE, with Q10 held and the network trained again, is alike.
        preferred: value of the grid with the least training loss, penalty left out.
        gain: how much less that loss is than the one at the value next to the truth, as a share of it.
        error: standard error of Q10 that the curvature of the training loss implies, or NaN where the
            profile is not bounded, or where a penalty and not the data gives it its curvature.
        product: least and greatest product of Q10 and the Q10 of the base rate itself, where the fit is alike.
    """

    variant: Variant
    q10: np.ndarray
    skill: np.ndarray
    found: bool
    spread: float
    agree: bool
    alike: Range
    preferred: float
    gain: float
    error: float
    product: tuple[float, float]

    @property
    def identified(self) -> bool:
        """Whether the starts agree and the profile bounds Q10."""
        return self.agree and self.alike.bounded


def findings(ds: xr.Dataset, config: Config) -> list[Finding]:
    """What each variant of a run found, in the order of the run."""
    return [
        _finding(ds.sel(variant=name), VARIANTS[str(name)], config, ds.attrs) for name in ds["variant"].values
    ]


def _finding(part: xr.Dataset, variant: Variant, config: Config, attrs: dict) -> Finding:
    q10 = part["q10"].values
    held = part["profile_q10"].values
    loss = part["profile_loss"].values
    alike = alike_range(held, part["profile_test_nse"].values, config.alike)
    product = (held * part["profile_carried"].values)[(held >= alike.low) & (held <= alike.high)]
    error = float("nan")
    if alike.bounded and not variant.quiet:
        error = standard_error(held, loss, int(attrs["training_observations"]))
    return Finding(
        variant=variant,
        q10=q10,
        skill=part["test_nse"].values,
        found=bool((np.abs(q10 - attrs["true_q10"]) <= config.tolerance).all()),
        spread=float(np.ptp(q10)),
        agree=bool(np.ptp(q10) <= 2.0 * config.tolerance),
        alike=alike,
        preferred=float(held[np.argmin(loss)]),
        gain=1.0 - float(loss.min() / loss[np.argmin(np.abs(held - attrs["true_q10"]))]),
        error=error,
        product=(float(product.min()), float(product.max())),
    )


def alike_range(held: np.ndarray, skill: np.ndarray, within: float) -> Range:
    """Values of Q10 around the best whose skill is within ``within`` of it.

    Between two values of the grid the square root of the loss of skill is taken as linear in the logarithm
    of Q10, as it is where the skill falls with the square of an error.

    Args:
        held: values of Q10, rising.
        skill: skill at each.
        within: skill that counts as alike.
    """
    x = np.log(held)
    drop = np.sqrt(np.maximum(skill.max() - skill, 0.0))
    limit = np.sqrt(within)
    best = int(np.argmax(skill))

    def edge(direction: int) -> tuple[float, bool]:
        i = best
        while 0 <= i + direction < len(held):
            if drop[i + direction] > limit:
                share = (limit - drop[i]) / (drop[i + direction] - drop[i])
                return float(np.exp(x[i] + share * (x[i + direction] - x[i]))), False
            i += direction
        return float(held[i]), True

    low, open_low = edge(-1)
    high, open_high = edge(1)
    return Range(low, high, open_low, open_high)


def standard_error(held: np.ndarray, loss: np.ndarray, observations: int) -> float:
    """Standard error of Q10 from the curvature of the profile at its least loss, NaN where that is an end.

    A parabola in the logarithm of Q10 through the least value and its neighbours gives the curvature. With
    independent errors of one size, observations x loss / least loss rises by one at one standard error.

    Args:
        held: values of Q10, rising.
        loss: mean square error at each, in any unit.
        observations: number of them.
    """
    i = int(np.argmin(loss))
    if not 0 < i < len(held) - 1:
        return float("nan")
    a, b, _ = np.polyfit(np.log(held[i - 1 : i + 2]), loss[i - 1 : i + 2], 2)
    if a <= 0:
        return float("nan")
    centre = np.exp(-0.5 * b / a)
    return float(centre * np.sqrt(loss[i] / (observations * a)))
