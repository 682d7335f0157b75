"""The forecast as a function of families of inputs: the models that issued it, taken up again at each origin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy import linalg

from . import process
from .backtest import first_month, residuals, ridge, sprout
from .config import Config
from .explain_trees import Forest, forest_of, grouped_tree_shapley
from .features import distances, features
from .prepare import Panel

FAMILIES = (
    "rain",
    "drought index",
    "vegetation",
    "conflict",
    "nation and season",
    "neighbours",
    "other count",
    "own history",
)
"""Players: families of inputs that enter and leave together, in the causal order that is assumed."""
CLIMATE = ("rain", "drought index", "vegetation")
PARTS = {"own": "own history", "nation": "nation and season", "shared": "neighbours"}
"""Parts of the Gaussian process's forecast and their families."""
_PREFIXES = {
    "own": "own history",
    "reported": "own history",
    "last": "own history",
    "region": "neighbours",
    "near": "neighbours",
    "other": "other count",
    "insecurity": "conflict",
    "conflict": "conflict",
    "cdi": "drought index",
    "ndvi": "vegetation",
    "pr": "rain",
}
Inputs = Mapping[str, np.ndarray]
"""Inputs of the forecast with leading axes: ``own``, ``nation``, ``shared`` and ``level``, and ``x`` (..., feature)."""


def family(feature: str) -> str:
    """The family of a feature, by the beginning of its name."""
    return _PREFIXES[feature.split("_")[0]]


def family_names(config: Config) -> tuple[str, ...]:
    """Names of the families in reports."""
    other = "arrivals" if config.target == "departures" else "departures"
    return tuple(other if n == "other count" else n for n in FAMILIES)


@dataclass(frozen=True)
class Issued:
    """The forecast of one origin and lead as a function of its inputs, which come with a leading axis of rows.

    Attributes:
        weight: of the Gaussian process.
        share: of the trees in the correction.
        slope: of the ridge regression, (feature,).
        forest: the trees; None where pairs were too few, and the regression takes their share.
        player: family of each feature, (feature,).
    """

    weight: float
    share: float
    slope: Float[np.ndarray, " feature"]
    forest: Forest | None
    player: Int[np.ndarray, " feature"]

    def __call__(self, inputs: Inputs) -> Float[np.ndarray, " row"]:
        """Forecasts of log(1 + count)."""
        x = inputs["x"]
        linear = x @ self.slope
        mended = linear if self.forest is None else self.forest(x)
        corrected = inputs["level"] + (1 - self.share) * linear + self.share * mended
        far = inputs["own"] + inputs["nation"] + inputs["shared"]
        return self.weight * far + (1 - self.weight) * corrected

    def shapley(self, inputs: Inputs, background: Inputs) -> Float[np.ndarray, "row reference player"]:
        """Exact Shapley values of the families against each row of a background.

        All but the trees is a sum over inputs, where a family's value is what it adds less what it adds in the
        background; trees have a closed form of their own.
        """
        n = len(FAMILIES)
        x, b = inputs["x"], background["x"]
        linear = 1.0 if self.forest is None else 1 - self.share
        belongs = np.eye(n)[self.player]
        terms = [(x * self.slope @ belongs)[:, None] - (b * self.slope @ belongs)[None]]
        out = (1 - self.weight) * linear * terms[0]
        if self.forest is not None:
            trees = grouped_tree_shapley(self.forest, x, b, self.player, n)
            out = out + (1 - self.weight) * self.share * trees
        for name, which in PARTS.items():
            out[..., FAMILIES.index(which)] += self.weight * (inputs[name][:, None] - background[name][None])
        out[..., FAMILIES.index("own history")] += (1 - self.weight) * (
            inputs["level"][:, None] - background["level"][None]
        )
        return out


def ids(player: np.ndarray) -> dict[str, np.ndarray]:
    """Family of each input, for the engine of attributions."""
    of = {n: np.array(FAMILIES.index(w), np.int32) for n, w in PARTS.items()}
    return of | {"level": np.array(FAMILIES.index("own history"), np.int32), "x": player.astype(np.int32)}


