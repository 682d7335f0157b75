"""Settings of one run: the configuration with what ``--quick`` changes, its checks and its plan."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from data.errors import ConfigError

from .config import Config
from .variants import VARIANTS


def effective(config: Config, quick: bool) -> Config:
    """The configuration that a run follows; for a quick one, sizes are those of its section ``quick``."""
    if not quick:
        return config
    small = config.quick
    world = {"climates": small.climates, "years": small.years, "train_years": small.train_years}
    return config.model_copy(
        update={
            "world": config.world.model_copy(update=world),
            "train": config.train.model_copy(update={"steps": small.steps}),
            "profile": config.profile.model_copy(update={"points": small.points}),
            "repeats": small.repeats,
        }
    )


def check(config: Config, data: Path | None) -> None:
    """Raise ConfigError where settings do not go together, or where data are given."""
    world, profile = config.world, config.profile
    if data is not None:
        raise ConfigError(
            "the experiment 'respiration' makes its data, for only then is the truth known",
            str(data),
            "leave --data out",
        )
    if world.train_years >= world.years:
        raise ConfigError(
            f"{world.train_years} training years of {world.years} leave none to test",
            "world.train_years",
            "choose fewer, or more world.years",
        )
    if profile.lower >= profile.upper:
        raise ConfigError(
            f"the profile goes from {profile.lower:g} to {profile.upper:g}",
            "profile.lower",
            "choose a lower one, or a higher profile.upper",
        )
    for name in ("variants", "starts"):
        values = getattr(config, name)
        if len(set(values)) < len(values):
            raise ConfigError(f"'{name}' names a value twice", "configuration", "name each once")


def plan_rows(config: Config, data: Path | None, quick: bool) -> list[tuple[str, str]]:
    """Rows of the plan: stage and what it does."""
    config = effective(config, quick)
    check(config, data)
    world, profile = config.world, config.profile
    sites = len(world.climates)
    starts = ", ".join(f"{s:g}" for s in config.starts)
    members = len(config.starts) * config.repeats
    rows = [
        (
            "world",
            f"{sites} synthetic site{'s' * (sites > 1)}, {world.years} years of which the first "
            f"{world.train_years} train; true Q10 {world.q10:g}, noise {100 * world.noise:g} %",
        ),
        ("process", f"base rate constant, Q10 from {starts}"),
    ]
    rows += [
        (
            name,
            f"{VARIANTS[name].label}: {members} members (Q10 from {starts}), {profile.points} with Q10 held "
            f"from {profile.lower:g} to {profile.upper:g}, {config.train.steps} steps",
        )
        for name in config.variants
    ]
    return [*rows, ("results", "held-out skill, profiles, results.nc, scores.csv")]


def identity(config: Config) -> str:
    """Hash of all that checkpoints depend on."""
    text = json.dumps(config.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
