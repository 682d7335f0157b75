"""Steps of PyTorchFire's cellular automaton."""

# pyright: reportMissingImports=false
from __future__ import annotations

from typing import Any

import torch
from pytorchfire import WildfireModel
from serve import serve, timed

held: dict[str, Any] = {}


def load(cells: int) -> dict[str, Any]:
    """A square of cells under wind, lit in the middle."""
    even = torch.zeros(cells, cells)
    lit = torch.zeros(cells, cells, dtype=torch.bool)
    lit[cells // 2 - 2 : cells // 2 + 3, cells // 2 - 2 : cells // 2 + 3] = True
    fields = {"p_veg": even, "wind_velocity": even + 5.0, "wind_towards_direction": even + 45.0}
    fields["initial_ignition"] = lit
    model = WildfireModel(fields, {"c_1": torch.tensor(0.045), "c_2": torch.tensor(0.131)})
    model.eval()
    held["model"] = model
    return {"threads": torch.get_num_threads(), "torch": torch.__version__}


def run(steps: int) -> dict[str, Any]:
    """Take steps from the start, without gradients."""
    model = held["model"]
    model.reset(seed=0)

    def work() -> None:
        with torch.no_grad():
            for _ in range(steps):
                model.compute()

    _, seconds = timed(work)
    return seconds | {"burned": int(model.state.any(0).sum())}


if __name__ == "__main__":
    serve({"load": load, "run": run})
