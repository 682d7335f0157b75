"""One call on a large cube, on all cores, with a progress bar: run by ``terrax bench causal`` as its own process."""

from __future__ import annotations

import os
import sys

import numpy as np

from .causal import LARGE


def main(cells: int) -> None:
    """Make the cube and search it."""
    import xarray as xr
    from rich.progress import Progress

    import causal

    rng = np.random.default_rng(0)
    names = [f"v{k}" for k in range(LARGE["variables"])]
    x = {n: rng.standard_normal((cells, LARGE["length"]), dtype=np.float32) for n in names}
    for t in range(2, LARGE["length"]):
        for k, name in enumerate(names):
            x[name][:, t] += 0.5 * x[name][:, t - 1] + (0.3 * x[names[k - 1]][:, t - 2] if k else 0.0)
    ds = xr.Dataset({n: (("cell", "time"), v) for n, v in x.items()})
    with Progress() as bar:
        task = bar.add_task("cells", total=cells)
        found = causal.discover(
            ds,
            tau_max=5,
            workers=os.cpu_count() or 1,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    print(f"{float(found.field_share.max()):.3f} of the cells have the most frequent link", file=sys.stderr)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else LARGE["cells"])
