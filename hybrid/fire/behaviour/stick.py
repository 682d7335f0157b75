"""Moisture of a wooden stick: water diffuses along its radius, driven by the temperature and humidity of its surface.

After Nelson's fuel-stick model [@nelson2000prediction], for wood below fibre saturation: bound water and hindered
vapour diffuse, sun and sky warm the surface. Nelson's liquid water in the pores is left out: rain holds the surface at
a greatest moisture instead. Transfers by radius are those by which the National Fire Danger Rating System runs it for
sticks of all sizes [@carlson2007evaluation].
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ...process.laws.radiation import air_pressure, saturation_vapour_pressure
from ..safe import safe_power
from .equilibrium import nelson_equilibrium

Value = Float[Array, "..."]
Rings = Float[Array, "... ring"]

KELVIN = 273.15
GAS = 8.314
"""[J mol-1 K-1]"""
WATER = 0.018
"""Molar mass of water [kg mol-1]."""
CALORIE = 4.184
"""[J]"""
_COEFFICIENT = CALORIE * 1e4 / 3600.0
"""Heat transfer of 1 cal cm-2 h-1 K-1 [W m-2 K-1]."""
_TRANSFER = 1e-2 / 3600.0
"""Mass transfer of 1 cm h-1 [m s-1]."""
SUN_ON_STICK = _COEFFICIENT / 94.743
"""Share of global radiation that heats the stick's surface [1] [@nelson2000prediction]."""
HUMID = 0.99
"""Humidity at fibre saturation [1] [@nelson2000prediction]."""

THERMAL_DIFFUSIVITY = 8.0e-4 / 3600.0
"""Of wood [m2 s-1] [@nelson2000prediction]."""


class Stick(NamedTuple):
    """A stick: its size, wood and surface.

    Attributes:
        radius: radius [m]; 2, 6.4 and 20 mm for 1-h, 10-h and 100-h fuel [@carlson2007evaluation].
        density: dry density of the wood [kg m-3].
        desorption: mass transfer of the drying surface [m s-1].
        wettest: moisture of the surface in rain [1].
    """

    radius: Value | float
    density: Value | float = 400.0
    desorption: Value | float = 0.06 * _TRANSFER
    wettest: Value | float = 0.6


class State(NamedTuple):
    """Moisture [1] and temperature [degC] of a stick's rings, last axis from the core outwards."""

    moisture: Rings
    temperature: Rings


class Air(NamedTuple):
    """Weather at a stick: ``tas`` [degC], ``hurs`` [%], global radiation ``rsds`` [W m-2], rain ``pr`` [mm h-1]."""

    tas: Value
    hurs: Value
    rsds: Value
    pr: Value


def heat_transfer(radius: Value) -> Value:
    """Heat transfer of the surface by air [W m-2 K-1].

    0.2195 + 0.0526 r^-2.5 cal cm-2 h-1 K-1, r in cm.
    """
    return _COEFFICIENT * (0.2195 + 0.0526 * safe_power(100.0 * radius, -2.5))


def adsorption(radius: Value) -> Value:
    """Mass transfer of the wetting surface [m s-1]: 0.06 + 0.006126 r^-2.6 cm h-1, r in cm."""
    return _TRANSFER * (0.06 + 0.006126 * safe_power(100.0 * radius, -2.6))


def latent_heat(temperature: Value) -> Value:
    """Latent heat of vaporisation [J mol-1] at a temperature [degC] [@nelson2000prediction].

    13550 - 10.22 T cal mol-1, T in K.
    """
    return CALORIE * (13550.0 - 10.22 * (temperature + KELVIN))


def sorption_heat(moisture: Value) -> Value:
    """Differential heat of sorption [J mol-1]: 5040 exp(-14 m) cal mol-1 [@nelson2000prediction]."""
    return CALORIE * 5040.0 * jnp.exp(-14.0 * moisture)


