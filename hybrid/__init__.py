"""Process models, neural components, their coupling, integration, training, inference and projection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.lazy import lazily

if TYPE_CHECKING:
    from . import process, scenario, skill
    from .ensemble import Runs, run_members
    from .integrate.simulate import Integrator, Trajectory, simulate
    from .model import Model
    from .parallel import shard_inputs
    from .project import Range, project
    from .roles import Dynamic, Fixed, Global, Learned, Slot, Static
    from .scenario import SCENARIOS, Scenario, get_scenario
    from .sequence import Sequence
    from .spinup import spin_up
    from .train import Checkpoint, Fit, Training, fit, fit_panel, predict

_HOME = {
    "process": "",
    "scenario": "",
    "skill": "",
    "Runs": "ensemble",
    "run_members": "ensemble",
    "Integrator": "integrate.simulate",
    "Trajectory": "integrate.simulate",
    "simulate": "integrate.simulate",
    "Model": "model",
    "Dynamic": "roles",
    "Fixed": "roles",
    "Global": "roles",
    "Learned": "roles",
    "Slot": "roles",
    "Static": "roles",
    "SCENARIOS": "scenario",
    "Scenario": "scenario",
    "get_scenario": "scenario",
    "Sequence": "sequence",
    "spin_up": "spinup",
    "Checkpoint": "train",
    "Fit": "train",
    "Training": "train",
    "fit": "train",
    "fit_panel": "train",
    "predict": "train",
    "shard_inputs": "parallel",
    "project": "project",
    "Range": "project",
}

__all__ = [
    "SCENARIOS",
    "Checkpoint",
    "Dynamic",
    "Fit",
    "Fixed",
    "Global",
    "Integrator",
    "Learned",
    "Model",
    "Range",
    "Runs",
    "Scenario",
    "Sequence",
    "Slot",
    "Static",
    "Training",
    "Trajectory",
    "fit",
    "fit_panel",
    "get_scenario",
    "predict",
    "process",
    "project",
    "run_members",
    "scenario",
    "shard_inputs",
    "simulate",
    "skill",
    "spin_up",
]

__getattr__ = lazily(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
