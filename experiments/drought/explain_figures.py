"""Figures of what drove the losses in drought, each drawn from the run folder alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..report import style
from ..runfolder import RunFolder

if TYPE_CHECKING:
    import xarray as xr

DRIVER_COLOURS = ("#0072b2", "#d55e00", "#e69f00", "#009e73", "#cc79a7")
NAMES = {"gpp": "GPP", "et": "ET"}
UNITS = {"gpp": "gC m$^{-2}$ d$^{-1}$", "et": "mm d$^{-1}$"}
TITLES = {"hybrid": "hybrid", "gru": "GRU", "truth": "truth"}


def read(folder: RunFolder, name: str = "explain.nc") -> xr.Dataset | None:
    """An explanation of the run, or None where it has none."""
    import xarray as xr

    path = folder.path / name
    if not path.is_file():
        return None
    with xr.open_dataset(path, engine="netcdf4") as ds:
        return ds.load()


@style.use()
def drivers(folder: RunFolder) -> list[Path]:
    """Mean attribution over events by lag, stacked by driver, for each target and model."""
    ds = read(folder)
    if ds is None:
        return []
    models, targets = [str(m) for m in ds["model"].values], [str(t) for t in ds["target"].values]
    names = list(dict.fromkeys(ds["driver"].values.tolist()))
    lags = list(dict.fromkeys(ds["lag"].values.tolist()))
    drawing, axes = style.figure(
        len(targets), len(models), height=12 + 44 * len(targets), sharex=True, sharey="row", squeeze=False
    )
    place = np.arange(len(lags))
    for row, target in zip(axes, targets, strict=True):
        for axis, model in zip(row, models, strict=True):
            mean = ds["attribution"].sel(model=model, target=target).mean("event")
            up, down = np.zeros(len(lags)), np.zeros(len(lags))
            for colour, name in zip(DRIVER_COLOURS, names, strict=False):
                value = np.array(
                    [float(mean.values[(ds["driver"] == name) & (ds["lag"] == x)].sum()) for x in lags]
                )
                axis.bar(place, value, 0.72, np.where(value > 0, up, down), color=colour, label=name)
                up, down = up + np.maximum(value, 0), down + np.minimum(value, 0)
            axis.plot(place, up + down, "D", color="#222222", markersize=3, label="sum")
            axis.axhline(0, color="#222222", linewidth=0.6)
            axis.set_title(f"{TITLES.get(model, model)}, {NAMES[target]}")
            axis.set_xticks(place, [x.removesuffix(" d") for x in lags])
        row[0].set_ylabel(f"mean attribution\n[{UNITS[target]}]")
    for axis in axes[-1]:
        axis.set_xlabel("lag before the last day [d]")
    drawing.legend(*axes[0][0].get_legend_handles_labels(), ncols=len(names) + 1, loc="outside lower center")
    return style.save(drawing, folder.figures, "explain_drivers")


@style.use()
def sites(folder: RunFolder) -> list[Path]:
    """Attribution of the first target by event, driver and lag, a map for each model."""
    ds = read(folder)
    if ds is None:
        return []
    models = [str(m) for m in ds["model"].values]
    values = ds["attribution"].isel(target=0)
    unit = UNITS[str(ds["target"].values[0])]
    most = max(float(np.abs(values).max()), 1e-12)
    rows, columns = ds.sizes["event"], ds.sizes["player"]
    drawing, axes = style.figure(1, len(models), height=34 + 5.5 * rows, sharey=True, squeeze=False)
    per = len(set(ds["lag"].values.tolist()))
    image: Any = None
    for axis, model in zip(axes[0], models, strict=True):
        image = axis.imshow(values.sel(model=model).values, cmap="RdBu", vmin=-most, vmax=most, aspect="auto")
        axis.grid(visible=False)
        axis.set_title(TITLES.get(model, model))
        axis.set_xticks(range(columns), [str(x).removesuffix(" d") for x in ds["lag"].values], rotation=90)
        for edge in range(per, columns, per):
            axis.axvline(edge - 0.5, color="#222222", linewidth=0.8)
        for k, name in enumerate(dict.fromkeys(ds["driver"].values.tolist())):
            axis.text(
                k * per + (per - 1) / 2,
                -0.62,
                name.replace(" and ", ",\n"),
                ha="center",
                va="bottom",
                fontsize=5.5,
            )
        axis.title.set_position((0, 1.0))
        axis.set_title(TITLES.get(model, model), pad=20)
    labels = [f"{a} {b}" for a, b in zip(ds["site"].values, ds["season"].values, strict=True)]
    axes[0][0].set_yticks(range(rows), [x.replace("_", " ") for x in labels])
    axes[0][len(models) // 2].set_xlabel("lag before the last day [d]")
    drawing.colorbar(
        image, ax=list(axes[0]), shrink=0.8, label=f"{NAMES[str(ds['target'].values[0])]} [{unit}]"
    )
    return style.save(drawing, folder.figures, "explain_sites")


@style.use()
def reach(folder: RunFolder) -> list[Path]:
    """Share of the absolute attribution to rain that lies within each lag, by model."""
    ds = read(folder)
    if ds is None or "rain_by_day" not in ds:
        return []
    drawing, axes = style.figure(1, 1, width="one", height=55, squeeze=False)
    axis = axes[0][0]
    for model in ds["model"].values.tolist():
        size = np.abs(ds["rain_by_day"].sel(model=model).values)
        share = size.cumsum(1) / np.maximum(size.sum(1, keepdims=True), 1e-300)
        day = 1 + np.arange(size.shape[1])
        colour = style.colour("observed" if model == "truth" else model)
        line = ":" if model == "truth" else "-"
        axis.plot(day, share.mean(0), line, color=colour, label=TITLES.get(model, model))
        low, high = np.quantile(share, [0.25, 0.75], axis=0)
        axis.fill_between(day, low, high, color=colour, alpha=0.12, linewidth=0)
    axis.axhline(0.9, color="#8c8c8c", linewidth=0.8, linestyle="--")
    axis.set_xscale("log")
    ticks = [t for t in (1, 3, 10, 30, 90, 365) if t <= ds.sizes["day"]]
    axis.set_xticks(ticks, [str(t) for t in ticks])
    axis.minorticks_off()
    axis.set_ylim(0, 1.02)
    axis.set_xlabel("lag of rain [d]")
    axis.set_ylabel("share of attribution to rain")
    axis.legend()
    return style.save(drawing, folder.figures, "explain_memory")


@style.use()
def pools(folder: RunFolder) -> list[Path]:
    """Which week's rain took how much of the largest loss, through which pool of the hybrid."""
    from xai.account_figure import draw_account

    ds = read(folder, "explain-account.nc")
    if ds is None:
        return []
    return style.save(draw_account(ds, "pool", variables=["pr"]), folder.figures, "explain_account")
