"""How far back an output remembers: the lag by which most of the absolute attribution is reached."""

from __future__ import annotations

import numpy as np
import xarray as xr

SHARE = 0.9
DRAWS = 200


def memory_lengths(found: xr.Dataset, dim: str, share: float = SHARE, seed: int = 0) -> xr.Dataset:
    """Add memory lengths to a time-resolved attribution.

    The absolute attributions of all variables are added up from lag 0 on, in a window evenly over its steps; the memory
    length is the lag at whose end `share` of the whole, the past included, is reached. Noise in estimated attributions
    adds to their absolute values and makes memories longer.

    Args:
        found: result of :func:`time_resolved`.
        dim: dimension of the times.
        share: of the absolute attribution.
        seed: of the draws from the attributions' standard errors.

    Returns:
        The same with ``memory_length``, ``memory_stderr`` (from the attributions' standard errors; 0 where they are
        exact) and ``memory_censored`` for each time; and ``memory_length_overall`` of the mean absolute attribution
        over times, ``memory_stderr_overall`` (jackknife over times; missing for fewer than 3).
    """
    rng = np.random.default_rng(seed)
    order = [dim, *(["output"] if "output" in found.dims else [])]
    value = found["attribution"].transpose(*order, "lag", "variable").values
    error = found["stderr"].transpose(*order, "lag", "variable").values
    past, past_error = (found[n].transpose(*order).values for n in ("past", "past_stderr"))
    first, last = found["lag_first"].values.astype(float), found["lag"].values.astype(float)
    start = found["past_from"].values.reshape(-1, *[1] * (past.ndim - 1))
    start = np.broadcast_to(np.where(np.isfinite(start), start, last[-1] + 1), past.shape)

    def lengths(v: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return reach(np.nansum(np.abs(v), axis=-1), np.abs(p), start, first, last, share)

    length, censored = lengths(value, past)
    drawn = [
        lengths(
            value + error * rng.standard_normal(value.shape),
            past + past_error * rng.standard_normal(past.shape),
        )[0]
        for _ in range(DRAWS if np.nansum(error) > 0 else 0)
    ]
    stderr = np.std(drawn, axis=0, ddof=1) if drawn else np.zeros_like(length)
    size, far = np.nansum(np.abs(value), axis=-1), np.abs(past)

    def overall(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return reach(size[rows].mean(0), far[rows].mean(0), start[rows].min(0), first, last, share)

    count = len(size)
    every = np.arange(count)
    whole, whole_censored = overall(every)
    if count >= 3:
        left = np.array([overall(np.delete(every, i))[0] for i in every])
        spread = np.sqrt((count - 1) / count * ((left - left.mean(0)) ** 2).sum(0))
    else:
        spread = np.full_like(whole, np.nan)
    out = found.assign(
        memory_length=(order, length),
        memory_stderr=(order, stderr),
        memory_censored=(order, censored),
        memory_length_overall=(order[1:], whole),
        memory_stderr_overall=(order[1:], spread),
        memory_censored_overall=(order[1:], whole_censored),
    )
    for name in ("memory_length", "memory_stderr", "memory_length_overall", "memory_stderr_overall"):
        out[name].attrs["units"] = "steps"
    return out


def reach(
    size: np.ndarray, past: np.ndarray, start: np.ndarray, first: np.ndarray, last: np.ndarray, share: float
) -> tuple[np.ndarray, np.ndarray]:
    """The lag by which a share of all is reached, and whether that lies in the past.

    Args:
        size: absolute attribution of each window, (..., lag).
        past: of the past, (...).
        start: first lag of the past, (...).
        first: first lag of each window, (lag,).
        last: last lag of each window, (lag,).
        share: of the whole.

    Returns:
        Lag in steps, missing where there is no attribution at all; the start of the past where it lies there. And truth
        values of that.
    """
    held = size.cumsum(-1)
    aim = share * (held[..., -1] + past)
    at = (held < aim[..., None] * (1 - 1e-12)).sum(-1)
    censored = at >= size.shape[-1]
    inside = np.minimum(at, size.shape[-1] - 1)
    mine = np.take_along_axis(size, inside[..., None], -1)[..., 0]
    before = np.take_along_axis(held, inside[..., None], -1)[..., 0] - mine
    part = np.divide(aim - before, mine, out=np.ones_like(aim), where=mine > 0)
    lag = first[inside] - 1 + part * (last[inside] - first[inside] + 1)
    lag = np.where(censored, start, np.maximum(lag, 0.0))
    nothing = held[..., -1] + past <= 0
    return np.where(nothing, np.nan, lag), censored & ~nothing
