"""A fence and a wall give back what they were given: every kind of array, its values, its derivative."""

import jax
import jax.numpy as jnp
import numpy as np

from hybrid.fence import fence, wall

TREE = {
    "float": jnp.array([1.5, jnp.inf]),
    "whole": jnp.array([-3, 7], jnp.int32),
    "truth": jnp.array([True, False]),
}


def test_every_kind_of_array_passes_unchanged():
    for passed in (jax.jit(fence)(TREE, jnp.array(0)), jax.jit(wall)(TREE)):
        for name, given in TREE.items():
            assert passed[name].dtype == given.dtype, name
            np.testing.assert_array_equal(passed[name], given)


def test_the_derivative_passes():
    def square(x):
        return jnp.sum(fence({"x": x, "over": x > 1.0}, jnp.array(3))["x"] ** 2)

    np.testing.assert_array_equal(jax.jit(jax.grad(square))(jnp.array([1.0, 3.0])), [2.0, 6.0])
