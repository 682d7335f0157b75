"""Records of many sites on one calendar."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from .files import sha256
from .records import DAY, Record
from .variables import REGISTRY

if TYPE_CHECKING:
    import xarray as xr

ATTRIBUTES = {
    "lat": {"units": "degrees_north", "standard_name": "latitude", "long_name": "latitude"},
    "lon": {"units": "degrees_east", "standard_name": "longitude", "long_name": "longitude"},
    "elevation": {
        "units": "m",
        "standard_name": "surface_altitude",
        "long_name": "elevation above sea level",
    },
    "mean_annual_temperature": {"units": "degC", "long_name": "mean annual air temperature"},
    "mean_annual_precipitation": {"units": "mm yr-1", "long_name": "mean annual precipitation"},
}
"""Numeric site attributes that every site dataset has (NaN where unknown)."""


def to_dataset(records: list[Record], title: str = "Daily meteorology and ecosystem fluxes") -> xr.Dataset:
    """Join records of different sites into one dataset (site, time) on the union of their days.

    Args:
        records: checked records, one per site.
        title: global attribute.

    Returns:
        float32 variables (site, time), NaN outside a site's record and where missing; site coordinates;
        `record_start` and `record_end`; global attributes with history and `source_files`.
    """
    import xarray as xr

    start = min(r.days[0] for r in records)
    stop = max(r.days[-1] for r in records)
    calendar = np.arange(start, stop + DAY, DAY)
    names = [n for n in REGISTRY if any(n in r.values for r in records)]
    variables = {}
    for name in names:
        block = np.full((len(records), len(calendar)), np.nan, dtype=np.float32)
        for row, record in enumerate(records):
            if name in record.values:
                at = int((record.days[0] - start) / DAY)
                block[row, at : at + len(record.days)] = record.values[name]
        attrs = REGISTRY[name].attributes()
        if name + "_unc" in names:
            attrs["ancillary_variables"] = name + "_unc"
        variables[name] = (("site", "time"), block, attrs)
    return xr.Dataset(variables, _coordinates(records, calendar), _global_attributes(records, title))


def _coordinates(records: list[Record], calendar: np.ndarray) -> dict:
    stamp = "datetime64[ns]"
    coords: dict = {
        "site": (
            ("site",),
            np.array([r.site for r in records]),
            {"cf_role": "timeseries_id", "long_name": "site code"},
        ),
        "time": (("time",), calendar.astype(stamp), {"standard_name": "time", "axis": "T"}),
        "record_start": (
            ("site",),
            np.array([r.days[0] for r in records]).astype(stamp),
            {"long_name": "first day"},
        ),
        "record_end": (
            ("site",),
            np.array([r.days[-1] for r in records]).astype(stamp),
            {"long_name": "last day"},
        ),
    }
    others = sorted({n for r in records for n in r.numbers} - set(ATTRIBUTES))
    for name in (*ATTRIBUTES, *others):
        column = np.array([r.numbers.get(name, np.nan) for r in records], dtype=np.float64)
        coords[name] = (("site",), column, ATTRIBUTES.get(name, {}))
    for name in ("igbp", *sorted({n for r in records for n in r.words} - {"igbp"})):
        coords[name] = (("site",), np.array([r.words.get(name, "") for r in records]), {})
    coords["igbp"][2]["long_name"] = "IGBP land cover class"
    return coords


def _global_attributes(records: list[Record], title: str) -> dict[str, str]:
    files = dict.fromkeys(p for r in records for p in (r.source, *r.further))
    sources = [{"path": f"{p.parent.name}/{p.name}", "sha256": sha256(p)} for p in files if p.exists()]
    found: dict[str, str] = {"Conventions": "CF-1.10", "title": title, "featureType": "timeSeries"}
    for key in ("licence", "references"):
        texts = dict.fromkeys(r.attributes[key] for r in records if key in r.attributes)
        if texts:
            found[key] = "; ".join(texts)
    notes = [note for r in records for note in r.notes]
    found["history"] = "\n".join(["opened by terrax, units checked", *notes])
    found["source_files"] = json.dumps(sources)
    return found
