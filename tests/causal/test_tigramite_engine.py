"""The engine gives what tigramite gives, whatever runs the cells, and finds the links of small known systems."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np
import pytest
import xarray as xr

from causal import discover
from causal.engines.tigramite_engine import CAPABILITIES, run_cells, run_regimes
from causal.engines.tigramite_engine.pool import run_chunks
from causal.priors import Priors
from causal.settings import TESTS, Settings
from data.errors import ConfigError, DataError

NAMES = ("a", "b", "c")


def system(cells=1, times=300, seed=0):
    """Noise a drives b after one step, b drives c at once; a remembers itself."""
    rng = np.random.default_rng(seed)
    e = rng.normal(size=(cells, times, 3))
    x = np.zeros_like(e)
    for t in range(1, times):
        x[:, t, 0] = 0.5 * x[:, t - 1, 0] + e[:, t, 0]
        x[:, t, 1] = 0.7 * x[:, t - 1, 0] + e[:, t, 1]
        x[:, t, 2] = 0.7 * x[:, t, 1] + e[:, t, 2]
    return x


def pair(times=100, seed=0, square=False):
    """Noise a and its (squared) effect b one step later, one cell."""
    rng = np.random.default_rng(seed)
    a, e = rng.normal(size=(2, times))
    b = np.zeros(times)
    b[1:] = (a[:-1] ** 2 if square else a[:-1]) + 0.3 * e[1:]
    return np.stack([a, b], 1)[None]


def classes(x):
    return np.digitize(x, [-0.7, 0.7]).astype(float)


def directly(values, settings, test, runs="run_pcmciplus", mask=None, missing=None, **arguments):
    """tigramite as its users call it."""
    from tigramite.data_processing import DataFrame
    from tigramite.lpcmci import LPCMCI
    from tigramite.pcmci import PCMCI

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = DataFrame(values, mask=mask, missing_flag=missing, **arguments.pop("frame", {}))
        method = (LPCMCI if runs == "run_lpcmci" else PCMCI)(frame, test)
        return getattr(method, runs)(
            tau_min=settings.tau_min, tau_max=settings.tau_max, pc_alpha=settings.pc_alpha, **arguments
        )


def same(found, cell, result):
    """Bit for bit."""
    assert np.array_equal(found.graph[cell], result["graph"])
    assert np.array_equal(found.val[cell], result["val_matrix"])
    assert np.array_equal(found.p[cell], result["p_matrix"])


@pytest.mark.parametrize("method", ["pcmci", "pcmci+"])
def test_same_as_tigramite(method):
    from tigramite.independence_tests.parcorr import ParCorr

    values = system(2)
    settings = Settings(method=method, tau_max=2, pc_alpha=0.05, alpha=0.01, max_conds_px=2)
    found = run_cells(values, settings, names=NAMES)
    further = {"max_conds_px": 2} | ({"alpha_level": 0.01} if method == "pcmci" else {})
    runs = "run_pcmci" if method == "pcmci" else "run_pcmciplus"
    for cell in range(2):
        same(found, cell, directly(values[cell], settings, ParCorr(), runs, **further))
    assert found.errors == ["", ""]
    assert list(found.n) == [296, 296]


def test_same_as_tigramite_with_masks_and_gaps():
    from tigramite.independence_tests.robust_parcorr import RobustParCorr

    values = system(1)
    values[0, 40:50, 1] = np.nan
    mask = np.zeros(values.shape, bool)
    mask[:, 100:150, 2] = True
    settings = Settings(method="pcmci+", test="robust_parcorr", tau_max=2, pc_alpha=0.05, mask_type="xyz")
    found = run_cells(values, settings, names=NAMES, mask=mask)
    flagged = np.where(np.isnan(values[0]), 999.0, values[0])
    test = RobustParCorr(mask_type="xyz")
    same(found, 0, directly(flagged, settings, test, mask=mask[0], missing=999.0))
    assert found.n[0] == 296 - 50


def test_samples_where_conditions_alone_are_masked():
    """A mask that is asked for in conditions alone leaves the count of targets."""
    values, settings = system(1), Settings(tau_max=1, mask_type="z")
    mask = np.zeros(values.shape, bool)
    mask[:, ::3] = True
    assert run_cells(values, settings, names=NAMES, mask=mask).n[0] == 298


def test_same_as_tigramite_selecting_alpha():
    from tigramite.independence_tests.parcorr import ParCorr

    values = system(1)
    settings = Settings(method="pcmci+", tau_max=1, pc_alpha=None)
    found = run_cells(values, settings, names=NAMES)
    same(found, 0, directly(values[0], settings, ParCorr()))


def test_same_as_tigramite_lpcmci():
    from tigramite.independence_tests.parcorr import ParCorr

    values = system(1)
    settings = Settings(method="lpcmci", tau_max=1, pc_alpha=0.01, options={"n_preliminary_iterations": 2})
    found = run_cells(values, settings, names=NAMES)
    result = directly(values[0], settings, ParCorr(), "run_lpcmci", n_preliminary_iterations=2)
    result["p_matrix"][np.arange(3), np.arange(3), 0] = 1.0  # not tested: 1, where tigramite writes 0
    same(found, 0, result)


def test_same_as_tigramite_with_priors():
    from tigramite.independence_tests.parcorr import ParCorr

    values = system(1)
    priors = Priors(forbidden=[("a", "b", 1), ("c", "b", 0)], required=[("c", "a", 2)]).to_array(NAMES, 0, 2)
    settings = Settings(method="pcmci+", tau_max=2, pc_alpha=0.05)
    found = run_cells(values, settings, names=NAMES, priors=priors)
    links = {
        j: {
            (i, -lag): ("-?>" if lag else "o?o")
            for i in range(3)
            for lag in range(3)
            if (i, lag) != (j, 0) and (i, j, lag) != (0, 1, 1)
        }
        for j in range(3)
    }
    links[2][(1, 0)], links[1][(2, 0)], links[0][(2, -2)] = "-?>", "<?-", "-->"
    same(found, 0, directly(values[0], settings, ParCorr(), link_assumptions=links))
    assert found.graph[0, 0, 1, 1] == ""
    assert found.graph[0, 2, 0, 2] == "-->"
    assert found.graph[0, 1, 2, 0] == "-->"


def test_shuffles_are_seeded_by_cell():
    from tigramite.independence_tests.parcorr import ParCorr

    values = pair()
    values = np.concatenate([values, values])
    options = {"significance": "shuffle_test", "sig_samples": 50, "sig_blocklength": 2}
    settings = Settings(tau_max=1, pc_alpha=0.2, options=options)
    found = run_cells(values, settings, names="ab")
    for cell in range(2):
        result = directly(values[cell], settings, ParCorr(seed=42 + cell, **options), "run_pcmci")
        same(found, cell, result)
    assert not np.array_equal(found.p[0], found.p[1])
    later = run_cells(values[1:], settings, names="ab", first=1)
    assert np.array_equal(later.p[0], found.p[1])


def test_shuffle_blocks_without_a_given_length():
    """The length of blocks comes from the autocorrelation; a null pair keeps its level, a driven one is found."""
    options = {"significance": "shuffle_test", "sig_samples": 100}
    found = run_cells(pair(), Settings(tau_max=1, pc_alpha=0.2, alpha=0.02, options=options), names="ab")
    assert found.errors == [""]
    assert found.p[0, 0, 1, 1] == pytest.approx(1 / 101)


def test_workers_change_nothing():
    values = system(5, times=120)
    values[3] = np.nan
    options = {"significance": "shuffle_test", "sig_samples": 20, "sig_blocklength": 3}
    settings = Settings(tau_max=1, options=options)
    calls = []
    one = run_cells(values, settings, names=NAMES, progress=lambda *a: calls.append(a))
    two = run_cells(values, settings, names=NAMES, workers=2, progress=lambda *a: calls.append(a))
    for field in dataclasses.fields(one):
        assert np.array_equal(getattr(one, field.name), getattr(two, field.name)), field.name
    assert calls[:5] == [(k, 5) for k in range(1, 6)]
    assert calls[-1] == (5, 5)


def test_a_cell_that_fails_stays_alone():
    values = system(3)
    values[1] = np.nan
    found = run_cells(values, Settings(method="pcmci+", tau_max=1, pc_alpha=0.01), names=NAMES)
    assert found.errors[0] == found.errors[2] == ""
    assert "no sample is left" in found.errors[1]
    assert (found.graph[1] == "").all()
    assert (found.val[1] == 0).all()
    assert (found.p[1] == 1).all()
    assert list(found.n) == [298, 0, 298]
    assert found.graph[2, 0, 1, 1] == "-->"


def test_links_without_degrees_of_freedom_are_told():
    """Six samples less X, Y and the eight required parents leave none; no link may rest on such a test."""
    values = np.random.default_rng(0).normal(size=(1, 10, 4))
    needed = [(a, b, lag) for a in "abcd" for b in "abcd" for lag in (1, 2)]
    priors = Priors(required=needed).to_array("abcd", 0, 2)
    for method in ("pcmci", "pcmci+"):  # the latter would leave p = 0
        settings = Settings(method=method, tau_max=2, pc_alpha=0.5, alpha=0.5)
        found = run_cells(values, settings, names="abcd", priors=priors)
        assert "12 links could not be tested" in found.errors[0]
        assert (found.graph[..., 0] == "").all()
        assert (found.p[..., 0] == 1).all()
        assert (found.val[..., 0] == 0).all()
        assert (found.graph[..., 1:] == "-->").all()


def test_a_constant_variable_has_no_links():
    values = system(1)
    values[..., 2] = 3.0
    found = run_cells(values, Settings(tau_max=1), names=NAMES)
    assert (found.graph[0, 2] == "").all()
    assert (found.graph[0, :, 2] == "").all()
    assert (found.p[0, 2] == 1).all()


@pytest.mark.parametrize("test", ["parcorr", "robust_parcorr", "parcorr_wls", "regression_ci"])
@pytest.mark.parametrize("method", ["pcmci", "pcmci+", "lpcmci"])
def test_obvious_links(test, method):
    settings = Settings(method=method, test=test, tau_max=1, pc_alpha=0.01, alpha=0.01)
    found = run_cells(system(1, seed=4), settings, names=NAMES)
    assert found.errors == [""]
    assert found.graph[0, 0, 1, 1] in ("-->", "o->")
    assert found.graph[0, 1, 2, 0] in (("o-o",) if method == "pcmci" else ("-->", "o->"))
    assert found.graph[0, 0, 0, 1] != ""
    assert found.graph[0, 2, 0, 1] == ""
    if method != "pcmci":
        assert found.graph[0, 0, 2, 1] == "", "a reaches c through b alone"


def test_obvious_links_of_classes():
    settings = Settings(method="pcmci+", test="gsquared", tau_max=1, pc_alpha=0.01)
    found = run_cells(classes(pair(300)), settings, names="ab")
    assert found.graph[0, 0, 1, 1] == "-->"
    assert found.graph[0, 1, 0, 1] == ""


def test_regression_takes_classes_and_numbers_together():
    values = pair(300)
    values[..., 0] = classes(values[..., 0])
    settings = Settings(test="regression_ci", tau_max=1, alpha=0.01, options={"discrete": ["a"]})
    found = run_cells(values, settings, names="ab")
    assert found.graph[0, 0, 1, 1] == "-->"
    # Likelihood ratio of b's mean given three classes of a: -n log(within / total), two degrees of freedom.
    y, x = values[0, 2:, 1], values[0, 1:-1, 0]
    within = sum(((y[x == k] - y[x == k].mean()) ** 2).sum() for k in np.unique(x))
    ratio = -len(y) * np.log(within / ((y - y.mean()) ** 2).sum())
    free = Settings(
        test="regression_ci", tau_max=1, max_conds_py=0, max_conds_px=0, options={"discrete": ["a"]}
    )
    assert run_cells(values, free, names="ab").val[0, 0, 1, 1] == pytest.approx(ratio, rel=1e-9)


def test_no_link_is_called_untested_where_samples_suffice():
    """Random systems of four variables: p-values and marks of PCMCI+ and LPCMCI agree."""
    rng = np.random.default_rng(5)
    for method in ("pcmci+", "lpcmci"):
        values = system(6, times=120, seed=7)
        values = np.concatenate([values, values[..., :1] + rng.normal(size=(6, 120, 1))], 2)
        found = run_cells(values, Settings(method=method, tau_max=2, pc_alpha=0.1), names="abcd")
        assert found.errors == [""] * 6
        linked = found.graph != ""
        assert (found.p[linked] <= 0.1).all()
        assert (found.p[~linked] > 0.1).all()


@pytest.mark.slow
@pytest.mark.parametrize("test", ["cmi_knn", "gpdc"])
def test_squares_are_found_where_lines_see_nothing(test):
    """What correlation cannot see (an even effect), these tests do (slow: the packages of both compile at first)."""
    values = pair(100, seed=3, square=True)
    options = {"sig_samples": 60}
    found = run_cells(values, Settings(test=test, tau_max=1, alpha=0.02, options=options), names="ab")
    assert found.errors == [""]
    assert found.graph[0, 0, 1, 1] == "-->"
    assert found.graph[0, 1, 0, 1] == ""


@pytest.mark.slow
def test_regimes_and_their_links():
    """The sign of a link turns twice; regimes are the thirds, links have both signs."""
    rng = np.random.default_rng(0)
    sign = np.where((np.arange(150) // 50) % 2 == 0, 1.0, -1.0)
    a, e = rng.normal(size=(2, 150))
    b = np.zeros(150)
    b[1:] = sign[1:] * 0.9 * a[:-1] + 0.3 * e[1:]
    values = np.stack([np.stack([a, b], 1), np.zeros((150, 2))])
    options = {"num_regimes": 2, "max_transitions": 2, "max_anneal": 4, "num_iterations": 6}
    settings = Settings(method="rpcmci", tau_min=1, tau_max=1, pc_alpha=0.05, alpha=0.01, options=options)
    found = run_regimes(values, settings, names="ab")
    first, second = found.regimes[0, 10], found.regimes[0, 75]
    assert {first, second} == {0, 1}
    assert (found.regimes[0] == np.where(sign > 0, first, second)).mean() > 0.95
    assert found.links[first].val[0, 0, 1, 1] > 0.8
    assert found.links[second].val[0, 0, 1, 1] < -0.8
    assert sum(part.n[0] for part in found.links) == 148
    assert (found.regimes[1] == -1).all()
    assert "annealing" in found.errors[1]
    assert found.errors[0] == ""


@pytest.mark.parametrize(
    ("settings", "given", "told"),
    [
        (Settings(test="gsquared"), {}, "not whole numbers"),
        (Settings(test="gsquared", pc_alpha=None), {}, "choose among several"),
        (
            Settings(test="gsquared", options={"significance": "shuffle_test"}),
            {},
            "no significance 'shuffle_test'",
        ),
        (Settings(test="cmi_knn", options={"significance": "analytic"}), {}, "choose shuffle_test"),
        (Settings(test="parcorr", options={"discrete": ["a"]}), {}, "knows no classes"),
        (Settings(test="regression_ci", options={"discrete": ["q"]}), {}, "no variable 'q'"),
        (Settings(test="regression_ci", options={"discrete": ["a"]}), {}, "not whole numbers"),
        (Settings(options={"sig_sample": 3}), {}, "did you mean 'sig_samples'"),
        (Settings(options={"alpha_level": 0.1}), {}, "give it as alpha"),
        (Settings(method="lpcmci", pc_alpha=None), {}, "choose among several"),
        (Settings(method="lpcmci", max_conds_dim=2), {}, "max_p_global"),
        (Settings(method="rpcmci"), {}, "use run_regimes"),
        (Settings(method="j-pcmci+"), {}, "use run_panel"),
        (Settings(), {"mask": np.zeros((1, 5, 3), bool)}, "a mask of shape"),
        (Settings(), {"priors": np.zeros((3, 3, 5), "<U3")}, "priors of shape"),
        (Settings(tau_max=150), {}, "300 steps are too few"),
        (Settings(), {"workers": 0}, "workers is 0"),
        (Settings(), {"scheduler": "slurm"}, "no scheduler 'slurm'"),
    ],
)
def test_what_cannot_be_is_one_sentence(settings, given, told):
    with pytest.raises((ConfigError, DataError)) as raised:
        run_cells(system(1), settings, names=NAMES, **given)
    assert told in str(raised.value)


def test_regimes_need_complete_data_and_their_number():
    options = {"num_regimes": 2, "max_transitions": 2}
    values = system(1)
    with pytest.raises(ConfigError, match="needs the option 'num_regimes'"):
        run_regimes(values, Settings(method="rpcmci"), names=NAMES)
    values[0, 3, 1] = np.nan
    with pytest.raises(DataError, match="takes no missing values \\(b\\)"):
        run_regimes(values, Settings(method="rpcmci", options=options), names=NAMES)


def test_a_package_that_is_not_there(monkeypatch):
    from causal.engines.tigramite_engine import capabilities

    monkeypatch.setattr(capabilities, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="needs the package dcor"):
        run_cells(system(1), Settings(test="gpdc"), names=NAMES)


def test_every_test_says_what_it_takes():
    assert tuple(CAPABILITIES) == TESTS


def test_nothing_is_refused():
    with pytest.raises(DataError, match="hold nothing"):
        run_cells(np.zeros((0, 50, 3)), Settings(), names=NAMES)


def test_links_at_lag_zero_alone():
    found = run_cells(system(1), Settings(method="pcmci+", tau_max=0, pc_alpha=0.01), names=NAMES)
    assert found.graph.shape == (1, 3, 3, 1)
    assert found.graph[0, 1, 2, 0] in ("o-o", "-->")
    assert found.n[0] == 300


def test_infinite_values_are_refused():
    values = system(1)
    values[0, 5, 1] = np.inf
    with pytest.raises(DataError, match="infinite"):
        run_cells(values, Settings(), names=NAMES)


@pytest.fixture(scope="module")
def dask_cluster():
    """Two real worker processes, and a client of them."""
    distributed = pytest.importorskip("distributed", reason="dask is an extra")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.mark.slow
def test_dask_gives_the_same(dask_cluster):
    values, settings, told = system(5, times=60), Settings(tau_max=1), []
    found = run_cells(
        values, settings, names=NAMES, scheduler="dask", progress=lambda *given: told.append(given)
    )
    here = run_cells(values, settings, names=NAMES)
    for name in ("graph", "val", "p", "n", "errors"):
        assert np.array_equal(getattr(found, name), getattr(here, name)), name
    assert told[-1] == (5, 5)


@pytest.mark.slow
def test_a_cube_is_searched_where_dask_says(dask_cluster):
    """Masks, gaps, shuffles seeded by cell and a cell that fails come back as from this process."""
    x = system(6, times=40).reshape(2, 3, 40, -1)
    x[1, 2, :20, 0], x[1, 2, 20:, 1] = np.nan, np.nan
    ds = xr.Dataset({n: (("lat", "lon", "time"), x[..., k]) for k, n in enumerate(NAMES)})
    given = {
        "tau_max": 1,
        "engine": "tigramite",
        "options": {"significance": "shuffle_test", "sig_samples": 20},
        "mask": xr.DataArray(np.arange(40) % 7 == 0, dims="time"),
    }
    found = discover(ds, scheduler="dask", **given)
    assert "no sample is left" in found.attrs["errors"]
    xr.testing.assert_identical(found, discover(ds, **given))


@pytest.mark.slow
def test_what_a_worker_of_dask_raises_is_raised_here(dask_cluster):
    with pytest.raises(ValueError, match="invalid literal"):
        run_chunks(_whole_numbers, ["1", "x"], [1, 1], scheduler="dask")


def _whole_numbers(text):
    return [int(text)]


def test_dask_where_it_has_nothing_to_do():
    ds = xr.Dataset({n: ("time", system(1, times=40)[0, :, k]) for k, n in enumerate(NAMES)})
    with pytest.raises(ConfigError, match="has no use for dask"):
        discover(ds, scheduler="dask")
    with pytest.raises(ConfigError, match="no scheduler 'dusk'"):
        discover(ds, scheduler="dusk")
