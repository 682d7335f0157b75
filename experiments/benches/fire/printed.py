"""Values beside printed ones: whether they round to what is printed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from data.errors import DataError


def rounded(value: float) -> float:
    """A number as the tables print it: two decimals from 100 on, else four significant digits."""
    return round(value, 2) if abs(value) >= 100.0 else float(f"{value:.4g}")


def differing(values: Iterable[float], printed: Iterable[float]) -> int:
    """How many values do not round to what is printed; one that is NaN never does."""
    pairs = zip(np.ravel(np.asarray(values, float)), np.ravel(np.asarray(printed, float)), strict=True)
    return sum(rounded(float(v)) != float(p) for v, p in pairs)


def folder(data: Path | None, name: str = "fwi") -> Path:
    """Folder of reference values; raise DataError where it is not."""
    found = data / name if data else None
    if found is None or not found.is_dir():
        raise DataError(f"the folder {name} is missing", str(data), "give the folder of the data by --data")
    return found
