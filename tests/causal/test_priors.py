"""Priors become consistent marks, and what contradicts itself is told in one sentence."""

from __future__ import annotations

import numpy as np
import pytest

from causal.links import reverse
from causal.priors import Priors
from data.errors import ConfigError

NAMES = ("pr", "soil", "ndvi")
PR, SOIL, NDVI = range(3)


def test_nothing_known_leaves_all_open():
    marks = Priors().to_array(NAMES, 0, 2)
    assert marks.shape == (3, 3, 3)
    off = ~np.eye(3, dtype=bool)
    assert (marks[:, :, 1:] == "-?>").all()
    assert (marks[:, :, 0][off] == "o?o").all()
    assert (np.diagonal(marks[:, :, 0]) == "").all()


def test_lags_below_the_least_are_closed():
    marks = Priors().to_array(NAMES, 1, 2)
    assert (marks[:, :, 0] == "").all()
    assert (marks[:, :, 1:] == "-?>").all()


def test_required_links_are_certain_and_consistent():
    marks = Priors(required=[("pr", "soil", 1), ("soil", "ndvi", 0)]).to_array(NAMES, 0, 2)
    assert marks[PR, SOIL, 1] == "-->"
    assert marks[SOIL, NDVI, 0] == "-->"
    assert marks[NDVI, SOIL, 0] == "<--"
    assert (marks == "-->").sum() == 2


def test_forbidding_one_direction_leaves_the_other():
    marks = Priors(forbidden=[("ndvi", "pr"), ("soil", "pr", 2)]).to_array(NAMES, 0, 2)
    assert (marks[NDVI, PR, 1:] == "").all()
    assert marks[NDVI, PR, 0] == "<?-"
    assert marks[PR, NDVI, 0] == "-?>"
    assert (marks[PR, NDVI, 1:] == "-?>").all()
    assert list(marks[SOIL, PR]) == ["o?o", "-?>", ""]


def test_forbidding_both_directions_closes_lag_zero():
    marks = Priors(forbidden=[("ndvi", "pr", 0), ("pr", "ndvi", 0)]).to_array(NAMES, 0, 1)
    assert marks[NDVI, PR, 0] == marks[PR, NDVI, 0] == ""
    assert marks[NDVI, PR, 1] == marks[PR, NDVI, 1] == "-?>"


def test_bounded_lags():
    marks = Priors(lags={("pr", "soil"): (1, 2)}).to_array(NAMES, 0, 3)
    assert list(marks[PR, SOIL]) == ["<?-", "-?>", "-?>", ""]
    assert list(marks[SOIL, PR]) == ["-?>", "-?>", "-?>", "-?>"]


def test_exogenous_variables_are_driven_by_one_another_alone():
    marks = Priors(exogenous=["pr", "ndvi"]).to_array(NAMES, 0, 1)
    assert (marks[SOIL, [PR, NDVI], 1] == "").all()
    assert (marks[SOIL, [PR, NDVI], 0] == "<?-").all()
    assert marks[PR, NDVI, 0] == "o?o"
    assert marks[PR, PR, 1] == "-?>"


@pytest.mark.parametrize("seed", range(20))
def test_lag_zero_is_consistent_with_its_reverse(seed):
    rng = np.random.default_rng(seed)
    order = rng.permutation(4)
    names = [f"v{k}" for k in range(4)]
    ahead = [(names[order[i]], names[order[j]]) for i in range(4) for j in range(i + 1, 4)]
    kind = rng.integers(0, 3, len(ahead))
    priors = Priors(
        required=[(*pair, 0) for pair, k in zip(ahead, kind, strict=True) if k == 0],
        forbidden=[(b, a) for (a, b), k in zip(ahead, kind, strict=True) if k == 1],
    )
    zero = priors.to_array(names, 0, 1)[:, :, 0]
    for i in range(4):
        for j in range(4):
            assert zero[i, j] == {"o?o": "o?o", "": ""}.get(zero[j, i], reverse(str(zero[j, i])))


@pytest.mark.parametrize(
    ("priors", "told"),
    [
        (
            Priors(required=[("pr", "soil", 1)], forbidden=[("pr", "soil")]),
            "required link pr -> soil at lag 1 is forb",
        ),
        (Priors(required=[("pr", "soil", 2)], lags={("pr", "soil"): (0, 1)}), "outside its lags 0 to 1"),
        (Priors(required=[("soil", "pr", 1)], exogenous=["pr"]), "'pr', which is exogenous"),
        (Priors(required=[("pr", "soil", 0), ("soil", "pr", 0)]), "close a circle"),
        (Priors(required=[("pr", "soil", 0), ("soil", "ndvi", 0), ("ndvi", "pr", 0)]), "close a circle"),
        (
            Priors(forbidden=[("pr", "soil", 0), ("soil", "ndvi", 0), ("ndvi", "pr", 0)]),
            "only directions that close",
        ),
        (Priors(required=[("pr", "soil", 4)]), "not among 0 to 3"),
        (Priors(required=[("pr", "soil", -1)]), "not among 0 to 3"),
        (Priors(required=[("pr", "soil", 1.0)]), "not among 0 to 3"),  # pyright: ignore[reportArgumentType]
        (Priors(required=[("pr", "soil")]), "has no lag"),  # pyright: ignore[reportArgumentType]
        (Priors(required=[("pr", "pr", 0)]), "with itself at lag 0"),
        (Priors(required=[("pr", "soli", 1)]), "did you mean 'soil'"),
        (Priors(exogenous=["rain"]), "the variables are pr, soil, ndvi"),
        (Priors(lags={("pr", "soil"): (2, 1)}), "not a least and a largest"),
        (Priors(lags={("pr", "soil"): (0, 9)}), "not a least and a largest"),
        (Priors(lags={("pr", "soil"): 2}), "not a least and a largest"),  # pyright: ignore[reportArgumentType]
        (Priors(forbidden=["pr-soil"]), "is not a link"),  # pyright: ignore[reportArgumentType]
        (Priors(forbidden=[("pr", "soil", 1, 2)]), "is not a link"),  # pyright: ignore[reportArgumentType]
    ],
)
def test_contradictions_are_one_sentence(priors, told):
    with pytest.raises(ConfigError) as raised:
        priors.to_array(NAMES, 0, 3)
    text = str(raised.value)
    assert told in text
    assert "priors" in text
    assert text.endswith((".", "?"))


def test_required_lag_zero_needs_tau_min_zero():
    with pytest.raises(ConfigError, match="not among 1 to 2"):
        Priors(required=[("pr", "soil", 0)]).to_array(NAMES, 1, 2)
