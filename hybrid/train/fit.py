"""Train any model of time series: optimisation, early stopping, members, guards, checkpoints."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any, Protocol

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
from jaxtyping import Array, Bool, Float, PRNGKeyArray, PyTree

from data.errors import ModelError

from ..ensemble import run_members
from ..inputs import Inputs
from ..parallel import replicate, shard_inputs, shard_sites
from .checkpoint import Checkpoint
from .loss import site_variance, target_losses


class Trainable(Protocol):
    """What a model must have to be trained."""

    def forward(self, inputs: Inputs) -> tuple[dict[str, Array], Array]:
        """Simulated targets (time, site) and a scalar penalty."""
        ...

    def judge(self, inputs: Inputs) -> tuple[dict[str, Array], dict[str, Array]]:
        """Simulated targets, and named scalars to watch (closure)."""
        ...

    def trainable(self) -> PyTree[bool]:
        """Filter of the arrays that training changes."""
        ...

    def with_key(self, key: PRNGKeyArray | None) -> Any:
        """The model with dropout drawn from ``key``, or off."""
        ...


@dataclass(frozen=True)
class Training:
    """Settings of an optimisation.

    Attributes:
        steps: optimisation steps, each over all sites and days.
        learning_rate: of the networks, at the top of its schedule.
        parameter_rate: learning rate of single physical values, in unconstrained units.
        weight_decay: of the networks' weights (decoupled).
        clip: largest global norm of a gradient.
        warmup: share of the steps in which the rate rises.
        weights: target to its weight in the loss.
        penalty: weight of the model's own penalty (size of learned modifiers, priors).
        validate_every: steps between validations.
        patience: validations without progress after which a member stops; 0 never stops.
        seed: of dropout.
    """

    steps: int = 600
    learning_rate: float = 3e-3
    parameter_rate: float = 2e-2
    weight_decay: float = 1e-2
    clip: float = 1.0
    warmup: float = 0.05
    weights: Mapping[str, float] = field(
        default_factory=lambda: {"gpp": 1.0, "et": 1.0, "reco": 1.0, "nee": 1.0}, hash=False
    )
    penalty: float = 1e-3
    validate_every: int = 20
    patience: int = 0
    seed: int = 0


@dataclass(frozen=True)
class Fit:
    """A trained ensemble.

    Attributes:
        models: the model with a leading member axis on every array.
        best: best validation loss of each member.
        history: one row per validation.
        stopped: step at which training ended.
    """

    models: Any
    best: Float[np.ndarray, " member"]
    history: list[dict[str, Any]]
    stopped: int

    def member(self, index: int) -> Any:
        """One member's model."""
        return jax.tree.map(lambda a: a[index] if eqx.is_array(a) else a, self.models)

    def predict(self, inputs: Inputs) -> dict[str, Float[Array, "member time site"]]:
        """Simulated targets of all members."""
        return predict_members(self.models, inputs)


class Goal(eqx.Module):
    """What a training is given: inputs, observations (time, site), their variance (site,) and weights.

    Weights of training and validation days are (member, time, site).
    """

    inputs: Inputs
    targets: dict[str, Array]
    variance: dict[str, Array]
    train: dict[str, Array]
    validation: dict[str, Array]

    def spread(self, devices: Sequence[Any]) -> Goal:
        """The same numbers with their sites spread over devices."""
        along = partial(shard_sites, devices=devices)
        return Goal(
            shard_inputs(self.inputs, devices),
            *({n: along(a) for n, a in part.items()} for part in (self.targets, self.variance)),
            *({n: along(a) for n, a in part.items()} for part in (self.train, self.validation)),
        )


@eqx.filter_jit
def predict_members(models: Any, inputs: Inputs) -> dict[str, Float[Array, "member time site"]]:
    """Simulated targets of an ensemble whose arrays lead with the member axis."""
    arrays, static = eqx.partition(models, eqx.is_array)
    return jax.lax.map(lambda a: eqx.combine(a, static).forward(inputs)[0], arrays)


