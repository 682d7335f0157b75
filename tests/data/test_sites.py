import json

import numpy as np
import pytest
import xarray as xr

from data import DEFAULT_FORCING, REGISTRY, open_cube, open_sites, provenance
from data.errors import DataError


def edited(folder, tmp_path, change, site="boreal"):
    """A site file of the virtual sites, changed; returns its path."""
    with xr.open_dataset(folder / f"{site}.nc") as ds:
        ds = ds.load()
    path = tmp_path / f"{site}.nc"
    change(ds).to_netcdf(path)
    return path


def test_layout(folder):
    ds = open_sites(folder)
    assert ds.sizes["site"] == 3
    assert ds.site.values.tolist() == ["boreal", "savanna", "temperate_deciduous"]
    assert ds.time.dtype == np.dtype("datetime64[ns]")
    for name in ds.data_vars:
        assert ds[name].dims == ("site", "time")
        assert ds[name].dtype == np.float32
        assert ds[name].attrs["units"] == REGISTRY[str(name)].unit
    assert {"lat", "lon", "elevation", "igbp", "record_start", "record_end"} <= set(ds.coords)
    assert ds.attrs["Conventions"] == "CF-1.10"
    sources = json.loads(ds.attrs["source_files"])
    assert [s["path"].split("/")[-1] for s in sources] == [f"{s}.nc" for s in ds.site.values]
    assert sources == provenance.source_files(ds)
    assert all(len(s["sha256"]) == 64 for s in sources)


def test_chosen_sites_keep_their_order(folder):
    assert open_sites(folder, sites=["temperate_deciduous", "boreal"]).site.values.tolist() == [
        "temperate_deciduous",
        "boreal",
    ]
    assert open_sites(folder, sites="boreal").site.values.tolist() == ["boreal"]


def test_one_file(folder):
    assert open_sites(folder / "boreal.nc").site.values.tolist() == ["boreal"]


def test_records_keep_their_own_days(folder, tmp_path):
    for site, days in (("boreal", slice("2001-03-01", "2003-02-28")), ("savanna", slice("2002-01-01", None))):
        edited(folder, tmp_path, lambda ds, days=days: ds.sel(time=days), site)
    ds = open_sites(tmp_path)
    assert str(ds.time.values[0])[:10] == "2001-03-01"
    assert str(ds.record_start.sel(site="savanna").values)[:10] == "2002-01-01"
    assert str(ds.record_end.sel(site="boreal").values)[:10] == "2003-02-28"
    assert ds.pr.sel(site="savanna", time=slice(None, "2001-12-31")).isnull().all()
    assert ds.pr.sel(site="savanna", time=slice("2002-01-01", None)).notnull().all()


def test_units_are_converted_at_the_border(folder, tmp_path):
    reference = open_sites(folder / "boreal.nc")

    def foreign(ds):
        for name, factor, offset, unit in (
            ("tas_min", 1.0, 273.15, "K"),
            ("tas_max", 1.8, 32.0, "degF"),
            ("rsds", 1e6 / 86400, 0, "W m-2"),
            ("vpd", 100.0, 0, "Pa"),
            ("pr", 1 / 86400, 0, "kg m-2 s-1"),
            ("co2", 1.0, 0, "umol mol-1"),
            ("gpp", 1 / (12.011e-6 * 86400), 0, "umol m-2 s-1"),
            ("et", 1 / 24, 0, "mm/hour"),
        ):
            ds[name] = (ds[name].astype("float64") * factor + offset).assign_attrs(units=unit)
        return ds.rename(tas_min="tasmin", tas_max="tasmax")

    ds = open_sites(edited(folder, tmp_path, foreign))
    for name in reference.data_vars:
        np.testing.assert_allclose(
            ds[name].values, reference[name].values, rtol=2e-5, atol=2e-5, err_msg=str(name)
        )


