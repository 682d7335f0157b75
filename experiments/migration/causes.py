"""Graphs of causes: one for all districts together, and one for each district with usable data."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from data.errors import DataError

from .config import Config
from .field import field_of, lagged, searched
from .multiple import holm, within
from .prepare import Panel

if TYPE_CHECKING:
    import xarray as xr

    from causal.priors import Priors

POOLED = ("drought", "vegetation", "cereal", "conflict", "arrivals", "departures")
LOCAL = ("drought", "vegetation", "conflict", "departures")
"""Variables of a district's own graph: few districts have prices and arrivals in most months."""
Progress = Callable[[int, int], None]


def series(panel: Panel, config: Config) -> xr.Dataset:
    """The variables of the graphs, (district, time), from the first reliable month on.

    ``drought`` grows with dryness; ``departures`` and ``arrivals`` are log counts; blanks are missing.
    """
    import xarray as xr

    late = slice(panel.first, None)
    leaving = panel.target if config.target == "departures" else panel.other
    coming = panel.other if config.target == "departures" else panel.target
    found = {
        "drought": -panel.drivers["cdi"],
        "vegetation": panel.drivers["ndvi"],
        "conflict": panel.drivers["insecurity_fatalities"],
        "arrivals": coming,
        "departures": leaving,
    }
    if "cereal" in panel.drivers:
        found["cereal"] = panel.drivers["cereal"]
    return xr.Dataset(
        {n: (("district", "time"), v[:, late]) for n, v in found.items()},
        {"district": list(panel.districts), "time": panel.months[late].astype("datetime64[ns]")},
    )


def known_beforehand(names: tuple[str, ...]) -> Priors:
    """What nobody disputes: nothing in the panel makes drought, and vegetation follows nothing but drought."""
    from causal.priors import Priors

    others = [n for n in names if n not in ("drought", "vegetation")]
    forbidden = [(n, "vegetation") for n in others] if "vegetation" in names else []
    return Priors(exogenous=["drought"], forbidden=forbidden)


def enough(panel: Panel, config: Config) -> np.ndarray:
    """Which districts have enough months for a graph, (district,).

    Raises:
        DataError: where fewer than two have.
    """
    least = config.causes.least_months
    held = np.isfinite(panel.target[:, panel.first :]).sum(axis=1) >= least
    if held.sum() < 2:
        raise DataError(
            f"fewer than two districts have {least} months of '{config.target}'",
            "the monthly panel",
            "set causes.least_months lower",
        )
    return held


def run(panel: Panel, config: Config, progress: Progress | None = None) -> dict[str, Any]:
    """Both kinds of graph, as tables.

    Raises:
        DataError: where no district has enough complete months.
    """
    ds = series(panel, config)
    settings = config.causes
    target = config.target
    names = tuple(n for n in POOLED if n in ds)
    own = tuple(n if n != "departures" else target for n in LOCAL)
    kept_here = enough(panel, config)
    kept = ds.isel(district=np.flatnonzero(kept_here))
    steps = settings.bootstrap + 2

    def tell(done: int) -> None:
        if progress is not None:
            progress(done, steps)

    together = pooled(kept, names, config)
    tell(1)
    apart = districts(kept, own, config)
    tell(2)
    frequency = resampled(kept, names, config, lambda n: tell(2 + n))
    for link in together["links"]:
        found = frequency.get((link["source"], link["target"], link["lag"]), 0.0)
        link["frequency"] = found if settings.bootstrap else None
    together["resamples"] = settings.bootstrap
    return {
        "pooled": together,
        "districts": apart,
        "left_out": [str(n) for n in ds["district"].values[~kept_here]],
    }


def pooled(ds: xr.Dataset, names: tuple[str, ...], config: Config) -> dict[str, Any]:
    """One graph by J-PCMCI+ [@gunther2023], with dummies for what districts and months share but nobody measured.

    Returns the links with their p-values adjusted by Holm over every link that was tested.
    """
    from causal.discover import discover

    settings = config.causes
    found = discover(
        ds,
        list(names),
        method="j-pcmci+",
        test="parcorr",
        tau_min=0,
        tau_max=settings.tau_max,
        pc_alpha=settings.pc_alpha,
        priors=known_beforehand(names),
        pool="district",
        dummies=("space", "time"),
    )
    graph, val, p = (found[n].values for n in ("graph", "val", "p"))
    tested = np.where(np.eye(len(names), dtype=bool)[:, :, None], np.nan, p)
    tested[:, :, 0] = np.where(np.triu(np.ones((len(names), len(names)), bool), 1), tested[:, :, 0], np.nan)
    adjusted = holm(tested)
    adjusted[:, :, 0] = np.fmax(adjusted[:, :, 0], adjusted[:, :, 0].T)
    links = []
    for i, j, lag in np.argwhere(graph != ""):
        if lag == 0 and (graph[i, j, 0] == "<--" or (graph[i, j, 0] in ("o-o", "x-x") and i > j)):
            continue
        links.append(
            {
                "source": names[i],
                "target": names[j],
                "lag": int(lag),
                "mark": str(graph[i, j, lag]),
                "val": float(val[i, j, lag]),
                "p": float(p[i, j, lag]),
                "holm": None if i == j else float(adjusted[i, j, lag]),
            }
        )
    return {
        "names": list(names),
        "links": links,
        "members": int(ds.sizes["district"]),
        "tests": int(np.isfinite(tested).sum()),
        "dummies": str(found.attrs.get("depends_on_dummies", "")),
        "engine": str(found.attrs.get("engine", "")),
    }


