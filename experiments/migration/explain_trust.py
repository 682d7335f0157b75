"""How far the attributions of the forecasts can be trusted: scores beside those of random explanations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from xai.assess import Effort, assess
from xai.explained import Explained, explained
from xai.function import Plain
from xai.trust_table import collected, trust_table

from .config import Config
from .explain_model import taken

if TYPE_CHECKING:
    from .explain_run import Case

EFFORT = Effort(draws=40, steps=8, search=256, subsets=40, perturbations=4)
SHUFFLED = 2
"""Models learnt from shuffled errors, beside which the attribution of the real ones should look different."""


def run(case: Case, config: Config) -> dict[str, Any]:
    """Trust report of the last origin and the first lead, over some districts spread evenly.

    Members are models learnt anew from pairs drawn with replacement and with other seeds of the trees; random ones are
    learnt from errors that are shuffled, the process and the level staying as they are.
    """
    from .explain_run import plain, players

    lead, origin = case.leads[0], int(case.origins[-1])
    model, inputs = case.forecaster.model(origin, lead), case.forecaster.inputs(origin, lead)
    background = case.background(lead)
    background = taken(background, np.linspace(0, len(case.rows) - 1, config.explain.draws).astype(int))
    districts = np.unique(
        np.linspace(0, len(inputs["level"]) - 1, min(config.explain.trusted, len(inputs["level"]))).astype(
            int
        )
    )
    rng = np.random.default_rng([config.seed, 2])
    again = [case.forecaster.refitted(origin, lead, rng) for _ in range(config.explain.members)]
    other = [case.forecaster.refitted(origin, lead, rng, shuffled=True) for _ in range(SHUFFLED)]
    members, shuffled = ([plain(m) for m in ms if m is not None] for ms in (again, other))
    spread = {n: v.std(axis=0) for n, v in background.items()}
    given = players(case)

    def explain(f: Plain, x: Any) -> Explained:
        batch = jax.tree.map(lambda a: np.asarray(a)[None], x)
        each = f.f.shapley(batch, background)[0]  # pyright: ignore[reportFunctionMemberAccess]
        error = each.std(axis=0, ddof=1) / np.sqrt(len(each))
        base, whole = f.f(background).mean(), f.f(batch)[0]
        return explained(
            jnp.asarray(each.mean(axis=0)), jnp.asarray(base), jnp.asarray(whole), jnp.asarray(error)
        )

    found = []
    for number, district in enumerate(districts):
        x = taken(inputs, int(district))
        with jax.enable_x64(True):
            f = plain(model)
            found.append([
                assess(
                    f, x, explain(f, x), key=jax.random.key(config.seed + number), background=background,
                    ids=given.ids, explain=explain, members=members, randomised=shuffled, spread=spread, effort=EFFORT,
                )
            ])  # fmt: skip
    names = [case.forecaster.panel.districts[d] for d in districts]
    frame = trust_table(collected(found, {"district": ("case", names)}, None))
    columns = ("score", "title", "value", "random", "skill", "skill_lower", "skill_upper", "p", "verdict")
    return {
        "lead": lead,
        "origin": str(case.forecaster.panel.months[origin]),
        "districts": len(districts),
        "members": len(members),
        "shuffled": len(shuffled),
        "rows": [{n: row[n] for n in columns} for row in frame.to_dict("records")],
    }
