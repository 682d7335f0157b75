"""Runs as datasets: quantiles or draws of each variable, with its units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from data.errors import ConfigError

if TYPE_CHECKING:
    import xarray as xr

    from .series import Series
    from .structural import StructuralModel

MEANING = {"_difference": "counterfactual less factual"}


def quantiles_of(draws: np.ndarray, quantiles: Sequence[float] | None) -> np.ndarray:
    """Return quantiles over the leading axis, or the draws themselves where None.

    Raises:
        ConfigError: a quantile outside 0 to 1.
    """
    if quantiles is None:
        return draws
    if not quantiles or min(quantiles) < 0 or max(quantiles) > 1:
        raise ConfigError(f"quantiles are {tuple(quantiles)}", "quantiles", "give numbers from 0 to 1")
    # of n draws, a further one lies below the k-th smallest with probability k / (n + 1)
    return np.quantile(draws, np.asarray(quantiles, float), axis=0, method="weibull")


def frame(
    model: StructuralModel,
    series: Series,
    time: np.ndarray,
    results: Mapping[str, np.ndarray],
    quantiles: Sequence[float] | None,
    told: Mapping[str, Any],
) -> xr.Dataset:
    """Return results as a dataset.

    Args:
        model: whose variables they are.
        series: whose panel they are on.
        time: times.
        results: ending of the name to values ``(quantile or draw, member, time, variable)``.
        quantiles: quantiles, or None for draws.
        told: attributes of the dataset.
    """
    import xarray as xr

    lead = "draw" if quantiles is None else "quantile"
    dims = (lead, *series.dims, "time")
    fields = {}
    for ending, values in results.items():
        shaped = values.reshape(values.shape[0], *series.shape, len(time), -1)
        for k, name in enumerate(model.names):
            attrs = {
                a: v for a, v in model.attrs[name].items() if a in ("units", "long_name", "standard_name")
            }
            if ending:
                attrs.pop("standard_name", None)
                attrs["long_name"] = f"{attrs.get('long_name', name)}, {MEANING[ending]}"
            fields[f"{name}{ending}"] = (dims, shaped[..., k], attrs)
    first = np.arange(next(iter(results.values())).shape[0]) if quantiles is None else list(quantiles)
    attrs = {"mechanism": model.kind, "members": model.members, "block": model.block, **told}
    return xr.Dataset(fields, {lead: first, **series.coords, "time": time}, attrs)
