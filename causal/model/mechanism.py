"""What computes a variable from its parents: a linear part, and a perceptron that bends it where there is one."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, ArrayLike, Float, PRNGKeyArray


class Bend(eqx.Module):
    """A perceptron of two hidden layers for each variable; leading axes are members, if any, and variables.

    Its layers end at -1 and 1, so that far outside what it saw the linear part alone goes on.
    """

    enter: Float[Array, "*member variable input width"]
    enter_bias: Float[Array, "*member variable width"]
    hidden: Float[Array, "*member variable width width"]
    hidden_bias: Float[Array, "*member variable width"]
    leave: Float[Array, "*member variable width"]

    @classmethod
    def start(cls, key: PRNGKeyArray, shape: tuple[int, ...], inputs: Array, width: int) -> Bend:
        """Random first weights for ``inputs`` parents of each variable; the output starts near zero."""
        size = inputs.shape[-1]
        keys = jr.split(key, 3)
        fan = jnp.maximum(inputs.sum(-1), 1.0)[:, None, None]
        return cls(
            jr.normal(keys[0], (*shape, size, width)) / jnp.sqrt(fan),
            jnp.zeros((*shape, width)),
            jr.normal(keys[1], (*shape, width, width)) / jnp.sqrt(width),
            jnp.zeros((*shape, width)),
            0.1 * jr.normal(keys[2], (*shape, width)) / jnp.sqrt(width),
        )

    def __call__(self, x: Float[Array, " input"], mask: Float[Array, "variable input"]) -> Array:
        """Outputs ``(variable,)`` of one member for one window of inputs."""
        h = jnp.tanh(jnp.einsum("i,nih->nh", x, self.enter * mask[..., None]) + self.enter_bias)
        h = jnp.tanh(jnp.einsum("nh,nhk->nk", h, self.hidden) + self.hidden_bias)
        return jnp.einsum("nh,nh->n", h, self.leave)


class Mechanism(eqx.Module):
    """All variables' mechanisms, in standardised units; leading axes are members, if any, and variables."""

    slope: Float[Array, "*member variable input"]
    constant: Float[Array, "*member variable"]
    bend: Bend | None = None

    def __call__(self, x: Float[Array, " input"], mask: Float[Array, "variable input"]) -> Array:
        """Each variable's value ``(variable,)`` of one member, from its masked inputs and without noise."""
        found = jnp.einsum("i,ni->n", x, self.slope * mask) + self.constant
        return found if self.bend is None else found + self.bend(x, mask)


@eqx.filter_jit
def evaluate(mechanisms: Mechanism, x: ArrayLike, mask: ArrayLike) -> Float[Array, "member row variable"]:
    """Values of all members for rows of inputs ``(row, input)``."""
    allowed = jnp.asarray(mask)
    return jax.vmap(lambda m: jax.vmap(lambda row: m(row, allowed))(x))(mechanisms)
