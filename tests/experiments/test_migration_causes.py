"""Causes and effects of the migration experiment on panels whose answer is known, and the rates of false finds."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from data.errors import DataError
from data.synthetic.displacement import Country, Effects, displacement
from experiments.migration import causes, effects, heterogeneity, multiple
from experiments.migration.config import Config
from experiments.migration.prepare import clean

NAN = np.nan
NONE = Effects(drought=(0.0,), drought_price=0.0, price=0.0, conflict=0.0)


def panel(country: Country, seed: int, **sections):
    config = Config()
    config = config.model_copy(
        update={k: getattr(config, k).model_copy(update=v) for k, v in sections.items()}
    )
    # without prices, whose cleaning takes longer than all else
    ds = displacement(country, seed).drop_vars(["price_sorghum", "price_rice", "price_goat", "wage"])
    return clean(ds, config), config


def test_holm_is_the_step_down_of_its_definition():
    got = multiple.holm(np.array([[0.01, NAN], [0.04, 0.03]]))
    np.testing.assert_allclose(got, [[0.03, NAN], [0.06, 0.06]])
    assert np.isnan(multiple.holm(np.array([NAN]))).all()


def test_holm_holds_the_family_under_the_null():
    rng = np.random.default_rng(0)
    p = rng.random((2000, 40))
    wrong = np.mean([(multiple.holm(row) <= 0.05).any() for row in p])
    assert wrong == pytest.approx(0.05, abs=0.015)


def test_binomial_tail():
    assert multiple.binomial_tail(0, 10, 0.05) == 1.0
    assert multiple.binomial_tail(1, 10, 0.05) == pytest.approx(1 - 0.95**10)


def test_within_takes_both_means_out_with_gaps():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(9, 1)) + rng.normal(size=(1, 14)) + rng.normal(size=(9, 14))
    values[rng.random(values.shape) < 0.2] = NAN
    got = multiple.within(values)
    np.testing.assert_allclose(np.nansum(got, axis=0), 0.0, atol=1e-6)
    np.testing.assert_allclose(np.nansum(got, axis=1), 0.0, atol=1e-6)
    np.testing.assert_array_equal(np.isnan(got), np.isnan(values))
    flat = multiple.within(rng.normal(size=(9, 1)) + rng.normal(size=(1, 14)))
    np.testing.assert_allclose(flat, 0.0, atol=1e-9)


def test_known_effects_lie_in_their_intervals_as_often_as_stated():
    from causal.effects import distributed_lags

    inside = []
    for seed in range(12):
        held, config = panel(Country(districts=30), seed)
        ds = effects.usable(effects.panel_of(held, config))
        got = distributed_lags(ds, effects.OUTCOME, effects.DROUGHT, 6, cluster="both", level=effects.LEVEL)
        rows = effects.truth(got, held.raw["effect_true"].values)
        inside += [r["inside"] for r in rows]
    # 96 intervals of 90 %, of which neighbours go together
    assert 0.8 <= np.mean(inside) <= 0.98


def test_no_effect_is_found_where_there_is_none():
    """At a level of 0.1 about one panel in ten shows an effect, though droughts are shared by regions."""
    from causal.effects import distributed_lags

    found = []
    for seed in range(30):
        held, config = panel(Country(districts=24, effects=NONE), seed)
        ds = effects.usable(effects.panel_of(held, config))
        got = distributed_lags(ds, effects.OUTCOME, effects.DROUGHT, 6, cluster="both", level=effects.LEVEL)
        found.append(not float(got["cumulative_lower"][-1]) <= 0.0 <= float(got["cumulative_upper"][-1]))
    assert np.mean(found) <= 0.27


def test_districts_that_respond_alike_are_not_told_apart_and_others_are():
    held, config = panel(Country(districts=36), 4)
    ds = effects.usable(effects.panel_of(held, config))
    alike = heterogeneity.run(ds, config)
    assert alike["q_p"] > 0.01
    # half the districts respond twice as much
    drought = np.where(np.isfinite(ds["drought"]), ds["drought"], 0.0)
    more = sum(np.concatenate([np.zeros((36, k)), drought[:, :-k]], axis=1) for k in (1, 2, 3))
    uneven = ds.assign(displaced=ds["displaced"] + 0.6 * more * (np.arange(36) < 18)[:, None])
    apart = heterogeneity.run(uneven, config)
    assert apart["q_p"] < 1e-3
    assert apart["spread"] > alike["spread"] + 0.3
    shrunk = np.array([r["shrunk"] for r in apart["districts"]], float)
    assert np.nanmean(shrunk[:18]) - np.nanmean(shrunk[18:]) > 1.0


def test_without_drought_fewer_leave_by_what_drought_added():
    from causal.effects import Bootstrap
    from experiments.migration import counterfactual

    held, config = panel(Country(districts=30), 2)
    ds = effects.usable(effects.panel_of(held, config))
    boot = Bootstrap(60, 0.9, resample="units")
    told = counterfactual.run(ds, config, boot, held.raw["effect_true"].values)
    assert told["total"]["lower"] <= told["total"]["difference"] <= told["total"]["upper"]
    drought = held.raw["drought_true"].values
    known = held.raw["effect_true"].values
    felt = sum(
        w * np.concatenate([np.zeros((30, k)), drought[:, : 96 - k]], axis=1) for k, w in enumerate(known)
    )
    y = ds["displaced"].values
    late = ds["time"].values >= np.datetime64("2016-01")
    seen = np.isfinite(y) & late
    # droughts before 2016 were left in, and still act for six months
    removed = np.where(seen, np.expm1(y) - np.expm1(np.maximum(y - felt, 0.0)), 0.0).sum()
    # the same country of the same seed in which no index is low enough to be a drought: nothing else differs
    dry, _ = panel(Country(districts=30, threshold=0.0), 2)
    both = seen & np.isfinite(dry.target)
    other = np.where(both, np.expm1(y) - np.expm1(dry.target), 0.0).sum()
    assert told["total"]["true"] == pytest.approx(other, rel=0.1)
    low, middle, high = (np.array(told[f"monthly_{n}"]) for n in ("lower", "without", "upper"))
    assert np.all(low <= high)
    assert np.mean((low <= middle) & (middle <= high)) > 0.95
    assert (high - low)[middle > 0].min() > 0
    assert told["total"]["lower"] * 0.9 <= removed <= told["total"]["upper"] * 1.1
    assert told["total"]["observed"] == pytest.approx(sum(v["observed"] for v in told["years"]))


def test_the_report_tells_links_that_are_not_in_the_world():
    from experiments.migration import truth_story

    def link(source, target, lag, holm):
        return {"source": source, "target": target, "lag": lag, "holm": holm}

    found = [
        link("drought", "departures", 1, 0.001),
        link("cereal", "departures", 1, 0.2),
        link("arrivals", "departures", 1, 0.01),
    ]
    names = ["drought", "cereal", "arrivals", "departures"]
    total = {"true": 5.0, "difference": 2.0, "lower": 1.0, "upper": 3.0}
    pooled = {"pooled": {"links": found, "names": names}}
    section = truth_story.found([], total, pooled, Config())
    assert "which **misses** the truth" in section.text
    assert "Of 5 true links the pooled graph finds **1** after Holm" in section.text
    assert "**1 that is not in the world**: arrivals and departures at lag 1" in section.text


def test_a_field_counts_districts_by_hand():
    """Three districts, two variables, two lags: what passes one test, what passes Holm, and which do not count."""
    from experiments.migration.field import field_of

    p = np.full((3, 2, 2, 2), 0.5)
    p[0, 0, 1] = [0.001, 0.04]
    p[1, 0, 1] = [0.3, 0.03]
    p[2, 0, 1] = 0.001  # a district that does not count
    p[:, 0, 0] = 1e-9  # a series and its own past
    val = np.zeros(p.shape)
    val[0, 0, 1] = [-0.6, 0.2]
    field = field_of(p, val, 0.05, usable=np.array([True, True, False]))
    link = field.link(0, 1)
    assert field.tests == 8
    assert link.single.tolist() == [True, True, False]
    assert link.strict.tolist() == [True, False, False]
    assert (link.strongest[0], link.lag[0]) == (-0.6, 1)
    assert link.chance == pytest.approx(2 * (1 - 0.95**2))
    assert link.field_p == pytest.approx((1 - 0.95**2) ** 2)


def test_no_drought_since_a_later_date_changes_less():
    from causal.effects import Bootstrap
    from experiments.migration import counterfactual

    held, config = panel(Country(districts=20), 2)
    ds = effects.usable(effects.panel_of(held, config))
    boot = Bootstrap(20, 0.9, resample="units")
    later = config.model_copy(update={"effect": config.effect.model_copy(update={"since": "2020-01"})})
    all_ = counterfactual.run(ds, config, boot)["total"]["difference"]
    some = counterfactual.run(ds, later, boot)
    assert 0 < some["total"]["difference"] < all_
    assert [v["year"] for v in some["years"]] == [2020, 2021]


def test_districts_find_the_links_of_their_world():
    """Strong effects: many districts pass by themselves, and the pooled strength has the sign of the truth."""
    held, config = panel(
        Country(districts=16, noise=0.4, local=0.2), 1, causes={"bootstrap": 0, "tau_max": 2}
    )
    ds = causes.series(held, config)
    told = causes.districts(ds, ("drought", "vegetation", "conflict", "departures"), config)
    rows = {(r["source"], r["target"]): r for r in told["rows"]}
    assert ("departures", "drought") not in rows
    assert ("conflict", "vegetation") not in rows
    link = rows["drought", "departures"]
    assert link["single"] > 2 * link["chance"]
    assert link["field_holm"] < 0.01
    assert link["val"] > 0.2
    assert rows["drought", "vegetation"]["val"] < 0


def test_districts_of_a_world_without_effects_hold_the_family():
    wrong = 0
    for seed in range(8):
        held, config = panel(
            Country(districts=8, effects=NONE),
            seed,
            causes={"bootstrap": 0, "tau_max": 2, "least_months": 30},
        )
        names = ("drought", "conflict", "departures")
        told = causes.districts(causes.series(held, config), names, config)
        wrong += any({k["source"], k["target"]} != {"drought", "vegetation"} for k in told["links"])
    # the chance of three or more of eight families at a level of 0.05 is 0.006
    assert wrong <= 2


def test_too_few_districts_and_no_contrast_are_one_sentence():
    held, config = panel(Country(districts=8), 0, causes={"least_months": 70})
    with pytest.raises(DataError, match="fewer than two districts have 70 months"):
        causes.run(held, config)
    wet = dataclasses.replace(held, cdi=np.full(held.shape, 2.0))
    with pytest.raises(DataError, match="no month has districts with drought"):
        effects.usable(effects.panel_of(wet, config))
