"""What drove drought losses: events, the game of drivers and lags, and the recovery of the known world's."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

import hybrid
from data.batches import pack
from data.errors import ConfigError
from experiments.drought import build, explain_memory
from experiments.drought import explain_events as droughts
from experiments.drought import explain_game as game
from experiments.drought.check import check_lists
from experiments.drought.config import Config
from experiments.drought.explain_trust import likeness, shares, trust_rows
from experiments.drought.pipeline import identity_of, settled
from experiments.drought.world import LEARNED, TRUTH, simulate_truth, synthetic_sites
from hybrid.bounds import logarithmic, to_raw
from hybrid.inputs import from_panel

FORCING = ("tas_min", "tas_max", "rsds", "vpd", "pr", "co2")
LAGS = [30, 120]
LEAD = 150


@pytest.fixture(scope="module")
def config():
    made = Config.model_validate({"synthetic": {"years": 3, "climates": ["savanna", "boreal"]}})
    return settled(made, True, True)


@pytest.fixture(scope="module")
def sites(config):
    return synthetic_sites(config)


@pytest.fixture(scope="module")
def panel(sites):
    return pack(sites, FORCING, ("gpp", "et"))


@pytest.fixture(scope="module")
def case(panel):
    """Events of the third year, their weather and its climatology, and pools as the model declares them."""
    late = (np.arange(panel.shape[0]) >= 2 * 365)[:, None] & panel.valid
    events = droughts.choose(panel, ~late & panel.valid, late, LAGS[-1], LEAD)
    return events, *droughts.weather(panel, events, ~late & panel.valid)


@pytest.fixture(scope="module")
def function(panel, case):
    """The function that is explained, of a model, from the world's own pools."""
    events, actual, _ = case
    run = eqx.filter_jit(lambda inputs: simulate_truth(hybrid.process.ecosystem(), inputs).pools)
    pools = {
        n: jnp.asarray(np.asarray(p)[events.first, events.site])
        for n, p in run(from_panel(panel, {})).items()
    }

    def make(model):
        return game.MeanFlux(model, droughts.inputs_of(panel, events, actual, {}), pools, ("gpp", "et"))

    return make


class _KnownFactor(eqx.Module):
    """The world's function of dryness in a slot: what moves light-use efficiency from its default to the truth."""

    memory = False

    def __init__(self, inputs, outputs, *, key):
        assert (inputs, outputs) == (1, 1)

    def __call__(self, x, *, key=None):
        p = hybrid.process.ecosystem().parameter[LEARNED]
        value = TRUTH[LEARNED] * (0.6 + 0.4 * jnp.exp(-x / 12.0))
        low, high = p.lower, p.upper
        if logarithmic(p):
            low, high, value = np.log(low), np.log(high), jnp.log(value)
        share = (value - low) / (high - low)
        return jnp.log(share) - jnp.log1p(-share) - to_raw(p, p.default)


@pytest.fixture(scope="module")
def truth(case, function):
    """The game of the known world."""
    events, actual, usual = case
    players = game.players_of(LAGS, events.days, len(events))
    return players, game.play(function(game.World()), actual, usual, players)


