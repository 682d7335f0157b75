"""Single fires and rates of spread by pyretechnics, from fields the bench writes."""

# pyright: reportMissingImports=false
from __future__ import annotations

from typing import Any

import numpy as np
import pyretechnics.eulerian_level_set as els
import pyretechnics.fuel_models as fm
import pyretechnics.surface_fire as sf
from pyretechnics.space_time_cube import SpaceTimeCube
from serve import serve, timed

GROUND = ("fuel_model", "slope", "aspect")
CANOPY = ("canopy_cover", "canopy_height", "canopy_base_height", "canopy_bulk_density")
WEATHER = (
    "wind_speed_10m",
    "upwind_direction",
    "fuel_moisture_dead_1hr",
    "fuel_moisture_dead_10hr",
    "fuel_moisture_dead_100hr",
    "fuel_moisture_live_herbaceous",
    "fuel_moisture_live_woody",
)
held: dict[str, Any] = {}


def load(path: str) -> dict[str, Any]:
    """Read fields (y, x) with rows from south to north, ``lit`` cells, weather by member, and the cells' width [m]."""
    with np.load(path) as file:
        held.update({name: file[name] for name in file.files})
    rows, columns = (np.flatnonzero(held["lit"].any(axis=a)) for a in (1, 0))
    first, size = (int(rows[0]), int(columns[0])), np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    held["start"] = (first, np.where(held["lit"][size], -1.0, 1.0).astype(np.float32))
    held["shape"] = (1, *held["fuel_model"].shape)
    held["cubes"] = {name: SpaceTimeCube(held["shape"], held[name]) for name in GROUND}
    held["cubes"] |= {name: SpaceTimeCube(held["shape"], 0.0) for name in CANOPY}
    held["cubes"]["foliar_moisture"] = SpaceTimeCube(held["shape"], 1.0)
    return {}


def fire(member: int, minutes: float) -> np.ndarray:
    """Cells burned by one member, (y, x)."""
    shape, width = held["shape"], float(held["width"])
    weather = {name: SpaceTimeCube(shape, float(held[name][member])) for name in WEATHER}
    state = els.SpreadState(shape).ignite_cells(*held["start"])
    found = els.spread_fire_with_phi_field(
        held["cubes"] | weather,
        state,
        (minutes, width, width),
        start_time=0,
        max_duration=minutes,
        use_wind_limit=False,
    )
    if found["stop_condition"] != "max duration reached":
        raise RuntimeError(f"member {member} stopped for {found['stop_condition']}")
    return found["spread_state"].get_full_matrices(["phi"])["phi"] <= 0.0


def fires(first: int, last: int, minutes: float, out: str) -> dict[str, Any]:
    """Run the members one after the other; their burned cells are written to ``out`` outside of the time."""
    burned, seconds = timed(lambda: [fire(k, minutes) for k in range(first, last)])
    np.savez_compressed(out, burned=np.packbits(np.stack(burned), axis=-1))
    return seconds


def rates(path: str, out: str) -> dict[str, Any]:
    """Head rate [m min-1] and length-to-width ratio of cases: fuel model, moistures [1], wind [m min-1], slope [1]."""
    with np.load(path) as file:
        cases = {name: file[name] for name in file.files}
    found = []
    for k, number in enumerate(cases["fuel_model"]):
        dead = [float(v) for v in cases["dead"][k]]
        live = [float(v) for v in cases["live"][k]]
        bed = fm.moisturize(fm.get_fuel_model(int(number)), (*dead, 0.0, *live))
        calm = sf.calc_surface_fire_behavior_no_wind_no_slope(bed, 1.0)
        ground = (float(cases["slope"][k]), float(cases["aspect"][k]))
        wind = (float(cases["wind"][k]), float(cases["wind_from"][k]))
        head = sf.calc_surface_fire_behavior_max(calm, *wind, *ground, False, "behave")
        found.append((calm["base_spread_rate"], head["max_spread_rate"], head["length_to_width_ratio"]))
    calm, head, ratio = np.array(found).T
    np.savez(out, calm=calm, head=head, ratio=ratio)
    return {}


if __name__ == "__main__":
    serve({"load": load, "fires": fires, "rates": rates})
