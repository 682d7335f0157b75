"""A graph restricts what a hybrid model's networks read: a masked input has no gradient, bad joins are refused."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tinyhybrid import respiration_model, weather

from data.errors import ModelError
from experiments.joins import masked_by_graph
from hybrid import Dynamic, Global, Slot, Static

NAMES = ("tas_min", "tas_max", "rsds", "reco")


def graph(*links: tuple[str, str, int], mark: str = "-->") -> np.ndarray:
    marks = np.zeros((4, 4, 3), "<U3")
    for source, target, lag in links:
        marks[NAMES.index(source), NAMES.index(target), lag] = mark
    return marks


WARM = graph(("tas_min", "reco", 1), ("tas_max", "reco", 0), ("rsds", "tas_max", 0))


def slope_of_radiation(roles, networks) -> float:
    """Largest gradient of a day's respiration by radiation, over sites and days up to it."""
    model = respiration_model(roles, networks)
    inputs = model.inputs(weather())
    inputs = jax.tree.map(lambda a: a[:9] if a.ndim == 2 and a.shape[0] > 9 else a, inputs)

    def total(rsds, model, inputs):
        changed = eqx.tree_at(lambda i: i.forcing["rsds"], inputs, rsds)
        observables, _ = model.forward(changed)
        return jnp.sum(observables["reco"])

    return float(jnp.abs(eqx.filter_jit(jax.grad(total))(inputs.forcing["rsds"], model, inputs)).max())


def test_masked_input_has_no_gradient():
    roles = {"base_respiration": Dynamic(("tas_min", "rsds")), "q10": Global()}
    assert slope_of_radiation(roles, {}) > 0
    masked, networks = masked_by_graph(roles, {}, WARM, {"base_respiration": "reco"}, names=NAMES)
    assert masked["base_respiration"].inputs == ("tas_min",)
    assert masked["q10"] == Global()
    assert slope_of_radiation(masked, networks) == 0.0


def test_shared_network_loses_quiet_inputs_too():
    roles = {"base_respiration": Dynamic(network="n")}
    slots = {"n": Slot("perceptron", ("tas_max", "rsds"), quiet=("rsds", "tas_max"))}
    masked, networks = masked_by_graph(roles, slots, WARM, {"n": ["reco"]}, names=NAMES)
    assert networks["n"].inputs == networks["n"].quiet == ("tas_max",)
    assert masked == roles
    assert slots["n"].inputs == ("tas_max", "rsds")


def test_lags_count_for_networks_without_memory_only():
    inputs = ("tas_min", "tas_max")
    for memory, left in ((False, ("tas_max",)), (True, inputs)):
        roles = {"base_respiration": Dynamic(inputs, memory=memory)}
        masked, _ = masked_by_graph(roles, None, WARM, {"base_respiration": "reco"}, lags=[0], names=NAMES)
        assert masked["base_respiration"].inputs == left


def test_what_the_graph_cannot_know_is_kept():
    roles = {
        "base_respiration": Dynamic(("lai", "rsds", "tas_max")),
        "q10": Static(("lai",)),
    }
    masked, _ = masked_by_graph(roles, None, WARM, {"base_respiration": "reco"}, keep={"lai"}, names=NAMES)
    assert masked["base_respiration"].inputs == ("lai", "tas_max")
    assert masked["q10"].inputs == ("lai",)
    same, _ = masked_by_graph(roles, None, WARM, {"base_respiration": None}, keep={"lai"}, names=NAMES)
    assert same == roles


def test_inputs_go_by_their_names_in_the_graph():
    """Two inputs that are one variable there are read or masked together."""
    roles = {"base_respiration": Dynamic(("warmest", "coldest", "light"))}
    called = {"warmest": "tas_max", "coldest": "tas_max", "light": "rsds"}
    masked, _ = masked_by_graph(roles, None, WARM, {"base_respiration": "reco"}, names=NAMES, called=called)
    assert masked["base_respiration"].inputs == ("warmest", "coldest")


BAD = {
    "no input left": ({"q10": Dynamic(("rsds",))}, WARM, {"q10": "reco"}, "left without input"),
    "no target": ({"q10": Dynamic(("rsds",))}, WARM, {}, "name one under `targets`"),
    "unknown target": ({"q10": Dynamic(("rsds",))}, WARM, {"q10": "recco"}, "did you mean 'reco'?"),
    "unknown input": ({"q10": Dynamic(("lai",))}, WARM, {"q10": "reco"}, "or under `keep` that it is read"),
    "unknown network": ({"q10": Dynamic(("rsds",))}, WARM, {"q1": "reco"}, "did you mean 'q10'?"),
    "undecided": (
        {"q10": Dynamic(("rsds",))},
        graph(("rsds", "reco", 0), mark="o-o"),
        {"q10": "reco"},
        "'o-o'",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_refused(case):
    roles, marks, targets, words = BAD[case]
    with pytest.raises(ModelError) as caught:
        masked_by_graph(roles, None, marks, targets, names=NAMES)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
