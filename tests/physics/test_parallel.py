"""Eight devices give what one gives, in a process of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
import tinyhybrid as tiny

import hybrid
from data.errors import ModelError
from hybrid.inputs import from_panel
from hybrid.parallel import largest_share, shard_inputs

CODE = """
import json
import jax, numpy as np
import tinyhybrid as tiny
import hybrid
from hybrid.inputs import from_panel

count = len(jax.devices())
panel = tiny.weather()
panel = panel.take([panel.sites[i % 2] for i in range(8)])
panel = tiny.observed(panel, et=1.0 + 0.1 * panel.forcing["rsds"])
model = hybrid.Model(
    tiny.bucket(),
    {"capacity": hybrid.Global(), "growth_rate": hybrid.Dynamic(["rsds", "pr"], memory=True)},
)
given = tiny.days(panel, 0, 365), tiny.days(panel, 365, 730)
fit = hybrid.fit(
    [model, model.renewed(jax.random.key(1))],
    from_panel(panel, {}),
    panel.targets,
    np.repeat(given[0][None], 2, 0),
    np.repeat(given[1][None], 2, 0),
    panel.masks,
    hybrid.Training(steps=12, validate_every=6, patience=0, weights={"et": 1.0}),
    devices=jax.devices(),
)
spread = max(len(a.sharding.device_set) for a in jax.tree.leaves(fit.models) if isinstance(a, jax.Array))
leaves = [np.asarray(a).ravel().tolist() for a in tiny.leaves(fit.models)]
print(json.dumps({"devices": count, "spread": spread, "leaves": leaves}))
"""


def _run(devices: int) -> dict:
    folder = Path(__file__).parents[1] / "support"
    env = os.environ | {
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}",
        "JAX_PLATFORMS": "cpu",
        "PYTHONPATH": os.pathsep.join([str(folder), str(folder.parents[1])]),
    }
    done = subprocess.run([sys.executable, "-c", CODE], env=env, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_eight_devices_train_as_one_does():
    one, eight = _run(1), _run(8)
    assert (one["devices"], eight["devices"], eight["spread"]) == (1, 8, 8)
    for a, b in zip(one["leaves"], eight["leaves"], strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5)


def test_sites_that_devices_do_not_divide_are_an_error():
    inputs = from_panel(tiny.weather(), {})
    with pytest.raises(ModelError, match="cannot be spread evenly over 3 devices"):
        shard_inputs(inputs, [jax.devices()[0]] * 3)
    assert [largest_share(12, n) for n in (1, 5, 8, 16)] == [1, 4, 6, 12]


def test_one_device_changes_nothing():
    inputs = from_panel(tiny.weather(), {})
    spread = shard_inputs(inputs, jax.devices()[:1])
    assert tiny.same(spread, inputs)
    assert isinstance(spread, hybrid.inputs.Inputs)
