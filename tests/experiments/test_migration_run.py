"""Runs of the migration experiment: what they write, resuming, the report, and the weekly preparations."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from toyfixtures import tree

from data.errors import DataError
from experiments import registry, report
from experiments.execute import Stopped, execute
from experiments.migration import judge, results, weekly
from experiments.migration.config import Config
from experiments.migration.settings import effective, identity
from experiments.progress import Progress
from experiments.report import scores
from experiments.runfolder import RunFolder

registry.register("migration", "experiments.migration", "displacement by drought")

SMALL = [
    "synthetic.districts=9",
    "forecast.leads=[1, 3]",
    "forecast.gp_iterations=1",
    "forecast.gp_window=8",
    "forecast.validation_months=12",
    "forecast.resamples=100",
    "trees.iterations=6",
    "trees.refit_months=12",
    "causes.bootstrap=2",
    "causes.tau_max=1",
    "effect.resamples=50",
    "explain.background=8",
    "explain.draws=4",
    "explain.pairs=2",
    "explain.trusted=1",
]


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> RunFolder:
    """A finished small run; do not change it."""
    return execute("migration", sets=SMALL, out=tmp_path_factory.mktemp("runs") / "small")


def test_a_run_fills_its_folder(small):
    names = set(tree(small.path))
    assert {"results.nc", "scores.csv", "report.html", "ro-crate-metadata.json"} <= names
    for table in ("cleaning", "forecast", "causes", "effects", "explain", "truth"):
        assert f"tables/{table}.json" in names
    assert "tables/weekly.json" not in names
    assert small.status().stages == ("data", "forecast", "causes", "effects", "explain", "results")
    assert "synthetic panel, seed 0" in small.read_json(small.data_file)["label"]


def test_known_effects_are_recovered_within_their_intervals(small):
    rows = small.read_json(small.path / "tables" / "truth.json")
    assert len(rows) == 8
    assert sum(r["inside"] for r in rows) >= 6
    total = rows[-1]
    assert total["lower"] > 0
    assert total["lower"] <= total["true"] <= total["upper"]


def test_scores_are_those_of_the_results(small):
    frame = scores.read(small.scores)
    ds = results.read(small)
    assert set(frame["split"]) == {"time"}
    assert {"r2", "coverage", "auc", "brier"} <= set(frame["metric"])
    assert set(ds["model"].values) == {
        "terrax", "persistence", "district_mean", "blend", "two_lag_regression", "boosted_trees"
    }  # fmt: skip
    y, test = ds["observed"].values, ds["test"].values > 0
    assert test.sum() == 24
    assert test[-24:].all()
    for model in ("terrax", "persistence"):
        for lead in (1, 3):
            forecast = ds["forecast"].sel(model=model, lead=lead).values[:, test]
            expected = judge.r2(forecast, judge.paired(y, lead)[:, test])
            row = scores.only(frame, model=model, metric="r2", group=f"lead={lead}")
            assert row["value"].item() == pytest.approx(expected, abs=1e-5)
    low, high = (ds[f"forecast_{n}"].sel(lead=1).values for n in ("lower", "upper"))
    held = np.isfinite(y) & np.isfinite(low)
    row = scores.only(frame, model="terrax", metric="coverage", group="lead=1")
    assert row["value"].item() == pytest.approx(np.mean(((y >= low) & (y <= high))[held]))
    assert not np.isfinite(low[:, ~test]).any()


def test_the_last_value_is_what_persistence_forecasts(small):
    ds = results.read(small)
    y, test = ds["observed"].values, ds["test"].values > 0
    forecast = ds["forecast"].sel(model="persistence", lead=3).values
    before = np.concatenate([np.full((len(y), 3), np.nan), y[:, :-3]], axis=1)
    both = np.isfinite(before) & test[None]
    np.testing.assert_allclose(forecast[both], before[both], rtol=1e-6)


def test_the_report_says_what_was_found_and_what_was_not(small):
    page = small.report.read_text(encoding="utf-8")
    for title in (
        "What can be forecast",
        "Is the truth found?",
        "What causes what",
        "What a drought month does",
        "As if no drought since 2016-01",
        "Why: what drove the forecasts",
        "What was cleaned",
        "What cannot be concluded",
    ):
        assert title in page


def test_the_report_is_made_from_the_folder_alone(small, tmp_path):
    copied = RunFolder(shutil.copytree(small.path, tmp_path / "elsewhere" / "small"))
    before = tree(copied.path)
    shutil.rmtree(copied.path / "checkpoints")
    shutil.rmtree(copied.path / "figures")
    copied.report.unlink()
    report.build(copied)
    after = tree(copied.path)
    for name in before:
        if not name.startswith("checkpoints"):
            assert after[name] == before[name], name


@pytest.mark.slow
def test_a_finished_run_is_explained_again_alike(small, tmp_path):
    from experiments import migration

    copied = RunFolder(shutil.copytree(small.path, tmp_path / "again"))
    before = tree(copied.path)
    (copied.path / "explain.nc").unlink()
    migration.explain(copied, lambda done, whole: None)
    with (
        xr.open_dataset(copied.path / "explain.nc") as two,
        xr.open_dataset(small.path / "explain.nc") as one,
    ):
        xr.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-9)
    assert tree(copied.path)["tables/cleaning.json"] == before["tables/cleaning.json"]


class Stopping(Progress):
    """Stops the run, as a user does, when a stage begins."""

    def __init__(self, stage):
        super().__init__(stream=sys.stderr)
        self.at = stage

    def __call__(self, event):
        super().__call__(event)
        if event.get("stage") == self.at:
            raise KeyboardInterrupt


@pytest.mark.slow
def test_a_run_that_is_stopped_and_resumed_ends_alike(small, tmp_path):
    out = tmp_path / "stopped"
    with pytest.raises(Stopped):
        execute("migration", sets=SMALL, out=out, progress=Stopping("causes"))
    assert RunFolder(out).status().stages == ("data", "forecast")
    execute("migration", out=out, resume=True)
    one, two = tree(small.path), tree(out)
    assert set(one) == set(two)
    for name in one:
        if name.startswith(("figures/", "tables/", "checkpoints/")) or name == "scores.csv":
            assert one[name] == two[name], name
    assert results.read(small).identical(results.read(RunFolder(out)))


def test_quick_changes_sizes_alone():
    config = Config()
    less = effective(config, True)
    assert effective(config, False) is config
    assert less.forecast.leads == [1, 3]
    assert less.forecast.half_life == config.forecast.half_life
    assert less.causes.alpha == config.causes.alpha
    assert less.effect.threshold == config.effect.threshold
    assert identity(less) != identity(config)


def week_file(folder: Path, weeks=420, places=4) -> Path:
    """A weekly file with monthly prices."""
    rng = np.random.default_rng(0)
    shape = (places, weeks)
    monthly = np.where(np.arange(weeks) % 4 == 0, 1.0, np.nan)
    walk = np.cumsum(rng.normal(0, 0.02, (len(weekly.NEEDED), *shape)), axis=-1)
    prices = {
        n: 1e4 * np.exp(walk[k]) * monthly for k, n in enumerate(weekly.NEEDED) if n.startswith("price")
    }
    counts = {n: rng.poisson(8.0, shape).astype(float) for n in ("idp_drought", "fatalities")}
    counts["idp_drought"][:, 350] = np.nan
    held = prices | counts | {"spei6": rng.normal(size=shape)}
    ds = xr.Dataset(
        {n: (("district", "time"), v) for n, v in held.items()},
        {
            "district": [f"d{i}" for i in range(places)],
            "time": pd.date_range("2014-01-06", periods=weeks, freq="W-MON"),
            "region": ("district", ["Bay", "Bay", "Awdal", "Awdal"]),
        },
    )
    path = folder / "uc2_weekly.nc"
    ds.to_netcdf(path)
    return path


def spoil(path: Path, week: int) -> xr.Dataset:
    """The weekly file with all values after a week replaced."""
    with xr.open_dataset(path) as ds:
        ds = ds.load()
    for name in ds.data_vars:
        values = ds[name].values
        values[:, week + 1 :] = np.where(
            np.isnan(values[:, week + 1 :]), np.nan, values[:, week + 1 :] * 1.7 + 1.0
        )
    return ds


@pytest.mark.parametrize("variant", weekly.variants(2), ids=lambda v: v.name)
def test_only_the_published_preparation_of_prices_reads_the_future(variant, tmp_path):
    path = week_file(tmp_path)
    ds = weekly.opened(path, Config())
    one, _ = weekly.prepared(ds, variant, 30)
    two, _ = weekly.prepared(spoil(path, 300), variant, 30)
    seen = one["time"].values <= ds["time"].values[300]
    same = {n: np.array_equal(one[n].values[:, seen], two[n].values[:, seen], equal_nan=True) for n in one}
    assert same["displacement"]
    assert same["conflict"]
    assert same["spei6"]
    reads_on = variant.future or variant.shift > 0
    assert same["food"] is not reads_on
    assert same["water"] is not reads_on


def test_weeks_are_summed_only_where_told(tmp_path):
    ds = weekly.opened(week_file(tmp_path), Config())
    told = {v.name: weekly.prepared(ds, v, 30)[0]["displacement"] for v in weekly.variants(2)}
    start = int(np.searchsorted(ds["time"].values, np.datetime64(weekly.START))) + 3
    raw = ds["idp_drought"].values
    np.testing.assert_allclose(told["all mended"].values, np.log1p(raw[:, start:]))
    four = np.nan_to_num(raw)[:, start - 3 : start + 1].sum(axis=1)
    np.testing.assert_allclose(told["as published"].values[:, 0], np.log1p(four))
    assert np.isnan(told["all mended"]).sum() == 4
    assert np.isnan(told["blanks missing"]).sum() == 16
    assert not np.isnan(told["as published"]).any()


def test_links_of_noise_are_those_of_chance(tmp_path):
    config = Config()
    config = config.model_copy(update={"weekly": config.weekly.model_copy(update={"tau_max": 2})})
    told = weekly.run(week_file(tmp_path), config)
    mended = [r for r in told["rows"] if r["preparation"] == "all mended"]
    assert {r["source"] for r in mended} == set(weekly.VARIABLES) - {"displacement"}
    assert sum(r["holm"] for r in mended) <= 1
    assert all(r["chance"] == pytest.approx(4 * (1 - 0.95**2)) for r in mended)


def test_too_few_weeks_are_one_sentence(tmp_path):
    ds = weekly.opened(week_file(tmp_path), Config())
    with pytest.raises(DataError, match="no district has 5000 complete weeks"):
        weekly.prepared(ds, weekly.variants(2)[0], 5000)


@pytest.fixture
def real() -> Path:
    """The real files, beside the repository or where TERRAX_DATA says."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    path = Path(os.environ.get("TERRAX_DATA", beside)) / "displacement"
    if not path.exists():
        pytest.skip("no real data: set TERRAX_DATA to the folder that holds displacement")
    return path


