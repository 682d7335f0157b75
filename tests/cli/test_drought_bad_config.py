"""Broken configurations of the drought experiment: exit code 2, one sentence, and no folder left."""

from __future__ import annotations

import os

import pytest
from toyfixtures import one_sentence

SMALL = """
synthetic: {years: 3, climates: [savanna, boreal]}
split: {by: time, train_years: 2}
train: {steps: 2, members: 1, validate_every: 1}
models: [hybrid, climatology]
"""

KEYS = {
    "unknown key": ("spilt: {by: time}", "did you mean 'split'?"),
    "unknown nested key": ("train: {step: 3}", "unknown key 'train.step' (bad.yaml, line 2): did you mean"),
    "unknown key of a role": ("roles: {plant_q10: {rol: global}}", "did you mean 'role'?"),
    "unknown key of a network": ("networks: {n: {inputs: [vpd], widht: 4}}", "did you mean 'width'?"),
    "unknown split": ("split: {by: tme}", "did you mean 'time'?"),
    "no training year": ("split: {train_years: 0}", "'split.train_years' is 0"),
    "one fold": ("split: {by: site, folds: 1}", "'split.folds' is 1"),
    "negative seed": ("seed: -1", "'seed' is -1"),
    "steps of no number": ("train: {steps: many}", "'train.steps' is 'many'"),
    "rate out of bounds": ("train: {learning_rate: 2}", "'train.learning_rate' is 2"),
    "clip of zero": ("train: {clip: 0}", "'train.clip' is 0"),
    "no member": ("train: {members: 0}", "'train.members' is 0"),
    "unknown target": ("targets: {npp: 1.0}", "npp"),
    "negative weight": ("targets: {gpp: -1.0}", "'targets.gpp' is -1"),
    "unknown model": ("models: [hybird]", "did you mean 'hybrid'?"),
    "unknown kind of network": ("networks: {n: {kind: lstm, inputs: [vpd]}}", "'networks.n.kind' is 'lstm'"),
    "network without inputs": ("networks: {n: {kind: gru}}", "networks.n.inputs"),
    "dropout out of bounds": ("gru: {dropout: 1.0}", "'gru.dropout' is 1"),
    "unknown role": ("roles: {plant_q10: {role: variable}}", "'roles.plant_q10.role' is 'variable'"),
    "unknown solver": ("integrate: {solver: hewn}", "did you mean 'heun'?"),
    "gaps out of bounds": ("synthetic: {gaps: 1.0}", "'synthetic.gaps' is 1"),
    "graph without targets": ("graph: {file: found.nc}", "graph.targets"),
    "unknown key of a graph": ("graph: {file: found.nc, targets: {}, caled: {}}", "did you mean 'called'?"),
    "fill of no kind": ("fill: linear", "'fill' is 'linear'"),
}

