"""Canadian fire behaviour beside published cases: every printed digit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from hybrid.fire.fbp import Site, behaviour, codes_of, foliar, fuels

from ... import bench
from .printed import differing, folder

PEER = "published cases"
_behaviour = jax.jit(behaviour, static_argnames=("family", "convention"))

AS_PRINTED = ("TROS", "TROSt", "TCFB", "TFI", "TTFC", "TTI", "TI", "FTI", "BTI")
"""Columns that depend on the convention: spread towards a direction, and time to crown fire."""


def rows(data: Path | None, quick: bool) -> list[bench.Row]:
    """Rows of ``terrax bench fire-truth`` on fire behaviour; each counts values that are not as printed."""
    del quick
    where = folder(data)
    cases = pd.read_csv(where / "fbp_input.csv", sep=";")
    plain = pd.DataFrame(
        {"FuelType": ["C-2"], "CFL": 1.0}
    )  # without input the crown fuel load is one, not the type's
    both = pd.concat([cases.astype({"CFL": float}), plain])
    published, printed = predicted(both, "published"), predicted(both, "wang2017")
    counts = {}
    for name in ("primary", "secondary", "all"):
        wanted = pd.read_csv(where / f"fbp_expected_{name}.csv")
        counts[f"fire behaviour, 12 cases, {name}, differing from print"] = off(printed, wanted)
    alone = wanted.drop(columns=[c for c in AS_PRINTED if c in wanted])
    counts["fire behaviour, 12 cases, equations as published, without theirs, differing from print"] = off(
        published, alone
    )
    wanted = pd.read_csv(where / "fbp_expected_defaults.csv")
    counts["fire behaviour, no input, differing from print"] = off(published, wanted, len(cases))
    return [bench.Row(n, float(v), "values", PEER, target=0.0, at_most=True) for n, v in counts.items()]


def off(found: dict[str, Any], wanted: pd.DataFrame, first: int = 0) -> int:
    """Values of all columns that do not round to what is printed, of the cases from the first on."""
    total, rows = 0, slice(first, first + len(wanted))
    for name in wanted.columns.drop("ID"):
        if name == "FD":
            total += int((np.asarray(found[name])[rows] != wanted[name].to_numpy()).sum())
        else:
            total += differing(np.asarray(found[name])[rows], wanted[name])
    return total


def predicted(cases: pd.DataFrame, convention: str, family: str = "exact") -> dict[str, Any]:
    """Columns of the published tables, in float64, from cases in the units and with the defaults of those tables."""

    def column(name: str, default: float) -> Any:
        values = cases[name] if name in cases else pd.Series(np.full(len(cases), np.nan))
        return jnp.asarray(values.fillna(default).to_numpy(float))

    with jax.enable_x64(True):
        names = cases["FuelType"].to_numpy() if "FuelType" in cases else np.array(["C-2"] * len(cases))
        code = codes_of(names)
        place = (column("LAT", 55.0), column("LONG", 120.0), column("ELV", 0.0))
        least = column("D0", 0.0)
        least = jnp.where(least > 0.0, least, foliar.day_of_least_moisture(*place))
        leaf = foliar.moisture(column("Dj", 180.0), least)
        index = column("ISI", 0.0)
        site = Site(
            code,
            column("FFMC", 90.0),
            column("BUI", 60.0),
            column("WS", 10.0),
            jnp.deg2rad(column("WD", 0.0)) + jnp.pi,
            column("GS", 0.0),
            jnp.deg2rad(column("Aspect", 0.0)) + jnp.pi,
            leaf,
            column("PC", 50.0),
            column("PDF", 35.0),
            column("cc", 80.0),
            column("GFL", 0.35),
            load=column("CFL", np.nan),
            isi=jnp.where(index > 0.0, index, jnp.nan),
        )
        minutes, theta = 60.0 * column("hr", 1.0), jnp.deg2rad(column("theta", 0.0))
        point = column("Accel", 0.0) > 0.0
        b = _behaviour(site, minutes, theta, point=point, family=family, convention=convention)
        crowned = jnp.asarray(fuels.TABLE.crowned)[code] > 0.0
        head, flank, back, aside = b.head, b.flank, b.back, b.aside
        burned = np.asarray(head.crown_fraction)
        return {
            "FD": np.where(burned < 0.1, "S", np.where(burned < 0.9, "I", "C")),
            "CFC": b.crown_consumption, "SFC": b.surface_consumption, "RAZ": jnp.rad2deg(b.towards),
            "BE": b.buildup_effect, "SF": b.slope_factor, "ISI": b.isi, "FFMC": site.ffmc,
            "FMC": jnp.where(crowned, leaf, 0.0), "D0": jnp.where(crowned, least, 0.0),
            "RSO": b.critical_rate, "CSI": b.critical_intensity,
            "ROS": head.rate, "FROS": flank.rate, "BROS": back.rate, "TROS": aside.rate,
            "HROSt": head.rate_then, "FROSt": flank.rate_then, "BROSt": back.rate_then, "TROSt": aside.rate_then,
            "CFB": head.crown_fraction, "FCFB": flank.crown_fraction, "BCFB": back.crown_fraction,
            "TCFB": aside.crown_fraction, "HFI": head.intensity, "FFI": flank.intensity, "BFI": back.intensity,
            "TFI": aside.intensity, "TFC": head.consumption, "FTFC": flank.consumption, "BTFC": back.consumption,
            "TTFC": aside.consumption, "TI": head.crown_time, "FTI": flank.crown_time, "BTI": back.crown_time,
            "TTI": aside.crown_time, "LB": b.length_to_breadth, "LBt": b.length_to_breadth_then, "WSV": b.net_wind,
            "DH": head.distance, "DB": back.distance, "DF": flank.distance,
        }  # fmt: skip
