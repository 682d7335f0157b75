"""Provenance of a run as RO-Crate 1.1: files with hashes, authors, software, configuration and data."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any

import yaml

from data.errors import DataError
from data.files import sha256

from .environment import ROOT
from .runfolder import STATUS, RunFolder, Status

PROFILE = "https://w3id.org/ro/crate/1.1"
_ROLES = {
    "config.yaml": "configuration of the run",
    "settled.yaml": "configuration with what depends on the data filled in",
    "environment.json": "versions, device, commit and seeds",
    "data.json": "input files with their SHA-256",
    "results.nc": "predictions, observations, states and parameters (CF netCDF)",
    "progression.nc": "perimeters, arrival, burn probability and members of a fire with timed perimeters (CF netCDF)",
    "projection.nc": "projection under a scenario (CF netCDF)",
    "scores.csv": "scores per model, target, metric, split and group",
    "report.html": "report",
}
_TYPES = {".nc": "application/x-netcdf", ".yaml": "application/yaml", ".eqx": "application/octet-stream"}


def build(folder: RunFolder) -> Path:
    """Write ``ro-crate-metadata.json`` into a run folder and return its path; call it last."""
    status = folder.status()
    files = [path for path in sorted(folder.path.rglob("*")) if _belongs(folder, path)]
    entities = [_file(folder, path) for path in files]
    authors = _authors(ROOT / "CITATION.cff")
    inputs = _inputs(folder)
    graph = [
        {
            "@id": folder.crate.name,
            "@type": "CreativeWork",
            "conformsTo": {"@id": PROFILE},
            "about": {"@id": "./"},
        },
        _root(folder, status, entities, authors),
        *entities,
        *authors,
        *inputs,
        *_software(folder),
        _action(status, entities, inputs, authors),
        {
            "@id": "#terms",
            "@type": "CreativeWork",
            "name": "Terms of the input data",
            "description": "Results derive from the input data named in data.json and are under their terms.",
        },
    ]
    context = [f"{PROFILE}/context", {"sha256": "https://schema.org/sha256"}]
    folder.write_json(folder.crate, {"@context": context, "@graph": graph})
    return folder.crate


def _belongs(folder: RunFolder, path: Path) -> bool:
    """Tell whether a file is part of the crate: not the crate itself, the status or what is temporary."""
    return path.is_file() and path.name not in (STATUS, folder.crate.name) and not folder.is_leftover(path)


def _file(folder: RunFolder, path: Path) -> dict[str, Any]:
    name = path.relative_to(folder.path).as_posix()
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    entity = {
        "@id": name,
        "@type": "File",
        "name": name,
        "encodingFormat": kind,
        "contentSize": str(path.stat().st_size),
        "sha256": sha256(path),
    }
    if name in _ROLES:
        entity["description"] = _ROLES[name]
    return entity


def _root(
    folder: RunFolder, status: Status, files: list[dict[str, Any]], authors: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": f"{status.experiment}: {folder.name}",
        "description": f"A run of the experiment '{status.experiment}' with terrax.",
        "datePublished": status.updated or status.started,
        "license": {"@id": "#terms"},
        "author": [{"@id": author["@id"]} for author in authors],
        "hasPart": [{"@id": item["@id"]} for item in files],
        "mentions": {"@id": "#run"},
    }


def _action(
    status: Status,
    files: list[dict[str, Any]],
    inputs: list[dict[str, Any]],
    authors: list[dict[str, Any]],
) -> dict[str, Any]:
    made = [item["@id"] for item in files if item["@id"] not in ("config.yaml", "data.json")]
    action = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"terrax run {status.experiment}" + (" --quick" if status.quick else ""),
        "startTime": status.started,
        "endTime": status.updated,
        "instrument": {"@id": "#terrax"},
        "object": [{"@id": "config.yaml"}, *({"@id": item["@id"]} for item in inputs)],
        "result": [{"@id": name} for name in made],
    }
    if authors:
        action["agent"] = {"@id": authors[0]["@id"]}
    return action


def _software(folder: RunFolder) -> list[dict[str, Any]]:
    environment = folder.read_json(folder.environment_file)
    versions = dict(environment.get("versions", {}))
    own = versions.pop("terrax", "")
    entities = [
        {"@id": f"#software-{name}", "@type": "SoftwareApplication", "name": name, "softwareVersion": version}
        for name, version in versions.items()
    ]
    terrax: dict[str, Any] = {
        "@id": "#terrax",
        "@type": "SoftwareApplication",
        "name": "terrax",
        "softwareVersion": own,
        "softwareRequirements": [{"@id": item["@id"]} for item in entities],
    }
    commit = environment.get("git", {}).get("commit")
    if commit:
        terrax["identifier"] = f"git commit {commit}"
    return [terrax, *entities]


def _inputs(folder: RunFolder) -> list[dict[str, Any]]:
    recorded = folder.read_json(folder.data_file)
    return [
        {
            "@id": f"#input-{number}",
            "@type": "CreativeWork",
            "name": item["path"],
            "sha256": item["sha256"],
        }
        for number, item in enumerate(recorded.get("files", []), 1)
    ]


def _authors(citation: Path) -> list[dict[str, Any]]:
    """Return the authors of CITATION.cff, where there is one."""
    try:
        listed = (yaml.safe_load(citation.read_text(encoding="utf-8")) or {}).get("authors", [])
    except (OSError, DataError, yaml.YAMLError):
        listed = []
    people = []
    for number, author in enumerate(listed, 1):
        given, family = author.get("given-names"), author.get("family-names")
        name = author.get("name") or " ".join(part for part in (given, family) if part)
        kind = "Person" if family else "Organization"
        people.append({"@id": author.get("orcid") or f"#author-{number}", "@type": kind, "name": name})
    return people or [{"@id": "#author-1", "@type": "Organization", "name": "The terrax authors"}]
