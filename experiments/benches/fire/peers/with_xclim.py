"""Fire weather by xclim, from weather the bench writes."""

# pyright: reportMissingImports=false
from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from serve import serve, timed
from xclim.indices.fire import cffwis_indices

UNITS = {"tas": "degC", "hurs": "%", "sfcWind": "km/h", "pr": "mm/d"}
CODES = ("dc", "dmc", "ffmc", "isi", "bui", "fwi")
held: dict[str, xr.Dataset] = {}


def load(path: str) -> dict[str, Any]:
    """Read weather (time, cell) and latitude (cell), whole, since parts side by side are slower."""
    with np.load(path) as file:
        time = file["time"].astype("datetime64[ns]")
        held["weather"] = xr.Dataset(
            {name: (("time", "cell"), file[name], {"units": unit}) for name, unit in UNITS.items()},
            {"time": time, "lat": ("cell", file["lat"], {"units": "degrees_north"})},
        )
    return {}


def codes() -> tuple[Any, ...]:
    """The six codes, computed."""
    ds = held["weather"]
    return cffwis_indices(**{name: ds[name] for name in UNITS}, lat=ds.lat)


def run(out: str = "") -> dict[str, Any]:
    """Compute the codes; they are written to ``out``, outside of the time, where it is given."""
    found, seconds = timed(codes)
    if out:
        np.savez(out, **{k: v.transpose("time", "cell").values for k, v in zip(CODES, found, strict=True)})
    return seconds


if __name__ == "__main__":
    serve({"load": load, "run": run})
