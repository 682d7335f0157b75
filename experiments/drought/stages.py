"""Stages of a run: train or calibrate each model, predict all days, and keep both on disk."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np

import hybrid
from data.batches import Panel
from data.errors import ModelError, RunError
from data.files import atomic_write_bytes
from data.splits import Fold
from hybrid.inputs import from_panel
from hybrid.train import Fit

from ..context import Context
from ..runfolder import RunFolder
from . import build, peers
from .config import Config
from .ensembles import Ensembles, known_categories
from .prepare import Prepared, last_training_step, rotated, training_days

Predictions = dict[str, np.ndarray]
SHOWN = ("light_use_efficiency", "stomatal_slope", "half_wetness", "plant_q10", "soil_q10")


def prediction_file(folder: RunFolder, model: str) -> Path:
    """Where the predictions of a model are kept until results are written."""
    return folder.checkpoints / f"{model}-predictions.npz"


def save_predictions(folder: RunFolder, model: str, predictions: Predictions) -> None:
    """Keep predictions: ``<target>`` (time, site), and ``<target>__spread`` where there are members."""
    buffer = io.BytesIO()
    np.savez(buffer, **predictions)  # type: ignore[arg-type]
    atomic_write_bytes(prediction_file(folder, model), buffer.getvalue())


def load_predictions(folder: RunFolder, model: str) -> Predictions | None:
    """Predictions of a model, or None where it was not run."""
    path = prediction_file(folder, model)
    if not path.is_file():
        return None
    try:
        with np.load(path) as held:
            return {k: held[k] for k in held.files}
    except (OSError, ValueError, EOFError) as error:
        raise RunError(
            "the predictions are cut short", str(path), "run again with --resume after deleting it"
        ) from error


def run_networks(context: Context, ensembles: Ensembles, model: str) -> None:
    """Train hybrid, process or gru on every fold, and predict."""
    prepared = ensembles.prepared
    panel = prepared.panel
    collected: Predictions = {}
    for fold in prepared.folds:
        trained = [
            train_fold(context, ensembles, model, part, fold, ensembles.base(part, fold)).models
            for part in ensembles.parts(model)
        ]
        keep = panel.select(fold.test) if len(prepared.folds) > 1 else panel.valid
        merge(collected, ensemble_predictions(trained, panel, prepared.targets), keep)
    save_predictions(context.folder, model, collected)


def train_fold(context: Context, ensembles: Ensembles, stage: str, model: str, fold: Fold, base: Any) -> Fit:
    """Train all members of a design on one fold, or take them from its checkpoint."""
    config, prepared, settings = ensembles.config, ensembles.prepared, ensembles.settings(model)
    best, members = ensembles.finished(model, fold), ensembles.untrained(model, base)
    if best.exists():
        models, note = best.load(hybrid.train.stack(members))
        return Fit(models, np.asarray(note["best"]), note["history"], note["stopped"])
    steps = last_training_step(prepared.panel, fold)
    panel = prepared.panel.window(0, steps)
    train, validation = rotated(prepared.panel, fold, settings.members)
    place = [f.name for f in prepared.folds].index(fold.name) + 1
    name = stage if stage == model else f"{stage} ({model})"
    label = name if len(prepared.folds) == 1 else f"{name}, fold {place} of {len(prepared.folds)}"

    def show(event: dict[str, Any]) -> None:
        models = event.pop("models")
        more: dict[str, Any] = {}
        if not isinstance(base, hybrid.Sequence):
            first = jax.tree.map(lambda a: a[0] if eqx.is_array(a) else a, models)
            more["parameters"] = {n: float(v) for n, v in first.centres().items() if n in SHOWN}
        context.progress({"stage": stage, **event, **more, "label": label})

    weights = {t: w for t, w in config.targets.items() if t in panel.targets}
    fit = hybrid.fit(
        members,
        from_panel(panel, known_categories(base)),
        panel.targets,
        train[:, :steps],
        validation[:, :steps],
        panel.masks,
        build.training_of(settings, weights, config.seed),
        noise={n: w[:steps] for n, w in prepared.noise.items()},
        whole=from_panel(prepared.panel, known_categories(base)) if context.quick else None,
        checkpoint=ensembles.checkpoint(model, fold),
        on_progress=show,
    )
    best.save(fit.models, {"best": fit.best.tolist(), "history": fit.history, "stopped": fit.stopped})
    return fit


def ensemble_predictions(parts: list[Any], panel: Panel, targets: tuple[str, ...]) -> Predictions:
    """Mean and spread over the members of all parts of an ensemble of each target, (time, site)."""
    held = [hybrid.run_members(m, from_panel(panel, known_categories(m))).observables for m in parts]
    out: Predictions = {}
    for name in targets:
        if name in held[0]:
            values = np.concatenate([np.asarray(part[name]) for part in held])
            if not np.isfinite(values[:, panel.valid]).all():
                raise ModelError(
                    f"the predicted {name!r} is not finite", "prediction", "train again, more gently"
                )
            out[name] = values.mean(0).astype(np.float32)
            if len(values) > 1:
                out[f"{name}__spread"] = values.std(0).astype(np.float32)
    return out


def merge(collected: Predictions, new: Predictions, keep: np.ndarray) -> None:
    """Put the days of ``keep`` from ``new`` into ``collected``."""
    for name, values in new.items():
        whole = collected.setdefault(name, np.full(values.shape, np.nan, np.float32))
        whole[keep] = values[keep]


def run_peer(context: Context, prepared: Prepared, model: str) -> None:
    """Fit climatology or trees on every fold, and predict."""
    config: Config = context.config
    panel = prepared.panel
    pooled = config.split.by == "site"
    attributes = tuple(a for a in build.identity(config, panel) if a in panel.attributes) if pooled else ()
    collected: Predictions = {}
    for number, fold in enumerate(prepared.folds):
        days = training_days(panel, fold)
        if model == "climatology":
            found = peers.climatology(panel, days, pooled)
        else:
            found = peers.trees(panel, days, pooled, attributes, config.seed, config.trees)
        merge(collected, found, panel.select(fold.test) if len(prepared.folds) > 1 else panel.valid)
        context.progress({"stage": model, "step": number + 1, "steps": len(prepared.folds)})
    save_predictions(context.folder, model, collected)
