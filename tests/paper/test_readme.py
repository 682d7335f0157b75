"""The README: its commands exist, its files exist, and its Python runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import typer.main
import xarray as xr

from data import synthetic
from experiments import registry
from experiments.cli import app
from experiments.environment import ROOT

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", TEXT, re.DOTALL)
SHELL = [text for kind, text in BLOCKS if kind == ""]


def commands(group=None, prefix=()):
    """Every command of the command line, with its options."""
    group = group or typer.main.get_command(app)
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*prefix, name))
        else:
            options = {option for item in command.params for option in item.opts if option.startswith("--")}
            yield " ".join((*prefix, name)), options


KNOWN = dict(commands())


def test_the_two_lines_for_a_fresh_machine_stand_alone():
    for line in (
        "pip install uv && uv run terrax run drought",
        "pip install uv && uv run pytest -n 2 --dist loadfile",
    ):
        assert f"{line}\n" in SHELL


def test_every_command_is_told_and_every_told_command_exists():
    named = set(re.findall(r"(?m)^\| `terrax ([a-z -]+?)(?= [A-Z\[-]|`)", TEXT))
    assert named == set(KNOWN)


def test_options_of_the_table_exist():
    for line in re.findall(r"(?m)^\| `terrax ([^`]+)`", TEXT):
        name = max((known for known in KNOWN if line.startswith(known)), key=len)
        assert set(re.findall(r"--[a-z-]+", line)) <= KNOWN[name], line


def test_experiments_scenarios_and_files_that_are_named_exist():
    from hybrid.scenario import SCENARIOS

    assert set(re.findall(r"terrax run ([a-z][a-z-]*[a-z])", TEXT)) <= {
        name for name, _ in registry.entries()
    }
    for path in re.findall(r"\]\(([^)]+)\)", TEXT):
        assert (ROOT / path).exists(), path
    named = re.search(r"A scenario is a name \(([^)]+)\)", TEXT)
    assert named is not None
    assert set(re.findall(r"`(\w+)`", named.group(1))) == set(SCENARIOS) - {"present"}


def test_the_scenario_file_is_read(tmp_path):
    from hybrid.scenario import get_scenario

    (block,) = [text for kind, text in BLOCKS if kind == "yaml"]
    (tmp_path / "own.yaml").write_text(block)
    assert set(get_scenario(str(tmp_path / "own.yaml")).changes) == {"tas", "pr", "co2"}


def test_the_package_map_is_the_tree():
    rows = re.findall(r"(?m)^\| `(\w+)` \|", TEXT[TEXT.index("## Packages") :])
    for name in rows:
        assert (ROOT / name).is_dir(), name
    assert {"data", "hybrid", "causal", "xai", "experiments", "paper"} == set(rows)


def test_the_run_folder_is_described_as_it_is(run_by_time):
    section = TEXT[TEXT.index("## What a run folder holds") : TEXT.index("## Commands")]
    told = {name.rstrip("/") for name in re.findall(r"(?m)^\| `([^`]+)` \|", section)}
    made = {path.name for path in run_by_time.path.iterdir()}
    assert made <= told


def test_no_skill_is_typed():
    prose = re.sub(r"```.*?```|JAX 0\.\d+", "", TEXT, flags=re.DOTALL)
    assert re.findall(r"(?<![\w.])0\.\d{2,}|\d+ ?%", prose) == []


def bucket_world(path: Path) -> None:
    """Towers whose evaporation is that of the README's bucket, with an efficiency that falls with dry air."""

    def simulate(ds):
        pr, rsds, vpd = (ds[n].transpose("site", "time").values.astype(float) for n in ("pr", "rsds", "vpd"))
        water = np.full(pr.shape[0], 100.0)
        et = np.zeros(pr.shape)
        for day in range(pr.shape[1]):
            demand = np.exp(-vpd[:, day] / 10.0) * rsds[:, day] / 2.45
            et[:, day] = np.minimum(demand * water / (water + 150.0), water)
            water = water + pr[:, day] - et[:, day] - 0.1 * np.maximum(water - 150.0, 0.0)
        return {"et": ds["pr"].transpose("site", "time").copy(data=et)}

    weather = synthetic.weather(["savanna", "mediterranean", "temperate_deciduous"], 3, seed=1)
    synthetic.write_sites(synthetic.virtual_sites(weather, simulate, {"et": 0.05}, 0.1, seed=1), path)


