"""Taking unit and step effects out of a panel with gaps, exactly, also under many sets of weights at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.errors import ConfigError

from .resample import Bootstrap


@dataclass(frozen=True)
class Table:
    """Columns of a panel, complete rows only.

    Attributes:
        values: ``[unit, time, column]``, 0 where the row is not complete.
        held: whether a row is complete ``[unit, time]``.
    """

    values: np.ndarray
    held: np.ndarray

    @classmethod
    def of(cls, columns: np.ndarray) -> Table:
        """Make a table from columns with NaN for missing values."""
        held = np.asarray(np.isfinite(columns).all(axis=-1))
        return cls(np.where(held[..., None], columns, 0.0), held)

    @property
    def rows(self) -> int:
        """Number of complete rows."""
        return int(self.held.sum())

    def swapped(self) -> Table:
        """Units and steps exchanged."""
        return Table(self.values.swapaxes(0, 1), self.held.T)

    def centred(self) -> np.ndarray:
        """Values less their mean over complete rows."""
        mean = self.values.sum((0, 1)) / max(self.rows, 1)
        return np.where(self.held[..., None], self.values - mean, 0.0)


def _by_first(table: Table) -> Table:
    """Take the means along the first axis' members out."""
    count = np.maximum(table.held.sum(1), 1)[:, None]
    mean = table.values.sum(1) / count
    return Table(np.where(table.held[..., None], table.values - mean[:, None], 0.0), table.held)


def _overlap(held: np.ndarray, out: bool) -> np.ndarray:
    """Cross products of the second axis' dummies for each first member ``[first, second, second]``."""
    h = held.astype(float)
    diagonal = h[:, :, None] * np.eye(h.shape[1])
    if not out:
        return diagonal
    return diagonal - h[:, :, None] * h[:, None, :] / np.maximum(h.sum(1), 1)[:, None, None]


def _overlap_sum(held: np.ndarray) -> np.ndarray:
    """Sum of `_overlap` over the first axis, the first axis' means taken out."""
    h = held.astype(float)
    return np.diag(h.sum(0)) - (h / np.maximum(h.sum(1, keepdims=True), 1)).T @ h


def demean(table: Table, effects: tuple[str, ...]) -> Table:
    """Project fixed effects out of every column [@frisch1933].

    Args:
        table: columns of a panel.
        effects: ``unit``, ``time`` or both.
    """
    if "unit" not in effects:
        return _by_first(table.swapped()).swapped()
    table = _by_first(table)
    if "time" not in effects:
        return table
    if table.held.all():
        return Table(table.values - table.values.mean(0), table.held)
    step = np.linalg.lstsq(_overlap_sum(table.held), table.values.sum(0), rcond=1e-10)[0]
    return _by_first(Table(np.where(table.held[..., None], table.values - step[None], 0.0), table.held))


def dummy_rank(table: Table, effects: tuple[str, ...]) -> int:
    """Coefficients that the fixed effects take up."""
    units, steps = int(table.held.any(1).sum()), int(table.held.any(0).sum())
    if "time" not in effects:
        return units
    if "unit" not in effects:
        return steps
    if table.held.all():
        return units + steps - 1
    return units + int(np.linalg.matrix_rank(_overlap_sum(table.held), tol=1e-8))


def draw_coefficients(table: Table, effects: tuple[str, ...], bootstrap: Bootstrap) -> np.ndarray:
    """Coefficients under bootstrap weights of units or of steps ``[replicate, term]``.

    Effects of the members that are weighted do not feel their weight, so they are taken out once; those of the other
    axis are solved for in each replicate.

    Args:
        table: columns, the outcome last.
        effects: the fixed effects.
        bootstrap: drawn over ``units`` or ``time``.

    Raises:
        ConfigError: both axes are to be drawn at once.
    """
    if bootstrap.resample == "both":
        raise ConfigError(
            "units and steps cannot be drawn at once here", "resample", "choose 'units' or 'time'"
        )
    by_unit, by_step = bootstrap.weights(table.held.shape[0], table.held.shape[1], 0)
    names = ("unit", "time") if bootstrap.resample == "units" else ("time", "unit")
    weights = by_unit if bootstrap.resample == "units" else by_step
    table = Table(table.centred(), table.held)
    table = table if bootstrap.resample == "units" else table.swapped()
    out = names[0] in effects
    if out:
        table = _by_first(table)
    x = table.values
    first, second, k = x.shape
    scale = np.sqrt((x**2).sum((0, 1)))
    x = x / scale
    gram = (weights @ np.einsum("fsi,fsj->fij", x, x).reshape(first, -1)).reshape(-1, k, k)
    if names[1] in effects:
        cross = _overlap(table.held, out).reshape(first, -1)
        sums = x.reshape(first, -1)
        for b in range(weights.shape[0]):
            left = (weights[b] @ cross).reshape(second, second)
            right = (weights[b] @ sums).reshape(second, k)
            empty = np.diag(left) <= 1e-12
            if out:  # the common level is in both sets of dummies: pinning it changes no projection
                left = left + 1.0 / second
            left = left + np.diag(empty.astype(float))
            gram[b] -= right.T @ _solved(left, right)
    beta = np.stack([_solved(g[:-1, :-1], g[:-1, -1]) for g in gram]) if len(gram) else np.empty((0, k - 1))
    return beta * scale[-1] / scale[:-1]


def _solved(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    try:
        return np.linalg.solve(left, right)
    except np.linalg.LinAlgError:
        return np.linalg.pinv(left, hermitian=True) @ right
