"""Where on the way from baseline to input gradients are taken, so that their mean is exact in spite of kinks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from data.errors import ConfigError, DataError

from .function import Function, Progress, finite, needs_gradient
from .gradients import value_and_pull

_HALF = np.array(
    [
        0.991455371120812639206854697526329,
        0.949107912342758524526189684047851,
        0.864864423359769072789712788640926,
        0.741531185599394439863864773280788,
        0.586087235467691130294144691693013,
        0.405845151377397166906606412076961,
        0.207784955007898467600689403773245,
        0.0,
    ]
)
_KRONROD = np.array(
    [
        0.022935322010529224963732008058970,
        0.063092092629978553290700663189204,
        0.104790010322250183839876322541518,
        0.140653259715525918745189590510238,
        0.169004726639267902826583426598550,
        0.190350578064785409913256402421014,
        0.204432940075298892414161999234649,
        0.209482141084727828012999174891714,
    ]
)
_GAUSS = np.array(
    [
        0.129484966168869693270611432679082,
        0.279705391489276667901467771423780,
        0.381830050505118944950369775488975,
        0.417959183673469387755102040816327,
    ]
)
PLACES = 0.5 * (1.0 + np.concatenate([-_HALF, _HALF[-2::-1]]))
"""The 15 nodes of Gauss and Kronrod's rule on (0, 1) [@piessens1983]."""
KRONROD = 0.5 * np.concatenate([_KRONROD, _KRONROD[-2::-1]])
GAUSS = np.zeros(15)
GAUSS[1::2] = 0.5 * np.concatenate([_GAUSS, _GAUSS[-2::-1]])
THIN = 1e-3
"""Pieces shorter than this share of the way are judged by Simpson's rule, one new gradient each."""
BLOCKS = 16
"""Parts of each leaf whose error is watched apart, so that errors within a leaf do not hide each other."""


@dataclass(frozen=True, eq=False)
class Nodes:
    """Places on the way, with weights that sum to one, and how exact they are.

    Attributes:
        place: share of the way, (node,).
        weight: (node,).
        base_value: f at the baseline, (*out).
        prediction: f at the input, (*out).
        gap: prediction less base value less the weighted sum of slopes along the way, (*out).
        error: estimate of the error of the attribution of any part of the input, in the output's unit.
        runs: gradients that the search took.
        pieces: parts that the way was cut into.
        converged: whether gap and error are within the tolerance.
    """

    place: np.ndarray
    weight: np.ndarray
    base_value: np.ndarray
    prediction: np.ndarray
    gap: np.ndarray
    error: float
    runs: int
    pieces: int
    converged: bool


class _Rules(NamedTuple):
    """Nodes on a piece, ends included, and rules on them from the cheapest to the best."""

    places: np.ndarray
    middle: np.ndarray
    lower: np.ndarray
    best: np.ndarray


def _with_ends(weights: np.ndarray) -> np.ndarray:
    return np.concatenate([[0.0], weights, [0.0]])


_WIDE = _Rules(
    np.concatenate([[0.0], PLACES, [1.0]]),
    _with_ends(np.eye(15)[7]),
    _with_ends(GAUSS),
    _with_ends(KRONROD),
)
_SHORT = _Rules(
    np.array([0.0, 0.5, 1.0]),
    np.array([0.0, 1.0, 0.0]),
    np.array([0.0, 1.0, 0.0]),
    np.array([1.0, 4.0, 1.0]) / 6.0,
)


@dataclass(eq=False)
class _Piece:
    """A part of the way: values at its ends and the nodes between, first axis (node)."""

    rules: _Rules
    place: np.ndarray
    value: np.ndarray
    slope: np.ndarray
    parts: np.ndarray
    errors: tuple[float, float, float] = (np.inf, np.inf, np.inf)

    @property
    def width(self) -> float:
        return float(self.place[-1] - self.place[0])

    @property
    def rise(self) -> np.ndarray:
        return self.value[-1] - self.value[0]


