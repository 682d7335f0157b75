"""Ecosystem respiration by a base rate and a temperature response (Q10)."""

from __future__ import annotations

from .declare import Parameter, Quantity
from .laws.carbon import q10_response
from .laws.radiation import mean_temperature
from .process import Process


def _respiration(base_respiration, temperature_response):
    return base_respiration * temperature_response


def respiration_q10(forcing: tuple[str, ...] = ("tas_min", "tas_max")) -> Process:
    """Respiration = base x Q10^((T - 15 degC) / 10 K) [@lloyd1994] [@reichstein2022].

    The base rate [gC m-2 d-1] is a parameter, to be given the role dynamic with a network of anything but
    what the response carries. ``forcing`` names the series that the panel must hold, those networks read
    among them.
    """
    return Process(
        name="respiration_q10",
        forcing=forcing,
        attributes=(),
        parameters=(
            Parameter("q10", 2.0, 0.4, 5.0, "1", "Q10 of respiration", "lloyd1994"),
            Parameter(
                "base_respiration", 3.0, 0.01, 20.0, "g m-2 d-1", "respiration at 15 degC", "lloyd1994"
            ),
        ),
        pools=(),
        quantities=(
            Quantity("tas", mean_temperature, "degC", "mean air temperature"),
            Quantity("temperature_response", q10_response, "1", "temperature response"),
        ),
        fluxes=(),
        observables=(Quantity("reco", _respiration, "g m-2 d-1", "ecosystem respiration, as carbon"),),
    )
