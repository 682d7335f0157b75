"""What drove the losses in drought: drivers and lags for hybrid and network, beside the truth where it is known."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

import hybrid
from data.files import atomic_path
from hybrid.inputs import from_panel
from xai.coalitions import Coalitions
from xai.permutation_game import permutation

from ..runfolder import RunFolder
from . import explain_events as droughts
from . import explain_game as game
from . import explain_memory, explain_tables
from .ensembles import Ensembles, known_categories
from .explain_account import largest_loss
from .explain_trust import EFFORT, LESS, trust_rows
from .prepare import test_groups, training_days
from .world import simulate_truth

TARGETS = ("gpp", "et")
UNITS = {"gpp": "gC m-2 d-1", "et": "mm d-1"}
TRUTH = "truth"
ORDERINGS = 16
"""Orderings by which the attribution of an untrained model is estimated: what it is like need not be exact."""
Tell = Callable[[int, int], None]


@dataclass
class Case:
    """What the games of a run share.

    Attributes:
        events: the droughts.
        targets: fluxes that are explained.
        lags: ends of the windows of lags [d].
        actual: forcing of each event, (time, event).
        usual: its climatology.
        players: drivers crossed with lags.
    """

    events: droughts.Events
    targets: tuple[str, ...]
    lags: list[int]
    actual: dict[str, Any]
    usual: dict[str, Any]
    players: game.Players


def explain(ensembles: Ensembles, folder: RunFolder, quick: bool, tell: Tell) -> None:
    """Write ``explain.nc``, ``tables/explain.json`` and, with physics, ``explain-account.nc``.

    Args:
        ensembles: trained members and their runs.
        folder: where files go.
        quick: whether lags are coarse, scores of trust are found with less effort, and daily attributions, untrained
            models and the account are left out.
        tell: is told how much is done, and of how much.
    """
    config, panel = ensembles.config, ensembles.prepared.panel
    case = make_case(ensembles, quick)
    models = [m for m in ("hybrid", "gru") if m in config.models]
    if not len(case.events):
        folder.write_json(folder.path / "tables" / "explain.json", {"events": []})
        return
    known = not ensembles.prepared.published and is_synthetic(ensembles)
    names = [*models, TRUTH] if known else models
    work = Work(tell, 3 * len(names) + 1)
    played: dict[str, list[game.Played]] = {}
    memory: dict[str, tuple[np.ndarray, float]] = {}
    trust: dict[str, list[dict[str, Any]]] = {}
    account, account_rows = None, None
    for name in names:
        members = members_of(ensembles, case, name)
        played[name] = [
            game.play(f, case.actual, case.usual, case.players, work.part(len(members))) for f in members
        ]
        blind = name == TRUTH or quick
        untrained = None if blind else untrained_attribution(ensembles, case, name, members[0])
        work.next(1)
        if not quick:
            memory[name] = explain_memory.rain_by_lag(
                members[0], case.actual, case.usual, 0, case.events.days - case.events.lead
            )
        work.next(1)
        if name != TRUTH:
            effort = LESS if quick else EFFORT
            trust[name] = trust_rows(played[name], untrained, 0, UNITS[case.targets[0]], config.seed, effort)
        if name == "hybrid" and config.explain.account and not quick and case.targets[0] == "gpp":
            change = played[name][0].prediction[:, 0] - played[name][0].base_value[:, 0]
            member = members[0]
            account, account_rows = largest_loss(
                member.model, panel, case.events, int(np.argmin(change)), case.usual, member.start
            )
    ds = explain_tables.dataset(case, panel, played, memory)
    ds.attrs["settings"] = json.dumps(config.explain.model_dump() | {"lags": case.lags, "quick": quick})
    _write(ds, folder, "explain.nc")
    if account is not None:
        _write(account, folder, "explain-account.nc")
    rows = explain_tables.rows(case, panel, played, memory)
    folder.write_json(
        folder.path / "tables" / "explain.json", _plain(rows | {"trust": trust, "account": account_rows})
    )
    work.next(1)


def make_case(ensembles: Ensembles, quick: bool) -> Case:
    """Droughts, players and weather of a run."""
    config, panel = ensembles.config, ensembles.prepared.panel
    chosen, fold = config.explain, ensembles.prepared.folds[0]
    train = training_days(panel, fold)
    test = np.any(list(test_groups(panel, fold).values()), axis=0)
    lags = (
        [chosen.lags[len(chosen.lags) // 2 - 1], chosen.lags[-1]]
        if quick and len(chosen.lags) > 2
        else chosen.lags
    )
    events = droughts.choose(panel, train, test, lags[-1], chosen.lead, chosen.seasons)
    targets = tuple(t for t in TARGETS if t in panel.targets and config.targets.get(t, 0) > 0)
    if not targets:
        events = droughts.choose(panel, train, np.zeros_like(test), lags[-1], chosen.lead)
    actual, usual = droughts.weather(panel, events, train)
    return Case(events, targets, lags, actual, usual, game.players_of(lags, events.days, len(events)))


def is_synthetic(ensembles: Ensembles) -> bool:
    """Whether the sites are those of the synthetic world, whose truth is known."""
    return "gpp_true" in ensembles.prepared.ds


def members_of(ensembles: Ensembles, case: Case, name: str) -> list[game.MeanFlux]:
    """The function that is explained, of each of the first members or of the world."""
    panel = ensembles.prepared.panel
    if name == TRUTH:
        run = simulate_truth(hybrid.process.ecosystem(), from_panel(panel, {}))
        return [_function(ensembles, case, game.World(), {}, run.pools)]
    models = ensembles.members(name)
    count = min(ensembles.config.explain.members, ensembles.settings(name).members)
    categories = known_categories(models)
    pools = ensembles.runs(name).pools
    return [
        _function(ensembles, case, _member(models, i), categories, {n: p[i] for n, p in pools.items()})
        for i in range(count)
    ]


def untrained_attribution(ensembles: Ensembles, case: Case, name: str, trained: game.MeanFlux) -> np.ndarray:
    """Attribution (draw, event, player) of the first flux by a model that has not been trained, by orderings."""
    base = ensembles.base(name, ensembles.prepared.folds[0])
    model = _as_trained(ensembles.untrained(name, base)[0], trained.model)
    f = game.MeanFlux(model, trained.held, trained.start, trained.targets)
    v = Coalitions(
        f,
        game.part_of(case.actual),
        {n: b[None] for n, b in game.part_of(case.usual).items()},
        case.players,
        chunk=game.chunk_of(len(case.players), len(case.events)),
    )
    found = permutation(v, len(case.players), jr.key(ensembles.config.seed), ORDERINGS)
    return np.asarray(found.attribution, float)[None, :, 0]


class Work:
    """Counts the parts of the work for the progress bar, in hundredths of the whole."""

    def __init__(self, tell: Tell, parts: int) -> None:
        self.tell, self.whole, self.done = tell, parts, 0.0

    def next(self, parts: float) -> None:
        """Say that so many parts are done."""
        self.done = min(self.done + parts, self.whole)
        self.tell(round(100 * self.done / self.whole), 100)

    def part(self, games: int) -> Callable[[int, int], None]:
        """What tells the progress of one of several games that are a part together."""
        last = 0.0

        def told(done: int, total: int) -> None:
            nonlocal last
            share = done / max(total, 1)
            self.next((share - last if share > last else 0.0) / games)
            last = share

        return told


def _function(
    ensembles: Ensembles, case: Case, model: Any, categories: Any, pools: Mapping[str, Any]
) -> game.MeanFlux:
    events = case.events
    start = {n: jnp.asarray(np.asarray(p)[events.first, events.site]) for n, p in pools.items()}
    held = droughts.inputs_of(ensembles.prepared.panel, events, case.actual, categories)
    return game.MeanFlux(model, held, start, case.targets)


def _member(models: Any, number: int) -> Any:
    return jax.tree.map(lambda a: a[number] if eqx.is_array(a) else a, models)


def _as_trained(untrained: Any, trained: Any) -> Any:
    """The untrained model with arrays as the trained one holds them, so that one program runs both."""
    return jax.tree.map(lambda a, b: jnp.asarray(a, b.dtype) if eqx.is_array(b) else b, untrained, trained)


def _write(ds: Any, folder: RunFolder, name: str) -> None:
    with atomic_path(folder.path / name) as temporary:
        ds.to_netcdf(temporary, engine="netcdf4")


def _plain(value: Any) -> Any:
    """Values that JSON holds, None where a number is missing."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(v) for v in value]
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value
