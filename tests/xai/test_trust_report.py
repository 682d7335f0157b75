"""Trust reports of attributions of Datasets."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from data.errors import ConfigError, DataError
from xai.assess import Effort
from xai.attribute import attribute
from xai.function import Plain
from xai.resultfile import read
from xai.scores import Skill
from xai.trust import trust
from xai.trust_table import markdown, trust_table, write_trust
from xai.verdicts import TITLES, judged, number, verdict

SMALL = Effort(draws=20, steps=6, subsets=40, perturbations=2, randomisations=2, search=500)
STEPS = 8


class Linear(eqx.Module):
    """Two outputs, each linear in both variables; missing cells count as zero."""

    pr: jax.Array
    tas: jax.Array

    def __call__(self, x):
        return self.pr @ jnp.nan_to_num(x["pr"]) + self.tas @ jnp.nan_to_num(x["tas"])


def model(seed=0):
    rng = np.random.default_rng(seed)
    return Linear(*(jnp.asarray(rng.normal(size=(2, STEPS)), "f4") for _ in range(2)))


def cube():
    rng = np.random.default_rng(1)
    ds = xr.Dataset(
        {n: (("site", "time"), rng.normal(size=(4, STEPS)).astype("f4")) for n in ("tas", "pr")},
        {"site": list("abcd"), "time": pd.date_range("2001-01-31", periods=STEPS, freq="ME")},
    )
    ds.pr[0, 2] = np.nan
    return ds


HOW = {"method": "occlusion", "over": "site"}


@pytest.fixture(scope="module")
def report():
    f, ds = model(), cube()
    found = attribute(f, ds, **HOW)
    found["prediction"].attrs["units"] = "g m-2 d-1"
    return trust(f, ds, found, members=[model(), model()], relevant=cube().tas > 0, effort=SMALL, seed=2)


def test_a_faithful_attribution_is_close_to_the_best_in_each_output(report):
    whole = ["efficiency_gap", "sampling_error", "deletion", "insertion", "faithfulness_correlation"]
    whole += ["member_rank_correlation", "member_sign_agreement", "member_spread"]
    np.testing.assert_allclose(report.skill.sel(score=whole), 1.0, atol=1e-4)
    assert (report.samples == 4).all()
    assert report.p.sel(score="deletion").values == pytest.approx([1 / 21] * 2)
    assert report.units.sel(score="deletion").values.tolist() == ["g m-2 d-1"] * 2
    assert (
        report.verdict.sel(score="insertion", output="0")
        .item()
        .endswith("(skill 1.00, 95 % from 1.00 to 1.00).")
    )
    assert "close to the best" in report.verdict.sel(score="deletion", output="1").item()
    assert list(report.site.values) == list("abcd")


def test_the_curves_are_means_over_samples(report):
    """Two outputs and the ends of the curves: the prediction, and that with all known cells at the baseline."""
    np.testing.assert_allclose(report.curve_deletion[0], report.prediction.mean("case"), atol=1e-5)
    np.testing.assert_allclose(report.curve_deletion[-1], report.base_value.mean("case"), atol=1e-5)
    np.testing.assert_allclose(report.curve_insertion[0], report.base_value.mean("case"), atol=1e-5)
    assert (report.curve_random_deletion_lower <= report.curve_random_deletion_upper + 1e-6).all()
    area = np.trapezoid(report.curve_deletion, report.fraction, axis=0)
    np.testing.assert_allclose(area, report.value.sel(score="deletion"), rtol=0.03)


def test_localisation_counts_marked_cells(report):
    ds, f = cube(), model()
    tas = ds.tas.values
    size = np.abs(np.asarray(f.tas)[0] * tas)
    other = np.abs(np.asarray(f.pr)[0] * np.nan_to_num(ds.pr.values))
    mass = [
        (s[t > 0].sum() + o[t > 0].sum()) / (s.sum() + o.sum())
        for s, o, t in zip(size, other, tas, strict=True)
    ]
    np.testing.assert_allclose(report.case_value.sel(score="relevance_mass", output="0"), mass, rtol=1e-4)


def test_a_report_is_written_read_and_tabled(report, tmp_path):
    paths = write_trust(report, tmp_path)
    assert [p.name for p in paths] == ["trust.nc", "trust.csv", "trust.md"]
    xr.testing.assert_identical(read(paths[0]), report)
    table = pd.read_csv(paths[1])
    assert len(table) == report.skill.size
    assert list(table.score.unique()) == list(report.score.values)
    lines = paths[2].read_text().splitlines()
    assert len(lines) == report.skill.size + 2
    assert all(line.count(" | ") == lines[0].count(" | ") for line in lines[2:])
    assert set(trust_table(report).title) <= set(TITLES.values())
    with pytest.raises(DataError, match="not a trust report"):
        trust_table(cube())
    assert markdown(report).startswith("| score | output | value |")


def test_a_permuted_result_is_not_told_apart_from_random():
    f, ds = model(), cube().isel(site=[1, 2, 3])
    how = HOW | {"of": 0}
    found = attribute(f, ds, **how)
    values = found.attribution.transpose("site", "variable", "time").values
    rng = np.random.default_rng(0)
    found["attribution"] = (
        ("site", "variable", "time"),
        rng.permuted(values.reshape(3, -1), axis=1).reshape(values.shape),
    )
    got = trust(f, ds, found, how, checks=["faithfulness"], effort=SMALL)
    assert list(got.score.values) == ["deletion", "insertion", "faithfulness_correlation"]
    some = got.sel(score=["deletion", "insertion", "faithfulness_correlation"])
    assert (some.skill_lower < 0).all()
    assert (some.skill_upper < 1).all()
    assert (some.p > 0.05).all()
    assert "not told apart from random" in got.verdict.sel(score="deletion").item()


def test_groups_of_cells_are_removed_together():
    """Exact values of a linear function's groups are what the groups take off."""
    f, ds = model(), cube()
    how = {
        "method": "exact_shapley",
        "over": "site",
        "of": 0,
        "groups": ["variable", "season"],
        "baseline": "zero",
    }
    found = attribute(f, ds, **how)
    got = trust(f, ds, found, how, checks=["gap", "faithfulness"], effort=SMALL)
    np.testing.assert_allclose(got.skill, 1.0, atol=1e-4)
    assert found.sizes["player"] == 6
    marked = xr.DataArray([True, False] * 3, dims="player")
    got = trust(f, ds, found, relevant=marked, checks=["localisation"], effort=SMALL)
    size = abs(found.attribution.transpose("site", "player").values)
    mass = size[:, ::2].sum(1) / size.sum(1)
    np.testing.assert_allclose(got.case_value.sel(score="relevance_mass"), mass, rtol=1e-5)


