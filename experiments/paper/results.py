"""Numbers of a results file: scalars, numeric attributes, labelled tables, and what was observed where."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.errors import RunError

from .values import Number, found

if TYPE_CHECKING:
    import xarray as xr

_MOST = 2000


def results(path: Path) -> Iterator[tuple[str, Number]]:
    """Yield the numbers of ``results.nc`` by name.

    - ``NAME``: a variable without dimensions, or a global attribute that is a number
    - ``NAME.LABEL`` or ``NAME.LABEL.LABEL``: a variable over dimensions whose coordinates are words
      (scenario, target, pool)
    - ``NAME...``, ``NAME....least``, ``NAME....most``: where it has further dimensions (site, member, start),
      the median, the least and the greatest value over these
    - ``days``, ``first``, ``last``: the calendar; ``observed.TARGET``: days with an observation, all sites

    Raises:
        RunError: a file that cannot be read.
    """
    import xarray as xr

    try:
        with xr.open_dataset(path) as ds:
            yield from _numbers(ds, path.name)
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RunError(
            f"the results cannot be read, {reason}", str(path), "run the experiment again"
        ) from None


def _numbers(ds: xr.Dataset, file: str) -> Iterator[tuple[str, Number]]:
    for name, value in ds.attrs.items():
        if _is_number(value):
            yield str(name), found(_native(value), "", file)
    if "time" in ds.coords and ds.sizes.get("time"):
        days = ds["time"].values.astype("datetime64[D]")
        yield "days", found(len(days), "", file)
        yield "first", found(str(days.min()), "", file)
        yield "last", found(str(days.max()), "", file)
    for name, variable in ds.data_vars.items():
        if str(name).endswith("_observed"):
            count = int(variable.notnull().sum())
            yield f"observed.{str(name).removesuffix('_observed')}", found(count, "", file)
        elif variable.dtype.kind in "fiu":
            yield from _variable(ds, str(name), file)


def _variable(ds: xr.Dataset, name: str, file: str) -> Iterator[tuple[str, Number]]:
    variable = ds[name]
    unit = str(variable.attrs.get("units", ""))
    if "time" in variable.dims or variable.size > _MOST:
        return
    words = [dim for dim in variable.dims if dim != "site" and _is_labelled(ds, str(dim))]
    others = [dim for dim in variable.dims if dim not in words]
    if others:
        kinds = {
            "": variable.median(others),
            ".least": variable.min(others),
            ".most": variable.max(others),
        }
    else:
        kinds = {"": variable}
    labels = [[str(value) for value in ds[dim].values] for dim in words]
    for ending, values in kinds.items():
        for place in itertools.product(*(range(len(held)) for held in labels)):
            names = [held[index] for held, index in zip(labels, place, strict=True)]
            value = _native(values.transpose(*words).values[place])
            yield ".".join([name, *names]) + ending, found(value, unit, file)


def _is_labelled(ds: xr.Dataset, dim: str) -> bool:
    """Tell whether the coordinate of a dimension is words."""
    return dim in ds.coords and ds[dim].dtype.kind in "OUST"


def _is_number(value: Any) -> bool:
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    return isinstance(value, int | float) or (kind in ("f", "i", "u") and getattr(value, "size", 2) == 1)


def _native(value: Any) -> int | float:
    return value.item() if hasattr(value, "item") else value