def surface_temperature(air: Air, radius: Value) -> Value:
    """Temperature of the surface [degC] by sun, sky, air and evaporation [@nelson2000prediction].

    The sky is at 6 degC by day and 3 degC by night.
    """
    day = air.rsds > 0.0
    sky, by_sky = jnp.where(day, 6.0, 3.0), _COEFFICIENT * jnp.where(day, 0.116171, 0.112467)
    by_air = heat_transfer(radius)
    warmer = (SUN_ON_STICK * air.rsds - by_sky * (air.tas - sky)) / (by_sky + by_air)
    ratio = 0.622 * (0.7 / 0.58) ** 0.667 * 0.000772 / (0.24 * 18.0 * CALORIE)
    by_vapour = by_air * ratio * latent_heat(air.tas + warmer)
    return air.tas + warmer * (1.0 - by_vapour / (by_sky + by_air + by_vapour))


def surface_humidity(air: Air, temperature: Value, moisture: Value, pressure: Value) -> Value:
    """Relative humidity at a surface of a temperature [degC] [1], at most 0.99 [@nelson2000prediction].

    Vapour pressure of the air, and what heat from the air evaporates: 0.000772 P (Ta - T) q / (q + qs).
    """
    latent, bound = latent_heat(temperature), sorption_heat(moisture)
    vapour = 0.01 * air.hurs * saturation_vapour_pressure(air.tas)
    vapour = vapour + 0.000772 * pressure * (air.tas - temperature) * latent / (latent + bound)
    return jnp.clip(vapour / saturation_vapour_pressure(temperature), 0.001, HUMID)


def diffusivity(moisture: Value, temperature: Value, density: Value | float, pressure: Value) -> Value:
    """Diffusivity of water in wood [m2 s-1], bound in cell walls and vapour in lumens [@nelson2000prediction].

    Moisture beyond fibre saturation counts as saturated.

    Args:
        moisture: local moisture [1].
        temperature: local temperature [degC].
        density: dry density of the wood [kg m-3].
        pressure: air pressure [kPa].
    """
    c, d = 0.1617 - 0.001419 * temperature, 0.4657 + 0.003578 * temperature
    saturated = c * (-jnp.log(1.0 - HUMID)) ** d
    m = jnp.clip(moisture, 1e-3, saturated)
    kelvin = temperature + KELVIN
    volume = m / (1.3 - 0.64 * m)
    adsorbed = volume / (0.685 + volume)
    walls = (0.685 + volume) / (1000.0 / density + volume)
    whole_wood = 1.0 / ((1.0 - jnp.sqrt(1.0 - walls)) * walls)
    heat = CALORIE * (7.22 + 0.002374 * kelvin + 2.67e-7 * kelvin**2) * kelvin
    activation = (latent_heat(temperature) + sorption_heat(m) - heat) / 1.2
    bound = 0.0985e-4 / (2.0 - adsorbed) * whole_wood * jnp.exp(-activation / (CALORIE * 1.987 * kelvin))
    part = safe_power(m / c, 1.0 / d)
    humidity_by_moisture = jnp.exp(-part) * part / (d * m)
    in_air = 0.22e-4 * (101.325 / pressure) * safe_power(kelvin / KELVIN, 1.75)
    dense = 1000.0 * saturation_vapour_pressure(temperature) * WATER / (GAS * kelvin)
    return bound + 0.016 * (1.0 - walls) * in_air * dense * humidity_by_moisture / density


def mean_moisture(moisture: Rings) -> Value:
    """Moisture of a whole stick [1]: its rings weighted by their volume."""
    rings = moisture.shape[-1]
    inner = jnp.arange(rings) / rings
    return (moisture * ((inner + 1.0 / rings) ** 2 - inner**2)).sum(axis=-1)