def test_gaps_in_forcing_are_counted_or_filled(folder, tmp_path):
    def holes(ds):
        ds["pr"][100:103] = np.nan
        ds["tas_min"][[5, 50]] = np.nan
        return ds

    path = edited(folder, tmp_path, holes)
    with pytest.raises(DataError) as caught:
        open_sites(path)
    assert "pr 3 days at boreal" in str(caught.value)
    assert "tas_min 2 days at boreal" in str(caught.value)
    assert "fill=" in str(caught.value)
    whole = open_sites(folder / "boreal.nc")
    ds = open_sites(path, fill="interpolate")
    assert "pr filled on 3 days by interpolate (gaps up to 7 d)" in ds.attrs["history"]
    straight = np.interp(5, [4, 6], whole.tas_min.values[0, [4, 6]])
    assert ds.tas_min.values[0, 5] == pytest.approx(straight, rel=1e-5)
    assert ds.gpp.isnull().sum() == whole.gpp.isnull().sum()  # targets are never filled
    with pytest.raises(DataError, match="a gap of 3 days from 2001-04-11"):
        open_sites(path, fill="interpolate", max_gap=2)
    mixed = open_sites(path, fill={"pr": "climatology", "tas_min": "interpolate"})
    other = [whole.pr.values[0, 100 - 7 + k + 365 * y] for y in range(1, 6) for k in range(15)]
    assert mixed.pr.values[0, 100] == pytest.approx(np.mean(other), rel=0.25)
    assert "by climatology" in mixed.attrs["history"]
    assert open_sites(path, forcing=("rsds",)).pr.isnull().sum() == 3


def test_implausible_values(folder, tmp_path):
    def spikes(ds):
        ds["et"][[7, 9]] = 300.0
        ds["pr"][3] = -1e-9
        return ds

    path = edited(folder, tmp_path, spikes)
    ds = open_sites(path)
    assert "et had" in ds.attrs["history"]
    assert np.isnan(ds.et.values[0, [7, 9]]).all()
    assert ds.pr.values[0, 3] == 0.0  # rounding noise is put on the bound
    with pytest.raises(DataError, match=r"2 values outside -5 to 25 mm d-1, the first 300 at index 7"):
        open_sites(path, ranges="error")
    assert open_sites(path, ranges="keep").et.values[0, 7] == 300.0

    def wrong(ds):
        ds["et"] = ds["et"] * 28.4 + 30
        return ds

    with pytest.raises(DataError, match="check the unit"):
        open_sites(edited(folder, tmp_path, wrong))


def test_undeclared_fill_values_are_missing(folder, tmp_path):
    def coded(ds):
        ds["et"][10:300] = -9999.0
        return ds

    ds = open_sites(edited(folder, tmp_path, coded))
    assert ds.et[0, 10:300].isnull().all()
    assert "et had 290 values of -9999, read as missing" in ds.attrs["history"]


def test_climate_is_derived_where_not_stated(folder, tmp_path):
    path = edited(
        folder, tmp_path, lambda ds: ds.drop_vars(["mean_annual_precipitation", "igbp", "elevation"])
    )
    ds = open_sites(path)
    assert ds.mean_annual_precipitation.item() == pytest.approx(ds.pr.mean().item() * 365.25, rel=1e-5)
    assert "mean_annual_precipitation taken from the forcing" in ds.attrs["history"]
    assert ds.igbp.values.tolist() == [""]
    assert np.isnan(ds.elevation.item())


@pytest.mark.parametrize("form", ["nc", "zarr"])
def test_cube_with_a_site_dimension(world, folder, tmp_path, form):
    cube = world.rename(site="station").drop_vars(["record_start", "record_end"])
    cube["station"].attrs["cf_role"] = "timeseries_id"
    cube.attrs.clear()
    path = tmp_path / f"cube.{form}"
    cube.to_netcdf(path) if form == "nc" else cube.to_zarr(path, zarr_format=2)
    ds = open_sites(path, sites=["boreal", "savanna"])
    reference = open_sites(folder, sites=["boreal", "savanna"])
    for name in reference.data_vars:
        np.testing.assert_array_equal(ds[name].values, reference[name].values)
    assert ds.lat.values.tolist() == reference.lat.values.tolist()


