"""Stages of a run: the spread of every fire over the priors, and the results."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np

from data.errors import DataError

from ..context import Context
from ..respiration.stages import load, save
from . import results
from .config import Config
from .opening import Fire, open_fires
from .progression import stages as progression
from .settings import check, effective

Found = dict[str, np.ndarray]


def run_all(context: Context) -> None:
    """Do the stages that are not done yet."""
    config = effective(context.config, context.quick)
    check(config, context.data)
    fires, files = open_fires(config, context.data)
    alike(fires)
    timed, more = progression.opened(config.progression, context.data, config.seed)
    files = json.dumps([*json.loads(files), *more])
    context.inputs(files, label="" if context.data else f"synthetic landscape, seed {config.seed}")
    found: dict[str, Found] = {}
    for fire in fires:
        name = f"spread_{fire.name}"
        with context.stage(name) as todo:
            if todo:
                save(context.folder, name, spread(fire, config))
        found[fire.name] = load(context.folder, name)
    fires = [replace(f, scar=found[f.name]["scar"]) for f in fires]
    learned: dict[str, Found] = {}
    if config.factor.enabled:
        for place, fire in enumerate(fires):
            name = f"factor_{fire.name}"
            with context.stage(name) as todo:
                if todo:
                    save(context.folder, name, learn(context, config, fires, found, place))
            learned[fire.name] = load(context.folder, name)
    if timed:
        progression.run_all(context, config.progression, *timed, config.seed)
    with context.stage("results") as todo:
        if todo:
            results.write(context.folder, config, fires, found, learned, synthetic=context.data is None)
    for line in results.lines(context.folder, config.bins):
        context.progress.note(line)


def alike(fires: list[Fire]) -> None:
    """Raise DataError where fires do not lie on grids of one size, cell width and projection, or share a name."""
    first = fires[0]
    for fire in fires[1:]:
        if fire.fuel.shape != first.fuel.shape:
            what = f"it keeps {fire.fuel.shape} cells, '{first.name}' {first.fuel.shape}"
            raise DataError(what, f"fire '{fire.name}'", "set landscape.reach smaller, so that none is cut")
        if abs(fire.width - first.width) > 1e-3 * first.width:
            what = f"its cells are {fire.width:g} m wide, those of '{first.name}' {first.width:g} m"
            raise DataError(what, f"fire '{fire.name}'", "resample one of them")
        if fire.crs.get("epsg_code") != first.crs.get("epsg_code"):
            what = f"it is in {fire.crs.get('epsg_code')}, '{first.name}' in {first.crs.get('epsg_code')}"
            raise DataError(what, f"fire '{fire.name}'", "project both alike")


def spread(fire: Fire, config: Config) -> Found:
    """Arrivals of one fire: over the grid of choice, all draws, the middle of the priors, and free burning.

    No score is computed here, and the scar is only passed on, so that nothing of it can enter a simulation.
    """
    from .factor import known
    from .members import Member, arrivals, centre, draws, free_burning, grid_of_choice, stack

    scar = fire.scar
    if scar is None:
        made = config.synthetic
        truth = centre(config)._replace(
            dead_moisture=made.dead_moisture, rate=made.rate, duration=made.duration
        )
        scar = np.isfinite(arrivals(fire, [truth], config, known(fire, config))[0])
    sampled = draws(config)
    return {
        "scar": np.asarray(scar, bool),
        "choice": arrivals(fire, grid_of_choice(config), config),
        "draws": arrivals(fire, sampled, config),
        "members": np.stack([getattr(stack(sampled), n) for n in Member._fields]),
        "untuned": arrivals(fire, [centre(config)], config)[0],
        "free": arrivals(fire, [free_burning(config)], config)[0],
    }


def learn(
    context: Context, config: Config, fires: list[Fire], found: dict[str, Found], left_out: int
) -> Found:
    """A factor learned on all fires but one, and when that one then arrives; its scar is not read."""
    from .factor import field, train
    from .members import arrivals, landscape

    fire, others = fires[left_out], [f for i, f in enumerate(fires) if i != left_out]
    member = results.chosen_on_others(config, found, [f.name for f in fires], left_out)

    def told(step: int, loss: float) -> None:
        context.progress(
            {"stage": f"factor_{fire.name}", "step": step, "steps": config.factor.steps, "loss": loss}
        )

    model, losses = train(others, member, config, told)
    factor = field(model, fire, landscape(fire, config).times.shape[0])
    return {
        "arrival": arrivals(fire, [member], config, factor)[0],
        "factor": np.exp(np.log(factor[: len(fire.wind)]).mean(axis=0)),
        "losses": losses,
    }
