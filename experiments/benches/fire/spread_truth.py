"""Spread against closed forms: circle and ellipse with their orders, rotation, growth, barriers, gradients."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import ellipe

from hybrid.fire import ellipse as ell
from hybrid.fire.ellipse import Ellipse
from hybrid.fire.spread import (
    Front,
    Grid,
    Ignition,
    Scheme,
    area,
    at_points,
    burned_fraction,
    grown,
    perimeter,
    propagate,
    wave_of,
)

from ... import bench

SIDE, HEAD, BEGAN, END = 1200.0, 0.4, 500.0, 1250.0
"""Side of the square [m], rate of the head [m s-1], age of the ellipse at the start and the end [s]."""
CELLS = (40, 60, 80, 120, 160)
QUICK = (30, 40, 60, 80)


class Shape(NamedTuple):
    """Errors of one fire: of the time of arrival [s], and relative ones of the ellipse's numbers."""

    arrival: float
    area: float
    perimeter: float
    head: float
    back: float
    slim: float


@partial(jax.jit, static_argnums=5)
def _spread(
    level: Any, rates: Ellipse, times: Any, burnable: Any, width: Any, scheme: Scheme
) -> tuple[Front, Any]:
    front = Front(level, jnp.where(level <= 0.0, times[0], jnp.inf))
    return propagate(front, times, wave_of(rates), burnable, times[0], times[-1], width, scheme)


def even(grid: Grid, head: float, slim: float, towards: float) -> Ellipse:
    """The same spread everywhere at two times."""
    return Ellipse(*(jnp.full((2, *grid.shape), v) for v in (head, slim, towards)))


def square(cells: int, side: float = SIDE) -> Grid:
    """A square grid about the origin."""
    width = side / cells
    return Grid(cells, cells, width, -0.5 * (side - width), 0.5 * (side - width))


def one_ellipse(cells: int, slim: float, towards: float, order: int = 2) -> Shape:
    """Errors of a fire that is grown from an ellipse, or a circle where ``slim`` is one."""
    grid = square(cells)
    one = Ellipse(jnp.asarray(HEAD), jnp.asarray(slim), jnp.asarray(towards))
    a, b, c = (float(v) for v in ell.half_axes(one))
    # the middle of the last ellipse lies in the middle of the grid, a little off the cells
    x, y = 0.37 - c * END * np.sin(towards), 0.21 - c * END * np.cos(towards)
    level = grown(grid, x, y, one, BEGAN).level
    times = jnp.array([BEGAN, END])
    can = jnp.ones(grid.shape, bool)
    scheme = Scheme(order=1 if order == 1 else 2)
    front, _ = _spread(level, even(grid, HEAD, slim, towards), times, can, grid.width, scheme)
    east, north = np.meshgrid(grid.x - x, grid.y - y)
    ahead = east * np.sin(towards) + north * np.cos(towards)
    true = (a * np.hypot(east, north) - c * ahead) / b**2
    arrival = np.asarray(front.arrival)
    held = (true > BEGAN + 5.0) & (true < END - 20.0) & np.isfinite(arrival)
    # extent along the axes of the ellipse by lines through it
    along = _extent(grid, front.level, x, y, (np.sin(towards), np.cos(towards)))
    middle = (x + c * END * np.sin(towards), y + c * END * np.cos(towards))
    wide = _extent(grid, front.level, *middle, (np.cos(towards), -np.sin(towards)))
    return Shape(
        float(np.abs(arrival - true)[held].mean()),
        abs(float(area(front.level, grid.width)) / float(ell.area(one, jnp.asarray(END))) - 1.0),
        abs(float(perimeter(front.level, grid.width)) / (4.0 * a * END * ellipe(1.0 - (b / a) ** 2)) - 1.0),
        abs(along[1] / ((a + c) * END) - 1.0),
        abs(along[0] / ((a - c) * END) - 1.0),
        abs((along[0] + along[1]) / (wide[0] + wide[1]) / slim - 1.0),
    )


def _extent(grid: Grid, level: Any, x: float, y: float, way: tuple[float, float]) -> tuple[float, float]:
    """How far the fire reaches backward and forward of a place along a direction [m], by the level's zeros."""
    from scipy.interpolate import RectBivariateSpline

    field = RectBivariateSpline(grid.y[::-1], grid.x, np.asarray(level)[::-1], kx=1, ky=1)
    found = []
    for sign in (-1.0, 1.0):
        far = np.linspace(0.0, 0.9 * SIDE, 20_000)
        px, py = x + sign * far * way[0], y + sign * far * way[1]
        inside = (np.abs(px) < 0.49 * SIDE) & (np.abs(py) < 0.49 * SIDE)
        burned = (field(py, px, grid=False) <= 0.0) & inside
        found.append(float(far[burned].max()) if burned.any() else 0.0)
    return found[0], found[1]


