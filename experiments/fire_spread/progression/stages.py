"""Stages of a fire with timed perimeters: what was left out, three methods of assimilation, forecasts, results."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from data.errors import ConfigError
from data.provenance import input_files

from ...context import Context
from ...respiration.stages import load, save
from . import results
from .config import Progression
from .opening import Perimeters, TimedFire, make_timed, read_files

Found = dict[str, np.ndarray]


def effective(config: Progression, quick: bool) -> Progression:
    """The configuration that a run follows."""
    if not quick:
        return config
    small = config.quick
    members = min(config.members, small.members)
    return config.model_copy(
        update={
            "members": members,
            "kalman": min(config.kalman, members),
            "stages": 1,
            "steps": min(config.steps, small.steps),
            "posterior": config.posterior and small.posterior,
            "left_out": config.left_out and small.left_out,
            "resamples": min(config.resamples, small.resamples),
        }
    )


def check(config: Progression) -> None:
    """Raise ConfigError where settings do not go together."""
    times = {}
    for key in ("first", "analysed", "last"):
        try:
            times[key] = np.datetime64(getattr(config, key), "s")
        except ValueError:
            raise ConfigError(
                f"'{getattr(config, key)}' is no date and time",
                f"progression.{key}",
                "write 2001-10-16T13:00",
            ) from None
    for early, late in (("first", "analysed"), ("analysed", "last")):
        if times[early] >= times[late]:
            raise ConfigError(
                f"'{early}' is not before '{late}'",
                f"progression.{late}",
                "choose perimeters in the order of time",
            )
    if not config.widening or any(not np.isfinite(v) or v < 0.0 for v in config.widening):
        raise ConfigError(
            "an error of a front is below zero, or there is none",
            "progression.widening",
            "give metres per hour",
        )
    if not config.pace or any(not np.isfinite(v) or v < 0.0 for v in config.pace):
        raise ConfigError(
            "an error of rates is below zero, or there is none",
            "progression.pace",
            "give standard deviations",
        )
    for name in type(config.beliefs).model_fields:
        belief = getattr(config.beliefs, name)
        where = f"progression.beliefs.{name}.centre"
        if belief.kind == "positive" and not belief.centre > 0.0:
            raise ConfigError(
                f"the median {belief.centre:g} is not above zero", where, "give a factor above zero"
            )
        if belief.kind == "bounded" and not 0.0 < belief.centre < 1.0:
            raise ConfigError(f"the median {belief.centre:g} is not between 0 and 1", where, "give a share")


def plan_rows(config: Progression, data: Path | None) -> list[tuple[str, str]]:
    """Rows of the plan: stage and what it does."""
    if not wanted(config, data):
        return [("progression", "left out: there is no folder of a fire with timed perimeters")]
    place = str(data / str(config.folder)) if data else "a synthetic fire of known truth"
    more = f", {config.draws} draws of numpyro" if config.posterior else ""
    return [
        (
            "progression",
            f"{place}: perimeters of {config.first} to {config.analysed} assimilated by gradient, "
            f"{config.kalman} members of a Kalman smoother{more}; forecasts to {config.last} with and without",
        )
    ]


def wanted(config: Progression, data: Path | None) -> bool:
    """Whether there is such a fire."""
    return config.folder is not None and (data is None or (data / config.folder).is_dir())


def opened(
    config: Progression, data: Path | None, seed: int
) -> tuple[tuple[TimedFire, Perimeters] | None, list[dict[str, str]]]:
    """The fire of the folder, or a synthetic one, with its perimeters, and path and sha256 of what was read."""
    if not wanted(config, data):
        return None, []
    if data is None:
        from .made import make

        return make(config, seed), []
    folder = data / str(config.folder)
    ds, weather, lookup, paths = read_files(folder)
    files = [{"path": f["path"], "sha256": f["sha256"]} for f in input_files(paths)]
    return make_timed(str(config.folder), ds, weather, lookup, config), files


def run_all(
    context: Context, config: Progression, fire: TimedFire, perimeters: Perimeters, seed: int
) -> None:
    """Do the stages that are not done yet.

    Only perimeters up to the last assimilated one are in ``fire``; the later ones are read by the results alone.
    """
    from . import learn

    near = fire.cut(config.near)
    every = list(range(len(fire.seconds) - 1))

    def stage(name: str, work: Callable[[], Found]) -> Found:
        full = f"progression_{name}"
        with context.stage(full) as todo:
            if todo:
                save(context.folder, full, work())
        return load(context.folder, full)

    left = stage("left_out", lambda: left_out(near, config, seed))
    found = {"gradient": stage("gradient", lambda: learn.gradient(near, config, every, seed))}
    found["kalman"] = stage("kalman", lambda: learn.kalman(near, config, every, seed))
    if config.posterior:
        found["posterior"] = stage(
            "posterior", lambda: learn.sampled(near, config, every, seed, found["gradient"])
        )
    later = perimeters.seconds[perimeters.analysed + 1 :]
    ahead = stage("forecast", lambda: forecasts(fire, config, found, left, later, seed))
    with context.stage("progression_results") as todo:
        if todo:
            results.write(context.folder, config, fire, perimeters, found, left, ahead)


def left_out(fire: TimedFire, config: Progression, seed: int) -> Found:
    """Forecasts of every assimilated interval by what the others taught, and by the priors.

    Levels are (interval, member, y, x), those of what was taught (pace, interval, member, y, x), and "whole" those of
    the same members from all of the perimeter; none where the configuration says so, or with one interval alone.
    """
    from . import learn
    from .ahead import forecast_from
    from .edges import drawn, paced, probable

    every, hours = range(len(fire.seconds) - 1), len(fire.times)
    if not config.left_out or len(every) < 2:
        return {}
    scheme = learn.scheme_of(config)
    out: dict[str, list[np.ndarray]] = {
        n: [] for n in ("taught", "mode", "whole", "whole_mode", "prior", "middle")
    }
    draws = learn.prior_members(config, hours, seed)
    for k in every:
        others = [j for j in every if j != k]
        found = learn.gradient(fire, config, others, seed)
        members, mode = (learn.members_of(found, config, mode=m) for m in (False, True))
        some, most = drawn(fire, config, k, others, seed), probable(fire, config, k, others)

        def run(values: Any, lit: Any = None, k: int = k) -> np.ndarray:
            return forecast_from(fire, k, values, [fire.seconds[k + 1]], scheme, lit).level[:, 0]

        out["taught"].append(np.stack([run(paced(members, sd, seed), some) for sd in config.pace]))
        out["mode"].append(run(mode, most))
        out["whole"].append(run(members))
        out["whole_mode"].append(run(mode))
        out["prior"].append(run(draws))
        out["middle"].append(run(learn.centre(config, hours)))
    return {n: np.stack(v, axis=1 if n == "taught" else 0) for n, v in out.items()}


def forecasts(
    fire: TimedFire, config: Progression, found: dict[str, Found], left: Found, later: np.ndarray, seed: int
) -> Found:
    """Burned area and burn probability after the last assimilated perimeter, of each way to forecast."""
    from . import learn
    from .ahead import forecast_from
    from .edges import drawn, paced, probable

    last, hours, scheme = len(fire.seconds) - 1, len(fire.times), learn.scheme_of(config)
    taught = corrections(fire.cut(config.near), config, left)
    lead = (later - fire.seconds[last]) / 3600.0
    middle, draws = learn.centre(config, hours), learn.prior_members(config, hours, seed)
    every = list(range(last))
    most, some = probable(fire, config, last, every), drawn(fire, config, last, every, seed)
    single = {
        "gradient": (last, learn.members_of(found["gradient"], config, mode=True), most),
        "edge": (last, middle, most),
        "prior": (last, middle, None),
        "open": (0, middle, None),
        "prior_flat": (last, middle | {"terrain": np.zeros((1,), np.float32)}, None),
    }
    many = {n: (last, _first(learn.members_of(f, config), config.members), some) for n, f in found.items()}
    many |= {"edge": (last, draws, some), "prior": (last, draws, None), "open": (0, draws, None)}
    out: Found = {}
    for name, (k, values, lit) in single.items():
        ahead = forecast_from(fire, k, values, later, scheme, lit)
        out[f"burned_{name}"] = ahead.burned[0]
        out[f"arrival_{name}"] = ahead.arrival[0]
    for name, (k, values, lit) in many.items():
        ahead = forecast_from(fire, k, values, later, scheme, lit)
        out[f"chance_{name}"] = ahead.probability().astype(np.float32)
        if name in ("open", "edge") or taught is None:
            continue
        fix = taught["prior" if name == "prior" else "taught"]
        if fix.pace > 0.0:
            ahead = forecast_from(fire, k, paced(values, fix.pace, seed), later, scheme, lit)
        out[f"wide_{name}"] = ahead.probability(fix.speed * lead).astype(np.float32)
        if fix.curve is not None:
            out[f"corrected_{name}"] = fix.curve(out[f"wide_{name}"]).astype(np.float32)
    return out


def corrections(fire: TimedFire, config: Progression, left: Found) -> dict[str, Any] | None:
    """Corrections of burn probability from left-out intervals, of what was taught and of the priors."""
    from hybrid.fire.assimilation import Forecast

    from .judge import Left, correction, judged

    if not left:
        return None

    def held(levels: np.ndarray) -> list[Left]:
        out = []
        for k, level in enumerate(levels):
            ahead = Forecast(fire.seconds[k + 1 : k + 2], level[:, None], np.empty(0), fire.grid.width)
            hours = float(fire.seconds[k + 1] - fire.seconds[k]) / 3600.0
            out.append(Left(ahead, fire.burned[k + 1], judged(fire, k, config.judged), hours))
        return out

    taught = {sd: held(v) for sd, v in zip(config.pace, left["taught"], strict=True)}
    return {
        "taught": correction(taught, config.widening, config.trust),
        "prior": correction({0.0: held(left["prior"])}, config.widening, config.trust),
    }


def _first(values: dict[str, Any], number: int) -> dict[str, Any]:
    return {n: v[:number] for n, v in values.items()}


__all__ = ["check", "corrections", "effective", "opened", "plan_rows", "run_all", "wanted"]
