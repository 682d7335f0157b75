"""Scenarios: what can be written, what is refused, and what they do to forcing."""

from __future__ import annotations

import numpy as np
import pytest
from tinyhybrid import weather

from data.errors import ScenarioError
from hybrid.scenario import SCENARIOS, Scenario, apply, get_scenario, parse_change

GOOD = {
    ("tas", "+ 2 K"): ("+", 2.0),
    ("tas", "+2K"): ("+", 2.0),
    ("tas", "- 1.5 degC"): ("+", -1.5),
    ("tas_max", "+1e0"): ("+", 1.0),
    ("pr", "x 0.8"): ("x", 0.8),
    ("pr", "* 0"): ("x", 0.0),
    ("pr", "- 0.5 mm d-1"): ("+", -0.5),
    ("co2", "= 550 ppm"): ("=", 550.0),
    ("co2", "=550"): ("=", 550.0),
    ("rsds", "+ 1 MJ m-2 d-1"): ("+", 1.0),
    ("vpd", "x 1.2"): ("x", 1.2),
    ("tas_min", "= 3 degC"): ("=", 3.0),
}

BAD = {
    "unknown variable": ({"precipitation": "x 0.8"}, "unknown forcing 'precipitation'", "change one of tas"),
    "near variable": ({"tass": "+ 2 K"}, "did you mean 'tas'?", "unknown forcing 'tass'"),
    "another near variable": ({"c02": "= 500 ppm"}, "did you mean 'co2'?", "unknown forcing"),
    "calendar": ({"day_length": "x 2"}, "unknown forcing 'day_length'", ""),
    "no operation": ({"tas": "2 K"}, "'2 K' of 'tas' cannot be read", "+ 2 K"),
    "a number": ({"tas": 2}, "the change 2 of 'tas' cannot be read", ""),
    "nothing": ({"tas": ""}, "cannot be read", "= 550 ppm"),
    "none": ({"tas": None}, "cannot be read", ""),
    "no number": ({"pr": "x much"}, "cannot be read", "x 0.8"),
    "two points": ({"pr": "x 0.8.1"}, "cannot be read", ""),
    "infinite": ({"tas": "+ 1e999 K"}, "cannot be read", ""),
    "wrong unit": ({"pr": "+ 2 K"}, "the change of 'pr' is in 'K', 'mm d-1' is wanted", ""),
    "unit of another variable": ({"co2": "= 550 K"}, "is in 'K', 'ppm' is wanted", "write it in ppm"),
    "percent": ({"pr": "- 20 %"}, "is in '%', 'mm d-1' is wanted", ""),
    "factor with unit": ({"pr": "x 0.8 mm d-1"}, "must be a number without unit", "write x 0.8"),
    "negative factor": ({"pr": "x -0.8"}, "not negative", "'x -0.8'"),
    "negative value": ({"co2": "= -5 ppm"}, "'co2'", "scenario test"),
    "absolute temperature": ({"tas": "= 290 K"}, "'degC' is wanted", ""),
}


@pytest.mark.parametrize(("variable", "change"), GOOD)
def test_readable_change(variable, change):
    assert parse_change(variable, change) == GOOD[variable, change]


@pytest.mark.parametrize("case", BAD)
def test_refused_change(case):
    changes, *words = BAD[case]
    with pytest.raises(ScenarioError) as caught:
        Scenario("test", changes)
    told = str(caught.value)
    assert all(w in told for w in words)
    assert "scenario test" in told
    assert told.endswith((".", "?"))
    assert "\n" not in told


def test_present_changes_nothing():
    assert apply(weather(), SCENARIOS["present"]) is weather()


def test_changes_are_what_they_say():
    panel = weather()
    changed = apply(panel, Scenario("s", {"tas": "+ 2 K", "pr": "x 0.8", "co2": "= 550 ppm"}))
    for name in ("tas_min", "tas_max"):
        assert changed.forcing[name] == pytest.approx(panel.forcing[name] + 2.0, abs=1e-5)
    assert changed.forcing["pr"] == pytest.approx(panel.forcing["pr"] * 0.8)
    assert (changed.forcing["co2"] == 550.0).all()
    assert changed.forcing["rsds"] is panel.forcing["rsds"]
    assert changed.forcing["day_length"] is panel.forcing["day_length"]
    assert all(v.dtype == np.float32 and np.isfinite(v).all() for v in changed.forcing.values())


def test_co2_can_be_raised_by_a_share():
    panel = weather()
    assert apply(panel, SCENARIOS["more_co2"]).forcing["co2"] == pytest.approx(1.5 * panel.forcing["co2"])


def test_nothing_falls_below_zero():
    changed = apply(weather(), Scenario("s", {"pr": "- 5 mm d-1", "vpd": "- 50 hPa", "rsds": "- 3"}))
    assert all((changed.forcing[n] >= 0).all() for n in ("pr", "vpd", "rsds"))
    assert (changed.forcing["pr"] == 0).any()


