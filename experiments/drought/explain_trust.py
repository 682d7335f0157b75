"""How far the attributions of droughts can be trusted, and how well the truth is recovered where it is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from xai.assess import Effort, Given, score
from xai.function import Plain
from xai.removal import removal
from xai.scores import joined, summarise
from xai.verdicts import TITLES, verdict

from .explain_game import Played

EFFORT = Effort(search=400)
LESS = Effort(search=100, draws=19)
"""Of a quick run."""


def trust_rows(
    played: Sequence[Played],
    untrained: np.ndarray | None,
    target: int,
    units: str,
    seed: int,
    effort: Effort = EFFORT,
) -> list[dict[str, Any]]:
    """Scores of the first member's attribution of one flux over all events, each beside random explanations.

    Faithfulness needs no run of the model: the worth of every coalition is known from the game.

    Args:
        played: the game of each member.
        untrained: attribution of untrained models, (draw, event, player); None leaves randomisation out.
        target: which flux.
        units: of the flux.
        seed: of random explanations.
        effort: how much is computed.
    """
    first = played[0]
    rise = first.prediction[:, target] - first.base_value[:, target]
    scale = float(np.abs(rise).mean())
    rng = np.random.default_rng(seed)
    cases = []
    for event in range(len(rise)):
        own = first.attribution[event, target]
        given = Given(
            _lookup(first.worth[:, event, target], len(own)),
            own,
            np.zeros_like(own),
            np.ones(len(own), bool),
            float(first.prediction[event, target]),
            float(first.base_value[event, target]),
            float(first.efficiency_gap[event, target]),
            scale,
            np.stack([p.attribution[event, target] for p in played]) if len(played) > 1 else None,
            None if untrained is None else untrained[:, event],
            units=units,
        )
        cases.append(score(given, rng, effort).scores)
    rows = []
    for same in zip(*cases, strict=True):
        whole = joined(same)
        skill = summarise(whole)
        if whole.name == "sampling_error":
            continue  # all coalitions are evaluated
        rows.append(
            {
                "score": TITLES[whole.name],
                "value": skill.value,
                "random": skill.random,
                "perfect": skill.perfect,
                "skill": skill.skill,
                "lower": skill.lower,
                "upper": skill.upper,
                "units": whole.units,
                "verdict": verdict(whole.name, skill, whole.units, whole.why),
            }
        )
    return rows


def _lookup(worth: np.ndarray, players: int) -> Any:
    """The game of one event from the worth of its coalitions: player i is bit i of a coalition's number."""
    bits = 2 ** np.arange(players)

    def rows(z: Any) -> np.ndarray:
        return worth[(np.asarray(z["in"]) > 0.5) @ bits]

    each = np.arange(players)
    return removal(
        Plain(rows, batched=True),
        {"in": np.ones(players)},
        baseline={"in": np.zeros(players)},
        ids={"in": each},
    )


def shares(attribution: np.ndarray, labels: Sequence[str]) -> dict[str, float]:
    """Share of the absolute attribution (..., player) in each group of players."""
    size = np.abs(attribution).reshape(-1, attribution.shape[-1]).sum(0)
    whole = max(float(size.sum()), 1e-300)
    names = list(dict.fromkeys(labels))
    return {n: float(size[[x == n for x in labels]].sum() / whole) for n in names}


def likeness(found: np.ndarray, truth: np.ndarray, labels: Sequence[str]) -> dict[str, float]:
    """How like an attribution (event, player) is to another: correlation, error, and shares by a label.

    Returns:
        ``correlation`` over events and players; ``relative_error``, root mean square difference by that of the other;
        ``sign``, the share of the other's absolute attribution whose sign is right; ``misplaced``, the share of the
        absolute attribution that would have to move to another label for the shares to agree.
    """
    a, b = found.ravel(), truth.ravel()
    size = float(np.sqrt((b**2).mean()))
    mine, other = shares(found, labels), shares(truth, labels)
    return {
        "correlation": float(np.corrcoef(a, b)[0, 1]) if np.ptp(a) > 0 and np.ptp(b) > 0 else float("nan"),
        "relative_error": float(np.sqrt(((a - b) ** 2).mean()) / max(size, 1e-300)),
        "sign": float(np.abs(b)[np.sign(a) == np.sign(b)].sum() / max(np.abs(b).sum(), 1e-300)),
        "misplaced": 0.5 * sum(abs(mine[n] - other[n]) for n in mine),
    }
