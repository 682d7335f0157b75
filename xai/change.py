"""The changes of an input that a counterfactual may make: cells or groups of cells, bounds, relations, smoothness."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from scipy import sparse

from data.errors import ConfigError, DataError, counted, listing, nearest

WHERE = "counterfactual"
_RELATION = re.compile(r"^\s*([^\s<>=]+)\s*(<=|>=)\s*([^\s<>=]+)\s*$")


@dataclass(frozen=True)
class Change:
    """A linear map from parameters to cells: a cell's value is its own plus ``step`` times its parameter.

    Attributes:
        names: variables in the order in which their cells lie in a row.
        x: the input's cells, (cell,).
        spread: unit in which a change of each cell is measured, (cell,).
        which: parameter of each cell, -1 where it stays, (cell,).
        step: change of the cell per unit of its parameter, (cell,).
        lower: least value of each parameter, (parameter,).
        upper: greatest value of each parameter, (parameter,).
        relation: matrix of the relations, scaled to spreads, (row, parameter).
        slack: relation's slack at the input; a change keeps ``relation @ p + slack >= 0``, (row,).
        rough: matrix of differences of change between neighbours, in spreads, (pair, parameter), weighted.
        labels: parameters that are groups, by name.
    """

    names: tuple[str, ...]
    x: np.ndarray
    spread: np.ndarray
    which: np.ndarray
    step: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    relation: Any
    slack: np.ndarray
    rough: Any
    labels: tuple[str, ...]

    @property
    def count(self) -> int:
        """Number of parameters."""
        return len(self.lower)

    def size(self, norm: str) -> np.ndarray:
        """Distance that a unit of each parameter makes: root of the summed squares, or sum, over its cells."""
        moved = self.which >= 0
        part = np.abs(self.step[moved] / self.spread[moved])
        if norm == "l2":
            return np.sqrt(np.bincount(self.which[moved], part**2, self.count))
        return np.bincount(self.which[moved], part, self.count)

    def cells(self, parameters: np.ndarray) -> np.ndarray:
        """The changed cells, (cell,)."""
        return np.where(self.which >= 0, self.x + self.step * parameters[self.which], self.x)


def make_change(
    ds: xr.Dataset,
    *,
    groups: Any,
    how: str,
    spread: Mapping[str, Any] | xr.Dataset | None,
    bounds: Mapping[str, tuple[Any, Any]],
    frozen: Sequence[str] | Mapping[str, Any],
    relations: Sequence[str],
    smooth: Mapping[str, float],
) -> Change:
    """Lay out what may be changed.

    Args:
        ds: the input; missing cells stay.
        groups: players of cells (anything with ``names`` and ``ids``) that change together, or None for every cell.
        how: ``add`` (a shift in spreads) or ``factor`` (a share of the value).
        spread: unit of change of each variable; its standard deviation over cells where not given.
        bounds: least and greatest value of a variable, numbers or arrays on its dimensions, None for none.
        frozen: variables, or by variable True or truth values on its dimensions, that stay.
        relations: such as "tas_min <= tas_max" and "pr >= 0".
        smooth: weight of the roughness of the change along a dimension.

    Raises:
        DataError: an input that breaks bounds or relations, has no spread, or nothing left to change.
        ConfigError: unknown names or settings.
    """
    if how not in ("add", "factor"):
        raise ConfigError(f"the kind of change {how!r} is unknown", WHERE, "choose add or factor")
    names = tuple(str(n) for n in ds.data_vars)
    places, start = {}, 0
    for name in names:
        places[name] = np.arange(start, start + ds[name].size).reshape(ds[name].shape)
        start += ds[name].size
    x = np.concatenate([ds[n].values.astype(float).ravel() for n in names])
    unit = np.concatenate([_spread(ds, n, spread).ravel() for n in names])
    free = np.isfinite(x) & ~np.concatenate([_frozen(ds, n, frozen).ravel() for n in names])
    for name in frozen:
        _known(name, names, "`frozen`")
    which, labels = _parameters(ds, names, groups, free)
    step = np.where(which >= 0, unit if how == "add" else x, 0.0)
    pairs, bounds = _relations(relations, ds, bounds)
    low, high = np.full(len(x), -np.inf), np.full(len(x), np.inf)
    for name, (least, most) in bounds.items():
        _known(name, names, "`bounds`")
        for side, value in ((low, least), (high, most)):
            if value is not None:
                side[places[name].ravel()] = _like(value, ds[name]).ravel()
    _inside(x, low, high, names, places)
    moves = (which >= 0) & (np.abs(step) > 0)
    used, which_new = np.unique(which[moves], return_inverse=True)
    if not len(used):
        raise DataError(
            "nothing is left to change", WHERE, "free a variable, or change by adding where values are 0"
        )
    which = np.full(len(x), -1)
    which[moves] = which_new
    count = len(used)
    lower = np.full(count, -np.inf if how == "add" else -1.0)
    upper = np.full(count, np.inf)
    for cell in (moves,):
        a, b = (low[cell] - x[cell]) / step[cell], (high[cell] - x[cell]) / step[cell]
        np.maximum.at(lower, which[cell], np.minimum(a, b))
        np.minimum.at(upper, which[cell], np.maximum(a, b))
    relation, slack = _relation_rows(pairs, ds, places, x, unit, which, step, count)
    rough = _rough(smooth, ds, names, places, unit, which, step, count)
    labels = tuple(labels[i] for i in used) if labels else ()
    return Change(names, x, unit, which, step, lower, upper, relation, slack, rough, labels)


def _known(name: str, names: Sequence[str], where: str) -> None:
    if name not in names:
        raise ConfigError(
            f"{where} names {name!r}", WHERE, f"the variables are {listing(names)}{nearest(name, names)}"
        )


def _like(value: Any, item: xr.DataArray) -> np.ndarray:
    """A number or array on the dimensions of a variable."""
    if isinstance(value, xr.DataArray):
        return value.broadcast_like(item).transpose(*item.dims).values.astype(float)
    return np.broadcast_to(np.asarray(value, float), item.shape)


def _spread(ds: xr.Dataset, name: str, given: Mapping[str, Any] | xr.Dataset | None) -> np.ndarray:
    held = given is not None and name in given
    value = given[name] if held else float(np.nanstd(ds[name].values.astype(float)))  # type: ignore[index]
    unit = _like(value, ds[name])
    if not (np.isfinite(unit) & (unit > 0)).all():
        raise DataError(
            f"the spread of {name!r} is not above 0"
            if held
            else f"{name!r} has one value, and so no spread of its own",
            WHERE,
            "give the size of a usual change in `spread`",
        )
    return unit


def _frozen(ds: xr.Dataset, name: str, frozen: Sequence[str] | Mapping[str, Any]) -> np.ndarray:
    if name not in frozen:
        return np.zeros(ds[name].shape, bool)
    value = frozen[name] if isinstance(frozen, Mapping) else True
    return _like(value, ds[name]).astype(bool)


def _parameters(
    ds: xr.Dataset, names: Sequence[str], groups: Any, free: np.ndarray
) -> tuple[np.ndarray, tuple[str, ...]]:
    if groups is None:
        return np.where(free, np.arange(len(free)), -1), ()
    ids = [np.asarray(groups.ids[n]).ravel() if n in groups.ids else np.full(ds[n].size, -1) for n in names]
    for name, found in zip(names, ids, strict=True):
        if len(found) != ds[name].size:
            raise DataError(
                f"the groups hold {counted(len(found), 'cell')} of {name!r} and the input {ds[name].size}",
                WHERE,
                "make the groups from the same input",
            )
    return np.where(free, np.concatenate(ids), -1), tuple(map(str, groups.names))


def _relations(
    relations: Sequence[str], ds: xr.Dataset, bounds: Mapping[str, tuple[Any, Any]]
) -> tuple[list[tuple[str, str, str]], dict[str, tuple[Any, Any]]]:
    """Relations between two variables as (smaller, greater, text); those with a number become bounds."""
    pairs, sides = [], {n: tuple(b) for n, b in bounds.items()}
    names = tuple(map(str, ds.data_vars))
    for text in relations:
        found = _RELATION.match(text)
        if not found:
            raise ConfigError(
                f"the relation {text!r} cannot be read", WHERE, "write 'tas_min <= tas_max' or 'pr >= 0'"
            )
        left, sign, right = found.groups()
        small, great = (left, right) if sign == "<=" else (right, left)
        numbers = [_number(s) for s in (small, great)]
        for side, number in zip((small, great), numbers, strict=True):
            if number is None:
                _known(side, names, f"the relation {text!r}")
        if None not in numbers:
            raise ConfigError(f"the relation {text!r} has no variable", WHERE, "name one or two")
        if numbers[1] is not None:
            least, most = sides.get(small, (None, None))
            sides[small] = (
                least,
                numbers[1]
                if most is None
                else xr.where(_array(most, ds[small]) < numbers[1], most, numbers[1]),
            )
        elif numbers[0] is not None:
            least, most = sides.get(great, (None, None))
            sides[great] = (
                numbers[0]
                if least is None
                else xr.where(_array(least, ds[great]) > numbers[0], least, numbers[0]),
                most,
            )
        else:
            if set(ds[small].dims) != set(ds[great].dims):
                raise ConfigError(
                    f"the variables of {text!r} have different dimensions", WHERE, "relate cells one to one"
                )
            pairs.append((small, great, text))
    return pairs, sides


def _array(value: Any, item: xr.DataArray) -> xr.DataArray:
    return xr.DataArray(_like(value, item), item.coords, item.dims)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _inside(
    x: np.ndarray, low: np.ndarray, high: np.ndarray, names: Sequence[str], places: Mapping[str, np.ndarray]
) -> None:
    for name in names:
        at = places[name].ravel()
        bad = int(((x[at] < low[at]) | (x[at] > high[at])).sum())
        if bad:
            raise DataError(
                f"{counted(bad, 'cell')} of {name!r} of the input itself lie outside its bounds",
                WHERE,
                "widen the bounds, or mend the input",
            )


def _relation_rows(
    pairs: Sequence[tuple[str, str, str]],
    ds: xr.Dataset,
    places: Mapping[str, np.ndarray],
    x: np.ndarray,
    unit: np.ndarray,
    which: np.ndarray,
    step: np.ndarray,
    count: int,
) -> tuple[Any, np.ndarray]:
    entries: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    slack = []
    first = 0
    for small, great, text in pairs:
        order = [ds[great].dims.index(d) for d in ds[small].dims]
        a, b = places[small].ravel(), places[great].transpose(order).ravel()
        scale = np.maximum(unit[a], unit[b])
        gap = (x[b] - x[a]) / scale
        if (gap < 0).any():
            raise DataError(
                f"the input itself breaks {text!r} in {counted(int((gap < 0).sum()), 'cell')}",
                WHERE,
                "mend the input",
            )
        keep = np.isfinite(gap) & ((which[a] >= 0) | (which[b] >= 0))
        a, b, gap, scale = a[keep], b[keep], gap[keep], scale[keep]
        row = first + np.arange(len(a))
        for cell, sign in ((b, 1.0), (a, -1.0)):
            moved = which[cell] >= 0
            entries.append((row[moved], which[cell][moved], sign * (step[cell] / scale)[moved]))
        slack.append(gap)
        first += len(a)
    return _matrix(entries, first, count), np.concatenate(slack) if slack else np.zeros(0)


def _rough(
    smooth: Mapping[str, float],
    ds: xr.Dataset,
    names: Sequence[str],
    places: Mapping[str, np.ndarray],
    unit: np.ndarray,
    which: np.ndarray,
    step: np.ndarray,
    count: int,
) -> Any:
    entries: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    first = 0
    for dim, weight in smooth.items():
        if dim not in ds.dims:
            raise ConfigError(
                f"the input has no dimension {dim!r} to be smooth along",
                WHERE,
                f"choose from {listing(ds.dims)}",
            )
        if weight < 0:
            raise ConfigError(f"the weight {weight:g} of smoothness is below 0", WHERE, "give 0 or more")
        for name in names:
            if dim not in ds[name].dims:
                continue
            axis = ds[name].dims.index(dim)
            at = np.moveaxis(places[name], axis, 0)
            a, b = at[:-1].ravel(), at[1:].ravel()
            row = first + np.arange(len(a))
            for cell, sign in ((b, 1.0), (a, -1.0)):
                moved = which[cell] >= 0
                value = sign * np.sqrt(weight) * (step[cell] / unit[cell])[moved]
                entries.append((row[moved], which[cell][moved], value))
            first += len(a)
    return _matrix(entries, first, count)


def _matrix(entries: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]], rows: int, count: int) -> Any:
    if not entries:
        return sparse.csr_matrix((rows, count))
    row, column, value = (np.concatenate(part) for part in zip(*entries, strict=True))
    return sparse.csr_matrix((value, (row, column)), shape=(rows, count))
