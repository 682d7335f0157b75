"""The PDF: made from run folders, the same each time, and one sentence where something is missing."""

from __future__ import annotations

import builtins
import json
import re
import shutil

import pytest
from paper_runs import MODELS, SITES, TARGETS, make_run

from data.errors import RunError
from experiments.paper import SOURCE, build, press
from experiments.paper.content import gather
from experiments.paper.sources import assign
from experiments.report import scores
from experiments.runfolder import RunFolder

typst = pytest.importorskip("typst")


@pytest.fixture
def run(run_by_time, tmp_path) -> RunFolder:
    """A run that a test may spoil."""
    return RunFolder(shutil.copytree(run_by_time.path, tmp_path / "by-time"))


@pytest.fixture
def source(tmp_path):
    """The text, to be changed."""
    return shutil.copytree(SOURCE, tmp_path / "text")


def asked(folders, source=SOURCE):
    """Everything that the text reads, by name: content and the PDF's own list of printed numbers."""
    content, files = gather(assign(folders), source)
    return content, files


def printed(folders, tmp_path, source=SOURCE):
    """The names of the numbers that the text prints for these runs."""
    content, files = gather(assign(folders), source)
    root = tmp_path / "set"
    shutil.copytree(source, root)
    for place, path in files.items():
        (root / place).parent.mkdir(exist_ok=True)
        shutil.copyfile(path, root / place)
    (root / "paper.json").write_text(json.dumps(content))
    text = (root / "main.typ").read_text()
    (root / "main.typ").write_text(text + "\n#context [#metadata(shown.final()) <all>]\n")
    found = typst.query(root / "main.typ", "<all>", field="value", one=True, root=root)
    return json.loads(found)


def test_a_pdf_is_made_of_one_run(run_by_time, tmp_path):
    out = build([run_by_time], tmp_path / "paper.pdf")
    content = out.read_bytes()
    assert content.startswith(b"%PDF-")
    assert len(content) > 20_000
    assert b"pdfuaid" in content


def test_equal_runs_give_equal_bytes_from_another_place(run, run_by_time, tmp_path):
    one = build([run_by_time], tmp_path / "one.pdf").read_bytes()
    two = build([run], tmp_path / "two.pdf").read_bytes()
    assert one == two


def test_other_scores_give_another_pdf(run, tmp_path):
    one = build([run], tmp_path / "one.pdf").read_bytes()
    frame = scores.read(run.scores)
    scores.write(run.scores, frame.assign(value=frame["value"] - 0.1))
    assert build([run], tmp_path / "two.pdf").read_bytes() != one


def test_all_kinds_of_runs_stand_in_one_document(all_runs, tmp_path):
    names = printed(all_runs, tmp_path)
    assert "respiration.results.q10.temperature.most" in names
    assert "respiration.results.q10.temperature_quiet.most" not in names
    assert {name.split(".")[0] for name in names} == {"time", "site", "drought", "synthetic", "respiration"}
    assert build(all_runs, tmp_path / "all.pdf").stat().st_size > 20_000


def test_paragraphs_of_runs_that_are_not_given_are_absent(run_by_time, tmp_path):
    names = printed([run_by_time], tmp_path)
    assert {name.split(".")[0] for name in names} == {"time"}
    assert "time.median.time.nse.gpp.hybrid" in names


def test_the_synthetic_run_of_the_quickstart_is_enough(all_runs, tmp_path):
    names = printed([all_runs[3]], tmp_path)
    assert {name.split(".")[0] for name in names} == {"synthetic"}


def test_what_is_printed_is_what_the_folder_holds(run_by_time, tmp_path):
    content, _ = asked([run_by_time])
    frame = scores.read(run_by_time.scores)
    for target in TARGETS:
        for model in MODELS:
            part = frame[(frame["target"] == target) & (frame["model"] == model)]
            wanted = f"{sorted(part['value'])[1]:.3f}".replace("-", "−")
            assert content["numbers"][f"time.median.time.nse.{target}.{model}"]["text"] == wanted
    table = content["scores"]["time"]["time"]["nse"]
    assert table["targets"] == list(TARGETS)
    assert [row["model"] for row in table["rows"]] == list(MODELS)
    assert table["groups"] == list(SITES)
    best = [[row["model"] for row in table["rows"] if row["cells"][i]["best"]] for i in range(len(TARGETS))]
    for target, names in zip(TARGETS, best, strict=True):
        medians = {m: content["numbers"][f"time.median.time.nse.{target}.{m}"]["value"] for m in MODELS}
        assert names == [max(medians, key=medians.__getitem__)]


def test_the_quick_run_says_so(tmp_path):
    folder = make_run(tmp_path / "fast", quick=True)
    content, _ = asked([folder])
    assert content["numbers"]["time.quick"]["text"] == "yes"


