"""Attributions beside causal effects: signs, sizes, coverage and findings."""

import numpy as np
import pytest
import xarray as xr

from data.errors import ConfigError, DataError
from xai.agreement import FINDINGS, agreement, disagreements, per_unit, wilson

EFFECTS = {
    "rain": (2.0, 1.5, 2.5),
    "heat": (-1.0, -1.5, -0.5),
    "wind": (0.1, -0.4, 0.6),
    "soil": (1.0, 0.7, 1.3),
    "radiation": (3.0, 2.5, 3.5),
    "vapour": (0.8, 0.5, 1.1),
    "noise": (0.0, -0.3, 0.3),
}
SAID = {
    "rain": (2.2, 0.1),
    "heat": (0.9, 0.1),
    "wind": (1.5, 0.1),
    "soil": (0.0, 0.01),
    "radiation": (5.0, 0.2),
    "vapour": (0.3, 0.02),
    "noise": (0.01, 0.05),
    "moon": 1.0,
}
EXPECTED = {
    "rain": "agrees",
    "heat": "opposite",
    "wind": "used, not shown to act",
    "soil": "acts, not used",
    "radiation": "stronger",
    "vapour": "weaker",
    "noise": "neither",
}


def test_each_kind_of_difference_is_a_finding():
    assert set(EXPECTED.values()) == set(FINDINGS)
    got = agreement(SAID, EFFECTS, small=0.05, units="g m-2 K-1")
    assert dict(zip(got.driver.values, got.finding.values, strict=True)) == EXPECTED
    assert got.attrs["missing"] == "moon"
    text = dict(zip(got.driver.values, got.verdict.values, strict=True))
    assert text["wind"].startswith(
        "wind: the model uses it, the data do not show that it acts (attribution 1.5 g"
    )
    assert text["soil"].startswith("soil: the data show that it acts, the model does not use it")
    assert got.covered.values.tolist() == [True, False, False, False, False, False, True]
    assert float(got.coverage) == pytest.approx(2 / 7)
    assert float(got.sign_agreement) == pytest.approx(3 / 4)
    assert got.ratio.values[0] == pytest.approx(1.1)
    assert got.attrs["verdict"] == (
        "2 attributions of 7 within the interval of the effect; 5 findings where they differ."
    )
    lines = disagreements(got)
    assert [line.split(":")[0] for line in lines] == ["radiation", "heat", "soil", "wind", "vapour"]


def test_ranks_are_those_of_sizes():
    shown = {
        n: (v, v - 0.1, v + 0.1) for n, v in zip("abcdef", [1.0, -2.0, 3.0, -4.0, 5.0, 6.0], strict=True)
    }
    same = agreement({n: v[0] * 10 for n, v in shown.items()}, shown)
    assert float(same.rank_correlation) == pytest.approx(1.0)
    assert float(same.rank_p) < 0.01
    assert set(same.finding.values) == {"stronger"}
    turned = agreement(dict(zip(shown, [6, 5, 4, 3, 2, 1], strict=True)), shown)
    assert float(turned.rank_correlation) == pytest.approx(-1.0)
    assert float(turned.rank_p) > 0.95


def test_lags_and_datasets():
    effects = xr.Dataset(
        {
            "effect": (("driver", "lag"), [[1.0, 0.5], [0.0, np.nan]]),
            "lower": (("driver", "lag"), [[0.8, 0.3], [-0.2, np.nan]]),
            "upper": (("driver", "lag"), [[1.2, 0.7], [0.2, np.nan]]),
        },
        {"driver": ["rain", "wind"], "lag": [0, 1]},
    )
    said = {("rain", 0): 1.1, ("rain", 1): 0.2, ("wind", 0): 0.0}
    got = agreement(said, effects)
    assert got.finding.values.tolist() == ["agrees", "weaker", "neither"]
    assert got.lag.values.tolist() == [0, 1, 0]
    assert got.verdict.values[1].startswith("rain (lag 1): the model makes less of it")
    both = xr.Dataset({"attribution": ("driver", [1.0, 2.0])}, {"driver": ["rain", "wind"]})
    assert agreement(both, {"wind": (2.0, 1.0, 3.0)}).finding.values.tolist() == ["agrees"]


def test_the_slope_of_a_linear_driver_is_its_coefficient():
    rng = np.random.default_rng(0)
    change = rng.normal(size=500)
    slope, error = per_unit(2.5 * change, change)
    assert slope == pytest.approx(2.5)
    assert error < 1e-12
    found = [per_unit(2.5 * change + rng.normal(size=500), change) for _ in range(200)]
    slopes, errors = np.array(found).T
    assert errors.mean() == pytest.approx(slopes.std(ddof=1), rel=0.15)
    covered = np.abs(slopes - 2.5) < 1.96 * errors
    assert 0.9 < covered.mean() < 0.99
    _, wider = per_unit(2.5 * change, change, np.ones(500))
    assert wider == pytest.approx(1 / np.sqrt((change**2).sum()))


def test_wilson_intervals_have_published_values():
    """Newcombe (1998), table I: 81 of 263 is from 0.2553 to 0.3662, 15 of 148 from 0.0624 to 0.1605."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert np.isnan(wilson(0, 0)).all()


@pytest.mark.parametrize(
    ("said", "shown", "words"),
    [
        ({"rain": 1.0}, {"snow": (1.0, 0.0, 2.0)}, "share no driver"),
        ({"rain": np.nan}, {"rain": (1.0, 0.0, 2.0)}, "rain has the values"),
        ({"rain": 1.0}, {"rain": (1.0, 0.0)}, "rain has the values"),
        ({"rain": 1.0}, {"rain": (3.0, 0.0, 2.0)}, "does not lie in its interval"),
        (xr.Dataset({"a": ("driver", [1.0])}), {"rain": (1.0, 0.0, 2.0)}, "lacks 'attribution'"),
        (xr.Dataset({"attribution": ("x", [1.0])}), {"rain": (1.0, 0.0, 2.0)}, "dimension 'driver'"),
    ],
)
def test_what_cannot_be_compared_is_refused(said, shown, words):
    with pytest.raises(DataError, match=words):
        agreement(said, shown)


def test_slopes_and_shares_that_are_not():
    with pytest.raises(DataError, match="3 attributions stand beside 2"):
        per_unit(np.ones(3), np.ones(2))
    with pytest.raises(DataError, match="does not differ from its baseline"):
        per_unit(np.ones(3), np.zeros(3))
    with pytest.raises(ConfigError, match="small is 2"):
        agreement({"rain": 1.0}, {"rain": (1.0, 0.0, 2.0)}, small=2)
