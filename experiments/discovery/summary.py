"""The result of a search in a few rows: cells, flags, and the links that most cells have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from causal import Flag

if TYPE_CHECKING:
    import xarray as xr

DIRECTED = ("-->", "o->")
MEANINGS = {
    Flag.MISSING: "some values are missing",
    Flag.EMPTY: "a variable has no value",
    Flag.CONSTANT: "a variable does not vary",
    Flag.DEPENDENT: "variables depend on one another exactly",
    Flag.SHORT: "some tests had too few samples",
    Flag.FAILED: "the engine failed",
}


def cell_dims(found: xr.Dataset) -> list[str]:
    """Dimensions of the cells of a result."""
    return [str(d) for d in found["graph"].dims if d not in ("source", "target", "lag")]


def flags(found: xr.Dataset) -> list[dict[str, Any]]:
    """How many cells have each flag, those that none has left out."""
    values = found["flag"].values
    rows = [(flag, int((values & int(flag) != 0).sum())) for flag in Flag]
    return [
        {"flag": str(f.name).lower(), "cells": n, "share": n / values.size, "meaning": MEANINGS[f]}
        for f, n in rows
        if n
    ]


def links(found: xr.Dataset, most: int | None = None) -> list[dict[str, Any]]:
    """Links by how many cells have them: mark, share, mean value there, mean bootstrap frequency there.

    A link of lag 0 is told once: from its source, or from the variable that comes first where it has no direction.
    """
    dims = cell_dims(found)
    usable = (found["flag"].values & int(Flag.EMPTY | Flag.FAILED)) == 0
    graph = found["graph"].transpose(*dims, "source", "target", "lag").values
    extra = graph.ndim - 3 - usable.ndim  # the regimes that a method found have no flag of their own
    usable = np.reshape(usable, (*np.shape(usable), *[1] * extra))
    usable = np.broadcast_to(usable, graph.shape[:-3]).reshape(-1)
    graph = graph.reshape(-1, *graph.shape[-3:])[usable]
    val = (
        found["val"].transpose(*dims, "source", "target", "lag").values.reshape(-1, *graph.shape[1:])[usable]
    )
    often = None
    if "frequency" in found:
        often = found["frequency"].values.reshape(-1, *graph.shape[1:])[usable]
    rows = []
    for i, j, lag in np.argwhere((graph != "").any(0)):
        marks = graph[:, i, j, lag]
        for mark in np.unique(marks[marks != ""]):
            here = marks == mark
            if lag == 0 and (mark in ("<--", "<-o") or (mark not in DIRECTED and j < i)):
                continue
            rows.append(
                {
                    "source": str(found["source"].values[i]),
                    "mark": str(mark),
                    "target": str(found["target"].values[j]),
                    "lag": int(lag),
                    "cells": int(here.sum()),
                    "share": float(here.mean()),
                    "val": float(val[here, i, j, lag].mean()),
                    "frequency": None if often is None else float(often[here, i, j, lag].mean()),
                }
            )
    rows.sort(key=lambda row: (-row["cells"], -abs(row["val"])))
    return rows[:most]


def told(found: xr.Dataset, most: int | None = None) -> dict[str, Any]:
    """The whole summary as JSON can hold it."""
    return {
        "cells": int(found["flag"].size),
        "dims": {d: int(found.sizes[d]) for d in cell_dims(found)},
        "variables": [str(v) for v in found["source"].values],
        "method": found.attrs["method"],
        "test": found.attrs["test"],
        "engine": found.attrs["engine"],
        "engine_reason": found.attrs["engine_reason"],
        "flags": flags(found),
        "links": links(found, most),
        "errors": str(found.attrs.get("errors", "")),
    }


def show(found: xr.Dataset, most: int = 15) -> None:
    """Print the summary as tables."""
    from .. import console

    whole = told(found)
    sizes = " x ".join(f"{n} {d}" for d, n in whole["dims"].items())
    cells = f"{whole['cells']} cells ({sizes})" if sizes else "one graph"
    print(f"{whole['method']} with {whole['test']}: {cells}, {len(whole['variables'])} variables")
    print(f"engine {whole['engine']}: {whole['engine_reason']}")
    for row in whole["flags"]:
        print(f"flag {row['flag']}: {row['cells']} of {whole['cells']} cells ({row['meaning']})")
    if whole["errors"]:
        print(f"errors: {whole['errors']}")
    if not whole["links"]:
        print("no link was found")
        return
    header = ["link", "lag", "share of cells", "mean val"]
    often = "frequency" in found
    rows = [
        [f"{row['source']} {row['mark']} {row['target']}", row["lag"], row["share"], row["val"]]
        + ([row["frequency"]] if often else [])
        for row in whole["links"][:most]
    ]
    left = len(whole["links"]) - len(rows)
    console.table(header + (["frequency"] if often else []), rows)
    if left:
        print(f"and {left} more; the file holds all")
