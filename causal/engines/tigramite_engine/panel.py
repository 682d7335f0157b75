"""One graph for a panel: samples of all members pooled, or with contexts and dummies (J-PCMCI+)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from data.errors import ConfigError, DataError

from ...priors import OPEN, UNORIENTED
from ...settings import Settings
from .capabilities import CAPABILITIES, check
from .cells import samples
from .found import PanelFound
from .single import (
    make_frame,
    make_test,
    method_arguments,
    method_class,
    quiet,
    sentence,
    split_options,
    tidy,
)


def run_panel(
    values: np.ndarray,
    settings: Settings,
    *,
    names: Sequence[str],
    mask: np.ndarray | None = None,
    priors: np.ndarray | None = None,
    contexts: Mapping[str, np.ndarray] | None = None,
    space_dummy: bool = False,
    time_dummy: bool = False,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> PanelFound:
    """Search one graph for all members of a panel.

    With ``pcmci``, ``pcmci+`` or ``lpcmci`` the samples of all members are pooled. With ``j-pcmci+`` [@gunther2023]
    variables that are the same for all members (time contexts) or at all times (space contexts) may drive the system
    but are not driven by it, and dummies stand for contexts that nobody measured: the space dummy is one column for
    each member, the time dummy one for each time. That a variable depends on the space dummy means that its mean
    differs between members by more than its parents and the contexts explain (with the tests at hand: a shift of
    level, as fixed effects take out); on the time dummy, that a shock common to all members does so. Dummies are
    conditioned on, and are no cause one could name: they are left out of the arrays and told in ``dummies``.

    A variable that is not named there may differ between members all the same. tigramite tests a dummy given the
    variable's own past, by the largest of the partial correlations with single members and a p-value times their
    number: the further levels lie apart, the more the past tells the level, and of many members none stands out. Where
    levels are known to differ, take each member's mean away before the search.

    Links between contexts are not searched for.

    Args:
        values: NaN where missing, ``(member, time, variable)``.
        settings: of the search.
        names: of the system's variables.
        mask: True where left out, same shape as values, or None.
        priors: assumed marks, ``(source, target, lag)``, of the system's variables or of these and the contexts.
        contexts: by name, ``(time,)``, ``(member,)`` or ``(member, time)``; for ``j-pcmci+`` alone.
        space_dummy: whether members may differ by what was not measured.
        time_dummy: whether times may.
        workers: for likeness with `run_cells`; one graph is one search.
        progress: is told 1 of 1 at the end.

    Returns:
        Links of one cell, over the system's variables and the contexts.

    Raises:
        ConfigError: where a setting, a context or a dummy is not possible.
        DataError: where data do not fit, or tigramite finds no links for them.
    """
    values = np.asarray(values, float)
    contexts, names = dict(contexts or {}), tuple(str(n) for n in names)
    dummies = [which for which, wanted in (("space", space_dummy), ("time", time_dummy)) if wanted]
    _possible(settings, values, contexts, dummies)
    kinds, columns = _contexts(contexts, values, names)
    every = (*names, *contexts)
    check(settings, np.concatenate([values, *columns], 2), every)
    mask = None if mask is None else np.asarray(mask, bool)
    check(settings, values, names, mask)
    priors = _widened(priors, len(names), len(every), len(dummies), settings)
    split_options(settings, bool(dummies))
    joined = np.concatenate([values, *columns, *(_dummy(which, values.shape) for which in dummies)], 2)
    hidden = None if mask is None else np.zeros(joined.shape, bool)
    if hidden is not None:
        hidden[..., : len(names)] = mask
    kinds = {**dict.fromkeys(names, "system"), **kinds, **{which: f"{which}_dummy" for which in dummies}}
    try:
        with quiet(), threadpool_limits(1):
            result = _run(joined, hidden, settings, kinds, priors)
    except (ConfigError, DataError):
        raise
    except Exception as error:
        raise DataError(
            sentence(error, settings), "panel", "look at gaps, masks and constant variables"
        ) from error
    graph, val, p, told = tidy(result, settings, len(names))
    hung = {
        which: tuple(name for k, name in enumerate(names) if graph[len(every) + at, k, 0] != "")
        for at, which in enumerate(dummies)
    }
    kept = np.s_[None, : len(every), : len(every)]
    if progress is not None:
        progress(1, 1)
    count = np.array([samples(values, mask, settings)])
    return PanelFound(graph[kept], val[kept], p[kept], count, [told], every, hung)


def _run(
    joined: np.ndarray, mask: np.ndarray | None, settings: Settings, kinds: dict[str, str], priors
) -> Any:
    """Run tigramite on all columns; the last nodes are vectors where they are dummies."""
    further: dict[str, Any] = {"analysis_mode": "multiple"}
    wide = {"space_dummy": joined.shape[0], "time_dummy": joined.shape[1]}
    dummies = bool(wide.keys() & set(kinds.values()))
    if dummies:
        nodes, begin = {}, 0
        for at, kind in enumerate(kinds.values()):
            nodes[at] = [(column, 0) for column in range(begin, begin + wide.get(kind, 1))]
            begin += wide.get(kind, 1)
        further["vector_vars"] = nodes
    frame = make_frame(settings, joined, tuple(kinds), mask, **further)
    test = make_test(settings, 0, mask is not None, vectors=dummies)
    method, runs = method_class(settings)
    whose = {"node_classification": dict(enumerate(kinds.values()))} if settings.method == "j-pcmci+" else {}
    search = method(dataframe=frame, cond_ind_test=test, verbosity=0, **whose)
    return getattr(search, runs)(**method_arguments(settings, priors, vectors=dummies))


def _possible(
    settings: Settings, values: np.ndarray, contexts: Mapping[str, Any], dummies: list[str]
) -> None:
    """Raise ConfigError where contexts or dummies do not go with the method or the test."""
    if settings.method == "rpcmci":
        raise ConfigError(
            "RPCMCI takes one series, not a panel", "method", "search each member by run_regimes"
        )
    if values.ndim != 3:
        raise DataError(
            f"values of shape {values.shape} are no panel", "data", "give (member, time, variable)"
        )
    if settings.method != "j-pcmci+":
        if contexts or dummies:
            raise ConfigError(
                f"the method '{settings.method}' knows no contexts and no dummies",
                "method",
                "choose j-pcmci+",
            )
        return
    if settings.tau_min > 0:
        raise ConfigError("contexts act at lag 0, but tau_min is above it", "tau_min", "let tau_min be 0")
    if dummies and not CAPABILITIES[settings.test]["vectors"]:
        able = [name for name, can in CAPABILITIES.items() if can["vectors"]]
        raise ConfigError(
            f"the test '{settings.test}' cannot take dummies, which are vectors",
            "test",
            f"choose {' or '.join(able)}, or leave the dummies out",
        )
    if "space" in dummies and len(values) < 2:
        raise ConfigError("a space dummy needs at least two members", "space_dummy", "leave it out")


def _contexts(
    contexts: Mapping[str, np.ndarray], values: np.ndarray, names: Sequence[str]
) -> tuple[dict[str, str], list[np.ndarray]]:
    """Kind of each context and its column for all members and times."""
    members, times = values.shape[:2]
    kinds: dict[str, str] = {}
    columns = []
    for name, given in contexts.items():
        full = np.asarray(given, float)
        if name in names:
            raise ConfigError(f"'{name}' is a variable and a context", "contexts", "keep one of the two")
        if full.shape == (times,) and full.shape != (members,):
            full = np.broadcast_to(full, (members, times))
        elif full.shape == (members,) and full.shape != (times,):
            full = np.broadcast_to(full[:, None], (members, times))
        elif full.shape != (members, times):
            raise ConfigError(
                f"the context '{name}' of shape {full.shape} is not clearly over {members} members or {times} times",
                "contexts",
                "give it as (member, time)",
            )
        over_members = np.array_equal(full, np.broadcast_to(full[:1], full.shape), equal_nan=True)
        over_times = np.array_equal(full, np.broadcast_to(full[:, :1], full.shape), equal_nan=True)
        if over_members == over_times:
            what = "is the same everywhere" if over_members else "differs between members and between times"
            remedy = "leave it out" if over_members else "make it a variable"
            raise ConfigError(f"the context '{name}' {what}", "contexts", remedy)
        kinds[name] = "time_context" if over_members else "space_context"
        columns.append(full[..., None])
    return kinds, columns


def _dummy(which: str, shape: tuple[int, ...]) -> np.ndarray:
    """One column for each member or each time, 1 there and 0 elsewhere."""
    members, times = shape[:2]
    if which == "space":
        return np.broadcast_to(np.eye(members)[:, None], (members, times, members))
    return np.broadcast_to(np.eye(times), (members, times, times))


def _widened(
    priors: np.ndarray | None, size: int, every: int, dummies: int, settings: Settings
) -> np.ndarray | None:
    """Assumed marks of all nodes: those given, and open ones for contexts and dummies."""
    if priors is None:
        return None
    known = priors.shape[0]
    if priors.shape != (known, known, settings.tau_max + 1) or known not in (size, every):
        raise DataError(
            f"priors of shape {priors.shape} do not fit {size} variables and {every - size} contexts",
            "priors",
            "build them with Priors.to_array",
        )
    nodes = every + dummies
    wide = np.full((nodes, nodes, settings.tau_max + 1), OPEN, "<U3")
    wide[:, :, 0] = UNORIENTED
    wide[:, :, : settings.tau_min] = ""
    wide[np.arange(nodes), np.arange(nodes), 0] = ""
    wide[:known, :known] = priors
    return wide
