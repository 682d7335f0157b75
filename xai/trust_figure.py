"""The trust report on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from data.errors import ConfigError, listing

from .figures import GREY, MM, PALETTE, SMALL, labelled, plain_axes
from .trust_table import trust_table
from .verdicts import TITLES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MEMBERS = {
    "member_rank_correlation": "ranks",
    "member_sign_agreement": "signs",
    "member_spread": "spread",
}


def trust_figure(report: xr.Dataset, output: Any = None, *, units: str = "", title: str = "") -> Figure:
    """The trust report on one page: skill of each score, curves of removal, randomised layers, gap of each sample.

    Args:
        report: what :func:`trust` gave.
        output: name of the output; needed where there are several.
        units: of the prediction.
        title: above the panels.

    Raises:
        DataError: it is not a trust report.
        ConfigError: several outputs and none is chosen.
    """
    from matplotlib.figure import Figure

    trust_table(report)  # raises where it is no report
    if "output" in report.dims:
        if output is None and report.sizes["output"] > 1:
            raise ConfigError(
                f"the report is of {listing(report['output'].values)}",
                "trust_figure",
                "choose one as `output`",
            )
        report = report.isel(output=0) if output is None else report.sel(output=output)
    drawing = Figure(figsize=(180 * MM, 150 * MM), layout="constrained")
    axes = drawing.subplot_mosaic(
        [["skill", "deletion", "insertion"], ["skill", "stages", "members"], ["skill", "gap", "legend"]],
        width_ratios=[1.25, 1, 1],
    )
    _skill_panel(axes["skill"], report)
    for name in ("deletion", "insertion"):
        _curve_panel(axes[name], report, name, units)
    _stage_panel(axes["stages"], report)
    _member_panel(axes["members"], report)
    _gap_panel(axes["gap"], report, units)
    axes["legend"].set_axis_off()
    handles, labels = axes["deletion"].get_legend_handles_labels()
    if handles:
        axes["legend"].legend(
            handles,
            labels,
            title="Deletion and insertion",
            loc="center left",
            frameon=False,
            fontsize=SMALL,
            title_fontsize=SMALL,
        )
    if title:
        drawing.suptitle(title, fontsize=SMALL + 2, x=0.01, ha="left", fontweight="bold")
    return drawing


def _skill_panel(axis: Axes, report: xr.Dataset) -> None:
    """Skill of each score with its interval."""
    names = [str(n) for n in report["score"].values][::-1]
    skill, low, high = (report[n].values[::-1] for n in ("skill", "skill_lower", "skill_upper"))
    p = report["p"].values[::-1]
    left = -0.5
    axis.axvline(0, color="#222222", linewidth=0.8)
    axis.axvline(1, color=GREY, linewidth=0.8, linestyle="--")
    for i in range(len(names)):
        if not np.isfinite(skill[i]):
            axis.text(0.03, i, "not defined", fontsize=SMALL - 0.5, va="center", color="#666666")
            continue
        sure = low[i] > 0 and not p[i] > 0.05
        shade = PALETTE[0] if sure else PALETTE[1] if high[i] < 0 else "#777777"
        axis.plot([max(low[i], left), min(high[i], 1.15)], [i, i], color=shade, linewidth=1.6)
        axis.plot(
            np.clip(skill[i], left, 1.15),
            i,
            "o",
            color=shade,
            markersize=4,
            markerfacecolor=shade if sure else "white",
        )
    axis.set_yticks(range(len(names)), [TITLES[n] for n in names], fontsize=SMALL)
    axis.set_xlim(left - 0.03, 1.18)
    axis.set_ylim(-0.7, len(names) - 0.3)
    axis.set_xlabel("skill with 95 % interval", fontsize=SMALL + 1)
    axis.set_title("Skill over random", fontsize=SMALL + 1, loc="left", fontweight="bold")
    plain_axes(axis, "x")


def _curve_panel(axis: Axes, report: xr.Dataset, name: str, units: str) -> None:
    """Prediction while parts are removed or put in."""
    axis.set_title(name.capitalize(), fontsize=SMALL + 1, loc="left", fontweight="bold")
    if f"curve_{name}" not in report:
        _nothing(axis)
        return
    at = 100 * report["fraction"].values
    low, high = (report[f"curve_random_{name}_{end}"].values for end in ("lower", "upper"))
    axis.fill_between(at, low, high, color=GREY, alpha=0.45, linewidth=0, label="random, 95 %")
    best = report[f"curve_best_{name}"].values
    if np.isfinite(best).all():
        axis.plot(at, best, color="#222222", linewidth=0.9, linestyle="--", label="best order found")
    axis.plot(at, report[f"curve_{name}"].values, color=PALETTE[0], linewidth=1.5, label="attribution")
    axis.set_xlabel(f"parts {'removed' if name == 'deletion' else 'put in'} [%]", fontsize=SMALL + 1)
    axis.set_ylabel(labelled("mean prediction", units), fontsize=SMALL + 1)
    plain_axes(axis)


def _stage_panel(axis: Axes, report: xr.Dataset) -> None:
    """Likeness after randomising layers, from the output on."""
    axis.set_title("Randomised layers", fontsize=SMALL + 1, loc="left", fontweight="bold")
    if "stage_correlation" not in report:
        _nothing(axis)
        return
    stages = [str(s) for s in report["stage"].values]
    at = np.arange(len(stages) + 1)
    axis.plot(
        at, [1.0, *report["stage_correlation"].values], "o-", color=PALETTE[0], markersize=3.5, linewidth=1.3
    )
    unrelated = (
        float(report["perfect"].sel(score="randomisation")) if "randomisation" in report["score"] else np.nan
    )
    if np.isfinite(unrelated):
        axis.axhline(unrelated, color="#222222", linewidth=0.9, linestyle="--", label="unrelated")
        axis.legend(fontsize=SMALL - 0.5, frameon=False)
    axis.set_xticks(
        at, ["none", *[f"+ {s}" for s in stages]], fontsize=SMALL, rotation=0 if len(stages) < 3 else 90
    )
    axis.set_ylim(0, 1.05)
    axis.set_ylabel("|rank correlation|", fontsize=SMALL + 1)
    plain_axes(axis)


def _member_panel(axis: Axes, report: xr.Dataset) -> None:
    """Agreement of the ensemble's members in each sample, beside that of random explanations."""
    axis.set_title("Members", fontsize=SMALL + 1, loc="left", fontweight="bold")
    names = [n for n in MEMBERS if n in report["score"].values]
    if not names:
        _nothing(axis)
        return
    for i, name in enumerate(names):
        one = report.sel(score=name)
        values = one["case_value"].values
        spread = np.linspace(-0.12, 0.12, len(values)) if len(values) > 1 else np.zeros(1)
        axis.plot(
            i + spread, values, "o", color=PALETTE[0], markersize=3, alpha=0.8, label="" if i else "sample"
        )
        random = float(one["random"])
        axis.plot([i - 0.25, i + 0.25], [random] * 2, color=GREY, linewidth=2.0, label="" if i else "random")
    axis.set_xticks(range(len(names)), [MEMBERS[n] for n in names], fontsize=SMALL)
    axis.set_xlim(-0.5, len(names) - 0.5)
    axis.axhline(0, color="#222222", linewidth=0.6)
    axis.legend(fontsize=SMALL - 0.5, frameon=False)
    plain_axes(axis)


