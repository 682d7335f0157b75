"""Training: loss, optimisation, early stopping, checkpoints."""

from .checkpoint import Checkpoint
from .fit import Fit, Training, fit, predict_members, stack
from .panel import fit_panel, predict

__all__ = ["Checkpoint", "Fit", "Training", "fit", "fit_panel", "predict", "predict_members", "stack"]
