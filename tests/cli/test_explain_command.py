"""``terrax explain``: what it refuses, in one sentence, and what it leaves behind."""

from __future__ import annotations

import json
import shutil

import pytest
import toy
from toyfixtures import one_sentence

from experiments.runfolder import RunFolder


@pytest.fixture
def copy(finished, tmp_path):
    """A finished run that may be changed."""
    shutil.copytree(finished.path, tmp_path / "mine")
    return RunFolder(tmp_path / "mine")


def test_an_experiment_without_explain_is_refused(terrax, copy):
    done = terrax("explain", "mine", "--root", ".")
    assert done.code == 2
    assert "the experiment 'toy' has nothing to explain" in one_sentence(done)


def test_a_run_that_is_not_there_is_named(terrax, copy):
    done = terrax("explain", "mime", "--root", ".")
    assert done.code == 2
    assert "no run 'mime'" in one_sentence(done)
    assert "mine" in done.err


def test_an_unfinished_run_is_refused_with_how_to_finish_it(terrax, copy):
    status = json.loads((copy.path / "status.json").read_text())
    (copy.path / "status.json").write_text(json.dumps(status | {"state": "failed"}))
    done = terrax("explain", "mine", "--root", ".")
    assert done.code == 2
    assert "the run is failed" in one_sentence(done)
    assert "terrax run toy --resume" in done.err


def test_explain_runs_the_experiments_own_and_writes_the_report_again(terrax, copy, monkeypatch):
    seen = []

    def explain(folder, tell):
        tell(1, 2)
        tell(2, 2)
        seen.append(folder.path.name)

    monkeypatch.setattr(toy, "explain", explain, raising=False)
    (copy.path / "report.html").unlink()
    done = terrax("explain", "mine", "--root", ".")
    assert (done.code, done.err) == (0, "")
    assert seen == ["mine"]
    assert "explain  step 2/2" in done.out
    assert (copy.path / "report.html").is_file()
    assert copy.status().state == "finished"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"split": {"by": "site"}}, "a run by site has no single model to explain"),
        ({"models": ["climatology"]}, "neither hybrid nor gru"),
    ],
)
def test_a_drought_run_without_a_model_to_explain_is_refused(terrax, tmp_path, settings, words):
    folder = RunFolder(tmp_path / "dry")
    folder.path.mkdir()
    for name, value in (
        ("status.json", {"experiment": "drought", "state": "finished"}),
        ("data.json", {"root": None, "files": []}),
        ("config.yaml", settings),
    ):
        (folder.path / name).write_text(json.dumps(value))
    done = terrax("explain", "dry", "--root", ".")
    assert done.code == 2
    assert words in one_sentence(done)
