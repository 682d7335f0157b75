"""Models of a configuration: the hybrid, the process alone, and the pure network."""

from __future__ import annotations

from typing import Any

import jax.random as jr
import numpy as np

import hybrid
from data.batches import Panel
from hybrid.inputs import from_panel
from hybrid.roles import Dynamic, Fixed, Global, Learned, Role, Slot, Static

from .config import CLIMATE, FORM, Config, NetworkConfig, RoleConfig, TrainConfig


def identity(config: Config, panel: Panel) -> list[str]:
    """Inputs that tell sites apart, as the split allows."""
    if config.split.by != "site":
        return list(config.identity)
    if config.attributes is None:
        return [a for a in (*CLIMATE, *FORM) if a in panel.attributes]
    return list(config.attributes)


def hidden(config: Config, panel: Panel, member: int) -> tuple[str, ...]:
    """Attributes that a member does not read.

    Where sites are held out a few sites must tell how dozens of parameters follow the attributes of a site, and
    any attribute may mislead. So members read all attributes, climate alone, and growth form alone, in turn:
    what they make of a new site differs more than their first weights could [@ho1998].
    """
    if config.split.by != "site" or config.attributes is not None:
        return ()
    climate, form = (tuple(a for a in group if a in panel.attributes) for group in (CLIMATE, FORM))
    return ((), form, climate)[member % 3] if climate and form else ()


def categories(config: Config, panel: Panel) -> dict[str, tuple[str, ...]]:
    """Known values of the categories that networks read."""
    found = {}
    for name in identity(config, panel):
        if name == "site":
            found[name] = panel.sites
        elif name in panel.category_names:
            found[name] = panel.category_names[name]
    return found


def told_apart(config: Config, network: NetworkConfig, panel: Panel) -> list[str]:
    """Inputs that tell sites apart for one network; where sites are held out, tables alone read attributes.

    A network of weather that also saw attributes of ten sites would take them for names.
    """
    if config.split.by == "site" and network.kind != "table":
        return []
    return identity(config, panel)


def role_of(config: RoleConfig) -> Role:
    """Role of a role's configuration."""
    if config.role == "fixed":
        return Fixed(config.value)
    if config.role == "global":
        return Global(config.value)
    if config.role == "static":
        return Static(config.inputs, config.network, start=config.value)
    if config.role == "dynamic":
        return Dynamic(config.inputs, config.network, config.memory, start=config.value)
    return Learned(config.inputs, config.lower, config.upper, config.value, config.network, config.memory)


def slot_of(config: NetworkConfig, more: list[str]) -> Slot:
    """Slot of a network's configuration, with the inputs that tell sites apart."""
    if config.kind == "table":
        return Slot("table", (*config.inputs, *more))
    options: dict[str, Any] = {"width": config.width}
    if config.kind != "gru":
        options["depth"] = config.depth
    if config.kind != "flax":
        options["dropout"] = config.dropout
    return Slot(config.kind, (*config.inputs, *more), options)


def hybrid_model(config: Config, panel: Panel, learned: bool = True) -> hybrid.Model:
    """The hybrid, or the process alone with every parameter one learned value."""
    process = hybrid.process.ecosystem()
    default: Role = Global() if config.default_role == "global" else Fixed()
    roles: dict[str, Role] = {p.name: default for p in process.all_parameters}
    if learned:
        roles |= {n: role_of(r) for n, r in (config.roles or {}).items()}
        networks = {n: slot_of(c, told_apart(config, c, panel)) for n, c in (config.networks or {}).items()}
    else:
        roles, networks = process_roles(config, roles, identity(config, panel))
    attributes = tuple(a for a in identity(config, panel) if a in panel.attributes)
    return hybrid.Model(
        process,
        roles,
        networks,
        categories=categories(config, panel),
        attributes=attributes,
        integrator=integrator_of(config),
        key=jr.key(config.seed),
    )


def integrator_of(config: Config) -> hybrid.Integrator:
    """Solver and steps of the configuration."""
    chosen = config.integrate
    return hybrid.Integrator(solver=chosen.solver, steps=chosen.steps, adjoint=chosen.adjoint)


def process_roles(
    config: Config, roles: dict[str, Role], told: list[str]
) -> tuple[dict[str, Role], dict[str, Slot]]:
    """Roles of the process alone: what the hybrid learns, without its networks of weather.

    Where the hybrid has values per site, so has the process, by the inputs ``told``.
    """
    configured = config.roles or {}
    tables = {n: c for n, c in (config.networks or {}).items() if c.kind == "table"}
    for name, role in configured.items():
        roles[name] = Fixed(role.value) if role.role == "fixed" else Global(role.value)
    if not tables:
        return {
            n: r for n, r in roles.items() if configured.get(n) is None or configured[n].role != "learned"
        }, {}
    table, network = next(iter(tables.items()))
    for name, role in configured.items():
        if role.role in ("static", "dynamic"):
            roles[name] = Static(network=table)
    return roles, {table: slot_of(network, told)}


def gru_model(config: Config, panel: Panel, targets: tuple[str, ...]) -> hybrid.Sequence:
    """The pure recurrent network."""
    slot = Slot(
        "gru",
        (*config.gru.inputs, *identity(config, panel)),
        {"width": config.gru.width, "dropout": config.gru.dropout},
    )
    return hybrid.Sequence(slot, targets, categories(config, panel), key=jr.key(config.seed))


def members(model: Any, count: int, seed: int) -> list[Any]:
    """Untrained members that differ in their first weights."""
    if not getattr(model, "networks", True):
        return [model] * count
    return [model.renewed(k) for k in jr.split(jr.key(seed), count)]


def training_of(config: TrainConfig, weights: dict[str, float], seed: int) -> hybrid.Training:
    """Settings of the optimiser."""
    return hybrid.Training(
        steps=config.steps,
        learning_rate=config.learning_rate,
        parameter_rate=config.parameter_rate,
        weight_decay=config.weight_decay,
        clip=config.clip,
        weights=weights,
        penalty=config.penalty,
        validate_every=config.validate_every,
        patience=config.patience,
        seed=seed,
    )


def normalised(model: Any, panel: Panel, days: np.ndarray) -> Any:
    """The model with its networks' inputs (and targets) normalised over training days (time, site)."""
    known = model.categories if isinstance(model, hybrid.Sequence) else model.design.categories
    inputs = from_panel(panel, known)
    if isinstance(model, hybrid.Sequence):
        return model.normalised(inputs, days, panel.targets, panel.masks)
    return model.normalised(inputs, days)
