"""Speed of the drought model: loss and gradient over many sites and years, and how it grows."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import hybrid
from data import synthetic
from data.batches import Panel, pack
from hybrid.inputs import from_panel
from hybrid.train.loss import target_losses

from .. import bench
from ..drought.config import DRIVEN, WEATHER

TARGETS = ("gpp", "et", "reco", "nee")
NEWEST = tuple(int(p) for p in jax.__version__.split(".")[:2]) >= (0, 11)
PROCESS, NETWORKS = (4e6, 4e5) if NEWEST else (5e5, 1.5e5)
"""Site-days a second to reach, on the newest JAX or on 0.10."""
LASTING = 3.0
"""Least time over which the best is sought [s]."""
CLIMATES = ("savanna", "mediterranean", "temperate_deciduous", "boreal")


def world(sites: int, years: int) -> Panel:
    """Weather of synthetic sites, repeated over as many sites and years as asked for."""
    some = synthetic.weather(
        [CLIMATES[i % len(CLIMATES)] for i in range(min(sites, 16))], min(years, 9), seed=0
    )
    panel = pack(some, ("tas_min", "tas_max", "rsds", "vpd", "pr", "co2"))
    if sites > 16:
        panel = panel.take([panel.sites[i % len(panel.sites)] for i in range(sites)])
    return panel


def model_of(panel: Panel, networks: bool) -> hybrid.Model:
    """The process with every parameter learned, and with the experiment's recurrent network where asked."""
    process = hybrid.process.ecosystem()
    roles: dict[str, Any] = {p.name: hybrid.Global() for p in process.all_parameters}
    slots = {}
    if networks:
        roles |= {n: hybrid.Dynamic(network="memory") for n in DRIVEN}
        slots["memory"] = hybrid.Slot("gru", tuple(WEATHER), {"width": 32})
    return hybrid.Model(process, roles, slots)


def objective(panel: Panel, years: int) -> tuple[Callable[..., Any], Any]:
    """Loss over all targets, and the inputs it takes."""
    inputs = from_panel(panel, {})
    if years > 9:
        copies = -(-years // 9)
        repeated = {n: jnp.tile(v, (copies, 1))[: round(years * 365.25)] for n, v in inputs.forcing.items()}
        inputs = eqx.tree_at(lambda i: i.forcing, inputs, repeated)
    shape = inputs.shape
    goal = {n: jnp.ones(shape) for n in TARGETS}
    weights = {n: jnp.ones(shape) for n in TARGETS}
    variance = {n: jnp.ones(shape[1]) for n in TARGETS}

    def loss(model: hybrid.Model, inputs: Any) -> Any:
        simulated, penalty = model.forward(inputs)
        return sum(target_losses(simulated, goal, weights, variance).values()) + 1e-3 * penalty

    return loss, inputs


def measure(panel: Panel, years: int, networks: bool, repeats: int) -> tuple[float, float, float]:
    """Site-days a second, seconds to compile, and peak temporary memory [MiB].

    The speed is the best of ``repeats``, and of as many more as `LASTING` seconds hold: one step takes so few
    milliseconds that a machine with anything else to do is seldom quiet during a handful.
    """
    loss, inputs = objective(panel, years)
    model = model_of(panel, networks)
    inputs = model.prepared(inputs)
    step = eqx.filter_jit(eqx.filter_value_and_grad(loss))
    start = time.perf_counter()
    compiled = step.lower(model, inputs).compile()
    seconds = time.perf_counter() - start
    memory = compiled.compiled.memory_analysis().temp_size_in_bytes / 2**20
    best, count, began = np.inf, 0, time.perf_counter()
    while count <= repeats or time.perf_counter() - began < LASTING:
        start = time.perf_counter()
        jax.block_until_ready(compiled(model, inputs))
        best, count = min(best, time.perf_counter() - start), count + 1
    return inputs.shape[0] * inputs.shape[1] / best, seconds, memory


def rows(data: Path | None, quick: bool) -> list[bench.Row]:
    """Rows of ``terrax bench hybrid``; weather is synthetic, so ``data`` is not read."""
    del data
    repeats = 3 if quick else 10
    label = f"JAX {jax.__version__}"
    panel = world(16, 9)
    out = []
    for name, networks, target in (("process only", False, PROCESS), ("with networks", True, NETWORKS)):
        speed, seconds, memory = measure(panel, 9, networks, repeats)
        out += [
            bench.Row(
                f"{name}, 16 sites x 9 years, loss and gradient, {label}",
                speed,
                "site-days s-1",
                target=target,
            ),
            bench.Row(f"{name}, compilation, {label}", seconds, "s", target=10.0, at_most=True),
            bench.Row(f"{name}, temporary memory", memory, "MiB"),
        ]
    for sites, years in () if quick else ((1, 9), (64, 9), (256, 9), (16, 1), (16, 30)):
        speed, _, memory = measure(world(sites, min(years, 9)), years, False, 3)
        out += [
            bench.Row(f"process only, {sites} sites x {years} years", speed, "site-days s-1"),
            bench.Row(f"process only, {sites} sites x {years} years, temporary memory", memory, "MiB"),
        ]
    return out
