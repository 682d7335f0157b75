"""What the curves of inputs share: derivatives along a cell, resampled blocks, and the settings beside a result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from data.errors import ConfigError

from .samples import Feature, Samples, samples


class Along(eqx.Module):
    """Derivative of f along one cell of one variable, a function of the same inputs.

    Attributes:
        f: function of a dict of arrays.
        name: variable.
        index: cell.
    """

    f: Any
    name: str = eqx.field(static=True)
    index: tuple[int, ...] = eqx.field(static=True)

    def __call__(self, x: Mapping[str, Any]) -> Any:
        """The derivative, of the output's shape."""

        def moved(step: Any) -> Any:
            return self.f({**x, self.name: jnp.asarray(x[self.name]).at[self.index].add(step)})

        zero = jnp.zeros((), jnp.asarray(x[self.name]).dtype)
        try:
            return jax.jvp(moved, (zero,), (jnp.ones_like(zero),))[1]
        except TypeError as error:  # functions with a reverse rule of their own have no forward one
            if "custom_vjp" not in str(error):
                raise
            return jax.jacrev(moved)(zero)


def resampled_blocks(
    ds: xr.Dataset, blocks: str | xr.DataArray | None, found: Samples, where: str
) -> np.ndarray:
    """Number of the block that each sample is drawn with, (sample,); its own where there are no blocks.

    Raises:
        DataError: an unknown coordinate, or a sample without a label.
    """
    if blocks is None:
        return np.arange(found.count)
    label = samples(ds, found.over, blocks, where)
    number = np.full(len(found.kept), -1)
    assert label.group is not None
    number[label.kept] = np.unique(label.group.astype(str), return_inverse=True)[1]
    return number[found.kept]


def check_interval(level: float, bootstrap: int, where: str) -> None:
    """Raise ConfigError where an interval cannot be drawn."""
    if not 0 < level < 1:
        raise ConfigError(
            f"the level {level:g} of the interval is not between 0 and 1", where, "give 0.95, say"
        )
    if bootstrap < 0:
        raise ConfigError(f"{bootstrap} resamples cannot be drawn", where, "give 0 or more")


def group_name(by: str | xr.DataArray | None) -> str:
    """Name of the dimension of groups."""
    return by if isinstance(by, str) else str(getattr(by, "name", None) or "group")


def kept_attrs(attrs: Mapping[str, Any]) -> dict[str, Any]:
    """Units and names of a variable."""
    return {k: v for k, v in attrs.items() if k in ("units", "long_name", "standard_name")}


def single_output(ds: xr.Dataset) -> xr.Dataset:
    """Without the dimension of outputs where there is one alone."""
    return ds.isel(output=0) if ds.sizes.get("output") == 1 else ds


def of_cell(cell: Feature) -> str:
    """Name of a cell: variable, and its index where it has one."""
    return cell.name + (str(list(cell.index)) if cell.index else "")
