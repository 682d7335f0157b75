"""Configuration of the drought experiment."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..config import Strict

WEATHER = ["tas_min", "tas_max", "rsds", "vpd", "pr", "day_length"]
DRIVEN = (
    "light_use_efficiency",
    "stomatal_slope",
    "half_wetness",
    "priestley_taylor",
    "soil_evaporation_fraction",
    "canopy_capacity",
    "sublimation_fraction",
    "maximum_leaf_area",
    "leaf_growth_rate",
    "leaf_shed_rate",
    "growth_respiration_fraction",
    "maintenance_rate",
    "litter_rate",
    "soil_rate",
)
"""Parameters that the recurrent network moves each day."""
SHARED = ("acclimation_time", "phenology_time")
"""Parameters that take one value for all sites; the rest take one per site, drawn to a common one."""

CLIMATE = ("mean_annual_temperature", "mean_annual_precipitation")
FORM = ("woody_cover", "evergreen_share", "needleleaf_share")
"""Attributes of sites that are held out: climate and growth form."""

Rate = Annotated[float, Field(gt=0, le=1)]


class Split(Strict):
    """How days and sites are parted into training and test."""

    by: Literal["time", "site", "drought"] = "time"
    """time: first years train, the rest tests. site: each site is predicted by models that never saw it.
    drought: the driest growing seasons of each site are held out, with as many ordinary ones to compare."""
    train_years: int = Field(
        default=5, ge=1, le=50, description="calendar years of each record that train (by time)"
    )
    folds: int | None = Field(
        default=None, ge=2, description="folds of sites (by site); null leaves one site out at a time"
    )
    members: int = Field(default=3, ge=1, le=64, description="most members of each fold (by site)")
    static_members: int = Field(
        default=3,
        ge=0,
        le=64,
        description="members of each fold beside these, whose parameters follow the site and no weather (by site)",
    )
    steps: int = Field(default=120, ge=1, description="most steps of hybrid and process (by site)")
    gru_steps: int = Field(default=200, ge=1, description="most steps of the pure network (by site)")
    learning_rate: Rate = Field(default=2e-3, description="highest rate of the hybrid's networks (by site)")
    validate_every: int = Field(
        default=10, ge=1, description="most steps between validations (by site), which stop training early"
    )
    penalty: float = Field(default=0.05, ge=0, description="weight of learned parts' size (by site)")
    seasons: int = Field(
        default=2, ge=1, le=10, description="growing seasons per site and group held out (by drought)"
    )


class RoleConfig(Strict):
    """What a parameter or rate law is: fixed, global, static, dynamic or learned."""

    role: Literal["fixed", "global", "static", "dynamic", "learned"] = Field(
        description="fixed; global: one learned value; static: one per site; dynamic: one per day; learned: a rate law"
    )
    network: str | list[str] | None = Field(
        default=None, description="name of the network that drives it, or several that add up"
    )
    inputs: list[str] = Field(
        default=[], description="inputs of a network of its own, where `network` is null"
    )
    memory: bool = Field(default=False, description="whether that network of its own is recurrent")
    value: float | None = Field(
        default=None, description="fixed value or start, in the parameter's unit; null: declared default"
    )
    lower: float = Field(default=0.0, description="lower bound of a learned rate law")
    upper: float = Field(default=10.0, description="upper bound of a learned rate law")


class NetworkConfig(Strict):
    """A network shared by several roles."""

    kind: Literal["gru", "perceptron", "table", "flax"] = Field(
        default="gru", description="gru remembers; table is one value per site; the others do not"
    )
    inputs: list[str] = Field(description="forcing, attributes, categories (igbp, site), quantities or pools")
    width: int = Field(default=32, ge=1, le=512, description="units of a layer")
    depth: int = Field(default=2, ge=1, le=6, description="layers (not for gru)")
    dropout: float = Field(
        default=0.2, ge=0, lt=0.95, description="share of features dropped in training (not for flax)"
    )


class GraphConfig(Strict):
    """A causal graph that masks the hybrid: its networks read parents of what they stand for, and nothing else."""

    file: str = Field(
        min_length=1,
        description="netCDF that `terrax discover` wrote; a relative path is from where terrax runs",
    )
    targets: dict[str, str | list[str] | None] = Field(
        description="network, or role with inputs of its own, to the variable (or several) of the graph whose parents "
        "it may read, as a parameter is no variable of a graph; null: it reads all"
    )
    called: dict[str, str] = Field(
        default={}, description="input to its variable in the graph, where they are called differently"
    )
    keep: list[str] = Field(
        default=[], description="inputs that the graph does not hold and that are read all the same"
    )
    lags: list[Annotated[int, Field(ge=0)]] | None = Field(
        default=None,
        description="lags that count for networks without memory [steps]; null: all, as for those with memory",
    )


def default_roles() -> dict[str, RoleConfig]:
    """Roles of the experiment: a value per site for all but a few, and a recurrent network on some of them."""
    from hybrid.process import ecosystem

    names = [p.name for p in ecosystem().all_parameters if p.name not in SHARED]
    roles = {n: RoleConfig(role="static", network="sites") for n in names}
    return roles | {n: RoleConfig(role="dynamic", network="memory") for n in DRIVEN}


def default_networks() -> dict[str, NetworkConfig]:
    """Networks of the experiment."""
    return {
        "memory": NetworkConfig(kind="gru", inputs=list(WEATHER), width=48, dropout=0.4),
        "sites": NetworkConfig(kind="table", inputs=[], width=1, dropout=0.0),
    }


class TrainConfig(Strict):
    """An optimisation."""

    steps: int = Field(
        default=400, ge=1, le=100_000, description="steps, each over all sites and training days"
    )
    learning_rate: Rate = Field(default=4e-3, description="of networks, at the top of its schedule")
    parameter_rate: Rate = Field(
        default=2e-2, description="of single physical values, in unconstrained units"
    )
    weight_decay: float = Field(default=1e-2, ge=0, description="of networks' weights, decoupled")
    clip: float = Field(default=1.0, gt=0, description="largest norm of a gradient")
    penalty: float = Field(
        default=1e-2, ge=0, description="weight of the mean square of networks' outputs and of priors"
    )
    validate_every: int = Field(default=20, ge=1, description="steps between validations and checkpoints")
    patience: int = Field(
        default=4, ge=0, description="validations without progress that end training; 0 never"
    )
    members: int = Field(default=5, ge=1, le=64, description="members of the ensemble")


class GruConfig(Strict):
    """The pure network that the hybrid is judged against."""

    inputs: list[str] = Field(default=WEATHER, description="forcing (identity or attributes are added)")
    width: int = Field(default=48, ge=1, le=512, description="units")
    dropout: float = Field(default=0.2, ge=0, lt=0.95, description="share of features dropped in training")
    train: TrainConfig = Field(default_factory=lambda: TrainConfig(), description="its training")


class Integrate(Strict):
    """How pools are advanced over each day."""

    solver: Literal["daily", "euler", "heun", "tsit5", "dopri5", "implicit_euler", "kvaerno3", "kvaerno5"] = (
        Field(
            default="daily",
            description="daily: one explicit step with fluxes limited by their donors; others: diffrax",
        )
    )
    steps: int | None = Field(
        default=None, ge=1, le=1000, description="steps a day; null: adaptive (not for daily)"
    )
    adjoint: Literal["checkpoint", "direct"] = Field(default="checkpoint", description="diffrax's adjoint")


class Synthetic(Strict):
    """The virtual sites used where no data folder is given."""

    years: int = Field(default=7, ge=2, le=60, description="calendar years of each site")
    climates: list[str] = Field(
        default=["savanna", "mediterranean", "temperate_deciduous", "temperate_evergreen", "boreal"],
        description="climates of data.synthetic, one site each",
    )
    noise: float = Field(
        default=0.05, ge=0, le=1, description="standard deviation of relative noise in fluxes"
    )
    gaps: float = Field(default=0.15, ge=0, lt=0.9, description="share of days without observation")
    members: int = Field(default=2, ge=1, le=64, description="most members of each ensemble")
    steps: int = Field(default=160, ge=1, description="most steps of each optimisation")
    parameter_rate: Rate = Field(default=5e-2, description="learning rate of single physical values")
    penalty: float = Field(
        default=1e-4, ge=0, description="weight of learned parts' size; its truth is known"
    )


class ExplainConfig(Strict):
    """How drought losses are explained: drivers of the mean flux of the driest days, by lag."""

    members: int = Field(default=2, ge=1, le=64, description="most members of each model that are explained")
    lags: list[Annotated[int, Field(ge=1)]] = Field(
        default=[30, 90, 180, 365],
        min_length=1,
        description="ends of the windows of lags before the last day [d], rising; three drivers times as many windows "
        "are at most 14",
    )
    seasons: int | None = Field(
        default=2,
        ge=1,
        le=4,
        description="most seasons of a site, the driest first; null: all in which it grows",
    )
    lead: int = Field(
        default=150,
        ge=0,
        le=2000,
        description="days of actual weather before those that are explained, for what networks remember",
    )
    account: bool = Field(
        default=True, description="whether the largest loss of the hybrid is followed through its pools"
    )


class Config(Strict):
    """The drought experiment: a hybrid ecosystem model on flux towers, and what it is judged against."""

    seed: int = Field(default=0, ge=0, description="of first weights, dropout and synthetic data")
    sites: list[str] | None = Field(default=None, description="site codes; null takes all in the folder")
    fill: Literal["interpolate", "climatology"] | None = Field(
        default=None, description="how gaps in forcing are filled; null: an error"
    )
    split: Split = Field(default_factory=lambda: Split(), description="training and test")
    targets: dict[Literal["gpp", "et", "reco", "nee", "lai"], Annotated[float, Field(ge=0)]] = Field(
        default={"gpp": 1.0, "et": 1.0, "reco": 1.0, "nee": 1.0, "lai": 0.3},
        description="target to its weight in the loss",
    )
    noise_aware: bool = Field(default=False, description="weigh observations by their stated uncertainty")
    default_role: Literal["fixed", "global"] | None = Field(
        default=None, description="role of parameters not listed; null: global, or fixed on synthetic sites"
    )
    roles: dict[str, RoleConfig] | None = Field(
        default=None, description="parameter or rate law to its role; null: those of the experiment"
    )
    networks: dict[str, NetworkConfig] | None = Field(
        default=None, description="networks by name; null: those of the experiment"
    )
    graph: GraphConfig | None = Field(
        default=None,
        description="causal graph that masks inputs of the hybrid's networks; null: they read all they name",
    )
    identity: list[str] = Field(
        default=["site"],
        description="inputs added to every network that tell apart sites that are seen in training",
    )
    attributes: list[str] | None = Field(
        default=None,
        description="inputs added instead, to tables and the pure network, where sites are held out; null: climate "
        "and growth form as far as they are known, of which members read all or one of the two",
    )
    train: TrainConfig = Field(
        default_factory=lambda: TrainConfig(weight_decay=5e-2), description="training of the hybrid"
    )
    process_train: TrainConfig = Field(
        default_factory=lambda: TrainConfig(
            steps=300, members=1, parameter_rate=5e-2, patience=0, penalty=0.0
        ),
        description="calibration of the process alone",
    )
    gru: GruConfig = Field(default_factory=lambda: GruConfig(), description="the pure network")
    trees: int = Field(default=150, ge=1, le=10_000, description="boosting iterations of the trees")
    integrate: Integrate = Field(default_factory=lambda: Integrate(), description="time stepping")
    synthetic: Synthetic = Field(default_factory=lambda: Synthetic(), description="virtual sites")
    models: list[Literal["hybrid", "process", "gru", "trees", "climatology", "published"]] = Field(
        default=["hybrid", "process", "gru", "trees", "climatology", "published"],
        description="what is run and scored",
    )
    scenarios: list[str] = Field(
        default=["warmer", "drier", "warmer_drier"],
        description="scenarios of the report, by name or YAML file",
    )
    memory_days: list[int] = Field(
        default=[15, 45, 90, 180, 365],
        description="history kept when it is cut, to see how long memory lasts [d]",
    )
    explain: ExplainConfig = Field(
        default_factory=lambda: ExplainConfig(), description="attribution of drought losses (not by site)"
    )
