"""Causal Shapley values of the families, by an assumed order and by the links that the search found."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from xai.causal_graph import components
from xai.causal_shapley import causal_shapley
from xai.games import every_coalition
from xai.interventions import LinearSampler

from .config import Config
from .explain_model import FAMILIES, family_names, taken

if TYPE_CHECKING:
    import xarray as xr

    from .explain_run import Case

ORDER = (
    ("rain",),
    ("drought index",),
    ("vegetation",),
    ("conflict", "nation and season"),
    ("neighbours",),
    ("other count",),
    ("own history",),
)
"""Assumed causal order: each is acted on by all before; where two stand together, neither is said to act first."""
KINDS = ("symmetric", "causal", "direct", "indirect", "asymmetric", "found graph")


PENALTIES = (1e-3, 1e-2, 1e-1, 1.0, 10.0, 1e3)
"""Penalties of the equations that are tried, per row."""
FOLDS = 5
SURE = 3.0
"""Standard errors by which a causal size must differ from the symmetric one to be called different."""


class Drawn:
    """Inputs under interventions for the engine: linear equations of all past inputs, noise of some of them.

    What lasts in a district (its level, its conflict, its climate) is no answer to a cause that varies: slopes are
    fitted to deviations from the district's mean, and the noise holds what lasts.

    Args:
        past: inputs that the equations are fitted to, leaves (row, ...).
        district: district of each row.
        rows: those whose noise is taken; without interventions the draws are these rows themselves.
        player: family of each column, in the order of the leaves.
        graph: as the engine takes it.
    """

    def __init__(
        self,
        past: dict[str, np.ndarray],
        district: np.ndarray,
        rows: np.ndarray,
        player: np.ndarray,
        graph: Any,
    ) -> None:
        leaves, self.tree = jax.tree.flatten(past)
        self.shapes = [leaf.shape[1:] for leaf in leaves]
        wide = np.concatenate([leaf.reshape(len(leaf), -1) for leaf in leaves], axis=1)
        belongs = np.eye(district.max() + 1)[district]
        apart = wide - (belongs @ (belongs.T @ wide / np.maximum(belongs.sum(axis=0), 1)[:, None]))
        self.linear = LinearSampler(apart, components(FAMILIES, graph), player)
        fitted, noise = [], np.empty((len(rows), wide.shape[1]))
        for part, mine, theirs, _, _ in self.linear.equations:
            slope = ridge_slopes(apart[:, theirs], apart[:, mine], district % FOLDS)
            rest = apart[:, mine] - apart[:, theirs] @ slope
            whole = np.concatenate([np.zeros((1, len(mine))), slope])
            fitted.append((part, mine, theirs, whole, rest.T @ rest / len(rest)))
            noise[:, mine] = wide[rows][:, mine] - wide[rows][:, theirs] @ slope
        self.linear.equations, self.linear.noise = fitted, noise
        self.ends = np.cumsum([int(np.prod(s)) for s in self.shapes])[:-1]
        self._held: tuple[Any, np.ndarray] = (None, np.empty(0))

    def __call__(self, key: Any, known: np.ndarray, x: Any, n: int) -> Any:
        """Draws with the known families set to their values in x; all coalitions of one x are drawn at once."""
        del key, n
        if self._held[0] is not x:
            at = np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(x)]).astype(float)
            self._held = (x, self.linear(every_coalition(len(FAMILIES)), at))
        rows = self._held[1][int(known @ (1 << np.arange(len(FAMILIES))))]
        split = np.split(rows, self.ends, axis=1)
        return self.tree.unflatten(
            [p.reshape(len(rows), *s) for p, s in zip(split, self.shapes, strict=True)]
        )


def ridge_slopes(x: np.ndarray, y: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Slopes (column, target) by ridge regression without intercept on columns in units of their spread.

    The penalty is the one of `PENALTIES` that predicts left-out folds best, targets in units of their spread.

    Args:
        x: (row, column).
        y: (row, target).
        fold: number of the fold of each row.
    """
    if not x.shape[1]:
        return np.zeros((0, y.shape[1]))
    scale, size = (np.where(a.std(axis=0) > 1e-9, a.std(axis=0), 1.0) for a in (x, y))
    z, t = x / scale, y / size

    def solved(seen: np.ndarray) -> list[np.ndarray]:
        values, vectors = np.linalg.eigh(z[seen].T @ z[seen])
        turned = vectors.T @ (z[seen].T @ t[seen])
        return [vectors @ (turned / (values[:, None] + seen.sum() * k)) for k in PENALTIES]

    missed = np.zeros(len(PENALTIES))
    for k in np.unique(fold):
        left = fold == k
        if left.all():
            continue
        missed += [float(((t[left] - z[left] @ b) ** 2).sum()) for b in solved(~left)]
    best = solved(np.ones(len(x), bool))[int(np.argmin(missed))]
    return best / scale[:, None] * size