def place_nodes(
    f: Function,
    x: PyTree,
    *,
    baseline: PyTree,
    rtol: float = 1e-9,
    max_runs: int = 50_000,
    chunk: int = 32,
    progress: Progress = None,
) -> Nodes:
    """Nodes for integrals along the straight way from a baseline, as exact as asked for.

    Limits, minima and relus bend f where the way crosses them, and any one rule over the whole way converges slowly
    there. So the way is cut into pieces, each with Gauss and Kronrod's rule [@piessens1983], and the pieces with
    the greatest error are cut further. The error of a piece is known, not only estimated: its slopes must sum to the
    difference of f between its ends. A bend lies where the tangents at two neighbouring nodes meet, so that a piece
    with one is cut close on both sides of it: on twelve relus this took a fifth of the runs of halving.

    Args:
        f: function of a pytree of float arrays that returns an array of shape (*out).
        x: the input.
        baseline: where the way begins, like x.
        rtol: tolerance of the gap relative to the difference between prediction and base value; errors of parts
            of the input are judged by the sum of the parts' sizes where that is greater.
        max_runs: most gradients; the achieved gap is told in any case.
        chunk: gradients at once.
        progress: is told how many gradients are done, and how many at most.

    Raises:
        ConfigError: a tolerance that is not positive, or too few runs for one rule.
        ModelError: f cannot be differentiated or is not finite on the way.
        DataError: an input is not of floats or the baseline is of another shape.
    """
    needs_gradient(f, x, "place_nodes")
    same_shapes(x, baseline)
    if not 0.0 < rtol < 1.0:
        raise ConfigError(f"the tolerance {rtol} is not between 0 and 1", "place_nodes", "choose e.g. 1e-9")
    if max_runs < 17:
        raise ConfigError(f"{max_runs} runs hold not one rule of 17", "place_nodes", "allow 17 or more")
    search = _Search(f, x, baseline, chunk, progress, max_runs)
    search.add([(0.0, 0.5), (0.5, 1.0)] if max_runs >= 33 else [(0.0, 1.0)])
    search.judge(rtol)
    while True:
        cuts = {i: c for i in search.worst() if len(c := _cut(search.pieces[i])) > 1}
        if not search.replace(cuts):
            return search.nodes()
        search.judge(rtol)


