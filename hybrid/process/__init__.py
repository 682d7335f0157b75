"""Process models: pools joined by fluxes."""

from .declare import Driven, Flux, Neural, Parameter, Pool, Quantity, Trailing
from .ecosystem import ecosystem
from .process import Process
from .respiration import respiration_q10

__all__ = [
    "Driven",
    "Flux",
    "Neural",
    "Parameter",
    "Pool",
    "Process",
    "Quantity",
    "Trailing",
    "ecosystem",
    "respiration_q10",
]
