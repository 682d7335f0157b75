"""Training: loss, optimisation, early stopping, checkpoints."""

from .checkpoint import Checkpoint
from .fit import Fit, Training, fit, predict_members, stack

__all__ = ["Checkpoint", "Fit", "Training", "fit", "predict_members", "stack"]