class _Search:
    """The pieces so far, and the function that they are cut for."""

    def __init__(self, f: Any, x: PyTree, baseline: PyTree, chunk: int, progress: Progress, most: int):
        self.f, self.x, self.baseline = f, x, baseline
        self.chunk, self.progress, self.most = chunk, progress, most
        self.runs = 0
        self.pieces: list[_Piece] = []
        self.ends: dict[float, tuple[np.ndarray, ...]] = {}
        self.tolerance = 0.0
        self.eps = float(np.finfo(float).eps)

    def add(self, spans: list[tuple[float, float]]) -> None:
        """Evaluate the pieces between pairs of places; ends that neighbours share are evaluated once."""
        rules = [_SHORT if b - a < THIN else _WIDE for a, b in spans]
        places = [a + (b - a) * r.places for (a, b), r in zip(spans, rules, strict=True)]
        for place, (_, b) in zip(places, spans, strict=True):
            place[-1] = b
        new = sorted({float(v) for place in places for v in place} - self.ends.keys())
        found = self.evaluate(np.array(new))
        known = self.ends | {v: tuple(a[i] for a in found) for i, v in enumerate(new)}
        for rule, place in zip(rules, places, strict=True):
            rows = [known[float(v)] for v in place]
            value, slope, parts = (np.stack([r[k] for r in rows]) for k in range(3))
            self.pieces.append(_Piece(rule, place, value, slope, parts))
            self.ends |= {float(v): known[float(v)] for v in (place[0], place[-1])}

    def evaluate(self, places: np.ndarray) -> list[np.ndarray]:
        """Value, slope along the way, and slope by part of the input, each with the places leading."""
        found = []
        for first in range(0, len(places), self.chunk):
            some = places[first : first + self.chunk]
            padded = np.pad(some, (0, self.chunk - len(some)), mode="edge")
            out = _on_the_way(self.f, self.x, self.baseline, jnp.asarray(padded))
            self.eps = float(jnp.finfo(out[0].dtype).eps)
            found.append([np.asarray(a)[: len(some)].astype(float) for a in out])
            self.runs += len(some)
            if self.progress is not None:
                self.progress(self.runs, self.most)
        joined = [np.concatenate([c[i] for c in found]) for i in range(3)]
        finite(jnp.asarray(joined[0]), "the prediction between baseline and input")
        finite(jnp.asarray(joined[1]), "the gradient between baseline and input")
        return joined

    def worst(self) -> list[int]:
        """Pieces to cut, the worst first: all but those that together keep half the tolerance."""
        errors = np.array([p.errors[2] for p in self.pieces])
        order = np.argsort(-errors)
        left = np.append(np.cumsum(errors[order][::-1])[::-1], 0.0)
        return [int(i) for i in order[: int(np.argmax(left <= 0.5))]]

    def replace(self, cuts: dict[int, list[tuple[float, float]]]) -> bool:
        """Cut pieces further as far as the runs allow; whether any was cut."""
        spans: list[tuple[float, float]] = []
        gone, cost = set(), 0
        for i, some in cuts.items():
            cost += sum(1 if b - a < THIN else 15 for a, b in some) + len(some) - 1
            if self.runs + cost > self.most:
                break
            spans += some
            gone.add(i)
        if spans:
            self.pieces = [p for i, p in enumerate(self.pieces) if i not in gone]
            self.add(spans)
        return bool(spans)

    def judge(self, rtol: float) -> None:
        """Give every piece the errors of its rules in units of the tolerance."""
        pieces = sorted(self.pieces, key=lambda p: p.place[0])
        change = np.abs(pieces[-1].value[-1] - pieces[0].value[0])
        noise = 32.0 * self.eps * max(float(np.abs(p.value).max()) for p in pieces)
        size = np.abs(sum(p.width * np.tensordot(p.rules.best, p.parts, axes=1) for p in pieces))
        by_output = np.maximum(rtol * change, noise)
        by_part = np.maximum(rtol * np.maximum(change, size.sum(axis=-1)), noise)
        self.tolerance = float(by_part.max())
        for p in pieces:
            p.errors = _errors(p, by_output, by_part)

    def nodes(self) -> Nodes:
        """Nodes of all pieces, each with the cheapest rule that is exact enough."""
        pieces = sorted(self.pieces, key=lambda p: p.place[0])
        place, weight = [], []
        gap, error = 0.0, 0.0
        for p in pieces:
            chosen = next((i for i in range(3) if p.errors[i] <= 0.5 / len(pieces)), 2)
            rule = p.rules[1 + chosen]
            place.append(p.place[rule > 0])
            weight.append(p.width * rule[rule > 0])
            gap = gap + (p.rise - p.width * (rule @ p.slope))
            error += p.errors[chosen]
        shape = jax.eval_shape(lambda z: jnp.asarray(self.f(z)), _arrays(self.x)).shape
        where, inverse = np.unique(np.concatenate(place), return_inverse=True)
        return Nodes(
            place=where,
            weight=np.bincount(inverse, np.concatenate(weight)),
            base_value=pieces[0].value[0].reshape(shape),
            prediction=pieces[-1].value[-1].reshape(shape),
            gap=np.asarray(gap).reshape(shape),
            error=error * self.tolerance,
            runs=self.runs,
            pieces=len(pieces),
            converged=error <= 1.0,
        )


