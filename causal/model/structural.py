"""A structural model and its verbs: predict one step, roll out under do(...), and ask what would have been."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from data.errors import ConfigError, DataError, ModelError, listing

from . import blocks
from .given import held_values
from .graphs import Structure
from .mechanism import Mechanism, evaluate
from .output import frame, quantiles_of
from .series import Series, following, read, windows
from .simulate import counterfactual_paths, paths

if TYPE_CHECKING:
    import xarray as xr

QUANTILES = (0.05, 0.5, 0.95)
LARGEST = 20_000_000
"""Numbers of a path that are held at once; larger panels run in parts."""


@dataclass(frozen=True, eq=False)
class StructuralModel:
    """Mechanisms of all variables, each reading its parents in the graph alone.

    Attributes:
        structure: who reads whom.
        mechanisms: with a leading member axis, in standardised units.
        residuals: draws of the noise, standardised, ``(panel member, step, variable)``; NaN where unknown.
        centre: means ``(panel member or 1, variable)``.
        scale: spreads ``(variable,)``.
        block: steps of a block.
        kind: ``linear`` or ``network``.
        labels: coordinates of the panel members of the fit.
        dims: panel dimensions of the fit.
        attrs: attributes of each variable.
        told: what the training chose, per variable.
    """

    structure: Structure
    mechanisms: Mechanism
    residuals: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    block: int
    kind: str
    labels: list[tuple[Any, ...]]
    dims: tuple[str, ...]
    attrs: dict[str, dict[str, Any]]
    told: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"StructuralModel({self.kind}, {listing(self.names)}, {self.members} members)"

    @property
    def names(self) -> tuple[str, ...]:
        """The variables."""
        return self.structure.names

    @property
    def members(self) -> int:
        """Number of bootstrap members."""
        return int(self.mechanisms.constant.shape[0])

    def coefficients(self, quantiles: Sequence[float] = QUANTILES) -> xr.DataArray:
        """Return the slopes of linear mechanisms, ``(quantile, source, target, lag)``.

        Unit of the target per unit of the source.

        Raises:
            ModelError: a model of networks.
        """
        import xarray as xr

        if self.kind != "linear":
            raise ModelError("networks have no coefficients", "coefficients", "fit a linear mechanism")
        slope = np.asarray(self.mechanisms.slope).reshape(self.members, *self.structure.mask.shape)
        slope = (
            slope.transpose(0, 3, 1, 2) * self.scale[None, None, :, None] / self.scale[None, :, None, None]
        )
        coords = {"quantile": list(quantiles), "source": list(self.names), "target": list(self.names)}
        coords["lag"] = list(range(slope.shape[-1]))
        return xr.DataArray(np.quantile(slope, quantiles, axis=0), coords, tuple(coords), name="coefficient")

    def predict(
        self,
        ds: xr.Dataset,
        *,
        draws: int = 400,
        quantiles: Sequence[float] | None = QUANTILES,
        seed: int = 0,
    ) -> xr.Dataset:
        """Predict each step from the observed values of its parents, those of lag 0 included.

        Args:
            ds: dataset as for the fit.
            draws: draws of parameters and noise.
            quantiles: quantiles to return; all draws where None.
            seed: of the draws.

        Returns:
            each variable over (quantile or draw, panel dimensions, time); NaN where a parent is missing.
        """
        series, rows, values = self._read(ds)
        tau = self.structure.tau_max
        window = windows(values, tau)
        holes = (~np.isfinite(window)).astype(float) @ self.structure.flat.T.astype(float)
        rng, found = np.random.default_rng(seed), []
        for part in self._parts(len(rows), draws, window.shape[1]):
            x = np.nan_to_num(window[part])
            with jax.enable_x64(True):
                each = np.asarray(evaluate(self._wide(), x.reshape(-1, x.shape[-1]), self._mask()))
            each = each.reshape(self.members, *x.shape[:2], -1)[np.arange(draws) % self.members]
            each = each + self._noise(rng, draws, x.shape[1], rows[part])
            each = np.where(holes[part] > 0, np.nan, each)
            gap = np.full((draws, each.shape[1], tau, each.shape[-1]), np.nan)
            found.append(quantiles_of(np.concatenate([gap, each], axis=2), quantiles))
        result = self._natural(np.concatenate(found, axis=1), rows)
        return frame(
            self, series, series.time, {"": result}, quantiles, {"made_by": "predict", "draws": draws}
        )

    def rollout(
        self,
        history: xr.Dataset,
        steps: int,
        do: Mapping[str, Any] | None = None,
        drivers: Mapping[str, Any] | None = None,
        *,
        draws: int = 400,
        quantiles: Sequence[float] | None = QUANTILES,
        seed: int = 0,
    ) -> xr.Dataset:
        """Simulate what follows a history, with some variables set.

        Each draw has the parameters of one member and noise from blocks of residuals, so that intervals hold
        what is not known of the parameters and what is not told by the parents.

        Args:
            history: dataset that ends where the simulation starts; its last ``tau_max`` steps are read.
            steps: steps to simulate.
            do: interventions, variable to a number, an array over the steps, a DataArray over ``time`` and
                panel dimensions, or a function of the DataArray of times; NaN leaves a step free.
            drivers: scenario of exogenous variables, same forms; a driver that is not given is simulated from
                its own mechanism and residuals.
            draws: draws of parameters and noise.
            quantiles: quantiles to return; all draws where None.
            seed: of the draws.

        Returns:
            each variable over (quantile or draw, panel dimensions, time).

        Raises:
            ModelError: unknown variables, values that do not fit the steps, a driver that others cause.
            DataError: a history that is too short or has gaps where a parent is read.
            ConfigError: no steps.
        """
        if steps < 1:
            raise ConfigError(f"steps={steps}", "rollout", "choose 1 or more")
        do, drivers = dict(do or {}), dict(drivers or {})
        series, rows, values = self._read(history)
        self._check_drivers(do, drivers)
        past = self._past(values)
        time = following(series.time, steps)
        target = _canvas(series, time)
        held = held_values(drivers, self.names, target, None, "drivers")
        acted = held_values(do, self.names, target, None, "do")
        held = self._standard(np.where(np.isfinite(acted), acted, held), rows)
        fixed = np.isfinite(held)
        rng, found = np.random.default_rng(seed), []
        for part in self._parts(len(rows), draws, steps):
            noise = self._noise(rng, draws, steps, rows[part])
            arrays = (past[part], noise, np.nan_to_num(held[part]), fixed[part])
            found.append(quantiles_of(self._run(paths, draws, *arrays), quantiles))
        result = self._natural(np.concatenate(found, axis=1), rows)
        told = {"made_by": "rollout", "draws": draws, "do": listing(do), "drivers": listing(drivers)}
        return frame(self, series, time, {"": result}, quantiles, told)

    def counterfactual(
        self,
        ds: xr.Dataset,
        do: Mapping[str, Any],
        *,
        draws: int = 400,
        quantiles: Sequence[float] | None = QUANTILES,
        seed: int = 0,
    ) -> xr.Dataset:
        """Return what the observed path would have been, had some variables been set.

        The residuals of the observed path are kept (abduction), the variables set (action), and the path run
        again (prediction) [@pearl2009]. Where all was observed the parameters alone are uncertain; where a value
        is missing its noise is drawn from residuals, given the past and not the future. The interval of networks
        does not hold what all members miss alike, far from what was seen together: there it is too narrow.
        Quantiles of a record without gaps are those of the members, each run once: below 19 members there is no
        90 % interval, and the outermost members stand for it.

        Args:
            ds: observed dataset.
            do: interventions as in `rollout`; a function takes the observed DataArray of its variable, and NaN
                leaves a step as it comes (``lambda x: x.where(x.time < t0, 0.0)`` is no such gap: it sets the
                observed value before ``t0``).
            draws: draws of parameters and missing noise; as many as members for quantiles without gaps.
            quantiles: quantiles to return; all draws where None.
            seed: of the draws.

        Returns:
            each variable over (quantile or draw, panel dimensions, time), and ``<variable>_difference``, the
            counterfactual less the factual path.
        """
        series, rows, values = self._read(ds)
        tau, total = self.structure.tau_max, values.shape[1]
        if total <= tau:
            raise DataError(f"{total} steps for lags of {tau}", "dataset", "give a longer record")
        target = _canvas(series, series.time)
        seen = {n: ds[n].transpose(*series.dims, "time", missing_dims="ignore") for n in self.names}
        acted = self._standard(held_values(do, self.names, target, seen, "do"), rows)
        fixed = np.isfinite(acted)
        acted = np.nan_to_num(acted)
        if quantiles is not None and np.isfinite(values).all():
            draws = self.members  # further draws would repeat them, and pass for more than there are
        rng, found, apart = np.random.default_rng(seed), [], []
        for part in self._parts(len(rows), draws, total):
            first = _filled(rng, values[part], tau, draws)
            start = np.where(fixed[part, :tau], acted[part, :tau], first)
            noise = self._noise(rng, draws, total - tau, rows[part])
            arrays = (first[:, :, ::-1], values[part, tau:], noise, acted[part, tau:], fixed[part, tau:])
            fact, other = self._run(counterfactual_paths, draws, *arrays, start[:, :, ::-1])
            fact = np.concatenate([first, fact], axis=2)
            other = np.concatenate([start, other], axis=2)
            found.append(quantiles_of(other, quantiles))
            apart.append(quantiles_of(other - fact, quantiles))
        result = self._natural(np.concatenate(found, axis=1), rows)
        difference = np.concatenate(apart, axis=1) * self.scale
        told = {"made_by": "counterfactual", "draws": draws, "do": listing(do)}
        return frame(self, series, series.time, {"": result, "_difference": difference}, quantiles, told)

    def _read(self, ds: xr.Dataset) -> tuple[Series, np.ndarray, np.ndarray]:
        """Return the series, the fit's row of each of its members (-1 for none), and standardised values."""
        series = read(ds, self.names)
        known = {label: k for k, label in enumerate(self.labels)}
        same = series.dims == self.dims
        rows = [known.get(label, -1) if same else -1 for label in (series.labels if series.dims else [()])]
        if len(self.centre) > 1 and -1 in rows:
            raise DataError(
                "a member of the panel was not there when each member's mean was taken",
                "dataset",
                "give members of the fit, or fit with centre='all'",
            )
        index = np.array(rows)
        return series, index, self._standard(series.values, index)

    def _middle(self, rows: np.ndarray) -> np.ndarray:
        return self.centre[rows][:, None] if len(self.centre) > 1 else self.centre[:, None]

    def _standard(self, values: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return (values - self._middle(rows)) / self.scale

    def _natural(self, values: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return values * self.scale + self._middle(rows)

    def _check_drivers(self, do: Mapping[str, Any], drivers: Mapping[str, Any]) -> None:
        both = sorted(set(do) & set(drivers))
        if both:
            raise ModelError(f"'{both[0]}' is both set and a driver", "rollout", "name it under one of them")
        caused = self.structure.exogenous(n for n in drivers if n in self.names)
        if caused:
            raise ModelError(
                f"the driver '{caused[0]}' has causes in the graph that are no drivers",
                "rollout",
                "set it with do=, or give its causes as drivers too",
            )

    def _past(self, values: np.ndarray) -> np.ndarray:
        """Return the last values, newest first; what no variable reads may be missing."""
        tau = self.structure.tau_max
        if values.shape[1] < tau:
            raise DataError(f"a history of {values.shape[1]} steps", "history", f"give at least {tau}")
        past = values[:, values.shape[1] - tau :][:, ::-1]
        # what is read at lag k now is read at lag k - 1 of the history's end, and older values sooner
        used = np.flip(np.cumsum(np.flip(self.structure.mask[:, 1:].any(0), 0), 0), 0) > 0
        hole = np.isnan(past) & used
        if hole.any():
            name = self.names[int(np.argwhere(hole)[0, -1])]
            raise DataError(
                f"'{name}' is missing at the end of the history", "history", "end it earlier or fill it"
            )
        return np.nan_to_num(past)

    def _parts(self, count: int, draws: int, steps: int) -> Iterator[slice]:
        """Yield parts of the panel that fit in memory."""
        size = max(1, LARGEST // max(1, draws * steps * len(self.names)))
        return (slice(i, min(i + size, count)) for i in range(0, count, size))

    def _noise(self, rng: np.random.Generator, draws: int, steps: int, rows: np.ndarray) -> np.ndarray:
        return blocks.noise(rng, self.residuals, self.block, draws, steps, rows)

    def _wide(self) -> Mechanism:
        return jax.tree.map(lambda a: np.asarray(a, float), self.mechanisms)

    def _mask(self) -> np.ndarray:
        return self.structure.flat.astype(float)

    def _run(self, function: Callable[..., Any], draws: int, *arrays: np.ndarray) -> Any:
        with jax.enable_x64(True):
            member = np.arange(draws) % self.members
            depth = np.asarray(self.structure.depth, np.int32)
            found = function(self._wide(), member, self._mask(), depth, *arrays)
            return jax.tree.map(np.asarray, found)


def _canvas(series: Series, time: np.ndarray) -> xr.DataArray:
    import xarray as xr

    coords = {**series.coords, "time": time}
    return xr.DataArray(np.zeros((*series.shape, len(time))), coords, (*series.dims, "time"))


def _filled(rng: np.random.Generator, values: np.ndarray, tau: int, draws: int) -> np.ndarray:
    """Return the first steps of each draw, ``(draw, series, tau, variable)``; gaps are drawn from the record."""
    first = np.broadcast_to(values[:, :tau], (draws, len(values), tau, values.shape[-1])).copy()
    for index, k in np.argwhere(np.isnan(values[:, :tau]).any(1)):
        own = values[index, :, k]
        own = own[np.isfinite(own)]
        part = first[:, index, :, k]
        hole = np.isnan(part)
        part[hole] = rng.choice(own, hole.sum()) if own.size else 0.0
    return first
