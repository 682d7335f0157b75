"""Where siblings meet: a causal graph that decides what the networks of a hybrid model may read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from causal.model import input_mask
from causal.model.graphs import as_array
from data.errors import ModelError, listing, nearest
from hybrid.roles import Dynamic, Learned, Role, Slot, Static

Targets = Mapping[str, str | Sequence[str] | None]


def masked_by_graph(
    roles: Mapping[str, Role],
    networks: Mapping[str, Slot] | None,
    graph: Any,
    targets: Targets,
    *,
    keep: Collection[str] = (),
    lags: Iterable[int] | None = None,
    names: Sequence[str] | None = None,
    called: Mapping[str, str] | None = None,
) -> tuple[dict[str, Role], dict[str, Slot]]:
    """Restrict the inputs of every network of a hybrid model to the parents that a graph gives its target.

    A parameter is no variable of a graph; ``targets`` says which variable its network stands for, as stomatal
    response for evapotranspiration. An input that is left out is no feature of the network at all, so that
    nothing of it can be learned.

    Args:
        roles: parameter or rate law to role.
        networks: networks that several roles share.
        graph: result of a search for links, or marks ``(source, target, lag)`` with ``names``.
        targets: network to the variable, or variables, of the graph whose parents it may read; a network of one
            role has the role's name. None leaves a network as it is.
        keep: inputs that the graph does not speak of (site attributes, categories, pools), kept as they are.
        lags: lags of the graph that count; all where None. A network without memory that is to read only what
            acts at once asks for ``[0]``; one with memory always reads all.
        names: names of the variables where the graph is a plain array.
        called: input to its variable in the graph, where they are called differently; several inputs may be one
            variable, as the day's least and largest temperature.

    Returns:
        roles and networks for `hybrid.Model`.

    Raises:
        ModelError: a network without target, a target or input that the graph does not have, an undecided link
            into a target, or a network that would be left without input.
    """
    networks = dict(networks or {})
    owned = {
        n: r for n, r in roles.items() if isinstance(r, Static | Dynamic | Learned) and r.network is None
    }
    known = {**networks, **owned}
    for name in targets:
        if name not in known:
            raise ModelError(
                f"'{name}' is no network{nearest(name, known)}", "targets", f"there are {listing(known)}"
            )
    used = {one for r in roles.values() for one in _shared(r)} | set(owned)
    given = {"graph": graph, "keep": frozenset(keep), "names": names, "called": dict(called or {})}
    changed: dict[str, Role] = dict(roles)
    for name, role in owned.items():
        memory = getattr(role, "memory", False)
        inputs = _restricted(name, role.inputs, targets, lags=None if memory else lags, **given)
        changed[name] = replace(role, inputs=inputs)
    for name in used & set(networks):
        slot = networks[name]
        memory = slot.kind == "gru" or getattr(slot.kind, "memory", False)
        inputs = _restricted(name, slot.inputs, targets, lags=None if memory else lags, **given)
        quiet = tuple(n for n in slot.quiet if n in inputs)
        networks[name] = replace(slot, inputs=inputs, quiet=quiet)
    return changed, networks


def _shared(role: Role) -> tuple[str, ...]:
    network = getattr(role, "network", None)
    if network is None:
        return ()
    return (network,) if isinstance(network, str) else tuple(network)


def _restricted(
    name: str,
    inputs: Sequence[str],
    targets: Targets,
    *,
    graph: Any,
    keep: frozenset[str],
    lags: Iterable[int] | None,
    names: Sequence[str] | None,
    called: Mapping[str, str],
) -> tuple[str, ...]:
    where = f"network {name}"
    spoken = [i for i in inputs if i not in keep]
    if not spoken:
        return tuple(inputs)
    if name not in targets:
        raise ModelError(
            "nothing says which variable of the graph it stands for",
            where,
            "name one under `targets`, or null (None) for one that reads all",
        )
    target = targets[name]
    if target is None:
        return tuple(inputs)
    wanted = (target,) if isinstance(target, str) else tuple(target)
    _known(graph, names, spoken, wanted, called, where)
    try:
        masks = [input_mask(graph, t, [called.get(i, i) for i in spoken], lags, names) for t in wanted]
    except ModelError as error:
        raise ModelError(error.what, where, error.remedy) from error
    left = tuple(i for i in inputs if i in keep or any(m[called.get(i, i)] for m in masks))
    if not left:
        raise ModelError(
            f"the graph has no link from {listing(inputs)} to {listing(wanted)}, "
            "so that the network would be left without input",
            where,
            "give it inputs that are parents, or make its parameter global",
        )
    return left


def _known(
    graph: Any,
    names: Sequence[str] | None,
    inputs: Sequence[str],
    targets: Sequence[str],
    called: Mapping[str, str],
    where: str,
) -> None:
    """Raise ModelError where the graph holds no variable of a target or an input."""
    try:
        known = as_array(graph, names)[1]
    except ModelError as error:
        raise ModelError(error.what, where, error.remedy) from error
    for target in targets:
        if target not in known:
            raise ModelError(
                f"the graph has no variable '{target}' for the network to stand for{nearest(target, known)}",
                where,
                f"name one of {listing(known)} under `targets`, or null (None) for a network that reads all",
            )
    for name in inputs:
        there = called.get(name, name)
        if there not in known:
            other = "" if there == name else f", as which '{name}' is read"
            raise ModelError(
                f"the graph has no variable '{there}'{other}{nearest(there, known)}",
                where,
                f"say under `called` which of {listing(known)} it is, or under `keep` that it is read all the same",
            )
