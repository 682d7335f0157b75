"""Checkpoints: what is written comes back bit for bit, and what is broken is told in one sentence."""

from __future__ import annotations

import json
import os

import jax.numpy as jnp
import numpy as np
import pytest
from tinyhybrid import same

from data.errors import ModelError
from hybrid.train import Checkpoint

TREE = {
    "weights": jnp.asarray(np.random.default_rng(0).normal(size=(3, 4)), jnp.float32),
    "count": jnp.asarray(7, jnp.int32),
    "empty": jnp.zeros((0, 2)),
    "name": "fixed",
    "extremes": jnp.asarray([1e-45, -0.0, 3.4e38, jnp.inf, jnp.nan], jnp.float32),
}
NOTE = {"step": 3, "best": [0.1 + 0.2, float("inf")], "history": []}


@pytest.fixture
def saved(tmp_path):
    checkpoint = Checkpoint(tmp_path / "deep" / "one.ckpt", "abc")
    assert not checkpoint.exists()
    checkpoint.save(TREE, NOTE)
    return checkpoint


def test_comes_back_bit_for_bit(saved):
    tree, note = saved.load({**TREE, "weights": jnp.zeros((3, 4)), "count": jnp.asarray(0)})
    assert same(tree, TREE)
    assert int(tree["count"]) == 7
    assert tree["name"] == "fixed"
    assert note == NOTE


def test_same_content_same_bytes(saved, tmp_path):
    other = Checkpoint(tmp_path / "two.ckpt", "abc")
    other.save(TREE, NOTE)
    assert other.digest() == saved.digest()


def test_failed_write_keeps_the_old_one(saved, monkeypatch):
    before = saved.path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        saved.save({"weights": jnp.ones(2)}, {})
    assert saved.path.read_bytes() == before
    assert os.listdir(saved.path.parent) == ["one.ckpt"]


def _cut(size):
    return lambda path: path.write_bytes(path.read_bytes()[:size])


def _head(**changes):
    def break_it(path):
        line, _, body = path.read_bytes().partition(b"\n")
        head = {k: v for k, v in {**json.loads(line), **changes}.items() if v is not None}
        path.write_bytes(json.dumps(head).encode() + b"\n" + body)

    return break_it


BROKEN = {
    "empty": (_cut(0), "cut short"),
    "cut in the head": (_cut(40), "cut short"),
    "cut after the head": (lambda p: p.write_bytes(p.read_bytes().partition(b"\n")[0]), "cut short"),
    "cut in the numbers": (_cut(-5), "cut short"),
    "too long": (lambda p: p.write_bytes(p.read_bytes() + b"x"), "cut short"),
    "another format": (_head(magic="terrax checkpoint 0"), "not one of terrax"),
    "no identity": (_head(identity=None), "checkpoint"),
    "no note": (_head(note=None), "checkpoint"),
    "not a mapping": (lambda p: p.write_bytes(b"[1, 2]\n"), "not one of terrax"),
    "not text": (lambda p: p.write_bytes(b"\xff\xfe\x00\x01\n"), "not one of terrax"),
    "unknown type": (_head(leaves=[[[3], "float99"]]), "not one of terrax"),
    "another configuration": (_head(identity="xyz"), "belongs to another configuration"),
    "another shape": (
        lambda p: Checkpoint(p, "abc").save({"weights": jnp.zeros((3, 5))}, NOTE),
        "does not fit the model's networks and parameters",
    ),
    "another type": (
        lambda p: Checkpoint(p, "abc").save({**TREE, "count": jnp.asarray(7.0)}, NOTE),
        "does not fit the model's networks and parameters",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_checkpoint(saved, case):
    break_it, words = BROKEN[case]
    break_it(saved.path)
    with pytest.raises(ModelError) as caught:
        saved.load(TREE)
    told = str(caught.value)
    assert words in told
    assert str(saved.path) in told
    assert told.endswith(".")
    assert "\n" not in told
    assert caught.value.remedy


def test_without_identity_any_configuration_is_taken(saved):
    assert same(Checkpoint(saved.path).load(TREE)[0], TREE)
