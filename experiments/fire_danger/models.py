"""Every model behind two calls: fitted on some cell-months, asked for the chance of fire of all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from . import climatology
from .config import Config
from .danger import Danger, deep_code, scales
from .features import features
from .opening import Fires
from .training import member_times, predict, train
from .unet import Network
from .windows import Change, Windows, windows

MODELS = ("hybrid", "process", "network", "forest", "trees", "climatology_cell", "climatology")
"""By name: hybrid, drought code alone, U-Net, random forest, boosted trees, climatology by month and cell, by month."""

LEARNED = ("hybrid", "network", "forest", "trees")


@dataclass(frozen=True)
class Fitted:
    """Fitted models: each gives the chance of fire (member, time, cell) from windows; one member where it has no more.

    Attributes:
        chance: by name.
        hybrid: the stacked members of the hybrid.
        windows: windows of the fit, at its lead.
        ridge: the hybrid's penalty.
        scaled: the windows as the hybrid's members read them.
    """

    chance: dict[str, Callable[[Windows], np.ndarray]]
    hybrid: Danger
    windows: Windows
    ridge: float
    scaled: Windows


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-np.clip(x, -50.0, 50.0)))


def prepare(
    fires: Fires, config: Config, fit: np.ndarray, lead: int, places: bool, change: Change = Change()
) -> Windows:
    """Windows on the climatology by month and cell, or by month alone where `places` are not to be known."""
    base = climatology.logits(fires, fit, config.climatology, places, config.climatology.month_mix)
    return windows(fires, fit, base, lead, change, places)


def fit_all(
    fires: Fires,
    config: Config,
    fit: np.ndarray,
    cells: np.ndarray,
    lead: int,
    places: bool = True,
    only: tuple[str, ...] = MODELS,
    choose: bool = False,
    trained: Danger | None = None,
) -> Fitted:
    """Fit every model.

    Args:
        fires: fire and weather.
        config: settings.
        fit: years that fit.
        cells: cells that fit, bool (cell,).
        lead: months from the last known weather to the target.
        places: whether the climatology of cells is known (not where cells are held out).
        only: models that are fitted.
        choose: whether the hybrid's penalty is chosen here, by years that fit held out one by one.
        trained: members of the hybrid, trained before on the same cell-months.
    """
    w = prepare(fires, config, fit, lead, places)
    held = np.isin(fires.years, fit)
    use = held[:, None] & cells[None]
    plain, level, slope = w, *_recalibrated(np.asarray(w.base)[use], fires.burned[use])

    def scaled(other: Windows) -> Windows:
        """Windows whose base is recalibrated and that know the scales of the fit."""
        kept = (level + slope * other.base, *known)
        return eqx.tree_at(lambda x: (x.base, x.scale, x.centre, x.spread), other, kept)

    known = (plain.scale, plain.centre, plain.spread)
    told = np.asarray(features(scaled(plain)))[use]
    known = (scales(w, use), jnp.asarray(told.mean(0)), jnp.asarray(np.maximum(told.std(0), 1e-6)))
    w = scaled(plain)
    burned = jnp.asarray(fires.burned, jnp.float32)
    chance: dict[str, Callable[[Windows], np.ndarray]] = {}
    by_month = climatology.chance(_only(fires, cells), fit_and_before(fires, fit), config.climatology, False)
    by_month = by_month[:, :1] + np.zeros_like(fires.burned)
    chance["climatology"] = lambda _: by_month[None]
    chance["climatology_cell"] = lambda w: _sigmoid(level + slope * np.asarray(w.base))[None]
    if "process" in only:
        chance["process"] = _process(plain, fires, use)
    ridge = _chosen(w, fires, config, use, burned) if choose else config.hybrid.ridge
    hybrid = trained or _hybrid(w, fires, config, use, burned, ridge)
    chance["hybrid"] = lambda other: np.asarray(predict(hybrid, scaled(other)), float)
    if "network" in only:
        network = _network(w, fires, config, use, burned)
        chance["network"] = lambda other: np.asarray(predict(network, scaled(other)), float)
    if "forest" in only or "trees" in only:
        chance |= _trees(plain, fires, config, use)
    return Fitted(chance, hybrid, plain, ridge, w)


def fit_and_before(fires: Fires, fit: np.ndarray) -> np.ndarray:
    """Years that fit and the earlier ones."""
    early = np.unique(fires.earlier_months.astype("datetime64[Y]").astype(int) + 1970)
    return np.concatenate([early, fit])


def _only(fires: Fires, cells: np.ndarray) -> Fires:
    """Fire of some cells alone."""
    return Fires(
        **{**fires.__dict__, "burned": fires.burned[:, cells], "earlier": fires.earlier[:, cells]},
    )


def _recalibrated(base: np.ndarray, burned: np.ndarray) -> tuple[float, float]:
    """Level and slope of the logistic regression on a climatology's logit [@cox1958]."""
    from sklearn.linear_model import LogisticRegression

    found = LogisticRegression(C=1e3).fit(base[:, None], burned)
    return float(found.intercept_[0]), float(found.coef_[0, 0])


def _process(w: Windows, fires: Fires, use: np.ndarray) -> Callable[[Windows], np.ndarray]:
    """Drought code and wind in a logistic link: physics with nothing of the calendar or the place."""
    from sklearn.linear_model import LogisticRegression

    def told(w: Windows) -> np.ndarray:
        code = np.asarray(deep_code(w.tas, w.pr, w.days, w.factor), float)
        return np.stack([code / 100.0, np.asarray(w.wind, float)], axis=-1)

    model = LogisticRegression(C=1e3).fit(told(w)[use], fires.burned[use])
    return lambda w: _sigmoid(told(w) @ model.coef_[0] + model.intercept_[0])[None]


