"""No split leaks, for any records, lengths and settings."""

from itertools import pairwise

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from data import normalise, pack, splits, synthetic
from data.errors import DataError
from data.seasons import growing_months, growing_season_index, monthly_moisture, running_deficit

BASE = synthetic.weather(["savanna", "boreal", "temperate_evergreen", "tropical_savanna"], years=10, seed=5)
BASE = BASE.assign(gpp=0.3 * BASE.rsds, et=0.1 * BASE.rsds)
FOREVER = settings(max_examples=25, deadline=None)


def ragged(starts: list[int], lengths: list[int]) -> xr.Dataset:
    """BASE with records cut to start and length [d]."""
    days = BASE.time.values
    first = days[np.array(starts)]
    last = days[np.minimum(np.array(starts) + np.array(lengths), len(days)) - 1]
    ds = BASE.isel(site=slice(0, len(starts))).assign_coords(
        record_start=("site", first), record_end=("site", last)
    )
    inside = splits.record_mask(ds)
    return ds.assign({n: ds[n].where(inside) for n in ds.data_vars})


@st.composite
def datasets(draw, least_years: int) -> xr.Dataset:
    sites = draw(st.integers(2, 4))
    starts = [draw(st.integers(0, 400)) for _ in range(sites)]
    lengths = [draw(st.integers(366 * least_years, 3652)) for _ in range(sites)]
    return ragged(starts, lengths)


def check_fold(ds: xr.Dataset, fold: splits.Fold) -> None:
    train, validation, test = fold.train.values, fold.validation.values, fold.test.values
    inside = splits.record_mask(ds).values
    assert not (train & validation).any()
    assert not (train & test).any()
    assert not (validation & test).any()
    assert not ((train | validation | test) & ~inside).any()
    for mask in (fold.train, fold.validation, fold.test, *fold.groups.values()):
        assert mask.dtype == bool
        assert mask.dims == ("site", "time")
        assert (mask.site.values == ds.site.values).all()
    together = np.zeros_like(test)
    for mask in fold.groups.values():
        assert not (together & mask.values).any()
        together |= mask.values
    assert (together == test).all()
    assert fold.train_sites == tuple(s for s, m in zip(ds.site.values, train, strict=True) if m.any())
    assert fold.test_sites == tuple(s for s, m in zip(ds.site.values, test, strict=True) if m.any())


@FOREVER
@given(datasets(4), st.integers(1, 3), st.data())
def test_by_time_does_not_leak(ds, years, data):
    validation = data.draw(st.integers(0, years - 1))
    (fold,) = splits.by_time(ds, years, validation)
    check_fold(ds, fold)
    calendar = ds.time.dt.year.values
    for row in range(ds.sizes["site"]):
        train, held, test = (calendar[m.values[row]] for m in (fold.train, fold.validation, fold.test))
        assert train.max() < test.min()  # every training day comes before every test day
        assert len(np.unique(train)) == years - validation
        if validation:
            assert train.max() < held.min()
            assert held.max() < test.min()
    assert ((fold.train | fold.validation | fold.test) == splits.record_mask(ds)).all()


@FOREVER
@given(datasets(3), st.integers(0, 2), st.integers(0, 9), st.booleans())
def test_by_site_does_not_leak(ds, validation, seed, grouped):
    folds = splits.by_site(ds, 2 if grouped else None, validation, seed)
    tested = []
    for fold in folds:
        check_fold(ds, fold)
        assert not set(fold.train_sites) & set(fold.test_sites)
        out = np.isin(ds.site.values, fold.test_sites)
        assert not fold.train.values[out].any()
        assert not fold.validation.values[out].any()
        assert (fold.test.values[out] == splits.record_mask(ds).values[out]).all()
        tested += fold.test_sites
    assert sorted(tested) == sorted(ds.site.values.tolist())


@FOREVER
@given(datasets(8), st.integers(1, 2), st.integers(0, 1), st.sampled_from([0, 30, 60]))
def test_by_drought_does_not_leak(ds, seasons, validation, buffer):
    (fold,) = splits.by_drought(ds, seasons, validation, buffer)
    check_fold(ds, fold)
    held = (fold.test | fold.validation).values
    for row, site in enumerate(ds.site.values):
        # no training day within the buffer of a held-out day
        train = np.flatnonzero(fold.train.values[row])
        for edge in np.flatnonzero(np.diff(held[row].astype(int)) != 0):
            assert np.abs(train - edge).min() >= buffer
        told = fold.meta["seasons"][site]
        roles = [s["role"] for s in told]
        assert roles.count("drought") == roles.count("normal") == seasons
        assert roles.count("validation") == validation
        driest = sorted(told, key=lambda s: -s["deficit_mm"])[:seasons]
        assert (
            min(s["deficit_mm"] for s in driest)
            >= max(s["deficit_mm"] for s in told if s["role"] != "drought") - 0.11
        )
        for season in told:  # a held-out season is held out whole
            days = slice(season["first"], season["last"])
            for role in ("drought", "normal"):
                part = fold.groups[role].sel(site=site, time=days)
                assert bool(part.all()) == (season["role"] == role)
                assert bool(part.any()) == (season["role"] == role)


@pytest.mark.parametrize("split", [splits.by_time, splits.by_drought, lambda ds: splits.by_site(ds, 2, 1)])
def test_targets_do_not_decide_the_split(split):
    changed = BASE.assign(gpp=BASE.gpp * 0 + 99.0, et=BASE.et.where(BASE.et > 1))
    for one, other in zip(split(BASE), split(changed), strict=True):
        assert one.train.equals(other.train)
        assert one.validation.equals(other.validation)
        assert one.test.equals(other.test)


