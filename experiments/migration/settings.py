"""Settings of one run: the configuration with what ``--quick`` changes, its checks and its plan."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from data.errors import ConfigError

from .config import Config


def effective(config: Config, quick: bool) -> Config:
    """The configuration that a run follows; for a quick one, sizes are those of its section ``quick``."""
    if not quick:
        return config
    small = config.quick
    forecast = {
        "leads": [lead for lead in small.leads if lead in config.forecast.leads] or config.forecast.leads[:1],
        "gp_iterations": min(small.gp_iterations, config.forecast.gp_iterations),
        "gp_window": min(small.gp_window, config.forecast.gp_window),
    }
    return config.model_copy(
        update={
            "forecast": config.forecast.model_copy(update=forecast),
            "causes": config.causes.model_copy(
                update={
                    "bootstrap": min(small.bootstrap, config.causes.bootstrap),
                    "tau_max": min(small.tau_max, config.causes.tau_max),
                }
            ),
            "weekly": config.weekly.model_copy(update={"tau_max": min(small.tau_max, config.weekly.tau_max)}),
            "effect": config.effect.model_copy(
                update={"resamples": min(small.resamples, config.effect.resamples)}
            ),
            "explain": config.explain.model_copy(
                update={
                    "pairs": min(small.pairs, config.explain.pairs),
                    "draws": min(small.draws, config.explain.draws),
                    "trusted": min(small.trusted, config.explain.trusted),
                }
            ),
            "synthetic": config.synthetic.model_copy(
                update={"districts": min(small.districts, config.synthetic.districts)}
            ),
        }
    )


def check(config: Config, data: Path | None) -> None:
    """Raise ConfigError where settings do not go together."""
    settings = config.forecast
    named = {
        "forecast.leads": settings.leads,
        "quick.leads": config.quick.leads,
        "explain.leads": config.explain.leads,
    }
    for name, leads in named.items():
        if len(set(leads)) < len(leads):
            raise ConfigError(f"'{name}' names a lead twice", name, "name each once")
        if max(leads) >= settings.test_months:
            raise ConfigError(
                f"a lead of {max(leads)} months does not fit into {settings.test_months} test months",
                name,
                "choose shorter leads or more test months",
            )
    if config.explain.draws > config.explain.background:
        raise ConfigError(
            f"{config.explain.draws} draws of a background of {config.explain.background} inputs",
            "explain.draws",
            "choose as many as explain.background or fewer",
        )
    if data is None:
        needed = settings.test_months + 36 + 35
        if config.synthetic.months < needed:
            raise ConfigError(
                f"{config.synthetic.months} synthetic months are too few for {settings.test_months} that test",
                "synthetic.months",
                f"choose {needed} or more",
            )


def plan_rows(config: Config, data: Path | None, quick: bool) -> list[tuple[str, str]]:
    """Rows of the plan: stage and what it does."""
    config = effective(config, quick)
    check(config, data)
    settings, size = config.forecast, config.synthetic
    made = f"{size.districts} synthetic districts, {size.months} months, known effects, seed {config.seed}"
    leads = ", ".join(str(lead) for lead in settings.leads)
    rows = [
        ("data", str(data) if data else made),
        (
            "forecast",
            f"{config.target} {leads} months ahead, rolling origin; last {settings.test_months} months test, "
            f"{settings.validation_months} before them size the intervals; beside persistence, district mean, "
            f"their blend, two-lag regression and boosted trees",
        ),
        (
            "causes",
            f"pooled and per district, lags to {config.causes.tau_max} months, "
            f"family-wise error {config.causes.alpha:g}, {config.causes.bootstrap} resamples of districts",
        ),
        (
            "effects",
            f"of a month with a drought index below {config.effect.threshold:g}, over {config.effect.horizon} months, "
            f"with refutation; as if no drought since {config.effect.since}",
        ),
    ]
    told = config.explain
    ahead = ", ".join(str(lead) for lead in told.leads if lead in settings.leads) or str(settings.leads[0])
    rows.append(
        (
            "explain",
            f"what drove forecasts {ahead} months ahead at the last {told.origins} origins: exact Shapley values of "
            f"8 families of inputs, causal ones at {told.pairs} pairs of district and origin, trust",
        )
    )
    if data is not None and config.weekly.use:
        rows.append(("weekly", "the published study's file: prices shifted back against carried forward"))
    return [*rows, ("results", "scores.csv, results.nc, tables")]


def identity(config: Config) -> str:
    """Hash of all that checkpoints depend on."""
    text = json.dumps(config.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
