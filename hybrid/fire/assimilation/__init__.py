"""Timed perimeters assimilated into the spread of a fire: gradient, ensemble and full posterior on one model.

Unknowns are factors on wind, moisture and rates, offsets of wind direction, in pieces of time or by place; the data
are mapped perimeters. The user gives the physics as a function from values of the parameters to rates of spread::

    wind, turn = Parameter("wind", 1.0, 0.3), Parameter("turn", 0.0, 0.2, "real")
    parameters = (wind, turn, Parameter("rate", 1.0, 0.4, shape=(4,)))  # one rate per class of fuel

    def rates(values):  # Wave at the weather times, (time, y, x)
        head = values["rate"][fuel_class] * head_of(values["wind"] * speed)
        return wave_of(Ellipse(head, slim, towards + values["turn"]), grid.north_first)

    simulate = simulator(grid, times, rates, Perimeter(0.0, burned_at_first, 100.0), burnable=burnable)
    problem = Problem(parameters, simulate, (Perimeter(3600.0, burned_then, 100.0),), grid)

    mode = map_estimate(problem)  # adjoint and Gauss-Newton
    members = ensemble_kalman(problem, key, members=100)  # no gradient
    samples = posterior(problem, key, estimate=mode)  # numpyro

    ahead = forecast(problem, mode.draws(key, 50), [7200.0], start=problem.perimeters[-1])
    chance = ahead.probability()[0]
    brier(chance, burned_later, where=~burned_then & burnable)
"""

from .ahead import Forecast, forecast
from .coarse import CoarseField
from .gradient import Estimate, map_estimate
from .kalman import Ensemble, Localisation, ensemble_kalman
from .misfit import Misfit, front_distance
from .perimeter import Perimeter
from .pieces import in_time
from .prior import Parameter, draw, flatten, log_prior, unflatten
from .problem import Problem
from .recalibration import Recalibration, recalibrate
from .sampling import Samples, posterior
from .score import Reliability, brier, dice, new_growth, reliability
from .simulator import Simulator, simulator

__all__ = [
    "CoarseField",
    "Ensemble",
    "Estimate",
    "Forecast",
    "Localisation",
    "Misfit",
    "Parameter",
    "Perimeter",
    "Problem",
    "Recalibration",
    "Reliability",
    "Samples",
    "Simulator",
    "brier",
    "dice",
    "draw",
    "ensemble_kalman",
    "flatten",
    "forecast",
    "front_distance",
    "in_time",
    "log_prior",
    "map_estimate",
    "new_growth",
    "posterior",
    "recalibrate",
    "reliability",
    "simulator",
    "unflatten",
]
