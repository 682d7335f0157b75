"""All scores of one attribution of one number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.random as jr
import numpy as np
from jaxtyping import Float, PRNGKeyArray, PyTree

from data.errors import ConfigError, DataError, listing

from .explained import Explained
from .faithfulness import Curves, curve_scores, faithfulness_correlation, removal_curves
from .function import Function
from .localisation import localisation
from .randomisation import cascade, likeness, randomisation, randomise
from .removal import Removal, by_part, removal
from .robustness import sensitivity
from .scores import Score, one, undefined
from .spread import ensemble_scores

CHECKS = ("gap", "sampling", "faithfulness", "randomisation", "members", "localisation", "robustness")
"""Parts of a trust report."""


@dataclass(frozen=True)
class Effort:
    """How much a trust report computes.

    Attributes:
        draws: random explanations; 19 are the fewest that can tell an attribution from them at the 5 % level.
        steps: points of deletion and insertion curves.
        search: evaluations for the best order of removal.
        subsets: subsets of the faithfulness correlation.
        share: of the parts in each subset.
        perturbations: inputs close by.
        radius: largest change of a cell there, in standard deviations of its variable.
        randomisations: functions with random parameters.
    """

    draws: int = 40
    steps: int = 20
    search: int = 20_000
    subsets: int = 100
    share: float = 0.25
    perturbations: int = 8
    radius: float = 0.05
    randomisations: int = 5

    def __post_init__(self) -> None:
        least = {"draws": 19, "steps": 2, "search": 0, "subsets": 3, "perturbations": 1, "randomisations": 1}
        for name, bound in least.items():
            if getattr(self, name) < bound:
                raise ConfigError(f"{name} is {getattr(self, name)}", "trust", f"choose {bound} or more")
        for name in ("share", "radius"):
            if not 0 < getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}", "trust", "choose between 0 and 1")


@dataclass(frozen=True)
class Given:
    """What is known of the attribution of one sample.

    Attributes:
        game: the function of which parts are present; None leaves faithfulness out.
        attribution: (part,).
        stderr: its standard error, (part,).
        free: parts that are attributed to, (part,).
        prediction: of the function.
        base_value: that the attribution counts from; NaN where it counts from none.
        gap: prediction less base value less sum of the attribution.
        scale: difference between prediction and base value that gaps are measured in.
        members: attributions of other functions of the ensemble, (member, part).
        randomised: attributions of functions with random parameters, (draw, part).
        perturbed: attributions at inputs close by, (draw, part).
        relevant: parts that are known to matter, (part,).
        units: unit of the prediction.
    """

    game: Removal | None
    attribution: np.ndarray
    stderr: np.ndarray
    free: np.ndarray
    prediction: float
    base_value: float
    gap: float
    scale: float
    members: np.ndarray | None = None
    randomised: np.ndarray | None = None
    perturbed: np.ndarray | None = None
    relevant: np.ndarray | None = None
    units: str = "1"


@dataclass(frozen=True)
class Assessment:
    """Scores of an attribution.

    Attributes:
        scores: one for each check that applies; sum them up with :func:`summarise`.
        curves: of deletion and insertion; None where they are left out.
        stages: likeness to the attributions of functions randomised layer by layer, by layer.
    """

    scores: tuple[Score, ...]
    curves: Curves | None = None
    stages: dict[str, float] = field(default_factory=dict)


def assess(
    f: Function,
    x: PyTree,
    found: Explained | PyTree,
    *,
    key: PRNGKeyArray,
    baseline: PyTree | None = None,
    background: PyTree | None = None,
    ids: PyTree | None = None,
    explain: Callable[[Any, PyTree], Any] | None = None,
    members: Sequence[Any] = (),
    randomised: Sequence[Any] | None = None,
    relevant: Any = None,
    spread: PyTree | None = None,
    effort: Effort | None = None,
) -> Assessment:
    """Score an attribution of one number against random explanations.

    Args:
        f: function of a pytree of float arrays that returns a number.
        x: the input.
        found: what a method gave, or an attribution alone: like x, or over the parts of `ids`.
        key: of all draws.
        baseline: what stands in for parts that are removed, like x.
        background: or several of them, each leaf with a leading axis of rows.
        ids: part of each cell, integers like x, -1 where a cell always stays; each cell a part where None.
        explain: ``explain(f, x)`` gives the attribution of a function at an input; needed for members, for
            randomisation and for robustness, which are left out without it.
        members: functions that were trained in the same way, beside f.
        randomised: functions with random parameters; made from f where None and f is a module with float arrays.
        relevant: truth values like x or over parts: where the attribution should lie.
        spread: standard deviation of each input, like x or numbers; over the cells of each leaf where None.
        effort: how much to compute.

    Returns:
        Assessment.

    Raises:
        DataError: shapes that do not fit.
        ModelError: f returns more than a number, or is not finite.
    """
    effort = effort or Effort()
    rng = generator(key)
    game = removal(f, x, baseline=baseline, background=background, ids=ids)

    def vector(e: Any) -> np.ndarray:
        return by_part(e.attribution if isinstance(e, Explained) else e, game.ids)

    own = vector(found)
    free = np.isin(np.arange(game.parts), np.concatenate([np.ravel(i) for i in jax.tree.leaves(game.ids)]))
    stages: dict[str, float] = {}
    others = again = close = None
    if explain is not None:
        others = np.stack([own, *(vector(explain(m, x)) for m in members)]) if members else None
        if randomised is None and any(isinstance(a, (jax.Array, np.ndarray)) for a in jax.tree.leaves(f)):
            keys = jr.split(key, effort.randomisations)
            stages = {
                name: float(likeness(own, vector(explain(g, x))[None])[0]) for name, g in cascade(f, keys[0])
            }
            randomised = [randomise(f, k) for k in keys]
        if randomised:
            again = np.stack([vector(explain(g, x)) for g in randomised])
        size = spread if spread is not None else jax.tree.map(_deviation, x)
        near = [moved(x, size, effort.radius, rng) for _ in range(effort.perturbations)]
        close = np.stack([vector(explain(f, z)) for z in near])
    nan = float("nan")
    whole = isinstance(found, Explained)
    prediction, base, gap = (
        (float(found.prediction), float(found.base_value), float(found.efficiency_gap))
        if whole
        else (nan, nan, nan)
    )
    given = Given(
        game,
        own,
        by_part(found.stderr, game.ids) if whole else np.zeros_like(own),
        free,
        prediction,
        base,
        gap,
        abs(prediction - base),
        others,
        again,
        close,
        None if relevant is None else _marked(relevant, game.ids),
    )
    return score(given, rng, effort, stages)


def score(
    given: Given, rng: np.random.Generator, effort: Effort, stages: dict[str, float] | None = None
) -> Assessment:
    """Scores of what is known of one sample.

    Raises:
        DataError: fewer than two parts are attributed to, or values are missing.
    """
    free, draws = given.free, effort.draws
    own = given.attribution[free]
    if own.size < 2:
        raise DataError(
            f"{own.size} part has no order that could be random", "trust", "attribute to two parts or more"
        )
    if not np.isfinite(own).all():
        raise DataError(
            f"the attribution is missing in {int((~np.isfinite(own)).sum())} of {own.size} parts",
            "trust",
            "leave them out as players (ids of -1)",
        )
    scores: list[Score] = [_gap(given, own, rng, draws), _sampling(own, given.stderr[free])]
    curves = None
    if given.game is not None:
        if np.ptp(own) == 0:
            why = "the attribution is the same in all parts"
            scores += [
                undefined(n, why, draws) for n in ("deletion", "insertion", "faithfulness_correlation")
            ]
        else:
            curves = removal_curves(
                given.game,
                given.attribution,
                rng,
                free=free,
                steps=effort.steps,
                draws=draws,
                search=effort.search,
            )
            scores += curve_scores(curves, given.units)
            scores.append(
                faithfulness_correlation(
                    given.game,
                    given.attribution,
                    rng,
                    free=free,
                    share=effort.share,
                    subsets=effort.subsets,
                    draws=draws,
                )
            )
    if given.randomised is not None:
        scores.append(randomisation(own, given.randomised[:, free], rng, draws=draws))
    if given.members is not None:
        scores += ensemble_scores(given.members[:, free], rng, draws=draws)
    if given.relevant is not None:
        scores += localisation(own, given.relevant[free], rng, draws=draws)
    if given.perturbed is not None:
        scores.append(sensitivity(own, given.perturbed[:, free], rng, draws=draws))
    return Assessment(tuple(scores), curves, stages or {})


def check_checks(checks: Sequence[str]) -> tuple[str, ...]:
    """The parts of a report that are asked for.

    Raises:
        ConfigError: an unknown one.
    """
    for name in checks:
        if name not in CHECKS:
            raise ConfigError(f"the check {name!r} is unknown", "trust", f"choose from {listing(CHECKS, 9)}")
    return tuple(checks)


def moved(x: PyTree, spread: PyTree, radius: float, rng: np.random.Generator) -> PyTree:
    """The input with each cell moved by up to `radius` spreads, uniformly."""

    def by(a: Any, s: Any) -> np.ndarray:
        a = np.asarray(a)
        return (a + radius * np.asarray(s) * rng.uniform(-1.0, 1.0, a.shape)).astype(a.dtype)

    return jax.tree.map(by, x, spread)


def generator(key: PRNGKeyArray) -> np.random.Generator:
    """NumPy's generator from a JAX key, for orders and permutations."""
    return np.random.default_rng(np.asarray(jr.key_data(key)).ravel())


