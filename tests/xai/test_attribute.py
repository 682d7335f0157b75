"""Attributions in and out as xarray."""

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from data.errors import ConfigError, DataError, ModelError
from xai.attribute import attribute
from xai.cells import per_variable
from xai.function import Plain
from xai.resultfile import read, write


def cube(years=2, sites=3):
    rng = np.random.default_rng(0)
    time = pd.date_range("2001-01-01", periods=365 * years)
    shape = (sites, len(time))
    ds = xr.Dataset(
        {
            "pr": (("site", "time"), rng.gamma(1.0, 2.0, shape)),
            "tas": (("site", "time"), rng.normal(10, 3, shape)),
        },
        {"time": time, "site": [f"s{i}" for i in range(sites)]},
    )
    ds.pr.attrs["units"] = "mm d-1"
    ds.tas.attrs["units"] = "degC"
    return ds


WEIGHTS = np.linspace(0.0, 1.0, 730)


def model(x):
    return {"gpp": jnp.sum(jnp.nan_to_num(x["pr"]) * WEIGHTS), "et": jnp.sum(x["tas"] ** 2) / 730}


def test_each_sample_has_its_own_attribution_and_account():
    ds = cube()
    got = attribute(model, ds, over="site", of=["gpp", "et"])
    assert got.attribution.sizes == {"variable": 2, "site": 3, "output": 2, "time": 730}
    np.testing.assert_allclose(got.attribution.sel(variable="pr", output="gpp"), ds.pr * WEIGHTS, atol=1e-10)
    np.testing.assert_allclose(got.attribution.sel(variable="tas", output="et"), ds.tas**2 / 730, atol=1e-10)
    np.testing.assert_allclose(got.prediction.sel(output="et"), (ds.tas**2).mean("time"))
    assert float(abs(got.efficiency_gap).max()) < 1e-10
    assert list(got.site.values) == ["s0", "s1", "s2"]
    assert got.time.equals(ds.time)


def test_missing_and_masked_cells_stay_as_they_are():
    ds = cube()
    ds.pr[0, 3] = np.nan
    mask = xr.DataArray(np.arange(730) >= 10, dims="time")
    got = attribute(model, ds, over="site", of="gpp", mask=mask)
    parts = per_variable(got)
    assert int(parts.pr.isnull().sum()) == 3 * 10
    held = (ds.pr * WEIGHTS)[:, :10].sum("time")
    np.testing.assert_allclose(got.base_value, held, atol=1e-10)
    np.testing.assert_allclose(parts.pr[:, 10:], (ds.pr * WEIGHTS)[:, 10:], atol=1e-10)
    free = attribute(model, ds, over="site", of="gpp")
    assert int(free.attribution.isnull().sum()) == 1


@pytest.mark.parametrize(
    "method", ["gradient", "input_x_gradient", "smoothgrad", "expected_gradients", "occlusion"]
)
def test_a_linear_output_is_the_same_by_every_method(method):
    ds = cube().isel(time=slice(0, 5))
    weights = np.arange(5.0)
    got = attribute(lambda x: jnp.sum(x["pr"] * weights), ds, method, over="site")
    slope = xr.zeros_like(ds.pr) + weights
    expected = {
        "gradient": slope,
        "smoothgrad": slope,
        "input_x_gradient": slope * ds.pr,
        "occlusion": slope * ds.pr,
        "expected_gradients": slope * (ds.pr - ds.pr.mean("site")),
    }[method]
    np.testing.assert_allclose(per_variable(got).pr, expected, atol=1e-12)
    np.testing.assert_allclose(per_variable(got).tas, 0.0, atol=1e-12)
    if method in ("input_x_gradient", "occlusion", "expected_gradients"):
        assert float(abs(got.efficiency_gap).max()) < 1e-12


def test_climatology_year_and_mean_are_what_they_say():
    ds = cube()
    # Both years alike but for a step: the climatology is the mean of the years, the year is itself.
    ds["pr"] = xr.DataArray(
        np.tile(np.concatenate([np.full(365, 1.0), np.full(365, 3.0)]), (3, 1)), ds.pr.coords
    )
    for baseline, base in (("climatology", 2.0), ({"year": 2002}, 3.0), ("mean", 2.0), ("zero", 0.0)):
        got = attribute(lambda x: jnp.sum(x["pr"]), ds, over="site", baseline=baseline)
        np.testing.assert_allclose(got.base_value, 730 * base)
        np.testing.assert_allclose(per_variable(got).pr[:, :365], 1.0 - base, atol=1e-12)


def test_a_daily_climatology_follows_the_season():
    ds = cube(years=4, sites=1)
    day = ds.time.dt.dayofyear
    ds["pr"] = (10 + 5 * np.cos(2 * np.pi * day / 365.25)).expand_dims(site=ds.site)
    got = attribute(lambda x: jnp.sum(x["pr"]), ds, over="site", baseline="climatology")
    assert float(abs(per_variable(got).pr).max()) < 0.1


