"""A learned factor on the rate of spread: positive, bounded, and one where it has seen nothing."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from data.errors import ConfigError, DataError

from ...networks.perceptron import Perceptron
from ..ellipse import Ellipse


class RateFactor(eqx.Module):
    """exp(log(bound) tanh(network) trust): between 1 / bound and bound, exactly one where trust is none.

    Trust is one inside the range of the training features and falls as a Gaussian of the distance outside, in
    shares of the range of each feature (in its own unit where training held a single value), so that the model returns
    to physics where it would extrapolate.

    Attributes:
        network: perceptron of the standardised features; it starts near zero, at physics.
        low: least value of each feature in training, (feature,).
        high: greatest value.
        bound: greatest factor, above one.
        fade: share of a feature's range outside of which trust is lost (one standard deviation of the Gaussian).
    """

    network: Perceptron
    low: Float[Array, " feature"]
    high: Float[Array, " feature"]
    bound: float = eqx.field(static=True)
    fade: float = eqx.field(static=True)

    def __init__(
        self,
        features: Float[np.ndarray, "*sample feature"],
        *,
        key: PRNGKeyArray,
        bound: float = 4.0,
        width: int = 16,
        depth: int = 2,
        fade: float = 0.1,
    ) -> None:
        """Take the range of training features (..., feature).

        Raises:
            ConfigError: a bound of one or less, or a fade that is not above zero.
            DataError: features that are not numbers.
        """
        if not bound > 1.0:
            raise ConfigError(f"the bound {bound} leaves no room", "RateFactor", "give a factor above one")
        if not fade > 0.0:
            raise ConfigError(f"fade is {fade}", "RateFactor", "give a share of the range above zero")
        table = np.asarray(features, float).reshape(-1, np.shape(features)[-1])
        if not np.isfinite(table).all():
            raise DataError(
                "a training feature is not a number", "RateFactor", "leave out or fill such cells"
            )
        self.network = Perceptron(table.shape[1], 1, width, depth, key=key)
        self.low, self.high = jnp.asarray(table.min(axis=0)), jnp.asarray(table.max(axis=0))
        self.bound, self.fade = bound, fade

    def __call__(self, features: Float[Array, "*cell feature"]) -> Float[Array, "*cell"]:
        """Factor [1] of each cell."""
        span = jnp.where(self.high > self.low, self.high - self.low, 1.0)
        # outside, the network is asked for the nearest place inside
        held = jnp.clip(features, self.low, self.high)
        outside = (features - held) / (span * self.fade)
        trust = jnp.exp(-0.5 * jnp.sum(outside**2, axis=-1))
        raw = self.network(2.0 * (held - self.low) / span - 1.0)[..., 0]
        return jnp.exp(jnp.log(self.bound) * jnp.tanh(raw) * trust)


def scaled(rates: Ellipse, factor: Any) -> Ellipse:
    """Spread with its rate multiplied in every direction; the shape of the ellipse is kept."""
    return rates._replace(head=rates.head * factor)


__all__ = ["RateFactor", "scaled"]