def resampled(
    ds: xr.Dataset, names: tuple[str, ...], config: Config, progress: Callable[[int], None]
) -> dict[tuple[str, str, int], float]:
    """Share of resamples of districts in which PCMCI+ finds each link, effects of district and month taken out.

    A resample draws whole districts, so that what months of a district share stays together. J-PCMCI+ with its
    dummies is replaced by PCMCI+ on values less the means of districts and months, which is the same idea and quick.
    """
    from causal.discover import discover

    settings = config.causes
    rng = np.random.default_rng(config.seed)
    count: dict[tuple[str, str, int], int] = {}
    size = ds.sizes["district"]
    for number in range(settings.bootstrap):
        drawn = rng.integers(0, size, size)
        sample = ds.isel(district=drawn).assign_coords(district=np.arange(size))
        sample = sample.map(lambda v: v.copy(data=within(v.values)))
        graph = discover(
            sample,
            list(names),
            method="pcmci+",
            test="parcorr",
            tau_min=0,
            tau_max=settings.tau_max,
            pc_alpha=settings.pc_alpha,
            priors=known_beforehand(names),
            pool="district",
        )["graph"].values
        for i, j, lag in np.argwhere(graph != ""):
            key = (names[i], names[j], int(lag))
            count[key] = count.get(key, 0) + 1
        progress(number + 1)
    return {key: n / settings.bootstrap for key, n in count.items()} if settings.bootstrap else {}


def districts(ds: xr.Dataset, names: tuple[str, ...], config: Config) -> dict[str, Any]:
    """A graph for each district by PCMCI over lags from one month on, and what holds over the field.

    A link of a district is kept where its p-value, adjusted by Holm over all links, lags and districts, is at most
    the family-wise level. Beside it stands how many districts pass the level of one test and how many would by chance.
    """
    settings = config.causes
    found = searched(
        ds,
        names,
        settings.tau_max,
        settings.alpha,
        priors=known_beforehand(names),
        bootstrap=settings.bootstrap,
        seed=config.seed,
    )
    p, val = lagged(found, "p"), lagged(found, "val")
    times = lagged(found, "frequency") if "frequency" in found else np.full(p.shape, np.nan)
    closed = names_closed(names)
    usable = np.atleast_1d((p < 1.0).any(axis=(1, 2, 3)))
    field = field_of(p, val, settings.alpha, usable, closed)
    labels = [str(n) for n in ds["district"].values]
    rows, kept = [], []
    members = int(usable.sum())
    for i, source in enumerate(names):
        for j, target in enumerate(names):
            if i == j or closed[i, j]:
                continue
            link = field.link(i, j)
            rows.append(
                {
                    "source": source,
                    "target": target,
                    "districts": members,
                    "single": int(link.single.sum()),
                    "chance": link.chance,
                    "field_p": link.field_p,
                    "holm": int(link.strict.sum()),
                    "val": float(link.strongest[usable].mean()) if members else None,
                }
            )
            kept += [
                {
                    "district": labels[d],
                    "source": source,
                    "target": target,
                    "lag": int(k) + 1,
                    "val": float(val[d, i, j, k]),
                    "holm": float(field.adjusted[d, i, j, k]),
                    "frequency": float(times[d, i, j, k]),
                }
                for d, k in np.argwhere(field.adjusted[:, i, j] <= settings.alpha)
            ]
    for row, value in zip(rows, holm(np.array([r["field_p"] for r in rows])), strict=True):
        row["field_holm"] = float(value)
    drought = field.link(names.index("drought"), names.index(config.target))
    return {
        "names": list(names),
        "rows": rows,
        "links": kept,
        "tests": field.tests,
        "labels": labels,
        "drought": np.where(usable, drought.strongest, np.nan),
        "drought_lag": drought.lag,
        "usable": usable,
    }


def names_closed(names: tuple[str, ...]) -> np.ndarray:
    """Links that are ruled out beforehand, (source, target)."""
    closed = np.zeros((len(names), len(names)), bool)
    for i, source in enumerate(names):
        for j, target in enumerate(names):
            closed[i, j] = i != j and (
                target == "drought" or (target == "vegetation" and source != "drought")
            )
    return closed
