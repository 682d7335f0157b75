"""Convert what users hold into site netCDF."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .align import to_dataset
from .records import Record, check_coordinates, check_days, check_extremes, check_values
from .write import write_sites

REFERENCES = "Pastorello et al. 2020, Sci Data 7:225, doi:10.1038/s41597-020-0534-3"


def convert_fluxnet(
    inputs: Iterable[str | Path] | str | Path,
    output: str | Path,
    *,
    metadata: str | Path | None = None,
    sites: Mapping[str, Mapping[str, Any]] | None = None,
    ranges: str = "mask",
    **options: Any,
) -> list[Path]:
    """Convert FLUXNET or ICOS CSV files to one CF-1.10 netCDF per site.

    Nothing is written unless every site can be read and checked; each file is written whole or not at all.

    Args:
        inputs: files or folders.
        output: folder for `<SITE>.nc`, created where missing.
        metadata: table of sites with lat, lon, elevation, igbp; `sites.csv` beside the inputs where None.
        sites: site code -> values that go before the table, as {"BE-Bra": {"lat": 51.3, "lon": 4.5}}.
        ranges: what happens to values out of range, see `data.open_sites`.
        **options: min_quality, min_coverage, partitioning and closed of `data.readers.fluxnet.read_fluxnet`.

    Returns:
        The files written, in the order of the sites.

    Raises:
        DataError: as `read_fluxnet`, for missing coordinates, faulty times, and files that cannot be written.
    """
    from .readers.fluxnet import read_fluxnet

    paths = [inputs] if isinstance(inputs, str | Path) else list(inputs)
    records = read_fluxnet(paths, metadata=metadata, **options)
    for record in records:
        _state(record, dict((sites or {}).get(record.site, {})))
        check_days(record.days, record.where())
        check_coordinates(record)
        check_values(record, ranges)
        check_extremes(record)
    written: list[Path] = []
    for record in records:
        ds = to_dataset([record], title=f"Daily meteorology and ecosystem fluxes at {record.site}")
        ds.attrs["source"] = f"FLUXNET or ICOS table {record.source.name}, converted by terrax"
        ds.attrs["references"] = REFERENCES
        written += write_sites(ds, output)
    return written


def _state(record: Record, given: dict[str, Any]) -> None:
    for name, value in given.items():
        if isinstance(value, str):
            record.words[name] = value
        else:
            record.numbers[name] = float(value)
