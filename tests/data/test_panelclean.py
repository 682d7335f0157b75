"""Cleaning of panels: each rule on values whose answer is known, and none of them looks ahead."""

from __future__ import annotations

import numpy as np
import pytest

from data import panelclean
from data.errors import DataError

NAN = np.nan
RNG = np.random.default_rng(3)
PRICES = np.exp(RNG.normal(9.0, 0.2, (8, 40)))
ZONES = ["a"] * 4 + ["b"] * 4


def test_a_gap_is_filled_from_its_left_and_no_longer_than_the_limit():
    got = panelclean.carry_forward(np.array([[NAN, 1.0, NAN, NAN, NAN, 5.0, NAN]]), 2)
    np.testing.assert_array_equal(got, [[NAN, 1.0, 1.0, 1.0, NAN, 5.0, 5.0]])


def test_no_limit_fills_nothing():
    held = np.array([[1.0, NAN, 3.0]])
    np.testing.assert_array_equal(panelclean.carry_forward(held, 0), held)


RULES = {
    "carried": lambda x: panelclean.carry_forward(x, 3),
    "outliers": lambda x: panelclean.outliers(x, ZONES),
    "relative": panelclean.relative_to_past,
    "anomaly": panelclean.anomaly,
    "blanks": lambda x: panelclean.blanks(x, "zero", 4),
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("now", [5, 20, 38])
def test_no_rule_sees_the_future(rule, now):
    """What is cleaned up to now does not change with anything that comes later."""
    held = PRICES.copy()
    held[RNG.random(held.shape) < 0.2] = NAN
    other = held.copy()
    other[:, now + 1 :] = np.exp(RNG.normal(12.0, 3.0, other[:, now + 1 :].shape))
    one, two = RULES[rule](held), RULES[rule](other)
    np.testing.assert_array_equal(one[:, : now + 1], two[:, : now + 1])
    assert not np.array_equal(one[:, now + 1 :], two[:, now + 1 :], equal_nan=True) or rule == "outliers"


def test_blank_is_missing_or_zero_as_told():
    counts = np.array([[3.0, NAN, 7.0, NAN]])
    np.testing.assert_array_equal(panelclean.blanks(counts, "missing", 1), [[NAN, NAN, 7.0, NAN]])
    np.testing.assert_array_equal(panelclean.blanks(counts, "zero", 1), [[NAN, 0.0, 7.0, 0.0]])
    assert np.isnan(counts).sum() == 2  # the input is left alone
    with pytest.raises(DataError, match="no rule 'nought'"):
        panelclean.blanks(counts, "nought")
    with pytest.raises(DataError, match="negative"):
        panelclean.blanks(-counts, "missing")


def test_misprints_are_flagged_and_true_prices_kept():
    held = PRICES.copy()
    held[2, 30] *= 340.0
    held[6, 12] /= 200.0
    held[1, 3] = 0.0
    wrong = {(2, 30), (6, 12), (1, 3)}
    flags = panelclean.outliers(held, ZONES)
    assert {(int(i), int(t)) for i, t in zip(*np.nonzero(flags), strict=True)} == wrong
    # a misprint does not become the reference of what follows it
    held[2, 31] *= 300.0
    assert panelclean.outliers(held, ZONES)[2, 31]


def test_a_rise_of_all_markets_or_another_currency_is_no_outlier():
    held = PRICES.copy()
    held[:, 20:] *= 12.0
    assert not panelclean.outliers(held, ZONES).any()
    held = PRICES.copy()
    held[4:] *= 30.0
    assert not panelclean.outliers(held, ZONES).any()
    # a market that grows dearer than others, step by step, keeps its own past
    held = PRICES.copy()
    held[0] *= np.linspace(1.0, 20.0, 40)
    assert not panelclean.outliers(held, ZONES).any()


@pytest.mark.parametrize("count", [4, 5, 8])
def test_the_median_of_the_others_is_that(count):
    values = RNG.normal(size=count).round(1)
    expected = [np.median(np.delete(values, i)) for i in range(count)]
    np.testing.assert_allclose(panelclean._median_of_others(values), expected)


def test_a_relative_price_has_no_currency():
    other = PRICES * np.array([1.0, 2.0, 5.0, 0.1, 3.0, 9.0, 1.0, 7.0])[:, None]
    np.testing.assert_allclose(
        panelclean.relative_to_past(PRICES), panelclean.relative_to_past(other), atol=1e-12
    )
    doubled = np.array([[1.0, 1.0, 1.0, 2.0]])
    assert panelclean.relative_to_past(doubled)[0, 3] == pytest.approx(np.log(2.0))


def test_an_anomaly_has_no_season_once_the_past_is_long():
    months = np.arange(240)
    season = 3.0 * np.sin(2 * np.pi * months / 12)
    flat = panelclean.anomaly(np.tile(season, (2, 1)))
    shock = season.copy()
    shock[200] += 6.0
    assert np.abs(flat).max() < 0.8
    assert panelclean.anomaly(shock[None])[0, 200] > 2.0


def test_places_have_one_name():
    assert panelclean.names(["Baidoa ", "Kismayo", "Banadir", "Luuq"]) == [
        "Baydhaba",
        "Kismaayo",
        "Mogadishu",
        "Luuq",
    ]
    with pytest.raises(DataError, match="Baidoa, Baydhaba are one place"):
        panelclean.names(["Baidoa", "Baydhaba"])


def test_the_north_west_has_its_own_currency():
    assert panelclean.zones(["Awdal", "Bay"]) == ["Somaliland shilling", "Somali shilling"]
