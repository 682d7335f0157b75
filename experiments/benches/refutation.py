"""How often refuters keep a true effect and reject a planted spurious one, on simulated panels.

The true effect is as strong as the observed confounding (both .3). Where it is weaker, a hidden cause as strong as the
observed one would explain it away, and the refuters, rightly, do not let it stand.
"""

from __future__ import annotations

from pathlib import Path

from causal.refute import rates

from .. import bench

SEED = 7
SPURIOUS = {"hidden": "a hidden cause", "seasonal": "a season left in", "regional": "shocks to whole regions"}


def rows(data: Path | None, quick: bool) -> list[bench.Row]:
    """Rows of ``terrax bench refutation``; panels are simulated, so ``data`` is not read."""
    del data
    found = rates(8 if quick else 100, SEED, placebos=39 if quick else 99)
    out = [
        bench.Row(
            "true effect, as strong as the observed confounding: share that stands",
            found["true"]["stands"],
            "1",
        )
    ]
    for world, cause in SPURIOUS.items():
        some = found[world]
        out.append(bench.Row(f"spurious by {cause}: share claimed", some["claimed"], "1"))
        out.append(bench.Row(f"spurious by {cause}: share that stands", some["stands"], "1"))
        out += [
            bench.Row(f"spurious by {cause}: passes {name}", share, "1")
            for name, share in some["passed"].items()
        ]
    return out
