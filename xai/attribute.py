"""Attributions of a function's output to its input, in and out as xarray."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import jax
import numpy as np
import xarray as xr

from data.errors import ConfigError, DataError, nearest

from . import cells
from .baselines import ROWS, make_baseline
from .celled import Task, by_cells
from .explained import Explained
from .function import Plain, Progress
from .gamed import KINDS, by_groups, celled, chosen_players, labelled
from .games import MOST
from .wrapped import Chosen, plain

GAMES = tuple(KINDS)
OPTIONS = {
    "gradient": (),
    "input_x_gradient": (),
    "smoothgrad": ("spread", "draws"),
    "integrated_gradients": ("steps",),
    "expected_gradients": ("draws",),
    "occlusion": (),
    "exact_shapley": ("absence",),
    "permutation_shap": ("permutations", "absence"),
    "kernel_shap": ("coalitions", "absence"),
}
"""Settings of each method."""
METHODS = tuple(OPTIONS)
"""Names for `attribute`. Curves, counterfactual inputs, causal Shapley values, permutation importance, time-resolved
attributions and accounts through a process have functions of their own."""


def attribute(
    f: Any,
    ds: xr.Dataset | xr.DataArray,
    method: str | None = None,
    *,
    baseline: str | Mapping[str, Any] | xr.Dataset | xr.DataArray | None = None,
    of: str | int | Sequence[Any] | None = None,
    over: str | Sequence[str] = (),
    groups: Any = None,
    mask: xr.DataArray | None = None,
    takes: str = "arrays",
    seed: int = 0,
    dtype: str | None = None,
    chunk: int | None = None,
    progress: Progress = None,
    **options: Any,
) -> xr.Dataset:
    """Attribute the output of f to the cells, or groups of cells, of a Dataset.

    Args:
        f: function of a dict of arrays (of one array, for a DataArray) of one sample that returns a number, a vector or
            a dict of numbers, in JAX; or wrapped in :class:`Plain` where JAX cannot trace it.
        ds: the input. Cells that are missing stay as they are and have no attribution.
        method: one of `METHODS`. By default ``integrated_gradients`` (``occlusion`` where there is no gradient); for
            groups ``exact_shapley``, or ``kernel_shap`` for more than 14.
        baseline: what the attribution counts from, see :func:`make_baseline`. By default ``zero``; for expected
            gradients and Shapley values over samples, ``background``.
        of: name (of a dict) or number (of a vector) of the output, or several; all of a vector by default.
        over: dimensions of samples, each explained for itself.
        groups: players as groups of cells, see :func:`players`; each cell for itself by default.
        mask: truth values on dimensions of the input; cells where it is False stay as they are.
        takes: ``arrays``, or ``dataset`` for a function that takes one sample's Dataset (not traced by JAX).
        seed: of what is drawn.
        dtype: ``float32`` or ``float64``; that of the input by default.
        chunk: evaluations at once; as many as hold some 16 million numbers by default.
        progress: is told how many samples are done, and of how many.
        options: settings of the method, such as ``steps``, ``draws``, ``permutations``, ``coalitions``.

    Returns:
        Dataset on the input's coordinates: ``attribution`` and ``stderr`` over ``variable`` (``attribution_<name>``
        each where variables have different dimensions) or over ``player`` for groups, and over `over` and ``output``;
        ``base_value``, ``prediction`` and ``efficiency_gap`` over `over` and ``output``; settings in attributes. A
        gradient alone has no base value and no gap: they are NaN.

    Raises:
        ConfigError: an unknown method or setting, or ones that do not go together.
        DataError: an input, mask or baseline that cannot be used.
        ModelError: a function that cannot be differentiated or is not finite.
    """
    untraced = isinstance(f, Plain) or takes == "dataset"
    if method is None and groups is None:
        method = "occlusion" if untraced else "integrated_gradients"
    _check(method, options, takes, dtype, chunk)
    ds, was_array = cells.as_dataset(ds)
    over = cells.check_over(ds, over if isinstance(over, str) else tuple(over))
    players = None
    if groups is not None or method in GAMES:
        players = chosen_players(ds, groups, over, mask, free_cells(ds, mask, over))
        method = method or ("exact_shapley" if len(players) <= MOST else "kernel_shap")
    assert method is not None
    base, said = chosen_baseline(method, baseline, ds, over, seed)
    several = isinstance(of, (list, tuple))
    wanted = None if of is None else (tuple(of) if several else (of,))  # pyright: ignore[reportArgumentType]
    single = str(next(iter(ds.data_vars))) if was_array else None
    kind = dtype or common_dtype(ds)
    with jax.enable_x64(True) if kind == "float64" else nullcontext():
        if untraced:
            template = ds.isel({d: 0 for d in over}, drop=True) if takes == "dataset" else None
            function: Any = plain(f, wanted, not several, single, template)
        else:
            function = Chosen(f, wanted, not several, single)
        free = free_cells(ds, mask, over)
        rows = base is not None and ROWS in base.dims
        x = cells.pack(ds, over, kind)
        against = None if base is None else (cells.rows(base, kind) if rows else cells.pack(base, over, kind))
        task = Task(function, method, options, seed, chunk)
        if players is not None:
            if against is None:
                raise ConfigError(
                    f"{method} attributes to cells and not to groups",
                    "groups",
                    f"choose {', '.join(GAMES)} or occlusion",
                )
            found = by_groups(task, x, against, free, rows, players, progress)
            if groups is None:
                out = _dataset(celled(found, players), ds, over, free, wanted)
            else:
                outputs = output_names(np.asarray(found.prediction), wanted)
                named = labelled(found, players, over, ds, outputs)
                out = xr.Dataset(named | scalars(found, ds, over, outputs))
        else:
            out = _dataset(by_cells(task, x, against, free, rows, progress), ds, over, free, wanted)
    settings = {
        "method": method,
        "baseline": said,
        "of": json.dumps(of),
        "over": json.dumps(over),
        "groups": json.dumps(groups, default=lambda g: type(g).__name__),
        "masked": int(mask is not None),
        "background_rows": base.sizes[ROWS] if base is not None and rows else 0,
        "background_filled": 0 if base is None else base.attrs.get("filled", 0),
        "takes": takes,
        "seed": seed,
        "dtype": kind,
        **options,
    }
    out.attrs |= {n: v if isinstance(v, (int, float, str)) else str(v) for n, v in settings.items()}
    return out


def free_cells(ds: xr.Dataset, mask: xr.DataArray | None, over: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Cells that are known and not masked, (sample, *leaf).

    Raises:
        DataError: a mask on other dimensions or not of truth values, or no cell left.
    """
    free = xr.Dataset({n: v.notnull() for n, v in ds.data_vars.items()}, ds.coords)
    if mask is not None:
        if mask.dtype != bool:
            raise DataError(
                f"the mask is of type {mask.dtype}", "mask", "give truth values, True where cells count"
            )
        for dim in mask.dims:
            if mask.sizes[dim] != ds.sizes.get(dim):
                have = ds.sizes.get(dim, "no such dimension")
                raise DataError(
                    f"the mask has {mask.sizes[dim]} along {dim!r} and the input {have}",
                    "mask",
                    "give it on dimensions of the input",
                )
        plain_mask = mask.drop_vars(list(mask.coords))
        free = free.map(lambda v: (v & plain_mask).transpose(*v.dims) if set(mask.dims) <= set(v.dims) else v)
    if not any(bool(v.any()) for v in free.data_vars.values()):
        raise DataError(
            "no cell is known and unmasked", "mask" if mask is not None else "attribute", "widen the mask"
        )
    return cells.pack(free, over)


