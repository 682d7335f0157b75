"""The part of the grid that a fire can reach soon, so that no other cell is computed."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

SIDES = (32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096)
"""Sides of windows [cells]: few, since a program is compiled for each pair."""
STENCIL = 3
"""Cells around the front that its slopes are taken from."""


class Window(NamedTuple):
    """Rows and columns of a grid, the last ones not included."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """For the last two dimensions of an array."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.bottom - self.top, self.right - self.left

    def moved(self, down: int, along: int) -> Window:
        """The window further down and along."""
        return Window(self.top + down, self.bottom + down, self.left + along, self.right + along)

    def joined(self, other: Window) -> Window:
        """The least window that holds both."""
        return Window(
            min(self.top, other.top),
            max(self.bottom, other.bottom),
            min(self.left, other.left),
            max(self.right, other.right),
        )

    def overlap(self, other: Window) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
        """Where both lie, as slices of this window and of the other."""
        top, bottom = max(self.top, other.top), min(self.bottom, other.bottom)
        left, right = max(self.left, other.left), min(self.right, other.right)
        bottom, right = max(bottom, top), max(right, left)

        def of(w: Window) -> tuple[slice, slice]:
            first, start = max(top - w.top, 0), max(left - w.left, 0)
            return slice(first, first + bottom - top), slice(start, start + right - left)

        return of(self), of(other)

    def holds(self, other: Window) -> bool:
        """Whether another window lies within this one."""
        return (
            self.top <= other.top
            and self.bottom >= other.bottom
            and self.left <= other.left
            and self.right >= other.right
        )


def bounds(burned: Any) -> Window | None:
    """The least window that holds all burned cells of a mask (y, x), or None where there is none."""
    rows, columns = (np.flatnonzero(burned.any(axis=a)) for a in (1, 0))
    if not rows.size:
        return None
    return Window(int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1)


def around(box: Window, margin: int, shape: tuple[int, int]) -> Window:
    """A window of a usual size with at least ``margin`` cells about a box, as far as the grid goes."""
    top, bottom = _side(box.top, box.bottom, margin, shape[0])
    left, right = _side(box.left, box.right, margin, shape[1])
    return Window(top, bottom, left, right)


def _side(first: int, last: int, margin: int, size: int) -> tuple[int, int]:
    wanted = last - first + 2 * margin
    length = min(next((s for s in SIDES if s >= wanted), wanted), size)
    start = (first + last - length) // 2
    start = min(max(start, 0), size - length)
    return start, start + length


def slack(box: Window, window: Window, shape: tuple[int, int]) -> int:
    """Cells that a fire in a box can go before it nears a side of the window that is not the grid's."""
    gaps = [
        box.top - window.top if window.top > 0 else None,
        window.bottom - box.bottom if window.bottom < shape[0] else None,
        box.left - window.left if window.left > 0 else None,
        window.right - box.right if window.right < shape[1] else None,
    ]
    found = [g for g in gaps if g is not None]
    return max(min(found) - STENCIL, 0) if found else max(shape)


__all__ = ["SIDES", "STENCIL", "Window", "around", "bounds", "slack"]
