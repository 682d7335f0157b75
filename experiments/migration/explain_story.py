"""The section of the report on what drove the forecasts, from the run folder alone."""

from __future__ import annotations

from typing import Any

from ..report import Figure, Section, Table
from ..runfolder import RunFolder
from . import explain_figures as figures
from .config import Config
from .explain_model import CLIMATE, FAMILIES
from .stages import read_json

NAME = "explain.nc"
Row = dict[str, Any]


def build(folder: RunFolder, config: Config) -> list[Section]:
    """The section; none where the run was not explained."""
    told = read_json(folder, "explain.json")
    if told is None or not (folder.path / NAME).exists():
        return []
    import xarray as xr

    with xr.open_dataset(folder.path / NAME) as held:
        ds = held.load()
    figures.drivers(ds, folder.figures)
    figures.causal(told["causal"], folder.figures)
    text = [
        what(told, config),
        causal(told["causal"]),
        agreement(told["agreement"]),
        truth(told["truth"]),
        groups(told["clusters"]),
        trust(told),
        limits(),
    ]
    shown = [
        Figure(
            "explain_drivers.svg",
            "Mean attribution of each family of inputs in each district.",
            "Red: raises the forecast over the background, blue: lowers it. Own history has a scale of its own.",
        ),
        Figure(
            "explain_causal.svg",
            "Size of each family's attribution: symmetric, causal and asymmetric Shapley values.",
            "Means of absolute values over the same pairs of district and origin.",
        ),
    ]
    return [Section("Why: what drove the forecasts", "\n\n".join(t for t in text if t), shown, tables(told))]


def _of(rows: list[Row], **where: Any) -> list[Row]:
    return [r for r in rows if all(r[k] == v for k, v in where.items())]


def _ahead(lead: int) -> str:
    return f"{lead} month{'s' if lead > 1 else ''} ahead"


def what(told: Row, config: Config) -> str:
    """What was explained, and the families in the order of their size."""
    checks, behind, lines = told["checks"], told["background"], []
    for lead in sorted({r["lead"] for r in told["families"]}):
        rows = sorted(_of(told["families"], lead=lead), key=lambda r: -r["size"])
        climate = sum(r["part"] for r in rows if r["family"] in CLIMATE)
        order = ", ".join(f"{r['family']} {100 * r['part']:.0f} %" for r in rows)
        lines.append(
            f"- {_ahead(lead)}: {order}. Rain, drought index and vegetation together: {100 * climate:.0f} %."
        )
    weight = config.forecast.gp_weight
    return (
        f"Forecasts of {checks['origins'][0]} to {checks['origins'][1]} are split among eight families of inputs by "
        f"Shapley values, exactly, against {behind['rows']} of {behind['of']} inputs of {behind['origins']} origins "
        f"before the test. The models are those that issued the forecasts: {checks['forecasts']} forecasts made again "
        f"differ from those issued by at most {checks['issued']:.1g}, values add up within {checks['gap']:.1g}, and "
        f"closed forms for sums and trees differ from the evaluation of all coalitions by at most "
        f"{checks['engine']:.1g}. The Gaussian process ({weight:g} of the forecast) is split into its parts: the "
        "district's own courses belong to own history, those that near districts share to neighbours, the mean, the "
        "national course and the season to nation and season. Prices are no input of the forecast. Parts of the sum of "
        "absolute values:\n\n" + "\n".join(lines)
    )


def causal(table: Row) -> str:
    """Where causal and symmetric values differ."""
    found = table["findings"]
    other = table["rows"][len(FAMILIES) - 2]["family"]
    text = (
        f"**Causal values** at {table['pairs']} pairs of district and origin let absent families follow from present "
        "ones, so that a family is also given what it does through others. The order is assumed: rain, drought index, "
        f"vegetation, then conflict beside nation and season, neighbours, {other}, own history; linear "
        f"equations of {table['equations']} inputs before the test, lasting differences of districts taken out. "
    )
    if found:
        which = "; ".join(
            f"{r['family']} {_ahead(r['lead'])} {r['symmetric']:.3f} to {r['causal']:.3f}" for r in found
        )
        text += f"Sizes differ from the symmetric ones by more than three standard errors for: {which}."
    else:
        text += "No size differs from the symmetric one by more than three standard errors."
    own = [r["lead"] for r in found if r["family"] == "own history" and r["change"] < 0]
    if own:
        text += (
            " What leaves own history for families before it is a finding: the forecast knows causes mostly by the "
            "counts that they have already moved."
        )
    text += " "
    if not table["searched"]:
        return text.strip()
    if table["edges"]:
        return text + f"With the links of the pooled graph instead of the order: {'; '.join(table['edges'])}."
    return text + "The pooled graph has no directed link between families, so no values are told by it."


def agreement(table: Row | None) -> str:
    """Whether the forecast's use of drought is what the effects say."""
    if table is None or not table["rows"]:
        return ""
    spans = [r for r in table["rows"] if r["lower"] <= 0 <= r["upper"]]
    kinds: dict[str, int] = {}
    for r in table["rows"]:
        kinds[r["finding"]] = kinds.get(r["finding"], 0) + 1
    counts = ", ".join(f"{n} {k}" for k, n in sorted(kinds.items(), key=lambda i: -i[1]))
    return (
        "**Drought in the forecast and in the world.** The attribution per drought month stands beside the effect of a "
        f"drought month after as many months ({100 * table['level']:.0f} % intervals; of {len(table['rows'])} effects "
        f"compared, {len(spans)} have an interval that spans zero). {table['verdict']} Findings: {counts}."
    )


