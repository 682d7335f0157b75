"""Tables on what drove the forecasts: sizes, checks, agreement with effects, clusters, and the known world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from data.errors import DataError
from xai.agreement import agreement, per_unit
from xai.clusters import clusters

from .config import Config
from .explain_model import CLIMATE
from .prepare import Panel

if TYPE_CHECKING:
    import xarray as xr

MONTHS = 3
"""Drought months up to the origin that the attribution is told apart by."""


def families(ds: xr.Dataset) -> list[dict[str, Any]]:
    """Size of each family by lead: mean of absolute values, its error from the background, and share of the spread.

    The share of the spread is the covariance of a family's value with the forecast less its base, by the variance of
    the latter; shares of all families add up to one.
    """
    rows = []
    for lead in ds["lead"].values:
        here = ds.sel(lead=lead)
        value = here["attribution"].values.reshape(-1, ds.sizes["player"])
        whole = (here["prediction"] - here["base_value"]).values.ravel()
        off = whole - whole.mean()
        size = np.abs(value).mean(axis=0)
        for k, name in enumerate(ds["player"].values):
            rows.append(
                {
                    "lead": int(lead),
                    "family": str(name),
                    "size": float(size[k]),
                    "part": float(size[k] / size.sum()),
                    "error": float(here["stderr"].values[..., k].mean()),
                    "spread": float((value[:, k] - value[:, k].mean()) @ off / max(off @ off, 1e-300)),
                    "mean": float(value[:, k].mean()),
                }
            )
    return rows


def checks(ds: xr.Dataset) -> dict[str, Any]:
    """Whether the account adds up, and is that of the forecast that was issued."""
    return {
        "forecasts": int(ds["prediction"].size),
        "issued": float(np.abs(ds["prediction"] - ds["issued"]).max()),
        "gap": float(np.abs(ds["efficiency_gap"]).max()),
        "origins": [str(ds["origin"].values[k])[:7] for k in (0, -1)],
    }


def grouped(ds: xr.Dataset, seed: int) -> tuple[xr.Dataset | None, dict[str, Any] | None]:
    """Districts grouped by the mean of their attributions at the first lead; None where they are too few."""
    maps = ds["attribution"].isel(lead=0).mean("origin")
    try:
        found = clusters(maps, "district", most=min(5, max(2, ds.sizes["district"] // 4)), seed=seed)
    except DataError as error:
        return None, {"verdict": f"No clusters: {error.what}.", "rows": []}
    rows = []
    for k in range(found.sizes["group"]):
        mean = found["mean_map"].values[k]
        strongest = np.argsort(-np.abs(mean))[:2]
        rows.append(
            {
                "cluster": k,
                "districts": int(found["size"][k]),
                "jaccard": float(found["jaccard"][k]),
                "stable": bool(found["stable"][k]),
                "typical": str(found["representative_district"].values[k]),
                "drivers": ", ".join(f"{ds['player'].values[i]} {mean[i]:+.2f}" for i in strongest),
            }
        )
    return found, {
        "verdict": str(found.attrs["verdict"]),
        "rand": float(found["rand"]),
        "rand_cloud": float(found["rand_cloud"]),
        "rows": rows,
    }


def merged(ds: xr.Dataset, groups: xr.Dataset | None, causal: xr.Dataset) -> xr.Dataset:
    """All of it as one Dataset."""
    if groups is not None:
        ds = ds.assign(cluster=("district", groups["cluster"].values))
    ds = ds.assign(causal_attribution=causal["causal_attribution"])
    return ds.assign_coords({n: causal[n] for n in ("pair_origin", "pair_district")})


def agreements(ds: xr.Dataset, panel: Panel, config: Config, effects: dict[str, Any]) -> dict[str, Any]:
    """Attribution of the climate families per drought month beside the effect of a drought month.

    Attributions of a lead, less their mean over the districts of an origin as effects are, are regressed on the drought
    months of the origin and of the months before it together; a drought j months before the origin lies lead + j months
    before what is forecast, and is compared with the effect after as many months. Errors are clustered by district.
    """
    months = np.searchsorted(panel.months, ds["origin"].values.astype("datetime64[M]"))
    drought = np.where(np.isfinite(panel.cdi), (panel.cdi < config.effect.threshold).astype(float), np.nan)
    main = effects["main"]
    shown = {k: tuple(main[n][i] for n in ("effect", "lower", "upper")) for i, k in enumerate(main["lag"])}
    said: dict[Any, tuple[float, float]] = {}
    beside: dict[Any, tuple[float, float, float]] = {}
    for lead in ds["lead"].values:
        value = ds["attribution"].sel(lead=lead).transpose("district", "origin", "player")
        past = np.stack([drought[:, months - j] for j in range(MONTHS)], axis=-1)
        for name, which in (("drought index", ["drought index"]), ("all climate", list(CLIMATE))):
            slope, error = _slopes(value.sel(player=which).sum("player").values, past)
            for j in range(MONTHS):
                lag = int(lead) + j
                if np.isfinite(slope[j]) and lag in shown and None not in shown[lag]:
                    said[f"{name}, {lead} ahead", lag] = (float(slope[j]), float(error[j]))
                    beside[f"{name}, {lead} ahead", lag] = shown[lag]
    if not said:
        return {"rows": [], "verdict": "The explained months have no drought to compare.", "sentences": []}
    found = agreement(said, beside, units="per drought month")
    names = ("attribution", "attribution_stderr", "effect", "lower", "upper", "covered", "finding", "verdict")
    rows = [
        {"driver": str(found["driver"].values[i]), "lag": int(found["lag"].values[i])}
        | {n: found[n].values[i] for n in names}
        for i in range(found.sizes["pair"])
    ]
    return {"rows": rows, "verdict": str(found.attrs["verdict"]), "level": float(main["level"])}


def _slopes(value: np.ndarray, past: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least squares of values (district, origin) on `past` (district, origin, lag), origins' means out, and errors."""
    known = np.asarray(np.all(np.isfinite(past), axis=-1))
    weight = known.astype(float)
    count = np.maximum(weight.sum(axis=0), 1)
    y = np.where(known, value - (np.where(known, value, 0.0).sum(axis=0) / count), 0.0)
    clean = np.where(known[..., None], past, 0.0)
    x = np.where(known[..., None], clean - clean.sum(axis=0) / count[:, None], 0.0)
    square: np.ndarray = np.asarray(np.einsum("dok,dol->kl", x, x))
    free = np.flatnonzero(np.diag(square) > 1e-9)
    slope, error = np.full(len(square), np.nan), np.full(len(square), np.nan)
    if not len(free):
        return slope, error
    inverse = np.linalg.pinv(square[np.ix_(free, free)])
    b = inverse @ np.einsum("dok,do->k", x[..., free], y)
    score = np.einsum("dok,do->dk", x[..., free], y - x[..., free] @ b)
    districts = max(len(value), 2)
    meat = score.T @ score * districts / (districts - 1)
    slope[free], error[free] = b, np.sqrt(np.diag(inverse @ meat @ inverse))
    return slope, error


