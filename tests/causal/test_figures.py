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
    assert {"rain", "soil moisture", "arrivals", "2, 1", "0", "1"} <= words
    drawing.savefig(tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 5000


@pytest.mark.parametrize("mark", ["x-x", "o->", "<->", "-->"])
def test_all_marks_can_be_drawn(tmp_path, mark):
    found = one()
    found["graph"][0, 1, 0] = mark
    found["frequency"] = found["val"] * 0 + 0.5
    assert {a.weight for a in arrows(found)} == {0.5}
    graph_figure(found).savefig(tmp_path / "a.svg")


LONG = (
    "soil_moisture_root_zone",
    "gross_primary_productivity",
    "vapour_pressure_deficit",
    "precipitation",
    "air_temperature",
    "evapotranspiration",
    "net_ecosystem_exchange",
    "shortwave_radiation",
    "leaf_area_index",
    "latent_heat",
    "sensible_heat",
    "wind_speed",
    "snow_water_equivalent",
    "ecosystem_respiration",
)


def crowded(size, count):
    """A result with many links between variables of long names, and own pasts."""
    names = [*LONG, *(f"{name}_b" for name in LONG)][:size]
    link, rng = ("source", "target", "lag"), np.random.default_rng(size)
    graph, val = np.zeros((size, size, 4), "<U3"), rng.normal(size=(size, size, 4))
    for i, j, lag in rng.integers((0, 0, 1), (size, size, 4), (count, 3)):
        graph[i, j, lag] = "-->"
    coords = {"source": names, "target": names, "lag": range(4)}
    return xr.Dataset({"graph": (link, graph), "val": (link, val)}, coords)


@pytest.mark.parametrize(("size", "count"), [(3, 6), (8, 20), (14, 40), (20, 40)])
def test_long_names_fit(size, count):
    """As rendered: names inside the figure, apart from each other and from every circle; own lags inside theirs."""
    from matplotlib.patches import Circle

    drawing = graph_figure(crowded(size, count), "a title")
    drawing.draw_without_rendering()
    drawing.draw_without_rendering()  # once laid out, where texts are
    axis = drawing.axes[0]
    circles = [p for p in axis.patches if isinstance(p, Circle)]
    names = [t for t in axis.texts if any(c.isalpha() for c in t.get_text())]
    assert len(names) == size
    frame = drawing.bbox
    boxes = [t.get_window_extent() for t in names]
    assert all(b.x0 >= 0 and b.y0 >= 0 and b.x1 <= frame.x1 and b.y1 <= frame.y1 for b in boxes)
    turned = size > 16  # the boxes of turned names are larger than they
    title = axis.title.get_window_extent()
    assert not any(b.overlaps(title) for b in boxes)
    for k, box in enumerate(boxes if not turned else []):
        assert not any(box.overlaps(other) for other in boxes[:k])
        assert not any(box.overlaps(c.get_window_extent()) for c in circles)
    lags = [t for t in axis.texts if t.get_text()[0].isdigit()]
    inside = [t for t in lags if t.get_zorder() == 5]
    for text in inside:
        box = text.get_window_extent()
        holder = min((c.get_window_extent() for c in circles), key=lambda c: abs(c.x0 + c.x1 - box.x0 - box.x1)
                     + abs(c.y0 + c.y1 - box.y0 - box.y1))  # fmt: skip
        assert box.width <= holder.width
        assert box.height <= holder.height


@pytest.mark.parametrize(("size", "count"), [(3, 6), (8, 14)])
def test_lags_of_links_do_not_cover_each_other(size, count):
    drawing = graph_figure(crowded(size, count))
    drawing.draw_without_rendering()
    drawing.draw_without_rendering()
    axis = drawing.axes[0]
    words = {id(t): t for t in axis.texts if t.get_text()[0].isdigit() and t.get_zorder() < 5}.values()
    boxes = {tuple(np.round(t.get_position(), 6)): t.get_window_extent() for t in words}  # two frames each
    assert len(boxes) == len([a for a in arrows(crowded(size, count)) if a.source != a.target])
    held = list(boxes.values())
    assert not any(a.overlaps(b) for k, a in enumerate(held) for b in held[:k])


def test_links_bend_around_variables_and_each_other():
    """Of many variables no link runs under a third one, and links of one pair lie apart."""
    from causal import layout

    places, size = layout.circle(14)
    ends = [(i, j) for i in range(14) for j in range(14) if i != j]
    share = np.linspace(0.05, 0.95, 60)
    for (i, j), bend in zip(ends, layout.bends(ends, places, size), strict=True):
        control = layout.control(places[i], places[j], bend)
        way = layout.on_curve(places[i], control, places[j], share)
        others = np.delete(places, [i, j], axis=0)
        assert np.linalg.norm(way[:, None] - others[None], axis=-1).min() > size
    both = layout.bends([(0, 7), (7, 0), (0, 7)], places, size)
    middles = [
        layout.on_curve(places[a], layout.control(places[a], places[b], bend), places[b], 0.5)
        for (a, b), bend in zip([(0, 7), (7, 0), (0, 7)], both, strict=True)
    ]
    apart = [np.linalg.norm(p - q) for k, p in enumerate(middles) for q in middles[:k]]
    assert min(apart) > 0.1


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
