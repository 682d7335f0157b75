"""Find the first value of a simulation that is not finite."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import numpy as np

from .inputs import Inputs

FINITE = "every simulated value is finite, so the gradient is not"


def first_not_finite(models: Any, inputs: Inputs) -> str:
    """Say which member, flux or value, site index and step first is not finite, or that none is."""
    arrays, static = eqx.partition(models, eqx.is_array)
    members = {a.shape[0] for a in jax.tree.leaves(arrays)}
    count = members.pop() if members else 1
    for member in range(count):
        model = eqx.combine(jax.tree.map(lambda a, m=member: a[m], arrays), static)
        held = jax.tree_util.tree_leaves_with_path(eqx.filter(model, eqx.is_inexact_array))
        for path, leaf in held:
            if not np.isfinite(np.asarray(leaf)).all():
                name = jax.tree_util.keystr(path, simple=True, separator=".")
                return f"member {member}: the learned value {name!r} is not finite"
        found: tuple[int, str, int] | None = None
        if not hasattr(model, "simulate"):
            named = {n: np.asarray(v) for n, v in model.forward(inputs)[0].items()}
        else:
            run = model.simulate(inputs)
            named = {n: np.asarray(v) for d in (run.values, run.fluxes, run.pools) for n, v in d.items()}
        for name, value in named.items():
            bad = ~np.isfinite(value)
            if value.ndim == 2 and bad.any():
                step, site = np.argwhere(bad)[0]
                if found is None or step < found[0]:
                    found = (int(step), name, int(site))
        if found is not None:
            return f"member {member}: {found[1]!r} at step {found[0]} of site number {found[2]}"
    return FINITE
