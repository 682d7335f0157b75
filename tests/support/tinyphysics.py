"""Weather, values and small processes for tests of the physics."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jax.numpy as jnp
import numpy as np

import hybrid
from data import synthetic
from data.batches import Panel, pack
from hybrid.integrate.plan import Plan, make_plan
from hybrid.process import Flux, Parameter, Pool, Process, Quantity

FORCING = ("tas_min", "tas_max", "rsds", "vpd", "pr", "co2")
SITES = ("savanna", "boreal")


@lru_cache
def panel(years: int = 2) -> Panel:
    """Weather of a hot, seasonally dry site and a cold one; do not change its arrays."""
    return pack(synthetic.weather(SITES, years, seed=3), FORCING)


@lru_cache
def planned() -> Plan:
    """The ecosystem with every parameter constant."""
    return plan_of(hybrid.process.ecosystem())


def plan_of(process: Process) -> Plan:
    """Plan of a process whose parameters are constant."""
    return make_plan(process, {p.name: "static" for p in process.all_parameters})


def weather(dtype: Any, days: int | None = None) -> dict[str, Any]:
    """Forcing (time, site) and attributes (site,) of the ecosystem."""
    held = panel()
    process = planned().process
    series = {n: jnp.asarray(held.forcing[n][:days], dtype) for n in process.forcing}
    return series | {n: jnp.asarray(held.attributes[n], dtype) for n in process.attributes}


def defaults(process: Process, dtype: Any) -> dict[str, Any]:
    """Every parameter at its default."""
    return {p.name: jnp.asarray(p.default, dtype) for p in process.all_parameters}


def order(steps, errors) -> float:
    """Order of convergence: slope of log error on log step."""
    return float(np.polyfit(np.log(1.0 / np.asarray(steps)), np.log(errors), 1)[0])


def _first_loss(first, first_rate):
    return first_rate * first


def _second_loss(second, second_rate):
    return second_rate * second


def chain(first_rate: float = 2.0, second_rate: float = 0.7) -> Process:
    """Linear decay of one pool into another, which decays in turn."""
    return Process(
        name="chain",
        forcing=("clock",),
        attributes=(),
        parameters=(
            Parameter("first_rate", first_rate, 1e-4, 10.0, "d-1", "decay of the first pool"),
            Parameter("second_rate", second_rate, 1e-4, 10.0, "d-1", "decay of the second pool"),
        ),
        pools=(
            Pool("first", "mm", "first", 8.0, 100.0),
            Pool("second", "mm", "second", 1.0, 100.0),
        ),
        quantities=(
            Quantity("passed", _first_loss, "mm d-1"),
            Quantity("lost", _second_loss, "mm d-1"),
        ),
        fluxes=(Flux("passed", "first", "second"), Flux("lost", "second", None)),
        observables=(),
        budgets={"all": ("first", "second")},
    )


def chain_solution(days: float, a: float = 2.0, b: float = 0.7) -> np.ndarray:
    """Both pools of the chain after some days, exactly (Bateman's solution)."""
    first = 8.0 * np.exp(-a * days)
    second = 1.0 * np.exp(-b * days) + 8.0 * a / (b - a) * (np.exp(-a * days) - np.exp(-b * days))
    return np.array([first, second])


def chain_end(integrator: hybrid.Integrator, days: int = 1) -> np.ndarray:
    """Both pools of the chain after some days, by simulation in the present precision."""
    plan = plan_of(chain())
    dtype = jnp.result_type(float)
    values = defaults(plan.process, dtype) | {"clock": jnp.zeros((days, 1), dtype)}
    final = hybrid.simulate(plan, values, integrator).final
    return np.array([final["first"][0], final["second"][0]])


def _supply(pr):
    return pr


def _evaporation(water, rsds, capacity, evaporation_scale):
    return evaporation_scale * rsds * water / (water + capacity)


def _seepage(water, seepage_rate):
    return seepage_rate * water


def tank(unit: str = "mm", scale: float = 1.0, seepage: float = 0.05) -> Process:
    """One water pool in any unit of length: ``scale`` is that unit in mm."""
    return Process(
        name="tank",
        forcing=("pr", "rsds"),
        attributes=(),
        parameters=(
            Parameter("capacity", 90.0 / scale, 1.0 / scale, 400.0 / scale, unit, "half evaporation"),
            Parameter("evaporation_scale", 0.2 / scale, 0.01 / scale, 50.0 / scale, f"{unit} MJ-1", "scale"),
            Parameter("seepage_rate", seepage, 1e-4, 10.0, "d-1", "seepage"),
        ),
        pools=(Pool("water", unit, "water", 60.0 / scale, 500.0 / scale),),
        quantities=(
            Quantity("supply", _supply, f"{unit} d-1"),
            Quantity("evaporation", _evaporation, f"{unit} d-1"),
            Quantity("seepage", _seepage, f"{unit} d-1"),
        ),
        fluxes=(
            Flux("supply", None, "water"),
            Flux("evaporation", "water", None),
            Flux("seepage", "water", None),
        ),
        observables=(),
        budgets={"water": ("water",)},
    )
