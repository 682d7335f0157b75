"""Do intervals of do(...) hold, and does a graph's mask help when drivers shift? Shown on worlds that are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from data.synthetic.interventions import World, intervention_world

from .fitting import fit
from .network import Network
from .structural import StructuralModel

if TYPE_CHECKING:
    import xarray as xr

NOMINAL = 0.9
SAMPLES, STEPS, STARTS, FUTURES, TRUTHS = 400, 12, 4, 10, 400
SHIFT = 2.0
"""How far the driver is moved, and the follower is held the other way by half of it [standard deviations]."""
CASES = (("linear", "linear"), ("nonlinear", "network"))
"""Kind of world and mechanism: the claim is made where the mechanism can hold the truth."""
OTHER_CASES = (("linear", "network"), ("nonlinear", "linear"))


def study(
    worlds: int = 40,
    seed: int = 0,
    quick: bool = False,
    network: Network | None = None,
    cases: Sequence[tuple[str, str]] = CASES,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Measure intervals and errors of structural models under interventions that code carried out.

    In each world a model is fitted to one record of 400 steps with the true graph. Coverage: the follower is
    set to a value inside its range, and 90 % intervals of the 12 steps after fresh histories are held against
    10 true futures each. Shift: the driver is moved by 2 standard deviations and the follower held at -1, which
    breaks their correlation; the model's mean is held against the mean of 400 true futures, as a share of each
    variable's standard deviation. The unconstrained networks are the same, with the same training and the same
    choice of penalties by validation: one reads all lags of all variables and both given variables at lag 0,
    one all that is not later in a true causal order. The ratio takes whichever does better over all worlds.

    Args:
        worlds: number of worlds per case.
        seed: the first world's seed.
        quick: at most 4 worlds a case.
        network: settings of all networks.
        cases: kind of world and mechanism; `OTHER_CASES` are those in which a network has nothing to bend, and
            in which a line cannot hold the truth.
        progress: called with done and total worlds.

    Returns:
        ``coverage``, ``coverage_shift`` and ``coverage_counterfactual`` by case with the standard error over
        worlds, ``error`` by model, ``ratio``, and per-world ``rows``.
    """
    network = network or Network()
    count = min(worlds, 4) if quick else worlds
    total, done, rows = len(cases) * count, 0, []
    for kind, mechanism in cases:
        for number in range(seed, seed + count):
            world = intervention_world(number, kind)  # type: ignore[arg-type]
            rows.append(_row(world, kind, mechanism, network, number))
            done += 1
            if progress is not None:
                progress(done, total)
    return _summary(rows)


def unconstrained(world: World) -> dict[str, np.ndarray]:
    """Return graphs that forbid nothing: all lags with the given variables' present, and a full causal order."""
    count, size = len(world.names), world.tau_max + 1
    lagged = np.full((count, count, size), "-->", "<U3")
    lagged[:, :, 0] = ""
    ordered = lagged.copy()
    lagged[:2, 2:, 0] = "-->"
    lagged[0, 1, 0] = "-->"
    ordered[:, :, 0] = np.where(np.triu(np.ones((count, count), bool), 1), "-->", "")
    return {"lagged": lagged, "ordered": ordered}


