"""Input data and projections from the command line."""

from __future__ import annotations

import json
import os
from types import SimpleNamespace

import pytest
import toy
from toyfixtures import one_sentence, tree

import data.synthetic
from data.errors import ScenarioError
from data.files import atomic_write_text
from experiments.runfolder import RunFolder


@pytest.fixture
def towers(tmp_path):
    folder = tmp_path / "towers"
    folder.mkdir()
    (folder / "a.nc").write_text("a")
    (folder / "b.nc").write_text("b")
    return folder


@pytest.fixture
def stopped(terrax, towers):
    """A run on data that failed in its second stage; it leaves its folder."""
    assert terrax("run", "toy", "--data", "towers", "--set", "fault=later", "--out", "out").code == 1
    return RunFolder("out")


def test_inputs_are_recorded_with_their_hashes(stopped):
    recorded = json.loads(stopped.data_file.read_text())
    assert [item["path"] for item in recorded["files"]] == ["towers/a.nc", "towers/b.nc"]
    assert all(len(item["sha256"]) == 64 for item in recorded["files"])
    assert stopped.status().state == "failed"
    assert stopped.status().stages == ("first",)


def test_a_resume_finds_its_data_by_itself(terrax, stopped, monkeypatch):
    monkeypatch.setattr(toy, "later", lambda: None)
    assert terrax("run", "toy", "--resume").code == 2  # it lies outside ./runs
    result = terrax("run", "toy", "--resume", "--out", "out")
    assert result.code == 0, result.err
    assert "2 files from" in stopped.report.read_text()


def test_a_resume_takes_data_that_have_moved(terrax, stopped, towers, monkeypatch):
    monkeypatch.setattr(toy, "later", lambda: None)
    (towers.parent / "disk").mkdir()
    towers.rename(towers.parent / "disk" / "towers")
    result = terrax("run", "toy", "--resume", "--out", "out")
    assert "the data of the run are gone" in one_sentence(result)
    assert terrax("run", "toy", "--resume", "--out", "out", "--data", "disk/towers").code == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda towers: (towers / "a.nc").write_text("other"), "'towers/a.nc' has changed"),
        (lambda towers: (towers / "b.nc").unlink(), "'towers/b.nc' is missing"),
        (lambda towers: (towers / "c.nc").write_text("c"), "'towers/c.nc' is new"),
    ],
)
def test_a_resume_refuses_other_data(terrax, stopped, towers, change, words):
    change(towers)
    before = tree(stopped.path)
    result = terrax("run", "toy", "--resume", "--out", "out")
    assert result.code == 2
    assert words in one_sentence(result)
    after = tree(stopped.path)
    assert {name: after[name] for name in after if name != "status.json"} == {
        name: before[name] for name in before if name != "status.json"
    }


def test_data_are_looked_for_under_terrax_data(terrax, towers, monkeypatch, tmp_path):
    monkeypatch.setenv("TERRAX_DATA", str(tmp_path))
    os.makedirs("elsewhere")
    monkeypatch.chdir("elsewhere")
    assert terrax("run", "toy", "--quick", "--data", "towers", "--out", "out").code == 0


def test_check_tells_what_open_sites_would(terrax, tmp_path):
    weather = data.synthetic.weather(["savanna"], years=1, seed=0)
    data.synthetic.write_sites(weather, tmp_path / "made")
    result = terrax("data", "check", "made")
    assert result.code == 0, result.out + result.err
    assert "tas_max" in result.out
    assert json.loads(terrax("data", "check", "made", "--json").out)["ok"] is True
    (tmp_path / "made" / "zz.nc").write_bytes(b"CDF")
    assert terrax("data", "check", "made").code == 1


def test_a_projection_goes_into_the_run_and_its_crate(terrax, finished, tmp_path, monkeypatch):
    def project(folder, scenario, out):
        if scenario == "wet":
            raise ScenarioError("no scenario 'wet'", "", "choose dry")
        atomic_write_text(out / "projection.csv", "1\n")

    monkeypatch.setattr(toy, "project", project, raising=False)
    assert terrax("run", "toy", "--quick", "--out", "out").code == 0
    result = terrax("project", "out", "--scenario", "dry")
    assert result.code == 0, result.err
    assert (tmp_path / "out" / "projections" / "dry" / "projection.csv").exists()
    assert "projections/dry/projection.csv" in (tmp_path / "out" / "ro-crate-metadata.json").read_text()
    assert "no scenario 'wet'" in one_sentence(terrax("project", "out", "--scenario", "wet"))


def test_paper_takes_several_runs(terrax, finished, monkeypatch, tmp_path):
    taken = []
    fake = SimpleNamespace(build=lambda runs, out: taken.extend(runs) or out)
    monkeypatch.setitem(__import__("sys").modules, "experiments.paper", fake)
    result = terrax("paper", "build", "--runs", finished.path, finished.path, "--out", "p.pdf")
    assert result.code == 0, result.err
    assert len(taken) == 2
