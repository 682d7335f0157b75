"""Settings of one run: the configuration with what ``--quick`` changes, its checks and its plan."""

from __future__ import annotations

from pathlib import Path

from data.errors import ConfigError

from .config import Config, Prior
from .progression import stages as progression

FREE = ("dead_moisture", "rate", "duration")
"""What is chosen on other fires."""
MOST_DEAD = 1.0
"""Greatest moisture of dead fuel [1]: above it, percent is meant."""
MOST_LIVE = 3.0
"""Greatest moisture of live fuel [1]."""


def effective(config: Config, quick: bool) -> Config:
    """The configuration that a run follows; for a quick one, no size is above that of its section ``quick``."""
    if not quick:
        return config
    small = config.quick
    fewer = {
        n: p.model_copy(update={"levels": min(p.levels, small.levels)})
        for n in ("dead_moisture", "rate")
        for p in [getattr(config.priors, n)]
    }
    reach = min(config.landscape.reach, small.reach)
    return config.model_copy(
        update={
            "landscape": config.landscape.model_copy(update={"reach": reach}),
            "priors": config.priors.model_copy(update=fewer),
            "draws": min(config.draws, small.draws),
            "progression": progression.effective(config.progression, quick),
        }
    )


def check(config: Config, data: Path | None) -> None:
    """Raise ConfigError where settings do not go together."""
    priors = config.priors
    for name in type(priors).model_fields:
        prior: Prior = getattr(priors, name)
        if prior.lower >= prior.upper:
            raise ConfigError(
                f"the prior goes from {prior.lower:g} to {prior.upper:g}",
                f"priors.{name}",
                "choose a lower 'lower', or a higher 'upper'",
            )
        if prior.levels > 1 and name not in FREE:
            raise ConfigError(
                f"'{name}' has {prior.levels} levels, but is not chosen on other fires",
                f"priors.{name}.levels",
                f"leave it at 1; chosen are {', '.join(FREE)}",
            )
    for name, most in (("dead_moisture", MOST_DEAD), ("live_moisture", MOST_LIVE), ("duration", 1.0)):
        if getattr(priors, name).upper > most:
            raise ConfigError(
                f"{name} goes up to {getattr(priors, name).upper:g}, at most {most:g} is possible",
                f"priors.{name}.upper",
                "give a fraction, not percent",
            )
    progression.check(config.progression)
    if config.landscape.ignition_radius >= config.landscape.reach:
        raise ConfigError(
            f"the ignition of {config.landscape.ignition_radius:g} m fills all that is simulated",
            "landscape.ignition_radius",
            "choose a smaller one, or a greater landscape.reach",
        )


def plan_rows(config: Config, data: Path | None, quick: bool) -> list[tuple[str, str]]:
    """Rows of the plan: stage and what it does."""
    config = effective(config, quick)
    check(config, data)
    moist, rate, ends = (getattr(config.priors, n).levels for n in FREE)
    made = f"three synthetic fires of known truth on a landscape of {config.synthetic.cells} x {config.synthetic.cells}"
    learned = f"a learned factor on the rate, {config.factor.steps} steps through the solver, per fire on the others"
    return [
        ("data", f"{data}: every folder belgium_*" if data else f"{made} cells, seed {config.seed}"),
        (
            "spread",
            f"within {config.landscape.reach:g} m of the ignition: {moist * rate} runs per fire and {config.draws} "
            f"draws from all priors, each read at {ends} ends; the centre of the priors; free burning",
        ),
        *([("factor", learned)] if config.factor.enabled else []),
        *progression.plan_rows(config.progression, data),
        (
            "results",
            "leave one fire out: Dice, Brier score, calibration, burned area, results.nc, scores.csv",
        ),
    ]
