"""Scores of an attribution, each beside what random explanations score and what the best would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri, stdtrit

LEVEL = 0.95
"""Coverage of intervals."""


@dataclass(frozen=True)
class Score:
    """One score over samples, with those of random explanations of the same samples.

    Attributes:
        name: of the score.
        value: score of the attribution, (sample,).
        random: scores of random explanations, (sample, draw).
        perfect: score of the best explanation, NaN where none is defined, (sample,).
        better: 1 where more is better, -1 where less is.
        error: standard error of the value from its own draws, (sample,).
        units: unit of the value.
        tested: whether the random scores are draws of the same statistic, so that they give a p-value.
        why: why the score is not defined, if it is not.
    """

    name: str
    value: Float[np.ndarray, " sample"]
    random: Float[np.ndarray, "sample draw"]
    perfect: Float[np.ndarray, " sample"]
    better: int
    error: Float[np.ndarray, " sample"]
    units: str = "1"
    tested: bool = True
    why: str = ""


@dataclass(frozen=True)
class Skill:
    """A score summed up over samples; see :func:`summarise` for how.

    Attributes:
        value: mean score.
        stderr: its standard error.
        random: mean score of random explanations.
        random_stderr: its standard error.
        random_spread: standard deviation over draws of random explanations (of their mean over samples).
        perfect: mean score of the best explanation.
        skill: (value - random) / (perfect - random): 0 is no better than random, 1 is perfect.
        lower: lower end of the 95 % interval of the skill.
        upper: its upper end.
        standardised: distance from random in units of `random_spread`, positive where better.
        p: share of random explanations at least as good (with the explanation itself counted).
        samples: samples in which the score is defined.
    """

    value: float
    stderr: float
    random: float
    random_stderr: float
    random_spread: float
    perfect: float
    skill: float
    lower: float
    upper: float
    standardised: float
    p: float
    samples: int


def one(
    name: str,
    value: float,
    random: np.ndarray,
    perfect: float,
    better: int,
    error: float = 0.0,
    *,
    units: str = "1",
    tested: bool = True,
) -> Score:
    """A score of a single sample."""
    drawn = np.asarray(random, float).reshape(1, -1)
    return Score(
        name,
        np.array([value], float),
        drawn,
        np.array([perfect], float),
        better,
        np.array([error], float),
        units,
        tested,
    )


def undefined(name: str, why: str, draws: int = 1) -> Score:
    """A score that one sample does not have, and why."""
    nothing = np.full(1, np.nan)
    return Score(name, nothing, np.full((1, draws), np.nan), nothing, 1, nothing, why=why)


def joined(scores: Sequence[Score]) -> Score:
    """Scores of single samples as one over all of them."""
    known = [s for s in scores if np.isfinite(s.value).all()] or list(scores[:1])
    draws = known[0].random.shape[1]
    held = [
        replace(s, random=np.full((len(s.value), draws), np.nan)) if s.random.shape[1] != draws else s
        for s in scores
    ]
    parts = {
        name: np.concatenate([getattr(s, name) for s in held])
        for name in ("value", "random", "perfect", "error")
    }
    return replace(known[0], **parts, why=next((s.why for s in scores if s.why), ""))


def summarise(score: Score) -> Skill:
    """The score over all its samples, and its skill against random explanations.

    The skill is the ratio of means over samples. Its interval is that of a ratio estimate with Student's t over
    samples; for one sample it comes from the score's own error and from that of the random mean (delta method). The
    p-value compares the mean score with the means of the random draws and needs no distribution.

    Args:
        score: with samples along its first axis; those without a value are left out.
    """
    held = np.isfinite(score.value)
    count = int(held.sum())
    if not count:
        return Skill(*[np.nan] * 11, samples=0)
    value, random, perfect, error = (getattr(score, n)[held] for n in ("value", "random", "perfect", "error"))
    draws = random.shape[1]
    each, mean = random.mean(axis=0), random.mean(axis=1)
    spread = float(each.std(ddof=1)) if draws > 1 else 0.0
    random_error = spread / np.sqrt(draws)
    apart, far = value.mean() - mean.mean(), perfect.mean() - mean.mean()
    quiet = 1e-12 * max(1e-300, abs(value.mean()), abs(mean.mean()), float(np.abs(perfect).max()))
    skill = apart / far if np.isfinite(far) and abs(far) > quiet else np.nan
    if count > 1:
        stderr = float(value.std(ddof=1) / np.sqrt(count))
        left = value - mean - skill * (perfect - mean)
        wide = left.std(ddof=1) / np.sqrt(count) / abs(far) * stdtrit(count - 1, 0.5 + LEVEL / 2)
    else:
        stderr = float(error[0])
        by_value = stderr / abs(far) * ndtri(0.5 + LEVEL / 2)
        quantile = stdtrit(draws - 1, 0.5 + LEVEL / 2) if draws > 1 else 0.0
        by_random = random_error * abs(1.0 - skill) / abs(far) * quantile
        wide = np.hypot(by_value, by_random)
    p = np.nan
    if score.tested and draws > 1:
        tie = 1e-9 * max(spread, quiet)
        p = (1 + np.sum(score.better * each >= score.better * value.mean() - tie)) / (draws + 1)
    known = np.isfinite(skill)
    return Skill(
        float(value.mean()),
        stderr,
        float(mean.mean()),
        float(random_error),
        spread,
        float(perfect.mean()),
        float(skill),
        float(skill - wide) if known else np.nan,
        float(skill + wide) if known else np.nan,
        float(score.better * apart / spread) if spread > quiet else np.nan,
        float(p),
        count,
    )


def correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Pearson's correlation along the last axis; NaN where one side does not vary."""
    a, b = a - a.mean(axis=-1, keepdims=True), b - b.mean(axis=-1, keepdims=True)
    size = np.sqrt((a**2).sum(axis=-1) * (b**2).sum(axis=-1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(size > 0, (a * b).sum(axis=-1) / size, np.nan)


def rank_correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation along the last axis; NaN where one side does not vary."""
    return correlation(ranks(a), ranks(b))


def ranks(a: np.ndarray) -> np.ndarray:
    """Ranks along the last axis, their mean where values are equal."""
    from scipy.stats import rankdata  # takes a second to import

    return rankdata(a, axis=-1)


def permuted(a: np.ndarray, rng: np.random.Generator, draws: int) -> np.ndarray:
    """Random explanations: the cells (last axis) in random orders, (draw, *a), each row in an order of its own."""
    return rng.permuted(np.broadcast_to(a, (draws, *np.shape(a))), axis=-1)


def jackknife(values: Sequence[float]) -> float:
    """Standard error from the values that a statistic takes with one member left out each time."""
    left = np.asarray(values, float)
    if len(left) < 2:
        return 0.0
    return float(np.sqrt((len(left) - 1) / len(left) * ((left - left.mean()) ** 2).sum()))
