"""The text of the manuscript: sentences only, and nothing that does not exist."""

from __future__ import annotations

import importlib
import re

import pytest
import yaml

from data.errors import ConfigError
from experiments.paper import SOURCE, figures
from experiments.paper.content import keys

TEXT = (SOURCE / "main.typ").read_text(encoding="utf-8")
LAYOUT = (SOURCE / "layout.typ").read_text(encoding="utf-8")


def spoken(text):
    """The text without comments, quoted strings and raw words."""
    text = re.sub(r"(?m)^\s*//.*$", "", text)
    return re.sub(r'"[^"\n]*"', '""', text)


def test_no_digit_is_typed_in_the_text():
    lines = [line for line in spoken(TEXT).splitlines() if re.search(r"\d", line)]
    assert lines == []


@pytest.mark.parametrize("typed", ["reaches 0.91 here", "twenty-two of 11 sites", "= Results 2", "$x = 3$"])
def test_a_typed_digit_would_be_seen(typed):
    assert re.search(r"\d", spoken(f'#num("a.b2") // 7\n{typed}\n'))


def test_quoted_digits_are_names_only():
    """Strings hold keys of numbers, references and titles: none is a bare number."""
    for string in re.findall(r'"([^"\n]*)"', TEXT):
        for word in string.split():
            assert not re.fullmatch(r"[-+−]?\d+([.,]\d+)?%?", word), string


def test_layout_has_no_sentence_with_a_number():
    """Digits in the layout are lengths, sizes, colours, indices and chemical formulas."""
    plain = spoken(LAYOUT)
    for allowed in (r"\d+(\.\d+)?(pt|mm|em|%|fr)", r"#sub\[\d+\]", r"keys\.len\(\) > 0"):
        plain = re.sub(allowed, "", plain)
    assert [line for line in plain.splitlines() if re.search(r"\d", line)] == []


def test_no_semicolon_is_swallowed():
    assert not re.search(r"#[\w-]+(\([^()]*\))+;", TEXT)


def test_references_of_the_text_exist():
    known = keys(SOURCE / "refs.bib")
    cited = set()
    for group in re.findall(r"#(?:cites|named)\(([^()]*)\)", TEXT):
        cited |= set(re.findall(r'"([^"]+)"', group))
    assert cited
    assert cited <= known


def test_figures_of_the_text_are_declared_and_the_declared_are_shown():
    shown = set(re.findall(r'#picture\("([^"]+)"\)', TEXT))
    assert shown == set(figures.read(SOURCE / "figures.yml"))


def test_the_functions_that_draw_exist():
    for name, figure in figures.read(SOURCE / "figures.yml").items():
        module, function = figure.function.split(":")
        assert callable(getattr(importlib.import_module(module), function)), name
        assert module.split(".")[1] == figure.experiment, name


def test_captions_hold_no_results():
    for name, figure in figures.read(SOURCE / "figures.yml").items():
        for text in (figure.caption, figure.alt):
            assert not re.search(r"\d\.\d|\d ?%", text), name
        assert figure.caption != figure.alt, name


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"run": ["tiem"]}, "no run plays the part 'tiem'"),
        ({"runs": ["time"]}, "unknown key 'runs'"),
        ({"caption": "x"}, "caption"),
        ({"alt": None}, "alt"),
        ({"run": []}, "run"),
    ],
)
def test_broken_figures_are_one_sentence(tmp_path, change, words):
    entry = {
        "experiment": "drought",
        "run": ["time"],
        "file": "skill",
        "function": "m:f",
        "caption": "What is drawn here.",
        "alt": "What it looks like.",
    }
    path = tmp_path / "figures.yml"
    path.write_text(yaml.safe_dump({"skill": {**entry, **change}}), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        figures.read(path)
    assert words in str(caught.value)
    assert "figures.yml" in str(caught.value)
