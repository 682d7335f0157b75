"""Parts of the report on burn probability and on the learned factor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..report import Figure, Section, Table
from ..runfolder import RunFolder
from . import ensemble, figures, results
from .config import Config
from .factor import GROUPS

if TYPE_CHECKING:
    import xarray as xr


def probability(ds: xr.Dataset, folder: RunFolder, config: Config) -> Section:
    """Brier score and skill, calibration before and after, reliability, and burned area with its interval."""
    figures.reliability_curve(ds, folder.figures, config.bins)
    names = ds["fire"].values.astype(str)
    told = {(m, k, f): v for m, k, f, v in ensemble.skill(ds, config.bins)}
    briers, gaps = [], []
    for model, text in ensemble.CHANCES.values():
        briers.append(
            (
                text,
                *(f"{told[model, 'brier', n]:.4f}" for n in (*names, "mean")),
                f"{told[model, 'brier_skill', 'mean']:.3f}",
            )
        )
        gaps.append((text, *(f"{told[model, 'ece', n]:.3f}" for n in (*names, "mean", "pooled"))))
    nothing = [told["nothing_burns", "brier", n] for n in names]
    skill = 1.0 - np.sum(nothing) / sum(told["distance", "brier", n] for n in names)
    briers.append(
        ("nothing burns", *(f"{v:.4f}" for v in nothing), f"{np.mean(nothing):.4f}", f"{skill:.3f}")
    )
    weighed = [
        (
            n,
            f"{float(ds['sharpness'][i]):g}",
            f"{float(ds['recalibration_intercept'][i]):.2f}",
            f"{float(ds['recalibration_slope'][i]):.2f}",
        )
        for i, n in enumerate(names)
    ]
    area = {(m, k, f): v for m, k, f, v in ensemble.area_skill(ds)}
    hectares = float(ds["x"].values[0, 1] - ds["x"].values[0, 0]) ** 2 / 1e4
    burned = (ds["observed_scar"].values > 0).sum(axis=(1, 2)) * hectares
    spans = [
        (
            n,
            f"{burned[i]:.2f}",
            f"{float(ds['area_lower'][i]):.2f} to {float(ds['area_upper'][i]):.2f}",
            "yes" if area["terrax_ensemble", "covered", n] else "no",
            *(f"{area[m, 'crps', n]:.2f}" for m in ("terrax_ensemble", "terrax_prior", "other_fires")),
        )
        for i, n in enumerate(names)
    ]
    before, after = (told[m, "ece", "pooled"] for m in ("terrax_ensemble", "terrax_calibrated"))
    number = ds.sizes["draw"] * ds.sizes["duration"]
    text = (
        f"{ds.sizes['draw']} draws of all priors, the same for every fire, each read at {ds.sizes['duration']} ends, "
        f"are {number} members. They are weighed by the exponential of sharpness times Dice on each **other** fire, "
        f"and the weights of these fires are averaged; the sharpness, and a logistic recalibration of the probability, "
        f"are chosen by leaving one of the other fires out in turn. The Brier score is over all cells that are "
        f"simulated; most never burn, so that it is small for anyone: its skill is against how often the other fires "
        f"burned at the same distance from their ignition. The calibration error is over the cells that any member "
        f"burns, all fires pooled: **{before:.3f}** before recalibration and **{after:.3f}** after, which is "
        f"{'better' if after < before else 'no better'}. With {len(names)} fires, whose cells burn together, this says "
        f"little on the next fire: one fire more may turn the curve, and {len(names)} intervals of burned area cannot "
        f"tell {100 * config.coverage:.0f} % from much less."
    )
    share = f"{100 * config.coverage:.0f} %"
    return Section(
        "Is the burn probability to be trusted?",
        text,
        figures=[
            Figure("figures/reliability.svg", "Share of cells that burned against burn probability", "")
        ],
        tables=[
            Table(("burn probability", *names, "mean", "skill"), briers, "Brier score"),
            Table(("burn probability", *names, "mean", "pooled"), gaps, "calibration error"),
            Table(
                ("fire", "sharpness", "intercept", "slope"),
                weighed,
                "chosen on the other fires; a sharpness of zero keeps all members alike: the others add nothing",
            ),
            Table(
                (
                    "fire",
                    "mapped",
                    f"{share} of members",
                    "within",
                    "CRPS",
                    "CRPS of the priors",
                    "of others",
                ),
                spans,
                "burned area [ha]; CRPS of the weighed members, of all alike, and of the other fires' areas",
            ),
        ],
    )


def factor(ds: xr.Dataset) -> Section:
    """What the learned factor does to each fire that was left out, and what it is by type of fuel."""
    names = ds["fire"].values.astype(str)
    table = results.dice_table(ds)
    change = table["terrax_learned"] - table["terrax"]
    rows = [
        (n, f"{a:.3f}", f"{b:.3f}", f"{b - a:+.3f}")
        for n, a, b in zip(names, table["terrax"], table["terrax_learned"], strict=True)
    ]
    rows.append(
        (
            "mean",
            f"{table['terrax'].mean():.3f}",
            f"{table['terrax_learned'].mean():.3f}",
            f"{change.mean():+.3f}",
        )
    )
    kinds = by_group(ds)
    values = [(k, *(f"{v:.2f}" if np.isfinite(v) else "" for v in found)) for k, found in kinds.items()]
    if "true_rate" in ds.attrs:
        known = f"{ds.attrs['true_factor_grass']:g} in grass and shrub, {ds.attrs['true_factor_timber']:g} in timber"
        told = f" These fires were made with a factor of {known}, beside what was chosen."
    else:
        told = ""
    better = int((change > 0).sum())
    text = (
        f"A positive, bounded factor on every rate of spread, by type of fuel, slope and wind, was trained through the "
        f"solver on the scars of the other fires, starting at one; outside the range of slope and wind of these fires, "
        f"and in fuel that they do not hold, it goes back to one. It betters {better} of {len(names)} fires that were "
        f"left out, the mean by {change.mean():+.3f}: {'a help' if change.mean() > 0 else 'no help'} here, which so "
        f"few fires do not settle.{told}"
    )
    return Section(
        "Does a learned rate of spread help?",
        text,
        tables=[
            Table(("fire", "without", "with", "change"), rows, "Dice of the burned class"),
            Table(("fuel", *names), values, "factor learned on the other fires, median of the cells"),
        ],
    )


def by_group(ds: xr.Dataset) -> dict[str, np.ndarray]:
    """Median of the learned factor in each type of fuel, (fire,); not a number where a fire has none of it."""
    out = {}
    for name, (low, high) in GROUPS.items():
        fuel = ds["fuel"].values
        held = np.where((fuel >= low) & (fuel <= high), ds["rate_factor"].values, np.nan)
        if np.isfinite(held).any():
            out[name] = np.array([np.nanmedian(h) if np.isfinite(h).any() else np.nan for h in held])
    return out


__all__ = ["by_group", "factor", "probability"]