def _check(
    method: str | None, options: Mapping[str, Any], takes: str, dtype: str | None, chunk: int | None
) -> None:
    if method is not None and method not in OPTIONS:
        raise ConfigError(
            f"the method {method!r} is unknown",
            "attribute",
            f"choose from {', '.join(METHODS)}{nearest(method, METHODS)}",
        )
    theirs = ("coalitions", "absence") if method is None else OPTIONS[method]
    for name in options:
        if name not in theirs:
            known = ", ".join(theirs) or "none"
            raise ConfigError(
                f"{method or 'a game'} has no setting {name!r}", "attribute", f"its settings: {known}"
            )
    if takes not in ("arrays", "dataset"):
        raise ConfigError(f"a function that takes {takes!r} is unknown", "takes", "choose arrays or dataset")
    if dtype not in (None, "float32", "float64"):
        raise ConfigError(f"the type {dtype!r} is unknown", "dtype", "choose float32 or float64")
    if chunk is not None and chunk < 1:
        raise ConfigError(f"a chunk of {chunk} evaluations is empty", "chunk", "choose 1 or more")


def chosen_baseline(
    method: str, spec: Any, ds: xr.Dataset, over: tuple[str, ...], seed: int
) -> tuple[xr.Dataset | None, str]:
    """The baseline or background, and how it is told."""
    if method in ("gradient", "smoothgrad"):
        return None, "none"
    samples = method == "expected_gradients" or method in GAMES
    if spec is None:
        spec = "background" if samples and over else "zero"
        if method == "expected_gradients" and not over:
            raise ConfigError(
                "expected gradients need a background",
                "baseline",
                "name the dimensions of samples in `over`, or give a Dataset with the dimension 'background'",
            )
    said = (
        spec
        if isinstance(spec, str)
        else json.dumps(spec)
        if isinstance(spec, Mapping) and not isinstance(spec, xr.Dataset)
        else "given"
    )
    if isinstance(spec, xr.DataArray):
        spec = spec.to_dataset(name=next(iter(ds.data_vars)))
    base = make_baseline(spec, ds, over, seed)
    if ROWS in base.dims and not samples:
        raise ConfigError(
            f"{method} counts from one baseline and not from a background",
            "baseline",
            "choose 'mean', 'climatology' or 'zero', or the method expected_gradients",
        )
    if method == "expected_gradients" and ROWS not in base.dims:
        raise ConfigError(
            "expected gradients count from a background and not from one baseline",
            "baseline",
            "choose 'background', or the method integrated_gradients",
        )
    return base, said


