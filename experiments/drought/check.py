"""Does a configuration make models at all? Asked before anything is trained or kept."""

from __future__ import annotations

import numpy as np

from data.errors import ConfigError, nearest

from . import build
from .config import Config
from .explain_events import DAYS
from .prepare import Prepared


def check(config: Config, prepared: Prepared) -> None:
    """Build every model that is asked for, untrained.

    Raises:
        ConfigError: settings that do not go together with each other or the data.
        ModelError: roles, networks or inputs that do not fit the process.
    """
    check_lists(config)
    if not any(config.targets.get(t, 0) > 0 for t in prepared.targets):  # type: ignore[call-overload]
        raise ConfigError("no target of the data has a weight above zero", "targets", "give one a weight")
    if {"hybrid", "process"} & set(config.models):
        _values(config)
    if "hybrid" in config.models and not build.hybrid_model(config, prepared.panel).design.learned:
        raise ConfigError("no parameter is learned", "roles", "give one the role global, or leave out hybrid")
    if "process" in config.models:
        build.hybrid_model(config, prepared.panel, learned=False)
    if "gru" in config.models:
        _inputs(config, prepared)


def check_lists(config: Config) -> None:
    """Raise ConfigError where a list of the configuration is empty, repeats itself or is out of order."""
    if not config.models:
        raise ConfigError("'models' is empty", "models", "name at least one")
    for key in ("models", "memory_days", "scenarios"):
        values = list(getattr(config, key))
        twice = [v for v in values if values.count(v) > 1]
        if twice:
            raise ConfigError(f"{key!r} names {twice[0]!r} twice", key, "name each once")
    wrong = [d for d in config.memory_days if d < 1]
    if wrong:
        raise ConfigError(f"'memory_days' holds {wrong[0]}", "memory_days", "give days, 1 or more")
    lags = config.explain.lags
    if sorted(set(lags)) != lags:
        raise ConfigError("'explain.lags' do not rise", "explain.lags", "write [30, 90, 180, 365]")
    if lags[-1] < DAYS:
        raise ConfigError(
            f"'explain.lags' end before the {DAYS} days that are explained",
            "explain.lags",
            f"end at {DAYS} or later",
        )
    if 3 * len(lags) > 14:
        raise ConfigError(
            f"'explain.lags' has {len(lags)} windows, too many for exact values",
            "explain.lags",
            "give at most 4",
        )


def _values(config: Config) -> None:
    from hybrid.process import ecosystem

    known = ecosystem().parameter
    for name, role in (config.roles or {}).items():
        p = known.get(name)
        if p is None or role.value is None:
            continue
        if not np.isfinite(role.value) or not p.lower <= role.value <= p.upper:
            raise ConfigError(
                f"the value {role.value:g} of {name!r} is outside its bounds",
                f"roles.{name}.value",
                f"give {p.lower:g} to {p.upper:g} {p.unit}",
            )


def _inputs(config: Config, prepared: Prepared) -> None:
    panel = prepared.panel
    known = {*panel.forcing, *panel.attributes, *panel.category_names, "site"}
    for name in (*config.gru.inputs, *build.identity(config, panel)):
        if name not in known:
            raise ConfigError(
                f"the pure network reads {name!r}, which is not in the data{nearest(name, known)}",
                "gru.inputs",
                "name forcing, site attributes or categories",
            )
