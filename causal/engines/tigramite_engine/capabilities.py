"""What each test and method of tigramite can take, and the checks that follow from it."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np

from data.errors import ConfigError, DataError, listing, nearest

from ...settings import Settings

CAPABILITIES: dict[str, dict[str, Any]] = {
    name: {
        "masks": True,
        "missing": True,
        "discrete": discrete,
        "vectors": vectors,
        "model_selection": selection,
        "significance": significance,
        "needs": needs,
    }
    for name, discrete, vectors, selection, significance, needs in (
        ("parcorr", False, True, True, ("analytic", "shuffle_test"), ()),
        ("robust_parcorr", False, False, True, ("analytic", "shuffle_test"), ()),
        ("parcorr_wls", False, False, True, ("analytic", "shuffle_test"), ()),
        ("gpdc", False, False, True, ("analytic", "shuffle_test"), ("dcor",)),
        ("cmi_knn", False, True, True, ("shuffle_test",), ("numba",)),
        ("gsquared", "only", False, False, ("analytic",), ()),
        ("regression_ci", True, False, False, ("analytic",), ()),
    )
}
"""Of each test: whether it takes masks, missing values (each test drops the samples that it lacks), discrete data
(``only``: nothing else), vectors (dummies of a panel), several ``pc_alpha`` to choose from; what its p-values can come
from, its default first; and the packages it needs beside tigramite."""

METHOD_CAPABILITIES: dict[str, dict[str, Any]] = {
    "pcmci": {
        "masks": True,
        "missing": True,
        "priors": True,
        "model_selection": True,
        "max_conds": True,
        "needs": (),
    },
    "pcmci+": {
        "masks": True,
        "missing": True,
        "priors": True,
        "model_selection": True,
        "max_conds": True,
        "needs": (),
    },
    "lpcmci": {
        "masks": True,
        "missing": True,
        "priors": True,
        "model_selection": False,
        "max_conds": False,
        "needs": (),
    },
    "j-pcmci+": {
        "masks": True,
        "missing": True,
        "priors": True,
        "model_selection": False,
        "max_conds": True,
        "needs": (),
    },
    "rpcmci": {
        "masks": False,
        "missing": False,
        "priors": False,
        "model_selection": True,
        "max_conds": False,
        "needs": ("ortools", "networkx"),
    },
}
"""The same of each method, and whether it takes priors and the settings ``max_conds_*``."""


def check(
    settings: Settings,
    values: np.ndarray,
    names: Sequence[str],
    mask: np.ndarray | None = None,
    priors: np.ndarray | None = None,
) -> None:
    """Raise a sentence where tigramite could not search these data with these settings.

    Args:
        settings: of the search.
        values: NaN where missing, ``(cell, time, variable)``.
        names: of the variables.
        mask: True where left out, same shape, or None.
        priors: assumed marks, ``(source, target, lag)``, or None.

    Raises:
        ConfigError: where the method or the test cannot take a setting, or a package is not installed.
        DataError: where it cannot take the data.
    """
    shapes(values, names, mask, priors, settings)
    test, method = CAPABILITIES[settings.test], METHOD_CAPABILITIES[settings.method]
    for package in (*test["needs"], *method["needs"]):
        if find_spec(package) is None:
            who = f"test '{settings.test}'" if package in test["needs"] else f"method '{settings.method}'"
            raise ConfigError(
                f"the {who} needs the package {package}, which is not installed",
                "environment",
                "install it with pip install 'terrax[discovery]'",
            )
    _settings(settings, test, method, mask, priors)
    _data(settings, method, values, names)


def _settings(settings: Settings, test: dict, method: dict, mask: Any, priors: Any) -> None:
    """Checks of the settings alone."""
    for able, who in ((test, f"test '{settings.test}'"), (method, f"method '{settings.method}'")):
        if len(settings.searched) > 1 and not able["model_selection"]:
            raise ConfigError(
                f"the {who} cannot choose among several pc_alpha", "pc_alpha", "give one number"
            )
        if mask is not None and not able["masks"]:
            raise ConfigError(
                f"the {who} takes no mask",
                "mask",
                "leave the mask out, or choose pcmci or pcmci+ for a season",
            )
    if priors is not None and not method["priors"]:
        raise ConfigError(f"the method '{settings.method}' takes no priors", "priors", "leave them out")
    limits = (settings.max_conds_dim, settings.max_conds_py, settings.max_conds_px)
    if not method["max_conds"] and any(limit is not None for limit in limits):
        remedy = "leave it out"
        if settings.method == "lpcmci":
            remedy = "give max_p_global, max_q_global or max_cond_px in the options"
        raise ConfigError(f"the method '{settings.method}' takes no max_conds_*", "max_conds", remedy)
    wanted = settings.options.get("significance", test["significance"][0])
    if wanted not in test["significance"]:
        raise ConfigError(
            f"the test '{settings.test}' has no significance '{wanted}'",
            "options",
            f"choose {' or '.join(test['significance'])}",
        )


def _data(settings: Settings, method: dict, values: np.ndarray, names: Sequence[str]) -> None:
    """Checks of the data."""
    if np.isinf(values).any():
        raise DataError("values are infinite", "data", "make them missing (NaN) or mend them")
    if not method["missing"] and np.isnan(values).any():
        lacking = [n for k, n in enumerate(names) if np.isnan(values[..., k]).any()]
        raise DataError(
            f"the method '{settings.method}' takes no missing values",
            listing(lacking),
            "fill the gaps or choose another method",
        )
    for k in discrete_variables(settings, names):
        column = values[..., k]
        column = column[~np.isnan(column)]
        if (column != np.round(column)).any():
            raise DataError(
                f"the test '{settings.test}' takes '{names[k]}' as classes, but its values are not whole numbers",
                names[k],
                "make classes of it first, e.g. terciles by numpy.digitize(x, numpy.nanquantile(x, [1/3, 2/3]))",
            )
        levels, samples = len(np.unique(column)), values.shape[1]
        if settings.test == "gsquared" and levels**2 > samples:
            raise DataError(
                f"'{names[k]}' has {levels} classes, too many for tables of {samples} samples",
                names[k],
                "make fewer classes of it, e.g. terciles by numpy.digitize(x, numpy.nanquantile(x, [1/3, 2/3]))",
            )


def discrete_variables(settings: Settings, names: Sequence[str]) -> list[int]:
    """Positions of the variables that the test takes as classes.

    All of them for ``gsquared``; those that the option ``discrete`` names for ``regression_ci``.

    Raises:
        ConfigError: where a name is unknown, or the test knows no classes.
    """
    named = settings.options.get("discrete", ())
    named = (named,) if isinstance(named, str) else tuple(named)
    for name in named:
        if name not in names:
            raise ConfigError(
                f"no variable '{name}'",
                "options, discrete",
                nearest(name, names).strip() or f"the variables are {listing(names)}",
            )
    if settings.test == "gsquared":
        return list(range(len(names)))
    if named and not CAPABILITIES[settings.test]["discrete"]:
        raise ConfigError(
            f"the test '{settings.test}' knows no classes",
            "options, discrete",
            "choose regression_ci, or gsquared where all variables are classes",
        )
    return [list(names).index(name) for name in named]


def shapes(
    values: np.ndarray,
    names: Sequence[str],
    mask: np.ndarray | None,
    priors: np.ndarray | None,
    settings: Settings,
) -> None:
    """Raise DataError where arrays do not fit together or are too short for the lags."""
    if values.ndim != 3 or values.shape[2] != len(names):
        raise DataError(
            f"values of shape {values.shape} do not fit {len(names)} variables",
            "data",
            "give (cell, time, variable)",
        )
    if not values.size:
        raise DataError(f"values of shape {values.shape} hold nothing", "data", "give at least one cell")
    if mask is not None and mask.shape != values.shape:
        raise DataError(f"a mask of shape {mask.shape} does not fit values of shape {values.shape}", "mask")
    if priors is not None and priors.shape != (len(names), len(names), settings.tau_max + 1):
        raise DataError(
            f"priors of shape {priors.shape} do not fit {len(names)} variables and tau_max {settings.tau_max}",
            "priors",
            "build them with Priors.to_array",
        )
    left = values.shape[1] - 2 * settings.tau_max
    if left < 4:
        raise DataError(
            f"{values.shape[1]} steps are too few: tests begin at 2 tau_max = {2 * settings.tau_max}",
            "time",
            "give a longer record or a smaller tau_max",
        )
