"""The run folder: state, lock, leftovers, inputs and finding runs."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest
import xarray as xr

from data.errors import RunError
from experiments.context import Context
from experiments.lock import FolderLock, held
from experiments.progress import Progress
from experiments.runfolder import RunFolder, Status, default_path, find, locate


@pytest.fixture
def folder(tmp_path):
    found = RunFolder(tmp_path / "runs" / "toy-1")
    found.path.mkdir(parents=True)
    found.write_status(Status("toy", "running", started="2026-01-01T00:00:00Z"))
    return found


@pytest.fixture
def context(folder):
    return Context(None, None, False, False, folder, Progress(stream=io.StringIO()))


def test_running_means_that_a_process_holds_the_lock(folder):
    assert folder.status().state == "interrupted"
    with folder.locked():
        assert folder.status().state == "running"
        code = (
            "import sys; from experiments.runfolder import RunFolder; "
            "print(RunFolder(sys.argv[1]).status().state)"
        )
        other = subprocess.run(
            [sys.executable, "-c", code, folder.path], capture_output=True, text=True, check=True
        )
        assert other.stdout.strip() == "running"
    assert folder.status().state == "interrupted"


def test_the_lock_names_its_holder(folder):
    with folder.locked(), pytest.raises(RunError, match=r"process \d+ is writing this run folder"):
        FolderLock(folder.path).acquire()
    assert not held(folder.path)
    FolderLock(folder.path).acquire()


def test_stages_are_done_once(context):
    ran = []
    for _ in range(2):
        for name in ("a", "b"):
            with context.stage(name) as todo:
                if todo:
                    ran.append(name)
    assert ran == ["a", "b"]
    assert context.folder.status().stages == ("a", "b")
    assert set(context.folder.status().seconds) == {"a", "b"}


def test_a_stage_that_fails_is_not_done(context):
    with pytest.raises(ZeroDivisionError), context.stage("a"):
        raise ZeroDivisionError
    assert not context.done("a")


def test_inputs_are_recorded_and_must_stay(context):
    files = [{"path": "x/a.nc", "sha256": "1"}, {"path": "x/b.nc", "sha256": "2"}]
    data = xr.Dataset(attrs={"source_files": json.dumps(files)})
    context.inputs(data)
    context.inputs(data)
    assert context.folder.read_json(context.folder.data_file)["files"] == files
    for changed, words in (
        ([{"path": "x/a.nc", "sha256": "9"}, files[1]], "'x/a.nc' has changed"),
        ([files[0]], "'x/b.nc' is missing"),
        ([*files, {"path": "x/c.nc", "sha256": "3"}], "'x/c.nc' is new"),
    ):
        with pytest.raises(RunError, match=words):
            context.inputs(changed)


def test_leftovers_are_cleaned_and_nothing_else(folder):
    (folder.figures / ".skill.svg.ab12_cd9.svg").write_text("half")
    (folder.checkpoints / ".fit.eqx.abcdefgh.eqx").write_text("half")
    (folder.path / ".results.zarr.abcdefgh.zarr").mkdir()
    (folder.path / ".notes").write_text("mine")
    (folder.path / "scores.csv").write_text("whole")
    removed = folder.clean()
    assert len(removed) == 3
    assert (folder.path / ".notes").exists()
    assert (folder.path / "scores.csv").exists()


def test_runs_are_found_oldest_first_and_by_name(folder, tmp_path):
    root = tmp_path / "runs"
    second = RunFolder(root / "toy-0")
    second.path.mkdir()
    second.write_status(Status("other", "finished", started="2026-02-01T00:00:00Z"))
    (root / "notes").mkdir()
    (root / "file").write_text("x")
    assert [run.name for run in find(root)] == ["toy-1", "toy-0"]
    assert [run.name for run in find(root, "other")] == ["toy-0"]
    assert locate("toy-1", root).path == folder.path
    assert locate(str(folder.path)).path == folder.path
    with pytest.raises(RunError, match="did you mean 'toy-1'"):
        locate("toy-11", root)
    assert find(tmp_path / "none") == []


def test_unknown_keys_of_later_versions_are_passed_over(folder):
    raw = json.loads((folder.path / "status.json").read_text())
    (folder.path / "status.json").write_text(json.dumps({**raw, "new": 1}))
    assert folder.status().experiment == "toy"


def test_default_paths_never_meet(tmp_path):
    first = default_path("toy", tmp_path)
    first.mkdir()
    assert default_path("toy", tmp_path) != first