def _errors(p: _Piece, by_output: np.ndarray, by_part: np.ndarray) -> tuple[float, float, float]:
    """Errors of a piece's rules over the tolerance: of the sum as it is known, of the parts as it is estimated."""
    best, lower, middle = (
        np.tensordot(r, p.parts, axes=1) for r in (p.rules.best, p.rules.lower, p.rules.middle)
    )
    apart = np.abs(best - lower)
    # the scaled difference of QUADPACK: the better rule is far better than the one it is compared with
    spread = np.tensordot(p.rules.best, np.abs(p.parts - best), axes=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = np.where(spread > 0, spread * np.minimum(1.0, (200.0 * apart / spread) ** 1.5), 0.0)
    out = []
    for rule, parts in (
        (p.rules.middle, np.abs(best - middle)),
        (p.rules.lower, apart),
        (p.rules.best, np.minimum(scaled, apart) if p.rules is _SHORT else scaled),
    ):
        gap = np.abs(p.rise - p.width * (rule @ p.slope)) / by_output
        out.append(float(max(gap.max(), (p.width * parts.sum(axis=-1) / by_part).max())))
    return out[0], out[1], out[2]


def _cut(piece: _Piece) -> list[tuple[float, float]]:
    """Spans that a piece is cut into: about a bend where it has one, else halves; itself where it is too short."""
    a, b = float(piece.place[0]), float(piece.place[-1])
    if b - a < 1e-13:
        return [(a, b)]
    bend = _bend(piece)
    edges = [a, b]
    if bend is not None:
        low, high = bend[0] - bend[1], bend[0] + bend[1]
        edges = [a, *(e for e in (low, high) if a < e < b), b]
    if len(edges) < 3:
        edges = [a, 0.5 * (a + b), b]
    return [(edges[i], edges[i + 1]) for i in range(len(edges) - 1)]


def _bend(piece: _Piece) -> tuple[float, float] | None:
    """Where the piece has one bend, and how far it may be from there; None where it has none or several."""
    gap = np.abs(piece.rise - piece.width * (piece.rules.best @ piece.slope))
    out = int(np.argmax(gap))
    place, value, slope = piece.place, piece.value[:, out], piece.slope[:, out]
    step, jump = np.diff(place), np.abs(np.diff(slope))
    i = int(np.argmax(jump))
    if jump[i] <= 0.5 * jump.sum() or jump[i] == 0.0:
        return None
    # the tangents at both neighbours meet at the bend
    along = (value[i + 1] - value[i] - slope[i + 1] * step[i]) / (slope[i] - slope[i + 1])
    if not 0.0 < along < step[i]:
        return float(place[i] + 0.5 * step[i]), float(0.5 * step[i])
    return float(place[i] + along), float(step[i] * np.clip(4.0 * step[i], 1e-4, 0.1))


def same_shapes(x: PyTree, baseline: PyTree) -> None:
    """Raise DataError where a baseline is not like the input."""
    if jax.tree.structure(x) != jax.tree.structure(baseline):
        raise DataError(
            "the baseline has other parts than the input", "baseline", "give one value for each part of it"
        )
    pairs = zip(jax.tree_util.tree_leaves_with_path(x), jax.tree.leaves(baseline), strict=True)
    for (path, leaf), other in pairs:
        if jnp.shape(leaf) != jnp.shape(other):
            name = jax.tree_util.keystr(path)
            raise DataError(
                f"the baseline is of shape {jnp.shape(other)} where the input is {jnp.shape(leaf)}",
                f"input{name}",
                "give it on the input's coordinates",
            )
        if not bool(np.isfinite(np.asarray(leaf)).all() and np.isfinite(np.asarray(other)).all()):
            raise DataError(
                "the input or its baseline is not finite",
                f"input{jax.tree_util.keystr(path)}",
                "fill or mask it",
            )


def along(x: PyTree, baseline: PyTree, place: Float[Array, ""]) -> tuple[PyTree, PyTree]:
    """Input at a place on the way, and the whole way."""
    way = jax.tree.map(jnp.subtract, x, baseline)
    return jax.tree.map(lambda b, w: b + place.astype(b.dtype) * w, baseline, way), way


@eqx.filter_jit
def _on_the_way(f: Any, x: PyTree, baseline: PyTree, places: Array) -> tuple[Array, Array, Array]:
    """Value (place, out), slope along the way (place, out), and slope by part of the input (place, out, part)."""
    x, baseline = _arrays(x), _arrays(baseline)

    def at(place: Array) -> tuple[Array, Array, Array]:
        here, way = along(x, baseline, place)
        value, slopes = value_and_pull(f, here)
        rank = value.ndim
        parts = jax.tree.map(lambda s, w: _blocks(s * w, rank), slopes, way)
        joined = jnp.concatenate(jax.tree.leaves(parts), axis=-1)
        return value.reshape(-1), joined.sum(axis=-1), joined

    return jax.vmap(at)(places)


def _blocks(leaf: Array, rank: int) -> Array:
    """Sums over consecutive parts of a leaf, (out, part)."""
    outs = int(np.prod(leaf.shape[:rank], dtype=int))
    flat = leaf.reshape(outs, -1)
    blocks = min(BLOCKS, flat.shape[1])
    each = -(-flat.shape[1] // blocks)
    return jnp.pad(flat, ((0, 0), (0, blocks * each - flat.shape[1]))).reshape(outs, blocks, each).sum(-1)


def _arrays(x: PyTree) -> PyTree:
    return jax.tree.map(jnp.asarray, x)


__all__ = ["Nodes", "along", "place_nodes", "same_shapes"]
