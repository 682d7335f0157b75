"""Which run is which part of the manuscript: by its experiment, its data and its split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from data.errors import RunError

from .. import yamlfile
from ..runfolder import RunFolder, Status

ROLES = {
    "time": "drought on real sites, split by time",
    "site": "drought on real sites, split by site",
    "drought": "drought on real sites, split by drought",
    "synthetic": "drought on synthetic sites",
    "respiration": "respiration",
}
"""Parts that runs may play, in the order of the manuscript."""


@dataclass(frozen=True)
class Source:
    """A run with the part it plays, its status and its configuration."""

    role: str
    folder: RunFolder
    status: Status
    config: dict[str, Any]


def assign(folders: Sequence[RunFolder]) -> dict[str, Source]:
    """Return the runs by the part they play, in the order of the manuscript.

    Raises:
        RunError: a run that is not finished or that the manuscript has no place for, two runs for one
            place, or no run of drought.
    """
    found: dict[str, Source] = {}
    for folder in folders:
        status = folder.status()
        where = str(folder.path)
        if status.state != "finished":
            remedy = f"finish it with terrax run {status.experiment} --resume --out {folder.path}"
            raise RunError(f"the run is {status.state}", where, remedy)
        config = yamlfile.read(folder.config_file)[0]
        role = _role(status, config)
        if role is None:
            raise RunError(
                f"the manuscript has no place for this run of {status.experiment}",
                where,
                "give runs of drought and respiration",
            )
        if role in found:
            names = f"{found[role].folder.path} and {folder.path}"
            raise RunError(f"two runs are {ROLES[role]}", names, "give one of them")
        found[role] = Source(role, folder, status, config)
    if not set(found) - {"respiration"}:
        raise RunError("no run of drought is given", "--runs", "make one with terrax run drought")
    return {role: found[role] for role in ROLES if role in found}


def _role(status: Status, config: dict[str, Any]) -> str | None:
    """Return the part of a run, or None."""
    if status.experiment == "respiration":
        return "respiration"
    if status.experiment != "drought":
        return None
    if status.data is None:
        return "synthetic"
    by = (config.get("split") or {}).get("by", "time")
    return by if by in ROLES else None
