"""Fire behaviour beside a reference implementation: every row and column of its tables, and gradients."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from data.errors import DataError
from hybrid.fire import ellipse as shape
from hybrid.fire import units as u
from hybrid.fire.behaviour import REFERENCE, Moisture, fuel_grid, prepare, spread, table

from ... import bench
from .rothermel_expected import expectations

PEER = "Behave d963287"
RATE = "ros_ft_min"
_MOISTURES = ("m1h_pct", "m10h_pct", "m100h_pct", "mherb_pct", "mwoody_pct")
_GROUPS = {
    "testSurfaceSingleFuelModel": "surface fire",
    "testSimpleSurface": "surface fire",
    "testLengthToWidthRatio": "ellipse",
    "testEllipticalDimensions": "ellipse",
    "testDirectionOfInterest": "direction of interest",
    "testFirelineIntensity": "surface fire",
    "testTwoFuelModels": "two fuels",
    "testCrownModuleRothermel": "crown fire",
    "testCrownModuleScottAndReinhardt": "crown fire",
}
_POINTS = {"8.876216 ch/h": ("8.876216", "upslope"), "34.011429 ch/h": ("34.011429", "north")}


def folder(data: Path | None) -> Path:
    """Folder of the reference tables; raise DataError where it is not."""
    found = data / "rothermel" if data else None
    if found is None or not found.is_dir():
        raise DataError("the folder rothermel is missing", str(data), "give the folder of the data by --data")
    return found


def surface_errors(path: Path, dtype: Any) -> dict[str, float]:
    """Greatest relative error of each column over all rows of the surface table, absolute where the table has zero."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    columns = {n: np.array([float(r[n]) for r in rows]) for n in rows[0] if n not in ("code", "scenario")}
    with jax.enable_x64(dtype == jnp.float64):
        found = _columns(
            jax.tree.map(lambda x: x.astype(dtype), fuel_grid(columns["fuel_model"], REFERENCE)),
            Moisture(*(jnp.asarray(0.01 * columns[n], dtype) for n in _MOISTURES)),
            jnp.asarray(columns["midflame_wind_mph"] * u.MILE_PER_HOUR, dtype),
            jnp.asarray(np.radians(columns["wind_dir_from_upslope_deg"]), dtype),
            jnp.asarray(0.01 * columns["slope_pct"], dtype),
        )
    out = {}
    for name, values in found.items():
        off = np.abs(np.asarray(values, float) - columns[name])
        scale = np.where(columns[name] != 0.0, np.abs(columns[name]), 1.0)
        out[name] = float((off / scale).max())
    return out


@jax.jit
def _columns(cells: Any, moisture: Moisture, speed: Any, turn: Any, rise: Any) -> dict[str, Any]:
    """Columns of the table in its units; north is up the slope."""
    bed = prepare(cells, moisture, REFERENCE)
    wind = speed * jnp.sin(turn), speed * jnp.cos(turn)
    fire = spread(bed, wind, (jnp.zeros_like(rise), rise), REFERENCE)
    e = fire.ellipse
    return {
        RATE: e.head / u.FOOT_PER_MINUTE,
        "reaction_intensity_btu_ft2_min": bed.reaction_intensity / u.BTU_PER_SQUARE_FOOT_MINUTE,
        "heat_per_unit_area_btu_ft2": bed.heat_per_area / u.BTU_PER_SQUARE_FOOT,
        "fireline_intensity_btu_ft_s": fire.intensity / u.BTU_PER_FOOT_SECOND,
        "flame_length_ft": fire.flame_length / u.FOOT,
        "length_to_width": e.length_to_width,
        "eccentricity": shape.eccentricity(e),
        "max_spread_dir_from_upslope_deg": jnp.degrees(e.towards),
        "backing_ros_ft_min": shape.back(e) / u.FOOT_PER_MINUTE,
        "flanking_ros_ft_min": shape.flank(e) / u.FOOT_PER_MINUTE,
        "heat_sink_btu_ft3": bed.heat_sink / u.BTU_PER_CUBIC_FOOT,
        "residence_time_min": bed.residence_time / u.MINUTE,
        "char_savr_ft2_ft3": bed.savr * u.FOOT,
        "live_mx_pct": 100.0 * bed.live_extinction,
    }


def _head(v: Any) -> Any:
    """Rate of spread [m s-1] of parameters: load, depth, moistures, wind and slope, one cell."""
    cell, moisture, wind, slope = v
    return spread(prepare(cell, moisture, REFERENCE), wind, slope, REFERENCE).ellipse.head


