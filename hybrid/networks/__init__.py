"""Neural components that fill the slots of a hybrid model."""

from .flax_slot import FlaxSlot
from .perceptron import Perceptron, Table
from .recurrent import Recurrent, gru_scan

__all__ = ["FlaxSlot", "Perceptron", "Recurrent", "Table", "gru_scan"]