def run_block(word: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the README's Python that holds a word."""
    (block,) = [text for kind, text in BLOCKS if kind == "python" and word in text]
    (folder / "own.py").write_text(block, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:__main__", "own.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def cube_world(path: Path) -> None:
    """A cube in which rain wets the soil, and wet soil and moist air raise production."""
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((4, 600, 2, 2))
    pr, soil, vpd, gpp = (np.zeros((600, 2, 2)) for _ in range(4))
    for t in range(1, 600):
        pr[t] = 0.3 * pr[t - 1] + noise[0, t]
        vpd[t] = 0.5 * vpd[t - 1] + noise[1, t]
        soil[t] = 0.6 * soil[t - 1] + 0.5 * pr[t - 1] + 0.5 * noise[2, t]
        gpp[t] = 0.4 * gpp[t - 1] + 0.6 * soil[t - 1] - 0.4 * vpd[t] + 0.5 * noise[3, t]
    dims = ("time", "lat", "lon")
    fields = {"pr": pr, "soil_water": soil, "vpd": vpd, "gpp": gpp}
    coords = {"time": pd.date_range("2001", periods=600), "lat": [40.0, 41.0], "lon": [3.0, 4.0]}
    xr.Dataset({n: (dims, v) for n, v in fields.items()}, coords).to_netcdf(path)


def test_the_causal_python_of_the_readme_runs_and_finds_the_truth(tmp_path):
    cube_world(tmp_path / "cube.nc")
    lines = run_block("causal.discover", tmp_path).stdout.splitlines()
    assert (tmp_path / "graphs.nc").exists()
    parents = next(line for line in lines if line.startswith("[("))
    assert [name for name in ("vpd", "soil_water", "gpp") if f"('{name}'" in parents] == [
        "vpd",
        "soil_water",
        "gpp",
    ]
    low, high = map(float, re.search(r"interval (-?[\d.]+) to (-?[\d.]+)\)", "\n".join(lines)).groups())
    assert low < 0.6 < high
    fallen = [float(v) for v in re.findall(r"-?[\d.]+", lines[-1])]
    assert fallen[0] < -1.25 < fallen[2]  # .5 / (1 - .6) x .6 / (1 - .4), as the world was made


def test_the_attribution_python_of_the_readme_runs_and_is_exact(tmp_path):
    import xai

    lines = run_block("xai.attribute", tmp_path).stdout
    got = xai.read(tmp_path / "why.nc")
    change = got.prediction - got.base_value
    assert float(abs(got.attribution.sum("player") - change).max()) < 1e-4 * float(abs(change).max())
    assert (
        float(abs(got.attribution.sel(player="vpd, 90-1094")).max()) == 0.0
    )  # the function does not read it
    assert "| Deletion |" in lines


def test_the_wildfire_python_of_the_readme_runs_and_burns_an_ellipse(tmp_path):
    (block,) = [text for kind, text in BLOCKS if kind == "python" and "fire.spread" in text]
    held: dict = {}
    exec(compile(block, "README.md", "exec"), held)
    fire, burned = held["fire"], held["burned"]
    one = fire.Ellipse(*(float(v[0, 0, 0]) for v in held["rates"]))
    # the disc that is lit at first, 30 m wide to each side, is more than a point
    assert 1.0 < float(burned.area) / float(fire.ellipse.area(one, 3600.0)) < 1.15
    ahead = burned.arrival[59, 65] - burned.arrival[59, 35]
    assert ahead == pytest.approx(600.0 / one.head, rel=0.02)


def test_the_python_of_the_readme_runs_and_learns(tmp_path):
    bucket_world(tmp_path / "towers")
    done = run_block("bucket", tmp_path)
    before, after = (float(value) for value in re.findall(r"NSE (-?[\d.]+)", done.stdout))
    assert before < 0.5
    assert after > 0.9
    capacity = float(re.search(r"'capacity': ([\d.]+)", done.stdout).group(1))
    assert capacity == pytest.approx(150.0, rel=0.15)


def test_the_readme_says_what_continuous_integration_looks_for():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for name in ("tests", "quickstart"):
        line = re.search(rf"(?m)^{name}='([^']+)'", script)
        assert line is not None
        assert line.group(1) in TEXT


def test_python_and_licence_are_those_of_the_package():
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert re.search(r'requires-python = ">=3\.11"', project)
    assert "3.11 or later" in TEXT
    assert 'license = "Apache-2.0"' in project
