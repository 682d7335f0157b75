"""Attribution through a process: what each input did, by the pool or flux that it passed through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from data.errors import ConfigError, ModelError

from .explained import total
from .function import Progress, finite
from .quadrature import Nodes, along, place_nodes

DIRECT = "direct"
"""The channel of what passes through none of the others."""
Named = Mapping[str, Array]


class Channels(Protocol):
    """A model whose output depends on its input through named quantities, the channels, and otherwise directly.

    For every input x, with ``y, held = run(x)`` and ``values, rest = local(x, held)``: `rest` is y, and the gradient
    of y is that of `rest` plus, for each channel, dy/d(push) times that of its `values`. So `local` is to follow x
    through one channel each, with all that the channels carry taken from `held`, and `run` through everything.
    """

    def run(self, x: PyTree, push: Named | None = None) -> tuple[Array, PyTree]:
        """Output (*out) where `push` is added to the channels, and what `local` holds fixed."""
        ...

    def local(self, x: PyTree, held: PyTree) -> tuple[dict[str, Array], Array]:
        """Values of the channels, and the output, as far as they follow from x with `held` fixed."""
        ...


class Passage(eqx.Module):
    """An attribution by channel.

    Attributes:
        channels: channel, `DIRECT` among them, to the attribution, like the input with leaves (*out, *leaf).
        efficiency_gap: prediction less base value less the sum over channels and cells, (*out).
        mismatch: greatest difference in any cell between the sum over channels and the attribution without
            channels, over the sum of that attribution's sizes, (): rounding, unless the channels leave a way out.
    """

    channels: dict[str, PyTree[Float[Array, ...]]]
    efficiency_gap: Float[Array, "*out"]
    mismatch: Float[Array, ""]


class Account(eqx.Module):
    """What a model's output owes to its inputs, and what they passed through.

    Attributes:
        attribution: like the input, leaves (*out, *leaf): integrated gradients.
        passages: view to the same attribution by channel.
        base_value: output at the baseline, (*out).
        prediction: output at the input, (*out).
        efficiency_gap: prediction less base value less the sum of the attribution, (*out).
        error: estimated error of the attribution of any part of the input, in the output's unit.
        runs: gradients taken to place the nodes.
        nodes: nodes at which each view was differentiated.
        pieces: pieces that the way was cut into.
        converged: whether the tolerance was reached.
    """

    attribution: PyTree[Float[Array, ...]]
    passages: dict[str, Passage]
    base_value: Float[Array, "*out"]
    prediction: Float[Array, "*out"]
    efficiency_gap: Float[Array, "*out"]
    error: float
    runs: int
    nodes: int
    pieces: int
    converged: bool


def account(
    views: Mapping[str, Channels],
    x: PyTree,
    *,
    baseline: PyTree,
    rtol: float = 1e-9,
    max_runs: int = 50_000,
    chunk: int = 16,
    progress: Progress = None,
) -> Account:
    """Integrated gradients [@sundararajan2017], cell by cell and by the channel that they passed through.

    On the straight way from baseline to input, the gradient of the output with respect to one cell is the sum over
    channels of the output's response to a push on the channel times the channel's own gradient: the chain rule,
    integrated as in internal conductance [@dhamdhere2019]. So each view's table (cell x channel) sums to the
    prediction less the base value, as the table of cells does. All views are integrated over the same nodes.

    Two views of a process. By **pools** at a moment: what of the past is still felt passes through what the pools
    hold then. By **fluxes**: an input enters a process through rate laws, each day's at that day's pools.

    Args:
        views: name to channels of one and the same model, modules (`eqx.Module`) so that alike views share a program.
        x: the input; pytree of float arrays: forcing, parameters, initial pools.
        baseline: where the way begins, like x. What is the same in both gets no attribution.
        rtol: tolerance of the gap, relative to prediction less base value.
        max_runs: most gradients to place nodes with; the gap is told in any case.
        chunk: nodes at once.
        progress: is told how many steps are done, and how many at most.

    Raises:
        ConfigError: no view, or settings out of range.
        ModelError: outputs of the views differ, a view names a channel 'direct', or a value is not finite.
        DataError: input and baseline are not alike, not finite or not of floats.
    """
    if not views:
        raise ConfigError("there is no view", "account", "give the channels of at least one")
    first = next(iter(views.values()))
    nodes = place_nodes(
        _Output(first),
        x,
        baseline=baseline,
        rtol=rtol,
        max_runs=max_runs,
        chunk=max(chunk, 16),
        progress=progress,
    )
    passages = {}
    attribution: Any = None
    for name, view in views.items():
        by_channel, plain = _summed(name, view, x, baseline, nodes, chunk)
        attribution = plain if attribution is None else attribution
        passages[name] = _passage(by_channel, plain, nodes)
    rise = jnp.asarray(nodes.prediction - nodes.base_value)
    return Account(
        attribution,
        passages,
        jnp.asarray(nodes.base_value),
        jnp.asarray(nodes.prediction),
        rise - total(attribution, rise.ndim),
        nodes.error,
        nodes.runs,
        len(nodes.place),
        nodes.pieces,
        nodes.converged,
    )


class _Output(eqx.Module):
    view: Any

    def __call__(self, x: PyTree) -> Array:
        return jnp.asarray(self.view.run(x)[0])


def _passage(by_channel: dict[str, PyTree], plain: PyTree, nodes: Nodes) -> Passage:
    rise = jnp.asarray(nodes.prediction - nodes.base_value)
    joined = jax.tree.map(lambda *leaves: sum(leaves[1:], leaves[0]), *by_channel.values())
    apart = jax.tree.map(lambda a, b: jnp.abs(a - b).max(initial=0.0), joined, plain)
    size = sum(jnp.abs(a).sum() for a in jax.tree.leaves(plain))
    mismatch = jnp.stack(jax.tree.leaves(apart)).max() / jnp.maximum(size, jnp.finfo(rise.dtype).tiny)
    return Passage(by_channel, finite(rise - total(joined, rise.ndim), "the passage"), mismatch)


def _coherent(name: str, value: Array, rest: Array, base: Array, nodes: Nodes) -> None:
    """Raise ModelError where the output of a view's `local` is not that of its `run`, or of another model."""
    size = float(np.abs(np.asarray(value)).max(initial=0.0))
    allowed = 1e4 * float(jnp.finfo(value.dtype).eps) * max(size, 1e-30)
    if float(jnp.abs(value - rest).max(initial=0.0)) > allowed:
        raise ModelError(
            "the output where all channels are held is not that of the run",
            f"view {name!r}",
            "let `local` return the output that `run` returned, from what `run` gave it to hold",
        )
    if base.shape != nodes.base_value.shape or np.abs(base - nodes.base_value).max(initial=0.0) > allowed:
        raise ModelError(
            "the output at the baseline is not that of the first view",
            f"view {name!r}",
            "let every view run the same model",
        )


