import numpy as np
import pytest

from data import DEFAULT_FORCING, normalise, open_sites, pack, splits, synthetic
from data.errors import DataError
from data.solar import day_length


@pytest.fixture(scope="module")
def ragged(world):
    starts = world.time.values[[0, 200, 31]]
    ends = world.time.values[[-1, -1, 1500]]
    ds = world.assign_coords(record_start=("site", starts), record_end=("site", ends))
    inside = splits.record_mask(ds)
    return ds.assign({n: ds[n].where(inside) for n in ds.data_vars})


def test_panel_layout(ragged):
    panel = pack(ragged, DEFAULT_FORCING, ["gpp", "et"])
    steps, sites = panel.shape
    assert (steps, sites) == (ragged.sizes["time"], 3)
    assert panel.sites == tuple(ragged.site.values)
    for block in (*panel.forcing.values(), *panel.targets.values()):
        assert block.shape == panel.shape
        assert block.dtype == np.float32
        assert np.isfinite(block).all()
    assert set(panel.forcing) == {*DEFAULT_FORCING, "day_of_year", "day_length"}
    assert set(panel.attributes) == {
        "lat",
        "elevation",
        "mean_annual_temperature",
        "mean_annual_precipitation",
        "woody_cover",
        "evergreen_share",
        "needleleaf_share",
    }
    assert panel.category_names["igbp"] == ("DBF", "ENF", "WSA")
    assert [panel.category_names["igbp"][i] for i in panel.categories["igbp"]] == ragged.igbp.values.tolist()
    for i in range(3):
        assert panel.dates[0, i] == ragged.record_start.values[i].astype("datetime64[D]")
        n = panel.valid[:, i].sum()
        assert panel.valid[:n, i].all()
        assert (panel.dates[n:, i] == panel.dates[n - 1, i]).all()  # padded by the last day
        assert (panel.forcing["pr"][n:, i] == panel.forcing["pr"][n - 1, i]).all()
        assert not panel.masks["gpp"][n:, i].any()
        doy = panel.forcing["day_of_year"][:, i]
        np.testing.assert_allclose(
            panel.forcing["day_length"][:, i], day_length(ragged.lat.values[i], doy), rtol=1e-6
        )


def test_arrays_go_back_to_their_days(ragged):
    panel = pack(ragged, DEFAULT_FORCING, ["gpp"])
    for name in DEFAULT_FORCING:
        back = panel.to_dataarray(panel.forcing[name], name)
        np.testing.assert_array_equal(back.values, ragged[name].values)
        assert back.attrs["units"] == ragged[name].attrs["units"]
    gpp = panel.to_dataarray(np.where(panel.masks["gpp"], panel.targets["gpp"], np.nan), "gpp", note="x")
    np.testing.assert_array_equal(gpp.values, ragged.gpp.values)
    assert gpp.attrs["note"] == "x"
    assert gpp.lat.values.tolist() == ragged.lat.values.tolist()
    wide = panel.to_dataarray(panel.forcing["pr"].astype(np.float64), "anything")
    assert wide.dtype == np.float64


def test_masks_select_the_same_days(ragged):
    panel = pack(ragged, ["pr"], ["gpp"])
    for fold in (*splits.by_time(ragged, 2), *splits.by_site(ragged)):
        for mask in (fold.train, fold.validation, fold.test):
            chosen = panel.select(mask)
            assert chosen.sum() == mask.sum()
            step, site = np.nonzero(chosen)
            for s, i in zip(step[::97], site[::97], strict=True):
                assert mask.sel(site=panel.sites[i], time=panel.dates[s, i].astype("datetime64[ns]"))
    shuffled = fold.train.isel(site=[2, 0, 1])
    np.testing.assert_array_equal(panel.select(shuffled), panel.select(fold.train))


def test_windows_and_sites(ragged):
    panel = pack(ragged, ["pr"], ["gpp"])
    part = panel.window(300, 700)
    assert part.shape == (400, 3)
    back = part.to_dataarray(part.forcing["pr"], "pr").values
    whole = panel.to_dataarray(panel.forcing["pr"], "pr").values
    held = np.isfinite(back)
    assert held.sum() == part.valid.sum()
    np.testing.assert_array_equal(back[held], whole[held])
    mask = splits.record_mask(ragged)
    np.testing.assert_array_equal(part.select(mask), panel.select(mask)[300:700])
    late = panel.window(panel.shape[0] - 10, panel.shape[0])
    assert not late.valid[:, 2].any()
    assert not late.select(mask)[:, 2].any()
    assert np.isnan(late.to_dataarray(late.forcing["pr"], "pr").values[2]).all()
    few = panel.take([panel.sites[2], panel.sites[0]])
    np.testing.assert_array_equal(few.forcing["pr"], panel.forcing["pr"][:, [2, 0]])
    assert few.sites == (panel.sites[2], panel.sites[0])
    np.testing.assert_array_equal(few.select(mask), panel.select(mask)[:, [2, 0]])
    hot = panel.with_forcing(pr=panel.forcing["pr"] * 0.8)
    np.testing.assert_allclose(hot.forcing["pr"], 0.8 * panel.forcing["pr"])
    assert hot.targets is panel.targets


