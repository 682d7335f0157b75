"""Figures of causes and effects, from the run folder alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..report import style
from .figures import scatter

if TYPE_CHECKING:
    import xarray as xr

POSITIVE, NEGATIVE = "#d55e00", "#0072b2"
SPOTS = {
    "drought": (0.0, 1.0),
    "vegetation": (0.87, 0.5),
    "cereal": (0.87, -0.5),
    "conflict": (-0.87, 0.5),
    "arrivals": (-0.87, -0.5),
    "departures": (0.0, -1.0),
}


@style.use()
def graph(table: dict[str, Any], level: float, folder: Path) -> None:
    """The pooled graph: arrows by strength, those that do not survive Holm pale, lags beside them."""
    from matplotlib.lines import Line2D

    drawing, axis = style.figure(1, 1, width="one", height=92)
    shown: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for link in table["links"]:
        if link["source"] != link["target"]:
            shown.setdefault((link["source"], link["target"]), []).append(link)
    boxes = {}
    for name in table["names"]:
        frame = {"boxstyle": "round,pad=0.45", "fc": "#f4f4f4", "ec": "#666666", "lw": 0.7}
        boxes[name] = axis.text(
            *SPOTS[name], name, ha="center", va="center", fontsize=7.5, bbox=frame, zorder=3
        )
    axis.set_xlim(-1.3, 1.3)
    axis.set_ylim(-1.2, 1.2)
    axis.axis("off")
    drawing.draw_without_rendering()  # arrows end at the frames as rendered
    for (source, target), links in shown.items():
        strongest = max(links, key=lambda k: abs(k["val"]))
        sure = min(k["holm"] if k["holm"] is not None else 1.0 for k in links) <= level
        arrow = "-|>" if "-->" in {k["mark"] for k in links} else "-"
        colour = POSITIVE if strongest["val"] > 0 else NEGATIVE
        bend = 0.12 if (target, source) in shown or {source, target} == {"drought", "departures"} else 0.0
        axis.annotate(
            "",
            SPOTS[target],
            SPOTS[source],
            arrowprops={
                "arrowstyle": f"{arrow},head_length=0.5,head_width=0.25" if arrow == "-|>" else arrow,
                "color": colour,
                "lw": 0.8 + 4.0 * abs(strongest["val"]),
                "alpha": 1.0 if sure else 0.35,
                "patchA": boxes[source].get_bbox_patch(),
                "patchB": boxes[target].get_bbox_patch(),
                "shrinkA": 3,
                "shrinkB": 3,
                "connectionstyle": f"arc3,rad={bend}",
            },
        )
        middle = 0.5 * (np.array(SPOTS[source]) + np.array(SPOTS[target]))
        along = np.array(SPOTS[target]) - np.array(SPOTS[source])
        # an arc bends to the right of its course by half its share of the length
        spot = middle + 0.5 * bend * np.array([along[1], -along[0]])
        axis.text(
            *spot,
            ", ".join(str(k["lag"]) for k in links),
            fontsize=6.5,
            ha="center",
            va="center",
            bbox={"boxstyle": "round,pad=0.18", "fc": "white", "ec": colour, "lw": 0.7},
            zorder=4,
        )
    told = [
        Line2D([], [], color=POSITIVE, lw=2, label="more with more"),
        Line2D([], [], color=NEGATIVE, lw=2, label="less with more"),
        Line2D([], [], color="#777777", alpha=0.35, lw=2, label="does not pass Holm"),
    ]
    drawing.legend(handles=told, loc="outside lower center", ncols=3, title="numbers: lags [months]",
                   title_fontsize=7, handlelength=1.2, columnspacing=1.2)  # fmt: skip
    style.save(drawing, folder, "graph_pooled")


@style.use()
def effect(table: dict[str, Any], known: list[dict[str, Any]] | None, folder: Path) -> None:
    """Effect of a drought month over the months that follow, and its sum; crosses are the truth where known."""
    main = table["main"]
    lag = np.asarray(main["lag"])
    drawing, axes = style.figure(1, 2, height=62)
    for axis, name, title in (
        (axes[0], "effect", "Effect of one drought month"),
        (axes[1], "cumulative", "Sum so far"),
    ):
        prefix = "" if name == "effect" else "cumulative_"
        axis.fill_between(lag, main[f"{prefix}lower"], main[f"{prefix}upper"], color="#cfe3f1", lw=0)
        axis.plot(lag, main[name], "o-", color=NEGATIVE)
        axis.axhline(0, color="#222222", lw=0.6)
        axis.set_xlabel("months after the drought month")
        axis.set_ylabel("change of log(1 + persons)")
        axis.set_title(title)
    axes[0].plot([], [], color="#cfe3f1", lw=6, label=f"{100 * main['level']:.0f} % interval")
    axes[0].plot([], [], "o-", color=NEGATIVE, label="found")
    if known:
        axes[0].plot([], [], "x", color="#222222", ms=5, label="true")
        true = np.array([r["true"] for r in known[:-1]])
        axes[0].plot(lag[: len(true)], true, "x", color="#222222", ms=5)
        axes[1].plot(lag[: len(true)], np.cumsum(true), "x", color="#222222", ms=5)
    axes[0].legend()
    style.save(drawing, folder, "drought_effect")


@style.use()
def places(table: dict[str, Any], causes: dict[str, Any], ds: xr.Dataset, folder: Path) -> None:
    """Effect by district, drawn towards the mean, and the link from drought in each district's own graph."""
    names = [str(n) for n in ds["district"].values]
    slope = {r["district"]: r["shrunk"] for r in table["heterogeneity"]["districts"]}
    own = dict(zip(causes["districts"]["labels"], causes["districts"]["drought"], strict=True))
    drawing, axes = style.figure(1, 2, height=88)
    for axis, values, title, label in (
        (axes[0], slope, "Effect of three months of drought", "change of log(1 + persons)"),
        (axes[1], own, "Link from drought, strongest lag", "partial correlation [1]"),
    ):
        held = np.array([np.nan if values.get(n) is None else float(values[n]) for n in names])
        reach = float(np.nanmax(np.abs(held))) if np.isfinite(held).any() else 1.0
        scatter(axis, ds, held, label, "RdBu_r", drawing, vmin=-reach, vmax=reach)
        axis.set_title(title)
    style.save(drawing, folder, "effect_map")


@style.use()
def without(table: dict[str, Any], folder: Path) -> None:
    """Persons displaced in observed months, and as if there had been no drought."""
    told = table["counterfactual"]
    months = np.array(told["months"], "datetime64[M]").astype("datetime64[D]")
    observed, other = np.array(told["monthly_observed"], float), np.array(told["monthly_without"], float)
    shown = observed > 0
    drawing, axis = style.figure(1, 1, height=62)
    axis.plot(months[shown], observed[shown], color="#222222", label="observed")
    axis.plot(
        months[shown], other[shown], color=NEGATIVE, ls="--", label=f"as if no drought since {told['since']}"
    )
    if "monthly_lower" in told:
        low, high = (np.array(told[f"monthly_{n}"], float)[shown] for n in ("lower", "upper"))
        axis.fill_between(
            months[shown],
            low,
            high,
            color=NEGATIVE,
            alpha=0.25,
            lw=0,
            label=f"{100 * told['level']:.0f} % interval of it",
        )
    axis.set_ylabel("persons in the month")
    axis.yaxis.set_major_formatter("{x:,.0f}")
    axis.set_ylim(bottom=0)
    drawing.legend(loc="outside upper center", ncols=3)
    style.save(drawing, folder, "no_drought")
