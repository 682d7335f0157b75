"""Every number that the manuscript may print, by name, read from run folders."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..report import scores
from . import tables
from .results import results
from .sources import Source
from .values import SKILLS, Number, duration, found, plain, skill

if TYPE_CHECKING:
    import pandas as pd

OWN = "hybrid"


def collect(source: Source) -> dict[str, Number]:
    """Return the numbers of one run; each name begins with the part that the run plays.

    Names, after the part:

    - ``name``, ``started``, ``duration``, ``seconds.STAGE``, ``quick`` of the run
    - ``commit``, ``device``, ``cores``, ``versions.PACKAGE`` of its environment, ``files`` of its data
    - ``config.KEY`` of its configuration
    - ``sites``, ``median.SPLIT.METRIC.TARGET.MODEL`` of its scores, and from these medians
      ``peer.SPLIT.METRIC.TARGET`` (the best model but the hybrid) with ``.model``,
      ``ahead.SPLIT.METRIC`` (targets where the hybrid is no worse than that, of ``judged.SPLIT.METRIC``), and
      ``loss.METRIC.TARGET.MODEL`` (skill in ordinary less skill in dry seasons)
    - ``results.NAME`` of results.nc (see :func:`experiments.paper.results.results`)
    - ``STEM.NAME`` of each JSON file in its folder ``tables`` (see :func:`experiments.paper.tables.numbers`)

    Raises:
        RunError: a file of the run that is missing or cannot be read.
    """
    numbers: dict[str, Number] = {}
    for part in (_run(source), _environment(source), _config(source), _scores(source), _more(source)):
        numbers.update(part)
    if source.folder.results.exists():
        numbers.update({f"results.{name}": number for name, number in results(source.folder.results)})
    return {f"{source.role}.{name}": number for name, number in numbers.items()}


def _run(source: Source) -> dict[str, Number]:
    status, file = source.status, "status.json"
    numbers = {
        "name": plain(source.folder.name, "", file),
        "started": plain(status.started[:10], "", file),
        "quick": plain(status.quick, "", file),
    }
    if status.seconds:
        numbers["duration"] = duration(sum(status.seconds.values()), file)
    return numbers | {f"seconds.{stage}": duration(value, file) for stage, value in status.seconds.items()}


def _environment(source: Source) -> dict[str, Number]:
    folder, file = source.folder, "environment.json"
    raw = folder.read_json(folder.environment_file)
    git = raw.get("git") or {}
    commit = (git.get("commit") or "not known")[:12] + (" with local changes" if git.get("dirty") else "")
    kinds = sorted({item["kind"] for item in raw.get("devices", [])})
    numbers = {"commit": plain(commit, "", file), "device": plain(", ".join(kinds) or "not known", "", file)}
    cores = (raw.get("platform") or {}).get("cpu_count")
    if cores:
        numbers["cores"] = plain(cores, "", file)
    for name, version in raw.get("versions", {}).items():
        numbers[f"versions.{name}"] = plain(version, "", file)
    inputs = folder.read_json(folder.data_file).get("files", [])
    return numbers | {"files": plain(len(inputs), "", "data.json")}


def _config(source: Source) -> dict[str, Number]:
    return {f"config.{key}": plain(value, "", "config.yaml") for key, value in leaves(source.config)}


def _scores(source: Source) -> dict[str, Number]:
    frame, file = scores.read(source.folder.scores), source.folder.scores.name
    own = scores.only(frame, model=OWN) if OWN in set(frame["model"]) else frame
    numbers = {"sites": plain(len(set(own["group"])), "", file)}
    medians = table(frame)
    for (split, metric, target), values in medians.items():
        for model, value in values.items():
            numbers[f"median.{split}.{metric}.{target}.{model}"] = _score(metric, value, file)
    return numbers | _against(medians, file) | _losses(medians, file)


def table(frame: pd.DataFrame) -> dict[tuple[str, str, str], dict[str, float]]:
    """Return the median over sites of each model by (split, metric, target), in the order of the file."""
    numbers: dict[tuple[str, str, str], dict[str, float]] = {}
    for row in scores.medians(frame).to_dict("records"):
        key = (str(row["split"]), str(row["metric"]), str(row["target"]))
        numbers.setdefault(key, {})[str(row["model"])] = float(row["median"])
    return numbers


def _against(medians: Mapping[tuple[str, str, str], Mapping[str, float]], file: str) -> dict[str, Number]:
    """Return the best peer of the hybrid by target, and how often the hybrid is no worse."""
    numbers: dict[str, Number] = {}
    ahead: dict[str, int] = {}
    judged: dict[str, int] = {}
    for (split, metric, target), values in medians.items():
        peers = {model: value for model, value in values.items() if model != OWN}
        best = scores.best(peers, metric)
        if best is None or OWN not in values:
            continue
        name = f"{split}.{metric}"
        numbers[f"peer.{name}.{target}"] = _score(metric, peers[best], file)
        numbers[f"peer.{name}.{target}.model"] = plain(best, "", file)
        tied = values[OWN] == peers[best]
        judged[name] = judged.get(name, 0) + 1
        ahead[name] = ahead.get(name, 0) + (tied or scores.best(values, metric) == OWN)
    for what, counts in (("judged", judged), ("ahead", ahead)):
        numbers |= {f"{what}.{name}": plain(count, "", file) for name, count in counts.items()}
    return numbers


def _losses(medians: Mapping[tuple[str, str, str], Mapping[str, float]], file: str) -> dict[str, Number]:
    """Return the median skill in ordinary seasons less that in dry ones."""
    numbers = {}
    for (split, metric, target), values in medians.items():
        dry = medians.get(("drought", metric, target), {}) if split == "normal" and metric in SKILLS else {}
        for model in set(values) & set(dry):
            numbers[f"loss.{metric}.{target}.{model}"] = _score(metric, values[model] - dry[model], file)
    return numbers


def _more(source: Source) -> dict[str, Number]:
    folder = source.folder
    numbers: dict[str, Number] = {}
    for path in sorted((folder.path / "tables").glob("*.json")):
        file = path.relative_to(folder.path).as_posix()
        numbers.update(tables.numbers(folder.read_json(path), file, path.stem))
    return numbers


def leaves(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of nested mappings by dotted key; a list is one text."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from leaves(item, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, list):
        yield prefix, ", ".join(item if isinstance(item, str) else json.dumps(item) for item in value)
    elif value is not None:
        yield prefix, value


def _score(metric: str, value: float, file: str) -> Number:
    return skill(value, "", file) if metric in SKILLS and math.isfinite(value) else found(value, "", file)
