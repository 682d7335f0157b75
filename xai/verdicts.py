"""One sentence for each score of a trust report."""

from __future__ import annotations

import numpy as np

from .scores import Skill

TITLES = {
    "efficiency_gap": "Efficiency gap",
    "sampling_error": "Sampling error",
    "deletion": "Deletion",
    "insertion": "Insertion",
    "faithfulness_correlation": "Faithfulness correlation",
    "randomisation": "Parameter randomisation",
    "member_rank_correlation": "Rank correlation of members",
    "member_sign_agreement": "Sign agreement of members",
    "member_spread": "Spread of members",
    "relevance_mass": "Relevance mass",
    "relevance_rank": "Relevance rank",
    "pointing_game": "Pointing game",
    "max_sensitivity": "Largest sensitivity",
}
"""Scores of a trust report, in their order, and how tables name them."""
SIGNIFICANT = 0.05

_SAYS = {
    "efficiency_gap": "the parts miss the prediction less the base value by {value} of it (with random signs {random})",
    "sampling_error": "{value} of the attribution's mean square is sampling error",
    "deletion": "while parts are removed, most attributed first, the mean prediction is {value}{units}, "
    "in random order {random}",
    "insertion": "while parts are put in, most attributed first, the mean prediction is {value}{units}, "
    "in random order {random}",
    "faithfulness_correlation": "what subsets are attributed and what their removal takes off correlate by {value} "
    "(random {random})",
    "randomisation": "with random parameters the attribution keeps a rank correlation of {value} (unrelated ones have "
    "{perfect})",
    "member_rank_correlation": "pairs of members rank the parts with a correlation of {value} (random {random})",
    "member_sign_agreement": "pairs of members give the same sign to {value} of the parts (random {random})",
    "member_spread": "the standard deviation over members is {value} of the attribution's size (random {random})",
    "relevance_mass": "{value} of the attribution lies in the relevant parts (random {random})",
    "relevance_rank": "{value} of the most attributed parts are relevant (random {random})",
    "pointing_game": "the most attributed part is relevant in {value} of samples (random {random})",
    "max_sensitivity": "small changes of the input move the attribution by up to {value} of its size (random {random})",
}


def verdict(name: str, row: Skill, units: str = "", why: str = "") -> str:
    """What a score says, and how it compares with random explanations, in one sentence.

    Args:
        name: of the score, a key of `TITLES`.
        row: the score over all samples.
        units: of the score, where it has one.
        why: why it is not defined.
    """
    if not row.samples:
        return f"Not defined: {why or 'no sample has it'}."
    if name == "sampling_error" and row.value == 0:
        return "The method draws nothing, so there is no sampling error."
    shown = "" if units in ("", "1") else f" {units}"
    said = _SAYS[name].format(
        value=number(row.value), random=number(row.random), perfect=number(row.perfect), units=shown
    )
    return f"{said[0].upper()}{said[1:]}: {judged(row)}."


def judged(row: Skill) -> str:
    """A score against random explanations in words, with its skill or, where that is not defined, its distance."""
    if np.isfinite(row.skill):
        figure = f"skill {row.skill:.2f}, 95 % from {row.lower:.2f} to {row.upper:.2f}"
    elif np.isfinite(row.standardised):
        figure = f"{row.standardised:.1f} standard deviations from random"
    else:
        return "random explanations score the same"
    if np.isfinite(row.upper) and row.upper < 0:
        return f"worse than random ({figure})"
    if (np.isfinite(row.p) and row.p > SIGNIFICANT) or (np.isfinite(row.lower) and row.lower <= 0):
        return f"not told apart from random ({figure})"
    if not np.isfinite(row.skill):
        return f"better than random ({figure})"
    for least, words in ((0.8, "close to the best"), (0.5, "well above random"), (0.2, "above random")):
        if row.skill >= least:
            return f"{words} ({figure})"
    return f"little above random ({figure})"


def number(value: float) -> str:
    """A number with two significant digits, without an exponent where it is of ordinary size."""
    if not np.isfinite(value):
        return "not defined"
    if value == 0:
        return "0"
    digits = 1 - int(np.floor(np.log10(abs(value))))
    if -3 <= digits <= 5:
        rounded = round(value, digits)
        return f"{rounded:.{max(digits, 0)}f}"
    return f"{value:.1e}"
