"""The section of the report on a synthetic panel: its known effects and links beside what was found."""

from __future__ import annotations

from typing import Any

from ..report import Section, Table
from .config import Config

LINKS = {
    ("drought", "vegetation"): (1,),
    ("drought", "cereal"): (1,),
    ("drought", "departures"): (1, 2, 3),
    ("cereal", "departures"): (1,),
    ("conflict", "departures"): (1,),
}
"""Links between the variables of the synthetic panel, and their lags [months]. Arrivals follow departures of
neighbouring districts, which are no variable of a district's graph."""


def found(
    truth: list[dict[str, Any]], total: dict[str, float], causes: dict[str, Any], config: Config
) -> Section:
    """Known effects and links of the synthetic panel beside what was found."""
    inside = sum(r["inside"] for r in truth)
    rows = [(r["name"], r["true"], r["found"], r["lower"], r["upper"], r["inside"]) for r in truth]
    text = [
        f"The panel is synthetic, its effects are known: **{inside} of {len(truth)}** lie inside their 90 % interval. "
        "A drought month acts directly for three months and through the price of cereal for longer."
    ]
    if "true" in total:
        within = total["lower"] <= total["true"] <= total["upper"]
        text.append(
            f"Without drought {total['true']:,.0f} persons fewer would have moved by the true effects; "
            f"{total['difference']:,.0f} were estimated ({total['lower']:,.0f} to {total['upper']:,.0f}), which "
            f"{'holds' if within else '**misses**'} the truth."
        )
    level = config.causes.alpha
    kept = {
        (k["source"], k["target"], k["lag"]): k["holm"] is not None and k["holm"] <= level
        for k in causes["pooled"]["links"]
        if k["source"] != k["target"]
    }
    names = causes["pooled"]["names"]
    true = {
        (*pair, lag)
        for pair, lags in LINKS.items()
        for lag in lags
        if lag <= config.causes.tau_max and set(pair) <= set(names)
    }
    sure = {k for k, passed in kept.items() if passed}
    false = sorted(sure - true)
    told = f"Of {len(true)} true links the pooled graph finds **{len(true & sure)}** after Holm"
    if false:
        which = "; ".join(f"{a} and {b} at lag {lag}" for a, b, lag in false)
        told += (
            f", and **{len(false)} that {'is' if len(false) == 1 else 'are'} not in the world**: {which}. Counts of "
            "neighbouring districts follow slow courses that nobody measured and that dummies do not take out: "
            "a missing common cause makes links, whatever their p-values"
        )
    else:
        told += " and none that is not in the world"
    text.append(told + ".")
    links = [
        (f"{a} → {b}", lag, (a, b, lag) in true, (a, b, lag) in kept, kept.get((a, b, lag), False))
        for a, b, lag in sorted(true | set(kept))
    ]
    header = ("effect on log(1 + persons)", "true", "found", "5 %", "95 %", "inside")
    return Section(
        "Is the truth found?",
        "\n\n".join(text),
        tables=[
            Table(header, rows, "Known effects and what was found"),
            Table(
                ("link", "lag", "in the world", "found", "after Holm"),
                links,
                "Known links and the pooled graph",
            ),
        ],
    )
