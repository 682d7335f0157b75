"""Training: it learns, stops by validation, differs by member, and comes back the same from seed and checkpoint."""

from __future__ import annotations

from dataclasses import replace
from unittest import mock

import jax.random as jr
import numpy as np
import pytest
from tinyhybrid import YEAR, days, observed, respiration, respiration_model, same, train, weather

import hybrid
from data.errors import ModelError
from hybrid.train import Checkpoint
from hybrid.train.loss import site_variance, target_losses

SETTINGS = hybrid.Training(
    steps=12, learning_rate=1e-2, parameter_rate=5e-2, weights={"reco": 1.0}, validate_every=4
)


def _members(count, key=0):
    network = {"light": hybrid.Slot("perceptron", ("rsds",), {"width": 4, "depth": 1, "dropout": 0.3})}
    model = respiration_model(
        {"q10": hybrid.Global(), "base_respiration": hybrid.Dynamic(network="light")}, network
    )
    panel = weather()
    model = model.normalised(model.inputs(panel), days(panel, 0, 2 * YEAR))
    return [model.renewed(k) for k in jr.split(jr.key(key), count)]


@pytest.fixture(scope="module")
def panel():
    """Respiration whose base rate follows radiation."""
    base = 2.0 + 0.1 * weather().forcing["rsds"]
    return observed(weather(), reco=respiration(weather(), base=base))


@pytest.fixture(scope="module")
def run(panel, tmp_path_factory):
    """Two members trained without a break, and the events they told."""
    events = []
    path = tmp_path_factory.mktemp("whole") / "whole.ckpt"
    fit = train(_members(2), panel, SETTINGS, checkpoint=Checkpoint(path), on_progress=events.append)
    return fit, events, path


def test_loss_falls(run):
    fit, _, _ = run
    losses = [row["loss"] for row in fit.history]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.9 * losses[0]
    assert fit.history[-1]["validation"] < fit.history[0]["validation"]
    assert [row["step"] for row in fit.history] == [4, 8, 12]
    assert fit.stopped == 12


def test_folds_of_one_design_compile_once(panel):
    """Other days and other first values are arguments of the same compiled step."""
    members, settings = _members(1), replace(SETTINGS, seed=77)
    with mock.patch("hybrid.train.fit.target_losses", wraps=target_losses) as traced:
        train(members, panel, settings)
        once = traced.call_count
        later = replace(panel, targets={n: v + 1.0 for n, v in panel.targets.items()})
        train([m.renewed(jr.key(5)) for m in members], later, settings)
    assert once > 0
    assert traced.call_count == once


def test_a_finished_training_tells_when_it_stopped(panel, tmp_path):
    checkpoint = Checkpoint(tmp_path / "early.ckpt")
    settings = replace(SETTINGS, steps=400, learning_rate=1e-9, parameter_rate=1e-9, patience=1)
    fit = train(_members(1), panel, settings, checkpoint=checkpoint)
    assert fit.stopped < 400
    assert train(_members(1), panel, settings, checkpoint=checkpoint).stopped == fit.stopped


def test_progress_tells_where_training_is(run):
    _, events, _ = run
    assert [e["step"] for e in events] == [4, 8, 12]
    assert all(e["steps"] == 12 and e["eta"] >= 0 and set(e["skill"]) == {"reco"} for e in events)
    assert events[-1]["eta"] == 0
    assert events[-1]["skill"]["reco"] == pytest.approx(1.0 - events[-1]["validation"])


def test_the_program_that_predicts_validates_like_its_own(panel, run):
    """Over a record that goes on for a year after the days that train."""
    fit, _, _ = run
    shorter = panel.window(0, 2 * YEAR)
    members = _members(2)
    whole = train(members, shorter, SETTINGS, whole=members[0].inputs(panel))
    for name in ("validation", "loss", "skill_reco"):
        assert [r[name] for r in whole.history] == pytest.approx([r[name] for r in fit.history], rel=1e-5)
    assert whole.best == pytest.approx(fit.best, rel=1e-5)
    assert whole.history[0]["validation"] != whole.history[-1]["validation"]


