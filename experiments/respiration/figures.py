"""Figures of a run, from its results alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..report import style
from .variants import VARIANTS

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

COLOURS = {"radiation": "#0072b2", "temperature": "#d55e00", "temperature_quiet": "#009e73"}
MARKS = {"radiation": "o", "temperature": "^", "temperature_quiet": "s"}
SIGNS = ("-", "--", ":", "-.")
TRUTH = "#222222"
FLUX = "g C m⁻² d⁻¹"
TITLES = {
    "radiation": "radiation",
    "temperature": "radiation, temperature",
    "temperature_quiet": "the same, penalised",
}
"""Titles of narrow panels."""


@style.use()
def training(ds: xr.Dataset, folder: Path, tolerance: float) -> None:
    """Path of Q10 from every start, a column per variant; below, close to the truth."""
    names = _names(ds)
    truth = float(ds.attrs["true_q10"])
    steps = np.concatenate([[0], ds["step"].values])
    drawing, axes = style.figure(2, len(names), height=98, sharex=True, sharey="row", squeeze=False)
    for column, name in enumerate(names):
        for axis in axes[:, column]:
            axis.axhspan(truth - tolerance, truth + tolerance, color="#dcdcdc", lw=0)
            axis.axhline(truth, color=TRUTH, lw=0.7)
            for i, start in enumerate(ds["start"].values):
                for path in ds["q10_path"].sel(variant=name).values[i]:
                    axis.plot(steps, [start, *path], SIGNS[i % len(SIGNS)], color=COLOURS[name], lw=1.1)
        axes[0, column].set_title(TITLES[name])
        axes[1, column].set_xlabel("training step")
    axes[1, 0].set_ylim(truth - 5 * tolerance, truth + 5 * tolerance)
    for axis in axes[:, 0]:
        axis.set_ylabel("Q10")
    _legend_of_starts(drawing, ds)
    style.save(drawing, folder, "q10_training")


@style.use()
def profile(ds: xr.Dataset, folder: Path) -> None:
    """Loss, held-out skill and the network's own response, with Q10 held on a grid."""
    truth = float(ds.attrs["true_q10"])
    held = ds["profile_q10"].values
    drawing, axes = style.figure(1, 3, height=72)
    for name in _names(ds):
        part = ds.sel(variant=name)
        look: dict[str, Any] = {"color": COLOURS[name], "marker": MARKS[name], "label": VARIANTS[name].label}
        axes[0].plot(held, part["profile_loss"], **look)
        if VARIANTS[name].quiet:
            total = part["profile_loss"] + part["profile_penalty"]
            axes[0].plot(held, total, ls=":", color=COLOURS[name], label="the same with its penalty")
        axes[1].plot(held, part["profile_test_nse"], **look)
        axes[2].plot(held, part["profile_carried"], **look)
        learned, own = part["q10"].values.ravel(), part["q10_carried"].values.ravel()
        axes[2].plot(learned, own, "x", color=COLOURS[name], ms=5)
    fine = np.linspace(held[0], held[-1], 200)
    axes[2].plot(fine, truth / fine, color=TRUTH, lw=0.7, zorder=5, label="product equals the true Q10")
    axes[2].plot([], [], "x", color=TRUTH, ms=5, label="Q10 learned, one per member")
    for axis in axes:
        axis.axvline(truth, color=TRUTH, lw=0.7, ls=(0, (2, 2)), zorder=0)
        axis.set_xlabel("Q10 of the equation, held")
    axes[0].set_title("Training loss")
    axes[0].set_ylabel("loss (1 − NSE)")
    axes[0].set_yscale("log")
    axes[0].set_yticks([0.03, 0.05, 0.1, 0.2, 0.4], ["0.03", "0.05", "0.1", "0.2", "0.4"])
    axes[0].minorticks_off()
    axes[1].set_title("Held-out skill")
    axes[1].set_ylabel("NSE")
    axes[2].set_title("Response of the base rate")
    axes[2].set_ylabel("Q10 of the base rate itself")
    handles: dict[str, Any] = {}
    for axis in axes:
        found, labels = axis.get_legend_handles_labels()
        handles |= dict(zip(labels, found, strict=True))
    drawing.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=3)
    style.save(drawing, folder, "q10_profile")


