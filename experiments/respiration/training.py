"""Train the members of a variant side by side, with a checkpoint that also keeps the path of Q10."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

import hybrid
from data.batches import Panel
from hybrid.inputs import Inputs, from_panel
from hybrid.train import Checkpoint, Fit

from ..context import Context
from .config import Config
from .members import Member, q10_of

WARMING = 1.0
"""Difference of the two temperatures from which the network's own response is found [K]."""


@dataclass(frozen=True)
class PathCheckpoint(Checkpoint):
    """A checkpoint that writes Q10 of every member into the newest row of the history.

    The row is saved with the arrays, so a run that is killed and resumed keeps every point of the path.
    """

    def save(self, tree: Any, note: dict[str, Any]) -> None:
        """Write arrays and note."""
        note["history"][-1]["q10"] = q10_of(tree[0]).tolist()
        super().save(tree, note)


def train(
    context: Context,
    config: Config,
    stage: str,
    members: Sequence[Any],
    panel: Panel,
    identity: str,
    shown: int,
) -> Fit:
    """Train members on all days of ``panel``; no day stops them early.

    Args:
        context: takes progress and keeps the checkpoint.
        config: what the run follows.
        stage: name of the stage and of the checkpoint.
        members: untrained.
        panel: training days.
        identity: what the checkpoint depends on.
        shown: number of members, from the first, whose Q10 is shown.
    """
    settings = config.train
    days = np.broadcast_to(panel.valid, (len(members), *panel.shape))

    def show(event: dict[str, Any]) -> None:
        q10 = q10_of(event.pop("models"))[:shown]
        spread = {"q10 least": q10.min(), "q10 greatest": q10.max()}
        context.progress({"stage": stage, **event, "validation": None, "parameters": spread})

    return hybrid.fit(
        members,
        from_panel(panel, {}),
        panel.targets,
        days,
        np.zeros_like(days),
        panel.masks,
        hybrid.Training(
            steps=settings.steps,
            learning_rate=settings.learning_rate,
            parameter_rate=settings.parameter_rate,
            weight_decay=settings.weight_decay,
            clip=settings.clip,
            weights={"reco": 1.0},
            penalty=1.0,
            validate_every=min(settings.record_every, settings.steps),
            patience=0,
            seed=config.seed,
        ),
        checkpoint=PathCheckpoint(context.folder.checkpoints / f"{stage}.ckpt", identity),
        on_progress=show,
    )


def path_of(fit: Fit) -> tuple[np.ndarray, np.ndarray]:
    """Steps (step,) and Q10 (member, step) along the training."""
    steps = np.array([row["step"] for row in fit.history])
    return steps, np.array([row["q10"] for row in fit.history]).T


@eqx.filter_jit
def run_members(models: Any, inputs: Inputs) -> tuple[Array, Array, Array]:
    """Respiration and base rate [g m-2 d-1] (member, time, site), and the penalty (member,)."""
    arrays, static = eqx.partition(models, eqx.is_array)

    def one(item: Any) -> tuple[Array, Array, Array]:
        whole = eqx.combine(item, static)
        model = whole.model if isinstance(whole, Member) else whole
        run = model.simulate(inputs)
        penalty = whole.forward(inputs)[1] if isinstance(whole, Member) else jnp.zeros(())
        base = jnp.broadcast_to(run.values["base_respiration"], inputs.shape)
        return run.observables["reco"], base, penalty

    return jax.lax.map(one, arrays)


def carried(models: Any, panel: Panel, days: Bool[np.ndarray, "time site"]) -> Float[np.ndarray, " member"]:
    """Q10 of the base rate itself [1]: its mean response to temperature over some days, all else held.

    Where the network does not read temperature it is one. Its product with the Q10 of the equation is what
    the flux responds with.
    """
    half = 0.5 * WARMING

    def shifted(by: float) -> np.ndarray:
        changed = {n: panel.forcing[n] + by for n in ("tas_min", "tas_max")}
        base = run_members(models, from_panel(panel.with_forcing(**changed), {}))[1]
        return np.log(np.asarray(base, float))

    return np.exp(10.0 / WARMING * (shifted(half) - shifted(-half))[:, days].mean(axis=1))
