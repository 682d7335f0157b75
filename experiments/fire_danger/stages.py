"""Stages of a run: data, validation, test in time and space, relations, scenario, single fires, results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..context import Context
from ..migration.stages import write_json
from ..respiration.stages import load, save
from .config import Config
from .settings import check, effective

if TYPE_CHECKING:
    from .models import Fitted
    from .opening import Fires


def run_all(context: Context) -> None:
    """Do the stages that are not done yet."""
    from . import montesinho, results
    from .opening import open_fires
    from .scenario import change_of

    config = effective(context.config, context.quick)
    check(config, context.data)
    change_of(config.scenario.model_dump())
    context.progress({"stage": "data"})
    fires = open_fires(config, context.data)
    single = montesinho.open_single(fires.single) if fires.single and config.montesinho.use else None
    context.inputs(fires.files, label="" if context.data else f"synthetic island, seed {config.seed}")
    context.finish("data")
    with context.stage("validation") as todo:
        if todo:
            save(context.folder, "validation", validation(context, config, fires))
    with context.stage("time") as todo:
        if todo:
            in_time(context, config, fires)
    with context.stage("space") as todo:
        if todo:
            save(context.folder, "space", in_space(context, config, fires))
    if not context.quick:
        with context.stage("nested") as todo:
            if todo:
                from .nested import nested

                years = np.arange(config.split.fit_first, config.split.test_last + 1)
                save(context.folder, "nested", nested(fires, config, years, _tick(context, "nested")))
    if single is not None:
        with context.stage("montesinho") as todo:
            if todo:
                found = montesinho.cross_validate(*single, config.montesinho, _tick(context, "montesinho"))
                write_json(context.folder, "montesinho.json", found)
    with context.stage("results") as todo:
        if todo:
            names = ("validation", "time", "space", "scenario", *(() if context.quick else ("nested",)))
            results.write(context.folder, config, fires, {n: load(context.folder, n) for n in names})
    for line in results.lines(context.folder):
        context.progress.note(line)


def fit_years(config: Config) -> np.ndarray:
    """Years that fit."""
    return np.arange(config.split.fit_first, config.split.fit_last + 1)


def test_years(config: Config) -> np.ndarray:
    """Years that test."""
    return np.arange(config.split.fit_last + 1, config.split.test_last + 1)


def held_out_years(config: Config, quick: bool) -> np.ndarray:
    """Fit years that are held out one by one: all, or the last two of a quick run."""
    years = fit_years(config)
    return years[-2:] if quick else years


def quarters(fires: Fires, quick: bool) -> list[np.ndarray]:
    """Parts of the region that are held out, bool (cell,): north and south, and each of these west and east."""
    rows, columns = np.nonzero(fires.inside)
    north = rows <= np.median(rows)
    if quick:
        return [north, ~north]
    west = np.zeros(len(rows), bool)
    for side in (north, ~north):
        west[side] = columns[side] <= np.median(columns[side])
    return [north & west, north & ~west, ~north & west, ~north & ~west]


def validation(context: Context, config: Config, fires: Fires) -> dict[str, np.ndarray]:
    """Chances of the fit years, each from models that did not see it, the month's own weather known."""
    from .models import fit_all, mean_chance, prepare

    fit, everywhere = fit_years(config), np.ones(fires.burned.shape[1], bool)
    years = held_out_years(config, context.quick)
    out: dict[str, np.ndarray] = {}
    for i, year in enumerate(years):
        use = fit[fit != year]
        fitted = fit_all(fires, config, use, everywhere, 0)
        for name, chance in mean_chance(fitted, prepare(fires, config, use, 0, True)).items():
            out.setdefault(name, np.full_like(chance, np.nan))[fires.years == year] = chance[
                fires.years == year
            ]
        _tick(context, "validation")(i + 1, len(years))
    return out


def in_time(context: Context, config: Config, fires: Fires) -> None:
    """Fit on the fit years at every lead; relations and scenario are those of the models that know all weather."""
    from . import counts
    from .models import fit_all

    fit, everywhere = fit_years(config), np.ones(fires.burned.shape[1], bool)
    found: dict[str, np.ndarray] = {}
    for i, lead in enumerate(sorted(config.leads)):
        fitted = fit_all(fires, config, fit, everywhere, lead)
        for name, ask in fitted.chance.items():
            members = ask(fitted.windows)
            found[f"lead{lead}__{name}"] = members.mean(axis=0)
            if name == "hybrid":
                found[f"spread{lead}"] = members.std(axis=0)
                told = counts.ranges(fitted.hybrid, fitted.scaled, 2000, config.seed)
                found |= {f"counts{lead}__{kind}": values for kind, values in told.items()}
        if i == 0:
            _first(context, config, fires, fitted, lead)
        _tick(context, "time")(i + 1, len(config.leads))
    save(context.folder, "time", found)


def _first(context: Context, config: Config, fires: Fires, fitted: Fitted, lead: int) -> None:
    """What the models at the shortest lead are asked besides."""
    import equinox as eqx

    from . import relations, scenario, truth
    from .models import leaves_of

    fit = fit_years(config)
    constants = eqx.filter_vmap(lambda m: m.constants())(fitted.hybrid)
    told: dict[str, Any] = {
        "lead": lead,
        "constants": {n: np.asarray(v, float) for n, v in constants.items()},
        "relations": relations.relations(fires, fitted, fit, config.seed),
    }
    if fires.truth:
        told["truth"] = truth.recovered(fires, config, fitted, fit)
    write_json(context.folder, "relations.json", told)
    save(context.folder, "hybrid", leaves_of(fitted.hybrid))
    change = scenario.change_of(config.scenario.model_dump())
    save(context.folder, "scenario", scenario.project(fires, config, fitted, fit, change))


def in_space(context: Context, config: Config, fires: Fires) -> dict[str, np.ndarray]:
    """Chances of the test years in parts of the region whose cells no model saw, nor the climatology of their place."""
    from .models import fit_all, mean_chance

    fit, parts = fit_years(config), quarters(fires, context.quick)
    out: dict[str, np.ndarray] = {}
    for i, part in enumerate(parts):
        fitted = fit_all(fires, config, fit, ~part, 0, places=False)
        for name, chance in mean_chance(fitted, fitted.windows).items():
            out.setdefault(name, np.full_like(chance, np.nan))[:, part] = chance[:, part]
        _tick(context, "space")(i + 1, len(parts))
    return out


def _tick(context: Context, stage: str) -> Any:
    """Progress of a stage as (done, total)."""
    return lambda done, total: context.progress({"stage": stage, "step": done, "steps": total})
