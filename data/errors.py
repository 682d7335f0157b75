"""Errors that are one sentence: what is wrong, where, and the remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class TerraxError(Exception):
    """A mistake in what was given, told in one sentence.

    Args:
        what: what is wrong, without a full stop ("the variable 'pr' is missing").
        where: file, variable, index or site ("FR-Pue.nc").
        remedy: what the reader can do about it ("add it or leave it out of `forcing`").
    """

    def __init__(self, what: str, where: str = "", remedy: str = "") -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        super().__init__(what, where, remedy)

    def __str__(self) -> str:
        text = self.what
        if self.where:
            text += f" ({self.where})"
        if self.remedy:
            text += f": {self.remedy}"
        return text if text.endswith((".", "?")) else text + "."


class DataError(TerraxError):
    """Input data that cannot be read or must not be trusted."""


class ConfigError(TerraxError):
    """A setting that is unknown, missing or out of bounds."""


class RunError(TerraxError):
    """A run that cannot start, go on or be resumed."""


class ModelError(TerraxError):
    """A model that is put together wrongly or has left its valid state."""


class ScenarioError(TerraxError):
    """A scenario that cannot be applied to the given forcing."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint at the nearest valid name, or an empty string.

    Args:
        name: the name that was not found.
        known: the valid names.

    Returns:
        `" did you mean 'x'?"` where one name is close, else `""`.
    """
    found = difflib.get_close_matches(str(name), [str(k) for k in known], n=1, cutoff=0.6)
    return f" did you mean '{found[0]}'?" if found else ""


def counted(number: int, noun: str) -> str:
    """Return a number with its noun ("1 value", "3 values")."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listing(names: Iterable[object], limit: int = 6) -> str:
    """Join names for a sentence, shortened after `limit` ("a, b, c and 4 more")."""
    items = [str(n) for n in names]
    if len(items) <= limit:
        return ", ".join(items)
    return ", ".join(items[:limit]) + f" and {len(items) - limit} more"
