"""A causal graph that decides what the networks of the hybrid may read, applied to a configuration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.errors import ConfigError, DataError, ModelError, listing, nearest
from data.files import atomic_write_bytes, sha256

from ..runfolder import RunFolder
from .config import Config, GraphConfig

if TYPE_CHECKING:
    import xarray as xr

HELD = "graph.nc"
"""Copy of the graph in the run folder, which a resumed run, a report and a projection read."""
TABLE = "graph.json"


def restricted(config: Config, folder: RunFolder) -> Config:
    """A settled configuration whose networks read parents of their targets alone; the same without a graph.

    Inputs that tell sites apart (`identity`, `attributes`) are added later and no graph speaks of them: they stay.

    Args:
        config: settled configuration.
        folder: run folder, whose copy of the graph is read where it has one.

    Raises:
        ConfigError: no such file, one without a graph, inputs that no network reads, or no hybrid among the models.
        ModelError: an input or target that the graph does not hold, an undecided link, or a network left without
            input.
    """
    from ..joins import masked_by_graph
    from .build import role_of, slot_of

    asked = config.graph
    if asked is None:
        return config
    if "hybrid" not in config.models:
        raise ConfigError("a graph masks the hybrid, which is not run", "graph", "add hybrid to models")
    roles, networks = config.roles or {}, config.networks or {}
    _read_by_some(asked, config)
    graph = opened(_source(asked, folder), asked.file)
    try:
        masked, slots = masked_by_graph(
            {n: role_of(r) for n, r in roles.items()},
            {n: slot_of(c, []) for n, c in networks.items()},
            graph,
            asked.targets,
            keep=asked.keep,
            lags=asked.lags,
            called=asked.called,
        )
    except ModelError as error:
        raise ModelError(error.what, f"{error.where}, {asked.file}", error.remedy) from error
    left: dict[str, Any] = {
        n: r.model_copy(update={"inputs": list(getattr(masked[n], "inputs", ()))}) for n, r in roles.items()
    }
    nets = {n: c.model_copy(update={"inputs": list(slots[n].inputs)}) for n, c in networks.items()}
    return config.model_copy(update={"roles": left, "networks": nets})


def opened(path: Path, told: str) -> xr.Dataset:
    """The graph of a netCDF file.

    Raises:
        ConfigError: no such file, or one without a graph; ``told`` is how the user calls it.
    """
    from causal import read

    remedy = "name a netCDF file that `terrax discover` wrote"
    if not path.is_file():
        what = "the graph is a folder" if path.is_dir() else "there is no such graph"
        raise ConfigError(what, f"graph.file, {told}", remedy)
    try:
        return read(path)
    except DataError as error:
        raise ConfigError(f"the file holds no graph, {error.what}", f"graph.file, {told}", remedy) from error


def keep(asked: GraphConfig | None, before: Config, after: Config, folder: RunFolder) -> list[dict[str, str]]:
    """Copy the graph into the run folder, write what it masks there, and return the file and its SHA-256.

    Args:
        asked: the graph of the configuration; nothing is done where None.
        before: settled configuration before the graph.
        after: the same restricted by it.
        folder: run folder.
    """
    if asked is None:
        return []
    held = folder.path / HELD
    if not held.is_file():
        atomic_write_bytes(held, Path(asked.file).read_bytes())
    digest = sha256(held)
    rows = [
        {
            "network": n,
            "target": asked.targets.get(n),
            "read": mine,
            "masked": [i for i in whole if i not in mine],
        }
        for n, (whole, mine) in _inputs(before, after).items()
    ]
    folder.write_json(
        folder.path / "tables" / TABLE,
        {
            "file": asked.file,
            "sha256": digest,
            "lags": asked.lags,
            "called": asked.called,
            "keep": asked.keep,
            "networks": rows,
        },
    )
    return [{"path": asked.file, "sha256": digest}]


def _source(asked: GraphConfig, folder: RunFolder) -> Path:
    held = folder.path / HELD
    return held if held.is_file() else Path(asked.file)


def _inputs(before: Config, after: Config) -> dict[str, tuple[list[str], list[str]]]:
    """Inputs before and after of every network, and of every role with a network of its own."""
    found = {}
    for part in ("networks", "roles"):
        old, new = getattr(before, part) or {}, getattr(after, part) or {}
        found |= {n: (old[n].inputs, new[n].inputs) for n in old if old[n].inputs}
    return found


def _read_by_some(asked: GraphConfig, config: Config) -> None:
    """Raise ConfigError where `called` or `keep` speak of an input that no network reads."""
    known = sorted({i for whole, _ in _inputs(config, config).values() for i in whole})
    for key, names in (("called", asked.called), ("keep", asked.keep)):
        for name in names:
            if name not in known:
                raise ConfigError(
                    f"no network reads '{name}'{nearest(name, known)}",
                    f"graph.{key}",
                    f"they read {listing(known)}",
                )
