"""What a search for links is told: method, test, lags, significance. Checked before anything runs."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from data.errors import ConfigError, nearest

METHODS = ("pcmci", "pcmci+", "lpcmci", "j-pcmci+", "rpcmci")
TESTS = ("parcorr", "robust_parcorr", "parcorr_wls", "gpdc", "cmi_knn", "gsquared", "regression_ci")
ENGINES = ("auto", "jax", "tigramite")
FDR = ("none", "graph", "field")
COLLIDER_RULES = ("majority", "conservative", "none")
SEARCHED = {
    "pcmci": (0.05, 0.1, 0.2, 0.3, 0.4, 0.5),
    "pcmci+": (0.001, 0.005, 0.01, 0.025, 0.05),
}
"""Values of ``pc_alpha`` that are tried where it is None, as in tigramite 5.2."""
DEFAULT_PC_ALPHA = {"pcmci": 0.2, "pcmci+": 0.01, "lpcmci": 0.05, "j-pcmci+": 0.01, "rpcmci": 0.2}


@dataclass(frozen=True)
class Settings:
    """The settings of a search, as a value.

    Attributes:
        method: one of `METHODS` (Runge et al. 2019 for PCMCI, Runge 2020 for PCMCI+, Gerhardus & Runge 2020 for
            LPCMCI, Günther et al. 2023 for J-PCMCI+, Saggioro et al. 2020 for RPCMCI).
        test: the test of conditional independence, one of `TESTS`.
        tau_min: least lag of a link [steps].
        tau_max: largest lag of a link [steps].
        pc_alpha: significance in the selection of conditions; several values, or None for a search over `SEARCHED`
            by Akaike's criterion (per target for PCMCI, per graph for PCMCI+).
        alpha: significance of a link in PCMCI's graph (PCMCI+ and its kin decide by ``pc_alpha``).
        fdr: ``none``, ``graph`` (Benjamini and Hochberg over the links of a cell) or ``field`` (over all cells).
        fdr_contemporaneous: whether links of lag 0 are corrected too.
        max_conds_dim: largest number of conditions in the selection, or None.
        max_conds_py: parents of the target that are conditioned on, or None for all.
        max_conds_px: parents of the source that are conditioned on, or None for all.
        collider_rule: how a collider is told, one of `COLLIDER_RULES`.
        conflict_resolution: whether contradicting orientations become ``x-x``.
        mask_type: whose masked samples are left out, letters of ``xyz``; ``y`` alone for seasons and regimes.
        options: further settings of a test or a method, handed to tigramite as they are.
    """

    method: str = "pcmci"
    test: str = "parcorr"
    tau_min: int = 0
    tau_max: int = 1
    pc_alpha: float | tuple[float, ...] | None = 0.2
    alpha: float = 0.05
    fdr: str = "none"
    fdr_contemporaneous: bool = False
    max_conds_dim: int | None = None
    max_conds_py: int | None = None
    max_conds_px: int | None = None
    collider_rule: str = "majority"
    conflict_resolution: bool = True
    mask_type: str = "y"
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _among(self.method, METHODS, "method")
        _among(self.test, TESTS, "test")
        _among(self.fdr, FDR, "fdr")
        _among(self.collider_rule, COLLIDER_RULES, "collider_rule")
        for name in ("tau_min", "tau_max"):
            _whole(getattr(self, name), name, 0)
        for name in ("max_conds_dim", "max_conds_py", "max_conds_px"):
            if getattr(self, name) is not None:
                _whole(getattr(self, name), name, 0)
        if self.tau_min > self.tau_max:
            raise ConfigError(
                f"tau_min is {self.tau_min} but tau_max is {self.tau_max}",
                "lags",
                "let tau_min be at most tau_max",
            )
        _share(self.alpha, "alpha")
        for value in self.searched:
            _share(value, "pc_alpha")
        if not self.mask_type or set(self.mask_type) - set("xyz"):
            raise ConfigError(
                f"mask_type '{self.mask_type}' is not made of the letters x, y and z",
                "mask_type",
                "give 'y' to leave out samples by their target alone, or 'xyz' for all",
            )

    @property
    def searched(self) -> tuple[float, ...]:
        """The values of ``pc_alpha`` that are tried."""
        if self.pc_alpha is None:
            return SEARCHED["pcmci" if self.method in ("pcmci", "rpcmci") else "pcmci+"]
        return self.pc_alpha if isinstance(self.pc_alpha, tuple) else (float(self.pc_alpha),)

    @property
    def contemporaneous(self) -> bool:
        """Whether links of lag 0 are oriented (PCMCI+ and its kin)."""
        return self.method != "pcmci" and self.method != "rpcmci"

    def to_attrs(self) -> dict[str, Any]:
        """Return every setting as an attribute that netCDF and Zarr can hold."""
        attrs: dict[str, Any] = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name == "options":
                attrs |= {
                    f"option_{k}": v if isinstance(v, int | float | str) else str(v) for k, v in value.items()
                }
            elif item.name == "pc_alpha":
                attrs["pc_alpha"] = self.searched[0] if len(self.searched) == 1 else list(self.searched)
            elif value is None:
                attrs[item.name] = "all"
            else:
                attrs[item.name] = int(value) if isinstance(value, bool) else value
        return attrs


def _among(value: str, known: tuple[str, ...], name: str) -> None:
    """Raise ConfigError where a name is not known."""
    if value not in known:
        raise ConfigError(
            f"no {name} '{value}'", name, nearest(value, known).strip() or f"choose one of {', '.join(known)}"
        )


def _whole(value: Any, name: str, least: int) -> None:
    """Raise ConfigError where a number is not whole or too small."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or int(value) < least:
        raise ConfigError(f"{name} is {value!r}", name, f"give a whole number from {least} on")


def _share(value: Any, name: str) -> None:
    """Raise ConfigError where a significance does not lie between 0 and 1."""
    good = isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value)
    if not good or not 0 < float(value) <= 1:
        raise ConfigError(f"{name} is {value!r}", name, "give a number above 0 and at most 1")
