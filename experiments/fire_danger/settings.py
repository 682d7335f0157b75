"""Settings of one run: the configuration with what ``--quick`` changes, its checks and its plan."""

from __future__ import annotations

from pathlib import Path

from data.errors import ConfigError
from hybrid.scenario import parse_change

from .config import Config


def effective(config: Config, quick: bool) -> Config:
    """The configuration that a run follows; for a quick one, sizes are those of its section ``quick``."""
    if not quick:
        return config
    small = config.quick

    def smaller(section: str, **limits: int) -> dict[str, object]:
        held = getattr(config, section)
        return {section: held.model_copy(update={n: min(v, getattr(held, n)) for n, v in limits.items()})}

    update: dict[str, object] = {
        "leads": [lead for lead in small.leads if lead in config.leads] or config.leads[:1]
    }
    update |= smaller("hybrid", members=small.members, steps=small.steps)
    update |= smaller("network", members=small.members, steps=small.network_steps)
    update |= smaller("trees", forest=small.trees, boosted=small.trees)
    update |= smaller("judge", resamples=small.resamples, samples=small.samples) | smaller(
        "montesinho", runs=small.runs
    )
    return config.model_copy(update=update)


def check(config: Config, data: Path | None) -> None:
    """Raise ConfigError or ScenarioError where settings do not go together."""
    split = config.split
    for name, leads in {"leads": config.leads, "quick.leads": config.quick.leads}.items():
        if len(set(leads)) < len(leads):
            raise ConfigError(f"'{name}' names a lead twice", name, "name each once")
    if split.fit_last - split.fit_first < 2:
        raise ConfigError(
            f"{split.fit_first} to {split.fit_last} are fewer than 3 years that fit",
            "split.fit_last",
            "choose a later one: years are held out one by one",
        )
    if split.test_last <= split.fit_last:
        raise ConfigError(
            f"the years that fit end in {split.fit_last}, those that test in {split.test_last}",
            "split.test_last",
            "choose a later one",
        )
    if data is None and split.test_last > 2008 + config.synthetic.years:
        raise ConfigError(
            f"the island has weather to {2008 + config.synthetic.years}, the test ends in {split.test_last}",
            "synthetic.years",
            "choose more years, or earlier ones that test",
        )
    if data is None and split.fit_first < 2009:
        raise ConfigError(
            f"the island has weather from 2009 on, the fit starts in {split.fit_first}",
            "split.fit_first",
            "choose 2009 or later",
        )
    for name in ("tas", "pr"):
        parse_change(name, getattr(config.scenario, name), "scenario")


def plan_rows(config: Config, data: Path | None, quick: bool) -> list[tuple[str, str]]:
    """Rows of the plan: stage and what it does."""
    config = effective(config, quick)
    check(config, data)
    split, judge = config.split, config.judge
    made = f"synthetic island with known truth, {config.synthetic.years} years, seed {config.seed}"
    leads = ", ".join(str(lead) for lead in config.leads)
    first = split.fit_last + 1
    rows = [
        ("data", str(data) if data else made),
        (
            "validation",
            f"years {split.fit_first} to {split.fit_last} held out one by one, month's own weather known",
        ),
        (
            "time",
            f"fit {split.fit_first} to {split.fit_last}, test {first} to {split.test_last}, {leads} months ahead: "
            f"hybrid ({config.hybrid.members} members) beside both climatologies, drought code, forest, boosted "
            f"trees and U-Net",
        ),
        ("space", "the same years, quarters of the region held out one by one"),
        *(
            []
            if quick
            else [("nested", f"every year to {split.test_last} held out, penalties chosen in the fold")]
        ),
        ("relations", "expected against learned: accumulated local effects, hybrid beside trees and network"),
        (
            "scenario",
            f"tas {config.scenario.tas}, pr {config.scenario.pr}, flagged outside the training range",
        ),
    ]
    if data is not None and config.montesinho.use:
        rows.append(
            (
                "montesinho",
                f"burned area of single fires, {config.montesinho.runs} runs of {config.montesinho.folds} folds",
            )
        )
    resampled = f"{judge.resamples} resamples of blocks of {judge.block} months"
    return [*rows, ("results", f"scores with intervals ({resampled}), results.nc, scores.csv")]
