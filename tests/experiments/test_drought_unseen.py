"""What members read of sites that are held out, and which designs make the hybrid's ensemble."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from experiments.drought import build
from experiments.drought.config import CLIMATE, FORM, Config
from experiments.drought.ensembles import Ensembles
from experiments.drought.pipeline import settled


def config(**more):
    return Config(**{"split": {"by": "site"}, **more})  # pyright: ignore[reportArgumentType]


def panel(*names):
    return SimpleNamespace(attributes={n: np.zeros(2) for n in names})


def test_members_read_all_climate_and_form_in_turn():
    known = panel("lat", *CLIMATE, *FORM)
    read = [
        [a for a in build.identity(config(), known) if a not in build.hidden(config(), known, m)]
        for m in range(4)
    ]
    assert read == [[*CLIMATE, *FORM], [*CLIMATE], [*FORM], [*CLIMATE, *FORM]]


def test_attributes_that_are_not_known_are_left_out():
    assert build.identity(config(), panel(*CLIMATE)) == [*CLIMATE]


@pytest.mark.parametrize("known", [CLIMATE, FORM])
def test_no_member_is_blind_where_one_kind_alone_is_known(known):
    assert all(build.hidden(config(), panel(*known), m) == () for m in range(3))


def test_attributes_that_were_asked_for_are_read_by_all():
    asked = config(attributes=["elevation"])
    assert build.identity(asked, panel("elevation", *CLIMATE)) == ["elevation"]
    assert all(build.hidden(asked, panel("elevation", *CLIMATE), m) == () for m in range(3))


@pytest.mark.parametrize("by", ["time", "drought"])
def test_known_sites_are_told_apart_by_name(by):
    known = config(split={"by": by})
    assert build.identity(known, panel(*CLIMATE)) == ["site"]
    assert build.hidden(known, panel(*CLIMATE), 1) == ()
    assert Ensembles(known, None, None, "").parts("hybrid") == ("hybrid",)  # pyright: ignore[reportArgumentType]


def test_the_hybrid_has_members_without_weather_where_sites_are_held_out():
    chosen = settled(config(), synthetic=False, quick=False)
    ensembles = Ensembles(chosen, None, None, "")  # pyright: ignore[reportArgumentType]
    assert ensembles.parts("hybrid") == ("hybrid", "static")
    assert ensembles.parts("gru") == ("gru",)
    assert ensembles.settings("static").members == chosen.split.static_members == 3
    assert ensembles.settings("static").steps == chosen.process_train.steps
    alone = settled(config(split={"by": "site", "static_members": 0}), synthetic=False, quick=False)
    assert Ensembles(alone, None, None, "").parts("hybrid") == ("hybrid",)  # pyright: ignore[reportArgumentType]