def _gap(given: Given, own: Float[np.ndarray, " part"], rng: np.random.Generator, draws: int) -> Score:
    """Efficiency gap relative to the distance of the prediction from the base value.

    Permuted cells have the same sum, so random explanations have random signs here.
    """
    if not np.isfinite(given.gap):
        return undefined("efficiency_gap", "the method counts from no base value", draws)
    if not given.scale > 0:
        return undefined("efficiency_gap", "the prediction is the base value", draws)
    signs = rng.choice([-1.0, 1.0], (draws, own.size))
    random = np.abs(given.prediction - given.base_value - signs @ own) / given.scale
    return one("efficiency_gap", abs(given.gap) / given.scale, random, 0.0, -1)


def _sampling(own: np.ndarray, stderr: np.ndarray) -> Score:
    """Share of the attribution's mean square that is sampling error; an explanation of nothing but error has 1."""
    whole = float((own**2).mean())
    if not whole > 0:
        return undefined("sampling_error", "the attribution is zero everywhere")
    return one("sampling_error", float((stderr**2).mean()) / whole, np.ones(1), 0.0, -1, tested=False)


def _marked(relevant: Any, ids: PyTree) -> np.ndarray:
    """Parts with at least one relevant cell."""
    return by_part(jax.tree.map(lambda r: np.asarray(r, float), relevant), ids) > 0


def _deviation(a: Any) -> float:
    found = float(np.nanstd(np.asarray(a)))
    return found if found > 0 else float(np.nanmax(np.abs(np.asarray(a)))) or 1.0