def test_variables_of_other_dimensions_have_attributions_of_their_own():
    ds = cube().isel(time=slice(0, 4))
    ds["elevation"] = ("site", np.array([1.0, 2.0, 3.0]))
    got = attribute(lambda x: x["elevation"] * jnp.sum(x["pr"]), ds, over="site", baseline="zero")
    assert got.attribution_elevation.dims == ("site",)
    assert got.attribution_pr.dims == ("site", "time")
    np.testing.assert_allclose(got.attribution_elevation, ds.elevation * ds.pr.sum("time") / 2)
    assert set(per_variable(got).data_vars) == {"pr", "tas", "elevation"}


def test_plain_and_dataset_functions_are_explained_without_gradients():
    ds = cube().isel(time=slice(0, 3))
    by_arrays = attribute(Plain(lambda x: x["pr"].sum()), ds, "occlusion", over="site")
    by_dataset = attribute(lambda d: d.pr.sum("time"), ds, "occlusion", over="site", takes="dataset")
    np.testing.assert_allclose(per_variable(by_arrays).pr, ds.pr)
    np.testing.assert_allclose(per_variable(by_dataset).pr, ds.pr)
    with pytest.raises(ModelError, match="cannot be differentiated"):
        attribute(lambda d: d.pr.sum("time"), ds, "gradient", over="site", takes="dataset")


def test_an_array_goes_in_and_its_settings_come_out_of_the_file(tmp_path):
    ds = cube()
    got = attribute(lambda a: (a**2).sum(), ds.tas.isel(site=0), steps=4, baseline="mean")
    mean = float(ds.tas[0].mean())
    assert float(got.base_value) == pytest.approx(730 * mean**2)
    assert (got.attrs["method"], got.attrs["baseline"], got.attrs["steps"]) == (
        "integrated_gradients",
        "mean",
        4,
    )
    xr.testing.assert_identical(read(write(got, tmp_path / "a.nc")), got)


def test_single_precision_stays_single():
    ds = cube().astype("f4")
    seen = []

    def f(x):
        seen.append(x["pr"].dtype)
        return jnp.sum(x["pr"])

    attribute(f, ds, over="site")
    assert set(map(str, seen)) == {"float32"}


def test_a_background_with_gaps_is_filled_and_counted():
    ds = cube().isel(time=slice(0, 4))
    ds.pr[0, 1] = np.nan
    got = attribute(lambda x: jnp.sum(jnp.nan_to_num(x["pr"])), ds, "expected_gradients", over="site")
    assert got.attrs["background_filled"] == 1
    expected = ds.pr - ds.pr.mean("site")
    np.testing.assert_allclose(per_variable(got).pr, expected, atol=1e-12)


def broken():
    ds = cube(sites=2).isel(time=slice(0, 4))
    f = lambda x: jnp.sum(x["pr"])  # noqa: E731
    year = cube()
    wrong_units = ds.copy()
    wrong_units["pr"] = ds.pr.assign_attrs(units="kg m-2 s-1")
    text = ds.assign(name=("site", ["a", "b"]))
    infinite = ds.copy(deep=True)
    infinite.pr[0, 0] = np.inf
    rows = ds.isel(site=0, drop=True).expand_dims(background=2)
    empty_row = rows.copy(deep=True).assign(pr=rows.pr * np.nan)
    return [
        ((f, ds, "shapely"), {}, ConfigError, "method 'shapely' is unknown"),
        ((f, ds), {"stepz": 3}, ConfigError, "no setting 'stepz'"),
        ((f, ds, "gradient"), {"steps": 3}, ConfigError, "its settings: none"),
        ((f, ds), {"takes": "cubes"}, ConfigError, "takes 'cubes'"),
        ((f, ds), {"dtype": "int8"}, ConfigError, "type 'int8'"),
        ((f, ds), {"chunk": 0}, ConfigError, "chunk of 0"),
        ((f, ds), {"baseline": "climatolgy"}, ConfigError, "baseline 'climatolgy' is unknown"),
        ((f, ds), {"baseline": {"year": 1999}}, DataError, "1999 is not in the input"),
        ((f, year), {"baseline": {"year": 2001, "month": 2}}, ConfigError, "is unknown"),
        ((f, ds), {"baseline": "climatology"}, DataError, "one year alone"),
        ((f, ds.drop_vars("time")), {"baseline": "climatology"}, DataError, "no time coordinate"),
        ((f, ds), {"baseline": ds[["pr"]]}, DataError, "lacks tas"),
        ((f, ds), {"baseline": ds.isel(time=slice(0, 2))}, DataError, "has shape"),
        ((f, ds), {"baseline": wrong_units}, DataError, "kg m-2 s-1"),
        (
            (f, ds),
            {"baseline": ds.where(ds.pr > 1e9)},
            DataError,
            "missing in .* cells where the input is not",
        ),
        ((f, ds), {"baseline": rows, "over": "site"}, ConfigError, "not from a background"),
        ((f, ds, "expected_gradients"), {}, ConfigError, "need a background"),
        ((f, ds, "expected_gradients"), {"baseline": "zero"}, ConfigError, "not from one baseline"),
        ((f, ds, "expected_gradients"), {"baseline": empty_row, "over": "site"}, DataError, "in every row"),
        ((f, ds, "expected_gradients"), {"baseline": {"rows": 0}, "over": "site"}, ConfigError, "0 rows"),
        ((f, ds), {"over": "district"}, DataError, "lacks the dimension 'district'"),
        ((f, ds), {"mask": ds.pr}, DataError, "mask is of type float64"),
        ((f, ds), {"mask": xr.DataArray(np.ones(7, bool), dims="time")}, DataError, "mask has 7"),
        ((f, ds), {"mask": xr.DataArray(np.zeros(4, bool), dims="time")}, DataError, "no cell is known"),
        ((f, ds * np.nan), {}, DataError, "no cell is known"),
        ((f, text), {}, DataError, "'name' is of type"),
        ((f, infinite), {}, DataError, "infinite"),
        ((f, ds[[]]), {}, DataError, "no variables"),
        ((f, ds.isel(site=[])), {}, DataError, "is empty"),
        ((f, ds.astype(int)), {}, DataError, "of type int"),
        ((f, ds), {"of": "gpp"}, ConfigError, "not the name 'gpp'"),
        ((model, cube()), {"of": "npp", "over": "site"}, ConfigError, "does not return 'npp'"),
        ((model, cube()), {"over": "site"}, ConfigError, "choose one or some with `of`"),
        ((lambda x: x["pr"][0], ds), {"of": 9}, ConfigError, "no output 9"),
        ((lambda x: x["pr"], ds), {}, ConfigError, "returns 2 dimensions"),
        ((lambda x: jnp.log(-jnp.sum(x["pr"])), ds), {}, ModelError, "not finite"),
    ]


