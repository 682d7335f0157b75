"""Forecasts from a mapped perimeter: fronts of members at later times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from data.errors import ModelError
from hybrid.fire.assimilation import Forecast, Simulator, from_part, simulator, starts_of
from hybrid.fire.assimilation.runs import each
from hybrid.fire.assimilation.simulator import NOT_A_NUMBER
from hybrid.fire.spread import Ignition, Scheme, from_perimeter

from .forward import Rates
from .learn import THREADS
from .opening import TimedFire


def simulator_from(fire: TimedFire, k: int, scheme: Scheme) -> Simulator:
    """Spread from perimeter ``k``, of which what burned since the one before burns on."""
    gone = fire.gone(k)
    level = from_perimeter(fire.grid, fire.burned[k] & ~gone).level
    return simulator(
        fire.grid,
        fire.times,
        Rates(fire),
        Ignition(level, float(fire.seconds[k])),
        burnable=~gone & ~fire.outside,
        scheme=scheme,
    )


def forecast_from(
    fire: TimedFire, k: int, values: Mapping[str, Any], seconds: Any, scheme: Scheme, lit: Any = None
) -> Forecast:
    """Fronts of all members at increasing times after perimeter ``k``, each from its part of the run that burns on.

    ``lit`` is (member, y, x); all of the run burns on where it is not given.

    Raises:
        ModelError: a member that needs more steps than the scheme allows.
    """
    clock = np.asarray(seconds, float)
    shared = simulator_from(fire, k, scheme), jnp.asarray(clock, jnp.float32)
    run, number = fire.burned[k] & ~fire.gone(k), len(next(iter(values.values())))
    starts = starts_of(shared[0], run, run if lit is None else lit, number)
    found = each(from_part, shared, (dict(values), starts), None, THREADS)
    if not np.isfinite(found.level).all():
        raise ModelError(NOT_A_NUMBER, f"fire '{fire.name}', forecast", "raise progression.max_steps")
    return Forecast(clock, found.level, found.arrival, fire.grid.width)


__all__ = ["forecast_from", "simulator_from"]