def _relative_humidity(panel):
    """Share of saturation, saturation being the mean of that at the day's extremes (FAO-56 eq. 12)."""

    def saturation(t):
        return 0.6108 * np.exp(17.27 * t / (t + 237.3))

    es = 0.5 * (saturation(panel.forcing["tas_min"]) + saturation(panel.forcing["tas_max"]))
    return 1.0 - 0.1 * panel.forcing["vpd"] / es


def test_deficit_follows_at_constant_relative_humidity():
    panel = weather()
    changed = apply(panel, SCENARIOS["warmer"])
    assert _relative_humidity(changed) == pytest.approx(_relative_humidity(panel), abs=1e-4)
    wet = panel.forcing["vpd"] > 0.1
    assert (changed.forcing["vpd"][wet] > panel.forcing["vpd"][wet]).all()


def test_deficit_stays_where_asked_or_given():
    panel = weather()
    held = apply(panel, Scenario("s", {"tas": "+ 2 K"}, hold_relative_humidity=False))
    assert held.forcing["vpd"] is panel.forcing["vpd"]
    given = apply(panel, Scenario("s", {"tas": "+ 2 K", "vpd": "x 1.1"}))
    assert given.forcing["vpd"] == pytest.approx(1.1 * panel.forcing["vpd"])
    rain = apply(panel, SCENARIOS["drier"])
    assert rain.forcing["vpd"] is panel.forcing["vpd"]


def test_only_the_maximum_may_change():
    panel = weather()
    changed = apply(panel, Scenario("s", {"tas_max": "+ 1 K"}))
    assert changed.forcing["tas_min"] is panel.forcing["tas_min"]
    assert _relative_humidity(changed) == pytest.approx(_relative_humidity(panel), abs=1e-4)


BEYOND = {
    "too hot": ({"tas": "+ 200 K"}, r"'tas_min' would reach .* degC .*keep it within -80 to 45 degC"),
    "too much CO2": ({"co2": "= 20000 ppm"}, r"'co2' would reach 2e\+04 ppm"),
    "minimum above maximum": ({"tas_max": "- 20 K"}, "'tas_min' would exceed 'tas_max' on .* days"),
}


@pytest.mark.parametrize("case", BEYOND)
def test_values_that_no_place_has(case):
    changes, words = BEYOND[case]
    with pytest.raises(ScenarioError, match=words):
        apply(weather(), Scenario("s", changes))


def test_forcing_that_the_panel_lacks():
    from dataclasses import replace

    panel = weather()
    bare = replace(panel, forcing={k: v for k, v in panel.forcing.items() if k != "co2"})
    with pytest.raises(ScenarioError, match=r"'co2' is not in the data \(scenario more_co2\): .*\.$"):
        apply(bare, SCENARIOS["more_co2"])


def test_file(tmp_path):
    path = tmp_path / "hot.yaml"
    path.write_text(
        "changes: {tas: + 4 K, pr: x 0.7}\nhold_relative_humidity: false\ndescription: hot and dry\n"
    )
    found = get_scenario(str(path))
    assert (found.name, dict(found.changes)) == ("hot", {"tas": "+ 4 K", "pr": "x 0.7"})
    assert not found.hold_relative_humidity
    assert get_scenario("warmer") is SCENARIOS["warmer"]


BAD_FILES = {
    "not YAML": ("changes: {tas: [1", "not valid YAML"),
    "no changes": ("name: hot\n", "no mapping `changes`"),
    "a list": ("- 1\n", "no mapping `changes`"),
    "empty": ("", "no mapping `changes`"),
    "changes a list": ("changes: [tas]\n", "no mapping `changes`"),
    "unknown key": ("changes: {tas: + 2 K}\nchange: 3\n", "did you mean 'changes'?"),
    "number as key": ("changes: {tas: + 2 K}\n3: 3\n", "unknown key 3"),
    "unknown variable": ("changes: {ts: + 2 K}\n", "did you mean 'tas'?"),
    "wrong unit": ("changes: {tas: + 2 mm}\n", "'K' is wanted"),
    "name not text": ("changes: {tas: + 2 K}\nname: 3\n", "`name`"),
    "switch not a switch": (
        "changes: {tas: + 2 K}\nhold_relative_humidity: maybe\n",
        "`hold_relative_humidity`",
    ),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_broken_file(tmp_path, case):
    text, words = BAD_FILES[case]
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(ScenarioError) as caught:
        get_scenario(str(path))
    told = str(caught.value)
    assert words in told
    assert "bad" in told
    assert told.endswith((".", "?"))
    assert "\n" not in told


def test_binary_file(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ScenarioError, match="not valid YAML"):
        get_scenario(str(path))


@pytest.mark.parametrize(("name", "words"), [("wamer", "did you mean 'warmer'?"), ("", "name one of")])
def test_no_such_scenario(name, words):
    with pytest.raises(ScenarioError) as caught:
        get_scenario(name)
    assert words in str(caught.value)