def test_arrays_masks_and_plain_functions():
    ds = cube().tas.rename("tas")
    mask = xr.DataArray(np.arange(STEPS) < 6, dims="time")
    weights = np.linspace(-1.0, 2.0, STEPS)
    f = Plain(lambda x: np.float64((weights * x).sum()))
    how = {"method": "occlusion", "over": "site", "mask": mask}
    got = trust(f, ds, attribute(f, ds, **how), how, checks=["faithfulness"], samples=2, effort=SMALL)
    assert got.attrs["samples_of"] == 4
    assert list(got.site.values) == ["a", "d"]
    np.testing.assert_allclose(got.skill.sel(score=["deletion", "faithfulness_correlation"]), 1.0, atol=1e-5)
    held = float((weights * ds.values)[[0, 3], 6:].sum(1).mean())
    assert float(got.curve_deletion[-1]) == pytest.approx(held, abs=1e-5)


def test_a_gradient_has_no_sum_and_says_so():
    f, ds = model(), cube()
    how = {"method": "gradient", "over": "site", "of": 0}
    got = trust(f, ds, attribute(f, ds, **how), how, checks=["gap"], effort=SMALL)
    assert (
        got.verdict.sel(score="efficiency_gap").item() == "Not defined: the method counts from no base value."
    )
    assert np.isnan(got.skill.sel(score="efficiency_gap"))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"skill": 0.9, "lower": 0.8, "upper": 1.0, "p": 0.02}, "close to the best"),
        ({"skill": 0.6, "lower": 0.5, "upper": 0.7, "p": 0.02}, "well above random"),
        ({"skill": 0.3, "lower": 0.2, "upper": 0.4, "p": 0.02}, "above random"),
        ({"skill": 0.1, "lower": 0.05, "upper": 0.15, "p": 0.02}, "little above random"),
        ({"skill": 0.6, "lower": 0.5, "upper": 0.7, "p": 0.2}, "not told apart from random"),
        ({"skill": 0.1, "lower": -0.1, "upper": 0.3, "p": 0.02}, "not told apart from random"),
        ({"skill": -0.5, "lower": -0.6, "upper": -0.4, "p": 1.0}, "worse than random"),
        ({"standardised": 3.0, "p": 0.02}, "better than random (3.0 standard deviations"),
        ({}, "random explanations score the same"),
    ],
)
def test_verdicts_follow_skill_interval_and_p(row, words):
    nan = float("nan")
    whole = dict.fromkeys(Skill.__dataclass_fields__, nan) | {"samples": 1, "value": 0.5} | row
    assert judged(Skill(**whole)).startswith(words)
    none = Skill(**whole | {"value": 0.0})
    assert verdict("sampling_error", none) == "The method draws nothing, so there is no sampling error."
    for name in TITLES:
        said = verdict(name, Skill(**whole), "K", "")
        assert said[0] == said[0].upper()
        assert said.endswith(".")


def test_numbers_are_short():
    assert [number(v) for v in (0.0, 1234.5, 0.01234, 3.14159, 1e-9, np.nan)] == [
        "0",
        "1200",
        "0.012",
        "3.1",
        "1.0e-09",
        "not defined",
    ]


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"checks": ["beauty"]}, ConfigError, "check 'beauty' is unknown"),
        ({}, ConfigError, "nothing is known for localisation"),
        ({"samples": 0}, ConfigError, "samples is 0"),
        (
            {"relevant": xr.Dataset({"snow": ("time", np.ones(STEPS, bool))})},
            DataError,
            "relevant cells are not",
        ),
    ],
)
def test_reports_that_cannot_be_made(change, error, words):
    f, ds = model(), cube()
    found = attribute(f, ds, **HOW)
    with pytest.raises(error, match=words):
        trust(f, ds, found, **({"effort": SMALL, "checks": ["localisation"]} | change))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"baseline": "given"}, "hold its baseline"),
        ({"masked": 1}, "hold its mask"),
        ({"method": "magic"}, "its method"),
    ],
)
def test_settings_that_a_result_has_lost_are_asked_for(change, words):
    f, ds = model(), cube()
    found = attribute(f, ds, **HOW)
    found.attrs |= change
    with pytest.raises(ConfigError, match=words):
        trust(f, ds, found, effort=SMALL)
