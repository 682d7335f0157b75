"""Loss over several targets, each in units of its own variability at each site."""

from __future__ import annotations

from collections.abc import Mapping

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

VARIANCE_FLOOR = 1e-3


def site_variance(
    target: Float[np.ndarray, "time site"], mask: Bool[np.ndarray, "time site"]
) -> Float[np.ndarray, " site"]:
    """Variance of a target at each site over ``mask`` (training data only), the mean of all where unknown."""
    held = np.where(mask, target, np.nan)
    count = mask.sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(mask, target, 0.0).sum(0) / np.maximum(count, 1)
        var = np.where(mask, (target - mean) ** 2, 0.0).sum(0) / np.maximum(count, 1)
    del held
    known = (count >= 30) & (var > VARIANCE_FLOOR)
    typical = float(var[known].mean()) if known.any() else 1.0
    return np.where(known, var, typical)


def target_losses(
    simulated: Mapping[str, Float[Array, "time site"]],
    targets: Mapping[str, Float[Array, "time site"]],
    weights: Mapping[str, Float[Array, "time site"]],
    variance: Mapping[str, Float[Array, " site"]],
) -> dict[str, Float[Array, ""]]:
    """Mean over sites of squared error over variance, by target: one less the site's NSE [@kratzert2019].

    ``weights`` is zero where a target is missing or held out. Sites without any count for nothing.
    """
    out = {}
    for name, target in targets.items():
        w = weights[name]
        error = jnp.where(w > 0, simulated[name] - target, 0.0)
        count = w.sum(0)
        per_site = (w * error**2).sum(0) / jnp.maximum(count, 1.0) / variance[name]
        held = count > 0
        out[name] = jnp.where(held, per_site, 0.0).sum() / jnp.maximum(held.sum(), 1)
    return out
