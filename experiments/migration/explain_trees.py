"""Boosted trees as conditions on paths to leaves, and exact Shapley values of groups of features through them."""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial
from typing import Any

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True)
class Forest:
    """Trees as leaves, each with the conditions on the path to it; conditions are sorted by leaf.

    Attributes:
        feature: column that a condition reads, (condition,).
        threshold: bound that it compares with, (condition,).
        below: whether the value must not exceed the bound, (condition,).
        leaf: leaf that it leads to, (condition,).
        value: what a leaf adds, (leaf,).
        base: what all predictions have in common.
    """

    feature: Int[np.ndarray, " condition"]
    threshold: Float[np.ndarray, " condition"]
    below: np.ndarray
    leaf: Int[np.ndarray, " condition"]
    value: Float[np.ndarray, " leaf"]
    base: float

    def holds(self, x: Float[np.ndarray, "row feature"]) -> np.ndarray:
        """Whether each row satisfies each condition, (row, condition)."""
        return (x[:, self.feature] <= self.threshold) == self.below

    def __call__(self, x: Float[np.ndarray, "row feature"]) -> Float[np.ndarray, " row"]:
        """Predictions."""
        if not len(self.value):
            return np.full(len(x), self.base)
        # conditions first, so that each is one pass over rows that lie together
        columns = np.ascontiguousarray(x.T)
        held = (columns[self.feature] <= self.threshold[:, None]) == self.below[:, None]
        return self.base + self.value @ np.logical_and.reduceat(held, _starts(self.leaf), axis=0)


def forest_of(model: Any) -> Forest:
    """The trees of a fitted HistGradientBoostingRegressor without categories and missing values.

    Its nodes are not part of scikit-learn's stated interface; whoever uses this compares with ``model.predict``.
    """
    found: list[tuple[int, float, bool, int]] = []
    values: list[float] = []
    base = float(np.ravel(model._baseline_prediction)[0])
    for (tree,) in model._predictors:
        nodes = tree.nodes
        if nodes["is_leaf"][0]:
            base += float(nodes["value"][0])
            continue
        paths: list[tuple[int, list[tuple[int, float, bool]]]] = [(0, [])]
        while paths:
            at, path = paths.pop()
            node = nodes[at]
            if node["is_leaf"]:
                found += [(*step, len(values)) for step in path]
                values.append(float(node["value"]))
                continue
            step = int(node["feature_idx"]), float(node["num_threshold"])
            paths.append((int(node["left"]), [*path, (*step, True)]))
            paths.append((int(node["right"]), [*path, (*step, False)]))
    feature, threshold, below, leaf = zip(*found, strict=True) if found else ((), (), (), ())
    return Forest(
        np.array(feature, int),
        np.array(threshold),
        np.array(below, bool),
        np.array(leaf, int),
        np.array(values),
        base,
    )


def grouped_tree_shapley(
    forest: Forest,
    x: Float[np.ndarray, "row feature"],
    background: Float[np.ndarray, "reference feature"],
    player: Int[np.ndarray, " feature"],
    players: int,
) -> Float[np.ndarray, "row reference player"]:
    """Shapley values of groups of features against each row of a background, without sampling [@lundberg2020].

    A leaf is reached by a coalition when the present groups satisfy their conditions with the row's values and the
    absent ones with the reference's. With P the groups of which only the row satisfies theirs and N those of which only
    the reference does, its worth is that of a game in which all of P and none of N must be present: a group of P gains
    (|P|-1)! |N|! / (|P|+|N|)! of the leaf's value, and one of N loses |P|! (|N|-1)! / (|P|+|N|)!.

    Args:
        forest: the trees.
        x: rows that are explained.
        background: rows whose values absent groups take.
        player: group of each feature.
        players: number of groups.
    """
    out = np.zeros((len(x), len(background), players))
    if not len(forest.value):
        return out
    group = player[forest.feature]
    order = np.lexsort((group, forest.leaf))
    key = forest.leaf[order] * players + group[order]
    first = _starts(key)
    leaf, of = forest.leaf[order][first], group[order][first]  # of each pair of leaf and group
    ours, theirs = (
        np.logical_and.reduceat(forest.holds(r)[:, order], first, axis=1) for r in (x, background)
    )
    most = int(np.bincount(leaf).max())
    gain, loss = np.zeros((most + 1, most + 1)), np.zeros((most + 1, most + 1))
    for p in range(most + 1):
        for n in range(most + 1 - p):
            whole = factorial(p + n)
            gain[p, n] = factorial(p - 1) * factorial(n) / whole if p else 0.0
            loss[p, n] = factorial(p) * factorial(n - 1) / whole if n else 0.0
    starts = _starts(leaf)
    belongs = np.zeros((len(of), players))
    belongs[np.arange(len(of)), of] = 1.0
    for i, own in enumerate(ours):
        only, other = own & ~theirs, ~own & theirs
        dead = np.logical_or.reduceat(~own & ~theirs, starts, axis=1)
        p, n = (np.add.reduceat(a.astype(np.int64), starts, axis=1) for a in (only, other))
        worth = np.where(dead, 0.0, forest.value)
        add, take = (worth * gain[p, n])[:, leaf], (worth * loss[p, n])[:, leaf]
        out[i] = (only * add - other * take) @ belongs
    return out


def _starts(sorted_keys: np.ndarray) -> np.ndarray:
    """First place of each run of equal values."""
    return np.flatnonzero(np.concatenate([[True], sorted_keys[1:] != sorted_keys[:-1]]))
