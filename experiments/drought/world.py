"""Synthetic sites with known truth: weather, the process with known parameters, a known learned part, noise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float

import hybrid
from data import synthetic
from data.batches import Panel, pack
from hybrid.inputs import Inputs, from_panel
from hybrid.process import Process

from .config import Config, NetworkConfig, RoleConfig

if TYPE_CHECKING:
    import xarray as xr

TRUTH = {
    "light_use_efficiency": 3.6,
    "stomatal_slope": 3.4,
    "plant_q10": 1.6,
    "soil_q10": 1.5,
    "half_wetness": 0.35,
    "soil_evaporation_fraction": 0.7,
    "priestley_taylor": 1.20,
}
"""Parameters that differ from their defaults in the synthetic world, and that a run must find again."""

LEARNED = "light_use_efficiency"
"""The parameter that a known function of dryness of the air moves in the synthetic world."""


def known_function(vpd: np.ndarray) -> np.ndarray:
    """Factor on light-use efficiency in the synthetic world [1], of vapour pressure deficit [hPa]."""
    xp = jnp if isinstance(vpd, Tracer) else np  # NumPy's last digit for data, whatever compiles
    return 0.6 + 0.4 * xp.exp(-xp.asarray(vpd) / 12.0)  # type: ignore[return-value]


def true_parameters(process: Process, inputs: Inputs) -> dict[str, object]:
    """Every parameter of the synthetic world by name, the moved one as a series (time, site)."""
    values: dict[str, object] = {p.name: jnp.asarray(p.default, jnp.float32) for p in process.all_parameters}
    values |= {n: jnp.asarray(v, jnp.float32) for n, v in TRUTH.items()}
    values[LEARNED] = TRUTH[LEARNED] * jnp.asarray(
        known_function(inputs.forcing["vpd"]),  # type: ignore[arg-type]
        jnp.float32,
    )
    return values


def synthetic_sites(config: Config) -> xr.Dataset:
    """Virtual sites, one per configured climate; the noise-free fluxes are kept as ``<target>_true``."""
    weather = synthetic.weather(config.synthetic.climates, config.synthetic.years, seed=config.seed)
    process = hybrid.process.ecosystem()

    def simulate(ds: xr.Dataset) -> dict[str, xr.DataArray]:
        panel = pack(ds, ("tas_min", "tas_max", "rsds", "vpd", "pr", "co2"))
        run = simulate_truth(process, from_panel(panel, {}))
        return {
            n: panel.to_dataarray(np.asarray(run.observables[n]), n)
            for n in ("gpp", "et", "reco", "nee", "lai")
        }

    noise = {n: config.synthetic.noise for n in ("gpp", "et", "reco", "nee")}
    return synthetic.virtual_sites(
        weather, simulate, noise, config.synthetic.gaps, seed=config.seed, truth=True
    )


def simulate_truth(
    process: Process, inputs: Inputs, start: Mapping[str, Float[Array, " site"]] | None = None
) -> hybrid.Trajectory:
    """Run of the synthetic world's process with its true parameters.

    Args:
        process: the process.
        inputs: forcing and attributes.
        start: pools at the start; their defaults where None.
    """
    from hybrid.integrate.plan import make_plan

    levels = dict.fromkeys(process.parameter, "static") | {LEARNED: "series"}
    values = {**inputs.forcing, **inputs.attributes, **true_parameters(process, inputs)}
    return hybrid.simulate(make_plan(process, levels), values, start=start)  # type: ignore[arg-type]


def synthetic_roles() -> dict[str, RoleConfig]:
    """Roles that say of the synthetic world what is known of it: all fixed but what is to be found."""
    roles = {n: RoleConfig(role="global") for n in TRUTH if n != LEARNED}
    return roles | {LEARNED: RoleConfig(role="dynamic", network="dryness")}


def synthetic_networks() -> dict[str, NetworkConfig]:
    """The network that is to find the known function of dryness."""
    return {"dryness": NetworkConfig(kind="perceptron", inputs=["vpd"], width=16, depth=2, dropout=0.0)}


def found_against_truth(values: dict[str, float], panel: Panel) -> list[dict[str, object]]:
    """Known parameters beside those found: name, unit, truth, start, found, relative error [1].

    Of the parameter that moves, the means over all days are compared.
    """
    process = hybrid.process.ecosystem()
    rows: list[dict[str, object]] = []
    for name, value in TRUTH.items():
        truth = value
        if name == LEARNED:
            truth = float(value * known_function(panel.forcing["vpd"][panel.valid]).mean())
        p, found = process.parameter[name], values[name]
        rows.append(
            {
                "name": name,
                "unit": p.unit,
                "truth": truth,
                "start": p.default,
                "found": found,
                "error": abs(found - truth) / abs(truth),
            }
        )
    return rows
