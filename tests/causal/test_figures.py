"""What figures show is what the result holds."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from causal import graph_figure, link_map, overview
from causal.figures import arrows, collapsed
from causal.flags import Flag
from data.errors import DataError


def result(shape=(), dims=(), size=3):
    """A result without links."""
    link = ("source", "target", "lag")
    full = (*shape, size, size, 3)
    names = ["rain", "soil moisture", "arrivals"][:size]
    return xr.Dataset(
        {
            "graph": ((*dims, *link), np.zeros(full, "<U3")),
            "val": ((*dims, *link), np.zeros(full)),
            "flag": (dims, np.zeros(shape, np.int16)),
        },
        coords={"source": names, "target": names, "lag": [0, 1, 2]},
    )


def one():
    found = result()
    for i, j, lag, mark, val in (
        (0, 1, 1, "-->", 0.3),
        (0, 1, 2, "-->", -0.5),
        (1, 2, 0, "o-o", 0.2),
        (2, 1, 0, "o-o", 0.2),
        (0, 2, 0, "-->", 0.4),
        (2, 0, 0, "<--", 0.4),
        (2, 2, 1, "-->", 0.6),
    ):
        found["graph"][i, j, lag], found["val"][i, j, lag] = mark, val
    return found


def test_every_link_is_drawn_once():
    drawn = {(a.source, a.target, a.mark): (a.lags, a.val) for a in arrows(one())}
    assert drawn == {
        (0, 1, "-->"): ([2, 1], -0.5),
        (1, 2, "o-o"): ([0], 0.2),
        (0, 2, "-->"): ([0], 0.4),
        (2, 2, "-->"): ([1], 0.6),
    }


def test_a_graph_names_its_variables_and_lags(tmp_path):
    drawing = graph_figure(one(), "one cell")
    words = {t.get_text() for axis in drawing.axes for t in axis.texts}
    assert {"rain", "soil\nmoisture", "arrivals", "2, 1", "0", "1"} <= words
    drawing.savefig(tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 5000


@pytest.mark.parametrize("mark", ["x-x", "o->", "<->", "-->"])
def test_all_marks_can_be_drawn(tmp_path, mark):
    found = one()
    found["graph"][0, 1, 0] = mark
    found["frequency"] = found["val"] * 0 + 0.5
    assert {a.weight for a in arrows(found)} == {0.5}
    graph_figure(found).savefig(tmp_path / "a.svg")


def test_no_link_at_all(tmp_path):
    overview(result()).savefig(tmp_path / "a.png")
    overview(result((2, 2), ("lat", "lon"))).savefig(tmp_path / "b.png")


def test_many_cells_become_one_graph():
    """A link of three cells in four stays with its mean value there; failed cells do not count."""
    found = result((5,), ("site",))
    found["graph"][:3, 0, 1, 1], found["val"][:3, 0, 1, 1] = "-->", [0.2, 0.3, 0.4]
    found["graph"][:1, 1, 2, 2] = "-->"
    found["graph"][4, 2, 2, 2], found["flag"][4] = "-->", int(Flag.FAILED)
    one = collapsed(found)
    assert [(a.source, a.target, a.lags) for a in arrows(one)] == [(0, 1, [1])]
    assert arrows(one)[0].val == pytest.approx(0.3)
    assert arrows(one)[0].weight == 0.75
    assert "most frequent links of 5 cells" in graph_figure(found).axes[0].get_title()


def test_maps_tell_absent_lost_and_flagged_cells(tmp_path):
    found = result((2, 3), ("lat", "lon")).assign_coords(lat=[1.0, 2.0], lon=[5.0, 6.0, 7.0])
    found["graph"][:, 1:, 0, 1, 1], found["val"][:, :, 0, 1, 1] = "-->", 0.5
    found["flag"][0, 0], found["flag"][1, 1] = int(Flag.EMPTY), int(Flag.MISSING)
    drawing = link_map(found, "rain", "soil moisture", 1)
    axis = drawing.axes[0]
    assert axis.get_title().endswith("lag 1, 80% of cells")
    shown = axis.collections[0].get_array()
    assert shown is not None
    assert np.ma.getmaskarray(shown).tolist() == [[True, False, False], [False] * 3]
    assert [len(c.get_paths()) for c in axis.collections][-1] == 1  # one cell is hatched
    assert axis.lines[0].get_xydata().tolist() == [[6.0, 2.0]]
    assert {t.get_text() for t in drawing.legends[0].texts} == {"no link", "no result", "flagged"}
    drawing.savefig(tmp_path / "a.png")


def test_overviews_suit_the_result():
    grid = result((2, 2), ("lat", "lon"))
    grid["graph"][:, :, 0, 1, 1] = "-->"
    assert overview(grid).axes[0].get_title().startswith("rain --> soil moisture\n")
    seasons = result((2,), ("season",)).assign_coords(season=["DJF", "JJA"])
    assert [a.get_title() for a in overview(seasons).axes[:2]] == ["season DJF", "season JJA"]


def test_what_cannot_be_drawn():
    grid = result((2, 2), ("lat", "lon"))
    with pytest.raises(DataError, match="did you mean 'rain'"):
        link_map(grid, "rian", "arrivals", 1)
    with pytest.raises(DataError, match=r"there is no lag 5 .*: the lags are 0, 1, 2"):
        link_map(grid, "rain", "arrivals", 5)
    with pytest.raises(DataError, match="the cells have the dimensions none"):
        link_map(result(), "rain", "arrivals", 1)
    with pytest.raises(DataError, match="no graph"):
        graph_figure(result().drop_vars("graph"))
