"""A Gaussian process over districts and months: levels, local, regional and national courses, season, noise.

The covariance of log counts is a sum of independent parts [@rasmussen2006]: what lasts in a district, two courses of
a district that fade (fast and slow), a national course, a course and a level that districts share the nearer they
lie, the national season, and noise. Its scales are fitted by the marginal likelihood of what is known at the origin,
with wide log-normal priors. Missing counts need no filling, and the variance of a forecast comes with it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg, optimize

SCALES: dict[str, tuple[float, float]] = {
    "level": (0.8, 1.0),
    "fast": (0.8, 1.0),
    "fast_time": (2.0, 0.7),
    "slow": (0.5, 1.0),
    "slow_time": (12.0, 0.7),
    "national": (0.3, 1.0),
    "national_time": (4.0, 0.7),
    "shared": (0.3, 1.0),
    "shared_time": (6.0, 0.7),
    "distance": (150.0, 0.7),
    "shared_level": (0.3, 1.0),
    "season": (0.2, 1.0),
    "noise": (1.2, 1.0),
}
"""Median of each scale's prior and the standard deviation of its logarithm; times in months, distance in km."""
CHUNK = 256
"""Samples are padded to a multiple of this, so that one program serves many sizes."""


def start() -> np.ndarray:
    """Logarithms of the medians of the priors."""
    return np.log([median for median, _ in SCALES.values()])


def covariance(q: Any, same: Any, apart: Any, months: Any, xp: Any = np) -> Any:
    """Covariance of log counts without noise.

    Args:
        q: scales in the order of `SCALES`.
        same: 1 where two samples are of one district, else 0.
        apart: distance between their districts [km].
        months: months between them.
        xp: numpy or jax.numpy.
    """
    near = xp.exp(-apart / q[9])
    year = xp.exp(-2.0 * xp.sin(np.pi * months / 12) ** 2)
    own = q[0] ** 2 + q[1] ** 2 * xp.exp(-months / q[2]) + q[3] ** 2 * xp.exp(-months / q[4])
    national = q[5] ** 2 * xp.exp(-months / q[6])
    shared = near * (q[7] ** 2 * xp.exp(-months / q[8]) + q[10] ** 2)
    return same * own + national + shared + q[11] ** 2 * year


_PROGRAMS: dict[str, Any] = {}


def _parts() -> tuple[Any, Any]:
    """Compiled covariance, and the slope in the scales of the sum of its entries times given weights."""
    if not _PROGRAMS:
        import jax
        import jax.numpy as jnp

        def entries(p: Any, same: Any, apart: Any, months: Any) -> Any:
            return covariance(jnp.exp(p), same, apart, months, jnp)

        def weighed(p: Any, same: Any, apart: Any, months: Any, weights: Any) -> Any:
            return jnp.sum(weights * entries(p, same, apart, months))

        _PROGRAMS["entries"] = jax.jit(entries)
        _PROGRAMS["slope"] = jax.jit(jax.grad(weighed))
    return _PROGRAMS["entries"], _PROGRAMS["slope"]