def test_members_differ(run):
    fit, _, _ = run
    assert fit.best.shape == (2,)
    assert not same(fit.member(0), fit.member(1))
    assert not np.array_equal(*np.asarray(fit.models.networks["light"].module.out))


def test_seed_gives_the_same_numbers(run, panel):
    assert same(train(_members(2), panel, SETTINGS).models, run[0].models)


class _Killed(Exception):
    pass


def _kill_at(step):
    def told(event):
        if event["step"] == step:
            raise _Killed

    return told


def test_resumed_training_is_bit_identical(run, panel, tmp_path):
    """Killed at two validations, the second after a resume, with dropout on."""
    checkpoint = Checkpoint(tmp_path / "part.ckpt")
    for step in (4, 8):
        with pytest.raises(_Killed):
            train(_members(2), panel, SETTINGS, checkpoint=checkpoint, on_progress=_kill_at(step))
    fit = train(_members(2), panel, SETTINGS, checkpoint=checkpoint)
    whole, _, path = run
    assert same(fit.models, whole.models)
    assert fit.best.tolist() == whole.best.tolist()
    assert fit.history == whole.history
    assert checkpoint.digest() == Checkpoint(path).digest()


def test_finished_training_is_not_done_again(run, panel):
    whole, _, path = run
    events = []
    fit = train(_members(2), panel, SETTINGS, checkpoint=Checkpoint(path), on_progress=events.append)
    assert events == []
    assert same(fit.models, whole.models)


def test_resume_with_another_model(run, panel):
    with pytest.raises(ModelError, match="does not fit the model's networks and parameters"):
        train(_members(3), panel, SETTINGS, checkpoint=Checkpoint(run[2]))


def test_early_stopping_keeps_the_best():
    """What is learned in the first year is wrong in the second, so the first validation is the best."""
    weather_ = weather()
    target = np.where(days(weather_, 0, YEAR), respiration(weather_, 2.5), respiration(weather_, 1.5))
    panel = observed(weather_, reco=target)
    model = respiration_model({"q10": hybrid.Global(1.6)})
    settings = hybrid.Training(
        steps=60, parameter_rate=5e-2, weights={"reco": 1.0}, validate_every=2, patience=3
    )
    fit = train([model], panel, settings)
    judged = [row["validation"] for row in fit.history]
    assert judged == sorted(judged)
    assert len(judged) == 4
    assert fit.stopped == 8
    assert fit.best[0] == judged[0]
    simulated = np.asarray(fit.predict(model.inputs(panel))["reco"])[0]
    held = days(panel, YEAR, 2 * YEAR)
    variance = site_variance(panel.targets["reco"], days(panel, 0, YEAR))
    again = target_losses({"reco": simulated}, panel.targets, {"reco": held * 1.0}, {"reco": variance})
    assert float(again["reco"]) == pytest.approx(fit.best[0], rel=1e-5)


def test_days_that_are_masked_or_held_out_have_no_influence(run, panel):
    """Other values on unobserved and on test days leave every parameter as it was, bit for bit."""
    masks = {"reco": panel.masks["reco"] & (np.arange(panel.shape[0]) % 5 > 0)[:, None]}
    changed = np.where(masks["reco"] & days(panel, 0, 2 * YEAR), panel.targets["reco"], 1e6)
    one = train(_members(1), panel, SETTINGS, masks=masks)
    other = train(_members(1), observed(panel, reco=changed), SETTINGS, masks=masks)
    assert same(one.models, other.models)
    assert one.history == other.history


BAD = {
    "not in the data": ({"gpp": 1.0}, "the target 'gpp' is not in the data"),
    "no observation in training": ({"reco": 1.0}, "the target 'reco' has no observation in the training"),
    "no weight": ({"reco": 0.0}, "no target has a weight"),
    "no target": ({}, "no target has a weight"),
}


@pytest.mark.parametrize("case", BAD)
def test_targets_that_cannot_train(panel, case):
    weights, words = BAD[case]
    masks = {"reco": days(panel, YEAR, 3 * YEAR)}
    with pytest.raises(ModelError) as caught:
        train(_members(1), panel, hybrid.Training(weights=weights), masks=masks)
    told = str(caught.value)
    assert words in told
    assert caught.value.remedy
    assert "\n" not in told
