"""Roles and networks that do not fit a process: one sentence with the nearest name, before any array exists."""

from __future__ import annotations

import pytest
from tinyhybrid import bucket

import hybrid
from data.errors import ModelError
from hybrid import Dynamic, Global, Learned, Slot, Static

GRU = {"n": Slot("gru", ("rsds", "water"))}

BAD = {
    "unknown parameter": ({"capacty": Global()}, {}, "did you mean 'capacity'?"),
    "unknown law": ({"evaporatio": Learned(("rsds",))}, {}, "did you mean 'evaporation'?"),
    "parameter as law": ({"capacity": Learned(("rsds",))}, {}, "'capacity' is no rate law"),
    "unknown network": (
        {"capacity": Dynamic(network="m")},
        {"n": Slot("table", ())},
        "names the network 'm'",
    ),
    "second network unknown": (
        {"capacity": Dynamic(network=["one", "wto"])},
        {"one": Slot("perceptron", ("rsds",)), "two": Slot("perceptron", ("pr",))},
        "did you mean 'two'?",
    ),
    "unknown input": ({"capacity": Dynamic(("rsd",))}, {}, "did you mean 'rsds'?"),
    "recurrent network reads a pool": (
        {"capacity": Dynamic(network="n")},
        GRU,
        "reads 'water', which depend on",
    ),
    "static role reads weather": ({"capacity": Static(("rsds",))}, {}, "one value per site"),
    "initial content reads weather": ({"initial_water": Dynamic(("rsds",))}, {}, "one value per site"),
    "neither inputs nor network": ({"capacity": Dynamic()}, {}, "neither inputs nor a network"),
    "cycle": ({"capacity": Dynamic(("evaporation",))}, {}, "need each other"),
    "not a role": ({"capacity": "global"}, {}, "the role of 'capacity' is 'global'"),
    "start out of bounds": ({"capacity": Global(1000.0)}, {}, "outside its bounds"),
    "bounds swapped": ({"evaporation": Learned(("rsds",), 5.0, 1.0, 2.0)}, {}, "not below upper bound"),
    "unknown kind": ({"capacity": Dynamic(network="n")}, {"n": Slot("lstm", ("rsds",))}, "unknown kind"),
    "unknown option": (
        {"capacity": Dynamic(network="n")},
        {"n": Slot("perceptron", ("rsds",), {"widht": 3})},
        "does not take these options",
    ),
    "quiet input that is none": (
        {"capacity": Dynamic(network="n")},
        {"n": Slot("perceptron", ("rsds",), quiet=("pr",))},
        "'pr' cannot be quiet",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_refused(case):
    roles, networks, words = BAD[case]
    with pytest.raises(ModelError) as caught:
        hybrid.Model(bucket(), roles, networks)
    told = str(caught.value)
    assert words in told
    assert told.endswith((".", "?"))
    assert "\n" not in told


def test_unused_network_is_left_out():
    model = hybrid.Model(bucket(), {"capacity": Global()}, {"n": Slot("perceptron", ("rsds",))})
    assert not model.networks
    assert set(model.centres()) == {"capacity"}


def test_networks_that_share_drive_in_order():
    roles = {"growth_rate": Dynamic(network="n"), "capacity": Dynamic(network="n")}
    model = hybrid.Model(bucket(), roles, {"n": Slot("perceptron", ("rsds", "water"))})
    assert model.design.outputs == {"n": ("growth_rate", "capacity")}
    assert set(model.centres()) == {"growth_rate", "capacity"}