def _summed(
    name: str, view: Channels, x: PyTree, baseline: PyTree, nodes: Nodes, chunk: int
) -> tuple[dict[str, PyTree], PyTree]:
    """Attribution by channel, and without channels, summed over the nodes."""
    gathered: Any = None
    # the baseline goes first, with no weight: there the output is compared with that of the other views
    places, weights = np.insert(nodes.place, 0, 0.0), np.insert(nodes.weight, 0, 0.0)
    for first in range(0, len(places), chunk):
        some = places[first : first + chunk]
        pad = (0, chunk - len(some))
        part, value, rest = _through(
            view,
            x,
            baseline,
            jnp.asarray(np.pad(some, pad, mode="edge")),
            jnp.asarray(np.pad(weights[first : first + chunk], pad)),
        )
        if not first:
            _coherent(name, value, rest, value[0], nodes)
        gathered = part if gathered is None else jax.tree.map(jnp.add, gathered, part)
    return gathered


@eqx.filter_jit
def _through(view: Any, x: PyTree, baseline: PyTree, places: Array, weights: Array) -> Any:
    x, baseline = jax.tree.map(jnp.asarray, x), jax.tree.map(jnp.asarray, baseline)

    def at(place: Array) -> Any:
        here, way = along(x, baseline, place)
        found = view.slopes(here) if hasattr(view, "slopes") else slopes(view, here)
        ways = {n: way for n in found.by_channel}, way
        parts = jax.tree.map(lambda s, w: s * w, (found.by_channel, found.plain), ways)
        return parts, found.output, found.rest

    parts, output, rest = jax.vmap(at)(places)
    summed = jax.tree.map(lambda s: jnp.tensordot(weights.astype(s.dtype), s, axes=1), parts)
    return summed, output, rest


class Slopes(NamedTuple):
    """Gradient of an output by channel and without channels, leaves (*out, *leaf), and the output twice.

    `rest` is the output that was computed where the channels are held; it is the same number.
    """

    by_channel: dict[str, PyTree]
    plain: PyTree
    output: Array
    rest: Array


def slopes(view: Any, x: PyTree) -> Slopes:
    """Gradient of the output by channel; for use in compiled programs.

    A view with a cheaper way to the same has a method `slopes(x)` of its own.

    Args:
        view: the model's channels.
        x: the input.

    Raises:
        ModelError: a channel is called 'direct'.
    """
    held = jax.eval_shape(lambda z: view.run(z)[1], x)
    shapes, _ = jax.eval_shape(view.local, x, held)
    if DIRECT in shapes:
        raise ModelError(f"a channel is called {DIRECT!r}", type(view).__name__, "name it otherwise")
    nothing = {n: jnp.zeros(s.shape, s.dtype) for n, s in shapes.items()}
    value, pull, held = jax.vjp(lambda z, push: _first_array(view.run(z, push)), x, nothing, has_aux=True)
    eye = units(value)
    plain, worth = jax.vmap(pull)(eye)
    (_, rest), pull_local = jax.vjp(lambda z: _second_array(view.local(z, held)), x)
    names = [*sorted(shapes), DIRECT]

    # one pull for all channels and the rest: cotangents that are zero but for one of them each
    def alone(cotangent: Array, i: int) -> Array:
        return jnp.zeros((len(names), *cotangent.shape), cotangent.dtype).at[i].set(cotangent)

    cotangents = {n: alone(worth[n], i) for i, n in enumerate(names[:-1])}, alone(eye, len(names) - 1)
    each = jax.vmap(jax.vmap(lambda c: pull_local(c)[0]))(cotangents)
    by_channel = {n: jax.tree.map(lambda a, i=i: a[i], each) for i, n in enumerate(names)}
    return shaped(Slopes(by_channel, plain, value, rest))


def units(value: Array) -> Array:
    """One unit vector for each number of an output, (size, *out)."""
    return jnp.eye(value.size, dtype=value.dtype).reshape(value.size, *value.shape)


def shaped(found: Slopes) -> Slopes:
    """Slopes whose leading axis of all numbers of the output is given the output's shape."""
    shape = found.output.shape
    by_channel, plain = jax.tree.map(
        lambda s: s.reshape(*shape, *s.shape[1:]), (found.by_channel, found.plain)
    )
    return Slopes(by_channel, plain, found.output, found.rest)


def _first_array(pair: tuple[Any, Any]) -> tuple[Array, Any]:
    return jnp.asarray(pair[0]), pair[1]


def _second_array(pair: tuple[Any, Any]) -> tuple[Any, Array]:
    return pair[0], jnp.asarray(pair[1])
