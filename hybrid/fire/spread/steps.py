"""How many steps each interval of weather takes, so that no front crosses more than a share of a cell in one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int

from data.errors import ConfigError

from .passage import Wave


@dataclass(frozen=True)
class Scheme:
    """How the front is advanced.

    Attributes:
        order: of the slopes: 2 (essentially non-oscillatory) or 1 (monotone).
        stages: of the Runge-Kutta step whose total variation diminishes: 2 or 3 (1 is Euler's).
        courant: share of a cell that the fastest ray may cross in a step, summed over both directions.
        max_steps: most steps of a run; more are an error.
        checkpoints: states kept for the gradient, or None for as many as steps; the fewer, the more is computed again.
        adjoint: "sweep", which goes back over the steps by hand-written rules, or "diffrax", diffrax's loop and its
            recursive checkpoints: the same numbers in several times the time.
        between: rates between two weather times: "linear", or "hold" for those of the earlier one; those of the last
            time are then of no use and may be left out.
    """

    order: Literal[1, 2] = 2
    stages: Literal[1, 2, 3] = 2
    courant: float = 0.7
    max_steps: int = 1024
    checkpoints: int | None = None
    adjoint: Literal["sweep", "diffrax"] = "sweep"
    between: Literal["linear", "hold"] = "linear"

    def __post_init__(self) -> None:
        if self.order not in (1, 2):
            raise ConfigError(f"no slopes of order {self.order}", "Scheme", "choose order 1 or 2")
        if self.stages not in (1, 2, 3):
            raise ConfigError(f"no step of {self.stages} stages", "Scheme", "choose 1, 2 or 3 stages")
        if not 0.0 < self.courant <= 1.0:
            raise ConfigError(
                f"the Courant number {self.courant} is not in (0, 1]", "Scheme", "choose e.g. 0.7"
            )
        if self.max_steps < 1:
            raise ConfigError(f"max_steps is {self.max_steps}", "Scheme", "allow one step or more")
        if self.checkpoints is not None and self.checkpoints < 1:
            raise ConfigError(f"{self.checkpoints} checkpoints", "Scheme", "keep one or more, or None")
        if self.adjoint not in ("sweep", "diffrax"):
            raise ConfigError(f"unknown adjoint {self.adjoint!r}", "Scheme", "choose 'sweep' or 'diffrax'")
        if self.between not in ("linear", "hold"):
            raise ConfigError(
                f"unknown interpolation {self.between!r}", "Scheme", "choose 'linear' or 'hold'"
            )


def fastest(wave: Wave) -> Float[Array, ...]:
    """Greatest rate of the rays along columns and rows, summed, over the last axis."""
    beta = wave.flank * wave.flank
    x = jnp.abs(wave.along) + jnp.sqrt(beta + wave.along * wave.along)
    y = jnp.abs(wave.down) + jnp.sqrt(beta + wave.down * wave.down)
    return jnp.max(x + y, axis=-1)


def step_counts(scheme: Scheme, edges: Float[Array, " time"], wave: Wave) -> Int[Array, " interval"]:
    """Steps in each interval between ``edges`` [s]: its duration over the time to cross ``courant`` cells.

    This is the condition of Courant, Friedrichs and Lewy [@courant1928]. A number of steps does not change
    smoothly with anything, so that it has no derivative.

    Args:
        scheme: Courant number and kind of interpolation.
        edges: beginning of each interval and end of the last.
        wave: rates at the weather times, (time, size) [cells s-1].
    """
    rate = lax.stop_gradient(fastest(wave))
    most = jnp.maximum(rate[:-1], rate[1:]) if scheme.between == "linear" else rate[: edges.shape[0] - 1]
    span = lax.stop_gradient(jnp.diff(edges))
    # a bound in doubles of 2^30 keeps a rate that is not a number from becoming an odd count
    wanted = jnp.ceil(span * most / scheme.courant - 1e-4)
    wanted = jnp.where(jnp.isfinite(wanted), jnp.clip(wanted, 0.0, 2.0**30), 2.0**30)
    return jnp.where(span > 0.0, jnp.maximum(wanted, 1.0), 0.0).astype(jnp.int32)


class Table(NamedTuple):
    """The steps of a run one by one, as many as ``max_steps``; those beyond the run have a duration of zero.

    Attributes:
        count: steps that are taken.
        interval: between which weather times each step lies, (step,).
        start: [s], (step,).
        duration: [s], (step,).
        share: of the way between the weather times at the middle of the step [1], (step,).
    """

    count: Int[Array, ""]
    interval: Int[Array, " step"]
    start: Float[Array, " step"]
    duration: Float[Array, " step"]
    share: Float[Array, " step"]


def tabulate(
    scheme: Scheme,
    times: Float[Array, " time"],
    edges: Float[Array, " time"],
    counts: Int[Array, " interval"],
) -> Table:
    """Steps of equal duration in each interval; differentiable by the times.

    Args:
        scheme: greatest number of steps.
        times: weather times [s].
        edges: the same, cut at beginning and end of the run.
        counts: steps in each interval.
    """
    ends = jnp.cumsum(counts)
    index = jnp.arange(scheme.max_steps)
    interval = jnp.clip(jnp.searchsorted(ends, index, side="right"), 0, counts.shape[0] - 1)
    within = (index - (ends - counts)[interval]).astype(times.dtype)
    duration = (jnp.diff(edges) / jnp.maximum(counts, 1))[interval]
    start = edges[interval] + within * duration
    share = (start + 0.5 * duration - times[interval]) / jnp.diff(times)[interval]
    if scheme.between == "hold":
        share = jnp.zeros_like(share)
    return Table(ends[-1], interval, start, jnp.where(index < ends[-1], duration, 0.0), share)


__all__ = ["Scheme", "Table", "fastest", "step_counts", "tabulate"]
