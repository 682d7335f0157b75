"""Truth and calibration of causal discovery: false positives, known graphs, real data whose links are known."""

from __future__ import annotations

from pathlib import Path

from .. import bench
from .truth import known, networks, nulls, rivers


def rows(data: Path | None, quick: bool) -> list[bench.Row]:
    """Rows of ``terrax bench causal-truth``; without the data's folder ``causal`` only synthetic worlds are scored."""
    out = [*nulls.rows(quick), *known.rows(quick)]
    if data is not None and (data / "causal").is_dir():
        return [*out, *rivers.rows(data, quick), *networks.rows(data, quick)]
    return [*out, *rivers.simulated(quick)]
