"""Small worlds for tests of the hybrid: two sites, three years, processes that compile in a second."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import equinox as eqx
import jax
import jax.random as jr
import numpy as np

import hybrid
from data import synthetic
from data.batches import Panel, pack
from hybrid.process.declare import Flux, Parameter, Pool, Quantity
from hybrid.process.process import Process

FORCING = ("tas_min", "tas_max", "rsds", "vpd", "pr", "co2")
SITES = ("savanna", "boreal")
YEAR = 365


@lru_cache
def weather() -> Panel:
    """Weather of two sites over three years; do not change its arrays."""
    return pack(synthetic.weather(SITES, 3, seed=1), FORCING)


def observed(panel: Panel, **targets: np.ndarray) -> Panel:
    """The panel with targets, all days observed."""
    held = {n: np.broadcast_to(np.asarray(v, np.float32), panel.shape).copy() for n, v in targets.items()}
    return replace(panel, targets=held, masks={n: np.ones(panel.shape, bool) for n in held})


def days(panel: Panel, start: int, stop: int) -> np.ndarray:
    """Bool (time, site), True from step `start` up to `stop`."""
    out = np.zeros(panel.shape, bool)
    out[start:stop] = True
    return out


def respiration(panel: Panel, q10: float = 1.5, base=3.0) -> np.ndarray:
    """Respiration of the Q10 model, (time, site)."""
    tas = 0.5 * (panel.forcing["tas_min"] + panel.forcing["tas_max"])
    return base * q10 ** ((tas - 15.0) / 10.0)


def respiration_model(roles, networks=None, key=0, **more) -> hybrid.Model:
    """Hybrid of the Q10 model that also sees radiation."""
    process = hybrid.process.respiration_q10(("tas_min", "tas_max", "rsds"))
    return hybrid.Model(process, roles, networks, key=jr.key(key), **more)


def train(models, panel: Panel, training: hybrid.Training, **more) -> hybrid.Fit:
    """Fit on the first year, stop by the second."""
    count = len(models)
    first = models[0]
    known = first.categories if isinstance(first, hybrid.Sequence) else first.design.categories
    from hybrid.inputs import from_panel

    given = {
        "train": np.repeat(days(panel, 0, YEAR)[None], count, 0),
        "validation": np.repeat(days(panel, YEAR, 2 * YEAR)[None], count, 0),
        "masks": panel.masks,
    } | more
    masks = given.pop("masks")
    return hybrid.fit(
        models,
        from_panel(panel, known),
        panel.targets,
        given.pop("train"),
        given.pop("validation"),
        masks,
        training,
        **given,
    )


def leaves(tree) -> list[np.ndarray]:
    """Every array of a pytree."""
    return [np.asarray(x) for x in jax.tree.leaves(eqx.filter(tree, eqx.is_inexact_array))]


def same(one, other) -> bool:
    """Whether two pytrees hold the same numbers, bit for bit."""
    a, b = leaves(one), leaves(other)
    return len(a) == len(b) and all(
        x.shape == y.shape and x.tobytes() == y.tobytes() for x, y in zip(a, b, strict=True)
    )


def _rain(pr):
    return pr


def _evaporation(rsds, water, capacity):
    return 0.15 * rsds * water / (water + capacity)


def _drainage(water, drainage_rate):
    return drainage_rate * water


def _growth(evaporation, growth_rate):
    return growth_rate * evaporation


def _decay(humus, decay_rate):
    return decay_rate * humus


def _same(evaporation):
    return evaporation


def bucket() -> Process:
    """A bucket of water and a slow store of carbon."""
    return Process(
        name="bucket",
        forcing=("pr", "rsds"),
        attributes=(),
        parameters=(
            Parameter("capacity", 100.0, 10.0, 400.0, "mm", "water of half evaporation"),
            Parameter("drainage_rate", 0.02, 0.001, 0.2, "d-1", "share of water lost below"),
            Parameter("growth_rate", 1.0, 0.1, 5.0, "g mm-1", "carbon per water"),
            Parameter("decay_rate", 1e-4, 1e-6, 1e-2, "d-1", "decay of humus"),
        ),
        pools=(
            Pool("water", "mm", "water in the soil", 50.0, 500.0),
            Pool("humus", "g m-2", "carbon in the soil", 100.0, 50000.0),
        ),
        quantities=(
            Quantity("rain", _rain, "mm d-1", "rain"),
            Quantity("evaporation", _evaporation, "mm d-1", "evaporation"),
            Quantity("drainage", _drainage, "mm d-1", "drainage"),
            Quantity("growth", _growth, "g m-2 d-1", "growth"),
            Quantity("decay", _decay, "g m-2 d-1", "decay"),
        ),
        fluxes=(
            Flux("rain", None, "water"),
            Flux("evaporation", "water", None),
            Flux("drainage", "water", None),
            Flux("growth", None, "humus"),
            Flux("decay", "humus", None),
        ),
        observables=(Quantity("et", _same, "mm d-1", "evapotranspiration"),),
        budgets={"water": ("water",), "carbon": ("humus",)},
    )
