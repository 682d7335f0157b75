"""Attributions of droughts as a Dataset, and the numbers that the report says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from data.batches import Panel

from .explain_events import DAYS, RAIN
from .explain_game import DRIVERS, Played
from .explain_memory import lengths
from .explain_trust import likeness, shares

if TYPE_CHECKING:
    import xarray as xr

    from .explain_stage import Case

UNITS = {"gpp": "gC m-2 d-1", "et": "mm d-1"}
Memory = Mapping[str, tuple[np.ndarray, float]]


def dataset(case: Case, panel: Panel, played: Mapping[str, Sequence[Played]], memory: Memory) -> xr.Dataset:
    """Attribution over model, event, target and player; of each member, and by day for rain.

    Each target's values are in the unit that the coordinate ``target_units`` names.
    """
    import xarray as xr

    models, events = list(played), case.events
    most = max(len(p) for p in played.values())
    each = np.full((most, len(models), *played[models[0]][0].attribution.shape), np.nan)
    for k, name in enumerate(models):
        for i, one in enumerate(played[name]):
            each[i, k] = one.attribution
    over = ("model", "event", "target")
    whole = {
        n: (over, np.stack([np.mean([getattr(p, n) for p in played[m]], axis=0) for m in models]))
        for n in ("prediction", "base_value", "efficiency_gap")
    }
    ds = xr.Dataset(
        {
            "attribution": ((*over, "player"), _mean(each)),
            "spread": ((*over, "player"), _spread(each)),
            "member_attribution": (("member", *over, "player"), each),
            **whole,
            "rain": ("event", events.rain),
        },
        {
            "model": models,
            "event": events.names(panel),
            "target": list(case.targets),
            "player": list(case.players.names),
            "site": ("event", [panel.sites[j] for j in events.site]),
            "season": ("event", list(events.season)),
            "end": ("event", panel.dates[events.end, events.site].astype("datetime64[ns]")),
            "driver": ("player", list(case.players.coords["driver"])),
            "lag": ("player", list(case.players.coords["lag"])),
            "target_units": ("target", [UNITS[t] for t in case.targets]),
        },
    )
    if memory:
        ds["rain_by_day"] = (("model", "event", "day"), np.stack([memory[m][0] for m in models]))
        ds["memory_length"] = (
            ("model", "event"),
            np.stack([lengths(memory[m][0], events.site)[0] for m in models]),
        )
        ds["memory_length"].attrs |= {
            "units": "d",
            "long_name": "lag by which 90 % of the absolute attribution to rain is reached",
        }
        ds["rain_by_day"].attrs["long_name"] = "attribution of the first target to the rain of each lag"
    said = {
        "attribution": f"Shapley value of the mean over {DAYS} days, mean over members",
        "spread": "standard deviation of the attribution over members",
        "member_attribution": "attribution of each member",
        "prediction": "mean flux with the event's own weather",
        "base_value": "mean flux with the mean weather of each day of the year",
        "efficiency_gap": "prediction less base value less sum of the attribution",
        "rain": f"rain of the {RAIN} days up to the end relative to the climatology",
    }
    for name, text in said.items():
        ds[name].attrs["long_name"] = text
        ds[name].attrs["units"] = "1" if name == "rain" else "see target_units"
    ds.attrs |= {
        "title": "attribution of drought losses to drivers and lags",
        "method": "exact grouped Shapley",
    }
    return ds


def rows(case: Case, panel: Panel, played: Mapping[str, Sequence[Played]], memory: Memory) -> dict[str, Any]:
    """Numbers of the report: events, means, shares, recovery of the truth, agreement and memory lengths."""
    events, coords = case.events, case.players.coords
    names = events.names(panel)
    attribution = {m: np.mean([p.attribution for p in ps], axis=0) for m, ps in played.items()}
    made: dict[str, Any] = {
        "events": [
            {
                "site": panel.sites[j],
                "season": s,
                "end": str(panel.dates[t, j]),
                "rain": float(r),
            }
            for j, s, t, r in zip(events.site, events.season, events.end, events.rain, strict=True)
        ],
        "targets": list(case.targets),
        "lags": list(dict.fromkeys(coords["lag"])),
        "drivers": list(DRIVERS),
        "members": {m: len(ps) for m, ps in played.items()},
        "changes": [],
        "shares": [],
        "recovery": [],
        "agreement": [],
        "memory": [],
        "gap": {},
    }
    rain = np.array([d == "rain" for d in coords["driver"]])
    for model, values in attribution.items():
        change = np.mean([p.prediction - p.base_value for p in played[model]], axis=0)
        gap = max(float(np.abs(p.efficiency_gap).max()) for p in played[model])
        made["gap"][model] = gap / max(float(np.abs(change).max()), 1e-300)
        for k, target in enumerate(case.targets):
            held = values[:, k]
            worst = int(np.argmin(change[:, k]))
            spread = np.std([p.attribution[:, k] for p in played[model]], axis=0)
            made["changes"].append(
                {
                    "model": model,
                    "target": target,
                    "mean": float(change[:, k].mean()),
                    "base": float(np.mean([p.base_value[:, k] for p in played[model]])),
                    "worst": float(change[worst, k]),
                    "worst_event": names[worst],
                    "by_player": dict(zip(case.players.names, held.mean(0).tolist(), strict=True)),
                    "spread": float(np.sqrt((spread**2).mean()) / max(np.sqrt((held**2).mean()), 1e-300)),
                }
            )
            made["shares"] += [
                {"model": model, "target": target, "by": by, "shares": shares(part, labels)}
                for by, part, labels in (
                    ("driver", held, coords["driver"]),
                    ("lag", held, coords["lag"]),
                    (
                        "lag of rain",
                        held[:, rain],
                        [x for x, r in zip(coords["lag"], rain, strict=True) if r],
                    ),
                )
            ]
    for k, target in enumerate(case.targets):
        pairs = [(m, "truth", "recovery") for m in attribution if m != "truth" and "truth" in attribution]
        if {"hybrid", "gru"} <= set(attribution):
            pairs.append(("gru", "hybrid", "agreement"))
        for model, other, kind in pairs:
            a, b = attribution[model][:, k], attribution[other][:, k]
            made[kind].append(
                {"model": model, "other": other, "target": target}
                | likeness(a, b, coords["lag"])
                | {"misplaced_driver": likeness(a, b, coords["driver"])["misplaced"]}
                | {f"rain_{n}": v for n, v in _rain(a, b, rain, coords["lag"]).items()}
            )
    for model, (by_day, gap) in memory.items():
        length, of_site = lengths(by_day, events.site)
        made["memory"].append(
            {
                "model": model,
                "median": float(np.nanmedian(length)) if np.isfinite(length).any() else float("nan"),
                "sites": {panel.sites[j]: v for j, v in of_site.items()},
                "gap": gap,
            }
        )
    return made


def _rain(a: np.ndarray, b: np.ndarray, rain: np.ndarray, lag: Sequence[str]) -> dict[str, float]:
    return likeness(a[:, rain], b[:, rain], [x for x, r in zip(lag, rain, strict=True) if r])


def _mean(each: np.ndarray) -> np.ndarray:
    return np.nansum(each, axis=0) / np.isfinite(each).sum(0)


def _spread(each: np.ndarray) -> np.ndarray:
    return np.sqrt(_mean((each - _mean(each)) ** 2))
