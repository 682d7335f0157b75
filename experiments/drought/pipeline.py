"""The drought experiment from data to scores, figures' numbers and projections."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from data.errors import RunError, ScenarioError
from data.files import atomic_write_text
from data.provenance import source_files
from hybrid.project import Range, project
from hybrid.scenario import get_scenario

from ..context import Context
from ..runfolder import RunFolder
from ..showconfig import to_yaml
from ..together import together
from . import climate, curves, masks, memory, results, stages
from .check import check, check_lists
from .config import Config, TrainConfig, default_networks, default_roles
from .ensembles import NETWORKS, Ensembles
from .prepare import Prepared, prepare, test_groups, training_days
from .world import TRUTH, found_against_truth, synthetic_networks, synthetic_roles


def quickened(config: Config) -> Config:
    """The configuration of ``--quick``: fewer steps, trees, scenarios and lengths of memory, one member.

    Beside it a quick run leaves out what takes a large program of its own and few numbers need: closure in float64,
    drift of a repeated year, and what `explain_stage.explain` says.
    """

    def less(train: Any, steps: int) -> Any:
        return train.model_copy(
            update={"steps": min(train.steps, steps), "members": 1, "patience": 0, "validate_every": 10}
        )

    return config.model_copy(
        update={
            "train": less(config.train, 20),
            "process_train": less(config.process_train, 20),
            "gru": config.gru.model_copy(update={"train": less(config.gru.train, 20)}),
            "trees": min(config.trees, 10),
            "split": config.split.model_copy(update={"static_members": min(config.split.static_members, 1)}),
            "memory_days": config.memory_days[:2],
            "scenarios": config.scenarios[:1],
        }
    )


def settled(config: Config, synthetic: bool, quick: bool) -> Config:
    """The configuration with what depends on the data filled in."""
    update: dict[str, Any] = {}
    if config.roles is None:
        update["roles"] = synthetic_roles() if synthetic else default_roles()
    if config.networks is None:
        update["networks"] = synthetic_networks() if synthetic else default_networks()
    if config.default_role is None:
        update["default_role"] = "fixed" if synthetic else "global"
    if synthetic:
        update |= {"identity": [], "train": _known_world(config, config.train)}
        update["process_train"] = _known_world(config, config.process_train)
        update["gru"] = config.gru.model_copy(update={"train": _known_world(config, config.gru.train)})
    if config.split.by == "site":
        split = config.split
        rate = min(config.train.learning_rate, split.learning_rate)
        train = config.train.model_copy(update={"learning_rate": rate})
        update |= {
            "train": _each_fold(config, train, split.steps),
            "process_train": _each_fold(config, config.process_train, split.steps),
        }
        gru = _each_fold(config, config.gru.train, split.gru_steps)
        update["gru"] = config.gru.model_copy(update={"train": gru})
    config = config.model_copy(update=update)
    return quickened(config) if quick else config


def _each_fold(config: Config, train: TrainConfig, steps: int) -> TrainConfig:
    """Training of each of many folds of sites."""
    split = config.split
    return train.model_copy(
        update={
            "steps": min(train.steps, steps),
            "validate_every": min(train.validate_every, split.validate_every),
            "patience": train.patience and max(train.patience, 6),
            "members": min(train.members, split.members),
            "penalty": max(train.penalty, split.penalty),
        }
    )


def _known_world(config: Config, train: Any) -> Any:
    """Training on synthetic sites, whose truth is known and simple."""
    world = config.synthetic
    return train.model_copy(
        update={
            "steps": min(train.steps, world.steps),
            "members": min(train.members, world.members),
            "parameter_rate": world.parameter_rate,
            "penalty": world.penalty,
        }
    )


def identity_of(config: Config) -> str:
    """Hash of what a checkpoint depends on."""
    return hashlib.sha256(config.model_dump_json(exclude={"explain"}).encode()).hexdigest()[:16]


def run_all(context: Context) -> None:
    """Run all stages that are not finished yet."""
    whole = settled(context.config, context.data is None, context.quick)
    config = context.config = masks.restricted(whole, context.folder)
    for name in config.scenarios:
        get_scenario(name)
    context.progress({"stage": "data"})
    prepared = prepare(config, context.data)
    check(config, prepared)
    label = "" if context.data else f"synthetic sites, seed {config.seed}"
    graph = masks.keep(config.graph, whole, config, context.folder)
    context.inputs(source_files(prepared.ds) + graph, label=label)
    atomic_write_text(context.folder.path / "settled.yaml", to_yaml(config))
    context.finish("data")
    ensembles = Ensembles(config, prepared, context.folder, identity_of(config))
    models = [m for m in config.models if m != "published"]
    together([partial(_model, context, ensembles, m) for m in models], context.quick)
    with context.stage("results") as todo:
        if todo:
            write(context, ensembles)
    after = {"explain": explain_losses, "memory": remember, "scenarios": look_ahead}
    if "hybrid" not in models:
        after = {"explain": explain_losses} if "gru" in models else {}
    if config.split.by == "site":
        return
    if context.quick and not all(context.done(name) for name in after):
        for model in (m for m in ("hybrid", "gru") if m in models):
            ensembles.runs(model)  # here, or each of the stages would begin it
    together([partial(_stage, context, ensembles, name, work) for name, work in after.items()], context.quick)


def _model(context: Context, ensembles: Ensembles, model: str) -> None:
    """The stage of one model."""
    with context.stage(model) as todo:
        if todo and model in NETWORKS:
            stages.run_networks(context, ensembles, model)
        elif todo:
            stages.run_peer(context, ensembles.prepared, model)


def _stage(
    context: Context, ensembles: Ensembles, name: str, work: Callable[[Context, Ensembles], None]
) -> None:
    """A stage that needs trained models."""
    with context.stage(name) as todo:
        if todo:
            work(context, ensembles)


def write(context: Context, ensembles: Ensembles) -> None:
    """Scores, results, closure, learned curves, and for synthetic sites what was found of the truth."""
    config, folder, prepared = ensembles.config, context.folder, ensembles.prepared
    results.write_scores(config, prepared, folder)
    found = None
    if "hybrid" in config.models and config.split.by != "site":
        models = ensembles.members("hybrid")
        found = results.details(ensembles.runs("hybrid"))
        closure = found["closure"]
        if not context.quick:  # a program of its own, in float64
            residual = results.closure_double(models, prepared.panel, config.train.members)
            closure = closure | {"absolute_float64": residual}
        found["centres"] = {n: float(np.mean(np.asarray(v))) for n, v in centres(models).items()}
        write_json(folder, "closure.json", closure)
        write_json(folder, "curves.json", curves.curves(prepared.panel, found["driven"], found["centres"]))
        if context.data is None:
            write_json(folder, "truth.json", truth_rows(found, prepared))
    results.write_results(config, prepared, folder, found)
    write_json(folder, "seasons.json", [f.meta for f in prepared.folds])
    write_json(folder, "sites.json", site_rows(prepared))


def centres(models: Any) -> dict[str, Any]:
    """Global value of every learned parameter, by member."""
    import equinox as eqx

    return eqx.filter_vmap(lambda m: m.centres())(models)


def truth_rows(found: dict[str, Any], prepared: Prepared) -> list[dict[str, Any]]:
    """Known parameters of the synthetic world beside what the hybrid found; those it did not learn are left out."""
    valid = prepared.panel.valid
    values = {}
    for name in TRUTH:
        series = found["driven"].get(name)
        if series is None:
            if name in found["centres"]:
                values[name] = found["centres"][name]
        elif series.ndim == 2:
            values[name] = float(np.mean(series[valid]))
        else:
            values[name] = float(np.mean(series))
    rows = found_against_truth(dict.fromkeys(TRUTH, np.nan) | values, prepared.panel)
    return [row for row in rows if row["name"] in values]


def site_rows(prepared: Prepared) -> list[dict[str, Any]]:
    """Sites with their climate, for tables and figures made from the folder alone."""
    panel = prepared.panel
    rows = []
    for j, site in enumerate(panel.sites):
        row: dict[str, Any] = {"site": site, **{k: float(v[j]) for k, v in panel.attributes.items()}}
        row |= {k: panel.category_names[k][int(v[j])] for k, v in panel.categories.items()}
        days = panel.valid[:, j]
        row |= {"first": str(panel.dates[days, j].min()), "last": str(panel.dates[days, j].max())}
        rows.append(row)
    return rows


def remember(context: Context, ensembles: Ensembles) -> None:
    """Skill with cut history, and the response to an imposed dry season, for hybrid and GRU."""
    config, prepared = ensembles.config, ensembles.prepared
    panel, fold = prepared.panel, prepared.folds[0]
    train = training_days(panel, fold)
    test = np.any(list(test_groups(panel, fold).values()), axis=0)
    rows: list[dict[str, Any]] = []
    arrays: dict[str, np.ndarray] = {}
    recovery: dict[str, Any] = {}
    for model in ("hybrid", "gru"):
        if model not in config.models:
            continue
        models, runs = ensembles.members(model), ensembles.runs(model)
        pools = None
        if model == "hybrid":
            held = results.details(runs)["pools"]
            pools = {n: np.where(train, v, 0).sum(0) / np.maximum(train.sum(0), 1) for n, v in held.items()}
        targets = tuple(t for t in prepared.targets if t != "lai")
        found = memory.memory_skill(models, panel, train, test, config.memory_days, pools, targets)
        rows += [{"model": model, **row} for row in found]
        dry = memory.imposed_drought(models, panel, runs)
        arrays |= {f"{model}__{n}": v for n, v in dry["anomaly"].items()}
        recovery[model] = {
            n: [None if np.isnan(x) else float(x) for x in v] for n, v in dry["recovery"].items()
        }
        context.progress({"stage": "memory", "step": 1 + (model == "gru"), "steps": 2})
    write_json(context.folder, "memory.json", {"skill": rows, "recovery": recovery})
    stages.save_predictions(context.folder, "dry-season", arrays)


def explain_losses(context: Context, ensembles: Ensembles) -> None:
    """Drivers and lags of drought losses, for hybrid and GRU."""
    from .explain_stage import explain

    def tell(done: int, whole: int) -> None:
        context.progress({"stage": "explain", "step": done, "steps": whole})

    explain(ensembles, context.folder, context.quick, tell)


def look_ahead(context: Context, ensembles: Ensembles) -> None:
    """Projections under the configured scenarios, checks and drift."""
    config, panel = ensembles.config, ensembles.prepared.panel
    models = ensembles.members("hybrid")
    seen = Range.of(panel, training_days(panel, ensembles.prepared.folds[0]))
    control = project(models, panel, get_scenario("present"), seen)
    rows: list[dict[str, Any]] = []
    for number, name in enumerate(config.scenarios):
        changed = project(models, panel, get_scenario(name), seen)
        rows += climate.summary(control, changed)
        context.progress({"stage": "scenarios", "step": number + 1, "steps": len(config.scenarios)})
    checks = climate.checks(models, control, seen)
    if not context.quick:  # a program of its own
        checks.append(climate.drift(models, control))
    write_json(context.folder, "scenarios.json", {"changes": rows, "checks": checks})


def project_run(folder: RunFolder, scenario: str, out: Path) -> None:
    """Project a finished run under a scenario, into ``out/projection.nc`` and ``out/changes.json``.

    Raises:
        ScenarioError: an unknown scenario, or a run by site, which has no single model.
    """
    chosen = get_scenario(scenario)
    told = folder.read_json(folder.data_file)
    config = settled(folder.load_config(Config), not told.get("root"), folder.status().quick)
    config = masks.restricted(config, folder)
    if config.split.by == "site":
        raise ScenarioError(
            "a run by site has one model for each fold", str(folder.path), "project a run by time"
        )
    prepared = prepare(config, Path(told["root"]) if told.get("root") else None)
    models = Ensembles(config, prepared, folder, identity_of(config)).members("hybrid")
    seen = Range.of(prepared.panel, training_days(prepared.panel, prepared.folds[0]))
    control = project(models, prepared.panel, get_scenario("present"), seen)
    changed = project(models, prepared.panel, chosen, seen)
    out.mkdir(parents=True, exist_ok=True)
    climate.write_projection(changed, out / "projection.nc")
    atomic_write_text(out / "changes.json", json.dumps(climate.summary(control, changed), indent=1))


def explain_run(folder: RunFolder, tell: Callable[[int, int], None] = lambda done, whole: None) -> None:
    """Explain the drought losses of a finished run, again or for the first time.

    Raises:
        RunError: a run by site, or one without hybrid and GRU.
    """
    from .explain_stage import explain

    told, quick = folder.read_json(folder.data_file), folder.status().quick
    config = settled(folder.load_config(Config), not told.get("root"), quick)
    config = masks.restricted(config, folder)
    if config.split.by == "site":
        raise RunError(
            "a run by site has no single model to explain", str(folder.path), "explain a run by time"
        )
    if not {"hybrid", "gru"} & set(config.models):
        raise RunError(
            "the run has neither hybrid nor gru", str(folder.path), "explain a run whose models hold one"
        )
    check_lists(config)
    prepared = prepare(config, Path(told["root"]) if told.get("root") else None)
    explain(Ensembles(config, prepared, folder, identity_of(config)), folder, quick, tell)


def write_json(folder: RunFolder, name: str, value: Any) -> None:
    """Write a table of numbers beside the results."""
    folder.write_json(folder.path / "tables" / name, value)
