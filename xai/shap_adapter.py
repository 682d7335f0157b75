"""The shap package's explainers for pytrees and Datasets, with every setting stated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
import xarray as xr
from jaxtyping import PyTree

from data.errors import ConfigError, DataError, ModelError

from . import cells
from .explained import Explained
from .function import Function, evaluate
from .games import account
from .players import per_cell

METHODS = ("kernel", "permutation", "exact")


def shap_values(
    f: Function,
    x: PyTree,
    *,
    background: PyTree,
    method: str,
    coalitions: int | None = None,
    permutations: int | None = None,
    seed: int = 0,
    chunk: int | None = 4096,
) -> Explained:
    """Shapley values of every cell by shap's Kernel, Permutation or Exact explainer [@lundberg2017].

    All background rows are used, and no feature selection (``l1_reg=False``). shap's sampling has no standard error
    here: it is NaN where it draws.

    Args:
        f: function of one input that returns a number or a vector.
        x: the input, whose cells are the players.
        background: rows, leaves (row, *leaf).
        method: ``kernel``, ``permutation`` or ``exact``.
        coalitions: that Kernel evaluates, each with every row (``nsamples``); needed for it.
        permutations: orderings for Permutation, reverses counted; needed for it.
        seed: of the draws.
        chunk: evaluations at once.

    Returns:
        Explained with attributions (*out, *leaf).

    Raises:
        ConfigError: an unknown method, or one without its number of evaluations.
        DataError: outputs of more than one dimension.
    """
    if method not in METHODS:
        raise ConfigError(
            f"the method {method!r} is unknown", "shap_values", f"choose from {', '.join(METHODS)}"
        )
    if method == "kernel" and coalitions is None:
        raise ConfigError("Kernel has no number of coalitions", "shap_values", "give coalitions=")
    if method == "permutation" and (permutations is None or permutations < 2 or permutations % 2):
        raise ConfigError(
            "Permutation needs an even number of orderings", "shap_values", "give permutations="
        )
    import shap

    at, rows, rebuilt = _columns(x, background)
    prediction = np.asarray(evaluate(f, rebuilt(at[None])), dtype=float)[0]
    if prediction.ndim > 1:
        raise DataError(
            f"the function returns shape {prediction.shape}", "shap_values", "return a number or a vector"
        )

    def model(columns: np.ndarray) -> np.ndarray:
        return np.asarray(
            evaluate(f, rebuilt(columns), min(chunk or len(columns), len(columns))), dtype=float
        )

    count = len(at)
    held = np.random.get_state()  # noqa: NPY002 - shap draws from NumPy's global generator
    np.random.seed(seed)  # noqa: NPY002
    try:
        if method == "kernel":
            explainer = shap.KernelExplainer(model, rows)
            values = explainer.shap_values(at, nsamples=coalitions, l1_reg=False, silent=True)
            base = np.asarray(explainer.expected_value)
        else:
            masker = _all_rows(rows)
            if method == "exact":
                found: Any = shap.ExactExplainer(model, masker)(at[None], max_evals=2**count + 1, silent=True)
            else:
                explainer = shap.PermutationExplainer(model, masker, seed=seed)
                calls = (permutations or 0) // 2 * (2 * count + 1)
                found = explainer(at[None], max_evals=calls, silent=True)
            values, base = found.values[0], np.asarray(found.base_values[0])
    finally:
        np.random.set_state(held)  # noqa: NPY002
    return _put(np.asarray(values, dtype=float), base, prediction, x, exact=method == "exact")


def tree_shap(
    model: Any,
    x: PyTree,
    *,
    background: PyTree | None,
    output: str = "raw",
) -> Explained:
    """Shapley values of a tree model by shap's Tree explainer, for many samples [@lundberg2020].

    Args:
        model: fitted tree model that shap knows (scikit-learn's forests and gradient boosting, for instance).
        x: inputs, leaves (sample, *leaf); the model's columns are their cells in the order of the leaves.
        background: rows, leaves (row, *leaf), for interventional values; None for path-dependent ones, which are
            another quantity.
        output: what is explained, shap's ``model_output``.

    Returns:
        Explained with attributions (sample, *out, *leaf).

    Raises:
        DataError: a background that does not fit.
        ModelError: shap's values do not add up to the prediction, as happens for some of scikit-learn's models.
    """
    import shap

    leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(x)]
    rows = np.concatenate([leaf.reshape(len(leaf), -1) for leaf in leaves], axis=1)
    one = jax.tree.map(lambda a: np.asarray(a)[0], x)
    data = None if background is None else _all_rows(_columns(one, background)[1])
    how = "tree_path_dependent" if background is None else "interventional"
    explainer = shap.TreeExplainer(model, data, model_output=output, feature_perturbation=how)
    values = np.asarray(explainer.shap_values(rows, check_additivity=False), dtype=float)
    base = np.ravel(np.asarray(explainer.expected_value, dtype=float))
    base = base[0] if values.ndim == 2 else base
    values = values if values.ndim == 2 else np.moveaxis(values, -1, 1)  # (sample, *out, column)
    added = base + values.sum(axis=-1)
    predicted = added
    if output == "raw":
        predicted = np.asarray(explainer.model.predict(rows), dtype=float).reshape(added.shape)
    gap, size = np.abs(predicted - added).max(), max(1.0, float(np.abs(predicted).max()))
    if gap > 1e-4 * size:
        raise ModelError(
            f"shap's Tree explainer misses the prediction by up to {gap:.2g}",
            f"tree_shap, {type(model).__name__}",
            "explain model.predict with the method exact or kernel instead",
        )
    parts = [
        _put(np.moveaxis(v, 0, -1) if v.ndim == 2 else v, np.asarray(base), p, one, exact=True)
        for v, p in zip(values, predicted, strict=True)
    ]
    return jax.tree.map(lambda *a: np.stack(a), *parts)


def shap_dataset(
    f: Function,
    ds: xr.Dataset,
    *,
    background: xr.Dataset,
    method: str,
    over: Sequence[str] = (),
    seed: int = 0,
    **options: Any,
) -> xr.Dataset:
    """`shap_values` of every sample of a Dataset, or `tree_shap` for method ``tree``.

    Args:
        f: function of a dict of arrays, or for ``tree`` a fitted model.
        ds: the input.
        background: rows along the dimension ``background``.
        method: ``kernel``, ``permutation``, ``exact`` or ``tree``.
        over: dimensions of samples.
        seed: of the draws.
        options: ``coalitions``, ``permutations`` or ``chunk`` of `shap_values`; ``output`` of `tree_shap`.

    Returns:
        Dataset of ``attribution`` (or one for each variable) and ``base_value``, ``prediction``, ``efficiency_gap``.
    """
    ds, _ = cells.as_dataset(ds)
    over = cells.check_over(ds, tuple(over))
    x, rows = cells.pack(ds, over), cells.rows(background)
    count = len(next(iter(x.values())))
    if method == "tree":
        found = tree_shap(f, x, background=rows, **options)
    else:
        each = [
            shap_values(
                f, {n: v[i] for n, v in x.items()}, background=rows, method=method, seed=seed, **options
            )
            for i in range(count)
        ]
        found = jax.tree.map(lambda *a: np.stack([np.asarray(b) for b in a]), *each)
    prediction = np.asarray(found.prediction)
    outputs = tuple(str(i) for i in range(prediction.shape[1])) if prediction.ndim == 2 else None
    out: dict[str, xr.DataArray] = {}
    for name in ("attribution", "stderr"):
        out |= cells.gathered(cells.unpack(getattr(found, name), ds, over, outputs), ds, name)
    shape = [ds.sizes[d] for d in over] + ([] if outputs is None else [len(outputs)])
    dims = [*over, *([] if outputs is None else ["output"])]
    for name in ("base_value", "prediction", "efficiency_gap"):
        out[name] = xr.DataArray(np.asarray(getattr(found, name)).reshape(shape), dims=dims)
    settings = {"method": f"shap {method}", "background_rows": background.sizes["background"], "seed": seed}
    return xr.Dataset(out, attrs=settings | {n: str(v) for n, v in options.items()})


def _all_rows(rows: np.ndarray) -> Any:
    """shap's background with every row; by default it would keep 100."""
    from shap.maskers import Independent

    return Independent(rows, max_samples=len(rows))


def _columns(x: PyTree, background: PyTree) -> tuple[np.ndarray, np.ndarray, Callable[[np.ndarray], PyTree]]:
    """The input and the background as columns, and the way back for rows of them."""
    leaves, tree = jax.tree.flatten(x)
    shapes, kinds = [np.shape(leaf) for leaf in leaves], [np.asarray(leaf).dtype for leaf in leaves]
    others = [np.asarray(b) for b in jax.tree.leaves(background)]
    if jax.tree.structure(background) != tree or [b.shape[1:] for b in others] != shapes:
        raise DataError(
            f"the background has shapes {[b.shape for b in others]} and the input {shapes}",
            "background",
            "give every variable the shape (row, *input)",
        )
    ends = np.cumsum([int(np.prod(s)) for s in shapes])

    def rebuilt(rows: np.ndarray) -> PyTree:
        split = np.split(np.asarray(rows), ends[:-1], axis=1)
        return tree.unflatten(
            [p.reshape(len(rows), *s).astype(k) for p, s, k in zip(split, shapes, kinds, strict=True)]
        )

    at = np.concatenate([np.ravel(leaf) for leaf in leaves]).astype(float)
    return at, np.concatenate([b.reshape(len(b), -1) for b in others], axis=1).astype(float), rebuilt


def _put(values: np.ndarray, base: np.ndarray, prediction: np.ndarray, x: PyTree, exact: bool) -> Explained:
    """Explained with values (column, *out) put on the cells of x."""
    values = values.reshape(values.shape[0], *prediction.shape)
    found = account(
        values, None if exact else np.full_like(values, np.nan), base.reshape(prediction.shape), prediction
    )
    ids = per_cell(x).ids

    def spread(a: Any) -> PyTree:
        return jax.tree.map(lambda i: np.asarray(a)[..., i], ids)

    return Explained(
        spread(found.attribution),
        spread(found.stderr),
        found.base_value,
        found.prediction,
        found.efficiency_gap,
    )