def truth(table: Row | None) -> str:
    """How well the known drivers of the synthetic panel are recovered."""
    if table is None:
        return ""
    lines = []
    for r in table["rows"]:
        if r["right"] and r["family"] in ("all climate", "conflict") and r["correlation"] is not None:
            rest = [
                abs(o["correlation"])
                for o in _of(table["rows"], lead=r["lead"], cause=r["cause"], right=False)
                if o["correlation"] is not None and not (r["cause"] == "drought" and o["family"] in CLIMATE)
            ]
            own = (
                "rain, drought index and vegetation together" if r["family"] == "all climate" else r["family"]
            )
            lines.append(
                f"- {r['cause']}, {_ahead(r['lead'])}: the attribution of {own} and what {r['cause']} really "
                f"adds correlate by **{r['correlation']:.2f}** (at most {max(rest, default=0.0):.2f} for other "
                f"families), and the attribution is {r['slope']:.2f} of the truth in size (standard error "
                f"{r['error']:.2f})."
            )
    return (
        "**The known world.** What drought and conflict add to each month that is forecast is known here, all else "
        "less the mean of the month:\n\n"
        + "\n".join(lines)
        + "\n\nA size below one is no error of the attribution: "
        "the forecast itself is drawn towards the mean, and own history already holds what earlier months of drought "
        "have done."
    )


def groups(table: Row | None) -> str:
    """Clusters of districts and their stability."""
    if not table:
        return ""
    return "**Groups of districts** by the pattern of their drivers: " + table["verdict"]


def trust(told: Row) -> str:
    """The trust report in a sentence."""
    report = told["trust"]
    weak = [r["title"].lower() for r in report["rows"] if r["skill_lower"] is None or r["skill_lower"] <= 0]
    strong = len(report["rows"]) - len(weak)
    doubt = f"; not told apart from it: {', '.join(weak)}" if weak else ""
    return (
        f"**How far to trust it**, at {report['districts']} districts of the last origin, {_ahead(report['lead'])}, "
        f"with {report['members']} models learnt anew from resampled pairs and {report['shuffled']} from shuffled "
        f"errors: {strong} of {len(report['rows'])} scores are better than a random explanation{doubt}. Models learnt "
        "from shuffled errors keep process and level, so own history stays the largest with them too."
    )


def limits() -> str:
    """What attributions cannot say."""
    return (
        "**What cannot be concluded.** These are reasons of the forecast and not causes in the world: a family that is "
        "used may stand for something that nobody measured, and a cause that acts through counts of earlier months is "
        "credited to own history. Values are relative to the background before the test. Causal values are as good as "
        "the assumed order and straight lines."
    )


def tables(told: Row) -> list[Table]:
    """All numbers of the section."""
    out = [
        Table(
            ("family", "months ahead", "size", "part", "error from background", "share of spread", "mean"),
            [
                (r["family"], r["lead"], r["size"], r["part"], r["error"], r["spread"], r["mean"])
                for r in told["families"]
            ],
            "Families of inputs: mean absolute attribution, its part of the sum, and the share of the forecasts' "
            "spread (shares add up to one)",
        ),
        Table(
            ("family", "months ahead", "symmetric", "causal", "of it direct", "indirect", "asymmetric", "found links"),
            [
                (r["family"], r["lead"], r["symmetric"], r["causal"], r["direct"], r["indirect"], r["asymmetric"],
                 r["found graph"])
                for r in told["causal"]["rows"]
            ],
            "Mean absolute Shapley values of each kind, over the same pairs",
        ),
    ]  # fmt: skip
    if told["agreement"] and told["agreement"]["rows"]:
        out.append(
            Table(
                ("driver", "months after", "attribution", "error", "effect", "lower", "upper", "finding"),
                [
                    (r["driver"], r["lag"], r["attribution"], r["attribution_stderr"], r["effect"], r["lower"],
                     r["upper"], r["finding"])
                    for r in told["agreement"]["rows"]
                ],
                "Attribution per drought month beside the effect of one",
            )
        )  # fmt: skip
    if told["truth"]:
        out.append(
            Table(
                ("cause", "months ahead", "family", "correlation", "size by truth", "error"),
                [
                    (r["cause"], r["lead"], r["family"], r["correlation"], r["slope"], r["error"])
                    for r in told["truth"]["rows"]
                ],
                "Attributions beside what the known cause adds",
            )
        )
    if told["clusters"] and told["clusters"]["rows"]:
        out.append(
            Table(
                ("cluster", "districts", "Jaccard", "stable", "typical", "strongest"),
                [
                    (r["cluster"], r["districts"], r["jaccard"], r["stable"], r["typical"], r["drivers"])
                    for r in told["clusters"]["rows"]
                ],
                "Districts by the pattern of their drivers",
            )
        )
    out.append(
        Table(
            ("score", "value", "random", "skill", "2.5 %", "97.5 %", "what it says"),
            [
                (
                    r["title"],
                    r["value"],
                    r["random"],
                    r["skill"],
                    r["skill_lower"],
                    r["skill_upper"],
                    r["verdict"],
                )
                for r in told["trust"]["rows"]
            ],
            "Trust report",
        )
    )
    return out
