"""Training: loss, optimisation, early stopping, checkpoints."""

from .fit import Fit, Training, fit

__all__ = ["Fit", "Training", "fit"]