def truth(ds: xr.Dataset, panel: Panel, config: Config) -> dict[str, Any] | None:
    """How well known drivers are recovered: attributions of families beside what drought and conflict really add.

    What drought adds to a month that is forecast is the sum over known drought months up to the origin of their total
    effects after as many months; what conflict adds one month ahead is its effect times log(1 + fatalities) of the
    origin. All are less their means over the districts of a month. None for data whose world is not known.
    """
    raw = panel.raw
    if raw is None or "effect_true" not in raw or config.target != "departures":
        return None
    from data.synthetic.displacement import Effects

    total = raw["effect_true"].values
    drought, conflict = raw["drought_true"].values, np.log1p(raw["insecurity_fatalities"].values)
    months = np.searchsorted(panel.months, ds["origin"].values.astype("datetime64[M]"))
    rows = []
    for lead in (int(k) for k in ds["lead"].values):
        value = ds["attribution"].sel(lead=lead).transpose("district", "origin", "player")
        known: dict[str, Any] = {
            "drought": sum(total[k] * drought[:, months + lead - k] for k in range(lead, len(total)))
        }
        if lead == 1:
            known["conflict"] = Effects().conflict * conflict[:, months]
        for cause, added in known.items():
            added = np.asarray(added) - np.asarray(added).mean(axis=0)
            candidates = [("all climate", list(CLIMATE)), *((str(n), [str(n)]) for n in ds["player"].values)]
            for name, which in candidates:
                own = value.sel(player=which).sum("player").values
                own = own - own.mean(axis=0)
                slope, error = per_unit(own, added)
                rows.append(
                    {
                        "lead": lead,
                        "cause": cause,
                        "family": name,
                        "correlation": float(np.corrcoef(own.ravel(), added.ravel())[0, 1])
                        if own.std() > 0
                        else None,
                        "slope": slope,
                        "error": error,
                        "right": name == cause
                        or (cause == "drought" and name in ("all climate", "drought index")),
                    }
                )
    return {"rows": rows}
