"""Daily water and carbon balance of an ecosystem, with leaf area predicted."""

from __future__ import annotations

from .declare import Flux, Parameter, Pool, Quantity, Trailing
from .laws import carbon, evaporation, phenology, photosynthesis, radiation, snow, water
from .process import Process

FORCING = ("tas_min", "tas_max", "rsds", "vpd", "pr", "co2", "day_of_year", "day_length")
ATTRIBUTES = ("lat", "elevation")

# the last number is the relative trend [yr-1] that is plausible over years [@bloom2015]
POOLS = (
    Pool("snow", "mm", "water in the snow pack", 5.0, 300.0),
    Pool("soil_top", "mm", "water in the top soil layer", 25.0, 120.0),
    Pool("soil_root", "mm", "water in the root layer", 120.0, 800.0, 0.05),
    Pool("labile", "g m-2", "labile carbon of plants", 150.0, 1500.0, 0.05),
    Pool("leaf", "g m-2", "leaf carbon", 60.0, 600.0, 0.03),
    Pool("root", "g m-2", "fine-root carbon", 150.0, 1500.0, 0.03),
    Pool("wood", "g m-2", "wood carbon", 6000.0, 40000.0, 0.02),
    Pool("litter", "g m-2", "litter carbon", 300.0, 4000.0, 0.02),
    Pool("soil_carbon", "g m-2", "soil organic carbon", 8000.0, 50000.0, 0.005),
)

