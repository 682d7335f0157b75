"""Parameters that change in time: one value for each piece, read at the weather times."""

from __future__ import annotations

from typing import Any, Literal

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from data.errors import ConfigError


def in_time(
    values: Float[Array, " piece *rest"],
    knots: Any,
    times: Any,
    kind: Literal["step", "linear"] = "step",
) -> Float[Array, " time *rest"]:
    """Values at the weather times of a parameter given in pieces of time.

    Args:
        values: of the pieces.
        knots: beginning of each piece ("step"; the first also holds before), or the time of each value ("linear"),
            beyond which it is constant [s].
        times: weather times [s].
        kind: "step" or "linear".

    Raises:
        ConfigError: knots that do not increase or are not as many as the values.
    """
    where = np.asarray(knots, float)
    if kind not in ("step", "linear"):
        raise ConfigError(f"unknown kind {kind!r}", "in_time", "choose 'step' or 'linear'")
    if where.ndim != 1 or where.size != values.shape[0]:
        raise ConfigError(
            f"there are {where.size} knots for {values.shape[0]} pieces", "in_time", "give one per piece"
        )
    if not np.isfinite(where).all() or (np.diff(where) <= 0.0).any():
        raise ConfigError("the knots do not increase", "in_time", "sort them")
    if where.size == 1:
        return jnp.broadcast_to(values[0], (len(times), *values.shape[1:]))
    clock = np.asarray(times, float)
    if kind == "step":
        return values[np.maximum(np.searchsorted(where, clock, side="right") - 1, 0)]
    k = np.clip(np.searchsorted(where, clock, side="right") - 1, 0, where.size - 2)
    share = np.clip((clock - where[k]) / (where[k + 1] - where[k]), 0.0, 1.0)
    share = jnp.asarray(share, values.dtype).reshape(-1, *([1] * (values.ndim - 1)))
    return (1.0 - share) * values[k] + share * values[k + 1]


__all__ = ["in_time"]
