"""A Flax (nnx) module in a slot."""

from __future__ import annotations

from typing import Any

import equinox as eqx
from flax import nnx
from jaxtyping import Array, PRNGKeyArray


class FlaxSlot(eqx.Module):
    """Wraps any nnx module that maps (..., inputs) to (..., outputs), so that it trains as a pytree.

    The module's state is a leaf tree of this one; its graph definition is static.
    """

    state: Any
    graph: Any = eqx.field(static=True)
    memory: bool = eqx.field(static=True)

    def __init__(self, module: nnx.Module, memory: bool = False) -> None:
        graph, state = nnx.split(module)
        self.graph, self.memory = graph, memory
        self.state = nnx.to_pure_dict(state)

    def __call__(self, x: Array, *, key: PRNGKeyArray | None = None) -> Array:
        """Outputs of the wrapped module; ``key`` is not used."""
        state = nnx.state(nnx.merge(self.graph, _restored(self.graph, self.state)))
        return nnx.merge(self.graph, state)(x)  # type: ignore[operator]


def _restored(graph: Any, pure: Any) -> Any:
    return nnx.State(_variables(pure))


def _variables(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {k: _variables(v) for k, v in tree.items()}
    return nnx.Param(tree)
