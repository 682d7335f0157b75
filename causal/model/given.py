"""What a run is told: values that variables are set to, as numbers, arrays or functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from data.errors import ModelError, nearest


def held_values(
    given: Mapping[str, Any],
    names: tuple[str, ...],
    target: Any,
    observed: Mapping[str, Any] | None,
    what: str,
) -> np.ndarray:
    """Return what each variable is set to, ``(member, step, variable)``; NaN where it is left free.

    Args:
        given: variable to a number, an array over the steps, a DataArray over ``time`` and panel dimensions,
            or a function. A function takes the observed DataArray where there is one, else the DataArray of
            the times, and returns any of the others.
        names: variables in order.
        target: DataArray over panel dimensions and ``time`` whose shape and coordinates are asked for.
        observed: variable to its observed DataArray, for functions.
        what: "do" or "drivers", for messages.

    Raises:
        ModelError: an unknown variable, or values of another length, other times, or infinite.
    """
    import xarray as xr

    sizes = target.shape
    found = np.full((int(np.prod(sizes[:-1])), sizes[-1], len(names)), np.nan)
    for name, value in given.items():
        if name not in names:
            raise ModelError(
                f"'{name}' is no variable of the model{nearest(name, names)}", what, "correct it"
            )
        if callable(value) and not hasattr(value, "dims"):
            value = value(target["time"] if observed is None else observed[name])
        if isinstance(value, xr.DataArray):
            value = _fitted(value, target, f"{what} of '{name}'")
        array = np.asarray(value, float)
        if array.ndim and array.shape[-1] != sizes[-1]:
            raise ModelError(
                f"{array.shape[-1]} values are given for {sizes[-1]} steps",
                f"{what} of '{name}'",
                "give one a step",
            )
        if np.isinf(array).any():
            raise ModelError(
                "infinite values", f"{what} of '{name}'", "give finite ones, NaN to leave it free"
            )
        found[..., names.index(name)] = np.broadcast_to(array, sizes).reshape(-1, sizes[-1])
    return found


def _fitted(value: Any, target: Any, where: str) -> np.ndarray:
    extra = [str(d) for d in value.dims if d not in target.dims]
    if extra:
        raise ModelError(
            f"unknown dimension '{extra[0]}'", where, "give values over time and panel dimensions"
        )
    for dim in value.dims:
        same = value.sizes[dim] == target.sizes[dim]
        if same and dim in value.coords and dim in target.coords:
            same = bool((value[dim].values == target[dim].values).all())
        if not same:
            raise ModelError(
                f"other coordinates along '{dim}' than the run's", where, "give values on the run's"
            )
    plain = value.drop_vars([str(c) for c in value.coords])
    bare = target.drop_vars([str(c) for c in target.coords])
    return plain.broadcast_like(bare).transpose(*target.dims).values
