"""One search by tigramite: its data frame, its test, its method, and the result as arrays."""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import io
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from data.errors import ConfigError, counted, nearest

from ...links import MARK
from ...settings import Settings
from .capabilities import discrete_variables

MISSING = np.finfo(float).max
"""Stands for NaN, which tigramite's data frame does not take; no measured value equals it."""
SEED = 42
"""Seed of the first cell, tigramite's own default; cell ``c`` takes ``SEED + c``."""

_TESTS = {
    "parcorr": ("parcorr", "ParCorr"),
    "robust_parcorr": ("robust_parcorr", "RobustParCorr"),
    "parcorr_wls": ("parcorr_wls", "ParCorrWLS"),
    "gpdc": ("gpdc", "GPDC"),
    "cmi_knn": ("cmiknn", "CMIknn"),
    "gsquared": ("gsquared", "Gsquared"),
    "regression_ci": ("regressionCI", "RegressionCI"),
}
_METHODS = {
    "pcmci": ("pcmci", "PCMCI", "run_pcmci"),
    "pcmci+": ("pcmci", "PCMCI", "run_pcmciplus"),
    "lpcmci": ("lpcmci", "LPCMCI", "run_lpcmci"),
    "j-pcmci+": ("jpcmciplus", "JPCMCIplus", "run_jpcmciplus"),
    "rpcmci": ("rpcmci", "RPCMCI", "run_rpcmci"),
}
_OWN = {
    "tau_min": "tau_min",
    "tau_max": "tau_max",
    "pc_alpha": "pc_alpha",
    "alpha_level": "alpha",
    "fdr_method": "fdr",
    "mask_type": "mask_type",
    "max_conds_dim": "max_conds_dim",
    "max_conds_py": "max_conds_py",
    "max_conds_px": "max_conds_px",
    "contemp_collider_rule": "collider_rule",
    "conflict_resolution": "conflict_resolution",
    "link_assumptions": "priors",
}
"""tigramite's names of what the settings already say."""
_CLOSED = {
    "self",
    "kwargs",
    "verbosity",
    "selected_links",
    "save_iterations",
    "n_jobs",
    "dataframe",
    "cond_ind_test",
}


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep tigramite from printing and warning."""
    silence = io.StringIO()
    with (
        contextlib.redirect_stdout(silence),
        contextlib.redirect_stderr(silence),
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
    ):
        warnings.simplefilter("ignore")
        yield


@functools.cache
def _load(module: str, name: str) -> Any:
    """A class of tigramite."""
    with quiet():
        return getattr(importlib.import_module(f"tigramite.{module}"), name)


def class_of_test(settings: Settings, vectors: bool = False) -> Any:
    """tigramite's class of a test; with vectors its partial correlation is that of several variables."""
    module, name = _TESTS[settings.test]
    if vectors and settings.test == "parcorr":
        module, name = "parcorr_mult", "ParCorrMult"
    return _load(f"independence_tests.{module}", name)


def method_class(settings: Settings) -> tuple[Any, str]:
    """tigramite's class of a method, and the name of what runs it."""
    module, name, runs = _METHODS[settings.method]
    return _load(module, name), runs


@functools.cache
def _option_names(
    test: type, method: type, runs: str
) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Names of the options of a test, of a method's class and of its run."""
    of_test = {p for cls in test.__mro__ if cls is not object for p in inspect.signature(cls).parameters}
    of_class = {"seed", "prediction_model"} if runs == "run_rpcmci" else set()
    of_run = set(inspect.signature(getattr(method, runs)).parameters)
    closed = _CLOSED | set(_OWN)
    return frozenset(of_test - closed), frozenset(of_class), frozenset(of_run - closed)


