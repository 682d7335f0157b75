"""Linear mechanisms in closed form: weighted least squares on each variable's parents, for many members at once."""

from __future__ import annotations

import numpy as np


def solve(
    x: np.ndarray, y: np.ndarray, mask: np.ndarray, weight: np.ndarray, ridge: np.ndarray | float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Fit each variable on its parents and a constant.

    Args:
        x: inputs ``(row, input)``, finite.
        y: targets ``(row, variable)``, finite.
        mask: bool ``(variable, input)``, who may read what.
        weight: weight of each row ``(member, variable, row)``; 0 leaves it out.
        ridge: penalty on the squared coefficients, per unit of weight; a number per member, or one for all.

    Returns:
        coefficients ``(member, variable, input)``, exactly 0 outside the mask, and constants
        ``(member, variable)``; the shortest solution where inputs are collinear.
    """
    members, variables = weight.shape[:2]
    coefficient = np.zeros((members, variables, x.shape[1]))
    constant = np.zeros((members, variables))
    penalty = np.broadcast_to(np.asarray(ridge, float), (members,))
    for n in range(variables):
        parents = np.flatnonzero(mask[n])
        design = np.column_stack([np.ones(len(x)), x[:, parents]])
        size = design.shape[1]
        products = (design[:, :, None] * design[:, None, :]).reshape(len(x), -1)
        normal = (weight[:, n] @ products).reshape(members, size, size)
        extra = np.zeros((members, size))
        extra[:, 1:] = (penalty * weight[:, n].sum(-1))[:, None]
        normal[:, np.arange(size), np.arange(size)] += extra
        right = weight[:, n] @ (design * y[:, n, None])
        found = (np.linalg.pinv(normal, rcond=1e-12, hermitian=True) @ right[..., None])[..., 0]
        constant[:, n] = found[:, 0]
        coefficient[:, n, parents] = found[:, 1:]
    return coefficient, constant


def residuals(
    x: np.ndarray, y: np.ndarray, mask: np.ndarray, valid: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return residuals whose variance is that of the noise, and the fit they belong to.

    A least-squares residual is smaller than the noise, for the fit has seen it: its variance is ``1 - h`` times
    the noise's, ``h`` the row's leverage. It is divided by the root of that [@mackinnon1985].

    Args:
        x: inputs ``(row, input)``.
        y: targets ``(row, variable)``.
        mask: bool ``(variable, input)``.
        valid: bool ``(variable, row)``, rows that count.

    Returns:
        residuals ``(row, variable)``, NaN where not valid; coefficients ``(variable, input)``; constants
        ``(variable,)``.
    """
    coefficient, constant = (a[0] for a in solve(x, y, mask, valid[None].astype(float)))
    error = y - x @ coefficient.T - constant
    for n in range(y.shape[1]):
        rows = valid[n]
        design = np.column_stack([np.ones(rows.sum()), x[np.ix_(rows, mask[n])]])
        inverse = np.linalg.pinv(design.T @ design, rcond=1e-12, hermitian=True)
        leverage = np.einsum("ri,ij,rj->r", design, inverse, design)
        error[rows, n] /= np.sqrt(np.clip(1.0 - leverage, 1e-6, None))
        error[~rows, n] = np.nan
    return error, coefficient, constant
