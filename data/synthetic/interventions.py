"""Worlds with a known causal graph, whose interventions are carried out by code and so are known too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..errors import ConfigError, DataError, nearest

if TYPE_CHECKING:
    import xarray as xr

FORMS = {
    "line": lambda x: x,
    "saturation": lambda x: 1.5 * np.tanh(x),
    "threshold": lambda x: 1.6 * np.maximum(x, 0.0) - 0.6,
    "hollow": lambda x: x + 0.8 * np.exp(-(x**2)) - 0.5,
}
"""How an effect grows with its cause; each has a mean slope near one where the cause varies by about one."""
STEEPEST = {"line": 1.0, "saturation": 1.5, "threshold": 1.6, "hollow": 1.7}
"""The steepest slope of each form."""
STABLE = 0.95
"""A world is drawn again where departures could fade by less than this a step."""
NOISES = ("normal", "laplace", "skewed")
SPIN_UP = 200
"""Steps that a world runs before it is observed."""


@dataclass(frozen=True)
class Link:
    """A link of a world: ``strength`` times a form of the source at ``t - lag`` enters the target at ``t``."""

    source: int
    target: int
    lag: int
    strength: float
    form: str = "line"


@dataclass(frozen=True, eq=False)
class World:
    """A structural causal model with additive noise.

    The first variable is an autoregressive driver, the second follows it closely without delay and so seems to
    do what the driver does; which of the others it truly moves is in the links.

    Attributes:
        names: variables, in an order in which links of lag 0 run forward.
        links: what causes what.
        noise: kind and standard deviation of each variable's noise.
        tau_max: largest lag [steps].
    """

    names: tuple[str, ...]
    links: tuple[Link, ...]
    noise: tuple[tuple[str, float], ...]
    tau_max: int

    @property
    def graph(self) -> np.ndarray:
        """Marks ``(source, target, lag)``."""
        marks = np.zeros((len(self.names), len(self.names), self.tau_max + 1), "<U3")
        for link in self.links:
            marks[link.source, link.target, link.lag] = "-->"
            if link.lag == 0:
                marks[link.target, link.source, 0] = "<--"
        return marks

    def draw(self, rng: np.random.Generator, paths: int, steps: int) -> np.ndarray:
        """Return noise ``(path, step, variable)`` of mean 0."""
        shape = (paths, steps)
        found = [spread * _noise(rng, kind, shape) for kind, spread in self.noise]
        return np.stack(found, axis=-1)

    def run(
        self,
        noise: np.ndarray,
        past: np.ndarray | None = None,
        do: Mapping[str, np.ndarray | float] | None = None,
    ) -> np.ndarray:
        """Carry the equations out, ``(path, step, variable)``.

        Args:
            noise: ``(path, step, variable)``.
            past: the last ``tau_max`` values, oldest first, ``(tau_max, variable)`` or with a leading path axis;
                zero where None.
            do: variable to the values it is set to, a number or one per step.

        Raises:
            ConfigError: an unknown variable in ``do``.
        """
        paths, steps, count = noise.shape
        held = np.full((steps, count), np.nan)
        for name, value in (do or {}).items():
            if name not in self.names:
                raise ConfigError(f"no variable '{name}'{nearest(name, self.names)}", "do", "correct it")
            held[:, self.names.index(name)] = value
        x = np.zeros((paths, self.tau_max + steps, count))
        if past is not None:
            x[:, : self.tau_max] = past
        into = [[link for link in self.links if link.target == k] for k in range(count)]
        for step in range(steps):
            t = step + self.tau_max
            for k in range(count):
                if np.isfinite(held[step, k]):
                    x[:, t, k] = held[step, k]
                    continue
                x[:, t, k] = noise[:, step, k]
                for link in into[k]:
                    x[:, t, k] += link.strength * FORMS[link.form](x[:, t - link.lag, link.source])
        return x[:, self.tau_max :]

    def observe(self, rng: np.random.Generator, steps: int) -> xr.Dataset:
        """Return one path of the world without interventions, over ``time``.

        Raises:
            DataError: a world that runs away.
        """
        path = self.run(self.draw(rng, 1, SPIN_UP + steps))[0, SPIN_UP:]
        if not np.isfinite(path).all() or np.abs(path).max() > 1e3:
            raise DataError("the world runs away", "synthetic.interventions", "use weaker links")
        return self.dataset(path)

    def dataset(self, path: np.ndarray) -> xr.Dataset:
        """Return a path ``(step, variable)`` as a dataset over days."""
        import xarray as xr

        time = np.datetime64("2000-01-01", "ns") + np.arange(len(path)) * np.timedelta64(1, "D")
        fields = {n: ("time", path[:, k], {"units": "1"}) for k, n in enumerate(self.names)}
        return xr.Dataset(fields, {"time": time})


def intervention_world(
    seed: int,
    kind: Literal["linear", "nonlinear"] = "linear",
    variables: int = 5,
    tau_max: int = 2,
    coupling: float = 0.9,
) -> World:
    """Draw a world.

    The driver (0) has its own past alone. The follower (1) is the driver at lag 0 plus little noise, so the two
    correlate by ``coupling``; it moves the last variable alone, after a lag. Every further variable has its own
    past, the driver at some lag, and one further cause, at lag 0 from a variable before it or with a lag from any.
    Noise is normal, Laplace or skewed.

    Args:
        seed: of the world.
        kind: whether effects grow in line with their causes.
        variables: number of variables, 3 or more.
        tau_max: largest lag [steps].
        coupling: correlation of driver and follower.

    Raises:
        ConfigError: an unknown kind or a number out of bounds.
    """
    if kind not in ("linear", "nonlinear"):
        raise ConfigError(f"no kind '{kind}'", "intervention_world", "choose linear or nonlinear")
    if variables < 3 or tau_max < 1 or not 0 < coupling < 1:
        raise ConfigError(
            f"variables={variables}, tau_max={tau_max}, coupling={coupling}",
            "intervention_world",
            "give 3 variables and one lag or more, and a coupling between 0 and 1",
        )
    rng = np.random.default_rng([seed, variables, tau_max])
    while True:
        world = _draw(rng, kind, variables, tau_max, coupling)
        if _growth(world) < STABLE:
            return world


def _draw(rng: np.random.Generator, kind: str, variables: int, tau_max: int, coupling: float) -> World:
    memory = rng.uniform(0.5, 0.7)
    spread = np.sqrt(1 - memory**2)
    links = [Link(0, 0, 1, memory), Link(0, 1, 0, 1.0)]
    noise = [(_kind(rng), spread), (_kind(rng), float(np.sqrt(1 / coupling**2 - 1)))]
    for k in range(2, variables):
        links.append(Link(k, k, 1, rng.uniform(0.2, 0.5)))
        links.append(Link(0, k, int(rng.integers(tau_max + 1)), _strength(rng), _form(rng, kind)))
        if k < variables - 1:
            links.append(_further(rng, k, variables, tau_max, kind))
        noise.append((_kind(rng), rng.uniform(0.4, 0.7)))
    links.append(Link(1, variables - 1, int(rng.integers(1, tau_max + 1)), _strength(rng), _form(rng, kind)))
    if variables > 3 and not any(x.lag == 0 and x.source > 1 for x in links):
        links.append(Link(2, variables - 1, 0, _strength(rng), _form(rng, kind)))
    names = ("driver", "follower", *(f"x{k}" for k in range(2, variables)))
    return World(names, tuple(links), tuple(noise), tau_max)


def _growth(world: World) -> float:
    """Return an upper bound of what a small departure is multiplied by in a step, were all effects lines."""
    count, tau = len(world.names), world.tau_max
    effect = np.zeros((tau + 1, count, count))
    for link in world.links:
        effect[link.lag, link.target, link.source] = abs(link.strength) * STEEPEST[link.form]
    now = np.linalg.inv(np.eye(count) - effect[0])
    companion = np.zeros((tau * count, tau * count))
    companion[:count] = np.hstack([now @ e for e in effect[1:]])
    companion[count:, :-count] = np.eye((tau - 1) * count)
    return float(np.abs(np.linalg.eigvals(companion)).max())


def _further(rng: np.random.Generator, target: int, variables: int, tau_max: int, kind: str) -> Link:
    """Return one further link among the variables that follow neither driver nor follower."""
    others = [k for k in range(2, variables) if k != target]
    source = int(rng.choice(others)) if others else 0
    lag = int(rng.integers(0 if 1 < source < target else 1, tau_max + 1))
    return Link(source, target, lag, 0.8 * _strength(rng), _form(rng, kind))


def _strength(rng: np.random.Generator) -> float:
    return float(rng.choice((-1.0, 1.0)) * rng.uniform(0.3, 0.6))


def _form(rng: np.random.Generator, kind: str) -> str:
    return "line" if kind == "linear" else str(rng.choice(("saturation", "threshold", "hollow")))


def _kind(rng: np.random.Generator) -> str:
    return str(rng.choice(NOISES))


def _noise(rng: np.random.Generator, kind: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return noise of mean 0 and standard deviation 1."""
    if kind == "laplace":
        return rng.laplace(size=shape) / np.sqrt(2.0)
    if kind == "skewed":
        return (rng.gamma(2.0, size=shape) - 2.0) / np.sqrt(2.0)
    return rng.normal(size=shape)
