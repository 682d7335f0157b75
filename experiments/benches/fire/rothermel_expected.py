"""Single cases of fire behaviour that a reference implementation states: surface, direction, two fuels, crown."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from hybrid.fire import ellipse as shape
from hybrid.fire import units as u
from hybrid.fire.behaviour import (
    REFERENCE,
    Moisture,
    flame,
    fuel,
    midflame,
    prepare,
    spread,
    surface,
    two_fuels,
)
from hybrid.fire.behaviour import crown as crowns

ACRE = u.FOOT**2 / 2.295684e-05
"""[m2] of the reference, 4e-8 off."""
KILOWATT = u.BTU_PER_FOOT_SECOND / 3.464140419
"""[kW m-1] of the reference, 0.08 % off."""
UNITS = {
    "ch/h": u.CHAIN_PER_HOUR,
    "ft/min": u.FOOT_PER_MINUTE,
    "mph": u.MILE_PER_HOUR,
    "ft": u.FOOT,
    "ch": 66.0 * u.FOOT,
    "Btu/ft/s": u.BTU_PER_FOOT_SECOND,
    "kW/m": KILOWATT,
    "Btu/ft2/min": u.BTU_PER_SQUARE_FOOT_MINUTE,
    "ft2/ft3": u.PER_FOOT,
    "%": 0.01,
    "-": 1.0,
    "acre": ACRE,
    "km2": 1e6,
}
HOUR = 3600.0
MOISTURES = ("m1", "m10", "m100", "mherb", "mwoody")
Row = dict[str, str]

_prepared = jax.jit(lambda f, m: prepare(f, m, REFERENCE))
_spread = jax.jit(lambda b, w, s: spread(b, w, s, REFERENCE))


def expectations(path: Path) -> list[tuple[Row, float, float]]:
    """Rows of the table, each with what is found and what is expected, in the row's unit; in float64."""
    with path.open(encoding="utf-8") as file, jax.enable_x64(True):
        rows = list(csv.DictReader(file))
        canopies = {r["test"]: r["note"] for r in rows if "canopy base" in r["note"]}
        for row in rows:  # one row of crown fire has a remark in place of its canopy
            if row["note"].startswith("UNVERIFIED"):
                row["note"] = canopies[row["test"]]
        return [(row, float(_found(row)) / UNITS[row["unit"]], float(row["expected"])) for row in rows]


def _found(row: Row) -> Any:
    """What a row asks for, in SI."""
    if row["test"].startswith("testCrown"):
        return _crown(row)
    if row["test"] == "testTwoFuelModels":
        return _two_fuels(row)
    turn = re.search(r"dir_(\d+)_from_(\w+)", row["quantity"])
    return _towards(row, float(turn[1]), turn[2]) if turn else _whole(row)


def _whole(row: Row) -> Any:
    """Of the whole fire."""
    bed, fire, speed = _fire(row, int(row["fuel_model"]))
    e, minutes = fire.ellipse, 3.5869124 * u.MINUTE
    a, b, c = shape.half_axes(e)
    answers: dict[str, Callable[[], Any]] = {
        "ros": lambda: e.head,
        "live_moisture_of_extinction": lambda: bed.live_extinction,
        "characteristic_live_moisture": lambda: bed.live_moisture,
        "characteristic_dead_moisture": lambda: bed.dead_moisture,
        "characteristic_savr": lambda: bed.savr,
        "heat_source": lambda: (
            bed.reaction_intensity
            * bed.propagating_flux
            * (1.0 + surface.wind_factor(bed, speed) + surface.slope_factor(bed, _slope(row)))
        ),
        "backing_ros": lambda: shape.back(e),
        "flanking_ros": lambda: shape.flank(e),
        "spread_distance_2h": lambda: e.head * 2 * HOUR,
        "backing_distance_2h": lambda: shape.back(e) * 2 * HOUR,
        "flanking_distance_2h": lambda: shape.flank(e) * 2 * HOUR,
        "length_to_width": lambda: e.length_to_width,
        "ellipse_a_3.5869124min": lambda: b * minutes,
        "ellipse_b_3.5869124min": lambda: a * minutes,
        "ellipse_c_3.5869124min": lambda: c * minutes,
        "heading_to_backing_ratio": lambda: e.head / shape.back(e),
        "area_1h": lambda: shape.area(e, jnp.asarray(HOUR)),
        "perimeter_1h": lambda: shape.perimeter(e, jnp.asarray(HOUR)),
        "flame_length": lambda: fire.flame_length,
        "fireline_intensity": lambda: fire.intensity,
    }
    return answers[row["quantity"]]()


