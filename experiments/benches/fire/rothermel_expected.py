"""Single cases of fire behaviour that a reference implementation states: surface, direction, two fuels, crown."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from hybrid.fire import ellipse as shape
from hybrid.fire import units as u
from hybrid.fire.behaviour import (
    REFERENCE,
    Moisture,
    flame,
    fuel_grid,
    midflame,
    prepare,
    spread,
    surface,
    two_fuels,
)
from hybrid.fire.behaviour import crown as crowns

UNITS = {
    "ch/h": u.CHAIN_PER_HOUR,
    "ft/min": u.FOOT_PER_MINUTE,
    "mph": u.MILE_PER_HOUR,
    "ft": u.FOOT,
    "ch": 66.0 * u.FOOT,
    "Btu/ft/s": u.BTU_PER_FOOT_SECOND,
    "kW/m": u.BTU_PER_FOOT_SECOND / 3.464140419,  # the reference's, 0.08 % off
    "Btu/ft2/min": u.BTU_PER_SQUARE_FOOT_MINUTE,
    "ft2/ft3": u.PER_FOOT,
    "%": 0.01,
    "-": 1.0,
    "acre": u.FOOT**2 / 2.295684e-05,  # the reference's, 4e-8 off
    "km2": 1e6,
}
HOUR = 3600.0
_CANOPY = {
    "base": r"canopy base ([\d.]+)",
    "density": r"(?:density|CBD) ([\d.]+)",
    "foliar": r"foliar \D*([\d.]+)",
}


def expectations(path: Path) -> list[tuple[dict[str, str], float, float]]:
    """Rows of the table, each with what is found and what is expected, in the row's unit; in float64."""
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    canopies = {r["test"]: r["note"] for r in rows if "canopy base" in r["note"]}
    for row in rows:  # one row of crown fire has a remark in place of its canopy
        if row["note"].startswith("UNVERIFIED"):
            row["note"] = canopies[row["test"]]
    with jax.enable_x64(True):
        given = _given(rows)
        cells = [
            fuel_grid(np.array(n), REFERENCE) for n in ([int(r["fuel_model"]) for r in rows], [1] * len(rows))
        ]
        whole, grass = (_surface(c, given) for c in cells)
        crown = _crown(cells[0], fuel_grid(np.full(len(rows), 10), REFERENCE), given)
        first, second = grass["ros"], whole["ros"]
        mixed = two_fuels.expected_rate(first, second, given["share"], whole["length_to_width"])
    found = {**{k: np.asarray(v) for k, v in whole.items()}, **{k: np.asarray(v) for k, v in crown.items()}}
    out = []
    for i, row in enumerate(rows):
        name = re.sub(r"_dir_\d+", "", row["quantity"])
        if row["test"].startswith("testCrown"):
            name = f"{name} {'rothermel' if row['test'].endswith('Rothermel') else 'scott_reinhardt'}"
        value = mixed[i] if row["test"] == "testTwoFuelModels" else found[name][i]
        out.append((row, float(value) / UNITS[row["unit"]], float(row["expected"])))
    return out


def _given(rows: list[dict[str, str]]) -> dict[str, Any]:
    """Columns as arrays in SI; where directions count from upslope, that is north."""

    def column(name: str) -> np.ndarray:
        return np.array([float(r[name]) for r in rows])

    def noted(pattern: str, otherwise: float) -> np.ndarray:
        found = [re.search(pattern, r["note"]) for r in rows]
        return np.array([float(m[1]) if m else otherwise for m in found])

    upslope = np.array([r["orientation"] == "upslope" for r in rows])
    percent = np.array([r["slope_unit"] == "percent" for r in rows])
    slope, height = column("slope"), column("canopy_height_ft")
    base = noted(_CANOPY["base"], 1.0)
    crown_row = np.array([r["test"] == "testCrownModuleRothermel" for r in rows])
    ratio = np.where(crown_row, (height - base) / np.maximum(height, 1.0), column("crown_ratio"))
    turns = [re.search(r"dir_(\d+)_", r["quantity"]) for r in rows]
    values = {
        "speed": column("wind") * np.array([UNITS[r["wind_unit"]] for r in rows]),
        "from": np.radians(column("wind_dir") + 180.0 * upslope),
        "aspect": np.radians(np.where(upslope, 180.0, column("aspect"))),
        "slope": np.where(percent, 0.01 * slope, np.tan(np.radians(slope))),
        "midflame": np.array([r["wind_height"] == "midflame" for r in rows]),
        "factor": noted(r"(?:WAF|factor) ([\d.]+)", 0.0),
        "cover": 0.01 * column("canopy_cover_pct"),
        "height": u.FOOT * height,
        "ratio": ratio,
        "base": u.FOOT * base,
        "density": u.POUND_PER_CUBIC_FOOT * noted(_CANOPY["density"], 0.01),
        "foliar": 0.01 * noted(_CANOPY["foliar"], 100.0),
        "share": 0.01 * noted(r"cover (\d+)%", 0.0),
        "turn": np.radians([float(t[1]) if t else 0.0 for t in turns]),
    }
    moisture = Moisture(*(jnp.asarray(0.01 * column(n)) for n in ("m1", "m10", "m100", "mherb", "mwoody")))
    return jax.tree.map(jnp.asarray, {**values, "moisture": moisture})


