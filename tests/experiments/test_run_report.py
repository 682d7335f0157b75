"""The report: self-contained, accessible, equal for equal folders; scores, style and provenance."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
import yaml

from data.errors import RunError
from experiments import crate, environment, report
from experiments.report import Figure, Section, Table, markup, scores, style
from experiments.runfolder import RunFolder

FETCHING = {"src", "href", "srcset", "data", "action", "poster", "background", "formaction", "xlink:href"}
VOID = {"meta", "img", "link", "br"}


class Page(HTMLParser):
    """Collects what a browser would fetch, and what a reader without eyes needs."""

    def __init__(self, text):
        super().__init__()
        self.fetched, self.images, self.headers, self.tags, self.open = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        self.fetched += [value for name, value in attrs if name in FETCHING]
        if tag == "img":
            self.images.append(values)
        if tag == "th":
            self.headers.append(values.get("scope"))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture
def run(finished, tmp_path):
    return RunFolder(shutil.copytree(finished.path, tmp_path / "done"))


def test_the_page_makes_no_request_and_is_well_formed(finished):
    text = finished.report.read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    assert all(value.startswith(("data:", "#")) for value in page.fetched)
    assert not {"script", "iframe", "object", "embed", "base", "form"} & set(page.tags)
    styles = re.search(r"<style>(.*?)</style>", text, re.DOTALL).group(1)
    assert "url(" not in styles
    assert "@import" not in styles
    assert "default-src 'none'" in text
    assert "prefers-color-scheme: dark" in styles
    assert "@media print" in styles
    assert 'name="viewport"' in text
    assert '<html lang="en">' in text


def test_images_have_alternative_texts_and_tables_headers(finished):
    page = Page(finished.report.read_text(encoding="utf-8"))
    assert len(page.images) == 1
    assert page.images[0]["alt"] == "Skill of two models at two sites, all near one."
    assert page.headers
    assert set(page.headers) == {"col", "row"}


def test_the_page_says_what_is_in_the_folder(finished):
    text = finished.report.read_text(encoding="utf-8")
    for words in (
        "What came out",
        "<strong>found</strong>",
        "see &lt;below&gt;",
        "US-Var",
        "synthetic, seed 0",
    ):
        assert words in text
    assert "Median NSE over 3 groups, split time" in text
    assert "train:" in text
    version = json.loads(finished.environment_file.read_text())["versions"]["jax"]
    assert version in text


def test_built_again_it_is_the_same_from_another_place(run, finished):
    before = finished.report.read_bytes(), (finished.figures / "skill.png").read_bytes()
    run.report.unlink()
    shutil.rmtree(run.figures)
    report.build(run)
    assert (run.report.read_bytes(), (run.figures / "skill.png").read_bytes()) == before


def test_a_missing_figure_is_told(run):
    class Module:
        """An experiment."""

        @staticmethod
        def sections(folder):
            return [Section("A", figures=[Figure("none.svg", "nothing")])]

    with pytest.raises(RunError, match=r"a figure of the report is missing.*none.svg"):
        report.build(run, Module)  # type: ignore[arg-type]


def test_bare_paths_get_an_alternative_text(run):
    html = markup.figure("skill.png", run.path, "Skill")
    assert 'alt="Skill: skill"' in html
    assert 'class="wide"' in html


def test_table_cells():
    html = markup.table(Table(("a", "b"), [("x<y", 1.23456), ("z", float("nan")), ("w", -2.5)], "c & d"))
    assert "x&lt;y" in html
    assert ">1.235<" in html
    assert ">–<" in html
    assert ">−2.500<" in html
    assert "<caption>c &amp; d</caption>" in html


def test_scores_keep_every_digit(tmp_path):
    rows = [
        ("hybrid", "gpp", "nse", "time", f"s{i}", value) for i, value in enumerate((0.1 + 0.2, 1 / 3, 1e-300))
    ]
    rows.append(("hybrid", "gpp", "nse", "time", "NA", float("nan")))
    scores.write(tmp_path / "scores.csv", rows)
    frame = scores.read(tmp_path / "scores.csv")
    assert list(frame["value"][:3]) == [0.1 + 0.2, 1 / 3, 1e-300]
    assert frame["value"].isna().sum() == 1
    assert list(frame["group"])[-1] == "NA"
    assert (tmp_path / "scores.csv").read_text().startswith("model,target,metric,split,group,value\n")


def test_medians_pass_over_missing_values():
    rows = [("m", "gpp", "nse", "time", str(i), v) for i, v in enumerate((1.0, 2.0, 4.0, float("nan")))]
    row = scores.medians(pd.DataFrame(rows, columns=list(scores.COLUMNS))).iloc[0]
    assert (row["median"], row["groups"]) == (2.0, 3)


@pytest.mark.parametrize(("metric", "winner"), [("nse", "a"), ("kge", "a"), ("rmse", "b"), ("bias", "c")])
def test_the_best_of_each_metric(metric, winner):
    assert scores.best({"a": 0.9, "b": -0.5, "c": 0.1, "d": float("nan")}, metric) == winner


def test_the_palette_keeps_models_apart_for_the_colour_blind():
    """The worst pair under protanopia and deuteranopia (Machado et al. 2009), distance in linear RGB."""
    matrices = {
        "protanopia": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
        "deuteranopia": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
    }
    for matrix in matrices.values():
        seen = []
        for code in style.COLOURS.values():
            levels = [int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)]
            linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in levels]
            seen.append([sum(a * b for a, b in zip(row, linear, strict=True)) for row in matrix])
        for i, one in enumerate(seen):
            for other in seen[:i]:
                assert sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5 > 0.05


def test_figures_are_equal_bytes_and_leave_the_users_settings_alone(tmp_path):
    import matplotlib

    before = dict(matplotlib.rcParams)
    written = []
    for name in ("one", "two"):
        with style.use():
            drawing, axis = style.figure(width="one", height=50)
            axis.plot([0, 1], [0, 1], color=style.colour("hybrid"), label="hybrid")
            axis.legend()
            written.append([path.read_bytes() for path in style.save(drawing, tmp_path / name, "figure")])
    assert written[0] == written[1]
    assert b"<dc:date>" not in written[0][0]
    assert dict(matplotlib.rcParams) == before
    assert style.colour("unheard of") == style.colour("unheard of")


def test_the_crate_follows_the_specification(run):
    crate.build(run)
    content = json.loads(run.crate.read_text())
    assert content["@context"][0] == "https://w3id.org/ro/crate/1.1/context"
    graph = {entity["@id"]: entity for entity in content["@graph"]}
    assert len(graph) == len(content["@graph"])
    descriptor = graph["ro-crate-metadata.json"]
    assert descriptor["@type"] == "CreativeWork"
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert descriptor["about"] == {"@id": "./"}
    root = graph["./"]
    assert root["@type"] == "Dataset"
    assert {"name", "description", "datePublished", "license", "hasPart"} <= set(root)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", root["datePublished"])
    files = {entity["@id"]: entity for entity in content["@graph"] if entity["@type"] == "File"}
    assert {part["@id"] for part in root["hasPart"]} == set(files)
    assert {"config.yaml", "scores.csv", "report.html", "figures/skill.svg", "data.json"} <= set(files)
    assert not {"status.json", ".lock", "ro-crate-metadata.json"} & set(files)
    for name, entity in files.items():
        content_bytes = (run.path / name).read_bytes()
        assert entity["sha256"] == hashlib.sha256(content_bytes).hexdigest()
        assert entity["contentSize"] == str(len(content_bytes))
    action = graph["#run"]
    assert action["@type"] == "CreateAction"
    assert {"@id": "config.yaml"} in action["object"]
    assert graph[action["instrument"]["@id"]]["softwareVersion"]
    references = re.findall(r'\{"@id": "([^"]+)"\}', json.dumps(content["@graph"]))
    assert set(references) <= set(graph) | {"https://w3id.org/ro/crate/1.1"}


def test_the_crates_authors_are_those_of_the_citation(run):
    citation = Path(environment.ROOT) / "CITATION.cff"
    names = [author.get("name") for author in yaml.safe_load(citation.read_text())["authors"]]
    crate.build(run)
    graph = json.loads(run.crate.read_text())["@graph"]
    assert set(names) <= {entity.get("name") for entity in graph}