MODELS = {
    "unknown parameter": (
        "roles: {plant_q01: {role: global}}",
        "'plant_q01' is no parameter of the process did you mean 'plant_q10'?",
    ),
    "unknown rate law": (
        "roles: {soil_evaporatio: {role: learned, inputs: [vpd]}}",
        "did you mean 'soil_evaporation'?",
    ),
    "unknown network": (
        "roles: {plant_q10: {role: dynamic, network: drynes}}\nnetworks: {dryness: {inputs: [vpd]}}",
        "did you mean 'dryness'?",
    ),
    "unknown input": (
        "roles: {plant_q10: {role: dynamic, inputs: [vdp]}}",
        "did you mean 'vpd'?",
    ),
    "recurrent network reads a pool": (
        "roles: {half_wetness: {role: dynamic, network: n}}\nnetworks: {n: {kind: gru, inputs: [soil_root]}}",
        "a recurrent network reads 'soil_root'",
    ),
    "recurrent network reads attributes alone": (
        "roles: {half_wetness: {role: dynamic, network: n}}\nnetworks: {n: {kind: gru, inputs: [lat]}}",
        "a recurrent network reads attributes alone",
    ),
    "static role reads weather": (
        "roles: {half_wetness: {role: static, inputs: [vpd]}}",
        "'half_wetness' takes one value per site but its network reads values that change in time",
    ),
    "dynamic start of a pool": (
        "roles: {initial_snow: {role: dynamic, inputs: [vpd]}}",
        "'initial_snow' takes one value per site",
    ),
    "dynamic time constant": (
        "roles: {phenology_time: {role: dynamic, inputs: [vpd]}}",
        "'phenology_time'",
    ),
    "neither inputs nor network": ("roles: {plant_q10: {role: dynamic}}", "neither inputs nor a network"),
    "network that reads what it drives": (
        "roles: {light_use_efficiency: {role: dynamic, inputs: [potential_photosynthesis]}}",
        "need each other",
    ),
    "start out of bounds": ("roles: {plant_q10: {role: global, value: 9.0}}", "'plant_q10'"),
    "fixed value out of bounds": ("roles: {plant_q10: {role: fixed, value: 9.0}}", "'plant_q10'"),
    "bounds of a law swapped": (
        "roles: {soil_evaporation: {role: learned, inputs: [vpd], lower: 5.0, upper: 1.0}}",
        "soil_evaporation",
    ),
    "unknown input of the pure network": ("models: [gru]\ngru: {inputs: [vdp]}", "vdp"),
    "no target with a weight": ("targets: {gpp: 0.0}", "weight"),
    "no target": ("targets: {}", "target"),
    "unknown climate": ("synthetic: {climates: [boreall]}", "did you mean 'boreal'?"),
    "no climate": ("synthetic: {climates: []}", "climate"),
    "record too short": ("split: {by: time, train_years: 3}", "leave none to test"),
    "more folds than sites": ("split: {by: site, folds: 5}", "5"),
    "unknown scenario": ("scenarios: [wamer]", "did you mean 'warmer'?"),
    "scenario of nowhere": ("scenarios: [no/such.yaml]", "no scenario and no file"),
    "graph of nowhere": (
        "graph: {file: no/such.nc, targets: {dryness: gpp}}",
        "there is no such graph (graph.file, no/such.nc)",
    ),
    "graph that is none": (
        "graph: {file: bad.yaml, targets: {dryness: gpp}}",
        "the file holds no graph",
    ),
    "no model": ("models: []", "models"),
    "nothing to learn": ("roles: {plant_q10: {role: fixed}}", "no parameter is learned"),
    "model twice": ("models: [climatology, climatology]", "models"),
    "memory of no days": ("memory_days: [0]", "memory_days"),
}


def _config(text):
    """The small configuration with some keys replaced."""
    given = {line.partition(":")[0] for line in text.splitlines()}
    return (
        "\n".join([line for line in SMALL.splitlines() if line.partition(":")[0] not in given]) + "\n" + text
    )


@pytest.fixture(autouse=True)
def _sites_once(monkeypatch):
    """Make the synthetic sites of a configuration once for all tests."""
    from experiments.drought import world

    def held(config):
        key = f"{config.seed} {config.synthetic.model_dump_json()}"
        if key not in HELD:
            HELD[key] = make(config)
        return HELD[key]

    make = world.synthetic_sites
    monkeypatch.setattr(world, "synthetic_sites", held)


HELD = {}


@pytest.mark.parametrize("case", [*KEYS, *MODELS])
def test_broken_configuration(terrax, tmp_path, case):
    text, words = (KEYS | MODELS)[case]
    text = text if case in KEYS else _config(text)
    (tmp_path / "bad.yaml").write_text("\n" + text)
    result = terrax("run", "drought", "--config", "bad.yaml", "--out", "out")
    assert result.code == 2, result.err
    assert words in one_sentence(result)
    assert sorted(os.listdir(tmp_path)) == ["bad.yaml"]
