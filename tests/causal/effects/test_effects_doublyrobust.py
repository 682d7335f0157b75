"""Average and heterogeneous effects on simulated panels whose effect is known."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy.special import expit
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from causal.effects import average_effect, effect_modifiers, effect_surface, group_effects
from causal.effects.doublyrobust import clustered_mean
from data.errors import ConfigError, DataError

SQUARES = PolynomialFeatures(2, include_bias=False)
OUTCOME = make_pipeline(SQUARES, LinearRegression())
TREATMENT = make_pipeline(StandardScaler(), LogisticRegression())
WRONG = DummyRegressor()


def panel(seed=0, units=60, steps=30, effect=0.5, slope=0.8) -> xr.Dataset:
    """Dry months are likelier where it is hot and poor; heat and poverty raise the outcome too, heat as a square.

    The effect is ``effect + slope * wealth``, wealth with mean 0 over units; the unit's noise is shared by its rows.
    """
    rng = np.random.default_rng(seed)
    wealth = rng.normal(size=(units, 1)) * np.ones((1, steps))
    heat = np.zeros((units, steps))
    heat[:, 0] = rng.normal(size=units)
    for t in range(1, steps):
        heat[:, t] = 0.6 * heat[:, t - 1] + 0.8 * rng.normal(size=units)
    drought = rng.random((units, steps)) < expit(0.8 * heat - 0.6 * wealth - 0.3)
    noise = 0.5 * rng.normal(size=(units, 1)) + rng.normal(size=(units, steps))
    outcome = heat + 0.5 * heat**2 - wealth + (effect + slope * wealth) * drought + noise
    dims = ("district", "time")
    return xr.Dataset(
        {
            "arrivals": (dims, outcome, {"units": "persons"}),
            "drought": (dims, drought.astype(float)),
            "heat": (dims, heat),
            "wealth": ("district", wealth[:, 0]),
            "region": ("district", np.where(wealth[:, 0] > 0, "rich", "poor")),
        }
    )


def fitted(ds, outcome_model=OUTCOME, treatment_model=TREATMENT, **options):
    return average_effect(
        ds,
        "arrivals",
        "drought",
        ["heat", "wealth"],
        outcome_model=outcome_model,
        treatment_model=treatment_model,
        **options,
    )


def truth(ds):
    """Sample average effect: wealth does not average out to 0 over 60 units."""
    return 0.5 + 0.8 * float(ds["wealth"].mean())


def coverage(panels):
    values, hits, plain = [], [], []
    for seed in range(panels):
        found = fitted(panel(seed))
        values.append(found.estimate)
        hits.append(found.lower <= 0.5 <= found.upper)
        plain.append(abs(found.naive - 0.5) > 1.96 * found.naive_stderr)
    assert abs(np.mean(values) - 0.5) < 4 * np.std(values) / np.sqrt(panels)
    assert np.mean(plain) > 0.95
    return float(np.mean(hits))


def test_unbiased_with_intervals_that_cover_where_the_plain_difference_is_not():
    """Mean within 4 errors of 0.5, 95 % intervals hold it, those of the plain difference hardly ever."""
    assert coverage(40) >= 0.85


@pytest.mark.slow
def test_intervals_cover_at_their_level():
    """95 % intervals of 300 panels: 92 to 98 %, 2.4 binomial standard deviations."""
    assert 0.92 <= coverage(300) <= 0.98


@pytest.mark.parametrize("wrong", ["outcome", "treatment"])
def test_right_if_either_model_is(wrong):
    """A constant outcome or a constant propensity misses everything; both together are the plain difference."""
    errors, both = [], []
    for seed in range(16):
        ds = panel(seed, units=100, slope=0.0)
        if wrong == "outcome":
            found = fitted(ds, WRONG, TREATMENT)
        else:
            found = fitted(ds, OUTCOME, DummyClassifier(strategy="prior"))
        errors.append(found.estimate - 0.5)
        both.append(fitted(ds, WRONG, DummyClassifier(strategy="prior")).estimate - 0.5)
    assert abs(np.mean(errors)) < 4 * np.std(errors) / 4
    assert abs(np.mean(both)) > 4 * np.std(both) / 4


@pytest.mark.slow
def test_boosted_trees_by_default():
    found = average_effect(panel(3, units=150), "arrivals", "drought", ["heat", "wealth"])
    assert abs(found.estimate - truth(panel(3, units=150))) < 3 * found.stderr
    assert found.unit == "persons"
    assert abs(found.naive - 0.5) > 0.3


def test_folds_by_time():
    """One region with a long record: blocks of time are held out and clustered."""
    ds = panel(5, units=1, steps=3000, slope=0.0).isel(district=0, drop=True)
    found = average_effect(
        ds, "arrivals", "drought", ["heat"], by="time", outcome_model=OUTCOME, treatment_model=TREATMENT
    )
    assert found.clusters == 10
    assert abs(found.estimate - 0.5) < 3 * found.stderr


def test_effect_at_a_lag():
    ds = panel(6, units=150, slope=0.0)
    later = ds.assign(arrivals=ds["arrivals"].shift(time=2))
    found = fitted(later, lag=2)
    assert abs(found.estimate - 0.5) < 3 * found.stderr
    assert found.samples == 150 * 28
    assert found.place[:, 1].min() == 2


def test_modifiers_and_groups():
    """The effect grows by 0.8 per wealth; groups split at its sign."""
    slopes, hits = [], 0
    for seed in range(40):
        ds = panel(seed)
        found = fitted(ds)
        table = effect_modifiers(found, ["wealth", "heat"])
        slopes.append(table.loc["wealth", "estimate"])
        hits += table.loc["wealth", "lower"] <= 0.8 <= table.loc["wealth", "upper"]
    assert abs(np.mean(slopes) - 0.8) < 4 * np.std(slopes) / np.sqrt(40)
    assert 34 <= hits <= 40
    groups = group_effects(found, "region")
    assert groups.loc["rich", "estimate"] > groups.loc["poor", "estimate"]
    side = ds["wealth"] > 0
    for name, inside in (("rich", side), ("poor", ~side)):
        exact = 0.5 + 0.8 * float(ds["wealth"].where(inside).mean())
        assert abs(groups.loc[name, "estimate"] - exact) < 3.5 * groups.loc[name, "stderr"]
    thirds = group_effects(found, "wealth", bins=3)
    assert thirds["estimate"].is_monotonic_increasing
    assert thirds["samples"].sum() == found.samples
    surface = effect_surface(found, ["wealth"], LinearRegression())
    assert np.corrcoef(surface, np.repeat(ds["wealth"].values, 30))[0, 1] > 0.99


def test_unit_means_take_out_levels():
    """A hidden level of the units drives treatment and outcome; the unit's mean of the treatment stands for it."""
    values, without = [], []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        level = rng.normal(size=(100, 1))
        drought = (rng.random((100, 60)) < expit(level)).astype(float)
        outcome = 2 * level + 0.5 * drought + rng.normal(size=(100, 60))
        dims = ("district", "time")
        ds = xr.Dataset({"y": (dims, outcome), "a": (dims, drought)})
        options = {"outcome_model": OUTCOME, "treatment_model": TREATMENT}
        values.append(average_effect(ds, "y", "a", [], unit_means=True, **options).estimate)
        without.append(average_effect(ds, "y", "a", [], **options).estimate)
    assert abs(np.mean(values) - 0.5) < 0.05
    assert np.mean(without) > 1.0


def test_clustered_mean_of_single_rows_is_the_plain_error():
    x = np.random.default_rng(0).normal(size=50)
    _, error, *_ = clustered_mean(x, np.arange(50), 0.95)
    assert error == pytest.approx(x.std(ddof=1) / np.sqrt(50))


def test_bad_questions():
    ds = panel(units=8)
    with pytest.raises(DataError, match=r"the value 0\.5"):
        fitted(ds.assign(drought=0.5 * ds["drought"]))
    with pytest.raises(DataError, match="0 treated"):
        fitted(ds.assign(drought=0 * ds["drought"]))
    with pytest.raises(DataError, match="8 units for 9 folds"):
        fitted(ds, folds=9)
    with pytest.raises(ConfigError, match="folds by"):
        fitted(ds, by="region")
    with pytest.raises(ConfigError, match="clip"):
        fitted(ds, clip=0.7)
    with pytest.raises(DataError, match="'rain' is missing"):
        effect_modifiers(fitted(ds), ["rain"])
    with pytest.raises(DataError, match="not numeric"):
        effect_modifiers(fitted(ds), ["region"])
