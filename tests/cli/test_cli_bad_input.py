"""Broken input: exit code 2, one sentence that names the fault, and nothing written."""

from __future__ import annotations

import json
import os
import shutil

import pytest
from toyfixtures import one_sentence, tree

from experiments.runfolder import RunFolder

BAD_CONFIGS = {
    "unknown key": ("stpes: 1", "did you mean"),
    "unknown nested key": ("train:\n  stpes: 3", "line 2): did you mean 'steps'?"),
    "unknown key far from any": ("zzz: 1", "the keys here are seed"),
    "not an integer": ("seed: one", "give an integer"),
    "float for integer": ("train: {steps: 2.5}", "give an integer"),
    "text for number": ("slope: steep", "give a number"),
    "below bounds": ("train:\n  steps: 0", ">= 1 and <= 10000"),
    "above bounds": ("slope: 11", ">= -10 and <= 10"),
    "not finite": ("slope: .nan", "finite"),
    "infinite": ("slope: .inf", "'slope' is inf"),
    "null for a number": ("slope:", "'slope' is null"),
    "true for a number": ("slope: true", "'slope' is true"),
    "list for a mapping": ("train: [1, 2]", "a mapping of keys"),
    "mapping for a list": ("names: {a: 1}", "give a list"),
    "number in a list of text": ("names: [a, 1]", "'names[1]' is 1"),
    "wrong choice": ("train: {optimiser: agd}", "did you mean 'sgd'?"),
    "wrong variant": ("split: {by: tine}", "did you mean 'time'?"),
    "no variant": ("split: {folds: 3, by: null}", "split"),
    "key of another variant": ("split: {by: site, train_years: 3}", "unknown key 'split.train_years'"),
    "text in weights": ("weights: {gpp: heavy}", "'weights.gpp' is 'heavy'"),
    "duplicate key": ("seed: 1\nslope: 2\nseed: 3", "given twice, first on line 1 (bad.yaml, line 3)"),
    "duplicate nested key": ("train:\n  steps: 1\n  steps: 2", "'train.steps' is given twice"),
    "not YAML": ("a: [1, 2", "not valid YAML"),
    "tab indent": ("train:\n\tsteps: 1", "line 2"),
    "only a list": ("- 1\n- 2", "a configuration is a mapping"),
    "only a word": ("hello", "a configuration is a mapping"),
    "alias": ("a: &x 1\nb: *x", "aliases"),
    "list as key": ("[1, 2]: 3", "a key must be text"),
    "two documents": ("seed: 1\n---\nseed: 2", "not valid YAML"),
    "control character": ("seed: \x01", "not valid YAML"),
}

BAD_SETS = {
    "no equals sign": (["steps"], "is not a setting"),
    "no key": (["=3"], "is not a setting"),
    "empty part": (["train..steps=3"], "is not a setting"),
    "no value": (["seed="], "is given no value"),
    "unknown": (["sede=1"], "did you mean 'seed'?"),
    "unknown nested": (["train.rat=1"], "unknown key 'train.rat' (--set): did you mean 'rate'?"),
    "inside a number": (["seed.x=1"], "'seed' is {'x': 1}"),
    "bad value": (["train.steps=[1"], "not valid YAML"),
    "out of bounds": (["train.rate=0"], "> 0 and <= 1"),
    "two faults": (["seed=-1", "train.steps=0"], "1 more fault"),
}


@pytest.mark.parametrize("case", BAD_CONFIGS)
def test_bad_configuration(terrax, tmp_path, case):
    text, words = BAD_CONFIGS[case]
    (tmp_path / "bad.yaml").write_text(text)
    result = terrax("run", "toy", "--config", "bad.yaml", "--out", "out")
    assert result.code == 2
    sentence = one_sentence(result)
    assert words in sentence
    assert "bad.yaml" in sentence
    assert sorted(os.listdir(tmp_path)) == ["bad.yaml"]