def _row(world: World, kind: str, mechanism: str, network: Network, number: int) -> dict[str, Any]:
    rng = np.random.default_rng([number, 1])
    ds = world.observe(rng, SAMPLES)
    chosen: Any = network if mechanism == "network" else mechanism
    model = fit(world.graph, ds, chosen, names=world.names, seed=number)
    row: dict[str, Any] = {"kind": kind, "mechanism": mechanism, "world": number}
    spread = np.array([float(ds[n].std()) for n in world.names])
    level = float(ds["follower"].mean()) + rng.uniform(-1.5, 1.5) * spread[1]
    pasts = np.stack([_path(world, rng)[-world.tau_max :] for _ in range(STARTS)])
    history = _histories(world, pasts)
    run = model.rollout(history, STEPS, do={"follower": level}, seed=number)
    free = [0, *range(2, len(world.names))]
    row["coverage"] = _covered(run, world, pasts, {"follower": level}, free, rng)
    row["coverage_counterfactual"] = _counterfactual(model, world, rng)
    shifted = _path(world, rng)[:STEPS, 0] + SHIFT * spread[0]
    do = {"driver": shifted, "follower": float(ds["follower"].mean()) - 0.5 * SHIFT * spread[1]}
    truth = np.stack([world.run(world.draw(rng, TRUTHS, STEPS), p, do).mean(0) for p in pasts])

    def error(model: StructuralModel) -> float:
        # without a graph nothing says that the driver has no causes, so that it is set as well
        run = model.rollout(history, STEPS, do, quantiles=None, seed=number)
        mean = np.stack([run[n].values.mean(0) for n in world.names], axis=-1)
        return float(np.sqrt(np.mean(((mean - truth) / spread)[..., free[1:]] ** 2)))

    run = model.rollout(history, STEPS, {"follower": do["follower"]}, {"driver": shifted}, seed=number)
    row["coverage_shift"] = _covered(run, world, pasts, do, free[1:], rng)
    row["error_masked"] = error(model)
    for name, graph in unconstrained(world).items():
        row[f"error_{name}"] = error(fit(graph, ds, chosen, names=world.names, seed=number))
    return row


def _path(world: World, rng: np.random.Generator) -> np.ndarray:
    """Return a fresh path of the world."""
    ds = world.observe(rng, 50)
    return np.stack([ds[n].values for n in world.names], axis=-1)


def _histories(world: World, pasts: np.ndarray) -> xr.Dataset:
    import xarray as xr

    return xr.concat([world.dataset(p) for p in pasts], "start").assign_coords(start=range(len(pasts)))


def _covered(
    run: xr.Dataset,
    world: World,
    pasts: np.ndarray,
    do: dict[str, Any],
    free: Sequence[int],
    rng: np.random.Generator,
) -> float:
    """Return the share of true futures inside the outer quantiles, over variables, steps and starts."""
    future = np.stack([world.run(world.draw(rng, FUTURES, STEPS), p, do) for p in pasts], axis=1)
    inside = []
    for k in free:
        bounds = run[world.names[k]].values[[0, -1]]
        inside.append((future[..., k] >= bounds[0]) & (future[..., k] <= bounds[1]))
    return float(np.mean(inside))


def _counterfactual(model: StructuralModel, world: World, rng: np.random.Generator) -> float:
    """Return the share of true counterfactual values inside the interval, from the second intervened step on."""
    total, start = 60, 30
    noise = world.draw(rng, 1, total)
    fact = world.run(noise)[0]
    held = np.where(np.arange(total) < start, np.nan, fact[:, 1] - 1.0)
    truth = world.run(noise, do={"follower": held})[0]
    found = model.counterfactual(world.dataset(fact), {"follower": held})
    moved = np.abs(truth - fact) > 1e-3
    moved[:, 1] = False
    inside = [
        (truth[:, k] >= found[n].values[0]) & (truth[:, k] <= found[n].values[-1])
        for k, n in enumerate(world.names)
    ]
    return float(np.stack(inside, axis=-1)[moved].mean()) if moved.any() else float("nan")


def _summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {"nominal": NOMINAL, "rows": rows, "error": {}, "ratio": {}}
    cases = dict.fromkeys((r["kind"], r["mechanism"]) for r in rows)
    for name in ("coverage", "coverage_shift", "coverage_counterfactual"):
        result[name] = {}
        for kind, mechanism in cases:
            own = np.array([r[name] for r in rows if (r["kind"], r["mechanism"]) == (kind, mechanism)])
            own = own[np.isfinite(own)]
            deviation = float(own.std(ddof=1) / np.sqrt(own.size)) if own.size > 1 else float("nan")
            mean = float(own.mean()) if own.size else float("nan")
            result[name][f"{mechanism} in {kind}"] = {"share": mean, "standard_error": deviation}
    for kind, mechanism in cases:
        own = [r for r in rows if (r["kind"], r["mechanism"]) == (kind, mechanism)]
        error = {m: float(np.mean([r[f"error_{m}"] for r in own])) for m in ("masked", "lagged", "ordered")}
        result["error"][f"{mechanism} in {kind}"] = error
        result["ratio"][f"{mechanism} in {kind}"] = error["masked"] / min(error["lagged"], error["ordered"])
    return result
