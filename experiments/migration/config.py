"""Configuration of the migration experiment."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..config import Strict

Lead = Annotated[int, Field(ge=1, le=12)]
"""Months from the origin of a forecast to its target."""


class Cleaning(Strict):
    """What is done to the files before anything is learned from them."""

    blank: Literal["missing", "zero"] = Field(
        default="missing", description="how a blank count is read; the source does not say which it is"
    )
    reliable_from: str = Field(
        default="2016-12",
        pattern=r"^\d{4}-(0[1-9]|1[0-2])$",
        description="first month whose counts are used; reporting was not complete before",
    )
    carry_months: int = Field(
        default=3,
        ge=0,
        le=12,
        description="months over which a price is carried forward; none is interpolated",
    )
    outlier_factor: float = Field(
        default=8.0,
        gt=1.5,
        le=1000,
        description="ratio to its own past and its zone beyond which a price is dropped",
    )


class Forecast(Strict):
    """Forecasts with a rolling origin; settings were chosen on the validation months."""

    leads: list[Lead] = Field(default=[1, 2, 3, 4, 5, 6], min_length=1, description="months ahead")
    test_months: int = Field(default=24, ge=6, le=120, description="last months, which test")
    validation_months: int = Field(
        default=24,
        ge=6,
        le=120,
        description="months before them, on which choices are made and intervals sized",
    )
    half_life: float = Field(
        default=4.0, gt=0, le=60, description="of the forgetting mean of a district [months]"
    )
    shrink: float = Field(
        default=1.0, ge=0, le=50, description="observations that the national mean counts for in a district's"
    )
    ridge: float = Field(
        default=1000.0, gt=0, description="penalty of the correction by drivers and neighbours"
    )
    trees_share: float = Field(
        default=0.5, ge=0, le=1, description="of small trees, beside the ridge, in the correction of the mean"
    )
    gp_weight: float = Field(default=0.34, ge=0, le=1, description="of the Gaussian process in the forecast")
    gp_window: int = Field(default=36, ge=6, le=240, description="months that the Gaussian process remembers")
    gp_iterations: int = Field(default=25, ge=0, le=500, description="steps in fitting its scales")
    refit_months: int = Field(default=12, ge=1, le=120, description="months between fits of its scales")
    level: float = Field(default=0.8, gt=0.1, lt=0.99, description="coverage that intervals aim for")
    adaption: float = Field(
        default=0.1, ge=0, le=1, description="how fast an interval widens after months that missed it"
    )
    alarm_percentile: float = Field(
        default=80.0,
        gt=50,
        lt=99,
        description="of a district's past counts, beyond which a month is an alarm",
    )
    resamples: int = Field(default=2000, ge=100, le=100_000, description="of the block bootstrap of scores")
    block: int = Field(default=3, ge=1, le=12, description="months in a block of that bootstrap")


class Trees(Strict):
    """Boosted trees, the baseline that reads all features; settings were chosen on the validation months."""

    iterations: int = Field(default=80, ge=1, le=5000, description="trees")
    rate: float = Field(default=0.05, gt=0, le=1, description="learning rate")
    leaves: int = Field(default=3, ge=2, le=256, description="leaves of a tree")
    least: int = Field(default=40, ge=1, description="samples in a leaf")
    l2: float = Field(default=10.0, ge=0, description="L2 penalty")
    share: float = Field(default=0.3, gt=0, le=1, description="features tried at a split")
    refit_months: int = Field(default=3, ge=1, le=120, description="months between fits")


class Causes(Strict):
    """Graphs of causes, pooled and per district."""

    tau_max: int = Field(default=3, ge=1, le=12, description="largest lag [months]")
    pc_alpha: float = Field(
        default=0.01, gt=0, le=0.5, description="significance of the search of conditions"
    )
    alpha: float = Field(default=0.05, gt=0, lt=0.5, description="chance of any false link that is accepted")
    least_months: int = Field(
        default=40, ge=20, description="complete months that a district needs for a graph"
    )
    bootstrap: int = Field(
        default=60, ge=0, le=10_000, description="resamples of districts for link frequencies"
    )


class Effect(Strict):
    """The effect of a drought month on displacement."""

    threshold: float = Field(
        default=0.8, gt=0, le=2, description="a month whose drought index lies below it is a drought month"
    )
    horizon: int = Field(default=6, ge=0, le=12, description="months after the drought month")
    resamples: int = Field(
        default=300, ge=50, le=10_000, description="of districts, for intervals and placebos"
    )
    since: str = Field(
        default="2016-01",
        pattern=r"^\d{4}-(0[1-9]|1[0-2])$",
        description="first month without drought in the counterfactual",
    )


class Explain(Strict):
    """What drove the forecasts: attributions to families of inputs at the last origins."""

    leads: list[Lead] = Field(default=[1, 3], min_length=1, description="months ahead that are explained")
    origins: int = Field(default=12, ge=1, le=120, description="last origins of the test that are explained")
    background: int = Field(
        default=48, ge=8, le=2000, description="inputs before the test that stand in for absent families"
    )
    pairs: int = Field(
        default=16, ge=2, le=1000, description="pairs of district and origin with causal Shapley values"
    )
    draws: int = Field(default=24, ge=4, le=500, description="of the background, for causal values and trust")
    members: int = Field(default=2, ge=2, le=50, description="models learnt anew, for the trust report")
    trusted: int = Field(default=6, ge=1, le=100, description="districts of the trust report")


class Weekly(Strict):
    """The weekly file of the published study."""

    use: bool = Field(default=True, description="whether it is read, where the folder holds it")
    shift: int = Field(
        default=2, ge=0, le=8, description="weeks by which the published pipeline moves prices back"
    )
    tau_max: int = Field(default=4, ge=1, le=26, description="largest lag [weeks]")
    least_weeks: int = Field(
        default=100, ge=30, description="complete weeks that a district needs for a graph"
    )


class Synthetic(Strict):
    """The panel that is made where no data are given."""

    districts: int = Field(default=36, ge=8, le=500, description="districts")
    months: int = Field(default=96, ge=72, le=600, description="months")
    noise: float = Field(default=0.7, ge=0, le=5, description="standard deviation of log counts")


class Quick(Strict):
    """What --quick does instead."""

    leads: list[Lead] = Field(
        default=[1, 3], min_length=1, description="months ahead, instead of forecast.leads"
    )
    gp_iterations: int = Field(default=8, ge=0, le=500, description="instead of forecast.gp_iterations")
    gp_window: int = Field(default=18, ge=6, le=240, description="instead of forecast.gp_window")
    bootstrap: int = Field(default=10, ge=0, le=10_000, description="instead of causes.bootstrap")
    resamples: int = Field(default=100, ge=50, le=10_000, description="instead of effect.resamples")
    tau_max: int = Field(default=1, ge=1, le=12, description="instead of causes.tau_max and weekly.tau_max")
    districts: int = Field(default=20, ge=8, le=500, description="instead of synthetic.districts")
    pairs: int = Field(default=4, ge=2, le=1000, description="instead of explain.pairs")
    draws: int = Field(default=12, ge=4, le=500, description="instead of explain.draws")
    trusted: int = Field(default=2, ge=1, le=100, description="instead of explain.trusted")


class Config(Strict):
    """Does drought displace people, where, after how long, and through what?"""

    seed: int = Field(default=0, ge=0, description="of the synthetic panel and of all resampling")
    target: Literal["departures", "arrivals"] = Field(
        default="departures", description="the count that is forecast and explained"
    )
    cleaning: Cleaning = Field(default_factory=Cleaning, description="before anything is learned")
    forecast: Forecast = Field(default_factory=Forecast, description="one to six months ahead")
    trees: Trees = Field(default_factory=Trees, description="the strongest baseline")
    causes: Causes = Field(default_factory=Causes, description="graphs")
    effect: Effect = Field(default_factory=Effect, description="of a drought month")
    explain: Explain = Field(default_factory=Explain, description="what drove the forecasts")
    weekly: Weekly = Field(default_factory=Weekly, description="the published study's file")
    synthetic: Synthetic = Field(default_factory=Synthetic, description="the panel with known effects")
    quick: Quick = Field(default_factory=Quick, description="what --quick does instead")
