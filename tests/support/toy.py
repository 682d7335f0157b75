"""A tiny experiment for the tests of the infrastructure: it fits a line by gradient descent."""

from __future__ import annotations

import json
import os
import time
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from data.errors import DataError, RunError
from data.files import atomic_path, atomic_write_text, sha256
from experiments.config import Strict
from experiments.report import Figure, Section, Table, scores, style


class ByTime(Strict):
    """Blocks in time."""

    by: Literal["time"] = Field("time", description="How the data are split.")
    train_years: int = Field(5, ge=1, le=50, description="Years that train.")


class BySite(Strict):
    """Leave sites out."""

    by: Literal["site"] = Field("site", description="How the data are split.")
    folds: int = Field(3, ge=2, description="Number of folds.")


class Train(Strict):
    """Training."""

    steps: int = Field(20, ge=1, le=10_000, description="Steps of gradient descent.")
    rate: float = Field(0.1, gt=0, le=1, description="Learning rate.")
    optimiser: Literal["sgd", "adam"] = Field("sgd", description="Optimiser.")


class Config(Strict):
    """The toy experiment."""

    seed: int = Field(0, ge=0, description="Seed of the random numbers.")
    slope: float = Field(2.0, ge=-10, le=10, description="True slope.")
    pause: float = Field(0.0, ge=0, le=10, description="Seconds to wait in each step.")
    names: tuple[str, ...] = Field(("a", "b"), description="Sites.")
    split: Annotated[ByTime | BySite, Field(discriminator="by")] = Field(ByTime(), description="The split.")
    train: Train = Field(Train(steps=30), description="Training.")
    weights: dict[str, float] = Field({"gpp": 1.0, "et": 0.5}, description="Weight of each target.")
    fault: str | None = Field(None, description="A fault to make, for tests.")


def plan(config, data, quick):
    """Rows of the plan."""
    return [("data", str(data or "synthetic")), ("steps", str(config.train.steps))]


def run(context):
    """Run two stages, each with a checkpoint."""
    config, folder = context.config, context.folder
    files = sorted(context.data.iterdir()) if context.data else []
    found = [{"path": f"{path.parent.name}/{path.name}", "sha256": sha256(path)} for path in files]
    context.inputs(found, label=f"synthetic, seed {config.seed}")
    if config.fault == "data":
        raise DataError("the forcing has gaps", "FR-Pue", "fill them")
    if config.fault == "bug":
        raise ZeroDivisionError("division by zero\nin two lines")
    for stage in ("first", "second"):
        if config.fault == "later" and stage == "second":
            later()
        with context.stage(stage) as todo:
            if todo:
                fit(context, stage)
    values = {s: json.loads((folder.checkpoints / f"{s}.json").read_text()) for s in ("first", "second")}
    rows = ["model,target,metric,split,group,value"]
    for model, stage in (("hybrid", "first"), ("gru", "second")):
        for target in ("gpp", "et"):
            for site in config.names:
                rows.append(f"{model},{target},nse,time,{site},{values[stage]['w']!r}")
    atomic_write_text(folder.scores, "\n".join(rows) + "\n")
    with atomic_path(folder.results) as path:
        path.write_bytes(b"toy")


def later():
    """A fault between the stages."""
    raise ZeroDivisionError("division by zero")


def fit(context, stage):
    """Descend, with a checkpoint every fifth step that a resume goes on from."""
    config = context.config
    path = context.folder.checkpoints / f"{stage}.json"
    state = read(path) if path.exists() else {"step": 0, "w": 0.0}
    steps = 5 if context.quick else config.train.steps
    for step in range(state["step"], steps):
        rng = np.random.default_rng([config.seed, step, len(stage)])
        x = rng.normal(size=8)
        state["w"] -= config.train.rate * float(np.mean((state["w"] - config.slope) * x * x))
        state["step"] = step + 1
        time.sleep(config.pause)
        if config.fault == "kill" and step == 3:
            os.kill(os.getpid(), 9)
        if step % 5 == 4 or step == steps - 1:
            atomic_write_text(path, json.dumps(state))
        loss = (state["w"] - config.slope) ** 2
        context.progress(
            {
                "stage": stage,
                "step": step + 1,
                "steps": steps,
                "loss": loss,
                "skill": {"gpp": 1 - loss},
                "parameters": {"w": state["w"]},
                "closure": 0.0,
            }
        )


def read(path):
    """A checkpoint, or one sentence where it is cut short."""
    try:
        return json.loads(path.read_text())
    except ValueError:
        raise RunError("the checkpoint is cut short", str(path), "remove it and resume") from None


def sections(folder):
    """A drawn figure and a table."""
    frame = scores.read(folder.scores)
    with style.use():
        drawing, axes = style.figure(1, 2, width="two", height=55)
        for axis, target in zip(axes, ("gpp", "et"), strict=True):
            for model in ("hybrid", "gru"):
                rows = frame[(frame["model"] == model) & (frame["target"] == target)]
                axis.plot(rows["group"], rows["value"], "o-", color=style.colour(model), label=model)
            axis.set_title(target)
        axes[0].legend()
        style.save(drawing, folder.figures, "skill")
    return [
        Section(
            "What came out",
            "The slope was **found** in `second`, see <below>.\n\n- one\n- two",
            figures=[
                Figure("skill.svg", "Skill of two models at two sites, all near one.", "Skill per site.")
            ],
            tables=[Table(("site", "slope"), [("a", 1.9981), ("b", None)], "The slope found")],
        )
    ]
