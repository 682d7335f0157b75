"""Fixtures that all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from experiments.compilation import compile_quickly

compile_quickly(seldom_run=True)
# Tests run side by side, a core each: threads of linear algebra would wait for one another most of the time.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
# Processes that tests start shall read compiled modules, as a user's do: compiling all of them takes 10 s each time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real data, from TERRAX_DATA or beside the repository; without it tests skip."""
    folder = Path(os.environ.get("TERRAX_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("no real data: set TERRAX_DATA to the folder that holds flux_sites")
    return folder
