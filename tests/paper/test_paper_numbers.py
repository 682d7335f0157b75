"""Numbers and tables: their names, their rounding and where they come from."""

from __future__ import annotations

import math

import pytest

import hybrid
from experiments.paper import declared as declarations
from experiments.paper import tables
from experiments.paper.answers import answers
from experiments.paper.numbers import collect, leaves
from experiments.paper.sources import assign
from experiments.paper.values import duration, found, plain, printed_unit, skill


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.91249, "0.912"),
        (-0.0004, "0.000"),
        (-1.5, "−1.500"),
        (12.0, "12.000"),
    ],
)
def test_skills_have_three_decimals(value, text):
    assert skill(value).text == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.5124, "1.51"),
        (150.0, "150"),
        (1234.6, "1235"),
        (0.06, "0.06"),
        (-2.5, "−2.5"),
        (0.0, "0"),
        (0.99999, "1"),
        (3.25e-13, "3.2 × 10⁻¹³"),
        (8e-5, "8.0 × 10⁻⁵"),
        (4.0e6, "4.0 × 10⁶"),
        (407, "407"),
        (123456, "123456"),
        (True, "yes"),
        (math.nan, "not a number"),
        (-math.inf, "−∞"),
        ("cpu", "cpu"),
    ],
)
def test_other_numbers_have_three_digits(value, text):
    assert plain(value).text == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.5, "1.50"), (150.04, "150"), (0.1, "0.100"), (12.0, "12.0"), (9.999, "10.0"), (3, "3")],
)
def test_numbers_that_were_found_keep_their_zeros(value, text):
    assert found(value).text == text


def test_durations_and_units():
    assert duration(81.5).text == "1 min 22 s"
    assert printed_unit("g m-2 d-1") == "g m⁻² d⁻¹"
    assert printed_unit("kPa0.5") == "kPa⁰·⁵"
    assert printed_unit("degC") == "°C"
    assert printed_unit("1") == ""


def test_leaves_of_nested_values():
    raw = {"a": {"b": 1, "c": [1, 2]}, "e": None, "f": ["p", "q"]}
    assert dict(leaves(raw)) == {"a.b": 1, "a.c": "1, 2", "f": "p, q"}


def test_rows_of_tables_are_summed_up_over_sites():
    rows = [
        {
            "scenario": "drier",
            "site": site,
            "days": 3,
            "unit": "mm",
            "present": 2.0,
            "change": change,
            "ok": True,
        }
        for site, change in (("a", -1.0), ("b", 0.5), ("c", 0.25))
    ]
    numbers = {name: n.value for name, n in tables.numbers({"x": rows, "y": [3.0, None, 1.0]}, "f")}
    assert numbers == {
        "x.drier.3.present": 2.0,
        "x.drier.3.present.least": 2.0,
        "x.drier.3.present.most": 2.0,
        "x.drier.3.change": 0.25,
        "x.drier.3.change.least": -1.0,
        "x.drier.3.change.most": 0.5,
        "x.drier.3.percent": 12.5,
        "x.drier.3.percent.least": -50.0,
        "x.drier.3.percent.most": 25.0,
        "x.drier.3.ok": True,
        "y": 2.0,
        "y.least": 1.0,
        "y.most": 3.0,
        "y.known": 2,
        "y.all": 3,
    }


def test_every_part_of_a_folder_gives_numbers(run_by_time):
    numbers = collect(assign([run_by_time])["time"])
    expected = {
        "time.sites": 3,
        "time.judged.time.nse": 4,
        "time.files": 3,
        "time.cores": 2,
        "time.commit": "0123456789ab",
        "time.versions.jax": "0.10.2",
        "time.config.train.steps": 407,
        "time.config.split.by": "time",
        "time.started": "2024-05-06",
        "time.seconds.hybrid": 61.5,
        "time.duration": 81.5,
        "time.results.days": 40,
        "time.results.first": "2001-01-01",
        "time.results.last": "2001-02-09",
        "time.results.observed.gpp": 115,
        "time.results.closure": 3.25e-13,
        "time.results.members": 3,
        "time.results.change.drier.gpp": -2.5,
        "time.results.change.drier.gpp.least": -9.0,
        "time.results.change.warmer.gpp.most": 8.0,
        "time.closure.absolute_float64": 3.25e-13,
        "time.memory.recovery.hybrid.soil_root": 25.5,
        "time.memory.recovery.hybrid.soil_root.known": 2,
        "time.memory.skill.hybrid.15.gpp.nse": 0.5,
        "time.scenarios.changes.drier.gpp.change": -0.5,
    }
    assert {name: numbers[name].value for name in expected} == expected
    assert numbers["time.results.closure"].unit == "mm"
    assert numbers["time.results.closure"].file == "results.nc"
    assert numbers["time.median.time.nse.gpp.hybrid"].file == "scores.csv"