PARAMETERS = (
    # energy
    Parameter("albedo", 0.18, 0.05, 0.40, "1", "shortwave albedo", "allen1998"),
    Parameter("priestley_taylor", 1.26, 0.6, 1.8, "1", "Priestley-Taylor coefficient", "priestley1972"),
    # snow
    Parameter("snow_temperature", 1.0, -2.0, 4.0, "degC", "air temperature at half snow", "jennings2018"),
    Parameter("degree_day_factor", 3.5, 0.5, 10.0, "mm K-1 d-1", "melt per degree-day", "hock2003"),
    Parameter("melt_temperature", 0.0, -3.0, 3.0, "degC", "air temperature where melt begins", "hock2003"),
    Parameter(
        "sublimation_fraction", 0.2, 0.0, 1.0, "1", "snow sublimation over potential evaporation", "hock2003"
    ),
    # water
    Parameter(
        "canopy_capacity", 0.8, 0.05, 4.0, "mm d-1", "rain a full canopy holds and evaporates", "merriam1960"
    ),
    Parameter("top_capacity", 50.0, 10.0, 120.0, "mm", "capacity of the top layer", "campbell1974"),
    Parameter("root_capacity", 250.0, 40.0, 800.0, "mm", "capacity of the root layer", "campbell1974"),
    Parameter("runoff_shape", 3.0, 0.5, 8.0, "1", "exponent of saturated area", "bergstrom1992"),
    Parameter("drainage_rate", 15.0, 0.5, 80.0, "mm d-1", "drainage of the full top layer", "campbell1974"),
    Parameter("drainage_shape", 4.0, 1.0, 10.0, "1", "exponent of drainage", "campbell1974"),
    Parameter("recharge_rate", 3.0, 0.02, 20.0, "mm d-1", "loss from the full root layer", "campbell1974"),
    Parameter("recharge_shape", 6.0, 1.0, 12.0, "1", "exponent of recharge", "campbell1974"),
    Parameter("half_wetness", 0.30, 0.05, 0.9, "1", "wetness of half stomatal response", "sperry1998"),
    Parameter("root_fraction_top", 0.4, 0.05, 0.95, "1", "share of roots in the top layer", "jackson1996"),
    Parameter(
        "soil_evaporation_fraction", 0.6, 0.02, 1.2, "1", "soil evaporation over PET when wet", "lee1992"
    ),
    Parameter("soil_evaporation_shape", 1.5, 0.5, 6.0, "1", "exponent of soil evaporation", "lee1992"),
    # photosynthesis
    Parameter("light_use_efficiency", 3.2, 0.5, 9.0, "g MJ-1", "carbon fixed per light absorbed", "wang2017"),
    Parameter("light_saturation", 20.0, 4.0, 80.0, "MJ m-2 d-1", "PAR at half use", "makela2008"),
    Parameter("extinction", 0.5, 0.3, 0.9, "1", "light extinction of the canopy", "monsi1953"),
    Parameter("stomatal_slope", 3.0, 0.5, 12.0, "kPa0.5", "g1, stomatal slope", "medlyn2011"),
    Parameter(
        "cold_limit", -2.0, -12.0, 8.0, "degC", "temperature where photosynthesis starts", "makela2008"
    ),
    Parameter("warm_limit", 16.0, 9.0, 30.0, "degC", "temperature where it is unlimited", "makela2008"),
    Parameter("heat_limit", 38.0, 28.0, 48.0, "degC", "temperature of half loss by heat", "makela2008"),
    Parameter("acclimation_time", 7.0, 1.0, 40.0, "d", "time constant of acclimation", "makela2008"),
    # phenology
    Parameter("maximum_leaf_area", 3.5, 0.3, 8.0, "1", "leaf area of the full season", "jolly2005"),
    Parameter("leaf_mass_per_area", 50.0, 20.0, 200.0, "g m-2", "leaf carbon per leaf area", "fox2009"),
    Parameter("leaf_temperature", 6.0, -8.0, 20.0, "degC", "month mean of half leaf cover", "jolly2005"),
    Parameter("leaf_day_length", 9.0, 6.0, 14.0, "h", "day length of half leaf cover", "jolly2005"),
    Parameter("leaf_drought", 0.4, 0.01, 1.0, "1", "share of leaves lost to full water stress", "knorr2010"),
    Parameter("leaf_growth_rate", 0.06, 0.005, 0.4, "d-1", "rate of growth to the target", "knorr2010"),
    Parameter("leaf_shed_rate", 0.05, 0.005, 0.4, "d-1", "rate of shedding to the target", "knorr2010"),
    Parameter("leaf_turnover", 0.002, 1e-4, 0.02, "d-1", "steady leaf turnover", "fox2009"),
    Parameter("phenology_time", 21.0, 5.0, 60.0, "d", "memory of phenology for temperature", "jolly2005"),
    # carbon
    Parameter("growth_respiration_fraction", 0.15, 0.02, 0.45, "1", "respiration with growth", "ryan1991"),
    Parameter(
        "maintenance_rate", 0.004, 2e-4, 0.03, "d-1", "maintenance per living carbon at 15 degC", "ryan1991"
    ),
    Parameter("plant_q10", 1.8, 1.0, 3.5, "1", "Q10 of plant respiration", "ryan1991"),
    Parameter(
        "allocation_rate", 0.02, 0.001, 0.2, "d-1", "growth of root and wood per labile carbon", "fox2009"
    ),
    Parameter("root_allocation", 0.5, 0.05, 0.95, "1", "share of roots in that growth", "fox2009"),
    Parameter("root_turnover", 0.003, 2e-4, 0.02, "d-1", "turnover of fine roots", "fox2009"),
    Parameter("wood_turnover", 8e-5, 1e-5, 5e-4, "d-1", "turnover of wood", "fox2009"),
    Parameter("soil_q10", 1.8, 1.0, 3.5, "1", "Q10 of decomposition", "parton1987"),
    Parameter("moisture_half", 0.25, 0.01, 2.0, "1", "wetness of half decomposition", "moyano2013"),
    Parameter("litter_rate", 0.006, 5e-4, 0.05, "d-1", "decay of litter at 15 degC, wet", "parton1987"),
    Parameter("soil_rate", 8e-5, 5e-6, 6e-4, "d-1", "decay of soil carbon at 15 degC, wet", "parton1987"),
    Parameter("litter_efficiency", 0.4, 0.05, 0.8, "1", "litter carbon passed to soil", "parton1987"),
)

TRAILING = (
    Trailing("tas_slow", "tas_day", "acclimation_time", "degC", "temperature that plants are acclimated to"),
    Trailing("tas_month", "tas", "phenology_time", "degC", "temperature that phenology follows"),
)

