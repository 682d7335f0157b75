"""Opening of panels: what is accepted, and one sentence for everything that is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from data.errors import DataError
from data.readers.panel import months_of, open_panel


def panel(months=30, start="2015-01-01", step="MS") -> xr.Dataset:
    times = pd.date_range(start, periods=months, freq=step)
    values = np.random.default_rng(0).gamma(2.0, 50.0, (3, months)).astype(np.float32)
    return xr.Dataset(
        {"arrivals": (("district", "time"), values), "rain": (("time", "district"), values.T)},
        {"district": ["a", "b", "c"], "time": times},
    )


def write(ds: xr.Dataset, folder) -> str:
    path = folder / "panel.nc"
    ds.to_netcdf(path)
    return str(path)


def test_a_panel_is_opened_in_order_and_double(tmp_path):
    ds = open_panel(write(panel(), tmp_path), ["arrivals", "rain"])
    assert ds["rain"].dims == ("district", "time")
    assert ds["rain"].dtype == np.float64
    np.testing.assert_array_equal(ds["rain"], ds["arrivals"])
    assert str(months_of(ds)[13]) == "2016-02"
    assert "panel.nc" in ds.attrs["source_files"]


def test_weeks_are_weeks(tmp_path):
    path = write(panel(step="W-MON", start="2015-01-05"), tmp_path)
    assert open_panel(path, ["arrivals"], step="week").sizes["time"] == 30
    with pytest.raises(DataError, match="is repeated"):
        open_panel(path, ["arrivals"])


def gap(ds):
    return ds.isel(time=[i for i in range(30) if i != 7])


BROKEN = {
    "no such variable": (lambda d: d.rename(arrivals="arivals"), "is missing (panel.nc): did you mean 'arivals'?"),
    "no place": (lambda d: d.rename(district="place"), "the dimension 'district' with its coordinate is missing"),
    "no names": (lambda d: d.drop_vars("district"), "the dimension 'district' with its coordinate is missing"),
    "another dimension": (lambda d: d.assign(arrivals=d.arrivals[0]), "'arrivals' has the dimensions time"),
    "a name twice": (lambda d: d.assign_coords(district=["a", "a", "b"]), "the district 'a' is given twice"),
    "unsorted": (lambda d: d.isel(time=np.r_[0:10, 11, 10, 12:30]), "times are not sorted"),
    "a gap": (gap, "the time 2015-09-01 does not follow its predecessor by one month"),
    "a month twice": (lambda d: d.isel(time=np.r_[0:10, 9:30]), "the time 2015-10-01 is repeated"),
    "no dates": (lambda d: d.assign_coords(time=np.arange(30)), "dates are wanted"),
    "text": (lambda d: d.assign(arrivals=d.arrivals.astype(str)), "numbers are wanted"),
    "infinite": (lambda d: d.assign(rain=d.rain.where(d.time != d.time[4], np.inf)), "holds 3 infinite values"),
    "too short": (lambda d: d.isel(time=slice(0, 20)), "the record has 20 months, 24 are needed"),
    "no place at all": (lambda d: d.isel(district=slice(0, 0)), "is empty"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_panel_is_one_sentence(case, tmp_path):
    spoil, said = BROKEN[case]
    with pytest.raises(DataError) as error:
        open_panel(write(spoil(panel()), tmp_path), ["arrivals", "rain"], least=24)
    assert said in str(error.value)
    assert str(error.value).count("\n") == 0
    assert str(error.value).endswith((".", "?"))


def test_no_file_and_no_netcdf(tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        open_panel(tmp_path / "none.nc", ["arrivals"])
    (tmp_path / "text.nc").write_text("no netCDF")
    with pytest.raises(DataError, match="cannot be read"):
        open_panel(tmp_path / "text.nc", ["arrivals"])
