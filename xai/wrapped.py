"""The user's function in the forms that methods need: outputs chosen, fixed cells put back, samples at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, PyTree

from data.errors import ConfigError, ModelError, nearest

from .function import Plain


class Chosen(eqx.Module):
    """f with its outputs as one array: the named ones of a dict, or those at given places of a vector."""

    f: Any
    of: tuple[Any, ...] | None = eqx.field(static=True)
    alone: bool = eqx.field(static=True)
    single: str | None = eqx.field(static=True)

    def __call__(self, x: PyTree) -> Any:
        """Outputs as one array, (*out)."""
        found = self.f(x if self.single is None else x[self.single])
        return pick(found, self.of, self.alone, jnp)


def pick(found: Any, of: tuple[Any, ...] | None, alone: bool, xp: Any) -> Any:
    """The outputs asked for, as one array."""
    if isinstance(found, (xr.Dataset, Mapping)):
        names = tuple(str(n) for n in found)
        if of is None:
            raise ConfigError(
                f"the function returns {', '.join(names)}", "attribute", "choose one or some with `of`"
            )
        for name in of:
            if name not in found:
                raise ConfigError(
                    f"the function does not return {name!r}",
                    "attribute",
                    f"choose from {', '.join(names)}{nearest(str(name), names)}",
                )
        values = [xp.asarray(getattr(found[n], "values", found[n])) for n in of]
        return values[0] if alone else xp.stack(values)
    value = xp.asarray(getattr(found, "values", found))
    if of is None:
        return value
    if not all(isinstance(n, int) for n in of):
        raise ConfigError(
            f"the function returns an array and not the name {of[0]!r}",
            "attribute",
            "choose outputs by number in `of`",
        )
    if value.ndim != 1 or max(of) >= value.shape[0]:
        raise ConfigError(
            f"the function returns shape {tuple(value.shape)}, which has no output {max(of)}",
            "attribute",
            "choose another in `of`",
        )
    return value[of[0]] if alone else value[xp.asarray(of)]


class Samples(eqx.Module):
    """f over samples at once, with the cells that are not free as they were.

    A sum over samples has, in each cell, the gradient of that cell's own sample: so one gradient of the sum is that of
    all samples.

    Attributes:
        f: function of one sample.
        held: the input, leaves (sample, *leaf).
        free: truth values like `held`: cells that a method may move; None where all may.
        summed: whether to return the sum over samples.
    """

    f: Any
    held: PyTree
    free: PyTree
    summed: bool = eqx.field(static=True)

    def __call__(self, xs: PyTree) -> Array:
        """Outputs (sample, *out), or their sum (*out)."""
        if self.free is not None:
            xs = jax.tree.map(lambda free, x, held: jnp.where(free, x, held), self.free, xs, self.held)
        values = jax.vmap(lambda x: jnp.asarray(self.f(x)))(xs)
        return values.sum(axis=0) if self.summed else values


def plain(
    f: Any, of: tuple[Any, ...] | None, alone: bool, single: str | None, template: xr.Dataset | None
) -> Plain:
    """A function that JAX does not trace, with its outputs as one array.

    Args:
        f: function, or `Plain` function, of one sample.
        of: outputs wanted.
        alone: whether one output is wanted without a dimension.
        single: name of the only variable, where f takes an array.
        template: one sample's Dataset, where f takes a Dataset.
    """
    inner = f.f if isinstance(f, Plain) else f
    batched = isinstance(f, Plain) and f.batched
    if batched and (of is not None or template is not None):
        raise ModelError(
            "a batched plain function returns one array of all outputs",
            "attribute",
            "leave `of` and `takes` out",
        )

    def call(x: dict[str, np.ndarray]) -> Any:
        given: Any = x if single is None else x[single]
        if template is not None:
            given = template.copy()
            for name, values in x.items():
                given[name] = (template[name].dims, values, template[name].attrs)
        found = inner(given)
        return found if batched else pick(found, of, alone, np)

    return Plain(call, batched=batched)
