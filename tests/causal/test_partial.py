"""Correlations of lagged columns and partial correlations against plain least squares."""

import jax
import numpy as np
import pytest
from scipy import stats

from causal.engines import partial
from causal.engines.evidence import Evidence
from causal.engines.jax_engine import run_cells
from causal.engines.moments import correlations, resampled, samples
from causal.flags import Flag
from causal.settings import Settings

TAU = 3


@pytest.fixture(scope="module")
def series() -> np.ndarray:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 120, 4)).cumsum(1) * 0.3 + rng.standard_normal((2, 120, 4))
    return x * np.array([1.0, 1e4, 1e-3, 7.0]) + np.array([0.0, 3e5, 1.0, -50.0])


def lagged(x: np.ndarray) -> np.ndarray:
    reach = 2 * TAU
    return np.stack([x[reach - lag : len(x) - lag, i] for lag in range(reach + 1) for i in range(x.shape[1])])


def by_least_squares(columns: np.ndarray, x: int, y: int, z: list[int]) -> float:
    columns = columns - columns.mean(1, keepdims=True)
    columns = columns / columns.std(1, keepdims=True)
    design = columns[z].T
    left = [
        c - design @ np.linalg.lstsq(design, c, rcond=None)[0] if z else c for c in (columns[x], columns[y])
    ]
    return float(np.corrcoef(left)[0, 1])


def evidence_of(x: np.ndarray) -> Evidence:
    matrices, _ = correlations(x, TAU)
    cells, length, size = x.shape
    which = np.repeat(np.arange(cells)[:, None], size, axis=1)
    return Evidence(matrices, which, np.full((cells, size), samples(length, TAU)))


def test_correlations_are_those_of_the_lagged_columns(series):
    with jax.enable_x64(True):
        found, _ = correlations(series, TAU)
    for cell in range(2):
        assert np.asarray(found)[cell] == pytest.approx(np.corrcoef(lagged(series[cell])), abs=1e-12)


def test_resampled_over_all_times_is_the_same(series):
    times = np.tile(np.arange(2 * TAU, 120, dtype=np.int32), (2, 1))
    with jax.enable_x64(True):
        plain, _ = correlations(series, TAU)
        drawn, _ = resampled(series, times, np.ones(times.shape), tau_max=TAU)
    assert np.asarray(drawn) == pytest.approx(np.asarray(plain), abs=1e-12)


def test_weights_choose_samples(series):
    times = np.tile(np.arange(2 * TAU, 120, dtype=np.int32), (2, 1))
    kept = np.arange(times.shape[1]) % 3 != 0
    with jax.enable_x64(True):
        found, _ = resampled(series, times, np.tile(kept * 1.0, (2, 1)), tau_max=TAU)
    assert np.asarray(found)[1] == pytest.approx(np.corrcoef(lagged(series[1])[:, kept]), abs=1e-12)


def test_robust_correlations_are_those_of_normal_scores(series):
    times = np.tile(np.arange(2 * TAU, 120, dtype=np.int32), (2, 1))
    with jax.enable_x64(True):
        found, _ = resampled(series, times, np.ones(times.shape), tau_max=TAU, robust=True)
    columns = lagged(series[0])
    share = stats.rankdata(columns, axis=1) / columns.shape[1]
    share[share == 1] = 1 - 1e-5
    assert np.asarray(found)[0] == pytest.approx(np.corrcoef(stats.norm.ppf(share)), abs=1e-10)


def test_a_constant_series_correlates_with_nothing(series):
    x = series.copy()
    x[0, :, 2] = 3.7
    with jax.enable_x64(True):
        found = np.asarray(correlations(x, TAU)[0])[0]
    constant = np.arange(found.shape[0]) % 4 == 2
    off = found[constant][:, ~constant]
    assert np.isfinite(found).all()
    assert (off == 0).all()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 8, 9, 13, 17, 23])
def test_partial_correlations_are_those_of_residuals(series, count):
    rng = np.random.default_rng(count)
    with jax.enable_x64(True):
        evidence = evidence_of(series)
        nodes = np.array([rng.permutation(np.arange(4, 28))[: count + 1] for _ in range(40)])
        cell, target = rng.integers(0, 2, 40), rng.integers(0, 4, 40)
        found, number = evidence.values(cell, nodes[:, 0], target, nodes[:, 1:].astype(np.int32))
    assert (number == 114).all()
    for k in range(40):
        wanted = by_least_squares(lagged(series[cell[k]]), nodes[k, 0], target[k], list(nodes[k, 1:]))
        assert found[k] == pytest.approx(wanted, abs=1e-11)


@pytest.mark.parametrize("count", [4, 20])
def test_a_condition_that_follows_from_others_changes_nothing(count):
    rng = np.random.default_rng(1)
    x = rng.standard_normal((1, 200, 5))
    x[..., 4] = x[..., 2] - 2 * x[..., 3]
    with jax.enable_x64(True):
        evidence = evidence_of(x)
        rest = [n for n in range(5, 35) if n % 5 in (0, 1)][: count - 3]
        z = [7, 8, *rest]
        both = np.array([[*z, 9], [*z, -1]], np.int32)
        found, _ = evidence.values(np.zeros(2, int), np.array([5 + 6, 5 + 6]), np.zeros(2, int), both)
    assert found[0] == pytest.approx(found[1], abs=1e-12)
    assert evidence.pivots[0] < partial.NEAR


def test_what_conditions_explain_wholly_is_independent():
    rng = np.random.default_rng(2)
    x = rng.standard_normal((1, 100, 3))
    x[:, 1:, 2] = x[:, :-1, 1]
    with jax.enable_x64(True):
        found, _ = evidence_of(x).values(
            np.zeros(1, int), np.array([2]), np.zeros(1, int), np.array([[4, 6]], np.int32)
        )
    assert found[0] == 0.0


def test_p_values_are_student_s():
    r, df = np.array([0.0, 0.1, -0.5, 0.999]), np.array([100, 20, 7, 490])
    t = r * np.sqrt(df / (1 - r**2))
    assert partial.p_values(r, df) == pytest.approx(2 * stats.t.sf(np.abs(t), df), rel=1e-12)


def test_critical_value_has_the_p_it_stands_for():
    df = np.array([5, 50, 50, 490])
    assert partial.p_values(partial.critical(0.2, df), df) == pytest.approx(0.2, rel=1e-9)


def test_without_a_degree_of_freedom_there_is_no_p():
    assert np.isnan(partial.p_values(np.array([0.3]), np.array([0]))[0])
    assert partial.critical(0.05, np.array([0]))[0] == np.inf


def test_a_selection_that_runs_out_of_samples_is_flagged():
    x = np.random.default_rng(3).standard_normal((2, 26, 8))
    found = run_cells(x, Settings(tau_max=8, pc_alpha=1.0))
    assert ((found.flags & Flag.SHORT) > 0).all()
    fine = run_cells(np.random.default_rng(3).standard_normal((1, 200, 3)), Settings(tau_max=2, pc_alpha=0.2))
    assert not (fine.flags & Flag.SHORT).any()
