"""Moisture of dead fuel as a process: trailing means of what the air and the rain of each day tend to."""

from __future__ import annotations

from ...process.declare import Parameter, Quantity, Trailing
from ...process.laws.radiation import mean_temperature
from ...process.laws.shapes import at_most
from ...process.process import Process
from .equilibrium import simard_equilibrium
from .timelag import hundred_hour_boundary

HOURS = 24.0


def _rain_hours(pr, rain_rate):
    """Hours of rain in a day [h], at most 8 [@cohen1985national]."""
    return at_most(pr / rain_rate, 8.0)


def fuel_moisture(forcing: tuple[str, ...] = ("tas_min", "tas_max", "hurs", "pr")) -> Process:
    """Moisture of 10-h, 100-h and 1000-h dead fuel by time lags, daily [@fosberg1971derivation; @cohen1985national].

    Each follows the day's boundary: the equilibrium of mean temperature and humidity, raised by hours of rain. Time
    lags and the rate of rain are parameters, to be learned as any other's. ``forcing`` names the series of the panel.
    """
    source = "fosberg1971derivation"
    return Process(
        name="fuel_moisture",
        forcing=forcing,
        attributes=(),
        parameters=(
            Parameter("timelag_10h", 10.0 / HOURS, 0.1, 2.0, "d", "time lag of 10-h fuel", source),
            Parameter("timelag_100h", 100.0 / HOURS, 1.0, 15.0, "d", "time lag of 100-h fuel", source),
            Parameter("timelag_1000h", 1000.0 / HOURS, 10.0, 150.0, "d", "time lag of 1000-h fuel", source),
            Parameter(
                "rain_rate",
                1.27,
                0.3,
                10.0,
                "mm h-1",
                "rain rate that hours of rain are counted by",
                "cohen1985national",
            ),
        ),
        pools=(),
        quantities=(
            Quantity("tas", mean_temperature, "degC", "mean air temperature"),
            Quantity("equilibrium", simard_equilibrium, "1", "equilibrium moisture content"),
            Quantity("rain_hours", _rain_hours, "h", "hours of rain"),
            Quantity("boundary", hundred_hour_boundary, "1", "moisture that the day tends to"),
        ),
        trailing=tuple(
            Trailing(f"lagged_{name}", "boundary", f"timelag_{name}", "1", f"moisture of {name} fuel")
            for name in ("10h", "100h", "1000h")
        ),
        fluxes=(),
        observables=(
            Quantity("fm1", _same, "1", "moisture of 1-h fuel", {"value": "equilibrium"}),
            Quantity("fm10", _same, "1", "moisture of 10-h fuel", {"value": "lagged_10h"}),
            Quantity("fm100", _same, "1", "moisture of 100-h fuel", {"value": "lagged_100h"}),
            Quantity("fm1000", _same, "1", "moisture of 1000-h fuel", {"value": "lagged_1000h"}),
        ),
    )


def _same(value):
    return value


__all__ = ["fuel_moisture"]
