"""Figures of a run, from its results and tables alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..report import style
from .models import LEARNED, MODELS
from .results import LABELS

if TYPE_CHECKING:
    import xarray as xr

SHOWN = ("hybrid", "network", "forest", "trees", "climatology_cell", "climatology")


@style.use()
def reliability(told: dict[str, Any], folder: Path) -> None:
    """Share that burned against the chance that was given."""
    drawing, axis = style.figure(1, 1, width="one", height=80)
    axis.plot([1e-3, 1], [1e-3, 1], color="#222222", lw=0.6)
    for name in SHOWN:
        curve = told["reliability"][name]
        share = np.maximum(curve["share"], 1e-3)
        axis.plot(
            np.maximum(curve["chance"], 1e-3), share, "o-", color=style.colour(name), label=LABELS[name]
        )
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_xlabel("chance given (none below 0.001 drawn apart)")
    axis.set_ylabel("share that burned")
    axis.legend()
    style.save(drawing, folder, "reliability")


@style.use()
def skill(told: dict[str, Any], folder: Path) -> None:
    """AUC of the hybrid less that of both climatologies in every evaluation, with both intervals."""
    parts = [told["first"], *(p for p in ("space", "validation", "nested") if p in told["parts"])]
    drawing, axes = style.figure(1, 2, height=60)
    for axis, reference in zip(axes, ("climatology", "climatology_cell"), strict=True):
        axis.axvline(0, color="#222222", lw=0.6)
        for i, part in enumerate(parts):
            row = told["parts"][part]["hybrid"][f"auc - {reference}"]
            if row.get("season_low") is not None:
                axis.plot([row["season_low"], row["season_high"]], [i, i], color="#bbbbbb", lw=3.5)
            if row["low"] is not None:
                axis.plot([row["low"], row["high"]], [i, i], color=style.colour("hybrid"), lw=1.2)
            axis.plot(row["value"], i, "o", color=style.colour("hybrid"))
        axis.set_yticks(range(len(parts)), parts)
        axis.invert_yaxis()
        axis.locator_params(axis="x", nbins=5)
        axis.set_title(f"less {LABELS[reference]}")
        axis.set_xlabel("AUC of the hybrid")
    style.save(drawing, folder, "skill")


@style.use()
def precision_recall(ds: xr.Dataset, folder: Path) -> None:
    """Precision against recall of every model on the test years at the shortest lead."""
    from sklearn.metrics import precision_recall_curve

    held = ds["test"].values > 0
    burned = ds["burned"].values[held]
    inside = np.isfinite(burned)
    drawing, axis = style.figure(1, 1, width="one", height=80)
    for name in MODELS:
        chance = ds["chance"].sel(model=name).isel(lead=0).values[held]
        precision, recall, _ = precision_recall_curve(burned[inside], chance[inside])
        axis.step(recall, precision, where="post", color=style.colour(name), label=LABELS[name], lw=1.0)
    axis.axhline(burned[inside].mean(), color="#222222", lw=0.6, ls=":")
    axis.set_xlabel("recall")
    axis.set_ylabel("precision")
    axis.set_ylim(0, 1.02)
    axis.legend()
    style.save(drawing, folder, "precision_recall")


@style.use()
def worst_month(ds: xr.Dataset, folder: Path) -> str:
    """Maps of the test month with most fire: climatology, hybrid, its spread; returns the month."""
    held = ds["test"].values > 0
    month = int(np.argmax(np.where(held, ds["burned"].sum(("lat", "lon")).values, -1.0)))
    here = ds.isel(time=month, lead=0)
    maps = {
        "climatology by month and cell": here["chance"].sel(model="climatology_cell"),
        "hybrid": here["chance"].sel(model="hybrid"),
        "spread of the hybrid": here["chance_spread"],
    }
    _maps(ds, maps, here["burned"].values, folder, "worst_month")
    return str(ds["time"].values[month].astype("datetime64[M]"))


@style.use()
def scenario(ds: xr.Dataset, folder: Path) -> None:
    """Maps of the mean chance from June to September now and in the changed climate, and the share outside."""
    season = ds.isel(time=np.isin(ds["time"].dt.month.values, (6, 7, 8, 9)))
    mean = season.mean("time", skipna=False)
    maps = {
        "hybrid, weather as it was": mean["chance_present"].sel(model="hybrid"),
        "hybrid, changed climate": mean["chance_changed"].sel(model="hybrid"),
        "share of months outside the fit": mean["outside"],
    }
    _maps(ds, maps, None, folder, "scenario")


def _maps(ds: xr.Dataset, maps: dict[str, Any], burned: Any, folder: Path, name: str) -> None:
    drawing, axes = style.figure(1, len(maps), height=75)
    alike = max(float(np.nanmax(v.values)) for v in list(maps.values())[:2])
    for i, (axis, (title, values)) in enumerate(zip(axes, maps.items(), strict=True)):
        top = alike if i < 2 else max(float(np.nanmax(values.values)), 1e-3)
        mesh = axis.pcolormesh(ds["lon"], ds["lat"], values.values, vmin=0, vmax=top, shading="nearest")
        if burned is not None:
            rows, columns = np.nonzero(burned > 0)
            axis.plot(ds["lon"].values[columns], ds["lat"].values[rows], "x", color="#d55e00", ms=4)
        axis.set_title(title)
        axis.set_aspect(1.3)
        drawing.colorbar(mesh, ax=axis, shrink=0.7)
    style.save(drawing, folder, name)


@style.use()
def relations(rows: list[dict[str, Any]], folder: Path) -> None:
    """Accumulated local effects, a panel per driver, hybrid beside trees and network."""
    drivers = list(dict.fromkeys(row["driver"] for row in rows))
    drawing, axes = style.figure(1, len(drivers), height=66)
    for axis, driver in zip(axes, drivers, strict=True):
        for row in (r for r in rows if r["driver"] == driver):
            look = style.colour(row["model"])
            edges, curve = (np.array(row[n], float) for n in ("edges", "ale"))
            axis.plot(edges, curve, "o-", color=look, label=LABELS[row["model"]])
            axis.fill_between(
                edges, *(np.array(row[n], float) for n in ("lower", "upper")), color=look, alpha=0.12
            )
        first = next(r for r in rows if r["driver"] == driver)
        axis.axhline(0, color="#222222", lw=0.5)
        axis.set_title(f"{driver}\n({'+' if first['expected'] > 0 else '−'} expected)")
        axis.set_xlabel(
            "log ratio"
            if driver == "rain"
            else f"departure [{first['unit']}]"
            if driver != "low vegetation"
            else "share"
        )
    axes[0].set_ylabel("effect on the logit")
    handles, labels = axes[0].get_legend_handles_labels()
    drawing.legend(handles, labels, loc="outside lower center", ncols=len(LEARNED))
    style.save(drawing, folder, "relations")
