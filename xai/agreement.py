"""What a model uses beside what the data show to act: attributions against causal effects."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import xarray as xr
from scipy.special import ndtri

from data.errors import ConfigError, DataError, counted, listing

from .scores import LEVEL, rank_correlation

SMALL = 0.1
"""Share of the largest attribution (effect) below which one counts as none."""
FINDINGS = ("agrees", "stronger", "weaker", "opposite", "used, not shown to act", "acts, not used", "neither")


def per_unit(attribution: Any, change: Any, stderr: Any = None) -> tuple[float, float]:
    """Attribution per unit of change of its driver: the slope of attribution on change, through the origin.

    Attributions of a driver that is the baseline plus `change` are, for a linear function, its coefficient times the
    change; so the slope is in the unit of an effect (output per unit of driver).

    Args:
        attribution: of a driver, over samples, in the output's unit.
        change: input less baseline of the driver, of the same shape; summed over the cells that the attribution covers.
        stderr: standard error of the attribution, of the same shape.

    Returns:
        Slope and its standard error, which holds the scatter about the line (robust to unequal scatter) and the
        sampling error of the attributions.

    Raises:
        DataError: other shapes, or no change.
    """
    a, c = np.asarray(attribution, float).ravel(), np.asarray(change, float).ravel()
    if a.shape != c.shape:
        raise DataError(
            f"{a.size} attributions stand beside {c.size} changes", "per_unit", "give one change for each"
        )
    held = np.isfinite(a) & np.isfinite(c)
    a, c = a[held], c[held]
    size = float((c**2).sum())
    if not size > 0:
        raise DataError("the driver does not differ from its baseline", "per_unit", "choose another baseline")
    slope = float((a * c).sum() / size)
    left = (c * (a - slope * c)) ** 2
    own = left.sum() * a.size / max(a.size - 1, 1)
    if stderr is not None:
        own += ((c * np.asarray(stderr, float).ravel()[held]) ** 2).sum()
    return slope, float(np.sqrt(own) / size)


def agreement(
    attributions: Mapping[Hashable, Any] | xr.Dataset,
    effects: Mapping[Hashable, Any] | xr.Dataset,
    *,
    small: float = SMALL,
    units: str = "",
) -> xr.Dataset:
    """Compare attributions with causal effects by driver (and lag): sign, rank, relative size and coverage.

    Both are in output per unit of driver (:func:`per_unit`). A model may use a driver that the data do not show to act
    (a proxy, a confounder), and leave out one that acts: each such difference is a finding about the model or the
    world, and not an error of either.

    Args:
        attributions: by driver, or by (driver, lag): a value, or (value, standard error); or a Dataset with
            ``attribution`` and perhaps ``stderr`` over ``driver`` (and ``lag``).
        effects: by the same names: (effect, lower, upper); or a Dataset with ``effect``, ``lower`` and ``upper``.
        small: share of the largest attribution below which an attribution counts as none.
        units: of both, for tables and figures.

    Returns:
        Dataset over ``pair``, those both have, with ``driver`` (and ``lag``): ``attribution``, ``attribution_stderr``,
        ``effect``, ``lower``, ``upper``, ``ratio`` (attribution by effect), ``covered`` (whether the effect's interval
        holds the attribution), ``same_sign``, ``finding`` (one of `FINDINGS`) and ``verdict``; over all pairs
        ``sign_agreement`` (of pairs where both are clear) and ``coverage`` with 95 % intervals [@wilson1927], and
        ``rank_correlation`` of sizes with its p-value; in the attributes ``missing``, names that only one side has.

    Raises:
        ConfigError: `small` out of range.
        DataError: no common drivers, or values that are missing or not an interval.
    """
    if not 0 <= small < 1:
        raise ConfigError(f"small is {small}", "agreement", "choose from 0 to below 1")
    said, shown = (
        _given(attributions, ("attribution", "stderr"), 1),
        _given(effects, ("effect", "lower", "upper"), 3),
    )
    names = [n for n in said if n in shown]
    if not names:
        raise DataError(
            f"attributions ({listing(map(_name, said))}) and effects ({listing(map(_name, shown))}) share no driver",
            "agreement",
            "name them alike",
        )
    value, error = np.array([[*said[n], 0.0][:2] for n in names]).T
    effect, lower, upper = np.array([shown[n] for n in names]).T
    for n, low, mid, high in zip(names, lower, effect, upper, strict=True):
        if not low <= mid <= high:
            raise DataError(
                f"the effect {mid:g} does not lie in its interval from {low:g} to {high:g}",
                _name(n),
                "give effect, lower and upper in this order",
            )
    wide = ndtri(0.5 + LEVEL / 2) * error
    acts = (lower > 0) | (upper < 0)
    used = (np.abs(value) > wide) & (np.abs(value) > small * np.abs(value).max())
    covered = (lower <= value) & (value <= upper)
    same = np.sign(value) == np.sign(effect)
    apart = (value + wide < lower) | (value - wide > upper)
    finding = np.select(
        [
            ~used & ~acts,
            used & ~acts & ~covered,
            ~used & acts & ~covered,
            used & acts & ~same,
            used & acts & apart & (np.abs(value) > np.abs(effect)),
            used & acts & apart,
        ],
        ["neither", "used, not shown to act", "acts, not used", "opposite", "stronger", "weaker"],
        "agrees",
    )
    clear = used & acts
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(effect != 0, value / effect, np.nan)
    rank, p = _ranks(np.abs(value), np.abs(effect))
    coords: dict[Any, Any] = {
        "driver": ("pair", [str(n[0]) if isinstance(n, tuple) else str(n) for n in names])
    }
    if all(isinstance(n, tuple) for n in names):
        coords["lag"] = ("pair", [n[1] for n in names])  # pyright: ignore[reportIndexIssue]
    text = [
        _verdict(_name(n), f, v, e, low, high, units)
        for n, f, v, e, low, high in zip(names, finding, value, effect, lower, upper, strict=True)
    ]
    out = xr.Dataset(
        {
            "attribution": ("pair", value, {"units": units}),
            "attribution_stderr": ("pair", error, {"units": units}),
            "effect": ("pair", effect, {"units": units}),
            "lower": ("pair", lower, {"units": units}),
            "upper": ("pair", upper, {"units": units}),
            "ratio": ("pair", ratio),
            "covered": ("pair", covered),
            "same_sign": ("pair", same),
            "finding": ("pair", finding.astype(str)),
            "verdict": ("pair", text),
            "rank_correlation": ((), rank),
            "rank_p": ((), p),
        },
        coords,
    )
    for name, hits, of in (
        ("sign_agreement", int((same & clear).sum()), int(clear.sum())),
        ("coverage", int(covered.sum()), len(names)),
    ):
        share = hits / of if of else np.nan
        out[name] = ((), share)
        out[f"{name}_lower"], out[f"{name}_upper"] = (((), v) for v in wilson(hits, of))
    out.attrs["missing"] = listing([_name(n) for n in (*said, *shown) if (n in said) != (n in shown)], 20)
    differ = [v for v, f in zip(text, finding, strict=True) if f not in ("agrees", "neither")]
    out.attrs["verdict"] = (
        f"{counted(int(covered.sum()), 'attribution')} of {len(names)} within the interval of the effect; "
        + (
            f"{counted(len(differ), 'finding')} where they differ."
            if differ
            else "no finding where they differ."
        )
    )
    return out


def disagreements(compared: xr.Dataset) -> list[str]:
    """Sentences on where attribution and effect differ, the largest difference relative to the interval first."""
    differ = ~np.isin(compared["finding"].values, ("agrees", "neither"))
    off = np.abs(compared["attribution"].values - compared["effect"].values)
    width = np.maximum((compared["upper"] - compared["lower"]).values, 1e-300)
    order = [i for i in np.argsort(-off / width, kind="stable") if differ[i]]
    return [str(compared["verdict"].values[i]) for i in order]


def wilson(hits: int, of: int) -> tuple[float, float]:
    """95 % interval of a share [@wilson1927]; NaN for none of none."""
    if not of:
        return float("nan"), float("nan")
    z = ndtri(0.5 + LEVEL / 2)
    share, whole = hits / of, 1 + z**2 / of
    centre = (share + z**2 / (2 * of)) / whole
    half = z / whole * np.sqrt(share * (1 - share) / of + z**2 / (4 * of**2))
    return float(centre - half), float(centre + half)


def _ranks(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Rank correlation of sizes and its p-value by permutation; NaN for fewer than three pairs."""
    if len(a) < 3:
        return float("nan"), float("nan")
    found = float(rank_correlation(a, b))
    rng = np.random.default_rng(0)
    random = rank_correlation(rng.permuted(np.broadcast_to(a, (999, len(a))), axis=1), b)
    return found, float((1 + (random >= found - 1e-12).sum()) / 1000) if np.isfinite(found) else float("nan")


