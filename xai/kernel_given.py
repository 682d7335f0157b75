"""Shapley values fitted to the worth of given coalitions: what another implementation's draws are compared by."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float


def fitted_to(
    z: Bool[np.ndarray, "coalition player"],
    worth: Float[np.ndarray, " coalition *out"],
    weight: Float[np.ndarray, " coalition"],
    base_value: Float[np.ndarray, "*out"],
    prediction: Float[np.ndarray, "*out"],
) -> Float[np.ndarray, "*out player"]:
    """Weighted least squares of the worth on membership, with the sum held at the prediction less the base value.

    The kernel regression of Lundberg and Lee [@lundberg2017] on given coalitions and weights; `kernel` draws better
    ones and corrects what the fit leaves.

    Args:
        z: members of each coalition; neither nobody nor everybody is among them.
        worth: of each coalition.
        weight: of each coalition.
        base_value: worth of nobody.
        prediction: worth of everybody.
    """
    members = np.asarray(z, np.float64)
    out = np.shape(base_value)
    gain = (np.asarray(prediction, np.float64) - base_value).reshape(-1)
    y = (np.asarray(worth, np.float64) - base_value).reshape(len(members), -1)
    rest = members[:, :-1] - members[:, -1:]
    heavy = rest * np.asarray(weight, np.float64)[:, None]
    values = np.linalg.solve(heavy.T @ rest, heavy.T @ (y - members[:, -1:] * gain))
    whole = np.concatenate([values, (gain - values.sum(axis=0))[None]])
    return np.moveaxis(whole, 0, -1).reshape(*out, members.shape[1])
