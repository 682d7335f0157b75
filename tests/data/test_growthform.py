"""Growth form follows the definitions of the IGBP classes."""

from __future__ import annotations

import numpy as np
import pytest

from data.growthform import GROWTH_FORM, growth_form


@pytest.mark.parametrize(
    ("igbp", "low", "high"),
    [
        ("DBF", 0.6, 1.0),
        ("CSH", 0.6, 1.0),
        ("WSA", 0.3, 0.6),
        ("OSH", 0.1, 0.6),
        ("SAV", 0.1, 0.3),
        ("GRA", 0.0, 0.1),
    ],
)
def test_cover_is_inside_the_range_that_defines_the_class(igbp, low, high):
    found = growth_form([igbp])
    assert found is not None
    assert low < found["woody_cover"][0] < high


def test_leaf_habit_and_needles():
    found = growth_form(["ENF", "EBF", "DNF", "DBF", "MF"])
    assert found is not None
    assert list(found) == list(GROWTH_FORM)
    assert found["evergreen_share"].tolist() == [1, 1, 0, 0, 0.5]
    assert found["needleleaf_share"].tolist() == [1, 0, 1, 0, 0.5]
    assert all(v.dtype == np.float32 for v in found.values())


def test_unknown_classes_have_none():
    assert growth_form(["DBF", "unknown"]) is None
    assert growth_form(["URB"]) is None