def test_statistics(ragged):
    panel = pack(ragged, DEFAULT_FORCING, ["gpp"])
    fold = splits.by_time(ragged, 2)[0]
    train = panel.select(fold.train)
    stats = normalise.from_panel(panel, train)
    z = stats.normalise("vpd", panel.forcing["vpd"])[train]
    assert z.dtype == np.float32
    assert abs(z.mean()) < 1e-4
    assert z.std() == pytest.approx(1.0, abs=1e-4)
    np.testing.assert_allclose(
        stats.restore("vpd", stats.normalise("vpd", panel.forcing["vpd"])), panel.forcing["vpd"], atol=1e-4
    )
    assert normalise.Statistics.from_dict(stats.to_dict()) == stats
    assert not stats.outside("vpd", panel.forcing["vpd"])[train].any()
    assert stats.outside("tas_max", panel.forcing["tas_max"] + 100).all()
    flat = normalise.from_panel(panel.with_forcing(pr=np.full(panel.shape, 3.0)), train, ["pr"])
    assert flat.std["pr"] == 1.0
    observed = train & panel.masks["gpp"]
    assert stats.mean["gpp"] == pytest.approx(float(panel.targets["gpp"][observed].mean()), rel=1e-4)
    with pytest.raises(DataError, match="no training days"):
        normalise.from_panel(panel, np.zeros(panel.shape, dtype=bool))
    with pytest.raises(DataError, match="no statistics"):
        stats.normalise("lai", np.ones(2))


def test_errors(ragged):
    weather = synthetic.weather("boreal", 1)
    with pytest.raises(DataError, match="did you mean 'gpp'"):
        pack(ragged, ["pr"], ["gp"])
    holes = ragged.pr.values.copy()
    holes[0, 10:15] = np.inf
    holed = ragged.assign(pr=(("site", "time"), holes))
    with pytest.raises(DataError, match="missing or infinite values: 5 at"):
        pack(holed, ["pr"])
    with pytest.raises(DataError, match="no target has a value at boreal"):
        pack(weather.assign(gpp=weather.pr * np.nan), ["pr"], ["gpp"])
    with pytest.raises(DataError, match="site attribute 'igbp' is missing or no number"):
        pack(ragged, ["pr"], attributes=["igbp"])
    bare = ragged.elevation.values.copy()
    bare[0] = np.nan
    low = ragged.assign_coords(elevation=("site", bare))
    with pytest.raises(DataError, match="'elevation' is missing at savanna"):
        pack(low, ["pr"], attributes=["elevation"])
    with pytest.raises(DataError, match="'nowhere' is not in the dataset"):
        pack(ragged, ["pr"], sites=["nowhere"])
    panel = pack(ragged, ["pr"])
    with pytest.raises(DataError, match="window 5:5 is empty"):
        panel.window(5, 5)
    with pytest.raises(DataError, match="shape"):
        panel.to_dataarray(np.zeros((2, 2)), "pr")
    with pytest.raises(DataError, match="other days"):
        panel.select(splits.record_mask(ragged.isel(time=slice(0, 100))))
    with pytest.raises(DataError, match="mask lacks"):
        panel.select(splits.record_mask(ragged).isel(site=[0]))


def test_real_panel(shared_data):
    ds = open_sites(shared_data / "flux_sites")
    panel = pack(ds, DEFAULT_FORCING, ["gpp", "et", "reco", "nee", "lai"])
    assert panel.shape == (3288, 11)
    assert panel.masks["lai"][panel.valid].all()
    for name, low, high in (("gpp", 0.03, 0.25), ("reco", 0.05, 0.25), ("nee", 0.0, 0.14), ("et", 0.0, 0.17)):
        missing = 1 - panel.masks[name].sum(0) / panel.valid.sum(0)
        assert missing.min() >= low - 0.006, name
        assert missing.max() <= high + 0.006, name