def test_events_are_dry_windows_of_growing_seasons_of_the_test_period(panel, case):
    events, _, _ = case
    assert len(events) >= 2
    for j, season, end in zip(events.site, events.season, events.end, strict=True):
        assert end - droughts.DAYS + 1 >= 2 * 365
        assert droughts.growing(panel, j)[droughts.SEASONS.index(season)]
        middle = panel.dates[end, j] - np.timedelta64(droughts.DAYS // 2, "D")
        assert droughts.SEASONS[int(droughts.season_of(np.array([middle]))[0])] == season
    assert (events.rain < 1).all()
    assert len({(j, s) for j, s in zip(events.site, events.season, strict=True)}) == len(events)


def test_the_driest_window_is_found_where_rain_is_taken_away(panel):
    """Ninety rainless days end in the middle of a growing season: the window is the one that ends with them."""
    late = (np.arange(panel.shape[0]) >= 2 * 365)[:, None] & panel.valid
    end = 2 * 365 + 195  # the middle of July
    pr = panel.forcing["pr"].copy()
    pr[end - 89 : end + 1, 1] = 0.0
    events = droughts.choose(panel.with_forcing(pr=pr), ~late & panel.valid, late, LAGS[-1], LEAD)
    mine = [k for k in range(len(events)) if events.site[k] == 1 and events.season[k] == "JJA"]
    assert [int(events.end[k]) for k in mine] == [end]
    assert float(events.rain[mine[0]]) == 0.0


def test_seasons_of_dates():
    dates = np.array(["2001-01-31", "2001-02-28", "2001-03-01", "2001-08-31", "2001-09-01", "2001-12-01"])
    assert droughts.season_of(dates.astype("datetime64[D]")).tolist() == [0, 0, 1, 2, 3, 0]


def test_weather_before_the_history_is_the_events_own(case):
    events, actual, usual = case
    for name in actual:
        np.testing.assert_array_equal(actual[name][:LEAD], usual[name][:LEAD])
    assert (actual["pr"][LEAD:] != usual["pr"][LEAD:]).any()
    np.testing.assert_array_equal(actual["day_length"], usual["day_length"])
    assert events.days == LAGS[-1] + LEAD


def test_players_cover_each_driven_day_once():
    players = game.players_of([30, 90, 120], 125, 2)
    assert len(players) == 9
    assert players.coords["lag"][:3] == ("0-29 d", "30-89 d", "90-119 d")
    rain = players.ids["pr"][:, 0]
    assert (rain[:5] == -1).all()
    assert [int((rain == k).sum()) for k in range(3)] == [30, 60, 30]
    assert rain[-1] == 0
    assert rain[5] == 2
    assert (players.ids["vpd"] == players.ids["tas_max"]).all()


def test_the_known_world_repeats_its_record(sites, panel, case, truth):
    """The prediction is what the world gave: known pools at the start of the simulation, known weather since."""
    events, _, _ = case
    for k, target in enumerate(("gpp", "et")):
        whole = pack(sites, FORCING, (f"{target}_true",)).targets[f"{target}_true"]
        said = [whole[t - 29 : t + 1, j].mean() for t, j in zip(events.end, events.site, strict=True)]
        # trailing means of temperature begin anew LEAD days before the history
        np.testing.assert_allclose(truth[1].prediction[:, k], said, rtol=0.01)


def test_attribution_adds_up_and_the_worth_of_all_is_the_prediction(truth):
    players, played = truth
    change = played.prediction - played.base_value
    np.testing.assert_allclose(played.attribution.sum(-1), change, atol=1e-6)
    assert np.abs(played.efficiency_gap).max() <= 1e-12
    np.testing.assert_array_equal(played.worth[-1], played.prediction.astype(np.float32))
    assert played.worth.shape == (2 ** len(players), *change.shape)


def test_an_event_does_not_feel_the_weather_of_another(case, function, truth):
    """Each event is a game of its own: with the weather of all others as usual, its attribution stays."""
    _, actual, usual = case
    players, played = truth
    alone = {n: np.concatenate([actual[n][:, :1], usual[n][:, 1:]], axis=1) for n in actual}
    found = game.play(function(game.World()), alone, usual, players)
    np.testing.assert_allclose(found.attribution[0], played.attribution[0], atol=2e-6)
    np.testing.assert_allclose(found.attribution[1:], 0.0, atol=1e-12)


def test_a_hybrid_that_is_the_truth_has_its_attribution(case, function, truth):
    """A hybrid with the world's parameters and function in its slot is no other model: no part goes elsewhere."""
    _, actual, usual = case
    players, played = truth
    roles = {n: hybrid.Global(start=v) for n, v in TRUTH.items() if n != LEARNED}
    roles |= {LEARNED: hybrid.Dynamic(network="dryness")}
    slot = hybrid.Slot(_KnownFactor, inputs=["vpd"])
    model = hybrid.Model(hybrid.process.ecosystem(), roles, {"dryness": slot})
    wide = jnp.full(1, 1e6)  # normalised inputs are held within six deviations by default
    model = eqx.tree_at(
        lambda m: (m.networks["dryness"].low, m.networks["dryness"].high), model, (-wide, wide)
    )
    lags = players.coords["lag"]
    found = game.play(function(model), actual, usual, players)
    np.testing.assert_allclose(found.attribution, played.attribution, atol=2e-4)
    same = likeness(found.attribution[:, 0], played.attribution[:, 0], lags)
    assert same["correlation"] > 0.9999
    assert same["relative_error"] < 1e-3
    assert same["misplaced"] < 1e-3
    other = eqx.tree_at(lambda m: m.raw["half_wetness"], model, jnp.asarray(2.0))
    far = game.play(function(other), actual, usual, players)
    assert likeness(far.attribution[:, 0], played.attribution[:, 0], lags)["relative_error"] > 0.1


def test_an_untrained_network_is_not_taken_for_the_truth(panel, config, case, truth):
    events, actual, usual = case
    players, played = truth
    model = build.gru_model(config, panel, ("gpp", "et"))
    f = game.MeanFlux(model, droughts.inputs_of(panel, events, actual, {}), {}, ("gpp", "et"))
    found = game.play(f, actual, usual, players)
    assert (
        likeness(found.attribution[:, 0], played.attribution[:, 0], players.coords["lag"])["relative_error"]
        > 0.5
    )


def test_shares_and_likeness_by_hand():
    a = np.array([[1.0, -1.0, 2.0, 0.0]])
    assert shares(a, ["x", "x", "y", "y"]) == {"x": 0.5, "y": 0.5}
    b = np.array([[2.0, 0.0, -1.0, 1.0]])
    found = likeness(b, a, ["x", "x", "y", "y"])
    # differences 1, 1, 3, 1 beside 1, 1, 2, 0; only the first has the right sign, one of four
    assert found["relative_error"] == pytest.approx(np.sqrt(12 / 6))
    assert found["sign"] == pytest.approx(1 / 4)
    assert found["misplaced"] == 0.0
    assert likeness(b, a, ["x", "y", "z", "z"])["misplaced"] == pytest.approx(0.25)


def test_memory_length_of_known_lags():
    """Ten equal days hold 90 % within the ninth; a single early day is reached at its own lag."""
    by_day = np.zeros((2, 100))
    by_day[0, :10] = -1.0
    by_day[1, 49] = 3.0
    length, of_site = explain_memory.lengths(by_day, np.array([0, 1]))
    assert length[0] == pytest.approx(8.0)
    assert 48 <= length[1] <= 49
    assert set(of_site) == {0, 1}


def test_trust_knows_an_additive_game():
    """v(S) = sum of weights: the Shapley values are the weights, and nothing is better in deletion and insertion."""
    weight = np.array([3.0, -1.0, 0.5, 2.0])
    z = (np.arange(16)[:, None] >> np.arange(4)) & 1
    worth = np.repeat((1.0 + z @ weight)[:, None, None], 3, axis=1)
    attribution = np.tile(weight, (3, 1, 1))
    ends = worth[0], worth[-1]
    good = game.Played(attribution, *ends, np.zeros((3, 1)), worth)
    bad = game.Played(attribution[..., ::-1].copy(), *ends, np.zeros((3, 1)), worth)
    rows = {r["score"]: r for r in trust_rows([good, bad], None, 0, "1", 0)}
    worse = {r["score"]: r for r in trust_rows([bad], None, 0, "1", 0)}
    assert rows["Deletion"]["skill"] == pytest.approx(1.0)
    assert rows["Insertion"]["skill"] == pytest.approx(1.0)
    assert rows["Faithfulness correlation"]["value"] == pytest.approx(1.0)
    assert worse["Deletion"]["skill"] < 0.6
    assert "Spread of members" in rows
    assert "Spread of members" not in worse


def test_checkpoints_do_not_depend_on_how_they_are_explained(config):
    other = config.model_copy(update={"explain": config.explain.model_copy(update={"members": 7})})
    assert identity_of(other) == identity_of(config)
    assert identity_of(config.model_copy(update={"seed": 9})) != identity_of(config)


@pytest.mark.parametrize(
    ("lags", "words"),
    [
        ([90, 30], "do not rise"),
        ([10, 20], "end before the 30 days"),
        ([30, 60, 90, 180, 365], "too many for exact values"),
    ],
)
def test_lags_that_make_no_game(config, lags, words):
    wrong = config.model_copy(update={"explain": config.explain.model_copy(update={"lags": lags})})
    with pytest.raises(ConfigError, match=words):
        check_lists(wrong)
