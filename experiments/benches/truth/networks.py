"""Other real data whose links are known or agreed on: simulated brain networks, the Walker cell, climate modes, rivers.

Settings are fixed beforehand: orders below, conditions of the null worlds, the delay score's weights of simulated
rivers. The three small sets have few links: their numbers show whether a method agrees with physics, not which is best.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from causal.timing import delay_scores

from ... import bench
from . import peers
from .scores import auroc

SMALL = 15
"""Brain networks of more nodes are left out: VARLiNGAM takes hours on them."""
FEEDBACK = ("w700_wpac", "w700_cpac")
"""Assumed feedback of the Walker cell, of a lag that is not stated: neither counted as a link nor as none."""
MODES = (
    ("WWV", "Nino34"),
    ("Nino34", "WWV"),
    ("NPMM", "Nino34"),
    ("Nino34", "IOB"),
    ("Nino34", "TNA"),
)
"""Links between climate modes that are agreed on: recharge and discharge, the North Pacific mode as a forerunner,
and the Indian and Atlantic oceans' warming after an event. That the others count as none is an assumption."""

Score = Callable[[np.ndarray], np.ndarray]


def scores(lags: int, delay: int, outside: np.ndarray | None = None) -> dict[str, Score]:
    """Methods by name, each from series [T, N] to scores [N, N]."""
    lingam = {f"VARLiNGAM({lags})": lambda x: peers.var_lingam(x, lags)} if peers.has_lingam() else {}
    return {
        f"VAR({lags})": lambda x: peers.var_granger(x, lags, signed=False),
        **lingam,
        "PCMCI": lambda x: peers.momentary([x], lags, "pcmci", outside)[0][0],
        "PCMCI+": lambda x: peers.momentary([x], lags, "pcmci+", outside)[0][0],
        "delay score": lambda x: delay_scores(x, delay).odds,
    }


def brains(data: Path, quick: bool) -> list[bench.Row]:
    """Mean AUROC over simulated fMRI networks [@smith2011network] of at most `SMALL` nodes."""
    import pandas as pd

    folder = data / "causal" / "fmri_netsim"
    links = pd.read_csv(folder / "ground_truth.csv")
    found: dict[tuple[str, str], list[float]] = {}
    for number in range(1, 4 if quick else 29):
        frame = pd.read_csv(folder / f"sim{number:02d}.csv.gz")
        if frame.shape[1] > SMALL:
            continue
        x, names = frame.to_numpy(dtype=float), list(frame.columns)
        truth = np.zeros((len(names),) * 2, dtype=int)
        mine = links.query("sim == @number")
        for cause, effect in zip(mine["cause"], mine["effect"], strict=True):
            truth[names.index(cause), names.index(effect)] = int(cause != effect)
        for method, score in scores(1, 5).items():
            for unit, y in _units(x):
                found.setdefault((method, unit), []).append(auroc(truth, score(y)))
    return [
        bench.Row(f"fMRI networks, {method}, {unit}, {len(v)} simulations", float(np.mean(v)), "AUROC")
        for (method, unit), v in found.items()
    ]


def walker(data: Path) -> list[bench.Row]:
    """The Walker cell: rising air over the central Pacific drives winds, and they the rising air of the west."""
    import xarray as xr

    names = ["w700_cpac", "u10m_wcpac", "w700_wpac"]
    with xr.open_dataset(data / "causal" / "walker_circulation.nc") as ds:
        frame = ds[[*names, "nino34"]].to_dataframe().dropna()
    x = frame.to_numpy(dtype=float)
    months = frame.index.month.to_numpy()  # type: ignore[attr-defined]
    first = int(np.argmax(months % 2 == 1))
    x, months = x[first:], months[first:]
    pairs = len(x) // 2
    x, start = x[: 2 * pairs].reshape(pairs, 2, -1).mean(1), months[: 2 * pairs : 2]
    outside = ~np.isin(start, (11, 1)) | (x[:, 3] > 0.5)
    x = _anomalies(_detrended(x[:, :3], 15 * 6), start)
    truth = np.zeros((3, 3), dtype=int)
    truth[0, 1] = truth[1, 2] = 1
    counted = np.ones((3, 3), dtype=bool)
    counted[names.index(FEEDBACK[0]), names.index(FEEDBACK[1])] = False
    return _table("Walker cell (2 links, 3 pairs without)", x, truth, scores(2, 6, outside), counted)


def modes(data: Path) -> list[bench.Row]:
    """Climate modes by month: do the links that are agreed on rank above the others?"""
    import xarray as xr

    with xr.open_dataset(data / "causal" / "enso_modes_oras5.nc") as ds:
        frame = ds.to_dataframe().dropna()
    names = [str(c) for c in frame.columns]
    truth = np.zeros((len(names),) * 2, dtype=int)
    for cause, effect in MODES:
        truth[names.index(cause), names.index(effect)] = 1
    x = _anomalies(frame.to_numpy(dtype=float), frame.index.month.to_numpy())  # type: ignore[attr-defined]
    return _table(f"climate modes ({len(MODES)} agreed links of 90 pairs)", x, truth, scores(3, 12))


def danube(data: Path) -> list[bench.Row]:
    """Three gauges by day: Kempten flows to Dillingen, Lenggries to neither."""
    import xarray as xr

    with xr.open_dataset(data / "causal" / "danube_discharge.nc") as ds:
        x = ds["discharge"].transpose("time", "station").to_pandas().interpolate(limit_direction="both")
    names = [str(c) for c in x.columns]
    truth = np.zeros((3, 3), dtype=int)
    truth[names.index("kempten"), names.index("dillingen")] = 1
    return _table("upper Danube (1 link of 6 pairs)", x.to_numpy(dtype=float), truth, scores(3, 7))


def rows(data: Path, quick: bool) -> list[bench.Row]:
    """Rows of all these sets."""
    return [*brains(data, quick), *walker(data), *modes(data), *danube(data)]


def _table(
    what: str, x: np.ndarray, truth: np.ndarray, methods: dict[str, Score], counted: np.ndarray | None = None
) -> list[bench.Row]:
    """One row per method and unit."""
    return [
        bench.Row(f"{what}, {method}, {unit}", auroc(truth, score(y), counted), "AUROC")
        for method, score in methods.items()
        for unit, y in _units(x)
    ]


def _units(x: np.ndarray) -> tuple[tuple[str, np.ndarray], ...]:
    """The series as they are, and standardised."""
    return ("raw", x), ("standardised", peers.standardised(x))


def _detrended(x: np.ndarray, width: float) -> np.ndarray:
    """Series less a Gaussian mean of a standard deviation of ``width`` steps."""
    from scipy.ndimage import gaussian_filter1d

    return x - gaussian_filter1d(x, width, axis=0)


def _anomalies(x: np.ndarray, season: np.ndarray) -> np.ndarray:
    """Series less the mean of each season over the record."""
    out = x.copy()
    for s in np.unique(season):
        out[season == s] -= x[season == s].mean(0)
    return out