def _hybrid(
    w: Windows, fires: Fires, config: Config, use: np.ndarray, burned: jax.Array, ridge: float
) -> Danger:
    members = config.hybrid.members
    seen, times = _counted(fires, use, members, config.seed)
    return _trained(w, config, burned, seen, times, jnp.full(members, ridge, jnp.float32))


def _trained(
    w: Windows, config: Config, burned: jax.Array, seen: jax.Array, times: jax.Array, ridge: jax.Array
) -> Danger:
    """The hybrid, a member for each row of ``times`` and penalty of ``ridge``."""
    settings = config.hybrid
    models = _made(settings.width, jr.split(jr.key(config.seed), len(times)))
    steps, rate = settings.steps, settings.rate
    return train(models, w, burned, seen, times, steps, rate, 0.0, ridge, settings.shrink)


def _chosen(w: Windows, fires: Fires, config: Config, use: np.ndarray, burned: jax.Array) -> float:
    """The penalty of `hybrid.ridges` with the least log loss over the years that fit, each held out once."""
    settings, known = config.hybrid, np.unique(fires.years[use.any(axis=1)])
    pairs = [(ridge, year) for ridge in settings.ridges for year in known]
    times = np.stack([np.isin(fires.years, known[known != year]) for _, year in pairs]).astype(np.float32)
    ridge = jnp.asarray([r for r, _ in pairs], jnp.float32)
    found = _trained(w, config, burned, jnp.asarray(use, jnp.float32), jnp.asarray(times), ridge)
    chance = np.clip(np.asarray(predict(found, w), float), 1e-6, 1.0 - 1e-6)
    loss = dict.fromkeys(settings.ridges, 0.0)
    for (r, year), p in zip(pairs, chance, strict=True):
        here = use & (fires.years == year)[:, None]
        loss[r] -= float(np.where(fires.burned > 0, np.log(p), np.log(1.0 - p))[here].sum())
    return min(loss, key=lambda r: loss[r])


def restored(config: Config, leaves: dict[str, np.ndarray]) -> Danger:
    """Members of the hybrid from `leaves_of`."""
    like = eqx.filter_eval_shape(_made, config.hybrid.width, jr.split(jr.key(0), config.hybrid.members))
    arrays = [jnp.asarray(leaves[str(i)]) for i in range(len(leaves))]
    return jax.tree.unflatten(jax.tree.structure(like), arrays)


def leaves_of(hybrid: Danger) -> dict[str, np.ndarray]:
    """Arrays of the hybrid's members, by number."""
    return {str(i): np.asarray(a) for i, a in enumerate(jax.tree.leaves(hybrid))}


@eqx.filter_jit
def _made(width: int, keys: jax.Array) -> Danger:
    """Members of the hybrid before training, stacked."""
    return eqx.filter_vmap(lambda key: Danger(width, key=key))(keys)


def _counted(fires: Fires, use: np.ndarray, members: int, seed: int) -> tuple[jax.Array, jax.Array]:
    """Which cell-months fit (time, cell), and how often each member counts a month (member, time)."""
    known = np.unique(fires.years[use.any(axis=1)])
    return jnp.asarray(use, jnp.float32), jnp.asarray(member_times(fires.years, known, members, seed))


def _network(w: Windows, fires: Fires, config: Config, use: np.ndarray, burned: jax.Array) -> Network:
    settings = config.network
    keys = jr.split(jr.key(config.seed + 1), settings.members)
    # flax draws the first weights outside of jax's transforms, so members are made one by one
    made = [Network(fires.inside, settings.width, key=key) for key in keys]
    models = jax.tree.map(lambda *a: jnp.stack(a) if eqx.is_array(a[0]) else a[0], *made)
    seen, times = _counted(fires, use, settings.members, config.seed + 1)
    none = jnp.zeros(settings.members)
    return train(models, w, burned, seen, times, settings.steps, settings.rate, settings.decay, none, 0.0)


def _trees(
    w: Windows, fires: Fires, config: Config, use: np.ndarray
) -> dict[str, Callable[[Windows], np.ndarray]]:
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from threadpoolctl import threadpool_limits

    settings = config.trees
    x, y = np.asarray(features(w))[use], fires.burned[use]
    fitted: dict[str, Any] = {
        "forest": RandomForestClassifier(
            settings.forest,
            min_samples_leaf=settings.leaf,
            max_features="sqrt",
            random_state=config.seed,
            n_jobs=1,
        ),
        "trees": HistGradientBoostingClassifier(
            max_iter=settings.boosted,
            learning_rate=settings.rate,
            max_leaf_nodes=settings.leaves,
            min_samples_leaf=2 * settings.leaf,
            l2_regularization=1.0,
            random_state=config.seed,
        ),
    }

    def asked(model: Any) -> Callable[[Windows], np.ndarray]:
        def chance(w: Windows) -> np.ndarray:
            told = np.asarray(features(w))
            with threadpool_limits(1):
                found = model.predict_proba(told.reshape(-1, told.shape[-1]))[:, 1]
            return found.reshape(told.shape[:2])[None]

        return chance

    # these are small: threads would wait for one another longer than they work
    with threadpool_limits(1):
        return {name: asked(model.fit(x, y)) for name, model in fitted.items()}


def mean_chance(fitted: Fitted, w: Windows) -> dict[str, np.ndarray]:
    """Mean chance over members of every model (time, cell)."""
    return {name: ask(w).mean(axis=0) for name, ask in fitted.chance.items()}