def _adjustment(cells: Any, g: dict[str, Any]) -> Any:
    found = midflame.wind_adjustment(cells.depth, g["cover"], g["height"], g["ratio"], REFERENCE)
    return jnp.where(g["midflame"], 1.0, jnp.where(g["factor"] > 0.0, g["factor"], found))


@jax.jit
def _surface(cells: Any, g: dict[str, Any]) -> dict[str, Any]:
    """Every quantity of a surface fire for every row, in SI."""
    bed = prepare(cells, g["moisture"], REFERENCE)
    speed = _adjustment(cells, g) * g["speed"]
    rise = midflame.slope_vector(g["slope"], g["aspect"])
    fire = spread(bed, midflame.wind_vector(speed, g["from"], "from"), rise, REFERENCE)
    e, minutes = fire.ellipse, 3.5869124 * u.MINUTE
    a, b, c = shape.half_axes(e)
    added = surface.wind_factor(bed, speed) + surface.slope_factor(bed, g["slope"])
    hour = jnp.asarray(HOUR)
    return {
        "ros": e.head,
        "live_moisture_of_extinction": bed.live_extinction,
        "characteristic_live_moisture": bed.live_moisture,
        "characteristic_dead_moisture": bed.dead_moisture,
        "characteristic_savr": bed.savr,
        "heat_source": bed.reaction_intensity * bed.propagating_flux * (1.0 + added),
        "backing_ros": shape.back(e),
        "flanking_ros": shape.flank(e),
        "spread_distance_2h": e.head * 2 * HOUR,
        "backing_distance_2h": shape.back(e) * 2 * HOUR,
        "flanking_distance_2h": shape.flank(e) * 2 * HOUR,
        "length_to_width": e.length_to_width,
        "ellipse_a_3.5869124min": b * minutes,
        "ellipse_b_3.5869124min": a * minutes,
        "ellipse_c_3.5869124min": c * minutes,
        "heading_to_backing_ratio": e.head / shape.back(e),
        "area_1h": shape.area(e, hour),
        "perimeter_1h": shape.perimeter(e, hour),
        "flame_length": fire.flame_length,
        "fireline_intensity": fire.intensity,
        "ros_from_perimeter": shape.normal_speed(e, jnp.sin(g["turn"]), jnp.cos(g["turn"])),
        "ros_from_ignition": shape.rate_towards(e, g["turn"]),
        "flame_length_from_perimeter": flame.byram_flame_length(surface.intensity_towards(fire, g["turn"])),
    }


@jax.jit
def _crown(cells: Any, crown_fuel: Any, g: dict[str, Any]) -> dict[str, Any]:
    """Every quantity of a crown fire for every row, by both methods, in SI."""
    bed, crown_bed = (prepare(f, g["moisture"], REFERENCE) for f in (cells, crown_fuel))
    wind = midflame.wind_vector(g["speed"], g["from"], "from")
    rise = midflame.slope_vector(g["slope"], g["aspect"])
    canopy = crowns.Canopy(g["base"], g["height"], g["density"], g["foliar"])
    slim, hour, out = crowns.crown_length_to_width(g["speed"]), jnp.asarray(HOUR), {}
    for method in ("scott_reinhardt", "rothermel"):
        adjustment = _adjustment(cells, g)
        fire = crowns.crown_fire(bed, crown_bed, wind, adjustment, rise, canopy, REFERENCE, method)
        found = {
            "crown_ros": fire.active_rate,
            "crown_length_to_width": slim,
            "crown_area_1h": crowns.crown_area(fire.active_rate, slim, hour),
            "crown_perimeter_1h": crowns.crown_perimeter(fire.active_rate, slim, hour),
            "crown_flame_length": flame.thomas_flame_length(fire.active_intensity),
            "crown_fireline_intensity": fire.active_intensity,
            "final_ros": fire.ellipse.head,
            "final_flame_length": fire.flame_length,
            "final_fireline_intensity": fire.intensity,
            "critical_open_wind": fire.crowning_wind,
        }
        out |= {f"{k} {method}": v for k, v in found.items()}
    return out
