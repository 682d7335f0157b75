"""Scenarios: named changes of forcing, applied to a panel."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from data.batches import Panel
from data.errors import ScenarioError, nearest
from data.variables import REGISTRY

UNITS = {
    "tas": "K",
    "tas_min": "K",
    "tas_max": "K",
    "pr": "mm d-1",
    "co2": "ppm",
    "rsds": "MJ m-2 d-1",
    "vpd": "hPa",
}
_CHANGE = re.compile(r"^\s*([+\-x*=])\s*([0-9.eE+\-]+)\s*(%|[A-Za-z][\w\s\-]*)?\s*$")


@dataclass(frozen=True)
class Scenario:
    """Changes of forcing by variable.

    Attributes:
        name: of the scenario.
        changes: variable to a change: ``+ 2 K``, ``- 1 K``, ``x 0.8``, ``= 550 ppm``. ``tas`` changes minimum
            and maximum temperature alike.
        hold_relative_humidity: where temperature changes and vapour pressure deficit is not changed itself,
            the deficit follows at constant relative humidity. Otherwise it stays as it was.
        description: one sentence.
    """

    name: str
    changes: Mapping[str, str] = field(default_factory=dict)
    hold_relative_humidity: bool = True
    description: str = ""

    def __post_init__(self) -> None:
        for variable, change in self.changes.items():
            parse_change(variable, change, self.name)


def parse_change(variable: str, change: Any, scenario: str = "") -> tuple[str, float]:
    """Operation (``+``, ``x``, ``=``) and number of a change.

    Raises:
        ScenarioError: an unknown variable, a change that cannot be read, or another unit than the variable's.
    """
    where = f"scenario {scenario}" if scenario else "scenario"
    if variable not in UNITS:
        raise ScenarioError(
            f"unknown forcing {variable!r}{nearest(variable, UNITS)}",
            where,
            "change one of " + ", ".join(UNITS),
        )
    match = _CHANGE.match(str(change))
    try:
        if match is None:
            raise ValueError
        sign, number, unit = match.group(1), float(match.group(2)), (match.group(3) or "").strip()
        if not np.isfinite(number):
            raise ValueError
    except ValueError:
        raise ScenarioError(
            f"the change {change!r} of {variable!r} cannot be read",
            where,
            "write + 2 K, - 1 K, x 0.8, or = 550 ppm",
        ) from None
    wanted = UNITS[variable]
    if wanted == "K":  # a difference is the same in both, a value is not
        fits = unit in (("", "degC", "C") if sign == "=" else ("", "K", "degC", "C"))
        wanted = "degC" if sign == "=" else "K"
    else:
        fits = unit in ("", wanted)
    if sign in "x*":
        if unit or number < 0:
            raise ScenarioError(
                f"the factor {change!r} of {variable!r} must be a number without unit, not negative",
                where,
                "write x 0.8",
            )
        return "x", number
    if not fits:
        raise ScenarioError(
            f"the change of {variable!r} is in {unit!r}, {wanted!r} is wanted", where, f"write it in {wanted}"
        )
    if sign == "=":
        if number < 0 and UNITS[variable] != "K":
            raise ScenarioError(
                f"{variable!r} cannot be {change!r}", where, "give a value that is not negative"
            )
        return "=", number
    return "+", number if sign == "+" else -number


SCENARIOS = {
    s.name: s
    for s in (
        Scenario("present", {}, description="forcing as it was"),
        Scenario("warmer", {"tas": "+ 2 K"}, description="2 K warmer at the same relative humidity"),
        Scenario("drier", {"pr": "x 0.8"}, description="a fifth less precipitation"),
        Scenario(
            "warmer_drier", {"tas": "+ 2 K", "pr": "x 0.8"}, description="2 K warmer and a fifth less rain"
        ),
        Scenario("more_co2", {"co2": "x 1.5"}, description="half as much CO2 again"),
    )
}


def get_scenario(name_or_file: str) -> Scenario:
    """A named scenario, or one read from a YAML file with ``name``, ``changes`` and options.

    Raises:
        ScenarioError: neither a known name nor a readable file of that form.
    """
    if name_or_file in SCENARIOS:
        return SCENARIOS[name_or_file]
    path = Path(name_or_file)
    if not path.is_file():
        raise ScenarioError(
            f"no scenario and no file {name_or_file!r}{nearest(name_or_file, SCENARIOS)}",
            "",
            "name one of " + ", ".join(SCENARIOS) + " or a YAML file",
        )
    import yaml

    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ScenarioError("the scenario is not valid YAML", str(path), "correct it") from error
    known = {"name", "changes", "hold_relative_humidity", "description"}
    if not isinstance(raw, dict) or not isinstance(raw.get("changes"), dict):
        raise ScenarioError("the scenario has no mapping `changes`", str(path), "write changes: {tas: + 2 K}")
    for key in raw:
        if key not in known:
            raise ScenarioError(f"unknown key {key!r}{nearest(str(key), known)}", str(path), "remove it")
    raw.setdefault("name", path.stem)
    for key, kind, meant in (
        ("name", str, "text"),
        ("description", str, "text"),
        ("hold_relative_humidity", bool, "true or false"),
    ):
        if key in raw and not isinstance(raw[key], kind):
            raise ScenarioError(f"`{key}` is {raw[key]!r}", str(path), f"give {meant}")
    return Scenario(**raw)


def apply(panel: Panel, scenario: Scenario) -> Panel:
    """The panel with its forcing changed; targets stay and mean nothing for it.

    Raises:
        ScenarioError: a variable that the panel does not hold, or values out of what is physical.
    """
    changed: dict[str, np.ndarray] = {}
    for variable, change in scenario.changes.items():
        sign, number = parse_change(variable, change, scenario.name)
        for name in ("tas_min", "tas_max") if variable == "tas" else (variable,):
            if name not in panel.forcing:
                raise ScenarioError(
                    f"the forcing {name!r} is not in the data",
                    f"scenario {scenario.name}",
                    "add it to the forcing or leave it out",
                )
            old = changed.get(name, panel.forcing[name])
            new = old + number if sign == "+" else old * number if sign == "x" else np.full_like(old, number)
            changed[name] = np.maximum(new, 0.0) if name in ("pr", "rsds", "vpd", "co2") else new
            _plausible(name, changed[name], scenario.name)
    _ordered(panel, changed, scenario.name)
    warmed = {"tas_min", "tas_max"} & set(changed)
    if warmed and "vpd" not in changed and "vpd" in panel.forcing and scenario.hold_relative_humidity:
        changed["vpd"] = panel.forcing["vpd"] * _saturation(panel, changed) / _saturation(panel, {})
    return panel.with_forcing(**changed) if changed else panel


def _plausible(name: str, values: np.ndarray, scenario: str) -> None:
    known, least, most = REGISTRY[name], float(np.min(values)), float(np.max(values))
    if least < known.lower or most > known.upper:
        raise ScenarioError(
            f"{name!r} would reach {least if least < known.lower else most:.4g} {known.unit}",
            f"scenario {scenario}",
            f"keep it within {known.lower:g} to {known.upper:g} {known.unit}",
        )


def _ordered(panel: Panel, changed: Mapping[str, np.ndarray], scenario: str) -> None:
    """Refuse a change that lifts the minimum temperature of a day above its maximum."""
    if not {"tas_min", "tas_max"} & set(changed) or not {"tas_min", "tas_max"} <= set(panel.forcing):
        return
    low, high = (changed.get(n, panel.forcing[n]) for n in ("tas_min", "tas_max"))
    swapped = (low > high) & (panel.forcing["tas_min"] <= panel.forcing["tas_max"])
    if swapped.any():
        raise ScenarioError(
            f"'tas_min' would exceed 'tas_max' on {int(swapped.sum())} days",
            f"scenario {scenario}",
            "change `tas`, which moves both",
        )


def _saturation(panel: Panel, changed: Mapping[str, np.ndarray]) -> np.ndarray:
    """Mean saturation vapour pressure of the day's extremes [kPa] [@allen1998, eq. 12]."""
    low, high = (changed.get(n, panel.forcing[n]) for n in ("tas_min", "tas_max"))
    lower, upper = (0.6108 * np.exp(17.27 * t / (t + 237.3)) for t in (low, high))
    return 0.5 * (lower + upper)