def test_cube_keeps_stated_records(world, tmp_path):
    starts = world.time.values[[0, 100, 0]]
    cube = world.assign_coords(record_start=("site", starts))
    cube.to_netcdf(tmp_path / "c.nc")
    ds = open_sites(tmp_path / "c.nc")
    assert (ds.record_start.values == starts).all()


def test_grid_becomes_sites(world, tmp_path):
    one = world[[*DEFAULT_FORCING]].isel(site=0, drop=True).reset_coords(drop=True)
    grid = (
        xr.concat([one, one * 1.01], "latitude")
        .expand_dims(longitude=[3.0, 4.0])
        .assign_coords(latitude=[50.0, -10.5])
    )
    for name in DEFAULT_FORCING:
        grid[name].attrs["units"] = REGISTRY[name].unit
    grid = grid.where(~((grid.latitude == 50.0) & (grid.longitude == 4.0)))  # an ocean cell
    for name in DEFAULT_FORCING:
        grid[name].attrs["units"] = REGISTRY[name].unit
    grid.to_netcdf(tmp_path / "grid.nc")
    ds = open_sites(tmp_path / "grid.nc")
    assert ds.site.values.tolist() == ["+50.00+003.00", "-10.50+003.00", "-10.50+004.00"]
    assert ds.lat.values.tolist() == [50.0, -10.5, -10.5]
    np.testing.assert_allclose(ds.rsds.values[1], 1.01 * ds.rsds.values[0], rtol=1e-5)


def test_open_cube_of_any_shape(tmp_path):
    ds = xr.Dataset(
        {"tasmax": (("time", "x"), np.full((3, 2), 300.0), {"units": "K"}), "odd": (("x",), [1.0, 2.0])},
        {"time": np.arange("2001-01-01", "2001-01-04", dtype="datetime64[D]").astype("datetime64[ns]")},
    )
    ds.to_netcdf(tmp_path / "a.nc")
    cube = open_cube(tmp_path / "a.nc")
    np.testing.assert_allclose(cube.tas_max, 26.85)
    assert cube.tas_max.attrs["units"] == "degC"
    assert "odd" in cube
    assert list(open_cube(tmp_path / "a.nc", ["tas_max"]).data_vars) == ["tas_max"]
    kelvin = open_cube(tmp_path / "a.nc", units={"tas_max": "K"})
    assert kelvin.tas_max.values.max() == 300.0
    with pytest.raises(DataError, match="did you mean 'tas_max'"):
        open_cube(tmp_path / "a.nc", ["tas_mx"])


def test_real_sites_open_as_described(shared_data):
    ds = open_sites(shared_data / "flux_sites")
    assert ds.sizes["site"] == 11
    assert str(ds.time.values[0])[:10] == "1999-01-01"
    for path in sorted((shared_data / "flux_sites").glob("*.nc")):
        with xr.open_dataset(path) as site:
            site = site.load()
        ours = ds.sel(site=path.stem, time=site.time)
        for name in ("pr", "gpp", "nee", "swc"):
            np.testing.assert_array_equal(ours[name].values, site[name].values)
        assert 3286 <= len(site.time) <= 3288
    assert str(ds.record_end.sel(site="AU-Stp").values)[:10] == "2018-12-30"
    assert ds.swc.sel(site="FR-Pue").isnull().all()
    assert "out of range" not in ds.attrs["history"]
    share = {n: float(ds[n].isnull().sum()) for n in DEFAULT_FORCING}
    inside = int(((ds.time >= ds.record_start) & (ds.time <= ds.record_end)).sum())
    assert set(share.values()) == {ds.pr.size - inside}


def test_real_catchments_open_with_their_own_forcing(shared_data):
    ds = open_sites(shared_data / "camels_fr" / "camels_fr.nc", forcing=("pr", "pet", "tas"))
    assert ds.sizes == {"site": 14, "time": 7305}
    with pytest.raises(DataError, match="daily values are wanted"):
        open_sites(shared_data / "flux_monthly" / "drivers_obs.nc")
