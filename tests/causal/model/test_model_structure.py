"""A graph as the structure of a model: order, parents, what a network may read, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from causal.model import input_mask, structure
from data.errors import ModelError

ABC = ("a", "b", "c")


def marks(*links: tuple[str, str, int, str], tau_max: int = 2, names: tuple[str, ...] = ABC) -> np.ndarray:
    graph = np.zeros((len(names), len(names), tau_max + 1), "<U3")
    for source, target, lag, mark in links:
        graph[names.index(source), names.index(target), lag] = mark
    return graph


def dataset(graph: np.ndarray, names=ABC) -> xr.Dataset:
    coords = {"source": list(names), "target": list(names), "lag": range(graph.shape[-1])}
    return xr.Dataset({"graph": (("source", "target", "lag"), graph)}, coords)


def test_parents_order_and_depth():
    graph = marks(("c", "b", 0, "-->"), ("b", "c", 0, "<--"), ("b", "a", 0, "-->"), ("a", "a", 2, "-->"))
    found = structure(graph, ABC)
    assert found.order == (2, 1, 0)
    assert found.depth == 3
    assert found.parents("a") == [("b", 0), ("a", 2)]
    assert found.parents("c") == []
    assert int(found.mask.sum()) == 3
    # inputs run lag by lag: the second lag of a is input 2 * 3 + 0
    assert np.flatnonzero(found.flat[0]).tolist() == [1, 6]


def test_a_link_told_from_its_end_alone_counts():
    found = structure(marks(("b", "a", 0, "<--")), ABC)
    assert found.parents("b") == [("a", 0)]


def test_dataset_in_any_order_of_dimensions():
    graph = marks(("a", "b", 1, "-->"))
    found = structure(dataset(graph).transpose("lag", "target", "source").expand_dims(cell=[3]))
    assert found.names == ABC
    assert found.parents("b") == [("a", 1)]


def test_exogenous_are_those_whose_causes_are_given_too():
    found = structure(marks(("a", "b", 0, "-->"), ("a", "a", 1, "-->"), ("b", "c", 1, "-->")), ABC)
    assert found.exogenous(["a"]) == []
    assert found.exogenous(["a", "b"]) == []
    assert found.exogenous(["b"]) == ["b"]


BAD = {
    "undecided": (marks(("a", "b", 0, "o-o"), ("b", "a", 0, "o-o")), "'a' and 'b' at lag 0 is 'o-o'"),
    "conflict": (marks(("b", "c", 0, "x-x")), "orient it"),
    "hidden cause": (marks(("b", "c", 1, "<->")), "at lag 1 is '<->'"),
    "backward in time": (marks(("b", "c", 1, "<--")), "does not say what causes what"),
    "circle": (
        marks(("a", "b", 0, "-->"), ("b", "c", 0, "-->"), ("c", "a", 0, "-->")),
        "circle through a, b, c",
    ),
    "circle off a path": (
        marks(("b", "c", 0, "-->"), ("c", "b", 0, "-->"), ("b", "a", 0, "-->")),
        "through b, c",
    ),
    "not square": (marks()[:, :2], "the graph has the shape (3, 2, 3)"),
}


@pytest.mark.parametrize("case", BAD)
def test_refused(case):
    graph, words = BAD[case]
    with pytest.raises(ModelError) as caught:
        structure(graph, ABC)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_graphs_that_differ_over_a_panel_are_refused():
    graph = xr.concat([dataset(marks()), dataset(marks())], "site")
    with pytest.raises(ModelError, match="differs along 'site'"):
        structure(graph)
    with pytest.raises(ModelError, match="give all from 0 on"):
        structure(dataset(marks()).isel(lag=[1, 2]))
    with pytest.raises(ModelError, match="without names"):
        structure(marks())
    with pytest.raises(ModelError, match="twice"):
        structure(marks(), ("a", "a", "b"))


def test_input_mask_by_lag():
    graph = marks(("a", "c", 2, "-->"), ("b", "c", 0, "-->"), ("c", "b", 0, "<--"), ("c", "c", 1, "-->"))
    assert input_mask(graph, "c", names=ABC) == {"a": True, "b": True, "c": True}
    assert input_mask(graph, "c", ["a", "b"], [0], ABC) == {"a": False, "b": True}
    assert input_mask(dataset(graph), "c", ["a", "b"], [1, 2]) == {"a": True, "b": False}
    assert input_mask(graph, "b", names=ABC) == {"a": False, "b": False, "c": False}


def test_input_mask_asks_for_direction_where_it_matters_alone():
    graph = marks(("a", "b", 0, "o-o"), ("b", "a", 0, "o-o"), ("a", "c", 1, "-->"))
    assert input_mask(graph, "c", names=ABC)["a"]
    with pytest.raises(ModelError, match="'o-o'"):
        input_mask(graph, "b", names=ABC)
    with pytest.raises(ModelError, match="'rain' is not in the graph"):
        input_mask(graph, "c", ["rain"], names=ABC)
    with pytest.raises(ModelError, match="no lag 3"):
        input_mask(graph, "c", lags=[3], names=ABC)