_rates = jax.jit(jax.vmap(_head))
_gradients = jax.jit(jax.vmap(jax.grad(_head)))


def gradient_errors(seed: int = 0) -> tuple[float, int, int]:
    """Gradient against a central difference of fourth order: worst relative error, fuel beds, values not finite.

    Each burnable model stands at four states of moisture, wind and slope; the way is random in all that a fuel model
    has, in moisture, wind and slope, each in proportion to its size. Values not finite are counted at zero wind, slope
    and fuel too.
    """
    rng = np.random.default_rng(seed)
    numbers = np.repeat([n for n, m in sorted(table().items()) if m.burnable], 4)
    n = len(numbers)
    with jax.enable_x64(True):
        cells = fuel_grid(numbers, REFERENCE)
        dead = rng.uniform(0.02, 0.10, (3, n))
        moisture = Moisture(
            *(jnp.asarray(x) for x in (*dead, rng.uniform(0.35, 1.15, n), rng.uniform(0.7, 1.3, n)))
        )
        wind = tuple(jnp.asarray(rng.uniform(0.5, 4.0, n)) for _ in range(2))
        slope = tuple(jnp.asarray(rng.uniform(0.05, 0.5, n)) for _ in range(2))
        point = (cells, moisture, wind, slope)
        way = jax.tree.map(lambda x: x * rng.uniform(-1.0, 1.0, x.shape), point)
        way, step = (way[0]._replace(dynamic=0.0 * cells.dynamic), *way[1:]), 1e-4

        def aside(steps: float) -> Any:
            return _rates(jax.tree.map(lambda a, b: a + steps * step * b, point, way))

        wanted = (8.0 * (aside(1.0) - aside(-1.0)) - (aside(2.0) - aside(-2.0))) / (12.0 * step)
        parts = jax.tree.map(lambda g, w: (g * w).reshape(n, -1).sum(axis=1), _gradients(point), way)
        found = sum(jax.tree.leaves(parts))
        worst = float((jnp.abs(found - wanted) / (jnp.abs(wanted) + 1e-3 * _rates(point))).max())
        still = jax.tree.map(jnp.zeros_like, (wind, slope))
        empty = cells._replace(load=0.0 * cells.load)
        kinds = (cells, empty, empty._replace(depth=0.0 * cells.depth))
        places = [(c, moisture, w, s) for c in kinds for w in (wind, still[0]) for s in (slope, still[1])]
        lost = sum(int((~jnp.isfinite(g)).sum()) for p in places for g in jax.tree.leaves(_gradients(p)))
    return worst, n, lost


def rows(data: Path | None, quick: bool) -> list[bench.Row]:
    """Rows of this part of ``terrax bench fire-truth``."""
    del quick
    where = folder(data)
    tables = where / "surface_reference.csv.gz"
    double, single = surface_errors(tables, jnp.float64), surface_errors(tables, jnp.float32)
    out = [
        bench.Row(
            "rate of spread, all rows, float64, relative error", double[RATE], "1", PEER, None, 1e-6, True
        ),
        bench.Row(
            "rate of spread, all rows, float32, relative error", single[RATE], "1", PEER, None, 1e-4, True
        ),
    ]
    others = max((v, n) for n, v in double.items() if n != RATE)
    name = f"13 other columns, all rows, float64, relative error (worst: {others[1]})"
    out.append(bench.Row(name, others[0], "1", PEER, None, 1e-6, True))
    found = expectations(where / "unit_test_expectations.csv")
    for label, (text, orientation) in _POINTS.items():
        value = next(v for r, v, _ in found if r["expected"] == text and r["orientation"] == orientation)
        off = abs(value - float(text))
        out.append(bench.Row(f"GS4 at 5 mph and 30 %, {label}, error", off, "ch/h", PEER, None, 1e-6, True))
    for group in dict.fromkeys(_GROUPS.values()):
        ratios = [abs(v - e) / float(r["abs_tol"]) for r, v, e in found if _GROUPS[r["test"]] == group]
        label = f"expected values, {group}, {len(ratios)} rows, error over tolerance"
        out.append(bench.Row(label, max(ratios), "1", PEER, None, 1.0, True))
    worst, places, lost = gradient_errors()
    name = f"gradient against finite differences, {places} fuel beds, relative error"
    out.append(bench.Row(name, worst, "1", target=1e-6, at_most=True))
    name = "gradients not finite, at and off zero wind, slope, load and depth"
    out.append(bench.Row(name, float(lost), "count", target=0.0, at_most=True))
    return out
