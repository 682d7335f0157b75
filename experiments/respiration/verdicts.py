"""What the report says of each variant, in words that follow from its numbers."""

from __future__ import annotations

from collections.abc import Sequence

from .config import Config
from .identify import Finding

RULE = (
    "Q10 was held at each value of a grid and the network trained again: the profile shows how well each value can "
    "be made to fit. A Q10 is called identified here where the starts agree within twice the tolerance and the "
    "values that fit alike on held-out years end inside the grid. The standard error is what the curvature of the "
    "training loss implies for independent errors of one size; a profile that a penalty bends has none."
)

LIMIT = (
    "Leaving temperature out and penalising it are the hard and the soft form of **one assumption**: that the base "
    "rate does not respond to temperature itself. It is true of this world because the world was made so. Were the "
    "true base rate to rise with temperature by a Q10 of its own, both would report the product of the two as Q10 "
    "and fit as well, and nothing in these data would tell."
)


def found(finding: Finding, truth: float, config: Config) -> str:
    """Whether a variant found the true Q10."""
    f = finding
    told = f"**{f.variant.label}**: Q10 of {f.q10.min():.3f} to {f.q10.max():.3f}, "
    if f.found:
        return told + f"within {config.tolerance:g} of {truth:g} from every start."
    if f.agree:
        return told + f"alike from every start, but not within {config.tolerance:g} of {truth:g}."
    return told + f"a spread of {f.spread:.2f} between starts and first weights: not found."


def explained(finding: Finding, others: Sequence[Finding], truth: float) -> str:
    """What identified the Q10 of a variant, or that nothing did."""
    if "tas" not in finding.variant.inputs:
        return _by_data(finding)
    return _by_penalty(finding, others) if finding.variant.quiet else _by_nothing(finding, truth)


def base_rate(finding: Finding, least: float, largest: float) -> str:
    """How well the base rate was given back, with its relative error [%] over members."""
    told = f"**{finding.variant.label}**: an error of {least:.1f} to {largest:.1f} % of its mean"
    if finding.identified:
        return told + "."
    return (
        told + ": wrong by what the equation, with its Q10, leaves over, for the flux is simulated as well."
    )


def _by_data(f: Finding) -> str:
    told = f"**{f.variant.label}**: "
    if not f.identified:
        return told + f"the data do not identify Q10: {_spread(f)}."
    return told + (
        f"the data identify Q10, given one assumption that is built in: {_clause(f.variant.assumption)} What is left "
        f"of temperature after radiation and its change, mostly weather, moves the flux through the equation "
        f"alone. Values from {f.alike} fit alike; the standard error is {f.error:.3f}."
    )


def _by_nothing(f: Finding, truth: float) -> str:
    told = f"**{f.variant.label}**, nothing assumed: "
    if f.identified:
        return told + f"Q10 is identified all the same; values from {f.alike} fit alike."
    return told + (
        f"Q10 is **not identified**: {_spread(f)}. Many values of Q10 give one flux (equifinality). What "
        f"the data fix is the product of the Q10 of the equation and that of the base rate itself, "
        f"{f.product[0]:.2f} to {f.product[1]:.2f} where the fit is alike (the true Q10 is {truth:g}).{_misled(f)}"
    )


def _by_penalty(f: Finding, others: Sequence[Finding]) -> str:
    told = f"**{f.variant.label}**: "
    if not f.identified:
        return told + f"the penalty did not decide: {_spread(f)}."
    free = next((o for o in others if o.variant.inputs == f.variant.inputs and not o.variant.quiet), None)
    compared = ""
    if free is not None and not free.identified:
        compared = (
            f" Without the penalty the same network fits alike from {free.alike}, so it is the assumption and not the "
            f"data that chooses among these."
        )
    return told + (
        f"Q10 is identified by an assumption: {_clause(f.variant.assumption)}{compared} The penalty asks for the Q10 "
        f"that leaves the network nothing of temperature to carry; which value that is, the data say."
    )


def _misled(f: Finding) -> str:
    if f.gain <= 0.0:
        return ""
    return (
        f" The least training loss of the grid lies at {f.preferred:.2f}, {100 * f.gain:.2g} % below that at the value "
        f"next to the truth: what differs there is how well the network fits, not respiration."
    )


def _spread(f: Finding) -> str:
    return (
        f"the starts end between {f.q10.min():.2f} and {f.q10.max():.2f} with held-out NSE of {f.skill.min():.4f} to "
        f"{f.skill.max():.4f}, and values from {f.alike} fit alike"
    )


def _clause(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]
