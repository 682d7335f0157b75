"""Figures of forecasts and of the weekly file, from the run folder alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..report import style

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

COLOURS = {
    "terrax": "#0072b2",
    "boosted_trees": "#e69f00",
    "two_lag_regression": "#009e73",
    "blend": "#cc79a7",
    "district_mean": "#8c8c8c",
    "persistence": "#d55e00",
}
MARKS = {
    "terrax": "o",
    "boosted_trees": "D",
    "two_lag_regression": "s",
    "blend": "^",
    "district_mean": "x",
    "persistence": "v",
}
LABELS = {
    "terrax": "terrax",
    "boosted_trees": "boosted trees",
    "two_lag_regression": "two-lag regression",
    "blend": "half persistence, half mean",
    "district_mean": "district mean",
    "persistence": "persistence",
}


@style.use()
def skill(frame: pd.DataFrame, folder: Path) -> None:
    """R2 by lead and model, and coverage of the intervals."""
    drawing, axes = style.figure(1, 2, height=66)
    for name, colour in COLOURS.items():
        for axis, metric in zip(axes, ("r2", "coverage"), strict=True):
            part = frame[(frame["model"] == name) & (frame["metric"] == metric)]
            pairs = zip(part["group"], part["value"], strict=True)
            points = [(int(g.removeprefix("lead=")), v) for g, v in pairs if "," not in g]
            label = LABELS[name] if metric == "r2" else None
            axis.plot(*np.array(points).T, color=colour, marker=MARKS[name], label=label)
    axes[0].axhline(0, color="#222222", lw=0.6)
    axes[0].set_ylabel("R²")
    axes[0].set_title("Skill on the test months")
    axes[1].axhspan(0.75, 0.85, color="#e8e8e8", lw=0)
    axes[1].set_ylabel("share of months inside")
    axes[1].set_title("Coverage of the intervals")
    for axis in axes:
        axis.set_xlabel("months ahead")
        axis.set_xticks(sorted({int(g.removeprefix("lead=")) for g in frame["group"] if "," not in g}))
    drawing.legend(loc="outside lower center", ncols=3)
    style.save(drawing, folder, "forecast_skill")


@style.use()
def series(ds: xr.Dataset, folder: Path, count: int = 6) -> list[str]:
    """Observed counts and forecasts one step ahead with their intervals, for the districts with most people."""
    from matplotlib import dates

    total = np.nansum(np.expm1(ds["observed"].values), axis=1)
    chosen = np.argsort(-total)[:count]
    lead = int(ds["lead"].values[0])
    part = ds.isel(lead=0).sel(model="terrax")
    time = ds["time"].values
    held = np.flatnonzero(ds["test"].values > 0)
    late = slice(max(held[0] - 12, 0), None)
    drawing, axes = style.figure(2, 3, height=92, sharex=True)
    for axis, i in zip(axes.ravel(), chosen, strict=False):
        low, high = part["forecast_lower"].values[i], part["forecast_upper"].values[i]
        axis.fill_between(
            time[late], np.exp(low[late]), np.exp(high[late]), color="#cfe3f1", lw=0, label="interval (test)"
        )
        axis.plot(
            time[late], np.exp(part["forecast"].values[i][late]), color=COLOURS["terrax"], label="forecast"
        )
        axis.plot(
            time[late], np.exp(ds["observed"].values[i][late]), ".", color="#222222", ms=4, label="observed"
        )
        axis.set_yscale("log")
        axis.set_title(str(ds["district"].values[i]))
        axis.xaxis.set_major_locator(dates.YearLocator())
        axis.xaxis.set_minor_locator(dates.MonthLocator((4, 7, 10)))
        axis.xaxis.set_major_formatter(dates.DateFormatter("%Y"))
    for axis in axes[:, 0]:
        axis.set_ylabel("persons + 1")
    drawing.legend(*axes.flat[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    drawing.suptitle(f"{ds.attrs['target']}, {lead} month{'s' if lead > 1 else ''} ahead", fontsize=8.5)
    style.save(drawing, folder, "forecast_series")
    return [str(ds["district"].values[i]) for i in chosen]


@style.use()
def places(ds: xr.Dataset, folder: Path) -> None:
    """Where people leave or arrive, and how well it is forecast one step ahead."""
    held = ds["test"].values > 0
    observed = ds["observed"].values
    forecast = ds["forecast"].sel(model="terrax").isel(lead=0).values
    mean = np.log10(np.nansum(np.expm1(observed), axis=1) + 1)
    errors = np.where(held, (forecast - observed) ** 2, np.nan)
    known = np.isfinite(errors).sum(axis=1)
    error = np.sqrt(np.nansum(errors, axis=1) / np.maximum(known, 1))
    error[known < 6] = np.nan
    drawing, axes = style.figure(1, 2, height=88)
    what = ds.attrs["target"]
    pairs = (
        (mean, f"{what.capitalize()} in all months", "log10 of persons", "viridis"),
        (error, "Error of the forecast on the test months", "RMSE of log(1 + persons)", "magma_r"),
    )
    for axis, (values, title, label, colours) in zip(axes, pairs, strict=True):
        scatter(axis, ds, values, label, colours, drawing)
        axis.set_title(title)
    style.save(drawing, folder, "forecast_map")


def scatter(
    axis: Any, ds: Any, values: np.ndarray, label: str, colours: str, drawing: Any, **limits: Any
) -> None:
    """Districts at their centres, coloured by a value; those without one as small rings."""
    lat, lon = np.asarray(ds["lat"]), np.asarray(ds["lon"])
    known = np.isfinite(values)
    axis.plot(lon[~known], lat[~known], "o", mfc="none", mec="#aaaaaa", ms=3, lw=0)
    drawn = axis.scatter(
        lon[known],
        lat[known],
        c=values[known],
        s=26,
        cmap=colours,
        edgecolors="#444444",
        linewidths=0.3,
        **limits,
    )
    axis.set_aspect(1.0)
    axis.set_xlabel("longitude [°E]")
    axis.set_ylabel("latitude [°N]")
    drawing.colorbar(drawn, ax=axis, label=label, shrink=0.8)


@style.use()
def weekly(table: dict[str, Any], folder: Path) -> None:
    """Districts with a link to displacement under each preparation of the weekly file."""
    rows = table["rows"]
    names = [v["name"] for v in table["variants"]]
    sources = list(dict.fromkeys(r["source"] for r in rows))
    most = max(100 * max(r["single"], r["chance"]) / r["districts"] for r in rows)
    drawing, axes = style.figure(1, len(sources), height=66, sharex=True, sharey=True)
    axes[0].set_xlim(0, min(100.0, 1.1 * most))
    for axis, source in zip(axes, sources, strict=True):
        here = {r["preparation"]: r for r in rows if r["source"] == source}
        places_ = np.arange(len(names))[::-1]
        share = [100 * here[n]["single"] / here[n]["districts"] for n in names]
        strict = [100 * here[n]["holm"] / here[n]["districts"] for n in names]
        chance = [100 * here[n]["chance"] / here[n]["districts"] for n in names]
        axis.barh(places_, share, color="#9ecae1", height=0.7, label="single test")
        axis.barh(places_, strict, color="#0072b2", height=0.35, label="after Holm")
        axis.plot(chance, places_, "|", color="#d55e00", ms=9, mew=1.5, label="by chance alone")
        axis.set_title(source)
        axis.set_yticks(places_, names)
        axis.grid(axis="y", visible=False)
    drawing.supxlabel("districts with a link to displacement [%]", fontsize=8)
    drawing.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    style.save(drawing, folder, "weekly_links")
