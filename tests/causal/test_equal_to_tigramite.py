"""The JAX engine gives what tigramite gives: marks, values, p-values and the conditions chosen."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from causal.engines.jax_engine import oriented, run_cells, run_panel
from causal.engines.tigramite_engine.single import assumptions, tidy
from causal.priors import Priors
from causal.settings import Settings

NAMES = tuple("abcdefghijklmnopqrstuvwxyz")
FLAG = 1e30
METHODS = ("pcmci", "pcmci+")


def series(cells=2, times=180, size=4, seed=0):
    """Autocorrelated series with random links at lags 0 to 2, those of lag 0 in one order."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(cells, times + 50, size))
    for cell in range(cells):
        weight = rng.uniform(0.3, 0.6, (3, size, size)) * rng.choice([-1, 0, 0, 1], (3, size, size))
        weight[0] = np.triu(weight[0], 1)
        weight[1] += np.diag(rng.uniform(0.2, 0.7, size) - np.diag(weight[1]))
        weight[2][np.diag_indices(size)] = 0
        # At most a radius of about 0.9, so that the series stay put.
        weight[1:] *= min(1.0, 0.9 / np.abs(weight[1:]).sum((0, 1)).max())
        for t in range(2, times + 50):
            x[cell, t] += x[cell, t - 1] @ weight[1] + x[cell, t - 2] @ weight[2]
            for j in range(size):
                x[cell, t, j] += x[cell, t] @ weight[0][:, j]
    return x[:, 50:]