def fit(
    models: Sequence[Any],
    inputs: Inputs,
    targets: Mapping[str, Float[np.ndarray, "time site"]],
    train: Bool[np.ndarray, "member time site"],
    validation: Bool[np.ndarray, "member time site"],
    masks: Mapping[str, Bool[np.ndarray, "time site"]],
    training: Training,
    *,
    noise: Mapping[str, Float[np.ndarray, "time site"]] | None = None,
    whole: Inputs | None = None,
    checkpoint: Checkpoint | None = None,
    on_progress: Callable[[dict[str, Any]], None] | None = None,
    devices: Sequence[Any] | None = None,
) -> Fit:
    """Train members side by side.

    Args:
        models: untrained members of one design, their inputs already normalised.
        inputs: forcing and attributes.
        targets: observed series; any value where masked.
        train: days that train each member.
        validation: days that stop each member, inside the training period.
        masks: where each target is observed.
        training: settings.
        noise: optional weight of each observation, mean one (see :func:`noise_weights`).
        whole: inputs that begin with ``inputs`` and go on, as far as predictions will; validations then run the
            program that predicts, one less to compile, over more days than they judge. For short trainings.
        checkpoint: where to save progress, and to resume from if it holds any.
        on_progress: called after each validation with loss, skill and time left.
        devices: devices to spread the sites over (see :func:`hybrid.shard_inputs`); one where None.

    Returns:
        The members at their best validation.

    Raises:
        ModelError: a loss that is not finite, naming target, site and step; no observation to train on; sites
            that the devices do not divide.
    """
    names = tuple(n for n, w in training.weights.items() if w > 0)
    if not names:
        raise ModelError("no target has a weight above zero", "fit", "give at least one in `weights`")
    for n in names:
        if n not in targets:
            raise ModelError(
                f"the target {n!r} is not in the data", "fit", "leave it out of `targets` or add it"
            )
        if not (masks[n] & train).any():
            raise ModelError(
                f"the target {n!r} has no observation in the training period", "fit", "leave it out"
            )
    members = len(models)
    inputs = models[0].prepared(inputs) if hasattr(models[0], "prepared") else inputs
    stacked = stack(models)
    extra = noise or {}

    def weigh(days: np.ndarray) -> dict[str, Array]:
        return {n: jnp.asarray(masks[n] & days, jnp.float32) * jnp.asarray(extra.get(n, 1.0)) for n in names}

    goal = Goal(
        inputs,
        {n: jnp.asarray(targets[n]) for n in names},
        {n: jnp.asarray(site_variance(targets[n], masks[n] & train.any(0)), jnp.float32) for n in names},
        weigh(train),
        weigh(validation),
    )
    if devices is not None and len(devices) > 1:
        goal = goal.spread(devices)
        stacked = replicate(stacked, devices)

    update, validate = _compiled(training, names)
    if whole is not None:
        validate = partial(_validate_whole, training=training, whole=whole)
    learned, _ = eqx.partition(stacked, stacked.trainable())
    states = eqx.filter_vmap(_optimiser(training).init)(learned)
    current, best_models, best, since = stacked, stacked, np.full(members, np.inf), np.zeros(members, int)
    history: list[dict[str, Any]] = []
    step = stopped = 0
    if checkpoint is not None and checkpoint.exists():
        (current, states, best_models), note = checkpoint.load((current, states, best_models))
        step, history = int(note["step"]), list(note["history"])
        stopped = int(note["stopped"])
        best, since = np.asarray(note["best"], float), np.asarray(note["since"], int)
    watched = validation.any() and training.patience >= 0
    began, first, sound = time.monotonic(), step, current
    key = jr.key(training.seed + 1)
    while step < training.steps:
        current, states, loss, parts = update(current, states, jr.fold_in(key, step), goal)
        step = stopped = step + 1
        if step % training.validate_every and step != training.steps:
            continue
        if not (bool(jnp.isfinite(loss).all()) and _finite(current)):
            raise _not_finite(sound, current, parts, loss, step, inputs)
        sound = current
        judged, skills, seen = validate(current, goal) if watched else (loss, parts, {})
        judged = np.asarray(judged, float)
        better = judged < best - 1e-6
        since = np.where(better, 0, since + 1)
        best = np.where(better, judged, best)
        best_models = _choose(better if watched else np.ones(members, bool), current, best_models)
        elapsed = time.monotonic() - began
        row = {
            "step": step,
            "loss": float(np.mean(np.asarray(loss))),
            "validation": float(judged.mean()),
            **{f"skill_{n}": float(1.0 - np.mean(np.asarray(v))) for n, v in skills.items()},
        }
        history.append(row)
        done = step >= training.steps or bool(training.patience and (since >= training.patience).all())
        if checkpoint is not None:
            note = {
                "step": training.steps if done else step,
                "stopped": step,
                "history": history,
                "best": best.tolist(),
                "since": since.tolist(),
            }
            checkpoint.save((current, states, best_models), note)
        if on_progress is not None:
            on_progress(
                {
                    "step": step,
                    "steps": training.steps,
                    "loss": row["loss"],
                    "validation": row["validation"],
                    "skill": {n: row[f"skill_{n}"] for n in names},
                    "eta": elapsed / (step - first) * (training.steps - step),
                    **{n: float(np.max(np.asarray(v))) for n, v in seen.items()},
                    "models": current,
                }
            )
        if done:
            break
    return Fit(best_models, best, history, stopped)