def _gap_panel(axis: Axes, report: xr.Dataset, units: str) -> None:
    """Sum of the attribution against prediction less base value, of each sample."""
    axis.set_title("Efficiency", fontsize=SMALL + 1, loc="left", fontweight="bold")
    apart = (report["prediction"] - report["base_value"]).values
    if not np.isfinite(apart).any():
        _nothing(axis)
        return
    total = apart - report["efficiency_gap"].values
    low, high = float(np.nanmin([apart, total])), float(np.nanmax([apart, total]))
    room = 0.06 * (high - low or abs(high) or 1.0)
    axis.plot([low - room, high + room], [low - room, high + room], color=GREY, linewidth=0.9)
    axis.plot(apart, total, "o", color=PALETTE[0], markersize=3.5, alpha=0.8)
    axis.set_xlabel(labelled("prediction - base", units), fontsize=SMALL + 1)
    axis.set_ylabel(labelled("sum of attribution", units), fontsize=SMALL + 1)
    axis.text(
        0.04,
        0.96,
        f"largest gap {np.nanmax(np.abs(report['efficiency_gap'].values)):.1e}",
        transform=axis.transAxes,
        fontsize=SMALL - 0.5,
        va="top",
    )
    plain_axes(axis)


def _nothing(axis: Axes) -> None:
    axis.text(
        0.5,
        0.5,
        "not computed",
        transform=axis.transAxes,
        ha="center",
        va="center",
        fontsize=SMALL,
        color="#666666",
    )
    axis.set_xticks([])
    axis.set_yticks([])