@pytest.mark.parametrize("case", broken(), ids=lambda c: c[3][:40])
def test_what_cannot_be_attributed_is_told_in_one_sentence(case):
    (args, kwargs, error, words) = case
    with pytest.raises(error, match=words) as caught:
        attribute(*args, **kwargs)
    assert "\n" not in str(caught.value)


def test_an_absent_or_foreign_file_is_refused(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read(tmp_path / "none.nc")
    (tmp_path / "text.nc").write_text("hello")
    with pytest.raises(DataError, match="cannot be read as netCDF"):
        read(tmp_path / "text.nc")
    cube().to_netcdf(tmp_path / "other.nc")
    with pytest.raises(DataError, match="holds no attribution"):
        read(tmp_path / "other.nc")


def test_groups_are_the_players_of_one_game():
    ds = cube()
    ds.pr[0, 3] = np.nan
    f = lambda x: jnp.sum(jnp.nan_to_num(x["pr"])) * jnp.mean(x["tas"])  # noqa: E731
    got = attribute(f, ds, groups=["season", "variable"], over="site", baseline="mean")
    assert got.attrs["method"] == "exact_shapley"
    assert list(got["season"].values[:2]) == ["DJF", "DJF"]
    assert list(got["variable"].values[:2]) == ["pr", "tas"]
    assert float(abs(got.efficiency_gap / got.prediction).max()) < 1e-12
    # A product of sums: a group's value is its own change times the other factor's mean over orderings.
    change = {n: (ds[n] - ds[n].mean("time")).fillna(0.0).groupby("time.season").sum() for n in ds.data_vars}
    tas = ds.tas.mean("time")
    for season in ("DJF", "JJA"):
        expected = change["pr"].sel(season=season) * (tas + change["tas"].sum("season") / 730 / 2)
        here = got.attribution.isel(player=(got.season == season).values & (got.variable == "pr").values)
        np.testing.assert_allclose(here.squeeze(), expected, rtol=1e-9)
    kernel = attribute(
        f, ds, "kernel_shap", groups=["season", "variable"], over="site", baseline="mean", coalitions=300
    )
    np.testing.assert_allclose(kernel.attribution, got.attribution, atol=1e-8)


def test_single_cells_can_be_players_too():
    ds = cube(sites=2).isel(time=slice(0, 5))
    ds.pr[0, 1] = np.nan
    f = lambda x: jnp.nansum(x["pr"]) * jnp.sum(x["tas"])  # noqa: E731
    got = attribute(f, ds, "exact_shapley", over="site", baseline="zero")
    expected = ds.pr * ds.tas.sum("time") / 2
    np.testing.assert_allclose(per_variable(got).pr, expected, atol=1e-10)
    with pytest.raises(ConfigError, match="not to groups"):
        attribute(f, ds, "integrated_gradients", groups="variable", over="site")
