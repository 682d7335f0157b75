"""Draws from the posterior by numpyro: Hamiltonian Monte Carlo through the gradient, or an ensemble without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PRNGKeyArray

from data.errors import ConfigError

from .gradient import Estimate, map_estimate
from .prior import many
from .problem import Problem, cost


@dataclass(frozen=True, eq=False)
class Samples:
    """Draws of the parameters.

    Attributes:
        values: in the parameters' own units, each (draw, *shape); chains one after the other.
        z: the same as vectors that are standard normal a priori, (chain, draw, n).
        rhat: split potential scale reduction of each unknown by parameter's name [1]; near one once chains agree.
        ess: effective number of draws of each unknown, all chains together.
        divergences: draws whose trajectory broke off; of Hamiltonian Monte Carlo alone.
        gradients: evaluations of the gradient after the warm-up; likewise.
        estimate: the Gaussian that the sampler's coordinates were taken from.
    """

    values: dict[str, Array]
    z: np.ndarray
    rhat: dict[str, np.ndarray]
    ess: dict[str, np.ndarray]
    divergences: int
    gradients: int
    estimate: Estimate


def posterior(
    problem: Problem,
    key: PRNGKeyArray,
    *,
    draws: int = 400,
    warmup: int = 100,
    chains: int = 2,
    method: Literal["nuts", "affine"] = "nuts",
    estimate: Estimate | None = None,
    depth: int = 6,
    together: bool = False,
) -> Samples:
    """Sample the posterior with numpyro [@phan2019composable].

    "nuts" is the no-U-turn sampler [@hoffman2014no] through the adjoint of the spread. It walks in the coordinates in
    which the Gaussian of :func:`map_estimate` is round, so that a few gradients make a draw and the warm-up has only
    the length of steps to find. "affine" is the affine-invariant ensemble of stretch moves [@goodman2010ensemble], for
    simulations without a gradient: its draws hang together more, and ``chains`` must be even and should be several
    times the unknowns.

    Args:
        problem: what to assimilate.
        key: for starts and steps.
        draws: kept of each chain.
        warmup: draws of each chain before.
        chains: walked from draws of the Gaussian.
        method: which sampler.
        estimate: found before; made here where it is not given.
        depth: most doublings of a trajectory.
        together: whether chains run as one vectorised program, for accelerators.

    Raises:
        ConfigError: settings that cannot work.
    """
    if method not in ("nuts", "affine"):
        raise ConfigError(f"unknown method {method!r}", "posterior", "choose 'nuts' or 'affine'")
    if draws < 4 or warmup < 1 or chains < 1:
        raise ConfigError(
            f"{chains} chains of {draws} draws after {warmup}",
            "posterior",
            "give one chain of four draws or more",
        )
    if method == "affine" and (chains % 2 or chains < 2 * problem.size):
        raise ConfigError(
            f"{chains} chains for {problem.size} unknowns",
            "posterior",
            f"give an even number from {2 * problem.size} on",
        )
    from numpyro.infer import AIES, MCMC, NUTS

    begin, walk = jax.random.split(key)
    found = map_estimate(problem) if estimate is None else estimate
    space, real = problem.space, problem.space.centre.dtype
    centre, root = jnp.asarray(found.z, real), jnp.asarray(np.linalg.cholesky(found.covariance), real)
    places = jax.random.normal(begin, (chains, problem.size), real)

    def potential(w: Array) -> Array:
        return cost(problem.simulate, space, problem.observed, centre + root @ w)

    kernel: Any
    if method == "nuts":
        kernel = NUTS(potential_fn=potential, max_tree_depth=depth, adapt_mass_matrix=False)
    else:
        kernel = AIES(potential_fn=potential, moves={AIES.StretchMove(): 1.0})
    chained = "vectorized" if together or method == "affine" else "sequential"
    sampler = MCMC(
        kernel,
        num_warmup=warmup,
        num_samples=draws,
        num_chains=chains,
        chain_method=chained,
        progress_bar=False,
    )
    extra = ("diverging", "num_steps") if method == "nuts" else ()
    sampler.run(walk, init_params=places if chains > 1 else places[0], extra_fields=extra)
    w = np.asarray(sampler.get_samples(group_by_chain=True), float).reshape(chains, draws, problem.size)
    z = found.z + w @ np.linalg.cholesky(found.covariance).T
    fields = sampler.get_extra_fields() if extra else {}
    values = many(space, jnp.asarray(z.reshape(-1, problem.size), real))
    rhat, ess = diagnostics(problem, z)
    return Samples(
        values,
        z,
        rhat,
        ess,
        int(np.sum(fields["diverging"])) if extra else 0,
        int(np.sum(fields["num_steps"])) if extra else 0,
        found,
    )


def diagnostics(problem: Problem, z: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Split potential scale reduction and effective number of draws (chain, draw, n) by parameter's name."""
    from numpyro.diagnostics import effective_sample_size, split_gelman_rubin

    found: list[dict[str, np.ndarray]] = []
    for of in (split_gelman_rubin, effective_sample_size):
        flat, out, at = np.asarray(of(z)), {}, 0
        for p in problem.parameters:
            out[p.name] = flat[at : at + p.size].reshape(p.shape)
            at += p.size
        found.append(out)
    return found[0], found[1]


__all__ = ["Samples", "diagnostics", "posterior"]
