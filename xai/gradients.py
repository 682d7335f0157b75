"""Gradients and what is made of them without a path: input x gradient, SmoothGrad."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, PRNGKeyArray, PyTree

from data.errors import ConfigError

from .explained import Explained, explained
from .function import Function, finite, needs_gradient


def gradient(f: Function, x: PyTree) -> Explained:
    """Gradient of the output in every cell, f's local sensitivity [@simonyan2013].

    It has no baseline and does not add up to the prediction: base value and gap are NaN. Its unit is that of the
    output over that of the input.

    Args:
        f: function of a pytree of float arrays that returns an array of shape (*out).
        x: the input, leaves of any shape.

    Raises:
        ModelError: f cannot be differentiated or is not finite here.
        DataError: an input is not of floats.
    """
    needs_gradient(f, x, "gradient")
    prediction, slope = _value_and_slope(f, x)
    finite(prediction)
    nothing = jnp.full_like(prediction, jnp.nan)
    return Explained(slope, jax.tree.map(jnp.zeros_like, slope), nothing, prediction, nothing)


def input_x_gradient(f: Function, x: PyTree, *, baseline: PyTree) -> Explained:
    """Gradient times the distance from the baseline: exact for linear functions alone [@shrikumar2017].

    Args:
        f: function of a pytree of float arrays that returns an array of shape (*out).
        x: the input.
        baseline: what the attribution counts from, like x.

    Raises:
        ModelError: f cannot be differentiated or is not finite here.
        DataError: an input is not of floats.
    """
    needs_gradient(f, x, "input_x_gradient")
    prediction, slope = _value_and_slope(f, x)
    moved = jax.tree.map(lambda s, a, b: s * (jnp.asarray(a) - jnp.asarray(b)), slope, x, baseline)
    base = finite(_value(f, baseline), "the prediction at the baseline")
    return explained(moved, base, finite(prediction))


def smoothgrad(
    f: Function, x: PyTree, *, key: PRNGKeyArray, spread: float | PyTree = 0.1, draws: int = 50
) -> Explained:
    """Mean gradient in a Gaussian neighbourhood of the input [@smilkov2017].

    Args:
        f: function of a pytree of float arrays that returns an array of shape (*out).
        x: the input.
        key: of the draws, which come in pairs of opposite sign.
        spread: standard deviation of the noise, one number or like x, in the inputs' units.
        draws: an even number of evaluations.

    Raises:
        ConfigError: `draws` is not an even number of at least 4, or `spread` is not positive.
        ModelError: f cannot be differentiated or is not finite here.
        DataError: an input is not of floats.
    """
    needs_gradient(f, x, "smoothgrad")
    if draws < 4 or draws % 2:
        raise ConfigError(
            f"{draws} draws are not an even number of at least 4", "smoothgrad", "choose e.g. 50"
        )
    if jax.tree.structure(spread) != jax.tree.structure(x):
        spread = jax.tree.map(lambda a: jnp.full(jnp.shape(a), spread), x)
    if not all(bool(jnp.all(jnp.asarray(s) > 0)) for s in jax.tree.leaves(spread)):
        raise ConfigError(
            "the spread of the noise is not positive", "smoothgrad", "give e.g. a tenth of each input's"
        )
    prediction, mean, error = _smooth(f, x, spread, jr.split(key, draws // 2))
    nothing = jnp.full_like(prediction, jnp.nan)
    return Explained(mean, error, nothing, finite(prediction), nothing)


def value_and_pull(f: Any, x: PyTree) -> tuple[Array, PyTree]:
    """f at x, (*out), and its gradient, leaves (*out, *leaf); for use inside compiled programs."""
    value, pull = jax.vjp(lambda x: jnp.asarray(f(x)), x)
    if value.ndim == 0:
        return value, pull(jnp.ones_like(value))[0]
    units = jnp.eye(value.size, dtype=value.dtype).reshape(value.size, *value.shape)
    slopes = jax.vmap(lambda unit: pull(unit)[0])(units)
    return value, jax.tree.map(lambda s: s.reshape(*value.shape, *s.shape[1:]), slopes)


@eqx.filter_jit
def _value(f: Any, x: PyTree) -> Array:
    return jnp.asarray(f(_arrays(x)))


@eqx.filter_jit
def _value_and_slope(f: Any, x: PyTree) -> tuple[Array, PyTree]:
    return value_and_pull(f, _arrays(x))


@eqx.filter_jit
def _smooth(f: Any, x: PyTree, spread: PyTree, keys: PRNGKeyArray) -> tuple[Array, PyTree, PyTree]:
    x = _arrays(x)
    leaves, tree = jax.tree.flatten(x)

    def pair(key: PRNGKeyArray) -> PyTree:
        noise = [
            s * jr.normal(k, a.shape, a.dtype)
            for k, a, s in zip(jr.split(key, len(leaves)), leaves, jax.tree.leaves(spread), strict=True)
        ]
        noise = jax.tree.unflatten(tree, noise)
        up = value_and_pull(f, jax.tree.map(jnp.add, x, noise))[1]
        down = value_and_pull(f, jax.tree.map(jnp.subtract, x, noise))[1]
        return jax.tree.map(lambda a, b: 0.5 * (a + b), up, down)

    slopes = jax.lax.map(pair, keys)
    mean = jax.tree.map(lambda s: s.mean(axis=0), slopes)
    error = jax.tree.map(lambda s: s.std(axis=0, ddof=1) / len(keys) ** 0.5, slopes)
    return jnp.asarray(f(x)), mean, error


def _arrays(x: PyTree) -> PyTree:
    return jax.tree.map(jnp.asarray, x)
