"""Each refuter where it must speak up and where it must not; the report; rates on simulated panels."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy.stats import binom
from sklearn.linear_model import LinearRegression, LogisticRegression

from causal.refute import (
    Estimate,
    as_estimate,
    average_estimator,
    block_placebo,
    data_subset,
    graph_estimator,
    negative_control,
    random_common_cause,
    rates,
    refute,
    two_way_estimator,
)
from causal.refute.rates import world
from causal.refute.refuters import _placebo, _subset
from data.errors import ConfigError, DataError, ModelError


def slope(data):
    """Slope of y on x over all rows with its classical error; the plainest estimator there is."""
    x, y = data["x"].values.ravel(), data["y"].values.ravel()
    held = np.isfinite(x) & np.isfinite(y)
    x, y = x[held] - x[held].mean(), y[held] - y[held].mean()
    b = x @ y / (x @ x)
    return b, np.sqrt(((y - b * x) ** 2).sum() / (x.size - 2) / (x @ x))


def noise(seed, effect=0.0, units=6, steps=60):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, units, steps))
    dims = ("district", "time")
    return xr.Dataset({"x": (dims, x), "y": (dims, y + effect * x)})


@pytest.mark.parametrize("how", ["permute", "shift", "units"])
def test_placebo_rejects_at_its_level_without_an_effect(how):
    """White series of 12 units: the p-value is below 0.1 in about one of ten panels."""
    below = 0
    for seed in range(120):
        ds = noise(seed, units=12)
        row = block_placebo(
            ds,
            slope,
            "x",
            as_estimate(slope(ds)),
            how=how,
            block=6,
            repetitions=19,
            alpha=0.1,
            rng=np.random.default_rng(seed),
        )
        below += bool(row.passed)
    assert 2 <= below <= 24  # 12 expected, standard deviation 3.3


@pytest.mark.parametrize("how", ["permute", "shift", "units"])
def test_placebo_keeps_a_true_effect(how):
    ds = noise(0, effect=0.5)
    row = block_placebo(ds, slope, "x", as_estimate(slope(ds)), how=how, block=6)
    assert row.passed
    assert row.p == pytest.approx(0.01)
    assert row.lower < 0 < row.upper


def test_placebo_moves_whole_blocks_of_all_units_alike():
    series = xr.DataArray(np.arange(3 * 40).reshape(3, 40), dims=("district", "time"), name="x")
    moved = _placebo(series, "permute", 8, np.random.default_rng(0)).values
    assert (np.diff(moved, axis=0) == 40).all()
    assert (np.sort(moved, axis=1) == series.values).all()
    assert (np.diff(moved[0]) != 1).sum() <= 6
    assert (moved != series.values).any()
    turned = _placebo(series, "shift", 8, np.random.default_rng(0)).values
    assert (np.diff(turned[0]) != 1).sum() == 1
    assert 8 <= np.argmin(turned[0]) <= 32
    swapped = _placebo(series, "units", 8, np.random.default_rng(0)).values
    assert {tuple(r) for r in swapped} == {tuple(r) for r in series.values}


def test_placebo_of_whole_years_sees_a_common_season():
    ds = world("seasonal", np.random.default_rng(0))
    estimate = two_way_estimator("outcome", "treatment", ["observed"], effects=("unit",))
    effect = as_estimate(estimate(ds))
    assert effect.told
    years = block_placebo(ds, estimate, "treatment", effect, block=12)
    assert years.passed is False
    assert years.lower <= effect.value <= years.upper


def test_random_common_cause_finds_a_fragile_estimator():
    ds = noise(0, effect=0.5)

    def fragile(data, controls=()):
        value, error = slope(data)
        return value + sum(
            10 * error * float(data[c].mean()) * np.sqrt(data[c].size) for c in controls
        ), error

    def sound(data, controls=()):
        return slope(data)

    effect = as_estimate(slope(ds))
    assert random_common_cause(ds, fragile, "x", effect).passed is False
    assert random_common_cause(ds, sound, "x", effect).passed is True
    assert random_common_cause(ds, slope, "x", effect).passed is None


def test_subset_finds_an_effect_of_one_unit():
    ds = noise(1, units=12)
    carried = ds.copy(deep=True)
    carried["y"][3] = 20 * ds["x"][3]
    others = ds["y"].where(ds["district"] == 3, ds["y"] - 0.2 * ds["x"])
    carried["y"] = carried["y"].where(carried["district"] == 3, others)
    assert data_subset(carried, slope, as_estimate(slope(carried))).passed is False
    sound = noise(1, effect=0.5, units=12)
    assert data_subset(sound, slope, as_estimate(slope(sound))).passed is True
    assert data_subset(sound, slope, as_estimate(slope(sound)), by="time").passed is True


def test_subset_of_time_leaves_steps_in_place():
    part = _subset(noise(0), "time", 0.3, 10, np.random.default_rng(0))
    assert part.sizes["time"] == 60
    gone = np.isnan(part["x"]).all("district").values
    assert gone.sum() == 20
    assert (gone.reshape(6, 10).sum(1) % 10 == 0).all()


def test_negative_control_shares_the_hidden_cause():
    estimate = two_way_estimator("outcome", "treatment", ["observed"])
    hidden = world("hidden", np.random.default_rng(3))
    assert negative_control(hidden, estimate, "outcome", "negative").passed is False
    true = world("true", np.random.default_rng(3))
    assert negative_control(true, estimate, "outcome", "negative").passed is True
    with pytest.raises(DataError, match="'births' is missing"):
        negative_control(true, estimate, "outcome", "births")


def report(kind, world_seed=0, **options):
    ds = world(kind, np.random.default_rng(world_seed))
    ds["outcome"].attrs["units"], ds["treatment"].attrs["units"] = "persons", "1"
    return refute(
        ds,
        two_way_estimator("outcome", "treatment", ["observed"]),
        treatment="treatment",
        outcome="outcome",
        negative_controls=["negative"],
        observed=["observed"],
        repetitions=39,
        **options,
    )


REFUTERS = [
    "block placebo",
    "random common cause",
    "data subset",
    "negative control negative",
    "hidden confounder",
]


def test_negative_control_errs_at_its_level():
    """At 5 %: of 120 panels with a true effect more than `most` are refuted once in a thousand times."""
    estimate = two_way_estimator("outcome", "treatment", ["observed"])

    def refuted(kind, count):
        panels = (world(kind, np.random.default_rng([7, k])) for k in range(count))
        return sum(negative_control(ds, estimate, "outcome", "negative").passed is False for ds in panels)

    assert refuted("true", 120) <= binom.ppf(0.999, 120, 0.05)
    assert refuted("hidden", 12) >= binom.ppf(0.001, 12, 0.95)


def test_reports_of_a_true_effect():
    """Each refuter errs at some 5 %, so that one panel of six may well fall; the verdict says what the table does."""
    seen = []
    found = [report("true", k, progress=lambda done, total: seen.append((done, total))) for k in range(6)]
    for one in found:
        passed = one.table["passed"]
        assert list(one.table.index) == REFUTERS
        assert one.stands == bool(passed.all())
        assert one.verdict.count(".") - sum(c == "." for c in one.verdict[:-1]) == 1
        assert "persons" in one.verdict
        assert ("stands against all 5 refuters" in one.verdict) == one.stands
        assert all((f"{name} (p = " in one.verdict) == (not passed[name]) for name in REFUTERS[:4])
        assert one.original.lower < one.original.value < one.original.upper
    # each of five refuters errs at 5 % where all are alike, so that an effect stands with 0.95^5 or more
    assert sum(one.stands for one in found) >= binom.ppf(0.001, 6, 0.95**5)
    assert seen[-1] == (5, 5)
    assert len(seen) == 30


def test_report_of_a_spurious_effect(tmp_path):
    found = report("hidden")
    assert not found.stands
    assert "does not stand: negative control negative (p = " in found.verdict
    assert "speaks against it" in found.verdict
    path = tmp_path / "refutation.nc"
    found.to_dataset().to_netcdf(path)
    with xr.open_dataset(path) as back:
        assert str(back["passed"].sel(refuter="negative control negative").values) == "no"
        assert back.attrs["verdict"] == found.verdict
        assert back["estimate"].attrs["units"] == "persons"


def test_report_of_nothing():
    ds = noise(3)
    found = refute(ds, slope, treatment="x", outcome="y", block=6, repetitions=9)
    assert not found.stands
    assert found.verdict.endswith("cannot be told from 0.")
    assert found.table.loc["random common cause", "passed"] is None


def test_same_seed_same_table():
    one, other = report("true", seed=4), report("true", seed=4)
    assert one.table.equals(other.table)


@pytest.mark.slow
def test_doubly_robust_effects_can_be_refuted():
    ds = world("true", np.random.default_rng(8), effect=0.8)
    ds = ds.assign(treatment=(ds["treatment"] > ds["treatment"].mean("time")).astype(float))
    estimate = average_estimator(
        "outcome",
        "treatment",
        ["observed"],
        unit_means=True,
        outcome_model=LinearRegression(),
        treatment_model=LogisticRegression(),
    )
    ds = ds.assign(outcome=ds["outcome"] - ds["outcome"].mean("time") + 0.8 * ds["treatment"])
    found = refute(ds, estimate, treatment="treatment", outcome="outcome", repetitions=19)
    assert found.stands
    assert found.table.loc["hidden confounder", "passed"] is None


def test_effects_of_a_graph_can_be_refuted():
    rng = np.random.default_rng(0)
    c, x, y = rng.normal(size=(3, 400))
    x += 0.7 * c
    y[1:] += 0.5 * x[:-1]
    y += 0.5 * np.r_[0, c[:-1]]
    ds = xr.Dataset({"c": ("time", c), "x": ("time", x), "y": ("time", y)})
    graph = np.zeros((3, 3, 2), "<U3")
    graph[0, 1, 0], graph[1, 0, 0], graph[0, 2, 1], graph[1, 2, 1] = "-->", "<--", "-->", "-->"
    estimate = graph_estimator(graph, ("x", -1), ("y", 0))
    found = refute(ds, estimate, treatment="x", outcome="y", strength=(0.05, 0.05), repetitions=39)
    assert found.stands
    assert found.original.value == pytest.approx(0.5, abs=0.15)
    assert list(found.table["passed"]) == [True] * 4
    hidden = graph_estimator(graph, ("x", -1), ("y", 0), variables=["c", "x", "y"], latent=["c"])
    with pytest.raises(ModelError, match="not identified"):
        hidden(ds.drop_vars("c"))


def test_estimates_of_any_shape():
    assert as_estimate((1.0, 0.5)).lower == pytest.approx(1 - 1.959964 * 0.5)
    assert as_estimate((1.0, (0.5, 1.5))).stderr == pytest.approx(0.5 / 1.959964)
    own = Estimate(1.0, 0.1, 0.8, 1.2)
    assert as_estimate(own) is own
    with pytest.raises(ModelError, match="float"):
        as_estimate(1.0)


def test_bad_settings():
    ds = noise(0)
    effect = as_estimate(slope(ds))
    with pytest.raises(ConfigError, match="three blocks"):
        block_placebo(ds, slope, "x", effect, block=30)
    with pytest.raises(ConfigError, match="placebo by"):
        block_placebo(ds, slope, "x", effect, how="season")
    with pytest.raises(DataError, match="no units to swap"):
        block_placebo(ds.isel(district=0, drop=True), slope, "x", effect, how="units")
    with pytest.raises(ConfigError, match="a share of"):
        data_subset(ds, slope, effect, fraction=1.5)


def test_rates_of_a_few_panels():
    found = rates(6, seed=3, placebos=39)
    assert found["true"]["claimed"] == 1.0
    assert found["true"]["stands"] >= 4 / 6
    assert found["true"]["mean"] == pytest.approx(0.3, abs=0.04)
    assert found["hidden"]["rejected"] == 1.0
    assert found["seasonal"]["rejected"] == 1.0
    for kind in ("hidden", "seasonal", "regional"):
        assert found[kind]["stands"] <= 1 / 6
        assert found[kind]["passed"]["random common cause"] >= 0.8 or found[kind]["claimed"] == 0


@pytest.mark.slow
def test_rates_of_many_panels():
    found = rates(60, seed=11)
    assert (
        found["true"]["stands"] >= binom.ppf(0.001, 60, 0.95) / 60
    )  # the negative control alone errs in 5 %
    assert found["hidden"]["rejected"] >= 0.95
    assert found["seasonal"]["rejected"] >= 0.95
    assert found["regional"]["claimed"] >= 0.3
    assert found["regional"]["stands"] <= 0.15