QUANTITIES = (
    Quantity("tas", radiation.mean_temperature, "degC", "mean air temperature"),
    Quantity("tas_day", photosynthesis.day_temperature, "degC", "temperature of the light hours"),
    Quantity("pressure", radiation.air_pressure, "kPa", "air pressure"),
    Quantity(
        "top_of_atmosphere", radiation.extraterrestrial_radiation, "MJ m-2 d-1", "extraterrestrial radiation"
    ),
    Quantity("net_longwave", radiation.net_longwave, "MJ m-2 d-1", "net longwave radiation lost"),
    Quantity("net_radiation", radiation.net_radiation, "MJ m-2 d-1", "net radiation"),
    Quantity("slope", radiation.slope_of_saturation, "kPa K-1", "slope of saturation vapour pressure"),
    Quantity("psychrometric", radiation.psychrometric_constant, "kPa K-1", "psychrometric constant"),
    Quantity(
        "available_energy", radiation.potential_evapotranspiration, "mm d-1", "potential evapotranspiration"
    ),
    # snow and water
    Quantity("snow_fraction", snow.snow_fraction, "1", "snow share of precipitation"),
    Quantity("snowfall", snow.snowfall, "mm d-1", "snowfall"),
    Quantity("rainfall", snow.rainfall, "mm d-1", "rainfall"),
    Quantity("potential_melt", snow.potential_melt, "mm d-1", "melt that warmth allows"),
    Quantity("snow_melt", snow.snow_melt, "mm d-1", "snow melt"),
    Quantity("sublimation", evaporation.snow_sublimation, "mm d-1", "sublimation of snow"),
    Quantity("leaf_area_index", photosynthesis.leaf_area_index, "1", "leaf area index"),
    Quantity("fapar", photosynthesis.absorbed_fraction, "1", "fraction of light absorbed"),
    Quantity(
        "wetness_top",
        water.wetness,
        "1",
        "wetness of the top layer",
        {"water": "soil_top", "capacity": "top_capacity"},
    ),
    Quantity(
        "wetness_root",
        water.wetness,
        "1",
        "wetness of the root layer",
        {"water": "soil_root", "capacity": "root_capacity"},
    ),
    Quantity("water_stress", water.water_stress, "1", "soil-water response of stomata"),
    Quantity("interception", water.interception, "mm d-1", "interception evaporation"),
    Quantity("throughfall", water.throughfall, "mm d-1", "rain that reaches the ground"),
    Quantity("surface_runoff", water.surface_runoff, "mm d-1", "surface runoff"),
    Quantity("drainage", water.drainage, "mm d-1", "drainage to the root layer"),
    Quantity("recharge", water.recharge, "mm d-1", "water lost below the roots"),
    # photosynthesis and transpiration
    Quantity("absorbed_light", photosynthesis.absorbed_light, "MJ m-2 d-1", "usable light of a full canopy"),
    Quantity("compensation", photosynthesis.photorespiratory_point, "ppm", "CO2 compensation point"),
    Quantity("internal_fraction", photosynthesis.internal_fraction, "1", "internal over ambient CO2"),
    Quantity(
        "carbon_supply", photosynthesis.carbon_supply, "1", "response to CO2 and vapour pressure deficit"
    ),
    Quantity("temperature_response", photosynthesis.temperature_response, "1", "response to temperature"),
    Quantity(
        "potential_photosynthesis",
        photosynthesis.potential_photosynthesis,
        "g m-2 d-1",
        "unstressed photosynthesis",
    ),
    Quantity(
        "gross_photosynthesis", photosynthesis.gross_photosynthesis, "g m-2 d-1", "gross photosynthesis"
    ),
    Quantity("water_cost", photosynthesis.water_cost, "mm m2 g-1", "water transpired per carbon fixed"),
    Quantity("transpiration", evaporation.transpiration, "mm d-1", "transpiration"),
    Quantity("transpiration_top", evaporation.from_top, "mm d-1", "transpiration from the top layer"),
    Quantity(
        "transpiration_root",
        evaporation.from_root,
        "mm d-1",
        "transpiration from the root layer",
        {"from_top": "transpiration_top"},
    ),
    Quantity("soil_evaporation", evaporation.soil_evaporation, "mm d-1", "soil evaporation"),
    # phenology
    Quantity("season_index", phenology.season_index, "1", "growing-season index"),
    Quantity("leaf_target", phenology.leaf_target, "g m-2", "leaf mass the plant would hold"),
    Quantity("leaf_growth", phenology.leaf_growth, "g m-2 d-1", "leaf growth"),
    Quantity("leaf_fall", phenology.leaf_fall, "g m-2 d-1", "leaf fall"),
    # respiration, allocation, turnover
    Quantity(
        "plant_temperature", carbon.q10_response, "1", "temperature response of plants", {"q10": "plant_q10"}
    ),
    Quantity(
        "soil_temperature", carbon.q10_response, "1", "temperature response of soil", {"q10": "soil_q10"}
    ),
    Quantity("soil_moisture", carbon.moisture_response, "1", "moisture response of soil"),
    Quantity("growth_respiration", carbon.growth_respiration, "g m-2 d-1", "growth respiration"),
    Quantity(
        "maintenance_respiration", carbon.maintenance_respiration, "g m-2 d-1", "maintenance respiration"
    ),
    Quantity(
        "wood_allocation", carbon.complement, "1", "share of wood in growth", {"fraction": "root_allocation"}
    ),
    Quantity(
        "root_growth",
        carbon.allocation,
        "g m-2 d-1",
        "root growth",
        {"allocation_fraction": "root_allocation", "season": "temperature_response"},
    ),
    Quantity(
        "wood_growth",
        carbon.allocation,
        "g m-2 d-1",
        "wood growth",
        {"allocation_fraction": "wood_allocation", "season": "temperature_response"},
    ),
    Quantity(
        "root_loss",
        carbon.turnover,
        "g m-2 d-1",
        "root turnover",
        {"pool": "root", "turnover_rate": "root_turnover"},
    ),
    Quantity(
        "wood_loss",
        carbon.turnover,
        "g m-2 d-1",
        "wood turnover",
        {"pool": "wood", "turnover_rate": "wood_turnover"},
    ),
    Quantity(
        "litter_decay",
        carbon.decomposition,
        "g m-2 d-1",
        "litter decay",
        {"pool": "litter", "rate": "litter_rate"},
    ),
    Quantity(
        "litter_respiration",
        carbon.respired,
        "g m-2 d-1",
        "litter respiration",
        {"decay": "litter_decay", "efficiency": "litter_efficiency"},
    ),
    Quantity(
        "humification",
        carbon.retained,
        "g m-2 d-1",
        "litter carbon passed to soil",
        {"decay": "litter_decay", "efficiency": "litter_efficiency"},
    ),
    Quantity(
        "soil_respiration",
        carbon.decomposition,
        "g m-2 d-1",
        "respiration of soil carbon",
        {"pool": "soil_carbon", "rate": "soil_rate"},
    ),
)

