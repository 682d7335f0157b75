"""Statistics for normalisation, from training days only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import DataError

if TYPE_CHECKING:
    import xarray as xr

    from .batches import Panel


@dataclass(frozen=True)
class Statistics:
    """Mean and standard deviation of variables over training days, and their range.

    Attributes:
        mean: variable -> mean [unit of the variable].
        std: variable -> standard deviation [unit of the variable], 1 where the variable does not vary.
        low: variable -> least value seen.
        high: variable -> greatest value seen.
    """

    mean: dict[str, float]
    std: dict[str, float]
    low: dict[str, float]
    high: dict[str, float]

    def normalise(self, name: str, values: np.ndarray) -> np.ndarray:
        """Return `(values - mean) / std`, of the type of `values`.

        Raises:
            DataError: where the variable is not among the statistics.
        """
        mean, std = self._of(name)
        return (values - np.asarray(mean, dtype=values.dtype)) / np.asarray(std, dtype=values.dtype)

    def restore(self, name: str, values: np.ndarray) -> np.ndarray:
        """Return `values * std + mean`, the inverse of `normalise`."""
        mean, std = self._of(name)
        return values * np.asarray(std, dtype=values.dtype) + np.asarray(mean, dtype=values.dtype)

    def outside(self, name: str, values: np.ndarray, margin: float = 0.0) -> np.ndarray:
        """Return where values leave the range seen in training, widened by `margin` standard deviations."""
        _, std = self._of(name)
        return (values < self.low[name] - margin * std) | (values > self.high[name] + margin * std)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for a checkpoint or JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Statistics:
        """Return the statistics that `to_dict` gave."""
        return cls(**{k: dict(values[k]) for k in ("mean", "std", "low", "high")})

    def _of(self, name: str) -> tuple[float, float]:
        if name not in self.mean:
            raise DataError(
                f"'{name}' has no statistics", "data.normalise", "compute them with this variable"
            )
        return self.mean[name], self.std[name]


def from_panel(panel: Panel, train: np.ndarray, names: Iterable[str] | None = None) -> Statistics:
    """Return statistics of a panel's forcing, targets and attributes over training days and training sites.

    Args:
        panel: the panel.
        train: bool (time, site), `panel.select(fold.train)`.
        names: variables; all of forcing, targets and attributes where None. Targets count where observed;
            attributes count once per site with training days.

    Raises:
        DataError: where there are no training days, or a variable has no training value.
    """
    train = np.asarray(train, dtype=bool) & panel.valid
    if not train.any():
        raise DataError("there are no training days", "data.normalise", "check the split")
    sources: dict[str, tuple[np.ndarray, np.ndarray]] = {n: (v, train) for n, v in panel.forcing.items()}
    sources |= {n: (v, train & panel.masks[n]) for n, v in panel.targets.items()}
    sources |= {n: (v, np.asarray(train.any(0))) for n, v in panel.attributes.items()}
    return _collect({n: _picked(sources, n) for n in (sources if names is None else names)})


def from_dataset(ds: xr.Dataset, train: xr.DataArray, names: Iterable[str] | None = None) -> Statistics:
    """Return statistics of a dataset's variables (site, time) over training days.

    Args:
        ds: site dataset.
        train: bool (site, time), `fold.train`.
        names: variables; all where None.

    Raises:
        DataError: as `from_panel`.
    """
    if not bool(train.any()):
        raise DataError("there are no training days", "data.normalise", "check the split")
    mask = train.transpose("site", "time").values
    wanted = (
        [str(n) for n in ds.data_vars if set(ds[n].dims) == {"site", "time"}]
        if names is None
        else list(names)
    )
    values = {n: ds[n].transpose("site", "time").values for n in wanted}
    return _collect({n: v[mask & np.isfinite(v)] for n, v in values.items()})


def _picked(sources: dict[str, tuple[np.ndarray, np.ndarray]], name: str) -> np.ndarray:
    if name not in sources:
        raise DataError(
            f"the variable '{name}' is not in the panel", "data.normalise", "pack it or leave it out"
        )
    values, mask = sources[name]
    return values[mask]


def _collect(samples: dict[str, np.ndarray]) -> Statistics:
    mean, std, low, high = {}, {}, {}, {}
    for name, values in samples.items():
        if not values.size:
            raise DataError(
                f"'{name}' has no value on training days",
                "data.normalise",
                "leave it out or change the split",
            )
        wide = values.astype(np.float64)
        spread = float(wide.std())
        mean[name] = float(wide.mean())
        std[name] = spread if spread > 1e-6 * max(1.0, abs(mean[name])) else 1.0
        low[name], high[name] = float(wide.min()), float(wide.max())
    return Statistics(mean, std, low, high)
