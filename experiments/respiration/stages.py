"""Stages of a run: the process alone, every variant, and the results."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from data.batches import Panel, pack
from data.errors import RunError
from data.files import atomic_write_bytes
from data.splits import Fold, by_time
from hybrid.inputs import from_panel
from hybrid.skill import nse

from ..context import Context
from ..runfolder import RunFolder
from . import results
from .config import Config
from .members import FORCING, grid, make_members, make_process, q10_of
from .settings import check, effective, identity
from .training import carried, path_of, run_members, train
from .variants import VARIANTS
from .world import make_world

if TYPE_CHECKING:
    import xarray as xr

Found = dict[str, np.ndarray]


@dataclass(frozen=True)
class Prepared:
    """What all stages share.

    Attributes:
        ds: the world (site, time).
        fold: training and test days.
        panel: all days, time first.
        training: the training days alone.
        test: bool (time, site), the test days of ``panel``.
    """

    ds: xr.Dataset
    fold: Fold
    panel: Panel
    training: Panel
    test: np.ndarray


def run_all(context: Context) -> None:
    """Do the stages that are not done yet."""
    config = effective(context.config, context.quick)
    check(config, context.data)
    context.inputs([], label=f"synthetic, seed {config.seed}")
    prepared = prepare(config)
    key = identity(config)
    with context.stage("process") as todo:
        if todo:
            save(context.folder, "process", run_process(context, config, prepared, key))
    for name in config.variants:
        with context.stage(name) as todo:
            if todo:
                save(context.folder, name, run_variant(context, config, prepared, name, key))
    with context.stage("results") as todo:
        if todo:
            found = {name: load(context.folder, name) for name in ("process", *config.variants)}
            results.write(context.folder, config, prepared, found)
    for line in results.lines(context.folder, config):
        context.progress.note(line)


def prepare(config: Config) -> Prepared:
    """Make the world and part its days."""
    ds = make_world(config.world, config.seed)
    fold = by_time(ds, years=config.world.train_years, validation_years=0)[0]
    panel = pack(ds, FORCING, ["reco"])
    days = panel.select(fold.train)
    return Prepared(ds, fold, panel, panel.window(0, int(days.any(axis=1).sum())), panel.select(fold.test))


def run_process(context: Context, config: Config, prepared: Prepared, key: str) -> Found:
    """Calibrate the process alone from every start."""
    members = make_process(config)
    fit = train(context, config, "process", members, prepared.training, key, len(members))
    reco, base, _ = run_members(fit.models, from_panel(prepared.panel, {}))
    return {"q10": q10_of(fit.models), "base": np.asarray(base)[:, 0, 0], "reco": np.asarray(reco).mean(0)}


def run_variant(context: Context, config: Config, prepared: Prepared, name: str, key: str) -> Found:
    """Train one variant from every start and over the profile, and see what it found."""
    members = make_members(config, VARIANTS[name], prepared.training)
    starts, repeats = len(config.starts), config.repeats
    count = starts * repeats
    fit = train(context, config, name, members, prepared.training, key, count)
    reco, base, penalty = (np.asarray(a) for a in run_members(fit.models, from_panel(prepared.panel, {})))
    steps, path = path_of(fit)
    training_days = prepared.panel.valid & ~prepared.test
    loss = np.array([1.0 - mean_nse(r, prepared.panel, training_days) for r in reco])
    skill = np.array([mean_nse(r, prepared.panel, prepared.test) for r in reco])
    own = carried(fit.models, prepared.panel, training_days)

    def by_start(values: np.ndarray) -> np.ndarray:
        return values[:count].reshape(starts, repeats, *values.shape[1:])

    return {
        "q10": by_start(q10_of(fit.models)),
        "reco": by_start(reco),
        "base": by_start(base),
        "skill": by_start(skill),
        "carried": by_start(own),
        "steps": steps,
        "path": by_start(path),
        "profile_q10": grid(config),
        "profile_loss": loss[count:],
        "profile_penalty": penalty[count:],
        "profile_skill": skill[count:],
        "profile_carried": own[count:],
    }


def mean_nse(simulated: np.ndarray, panel: Panel, days: np.ndarray) -> float:
    """Mean over sites of the Nash-Sutcliffe efficiency of respiration on some days (time, site)."""
    observed = np.where(panel.masks["reco"] & days, panel.targets["reco"], np.nan)
    return float(np.mean([nse(simulated[:, i], observed[:, i]) for i in range(len(panel.sites))]))


def save(folder: RunFolder, name: str, found: Found) -> None:
    """Keep what a stage found."""
    buffer = io.BytesIO()
    np.savez(buffer, **found)  # type: ignore[arg-type]
    atomic_write_bytes(folder.checkpoints / f"{name}.npz", buffer.getvalue())


def load(folder: RunFolder, name: str) -> dict[str, Any]:
    """What a stage found."""
    path = folder.checkpoints / f"{name}.npz"
    try:
        with np.load(path) as held:
            return {k: held[k] for k in held.files}
    except (OSError, ValueError, EOFError) as error:
        raise RunError(
            f"what the stage '{name}' found is missing or cut short", str(path), "start a new run"
        ) from error
