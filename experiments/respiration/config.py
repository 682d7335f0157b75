"""Configuration of the respiration experiment."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..config import Strict

Q10 = Annotated[float, Field(gt=0.4, lt=5.0)]
"""A Q10 inside the bounds that the process declares."""

VariantName = Literal["radiation", "temperature", "temperature_quiet"]


class World(Strict):
    """The synthetic world whose respiration is half known."""

    climates: list[str] = Field(
        default=["temperate_deciduous", "temperate_evergreen", "boreal", "mediterranean"],
        min_length=1,
        description="climates of data.synthetic, one site each; all share one base rate",
    )
    years: int = Field(default=8, ge=2, le=60, description="calendar years of each site")
    train_years: int = Field(
        default=5, ge=1, le=59, description="first calendar years, which train; the others test"
    )
    q10: Q10 = Field(default=1.5, description="true Q10")
    noise: float = Field(
        default=0.1, ge=0, le=1, description="standard deviation of the relative noise of the flux"
    )
    gaps: float = Field(default=0.1, ge=0, lt=0.9, description="share of days without observation")


class Network(Strict):
    """The perceptron that gives the base rate."""

    width: int = Field(default=16, ge=1, le=256, description="units of a layer")
    depth: int = Field(default=2, ge=1, le=6, description="layers")


class Train(Strict):
    """The optimisation, the same for every variant and start; it runs its full length."""

    steps: int = Field(
        default=500, ge=1, le=100_000, description="steps, each over all sites and training days"
    )
    learning_rate: float = Field(
        default=1e-2, gt=0, le=1, description="of the network, at the top of its schedule"
    )
    parameter_rate: float = Field(default=5e-2, gt=0, le=1, description="of Q10, in unconstrained units")
    weight_decay: float = Field(default=0.0, ge=0, description="of the network's weights, decoupled")
    clip: float = Field(default=1.0, gt=0, description="largest norm of a gradient")
    size_penalty: float = Field(
        default=1e-4,
        ge=0,
        description="weight of the mean square of the network's outputs; biases Q10 where large",
    )
    quiet_penalty: float = Field(
        default=1.0,
        ge=0,
        description="weight of the network's mean square sensitivity to temperature; temperature_quiet only",
    )
    record_every: int = Field(
        default=20, ge=1, description="steps between checkpoints and points of the path of Q10"
    )


class Profile(Strict):
    """The grid of Q10 values that are held while the network is trained again."""

    lower: Q10 = Field(default=0.5, description="lowest Q10")
    upper: Q10 = Field(default=2.5, description="highest Q10")
    points: int = Field(default=9, ge=5, le=101, description="values, evenly spaced")


class Quick(Strict):
    """What --quick does instead."""

    climates: list[str] = Field(
        default=["temperate_deciduous", "temperate_evergreen", "boreal", "mediterranean"],
        min_length=1,
        description="climates, instead of world.climates",
    )
    years: int = Field(default=5, ge=2, le=60, description="calendar years, instead of world.years")
    train_years: int = Field(
        default=4, ge=1, le=59, description="training years, instead of world.train_years"
    )
    steps: int = Field(default=300, ge=1, le=100_000, description="steps, instead of train.steps")
    points: int = Field(
        default=5, ge=5, le=101, description="values of the profile, instead of profile.points"
    )
    repeats: int = Field(default=1, ge=1, le=64, description="first weights, instead of repeats")


class Config(Strict):
    """Half-known respiration: a known response to temperature times an unknown base rate."""

    seed: int = Field(default=0, ge=0, description="of weather, noise, gaps and first weights")
    world: World = Field(default_factory=World, description="the synthetic world")
    variants: list[VariantName] = Field(
        default=["radiation", "temperature", "temperature_quiet"],
        min_length=1,
        description="what the network of the base rate reads; temperature_quiet penalises temperature",
    )
    starts: list[Q10] = Field(default=[0.5, 1.5, 2.5], min_length=1, description="first values of Q10")
    repeats: int = Field(
        default=2, ge=1, le=64, description="first weights of the network tried from each start"
    )
    network: Network = Field(default_factory=Network, description="the perceptron of the base rate")
    train: Train = Field(default_factory=Train, description="the optimisation")
    profile: Profile = Field(default_factory=Profile, description="Q10 held on a grid")
    tolerance: float = Field(default=0.02, gt=0, description="how far from the truth a Q10 counts as found")
    alike: float = Field(
        default=1e-3,
        gt=0,
        lt=1,
        description="held-out NSE within which two values of Q10 count as fitting alike",
    )
    quick: Quick = Field(default_factory=Quick, description="what --quick does instead")