def _towards(row: Row, degrees: float, since: str) -> Any:
    """Rate or flame length towards a direction, from the perimeter or from the ignition point."""
    _, fire, _ = _fire(row, int(row["fuel_model"]))
    angle = jnp.radians(jnp.asarray(degrees))
    if row["quantity"].startswith("flame"):
        return flame.byram_flame_length(surface.intensity_towards(fire, angle))
    if since == "ignition":
        return shape.rate_towards(fire.ellipse, angle)
    return shape.normal_speed(fire.ellipse, jnp.sin(angle), jnp.cos(angle))


def _two_fuels(row: Row) -> Any:
    """Rate in fuel models 1 and 124, the first covering what the note says."""
    cover = re.search(r"cover (\d+)%", row["note"])
    assert cover, row
    (_, first, _), (_, second, _) = _fire(row, 1), _fire(row, 124)
    slim = second.ellipse.length_to_width
    share = jnp.asarray(0.01 * float(cover[1]))
    return two_fuels.expected_rate(first.ellipse.head, second.ellipse.head, share, slim)


def _crown(row: Row) -> Any:
    """Of crown fire; the canopy stands in the note."""

    def noted(pattern: str) -> jax.Array:
        found = re.search(pattern, row["note"])
        assert found, row
        return jnp.asarray(float(found[1]))

    base, density = noted(r"canopy base ([\d.]+)"), noted(r"(?:density|CBD) ([\d.]+)")
    foliar, height = 0.01 * noted(r"foliar (?:moisture )?([\d.]+)"), _number(row, "canopy_height_ft")
    model, moisture, flat = fuel(int(row["fuel_model"]), REFERENCE), _moisture(row), jnp.zeros(())
    if "WAF" in row["note"]:
        adjustment = noted(r"WAF ([\d.]+)")
    else:
        cover = 0.01 * _number(row, "canopy_cover_pct")
        ratio = (height - base) / height
        adjustment = midflame.wind_adjustment(model.depth, cover, u.FOOT * height, ratio, REFERENCE)
    speed = _number(row, "wind") * UNITS[row["wind_unit"]]
    canopy = crowns.Canopy(u.FOOT * base, u.FOOT * height, u.POUND_PER_CUBIC_FOOT * density, foliar)
    fire = crowns.crown_fire(
        _prepared(model, moisture),
        _prepared(fuel(10, REFERENCE), moisture),
        (flat, speed),
        adjustment,
        (flat, _slope(row)),
        canopy,
        REFERENCE,
        "rothermel" if row["test"].endswith("Rothermel") else "scott_reinhardt",
    )
    slim, rate = crowns.crown_length_to_width(speed), fire.active_rate
    return {
        "crown_ros": rate,
        "crown_length_to_width": slim,
        "crown_area_1h": crowns.crown_area(rate, slim, jnp.asarray(HOUR)),
        "crown_perimeter_1h": crowns.crown_perimeter(rate, slim, jnp.asarray(HOUR)),
        "crown_flame_length": flame.thomas_flame_length(fire.active_intensity),
        "crown_fireline_intensity": fire.active_intensity,
        "final_ros": fire.ellipse.head,
        "final_flame_length": fire.flame_length,
        "final_fireline_intensity": fire.intensity,
        "critical_open_wind": fire.crowning_wind,
    }[row["quantity"]]


def _fire(row: Row, number: int) -> tuple[Any, surface.Surface, Any]:
    """Bed, surface fire and midflame wind of a row; where directions count from upslope, that is north."""
    model = fuel(number, REFERENCE)
    bed = _prepared(model, _moisture(row))
    speed = _number(row, "wind") * UNITS[row["wind_unit"]]
    if row["wind_height"] == "20ft" and "factor 1.0" not in row["note"]:
        cover, height = 0.01 * _number(row, "canopy_cover_pct"), u.FOOT * _number(row, "canopy_height_ft")
        ratio = _number(row, "crown_ratio")
        speed = speed * midflame.wind_adjustment(model.depth, cover, height, ratio, REFERENCE)
    turn, slope = jnp.radians(_number(row, "wind_dir")), _slope(row)
    if row["orientation"] == "upslope":
        wind, rise = midflame.wind_vector(speed, turn, "towards"), (jnp.zeros(()), slope)
    else:
        wind = midflame.wind_vector(speed, turn, "from")
        rise = midflame.slope_vector(slope, jnp.radians(_number(row, "aspect")))
    return bed, _spread(bed, wind, rise), speed


def _number(row: Row, name: str) -> jax.Array:
    return jnp.asarray(float(row[name]))


def _moisture(row: Row) -> Moisture:
    return Moisture(*(0.01 * _number(row, n) for n in MOISTURES))


def _slope(row: Row) -> jax.Array:
    slope = _number(row, "slope")
    return 0.01 * slope if row["slope_unit"] == "percent" else jnp.tan(jnp.radians(slope))
