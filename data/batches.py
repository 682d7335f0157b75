"""Panels: site datasets as plain arrays, time first, ready for a simulation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from .errors import DataError, listing, nearest
from .growthform import growth_form
from .solar import day_length, day_of_year
from .variables import REGISTRY

if TYPE_CHECKING:
    import xarray as xr

ATTRIBUTES = ("lat", "elevation", "mean_annual_temperature", "mean_annual_precipitation")
"""Numeric site attributes packed unless others are asked for, where they are known at every site."""

CALENDAR_INPUTS = ("day_of_year", "day_length")


@dataclass(frozen=True, eq=False, repr=False)
class Panel:
    """Forcing, targets and attributes of sites as arrays; records start at step 0, whatever their dates.

    Attributes:
        forcing: variable -> float32 (time, site), padded after a record's end by its last day; besides the
            variables asked for, day_of_year [1-366] and day_length [h].
        targets: variable -> float32 (time, site), 0 where missing.
        masks: target -> bool (time, site), True where observed.
        attributes: name -> float32 (site,).
        categories: name -> int32 (site,), an index into `category_names[name]`.
        category_names: name -> the values of a category, sorted.
        valid: bool (time, site), True inside the record.
        dates: datetime64[D] (time, site), padded by the last day.
        sites: site codes.
        calendar: datetime64[D] (day,), the union calendar of the dataset it came from.
        offset: int64 (site,), index of step 0 of each site in `calendar`.
        coords: what `to_dataarray` and later datasets need of the sites' coordinates.
    """

    forcing: dict[str, np.ndarray]
    targets: dict[str, np.ndarray]
    masks: dict[str, np.ndarray]
    attributes: dict[str, np.ndarray]
    categories: dict[str, np.ndarray]
    category_names: dict[str, tuple[str, ...]]
    valid: np.ndarray
    dates: np.ndarray
    sites: tuple[str, ...]
    calendar: np.ndarray
    offset: np.ndarray
    coords: dict[str, np.ndarray]

    def __repr__(self) -> str:
        steps, sites = self.shape
        return (
            f"Panel({steps} days, {sites} sites, forcing {list(self.forcing)}, targets {list(self.targets)})"
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Steps and sites."""
        return self.valid.shape[0], self.valid.shape[1]

    def select(self, mask: xr.DataArray) -> np.ndarray:
        """Return a mask (site, time) of the union calendar as bool (time, site), False on padding.

        Raises:
            DataError: where the mask has other sites or days.
        """
        held = {str(s): i for i, s in enumerate(mask["site"].values)}
        lacking = [s for s in self.sites if s not in held]
        if lacking:
            raise DataError(
                f"the mask lacks {listing(lacking)}", "Panel.select", "make it from the same dataset"
            )
        days = mask["time"].values.astype("datetime64[D]")
        if len(days) != len(self.calendar) or (days != self.calendar).any():
            raise DataError(
                "the mask has other days than the panel", "Panel.select", "make it from the same dataset"
            )
        values = mask.transpose("site", "time").values.astype(bool)[[held[s] for s in self.sites]]
        return values[np.arange(len(self.sites))[None, :], self._index()] & self.valid

    def to_dataarray(self, array: np.ndarray, name: str, **attrs: object) -> xr.DataArray:
        """Return an array (time, site) of the panel as DataArray (site, time) on the union calendar.

        Args:
            array: numbers (time, site); padding is dropped.
            name: name of the result; the attributes of a registered variable are set.
            **attrs: further attributes.
        """
        import xarray as xr

        array = np.asarray(array)
        if array.shape != self.shape:
            raise DataError(
                f"the array has shape {array.shape}, {self.shape} is wanted",
                f"to_dataarray('{name}')",
                "give an array (time, site) of this panel",
            )
        kind = array.dtype if array.dtype.kind == "f" else np.float32
        block = np.full((len(self.sites), len(self.calendar)), np.nan, dtype=kind)
        step, site = np.nonzero(self.valid)
        block[site, self._index()[step, site]] = array[step, site]
        known = REGISTRY[name].attributes() if name in REGISTRY else {}
        coords: dict = {"site": list(self.sites), "time": self.calendar.astype("datetime64[ns]")}
        coords |= {key: ("site", column) for key, column in self.coords.items()}
        return xr.DataArray(block, coords, ("site", "time"), name, {**known, **attrs})

    def window(self, start: int, stop: int) -> Panel:
        """Return the steps from `start` up to, not including, `stop`.

        Raises:
            DataError: where the window is empty or leaves the panel.
        """
        steps = self.shape[0]
        if not 0 <= start < stop <= steps:
            raise DataError(
                f"the window {start}:{stop} is empty or outside 0:{steps}", "Panel.window", "change it"
            )
        cut = slice(start, stop)

        def sliced(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
            return {k: v[cut] for k, v in arrays.items()}

        return replace(
            self,
            forcing=sliced(self.forcing),
            targets=sliced(self.targets),
            masks=sliced(self.masks),
            valid=self.valid[cut],
            dates=self.dates[cut],
            offset=self.offset + start,
        )

    def take(self, sites: Iterable[str]) -> Panel:
        """Return the panel of some sites, in the order given.

        Raises:
            DataError: where a site is not in the panel.
        """
        names = list(sites)
        for site in names:
            if site not in self.sites:
                raise DataError(
                    f"the site '{site}' is not in the panel", "Panel.take", nearest(site, self.sites).strip()
                )
        rows = np.array([self.sites.index(s) for s in names], dtype=np.int64)

        def columns(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
            return {k: v[..., rows] for k, v in arrays.items()}

        return replace(
            self,
            forcing=columns(self.forcing),
            targets=columns(self.targets),
            masks=columns(self.masks),
            attributes=columns(self.attributes),
            categories=columns(self.categories),
            valid=self.valid[:, rows],
            dates=self.dates[:, rows],
            sites=tuple(names),
            offset=self.offset[rows],
            coords=columns(self.coords),
        )

    def with_forcing(self, **forcing: np.ndarray) -> Panel:
        """Return the panel with some forcing variables replaced or added, each (time, site)."""
        for name, values in forcing.items():
            if np.shape(values) != self.shape:
                raise DataError(
                    f"'{name}' has shape {np.shape(values)}, {self.shape} is wanted",
                    "Panel.with_forcing",
                    "give an array (time, site) of this panel",
                )
        changed = {name: np.asarray(values, dtype=np.float32) for name, values in forcing.items()}
        return replace(self, forcing={**self.forcing, **changed})

    def _index(self) -> np.ndarray:
        steps = np.arange(self.valid.shape[0])[:, None]
        return np.clip(self.offset[None, :] + steps, 0, len(self.calendar) - 1)


def pack(
    ds: xr.Dataset,
    forcing: Iterable[str],
    targets: Iterable[str] = (),
    attributes: Iterable[str] | None = None,
    sites: Iterable[str] | None = None,
    categories: Iterable[str] = ("igbp",),
) -> Panel:
    """Pack a site dataset into a panel.

    Args:
        ds: site dataset of `data.open_sites`, (site, time).
        forcing: names of variables that must be complete inside each record.
        targets: names of observed variables; gaps become 0 with mask False.
        attributes: numeric site coordinates; where None, those of `ATTRIBUTES` known at every site, and
            the growth form of its land cover class (see `growth_form`) where `igbp` tells it.
        sites: site codes, in this order; all where None.
        categories: text site coordinates.

    Returns:
        A panel as long as the longest record.

    Raises:
        DataError: for unknown names, gaps or infinite values in forcing, a site without a value of any
            target, and attributes that are missing at a site.
    """
    names, targets = list(dict.fromkeys(forcing)), list(dict.fromkeys(targets))
    names = [n for n in names if n not in CALENDAR_INPUTS]
    for name in (*names, *targets):
        if name not in ds.data_vars:
            hint = (
                nearest(name, map(str, ds.data_vars)).strip()
                or f"the dataset holds {listing(ds.data_vars, 12)}"
            )
            raise DataError(f"the variable '{name}' is missing", "pack", hint)
    chosen = _chosen(ds, sites)
    part = ds.isel(site=[i for i, _ in chosen])
    codes = tuple(s for _, s in chosen)
    calendar = ds["time"].values.astype("datetime64[D]")
    first = part["record_start"].values.astype("datetime64[D]")
    last = part["record_end"].values.astype("datetime64[D]")
    offset = (first - calendar[0]).astype(np.int64)
    length = (last - first).astype(np.int64) + 1
    steps = np.arange(int(length.max()))[:, None]
    valid = steps < length[None, :]
    index = offset[None, :] + np.minimum(steps, length[None, :] - 1)
    rows = np.arange(len(codes))[None, :]

    def gather(name: str) -> np.ndarray:
        return part[name].transpose("site", "time").values[rows, index].astype(np.float32)

    dates = calendar[index]
    inputs = {name: _complete(gather(name), name, codes, dates) for name in names}
    doy = day_of_year(dates)
    inputs["day_of_year"] = doy.astype(np.float32)
    inputs["day_length"] = day_length(part["lat"].values[None, :], doy).astype(np.float32)
    values, masks = {}, {}
    for name in targets:
        block = gather(name)
        masks[name] = np.isfinite(block) & valid
        values[name] = np.where(masks[name], block, 0.0).astype(np.float32)
    if targets:
        bare = [s for i, s in enumerate(codes) if not any(masks[t][:, i].any() for t in targets)]
        if bare:
            raise DataError(
                f"no target has a value at {listing(bare)}",
                f"targets {listing(targets)}",
                "leave the site out or name other targets",
            )
    groups = {name: _category(part, name) for name in categories if name in part.coords}
    return Panel(
        inputs,
        values,
        masks,
        _attributes(part, attributes, codes),
        {k: v[0] for k, v in groups.items()},
        {k: v[1] for k, v in groups.items()},
        valid,
        dates,
        codes,
        calendar,
        offset,
        {str(k): v.values for k, v in part.coords.items() if v.dims == ("site",) and k != "site"},
    )


def _chosen(ds: xr.Dataset, sites: Iterable[str] | None) -> list[tuple[int, str]]:
    held = {str(s): i for i, s in enumerate(ds["site"].values)}
    if sites is None:
        return [(i, s) for s, i in held.items()]
    found = []
    for site in sites:
        if site not in held:
            raise DataError(
                f"the site '{site}' is not in the dataset",
                "pack",
                nearest(site, held).strip() or listing(held),
            )
        found.append((held[site], site))
    if not found:
        raise DataError("no site is asked for", "pack", f"name some of {listing(held)}")
    return found


def _complete(block: np.ndarray, name: str, sites: tuple[str, ...], dates: np.ndarray) -> np.ndarray:
    bad = ~np.isfinite(block)
    if bad.any():
        step, site = (int(i) for i in np.argwhere(bad)[0])
        counts = [f"{int(bad[:, i].sum())} at {s}" for i, s in enumerate(sites) if bad[:, i].any()]
        raise DataError(
            f"forcing has missing or infinite values: {listing(counts)}, "
            f"the first on {dates[step, site]} at {sites[site]}",
            f"variable {name}",
            "fill them when opening the sites (fill=)",
        )
    return block


def _attributes(
    part: xr.Dataset, names: Iterable[str] | None, sites: tuple[str, ...]
) -> dict[str, np.ndarray]:
    if names is None:
        known = [n for n in ATTRIBUTES if n in part.coords and np.isfinite(part[n].values).all()]
        found = {n: part[n].values.astype(np.float32) for n in known}
        form = growth_form([str(c) for c in part["igbp"].values]) if "igbp" in part.coords else None
        return found | (form or {})
    found = {}
    for name in names:
        if name not in part.coords or part[name].dims != ("site",) or part[name].dtype.kind not in "fiu":
            numeric = [
                str(n) for n, c in part.coords.items() if c.dims == ("site",) and c.dtype.kind in "fiu"
            ]
            hint = nearest(name, numeric).strip() or f"choose from {listing(numeric, 12)}"
            raise DataError(f"the site attribute '{name}' is missing or no number", "pack", hint)
        column = part[name].values.astype(np.float32)
        bare = [s for s, x in zip(sites, column, strict=True) if not np.isfinite(x)]
        if bare:
            raise DataError(
                f"the site attribute '{name}' is missing at {listing(bare)}", "pack", "add it or leave it out"
            )
        found[name] = column
    return found


def _category(part: xr.Dataset, name: str) -> tuple[np.ndarray, tuple[str, ...]]:
    column = [str(v) for v in part[name].values]
    names = tuple(sorted(set(column)))
    return np.array([names.index(v) for v in column], dtype=np.int32), names
