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
    """Ranges of what the files do not tell; the first three are chosen on other fires."""

    dead_moisture: Prior = Field(
        default=Prior(
            lower=0.03, upper=0.12, levels=4, source="moisture scenarios D1 to D4 of Scott and Burgan 2005"
        ),
        description="moisture of 1-h dead fuel [1]; 10-h and 100-h fuel are 0.01 and 0.02 moister",
    )
    rate: Prior = Field(
        default=Prior(
            lower=0.05,
            upper=1.0,
            scale="log",
            levels=7,
            source="assumed: suppression and barriers that the files do not show slow a fire, up to twentyfold",
        ),
        description="factor on every rate of spread [1]",
    )
    duration: Prior = Field(
        default=Prior(
            lower=0.1,
            upper=1.0,
            scale="log",
            levels=9,
            source="assumed: not longer than the weather that comes with a fire",
        ),
        description="end of spread, as a share of the hours of weather of a fire [1]",
    )
    live_moisture: Prior = Field(
        default=Prior(
            lower=0.3,
            upper=1.2,
            source="moisture scenarios L1 to L4 of Scott and Burgan 2005",
        ),
        description="moisture of live herbaceous fuel [1]; live woody fuel is 0.3 moister",
    )
    wind: Prior = Field(
        default=Prior(
            lower=0.3,
            upper=1.0,
            scale="log",
            source="sheltered to open fuel, Andrews 2012: the files hold no canopy",
        ),
        description="factor on midflame wind above open fuel [1]",
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
    rate: float = Field(default=0.15, gt=0, le=1, description="true factor on the rate of spread [1]")
    duration: float = Field(
        default=0.6, gt=0, le=1, description="true end of spread, a share of the weather [1]"
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
    draws: int = Field(default=64, ge=4, le=4096, description="members of the ensemble over all priors")
    kept: float = Field(
        default=0.25,
        gt=0,
        le=1,
        description="share of the members, the best on the other fires, that give the burn probability",
    )
    progression: Progression = Field(
        default_factory=Progression, description="a fire whose perimeter was mapped again and again"
    )
    max_steps: int = Field(default=20_000, ge=10, description="most steps of one fire; more are an error")
    bins: int = Field(default=10, ge=2, le=50, description="bins of reliability")
    synthetic: Synthetic = Field(default_factory=Synthetic, description="without --data")
    quick: Quick = Field(default_factory=Quick, description="what --quick does instead")
