"""What trees and the network are told of each cell-month, from the same windows that the hybrid reads."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .danger import deep_code, raw_drivers
from .windows import Windows

NAMES = (
    "climatology",
    "season sine",
    "season cosine",
    "drought code",
    "deep dryness",
    "curing",
    "wind",
    "sun",
    "fires of the last year",
    "temperature",
    "temperature, two months before",
    "rain",
    "rain, two months before",
    "rain, half a year before",
    "high vegetation",
    "low vegetation",
    "burnable share",
)


@jax.jit
def features(w: Windows) -> Float[Array, "time cell feature"]:
    """Features of `NAMES`: departures from the normal of the month, except climatology, season, code and cover."""
    shape = w.base.shape
    drivers = raw_drivers(w)
    warm = w.tas - w.normal_tas[w.month]
    wet = jnp.sqrt(w.pr) - jnp.sqrt(w.normal_pr)[w.month]
    columns = [
        w.base,
        jnp.broadcast_to(w.season[:, :1], shape),
        jnp.broadcast_to(w.season[:, 1:], shape),
        deep_code(w.tas, w.pr, w.days, w.factor) / 100.0,
        drivers.deep / 100.0,
        drivers.fine / 100.0,
        drivers.wind,
        drivers.sun,
        w.recent,
        warm[..., -1],
        warm[..., -3:-1].mean(-1),
        wet[..., -1],
        wet[..., -3:-1].mean(-1),
        wet[..., -9:-3].mean(-1),
        *(jnp.broadcast_to(w.cover[:, i], shape) for i in range(w.cover.shape[1])),
    ]
    return jnp.stack(columns, axis=-1)
