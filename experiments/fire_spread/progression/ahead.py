"""Forecasts from a mapped perimeter: fronts of members at later times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from data.errors import ModelError
from hybrid.fire.assimilation import Forecast, Simulator, simulator
from hybrid.fire.assimilation.runs import each
from hybrid.fire.assimilation.simulator import NOT_A_NUMBER
from hybrid.fire.spread import Front, Ignition, Scheme, from_perimeter

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
    fire: TimedFire, k: int, values: Mapping[str, Any], seconds: Any, scheme: Scheme
) -> Forecast:
    """Fronts of all members at increasing times after perimeter ``k``.

    Raises:
        ModelError: a member that needs more steps than the scheme allows.
    """
    clock = np.asarray(seconds, float)
    shared = simulator_from(fire, k, scheme), jnp.asarray(clock, jnp.float32)
    found = each(_ahead, shared, dict(values), None, THREADS)
    if not np.isfinite(found.level).all():
        raise ModelError(NOT_A_NUMBER, f"fire '{fire.name}', forecast", "raise progression.max_steps")
    return Forecast(clock, found.level, found.arrival, fire.grid.width)


def _ahead(shared: Any, member: Mapping[str, Any]) -> Front:
    found = shared[0](member, shared[1])
    return Front(found.level, found.arrival[-1])


__all__ = ["forecast_from", "simulator_from"]
