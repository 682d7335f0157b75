"""A causal graph in the configuration masks what the networks of a run read, and the run tells which."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import causal
from data.errors import TerraxError
from data.files import sha256
from experiments import config as configuration
from experiments.drought import pipeline
from experiments.drought.config import Config
from experiments.drought.masks import restricted
from experiments.drought.prepare import prepare
from experiments.execute import execute
from experiments.runfolder import RunFolder

TINY = """
models: [hybrid, climatology]
split: {by: time, train_years: 2}
synthetic: {years: 3, climates: [savanna, boreal]}
train: {steps: 2, members: 1, validate_every: 1, patience: 0}
roles:
  light_use_efficiency: {role: dynamic, network: weather}
networks:
  weather: {kind: perceptron, inputs: [vpd, rsds, mean_annual_temperature], width: 4, depth: 1, dropout: 0.0}
scenarios: [warmer]
memory_days: [30]
"""
GRAPH = "graph: {file: found.nc, targets: {weather: gpp}, called: {vpd: dryness, mean_annual_temperature: warmth}}\n"
VARIABLES = ("dryness", "rsds", "warmth", "gpp")


def write_graph(path: Path, *links: tuple[str, str, int, str]) -> None:
    """A graph of four variables with the links given, as a file."""
    sizes = (len(VARIABLES), len(VARIABLES), 2)
    marks = np.zeros(sizes, "<U3")
    for source, target, lag, mark in links:
        marks[VARIABLES.index(source), VARIABLES.index(target), lag] = mark
    dims = ("source", "target", "lag")
    coords = {"source": list(VARIABLES), "target": list(VARIABLES), "lag": [0, 1]}
    causal.write(xr.Dataset({"graph": (dims, marks), "val": (dims, np.zeros(sizes))}, coords), path)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder to be in, with a graph in which dryness alone acts on productivity."""
    monkeypatch.chdir(tmp_path)
    write_graph(tmp_path / "found.nc", ("dryness", "gpp", 0, "-->"), ("rsds", "dryness", 1, "-->"))
    return tmp_path


def configured(text: str) -> Config:
    Path("tiny.yaml").write_text(text, encoding="utf-8")
    return configuration.load(Config, Path("tiny.yaml"))


def settled(text: str) -> Config:
    config = pipeline.settled(configured(text), synthetic=True, quick=False)
    return restricted(config, RunFolder(Path("out")))


def test_networks_keep_parents_alone(here):
    networks = settled(TINY + GRAPH).networks
    assert networks["weather"].inputs == ["vpd"]
    assert settled(TINY) == pipeline.settled(configured(TINY), synthetic=True, quick=False)


def test_roles_with_inputs_of_their_own_and_kept_inputs(here):
    text = TINY.replace("network: weather", "inputs: [rsds, vpd, lat]")
    graph = "graph: {file: found.nc, targets: {light_use_efficiency: [gpp]}, called: {vpd: dryness}, keep: [lat]}\n"
    roles = settled(text + graph).roles
    assert roles["light_use_efficiency"].inputs == ["vpd", "lat"]


def test_the_copy_of_the_run_counts(here):
    """A run goes on with the graph it began with, though the file is gone."""
    (here / "out").mkdir()
    shutil.move("found.nc", "out/graph.nc")
    networks = settled(TINY + GRAPH).networks
    assert networks["weather"].inputs == ["vpd"]


