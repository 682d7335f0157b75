"""Peers in environments of their own: the protocol, what happens without them, and what is compared."""

import math
import sys

import numpy as np
import pytest

from experiments.benches import peer_environment as environment
from experiments.benches import peer_process as process
from experiments.benches.fire import rates_peer, spread_peer, weather_peer
from hybrid.fire.index import daylength

SERVE = spread_peer.PEER.script.parent
SCRIPT = """
import os, sys, time
sys.path.insert(0, {folder!r})
from serve import serve, timed
def twice(x):
    print("a library prints")
    return {{"x": 2 * x}}
def wrong():
    raise ValueError("no such fuel")
def work():
    return timed(lambda: time.sleep(0.01))[1]
serve({{"twice": twice, "wrong": wrong, "work": work, "end": lambda: os._exit(3), "hang": lambda: time.sleep(60)}})
"""


@pytest.fixture
def peer(tmp_path, monkeypatch):
    """A peer whose environment is there: a link to this interpreter where the environment would be."""
    monkeypatch.setenv(environment.FOLDER, str(tmp_path / "peers"))
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(folder=str(SERVE)))
    return environment.Peer("fake 1.0", ("fake==1.0",), script)


@pytest.fixture
def python(monkeypatch):
    """Let every peer's environment be this interpreter's."""
    monkeypatch.setattr(process, "python_of", lambda peer, build=True: sys.executable)


def refuse(*arguments, **others):
    """In place of a process."""
    raise AssertionError(f"nothing may be started: {arguments}")


def test_a_script_answers_calls_and_what_it_prints_is_no_answer(peer, python):
    with process.Talk(sys.executable, peer.script) as talk:
        assert talk.ask("twice", x=21) == {"x": 42}
        with pytest.raises(environment.Unavailable, match="'wrong' failed: ValueError: no such fuel"):
            talk.ask("wrong")
        mine, theirs = process.in_turns(3, lambda: None, lambda: talk.ask("work"))
        assert len(mine.wall) == len(mine.busy) == len(theirs.busy) == 3
        assert min(theirs.wall) >= 0.01
        assert max(theirs.busy) < min(theirs.wall)  # it sleeps
        with pytest.raises(environment.Unavailable, match="ended in 'end'"):
            talk.ask("end")
        with pytest.raises(environment.Unavailable, match="ended in 'twice'"):
            talk.ask("twice", x=1)


def test_a_peer_that_hangs_is_ended(peer, python):
    with process.Talk(sys.executable, peer.script) as talk:
        assert talk.ask("ready") == {}
        with pytest.raises(environment.Unavailable, match="ended in 'hang'"):
            talk.ask("hang", patience=0.2)


def test_rows_of_a_peer_and_a_row_where_it_fails(peer, python, capsys):
    rows = process.beside(peer, False, lambda talk: [talk.ask("twice", x=1)["x"]])
    assert rows == [2]
    (row,) = process.beside(peer, False, lambda talk: [talk.ask("wrong")])
    assert row.name == "fake 1.0: not available, 'wrong' failed: ValueError: no such fuel"
    assert row.ok
    assert math.isnan(row.value)
    assert row.to_json()["value"] is None
    assert "not available" in capsys.readouterr().err


def test_a_quick_run_builds_nothing(peer, monkeypatch):
    monkeypatch.setattr(environment.subprocess, "run", refuse)
    (row,) = process.beside(peer, True, refuse)
    assert "not built yet" in row.name
    assert row.ok


def test_peers_can_be_turned_off(peer, monkeypatch):
    monkeypatch.setenv(environment.FOLDER, "off")
    monkeypatch.setattr(environment.subprocess, "run", refuse)
    (row,) = process.beside(peer, False, refuse)
    assert row.name == "fake 1.0: not available, TERRAX_PEERS is off"


