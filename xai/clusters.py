"""Clusters of attribution maps, and whether they are more than a way to cut a cloud."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from jaxtyping import Float, Int

from data.errors import ConfigError, DataError, counted

STABLE = 0.75
"""Least mean Jaccard coefficient of a cluster that is called stable [@hennig2007]."""
CLOUDS = 5
"""Sets of maps without clusters whose stability is compared with."""
COMPONENTS = 20
"""Most principal components in which maps are compared with maps without clusters."""


class Stability(NamedTuple):
    """How a clustering holds when the maps are drawn again.

    Attributes:
        jaccard: mean over bootstrap samples of the largest Jaccard coefficient of each cluster, (cluster,).
        jaccard_stderr: standard deviation over bootstrap samples, as one sample's error, (cluster,).
        rand: mean adjusted Rand index of the clustering with those of bootstrap samples.
        rand_spread: its standard deviation over bootstrap samples.
    """

    jaccard: Float[np.ndarray, " cluster"]
    jaccard_stderr: Float[np.ndarray, " cluster"]
    rand: float
    rand_spread: float


def clusters(
    result: xr.Dataset | xr.DataArray,
    over: str | Sequence[str],
    *,
    number: int | None = None,
    most: int = 6,
    normalise: str = "pattern",
    resamples: int = 50,
    references: int = 20,
    seed: int = 0,
) -> xr.Dataset:
    """Group samples by their attribution maps with k-means, and say whether the groups are stable.

    The number of clusters is that of the largest mean silhouette [@rousseeuw1987]. Whether there are clusters at all is
    judged by the gap statistic against uniform maps in the box of the principal components [@tibshirani2001], and each
    cluster by its Jaccard coefficient over bootstrap samples [@hennig2007]. Below a mean of 0.75, or without a gap, a
    cluster is called unstable.

    Args:
        result: attribution of :func:`attribute` for one output, or a DataArray of maps.
        over: dimensions of samples; the others are those of a map.
        number: of clusters; chosen where None.
        most: largest number that is tried.
        normalise: ``pattern`` divides each map by its root sum of squares, so that maps are compared by shape; ``none``
            compares them as they are.
        resamples: bootstrap samples.
        references: sets of maps without clusters.
        seed: of all draws.

    Returns:
        Dataset with ``cluster`` (number from 0, the largest first) along `over`, -1 where a map is missing or zero;
        over ``group``: ``size``, ``jaccard``, ``jaccard_spread``, ``stable``, ``verdict``, ``mean_map``,
        ``representative_map`` and its place; ``silhouette``, ``gap`` and ``gap_stderr`` over ``number``; ``rand``, the
        adjusted Rand index over bootstrap samples; ``jaccard_skill`` and ``rand_skill``, both against what a cloud
        without clusters has (``jaccard_cloud``, ``rand_cloud``): 0 is no better, 1 is perfect.

    Raises:
        ConfigError: settings out of range.
        DataError: too few maps, or dimensions that are not there.
    """
    maps, item = _maps(result, (over,) if isinstance(over, str) else tuple(over))
    if normalise not in ("pattern", "none"):
        raise ConfigError(f"normalise={normalise!r} is unknown", "clusters", "choose pattern or none")
    if resamples < 2 or references < 2:
        raise ConfigError("fewer than 2 resamples or references", "clusters", "choose 2 or more of each")
    known = np.isfinite(maps).any(axis=1)
    cells = np.asarray(np.isfinite(maps[known]).all(axis=0))
    size = np.linalg.norm(np.where(cells, maps, 0.0), axis=1)
    known &= (size > 0) & np.isfinite(size)
    rows = maps[known][:, cells]
    top = most if number is None else number
    if top < 2:
        raise ConfigError(f"{counted(top, 'cluster')} cannot be compared", "clusters", "choose 2 or more")
    if len(rows) < 2 * top or not rows.shape[1]:
        raise DataError(
            f"{counted(len(rows), 'map')} over {counted(rows.shape[1], 'cell')} cannot be cut into {top} clusters",
            "clusters",
            "give more maps, fewer clusters, or maps that have cells in common",
        )
    rows = rows / size[known, None] if normalise == "pattern" else rows
    rng = np.random.default_rng(seed)
    space = _components(rows)
    tried = list(range(2, most + 1)) if number is None else [number]
    from sklearn.metrics import silhouette_score

    labels = {k: _kmeans(space, k, seed) for k in tried}
    silhouette = np.array([_silhouette(silhouette_score, space, labels[k]) for k in tried])
    chosen = tried[int(np.argmax(silhouette))]
    gap, error = gap_statistic(space, [1, *tried], rng, references, seed)
    place = 1 + tried.index(chosen)
    apart = gap[place] - gap[0] > np.hypot(error[place], error[0])
    found = _by_size(labels[chosen])
    stability = bootstrap_stability(space, found, rng, resamples)
    cloud = _cloud_stability(space, chosen, rng, resamples)
    return _dataset(
        item,
        known,
        found,
        rows,
        cells,
        maps[known],
        stability,
        cloud,
        bool(apart),
        (np.array(tried), silhouette, gap, error),
        seed,
    )


def bootstrap_stability(
    rows: Float[np.ndarray, "map feature"],
    labels: Int[np.ndarray, " map"],
    rng: np.random.Generator,
    resamples: int,
) -> Stability:
    """Clusters of bootstrap samples against those of all maps [@hennig2007; @hubert1985].

    Args:
        rows: maps.
        labels: cluster of each map, from 0.
        rng: of the samples.
        resamples: their number.
    """
    from sklearn.metrics import adjusted_rand_score

    count = int(labels.max()) + 1
    jaccard, rand = np.full((resamples, count), np.nan), np.empty(resamples)
    for b in range(resamples):
        drawn = np.unique(rng.integers(len(rows), size=len(rows)), return_counts=True)
        again = _kmeans(rows[drawn[0]], count, int(rng.integers(2**31)), weight=drawn[1])
        rand[b] = adjusted_rand_score(labels[drawn[0]], again)
        for k in range(count):
            here = labels[drawn[0]] == k
            if here.any():
                same = [
                    np.mean(here[here | (again == j)] & (again == j)[here | (again == j)])
                    for j in range(count)
                ]
                jaccard[b, k] = max(same)
    return Stability(
        np.nanmean(jaccard, axis=0),
        np.nanstd(jaccard, axis=0, ddof=1),
        float(rand.mean()),
        float(rand.std(ddof=1)),
    )


def _cloud_stability(
    rows: np.ndarray, count: int, rng: np.random.Generator, resamples: int
) -> tuple[float, float]:
    """Mean Jaccard coefficient and adjusted Rand index of clusters of uniform rows, over `CLOUDS` sets of them."""
    low, high = rows.min(axis=0), rows.max(axis=0)
    found = []
    for _ in range(CLOUDS):
        cloud = rng.uniform(low, high, rows.shape)
        labels = _kmeans(cloud, count, int(rng.integers(2**31)))
        found.append(bootstrap_stability(cloud, labels, rng, max(2, resamples // CLOUDS)))
    return float(np.mean([f.jaccard.mean() for f in found])), float(np.mean([f.rand for f in found]))


def gap_statistic(
    rows: Float[np.ndarray, "map feature"],
    numbers: Sequence[int],
    rng: np.random.Generator,
    references: int = 20,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Fall of the log of the spread within clusters beyond that of uniform rows, and its error [@tibshirani2001].

    Args:
        rows: maps, in principal components.
        numbers: of clusters.
        rng: of the reference rows.
        references: sets of them.
        seed: of k-means.

    Returns:
        Gap and its standard error, (len(numbers),) each.
    """
    low, high = rows.min(axis=0), rows.max(axis=0)
    sets = [rng.uniform(low, high, rows.shape) for _ in range(references)]
    own = np.array([_log_within(rows, k, seed) for k in numbers])
    other = np.array([[_log_within(s, k, seed) for k in numbers] for s in sets])
    error = other.std(axis=0) * np.sqrt(1 + 1 / references)
    return other.mean(axis=0) - own, error


