"""Runs from the command line, in processes of their own, as a user starts them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time

import pytest
import yaml
from toyfixtures import command, one_sentence, process, tree

from experiments.runfolder import RunFolder

FILES = {
    "config.yaml",
    "environment.json",
    "data.json",
    "status.json",
    "scores.csv",
    "results.nc",
    "report.html",
    "ro-crate-metadata.json",
    "checkpoints/first.json",
    "checkpoints/second.json",
    "figures/skill.svg",
    "figures/skill.png",
}


def test_a_run_fills_its_folder_and_two_runs_are_equal(tmp_path):
    (tmp_path / "my.yaml").write_text("slope: 1.5\ntrain: {steps: 12}\n")
    arguments = ("run", "toy", "--config", "my.yaml", "--set", "train.rate=0.2", "--out")
    result = process(*arguments, "one", cwd=tmp_path)
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[0] == "toy -> one"
    assert any(line.startswith("first") and "12/12" in line and "gpp=" in line for line in lines)
    assert lines[-1] == f"report: {os.path.join('one', 'report.html')}"
    one = tree(tmp_path / "one")
    assert set(one) == FILES | {".lock"}
    config = yaml.safe_load(one["config.yaml"])
    assert config["train"] == {"steps": 12, "rate": 0.2, "optimiser": "sgd"}
    environment = json.loads(one["environment.json"])
    assert environment["versions"]["jax"]
    assert environment["seeds"] == {"seed": 0}
    assert set(environment["git"]) == {"commit", "dirty"}
    assert json.loads(one["status.json"])["state"] == "finished"

    assert process("run", "toy", "--config", "one/config.yaml", "--out", "two", cwd=tmp_path).code == 0
    two = tree(tmp_path / "two")
    for name in (
        "scores.csv",
        "config.yaml",
        "figures/skill.svg",
        "figures/skill.png",
        "checkpoints/second.json",
    ):
        assert one[name] == two[name], name


def test_a_default_folder_lies_under_runs_and_quick_is_kept(terrax, tmp_path):
    assert terrax("run", "toy", "--quick").code == 0
    listed = json.loads(terrax("runs", "--json").out)
    assert [run["state"] for run in listed] == ["finished"]
    assert listed[0]["quick"] is True
    assert listed[0]["path"].startswith(os.path.join("runs", "toy-"))
    name = os.path.basename(listed[0]["path"])
    shown = json.loads(terrax("show", name, "--json").out)
    assert {row["model"] for row in shown["medians"]} == {"hybrid", "gru"}
    assert "finished" in terrax("show", name).out
    assert terrax("report", name).code == 0


def test_a_plain_table_of_runs(terrax, finished):
    result = terrax("runs", "--root", finished.path.parent)
    assert result.out.splitlines()[0].split() == ["run", "experiment", "state", "started", "stages", "done"]
    assert "first, second" in result.out
    assert "no runs under runs" in terrax("runs").out


def test_a_finished_run_resumed_stays_as_it_is(terrax, finished):
    before = tree(finished.path)
    result = terrax("run", "toy", "--resume", "--out", finished.path)
    assert result.code == 0
    assert "finished already" in result.out
    assert tree(finished.path) == before


def test_a_mistake_found_before_the_first_stage_leaves_nothing(terrax, tmp_path):
    for out in ([], ["--out", "out"]):
        result = terrax("run", "toy", "--set", "fault=data", *out)
        assert result.code == 2
        assert one_sentence(result) == "terrax: the forcing has gaps (FR-Pue): fill them."
    assert tree(tmp_path) == {}


def test_an_unexpected_error_is_one_sentence_and_exit_1(terrax, tmp_path):
    result = terrax("run", "toy", "--set", "fault=bug", "--out", "out")
    assert result.code == 1
    assert one_sentence(result) == (
        "terrax: unexpected ZeroDivisionError, division by zero in two lines: run again with --debug."
    )
    assert RunFolder(tmp_path / "out").status().state == "failed"
    assert "division by zero" in terrax("show", "out").out


def test_debug_shows_the_traceback(tmp_path):
    result = process("run", "toy", "--set", "fault=bug", "--debug", cwd=tmp_path)
    assert result.code == 1
    assert "Traceback" in result.err
    assert "ZeroDivisionError" in result.err


def _start(folder, *arguments):
    # a shell has what it runs in the background ignore Ctrl-C, and a child inherits that
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    run = subprocess.Popen(
        command("run", "toy", "--set", "pause=0.05", "--out", "out", *arguments),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    signal.signal(signal.SIGINT, previous)
    checkpoint = folder / "out" / "checkpoints" / "first.json"
    for _ in range(600):
        if checkpoint.exists() or run.poll() is not None:
            break
        time.sleep(0.05)
    return run


def test_control_c_says_how_to_resume(tmp_path, terrax):
    run = _start(tmp_path)
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 130
    assert err == "terrax: stopped; resume with terrax run toy --resume --out out.\n"
    assert RunFolder(tmp_path / "out").status().state == "interrupted"
    assert "go on" in terrax("show", "out").out
    assert terrax("run", "toy", "--resume", "--out", "out").code == 0


def test_two_runs_never_write_one_folder(tmp_path, terrax):
    run = _start(tmp_path)
    try:
        for arguments in (["--resume"], ["--resume", "--set", "seed=1"], []):
            result = terrax("run", "toy", "--out", "out", *arguments)
            assert result.code == 2
            one_sentence(result)
        assert terrax("report", "out").code == 2
        assert RunFolder(tmp_path / "out").status().state == "running"
        assert json.loads(terrax("show", "out", "--json").out)["state"] == "running"
    finally:
        run.kill()
        run.communicate(timeout=60)
    assert RunFolder(tmp_path / "out").status().state == "interrupted"


def test_a_pipe_that_closes_early_is_no_error(tmp_path):
    line = " ".join(f"'{part}'" for part in command("show-config", "toy", "--schema"))
    done = subprocess.run(
        ["bash", "-c", f"{line} | head -c 10"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""


def test_bench_writes_json_and_fails_where_a_target_is_missed(terrax, tmp_path):
    result = terrax("bench", "toy", "--json", "bench.json")
    assert result.code == 1
    assert "missed: error" in result.err
    content = json.loads((tmp_path / "bench.json").read_text())
    assert list(content) == ["bench", "versions", "rows"]
    keys = ["name", "value", "unit", "peer", "peer_value", "ratio", "target", "ok"]
    assert all(list(row) == keys for row in content["rows"])
    assert [row["ok"] for row in content["rows"]] == [True, True, True, False]
    assert content["rows"][0]["ratio"] == 2.0
    assert content["rows"][1]["target"] is None
    assert terrax("bench", "toy", "--quick").code == 0


def test_doctor_finds_this_installation_sound(terrax):
    result = terrax("doctor", "--json")
    assert result.code == 0, result.out
    findings = json.loads(result.out)
    packages = [item["text"] for item in findings if item["topic"] == "package"]
    assert packages == [
        f"'{name}' is terrax's own" for name in ("data", "hybrid", "causal", "xai", "experiments")
    ]
    assert {"python", "version", "speed", "device", "data", "runs"} <= {item["topic"] for item in findings}


def test_doctor_finds_missing_data(terrax, monkeypatch, tmp_path):
    monkeypatch.setenv("TERRAX_DATA", str(tmp_path / "none"))
    result = terrax("doctor")
    assert result.code == 1
    assert "does not exist" in result.out


def test_doctor_finds_a_package_that_hides_terraxs_own(tmp_path):
    (tmp_path / "xai").mkdir()
    (tmp_path / "xai" / "__init__.py").write_text("")
    result = process("doctor", cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert result.code == 1
    wrong = [line for line in result.out.splitlines() if "WRONG" in line]
    assert len(wrong) == 1
    assert "import xai finds" in wrong[0]


def test_show_config_reads_back(terrax, tmp_path):
    printed = terrax("show-config", "toy", "--set", "split.by=site").out
    assert "# Steps of gradient descent. [>= 1 and <= 10000]" in printed
    (tmp_path / "again.yaml").write_text(printed)
    assert terrax("show-config", "toy", "--config", "again.yaml").out == printed
    schema = json.loads(terrax("show-config", "toy", "--schema").out)
    assert schema["additionalProperties"] is False
    assert "| `train.steps` | `30` | >= 1 and <= 10000 |" in terrax("show-config", "toy", "--markdown").out


def test_compare_prints_and_writes_a_page(terrax, finished, tmp_path):
    assert terrax("run", "toy", "--quick", "--set", "slope=1.0", "--out", "other").code == 0
    result = terrax("compare", finished.path, "other", "--out", "page.html")
    assert result.code == 0, result.err
    assert "slope" in result.out
    page = (tmp_path / "page.html").read_text()
    assert "data:image/svg+xml" in page
    assert "Settings that differ" in page
    assert terrax("compare", "other", "other").code == 2


@pytest.mark.parametrize("width", ["40", "200"])
def test_a_terminal_shows_a_live_table(tmp_path, width):
    pty = pytest.importorskip("pty")
    leader, follower = pty.openpty()
    run = subprocess.Popen(
        command("run", "toy", "--quick"),
        cwd=tmp_path,
        stdout=follower,
        stderr=subprocess.PIPE,
        env={**os.environ, "TERM": "xterm", "COLUMNS": width},
    )
    os.close(follower)
    text = b""
    while True:
        try:
            block = os.read(leader, 65536)
        except OSError:
            break
        if not block:
            break
        text += block
    assert run.wait(60) == 0, run.stderr.read()
    run.stderr.close()
    assert "✓ second" in text.decode() or "second" in text.decode()
    assert b"report:" in text