class Forecaster:
    """Everything that the forecasts of a run were made from, taken up again from its panel and fitted scales.

    Args:
        panel: the clean panel.
        config: the run's configuration.
        scales: fitted scales of the Gaussian process by origin, as the run kept them.
    """

    def __init__(self, panel: Panel, config: Config, scales: Mapping[int, np.ndarray]) -> None:
        self.panel, self.config, self.scales = panel, config, dict(scales)
        settings = config.forecast
        self.level, self.x, self.names = features(panel, settings.half_life, settings.shrink)
        self.apart = distances(panel)
        self.player = np.array([FAMILIES.index(family(n)) for n in self.names])
        self.first = first_month(panel, config)
        self.begin = max(self.first - max(settings.leads), panel.first + 1)
        self._parts: dict[int, dict[str, np.ndarray]] = {}
        self._forests: dict[tuple[int, int], Forest | None] = {}

    def inputs(self, origin: int, lead: int) -> dict[str, np.ndarray]:
        """Inputs of all districts at an origin, each with a leading axis of districts."""
        if origin not in self._parts:
            fitted = max((k for k in self.scales if k <= origin), default=min(self.scales))
            settings = self.config.forecast
            self._parts[origin] = process_parts(
                self.panel.target, self.apart, origin, settings.leads, settings.gp_window, self.scales[fitted]
            )
        at = list(self.config.forecast.leads).index(lead)
        parts = {n: v[at] for n, v in self._parts[origin].items()}
        return parts | {"level": self.level[:, origin], "x": self.x[:, origin]}

    def model(self, origin: int, lead: int) -> Issued:
        """The models that issued the forecast of an origin: regression of that origin, trees of their last renewal."""
        start = max(self.first - lead, self.begin)
        renewed = start + (origin - start) // self.config.trees.refit_months * self.config.trees.refit_months
        if (renewed, lead) not in self._forests:
            taught = self.taught(renewed, lead)
            made = None if taught is None else forest_of(sprout(*taught, self.config))
            self._forests[renewed, lead] = made
        return self._issued(self.taught(origin, lead), self._forests[renewed, lead])

    def taught(self, origin: int, lead: int) -> tuple[np.ndarray, np.ndarray] | None:
        """What the models of an origin learn from: features and what the level missed."""
        return residuals(self.panel.target, self.level, self.x, origin, lead, self.panel.first)

    def refitted(
        self, origin: int, lead: int, rng: np.random.Generator, *, shuffled: bool = False
    ) -> Issued | None:
        """Models of an origin learnt anew from pairs drawn again, with other seeds; or from what is shuffled."""
        taught = self.taught(origin, lead)
        if taught is None:
            return None
        seen, missed = taught
        if shuffled:
            missed = rng.permutation(missed)
        else:
            drawn = rng.integers(0, len(missed), len(missed))
            seen, missed = seen[drawn], missed[drawn]
        config = self.config.model_copy(update={"seed": int(rng.integers(2**31))})
        return self._issued((seen, missed), forest_of(sprout(seen, missed, config)))

    def _issued(self, taught: tuple[np.ndarray, np.ndarray] | None, forest: Forest | None) -> Issued:
        settings, count = self.config.forecast, len(self.names)
        slope = np.zeros(count) if taught is None else ridge(*taught, np.eye(count), settings.ridge)
        return Issued(settings.gp_weight, settings.trees_share, slope, forest, self.player)


def process_parts(
    y: np.ndarray, apart: np.ndarray, origin: int, leads: Sequence[int], window: int, p: np.ndarray
) -> dict[str, np.ndarray]:
    """The Gaussian process's forecast in parts that add up to it, (lead, district) each.

    The covariance is a sum, so the mean is one too: ``own`` (level and courses of the district), ``shared`` (what
    districts share the nearer they lie) and ``nation`` (the mean of all counts, the national course, the season).

    Args:
        y: log counts (district, time).
        apart: distances between districts [km].
        origin: last month that is seen.
        leads: months ahead.
        window: months that are seen.
        p: logarithms of the scales.
    """
    district, month = process.samples(y, origin, window)
    values = y[district, month]
    mean = values.mean() if len(values) else 0.0
    q = np.exp(p)
    likeness = (district[:, None] == district).astype(float)
    k = process.covariance(
        q, likeness, apart[district[:, None], district], np.abs(month[:, None] - month).astype(float)
    )
    k[np.diag_indices_from(k)] += q[-1] ** 2
    weights = linalg.cho_solve(linalg.cho_factor(k, lower=True, check_finite=False), values - mean)
    every = np.arange(y.shape[0])
    same, far = (every[:, None] == district).astype(float), apart[every[:, None], district]
    without = {
        "own": [0, 1, 3],
        "nation": [5, 11],
        "shared": [7, 10],
    }
    out: dict[str, list[np.ndarray]] = {n: [] for n in without}
    for lead in leads:
        months = np.broadcast_to(np.abs(origin + lead - month).astype(float), same.shape)
        for name, kept in without.items():
            only = q.copy()
            only[[i for i in (0, 1, 3, 5, 7, 10, 11) if i not in kept]] = 0.0
            part = process.covariance(only, same, far, months) @ weights
            out[name].append(part + mean if name == "nation" else part)
    return {n: np.stack(v) for n, v in out.items()}


def stacked(rows: Sequence[Inputs]) -> dict[str, np.ndarray]:
    """Inputs of several origins one after another."""
    return {n: np.concatenate([r[n] for r in rows]) for n in rows[0]}


def taken(inputs: Inputs, which: Any) -> dict[str, np.ndarray]:
    """Some rows of inputs."""
    return {n: v[which] for n, v in inputs.items()}
