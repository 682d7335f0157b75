"""Data of a run: sites opened or made, folds, panel, and what each model may read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from data import splits
from data.batches import Panel, pack
from data.errors import ConfigError
from data.sites import open_sites
from data.splits import Fold

from .config import Config

if TYPE_CHECKING:
    import xarray as xr

FORCING = ("tas_min", "tas_max", "rsds", "vpd", "pr", "co2")
Masks = dict[str, np.ndarray]


@dataclass(frozen=True)
class Prepared:
    """What every model of a run shares.

    Attributes:
        ds: site dataset (site, time).
        panel: the same as arrays, time first.
        folds: ways to part days and sites; one but by site.
        published: folder with ``published_scores.csv``, or None.
        noise: target to the weight of each observation (time, site), mean one; empty unless asked for.
    """

    ds: xr.Dataset
    panel: Panel
    folds: list[Fold]
    published: Path | None
    noise: Masks

    @property
    def targets(self) -> tuple[str, ...]:
        """Observed variables."""
        return tuple(self.panel.targets)


def prepare(config: Config, data: Path | None) -> Prepared:
    """Open or make the sites, part them, and pack them.

    Raises:
        DataError: files that cannot be used.
        ConfigError: targets that no site holds.
    """
    if data is None:
        from .world import synthetic_sites

        ds = synthetic_sites(config)
    else:
        ds = open_sites(data, sites=config.sites, forcing=FORCING, fill=config.fill)
    targets = [t for t in config.targets if t in ds]
    if not targets:
        raise ConfigError("no target is in the data", str(data or "synthetic sites"), "name targets it holds")
    folds = make_folds(config, ds)
    published = data if data is not None and (data / "published_scores.csv").is_file() else None
    panel = pack(ds, FORCING, targets)
    return Prepared(ds, panel, folds, published, noise_weights(ds, panel) if config.noise_aware else {})


def noise_weights(ds: xr.Dataset, panel: Panel) -> Masks:
    """Weight of each observation by its stated uncertainty, (time, site), mean one over each site.

    w = 1 / (1 + (u / m)^2), with u the uncertainty and m its median at the site, so that a day of no stated
    error counts twice the typical one and no more. Days and targets without a statement count one.
    """
    found: Masks = {}
    for target in panel.targets:
        name = f"{target}_unc"
        if name not in ds:
            continue
        told = pack(ds.assign({name: ds[name].fillna(-1.0)}), FORCING, (name,)).targets[name]
        known = panel.masks[target] & (told >= 0)
        weight = np.ones(panel.shape, np.float32)
        for j in range(panel.shape[1]):
            held = known[:, j]
            middle = float(np.median(told[held, j])) if held.any() else 0.0
            if middle > 0:
                weight[held, j] = 1.0 / (1.0 + (told[held, j] / middle) ** 2)
                weight[held, j] /= weight[held, j].mean()
        found[target] = weight
    return found


def make_folds(config: Config, ds: xr.Dataset) -> list[Fold]:
    """Folds of the configured split."""
    split = config.split
    if split.by == "time":
        return splits.by_time(ds, years=split.train_years, validation_years=min(1, split.train_years - 1))
    if split.by == "site":
        return splits.by_site(ds, folds=split.folds, seed=config.seed)
    return splits.by_drought(ds, seasons=split.seasons)


def training_days(panel: Panel, fold: Fold) -> np.ndarray:
    """Days whose targets may be used in training or validation, bool (time, site)."""
    return panel.select(fold.train) | panel.select(fold.validation)


BLOCK = 60
"""Length of the blocks that members leave out to stop by [d]."""
SHARES = 11
"""Every eleventh block is left out; eleven and the six blocks of a year share no factor, so all seasons are."""


def rotated(panel: Panel, fold: Fold, members: int) -> tuple[np.ndarray, np.ndarray]:
    """Training and validation days of each member, bool (member, time, site).

    Each member leaves out other blocks of the training period to stop by, so that the ensemble as a whole
    learns from every day of it. Where sites are held out, members leave out two training sites instead: what
    stops them is how well they do at sites they do not know.
    """
    days = training_days(panel, fold)
    if fold.meta.get("by") == "site":
        return _without_sites(panel, fold, days, members)
    block = np.arange(panel.shape[0])[:, None] // BLOCK
    validation = np.stack([days & (block % SHARES == m % SHARES) for m in range(members)])
    return days[None] & ~validation, validation


def _without_sites(panel: Panel, fold: Fold, days: np.ndarray, members: int) -> tuple[np.ndarray, np.ndarray]:
    known = [j for j, site in enumerate(panel.sites) if site in fold.train_sites]
    out = panel.sites.index(fold.test_sites[0])
    order = sorted(known, key=lambda j: (j - out) % len(panel.sites))
    held = np.zeros((members, *panel.shape), bool)
    for m in range(members):
        if len(order) >= 4:
            for k in (2 * m, 2 * m + len(order) // 2):
                held[m, :, order[k % len(order)]] = True
    return days[None] & ~held, days[None] & held


def last_training_step(panel: Panel, fold: Fold) -> int:
    """Number of steps up to and including the last training or validation day of any site."""
    return int(np.flatnonzero(training_days(panel, fold).any(axis=1)).max()) + 1


def test_groups(panel: Panel, fold: Fold) -> Mapping[str, np.ndarray]:
    """Test days by the name that scores give them, bool (time, site)."""
    by = fold.meta.get("by", fold.name)
    if set(fold.groups) <= {"all"}:
        return {str(by): panel.select(fold.test)}
    return {name: panel.select(mask) for name, mask in fold.groups.items()}