@pytest.mark.parametrize("split", [splits.by_time, splits.by_drought, lambda ds: splits.by_site(ds, 2, 1)])
def test_statistics_come_from_training_days_only(split):
    names = ("tas_min", "pr")
    for fold in split(BASE):
        poisoned = BASE.assign({n: BASE[n].where(fold.train, np.float32(REG_FAR)) for n in (*names, "gpp")})
        clean = normalise.from_dataset(BASE, fold.train, (*names, "gpp"))
        assert normalise.from_dataset(poisoned, fold.train, (*names, "gpp")) == clean
        one, other = (pack(ds, names, ["gpp"]) for ds in (BASE, poisoned))
        found = [normalise.from_panel(p, p.select(fold.train), (*names, "gpp")) for p in (one, other)]
        assert found[0] == found[1]
        for name in names:
            assert found[0].mean[name] == pytest.approx(clean.mean[name], rel=1e-6)


REG_FAR = 1e6


def test_static_attributes_of_test_sites_stay_out_of_the_statistics():
    fold = splits.by_site(BASE)[0]
    panel = pack(BASE, ["pr"], ["gpp"])
    stats = normalise.from_panel(panel, panel.select(fold.train), ["elevation"])
    expected = BASE.elevation.sel(site=list(fold.train_sites)).values.mean()
    assert stats.mean["elevation"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: splits.by_time(BASE, 10), "calendar years"),
        (lambda: splits.by_time(BASE, 0), "years=0"),
        (lambda: splits.by_time(BASE, 3, 3), "no training year"),
        (lambda: splits.by_site(BASE.isel(site=[0])), "at least two sites"),
        (lambda: splits.by_site(BASE, 9), "folds=9"),
        (lambda: splits.by_site(BASE, None, 10), "leave none to train"),
        (lambda: splits.by_drought(BASE, 5), "whole growing seasons"),
        (lambda: splits.by_drought(BASE, 0), "seasons=0"),
        (lambda: splits.by_drought(BASE, 1, 1, -1), "buffer=-1"),
        (lambda: splits.by_drought(BASE.drop_vars("vpd")), "'vpd' is missing"),
        (lambda: splits.by_drought(BASE.assign(pr=BASE.pr.where(BASE.pr > 0))), "forcing has gaps"),
    ],
)
def test_impossible_splits_are_errors(call, message):
    with pytest.raises(DataError, match=message):
        call()


def test_an_overlapping_fold_cannot_be_built():
    mask = splits.record_mask(BASE)
    with pytest.raises(DataError, match="both in train and test"):
        splits.Fold("bad", mask, mask & False, mask)
    with pytest.raises(DataError, match="train part has no day"):
        splits.Fold("empty", mask & False, mask & False, mask)


def test_running_deficit_by_hand():
    got = running_deficit(np.array([5.0, 5.0, 1.0, 4.0]), np.array([0.0, 2.0, 20.0, 1.0]))
    np.testing.assert_allclose(got, [5.0, 8.0, 0.0, 3.0])


def test_growing_season_index_limits():
    index = growing_season_index(
        np.array([-2.0, 5.0, 1.5, 10.0, 10.0]), np.array([0, 9, 0, 41, 25]), np.array([12, 11, 12, 12, 10.5])
    )
    np.testing.assert_allclose(index, [0.0, 1.0, 0.5, 0.0, 0.25])


def test_moisture_follows_rain_and_its_store():
    pet = np.full(12, 100.0)
    assert monthly_moisture(np.full(12, 60.0), pet).tolist() == [1.0] * 12
    rain = np.where(np.arange(12) < 3, 300.0, 0.0)
    got = monthly_moisture(rain, pet)
    assert got[:4].tolist() == [1.0, 1.0, 1.0, 1.0]  # the store of 100 mm carries the fourth month
    assert got[4:].max() == 0.0


@pytest.mark.parametrize(
    ("site", "expected"),
    [("boreal", {6, 7, 8}), ("tropical_savanna", {12, 1, 2, 3}), ("savanna", {3, 4})],
)
def test_growing_months_fit_the_climate(site, expected):
    from data.solar import day_of_year
    from data.vapour import potential_evapotranspiration

    ds = BASE.sel(site=site)
    days = ds.time.values.astype("datetime64[D]")
    forcing = {n: ds[n].values.astype(float) for n in ("tas_min", "tas_max", "vpd", "pr")}
    pet = potential_evapotranspiration(
        forcing["tas_min"], forcing["tas_max"], ds.lat.values, day_of_year(days)
    )
    months = growing_months(days, forcing, pet, float(ds.lat))
    assert expected <= set(months)
    assert len(months) < 9
    assert all((b - a) % 12 == 1 for a, b in pairwise(months))


def test_real_droughts_are_found(shared_data):
    """2003 and 2018 were the European droughts, 2010 the Russian heat wave; forcing must rank them dry."""
    from data import open_sites

    ds = open_sites(shared_data / "flux_sites", sites=["BE-Vie", "FR-Pue", "RU-Fyo", "US-MMS"])
    (fold,) = splits.by_drought(ds, 2)
    dry = {s: [x["year"] for x in told if x["role"] == "drought"] for s, told in fold.meta["seasons"].items()}
    assert 2018 in dry["BE-Vie"]
    assert 2006 in dry["FR-Pue"]
    assert 2007 in dry["US-MMS"]
    check_fold(ds, fold)


def test_published_split_is_by_time(shared_data):
    from data import open_sites

    ds = open_sites(shared_data / "flux_sites")
    (fold,) = splits.by_time(ds, years=5)
    for path in sorted((shared_data / "flux_sites").glob("*.nc")):
        with xr.open_dataset(path) as site:
            published = site["split"].load()
        ours = fold.test.sel(site=path.stem, time=published.time)
        assert (ours.values == (published.values == 1)).all(), path.stem
