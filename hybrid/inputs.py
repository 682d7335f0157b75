"""What a simulation reads, as JAX arrays: forcing, attributes and categories of a panel."""

from __future__ import annotations

from collections.abc import Mapping

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from data.batches import Panel


class Inputs(eqx.Module):
    """Forcing (time, site), numeric attributes (site,) and one-hot categories (site, level)."""

    forcing: dict[str, Float[Array, "time site"]]
    attributes: dict[str, Float[Array, " site"]]
    categories: dict[str, Float[Array, "site level"]]

    @property
    def shape(self) -> tuple[int, int]:
        """Steps and sites."""
        first = next(iter(self.forcing.values()))
        return first.shape[0], first.shape[1]


class Batch(eqx.Module):
    """Inputs and what they are judged by: targets with their masks, (time, site)."""

    inputs: Inputs
    targets: dict[str, Float[Array, "time site"]]
    masks: dict[str, Bool[Array, "time site"]]


def from_panel(panel: Panel, levels: Mapping[str, tuple[str, ...]], dtype: type = np.float32) -> Inputs:
    """Inputs of a panel.

    Args:
        panel: forcing and attributes, time first.
        levels: category to its known values in order, fixed when the model was built. A value that is not
            among them (a site never seen) is all zeros. ``site`` may be a category.
        dtype: of the arrays.
    """
    categories = {}
    for name, known in levels.items():
        held = panel.sites if name == "site" else _labels(panel, name)
        onehot = np.array([[float(v == k) for k in known] for v in held], dtype).reshape(
            len(held), len(known)
        )
        categories[name] = jnp.asarray(onehot)
    return Inputs(
        forcing={k: jnp.asarray(v, dtype) for k, v in panel.forcing.items()},
        attributes={k: jnp.asarray(v, dtype) for k, v in panel.attributes.items()},
        categories=categories,
    )


def _labels(panel: Panel, name: str) -> list[str]:
    names = panel.category_names[name]
    return [names[i] for i in panel.categories[name]]


def make_batch(
    panel: Panel,
    mask: Bool[np.ndarray, "time site"],
    targets: tuple[str, ...],
    levels: Mapping[str, tuple[str, ...]],
    dtype: type = np.float32,
) -> Batch:
    """Batch of a panel whose targets count only where ``mask`` (time, site) is True."""
    return Batch(
        from_panel(panel, levels, dtype),
        {t: jnp.asarray(panel.targets[t], dtype) for t in targets},
        {t: jnp.asarray(panel.masks[t] & mask) for t in targets},
    )