def split_options(
    settings: Settings, vectors: bool = False
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Part the options into those of the test, of the method's class and of its run.

    Raises:
        ConfigError: where an option belongs to none, or says what the settings say already.
    """
    parts = _option_names(class_of_test(settings, vectors), *method_class(settings))
    known = frozenset().union(*parts)
    for name in settings.options:
        if name in _OWN:
            raise ConfigError(f"'{name}' is no option", "options", f"give it as {_OWN[name]}")
        if name not in known | {"discrete"}:
            raise ConfigError(
                f"neither '{settings.test}' nor '{settings.method}' has an option '{name}'",
                "options",
                nearest(name, known).strip() or "take it out",
            )
    of_test, of_class, of_run = ({k: v for k, v in settings.options.items() if k in part} for part in parts)
    return of_test, of_class, of_run


def make_test(settings: Settings, cell: int, masked: bool, vectors: bool = False) -> Any:
    """Return tigramite's test, seeded by the cell."""
    options = split_options(settings, vectors)[0]
    options["seed"] = options.get("seed", SEED) + cell
    if settings.test == "cmi_knn":
        options.setdefault("workers", 1)
    if masked:
        options["mask_type"] = settings.mask_type
    test = class_of_test(settings, vectors)(**options)
    test._get_acf = autocorrelation
    return test


def autocorrelation(series: np.ndarray, max_lag: int | None = None) -> np.ndarray:
    """Autocorrelation at lags 0 to ``max_lag``, by default a tenth of the series and at least 5.

    Stands in for tigramite's own, from which it takes the length of the blocks of a shuffle: that calls numpy with an
    argument which never had an effect and is gone since numpy 2.4.
    """
    last = int(max(5, 0.1 * len(series))) if max_lag is None else max_lag
    return np.array(
        [1.0, *(np.corrcoef(series[lag:], series[: len(series) - lag])[0, 1] for lag in range(1, last + 1))]
    )


def make_frame(
    settings: Settings, values: np.ndarray, names: Sequence[str], mask: np.ndarray | None, **further: Any
) -> Any:
    """Return tigramite's data frame of one cell ``(time, variable)`` or of a panel ``(member, time, variable)``."""
    from tigramite.data_processing import DataFrame

    gaps = np.isnan(values)
    kinds = None
    if settings.test == "regression_ci":
        kinds = np.zeros(values.shape, int)
        kinds[..., discrete_variables(settings, names)] = 1
    return DataFrame(
        np.where(gaps, MISSING, values),
        mask=mask,
        missing_flag=MISSING if gaps.any() else None,
        var_names=list(names),
        data_type=kinds,
        **further,
    )


def assumptions(
    priors: np.ndarray | None, settings: Settings
) -> dict[int, dict[tuple[int, int], str]] | None:
    """Turn assumed marks into the dictionary that tigramite takes.

    LPCMCI reads ``-?>`` as "is an ancestor"; what priors mean by it is "not from target to source", its ``o?>``.
    """
    if priors is None:
        return None
    meant = {"-?>": "o?>", "<?-": "<?o"} if settings.method == "lpcmci" else {}
    size = len(priors)
    links: dict[int, dict[tuple[int, int], str]] = {j: {} for j in range(size)}
    for i, j, lag in zip(*np.nonzero(priors != ""), strict=True):
        mark = str(priors[i, j, lag])
        links[int(j)][(int(i), -int(lag))] = meant.get(mark, mark)
    return links


def method_arguments(settings: Settings, priors: np.ndarray | None, vectors: bool = False) -> dict[str, Any]:
    """Arguments of a method's run."""
    alphas = settings.searched
    chosen: dict[str, Any] = {
        "tau_min": settings.tau_min,
        "tau_max": settings.tau_max,
        "pc_alpha": alphas[0] if len(alphas) == 1 else list(alphas),
    }
    if settings.method != "rpcmci":
        chosen["link_assumptions"] = assumptions(priors, settings)
    if settings.method in ("pcmci", "pcmci+", "j-pcmci+"):
        chosen |= {k: getattr(settings, k) for k in ("max_conds_dim", "max_conds_py", "max_conds_px")}
    if settings.method in ("pcmci+", "j-pcmci+"):
        chosen["contemp_collider_rule"] = settings.collider_rule
        chosen["conflict_resolution"] = settings.conflict_resolution
    if settings.method in ("pcmci", "rpcmci"):
        chosen["alpha_level"] = settings.alpha
    return chosen | split_options(settings, vectors)[2]


def tidy(
    result: dict[str, Any], settings: Settings, size: int | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
    """Return marks, values and p-values, and a sentence where links could not be tested.

    A link that was never tested has value 0 and p 1, or value 1 and p 0 where it is assumed. A test without degrees of
    freedom gives no number. tigramite takes its link out and, in PCMCI+, leaves the p-value of the tests before, or 0:
    a p-value that says there is a link where there is none. Such links get value 0 and p 1 and are told.

    Args:
        result: what tigramite returned.
        settings: of the search.
        size: leading variables among which p-values decide on links, None for all.
    """
    graph = np.array(result["graph"], dtype=MARK)
    val, p = np.array(result["val_matrix"], float), np.array(result["p_matrix"], float)
    diagonal = np.arange(len(p))
    failed = np.isnan(p) | np.isnan(val)
    if settings.contemporaneous:
        alpha = result.get("optimal_alpha", settings.searched[0])
        failed[:size, :size] |= ((graph == "") & (p <= alpha))[:size, :size]
    failed[diagonal, diagonal, 0] = False
    failed[:, :, 0] |= failed[:, :, 0].T
    graph[failed], val[failed], p[failed] = "", 0.0, 1.0
    never = np.isinf(p) | np.isinf(val)
    never[diagonal, diagonal, 0] = True
    assumed = never & (graph != "")
    val[never], p[never] = np.where(assumed[never], 1.0, 0.0), np.where(assumed[never], 0.0, 1.0)
    count = int(failed.sum())
    text = (
        f"{counted(count, 'link')} could not be tested: too few samples for their conditions" if count else ""
    )
    return graph, val, p, text


def sentence(error: BaseException, settings: Settings) -> str:
    """Say what tigramite stopped at."""
    text = str(error).strip().split("\n")[0]
    if "No valid sample" in text or "need at least one array to concatenate" in text:
        return f"no sample is left after gaps, masks and the first 2 tau_max = {2 * settings.tau_max} steps"
    if isinstance(error, ConfigError):
        return str(error)
    if "Singular" in text or "singular" in text or isinstance(error, np.linalg.LinAlgError):
        return f"the test '{settings.test}' met a singular matrix: variables depend on one another exactly"
    return f"tigramite stopped with {type(error).__name__}: {text or 'no message'}"
