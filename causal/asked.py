"""What is asked of a search, checked against the data before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from data.errors import ConfigError, DataError, listing

from .chosen import outside_season
from .cube import Cube
from .engines.abilities import can
from .links import MARK
from .memory import free_memory
from .search import Task
from .settings import DEFAULT_PC_ALPHA, Settings, _among, _share

if TYPE_CHECKING:
    import xarray as xr

LEAST_SAMPLES = 10


def alphas(pc_alpha: Any, method: str) -> Any:
    """Bring pc_alpha to a value, a tuple or None."""
    if isinstance(pc_alpha, str):
        if pc_alpha != "default":
            raise ConfigError(
                f"pc_alpha is '{pc_alpha}'", "pc_alpha", "give a number, several, or None for a search"
            )
        return DEFAULT_PC_ALPHA.get(method, 0.05)
    if isinstance(pc_alpha, list | tuple | np.ndarray):
        if len(pc_alpha) == 0:
            raise ConfigError("pc_alpha is empty", "pc_alpha", "give a number, several, or None for a search")
        for one in pc_alpha:
            _share(one, "pc_alpha")
        return tuple(float(a) for a in pc_alpha)
    if pc_alpha is not None:
        _share(pc_alpha, "pc_alpha")
    return pc_alpha


def check(
    cube: Cube,
    settings: Settings,
    pooled: tuple[str, ...],
    contexts: tuple[str, ...],
    dummies: tuple[str, ...],
    bootstrap: int,
) -> None:
    """Raise where data and settings do not go together."""
    samples = cube.length - 2 * settings.tau_max
    if samples < LEAST_SAMPLES:
        most = (cube.length - LEAST_SAMPLES) // 2
        remedy = (
            f"lower tau_max to at most {most}"
            if most >= settings.tau_min and most > 0
            else "give a longer record"
        )
        raise DataError(
            f"{cube.length} time steps leave {max(samples, 0)} samples at tau_max {settings.tau_max}",
            "time",
            remedy,
        )
    for dim in pooled:
        if dim not in cube.dims:
            raise ConfigError(
                f"the dimension '{dim}' to pool is missing",
                "pool",
                f"the cells have {listing(cube.dims) or 'none'}",
            )
    if settings.method == "j-pcmci+" and not pooled:
        raise ConfigError("j-pcmci+ needs a panel", "pool", "name the dimension whose members share a graph")
    if settings.method != "j-pcmci+" and (contexts or dummies):
        raise ConfigError(
            f"the method '{settings.method}' takes no context",
            "context",
            "use j-pcmci+, or leave context and dummies out",
        )
    unknown = set(dummies) - {"space", "time"}
    if unknown:
        raise ConfigError(f"no dummy '{sorted(unknown)[0]}'", "dummies", "give 'space', 'time' or both")
    if bootstrap == 1:
        raise ConfigError("one replicate tells nothing", "bootstrap", "give 0 or at least 2, better 100")


def together(cube: Cube, settings: Settings, pooled: tuple[str, ...], masked: bool, assumed: bool) -> None:
    """Raise ConfigError where what is asked would have no effect, or clashes with names of the result."""
    graphs = int(
        np.prod([n for d, n in zip(cube.dims, cube.shape, strict=True) if d not in pooled], dtype=int)
    )
    if settings.fdr == "field" and graphs == 1:
        raise ConfigError("there is one graph, and no field of them", "fdr", "choose graph or none")
    if settings.method == "rpcmci":
        for given, what in ((masked, "mask, season or regime"), (assumed, "priors")):
            if given:
                raise ConfigError(f"the method 'rpcmci' takes no {what}", what.split(",")[0], "leave it out")
        if settings.fdr != "none":
            raise ConfigError(
                "rpcmci's graphs are not corrected", "fdr", "choose none, and mind q in the result"
            )
        if "regime" in cube.dims:
            raise ConfigError("the dimension 'regime' is one of the result", "regime", "rename it")
    for dim in ("season", "regime"):
        if dim in cube.dims and masked:
            raise ConfigError(
                f"the data have a dimension '{dim}', as results over seasons or regimes do", dim, "rename it"
            )


def choose_engine(engine: str, settings: Settings, cube: Cube, bootstrap: int) -> tuple[str, str]:
    """Choose the engine; return it and why."""
    missing = (
        any(_has_missing(array) for array in cube.arrays) if settings.test == "robust_parcorr" else False
    )
    why_not = can(settings, missing)
    if engine == "jax" and why_not:
        raise ConfigError(
            f"the engine 'jax' cannot do this: {why_not}", "engine", "use 'tigramite' or 'auto'"
        )
    if engine == "jax":
        return "jax", "asked for"
    if engine == "auto" and not why_not:
        return "jax", "it can do all that is asked, all cells at once"
    if bootstrap:
        why = why_not or "the engine 'tigramite' is asked for"
        raise ConfigError(
            f"the bootstrap runs on the engine 'jax' alone, and {why}", "bootstrap", "set bootstrap to 0"
        )
    return "tigramite", why_not or "asked for"


def workers_of(scheduler: str, workers: int, engine: str, pooled: tuple[str, ...]) -> int:
    """Return how many workers a search has.

    Raises:
        ConfigError: an unknown scheduler, or dask where it is not there or has nothing to do.
    """
    _among(scheduler, ("processes", "dask"), "scheduler")
    if scheduler == "processes":
        return workers
    if engine == "jax" or pooled:
        what = "a pool is one search" if pooled else "the engine 'jax' searches all cells at once"
        raise ConfigError(
            f"{what}, and has no use for dask",
            "scheduler",
            "choose processes" if pooled else "choose processes, or the engine 'tigramite'",
        )
    from .engines.tigramite_engine.pool import dask_workers

    return dask_workers()


def _has_missing(array: xr.DataArray) -> bool:
    """Whether a variable has missing values."""
    return bool(array.isnull().any())


def fits(cube: Cube, task: Task, pooled: tuple[str, ...]) -> None:
    """Raise ConfigError where the result would not fit in memory."""
    links = len(cube.names) ** 2 * (task.settings.tau_max + 1)
    each = links * (MARK.itemsize + 3 * 8 + (4 * 8 if task.bootstrap else 0))
    needed = each * (1 if pooled else cube.cells)
    free = free_memory()
    if free is None:
        return
    if needed > 0.9 * free:
        raise ConfigError(
            f"the result of {cube.cells} cells needs {needed / 2**30:.1f} GiB, {free / 2**30:.1f} GiB are free",
            "memory",
            "search parts of the cube, or fewer variables or lags",
        )


def selections_of(
    cube: Cube, seasons: Any, regimes: xr.DataArray | None
) -> list[tuple[str | int | None, np.ndarray | None]]:
    """Label and what lies outside of every selection of times."""
    if seasons is not None and regimes is not None:
        raise ConfigError(
            "seasons and regimes are both given", "seasons", "give one, and the other as a mask"
        )
    if isinstance(seasons, list | tuple) and seasons and all(isinstance(s, str) for s in seasons):
        seasons = {s: s for s in seasons}
    if isinstance(seasons, Mapping):
        found: list[tuple[str | int | None, np.ndarray | None]] = [
            (str(name), outside_season(cube, months)) for name, months in seasons.items()
        ]
    elif seasons is not None:
        found = [(None, outside_season(cube, seasons))]
    elif regimes is not None:
        if tuple(getattr(regimes, "dims", ())) != ("time",) or regimes.size != cube.length:
            raise DataError(
                "regimes are not one label per time step", "regimes", "give a DataArray over time"
            )
        labels = regimes.values
        kinds = [k for k in dict.fromkeys(labels.tolist()) if k == k and k != ""]
        found = [(k, labels != k) for k in kinds]
    else:
        return [(None, None)]
    what = "seasons" if seasons is not None else "regimes"
    if not found:
        raise ConfigError(f"there are no {what}", what, "name at least one, or leave them out")
    for label, outside in found:
        inside = 0 if outside is None else int((~outside).sum())
        if inside < LEAST_SAMPLES:
            name = f"{what[:-1]} '{seasons if label is None else label}'"
            raise DataError(
                f"the {name} has {inside} time steps, {LEAST_SAMPLES} are needed",
                what,
                "choose a larger part",
            )
    return found
