"""The files around the packages agree with each other."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _constraints():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def test_constraints_and_pyproject_agree():
    assert _constraints() == PROJECT["tool"]["uv"]["constraint-dependencies"]


def test_constraints_are_names_and_versions_only():
    marker = r"( ; python_version (<|>=) '3\.12')?"
    for line in _constraints():
        assert re.fullmatch(rf"[a-z0-9-]+==[0-9][A-Za-z0-9.+]*{marker}", line), line


def test_every_requirement_is_constrained_for_both_pythons():
    wanted = [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"]]
    lines = _constraints()
    for requirement in wanted:
        name = _normal(re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0])
        markers = [line.partition(" ; ")[2] for line in lines if line.startswith(f"{name}==")]
        both = ([""], ["python_version < '3.12'", "python_version >= '3.12'"])
        own = requirement.partition(" ; ")[2]
        assert markers in (([own],) if own else both), requirement


def test_the_citation_is_complete_and_of_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors", "version", "license"} <= set(citation)
    assert str(citation["version"]) == PROJECT["project"]["version"]
    assert citation["license"] == PROJECT["project"]["license"]
    assert all(author.get("name") or author.get("family-names") for author in citation["authors"])


def test_the_changelog_names_this_version():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## \[?{re.escape(PROJECT['project']['version'])}", text, re.MULTILINE)


def test_the_ci_script_can_be_run_and_parsed():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_no_file_is_longer_than_500_lines():
    for package in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        for path in (ROOT / package).rglob("*.py"):
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 500, path


def test_no_committed_text_names_a_machine():
    pattern = re.compile(r"(?<![\w.])/(work|root|home|Users)/[\w.]")
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if (
            path.suffix in {".py", ".md", ".toml", ".txt", ".cff", ".yml", ".yaml", ".typ", ".bib"}
            and path.exists()
        ):
            found = pattern.search(path.read_text(encoding="utf-8"))
            assert not found, f"{name}: {found.group(0) if found else ''}"