@pytest.mark.parametrize("case", BAD_SETS)
def test_bad_setting(terrax, tmp_path, case):
    sets, words = BAD_SETS[case]
    result = terrax("run", "toy", *(part for text in sets for part in ("--set", text)))
    assert result.code == 2
    assert words in one_sentence(result)
    assert os.listdir(tmp_path) == []


def _binary(folder):
    (folder / "bad.yaml").write_bytes(b"\xff\xfe\x00seed")
    return ["run", "toy", "--config", "bad.yaml"]


def _folder_as_config(folder):
    (folder / "bad.yaml").mkdir()
    return ["run", "toy", "--config", "bad.yaml"]


def _out_is_file(folder):
    (folder / "out").write_text("mine")
    return ["run", "toy", "--out", "out"]


def _out_under_file(folder):
    (folder / "file").write_text("mine")
    return ["run", "toy", "--out", "file/out"]


def _out_not_empty(folder):
    (folder / "out").mkdir()
    (folder / "out" / "thesis.tex").write_text("mine")
    return ["run", "toy", "--out", "out"]


def _resume_foreign(folder):
    (folder / "out").mkdir()
    (folder / "out" / "thesis.tex").write_text("mine")
    return ["run", "toy", "--out", "out", "--resume"]


def _show_plain_folder(folder):
    (folder / "out").mkdir()
    return ["show", "out"]


COMMANDS = {
    "no such experiment": (["run", "toi"], "did you mean 'toy'?"),
    "no such configuration": (["run", "toy", "--config", "no.yaml"], "no such configuration file"),
    "no such data": (["run", "toy", "--data", "nowhere"], "no such data file or folder (nowhere)"),
    "binary configuration": (_binary, "not UTF-8"),
    "folder as configuration": (_folder_as_config, "a folder where a configuration file"),
    "output is a file": (_out_is_file, "the output folder is a file"),
    "output under a file": (_out_under_file, "a part of the path is a file"),
    "output not empty": (_out_not_empty, "the output folder is not empty"),
    "output name too long": (["run", "toy", "--out", "x" * 300], "too long"),
    "resume nothing": (["run", "toy", "--resume"], "no unfinished run"),
    "resume elsewhere": (["run", "toy", "--resume", "--out", "none"], "no run to resume"),
    "resume a foreign folder": (_resume_foreign, "no run to resume"),
    "show nothing": (["show", "none"], "no run 'none'"),
    "show a plain folder": (_show_plain_folder, "the folder holds no run"),
    "report nothing": (["report", "none"], "no run 'none'"),
    "compare one": (["compare", "none"], "at least two"),
    "compare none": (["compare", "none", "nor"], "no run 'none'"),
    "project nothing": (["project", "none", "--scenario", "dry"], "no run 'none'"),
    "no such bench": (["bench", "toi"], "did you mean 'toy'?"),
    "bench without data": (["bench", "toy", "--data", "nowhere"], "no such data"),
    "show-config of nothing": (["show-config", "toi"], "did you mean 'toy'?"),
    "runs of nowhere": (["runs", "--root", "nowhere"], "no such folder of runs"),
    "check nothing": (["data", "check", "nowhere"], "no such data"),
    "convert nothing": (["data", "convert", "fluxnet", "nowhere", "out"], "no such data"),
    "paper of nothing": (["paper", "build", "--runs", "none"], "no run 'none'"),
}


@pytest.mark.parametrize("case", COMMANDS)
def test_bad_command(terrax, tmp_path, case):
    arguments, words = COMMANDS[case]
    arguments = arguments(tmp_path) if callable(arguments) else arguments
    before = tree(tmp_path)
    result = terrax(*arguments)
    assert result.code == 2
    assert words in one_sentence(result)
    assert tree(tmp_path) == before
    assert not (tmp_path / "runs").exists()


def _cut(name, size=20):
    def break_it(run):
        path = run.path / name
        path.write_bytes(path.read_bytes()[:size])

    return break_it


