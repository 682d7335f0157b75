"""The most probable parameters, by gradients through the spread, and how sure they are."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from data.errors import ConfigError, ModelError

from .prior import Space, Values, flatten, many
from .problem import Problem, all_apart, cost_and_gradient
from .simulator import NOT_A_NUMBER

DAMPING = (1.0, 0.5, 0.25, 0.1)
"""Shares of a Gauss-Newton step that are tried."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """A mode of the posterior and the Gaussian about it.

    Attributes:
        mode: most probable values, in the parameters' own units.
        z: the same as a vector that is standard normal a priori.
        covariance: of z, (n, n): the inverse of 1 + J' J, J the derivative of the residuals (Gauss and Newton's part
            of Laplace's approximation); the prior's is the unit matrix.
        history: cost of each evaluation, minus the log posterior up to a constant.
        decrement: by how much a Gauss-Newton step from the mode would still lower the cost [1].
        converged: whether that is below ``tolerance``.
        space: how z holds the parameters.
    """

    mode: dict[str, Array]
    z: np.ndarray
    covariance: np.ndarray
    history: np.ndarray
    decrement: float
    converged: bool
    space: Space

    def draws(self, key: PRNGKeyArray, number: int) -> dict[str, Array]:
        """Values from the Gaussian, each (number, *shape)."""
        root = jnp.asarray(np.linalg.cholesky(self.covariance))
        z = jnp.asarray(self.z) + jax.random.normal(key, (number, self.z.size), root.dtype) @ root.T
        return many(self.space, z)

    def interval(self, share: float = 0.9) -> tuple[dict[str, Array], dict[str, Array]]:
        """Lower and upper ends of each parameter's central interval of this probability, in its own unit."""
        reach = NormalDist().inv_cdf(0.5 + 0.5 * share) * np.sqrt(np.diag(self.covariance))
        both = many(self.space, jnp.asarray(np.stack([self.z - reach, self.z + reach])))
        return {n: v[0] for n, v in both.items()}, {n: v[1] for n, v in both.items()}


def map_estimate(
    problem: Problem,
    *,
    key: PRNGKeyArray | None = None,
    starts: int = 1,
    first: Values | None = None,
    steps: int = 60,
    polish: int = 3,
    spacing: float = 0.03,
    tolerance: float = 0.1,
    batch: int | None = None,
    threads: int = 1,
) -> Estimate:
    """Maximum a posteriori by gradients through the solver's adjoint, with a Gauss-Newton covariance.

    L-BFGS [@zhu1997lbfgsb] from the prior's centre (and from draws of the prior), then Gauss-Newton steps
    [@nocedal2006]. The derivative of the residuals is by central differences of 2 n runs, since the solver has
    an adjoint and no tangent; with it the covariance is that of Laplace's approximation without the residuals' own
    curvature, which kinks of the level would make useless.

    Args:
        problem: what to assimilate.
        key: for starts beyond the first.
        starts: how many places to begin from; the first is ``first`` or the prior's centre.
        first: values to begin from.
        steps: most iterations of L-BFGS from each start.
        polish: most Gauss-Newton steps at the end.
        spacing: of the differences, in standard deviations of the prior.
        tolerance: a decrement below which the mode counts as found [1]; 0.5 is one standard deviation.
        batch: runs as one vectorised program for the differences, for accelerators; one by one where it is not given.
        threads: such runs side by side.

    Raises:
        ConfigError: settings that cannot work.
        ModelError: a simulation that is not a number at the start.
    """
    from scipy.optimize import minimize

    if starts < 1 or steps < 1:
        raise ConfigError(f"{starts} starts of {steps} steps", "map_estimate", "give one or more of each")
    if starts > 1 and key is None:
        raise ConfigError("more than one start needs a key", "map_estimate", "give key=jax.random.key(0)")
    if not spacing > 0.0:
        raise ConfigError(f"spacing is {spacing}", "map_estimate", "give a number above zero, e.g. 0.03")
    space, real = problem.space, problem.space.centre.dtype
    begin = np.zeros(problem.size) if first is None else np.asarray(flatten(problem.parameters, first), float)
    places = [begin]
    if key is not None and starts > 1:
        places += list(np.asarray(jax.random.normal(key, (starts - 1, problem.size)), float))
    history: list[float] = []

    def both(z: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = cost_and_gradient(problem.simulate, space, problem.observed, jnp.asarray(z, real))
        if not (np.isfinite(float(value)) and np.isfinite(np.asarray(slope)).all()):
            if not history:
                raise ModelError(
                    NOT_A_NUMBER,
                    "map_estimate, at the start",
                    "check rates, fuel and the centre of the prior, or raise max_steps",
                )
            return 1e30, np.zeros_like(z)
        history.append(float(value))
        return float(value), np.asarray(slope, float)

    best: Any = None
    for place in places:
        found = minimize(both, place, jac=True, method="L-BFGS-B", options={"maxiter": steps, "ftol": 1e-7})
        if best is None or found.fun < best.fun:
            best = found
    z, value = np.asarray(best.x, float), float(best.fun)
    for left in range(polish, -1, -1):
        covariance, step, decrement = _newton(problem, z, spacing, batch, threads)
        if not left or decrement < 0.1 * tolerance:
            break
        tried = ((z + share * step, both(z + share * step)[0]) for share in DAMPING)
        better = next((t for t in tried if t[1] < value), None)
        if better is None:
            break
        z, value = better
    mode = {n: v[0] for n, v in many(space, jnp.asarray(z[None], real)).items()}
    return Estimate(mode, z, covariance, np.asarray(history), decrement, bool(decrement < tolerance), space)


def _newton(
    problem: Problem, z: np.ndarray, spacing: float, batch: int | None, threads: int
) -> tuple[np.ndarray, np.ndarray, float]:
    """Covariance about a place, the Gauss-Newton step from it, and by how much that would lower the cost."""
    slope, here = jacobian(problem, z, spacing, batch, threads)
    curvature = np.eye(z.size) + slope.T @ slope
    gradient = slope.T @ here + z
    step = -np.linalg.solve(curvature, gradient)
    return np.linalg.inv(curvature), step, float(-0.5 * gradient @ step)


def jacobian(
    problem: Problem, z: np.ndarray, spacing: float = 0.03, batch: int | None = None, threads: int = 1
) -> tuple[Float[np.ndarray, "cell n"], Float[np.ndarray, " cell"]]:
    """Derivative of the residuals by a vector z, by central differences, and the residuals."""
    moves = spacing * np.eye(z.size)
    table = all_apart(problem, np.concatenate([z[None], z + moves, z - moves]), batch, threads)
    ahead, behind = table[1 : 1 + z.size], table[1 + z.size :]
    return (ahead - behind).T / (2.0 * spacing), table[0]


__all__ = ["Estimate", "jacobian", "map_estimate"]