def test_the_reference_numbers_of_the_collection_are_reproduced(real):
    from experiments.migration.prepare import prepare

    panel = prepare(Config(), real)
    told = judge.reference(panel)
    assert told["district-months"] == 1225
    assert told["persistence"] == pytest.approx(0.02, abs=0.005)
    assert told["district mean"] == pytest.approx(0.09, abs=0.005)
    assert told["half of each"] == pytest.approx(0.27, abs=0.005)


def test_the_known_misprints_of_the_files_are_found(real):
    from data import panelclean
    from data.readers.panel import open_panel
    from experiments.migration.prepare import prepare

    log = {r["variable"]: r for r in prepare(Config(), real).log if "far from" in r["rule"]}
    assert "5.62e+06" in log["price_rice"]["done"]
    assert "8.52e+05" in log["price_maize"]["done"]
    week = open_panel(real / "uc2_weekly.nc", ["price_wheat_flour"], step="week")
    flour = week["price_wheat_flour"].values
    flags = panelclean.outliers(flour, panelclean.zones([str(r) for r in week["region"].values]))
    assert flags.sum() == 1
    assert flour[flags].item() > 3e8


@pytest.mark.slow
def test_a_quick_run_on_the_real_files(real, tmp_path):
    folder = execute("migration", data=real, quick=True, out=tmp_path / "run")
    frame = scores.read(folder.scores)
    ours, mean = (
        scores.only(frame, model=m, metric="r2", group="lead=1")["value"].item() for m in ("terrax", "blend")
    )
    assert ours > mean
    assert "The published weekly pipeline, mended" in folder.report.read_text(encoding="utf-8")
