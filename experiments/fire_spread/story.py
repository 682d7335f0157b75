"""The report of a run: skill, maps, burn probability, what is assumed and what cannot be concluded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..report import Figure, Section, Table
from ..runfolder import RunFolder
from . import figures, results, story_chance
from .config import Config
from .members import COARSER, WOODY
from .progression import story as progression
from .results import LABELS, MEMBER
from .settings import FREE, effective

if TYPE_CHECKING:
    import xarray as xr

AIM = 0.60
"""Mean Dice that was aimed at."""


def build(folder: RunFolder) -> list[Section]:
    """Figures, tables and text, from the folder alone."""
    config = effective(folder.load_config(Config), folder.status().quick)
    ds = results.read(folder)
    sections = [_skill(ds, config), _maps(ds, folder), story_chance.probability(ds, folder, config)]
    if "rate_factor" in ds:
        sections.append(story_chance.factor(ds))
    if _known(ds):
        sections.append(_truth(ds))
    timed = progression.build(folder, config.progression, config.bins)
    return [*sections, _assumed(config), _limits(ds, config), *timed]


def _skill(ds: xr.Dataset, config: Config) -> Section:
    names = ds["fire"].values.astype(str)
    table = results.dice_table(ds)
    rows = [(LABELS[m], *(f"{v:.3f}" for v in d), f"{d.mean():.3f}") for m, d in table.items()]
    width = float(ds["x"].values[0, 1] - ds["x"].values[0, 0])
    hectares = width**2 / 1e4
    areas = [("mapped", *(f"{v:.2f}" for v in _areas(ds["observed_scar"].values > 0, hectares)))]
    areas += [(LABELS[m], *(f"{v:.2f}" for v in _areas(f, hectares))) for m, f in results.burned(ds).items()]
    chosen = [
        (n, *(f"{float(ds[f'chosen_{p}'][i]):.3g}" for p in FREE), _at_bound(ds, i))
        for i, n in enumerate(names)
    ]
    free = [n.replace("_", " ") for n in FREE if ds.sizes[n] > 1]
    mean = float(table["terrax"].mean())
    aim = f", {'at or above' if mean >= AIM else 'below'} the {AIM:g} that was aimed at"
    text = (
        f"Every fire was left out once: its {len(free)} free quantities ({' and '.join(free)}) are those of greatest "
        f"mean Dice on the **other** fires, and its own scar has no part in that. Dice is that of the burned class "
        f"alone; background does not count. The mean over {len(names)} fires is **{mean:.3f}**"
        f"{'' if _known(ds) else aim}."
    )
    return Section(
        "How well are fires met that were left out?",
        text,
        tables=[
            Table(("model", *names, "mean"), rows, "Dice of the burned class"),
            Table(("model", *names), areas, "burned area [ha]"),
            Table(("fire", *FREE, "at a bound of its prior"), chosen, "chosen on the other fires"),
        ],
    )


def _known(ds: xr.Dataset) -> bool:
    """Whether the fires were made with known values."""
    return "true_rate" in ds.attrs


def _areas(found: np.ndarray, hectares: float) -> np.ndarray:
    return found.sum(axis=(1, 2)) * hectares


def _at_bound(ds: xr.Dataset, i: int) -> str:
    found = []
    for name in FREE:
        levels = ds[name].values
        if len(levels) > 1 and float(ds[f"chosen_{name}"][i]) in (levels[0], levels[-1]):
            found.append(name)
    return ", ".join(found) or "none"


def _maps(ds: xr.Dataset, folder: RunFolder) -> Section:
    drawn = []
    for fire in ds["fire"].values.astype(str):
        name = figures.fire_map(ds, fire, folder.figures)
        drawn.append(
            Figure(
                f"figures/{name}.svg",
                f"Map of the fire {fire}: burn probability, mapped scar, simulated front, ignition",
                f"{fire}: burn probability from members weighed by the other fires, over shaded relief.",
            )
        )
    return Section("Where did it burn?", "", figures=drawn)


def _truth(ds: xr.Dataset) -> Section:
    rows = [
        (n, f"{ds.attrs[f'true_{n}']:.3g}", *(f"{float(v):.3g}" for v in ds[f"chosen_{n}"].values))
        for n in FREE
    ]
    effort = ds["chosen_rate"].values * ds["chosen_duration"].values
    known = ds.attrs["true_rate"] * ds.attrs["true_duration"]
    rows.append(("rate x duration", f"{known:.3g}", *(f"{v:.3g}" for v in effort)))
    names = ds["fire"].values.astype(str)
    text = (
        "These fires were made by the same model with known values, so that what is chosen can be compared with them. "
        "A slow fire that burns long and a fast one that is soon put out leave nearly the same scar: rate and duration "
        "are told apart only by the turning wind, their product is what scars hold."
    )
    return Section(
        "Is a known fire found again?",
        text,
        tables=[Table(("quantity", "known", *names), rows, "known, and chosen on the other fires")],
    )


def _assumed(config: Config) -> Section:
    rows = []
    for name in MEMBER:
        prior = getattr(config.priors, name)
        chosen = name in FREE and prior.levels > 1
        role = "chosen on other fires; drawn" if chosen else "middle; drawn in the ensemble"
        rows.append(
            (
                name,
                f"{prior.lower:g}",
                f"{prior.at(0.5):.3g}",
                f"{prior.upper:g}",
                prior.scale,
                role,
                prior.source,
            )
        )
    land = config.landscape
    text = (
        f"- Surface fire of Rothermel with the fuel models of Scott and Burgan; no crown fire, no spotting, no breaks "
        f"but unburnable fuel.\n"
        f"- The disc within {land.ignition_radius:g} m of the ignition burns at the start, for all fires alike: at "
        f"Houffalize unburnable cells surround the place.\n"
        f"- Each row of weather holds for {land.hours_per_row:g} h, wind is that at 10 m above open ground.\n"
        f"- The aspect faces downslope, which is checked against the elevation; slope has the unit that its attribute "
        f"states.\n"
        f"- 10-h and 100-h fuel are {COARSER[0]:g} and {COARSER[1]:g} moister than 1-h fuel, live woody fuel {WOODY:g} "
        f"moister than herbaceous.\n"
        f"- What lies more than {land.reach:g} m from the ignition is not simulated.\n"
        f"- Rates along sloping ground are shortened up the slope, as a map shows them; the nearest ellipse with its "
        f"focus at the ignition is taken, 2.4 % off at most on 20 degrees.\n"
        f"- Wind is sheltered under trees alone: fuels of timber understory and litter.\n"
        f"- Slopes and steps of order {config.order}; those of order 2 are nearer to what finer cells give."
    )
    header = ("quantity", "lower", "middle", "upper", "scale", "role", "source")
    return Section("What is assumed", text, tables=[Table(header, rows, "priors")])


def _limits(ds: xr.Dataset, config: Config) -> Section:
    number = ds.sizes["fire"]
    text = (
        f"- {number} fires are too few for an interval: the mean may move much with one more, and no test of a "
        f"difference between rows is given.\n"
        f"- Fuel moisture, duration and suppression are not known. The factor on the rate stands for all of them and "
        f"for errors of fuel and wind: **its value is no estimate of any one**, nor of the model's own error. A fast "
        f"fire that is soon put out and a slow one leave nearly the same scar, so that rate and duration are told "
        f"apart by chance alone.\n"
        f"- Where a chosen value lies at a bound of its prior (see the table), the prior held it back, and a wider "
        f"one might do better or worse.\n"
        f"- The choice maximises Dice of final scars, without times: it says nothing on when a fire arrives.\n"
        f"- All fires are small, in one country and season; what was learned need not hold elsewhere.\n"
        f"- The priors were set by people who could know that all of these fires stayed small."
    )
    return Section("What cannot be concluded", text)
