"""How far a simulated front is from a mapped one: differences of signed distances, cell by cell.

A cell's residual is the difference of its distances to the two fronts, each cut at ``clip``. While the fronts are
nearer than that, the sum of squares over the band of cells that see both is the square of their displacement, summed
along the line; beyond, it goes on growing in proportion to the area between them (as Huber's loss does
[@huber1964robust]), so that the gradient neither vanishes where simulation and map do not overlap nor lets one bad
stretch of line outweigh the rest. With a clip of half a cell it is the squared difference of burned parts of cells.

Neighbouring cells do not err independently: all cells of the band across the line see one displacement, and the line
errs alike over ``decorrelation`` metres. Each residual is therefore weighted so that the whole counts as many
independent points as lengths of decorrelation fit on the mapped line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from data.errors import ConfigError

from ..safe import safe_sqrt
from ..spread import Grid, from_perimeter, perimeter
from ..spread.slopes import FAR
from .perimeter import Perimeter

FLAT = 1e-3
"""Least slope of the level that a distance is taken by [1]."""
_length = jax.jit(perimeter)


@dataclass(frozen=True)
class Misfit:
    """What the distance between two fronts counts.

    Attributes:
        clip: distance from a front beyond which cells are alike [m]; the greater of three cells and twice the sd of
            the perimeter where it is not given.
        decorrelation: length along the line over which its errors are alike [m], the integral scale of their
            correlation (2.5 times the length of a Gaussian one); ten cells where it is not given. The posterior's
            width grows as its square root.
    """

    clip: float | None = None
    decorrelation: float | None = None

    def __post_init__(self) -> None:
        for name in ("clip", "decorrelation"):
            value = getattr(self, name)
            if value is not None and not (np.isfinite(value) and value > 0.0):
                raise ConfigError(f"{name} is {value} m", "Misfit", "give metres above zero")


class Observed(eqx.Module):
    """Mapped fronts as the simulation meets them.

    Attributes:
        times: of the perimeters [s].
        distance: signed, cut at the clip [m].
        scale: root of the weight of a cell over the sd of the line [m-1]; zero where nothing is mapped.
        clip: [m].
        effective: independent points of each mapped line [1].
        width: of a cell [m].
    """

    times: Float[Array, " k"]
    distance: Float[Array, "k y x"]
    scale: Float[Array, "k y x"]
    clip: Float[Array, " k"]
    effective: Float[Array, " k"]
    width: float = eqx.field(static=True)


def observe(perimeters: tuple[Perimeter, ...], grid: Grid, misfit: Misfit) -> Observed:
    """Mapped fronts of checked perimeters."""
    apart = misfit.decorrelation or 10.0 * grid.width
    distances, scales, clips, points = [], [], [], []
    for p in perimeters:
        clip = misfit.clip or max(3.0 * grid.width, 2.0 * p.sd)
        level = from_perimeter(grid, p.burned).level
        mapped = np.ones(grid.shape) if p.mapped is None else np.asarray(p.mapped, float)
        distances.append(np.clip(np.asarray(level), -clip, clip))
        # a band of 2 clip / width cells for each cell along the line, and decorrelation / width cells for each point
        scales.append(mapped * grid.width / np.sqrt(2.0 * clip * apart) / p.sd)
        clips.append(clip)
        points.append(float(_length(level, grid.width)) / apart)
    return Observed(
        jnp.asarray([float(p.time) for p in perimeters]),
        jnp.asarray(np.stack(distances)),
        jnp.asarray(np.stack(scales)),
        jnp.asarray(clips),
        jnp.asarray(points),
        grid.width,
    )


@jax.jit
def front_distance(level: Float[Array, "*lead y x"], width: float) -> Float[Array, "*lead y x"]:
    """Signed distance from the front [m] of a level that is none: level over its slope, good near the front.

    A level that spreads over uneven fuel steepens and flattens. Where a cell cannot burn it is as far as the level.
    """
    pad = [(0, 0)] * (level.ndim - 2)
    rows = jnp.pad(level, [*pad, (1, 1), (0, 0)], mode="edge")
    columns = jnp.pad(level, [*pad, (0, 0), (1, 1)], mode="edge")
    far = 0.5 * FAR * width
    p = _slope(level - columns[..., :-2], columns[..., 2:] - level, far, -1) / width
    q = _slope(level - rows[..., :-2, :], rows[..., 2:, :] - level, far, -2) / width
    return level / jnp.maximum(safe_sqrt(p * p + q * q), FLAT)


def _slope(before: Array, behind: Array, far: float, axis: int) -> Array:
    """Mean of the differences to the neighbours that there are and that can burn."""
    size = before.shape[axis]
    place = jnp.arange(size).reshape((size,) if axis == -1 else (size, 1))
    first = (jnp.abs(before) < far) & (place > 0)
    last = (jnp.abs(behind) < far) & (place < size - 1)
    total = jnp.where(first, before, 0.0) + jnp.where(last, behind, 0.0)
    return total / jnp.maximum(first.astype(total.dtype) + last, 1.0)


def residuals(observed: Observed, level: Float[Array, "k y x"]) -> Float[Array, "k y x"]:
    """Weighted differences of distances [1]; half their sum of squares is the misfit, minus the log likelihood."""
    clip = observed.clip[:, None, None]
    can = ~(level >= 0.5 * FAR * observed.width)  # a level that is not a number stays one
    distance = front_distance(level, observed.width)
    apart = jnp.clip(distance, -clip, clip) - observed.distance
    return observed.scale * jnp.where(can, apart, 0.0)


def misfit_of(observed: Observed, level: Any) -> Float[Array, ""]:
    """Half the sum of squares of the residuals [1]."""
    return 0.5 * jnp.sum(residuals(observed, level) ** 2)


__all__ = ["Misfit", "Observed", "front_distance", "misfit_of", "observe", "residuals"]
