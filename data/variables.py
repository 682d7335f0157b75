"""The variables terrax knows: name, unit, CF name and plausible range, each declared once."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .errors import DataError, nearest

UNCERTAINTY = "_unc"
"""Suffix of the uncertainty of a variable, in the unit of the variable."""


@dataclass(frozen=True)
class Variable:
    """A variable in the unit in which all packages hold it.

    Attributes:
        name: name inside terrax.
        unit: UDUNITS string; conversions happen once, when a file is opened.
        long_name: what it is, in words.
        lower: least plausible value [unit].
        upper: greatest plausible value [unit].
        standard_name: CF standard name, empty where CF has none.
        cell_methods: CF cell methods, empty where none apply.
        substance: "carbon" or "water" where moles, mass and depth may be converted into each other.
        aliases: other names under which files hold it.
    """

    name: str
    unit: str
    long_name: str
    lower: float
    upper: float
    standard_name: str = ""
    cell_methods: str = ""
    substance: str = ""
    aliases: tuple[str, ...] = ()

    def attributes(self) -> dict[str, str]:
        """Return the CF attributes of the variable."""
        found = {"units": self.unit, "long_name": self.long_name}
        if self.standard_name:
            found["standard_name"] = self.standard_name
        if self.cell_methods:
            found["cell_methods"] = self.cell_methods
        return found


_MEAN = "time: mean"
_CARBON = "g m-2 d-1"

_DECLARED = (
    # meteorology
    Variable(
        "tas",
        "degC",
        "daily mean air temperature",
        -70,
        55,
        "air_temperature",
        _MEAN,
        aliases=("t2m", "tmean", "tavg"),
    ),
    Variable(
        "tas_min",
        "degC",
        "daily minimum air temperature",
        -80,
        45,
        "air_temperature",
        "time: minimum",
        aliases=("tasmin", "tmin", "t2m_min"),
    ),
    Variable(
        "tas_max",
        "degC",
        "daily maximum air temperature",
        -70,
        60,
        "air_temperature",
        "time: maximum",
        aliases=("tasmax", "tmax", "t2m_max"),
    ),
    Variable(
        "rsds",
        "MJ m-2 d-1",
        "downward shortwave radiation, daily sum",
        0,
        50,
        "surface_downwelling_shortwave_flux_in_air",
        _MEAN,
        aliases=("ssrd", "swdown", "sw_in"),
    ),
    Variable(
        "rlds",
        "MJ m-2 d-1",
        "downward longwave radiation, daily sum",
        5,
        60,
        "surface_downwelling_longwave_flux_in_air",
        _MEAN,
        aliases=("strd", "lwdown", "lw_in"),
    ),
    Variable(
        "rn",
        "MJ m-2 d-1",
        "net radiation, daily sum",
        -20,
        40,
        "surface_net_downward_radiative_flux",
        _MEAN,
        aliases=("netrad",),
    ),
    Variable(
        "vpd",
        "hPa",
        "vapour pressure deficit, daily mean",
        0,
        90,
        "water_vapor_saturation_deficit_in_air",
        _MEAN,
    ),
    Variable(
        "pr",
        "mm d-1",
        "precipitation",
        0,
        900,
        "lwe_precipitation_rate",
        _MEAN,
        "water",
        aliases=("precip", "precipitation", "prcp", "total_prec", "tp"),
    ),
    Variable("co2", "ppm", "CO2 mole fraction of air", 150, 2000, "mole_fraction_of_carbon_dioxide_in_air"),
    Variable(
        "ps", "kPa", "air pressure at the station", 45, 110, "surface_air_pressure", aliases=("pa", "psurf")
    ),
    Variable(
        "ws", "m s-1", "wind speed, daily mean", 0, 60, "wind_speed", _MEAN, aliases=("sfcwind", "wind")
    ),
    Variable(
        "hurs", "%", "relative humidity, daily mean", 0, 105, "relative_humidity", _MEAN, aliases=("rh",)
    ),
    Variable(
        "pet",
        "mm d-1",
        "potential evapotranspiration",
        0,
        30,
        "water_potential_evapotranspiration_amount",
        _MEAN,
        "water",
    ),
    # vegetation, carbon and water
    Variable("lai", "1", "leaf area index", 0, 12, "leaf_area_index", aliases=("leaf_area_index",)),
    Variable(
        "fpar", "1", "fraction of absorbed photosynthetically active radiation", 0, 1, aliases=("fapar",)
    ),
    Variable(
        "gpp",
        _CARBON,
        "gross primary productivity, as carbon",
        -20,
        50,
        "gross_primary_productivity_of_biomass_expressed_as_carbon",
        "",
        "carbon",
    ),
    Variable("reco", _CARBON, "ecosystem respiration, as carbon", -20, 50, "", "", "carbon"),
    Variable(
        "nee",
        _CARBON,
        "net ecosystem exchange, as carbon, positive to the atmosphere",
        -50,
        50,
        "",
        "",
        "carbon",
        aliases=("nbe",),
    ),
    Variable(
        "et",
        "mm d-1",
        "evapotranspiration",
        -5,
        25,
        "lwe_water_evaporation_rate",
        "",
        "water",
        aliases=("evapotranspiration", "evspsbl"),
    ),
    Variable(
        "h", "W m-2", "sensible heat flux, daily mean", -400, 700, "surface_upward_sensible_heat_flux", _MEAN
    ),
    Variable("ef", "1", "evaporative fraction LE/(LE+H)", -50, 50),
    Variable(
        "swc",
        "%",
        "volumetric soil water content of the top sensor",
        0,
        100,
        "volume_fraction_of_condensed_water_in_soil",
    ),
    Variable("ewt", "mm", "equivalent water thickness anomaly", -3000, 3000, "", "", "water"),
    Variable("q", "mm d-1", "streamflow per catchment area", 0, 500, "", "", "water", aliases=("discharge",)),
    Variable("snd", "m", "depth of snow", 0, 60, "surface_snow_thickness", aliases=("snow_depth",)),
    # fire weather
    Variable("ffmc", "1", "Fine Fuel Moisture Code", 0, 101),
    Variable("dmc", "1", "Duff Moisture Code", 0, 5000),
    Variable("dc", "1", "Drought Code", 0, 10000),
    Variable("isi", "1", "Initial Spread Index", 0, 100000),
    Variable("bui", "1", "Buildup Index", 0, 5000),
    Variable("fwi", "1", "Fire Weather Index", 0, 20000),
    Variable("dsr", "1", "Daily Severity Rating", 0, 1e6),
)


def _registry() -> dict[str, Variable]:
    found = {v.name: v for v in _DECLARED}
    for v in _DECLARED:
        if v.substance or v.name in ("lai", "ef", "swc"):
            found[v.name + UNCERTAINTY] = replace(
                v,
                name=v.name + UNCERTAINTY,
                long_name=f"uncertainty of {v.long_name}",
                lower=0.0,
                upper=1e4,
                standard_name="",
                cell_methods="",
                aliases=(),
            )
    return found


REGISTRY: dict[str, Variable] = _registry()
"""Every known variable by its name."""

DEFAULT_FORCING = ("tas_min", "tas_max", "rsds", "vpd", "pr", "co2")
"""Forcing every site must have, complete, unless the caller names another set."""

TARGETS = ("gpp", "reco", "nee", "et", "lai", "swc")
"""Observed variables; their gaps are masked, never filled."""

_BY_ALIAS = {alias: v.name for v in _DECLARED for alias in (v.name, *v.aliases)}


def lookup(name: str, where: str = "") -> Variable:
    """Return the declared variable of that name.

    Args:
        name: a name in `REGISTRY`.
        where: file or setting, for the error.

    Raises:
        DataError: where the name is not declared.
    """
    try:
        return REGISTRY[name]
    except KeyError:
        hint = nearest(name, REGISTRY) or " see data.variables.REGISTRY"
        raise DataError(f"the variable '{name}' is unknown", where, hint.strip()) from None


def canonical(name: str) -> str | None:
    """Return the terrax name for a name found in a file, or None where it is not known."""
    return name if name in REGISTRY else _BY_ALIAS.get(name.lower())