def by_tigramite(values, settings, mask=None, priors=None, pooled=False):
    """Marks, values, p-values and parents of one cell or panel, by tigramite."""
    from tigramite.data_processing import DataFrame
    from tigramite.independence_tests.parcorr import ParCorr
    from tigramite.independence_tests.robust_parcorr import RobustParCorr
    from tigramite.pcmci import PCMCI

    gaps = np.isnan(values).any()
    test = {"parcorr": ParCorr, "robust_parcorr": RobustParCorr}[settings.test]
    alphas = settings.searched
    given = {
        "tau_min": settings.tau_min,
        "tau_max": settings.tau_max,
        "pc_alpha": alphas[0] if len(alphas) == 1 else list(alphas),
        "link_assumptions": assumptions(priors, settings),
        "max_conds_dim": settings.max_conds_dim,
        "max_conds_py": settings.max_conds_py,
        "max_conds_px": settings.max_conds_px,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = DataFrame(
            np.where(np.isnan(values), FLAG, values),
            mask=mask,
            missing_flag=FLAG if gaps else None,
            analysis_mode="multiple" if pooled else "single",
        )
        search = PCMCI(frame, test(mask_type=settings.mask_type if mask is not None else None))
        if settings.method == "pcmci":
            result = search.run_pcmci(alpha_level=settings.alpha, **given)
            chosen = search.all_parents
        else:
            result = search.run_pcmciplus(
                contemp_collider_rule=settings.collider_rule,
                conflict_resolution=settings.conflict_resolution,
                **given,
            )
            if len(alphas) > 1:  # it keeps the conditions of the last value tried, not of the one chosen
                search.run_pcmciplus(**given | {"pc_alpha": result["optimal_alpha"]})
            chosen = search.all_lagged_parents
    graph, val, p, _ = tidy(result, settings)
    size = values.shape[-1]
    return graph, val, p, [[-lag * size + i for i, lag in chosen[j]] for j in range(size)]


def equal(found, settings, theirs, priors=None):
    """Marks and parents the same; values to 1e-10, p-values to 1e-8 of their own size."""
    links = oriented(found.links, settings, priors) if settings.method == "pcmci" else found.links
    for cell, (graph, val, p, chosen) in enumerate(theirs):
        assert [[int(n) for n in row if n >= 0] for row in found.parents[cell]] == chosen
        assert np.array_equal(links.graph[cell], graph), np.argwhere(links.graph[cell] != graph)
        np.testing.assert_allclose(links.val[cell], val, rtol=0, atol=1e-10)
        np.testing.assert_allclose(links.p[cell], p, rtol=1e-8, atol=0)


def compare(values, settings, mask=None, priors=None):
    """Search every cell with both engines."""
    marks = (
        None
        if priors is None
        else priors.to_array(NAMES[: values.shape[2]], settings.tau_min, settings.tau_max)
    )
    found = run_cells(values, settings, mask=mask, priors=marks)
    theirs = [
        by_tigramite(values[c], settings, None if mask is None else mask[c], marks)
        for c in range(len(values))
    ]
    equal(found, settings, theirs, marks)
    return found


def with_gaps(values, share=0.05, seed=1):
    values = values.copy()
    values[np.random.default_rng(seed).random(values.shape) < share] = np.nan
    return values


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("tau_min", [0, 1, 2])
def test_lags(method, tau_min):
    found = compare(
        series(4, seed=tau_min), Settings(method=method, tau_min=tau_min, tau_max=3, pc_alpha=0.05)
    )
    assert (found.links.p < 0.01).any()  # there is something to compare


@pytest.mark.parametrize("test", ["parcorr", "robust_parcorr"])
@pytest.mark.parametrize("method", METHODS)
def test_significance_chosen_by_aic(method, test):
    several = None if test == "parcorr" else (0.02, 0.3)
    compare(series(2, seed=2, size=3), Settings(method=method, test=test, tau_max=2, pc_alpha=several))


@pytest.mark.parametrize("method", METHODS)
def test_robust(method):
    values = np.sign(series(3, seed=4)) * np.abs(series(3, seed=4)) ** 3
    compare(values, Settings(method=method, test="robust_parcorr", tau_max=2, pc_alpha=0.05))


@pytest.mark.parametrize("method", METHODS)
def test_missing_values_and_chosen_significance(method):
    compare(with_gaps(series(2, seed=5)), Settings(method=method, tau_max=2, pc_alpha=(0.01, 0.05)))


@pytest.mark.parametrize("method", METHODS)
def test_gaps_in_some_cells_alone(method):
    values = series(3, seed=6)
    values[1] = with_gaps(values[1])
    compare(values, Settings(method=method, tau_max=2, pc_alpha=0.05))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("mask_type", ["y", "xyz", "x"])
@pytest.mark.parametrize("each", [False, True], ids=["shared", "by_variable"])
def test_masks(method, mask_type, each):
    values = series(2, seed=7)
    mask = np.random.default_rng(8).random((2, 180, 4 if each else 1)) < 0.2
    mask = np.array(np.broadcast_to(mask, values.shape))
    compare(values, Settings(method=method, tau_max=2, pc_alpha=0.05, mask_type=mask_type), mask)


@pytest.mark.parametrize("method", METHODS)
def test_masks_with_missing_values_and_ranks(method):
    values = series(2, seed=9)
    mask = np.random.default_rng(8).random(values.shape) < 0.1
    compare(with_gaps(values), Settings(method=method, tau_max=2, pc_alpha=0.05), mask)
    season = np.zeros(values.shape, bool)
    season[:, np.arange(180) % 12 < 6] = True
    compare(values, Settings(method=method, test="robust_parcorr", tau_max=2, pc_alpha=0.05), season)
    compare(values, Settings(method=method, test="robust_parcorr", tau_max=2, pc_alpha=0.05), mask)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("how", ["whole", "gaps", "season", "gaps and mask", "robust"])
def test_pooled(method, how):
    one = series(1, 300, seed=10)[0]
    values = one.reshape(5, 60, 4) + np.arange(5)[:, None, None] * 0.2
    settings = Settings(
        method=method, tau_max=2, pc_alpha=0.05, test="robust_parcorr" if how == "robust" else "parcorr"
    )
    mask = None
    if "gaps" in how:
        values = with_gaps(values)
    if how == "season":
        mask = np.zeros(values.shape, bool)
        mask[:, ::3] = True
    if "mask" in how:
        mask = np.random.default_rng(3).random(values.shape) < 0.1
    found = run_panel(values, settings, mask=mask)
    equal(found, settings, [by_tigramite(values, settings, mask, pooled=True)])


PRIORS = {
    "forbidden": Priors(forbidden=[("a", "b"), ("c", "d", 0), ("d", "c", 1)]),
    "required": Priors(required=[("a", "c", 1), ("b", "d", 2)]),
    "oriented": Priors(forbidden=[("b", "a", 0), ("c", "a", 0)], exogenous=["a"]),
    "required at once": Priors(required=[("a", "b", 0)]),
    "all": Priors(
        required=[("a", "b", 0), ("d", "d", 1)],
        forbidden=[("c", "a"), ("d", "c", 0)],
        lags={("b", "c"): (1, 2)},
    ),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("case", PRIORS)
def test_priors(method, case):
    values = series(2, seed=11)
    values[1] = with_gaps(values[1])
    compare(values, Settings(method=method, tau_max=2, pc_alpha=0.05), priors=PRIORS[case])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("limits", [(1, None, None), (None, 1, None), (None, None, 1), (2, 2, 0)])
def test_limits_of_conditions(method, limits):
    dim, py, px = limits
    settings = Settings(
        method=method, tau_max=2, pc_alpha=0.1, max_conds_dim=dim, max_conds_py=py, max_conds_px=px
    )
    compare(series(3, seed=12), settings)


@pytest.mark.parametrize("rule", ["majority", "conservative", "none"])
@pytest.mark.parametrize("conflict", [True, False])
def test_orientation(rule, conflict):
    settings = Settings(
        method="pcmci+", tau_max=1, pc_alpha=0.1, collider_rule=rule, conflict_resolution=conflict
    )
    compare(series(4, size=5, seed=13), settings)


@pytest.mark.parametrize("method", METHODS)
def test_lag_zero_alone(method):
    compare(series(2, seed=15), Settings(method=method, tau_max=0, pc_alpha=0.05))


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [5, 10, 20])
def test_many_variables(method, size):
    compare(series(5, 500, size, seed=16), Settings(method=method, tau_max=5, pc_alpha=0.05))
