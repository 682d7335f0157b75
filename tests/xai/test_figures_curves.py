"""Figures of curves and lags show what the results hold."""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

from data.errors import DataError
from xai.ale import ale
from xai.ale_interaction import ale_interaction
from xai.counterfactual import counterfactual
from xai.dependence import partial_dependence
from xai.figures_curves import ale_figure, counterfactual_figure, dependence_figure, interaction_figure
from xai.figures_time import lag_figure
from xai.function import Plain
from xai.timeresolved import time_resolved


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def samples() -> xr.Dataset:
    rng = np.random.default_rng(0)
    tas = np.concatenate([rng.normal(5, 2, 150), rng.normal(22, 3, 150)])
    pr = rng.gamma(1.0, 3.0, 300) + 0.1 * tas
    return xr.Dataset(
        {"tas": ("sample", tas, {"units": "degC"}), "pr": ("sample", pr, {"units": "mm d-1"})},
        {"season": ("sample", np.repeat(["DJF", "JJA"], 150))},
    )


f = Plain(lambda x: 0.2 * x["tas"] + np.sqrt(np.maximum(x["pr"], 0)) * x["tas"] / 10, batched=True)


def test_curve_of_each_group_its_gaps_and_units():
    found = ale(f, samples(), "tas", by="season", bins=12, spacing="equal", bootstrap=20, units="gC m-2 d-1")
    figure = ale_figure(found)
    above, below = figure.axes
    assert [t.get_text() for t in above.get_legend().get_texts()] == ["DJF", "JJA"]
    assert below.get_xlabel() == "tas [degC]"
    assert above.get_ylabel() == "effect [gC m-2 d-1]"
    heights = [p.get_height() for p in below.patches if p.get_hatch() is None]
    assert sum(heights) == 300
    line = above.lines[0].get_ydata()
    np.testing.assert_allclose(line, found["ale"].sel(season="DJF"))


def test_dependence_and_interaction():
    ds = samples()
    figure = dependence_figure(partial_dependence(f, ds, "pr", units="gC m-2 d-1", curves=30))
    assert figure.axes[0].get_xlabel() == "pr [mm d-1]"
    assert len(figure.axes[0].lines) == 32
    figure = interaction_figure(
        ale_interaction(f, ds, ("tas", "pr"), bins=6, bootstrap=0, units="gC m-2 d-1")
    )
    assert figure.axes[0].get_ylabel() == "pr [mm d-1]"
    assert figure.axes[1].get_ylabel() == "interaction [gC m-2 d-1]"
    with pytest.raises(DataError, match="not an interaction"):
        interaction_figure(ds)
    with pytest.raises(DataError, match="no 'ale' curve"):
        ale_figure(ds)


def season() -> xr.Dataset:
    day = np.arange(60)
    return xr.Dataset(
        {
            "pr": ("time", 2 + np.sin(day / 5), {"units": "mm d-1"}),
            "tas": ("time", 15 + 5 * np.sin(day / 20), {"units": "degC"}),
        },
        {"time": np.datetime64("2003-06-01", "ns") + day * np.timedelta64(1, "D")},
    )


def test_counterfactual_tells_what_is_missed():
    ds = season()
    found = counterfactual(
        lambda x: x["pr"].mean() - 0.1 * x["tas"].mean(),
        ds,
        ("at least", 3.0),
        bounds={"pr": (0.0, 3.5), "tas": (10.0, 21.0)},
        smooth={"time": 20.0},
        steps=50,
        rounds=10,
    )
    figure = counterfactual_figure(found, ds)
    assert [a.get_ylabel() for a in figure.axes] == ["pr [mm d-1]", "tas [degC]"]
    assert "misses by" in figure.legends[0].get_texts()[0].get_text()


def test_lags():
    ds = season()

    def g(x):
        return np.convolve(x["pr"], 0.7 ** np.arange(20))[:60] - 0.2 * np.convolve(x["tas"], [0, 0, 1.0])[:60]

    found = time_resolved(Plain(g), ds, at=ds["time"][40:44], windows=[(0, 0), (1, 2), (3, 6)], units="mm")
    figure = lag_figure(found)
    assert [a.get_title(loc="left") for a in figure.axes[:2]] == [
        f"{n} (line: lag by which 90% is reached)" for n in ("pr", "tas")
    ]
    assert [t.get_text() for t in figure.axes[2].get_xticklabels()][:3] == ["0", "1 to 2", "3 to 6"]
