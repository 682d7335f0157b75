"""Dead fuel moisture over weather datasets: units, sense of the two methods, broken inputs."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from data.errors import ConfigError, DataError
from hybrid.fire.behaviour import dead_moisture_dataset

HOURS = 72
UNITS = {"tas": "degC", "hurs": "%", "pr": "mm h-1", "rsds": "W m-2"}


def weather(**changed):
    """Three days of sun, with six hours of rain on the second, at two places."""
    hour = np.arange(HOURS)
    wave = np.sin(2 * np.pi * (hour - 9) / 24)
    series = {
        "tas": 20 + 8 * wave,
        "hurs": 50 - 25 * wave,
        "pr": np.where((hour >= 30) & (hour < 36), 3.0, 0.0),
        "rsds": 800 * np.maximum(np.sin(2 * np.pi * (hour - 6) / 24), 0.0),
    }
    time = np.datetime64("2025-07-01") + hour * np.timedelta64(1, "h")
    ds = xr.Dataset(
        {n: (("time", "x"), np.stack([v, v], axis=1), {"units": UNITS[n]}) for n, v in series.items()},
        coords={"time": time, "x": [0.0, 1.0]},
    )
    return ds.assign(changed)


@pytest.fixture(scope="module")
def found():
    return {m: dead_moisture_dataset(weather(), method=m) for m in ("timelag", "stick")}


@pytest.mark.parametrize("method", ["timelag", "stick"])
def test_both_methods_dry_by_day_and_wet_in_rain(found, method):
    ds = found[method].isel(x=0)
    for name in ("dead_1h", "dead_10h", "dead_100h"):
        values = ds[name].values
        assert ds[name].attrs["units"] == "1"
        assert values.shape == (HOURS,)
        assert (values > 0.0).all()
        assert values[35] > values[29]
    swing = [np.ptp(ds[n].values[:24]) for n in ("dead_1h", "dead_10h", "dead_100h")]
    assert swing[0] > swing[1] > swing[2]
    afternoon = ds["dead_1h"].values[15]
    assert 0.02 < afternoon < 0.09
    assert found[method].attrs["Conventions"] == "CF-1.10"


def test_units_are_converted(found):
    ds = weather()
    ds["tas"] = (ds["tas"] + 273.15).assign_attrs(units="K")
    ds["hurs"] = (ds["hurs"] / 100).assign_attrs(units="1")
    ds["pr"] = (ds["pr"] / 3600).assign_attrs(units="kg m-2 s-1")
    again = dead_moisture_dataset(ds)
    np.testing.assert_allclose(again["dead_10h"], found["timelag"]["dead_10h"], rtol=1e-4)


BROKEN = {
    "method unknown": (
        lambda: dead_moisture_dataset(weather(), method="fuel stick"),
        "use 'timelag' or 'stick'",
    ),
    "no time": (lambda: dead_moisture_dataset(weather().isel(time=0)), "the dimension time is missing"),
    "time that is not dates": (
        lambda: dead_moisture_dataset(weather().assign_coords(time=np.arange(HOURS))),
        "give two dates or more",
    ),
    "a gap in time": (
        lambda: dead_moisture_dataset(weather().isel(time=[0, 1, 2, 5, 6])),
        "time steps are from 1 to 3 h",
    ),
    "steps too long": (
        lambda: dead_moisture_dataset(weather().isel(time=[0, 36])),
        "weather of a day or finer",
    ),
    "a variable missing": (
        lambda: dead_moisture_dataset(weather().drop_vars("hurs")),
        "the variable hurs is missing",
    ),
    "radiation missing for sticks": (
        lambda: dead_moisture_dataset(weather().drop_vars("rsds"), method="stick"),
        "the variable rsds is missing",
    ),
    "a unit missing": (
        lambda: dead_moisture_dataset(weather(tas=weather()["tas"].drop_attrs())),
        "the unit is missing",
    ),
    "kelvin called degC": (
        lambda: dead_moisture_dataset(weather(tas=(weather()["tas"] + 273.15).assign_attrs(units="degC"))),
        "correct the values or the attribute units",
    ),
    "values missing": (
        lambda: dead_moisture_dataset(weather(pr=weather()["pr"].where(lambda v: v > 0))),
        "is missing in",
    ),
    "start in percent": (lambda: dead_moisture_dataset(weather(), start=10.0), "divide percent by 100"),
    "start of two classes": (
        lambda: dead_moisture_dataset(weather(), start=(0.1, 0.1)),
        "one for each class",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_weather_gives_one_sentence(name):
    call, part = BROKEN[name]
    with pytest.raises((DataError, ConfigError)) as caught:
        call()
    text = str(caught.value)
    assert part in text
    assert text.count(". ") == 0
    assert caught.value.remedy
