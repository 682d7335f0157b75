"""Which past of which variable an output at a time rests on: Shapley values of lag windows of a sequence model.

Players are windows of lags before the time of the output, each of one variable, in a true grouped game; windows so far
back that they jointly do nothing are one player, as in TimeSHAP [@bento2021], so that few players remain.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import xarray as xr

from data.errors import ConfigError, DataError, ModelError, counted, listing

from . import cells
from .baselines import ROWS, make_baseline
from .explained import Explained
from .function import Function, Plain, Progress, evaluate
from .games import MOST, exact
from .memory import SHARE, memory_lengths
from .permutation_game import permutation
from .samples import common_dtype, precision

WHERE = "time-resolved attribution"
METHODS = ("auto", "exact", "permutation")


def time_resolved(
    f: Function,
    ds: xr.Dataset,
    *,
    windows: Sequence[tuple[int, int]] | int | None = None,
    at: Any = None,
    dim: str = "time",
    of: str | int | None = None,
    baseline: str | Mapping[str, Any] | xr.Dataset = "mean",
    prune: float = 0.01,
    method: str = "auto",
    permutations: int = 200,
    share: float = SHARE,
    seed: int = 0,
    units: str = "",
    dtype: Any = None,
    chunk: int | None = 256,
    progress: Progress = None,
) -> xr.Dataset:
    """Shapley values of lag windows and variables for the output of a sequence model at chosen times [@bento2021].

    Steps after the time of the output, variables without `dim` and missing cells stay as they are. Each time is a game
    of its own; it is exact where at most 14 players remain, else estimated from orderings.

    Args:
        f: function of a dict of arrays (time first where `dim` comes first) that returns an output at each time,
            (time,) or (time, output), or a number for the last time alone.
        ds: one sequence.
        windows: (first, last) lags in steps, 0 for the time of the output itself, ascending without gaps; a number for
            windows of so many steps; by default 0, 1, 2 to 3, 4 to 7 and so on, doubling. What lies before the last
            window belongs to the past.
        at: labels of the times of outputs; the last time where None.
        dim: the dimension of the sequence.
        of: name of the output, where f returns a mapping.
        baseline: see :func:`make_baseline`; with rows of a background the mean over rows.
        prune: windows from which on the joint contribution of all that lies further back stays below this share of the
            largest effect of any such past are one player with all variables, the past; 0 to keep all.
        method: ``exact``, ``permutation``, or ``auto``.
        permutations: orderings, where estimated.
        share: of the absolute attribution that the memory holds.
        seed: of the orderings.
        units: of the output.
        dtype: floats in which f is evaluated; those of the input where None.
        chunk: sequences evaluated at once.
        progress: is told how many times are done.

    Returns:
        Dataset over `dim` (times of outputs), ``lag`` (last lag of each window, with ``lag_first``), ``variable`` and
        ``output`` where there are several: ``attribution`` and ``stderr`` (missing where a window reaches before the
        start or belongs to the past), ``past`` and ``past_stderr``, ``past_from`` (first lag of the past, missing where
        there is none), ``base_value``, ``prediction``, ``efficiency_gap``; ``memory_length`` in steps with
        ``memory_stderr`` and ``memory_censored`` (so much lies in the past that the length is a lower bound); over all
        times ``memory_length_overall`` with ``memory_stderr_overall``, which takes the times as independent.

    Raises:
        DataError: no such dimension or time.
        ConfigError: windows with gaps, unknown settings, too many players for `exact`.
        ModelError: f is not finite or does not return an output for each time.
    """
    ds, _ = cells.as_dataset(ds)
    spans = _check(ds, dim, windows, method, prune, share)
    times = _times(ds, dim, at)
    moving = ds[[n for n, v in ds.data_vars.items() if dim in v.dims]]
    base = make_baseline(baseline, moving, (dim,) if isinstance(baseline, str) and baseline == "mean" else ())
    kind = common_dtype(ds, dtype)
    with precision(np.float64 if isinstance(f, Plain) else kind):
        game = _Game(f, ds, base, dim, of, kind, chunk)
        game.check(times)
        one = _Window(game, spans, prune, method, permutations)
        found = []
        for done, t in enumerate(times):
            found.append(one.explain(int(t), jr.fold_in(jr.key(seed), int(t))))
            if progress is not None:
                progress(done + 1, len(times))
    out = _dataset(found, ds, dim, times, spans, game.names)
    out = memory_lengths(out, dim, share, seed)
    for name in (
        "attribution",
        "stderr",
        "past",
        "past_stderr",
        "base_value",
        "prediction",
        "efficiency_gap",
    ):
        out[name].attrs["units"] = units
    settings = {
        "method": json.dumps(sorted({f["method"] for f in found})),
        "baseline": baseline if isinstance(baseline, str) else "given",
        "background_rows": base.sizes.get(ROWS, 0),
        "prune": prune,
        "permutations": permutations,
        "share": share,
        "seed": seed,
        "dtype": str(kind),
        "most_players": max(f["players"] for f in found),
    }
    return out.assign_attrs(settings)


def doubling(steps: int) -> list[tuple[int, int]]:
    """Windows of lags 0, 1, 2 to 3, 4 to 7 and so on that cover so many steps."""
    edges = [0, 1]
    while edges[-1] < steps:
        edges.append(2 * edges[-1])
    return [(a, min(b, steps) - 1) for a, b in itertools.pairwise(edges)]


class _At(eqx.Module):
    """f at one time with the cells of absent players replaced by a background row."""

    f: Any
    x: dict[str, Any]
    base: dict[str, Any]
    player: dict[str, Any]
    time: Any
    steps: int = eqx.field(static=True)

    def __call__(self, z: dict[str, Any]) -> Any:
        """The output (output,) for the players in z["in"] with row z["row"] for absent ones."""
        mixed = _mixed(self.x, self.base, self.player, z, jnp)
        return jnp.ravel(_of_time(jnp.asarray(self.f(mixed)), self.time, self.steps))


def _mixed(x: Any, base: Any, player: Any, z: Any, xp: Any) -> dict[str, Any]:
    out = dict(x)
    for name, who in player.items():
        out[name] = xp.where((who >= 0) & ~z["in"][who], base[name][z["row"]], x[name])
    return out


def _of_time(values: Any, time: Any, steps: int) -> Any:
    if values.ndim == 0:
        return values
    if values.shape[0] != steps:
        raise ModelError(
            f"the function returns shape {tuple(values.shape)} for a sequence of {steps} steps",
            WHERE,
            "return an output for each time first, or one number",
        )
    return values[time]


class _Entry(eqx.Module):
    """The named output of a function that returns a mapping, in its own shape."""

    f: Any
    of: Any = eqx.field(static=True)

    def __call__(self, x: Any) -> Any:
        out = self.f(x)
        if not isinstance(out, Mapping):
            return out
        if self.of not in out:
            raise ConfigError(
                f"the function returns {listing(out)} and `of` is {self.of!r}", WHERE, "name an output"
            )
        return out[self.of]


class _Game:
    """The sequence, its baseline and the function; makes the worth of coalitions at a time."""

    def __init__(
        self, f: Function, ds: xr.Dataset, base: xr.Dataset, dim: str, of: Any, kind: Any, chunk: int | None
    ) -> None:
        self.plain = isinstance(f, Plain)
        self.f: Any = _Entry(f.f if isinstance(f, Plain) else f, of)
        if isinstance(f, Plain) and f.batched:
            raise ModelError("a batched plain function is not taken", WHERE, "give it for one sequence")
        self.chunk, self.steps = chunk, ds.sizes[dim]
        self.names = tuple(str(n) for n, v in ds.data_vars.items() if dim in v.dims)
        self.x = {str(n): _typed(v.values, kind) for n, v in ds.data_vars.items()}
        self.rows = base.sizes[ROWS] if ROWS in base.dims else 0
        self.base = {
            n: _typed(base[n].values if self.rows else base[n].values[None], kind) for n in self.names
        }
        self.axis = {n: ds[n].dims.index(dim) for n in self.names}
        self.free = {n: ds[n].notnull().values for n in self.names}

    def check(self, times: np.ndarray) -> None:
        """Raise ModelError where the function tells of the last time alone and another is asked for."""
        out = np.asarray(self.f(self.x)) if self.plain else jax.eval_shape(self.f, self.x)
        if len(out.shape) == 0 and (times != self.steps - 1).any():
            raise ModelError(
                "the function returns one number", WHERE, "leave `at` out, or return an output for each time"
            )

    def worth(self, lag_player: Mapping[str, np.ndarray], t: int, size: int) -> Any:
        """v(z, row) of coalitions at time t.

        Args:
            lag_player: variable to the player of each step, -1 for none, (time,).
            t: index of the time.
            size: length to which coalitions are filled up, so that all games are one program.
        """
        player = {}
        for name, who in lag_player.items():
            shape = [1] * self.x[name].ndim
            shape[self.axis[name]] = self.steps
            player[name] = np.where(self.free[name], who.reshape(shape), -1)
        if self.plain:
            inner, x, base, steps = self.f, self.x, self.base, self.steps

            def call(z: dict[str, Any]) -> np.ndarray:
                return np.ravel(_of_time(np.asarray(inner(_mixed(x, base, player, z, np))), t, steps))

            model: Any = Plain(call)
        else:
            x, base, player, time = jax.tree.map(jnp.asarray, (self.x, self.base, player, t))
            model = _At(self.f, x, base, player, time, self.steps)

        def v(z: np.ndarray, row: np.ndarray | None = None) -> np.ndarray:
            full = np.ones((len(z), size), bool)
            full[:, : z.shape[1]] = z
            row = np.zeros(len(z), np.int32) if row is None else np.asarray(row, np.int32)
            step = self.chunk or len(z)
            more = -len(z) % step  # whole chunks, so that any number of coalitions is one program
            batch = {
                "in": np.pad(full, ((0, more), (0, 0)), mode="edge"),
                "row": np.pad(row, (0, more), mode="edge"),
            }
            return np.asarray(evaluate(model, batch, step), float)[: len(z)]

        return v

    def mean_worth(self, v: Any) -> Any:
        """v(z) as the mean over the rows of the background."""
        if self.rows < 2:
            return v

        def mean(z: np.ndarray) -> np.ndarray:
            each = v(np.repeat(z, self.rows, axis=0), np.tile(np.arange(self.rows), len(z)))
            return each.reshape(len(z), self.rows, -1).mean(1)

        return mean


class _Window:
    """Explains one time after another with the same windows."""

    def __init__(
        self, game: _Game, spans: Sequence[tuple[int, int]], prune: float, method: str, permutations: int
    ) -> None:
        self.game, self.spans, self.prune = game, spans, prune
        self.method, self.permutations = method, permutations
        self.size = len(spans) * len(game.names) + 1

    def explain(self, t: int, key: Any) -> dict[str, Any]:
        """Attribution (output, window, variable) and what goes with it."""
        game = self.game
        lag = t - np.arange(game.steps)
        window = np.full(game.steps, -1)
        for w, (first, last) in enumerate(self.spans):
            window[(lag >= first) & (lag <= last)] = w
        window[lag > self.spans[-1][1]] = len(self.spans)
        there = sorted(set(window[window >= 0].tolist()))
        cut = self._cut(window, there, t) if self.prune > 0 else len(self.spans)
        kept = [w for w in there if w < cut]
        past = [w for w in there if w >= cut]
        names = game.names
        number = {w: i for i, w in enumerate(kept)}
        players = len(kept) * len(names) + (1 if past else 0)
        which = {}
        for k, name in enumerate(names):
            who = np.full(game.steps, -1)
            for w in kept:
                who[window == w] = number[w] * len(names) + k
            who[np.isin(window, past)] = players - 1
            which[name] = who
        v = game.worth(which, t, self.size)
        found, method = self._solve(v, players, key)
        values, error = np.asarray(found.attribution, float), np.asarray(found.stderr, float)
        shape = (values.shape[0], len(self.spans), len(names))
        attribution, stderr = np.full(shape, np.nan), np.full(shape, np.nan)
        for w in kept:
            mine = slice(number[w] * len(names), (number[w] + 1) * len(names))
            attribution[:, w], stderr[:, w] = values[:, mine], error[:, mine]
        nothing = np.zeros(values.shape[0])
        return {
            "attribution": attribution,
            "stderr": stderr,
            "past": values[:, -1] if past else nothing,
            "past_stderr": error[:, -1] if past else nothing,
            "past_from": float(lag[np.isin(window, past)].min()) if past else np.nan,
            "base_value": np.asarray(found.base_value, float),
            "prediction": np.asarray(found.prediction, float),
            "efficiency_gap": np.asarray(found.efficiency_gap, float),
            "method": method,
            "players": players,
        }

    def _cut(self, window: np.ndarray, there: Sequence[int], t: int) -> int:
        """First window of the past: from it on, no further past has a joint contribution above the tolerance."""
        starts = there[1:]
        if not starts:
            return len(self.spans)
        who = {name: window for name in self.game.names}
        v = self.game.mean_worth(self.game.worth(who, t, self.size))
        old = np.array([[w >= s for w in range(len(self.spans) + 1)] for s in starts])
        every = np.ones((1, old.shape[1]), bool)
        worth = v(np.concatenate([~old, old, every, ~every]))
        recent, alone = worth[: len(starts)], worth[len(starts) : -2]
        joint = 0.5 * ((worth[-2] - recent) + (alone - worth[-1]))
        scale = max(float(np.abs(worth - worth[-1]).max()), 1e-300)
        small = (np.abs(joint) <= self.prune * scale).all(1)
        cut = len(self.spans)
        for s, below in zip(reversed(starts), reversed(small.tolist()), strict=True):
            if not below:
                break
            cut = s
        return cut

    def _solve(self, v: Any, players: int, key: Any) -> tuple[Explained, str]:
        rows = self.game.rows
        method = self.method if self.method != "auto" else ("exact" if players <= MOST else "permutation")
        if method == "exact":
            return exact(self.game.mean_worth(v), players), method
        return permutation(v, players, key, self.permutations, rows=rows or None), method


def _typed(values: np.ndarray, kind: Any) -> np.ndarray:
    return values.astype(kind) if values.dtype.kind == "f" else values


def _check(
    ds: xr.Dataset, dim: str, windows: Any, method: str, prune: float, share: float
) -> list[tuple[int, int]]:
    if dim not in ds.dims:
        raise DataError(
            f"the input has no dimension {dim!r}", WHERE, f"choose from {listing(ds.dims)} with `dim`"
        )
    for name, item in ds.data_vars.items():
        if dim in item.dims and item.dtype.kind != "f":
            raise DataError(f"{name!r} is of type {item.dtype}", WHERE, "convert it with .astype(float)")
    if method not in METHODS:
        raise ConfigError(f"the method {method!r} is unknown", WHERE, f"choose {listing(METHODS)}")
    if not 0 <= prune < 1:
        raise ConfigError(f"the share {prune:g} to prune is not from 0 to below 1", WHERE, "give 0.01, say")
    if not 0 < share < 1:
        raise ConfigError(
            f"the share {share:g} that the memory holds is not between 0 and 1", WHERE, "give 0.9, say"
        )
    steps = ds.sizes[dim]
    if windows is None:
        return doubling(steps)
    if isinstance(windows, int):
        if windows < 1:
            raise ConfigError(f"windows of {counted(windows, 'step')} are too short", WHERE, "give 1 or more")
        return [(a, min(a + windows, steps) - 1) for a in range(0, steps, windows)]
    spans = [(int(a), int(b)) for a, b in windows]
    follow = [b + 1 for _, b in spans[:-1]]
    if not spans or spans[0][0] != 0 or any(a > b for a, b in spans) or follow != [a for a, _ in spans[1:]]:
        raise ConfigError(
            f"the windows {spans} do not follow one another from lag 0",
            WHERE,
            "write [(0, 6), (7, 29), (30, 89)]",
        )
    return [s for s in spans if s[0] < steps]


def _times(ds: xr.Dataset, dim: str, at: Any) -> np.ndarray:
    if at is None:
        return np.array([ds.sizes[dim] - 1])
    index = ds.indexes[dim] if dim in ds.indexes else np.arange(ds.sizes[dim])
    labels = np.atleast_1d(np.asarray(at.values if isinstance(at, xr.DataArray) else at))
    out = []
    for label in labels:
        where = np.flatnonzero(np.asarray(index == np.asarray(label, dtype=getattr(index, "dtype", None))))
        if len(where) != 1:
            raise DataError(
                f"the input has no single {dim} {label}", WHERE, "choose labels of its coordinate in `at`"
            )
        out.append(int(where[0]))
    return np.array(out)


def _dataset(
    found: Sequence[Mapping[str, Any]],
    ds: xr.Dataset,
    dim: str,
    times: np.ndarray,
    spans: Sequence[tuple[int, int]],
    names: Sequence[str],
) -> xr.Dataset:
    many = [dim, "output", "lag", "variable"]
    parts = {n: (many, np.stack([f[n] for f in found])) for n in ("attribution", "stderr")}
    for name in ("past", "past_stderr", "base_value", "prediction", "efficiency_gap"):
        parts[name] = (many[:2], np.stack([f[name] for f in found]))
    out = xr.Dataset(parts)
    out["past_from"] = (dim, np.array([f["past_from"] for f in found]))
    out = out.assign_coords(lag=("lag", [b for _, b in spans]), variable=list(names))
    out = out.assign_coords(lag_first=("lag", [a for a, _ in spans]))
    if dim in ds.coords:
        out = out.assign_coords({dim: ds[dim].values[times]})
    for name in ("lag", "lag_first", "past_from"):
        out[name].attrs["units"] = "steps"
    return out.isel(output=0) if out.sizes["output"] == 1 else out
