"""Figure of an account: what each week's weather did, stacked by the pool that it passed through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from data.errors import DataError, listing, nearest

from .account_dataset import by_week

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#f0e442")
DIRECT, OTHERS = "#8c8c8c", "#d0d0d0"


def draw_account(
    ds: xr.Dataset,
    kind: str = "pool",
    *,
    variables: Sequence[str] | None = None,
    cut: str | int = -1,
    channels: int = 6,
    width: float = 7.2,
) -> Figure:
    """Weeks on the horizontal axis, attribution stacked by channel, one panel for each variable.

    The title tells prediction, base value and the gap of the table that is drawn; each panel its variable's sum.

    Args:
        ds: result of an account, by day or by week.
        kind: channels to stack by, "pool" or "flux".
        variables: forcing to draw, in this order; all where None.
        cut: label or position of the cut, where there are several.
        channels: channels drawn apart, those with most; 'direct' and the sum of the rest come beside them.
        width: of the figure [inch].

    Raises:
        DataError: the account has no such channels or variables.
    """
    from matplotlib.figure import Figure

    name = f"forcing_by_{kind}"
    if name not in ds:
        raise DataError(f"the account is not by {kind}", "draw_account", "choose a kind that it has")
    weekly = ds if "week" in ds.dims else by_week(ds)
    table = weekly[name]
    gap, mark = ds[f"{kind}_gap"], ""
    if f"{kind}_cut" in table.dims:
        chosen = {f"{kind}_cut": cut}
        table, gap = (a.isel(chosen) if isinstance(cut, int) else a.sel(chosen) for a in (table, gap))
        mark = str(table[f"{kind}_cut"].values)
    held = [str(v) for v in table["variable"].values]
    names = held if variables is None else list(variables)
    for v in names:
        if v not in held:
            raise DataError(
                f"the account has no variable {v!r}{nearest(v, held)}", "draw_account", listing(held)
            )
    shown = _channels(table, kind, channels)
    figure = Figure(figsize=(width, 1.0 + 1.35 * len(names)), layout="constrained")
    axes = figure.subplots(len(names), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    weeks = table["week"].values
    step = (weeks[1] - weeks[0]) * 0.85 if len(weeks) > 1 else 0.8
    for axis, v in zip(axes, names, strict=True):
        part = table.sel(variable=v)
        up, down = np.zeros(len(weeks)), np.zeros(len(weeks))
        for label, members, colour in shown:
            value = part.sel({kind: members}).sum(kind).values
            axis.bar(
                weeks,
                value,
                width=step,
                bottom=np.where(value > 0, up, down),
                color=colour,
                label=label,
                align="edge",
                linewidth=0,
            )
            up, down = up + np.maximum(value, 0), down + np.minimum(value, 0)
        axis.axhline(0.0, color="#222222", linewidth=0.6)
        if mark:
            axis.axvline(np.datetime64(mark), color="#222222", linewidth=0.8, linestyle=":")
        axis.set_title(f"{v}: {float(part.sum()):+.3g}", loc="left", fontsize=8)
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=7)
    unit = table.attrs.get("units", ds[name].attrs.get("units", ""))
    figure.supylabel(f"attribution per week [{unit}]", fontsize=8)
    rise = float(ds["prediction"] - ds["base_value"])
    figure.suptitle(
        f"{ds.attrs.get('of', 'output')}: {float(ds['prediction']):.4g} from {float(ds['base_value']):.4g}"
        f" ({rise:+.4g} {unit}), gap {float(gap):.1e}" + (f"; pools on {mark} dotted" if mark else ""),
        fontsize=9,
        x=0.01,
        ha="left",
    )
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside right upper", fontsize=7, frameon=False, title=f"through {kind}"
    )
    return figure


def _channels(table: xr.DataArray, kind: str, most: int) -> list[tuple[str, list[str], str]]:
    """Label, members and colour of each stacked channel."""
    size = abs(table).sum([str(d) for d in table.dims if d != kind])
    ranked = [str(n) for n in table[kind].values[np.argsort(-size.values)] if n != "direct"]
    ranked = [n for n in ranked if float(size.sel({kind: n})) > 0.0]
    most = min(most, len(COLOURS))
    shown = [(n, [n], COLOURS[i]) for i, n in enumerate(ranked[:most])]
    if ranked[most:]:
        shown.append((f"{len(ranked) - most} others", ranked[most:], OTHERS))
    return [*shown, ("direct", ["direct"], DIRECT)]
