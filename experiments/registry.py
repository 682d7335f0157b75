"""The experiments by name; an experiment's module is imported only when it is used."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType

REQUIRED = ("Config", "plan", "run", "sections")


@dataclass(frozen=True)
class Entry:
    """Where an experiment is and what it does, in one line."""

    module: str
    summary: str


_ENTRIES: dict[str, Entry] = {
    "drought": Entry(
        "experiments.drought", "a hybrid ecosystem model of water and carbon on flux towers, and drought"
    ),
    "fire-danger": Entry(
        "experiments.fire_danger",
        "danger of wildfire by month: a hybrid of drought and learned parts beside climatology, trees and a network",
    ),
    "fire-spread": Entry(
        "experiments.fire_spread",
        "burned area of real fires by physics and priors, each fire scored by what the others taught",
    ),
    "migration": Entry(
        "experiments.migration",
        "whether drought displaces people: forecasts, causes and effects in a panel of districts",
    ),
    "respiration": Entry(
        "experiments.respiration", "temperature sensitivity of respiration (Q10) from synthetic fluxes"
    ),
}


def register(name: str, module: str, summary: str) -> None:
    """Add an experiment, or replace the one of that name."""
    _ENTRIES[name] = Entry(module, summary)


def entries() -> Iterator[tuple[str, Entry]]:
    """Yield the experiments by name."""
    yield from sorted(_ENTRIES.items())


def load(name: str) -> ModuleType:
    """Import an experiment; raise ConfigError with the nearest name where there is none.

    An experiment exposes ``Config``, ``plan(config, data, quick)``, ``run(context)``, ``sections(folder)``
    and, where it can, ``project(folder, scenario, out)``.
    """
    from data.errors import ConfigError, nearest

    if name not in _ENTRIES:
        names = sorted(_ENTRIES)
        raise ConfigError(
            f"no experiment '{name}'",
            "",
            nearest(name, names).strip() or f"the experiments are {', '.join(names)}",
        )
    module = importlib.import_module(_ENTRIES[name].module)
    missing = [part for part in REQUIRED if not hasattr(module, part)]
    if missing:
        raise ConfigError(
            f"the experiment '{name}' lacks {', '.join(missing)}", _ENTRIES[name].module, "add it"
        )
    return module