@lru_cache(maxsize=16)
def _compiled(training: Training, names: tuple[str, ...]) -> tuple[Callable, Callable]:
    """The step and the validation of all members.

    They are kept, and take their data as arguments, so that folds and members of one design compile once.
    """
    optimiser = _optimiser(training)

    def objective(learned, fixed, key, weights, goal):
        model = eqx.combine(learned, fixed).with_key(key)
        simulated, penalty = model.forward(goal.inputs)
        parts = target_losses(simulated, goal.targets, weights, goal.variance)
        loss = sum(training.weights[n] * parts[n] for n in names)
        return loss + training.penalty * penalty, parts

    @eqx.filter_jit
    def update(models, states, key, goal):
        learned, fixed = eqx.partition(models, models.trainable())
        keys = jr.split(key, next(iter(goal.train.values())).shape[0])

        def one(learned, fixed, state, key, weights):
            (loss, parts), grads = eqx.filter_value_and_grad(objective, has_aux=True)(
                learned, fixed, key, weights, goal
            )
            updates, state = optimiser.update(grads, state, learned)
            return eqx.apply_updates(learned, updates), state, loss, parts

        learned, states, loss, parts = eqx.filter_vmap(one)(learned, fixed, states, keys, goal.train)
        return eqx.combine(learned, fixed), states, loss, parts

    @eqx.filter_jit
    def validate(models, goal):
        arrays, static = eqx.partition(models, eqx.is_array)

        def one(item):
            arrays, weights = item
            model = eqx.combine(arrays, static)
            simulated, seen = model.judge(goal.inputs)
            parts = target_losses(simulated, goal.targets, weights, goal.variance)
            return sum(training.weights[n] * parts[n] for n in names), parts, seen

        return jax.lax.map(one, (arrays, goal.validation))

    return update, validate


def _validate_whole(models: Any, goal: Goal, *, training: Training, whole: Inputs) -> tuple[Any, Any, Any]:
    """What the compiled validation gives, from a simulation of ``whole``."""
    runs = run_members(models, whole)
    steps = goal.inputs.shape[0]
    simulated = {n: np.asarray(runs.observables[n])[:, :steps] for n in goal.targets}
    parts = _member_losses(simulated, goal.targets, goal.validation, goal.variance)
    total = sum(training.weights[n] * np.asarray(v) for n, v in parts.items())
    return total, parts, {"closure": runs.closure} if runs.pools else {}


@jax.jit
def _member_losses(simulated, targets, weights, variance):
    return jax.vmap(target_losses, (0, None, 0, None))(simulated, targets, weights, variance)


def stack(models: Sequence[Any]) -> Any:
    """Members of one design as one pytree whose arrays lead with the member axis.

    Types are made strong: a weakly typed value (one made of a Python number) would come back strong from the
    first step, and the step would be compiled a second time.
    """
    parts = [eqx.partition(m, eqx.is_array) for m in models]
    # stacked by NumPy, which compiles nothing for each shape
    arrays = jax.tree.map(lambda *a: jnp.asarray(np.stack(a)), *(p[0] for p in parts))
    return eqx.combine(arrays, parts[0][1])


def _optimiser(training: Training) -> optax.GradientTransformation:
    """AdamW for networks, Adam with its own rate for single physical values."""

    def schedule(top: float):
        rise = max(1, int(training.warmup * training.steps))
        return optax.warmup_cosine_decay_schedule(
            0.1 * top, top, rise, max(training.steps, rise + 1), 0.02 * top
        )

    def label(tree: Any) -> Any:
        return jax.tree_util.tree_map_with_path(
            lambda path, leaf: (
                "value" if any(getattr(p, "name", "") in ("raw", "table") for p in path) else "weight"
            ),
            tree,
        )

    def shaped(tree: Any) -> Any:
        return jax.tree.map(lambda a: a.ndim > 1, tree)

    return optax.chain(
        optax.clip_by_global_norm(training.clip),
        optax.multi_transform(
            {
                "value": optax.adam(schedule(training.parameter_rate)),
                "weight": optax.adamw(
                    schedule(training.learning_rate), weight_decay=training.weight_decay, mask=shaped
                ),
            },
            label,
        ),
    )


def _choose(better: np.ndarray, new: Any, old: Any) -> Any:
    """Arrays of the members that are better from ``new``, of the others from ``old``."""
    if better.all() or not better.any():
        return new if better.all() else old
    flags = jnp.asarray(better)

    def pick(a, b):
        if not eqx.is_inexact_array(a):
            return a
        return jnp.where(flags.reshape(-1, *([1] * (a.ndim - 1))), a, b)

    return jax.tree.map(pick, new, old)


def _finite(models: Any) -> bool:
    values = jax.tree.leaves(eqx.filter(models, eqx.is_inexact_array))
    return all(np.isfinite(np.asarray(v)).all() for v in values)


def _not_finite(
    sound: Any, models: Any, parts: Mapping[str, Array], loss: Array, step: int, inputs: Inputs
) -> ModelError:
    """Say which member, name, site and day first is not finite.

    The models of the last sound validation are searched first: by now the gradient has spoiled the present ones.
    """
    from ..guard import FINITE, first_not_finite

    where = first_not_finite(sound, inputs)
    if where == FINITE:
        where = first_not_finite(models, inputs)
    bad = [n for n, v in parts.items() if not bool(jnp.isfinite(v).all())]
    what = "gradient" if bool(jnp.isfinite(loss).all()) else "loss"
    named = ", ".join(bad) or ("penalty" if what == "loss" else "")
    return ModelError(
        f"the {what} is not finite at training step {step}" + (f" ({named})" if named else ""),
        where,
        "lower the learning rate or the clip, or check the forcing there",
    )
