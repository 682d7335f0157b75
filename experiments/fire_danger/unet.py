"""A small U-Net over the map of each month, the learned peer without equations."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float, PRNGKeyArray

from hybrid.networks import FlaxSlot

from .features import NAMES, features
from .windows import Windows


def neighbourhoods(x: Array) -> Array:
    """The 3 x 3 cells around each cell beside one another in the channels, zero beyond the edge."""
    rows, columns = x.shape[1:3]
    padded = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return jnp.concatenate([padded[:, i : i + rows, j : j + columns] for i in range(3) for j in range(3)], -1)


class UNet(nnx.Module):
    """Two scales of 3 x 3 convolutions with a skip between them [@ronneberger2015], on (map, row, column, channel).

    A convolution is a product of neighbourhoods with its weights, which on small maps is many times faster.
    """

    def __init__(self, inputs: int, width: int, rngs: nnx.Rngs) -> None:
        self.fine = nnx.Linear(9 * inputs, width, rngs=rngs)
        self.coarse = nnx.Linear(9 * width, 2 * width, rngs=rngs)
        self.join = nnx.Linear(9 * 3 * width, width, rngs=rngs)
        self.out = nnx.Linear(width, 1, kernel_init=nnx.initializers.zeros_init(), rngs=rngs)

    def __call__(self, x: Array) -> Array:
        """One channel of maps whose rows and columns are even."""
        fine = nnx.silu(self.fine(neighbourhoods(x)))
        maps, rows, columns, width = fine.shape
        pooled = fine.reshape(maps, rows // 2, 2, columns // 2, 2, width).mean((2, 4))
        coarse = nnx.silu(self.coarse(neighbourhoods(pooled)))
        up = jnp.repeat(jnp.repeat(coarse, 2, axis=1), 2, axis=2)
        return self.out(nnx.silu(self.join(neighbourhoods(jnp.concatenate([fine, up], axis=-1)))))


class Network(eqx.Module):
    """The U-Net on features of cells, laid out on their grid; the climatology's logit is its start."""

    slot: FlaxSlot
    rows: tuple[int, ...] = eqx.field(static=True)
    columns: tuple[int, ...] = eqx.field(static=True)
    shape: tuple[int, int] = eqx.field(static=True)

    def __init__(
        self,
        inside: np.ndarray,
        width: int,
        *,
        key: PRNGKeyArray,
    ) -> None:
        self.slot = FlaxSlot(UNet(len(NAMES) + 1, width, nnx.Rngs(key)))
        rows, columns = np.nonzero(inside)
        self.rows, self.columns = tuple(map(int, rows)), tuple(map(int, columns))
        self.shape = (inside.shape[0] + inside.shape[0] % 2, inside.shape[1] + inside.shape[1] % 2)

    def __call__(self, w: Windows) -> Float[Array, "time cell"]:
        """Logit of fire."""
        told = (features(w) - w.centre) / w.spread
        told = jnp.concatenate([told, jnp.ones_like(told[..., :1])], axis=-1)  # the last channel says: land
        rows, columns = np.array(self.rows), np.array(self.columns)
        maps = jnp.zeros((told.shape[0], *self.shape, told.shape[-1]), told.dtype)
        found = self.slot(maps.at[:, rows, columns].set(told))
        return w.base + found[:, rows, columns, 0]

    def chance(self, w: Windows) -> Float[Array, "time cell"]:
        """Chance of fire."""
        return jax.nn.sigmoid(self(w))

    def loss(self, w: Windows, burned: Array, use: Array, times: Array) -> Array:
        """Summed log loss of months, each counted so many times (time,), over cells that are in use."""
        logit = self(w)
        return (times[:, None] * use * (jax.nn.softplus(logit) - burned * logit)).sum()

    def penalty(self, w: Windows, ridge: Array | float, shrink: float) -> Array:
        """None: its weights decay in the optimiser."""
        del w, ridge, shrink
        return jnp.zeros(())
