"""Every source that the code or a parameter names has an entry in the bibliography."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

import hybrid

ROOT = Path(__file__).resolve().parents[2]
BIBLIOGRAPHY = (ROOT / "paper" / "refs.bib").read_text(encoding="utf-8")
PACKAGES = ("data", "hybrid", "causal", "xai", "experiments")
GROUP = re.compile(r"\[(@[^\]]+)\]")
KEY = re.compile(r"@([A-Za-z][\w:-]*)")


def entries() -> dict[str, str]:
    """Text of each entry by key."""
    found = {}
    for block in re.split(r"(?m)^(?=@)", BIBLIOGRAPHY):
        head = re.match(r"@\w+\{\s*([^,\s]+)\s*,", block)
        if head:
            found[head.group(1)] = block
    return found


def cited() -> list[tuple[str, str]]:
    """Every key and where it is cited: file and line."""
    found = []
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            for group in GROUP.finditer(text):
                line = text.count("\n", 0, group.start()) + 1
                where = f"{path.relative_to(ROOT)}:{line}"
                found += [(key, where) for key in KEY.findall(group.group(1))]
    return found


def test_citations_are_found():
    keys = {key for key, _ in cited()}
    assert {"allen1998", "medlyn2011", "xia2012"} <= keys


def test_every_citation_of_the_code_resolves():
    known = entries()
    assert [(key, where) for key, where in cited() if key not in known] == []


@pytest.mark.parametrize("make", [hybrid.process.ecosystem, hybrid.process.respiration_q10])
def test_every_parameter_has_a_source_that_resolves(make):
    """A source is a key, or a sentence, which has spaces."""
    known = entries()
    process = make()
    lost = [p.name for p in process.parameters if " " not in p.source and p.source not in known]
    assert lost == []


@pytest.mark.parametrize("field", ["author", "title", "year"])
def test_every_entry_is_whole(field):
    lost = [k for k, text in entries().items() if not re.search(rf"(?m)^\s*{field}\s*=\s*\{{.+\}},$", text)]
    assert lost == []


def test_years_agree_with_keys():
    wrong = []
    for key, text in entries().items():
        year = re.search(r"(?m)^\s*year\s*=\s*\{(\d{4})\}", text)
        assert year is not None, key
        if (stated := re.search(r"\d{4}", key)) and stated.group() != year.group(1):
            wrong.append(key)
    assert wrong == []


def test_no_key_twice_and_no_doi_twice():
    keys = Counter(re.findall(r"(?m)^@\w+\{\s*([^,\s]+)\s*,", BIBLIOGRAPHY))
    dois = Counter(re.findall(r"(?m)^\s*doi\s*=\s*\{([^}]+)\}", BIBLIOGRAPHY))
    assert [k for k, n in (keys + dois).items() if n > 1] == []


def test_entries_are_balanced():
    assert [k for k, text in entries().items() if text.count("{") != text.count("}")] == []
