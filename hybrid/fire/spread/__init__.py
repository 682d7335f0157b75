"""Spread of fire over a grid: a level set that gradients flow through."""

from .engine import propagate, wave_of
from .factor import RateFactor, scaled
from .fraction import area, burned_fraction, perimeter
from .grid import Grid
from .groups import spread_groups
from .hooks import at_arrival, front_rate
from .ignition import Ignition, along_line, at_points, from_perimeter, grown, in_polygon
from .output import to_dataset, write
from .passage import Wave
from .run import Landings, Spread, spread
from .spotting import Spotting
from .steps import Scheme
from .suppression import build_times
from .sweep import Front
from .windows import Window

__all__ = [
    "Front",
    "Grid",
    "Ignition",
    "Landings",
    "RateFactor",
    "Scheme",
    "Spotting",
    "Spread",
    "Wave",
    "Window",
    "along_line",
    "area",
    "at_arrival",
    "at_points",
    "build_times",
    "burned_fraction",
    "from_perimeter",
    "front_rate",
    "grown",
    "in_polygon",
    "perimeter",
    "propagate",
    "scaled",
    "spread",
    "spread_groups",
    "to_dataset",
    "wave_of",
    "write",
]
