"""The report of a run: what was found, what identified it, and what was assumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hybrid.skill import nse

from ..report import Figure, Section, Table
from ..runfolder import RunFolder
from . import figures, results, verdicts
from .config import Config
from .identify import Finding, findings
from .settings import effective

if TYPE_CHECKING:
    import xarray as xr


def build(folder: RunFolder) -> list[Section]:
    """Figures, tables and text, from the folder alone."""
    config = effective(folder.load_config(Config), folder.status().quick)
    ds = results.read(folder)
    found = findings(ds, config)
    figures.training(ds, folder.figures, config.tolerance)
    figures.profile(ds, folder.figures)
    drawn = figures.season(ds, folder.figures)
    figures.base_rate(ds, folder.figures)
    return [
        _recovered(ds, config, found),
        _identified(ds, config, found),
        _base_rate(ds, found, drawn),
        _known(ds, config),
    ]


def _recovered(ds: xr.Dataset, config: Config, found: list[Finding]) -> Section:
    truth, world = float(ds.attrs["true_q10"]), config.world
    process = ds["q10_process"].values
    observed = _on_test(ds, "reco")
    skill = np.mean([nse(s, o) for s, o in zip(ds["reco_process"].values, observed, strict=True)])
    rows = [
        (
            "process alone, constant base rate",
            f"{skill:.4f}",
            *_cells(process[:, None]),
            *_reach(process, truth, config),
        )
    ]
    for f in found:
        spread = f"{f.skill.min():.4f} to {f.skill.max():.4f}"
        rows.append((f.variant.label, spread, *_cells(f.q10), *_reach(f.q10, truth, config)))
    sets = "one set" if config.repeats == 1 else f"{config.repeats} sets"
    text = [
        f"The true Q10 is **{truth:g}**; a value within {config.tolerance:g} of it counts as found. Each start was "
        f"tried with {sets} of first weights, all trained for {config.train.steps} steps on the first "
        f"{world.train_years} of {world.years} years. Skill is that of the years held out.",
        "\n".join(f"- {verdicts.found(f, truth, config)}" for f in found),
        f"The process alone, whose base rate is one value, reports a Q10 of {process.mean():.2f}: what varies with "
        f"temperature, the season of the base rate too, can go nowhere but into Q10.",
    ]
    return Section(
        "Was Q10 found?",
        "\n\n".join(text),
        [
            Figure(
                "q10_training.svg",
                "Q10 along the training from every start, one column per set of inputs; below, close to the truth.",
                f"Q10 along the training; below, close to the true value of {truth:g}. The grey band is the tolerance.",
            )
        ],
        [
            Table(
                (
                    "network reads",
                    "held-out NSE",
                    *(f"from {s:g}" for s in config.starts),
                    "largest error",
                    "found",
                ),
                rows,
                "Learned Q10 from every start; where there are several values, one for each set of first weights",
            )
        ],
    )


def _cells(values: np.ndarray) -> list[str]:
    return [", ".join(f"{v:.3f}" for v in row) for row in values]


def _reach(values: np.ndarray, truth: float, config: Config) -> tuple[float, bool]:
    error = float(np.abs(values - truth).max())
    return error, error <= config.tolerance


def _on_test(ds: xr.Dataset, name: str) -> np.ndarray:
    return np.where(ds["test"].values > 0, ds[name].values, np.nan)


def _identified(ds: xr.Dataset, config: Config, found: list[Finding]) -> Section:
    truth = float(ds.attrs["true_q10"])
    header = (
        "network reads",
        "identified",
        f"Q10 that fit alike (NSE within {config.alike:g})",
        "spread over starts",
        "standard error",
        "least training loss at",
        "Q10 x that of the base rate",
        "assumption",
    )
    rows = [
        (
            f.variant.label,
            f.identified,
            str(f.alike),
            f.spread,
            f.error,
            f"{f.preferred:.2f}",
            f"{f.product[0]:.2f} to {f.product[1]:.2f}",
            f.variant.assumption,
        )
        for f in found
    ]
    text = [verdicts.RULE, *(verdicts.explained(f, found, truth) for f in found)]
    if any(f.identified for f in found):
        text.append(verdicts.LIMIT)
    return Section(
        "What identified it?",
        "\n\n".join(text),
        [
            Figure(
                "q10_profile.svg",
                "Training loss, held-out skill and the temperature response of the base rate itself against the value "
                "at which Q10 was held, for each set of inputs.",
                "Profiles: Q10 held, the network trained again. Right: the Q10 of the learned base rate itself; on the "
                "black curve its product with the Q10 of the equation is the true value.",
            )
        ],
        [Table(header, rows, "Identifiability of Q10")],
    )


def _base_rate(ds: xr.Dataset, found: list[Finding], drawn: str) -> Section:
    test = ds["test"].values > 0
    known = ds["base_respiration_true"].values[test]
    rows, text = [], []
    for f in found:
        learned = ds["base_respiration"].sel(variant=f.variant.name).values[..., test].reshape(-1, known.size)
        error = 100.0 * np.sqrt(np.mean((learned - known) ** 2, axis=1)) / known.mean()
        fit = [nse(row, known) for row in learned]
        rows.append((f.variant.label, min(fit), max(fit), float(error.min()), float(error.max())))
        text.append(f"- {verdicts.base_rate(f, float(error.min()), float(error.max()))}")
    lead = (
        "The base rate is a function of potential radiation and its change that training never saw. Learned against "
        "known, on held-out days:"
    )
    return Section(
        "The learned base rate",
        "\n\n".join([lead, "\n".join(text)]),
        [
            Figure(
                "season.svg",
                "Respiration and base rate over a year, observed or known and learned from every start.",
                f"Above: one flux. Below: the base rates that give it ({drawn}, held out).",
            ),
            Figure(
                "base_rate.svg",
                "Learned against known base rate, and their ratio against temperature, on test days.",
                "Above: learned against known base rate. Below: median of their ratio by temperature; black is "
                "(true Q10 / learned Q10) to the power (T - 15 °C) / 10 K, for each member.",
            ),
        ],
        [
            Table(
                (
                    "network reads",
                    "lowest NSE",
                    "highest NSE",
                    "least error [% of mean]",
                    "largest error [% of mean]",
                ),
                rows,
                "Learned against known base rate on test days: range over starts and first weights",
            )
        ],
    )


def _known(ds: xr.Dataset, config: Config) -> Section:
    world = config.world
    pairs = zip(ds["reco_true"].values, _on_test(ds, "reco"), strict=True)
    ceiling = np.mean([nse(s, o) for s, o in pairs])
    sites = ", ".join(str(s) for s in ds["site"].values)
    text = (
        f"Respiration is `Rb x Q10 ^ ((T - 15) / 10)` with Q10 = {world.q10:g}: the benchmark of Reichstein et al. "
        f"(2022) in the form published with Cohrs et al. (2024). `Rb = 0.75 (x - min x + 0.1 pi)` umol m-2 s-1 with "
        f"`x = 0.01 SW - 0.005 dSW`, where SW is potential radiation over ten days [W m-2] and dSW ten thousand "
        f"times its change per half hour. Here it is daily, at {ds.sizes['site']} synthetic sites ({sites}) that "
        f"share one base rate.\n\n"
        f"Noise is normal with {100 * world.noise:g} % of the flux as standard deviation, and "
        f"{100 * world.gaps:g} % of days have no observation. The flux without noise reaches a held-out NSE of "
        f"{ceiling:.4f}; no model can be expected to do better but by chance."
    )
    return Section("What was known", text)