def radial_step(
    values: Rings, diffusivity: Rings, target: Value, transfer: Value, radius: Value, time: Value | float
) -> Rings:
    """Values of a cylinder's rings after a time [s] of diffusion, by one implicit step of finite volumes.

    The surface exchanges ``transfer`` [m s-1] x (target - surface). First order in time, second in space; what the
    rings gain is what crosses the surface.

    Args:
        values: of the rings, from the core outwards, last axis.
        diffusivity: of the rings [m2 s-1].
        target: what the surface tends to.
        transfer: transfer of the surface [m s-1].
        radius: of the cylinder [m].
        time: length of the step [s].
    """
    rings = values.shape[-1]
    width = radius / rings
    edge = jnp.arange(1, rings) * width[..., None]
    outer = jnp.arange(1, rings + 1) * width[..., None]
    volume = 0.5 * (outer**2 - (outer - width[..., None]) ** 2) / time
    between = 2.0 / (1.0 / diffusivity[..., 1:] + 1.0 / diffusivity[..., :-1])
    inner = edge * between / width[..., None]
    surface = radius / (1.0 / transfer + 0.5 * width / diffusivity[..., -1])
    none = jnp.zeros_like(surface)[..., None]
    below = jnp.concatenate([none, inner], axis=-1)
    above = jnp.concatenate([inner, none], axis=-1)
    diagonal = volume + below + above
    diagonal = diagonal.at[..., -1].add(surface)
    right = volume * values
    right = right.at[..., -1].add(surface * target)
    return jax.lax.linalg.tridiagonal_solve(-below, diagonal, -above, right[..., None])[..., 0]


def stick_step(
    stick: Stick, state: State, air: Air, pressure: Value, time: float = 3600.0, steps: int = 6
) -> State:
    """State of a stick after a time [s] of constant weather, in implicit steps.

    Args:
        stick: size, wood and surface.
        state: moisture and temperature of its rings.
        air: weather.
        pressure: air pressure [kPa].
        time: how long [s].
        steps: number of steps in that time.
    """
    radius = jnp.broadcast_to(jnp.asarray(stick.radius, state.moisture.dtype), state.moisture.shape[:-1])
    step = time / steps
    outside = surface_temperature(air, radius)
    conduct = jnp.full_like(state.temperature, THERMAL_DIFFUSIVITY)
    raining = air.pr > 0.0

    def one(_: int, now: State) -> State:
        skin = now.moisture[..., -1]
        humidity = surface_humidity(air, outside, skin, pressure)
        target = jnp.where(raining, stick.wettest, nelson_equilibrium(outside, 100.0 * humidity))
        transfer = jnp.where(skin > target, stick.desorption, adsorption(radius))
        transfer = jnp.where(raining, stick.desorption, transfer)
        flow = diffusivity(now.moisture, now.temperature, stick.density, pressure)
        return State(
            radial_step(now.moisture, flow, target, transfer, radius, step),
            radial_step(now.temperature, conduct, outside, jnp.asarray(1.0), radius, step),
        )

    return jax.lax.fori_loop(0, steps, one, state)


def stick_series(
    stick: Stick, start: State, air: Air, elevation: Value | float = 0.0, time: float = 3600.0, steps: int = 6
) -> tuple[Float[Array, "time ..."], State]:
    """Mean moisture [1] of a stick at the end of each step of a weather series, (time, ...), and its last state.

    Args:
        stick: size, wood and surface.
        start: state at the start.
        air: weather, each field (time, ...).
        elevation: height above sea level [m].
        time: length of the series' steps [s].
        steps: implicit steps in each.
    """
    pressure = air_pressure(jnp.asarray(elevation, start.moisture.dtype))

    def one(state: State, now: Air) -> tuple[State, Value]:
        new = stick_step(stick, state, now, pressure, time, steps)
        return new, mean_moisture(new.moisture)

    last, means = jax.lax.scan(one, start, air)
    return means, last


def uniform(moisture: Value, temperature: Value, rings: int = 11) -> State:
    """State of a stick that is of one moisture [1] and temperature [degC] throughout."""
    whole = jnp.ones(rings)
    return State(moisture[..., None] * whole, temperature[..., None] * whole)


__all__ = [
    "Air",
    "State",
    "Stick",
    "adsorption",
    "diffusivity",
    "heat_transfer",
    "mean_moisture",
    "radial_step",
    "stick_series",
    "stick_step",
    "surface_humidity",
    "surface_temperature",
    "uniform",
]
