"""Configuration of the fire-spread experiment."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ..config import Strict
from .progression.config import Progression


class Prior(Strict):
    """What is believed of a quantity before any scar is seen; its centre is the middle of its scale."""

    lower: float = Field(gt=0, description="lowest value")
    upper: float = Field(gt=0, description="highest value")
    scale: Literal["linear", "log"] = Field(default="linear", description="on which it is even")
    levels: int = Field(default=1, ge=1, le=64, description="values of the grid of choice; 1 is its centre")
    source: str = Field(min_length=1, description="where the range is from")

    def at(self, share: float) -> float:
        """The value at a share of the range [1]."""
        if self.scale == "log":
            return float(self.lower * (self.upper / self.lower) ** share)
        return float(self.lower + (self.upper - self.lower) * share)

    def grid(self) -> list[float]:
        """Values of the grid of choice."""
        if self.levels == 1:
            return [self.at(0.5)]
        return [self.at(i / (self.levels - 1)) for i in range(self.levels)]


class Priors(Strict):
    """Ranges of what the files do not tell; of the first three, those of several levels are chosen on other fires.

    Moistures are those of [@scott2005standard], errors of rates of [@cruz2013uncertainty], shelter of
    [@andrews2012modeling].
    """

    dead_moisture: Prior = Field(
        default=Prior(lower=0.03, upper=0.12, source="moisture scenarios D1 to D4 of Scott and Burgan 2005"),
        description="moisture of 1-h dead fuel [1]; 10-h and 100-h fuel are 0.01 and 0.02 moister",
    )
    rate: Prior = Field(
        default=Prior(
            lower=0.25,
            upper=4.0,
            scale="log",
            levels=7,
            source="Cruz and Alexander 2013: mean errors of such models are 20 to 310 % of the rate, fourfold at most; "
            "taken alike for too fast and too slow",
        ),
        description="factor on every rate of spread [1], for errors of model, fuel and wind",
    )
    duration: Prior = Field(
        default=Prior(
            lower=0.1,
            upper=1.0,
            scale="log",
            levels=9,
            source="assumed: suppression ends a fire at any time of the weather that comes with it",
        ),
        description="end of spread, as a share of the hours of weather of a fire [1]",
    )
    live_moisture: Prior = Field(
        default=Prior(
            lower=0.3,
            upper=0.9,
            source="moisture scenarios L1 to L3 of Scott and Burgan 2005: grass cured, to two thirds green, as these "
            "fires of March and April were before or early in green-up",
        ),
        description="moisture of live herbaceous fuel [1]; live woody fuel is 0.3 moister",
    )
    wind: Prior = Field(
        default=Prior(
            lower=0.3,
            upper=1.0,
            scale="log",
            source="closed stands to leafless ones, Andrews 2012: the files hold no canopy",
        ),
        description="factor on midflame wind above open fuel [1], for fuels that lie under trees",
    )


class Landscape(Strict):
    """The part of a file that is simulated."""

    reach: float = Field(
        default=800.0, ge=100, le=10_000, description="metres kept on each side of the ignition"
    )
    ignition_radius: float = Field(
        default=30.0, gt=0, le=1000, description="radius of the disc that is lit [m], the same for all fires"
    )
    hours_per_row: float = Field(default=1.0, gt=0, le=24, description="hours that a row of weather holds")


class Synthetic(Strict):
    """Fires of known truth, where no data are given."""

    cells: int = Field(default=61, ge=31, le=401, description="cells along each side of the landscape")
    dead_moisture: float = Field(default=0.06, gt=0, lt=0.4, description="true moisture of dead fuel [1]")
    rate: float = Field(default=0.5, gt=0, le=4, description="true factor on the rate of spread [1]")
    duration: float = Field(
        default=0.2, gt=0, le=1, description="true end of spread, a share of the weather [1]"
    )
    factor_grass: float = Field(
        default=1.0, gt=0, le=4, description="true factor on the rate in grass and shrub beside 'rate' [1]"
    )
    factor_timber: float = Field(
        default=1.0, gt=0, le=4, description="true factor on the rate in timber litter beside 'rate' [1]"
    )


class Factor(Strict):
    """A learned factor on the rate of spread by fuel type, slope and wind, trained through the solver."""

    enabled: bool = Field(
        default=False, description="whether it is trained and scored; three fires are few for it"
    )
    steps: int = Field(default=30, ge=1, le=10_000, description="steps of training")
    learning_rate: float = Field(default=0.1, gt=0, le=1, description="of Adam")
    bound: float = Field(default=4.0, gt=1, le=100, description="greatest factor, and one over the least")
    width: int = Field(default=8, ge=1, le=1024, description="of the network's one layer")
    fade: float = Field(
        default=0.25, gt=0, description="share of a feature's range outside of which trust in it fades"
    )
    blur: float = Field(default=30.0, gt=0, description="blur of burned area and scar in training [m]")
    spread: float = Field(
        default=0.69, gt=0, description="standard deviation of log(factor) before training; 0.69 is twofold"
    )
    pull: float = Field(default=0.01, ge=0, description="weight of this prior beside the misfit of a scar")
    reach: float = Field(
        default=560.0, ge=100, description="metres on each side of the ignition that are trained on"
    )


class Quick(Strict):
    """What --quick does instead."""

    reach: float = Field(default=600.0, ge=100, description="at most, instead of landscape.reach")
    levels: int = Field(default=3, ge=1, description="at most, values of rate and dead moisture")
    draws: int = Field(default=8, ge=4, description="at most, instead of draws")


class Config(Strict):
    """Fires that spread over real landscapes by Rothermel's model and a level set."""

    seed: int = Field(default=0, ge=0, description="of the draws and of the synthetic landscape")
    landscape: Landscape = Field(default_factory=Landscape, description="what is simulated")
    priors: Priors = Field(default_factory=Priors, description="what the files do not tell")
    draws: int = Field(default=64, ge=4, le=4096, description="draws of all priors, each read at every end")
    progression: Progression = Field(
        default_factory=Progression, description="a fire whose perimeter was mapped again and again"
    )
    factor: Factor = Field(default_factory=Factor, description="a learned factor on the rate of spread")
    order: Literal[1, 2] = Field(
        default=2,
        description="of the slopes and steps: 2 is nearer to what finer cells give, 1 is monotone and takes less time",
    )
    coverage: float = Field(
        default=0.9, gt=0, lt=1, description="share of the ensemble in an interval of burned area"
    )
    max_steps: int = Field(default=20_000, ge=10, description="most steps of one fire; more are an error")
    bins: int = Field(default=10, ge=2, le=50, description="bins of reliability")
    synthetic: Synthetic = Field(default_factory=Synthetic, description="without --data")
    quick: Quick = Field(default_factory=Quick, description="what --quick does instead")