FLUXES = (
    Flux("snowfall", None, "snow"),
    Flux("snow_melt", "snow", "soil_top"),
    Flux("sublimation", "snow", None),
    Flux("interception", None, None),
    Flux("throughfall", None, "soil_top"),
    Flux("surface_runoff", "soil_top", None),
    Flux("drainage", "soil_top", "soil_root"),
    Flux("soil_evaporation", "soil_top", None),
    Flux("transpiration_top", "soil_top", None),
    Flux("transpiration_root", "soil_root", None),
    Flux("recharge", "soil_root", None),
    Flux("gross_photosynthesis", None, "labile"),
    Flux("growth_respiration", "labile", None),
    Flux("maintenance_respiration", "labile", None),
    Flux("leaf_growth", "labile", "leaf"),
    Flux("root_growth", "labile", "root"),
    Flux("wood_growth", "labile", "wood"),
    Flux("leaf_fall", "leaf", "litter"),
    Flux("root_loss", "root", "litter"),
    Flux("wood_loss", "wood", "litter"),
    Flux("litter_respiration", "litter", None),
    Flux("humification", "litter", "soil_carbon"),
    Flux("soil_respiration", "soil_carbon", None),
)


def _gpp(gross_photosynthesis):
    return gross_photosynthesis


def _evapotranspiration(transpiration_top, transpiration_root, soil_evaporation, interception, sublimation):
    return transpiration_top + transpiration_root + soil_evaporation + interception + sublimation


def _reco(growth_respiration, maintenance_respiration, litter_respiration, soil_respiration):
    return growth_respiration + maintenance_respiration + litter_respiration + soil_respiration


def _nee(reco, gpp):
    return reco - gpp


def _lai(leaf_area_index):
    return leaf_area_index


def _runoff(surface_runoff, recharge):
    return surface_runoff + recharge


OBSERVABLES = (
    Quantity("gpp", _gpp, "g m-2 d-1", "gross primary productivity, as carbon"),
    Quantity("et", _evapotranspiration, "mm d-1", "evapotranspiration"),
    Quantity("reco", _reco, "g m-2 d-1", "ecosystem respiration, as carbon"),
    Quantity("nee", _nee, "g m-2 d-1", "net ecosystem exchange, as carbon, positive to the atmosphere"),
    Quantity("lai", _lai, "1", "leaf area index"),
    Quantity("runoff", _runoff, "mm d-1", "runoff and recharge"),
)

BUDGETS = {
    "water": ("snow", "soil_top", "soil_root"),
    "carbon": ("labile", "leaf", "root", "wood", "litter", "soil_carbon"),
}


def ecosystem() -> Process:
    """Water and carbon balance of an ecosystem at a daily step.

    Three water pools [mm] and six carbon pools [gC m-2]. Forcing: daily minimum and maximum temperature
    [degC], shortwave radiation [MJ m-2 d-1], vapour pressure deficit [hPa], precipitation [mm d-1], CO2 [ppm],
    day of year and day length [h]. Attributes: latitude [degree] and elevation [m]. Leaf area is predicted, so
    a scenario needs no observation. The carbon pools follow DALEC [@fox2009].
    """
    return Process(
        name="ecosystem",
        forcing=FORCING,
        attributes=ATTRIBUTES,
        parameters=PARAMETERS,
        pools=POOLS,
        quantities=QUANTITIES,
        fluxes=FLUXES,
        observables=OBSERVABLES,
        trailing=TRAILING,
        budgets=BUDGETS,
    )
