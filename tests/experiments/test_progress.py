"""Progress: plain throttled lines, and the drawing of the live table."""

from __future__ import annotations

import io

from rich.console import Console

from experiments import progress
from experiments.progress_live import draw

EVENT = {
    "stage": "hybrid",
    "step": 120,
    "steps": 1500,
    "loss": 0.123456,
    "validation": 0.2,
    "skill": {"gpp": 0.8, "et": 0.7},
    "parameters": {"q10": 1.5},
    "closure": 1e-13,
}


def lines(every, events):
    stream = io.StringIO()
    shown = progress.Progress(stream=stream, every=every)
    with shown:
        for event in events:
            shown(event)
    return stream.getvalue().splitlines()


def test_a_plain_line_holds_everything():
    assert progress.line(EVENT, 61.0) == (
        "hybrid  step 120/1500  loss 0.1235  validation 0.2  closure 1e-13  skill gpp=0.8 et=0.7  "
        "parameters q10=1.5  about 1 min 01 s left"
    )


def test_lines_are_throttled_but_first_and_last_are_shown():
    events = [{"stage": "fit", "step": step, "steps": 100} for step in range(1, 101)]
    shown = lines(1e9, events)
    assert [line.split()[2] for line in shown] == ["1/100", "100/100"]
    assert len(lines(0.0, events)) == 100


def test_a_new_stage_forgets_the_values_of_the_one_before():
    shown = lines(0.0, [EVENT, {"stage": "gru", "step": 1, "steps": 2}])
    assert shown[1] == "gru  step 1/2"


def test_the_time_left_counts_from_the_first_step_seen(monkeypatch):
    moment = 0.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: moment)
    shown = progress.Progress(stream=io.StringIO())
    shown({"stage": "fit", "step": 500, "steps": 1000})  # resumed half way
    assert shown.eta() is None
    moment = 10.0
    shown({"stage": "fit", "step": 600, "steps": 1000})
    assert shown.eta() == 40.0


def test_a_time_left_that_is_told_is_taken():
    shown = progress.Progress(stream=io.StringIO())
    shown({"stage": "fit", "step": 1, "steps": 10, "eta": 90.0, "models": object()})
    assert shown.eta() == 90.0
    assert "models" not in shown.state


def test_clock():
    assert [progress.clock(s) for s in (0.4, 59, 61, 3725)] == ["0 s", "59 s", "1 min 01 s", "1 h 02 min"]


def test_the_live_table_shows_stages_values_and_time_left():
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(draw(["data", "hybrid", "gru"], ["data"], EVENT, 61.0, 5.0))
    text = console.export_text()
    for words in (
        "✓ data",
        "▶ hybrid",
        "· gru",
        "120/1500",
        "about 1 min 01 s left",
        "q10 1.5",
        "gpp 0.8",
        "1e-13",
    ):
        assert words in text


def test_values_that_are_not_numbers_do_not_break_it():
    assert progress.line({"stage": "x", "loss": None, "skill": {"a": "none"}}, None) == "x  skill a=none"