def _gone(name):
    return lambda run: (run.path / name).unlink()


def _status(**changes):
    def break_it(run):
        path = run.path / "status.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    return break_it


def _write(name, text):
    return lambda run: (run.path / name).write_text(text)


RUN = ("run", "toy", "--resume", "--out")
BROKEN_RUNS = {
    "status cut short": (_cut("status.json"), ("show",), "not valid JSON"),
    "status not an object": (_write("status.json", "[1]"), ("show",), "status is incomplete"),
    "status without experiment": (_write("status.json", "{}"), ("show",), "status is incomplete"),
    "status of no known state": (_status(state="dancing"), ("show",), "status is incomplete"),
    "scores cut in a line": (_cut("scores.csv", 75), ("report",), "scores"),
    "scores without header": (_write("scores.csv", "1,2\n"), ("show",), "lack the column"),
    "scores empty": (_write("scores.csv", ""), ("show",), "cannot be read"),
    "scores of text": (
        _write("scores.csv", "model,target,metric,split,group,value\na,b,c,d,e,good\n"),
        ("show",),
        "scores",
    ),
    "scores twice": (
        _write("scores.csv", "model,target,metric,split,group,value\na,b,c,d,e,1\na,b,c,d,e,2\n"),
        ("report",),
        "a score is given twice",
    ),
    "no scores": (_gone("scores.csv"), ("report",), "no scores"),
    "no environment": (_gone("environment.json"), ("report",), "a file of the run is missing"),
    "no data record": (_gone("data.json"), ("report",), "a file of the run is missing"),
    "experiment gone": (_status(experiment="toi"), ("report",), "no experiment 'toi'"),
    "unfinished projection": (_status(state="failed"), ("project", "--scenario", "dry"), "the run is failed"),
    "no projection": (lambda run: None, ("project", "--scenario", "dry"), "has no projection"),
    "start over a run": (lambda run: None, ("run", "toy", "--out"), "holds a run already"),
    "resume another experiment": (
        _status(state="failed", experiment="respiration"),
        RUN,
        "a run of 'respiration', not of 'toy'",
    ),
    "resume with another setting": (
        _status(state="failed"),
        ("run", "toy", "--set", "seed=3", "--resume", "--out"),
        "'seed' was 0 and is now 3",
    ),
    "resume with quick": (_status(state="failed"), ("run", "toy", "--quick", "--resume", "--out"), "--quick"),
    "resume with data": (
        _status(state="failed"),
        ("run", "toy", "--data", ".", "--resume", "--out"),
        "started without --data",
    ),
    "resume when data are gone": (_status(state="failed", data="gone"), RUN, "the data of the run are gone"),
    "resume a cut configuration": (
        lambda run: (_status(state="failed")(run), _write("config.yaml", "seed: 0\ntrain:\n  ste")(run)),
        RUN,
        "config.yaml",
    ),
    "resume a cut checkpoint": (
        lambda run: (
            _status(state="failed", stages=[])(run),
            _write("checkpoints/first.json", '{"step": 5, ')(run),
        ),
        RUN,
        "the checkpoint is cut short",
    ),
}


@pytest.mark.parametrize("case", BROKEN_RUNS)
def test_broken_run_folder(terrax, finished, tmp_path, case):
    break_it, arguments, words = BROKEN_RUNS[case]
    run = RunFolder(shutil.copytree(finished.path, tmp_path / "run"))
    break_it(run)
    before = tree(run.path)
    result = (
        terrax(arguments[0], run.path, *arguments[1:])
        if arguments[0] != "run"
        else terrax(*arguments, run.path)
    )
    assert result.code == 2
    assert words in one_sentence(result)
    after = tree(run.path)
    for volatile in (".lock", "status.json"):
        before.pop(volatile, None), after.pop(volatile, None)
    assert after == before
    assert terrax("runs", "--root", tmp_path).code == 0
    assert terrax("list").code == 0
