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
    calibration(chance, burned_later, ~burned_then & burnable, side=10).held  # with blocks of 10 x 10 cells

Of a mapped perimeter a part burns on, and the rest lights nothing: :func:`edge_of`, :func:`fit_activity` and ``lit`` of
:func:`forecast` learn and draw it (see :mod:`hybrid.fire.assimilation.activity`).
"""

from .activity import PRIOR, Activity, Watched, fit_activity, watch
from .ahead import Forecast, forecast, from_part
from .calibration import Calibration, calibration
from .coarse import CoarseField
from .edge import Edge, edge_of
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
from .starts import Start, begun_at, starts_of

__all__ = [
    "PRIOR",
    "Activity",
    "Calibration",
    "CoarseField",
    "Edge",
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
    "Start",
    "Watched",
    "begun_at",
    "brier",
    "calibration",
    "dice",
    "draw",
    "edge_of",
    "ensemble_kalman",
    "fit_activity",
    "flatten",
    "forecast",
    "from_part",
    "front_distance",
    "in_time",
    "log_prior",
    "map_estimate",
    "new_growth",
    "posterior",
    "recalibrate",
    "reliability",
    "simulator",
    "starts_of",
    "unflatten",
    "watch",
]
