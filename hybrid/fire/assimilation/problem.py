"""One model, one prior and the perimeters: what all three methods of assimilation work on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from data.errors import DataError, ModelError

from ..spread import Front, Grid
from .misfit import Misfit, Observed, observe, residuals
from .perimeter import Perimeter, checked
from .prior import Parameter, Space
from .runs import each
from .simulator import Simulator

Simulate = Callable[[dict[str, Array], Any], Front]


@dataclass(frozen=True, eq=False)
class Problem:
    """A simulation with parameters, and the perimeters that it shall agree with.

    Attributes:
        parameters: the prior.
        simulate: of values by parameter's name and times (k,): fronts whose level is (k, y, x) [m]; differentiable. By
            :func:`hybrid.fire.assimilation.simulator`, or any function of JAX.
        perimeters: in the order of time.
        grid: of perimeters and levels.
        start: time the simulation begins [s]; that of a :class:`Simulator` where it is not given, else zero.
        until: end of the weather [s]; likewise, else none.
        misfit: what a distance between fronts counts.
        shrink: share of an earlier burned area that a later perimeter may leave out [1].
    """

    parameters: Sequence[Parameter]
    simulate: Simulate
    perimeters: Sequence[Perimeter]
    grid: Grid
    start: float | None = None
    until: float | None = None
    misfit: Misfit = Misfit()  # noqa: RUF009 - frozen
    shrink: float = 0.15
    space: Space = field(init=False, repr=False)
    observed: Observed = field(init=False, repr=False)

    def __post_init__(self) -> None:
        given = self.simulate if isinstance(self.simulate, Simulator) else None
        start = self.start
        if start is None:
            start = float(given.start) if given else 0.0
        until = self.until
        if until is None:
            until = float(given.times[-1]) if given else np.inf
        fires = tuple(self.perimeters)
        checked(fires, self.grid, start, self.shrink)
        if fires[-1].time > until:
            raise DataError(
                f"the last perimeter is of {fires[-1].time:g} s and the weather ends at {until:g} s",
                f"perimeters[{len(fires) - 1}]",
                "add weather, or leave this perimeter out",
            )
        if given is not None:
            self.grid.check(given.grid, "simulate")
            outside = np.ones(self.grid.shape, bool)
            outside[given.window.slices] = False
            for i, p in enumerate(fires):
                if (np.asarray(p.burned) > 0)[outside].any():
                    raise DataError(
                        "the perimeter reaches out of the window", f"perimeters[{i}]", "use a larger window"
                    )
        for name, value in (
            ("start", start),
            ("until", until),
            ("space", Space(self.parameters)),
            ("observed", observe(fires, self.grid, self.misfit)),
        ):
            object.__setattr__(self, name, value)
        shape = (len(fires), *self.grid.shape)
        try:
            found = eqx.filter_eval_shape(
                self.simulate, self.space.values(jnp.zeros(self.size)), self.observed.times
            )
        except KeyError as error:
            raise ModelError(
                f"the simulation asks for {error}, which is no parameter",
                "simulate",
                f"the parameters are {', '.join(self.space.names)}",
            ) from None
        if found.level.shape != shape:
            raise ModelError(
                f"the simulation gives levels of shape {found.level.shape}", "simulate", f"give {shape}"
            )

    @property
    def size(self) -> int:
        """Number of unknowns."""
        return self.space.size

    @property
    def effective(self) -> np.ndarray:
        """Independent points of each mapped line [1]: its length over the decorrelation length."""
        return np.asarray(self.observed.effective)

    def log_posterior(self, z: Float[Array, " n"]) -> Float[Array, ""]:
        """Logarithm of the posterior density of a vector z [1], up to a constant; to be traced and differentiated."""
        return -cost(self.simulate, self.space, self.observed, z)


def apart(
    simulate: Simulate, space: Space, observed: Observed, z: Float[Array, " n"]
) -> Float[Array, "k y x"]:
    """Residuals [1] of a vector z."""
    return residuals(observed, simulate(space.values(z), observed.times).level)


def cost(simulate: Simulate, space: Space, observed: Observed, z: Float[Array, " n"]) -> Float[Array, ""]:
    """Half the squares of residuals and of z [1]: minus the log posterior, up to a constant."""
    return 0.5 * jnp.sum(apart(simulate, space, observed, z) ** 2) + 0.5 * jnp.sum(z**2)


@eqx.filter_jit
def cost_and_gradient(
    simulate: Simulate, space: Space, observed: Observed, z: Float[Array, " n"]
) -> tuple[Array, Array]:
    """Cost [1] and its gradient by the adjoint of the simulation."""
    return jax.value_and_grad(lambda v: cost(simulate, space, observed, v))(z)


def all_apart(
    problem: Problem, z: Float[np.ndarray, "member n"], batch: int | None = None, threads: int = 1
) -> Float[np.ndarray, "member cell"]:
    """Residuals [1] of many vectors, in double precision; see :func:`hybrid.fire.assimilation.runs.each`."""
    shared = problem.simulate, problem.space, problem.observed
    found = each(_apart, shared, jnp.asarray(z, problem.space.centre.dtype), batch, threads)
    return np.asarray(found, float).reshape(len(z), -1)


def _apart(shared: Any, z: Array) -> Array:
    simulate, space, observed = shared
    return apart(simulate, space, observed, z)


__all__ = ["Problem", "Simulate", "all_apart", "apart", "cost", "cost_and_gradient"]
