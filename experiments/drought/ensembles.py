"""The ensembles of a run: untrained designs, trained members, and what they simulate, each made once."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import hybrid
from data.errors import ConfigError
from data.splits import Fold
from hybrid.inputs import from_panel
from hybrid.train import Checkpoint

from ..runfolder import RunFolder
from . import build
from .config import Config, TrainConfig
from .prepare import Prepared, training_days

NETWORKS = ("hybrid", "process", "gru")


@dataclass
class Ensembles:
    """Models of a run by name: hybrid, process, gru, and static, a part of the hybrid's ensemble by site.

    Models that share a design compile once, so designs, members and simulations are kept.

    Attributes:
        config: settled configuration.
        prepared: data of the run.
        folder: where checkpoints are.
        identity: what checkpoints must have been made with.
    """

    config: Config
    prepared: Prepared
    folder: RunFolder
    identity: str
    _bare: dict[str, Any] = field(default_factory=dict)
    _members: dict[str, Any] = field(default_factory=dict)
    _runs: dict[str, Any] = field(default_factory=dict)
    _lock: Any = field(default_factory=Lock, repr=False)

    def settings(self, model: str) -> TrainConfig:
        """How a model is trained."""
        config = self.config
        if model == "static":
            return config.process_train.model_copy(update={"members": config.split.static_members})
        return {"hybrid": config.train, "process": config.process_train, "gru": config.gru.train}[model]

    def parts(self, model: str) -> tuple[str, ...]:
        """Designs whose members together are a model's ensemble.

        Where sites are held out, the hybrid's has members whose parameters follow the site alone: sites that
        were seen cannot tell which daily changes of parameters a new one shares.
        """
        split = self.config.split
        return (
            ("hybrid", "static")
            if model == "hybrid" and split.by == "site" and split.static_members
            else (model,)
        )

    def bare(self, model: str) -> Any:
        """An untrained model whose inputs are not normalised yet."""
        model = "process" if model == "static" else model
        with self._lock:  # stages may run side by side
            if model not in self._bare:
                config, prepared = self.config, self.prepared
                if model == "gru":
                    targets = tuple(t for t in prepared.targets if config.targets.get(t, 0) > 0)  # type: ignore[call-overload]
                    self._bare[model] = build.gru_model(config, prepared.panel, targets)
                else:
                    self._bare[model] = build.hybrid_model(config, prepared.panel, learned=model == "hybrid")
            return self._bare[model]

    def base(self, model: str, fold: Fold) -> Any:
        """An untrained model with inputs normalised over the fold's training days."""
        panel = self.prepared.panel
        return build.normalised(self.bare(model), panel, training_days(panel, fold))

    def untrained(self, model: str, base: Any) -> list[Any]:
        """Untrained members that differ in their first weights."""
        members = build.members(base, self.settings(model).members, self.config.seed)
        panel = self.prepared.panel
        return [m.blind_to(build.hidden(self.config, panel, i)) for i, m in enumerate(members)]

    def checkpoint(self, model: str, fold: Fold) -> Checkpoint:
        """Where training keeps its progress."""
        return Checkpoint(self.folder.checkpoints / f"{model}-{fold.name}.ckpt", self.identity)

    def finished(self, model: str, fold: Fold) -> Checkpoint:
        """Where the finished members of a model are."""
        return Checkpoint(self.folder.checkpoints / f"{model}-{fold.name}-best.ckpt", self.identity)

    def members(self, model: str) -> Any:
        """The finished members of a model on the run's first fold, arrays led by the member.

        Raises:
            ConfigError, ModelError: no such checkpoint, or one of another configuration.
        """
        if model not in self._members:
            fold = self.prepared.folds[0]
            checkpoint = self.finished(model, fold)
            if not checkpoint.exists():
                raise ConfigError(
                    f"the run has no trained {model}", str(checkpoint.path), "resume it with --resume"
                )
            like = hybrid.train.stack(self.untrained(model, self.base(model, fold)))
            self._members[model] = checkpoint.load(like)[0]
        return self._members[model]

    def runs(self, model: str) -> hybrid.Runs:
        """What the finished members simulate over all days."""
        if model not in self._runs:
            models = self.members(model)
            self._runs[model] = hybrid.run_members(
                models, from_panel(self.prepared.panel, known_categories(models))
            )
        return self._runs[model]


def known_categories(model: Any) -> dict[str, tuple[str, ...]]:
    """Categories of a hybrid or a sequence model."""
    return dict(model.categories if isinstance(model, hybrid.Sequence) else model.design.categories)
