"""Stages of a run: train or calibrate each model, predict all days, and keep both on disk."""

from __future__ import annotations

import io
from collections.abc import Callable
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
from hybrid.closure import worst
from hybrid.inputs import from_panel
from hybrid.train import Checkpoint, Fit

from ..context import Context
from ..runfolder import RunFolder
from . import build, peers
from .config import Config, TrainConfig
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


def trained_checkpoint(folder: RunFolder, model: str, fold: Fold) -> Checkpoint:
    """Where the finished members of a model are."""
    return Checkpoint(folder.checkpoints / f"{model}-{fold.name}-best.ckpt")


def run_networks(context: Context, prepared: Prepared, model: str, identity: str) -> None:
    """Train hybrid, process or gru on every fold, and predict."""
    config: Config = context.config
    panel = prepared.panel
    settings = {"hybrid": config.train, "process": config.process_train, "gru": config.gru.train}[model]
    collected: Predictions = {}
    bare = bare_model(config, prepared, model)
    for fold in prepared.folds:
        base = make_model(config, prepared, model, fold, bare)
        fit = train_fold(context, prepared, model, fold, base, settings, identity)
        keep = panel.select(fold.test) if len(prepared.folds) > 1 else panel.valid
        merge(collected, ensemble_predictions(fit.models, base, panel, prepared.targets), keep)
    save_predictions(context.folder, model, collected)


def make_model(config: Config, prepared: Prepared, model: str, fold: Fold, bare: Any = None) -> Any:
    """An untrained model with inputs normalised over the fold's training days.

    ``bare`` is one of another fold's or of :func:`bare_model`: models that share their design compile once.
    """
    bare = bare_model(config, prepared, model) if bare is None else bare
    return build.normalised(bare, prepared.panel, training_days(prepared.panel, fold))


def bare_model(config: Config, prepared: Prepared, model: str) -> Any:
    """An untrained model whose inputs are not normalised yet."""
    if model != "gru":
        return build.hybrid_model(config, prepared.panel, learned=model == "hybrid")
    targets = tuple(t for t in prepared.targets if config.targets.get(t, 0) > 0)  # type: ignore[call-overload]
    return build.gru_model(config, prepared.panel, targets)


def train_fold(
    context: Context,
    prepared: Prepared,
    model: str,
    fold: Fold,
    base: Any,
    settings: TrainConfig,
    identity: str,
) -> Fit:
    """Train all members on one fold, or take them from its checkpoint."""
    config: Config = context.config
    count = settings.members
    best = Checkpoint(trained_checkpoint(context.folder, model, fold).path, identity)
    members = build.members(base, count, config.seed)
    if best.exists():
        models, note = best.load(hybrid.train.stack(members))
        return Fit(models, np.asarray(note["best"]), note["history"], note["stopped"])
    steps = last_training_step(prepared.panel, fold)
    panel = prepared.panel.window(0, steps)
    train, validation = rotated(prepared.panel, fold, count)
    inputs = from_panel(panel, known_categories(base))
    place = [f.name for f in prepared.folds].index(fold.name) + 1
    label = model if len(prepared.folds) == 1 else f"{model}, fold {place} of {len(prepared.folds)}"
    closure = closure_of(base, inputs)

    def show(event: dict[str, Any]) -> None:
        models = event.pop("models")
        more: dict[str, Any] = {}
        if not isinstance(base, hybrid.Sequence):
            first = jax.tree.map(lambda a: a[0] if eqx.is_array(a) else a, models)
            more["parameters"] = {n: float(v) for n, v in first.centres().items() if n in SHOWN}
            more["closure"] = closure(first)
        context.progress({"stage": model, **event, **more, "label": label})

    weights = {t: w for t, w in config.targets.items() if t in panel.targets}
    fit = hybrid.fit(
        members,
        inputs,
        panel.targets,
        train[:, :steps],
        validation[:, :steps],
        panel.masks,
        build.training_of(settings, weights, config.seed),
        noise={n: w[:steps] for n, w in prepared.noise.items()},
        checkpoint=Checkpoint(context.folder.checkpoints / f"{model}-{fold.name}.ckpt", identity),
        on_progress=show,
    )
    best.save(fit.models, {"best": fit.best.tolist(), "history": fit.history, "stopped": fit.stopped})
    return fit


def known_categories(model: Any) -> dict[str, tuple[str, ...]]:
    """Categories of a hybrid or a sequence model."""
    return dict(model.categories if isinstance(model, hybrid.Sequence) else model.design.categories)


def closure_of(base: Any, inputs: Any) -> Callable[[Any], float]:
    """Function that gives the worst relative closure residual of a model over ``inputs``."""
    if isinstance(base, hybrid.Sequence):
        return lambda _: 0.0
    return lambda m: float(_worst(m, inputs))


@eqx.filter_jit
def _worst(model: Any, inputs: Any) -> Any:
    return worst(model.process, model.simulate(inputs))[1]


def ensemble_predictions(models: Any, base: Any, panel: Panel, targets: tuple[str, ...]) -> Predictions:
    """Mean and spread over members of each target, (time, site)."""
    held = hybrid.train.predict_members(models, from_panel(panel, known_categories(base)))
    out: Predictions = {}
    for name in targets:
        if name in held:
            values = np.asarray(held[name])
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
    attributes = tuple(a for a in config.attributes if a in panel.attributes)
    collected: Predictions = {}
    for number, fold in enumerate(prepared.folds):
        days = training_days(panel, fold)
        if model == "climatology":
            found = peers.climatology(panel, days, pooled)
        else:
            found = peers.trees(panel, days, pooled, attributes, config.seed)
        merge(collected, found, panel.select(fold.test) if len(prepared.folds) > 1 else panel.valid)
        context.progress({"stage": model, "step": number + 1, "steps": len(prepared.folds)})
    save_predictions(context.folder, model, collected)
