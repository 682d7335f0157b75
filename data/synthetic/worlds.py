"""Virtual sites: weather, a process model with known parameters, known noise and gaps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..errors import ConfigError, DataError, listing
from ..variables import REGISTRY

if TYPE_CHECKING:
    import xarray as xr

GAP_LENGTH = 5.0
"""Mean length of a gap [d]."""


def virtual_sites(
    weather: xr.Dataset,
    simulate: Callable[[xr.Dataset], Mapping[str, xr.DataArray]],
    noise: Mapping[str, float] | None = None,
    gaps: float = 0.0,
    seed: int = 0,
    truth: bool = False,
) -> xr.Dataset:
    """Add the observations of a simulated world to its weather.

    Args:
        weather: dataset (site, time) of `weather`.
        simulate: takes the weather, returns target -> DataArray (site, time), registry units, no noise.
        noise: target -> relative random error [1]; the error of a day is normal with this share of the
            absolute flux as standard deviation, for the random error of eddy fluxes grows in proportion to
            the flux [@hollinger2005uncertainty]. A target not named has none. With noise, `<target>_unc`
            states the standard deviation.
        gaps: fraction of target days that are missing, in runs of 5 days on average [1].
        seed: seed of noise and gaps.
        truth: whether to keep the noise-free values as `<target>_true`.

    Returns:
        The weather with the targets, float32.

    Raises:
        ConfigError: for noise on a target that is not simulated, negative noise, or gaps outside 0 to 1.
        DataError: where simulated values are not finite or not on the weather's sites and days.
    """
    noise = dict(noise or {})
    if not 0.0 <= gaps < 1.0:
        raise ConfigError(
            f"gaps={gaps} is out of bounds", "synthetic.virtual_sites", "choose 0 to less than 1"
        )
    found = dict(simulate(weather))
    for name, level in noise.items():
        if name not in found:
            raise ConfigError(
                f"noise is set for '{name}', which is not simulated",
                "synthetic.virtual_sites",
                f"simulated are {listing(found)}",
            )
        if not level >= 0.0:
            raise ConfigError(f"noise of '{name}' is {level}", "synthetic.virtual_sites", "choose 0 or more")
    rng = np.random.default_rng(np.random.SeedSequence([seed, 1]))
    shape = (weather.sizes["site"], weather.sizes["time"])
    added: dict[str, tuple] = {}
    for name in sorted(found):
        known = REGISTRY.get(name)
        attrs = known.attributes() if known else dict(found[name].attrs)
        values = _values(found[name], name, shape)
        level = noise.get(name, 0.0)
        error = rng.standard_normal(shape)
        missing = gap_mask(shape, gaps, rng)
        observed = values + level * np.abs(values) * error
        added[name] = (("site", "time"), np.where(missing, np.nan, observed).astype(np.float32), attrs)
        if level > 0.0:
            spread = np.where(missing, np.nan, level * np.abs(values)).astype(np.float32)
            unit = {"units": attrs.get("units", "1"), "long_name": f"uncertainty of {name}"}
            added[name + "_unc"] = (("site", "time"), spread, unit)
        if truth:
            label = {**attrs, "long_name": f"{name} without noise"}
            added[name + "_true"] = (("site", "time"), values.astype(np.float32), label)
    result = weather.assign(added)
    told = ", ".join(f"{n} {noise.get(n, 0.0):g}" for n in sorted(found))
    result.attrs["title"] = "Virtual sites with known truth"
    result.attrs["history"] = (
        f"{weather.attrs.get('history', '')}\n"
        f"targets simulated; relative noise: {told}; gaps {gaps:g}; seed {seed}"
    )
    return result


def gap_mask(shape: tuple[int, int], fraction: float, rng: np.random.Generator) -> np.ndarray:
    """Return missing days, bool (site, time), a Markov chain with mean run of 5 days."""
    missing = np.zeros(shape, dtype=bool)
    if fraction <= 0.0:
        return missing
    leave = 1.0 / GAP_LENGTH
    enter = min(leave * fraction / (1.0 - fraction), 1.0)
    draw = rng.random(shape)
    state = draw[:, 0] < fraction
    missing[:, 0] = state
    for i in range(1, shape[1]):
        state = np.where(state, draw[:, i] >= leave, draw[:, i] < enter)
        missing[:, i] = state
    return missing


def _values(array: xr.DataArray, name: str, shape: tuple[int, int]) -> np.ndarray:
    if set(array.dims) != {"site", "time"} or tuple(array.sizes[d] for d in ("site", "time")) != shape:
        raise DataError(
            f"the simulated '{name}' has dimensions {dict(array.sizes)}",
            "synthetic.virtual_sites",
            f"return (site, time) of {shape[0]} x {shape[1]}",
        )
    values = array.transpose("site", "time").values.astype(np.float64)
    if not np.isfinite(values).all():
        raise DataError(
            f"the simulated '{name}' has {int((~np.isfinite(values)).sum())} values that are not finite",
            "synthetic.virtual_sites",
            "check the parameters",
        )
    return values
