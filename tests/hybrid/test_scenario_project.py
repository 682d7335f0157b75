"""Projections: flags outside what training saw, equilibrium by spin-up, and no drift from it."""

from __future__ import annotations

import equinox as eqx
import numpy as np
import pytest
from tinyhybrid import YEAR, bucket, days, weather

import hybrid
from data.errors import ScenarioError
from hybrid.closure import budgets, worst
from hybrid.project import WATCHED, Range, project
from hybrid.scenario import SCENARIOS, Scenario, apply
from hybrid.train import stack


@pytest.fixture(scope="module")
def model():
    """A bucket whose slow pool takes decades."""
    return hybrid.Model(bucket(), {"capacity": hybrid.Global()})


@pytest.fixture(scope="module")
def spun(model):
    """Pools in equilibrium with the first year, how they got there, and that year."""
    year = weather().window(0, YEAR)
    return *hybrid.spin_up(model, model.inputs(year), slow=("humus",), tolerance=1e-4), year


def _bit(name):
    return 1 << WATCHED.index(name)


def test_training_days_themselves_are_inside():
    panel = weather()
    seen = Range.of(panel, days(panel, 0, 3 * YEAR))
    assert not seen.flags(panel).any()
    assert not seen.site_flags(panel).any()


def test_flags_name_the_forcing_and_the_day():
    panel = weather()
    seen = Range.of(panel, days(panel, 0, 3 * YEAR))
    co2 = seen.flags(apply(panel, Scenario("s", {"co2": "= 900 ppm"})))
    assert (co2 == _bit("co2")).all()
    rsds = panel.forcing["rsds"].copy()
    rsds[77, 1] = 49.0
    found = seen.flags(panel.with_forcing(rsds=rsds))
    assert found[77, 1] == _bit("rsds")
    assert (found > 0).sum() == 1


def test_own_range_is_narrower_than_that_of_all_sites():
    """A warm day of the savanna is within all sites' range and outside the boreal site's own."""
    panel = weather()
    seen = Range.of(panel, days(panel, 0, 3 * YEAR))
    savanna, boreal = panel.sites.index("savanna"), panel.sites.index("boreal")
    hot = panel.forcing["tas_max"].copy()
    hot[10, boreal] = hot[:, savanna].max()
    changed = panel.with_forcing(tas_max=hot)
    assert seen.flags(changed)[10, boreal] == 0
    assert seen.site_flags(changed)[10, boreal] == _bit("tas_max")


def test_only_training_days_count():
    panel = weather()
    seen = Range.of(panel, days(panel, 0, YEAR))
    found = seen.flags(panel)
    assert not found[:YEAR].any()
    assert (found[2 * YEAR :] & _bit("co2")).any(), "CO2 rises beyond the first year's"


def test_site_that_never_trained_has_the_range_of_all():
    panel = weather()
    held = days(panel, 0, 3 * YEAR)
    held[:, 0] = False
    seen = Range.of(panel, held)
    assert seen.site_low["tas_min"][0] == seen.low["tas_min"]
    assert seen.site_high["tas_min"][0] == seen.high["tas_min"]


def test_projection_of_an_ensemble(model):
    panel = weather()
    seen = Range.of(panel, days(panel, 0, 3 * YEAR))
    found = project(stack([model, model]), panel, Scenario("wet", {"pr": "x 1.5"}), seen)
    assert found.observables["et"].shape == (2, *panel.shape)
    assert found.pools["water"].shape == (2, *panel.shape)
    assert set(np.unique(found.outside)) == {0, _bit("pr")}
    present = project(stack([model, model]), panel, SCENARIOS["present"], seen)
    assert (found.pools["water"] >= present.pools["water"] - 1e-4).all()
    with pytest.raises(ScenarioError):
        project(stack([model]), panel, Scenario("s", {"tas": "+ 300 K"}), seen)


def test_spin_up_converges_fast(spun):
    """Humus takes 1 / decay = 27 years to settle; the leap needs a few cycles."""
    start, told, _ = spun
    assert told["converged"]
    assert told["cycles"] <= 10
    assert max(told["drift"].values()) <= 1e-4
    assert all((np.asarray(v) >= 0).all() for v in start.values())


def test_spun_up_pools_balance(model, spun):
    """Over the repeated year the slow pool gains what it loses, and mass closes."""
    start, _, year = spun
    run = eqx.filter_jit(lambda m, i, s: m.simulate(i, start=s))(model, model.inputs(year), start)
    assert float(worst(model.process, run)[1]) <= 1e-6
    for name, found in budgets(model.process, run).items():
        inflow = np.asarray(found["inflow"])
        assert (np.abs(np.asarray(found["storage"])) <= 2e-3 * np.maximum(inflow, 1.0)).all(), name
    analytic = np.asarray(run.fluxes["growth"]).mean(0) / 1e-4
    assert np.asarray(start["humus"]) == pytest.approx(analytic, rel=0.03)


def test_repeated_forcing_gives_no_drift(model, spun):
    start, _, year = spun
    simulate = eqx.filter_jit(lambda m, i, s: m.simulate(i, start=s).final)
    pools = dict(start)
    for _ in range(5):
        pools = simulate(model, model.inputs(year), pools)
    for name, value in pools.items():
        assert np.asarray(value) == pytest.approx(np.asarray(start[name]), rel=1e-3, abs=1e-3), name


def test_spin_up_that_does_not_settle_says_so(model):
    year = weather().window(0, YEAR)
    _, told = hybrid.spin_up(model, model.inputs(year), slow=(), cycles=2, tolerance=1e-6)
    assert not told["converged"]
    assert told["cycles"] == 2
    assert told["drift"]["humus"] > 1e-6


@pytest.mark.slow
def test_ecosystem_spins_up_with_a_learned_law():
    """All pools of the ecosystem, one rate law of it a perceptron that reads the soil."""
    year = weather().window(0, YEAR)
    law = hybrid.Learned(("rsds", "soil_top"), 0.0, 5.0, 0.5, options={"width": 4, "depth": 1})
    model = hybrid.Model(hybrid.process.ecosystem(), {"soil_evaporation": law})
    model = model.normalised(model.inputs(year), days(year, 0, YEAR))
    start, told = hybrid.spin_up(model, model.inputs(year), tolerance=2e-3)
    assert told["converged"], told
    run = model.simulate(year, start=start)
    assert float(worst(model.process, run)[1]) <= 1e-6
    assert all(float(np.asarray(p).min()) >= 0 for p in run.pools.values())
