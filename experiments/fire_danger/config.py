"""Configuration of the fire danger experiment."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ..config import Strict

Lead = Annotated[int, Field(ge=0, le=6)]
"""Months of the target's weather, counted back from it, that are not known; 0 knows the month's own weather."""


Penalty = Annotated[float, Field(ge=0)]
"""Of the squared effects of weather and recent fires."""


class Split(Strict):
    """Which years fit and which test; the years that test are scored once."""

    fit_first: int = Field(default=2009, ge=1900, le=2100, description="first year that fits")
    fit_last: int = Field(default=2014, ge=1900, le=2100, description="last year that fits")
    test_last: int = Field(
        default=2016, ge=1900, le=2100, description="last year that tests, the first follows fit_last"
    )
    burnable: float = Field(
        default=0.2, ge=0, lt=1, description="a cell counts where more than this share of it can burn"
    )
    history: bool = Field(
        default=True, description="whether earlier burned area, where there is some, joins the climatology"
    )


class Climatology(Strict):
    """The climatology by month and cell; settings were chosen on fit years held out one by one."""

    month_mix: float = Field(
        default=0.2, ge=0, le=1, description="weight of a neighbouring month beside the month's own rate"
    )
    reach: float = Field(
        default=0.5, gt=0, le=10, description="of the kernel that lends cells their neighbours' fires [cells]"
    )
    prior: float = Field(
        default=0.5, gt=0, le=100, description="fires that a cell's preference of 1 counts for"
    )


class Hybrid(Strict):
    """The hybrid: a drought balance and a learned sensitivity in a logistic link on the climatology.

    Its form and settings were chosen on 2009 to 2014 held out year by year, before the test of the final model. Log
    loss there: month and cell alone 0.115; with dryness and wind 0.112; with the fires of the last year and the sun
    0.110. Of `ridge`, 5 gave 0.1115, 10 0.1104, 20 0.1105 (at a `shrink` of 100); of `shrink`, 30 gave 0.1125, 1000
    0.1097.
    """

    members: int = Field(default=5, ge=2, le=64, description="members, each on resampled fit years")
    steps: int = Field(default=120, ge=1, le=10_000, description="of the optimisation")
    rate: float = Field(default=0.05, gt=0, le=1, description="learning rate")
    ridge: float = Field(
        default=10.0, ge=0, description="penalty of the squared effects of weather and recent fires"
    )
    ridges: list[Penalty] = Field(
        default=[10.0, 100.0],
        min_length=1,
        description="penalties among which each fold of the nested evaluation chooses its own",
    )
    shrink: float = Field(
        default=1000.0, ge=0, description="penalty of the learned sensitivity's squared departure from 1"
    )
    width: int = Field(default=8, ge=1, le=128, description="units of a layer of the learned sensitivity")


class Network(Strict):
    """The U-Net, the peer without equations.

    After 100 steps its log loss in 2009 to 2014, held out year by year, was 0.246: far beyond that of the climatology
    that it starts from, 0.115. So it stops early.
    """

    members: int = Field(default=3, ge=2, le=64, description="members, each on resampled fit years")
    steps: int = Field(default=20, ge=1, le=10_000, description="of the optimisation; longer, it overfits")
    rate: float = Field(default=0.01, gt=0, le=1, description="learning rate")
    decay: float = Field(default=0.1, ge=0, description="weight decay, decoupled")
    width: int = Field(default=8, ge=1, le=128, description="channels of the first layer")


class Trees(Strict):
    """Random forest and boosted trees."""

    forest: int = Field(default=300, ge=1, le=5000, description="trees of the forest")
    leaf: int = Field(default=10, ge=1, description="fewest samples in a leaf")
    boosted: int = Field(default=80, ge=1, le=5000, description="boosted trees")
    rate: float = Field(default=0.05, gt=0, le=1, description="learning rate of boosting")
    leaves: int = Field(default=6, ge=2, le=256, description="leaves of a boosted tree")


class Judge(Strict):
    """Scores and their intervals."""

    resamples: int = Field(default=2000, ge=50, le=100_000, description="of the block bootstrap of months")
    block: int = Field(default=3, ge=1, le=12, description="months in a block")
    samples: int = Field(
        default=200, ge=20, le=10_000, description="made to see what a test of some years can show"
    )
    bins: int = Field(default=10, ge=3, le=50, description="bins of equal counts in the calibration error")


class Montesinho(Strict):
    """Burned area of single fires, with the published folds."""

    use: bool = Field(default=True, description="whether it is judged, where the folder holds it")
    runs: int = Field(default=30, ge=1, le=100, description="runs of the cross-validation, seeds 0, 1, ...")
    folds: int = Field(default=10, ge=2, le=50, description="folds of a run")


class Scenario(Strict):
    """The changed climate under which danger is asked again."""

    tas: str = Field(default="+ 2 K", description="change of air temperature")
    pr: str = Field(default="x 0.8", description="change of precipitation")


class Synthetic(Strict):
    """The island that is made where no data are given."""

    years: int = Field(default=8, ge=4, le=60, description="years with weather")
    dryness: float = Field(default=0.9, ge=0, le=5, description="true effect of the drought's departure")
    wind: float = Field(default=0.3, ge=0, le=5, description="true effect of the wind's departure")


class Quick(Strict):
    """What --quick does instead."""

    leads: list[Lead] = Field(default=[0, 1], min_length=1, description="instead of leads")
    members: int = Field(default=2, ge=2, le=64, description="instead of hybrid.members, network.members")
    steps: int = Field(default=60, ge=1, le=10_000, description="instead of hybrid.steps")
    network_steps: int = Field(default=20, ge=1, le=10_000, description="instead of network.steps")
    trees: int = Field(default=40, ge=1, le=5000, description="instead of trees.forest and trees.boosted")
    resamples: int = Field(default=300, ge=50, le=100_000, description="instead of judge.resamples")
    runs: int = Field(default=1, ge=1, le=100, description="instead of montesinho.runs")
    samples: int = Field(default=20, ge=20, le=10_000, description="instead of judge.samples")


class Config(Strict):
    """Does danger from drought and wind beat what the calendar and the place say?"""

    seed: int = Field(default=0, ge=0, description="of the synthetic island, first weights and resampling")
    leads: list[Lead] = Field(default=[0, 1, 2, 3], min_length=1, description="months ahead")
    split: Split = Field(default_factory=Split, description="years")
    climatology: Climatology = Field(default_factory=Climatology, description="month and cell")
    hybrid: Hybrid = Field(default_factory=Hybrid, description="drought balance and learned part")
    network: Network = Field(default_factory=Network, description="U-Net")
    trees: Trees = Field(default_factory=Trees, description="forest and boosting")
    judge: Judge = Field(default_factory=Judge, description="scores")
    montesinho: Montesinho = Field(default_factory=Montesinho, description="single fires")
    scenario: Scenario = Field(default_factory=Scenario, description="warmer and drier")
    synthetic: Synthetic = Field(default_factory=Synthetic, description="the island with known truth")
    quick: Quick = Field(default_factory=Quick, description="what --quick does instead")
