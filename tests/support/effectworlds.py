"""Random lagged graphs, linear systems on them, and what their exact covariance says."""

from __future__ import annotations

import numpy as np
import xarray as xr


def random_graph(rng, variables=4, lags=3, density=0.2, now=0.3) -> np.ndarray:
    """Marks [source, target, lag] without a cycle at lag 0; every variable has memory."""
    graph = np.zeros((variables, variables, lags), "<U3")
    order = rng.permutation(variables)
    for i in range(variables):
        graph[i, i, 1] = "-->"
        for j in range(variables):
            for lag in range(1, lags):
                if i != j and rng.random() < density:
                    graph[i, j, lag] = "-->"
    for a in range(variables):
        for b in range(a + 1, variables):
            if rng.random() < now:
                link(graph, order[a], order[b], 0)
    return graph


def link(graph, i, j, lag, mark="-->"):
    """Write a link, at lag 0 at both ends."""
    graph[i, j, lag] = mark
    if lag == 0:
        graph[j, i, 0] = {"-->": "<--"}.get(mark, mark)


def graph_with(variables, lags, *links) -> np.ndarray:
    """Marks from (source, target, lag[, mark])."""
    graph = np.zeros((variables, variables, lags), "<U3")
    for spec in links:
        link(graph, *spec)
    return graph


def coefficients(rng, graph) -> np.ndarray:
    """Coefficients [lag, target, source] of a stable system on a graph."""
    size = rng.uniform(0.2, 0.6, graph.shape) * rng.choice([-1, 1], graph.shape)
    phi = np.where(graph == "-->", size, 0.0).transpose(2, 1, 0)
    while radius(phi) > 0.9:
        phi = phi * 0.9
    return phi


def radius(phi) -> float:
    """Largest modulus of the system's eigenvalues."""
    lags, n = phi.shape[0] - 1, phi.shape[1]
    now = np.linalg.inv(np.eye(n) - phi[0])
    companion = np.eye(n * lags, k=-n)
    companion[:n] = np.concatenate([now @ phi[s] for s in range(1, lags + 1)], axis=1)
    return float(np.abs(np.linalg.eigvals(companion)).max())


def covariance(phi, steps=40) -> np.ndarray:
    """Exact covariance of all nodes, unit noise, index = variable + N * (steps back)."""
    n = phi.shape[1]
    arrows = np.zeros((n * steps, n * steps))
    for back in range(steps):
        for lag in range(phi.shape[0]):
            if back + lag < steps:
                arrows[back * n : (back + 1) * n, (back + lag) * n : (back + lag + 1) * n] = phi[lag]
    response = np.linalg.inv(np.eye(n * steps) - arrows)
    return response @ response.T


def population_coefficient(cov, n, source, target, given) -> float:
    """Coefficient of the source in the regression of the target on source and given, without sampling error."""
    rows = [v - n * lag for v, lag in (source, *given)]
    y = target[0] - n * target[1]
    return float(np.linalg.solve(cov[np.ix_(rows, rows)], cov[rows, y])[0])


def simulate(rng, phi, steps, units=None, names=None, spin=50) -> xr.Dataset:
    """Series of a linear system with unit noise."""
    n, lags = phi.shape[1], phi.shape[0]
    members = 1 if units is None else units
    now = np.linalg.inv(np.eye(n) - phi[0])
    noise = rng.standard_normal((steps + spin, members, n))
    x = np.zeros_like(noise)
    for t in range(lags, steps + spin):
        x[t] = (noise[t] + sum(x[t - s] @ phi[s].T for s in range(1, lags))) @ now.T
    x = x[spin:]
    names = names or [f"v{k}" for k in range(n)]
    if units is None:
        return xr.Dataset({name: ("time", x[:, 0, k]) for k, name in enumerate(names)})
    return xr.Dataset({name: (("district", "time"), x[:, :, k].T) for k, name in enumerate(names)})
