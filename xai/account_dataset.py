"""Accounts as Datasets on the input's coordinates."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from data.errors import DataError

from .account import Account, Passage

ITEMS = {"forcing": "variable"}
"""Group of the input to the dimension of its members, where that is not the group's own name."""


def account_dataset(
    result: Account,
    coords: Mapping[str, Any],
    *,
    dims: Mapping[str, Sequence[str]] | None = None,
    kinds: Mapping[str, Sequence[str]] | None = None,
    of: str = "output",
    unit: str = "1",
    settings: Mapping[str, Any] | None = None,
) -> xr.Dataset:
    """An account as a Dataset.

    The explained input is a mapping of groups ("forcing", "parameters", ...), each a mapping of names to arrays of
    one shape. A group's attribution is a variable of the group's name with the dimension of its names first
    ("variable" for forcing) and then the group's own. By channel it is ``<group>_by_<kind>``, with the channels as
    dimension `kind` last. Views that are the same at several cuts, called ``<kind>@<cut>``, are joined along
    ``<kind>_cut``. All sum to `prediction` less `base_value` less their gap.

    Args:
        result: account of a scalar output.
        coords: dimension to its coordinate, for the dimensions in `dims`.
        dims: group to the dimensions of its arrays; ``{"forcing": ("time",)}`` where None.
        kinds: kind to its channels in the order wanted; sorted by name, 'direct' last, where left out.
        of: name of the output.
        unit: unit of the output, and so of every attribution.
        settings: further attributes, numbers, strings or what JSON can hold.

    Raises:
        DataError: the output is not a scalar, or a group's arrays are not of the dimensions given.
    """
    if np.ndim(result.prediction):
        raise DataError(
            f"the output is of shape {np.shape(result.prediction)}", "account_dataset", "explain one number"
        )
    dims = {"forcing": ("time",)} if dims is None else dims
    held: dict[str, xr.DataArray] = {}
    for group, members in result.attribution.items():
        if members:
            held[group] = _stack(group, members, dims.get(group, ()), coords)
    by_kind: dict[str, dict[str, Passage]] = {}
    for name, passage in result.passages.items():
        kind, _, cut = name.partition("@")
        by_kind.setdefault(kind, {})[cut] = passage
    for kind, cuts in by_kind.items():
        held |= _by_kind(kind, cuts, dims, coords, (kinds or {}).get(kind))
    for name in held:
        held[name].attrs["units"] = unit if not name.endswith("_mismatch") else "1"
    scalars = {"base_value": result.base_value, "prediction": result.prediction}
    scalars |= {"efficiency_gap": result.efficiency_gap, "error": result.error}
    held |= {n: xr.DataArray(float(v), attrs={"units": unit}) for n, v in scalars.items()}
    ds = xr.Dataset(held)
    ds.attrs |= {"method": "account", "of": of, "runs": result.runs, "nodes": result.nodes}
    ds.attrs |= {"pieces": result.pieces, "converged": int(result.converged)}
    for name, value in (settings or {}).items():
        ds.attrs[name] = value if isinstance(value, str | int | float) else json.dumps(value)
    return ds


def _stack(
    group: str, members: Mapping[str, Any], dims: Sequence[str], coords: Mapping[str, Any]
) -> xr.DataArray:
    first = next(iter(members.values()))
    if np.ndim(first) != len(dims):
        raise DataError(
            f"the arrays of {group!r} have {np.ndim(first)} dimensions, and {len(dims)} are named",
            "account_dataset",
            "name them in `dims`",
        )
    item = ITEMS.get(group, f"{group}_name")
    known = {d: coords[d] for d in dims if d in coords}
    return xr.DataArray(
        np.stack([np.asarray(v) for v in members.values()]),
        dims=(item, *dims),
        coords={item: list(members), **known},
    )


def _by_kind(
    kind: str,
    cuts: Mapping[str, Passage],
    dims: Mapping[str, Sequence[str]],
    coords: Mapping[str, Any],
    order: Sequence[str] | None,
) -> dict[str, xr.DataArray]:
    channels = list(next(iter(cuts.values())).channels)
    if order is None:
        order = sorted(channels, key=lambda n: (n == "direct", n))
    order = [n for n in order if n in channels] + [n for n in channels if n not in order]
    joined: dict[str, list[xr.DataArray]] = {}
    for passage in cuts.values():
        groups = {g for c in passage.channels.values() for g, members in c.items() if members}
        for group in groups:
            parts = [_stack(group, passage.channels[n][group], dims.get(group, ()), coords) for n in order]
            one = xr.concat(parts, dim=xr.Variable(kind, order)).transpose(..., kind)
            joined.setdefault(f"{group}_by_{kind}", []).append(one)
        joined.setdefault(f"{kind}_gap", []).append(xr.DataArray(float(passage.efficiency_gap)))
        joined.setdefault(f"{kind}_mismatch", []).append(xr.DataArray(float(passage.mismatch)))
    if list(cuts) == [""]:
        return {n: parts[0] for n, parts in joined.items()}
    label = xr.Variable(f"{kind}_cut", list(cuts))
    return {n: xr.concat(parts, dim=label) for n, parts in joined.items()}


def by_week(ds: xr.Dataset, time: str = "time", days: int = 7) -> xr.Dataset:
    """The account summed over weeks, which are labelled by their first day; no week is left out.

    Args:
        ds: result of `account_dataset`.
        time: dimension of time.
        days: length of a week.
    """
    whole = [n for n in ds.data_vars if time in ds[n].dims]
    count = ds.sizes[time]
    label = ds[time].values[np.arange(count) // days * days]
    summed = ds[whole].assign_coords(week=(time, label)).groupby("week").sum()
    out = ds.drop_vars([*whole, time]).merge(summed)
    out.attrs = dict(ds.attrs)
    for n in whole:
        out[n].attrs = dict(ds[n].attrs)
    return out.transpose(*[d for d in out.dims if d != "pool" and d != "flux"], ...)
