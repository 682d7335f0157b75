"""Site tables (sites.csv): coordinates and climate that FLUXNET tables do not carry."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import DataError, listing
from .table import check_rows, header

NUMBERS = {
    "lat": ("lat", "latitude", "location_lat"),
    "lon": ("lon", "longitude", "location_long", "long"),
    "elevation": ("elevation", "elevation_m", "elev", "location_elev"),
    "mean_annual_temperature": ("mean_annual_temperature", "mat", "mat_degc"),
    "mean_annual_precipitation": ("mean_annual_precipitation", "map", "map_mm"),
    "water_holding_capacity": ("whc_mm", "whc", "water_holding_capacity"),
}
WORDS = {"igbp": ("igbp",), "name": ("name", "site_name")}
SITE = ("site", "site_id", "sitename", "site_code", "id")

Metadata = dict[str, tuple[dict[str, float], dict[str, str]]]


def read_sites(path: Path) -> Metadata:
    """Read a table of sites.

    Args:
        path: CSV with a column `site` and columns such as lat, lon, elevation_m, igbp, mat_degC, map_mm.

    Returns:
        Site code -> (numbers, words).

    Raises:
        DataError: for a table without site column, a site named twice, or text where a number belongs.
    """
    import pandas as pd

    if not path.exists():
        raise DataError("the site table does not exist", str(path), "check the path")
    names = header(path)
    check_rows(path, len(names))
    lower = {n.lower(): n for n in names}
    key = next((lower[n] for n in SITE if n in lower), None)
    if key is None:
        raise DataError(
            f"the site table has no column 'site', it has {listing(names)}", path.name, "name it 'site'"
        )
    table = pd.read_csv(path, dtype=str, keep_default_na=False, skipinitialspace=True, encoding="utf-8-sig")
    found: Metadata = {}
    for row in table.to_dict("records"):
        site = str(row[key]).strip()
        if site in found:
            raise DataError(f"the site '{site}' occurs twice", path.name, "keep one row per site")
        numbers = {}
        for name, choices in NUMBERS.items():
            column = next((lower[c] for c in choices if c in lower), None)
            if column is not None:
                numbers[name] = _number(str(row[column]), path, column, site)
        words = {}
        for name, choices in WORDS.items():
            column = next((lower[c] for c in choices if c in lower), None)
            if column is not None and str(row[column]):
                words[name] = str(row[column])
        found[site] = (numbers, words)
    return found


def _number(text: str, path: Path, column: str, site: str) -> float:
    if text.strip() in ("", "NA", "NaN", "nan", "-9999"):
        return float("nan")
    try:
        value = float(text)
    except ValueError:
        raise DataError(
            f"'{text}' is no number",
            f"{path.name}, column {column}, site {site}",
            "correct it or leave it empty",
        ) from None
    if not np.isfinite(value):
        raise DataError(f"'{text}' is not finite", f"{path.name}, column {column}, site {site}", "correct it")
    return value
