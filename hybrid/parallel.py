"""Data-parallel runs: sites spread over devices, parameters on all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from data.errors import ModelError

from .inputs import Inputs

AXIS = "site"
"""Name of the mesh axis along which sites are spread."""


def shard_inputs(inputs: Inputs, devices: Sequence[Any] | None = None) -> Inputs:
    """Spread the sites of ``inputs`` evenly over devices.

    No site needs another, so a simulation of the sharded inputs runs on all devices at once, and only the
    sums of a loss and of its gradient are exchanged. Parameters and weights are copied to every device.

    Args:
        inputs: forcing (time, site), attributes (site,) and categories (site, level).
        devices: where to; all devices of the default backend where None.

    Returns:
        The same numbers, laid out over ``devices`` along the site axis.

    Raises:
        ModelError: no device, or a number of sites that the devices do not divide.
    """
    held = list(jax.devices() if devices is None else devices)
    sites = inputs.shape[1]
    if not held:
        raise ModelError(
            "there is no device to spread sites over", "shard_inputs", "give one or more devices"
        )
    if sites % len(held):
        raise ModelError(
            f"{sites} sites cannot be spread evenly over {len(held)} devices",
            "shard_inputs",
            f"use {largest_share(sites, len(held))} devices, or add sites whose masks are False",
        )
    return Inputs(
        forcing={n: shard_sites(a, held) for n, a in inputs.forcing.items()},
        attributes={n: shard_sites(a, held) for n, a in inputs.attributes.items()},
        categories={n: shard_sites(a, held, axis=0) for n, a in inputs.categories.items()},
    )


def shard_sites(array: Any, devices: Sequence[Any], axis: int = -1) -> Any:
    """An array laid out over devices along its site axis, the last unless said otherwise."""
    spec: list[str | None] = [None] * array.ndim
    if array.ndim:
        spec[axis] = AXIS
    return jax.device_put(array, NamedSharding(Mesh(np.array(devices), (AXIS,)), PartitionSpec(*spec)))


def replicate(tree: Any, devices: Sequence[Any]) -> Any:
    """Every array of a pytree on each of the devices."""
    whole = NamedSharding(Mesh(np.array(devices), (AXIS,)), PartitionSpec())
    return jax.tree.map(lambda a: jax.device_put(a, whole) if isinstance(a, jax.Array) else a, tree)


def largest_share(sites: int, devices: int) -> int:
    """Most devices, no more than ``devices``, that divide ``sites`` evenly."""
    return max(n for n in range(1, min(sites, devices) + 1) if sites % n == 0)