def _verdict(
    name: str, finding: str, value: float, effect: float, low: float, high: float, units: str
) -> str:
    unit = f" {units}" if units else ""
    both = f"attribution {value:.3g}{unit}, effect {effect:.3g} from {low:.3g} to {high:.3g}"
    return {
        "agrees": f"{name}: the model uses it as the data show it to act ({both}).",
        "stronger": f"{name}: the model makes more of it than the data show ({both}).",
        "weaker": f"{name}: the model makes less of it than the data show ({both}).",
        "opposite": f"{name}: the model uses it with the opposite sign of its effect ({both}).",
        "used, not shown to act": f"{name}: the model uses it, the data do not show that it acts ({both}).",
        "acts, not used": f"{name}: the data show that it acts, the model does not use it ({both}).",
        "neither": f"{name}: the model does not use it, and the data do not show that it acts ({both}).",
    }[finding]


def _given(values: Any, names: tuple[str, ...], least: int) -> dict[Hashable, tuple[float, ...]]:
    """Numbers by driver or (driver, lag)."""
    if isinstance(values, xr.Dataset):
        for name in names[:least]:
            if name not in values:
                raise DataError(f"the Dataset lacks {name!r}", "agreement", f"give {listing(names)}")
        dims = [d for d in ("driver", "lag") if d in values.dims]
        if "driver" not in dims:
            raise DataError("the Dataset lacks the dimension 'driver'", "agreement", "rename it")
        stacked = values[[n for n in names if n in values]].stack(pair=dims)
        columns = [stacked[n].values for n in names if n in stacked]
        labels = [tuple(p) if len(dims) > 1 else p[0] for p in stacked["pair"].values]
        # pairs that neither estimates are no pairs
        rows: dict[Hashable, tuple[float, ...]] = {
            n: tuple(float(c[i]) for c in columns)
            for i, n in enumerate(labels)
            if np.isfinite([c[i] for c in columns]).any()
        }
    else:
        rows = {n: tuple(float(v) for v in np.atleast_1d(item)) for n, item in values.items()}
    for n, row in rows.items():
        if not least <= len(row) <= len(names) or not np.isfinite(row).all():
            raise DataError(
                f"{_name(n)} has the values {row}", "agreement", f"give {listing(names)}, all finite"
            )
    return rows


def _name(name: Any) -> str:
    return f"{name[0]} (lag {name[1]})" if isinstance(name, tuple) else str(name)
