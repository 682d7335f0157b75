"""Inputs under interventions, from linear equations along a causal graph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from data.errors import ConfigError, DataError

from .causal_graph import Component


class LinearSampler:
    """Draws of all columns given that some are set: X = c + B parents + noise in each chain component [@heskes2020].

    Equations are fitted by least squares to background rows. The noise is that of the rows themselves (``residuals``:
    nothing is drawn, and without edges the absent columns are the background's) or normal (``gaussian``), in pairs of a
    draw and its negative, so that means of linear functions are exact.

    Args:
        background: rows (row, column).
        parts: chain components of players.
        columns: player of each column, -1 for columns that stay as they are.
        noise: ``residuals`` or ``gaussian``.
        draws: number of draws of gaussian noise.
        rng: generator of gaussian noise.

    Raises:
        ConfigError: an unknown noise.
        DataError: too few rows for the equations.
    """

    def __init__(
        self,
        background: np.ndarray,
        parts: Sequence[Component],
        columns: np.ndarray,
        *,
        noise: str = "residuals",
        draws: int = 200,
        rng: np.random.Generator | None = None,
    ) -> None:
        if noise not in ("residuals", "gaussian"):
            raise ConfigError(
                f"the noise {noise!r} is unknown", "causal_shapley", "choose residuals or gaussian"
            )
        if noise == "gaussian" and (rng is None or draws < 2 or draws % 2):
            raise ConfigError(
                "gaussian noise needs a key and an even number of draws", "causal_shapley", "give both"
            )
        self.columns = columns
        self.equations = []
        rows = len(background)
        count = rows if noise == "residuals" else draws
        self.noise = np.zeros((count, background.shape[1]))
        for part in parts:
            mine = np.flatnonzero(np.isin(columns, part.members))
            theirs = np.flatnonzero(np.isin(columns, part.parents))
            if rows < len(theirs) + 2:
                raise DataError(
                    f"the background has {rows} rows for an equation with {len(theirs)} causes",
                    "background",
                    f"give at least {len(theirs) + 2}, or join cells before",
                )
            design = np.concatenate([np.ones((rows, 1)), background[:, theirs]], axis=1)
            slope = np.linalg.lstsq(design, background[:, mine], rcond=None)[0]
            rest = background[:, mine] - design @ slope
            spread = rest.T @ rest / max(rows - design.shape[1], 1)
            if noise == "gaussian":
                assert rng is not None
                values, vectors = np.linalg.eigh(spread)
                half = rng.normal(size=(draws // 2, len(mine))) @ (vectors * np.sqrt(np.maximum(values, 0))).T
                rest = np.concatenate([half, -half])
            self.noise[:, mine] = rest
            self.equations.append((part, mine, theirs, slope, spread))

    def __call__(self, z: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Draws (coalition, draw, column) with the columns of present players set to x.

        Args:
            z: truth values (coalition, player).
            x: columns of the input.
        """
        known = np.where(self.columns < 0, True, z[:, self.columns])
        out = np.broadcast_to(x, (len(z), *self.noise.shape)).copy()
        for part, mine, theirs, slope, spread in self.equations:
            mean = slope[0] + out[:, :, theirs] @ slope[1:]
            drawn = mean + self.noise[:, mine]
            here = known[:, mine]
            if len(part.members) > 1 and not part.confounded:
                drawn = drawn + self._followed(spread, here, x[mine] - drawn)
            out[:, :, mine] = np.where(here[:, None], x[mine], drawn)
        return out

    @staticmethod
    def _followed(spread: np.ndarray, known: np.ndarray, off: np.ndarray) -> np.ndarray:
        """How far unknown columns follow known ones, off by `off` (coalition, draw, column), as normal variables do."""
        m = known.astype(float)
        square = m[:, :, None] * spread * m[:, None, :] + np.eye(len(spread)) * (1 - m)[:, None, :]
        gain = spread @ np.linalg.pinv(square, hermitian=True)
        return np.einsum("cij,cdj->cdi", gain * m[:, None, :], off * m[:, None, :])