def found_graph(causes: dict[str, Any] | None, config: Config) -> list[tuple[str, str]] | None:
    """Edges between families from the pooled graph: directed links that pass Holm, prices (no input) passed through.

    Returns None where the run has no graph.
    """
    if causes is None:
        return None
    names = {
        "drought": "drought index",
        "vegetation": "vegetation",
        "conflict": "conflict",
        config.target: "own history",
        "arrivals" if config.target == "departures" else "departures": "other count",
    }
    links = {
        (k["source"], k["target"])
        for k in causes["pooled"]["links"]
        if k["source"] != k["target"]
        and k["mark"] == "-->"
        and k["holm"] is not None
        and k["holm"] <= config.causes.alpha
    }
    into = {a for a, b in links if b == "cereal"}
    links |= {(a, b) for a in into for c, b in links if c == "cereal" and a != b}
    return sorted({(names[a], names[b]) for a, b in links if a in names and b in names})


def run(case: Case, config: Config, causes: dict[str, Any] | None, done: Callable[[], None]) -> xr.Dataset:
    """Values at some pairs of district and origin, (lead, pair, kind, player).

    Absent families follow from present ones by linear equations along the graph, fitted to all past inputs with the
    means of districts taken out; the noise is that of a sample of them. Symmetric values are against the same sample.
    """
    import xarray as xr

    from .explain_run import plain, players

    edges = found_graph(causes, config)
    given = players(case)
    columns = np.concatenate([np.ravel(i) for i in jax.tree.leaves(given.ids)])
    rng = np.random.default_rng([config.seed, 1])
    count = len(case.forecaster.panel.districts)
    every = len(case.origins) * count
    pairs = np.sort(rng.choice(every, min(config.explain.pairs, every), replace=False))
    some = np.sort(rng.choice(case.rows, min(config.explain.draws, len(case.rows)), replace=False))
    out = np.full((len(case.leads), len(pairs), len(KINDS), len(FAMILIES)), np.nan)
    gap = 0.0
    graphs: list[tuple[str, Any]] = [
        ("causal", [list(g) for g in ORDER]),
        ("asymmetric", [list(g) for g in ORDER]),
    ]
    if edges:
        graphs.append(("found graph", edges))
    for i, lead in enumerate(case.leads):
        past = case.whole(lead)
        background = taken(past, some)
        district_of = np.tile(np.arange(count), len(case.past))
        samplers = {
            name: Drawn(past, district_of, some, columns, graph)
            for name, graph in graphs
            if name != "asymmetric"
        }
        samplers["asymmetric"] = samplers["causal"]
        for j, pair in enumerate(pairs):
            origin, district = int(case.origins[pair // count]), int(pair % count)
            model = case.forecaster.model(origin, lead)
            x = taken(case.forecaster.inputs(origin, lead), slice(district, district + 1))
            out[i, j, 0] = model.shapley(x, background).mean(axis=1)[0]
            x = taken(x, 0)
            for name, graph in graphs:
                with jax.enable_x64(True):
                    got = causal_shapley(
                        plain(model), x, background=past, graph=graph, players=given, sampler=samplers[name],
                        asymmetric=name == "asymmetric", draws=len(some), key=jax.random.key(0), chunk=8192,
                    )  # fmt: skip
                    out[i, j, KINDS.index(name)] = np.asarray(got.explained.attribution)
                    gap = max(gap, float(np.abs(got.explained.efficiency_gap)))
                    if name == "causal":
                        out[i, j, 2], out[i, j, 3] = np.asarray(got.direct), np.asarray(got.indirect)
        done()
    panel = case.forecaster.panel
    return xr.Dataset(
        {"causal_attribution": (("lead", "pair", "kind", "player"), out, {"units": "1"})},
        {
            "kind": list(KINDS),
            "player": list(family_names(config)),
            "pair_origin": ("pair", panel.months[case.origins[pairs // count]].astype("datetime64[ns]")),
            "pair_district": ("pair", [panel.districts[k] for k in pairs % count]),
        },
        {"edges": [] if edges is None else [f"{a} → {b}" for a, b in edges], "searched": edges is not None,
         "gap": gap, "draws": len(some), "equations": len(case.past) * count},
    )  # fmt: skip


def tables(causal: xr.Dataset, ds: xr.Dataset) -> dict[str, Any]:
    """Sizes (mean of absolute values) of each kind by lead and family, and where causal and symmetric values differ."""
    rows, findings = [], []
    values = causal["causal_attribution"]
    for i, lead in enumerate(ds["lead"].values):
        here = values.isel(lead=i)
        for k, name in enumerate(causal["player"].values):
            sizes = {n: float(np.abs(here.sel(kind=n).values[:, k]).mean()) for n in KINDS}
            change = np.abs(here.sel(kind="causal").values[:, k]) - np.abs(
                here.sel(kind="symmetric").values[:, k]
            )
            # districts are drawn by chance, months overlap: the error holds for these pairs as if they were apart
            error = float(change.std(ddof=1) / np.sqrt(len(change))) if len(change) > 1 else float("nan")
            row = {
                "lead": int(lead),
                "family": str(name),
                **sizes,
                "change": float(change.mean()),
                "error": error,
            }
            row["differs"] = bool(abs(row["change"]) > SURE * error)
            rows.append(row)
            if row["differs"]:
                findings.append(row)
    return {
        "rows": rows,
        "findings": findings,
        "pairs": int(values.sizes["pair"]),
        "edges": causal.attrs["edges"],
        "searched": causal.attrs["searched"],
        "gap": causal.attrs["gap"],
        "draws": causal.attrs["draws"],
        "equations": causal.attrs["equations"],
    }