@pytest.mark.parametrize("uv", [True, False])
def test_an_installer_that_fails_is_told_and_leaves_nothing(peer, monkeypatch, uv):
    asked = []

    def install(command, **others):
        asked.append(command)
        assert "VIRTUAL_ENV" not in others["env"]
        done = environment.subprocess.CompletedProcess(command, 0, "", "")
        if "install" in command:
            done.returncode, done.stderr = 1, "Using Python\n  × Failed to fetch: `fake`\n  ╰─▶ dns error\n"
        return done

    monkeypatch.setenv("VIRTUAL_ENV", "ours")
    monkeypatch.setattr(environment.subprocess, "run", install)
    monkeypatch.setattr(environment.shutil, "which", lambda name: "/bin/x" if (name == "uv") == uv else None)
    here = environment.Peer(
        peer.name, peer.requires, peer.script, (f"3.{sys.version_info.minor}",), ("--torch-backend", "cpu")
    )
    with pytest.raises(environment.Unavailable, match="cannot be built: Failed to fetch: `fake`: dns error"):
        environment.python_of(here)
    assert list(environment.folder().iterdir()) == []
    installs = [c for c in asked if "install" in c]
    assert len(installs) == (2 if uv else 1)  # uv is asked again without the option
    assert ("--torch-backend" in installs[0]) == uv
    assert all(command[-1] == "fake==1.0" for command in installs)
    assert not any(str(sys.prefix) in part for command in installs for part in command)


def test_an_environment_that_is_built_is_found_again(peer, monkeypatch):
    def install(command, **others):
        if "venv" in command:
            python = environment._python_in(environment.Path(command[-1]))
            python.parent.mkdir(parents=True)
            python.touch()
        return environment.subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(environment.subprocess, "run", install)
    monkeypatch.setattr(environment.shutil, "which", lambda name: "/bin/x")
    first = environment.python_of(peer)
    assert first.is_file()
    assert environment.folder() in first.parents
    monkeypatch.setattr(environment.subprocess, "run", refuse)
    assert environment.python_of(peer) == first
    newer = environment.Peer(peer.name, ("fake==2.0",), peer.script)
    with pytest.raises(environment.Unavailable, match="not built yet"):
        environment.python_of(newer, build=False)


def test_without_uv_and_a_fitting_python_there_is_no_environment(peer, monkeypatch):
    monkeypatch.setattr(environment.shutil, "which", lambda name: None)
    monkeypatch.setattr(environment.subprocess, "run", refuse)
    old = environment.Peer(peer.name, peer.requires, peer.script, ("3.7",))
    with pytest.raises(environment.Unavailable, match=r"neither uv nor a Python 3\.7"):
        environment.python_of(old)


def test_a_folder_that_cannot_be_written_is_told(peer, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv(environment.FOLDER, str(tmp_path / "file"))
    with pytest.raises(environment.Unavailable, match="cannot be written"):
        environment.python_of(peer)


def test_belts_of_the_peer_end_at_15_degrees():
    lat = np.array([-45.0, -20.0, -14.0, 0.0, 12.0, 17.0, 45.0])
    found, ours = weather_peer.belts(lat), daylength.by_latitude(lat)
    same = [0, 1, 3, 6]
    np.testing.assert_array_equal(found.dmc[:, same], ours.dmc[:, same])
    np.testing.assert_array_equal(found.dc[:, same], ours.dc[:, same])
    assert (found.dmc[:, [2, 4]] == 9.0).all()
    assert (ours.dmc[:, [2, 4]] != 9.0).any()
    np.testing.assert_array_equal(found.dc[:, 5], ours.dc[:, 6])


def test_agreement_of_burned_cells():
    ours, theirs = np.zeros((2, 2, 4, 4), bool)
    ours[0, :2, :2] = theirs[0, :2, 1:3] = True  # 4 cells each, 2 of them the same
    ours[1, 0] = theirs[1, :2] = True  # 4 of 8
    area, ratio, dice = spread_peer._agreement("x", ours, theirs)
    assert (area.value, area.peer_value) == pytest.approx((0.04, 0.06))
    assert ratio.value == pytest.approx(0.75)
    assert "(0.5 to 1)" in ratio.name
    assert dice.value == pytest.approx(0.5 * (0.5 + 8 / 12))


@pytest.mark.slow
def test_rates_of_cases_follow_convention_and_rounding():
    drawn = rates_peer.cases(len(rates_peer.MODELS))
    assert sorted(set(drawn["fuel_model"])) == sorted(rates_peer.MODELS)
    rounded, exact = (rates_peer.ours(drawn, r) for r in (True, False))
    assert (rounded["head"] >= rounded["calm"]).all()
    off = np.abs(rounded["head"] / exact["head"] - 1.0)
    assert 1e-4 < off.max() < 0.02
    fuel = list(drawn["fuel_model"])
    assert off[fuel.index(1)] < 1e-12  # its load has four decimals as published
