"""Causal discovery on a Dataset: every cell of a cube, or one graph for a panel, in one call."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data.errors import ConfigError, DataError, listing

from .asked import alphas, check, choose_engine, fits, selections_of, together, workers_of
from .calibration import calibration
from .chosen import Mask
from .cube import Cube, check_values, open_cube
from .flags import Flag
from .links import MARK
from .multiple import benjamini_hochberg, walker
from .priors import Priors
from .result import to_dataset
from .search import Progress, Task, finite, search, search_panel, tested_links
from .settings import ENGINES, Settings, _among, _whole
from .store import Store, digest_of

if TYPE_CHECKING:
    import xarray as xr


def discover(
    ds: xr.Dataset,
    variables: Sequence[str] | str | None = None,
    *,
    method: str = "pcmci",
    test: str = "parcorr",
    engine: str = "auto",
    tau_min: int = 0,
    tau_max: int = 1,
    pc_alpha: float | Sequence[float] | str | None = "default",
    alpha: float = 0.05,
    fdr: str = "none",
    fdr_contemporaneous: bool = False,
    priors: Priors | None = None,
    mask: xr.DataArray | Mapping[str, xr.DataArray] | None = None,
    mask_type: str = "y",
    seasons: str | Sequence[Any] | Mapping[str, Any] | None = None,
    regimes: xr.DataArray | None = None,
    pool: str | Sequence[str] | None = None,
    context: Sequence[str] = (),
    dummies: Sequence[str] = (),
    bootstrap: int = 0,
    block_length: int | None = None,
    seed: int = 0,
    max_conds_dim: int | None = None,
    max_conds_py: int | None = None,
    max_conds_px: int | None = None,
    collider_rule: str = "majority",
    conflict_resolution: bool = True,
    options: Mapping[str, Any] | None = None,
    store: str | Path | None = None,
    workers: int = 1,
    scheduler: str = "processes",
    progress: Progress = None,
) -> xr.Dataset:
    """Find the time-series causal graph of every cell of a Dataset.

    Args:
        ds: variables over ``time`` and any other dimensions (lat and lon, site, district, member): each combination of
            these is a cell with a graph of its own, unless they are pooled. NaN is missing: a test leaves out the
            samples where one of its nodes is missing, as tigramite does.
        variables: which to use, in the order wanted; all with the dimension time by default.
        method: ``pcmci`` [@runge2019], ``pcmci+`` [@runge2020], ``lpcmci`` [@gerhardus2020], ``j-pcmci+``
            [@gunther2023] or ``rpcmci`` [@saggioro2020].
        test: ``parcorr``, ``robust_parcorr``, ``parcorr_wls``, ``gpdc``, ``cmi_knn``, ``gsquared``, ``regression_ci``.
        engine: ``jax`` (PCMCI and PCMCI+ with the first two tests, all cells at once), ``tigramite`` (anything, cell by
            cell), or ``auto``: jax where it can. The result's attribute ``engine`` says which, ``engine_reason`` why.
        tau_min: least lag of a link [steps].
        tau_max: largest lag [steps]. Samples start at twice as much.
        pc_alpha: significance of the selection of conditions (of links, for PCMCI+ and its kin); several values or
            None choose by Akaike's criterion. By default .2 for PCMCI and .01 for PCMCI+. Where PCMCI's p-values must
            hold exactly, take .05 or less: conditions that chance has chosen raise its false positives to some 6 %
            with many short series; the attribute ``calibration`` then says so. PCMCI+ is read by its graph: links
            that it removed early keep the p of that phase.
        alpha: significance of PCMCI's links.
        fdr: ``none``; ``graph`` or ``field``: PCMCI's links are those whose p-value, corrected by Benjamini and
            Hochberg within a graph or for each link over all cells, is at most alpha. PCMCI+ keeps its graph; ``q``
            is always given.
        fdr_contemporaneous: whether links of lag 0 are among the corrected.
        priors: links that are required, forbidden or bounded in lag.
        mask: True where values are left out, over time and any dimensions of the cells; for all variables, by a
            dimension ``variable``, or a mapping of variables to masks.
        mask_type: whose masked values leave a sample out: the target's (``y``), the source's (``x``), the
            conditions' (``z``).
        seasons: keep samples whose target is in a season ("DJF", or months 1 to 12); several names, or a mapping of
            names to seasons, are searched one by one and add the dimension ``season``.
        regimes: label of each time; every label is searched, and the dimension ``regime`` added.
        pool: dimension, or dimensions, whose members share one graph: their samples are pooled.
        context: variables that drive a panel and are not driven by it (``j-pcmci+``): over time alone, or over the
            pooled dimension alone.
        dummies: ``space`` and ``time``: contexts of a panel that nobody measured (``j-pcmci+``). That a variable is not
            named under ``depends_on_dummies`` is no sign that members are alike (see `run_panel` of the engine).
        bootstrap: replicates of the block bootstrap; adds ``frequency``, ``presence``, ``val_low`` and ``val_high``.
        block_length: steps of a block; the cube root of the samples by default.
        seed: of the bootstrap.
        max_conds_dim: largest number of conditions in the selection.
        max_conds_py: parents of the target that are conditioned on.
        max_conds_px: parents of the source that are conditioned on.
        collider_rule: ``majority``, ``conservative`` or ``none``.
        conflict_resolution: whether contradicting orientations become ``x-x``.
        options: settings of tigramite's test or method, handed on as they are.
        store: folder for finished blocks of cells, or graphs of pools; a search that was stopped goes on from there.
        workers: processes of tigramite, or threads of the JAX engine.
        scheduler: who runs tigramite's cells: ``processes`` of this machine, or the workers of the ``dask`` client
            that is active.
        progress: is told how many cells are done, and of how many.

    Returns:
        Dataset over the other dimensions and ``source``, ``target``, ``lag`` (pooled dimensions gone): ``graph`` (marks
        as tigramite writes them), ``val``, ``p``, ``q``; ``flag`` and ``samples`` over cells; ``field_p`` and
        ``field_share`` over links where there are several cells. All settings are in its attributes.

    Raises:
        ConfigError: where a setting is unknown, out of bounds or impossible together with another.
        DataError: where the data are not fit for it.
    """
    if not isinstance(options, Mapping | None):
        raise ConfigError(
            f"options are a {type(options).__name__}", "options", "give a mapping of names to values"
        )
    if not isinstance(priors, Priors | None):
        raise ConfigError(f"priors are a {type(priors).__name__}", "priors", "give causal.Priors(...)")
    settings = Settings(
        method=method,
        test=test,
        tau_min=tau_min,
        tau_max=tau_max,
        pc_alpha=alphas(pc_alpha, method),
        alpha=alpha,
        fdr=fdr,
        fdr_contemporaneous=fdr_contemporaneous,
        max_conds_dim=max_conds_dim,
        max_conds_py=max_conds_py,
        max_conds_px=max_conds_px,
        collider_rule=collider_rule,
        conflict_resolution=conflict_resolution,
        mask_type=mask_type,
        options=dict(options or {}),
    )
    _among(engine, ENGINES, "engine")
    _whole(bootstrap, "bootstrap", 0)
    _whole(workers, "workers", 1)
    if block_length is not None:
        _whole(block_length, "block_length", 1)
    contexts = (context,) if isinstance(context, str) else tuple(context)
    if variables is None and contexts:
        variables = [str(n) for n, v in ds.data_vars.items() if "time" in v.dims and n not in contexts]
    cube = open_cube(ds, variables)
    pooled = (pool,) if isinstance(pool, str) else tuple(pool or ())
    dummies = (dummies,) if isinstance(dummies, str) else tuple(dummies)
    check(cube, settings, pooled, contexts, dummies, bootstrap)
    masked = mask is not None or seasons is not None or regimes is not None
    together(cube, settings, pooled, masked, priors is not None)
    selections = selections_of(cube, seasons, regimes)
    chosen, reason = choose_engine(engine, settings, cube, bootstrap)
    marks = None if priors is None else priors.to_array(cube.names, tau_min, tau_max)
    workers = workers_of(scheduler, workers, chosen, pooled)
    task = Task(settings, chosen, marks, bootstrap, block_length, seed, workers, scheduler)
    fits(cube, task, pooled)
    check_values(cube)
    told = {
        "engine": chosen,
        "engine_reason": reason,
        "bootstrap": bootstrap,
        "block_length": block_length or "cube root of the samples",
        "seed": seed,
        "mask": "none" if mask is None else "given",
        "seasons": "all" if seasons is None else _words(seasons),
        "priors": "none" if priors is None else _words(vars(priors)),
        "context": ", ".join(contexts),
        "dummies": ", ".join(dummies),
    }
    found = []
    pooling = {"pool": pooled, "context": contexts, "dummies": dummies} if pooled else {}
    for label, outside in selections:
        left_out = Mask(cube, mask, outside)
        kept = _store(store, cube, task, label, pooling)
        if pooled:
            one = _pooled(ds, cube, left_out, task, pooled, contexts, dummies, kept, progress)
        else:
            one = _cells(cube, left_out, task, kept, progress)
        one.attrs |= told | calibration(settings, len(cube.names), one["samples"].values)
        found.append(one)
    return _joined(found, selections, "regime" if regimes is not None else "season")


def _words(value: Any) -> str:
    """A setting of several parts as JSON, so that a file can hold it."""

    def plain(item: Any) -> Any:
        if isinstance(item, Mapping):
            return {", ".join(k) if isinstance(k, tuple) else str(k): plain(v) for k, v in item.items()}
        return [plain(part) for part in item] if isinstance(item, list | tuple | np.ndarray) else item

    return value if isinstance(value, str) else json.dumps(plain(value), default=str)


def _store(
    store: str | Path | None, cube: Cube, task: Task, label: Any, further: Mapping[str, Any]
) -> Store | None:
    """Open the store of a search, one folder per season or regime."""
    if store is None:
        return None
    told = task.settings.to_attrs() | {
        "variables": list(cube.names),
        "dims": list(cube.dims),
        "shape": list(cube.shape),
        "length": cube.length,
        "engine": task.engine,
        "bootstrap": task.bootstrap,
        "block_length": task.block_length,
        "seed": task.seed,
        "priors": None if task.priors is None else task.priors.tolist(),
        **further,
    }
    return Store(store if label is None else Path(store) / str(label), told)


def _cells(cube: Cube, mask: Mask, task: Task, store: Store | None, progress: Progress) -> xr.Dataset:
    """Search every cell and put the result together."""
    results = search(cube, mask, task, store, progress)
    parts, settings = results.parts, task.settings
    if (parts["flag"] & int(Flag.EMPTY)).all():
        raise DataError(
            "in every cell some variable has no value", "variables", "check the variables and the mask"
        )
    if cube.cells > 1 and settings.method != "rpcmci":
        _field(parts, task)
    attrs = settings.to_attrs()
    failed = sorted(set(results.errors))
    if failed:
        attrs["errors"] = " | ".join(failed[:20])
    return to_dataset(parts, cube.names, cube.dims, cube.shape, cube.coords, attrs, cube.time)


def _field(parts: dict[str, np.ndarray], task: Task) -> None:
    """Correct over the field where asked, and say for every link whether the field holds any."""
    settings = task.settings
    usable = (parts["flag"] & int(Flag.EMPTY | Flag.FAILED)) == 0
    if settings.fdr == "field":
        shape = parts["p"].shape
        family = np.moveaxis(parts["p"], 0, -1).reshape(-1, shape[0])
        priors = task.priors if task.priors is None or len(task.priors) == shape[1] else None
        tested = tested_links(shape[1], settings, priors).reshape(-1, 1) & usable
        q = benjamini_hochberg(family, tested)
        parts["q"] = np.ascontiguousarray(np.moveaxis(q.reshape(*shape[1:], shape[0]), -1, 0))
        if settings.method == "pcmci":
            parts["graph"] = np.where(parts["q"] <= settings.alpha, parts["graph"], "").astype(MARK)
    parts["field_p"] = walker(parts["p"], usable)
    linked = np.add.reduce(parts["graph"] != "", axis=0, where=usable[:, None, None, None])
    parts["field_share"] = linked / max(1, int(usable.sum()))


def _pooled(
    ds: xr.Dataset,
    cube: Cube,
    mask: Mask,
    task: Task,
    pooled: tuple[str, ...],
    contexts: tuple[str, ...],
    dummies: tuple[str, ...],
    store: Store | None,
    progress: Progress = None,
) -> xr.Dataset:
    """Find one graph per combination of the dimensions that are not pooled."""
    rest = tuple(d for d in cube.dims if d not in pooled)
    sizes = dict(zip(cube.dims, cube.shape, strict=True))
    order = [cube.dims.index(d) for d in (*rest, *pooled)]
    places = np.arange(cube.cells).reshape(cube.shape).transpose(order)
    members = int(np.prod([sizes[d] for d in pooled], dtype=int))
    places = places.reshape(-1, members)
    merged: list[dict[str, np.ndarray]] = []
    names, told = cube.names, "{}"
    driving = _contexts(ds, contexts, cube, pooled)
    for number, row in enumerate(places):
        values = np.concatenate([cube.block(int(c), int(c) + 1) for c in row])
        finite(values, cube, row)
        out = None
        if not mask.empty:
            out = np.concatenate([np.asarray(mask.block(int(c), int(c) + 1)) for c in row])
        usable = np.all(np.any(np.isfinite(values), axis=1), axis=1)
        if not usable.any():
            raise DataError(
                "no member has a value of every variable", "pool", "check the variables and the members"
            )
        kept = {
            k: v
            if v.shape[0] == cube.length and v.ndim == 1 and k not in _by_member(ds, contexts)
            else v[usable]
            for k, v in driving.items()
        }
        members_out = None if out is None else out[usable]
        digest = digest_of(values[usable], members_out, *kept.values()) if store is not None else ""
        parts = store.load(number, digest) if store is not None else None
        if parts is None:
            parts, names, told = search_panel(values[usable], members_out, task, cube.names, kept, dummies)
            if store is not None:
                store.save(number, digest, parts | {"names": np.array(names), "told": np.array(told)})
        else:
            names, told = tuple(map(str, parts.pop("names"))), str(parts.pop("told"))
        merged.append(parts)
        if progress is not None:
            progress(len(merged), len(places))
    parts = {name: np.concatenate([m[name] for m in merged]) for name in merged[0]}
    if len(places) > 1:
        _field(parts, task)
    attrs = task.settings.to_attrs() | {
        "pooled": ", ".join(pooled),
        "members": members,
        "depends_on_dummies": told,
    }
    shape = tuple(sizes[d] for d in rest)
    return to_dataset(parts, names, rest, shape, cube.coords, attrs, cube.time)


def _by_member(ds: xr.Dataset, contexts: tuple[str, ...]) -> set[str]:
    """Contexts that belong to members, not to times."""
    return {name for name in contexts if "time" not in ds[name].dims}


def _contexts(
    ds: xr.Dataset, contexts: tuple[str, ...], cube: Cube, pooled: tuple[str, ...]
) -> dict[str, np.ndarray]:
    """Read context variables, ``(time,)``, ``(member,)`` or ``(member, time)``."""
    found: dict[str, np.ndarray] = {}
    for name in contexts:
        if name not in ds.variables:
            raise DataError(
                f"the context '{name}' is missing", "context", f"the dataset has {listing(ds.data_vars)}"
            )
        item = ds[name]
        extra = set(map(str, item.dims)) - {"time", *pooled}
        if extra or not item.dims:
            raise DataError(
                f"the context '{name}' is over {listing(item.dims) or 'nothing'}",
                "context",
                "use time or the pooled dimension",
            )
        if item.dtype.kind not in "fiub":
            raise DataError(
                f"the context '{name}' is not numeric ({item.dtype})", "context", "give it as numbers"
            )
        if item.dims != ("time",):  # the same along pooled dimensions that it lacks
            sizes = {d: n for d, n in zip(cube.dims, cube.shape, strict=True) if d in pooled}
            item = item.expand_dims({d: n for d, n in sizes.items() if d not in item.dims})
            item = item.transpose(*pooled, ..., "time") if "time" in item.dims else item.transpose(*pooled)
        values = np.asarray(item.values, float)
        if not np.isfinite(values).all():
            raise DataError(
                f"the context '{name}' has missing or infinite values",
                "context",
                "fill them, or leave it out",
            )
        found[name] = values.reshape(-1, cube.length) if "time" in item.dims[1:] else values.reshape(-1)
    return found


def _joined(found: list[xr.Dataset], selections: list, dim: str) -> xr.Dataset:
    """Join the results of seasons or regimes along a new dimension."""
    import xarray as xr

    from .result import encoded

    if len(selections) == 1 and selections[0][0] is None:
        return found[0]
    labels = [label for label, _ in selections]
    joined = xr.concat(found, dim=xr.DataArray(labels, dims=dim, name=dim), combine_attrs="override")
    return encoded(joined)