BAD = {
    "no such file": (
        (),
        GRAPH.replace("found.nc", "fuond.nc"),
        "there is no such graph (graph.file, fuond.nc)",
    ),
    "a folder": ((), GRAPH.replace("found.nc", "."), "the graph is a folder (graph.file, .)"),
    "no netCDF": ((), GRAPH.replace("found.nc", "tiny.yaml"), "the file holds no graph"),
    "no graph in it": (
        (),
        GRAPH.replace("found.nc", "plain.nc"),
        "there is no graph with the dimensions source",
    ),
    "no such target": (
        (),
        GRAPH.replace("gpp", "gp"),
        "no variable 'gp' for the network to stand for did you mean",
    ),
    "no such network": (
        (),
        GRAPH.replace("weather:", "wether:"),
        "'wether' is no network did you mean 'weather'?",
    ),
    "no target": (
        (),
        GRAPH.replace("weather: gpp", ""),
        "nothing says which variable of the graph it stands for",
    ),
    "input not in the graph": (
        (),
        GRAPH.replace("vpd: dryness, ", ""),
        "the graph has no variable 'vpd' (network weather, found.nc): say under `called`",
    ),
    "input called wrongly": (
        (),
        GRAPH.replace("dryness", "drynes"),
        "'drynes', as which 'vpd' is read did you mean",
    ),
    "kept input that none reads": (
        (),
        GRAPH.replace("file:", "keep: [rdss], file:"),
        "no network reads 'rdss' did you mean 'rsds'? (graph.keep)",
    ),
    "no parent": ((("gpp", "dryness", 1, "-->"),), GRAPH, "the graph has no link from vpd, rsds"),
    "undecided": ((("dryness", "gpp", 0, "o-o"),), GRAPH, "'o-o', which does not say what causes what"),
    "lag of the graph": ((), GRAPH.replace("file:", "lags: [2], file:"), "the graph has no lag 2"),
    "negative lag": ((), GRAPH.replace("file:", "lags: [-1], file:"), "graph.lags"),
    "no targets at all": ((), "graph: {file: found.nc}\n", "graph.targets"),
    "unknown key": ((), GRAPH.replace("called:", "caled:"), "did you mean 'called'?"),
    "no hybrid": ((), GRAPH + "models: [climatology]\n", "a graph masks the hybrid, which is not run"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_graph_is_one_sentence_and_leaves_no_folder(here, case):
    """Exit code 2 is what the command line makes of a TerraxError; nothing is left on disk."""
    links, graph, words = BAD[case]
    xr.Dataset({"gpp": ("time", [1.0])}).to_netcdf("plain.nc")
    if links:
        write_graph(here / "found.nc", *links)
    text = TINY.replace("models: [hybrid, climatology]\n", "") if "models" in graph else TINY
    Path("tiny.yaml").write_text(text + graph, encoding="utf-8")
    with pytest.raises(TerraxError) as caught:
        execute("drought", config_file=Path("tiny.yaml"), out=Path("run"))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not Path("run").exists()


@pytest.mark.slow
def test_a_masked_input_moves_nothing_in_a_run(here, monkeypatch):
    """From command to report: only the parent moves the trained networks, and the folder tells which were masked."""
    Path("tiny.yaml").write_text(TINY + GRAPH, encoding="utf-8")
    folder = execute("drought", config_file=Path("tiny.yaml"), out=Path("run"))
    digest = sha256(here / "found.nc")
    told = json.loads((folder.path / "tables" / "graph.json").read_text())
    assert told["sha256"] == digest
    assert told["networks"] == [
        {
            "network": "weather",
            "target": "gpp",
            "read": ["vpd"],
            "masked": ["rsds", "mean_annual_temperature"],
        }
    ]
    assert {"path": "found.nc", "sha256": digest} in folder.read_json(folder.data_file)["files"]
    assert digest in folder.crate.read_text()
    assert "What the networks may read" in folder.report.read_text()
    (here / "found.nc").unlink()  # what is left reads the copy of the run
    assert response(folder, "mean_annual_temperature", 3.0) == (0.0, 0.0)
    assert response(folder, "rsds", 3.0)[1] == 0.0
    assert response(folder, "vpd", 3.0)[1] > 1e-4
    pipeline.project_run(folder, "warmer", here / "projected")
    assert (here / "projected" / "projection.nc").is_file()


def response(folder: RunFolder, name: str, more: float) -> tuple[float, float]:
    """Largest change of GPP and of the parameter that the network moves, as an input rises by `more`."""
    import dataclasses

    from experiments.drought.ensembles import Ensembles

    config = restricted(pipeline.settled(folder.load_config(Config), synthetic=True, quick=False), folder)
    prepared = prepare(config, None)
    model = Ensembles(config, prepared, folder, pipeline.identity_of(config)).members("hybrid")
    import jax

    one = jax.tree.map(lambda a: a[0] if hasattr(a, "ndim") and a.ndim else a, model)
    panel = prepared.panel
    part = "attributes" if name in panel.attributes else "forcing"
    held = getattr(panel, part)
    moved = dataclasses.replace(panel, **{part: held | {name: held[name] + np.float32(more)}})
    before, after = one.simulate(panel), one.simulate(moved)
    gpp = np.abs(np.asarray(after.observables["gpp"] - before.observables["gpp"])).max()
    driven = np.asarray(after.values["light_use_efficiency"] - before.values["light_use_efficiency"])
    return float(gpp), float(np.abs(driven).max())
