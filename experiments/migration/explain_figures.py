"""Figures of what drove the forecasts, from the run folder alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..report import style

if TYPE_CHECKING:
    import xarray as xr

BARS = {
    "symmetric": "#0072b2",
    "causal": "#d55e00",
    "asymmetric": "#e69f00",
    "found graph": "#009e73",
}
LABELS = {
    "symmetric": "symmetric",
    "causal": "causal, assumed order",
    "asymmetric": "causal and asymmetric, assumed order",
    "found graph": "causal, links that were found",
}


@style.use()
def drivers(ds: xr.Dataset, folder: Path) -> None:
    """Mean attribution of each family in each district, districts by region; own history on a scale of its own."""
    lead = int(ds["lead"].values[0])
    mean = ds["attribution"].isel(lead=0).mean("origin").transpose("player", "district").values
    regions = [str(r) for r in ds["region"].values]
    order = np.lexsort((-mean[-1], regions))
    names = [str(n) for n in ds["player"].values]
    held = [regions[i] for i in order]
    starts = [i for i in range(len(held)) if i == 0 or held[i] != held[i - 1]]
    drawing, axes = style.figure(2, 1, height=92, sharex=True, height_ratios=[1, 4.5])
    parts = ((axes[0], mean[-1:, order], names[-1:]), (axes[1], mean[:-1, order], names[:-1]))
    for axis, values, labels in parts:
        reach = max(float(np.abs(values).max()), 1e-9)
        shown = axis.imshow(
            values, aspect="auto", cmap="RdBu_r", vmin=-reach, vmax=reach, interpolation="nearest"
        )
        axis.set_yticks(range(len(labels)), labels)
        axis.grid(visible=False)
        for start in starts[1:]:
            axis.axvline(start - 0.5, color="#222222", lw=0.5)
        drawing.colorbar(shown, ax=axis, pad=0.01, aspect=6 if len(labels) == 1 else 25)
    middle = [(a + b - 1) / 2 for a, b in zip(starts, [*starts[1:], len(held)], strict=True)]
    axes[1].set_xticks(middle, [held[s] for s in starts], rotation=90 if len(starts) > 8 else 0)
    axes[1].set_xlabel("districts by region, largest own history first")
    axes[0].set_title(f"Mean attribution, log(1 + persons), {lead} month{'s' if lead > 1 else ''} ahead")
    style.save(drawing, folder, "explain_drivers")


@style.use()
def causal(table: dict[str, Any], folder: Path) -> None:
    """Size of each family by kind of Shapley value, a panel for each lead."""
    rows = table["rows"]
    leads = sorted({r["lead"] for r in rows})
    names = [r["family"] for r in rows if r["lead"] == leads[0]]
    kinds = [k for k in BARS if rows[0][k] is not None]
    drawing, axes = style.figure(1, len(leads), height=84, sharey=True, squeeze=False)
    places = np.arange(len(names))[::-1]
    width = 0.8 / len(kinds)
    for axis, lead in zip(axes[0], leads, strict=True):
        here = {r["family"]: r for r in rows if r["lead"] == lead}
        for j, kind in enumerate(kinds):
            at = places + ((len(kinds) - 1) / 2 - j) * width
            axis.barh(at, [here[n][kind] for n in names], 0.92 * width, color=BARS[kind], label=LABELS[kind])
        axis.set_yticks(places, names)
        axis.grid(axis="y", visible=False)
        axis.set_title(f"{lead} month{'s' if lead > 1 else ''} ahead")
        axis.set_xlabel("mean size, log(1 + persons)")
    drawing.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    style.save(drawing, folder, "explain_causal")
