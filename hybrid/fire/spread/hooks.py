"""What the fire was like where it passed: fields at the time of arrival, and how fast the front went."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..safe import safe_sqrt


def at_arrival(
    values: Float[Array, "time y x"], times: Float[Array, " time"], arrival: Float[Array, "*lead y x"]
) -> Float[Array, "*lead y x"]:
    """A field (flame length, intensity) at the time the front passed; not a number where it did not.

    Args:
        values: at the weather times, in any unit.
        times: weather times [s].
        arrival: [s], infinite where the front did not pass.
    """
    passed = jnp.isfinite(arrival)
    time = jnp.clip(jnp.where(passed, arrival, times[0]), times[0], times[-1])
    k = jnp.clip(jnp.searchsorted(times, time, side="right") - 1, 0, times.shape[0] - 2)
    share = (time - times[k]) / (times[k + 1] - times[k])
    rows, columns = jnp.indices(values.shape[1:])
    found = (1.0 - share) * values[k, rows, columns] + share * values[k + 1, rows, columns]
    return jnp.where(passed, found, jnp.nan)


def front_rate(arrival: Float[Array, "y x"], width: float) -> Float[Array, "y x"]:
    """Rate of the front along its normal where it passed [m s-1]: one over the slope of the arrival time.

    The greater of the one-sided slopes to cells that burned earlier is taken [@rouy1992viscosity]. Intensity and
    flame length of flanks follow from it by the share of the head's rate [@catchpole1982fire]. Not a number
    where there is no slope.
    """
    padded = jnp.pad(arrival, 1, constant_values=jnp.inf)
    here = jnp.where(jnp.isfinite(arrival), arrival, 0.0)

    def fall(one: Array, other: Array) -> Array:
        first = jnp.where(jnp.isfinite(one), here - jnp.where(jnp.isfinite(one), one, 0.0), 0.0)
        second = jnp.where(jnp.isfinite(other), here - jnp.where(jnp.isfinite(other), other, 0.0), 0.0)
        return jnp.maximum(jnp.maximum(first, second), 0.0) / width

    p = fall(padded[1:-1, :-2], padded[1:-1, 2:])
    q = fall(padded[:-2, 1:-1], padded[2:, 1:-1])
    steep = safe_sqrt(p * p + q * q)
    held = jnp.isfinite(arrival) & (steep > 0.0)
    return jnp.where(held, 1.0 / jnp.where(held, steep, 1.0), jnp.nan)


__all__ = ["at_arrival", "front_rate"]
