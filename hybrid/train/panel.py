"""Train and predict from panels: the short way for one split."""

from __future__ import annotations

from typing import Any

import jax.random as jr
import numpy as np
from jaxtyping import Bool, Float

from data.batches import Panel
from data.errors import ModelError

from .checkpoint import Checkpoint
from .fit import Fit, Training, fit, predict_members


def fit_panel(
    model: Any,
    panel: Panel,
    train: Bool[np.ndarray, "time site"],
    validation: Bool[np.ndarray, "time site"],
    training: Training | None = None,
    *,
    members: int = 1,
    checkpoint: Checkpoint | None = None,
    on_progress: Any = None,
) -> Fit:
    """Normalise a model's inputs over training days and train members of it.

    Args:
        model: a :class:`hybrid.Model`, untrained.
        panel: forcing and targets.
        train: days that train, as ``panel.select(fold.train)``.
        validation: days that stop, as ``panel.select(fold.validation)``.
        training: settings; targets of the panel with weight one where None.
        members: ensemble size.
        checkpoint: where to save progress and to resume from.
        on_progress: called after each validation.

    Raises:
        ModelError: no training day, or a target without observation.
    """
    if not train.any():
        raise ModelError("no day trains", "fit_panel", "choose another split")
    training = training or Training(weights=dict.fromkeys(panel.targets, 1.0))
    steps = int(np.flatnonzero((train | validation).any(axis=1)).max()) + 1
    short = panel.window(0, steps)
    inputs = model.inputs(short)
    base = model.normalised(inputs, train[:steps])
    keys = jr.split(jr.key(training.seed), members)
    return fit(
        [base.renewed(k) for k in keys],
        inputs,
        short.targets,
        np.repeat(train[None, :steps], members, 0),
        np.repeat(validation[None, :steps], members, 0),
        short.masks,
        training,
        checkpoint=checkpoint,
        on_progress=on_progress,
    )


def predict(fit: Fit, panel: Panel) -> dict[str, Float[np.ndarray, "member time site"]]:
    """Simulated targets of all members over a panel."""
    return {n: np.asarray(v) for n, v in predict_members(fit.models, fit.models.inputs(panel)).items()}