def order_of(errors: list[float], cells: tuple[int, ...]) -> float:
    """Slope of the logarithm of errors on that of the width of cells."""
    return float(np.polyfit(-np.log(np.array(cells)), np.log(errors), 1)[0])


def rows(data: Path | None, quick: bool) -> list[bench.Row]:
    """Rows of ``terrax bench fire-truth`` on spread; ``data`` is not read."""
    del data
    with jax.enable_x64(True):
        return [*_shapes(QUICK if quick else CELLS), *_turns(), *_growth(), *_barrier(), *_gradients()]


def _shapes(cells: tuple[int, ...]) -> list[bench.Row]:
    out = []
    for name, slim, towards in (
        ("circle", 1.0, 0.4),
        ("ellipse L/W 2", 2.0, 0.4),
        ("ellipse L/W 3", 3.0, 1.1),
    ):
        found = [one_ellipse(n, slim, towards) for n in cells]
        last, label = found[-1], f"spread, {name}, {cells[-1]} x {cells[-1]} cells"
        grids = f"{len(cells)} grids to {cells[-1]}"
        out += [
            bench.Row(
                f"spread, {name}, order of arrival, {grids}",
                order_of([f.arrival for f in found], cells),
                "1",
                target=1.9,
            ),
            bench.Row(
                f"spread, {name}, order of area, {grids}",
                order_of([f.area for f in found], cells),
                "1",
                target=1.9,
            ),
            bench.Row(f"{label}, arrival", last.arrival, "s", target=5.0, at_most=True),
            bench.Row(f"{label}, area", last.area, "1", target=0.01, at_most=True),
            bench.Row(f"{label}, perimeter", last.perimeter, "1", target=0.01, at_most=True),
            bench.Row(f"{label}, head", last.head, "1", target=0.01, at_most=True),
        ]
        if slim > 1.0:
            out += [
                bench.Row(f"{label}, back", last.back, "1", target=0.1, at_most=True),
                bench.Row(f"{label}, L/W", last.slim, "1", target=0.01, at_most=True),
            ]
    first = [one_ellipse(n, 2.0, 0.4, 1).arrival for n in cells]
    out.append(
        bench.Row("spread, first-order slopes, order of arrival", order_of(first, cells), "1", target=0.8)
    )
    return out


def _turns() -> list[bench.Row]:
    """A quarter turn of wind, fuel and grid; and the wind alone turned by any angle."""
    grid = square(48)
    rng = np.random.default_rng(0)
    head = jnp.asarray(rng.uniform(0.1, 0.3, (2, *grid.shape)))
    rates = Ellipse(head, jnp.full_like(head, 2.5), jnp.full_like(head, 0.7))
    level = at_points(grid, [(40.0, -60.0)], 60.0).level
    times, can = jnp.array([0.0, 1200.0]), jnp.ones(grid.shape, bool)
    one, _ = _spread(level, rates, times, can, grid.width, Scheme())
    turned = Ellipse(*(jnp.rot90(f, -1, (1, 2)) for f in rates))
    turned = turned._replace(towards=turned.towards + 0.5 * jnp.pi)
    two, _ = _spread(jnp.rot90(level, -1), turned, times, can, grid.width, Scheme())
    off = float(jnp.max(jnp.abs(jnp.rot90(one.level, -1) - two.level)))
    areas = [one_ellipse(80, 2.0, t) for t in np.linspace(0.0, np.pi, 7)]
    spread = max(s.area for s in areas)
    return [
        bench.Row("spread, quarter turn of wind, fuel and grid, level", off, "m", target=1e-8, at_most=True),
        bench.Row(
            "spread, wind to 7 directions, worst area, 80 x 80 cells", spread, "1", target=0.01, at_most=True
        ),
    ]


