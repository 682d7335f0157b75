"""Figures show what they are given, with units, symmetric colours and uncertainty."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from data.errors import ConfigError, DataError
from xai.assess import Effort
from xai.attribute import attribute
from xai.figures import bar_figure, map_figure
from xai.function import Plain
from xai.trust import trust
from xai.trust_figure import trust_figure


def maps(stderr=0.05):
    lat, lon = np.arange(36, 40, 1.0), np.arange(-4, 4, 1.0)
    values = np.stack([np.outer(np.cos(lat), np.sin(lon)), 0.5 * np.outer(np.sin(lat), np.cos(lon))])
    return xr.Dataset(
        {
            "attribution": (("variable", "lat", "lon"), values),
            "stderr": (("variable", "lat", "lon"), np.full_like(values, stderr)),
        },
        {"variable": ["pr", "tas"], "lat": lat, "lon": lon},
    )


def test_maps_have_one_symmetric_scale_units_and_hatching():
    ds = maps()
    drawing = map_figure(ds, units="g m-2 d-1", title="GPP")
    panels = [a for a in drawing.axes if a.get_title(loc="left") in ("pr", "tas")]
    most = float(abs(ds.attribution).max())
    for axis, name in zip(panels, ("pr", "tas"), strict=True):
        shades, hatched = axis.collections
        assert shades.get_clim() == pytest.approx((-most, most))
        np.testing.assert_allclose(
            np.ravel(shades.get_array()), ds.attribution.sel(variable=name).values.ravel()
        )
        near = (abs(ds.attribution) < 2 * ds.stderr).sel(variable=name)
        assert len(hatched.get_paths()) == int(near.sum()) > 0
        assert hatched.get_hatch()
    assert panels[-1].get_xlabel() == "longitude [degrees east]"
    assert panels[0].get_ylabel() == "latitude [degrees north]"
    assert drawing.axes[-1].get_ylabel() == "attribution [g m-2 d-1]"
    assert len(map_figure(maps(0.0)).axes[0].collections) == 1


def test_time_lies_along_the_axis_and_names_are_told():
    time = pd.date_range("2001-01-31", periods=6, freq="ME")
    ds = xr.Dataset(
        {"attribution": (("variable", "time"), np.ones((2, 6)))}, {"variable": ["pr", "tas"], "time": time}
    )
    axis = map_figure(ds).axes[0]
    assert axis.get_xlabel() == "time"
    assert [t.get_text() for t in axis.get_yticklabels()] == ["pr", "tas"]


def test_bars_stand_by_season_in_the_colour_of_their_variable():
    season = [s for s in ("DJF", "JJA") for _ in range(3)]
    variable = ["pr", "tas", "vpd"] * 2
    values = np.arange(6.0) - 2
    ds = xr.Dataset(
        {"attribution": ("player", values), "stderr": ("player", np.full(6, 0.5))},
        {"season": ("player", season), "variable": ("player", variable)},
    )
    axis = bar_figure(ds, units="mm d-1").axes[0]
    bars = [c for c in axis.containers if hasattr(c, "patches")]
    assert [b.get_label() for b in bars] == ["pr", "tas", "vpd"]
    assert [[p.get_height() for p in b.patches] for b in bars] == [[-2, 1], [-1, 2], [0, 3]]
    assert len({b.patches[0].get_facecolor() for b in bars}) == 3
    line = bars[0].errorbar.lines[2][0].get_segments()[0]
    assert line[1, 1] - line[0, 1] == pytest.approx(2 * 1.96 * 0.5)
    assert [t.get_text() for t in axis.get_xticklabels()] == ["DJF", "JJA"]
    assert axis.get_ylabel() == "attribution [mm d-1]"


def test_bars_of_samples_show_the_mean_and_its_error():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(9, 2))
    ds = xr.Dataset({"attribution": (("site", "variable"), values)}, {"variable": ["pr", "tas"]})
    (bars,) = [c for c in bar_figure(ds).axes[0].containers if hasattr(c, "patches")]
    np.testing.assert_allclose([p.get_height() for p in bars.patches], values.mean(0))
    line = bars.errorbar.lines[2][0].get_segments()[1]
    assert line[1, 1] - line[0, 1] == pytest.approx(2 * 1.96 * values[:, 1].std(ddof=1) / 3)


def report():
    ds = xr.DataArray(np.random.default_rng(0).normal(size=(3, 6)), dims=("site", "cell"), name="pr")
    weights = np.arange(6.0)
    f = Plain(lambda x: np.array([(weights * x).sum(), x.sum()]))
    found = attribute(f, ds, "occlusion", over="site")
    return trust(f, ds, found, checks=["gap", "faithfulness"], effort=Effort(draws=19, steps=4, subsets=10))


def test_the_page_of_a_trust_report():
    got = report()
    drawing = trust_figure(got, "0", units="mm", title="Trust")
    axes = {a.get_title(loc="left"): a for a in drawing.axes}
    assert {
        "Skill over random",
        "Deletion",
        "Insertion",
        "Efficiency",
        "Members",
        "Randomised layers",
    } <= set(axes)
    lines = {line.get_label(): line for line in axes["Deletion"].lines}
    np.testing.assert_allclose(lines["attribution"].get_ydata(), got.curve_deletion.sel(output="0"))
    assert axes["Deletion"].get_ylabel() == "mean prediction [mm]"
    assert axes["Members"].texts[0].get_text() == "not computed"
    names = [t.get_text() for t in axes["Skill over random"].get_yticklabels()]
    assert names[::-1] == ["Efficiency gap", "Deletion", "Insertion", "Faithfulness correlation"]
    with pytest.raises(ConfigError, match="report is of 0, 1"):
        trust_figure(got)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: map_figure(xr.Dataset({"a": 1.0})), "no variable 'attribution'"),
        (lambda: map_figure(maps(), x="depth"), "no dimension 'depth'"),
        (lambda: map_figure(maps().isel(lat=[0] * 4).expand_dims(run=20)), "40 maps over"),
        (lambda: map_figure(maps().expand_dims(output=["gpp", "et"])), "attribution is of gpp, et"),
        (lambda: bar_figure(maps(), "season"), "no groups by 'season'"),
        (lambda: trust_figure(maps()), "not a trust report"),
    ],
)
def test_what_cannot_be_drawn_is_refused(call, words):
    with pytest.raises(DataError, match=words):
        call()
