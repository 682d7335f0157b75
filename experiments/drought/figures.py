"""Figures of the drought experiment, each drawn from the run folder alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..report import scores as score_table
from ..report import style
from ..runfolder import RunFolder
from .curves import LABELS

FLUXES = ("gpp", "et", "reco", "nee")
UNITS = {
    "gpp": "gC m$^{-2}$ d$^{-1}$",
    "et": "mm d$^{-1}$",
    "reco": "gC m$^{-2}$ d$^{-1}$",
    "nee": "gC m$^{-2}$ d$^{-1}$",
    "lai": "m$^2$ m$^{-2}$",
    "soil_root": "mm",
    "runoff": "mm d$^{-1}$",
}
NAMES = {
    "gpp": "GPP",
    "et": "ET",
    "reco": "RECO",
    "nee": "NEE",
    "lai": "LAI",
    "soil_root": "root-zone water",
    "runoff": "runoff",
}
FLOOR = -0.5
"""Skill below this is drawn at this level, with its number."""


def table(folder: RunFolder, name: str) -> Any | None:
    """A table of numbers of the run, or None where the run has none."""
    path = folder.path / "tables" / name
    return folder.read_json(path) if path.is_file() else None


def nse_of(folder: RunFolder) -> Any:
    """The NSE rows of the scores."""
    frame: Any = score_table.read(folder.scores)
    return frame[frame["metric"] == "nse"]


@style.use()
def skill(folder: RunFolder) -> list[Path]:
    """NSE of every model at every site, with medians, by target."""
    frame = nse_of(folder)
    split = _main_split(frame)
    frame = frame[frame["split"] == split]
    targets = [t for t in (*FLUXES, "lai") if t in set(frame["target"])]
    models = [m for m in style.MODELS if m in set(frame["model"])]
    drawing, axes = style.figure(1, len(targets), height=70, sharey=True, squeeze=False)
    for axis, target in zip(axes[0], targets, strict=True):
        for k, model in enumerate(models):
            part = frame[(frame["target"] == target) & (frame["model"] == model)]["value"].dropna()
            if part.empty:
                continue
            values = part.clip(lower=FLOOR).to_numpy()
            axis.plot(
                np.full(len(values), k) + np.linspace(-0.18, 0.18, len(values)),
                np.sort(values),
                "o",
                color=style.colour(model),
                alpha=0.55,
                markersize=2.6,
                markeredgewidth=0,
            )
            middle = float(part.median())
            axis.plot([k - 0.32, k + 0.32], [max(middle, FLOOR)] * 2, color=style.colour(model), linewidth=2)
            axis.text(k, max(middle, FLOOR) + 0.02, f"{middle:.2f}", ha="center", va="bottom", fontsize=6)
        axis.set_xticks(range(len(models)), models, rotation=60, ha="right")
        axis.set_title(NAMES[target])
        axis.set_ylim(FLOOR - 0.03, 1.1)
    axes[0][0].set_ylabel("NSE of test days, by site")
    return style.save(drawing, folder.figures, "skill")


@style.use()
def series(folder: RunFolder) -> list[Path]:
    """Two test years of GPP and ET, observed and simulated, at three sites."""
    import xarray as xr

    with xr.open_dataset(folder.results) as ds:
        test = ds[next(str(v) for v in ds.data_vars if str(v).startswith("test_"))]
        sites = [str(s) for s in ds["site"].values]
        chosen = [sites[i] for i in np.linspace(0, len(sites) - 1, min(3, len(sites))).astype(int)]
        drawing, axes = style.figure(len(chosen), 2, height=38 * len(chosen), squeeze=False)
        for row, site in zip(axes, chosen, strict=True):
            days = np.flatnonzero(test.sel(site=site).values == 1)
            window = slice(days[0], min(days[0] + 730, days[-1]))
            for axis, target in zip(row, ("gpp", "et"), strict=True):
                if f"{target}_observed" not in ds:
                    continue
                time = ds["time"].values[window]
                for model in ("observed", "gru", "hybrid"):
                    name = f"{target}_{model}"
                    if name in ds:
                        values = ds[name].sel(site=site).values[window]
                        look = (
                            {"linestyle": "none", "marker": ".", "markersize": 1.5}
                            if model == "observed"
                            else {"linewidth": 0.9}
                        )
                        axis.plot(time, values, color=style.colour(model), label=model, **look)
                        if f"{name}_spread" in ds and model == "hybrid":
                            spread = ds[f"{name}_spread"].sel(site=site).values[window]
                            axis.fill_between(
                                time,
                                values - 2 * spread,
                                values + 2 * spread,
                                color=style.colour(model),
                                alpha=0.2,
                                linewidth=0,
                            )
                axis.set_title(f"{site}  {NAMES[target]} [{UNITS[target]}]")
                axis.tick_params(axis="x", rotation=30)
        drawing.legend(*axes[0][0].get_legend_handles_labels(), ncols=3, loc="outside lower center")
    return style.save(drawing, folder.figures, "series")


@style.use()
def learned(folder: RunFolder) -> list[Path]:
    """Driven parameters against what drives them, relative to their median."""
    rows = table(folder, "curves.json")
    if not rows:
        return []
    pairs = list(dict.fromkeys((r["parameter"], r["against"]) for r in rows))
    columns = min(4, len(pairs))
    lines = -(-len(pairs) // columns)
    drawing, axes = style.figure(lines, columns, height=45 * lines, squeeze=False)
    truth = table(folder, "truth.json")
    for axis, (parameter, against) in zip(axes.flat, pairs, strict=False):
        part = [r for r in rows if r["parameter"] == parameter and r["against"] == against]
        x = [r["x"] for r in part]
        axis.fill_between(
            x,
            [r["low"] for r in part],
            [r["high"] for r in part],
            color=style.colour("hybrid"),
            alpha=0.2,
            linewidth=0,
        )
        axis.plot(x, [r["median"] for r in part], color=style.colour("hybrid"), label="learned, quartiles")
        if truth and parameter == "light_use_efficiency" and against == "vpd":
            from .world import known_function

            y = known_function(np.asarray(x))
            axis.plot(x, y / np.median(y), ":", linewidth=1.6, color=style.colour("observed"), label="truth")
        else:
            axis.axhline(
                1.0, color=style.colour("process"), linestyle="--", linewidth=0.9, label="equation alone"
            )
        axis.set_title(parameter.replace("_", " "))
        axis.set_xlabel(LABELS[against])
    for axis in list(axes.flat)[len(pairs) :]:
        axis.set_axis_off()
    axes[0][0].set_ylabel("relative to median")
    named = {label: h for a in axes.flat for h, label in zip(*a.get_legend_handles_labels(), strict=True)}
    drawing.legend(named.values(), named.keys(), ncols=3, loc="outside lower center")
    return style.save(drawing, folder.figures, "learned")


@style.use()
def memory(folder: RunFolder) -> list[Path]:
    """Median NSE against the days of history that a model is given."""
    found = table(folder, "memory.json")
    if not found or not found["skill"]:
        return []
    rows = found["skill"]
    full = nse_of(folder)
    full = full[full["split"] == _main_split(full)]
    drawing, axes = style.figure(1, len(FLUXES), height=52, squeeze=False)
    for axis, target in zip(axes[0], FLUXES, strict=True):
        for model in ("hybrid", "gru"):
            part = sorted(
                (r["days"], r["nse"]) for r in rows if r["model"] == model and r["target"] == target
            )
            if part:
                axis.plot(
                    *zip(*part, strict=True),
                    marker=style.MARKERS[model],
                    color=style.colour(model),
                    label=model,
                )
                whole = full[(full["model"] == model) & (full["target"] == target)]["value"].median()
                axis.axhline(whole, color=style.colour(model), linestyle=":", linewidth=0.9)
        axis.set_xscale("log")
        axis.set_xticks(
            sorted({r["days"] for r in rows}), [str(d) for d in sorted({r["days"] for r in rows})]
        )
        axis.minorticks_off()
        axis.set_title(NAMES[target])
        axis.set_xlabel("history kept [d]")
    axes[0][0].set_ylabel("median NSE")
    axes[0][0].legend(title="dotted: whole history")
    return style.save(drawing, folder.figures, "memory")


@style.use()
def dry_season(folder: RunFolder) -> list[Path]:
    """Anomaly of fluxes and states after an imposed dry season, mean over sites."""
    from .memory import DRY_DAYS
    from .stages import load_predictions

    held = load_predictions(folder, "dry-season")
    if not held:
        return []
    names = [n for n in ("soil_root", "lai", "gpp", "et", "reco", "nee") if f"hybrid__{n}" in held]
    drawing, axes = style.figure(2, 3, height=90, sharex=True, squeeze=False)
    for axis, name in zip(axes.flat, names, strict=False):
        for model in ("hybrid", "gru"):
            values = held.get(f"{model}__{name}")
            if values is not None:
                day = np.arange(len(values))
                smooth = np.apply_along_axis(lambda v: np.convolve(v, np.ones(15) / 15, "same"), 0, values)
                axis.plot(day, smooth.mean(1), color=style.colour(model), label=model)
                axis.fill_between(
                    day,
                    *np.quantile(smooth, [0.25, 0.75], axis=1),
                    color=style.colour(model),
                    alpha=0.15,
                    linewidth=0,
                )
        axis.axvspan(0, DRY_DAYS, color="#e69f00", alpha=0.15, linewidth=0)
        axis.axhline(0, color="#444444", linewidth=0.6)
        axis.set_title(f"{NAMES[name]} [{UNITS[name]}]")
    for axis in axes[1]:
        axis.set_xlabel("days since the dry season began")
    axes[0][1].legend()
    return style.save(drawing, folder.figures, "dry_season")


@style.use()
def scenarios(folder: RunFolder) -> list[Path]:
    """Change of mean fluxes under each scenario, by site, with the spread of the ensemble."""
    found = table(folder, "scenarios.json")
    if not found or not found["changes"]:
        return []
    rows = found["changes"]
    names = list(dict.fromkeys(r["scenario"] for r in rows))
    shown = ("gpp", "et", "nee", "runoff")
    sites = list(dict.fromkeys(r["site"] for r in rows))
    drawing, axes = style.figure(1, len(shown), height=20 + 6 * len(sites), sharey=True, squeeze=False)
    colours = ("#d55e00", "#0072b2", "#7a4fb5", "#009e73")
    for axis, variable in zip(axes[0], shown, strict=True):
        for k, name in enumerate(names):
            part = {r["site"]: r for r in rows if r["scenario"] == name and r["variable"] == variable}
            y = np.arange(len(sites)) + 0.22 * (k - (len(names) - 1) / 2)
            axis.errorbar(
                [part[s]["change"] for s in sites],
                y,
                xerr=[part[s]["spread"] for s in sites],
                fmt="o",
                color=colours[k % len(colours)],
                label=name.replace("_", " and "),
                markersize=3,
                elinewidth=0.8,
            )
        axis.axvline(0, color="#444444", linewidth=0.6)
        axis.set_title(f"{NAMES[variable]} [{UNITS[variable]}]")
    axes[0][0].set_yticks(range(len(sites)), sites)
    axes[0][0].invert_yaxis()
    drawing.legend(*axes[0][0].get_legend_handles_labels(), ncols=len(names), loc="outside lower center")
    return style.save(drawing, folder.figures, "scenarios")


@style.use()
def drought(folder: RunFolder) -> list[Path]:
    """Median NSE in ordinary and in the driest growing seasons, by model."""
    frame = nse_of(folder)
    if "drought" not in set(frame["split"]):
        return []
    models = [m for m in style.MODELS if m in set(frame["model"])]
    drawing, axes = style.figure(1, len(FLUXES), height=60, squeeze=False)
    for axis, target in zip(axes[0], FLUXES, strict=True):
        for model in models:
            part = frame[(frame["model"] == model) & (frame["target"] == target)]
            pair = [part[part["split"] == s]["value"].median() for s in ("normal", "drought")]
            axis.plot(
                [0, 1], pair, marker=style.MARKERS.get(model, "o"), color=style.colour(model), label=model
            )
        axis.set_xticks([0, 1], ["ordinary", "driest"])
        axis.set_xlim(-0.3, 1.3)
        axis.set_title(NAMES[target])
    axes[0][0].set_ylabel("median NSE of held-out seasons")
    axes[0][-1].legend()
    return style.save(drawing, folder.figures, "drought")


def _main_split(frame: Any) -> str:
    found = list(dict.fromkeys(frame["split"]))
    return "normal" if "normal" in found else str(found[0])