def _growth() -> list[bench.Row]:
    """Random fuel and wind: the least change of any cell's burned part from one time to the next."""
    grid = square(48)
    rng = np.random.default_rng(1)
    shape = (2, *grid.shape)
    rates = Ellipse(*(jnp.asarray(rng.uniform(*r, shape)) for r in ((0.0, 0.3), (1.0, 5.0), (0.0, 6.28))))
    level = at_points(grid, [(0.0, 0.0)], 60.0).level
    last, worst = float(area(level, grid.width)), np.inf
    can = jnp.ones(grid.shape, bool)
    for end in (100.0, 200.0, 400.0, 800.0, 1600.0):
        front, _ = _spread(level, rates, jnp.array([0.0, end]), can, grid.width, Scheme())
        now = float(jnp.sum(front.level <= 0.0)) * grid.width**2
        worst, last = min(worst, now - last), now
    return [bench.Row("spread, least growth of the burned area over 5 intervals", worst, "m2", target=0.0)]


def _barrier() -> list[bench.Row]:
    """Cells burned behind a road one cell wide, straight and slanting, with a gale across it."""
    grid = square(48)
    can = np.ones(grid.shape, bool)
    can[:, 30] = False
    for i in range(48):
        can[i, 8 + i // 4] = False
        can[i, 8 + (i + 1) // 4] = False
    rates = even(grid, 1.0, 4.0, 0.5 * np.pi)
    level = at_points(grid, [(60.0, 0.0)], 50.0).level
    out = 0
    for order in (1, 2):
        front, _ = _spread(
            level, rates, jnp.array([0.0, 3000.0]), jnp.asarray(can), grid.width, Scheme(order=order)
        )
        burned = np.asarray(front.level) <= 0.0
        out += int(burned[:, 31:].sum() + burned[:, :8].sum() + burned[~can].sum())
    return [
        bench.Row(
            "spread, cells burned behind roads one cell wide", float(out), "1", target=0.0, at_most=True
        )
    ]


def _gradients() -> list[bench.Row]:
    """Worst relative error of directional derivatives against central differences, through 100 steps and more."""
    grid = square(30, 300.0)
    rng = np.random.default_rng(3)
    head = 0.1 * rng.uniform(0.6, 1.4, (3, *grid.shape)) * np.array([1.0, 1.5, 0.7])[:, None, None]
    towards = np.broadcast_to(np.array([0.3, 1.2, 2.0])[:, None, None], head.shape)
    rates = Ellipse(jnp.asarray(head), jnp.full(head.shape, 2.5), jnp.asarray(towards))
    times = jnp.array([0.0, 400.0, 800.0])
    scheme = Scheme(courant=0.2, max_steps=256)
    can = jnp.ones(grid.shape, bool).at[5:9, 18].set(False)

    def loss(rates: Ellipse, place: Any, start: Any) -> tuple[Any, Any]:
        fire: Ignition = at_points(grid, place, 26.0)
        front = Front(fire.level, jnp.where(fire.level <= 0.0, start, jnp.inf))
        out, steps = propagate(front, times, wave_of(rates), can, start, times[-1], grid.width, scheme)
        late = jnp.where(jnp.isfinite(out.arrival), out.arrival, times[-1])
        return jnp.mean(late) / 100.0 + jnp.mean(burned_fraction(out.level, grid.width)), steps

    x = (rates, jnp.array([[-33.0, 41.0]]), jnp.asarray(20.0))
    value = jax.jit(lambda *z: loss(*z)[0])
    (_, steps), gradient = jax.jit(jax.value_and_grad(loss, argnums=(0, 1, 2), has_aux=True))(*x)
    worst: dict[str, float] = {}
    names = ("rate, shape and direction of spread", "place of ignition", "time of ignition")
    for i, name in enumerate(names):
        for _ in range(3):
            way = [jax.tree.map(jnp.zeros_like, part) for part in x]
            way[i] = jax.tree.map(lambda a: jnp.asarray(rng.normal(size=a.shape)) * (1 + jnp.abs(a)), x[i])
            low, high = (jax.tree.map(lambda a, d, s=s: a + s * 1e-7 * d, x, tuple(way)) for s in (-1.0, 1.0))
            numeric = float(value(*high) - value(*low)) / 2e-7
            exact = sum(
                float(jnp.vdot(g, d))
                for g, d in zip(jax.tree.leaves(gradient), jax.tree.leaves(tuple(way)), strict=True)
            )
            worst[name] = max(worst.get(name, 0.0), abs(exact / numeric - 1.0))
    return [
        bench.Row("spread, steps that gradients go through", float(steps), "1", target=100.0),
        *(
            bench.Row(f"spread, gradient by {n}, off differences", v, "1", target=1e-3, at_most=True)
            for n, v in worst.items()
        ),
    ]
