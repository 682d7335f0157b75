"""The hybrid: a drought balance with learned constants, in a logistic link on the climatology, months in common."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from hybrid.bounds import to_bounded, to_raw
from hybrid.fire.index.monthly import mean_code, monthly_evapotranspiration, next_monthly_code
from hybrid.networks import Perceptron
from hybrid.process import Parameter

from .windows import Windows

DRYING = Parameter(
    "drying", 1.0, 0.5, 2.0, "1", "factor of the published drying of deep layers", "girardin2009"
)
RAIN = Parameter("rain_share", 0.83, 0.4, 1.2, "1", "share of rain that wets deep layers", "girardin2009")
MEMORY = Parameter(
    "memory", 0.6, 0.1, 0.95, "1", "share of a month's demand that counts in the next", "this study"
)
START = 300.0
"""Drought code a year before the target [1]; winters forget it."""
NODES, WEIGHTS = (a.astype(np.float32) for a in np.polynomial.hermite_e.hermegauss(9))
WEIGHTS = WEIGHTS / WEIGHTS.sum()
"""Gauss-Hermite quadrature of a standard normal: places and their weights, which sum to 1."""
COMMON = 0.6
"""Start of the standard deviation of what the months have in common on the logit."""


class Drivers(eqx.Module):
    """Departures from what is normal for the month, in standard deviations over the fit, (time, cell).

    Attributes:
        deep: dryness of deep layers, by the monthly drought code.
        fine: curing of fine fuel, by evaporative demand with a memory of months.
        wind: wind speed.
        sun: net solar radiation.
    """

    deep: Float[Array, "time cell"]
    fine: Float[Array, "time cell"]
    wind: Float[Array, "time cell"]
    sun: Float[Array, "time cell"]


@jax.jit
def deep_code(
    tas: Array,
    pr: Array,
    days: Array,
    factor: Array,
    drying: Array | float = 1.0,
    share: Array | float = 0.83,
) -> Array:
    """Monthly drought code [1] of the target (time, cell) from windows of weather."""

    def step(code, x):
        tas, pr, days, factor = x
        demand = drying * monthly_evapotranspiration(tas, factor, days)
        end = next_monthly_code(code, demand, pr * days, share)
        return end, mean_code(code, end)

    first = jnp.full(tas.shape[:2], START, tas.dtype)
    lags_first = [jnp.moveaxis(a, -1, 0) for a in (tas, pr, days, factor)]
    return jax.lax.scan(step, first, tuple(lags_first))[1][-1]


def curing(tas: Array, days: Array, factor: Array, memory: Array | float = MEMORY.default) -> Array:
    """Evaporative demand with memory [0.254 mm per month] (time, cell), under which grass and fine fuel cure.

    A mean over the window in which each month back counts `memory` times the one after it.
    """
    demand = monthly_evapotranspiration(tas, factor, days)
    weight = jnp.asarray(memory) ** jnp.arange(tas.shape[-1] - 1, -1, -1)
    return (demand * weight).sum(-1) / weight.sum()


@jax.jit
def raw_drivers(
    w: Windows,
    drying: Array | float = 1.0,
    share: Array | float = 0.83,
    memory: Array | float = MEMORY.default,
) -> Drivers:
    """Departures of dryness and wind in their own units."""
    days, factor = w.days[w.first], w.factor[w.first]
    normal = deep_code(w.normal_tas, w.normal_pr, days, factor, drying, share)
    deep = deep_code(w.tas, w.pr, w.days, w.factor, drying, share) - normal[w.month]
    cured = curing(w.tas, w.days, w.factor, memory) - curing(w.normal_tas, days, factor, memory)[w.month]
    return Drivers(deep, cured, w.wind - w.normal_wind, w.sun - w.normal_sun)


class Danger(eqx.Module):
    """Logit of fire: a + b climatology + g(fuel, season) (deep + fine + wind + sun) + recent fires + month in common.

    Climatology by month and cell is nested: without effects it is what remains, recalibrated. Dryness acts upwards by
    construction, for its effects are positive; the signs of wind, sun and the fires of the last year are learned. The
    sensitivity g is a perceptron between 0 and 2 that starts at 1: it says where and when weather matters.

    What all cells of a month share and no driver tells (people, wind of single days) is a normal effect of zero mean
    and learned spread, integrated out by quadrature [@breslow1993], so that the cells of a month do not count as so
    many independent witnesses of its weather, and chances are those of a month not seen yet.
    """

    level: Float[Array, ""]
    slope: Float[Array, ""]
    deep: Float[Array, ""]
    fine: Float[Array, ""]
    wind: Float[Array, ""]
    sun: Float[Array, ""]
    recent: Float[Array, ""]
    common: Float[Array, ""]
    drying: Float[Array, ""]
    share: Float[Array, ""]
    memory: Float[Array, ""]
    sensitivity: Perceptron

    def __init__(self, width: int, *, key: PRNGKeyArray) -> None:
        self.level, self.slope = jnp.zeros(()), jnp.ones(())
        self.deep = self.fine = jnp.asarray(-2.0)
        self.wind = self.sun = self.recent = jnp.zeros(())
        self.common = jnp.log(jnp.asarray(COMMON))
        self.drying = jnp.asarray(to_raw(DRYING, DRYING.default))
        self.share = jnp.asarray(to_raw(RAIN, RAIN.default))
        self.memory = jnp.asarray(to_raw(MEMORY, MEMORY.default))
        self.sensitivity = Perceptron(5, 1, width, 1, key=key)

    def constants(self) -> dict[str, Array]:
        """Physical constants and effects of one standard deviation on the logit, by name."""
        return {
            "drying": to_bounded(DRYING, self.drying),
            "rain_share": to_bounded(RAIN, self.share),
            "memory": to_bounded(MEMORY, self.memory),
            "deep": jax.nn.softplus(self.deep),
            "fine": jax.nn.softplus(self.fine),
            "wind": self.wind,
            "sun": self.sun,
            "recent": self.recent,
            "common": jnp.exp(self.common),
            "level": self.level,
            "slope": self.slope,
        }

    def drivers(self, w: Windows) -> Drivers:
        """Standardised departures with the learned constants."""
        named = self.constants()
        found = raw_drivers(w, named["drying"], named["rain_share"], named["memory"])
        return jax.tree.map(lambda a, s: a / s, found, Drivers(*w.scale))

    def weight(self, w: Windows) -> Array:
        """Sensitivity to weather g [1] (time, cell)."""
        shape = w.base.shape
        cover = jnp.broadcast_to(4.0 * (w.cover - 0.5), (*shape, 3))
        season = jnp.broadcast_to(w.season[:, None], (*shape, 2))
        return 2.0 * jax.nn.sigmoid(self.sensitivity(jnp.concatenate([cover, season], axis=-1))[..., 0])

    def __call__(self, w: Windows) -> Float[Array, "time cell"]:
        """Logit of fire in a month whose common effect is zero."""
        named, d = self.constants(), self.drivers(w)
        pushed = named["deep"] * d.deep + named["fine"] * d.fine + self.wind * d.wind + self.sun * d.sun
        return self.level + self.slope * w.base + self.weight(w) * pushed + self.recent * w.recent

    def given(self, w: Windows) -> Float[Array, "node time cell"]:
        """Chance of fire at each node of the months' common effect."""
        return jax.nn.sigmoid(self(w) + jnp.exp(self.common) * NODES[:, None, None])

    def chance(self, w: Windows) -> Float[Array, "time cell"]:
        """Chance of fire, the months' common effect integrated out."""
        return jnp.tensordot(WEIGHTS, self.given(w), 1)

    def loss(self, w: Windows, burned: Array, use: Array, times: Array) -> Array:
        """Negative log likelihood of months, each counted so many times (time,), over cells that are in use."""
        logit = self(w) + jnp.exp(self.common) * NODES[:, None, None]
        each = (use * (burned * logit - jax.nn.softplus(logit))).sum(-1)
        month = jax.nn.logsumexp(each + jnp.log(WEIGHTS)[:, None], axis=0)
        return -(times * month).sum()

    def penalty(self, w: Windows, ridge: Array | float, shrink: float) -> Array:
        """Penalty on effects, on the learned sensitivity and on constants away from the published ones."""
        named = self.constants()
        effects = named["deep"] ** 2 + named["fine"] ** 2 + self.wind**2 + self.sun**2 + self.recent**2
        away = jnp.log(named["drying"]) ** 2 + jnp.log(named["rain_share"] / RAIN.default) ** 2
        away += jnp.log(named["memory"] / MEMORY.default) ** 2 + (self.slope - 1.0) ** 2
        spread = jnp.log(named["common"] / COMMON) ** 2
        return ridge * effects + 20.0 * away + spread + shrink * ((self.weight(w) - 1.0) ** 2).mean()


def scales(w: Windows, fit: np.ndarray) -> Array:
    """Standard deviations of the departures (4,) over cell-months that fit, with the published constants."""
    spread = [np.asarray(a)[fit].std() for a in jax.tree.leaves(raw_drivers(w))]
    return jnp.maximum(jnp.asarray(np.array(spread), jnp.float32), 1e-6)