def objective(p: np.ndarray, given: list[Any], r: np.ndarray, count: int) -> tuple[float, np.ndarray]:
    """Negative log posterior of the scales and its gradient.

    With K the covariance, W = (K^-1 - a a') / 2 and a = K^-1 r, the slope of the likelihood is that of the sum of
    W times K with W held [@rasmussen2006, eq. 5.9], so that nothing is differentiated through the factorisation.

    Args:
        p: logarithms of the scales.
        given: likeness, distance and months between samples, each (size, size), padded.
        r: log counts less their mean, (count,).
        count: samples; what lies behind them is padding.
    """
    import jax.numpy as jnp

    centre = start()
    width = np.array([sd for _, sd in SCALES.values()])
    entries, slope = _parts()
    where = jnp.asarray(p)
    k = np.array(entries(where, *given))[:count, :count]
    noise = float(np.exp(p[-1])) ** 2
    k[np.diag_indices(count)] += noise
    dpotrf, dpotri = linalg.get_lapack_funcs(("potrf", "potri"), (k,))
    factor, failed = dpotrf(k, lower=1, overwrite_a=1)
    if failed:
        return np.inf, np.zeros_like(p)
    logdet = float(np.log(np.diag(factor)).sum())
    inverse, _ = dpotri(factor, lower=1, overwrite_c=1)
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    a = inverse @ r
    w = 0.5 * (inverse - np.outer(a, a))
    padded = np.zeros(given[0].shape)
    padded[:count, :count] = w
    gradient = np.array(slope(where, *given, jnp.asarray(padded)), float)
    gradient[-1] += 2.0 * noise * np.trace(w)
    value = 0.5 * float(r @ a) + logdet + 0.5 * float(np.sum(((p - centre) / width) ** 2))
    return value, gradient + (p - centre) / width**2


def samples(y: np.ndarray, origin: int, window: int) -> tuple[np.ndarray, np.ndarray]:
    """District and month of every observation of the `window` months up to `origin`."""
    first = max(origin + 1 - window, 0)
    district, month = np.nonzero(np.isfinite(y[:, first : origin + 1]))
    return district, month + first


def fit(
    y: np.ndarray, apart: np.ndarray, origin: int, window: int, iterations: int, p: np.ndarray
) -> np.ndarray:
    """Logarithms of the scales that fit what is known at `origin`.

    Args:
        y: log counts (district, time).
        apart: distances between districts [km].
        origin: last month that is seen.
        window: months that are seen.
        iterations: steps of L-BFGS.
        p: where to start.
    """
    import jax

    district, month = samples(y, origin, window)
    if iterations == 0 or len(district) < 50:
        return p
    count = len(district)
    size = -(-count // CHUNK) * CHUNK
    d, m = np.zeros(size, int), np.zeros(size)
    d[:count], m[:count] = district, month
    r = y[district, month] - y[district, month].mean()
    with jax.enable_x64(True):
        import jax.numpy as jnp

        given = [
            jnp.asarray(a)
            for a in ((d[:, None] == d).astype(float), apart[d[:, None], d], np.abs(m[:, None] - m))
        ]
        found = optimize.minimize(
            objective, p, (given, r, count), jac=True, method="L-BFGS-B", options={"maxiter": iterations}
        )
    return found.x if np.isfinite(found.fun) else p


def predict(
    y: np.ndarray, apart: np.ndarray, origin: int, leads: list[int], window: int, p: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of log counts of all districts `leads` months after `origin`: (lead, district) each."""
    q = np.exp(p)
    district, month = samples(y, origin, window)
    units = y.shape[0]
    values = y[district, month]
    mean = values.mean() if len(values) else 0.0
    k = covariance(
        q,
        (district[:, None] == district).astype(float),
        apart[district[:, None], district],
        np.abs(month[:, None] - month).astype(float),
    )
    k[np.diag_indices_from(k)] += q[-1] ** 2
    factor = linalg.cholesky(k, lower=True, overwrite_a=True, check_finite=False)
    half = linalg.solve_triangular(factor, values - mean, lower=True, check_finite=False)
    means, variances = np.zeros((len(leads), units)), np.zeros((len(leads), units))
    every = np.arange(units)
    prior = float(np.sum(q[[0, 1, 3, 5, 7, 10, 11]] ** 2))
    for i, lead in enumerate(leads):
        cross = covariance(
            q,
            (every[:, None] == district).astype(float),
            apart[every[:, None], district],
            np.broadcast_to(np.abs(origin + lead - month).astype(float), (units, len(month))),
        )
        weights = linalg.solve_triangular(factor, cross.T, lower=True, check_finite=False)
        means[i] = mean + weights.T @ half
        variances[i] = np.maximum(prior - np.sum(weights**2, axis=0), 0.0) + q[-1] ** 2
    return means, variances