def test_an_unknown_number_is_one_sentence(run_by_time, source, tmp_path):
    with (source / "main.typ").open("a") as text:
        text.write('\n#num("time.median.time.nse.gpp.oracle")\n')
    with pytest.raises(RunError) as caught:
        build([run_by_time], tmp_path / "paper.pdf", source)
    assert "the number 'time.median.time.nse.gpp.oracle' is not in the run (by-time)" in str(caught.value)
    assert not (tmp_path / "paper.pdf").exists()


@pytest.mark.parametrize(
    ("added", "words"),
    [
        ('#num("site.sites")', "no run of that part is given (paper/main.typ): put it inside"),
        ('#num("tiem.sites")', "is no part of the manuscript"),
        ('#picture("skil")', "the text shows the figure 'skil', which is not declared (paper/figures.yml)"),
        ('#cites("nobody1900")', "the reference 'nobody1900' does not exist (paper/refs.bib)"),
        ('#scores("time", "site", "nse", "c")', "the run has no nse for the split 'site' (by-time)"),
        ("#nothing", "the text cannot be set, unknown variable: nothing"),
    ],
)
def test_faults_of_the_text_are_one_sentence(run_by_time, source, tmp_path, added, words):
    with (source / "main.typ").open("a") as text:
        text.write(f"\n{added}\n")
    with pytest.raises(RunError) as caught:
        build([run_by_time], tmp_path / "paper.pdf", source)
    said = str(caught.value)
    assert words in said
    assert "\n" not in said
    assert list(tmp_path.glob("*.pdf")) == []


def test_a_missing_figure_is_one_sentence(run, tmp_path):
    for path in run.figures.glob("skill.*"):
        path.unlink()
    with pytest.raises(RunError, match=r"the figure 'skill' is not in the run \(.*skill.svg\): draw it with"):
        build([run], tmp_path / "paper.pdf")


def test_a_broken_figure_is_one_sentence(run, tmp_path):
    (run.figures / "skill.svg").write_text("<svg")
    with pytest.raises(RunError, match="the text cannot be set"):
        build([run], tmp_path / "paper.pdf")


def test_a_missing_model_is_one_sentence(run, tmp_path):
    frame = scores.read(run.scores)
    scores.write(run.scores, frame[frame["model"] != "hybrid"])
    with pytest.raises(RunError, match=r"the number 'time\.\S+hybrid' is not in the run"):
        build([run], tmp_path / "paper.pdf")


@pytest.mark.parametrize("name", ["scores.csv", "environment.json", "data.json"])
def test_a_missing_file_of_the_run_is_named(run, tmp_path, name):
    (run.path / name).unlink()
    with pytest.raises(RunError, match=name):
        build([run], tmp_path / "paper.pdf")


def test_results_cut_short_are_named(run, tmp_path):
    run.results.write_bytes(run.results.read_bytes()[:200])
    with pytest.raises(RunError, match=r"the results cannot be read.*results\.nc"):
        build([run], tmp_path / "paper.pdf")


def test_runs_that_do_not_fit_are_refused(run_by_time, tmp_path):
    twin = make_run(tmp_path / "twin")
    with pytest.raises(RunError, match="two runs are drought on real sites, split by time"):
        build([run_by_time, twin], tmp_path / "paper.pdf")
    stopped = make_run(tmp_path / "stopped", state="failed")
    with pytest.raises(RunError, match=r"the run is failed .*--resume"):
        build([stopped], tmp_path / "paper.pdf")
    other = make_run(tmp_path / "other", experiment="toy")
    with pytest.raises(RunError, match="no place for this run of toy"):
        build([other], tmp_path / "paper.pdf")
    breath = make_run(tmp_path / "breath", experiment="respiration")
    with pytest.raises(RunError, match="no run of drought is given"):
        build([breath], tmp_path / "paper.pdf")
    with pytest.raises(RunError, match="written as PDF"):
        build([run_by_time], tmp_path / "paper.txt")


def test_without_typst_the_remedy_is_told(run_by_time, tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *arguments, **options):
        if name == "typst":
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(RunError, match=r"typst is not installed .*terrax\[paper\]"):
        press.typeset(SOURCE, {}, {}, "")


def test_without_the_text_the_remedy_is_told(run_by_time, tmp_path):
    with pytest.raises(RunError, match="work in a checkout of terrax"):
        build([run_by_time], tmp_path / "paper.pdf", tmp_path)


def test_the_command_line_builds_and_explains(all_runs, tmp_path, monkeypatch, capsys):
    from experiments.cli import call

    monkeypatch.chdir(tmp_path)
    paths = [str(folder.path) for folder in all_runs]
    assert call(["paper", "build", "--runs", *paths, "--out", "made.pdf"]) == 0
    assert (tmp_path / "made.pdf").is_file()
    capsys.readouterr()
    assert call(["paper", "build", "--runs", "nowhere"]) == 2
    said = capsys.readouterr().err
    assert re.fullmatch(r"terrax: no run 'nowhere' .*\n", said)
