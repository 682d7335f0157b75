"""Attributions over lags of filters whose weights are known."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

from data.errors import ConfigError, DataError, ModelError
from xai.function import Plain
from xai.memory import reach
from xai.timeresolved import doubling, time_resolved

STEPS = 24
WEIGHTS = {"pr": np.array([0.5, 0.3, 0.0, -0.2, 0.1, 0.0, 0.4]), "tas": np.array([0.0, 1.0, 0.0, 0.5])}


def sequence() -> xr.Dataset:
    rng = np.random.default_rng(2)
    time = np.arange("2001-01-01", "2001-01-25", dtype="datetime64[D]").astype("datetime64[ns]")
    return xr.Dataset(
        {"pr": ("time", rng.random(STEPS)), "tas": ("time", rng.standard_normal(STEPS)), "depth": ((), 2.0)},
        {"time": time},
    )


def moving_average(x):
    parts = [jnp.convolve(x[n], jnp.asarray(w, x[n].dtype))[:STEPS] for n, w in WEIGHTS.items()]
    return x["depth"] * sum(parts)


def recursive(decay):
    """y_t = decay y_(t-1) + (1 - decay) x_t."""

    def f(x):
        def step(y, now):
            y = decay * y + (1 - decay) * now
            return y, y

        return jax.lax.scan(step, jnp.zeros((), x["pr"].dtype), x["pr"])[1]

    return f


def known(ds: xr.Dataset, base: xr.Dataset, t: int, spans) -> np.ndarray:
    """Weight times departure from the baseline, summed over each window, (window, variable)."""
    out = np.zeros((len(spans), 2))
    for k, (name, w) in enumerate(WEIGHTS.items()):
        away = (ds[name] - base[name]).values
        for i, (first, last) in enumerate(spans):
            out[i, k] = 2.0 * sum(w[j] * away[t - j] for j in range(first, min(last, len(w) - 1, t) + 1))
    return out


def test_moving_average_has_its_weights_exactly():
    ds = sequence()
    spans = [(0, 0), (1, 2), (3, 6), (7, 12)]
    found = time_resolved(moving_average, ds, windows=spans, at=ds["time"][[15, 23]], prune=0.0)
    for i, t in enumerate((15, 23)):
        np.testing.assert_allclose(found["attribution"][i], known(ds, ds.mean(), t, spans), atol=1e-12)
    np.testing.assert_allclose(found["past"], 0.0, atol=1e-12)
    np.testing.assert_allclose(found["efficiency_gap"], 0.0, atol=1e-12)
    assert found["past_from"].values.tolist() == [13.0, 13.0]
    assert found["lag_first"].values.tolist() == [0, 1, 3, 7]
    assert found.attrs["most_players"] == 9
    assert found["time"].values.tolist() == ds["time"].values[[15, 23]].tolist()


def test_far_past_that_does_nothing_is_one_player():
    ds = sequence()
    found = time_resolved(moving_average, ds, windows=2, prune=1e-6)
    assert float(found["past_from"][0]) == 8.0
    assert found.attrs["most_players"] == 9
    spans = [(0, 1), (2, 3), (4, 5), (6, 7)]
    np.testing.assert_allclose(found["attribution"][0, :4], known(ds, ds.mean(), 23, spans), atol=1e-12)
    assert bool(found["attribution"][0, 4:].isnull().all())


def test_windows_before_the_start_are_not_players_and_plain_functions_agree():
    ds = sequence()
    options = {"windows": 2, "at": ds["time"][3], "prune": 0.0}
    found = time_resolved(moving_average, ds, **options)
    assert bool(found["attribution"][0, 2:].isnull().all())
    plain = time_resolved(Plain(lambda x: np.asarray(moving_average(x))), ds, **options)
    np.testing.assert_allclose(plain["attribution"], found["attribution"], atol=1e-12)


@pytest.mark.parametrize("decay", [0.5, 0.8])
def test_recursive_filter_remembers_as_long_as_its_decay_says(decay):
    """Of a constant input lag j has the weight decay^j: 90 % by j = ln 0.1 / ln decay - 1."""
    ds = xr.Dataset({"pr": ("time", np.ones(60))})
    found = time_resolved(recursive(decay), ds, windows=1, baseline="zero", prune=1e-9, permutations=4)
    lags = np.arange(60)
    weight = (1 - decay) * decay**lags
    kept = found["attribution"].values[0, :, 0]
    np.testing.assert_allclose(kept[np.isfinite(kept)], weight[np.isfinite(kept)], atol=1e-12)
    total = np.cumsum(weight) / weight.sum()
    after = int(np.argmax(total >= 0.9))
    truth = after - 1 + (0.9 - total[after - 1]) / (total[after] - total[after - 1])
    assert float(found["memory_length"][0]) == pytest.approx(truth, abs=1e-9)
    assert abs(truth - (np.log(0.1) / np.log(decay) - 1)) < 0.2
    assert not bool(found["memory_censored"][0])


def test_interactions_over_lags_are_shared_and_background_rows_are_averaged():
    """x_t x_(t-1) against a baseline b: each of the two has half of the interaction beside its own part."""
    ds = xr.Dataset({"pr": ("time", np.array([9.0, 2.0, 3.0]))})
    rows = xr.Dataset({"pr": (("background", "time"), np.array([[0.0, 0.0, 1.0], [5.0, 1.0, 2.0]]))})
    found = time_resolved(lambda x: x["pr"][-1] * x["pr"][-2], ds, windows=1, baseline=rows, prune=0.0)
    truth = []
    for before, now in ((0.0, 1.0), (1.0, 2.0)):
        truth.append([0.5 * (3 - now) * (2 + before), 0.5 * (2 - before) * (3 + now), 0.0])
    np.testing.assert_allclose(found["attribution"][0, :, 0], np.mean(truth, axis=0), atol=1e-12)
    assert float(found["base_value"][0]) == pytest.approx(1.0)


def test_reach_of_windows():
    """Nine of ten parts lie half way through the second window; nowhere without attribution; in the past."""
    size = np.array([[8.0, 2.0], [0.0, 0.0], [10.0, 0.0]])
    lag, censored = reach(
        size, np.array([0.0, 0.0, 90.0]), np.full(3, 2.0), np.array([0.0, 1.0]), np.array([0.0, 1.0]), 0.9
    )
    assert lag[0] == pytest.approx(0.5)
    assert np.isnan(lag[1])
    assert lag[2] == 2.0
    assert censored.tolist() == [False, False, True]


def test_standard_errors_of_orderings_reach_the_memory():
    ds = xr.Dataset({"pr": ("time", np.random.default_rng(5).random(20))})

    def f(x):
        return jnp.tanh(jnp.cumsum(x["pr"]) - 5.0) + x["pr"] * jnp.roll(x["pr"], 1)

    found = time_resolved(f, ds, windows=1, at=[16, 17, 18, 19], baseline="zero", prune=0.0, permutations=20)
    assert found.attrs["method"] == '["permutation"]'
    assert (found["stderr"].max(("lag", "variable")) > 0).all()
    assert (found["memory_stderr"] > 0).all()
    assert float(found["memory_stderr_overall"]) > 0
    np.testing.assert_allclose(found["efficiency_gap"], 0.0, atol=1e-12)


def test_doubling_windows():
    assert doubling(10) == [(0, 0), (1, 1), (2, 3), (4, 7), (8, 9)]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"dim": "day"}, DataError, "no dimension 'day'"),
        ({"windows": [(0, 3), (5, 9)]}, ConfigError, "do not follow"),
        ({"windows": [(1, 3)]}, ConfigError, "do not follow"),
        ({"windows": 0}, ConfigError, "too short"),
        ({"windows": 1, "method": "exact", "prune": 0.0}, ConfigError, "48 players"),
        ({"method": "kernel"}, ConfigError, "'kernel' is unknown"),
        ({"at": np.datetime64("1999-01-01")}, DataError, "no single time"),
        ({"prune": 1.0}, ConfigError, "to prune"),
        ({"share": 90.0}, ConfigError, "that the memory holds"),
        ({"baseline": "nil"}, ConfigError, "the baseline 'nil'"),
    ],
)
def test_broken_requests_give_one_sentence(options, error, words):
    with pytest.raises(error, match=words) as caught:
        time_resolved(moving_average, sequence(), **options)
    assert str(caught.value).endswith(".")


def test_an_output_of_another_length_is_told():
    with pytest.raises(ModelError, match=r"shape \(5,\) for a sequence of 24 steps"):
        time_resolved(lambda x: x["pr"][:5], sequence())
    with pytest.raises(ModelError, match="returns one number"):
        time_resolved(lambda x: x["pr"].sum(), sequence(), at=sequence()["time"][3])
