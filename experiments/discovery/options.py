"""Options of ``terrax discover`` that are more than a word: significance, priors, masks, further settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from causal import Priors
from data.errors import ConfigError, DataError, listing, nearest

from .. import yamlfile
from ..datafiles import find_data
from .opening import opened

if TYPE_CHECKING:
    import xarray as xr

KEYS = ("required", "forbidden", "lags", "exogenous")


def names(text: str | None) -> list[str] | None:
    """Part names that stand between commas."""
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise ConfigError(f"a name is missing in '{text}'", "--variables", "write a,b,c")
    return parts


def alphas(text: str | None) -> Any:
    """Read ``--pc-alpha``: one number, several between commas, or 'search'."""
    if text is None:
        return "default"
    if text.strip().lower() in ("search", "none"):
        return None
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        raise ConfigError(
            f"'{text}' is no significance", "--pc-alpha", "give a number, several between commas, or 'search'"
        ) from None
    return found[0] if len(found) == 1 else found


def further(given: list[str]) -> dict[str, Any]:
    """Read ``--option NAME=VALUE``, values as in YAML."""
    found: dict[str, Any] = {}
    for item in given:
        name, equals, value = item.partition("=")
        if not equals or not name.strip():
            raise ConfigError(f"'{item}' is no setting", "--option", "write NAME=VALUE")
        found[name.strip()], _ = yamlfile.parse(value, f"--option {item}")
    return found


def priors(path: Path | None) -> Priors | None:
    """Read a YAML file of what is known of links.

    Its keys: ``required`` and ``forbidden`` hold lists of ``[source, target, lag]`` (a forbidden link may leave the
    lag out), ``lags`` lists of ``[source, target, least, largest]``, ``exogenous`` names.
    """
    if path is None:
        return None
    given, lines = yamlfile.read(path)
    for key, value in given.items():
        where = f"{path.name}, line {lines.get((key,), 1)}"
        if key not in KEYS:
            hint = nearest(key, KEYS).strip() or f"the keys are {listing(KEYS)}"
            raise ConfigError(f"unknown key '{key}'", where, hint)
        if not isinstance(value, list):
            raise ConfigError(f"'{key}' is no list", where, f"write {key}: [...]")
    bounds: dict[tuple[str, str], tuple[int, int]] = {}
    for at, item in enumerate(given.get("lags", [])):
        if not isinstance(item, list) or len(item) != 4:
            raise ConfigError(
                f"{item!r} bounds no lags",
                f"{path.name}, line {lines.get(('lags', at), lines.get(('lags',), 1))}",
                "write [source, target, least, largest]",
            )
        bounds[item[0], item[1]] = (item[2], item[3])
    links = {key: [_link(item) for item in given.get(key, [])] for key in ("required", "forbidden")}
    return Priors(links["required"], links["forbidden"], bounds, given.get("exogenous", []))


def _link(item: Any) -> Any:
    """A link as a tuple; what is none is told later, beside the names of the variables."""
    return tuple(item) if isinstance(item, list) else item


def mask(text: str | None, near: Path) -> xr.DataArray | None:
    """Read ``--mask FILE:VARIABLE`` (or a VARIABLE of the data themselves): 1 or true where a value is left out."""
    if text is None:
        return None
    file, colon, name = text.rpartition(":")
    path = find_data(Path(file)) if colon else near
    assert path is not None
    with opened(path) as ds:
        if name not in ds.variables:
            hint = nearest(name, map(str, ds.data_vars)).strip() or f"the file holds {listing(ds.data_vars)}"
            raise DataError(f"the mask '{name}' is missing", str(path), hint)
        item = ds[name].load()
    if item.dtype.kind not in "fiub" or not np.isin(item.values, (0, 1)).all():
        raise DataError(
            f"the mask '{name}' is not of 0 and 1", str(path), "write 1 where a value is left out, else 0"
        )
    return item.astype(bool)
