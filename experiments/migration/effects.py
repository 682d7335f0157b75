"""The effect of a drought month on displacement over the months that follow, and what would refute it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from data.errors import DataError, counted

from .config import Config
from .prepare import Panel

if TYPE_CHECKING:
    import xarray as xr

OUTCOME, DROUGHT = "displaced", "drought"
LEVEL = 0.9
"""Probability of all intervals of effects."""
Progress = Callable[[int, int], None]


def panel_of(panel: Panel, config: Config, threshold: float | None = None) -> xr.Dataset:
    """What the effects are estimated from, (district, time).

    ``displaced`` is the log count, ``drought`` 1 in a month with a drought index below the threshold, ``dryness`` the
    index turned round, ``drought_next`` the drought of three months later (which cannot have an effect), ``conflict``
    and ``other`` (the log of the other count).
    """
    import xarray as xr

    bar = config.effect.threshold if threshold is None else threshold
    drought = np.where(np.isfinite(panel.cdi), (panel.cdi < bar).astype(float), np.nan)
    ahead = np.full(drought.shape, np.nan)
    ahead[:, :-3] = drought[:, 3:]
    columns = {
        OUTCOME: panel.target,
        DROUGHT: drought,
        "drought_next": ahead,
        "dryness": np.where(np.isfinite(panel.cdi), -panel.drivers["cdi"], np.nan),
        "conflict": panel.drivers["insecurity_fatalities"],
        "vegetation": panel.drivers["ndvi"],
        "other": panel.other,
    }
    return xr.Dataset(
        {n: (("district", "time"), v) for n, v in columns.items()},
        {
            "district": list(panel.districts),
            "time": panel.months.astype("datetime64[ns]"),
            "region": ("district", list(panel.regions)),
        },
    )


def usable(ds: xr.Dataset) -> xr.Dataset:
    """Districts with at least a year of counts and a drought index.

    Raises:
        DataError: where fewer than two are left, or drought never differs between districts of a month.
    """
    both = np.isfinite(ds[OUTCOME].values) & np.isfinite(ds[DROUGHT].values)
    keep = np.flatnonzero(both.sum(axis=1) >= 12)
    ds = ds.isel(district=keep)
    if len(keep) < 2:
        raise DataError(
            "fewer than two districts have a year of counts and drought index", "effects", "check them"
        )
    spread = ds[DROUGHT].where(ds[OUTCOME].notnull()).std("district")
    if not bool((spread > 0).any()):
        raise DataError(
            "no month has districts with drought and districts without",
            "effect.threshold",
            "choose another, so that there is something to compare",
        )
    return ds


def run(panel: Panel, config: Config, progress: Progress | None = None) -> dict[str, Any]:
    """Effects over the horizon, their robustness, refutation, heterogeneity and the counterfactual, as tables."""
    from causal.effects import Bootstrap, distributed_lags

    from . import counterfactual, heterogeneity, refutation

    settings = config.effect
    ds = usable(panel_of(panel, config))
    horizon = settings.horizon
    boot = Bootstrap(settings.resamples, LEVEL, resample="units", seed=config.seed)
    steps = [0, 6]

    def tell() -> None:
        steps[0] += 1
        if progress is not None:
            progress(*steps)

    main = distributed_lags(ds, OUTCOME, DROUGHT, horizon, cluster="both", level=LEVEL)
    found: dict[str, Any] = {"main": table(main), "districts": int(ds.sizes["district"])}
    found["share"] = float(ds[DROUGHT].where(ds[OUTCOME].notnull()).mean())
    tell()
    found["robust"] = robustness(panel, config, ds)
    tell()
    found["doubly_robust"] = doubly_robust(ds, config)
    tell()
    found["refutation"] = refutation.run(ds, config)
    tell()
    found["heterogeneity"] = heterogeneity.run(ds, config)
    tell()
    known = None
    if panel.raw is not None and "effect_true" in panel.raw and config.target == "departures":
        known = panel.raw["effect_true"].values
        found["truth"] = truth(main, known)
    found["counterfactual"] = counterfactual.run(ds, config, boot, known)
    tell()
    return found


def table(found: xr.Dataset) -> dict[str, Any]:
    """An estimate over lags as plain lists."""
    names = (
        "effect",
        "lower",
        "upper",
        "p",
        "cumulative",
        "cumulative_lower",
        "cumulative_upper",
        "cumulative_p",
    )
    return {n: found[n].values for n in names} | {
        "lag": found["lag"].values,
        "samples": int(found.attrs["samples"]),
        "clusters": int(found.attrs["clusters"]),
        "level": float(found.attrs["level"]),
    }


def truth(found: xr.Dataset, known: np.ndarray) -> list[dict[str, Any]]:
    """Known effects beside what was found, one row per month after the drought, and their sum."""
    rows = []
    count = min(len(known), found.sizes["lag"])
    for k in range(count):
        low, high = float(found["lower"][k]), float(found["upper"][k])
        rows.append(
            {
                "name": f"effect after {counted(k, 'month')}",
                "true": float(known[k]),
                "found": float(found["effect"][k]),
                "lower": low,
                "upper": high,
                "inside": low <= known[k] <= high,
            }
        )
    total = float(known[:count].sum())
    low, high = (float(found[f"cumulative_{n}"][count - 1]) for n in ("lower", "upper"))
    rows.append(
        {
            "name": f"sum over {count - 1} months",
            "true": total,
            "found": float(found["cumulative"][count - 1]),
            "lower": low,
            "upper": high,
            "inside": low <= total <= high,
        }
    )
    return rows


def robustness(panel: Panel, config: Config, ds: xr.Dataset) -> list[dict[str, Any]]:
    """The sum of effects over the horizon under other choices, each with its interval."""
    from causal.effects import distributed_lags

    horizon, bar = config.effect.horizon, config.effect.threshold
    rows = []

    def add(
        name: str, data: xr.Dataset, outcome: str = OUTCOME, treatment: str = DROUGHT, **more: Any
    ) -> None:
        try:
            got = distributed_lags(
                data, outcome, treatment, horizon, level=LEVEL, **{"cluster": "both", **more}
            )
        except DataError as error:
            rows.append(
                {"name": name, "value": None, "lower": None, "upper": None, "p": None, "note": error.what}
            )
            return
        rows.append(
            {
                "name": name,
                "value": float(got["cumulative"][-1]),
                "lower": float(got["cumulative_lower"][-1]),
                "upper": float(got["cumulative_upper"][-1]),
                "p": float(got["cumulative_p"][-1]),
                "note": "",
            }
        )

    add("as stated", ds)
    for other in (0.75 * bar, 1.25 * bar):
        add(f"drought is an index below {other:.2g}", panel_of(panel, config, other))
    add("per unit of dryness anomaly", ds, treatment="dryness")
    add("errors clustered by district alone", ds, cluster="unit")
    add("conflict of the month before held fixed", ds, controls=[("conflict", -1)])
    add("without effects of the month (national course left in)", ds, effects=("unit",))
    add("the other count (arrivals for departures)", ds, outcome="other")
    return rows


def doubly_robust(ds: xr.Dataset, config: Config) -> list[dict[str, Any]]:
    """Average effect of a drought month after one and three months, doubly robust, months' means taken out.

    Controls: drought, log counts and conflict of the months before, and vegetation; nothing that comes after.
    """
    from causal.effects import average_effect

    from .multiple import within

    ds = ds.assign(free=(("district", "time"), within(ds[OUTCOME].values)))
    ds["before"] = ds["free"].fillna(0.0)
    controls = [
        ("drought", -1),
        ("drought", -2),
        ("before", -1),
        ("before", -2),
        ("conflict", -1),
        ("vegetation", -1),
    ]
    rows = []
    for lag in (1, 3):
        if lag > config.effect.horizon:
            continue
        try:
            fit = average_effect(
                ds,
                "free",
                DROUGHT,
                controls,
                lag=lag,
                unit_means=True,
                outcome_model=_regressor(config.seed),
                level=LEVEL,
                clip=0.05,
                seed=config.seed,
            )
        except DataError as error:
            rows.append({"lag": lag, "value": None, "lower": None, "upper": None, "note": error.what})
            continue
        rows.append(
            {
                "lag": lag,
                "value": fit.estimate,
                "lower": fit.lower,
                "upper": fit.upper,
                "naive": fit.naive,
                "clipped": fit.clipped,
                "samples": fit.samples,
                "note": "",
            }
        )
    return rows


def _regressor(seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(
        max_iter=60,
        learning_rate=0.06,
        max_leaf_nodes=6,
        min_samples_leaf=30,
        l2_regularization=5.0,
        random_state=seed,
    )