def common_dtype(ds: xr.Dataset) -> str:
    """Single precision where all variables have it, else double."""
    return "float32" if all(v.dtype in (np.float32, np.float16) for v in ds.data_vars.values()) else "float64"


def _dataset(
    found: Explained, ds: xr.Dataset, over: tuple[str, ...], free: dict[str, np.ndarray], wanted: Any
) -> xr.Dataset:
    prediction = np.asarray(found.prediction)
    outputs = output_names(prediction, wanted)
    out: dict[str, xr.DataArray] = {}
    for name, values in (("attribution", found.attribution), ("stderr", found.stderr)):
        seen = {}
        for n, v in values.items():
            v, rank = np.asarray(v), prediction.ndim - 1
            known = free[n].reshape(len(free[n]), *[1] * rank, *free[n].shape[1:])
            seen[n] = np.where(known, v, np.nan)
        out |= cells.gathered(cells.unpack(seen, ds, over, outputs), ds, name)
    return xr.Dataset(out | scalars(found, ds, over, outputs))


def output_names(prediction: np.ndarray, wanted: Any) -> tuple[str, ...] | None:
    """Names along ``output`` of predictions (sample, *out); None where there is one output.

    Raises:
        ConfigError: outputs of more than one dimension.
    """
    if prediction.ndim == 1:
        return None
    if prediction.ndim > 2:
        raise ConfigError(
            f"the function returns {prediction.ndim - 1} dimensions",
            "attribute",
            "return a number or a vector",
        )
    return tuple(str(n) for n in (wanted or range(prediction.shape[1])))


def scalars(
    found: Explained, ds: xr.Dataset, over: tuple[str, ...], outputs: tuple[str, ...] | None
) -> dict[str, xr.DataArray]:
    """Base value, prediction and gap over samples and outputs."""
    dims = [*over, *([] if outputs is None else ["output"])]
    shape = [ds.sizes[d] for d in over] + ([] if outputs is None else [len(outputs)])
    coords: dict[Any, Any] = {c: v for c, v in ds.coords.items() if set(v.dims) <= set(over)}
    if outputs is not None:
        coords["output"] = list(outputs)
    return {
        name: xr.DataArray(np.asarray(getattr(found, name)).reshape(shape), coords, dims)
        for name in ("base_value", "prediction", "efficiency_gap")
    }
