"""Runs of the fire danger experiment: what they write, scores against scikit-learn, known truth, and resuming."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score
from toyfixtures import tree

from data.errors import ScenarioError
from data.synthetic.fire_danger import Island, drought_code, fire_danger
from experiments import fire_danger as fire_danger_experiment
from experiments import report
from experiments.execute import execute
from experiments.fire_danger import (
    climatology,
    counts,
    danger,
    judge,
    models,
    nested,
    opening,
    power,
    resampling,
    results,
    truth,
)
from experiments.fire_danger.config import Config
from experiments.fire_danger.stages import quarters
from experiments.fire_danger.windows import SPAN, Change, recent_fires, windows
from experiments.report import scores
from experiments.runfolder import RunFolder
from hybrid.fire.index.monthly import mean_code, monthly_evapotranspiration, next_monthly_code

SMALL = ["leads=[0]", "hybrid.steps=10", "network.steps=3", "trees.forest=5", "trees.boosted=5",
         "hybrid.members=2", "network.members=2", "judge.resamples=50", "quick.leads=[0]"]  # fmt: skip


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> RunFolder:
    """A finished small run; do not change it."""
    return execute("fire-danger", sets=SMALL, quick=True, out=tmp_path_factory.mktemp("fire") / "small")


@pytest.fixture(scope="module")
def fires() -> opening.Fires:
    """The synthetic island."""
    return opening.open_fires(Config(), None)


FIT = np.arange(2009, 2015)


def test_scores_of_chances_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    chance = rng.random((24, 30)).round(1)  # many ties
    burned = (rng.random(chance.shape) < chance**2).astype(float)
    weight = rng.integers(0, 3, (1, chance.size)).astype(float)
    p, o, w = chance.ravel(), burned.ravel(), weight[0]
    assert judge.auprc(p, o, weight)[0] == pytest.approx(average_precision_score(o, p, sample_weight=w))
    assert judge.brier(p, o, weight)[0] == pytest.approx(brier_score_loss(o, p, sample_weight=w))
    inside = np.clip(p, 1e-6, 1 - 1e-6)
    assert judge.log_loss(p, o, weight)[0] == pytest.approx(log_loss(o, inside, sample_weight=w))


def test_the_area_under_the_curve_of_counted_months_is_that_of_scikit_learn():
    rng = np.random.default_rng(5)
    chance = rng.random((24, 9)).round(1)  # many ties
    burned = (rng.random(chance.shape) < chance**2).astype(float)
    counts = rng.integers(0, 3, (3, 24)).astype(float)
    found = resampling.auc_of_draws(chance, burned, counts)
    for value, count in zip(found, counts, strict=True):
        weight = np.repeat(count, 9)
        known = roc_auc_score(burned.ravel(), chance.ravel(), sample_weight=weight)
        assert value == pytest.approx(known)
    no_fire = np.where(burned.any(axis=1), 0.0, 1.0)[None]
    assert np.isnan(resampling.auc_of_draws(chance, burned, no_fire)).all()


def test_the_calibration_error_is_that_of_known_chances():
    rng = np.random.default_rng(1)
    chance = rng.uniform(0.0, 0.6, 200_000)
    burned = (rng.random(chance.size) < chance).astype(float)
    assert judge.ece(chance, burned, 10) < 0.005
    assert judge.ece(np.clip(chance + 0.2, 0, 1), burned, 10) == pytest.approx(0.2, abs=0.005)


def test_the_interval_of_a_difference_covers_no_difference_and_finds_one():
    rng = np.random.default_rng(2)
    covered = 0
    for seed in range(20):
        shared = rng.normal(size=(48, 1)) + rng.normal(size=(48, 20))
        burned = (rng.random((48, 20)) < 1 / (1 + np.exp(2 - shared))).astype(float)
        a, b = (1 / (1 + np.exp(2 - shared + rng.normal(size=shared.shape))) for _ in range(2))
        told = judge.judge({"a": a, "b": b}, burned, ["b"], block=3, resamples=100, bins=5, seed=seed)
        row = told["a"]["auc - b"]
        covered += row["low"] <= 0 <= row["high"]
    assert covered >= 16
    told = judge.judge(
        {"a": shared, "b": np.zeros_like(shared)}, burned, ["b"], block=3, resamples=100, bins=5, seed=0
    )
    assert told["a"]["auc - b"]["low"] > 0.1


def test_the_month_drawn_most_often_still_leaves_a_whole_sample():
    counts = resampling.circular(24, 5, 30, 0)
    assert (counts.sum(axis=1) == 24).all()
    assert (counts[0] == 1).all()


def test_draws_that_keep_the_season_hold_each_part_of_the_year_alike():
    for years, block in ((2, 3), (6, 4)):
        drawn = resampling.seasonal(12 * years, block, 50, 0)
        assert drawn.sum(axis=1) == pytest.approx(12 * years)
    drawn = resampling.seasonal(24, 1, 2000, 0)[1:]
    np.testing.assert_allclose(drawn.reshape(-1, 2, 12).sum(axis=1), 2.0)
    # the variance of a mean of independent years is that of the sample, not less by the share of years drawn
    values = np.random.default_rng(1).normal(size=(2, 12))
    known = values.var(axis=0, ddof=1).sum() / 2 / 144
    assert (drawn @ values.ravel() / 24).var() == pytest.approx(known, rel=0.1)
    for months, block in ((25, 1), (12, 1), (24, 5)):
        with pytest.raises(ValueError, match="whole years"):
            resampling.seasonal(months, block, 10, 0)


def test_intervals_cover_a_known_difference_and_say_what_two_years_can_show():
    """Months share an effect, places differ: the model that knows places is better by a known amount."""
    rng = np.random.default_rng(3)
    course = np.array([-12, -12, -12, -12, -8, -4, -2.3, -2.1, -3.1, -4.3, -9, -12.0])
    place = 1.2 * rng.standard_normal(48)
    draws = {"circular": resampling.circular(24, 3, 200, 1), "season": resampling.seasonal(24, 3, 200, 1)}
    season = np.tile(course, 2)[:, None] + 0.0 * place
    better, worse = season + 0.5 * place + 0.5 * rng.standard_normal(48), season
    values: list[float] = []
    spans: dict[str, list[tuple[float, float]]] = {name: [] for name in draws}
    for _ in range(120):
        logit = season + place + 0.6 * rng.standard_normal((24, 1))
        burned = (rng.random(logit.shape) < 1 / (1 + np.exp(-logit))).astype(float)
        for name, drawn in draws.items():
            gain = resampling.auc_of_draws(better, burned, drawn)
            gain = gain - resampling.auc_of_draws(worse, burned, drawn)
            if name == "season":
                row = judge.of_season(gain, 2)
                spans[name].append((row["season_low"], row["season_high"]))
            else:
                spans[name].append(tuple(np.nanquantile(gain[1:], [0.025, 0.975])))
        values.append(gain[0])
    known = np.mean(values)
    assert known > 0.02
    for name, found in spans.items():
        low, high = np.array(found).T
        cover = np.mean((low <= known) & (known <= high))
        assert 0.88 <= cover <= 1.0, name  # nominal 0.95; 120 samples are sure to 0.04
        assert 0.2 < np.mean(low > 0) < 1.0, name  # two years show such a difference often, not always


def test_the_monthly_drought_code_follows_its_closed_form_without_rain_and_forgets_in_rain():
    demand = monthly_evapotranspiration(20.0, 6.4, 31.0)
    assert float(demand) == pytest.approx(31 * (0.36 * 20 + 6.4))
    dry = next_monthly_code(jnp.asarray(100.0), demand, 0.0)
    assert float(dry) == pytest.approx(100.0 + 0.5 * float(demand))
    assert float(mean_code(100.0, dry)) == pytest.approx(100.0 + 0.25 * float(demand))
    # rain that fills the layer by as much as it holds: Q doubles, the code falls by 400 ln 2
    rain = 800.0 * np.exp(-100.0 / 400.0) / (3.937 * 0.83)
    wet = next_monthly_code(jnp.asarray(300.0), demand, rain * np.exp(-200.0 / 400.0))
    assert float(wet) == pytest.approx(300.0 + 0.5 * float(demand) - 400.0 * np.log(2.0), rel=1e-5)
    assert float(next_monthly_code(jnp.asarray(10.0), 0.0, 500.0)) == 0.0
    assert float(monthly_evapotranspiration(-30.0, -1.6, 31.0)) == 0.0
    slope = jax.grad(lambda r: next_monthly_code(300.0, demand, r))(40.0)
    assert np.isfinite(slope)
    assert slope < 0


def test_the_codes_of_hybrid_and_island_are_one_equation(fires):
    config = Config()
    w = models.prepare(fires, config, FIT, 0, True)
    found = np.asarray(danger.deep_code(w.tas, w.pr, w.days, w.factor))
    days = np.asarray(w.days)[:, 0, -1]
    known = drought_code(fires.tas, fires.pr * days[:, None], fires.month + 1, days)
    # both start from 300, the window a year before its target: months with a wet winter between agree
    late = np.isin(fires.month, (6, 7)) & (fires.years > 2009)
    gap = np.abs(found - known)[late]
    assert np.median(gap) < 2.0


def test_windows_hold_no_weather_after_their_origin(fires):
    config = Config()
    changed = opening.Fires(**{**fires.__dict__, "tas": fires.tas + 50.0 * (fires.years == 2016)[:, None]})
    for lead in (1, 3):
        plain, hot = (models.prepare(f, config, FIT, lead, True) for f in (fires, changed))
        first = int(np.flatnonzero(fires.years == 2016)[0])
        np.testing.assert_array_equal(plain.tas[: first + lead], hot.tas[: first + lead])
        np.testing.assert_array_equal(plain.normal_tas, hot.normal_tas)
        assert (np.asarray(hot.tas - plain.tas)[first + lead, :, SPAN - 1 - lead] == 50.0).all()


def test_a_year_that_fits_is_not_in_its_own_climatology(fires):
    settings = Config().climatology
    other = opening.Fires(
        **{**fires.__dict__, "burned": np.where((fires.years == 2012)[:, None], 1.0, fires.burned)}
    )
    here = fires.years == 2012
    a, b = (climatology.logits(f, FIT, settings, True) for f in (fires, other))
    np.testing.assert_array_equal(a[here], b[here])
    assert b[~here].mean() > a[~here].mean() + 0.5
    test = opening.Fires(
        **{**fires.__dict__, "burned": np.where((fires.years > 2014)[:, None], 1.0, fires.burned)}
    )
    np.testing.assert_array_equal(a, climatology.logits(test, FIT, settings, True))


@pytest.mark.slow
def test_the_hybrid_grows_with_dryness_by_construction_and_its_gradients_are_finite(fires):
    w = models.prepare(fires, Config(), FIT, 0, True)
    warm = models.prepare(fires, Config(), FIT, 0, True, Change(2.0, 0.8))
    model = danger.Danger(4, key=jax.random.key(0))

    @jax.jit
    def asked(model, w, warm):
        slope = jax.grad(lambda m: (m(w) ** 2).mean() + m.penalty(w, 1.0, 1.0))(model)
        return model(w), model(warm), slope

    plain, changed, slope = asked(model, w, warm)
    assert (np.asarray(changed) >= np.asarray(plain) - 1e-5).all()
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(slope))
    assert abs(float(slope.share)) > 0
    assert abs(float(slope.memory)) > 0


def test_more_years_tell_a_difference_of_places_more_often_and_none_is_told_where_there_is_none():
    rng = np.random.default_rng(0)
    course = np.array([-9, -9, -9, -9, -7, -4, -2.3, -2.1, -3.1, -4.3, -9, -9.0])
    chance = 1 / (1 + np.exp(-course[:, None] - rng.standard_normal(30)))
    rows = power.power(chance, (2, 6), 0.5, block=3, count=40, resamples=100, seed=0)
    few, many = rows
    assert few["difference"] == pytest.approx(many["difference"], abs=0.02)
    assert few["sd"] > many["sd"]
    assert few["real_season"] < many["real_season"]
    assert many["real_circular"] > 0.75
    assert min(r[f"cover_{k}"] for r in rows for k in ("circular", "season")) > 0.8
    alike = chance.mean(axis=1, keepdims=True) + 1e-9 * rng.standard_normal(
        (12, 30)
    )  # places told apart for nothing
    row = power.power(alike, (2,), 0.5, block=3, count=40, resamples=100, seed=1)[0]
    assert abs(row["difference"]) < 0.03
    assert row["real_season"] < 0.15


def test_recent_fires_are_those_known_at_the_origin(fires):
    late = opening.Fires(
        **{**fires.__dict__, "burned": np.zeros_like(fires.burned), "earlier": 0 * fires.earlier}
    )
    t = 50
    late.burned[t] = 1.0
    for lead, first in ((0, t + 1), (1, t + 1), (3, t + 3)):
        found = recent_fires(late, lead)
        assert (found[first : first + 12] == np.log(2.0)).all()
        assert (np.delete(found, np.arange(first, first + 12), axis=0) == 0).all()
    alone = opening.Fires(**{**late.__dict__, "earlier": late.earlier[:0], "earlier_months": late.months[:0]})
    alone.burned[0] = 1.0
    assert recent_fires(alone, 0)[1, 0] == pytest.approx(np.log(13.0))  # one month known, and it burned
    hidden = windows(alone, FIT, np.zeros_like(alone.burned), 0, places=False)
    assert (np.asarray(hidden.recent) == 0).all()


def test_months_in_common_are_integrated_out_and_widen_the_range_of_counts():
    from scipy.integrate import quad
    from scipy.stats import norm

    logits, spread = np.array([-3.0, -1.0, 0.5]), 0.8
    burned = np.array([0.0, 1.0, 1.0])

    def likelihood(z):
        p = 1 / (1 + np.exp(-logits - spread * z))
        return np.prod(np.where(burned > 0, p, 1 - p)) * norm.pdf(z)

    chance = [quad(lambda z, a=a: norm.pdf(z) / (1 + np.exp(-a - spread * z)), -9, 9)[0] for a in logits]
    model = danger.Danger(2, key=jax.random.key(0))
    model = eqx.tree_at(lambda m: m.common, model, jnp.log(spread))

    class Fixed(danger.Danger):
        def __call__(self, w):
            return w

    fixed = Fixed.__new__(Fixed)
    for name, value in model.__dict__.items():
        object.__setattr__(fixed, name, value)
    w = jnp.asarray(logits)[None]
    np.testing.assert_allclose(fixed.chance(w)[0], chance, rtol=2e-4)
    loss = fixed.loss(w, jnp.asarray(burned)[None], jnp.ones((1, 3)), jnp.array([2.0]))
    assert float(loss) == pytest.approx(-2 * np.log(quad(likelihood, -9, 9)[0]), rel=1e-4)
    stacked = jax.tree.map(lambda a: jnp.stack([a]) if eqx.is_array(a) else a, fixed)
    found = counts.ranges(stacked, jnp.full((1, 48), -2.0), 4000, 0)
    assert np.ptp(found["common"][:, 0]) > 1.8 * np.ptp(found["apart"][:, 0])
    from scipy.stats import binom

    p = float(fixed.chance(jnp.full((1, 1), -2.0))[0, 0])
    np.testing.assert_allclose(found["apart"][:, 0], binom.ppf(counts.SHARES, 48, p), atol=1)
    assert counts.inside(found["common"], np.ones((1, 48))).tolist() == [False]


def test_quarters_hold_every_cell_once(fires):
    for quick in (True, False):
        assert (np.sum(quarters(fires, quick), axis=0) == 1).all()


def test_a_known_island_has_the_chances_it_was_made_with():
    ds, history = fire_danger(Island(years=30, history=2, rows=6, columns=6), seed=3)
    assert history.sizes["time"] == 24
    chance, burned = ds["chance_true"].values.ravel(), (ds["burned_area"].values > 0).ravel()
    assert burned.mean() == pytest.approx(chance.mean(), rel=0.06)
    high = chance > 0.3
    assert burned[high].mean() == pytest.approx(chance[high].mean(), abs=0.05)


@pytest.mark.slow
def test_a_run_of_fire_danger_fills_its_folder(small):
    names = set(tree(small.path))
    assert {"results.nc", "scores.csv", "report.html", "ro-crate-metadata.json"} <= names
    assert {"tables/scores.json", "tables/relations.json"} <= names
    for figure in ("reliability", "precision_recall", "worst_month", "relations", "scenario"):
        assert f"figures/{figure}.svg" in names
    assert small.status().stages == ("data", "validation", "time", "space", "results")
    told = small.read_json(small.path / "tables" / "scores.json")
    assert {row["kind"] for row in told["counts"]} == {"common", "apart"}
    assert [row["years"] for row in told["power"]] == [2, 4, 8]
    page = small.report.read_text(encoding="utf-8")
    for title in ("skill above climatology", "Do chances mean", "How far ahead", "as physics expects",
                  "Warmer and drier", "Is the truth found", "What cannot be concluded"):  # fmt: skip
        assert title in page


@pytest.mark.slow
def test_scores_of_fire_are_those_of_the_results(small):
    frame, ds = scores.read(small.scores), results.read(small)
    held = ds["test"].values > 0
    burned = ds["burned"].values[held].ravel()
    for model in ("hybrid", "climatology"):
        chance = ds["chance"].sel(model=model, lead=0).values[held].ravel()
        row = scores.only(frame, model=model, metric="auc", group="lead 0", split="time")
        assert row["value"].item() == pytest.approx(roc_auc_score(burned, chance), abs=1e-5)


@pytest.mark.slow
def test_the_report_of_fire_is_made_from_the_folder_alone(small, tmp_path):
    copied = RunFolder(shutil.copytree(small.path, tmp_path / "elsewhere" / "small"))
    before = tree(copied.path)
    shutil.rmtree(copied.path / "checkpoints")
    shutil.rmtree(copied.path / "figures")
    copied.report.unlink()
    report.build(copied)
    after = tree(copied.path)
    assert all(after[n] == before[n] for n in before if not n.startswith("checkpoints"))


@pytest.mark.slow
def test_the_known_drought_is_recovered():
    config = Config()
    config = config.model_copy(
        update={
            "synthetic": config.synthetic.model_copy(update={"years": 16}),
            "split": config.split.model_copy(update={"fit_last": 2020, "test_last": 2024}),
            "hybrid": config.hybrid.model_copy(update={"members": 4, "steps": 80}),
        }
    )
    island, fit = opening.open_fires(config, None), np.arange(2009, 2021)
    fitted = models.fit_all(island, config, fit, np.ones(island.burned.shape[1], bool), 0, only=())
    rows = {r["name"]: r for r in truth.recovered(island, config, fitted, fit)}
    assert rows["rank correlation of chances, June to September of the test"]["found"] > 0.9
    assert rows["effect of dryness"]["low"] > 0.3  # 0.9 is true: the penalty shrinks it
    assert 0.1 < rows["effect of wind"]["found"] < 0.4
    test = island.years > 2020
    chances = models.mean_chance(fitted, fitted.windows) | {"true": island.truth["chance_true"]}
    told = judge.judge(
        {name: chance[test] for name, chance in chances.items()},
        island.burned[test],
        ("climatology", "climatology_cell"),
        block=3,
        resamples=300,
        bins=10,
        seed=0,
    )
    assert told["hybrid"]["brier skill over climatology_cell"]["low"] > 0
    assert told["hybrid"]["auc - climatology"]["low"] > 0
    assert told["hybrid"]["auc"]["value"] > told["true"]["auc"]["value"] - 0.02


@pytest.mark.slow
def test_a_projection_asks_the_trained_hybrid_and_a_scenario_as_it_was_changes_nothing(small, tmp_path):
    for name in ("present", "warmer_drier"):
        fire_danger_experiment.project(small, name, tmp_path / name)
    told = {n: json.loads((tmp_path / n / "changes.json").read_text()) for n in ("present", "warmer_drier")}
    assert all(row["ratio"] == 1.0 for row in told["present"])
    assert all(row["ratio"] > 1.0 for row in told["warmer_drier"])
    # it is what the run found for the same change
    with xr.open_dataset(tmp_path / "warmer_drier" / "projection.nc") as ds:
        known = results.read(small).sel(model="hybrid")
        np.testing.assert_allclose(ds["chance_changed"], known["chance_changed"], atol=1e-6)
        np.testing.assert_array_equal(ds["outside"], known["outside"])
    with pytest.raises(ScenarioError, match="does not read 'co2'"):
        fire_danger_experiment.project(small, "more_co2", tmp_path / "none")
    assert not (tmp_path / "none").exists()


@pytest.mark.slow
def test_the_nested_evaluation_chooses_in_the_fold_and_holds_every_year_once(fires):
    config = Config.model_validate(
        {"hybrid": {"members": 2, "steps": 5, "ridges": [1.0, 1e4]}, "network": {"members": 2, "steps": 2},
         "trees": {"forest": 5, "boosted": 5}}
    )  # fmt: skip
    years, seen = np.arange(2009, 2012), []
    found = nested.nested(fires, config, years, lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert set(found["ridge"]) <= {1.0, 1e4}
    held = np.isin(fires.years, years)
    for name in models.MODELS:
        assert ((found[name][held] >= 0.0) & (found[name][held] <= 1.0)).all()
        assert np.isnan(found[name][~held]).all()


@pytest.mark.slow
def test_a_fire_danger_run_killed_and_resumed_ends_bit_for_bit_alike(small, tmp_path):
    out = tmp_path / "killed"
    command = [sys.executable, "-m", "experiments.cli", "run", "fire-danger", "--quick", "--out", str(out)]
    sets = [part for text in SMALL for part in ("--set", text)]
    for stage in ("validation", "space", None):
        more = ["--resume"] if out.exists() else sets
        with subprocess.Popen([*command, *more], stdout=subprocess.PIPE, text=True) as run:
            assert run.stdout is not None
            for line in run.stdout:
                if line.split() == [stage]:  # it has begun
                    run.send_signal(signal.SIGKILL)
        assert run.returncode == (-signal.SIGKILL if stage else 0)
    assert results.read(small).identical(results.read(RunFolder(out)))
    assert small.scores.read_bytes() == (out / "scores.csv").read_bytes()