@style.use()
def season(ds: xr.Dataset, folder: Path) -> str:
    """Flux and base rate over the last test year of the first site; returns what was drawn."""
    names = _names(ds)
    year = int(ds["time"].dt.year[ds["test"].values[0] > 0].max())
    part = ds.isel(site=0).sel(time=str(year))
    days = part["time"].dt.dayofyear.values
    drawing, axes = style.figure(2, len(names), height=98, sharex=True, sharey="row", squeeze=False)
    for column, name in enumerate(names):
        top, low = axes[:, column]
        here = part.sel(variant=name)
        top.plot(days, part["reco"], ".", color="#9a9a9a", ms=2)
        low.plot(days, part["base_respiration_true"], color=TRUTH, lw=2.2, alpha=0.55)
        for i in range(ds.sizes["start"]):
            for r in range(ds.sizes["repeat"]):
                look: dict[str, Any] = {"color": COLOURS[name], "ls": SIGNS[i % len(SIGNS)], "lw": 0.8}
                top.plot(days, here["reco_simulated"].values[i, r], **look)
                low.plot(days, here["base_respiration"].values[i, r], **look)
        top.set_title(TITLES[name])
        low.set_xlabel(f"day of {year}")
    axes[0, 0].set_ylabel(f"respiration\n[{FLUX}]")
    axes[1, 0].set_ylabel(f"base rate\n[{FLUX}]")
    dots: dict[str, Any] = {"color": "#9a9a9a", "marker": ".", "ls": ""}
    _legend_of_starts(drawing, ds, {"observed": dots, "known": {"color": TRUTH, "lw": 2.2, "alpha": 0.55}})
    style.save(drawing, folder, "season")
    return f"{ds['site'].values[0]}, {year}"


@style.use()
def base_rate(ds: xr.Dataset, folder: Path) -> None:
    """Learned base rate against the known one on test days, and their ratio against temperature."""
    names = _names(ds)
    truth = float(ds.attrs["true_q10"])
    test = ds["test"].values > 0
    known = ds["base_respiration_true"].values[test]
    tas = 0.5 * (ds["tas_min"] + ds["tas_max"]).values[test]
    edges = np.quantile(tas, np.linspace(0, 1, 21))
    place = np.clip(np.searchsorted(edges, tas, side="right") - 1, 0, 19)
    middle = np.array([np.median(tas[place == b]) for b in range(20)])
    thin = np.arange(0, known.size, max(1, known.size // 700))
    drawing, axes = style.figure(2, len(names), height=112, sharey="row", squeeze=False)
    for column, name in enumerate(names):
        top, low = axes[:, column]
        learned = ds["base_respiration"].sel(variant=name).values
        for i in range(ds.sizes["start"]):
            values = learned[i, 0][test]
            shade = 0.35 + 0.6 * i / max(1, ds.sizes["start"] - 1)
            top.plot(known[thin], values[thin], ".", color=COLOURS[name], ms=1.6, alpha=shade)
            for r in range(ds.sizes["repeat"]):
                ratio = learned[i, r][test] / known
                line = [np.median(ratio[place == b]) for b in range(20)]
                low.plot(middle, line, SIGNS[i % len(SIGNS)], color=COLOURS[name], lw=1.1)
                q10 = float(ds["q10"].sel(variant=name).values[i, r])
                expected = (truth / q10) ** (0.1 * (middle - 15.0))
                low.plot(middle, expected, color=TRUTH, lw=0.5, zorder=0)
        top.axline((0.0, 0.0), slope=1, color=TRUTH, lw=0.7)
        top.set_title(TITLES[name])
        top.set_xlabel(f"known base rate [{FLUX}]")
        low.set_xlabel("air temperature [°C]")
    axes[0, 0].set_ylabel(f"learned base rate\n[{FLUX}]")
    axes[1, 0].set_ylabel("learned / known")
    axes[1, 0].set_yscale("log")
    ticks = [0.125, 0.25, 0.5, 1.0, 2.0, 4.0]
    low, high = axes[1, 0].get_ylim()
    shown = [t for t in ticks if low <= t <= high]
    axes[1, 0].set_yticks(shown, [f"{t:g}" for t in shown])
    axes[1, 0].minorticks_off()
    _legend_of_starts(drawing, ds, {"known, or what the equation leaves over": {"color": TRUTH, "lw": 0.7}})
    style.save(drawing, folder, "base_rate")


def _legend_of_starts(drawing: Figure, ds: xr.Dataset, more: dict[str, dict[str, Any]] | None = None) -> None:
    """One legend below a figure: a line style per start, and further entries."""
    from matplotlib.lines import Line2D

    entries = dict(more or {})
    for i, start in enumerate(ds["start"].values):
        entries[f"Q10 from {start:g}"] = {"color": "#555555", "ls": SIGNS[i % len(SIGNS)], "lw": 1.1}
    handles = [Line2D([], [], **look) for look in entries.values()]
    drawing.legend(handles, list(entries), loc="outside lower center", ncols=len(entries))


def _names(ds: xr.Dataset) -> list[str]:
    return [str(name) for name in ds["variant"].values]
