"""Configuration of a fire with timed perimeters."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ...config import Strict

RATES = "errors of predicted rates of spread, Cruz and Alexander 2013"


class Belief(Strict):
    """What is believed of a quantity before any perimeter is seen."""

    centre: float = Field(description="median")
    spread: float = Field(
        gt=0, description="standard deviation of its logarithm, of itself (real) or of its logit (bounded)"
    )
    kind: Literal["positive", "real", "bounded"] = Field(default="positive", description="what it can be")
    source: str = Field(min_length=1, description="where the belief is from")


def _belief(centre: float, spread: float, source: str, kind: str = "positive", about: str = "") -> Belief:
    return Field(  # type: ignore[return-value]
        default=Belief.model_validate({"centre": centre, "spread": spread, "kind": kind, "source": source}),
        description=about,
    )


class Beliefs(Strict):
    """Priors of what perimeters are to tell; bounded ones lie between 0 and 1."""

    wind: Belief = _belief(
        1.0, 0.25, "assumed: the station is some way off", about="factor on the wind's speed [1]"
    )
    turn: Belief = _belief(
        0.0,
        10.0,
        "assumed",
        "real",
        "turn of the wind's direction, clockwise, the same at all hours [degree]",
    )
    ffmc: Belief = _belief(
        0.0, 1.0, "assumed: shade and slope", "real", "added to the Fine Fuel Moisture Code [1]"
    )
    conifer: Belief = _belief(1.0, 0.5, RATES, about="factor on the rate in conifers and mixtures [1]")
    broadleaf: Belief = _belief(1.0, 0.5, RATES, about="factor on the rate in aspen [1]")
    grass: Belief = _belief(1.0, 0.5, RATES, about="factor on the rate in grass [1]")
    barrier: Belief = _belief(
        0.1,
        1.0,
        "assumed: firebrands carry fire over rock and rivers",
        about="rate without fuel, as a share of that in boreal spruce [1]",
    )
    slimness: Belief = _belief(
        1.0, 0.3, "assumed", about="factor on the ratio of length to breadth less one [1]"
    )
    terrain: Belief = _belief(
        0.5,
        1.5,
        "assumed: between no effect and that of the wind model in full",
        "bounded",
        "share of the terrain's effect on the wind [1]",
    )
    slope: Belief = _belief(
        1.0,
        0.5,
        "assumed: the system knows of no lee slopes",
        about="factor on the slope in its effect on spread [1]",
    )
    turn_of_hour: Belief = _belief(
        0.0,
        12.0,
        "directions are told to 45 degrees: uniform, 13 degrees",
        "real",
        "likewise, of each hour [degree]",
    )
    wind_of_hour: Belief = _belief(
        1.0,
        0.15,
        "assumed: means of minutes stand for an hour",
        about="factor on the wind's speed of each hour [1]",
    )


class Edges(Strict):
    """Which part of a mapped perimeter burns on: its odds by how long it had been still when it was mapped."""

    used: bool = Field(default=True, description="whether forecasts begin from a part of the perimeter")
    head: Belief = _belief(
        1.0,
        1.5,
        "assumed: what burned last mostly burns on",
        "real",
        "logarithm of the odds that line just reached burns on [1]",
    )
    idle: Belief = _belief(
        -3.0,
        3.0,
        "assumed; its sign is that of Finney, Grenfell and McHugh 2009 for fires that grew little",
        "real",
        "added for line that stood still all the time since the perimeter before [1]",
    )


class Made(Strict):
    """A fire of known truth, where no data are given."""

    rows: int = Field(default=64, ge=24, le=400, description="of its landscape")
    columns: int = Field(default=112, ge=40, le=400, description="of its landscape")
    surprise: float = Field(
        default=0.7,
        ge=0,
        le=3,
        description="size of the true parameters, in standard deviations of their priors",
    )
    still: float | None = Field(
        default=0.3,
        gt=0,
        le=1,
        description="share of the time between two perimeters after which line that stood still is out; none never is",
    )


class SmallProgression(Strict):
    """What --quick does instead."""

    members: int = Field(default=6, ge=2, description="at most, instead of members")
    steps: int = Field(default=4, ge=1, description="at most, instead of steps")
    posterior: bool = Field(default=False, description="whether numpyro samples the posterior")
    left_out: bool = Field(
        default=False, description="whether intervals are left out to correct probabilities"
    )
    resamples: int = Field(default=50, ge=20, description="at most, instead of resamples")


class Progression(Strict):
    """A fire whose perimeter was mapped again and again: assimilated to a time, and forecast from there."""

    folder: str | None = Field(
        default="dogrib_2001",
        description="of landscape, weather and perimeters, within the data; without it the part is left out",
    )
    first: str = Field(default="2001-10-16T13:00", description="perimeter that runs begin at")
    analysed: str = Field(default="2001-10-16T16:30", description="last perimeter that is assimilated")
    last: str = Field(default="2001-10-16T19:42", description="last perimeter that a forecast is judged by")
    coarser: int = Field(
        default=2, ge=1, le=10, description="cells of the files along a side of a simulated one"
    )
    near: float = Field(
        default=3000.0,
        ge=500,
        description="metres about the assimilated perimeters that are simulated to learn",
    )
    judged: float = Field(
        default=10_000.0,
        ge=500,
        description="metres from the last assimilated perimeter that probability is judged in",
    )
    sd: float = Field(
        default=300.0,
        gt=0,
        description="error of a mapped front as the model can follow it [m]: of mapping, time and landscape",
    )
    decorrelation: float = Field(default=1000.0, gt=0, description="length over which it is alike [m]")
    beliefs: Beliefs = Field(default_factory=Beliefs, description="priors")
    edge: Edges = Field(default_factory=Edges, description="which part of a perimeter burns on")
    members: int = Field(default=32, ge=2, le=1000, description="of each forecast ensemble")
    kalman: int = Field(default=64, ge=2, le=1000, description="members of the Kalman smoother")
    stages: int = Field(default=4, ge=1, le=20, description="of the Kalman smoother")
    steps: int = Field(default=30, ge=1, le=500, description="most steps of the gradient's search")
    left_out: bool = Field(
        default=True,
        description="whether assimilated intervals are left out in turn to correct probabilities",
    )
    posterior: bool = Field(default=True, description="whether numpyro samples the posterior, too")
    warmup: int = Field(default=25, ge=4, description="draws of the sampler before those kept")
    draws: int = Field(default=50, ge=8, description="of the sampler")
    depth: int = Field(default=3, ge=1, le=10, description="most doublings of the sampler's trajectories")
    widening: tuple[float, ...] = Field(
        default=(0.0, 100.0, 200.0, 300.0, 400.0, 600.0),
        description="errors of a forecast front to choose from on assimilated intervals [m h-1]",
    )
    pace: tuple[float, ...] = Field(
        default=(0.0, 0.3, 0.6, 0.9),
        description="errors of rates ahead to choose from likewise, of their logarithm [1]",
    )
    block: float = Field(
        default=2000.0, gt=0, description="side of the blocks of ground that calibration is tested by [m]"
    )
    resamples: int = Field(default=400, ge=20, description="of blocks, in that test")
    trust: float = Field(
        default=500.0,
        ge=0,
        description="cells that the unchanged probability is worth when it is recalibrated",
    )
    max_steps: int = Field(default=3000, ge=10, description="most steps from one perimeter to the next")
    made: Made = Field(default_factory=Made, description="without --data")
    quick: SmallProgression = Field(default_factory=SmallProgression, description="what --quick does instead")


__all__ = ["Belief", "Beliefs", "Edges", "Made", "Progression", "SmallProgression"]
