"""Figure of a time-resolved attribution: which lags of which variable an output rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from data.errors import DataError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 7.0


def lag_figure(found: xr.Dataset, dim: str = "time") -> Figure:
    """Attribution by lag window for each variable, its time by time in colour, and the memory length.

    The upper panels are maps of time and lag with the memory length as a line (for one time, bars); the lower one shows
    the mean absolute attribution of each window and the lag by which most of it is reached.

    Args:
        found: result of :func:`time_resolved` with one output.
        dim: dimension of its times.

    Raises:
        DataError: another result, or several outputs.
    """
    if "attribution" not in found or "lag" not in found.dims:
        raise DataError("the result is not resolved in time", "figure", "give what time_resolved returned")
    if "output" in found["attribution"].dims:
        raise DataError("the result has several outputs", "figure", "choose one with isel(output=0)")
    import matplotlib.pyplot as plt

    names = [str(n) for n in found["variable"].values]
    several = found.sizes[dim] > 1
    labels = [_label(a, b) for a, b in zip(found["lag_first"].values, found["lag"].values, strict=True)]
    shown = found["attribution"].transpose("variable", "lag", dim).values
    used = int(np.flatnonzero(np.isfinite(shown).any((0, 2))).max(initial=0)) + 1
    shown, labels = shown[:, :used], labels[:used]
    most = float(np.nanmax(np.abs(shown), initial=0.0)) or 1.0
    panels = len(names) if several else 0
    figure, axes = plt.subplots(
        panels + 1, 1, figsize=(WIDTH, 1.7 * panels + 2.4), squeeze=False, layout="constrained"
    )
    unit = found["attribution"].attrs.get("units", "")
    what = f"attribution [{unit}]" if unit else "attribution"
    place = np.arange(used)
    drawn = None
    for axis, name, values in zip(axes[:panels, 0], names, shown, strict=False):
        steps = np.arange(found.sizes[dim])
        drawn = axis.pcolormesh(steps, place, values, cmap="RdBu_r", vmin=-most, vmax=most, shading="nearest")
        axis.set_facecolor("#a8a8a8")
        axis.plot(
            steps, _position(found["memory_length"].values, found, used), color="#222222", linewidth=1.0
        )
        axis.set_yticks(place, labels)
        ticks = np.unique(np.linspace(0, len(steps) - 1, min(6, len(steps))).astype(int))
        axis.set_xticks(
            ticks, [str(found[dim].values[t])[:10] if dim in found.coords else str(t) for t in ticks]
        )
        axis.set_ylabel("lag [steps]", fontsize=8)
        axis.set_title(
            f"{name} (line: lag by which {found.attrs['share']:.0%} is reached)", fontsize=8.5, loc="left"
        )
    if drawn is not None:
        bar = figure.colorbar(drawn, ax=list(axes[:panels, 0]))
        bar.set_label(what, fontsize=8)
        bar.ax.tick_params(labelsize=7)
    axis = axes[-1, 0]
    wide = 0.8 / len(names)
    size = np.abs(shown) if several else shown
    for k, (name, values) in enumerate(zip(names, size, strict=True)):
        held = np.isfinite(values).any(1)
        mean = np.where(np.isfinite(values), values, 0.0).mean(1)
        error = found["stderr"].transpose("variable", "lag", dim).values[k, :used]
        # Errors of times are independent draws: that of their mean.
        wide_error = 2 * np.sqrt(np.nansum(error**2, axis=1)) / error.shape[1]
        at = place + (k - (len(names) - 1) / 2) * wide
        axis.bar(
            at[held], mean[held], wide, yerr=wide_error[held] if wide_error.max() > 0 else None, label=name
        )
    length, error = float(found["memory_length_overall"]), float(found["memory_stderr_overall"])
    if np.isfinite(length):
        more = "at least " if bool(found["memory_censored_overall"]) else ""
        told = f"memory {more}{length:.1f}" + (f" ± {error:.1f}" if np.isfinite(error) else "") + " steps"
        axis.axvline(
            _position(np.array([length]), found, used)[0], color="#222222", linewidth=1.0, label=told
        )
    axis.axhline(0.0, color="#b5b5b5", linewidth=0.7, zorder=0)
    axis.set_xticks(place, labels)
    axis.set_xlim(-0.6, used - 0.4)
    axis.set_xlabel("lag [steps]", fontsize=8)
    axis.set_ylabel(("mean absolute " if several else "") + what, fontsize=8)
    axis.legend(fontsize=7, framealpha=1.0, edgecolor="none")
    for each in axes[:, 0]:
        each.spines[["top", "right"]].set_visible(False)
        each.tick_params(labelsize=7)
    return figure


def _label(first: int, last: int) -> str:
    return str(int(last)) if first == last else f"{int(first)} to {int(last)}"


def _position(length: np.ndarray, found: xr.Dataset, used: int) -> np.ndarray:
    """Place of a lag on an axis with one unit for each window, whose end is half a unit after its middle."""
    ends = np.concatenate([[-1.0], found["lag"].values[:used].astype(float)])
    return np.interp(length, ends, np.arange(used + 1) - 0.5)