def test_peers_and_losses_follow_from_the_medians(all_runs):
    sources = assign(all_runs)
    numbers = collect(sources["time"])
    ahead = 0
    for target in ("gpp", "et", "reco", "nee"):
        peer = numbers[f"time.peer.time.nse.{target}"]
        name = numbers[f"time.peer.time.nse.{target}.model"].value
        others = [
            numbers[f"time.median.time.nse.{target}.{model}"].value
            for model in ("process", "gru", "trees", "climatology")
        ]
        assert peer.value == max(others)
        assert numbers[f"time.median.time.nse.{target}.{name}"].value == peer.value
        ahead += numbers[f"time.median.time.nse.{target}.hybrid"].value >= peer.value
    assert numbers["time.ahead.time.nse"].value == ahead
    dry = collect(sources["drought"])
    for model in ("hybrid", "gru"):
        normal = dry[f"drought.median.normal.nse.gpp.{model}"].value
        assert dry[f"drought.loss.nse.gpp.{model}"].value == pytest.approx(
            normal - dry[f"drought.median.drought.nse.gpp.{model}"].value
        )


def test_answers_are_what_the_tables_of_the_run_say(all_runs):
    found = answers(all_runs[3])
    rows = found["responses"]["rows"]
    assert found["responses"]["variables"] == ["gpp", "runoff"]
    assert found["responses"]["headings"] == ["GPP", "runoff"]
    assert found["responses"]["units"] == ["g m⁻² d⁻¹", "mm d⁻¹"]
    assert [row["scenario"] for row in rows] == ["warmer", "drier"]
    assert rows[1]["cells"][0] == {"middle": "−0.500", "range": "−1.00 to 0.250"}
    assert rows[0]["outside"] == "25.0 %"
    assert found["checks"] == [{"check": "half the rain", "value": "−0.200 mm d⁻¹", "ok": "yes"}]
    assert [row["error"] for row in found["truth"]] == ["0.625 %"]
    assert "truth" not in answers(all_runs[0])


def test_the_tables_are_the_declaration():
    process = hybrid.process.ecosystem()
    known = {p.source for p in process.parameters}
    tables = declarations.declared(process, known)
    assert [row["name"].replace(" ", "_") for row in tables["pools"]] == [p.name for p in process.pools]
    assert [row["name"].replace(" ", "_") for row in tables["fluxes"]] == [f.name for f in process.fluxes]
    for row, flux in zip(tables["fluxes"], process.fluxes, strict=True):
        assert (row["donor"] or None) == (flux.donor.replace("_", " ") if flux.donor else None)
        assert row["law"], flux.name
        assert "[@" not in row["law"], flux.name
    for row, parameter in zip(tables["parameters"], process.parameters, strict=True):
        for key in ("default", "lower", "upper"):
            text = row[key].replace("−", "-")
            digits, _, power = text.partition(" × 10")
            value = float(digits) * 10.0 ** int(
                power.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")) or 0
            )
            assert value == pytest.approx(getattr(parameter, key), rel=5e-3), (parameter.name, key)
        assert row["keys"] == [parameter.source]


def test_sources_that_are_no_references_stay_words():
    process = hybrid.process.ecosystem()
    row = declarations.declared(process, set())["parameters"][0]
    assert row["keys"] == []
    assert row["source"] == process.parameters[0].source
