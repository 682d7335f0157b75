"""Files of virtual sites, as users hold them for real ones."""

from __future__ import annotations

from ..write import write_sites

__all__ = ["write_sites"]