def _kmeans(rows: np.ndarray, count: int, seed: int, weight: np.ndarray | None = None) -> np.ndarray:
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        model = KMeans(count, n_init=4, random_state=seed)  # pyright: ignore[reportArgumentType]
        return model.fit_predict(rows, sample_weight=weight)


def _log_within(rows: np.ndarray, count: int, seed: int) -> float:
    labels = np.zeros(len(rows), int) if count == 1 else _kmeans(rows, count, seed)
    within = sum(((rows[labels == k] - rows[labels == k].mean(axis=0)) ** 2).sum() for k in np.unique(labels))
    return float(np.log(max(within, 1e-300)))


def _silhouette(score: Any, rows: np.ndarray, labels: np.ndarray) -> float:
    count = len(np.unique(labels))
    return float(score(rows, labels)) if 1 < count < len(rows) else -1.0


def _components(rows: np.ndarray) -> np.ndarray:
    """Principal components, which keep distances and let references be drawn along them."""
    centred = rows - rows.mean(axis=0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    return (u * s)[:, : min(COMPONENTS, int((s > 1e-10 * max(s[0], 1e-300)).sum()) or 1)]


def _by_size(labels: np.ndarray) -> np.ndarray:
    """Labels renumbered so that the largest cluster comes first."""
    order = np.argsort(-np.bincount(labels), kind="stable")
    return np.argsort(order)[labels]


def _maps(result: xr.Dataset | xr.DataArray, over: tuple[str, ...]) -> tuple[np.ndarray, xr.DataArray]:
    if isinstance(result, xr.Dataset):
        if "attribution" not in result:
            raise DataError(
                "the result has no attribution of one shape for all variables",
                "clusters",
                "give a DataArray of maps, such as result['attribution_pr']",
            )
        item = result["attribution"]
    else:
        item = result
    for dim in over:
        if dim not in item.dims:
            raise DataError(
                f"the maps lack the dimension {dim!r}", "clusters", "name those of samples in `over`"
            )
    if "output" in item.dims and "output" not in over:
        raise DataError(
            "the maps are of several outputs", "clusters", "select one, or name 'output' in `over`"
        )
    if len(over) == len(item.dims):
        raise DataError("the maps have no dimension of their own", "clusters", "leave one out of `over`")
    item = item.transpose(*over, ...)
    count = int(np.prod([item.sizes[d] for d in over]))
    item = item.assign_attrs(samples=list(over))
    return item.values.reshape(count, -1).astype(float), item


def _dataset(
    item: xr.DataArray,
    known: np.ndarray,
    labels: np.ndarray,
    rows: np.ndarray,
    cells: np.ndarray,
    raw: np.ndarray,
    stability: Stability,
    cloud: tuple[float, float],
    apart: bool,
    numbers: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    seed: int,
) -> xr.Dataset:
    over = list(item.attrs["samples"])
    rest = [d for d in item.dims if d not in over]
    count = int(labels.max()) + 1
    whole = np.full(len(known), -1)
    whole[known] = labels
    members = [np.flatnonzero(labels == k) for k in range(count)]
    centres = [rows[m].mean(axis=0) for m in members]
    typical = [m[np.argmin(((rows[m] - c) ** 2).sum(axis=1))] for m, c in zip(members, centres, strict=True)]
    shape = [item.sizes[d] for d in rest]

    def maps(values: list[np.ndarray]) -> np.ndarray:
        out = np.full((count, len(cells)), np.nan)
        out[:, cells] = values
        return out.reshape(count, *shape)

    stable = apart & (stability.jaccard >= STABLE)
    tried, silhouette, gap, error = numbers
    coords = {c: v for c, v in item.coords.items() if c != "output" or "output" in item.dims}
    out = xr.Dataset(
        {
            "cluster": (over, whole.reshape([item.sizes[d] for d in over])),
            "size": ("group", [len(m) for m in members]),
            "jaccard": ("group", stability.jaccard),
            "jaccard_spread": ("group", stability.jaccard_stderr),
            "stable": ("group", stable),
            "verdict": ("group", [_verdict(k, len(m), stability, apart) for k, m in enumerate(members)]),
            "mean_map": (("group", *rest), maps([raw[m][:, cells].mean(axis=0) for m in members])),
            "representative_map": (("group", *rest), maps([raw[t][cells] for t in typical])),
            "jaccard_cloud": ((), cloud[0]),
            "jaccard_skill": ("group", (stability.jaccard - cloud[0]) / (1 - cloud[0])),
            "rand": ((), stability.rand),
            "rand_cloud": ((), cloud[1]),
            "rand_skill": ((), (stability.rand - cloud[1]) / (1 - cloud[1])),
            "rand_spread": ((), stability.rand_spread),
            "silhouette": ("number", silhouette),
            "gap": ("number", gap[1:]),
            "gap_stderr": ("number", error[1:]),
            "gap_of_one": ((), gap[0]),
        },
        {**coords, "group": np.arange(count), "number": tried},
    )
    places = np.unravel_index(np.flatnonzero(known)[typical], [item.sizes[d] for d in over])
    for dim, place in zip(over, places, strict=True):
        out[f"representative_{dim}"] = ("group", item[dim].values[place] if dim in item.coords else place)
    told = (
        "told apart from a cloud without clusters"
        if apart
        else "not told apart from a cloud without clusters"
    )
    out.attrs = {
        "verdict": f"{counted(count, 'cluster')}, {int(stable.sum())} of them stable, {told} "
        f"(adjusted Rand index over bootstrap samples {stability.rand:.2f}).",
        "structured": int(apart),
        "seed": seed,
    }
    return out


def _verdict(k: int, size: int, stability: Stability, apart: bool) -> str:
    found = stability.jaccard[k]
    held = f"cluster {k} of {counted(size, 'map')}: Jaccard coefficient {found:.2f} over bootstrap samples"
    if not apart:
        return f"Unstable {held}, and the maps do not fall into clusters by the gap statistic."
    return f"Stable {held}." if found >= STABLE else f"Unstable {held}, below {STABLE}."
