"""A disk that is full, read-only or forbidden: exit code 2 and one sentence that names the path."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path

import pytest
from toyfixtures import one_sentence, tree

from experiments.faults import disk_fault
from experiments.runfolder import RunFolder


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 512 KiB, where this user may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if made.returncode != 0:
        pytest.skip("mounting needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def _fill(folder: Path, leave: int) -> Path:
    """Fill a disk but for some bytes."""
    path = folder / "filler"
    free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
    path.write_bytes(b"\0" * (free - leave))
    return path


@pytest.mark.parametrize("leave", [0, 4096, 20480, 65536])
def test_a_full_disk_and_then_room_again(terrax, small_disk, leave):
    filler = _fill(small_disk, leave)
    result = terrax("run", "toy", "--out", small_disk / "run")
    assert result.code == 2
    sentence = one_sentence(result)
    assert str(small_disk) in sentence
    assert "full" in sentence or "no space left" in sentence
    assert terrax("runs", "--root", small_disk).code == 0
    filler.unlink()
    arguments = ["--resume"] if RunFolder(small_disk / "run").path.exists() else []
    result = terrax("run", "toy", "--out", small_disk / "run", *arguments)
    assert result.code == 0, result.err
    assert RunFolder(small_disk / "run").status().state == "finished"
    assert not [name for name in tree(small_disk / "run") if "/." in name]


def test_a_read_only_disk(terrax, small_disk):
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    result = terrax("run", "toy", "--out", small_disk / "run")
    assert result.code == 2
    assert "read-only" in one_sentence(result)
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)


def test_a_report_on_a_read_only_disk(terrax, finished, small_disk, tmp_path):
    subprocess.run(["cp", "-r", str(finished.path), str(small_disk / "run")], check=True)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    result = terrax("report", small_disk / "run")
    assert result.code == 2
    assert str(small_disk) in one_sentence(result)
    assert terrax("show", small_disk / "run").code == 0
    assert terrax("runs", "--root", small_disk).code == 0
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(terrax, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir(mode=0o500)
    result = terrax("run", "toy", "--out", folder / "run")
    assert result.code == 2
    assert "permission" in one_sentence(result)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "quota"),
        (errno.EACCES, "no permission"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "input or output error"),
    ],
)
def test_faults_of_the_disk_are_told_in_words(number, words):
    named = disk_fault(OSError(number, "raw words", "/data/x.nc"))
    assert words in str(named)
    assert "/data/x.nc" in str(named)
    assert "/runs/one" in str(disk_fault(OSError(number, "raw words"), Path("/runs/one")))


def test_faults_of_the_program_are_not():
    assert disk_fault(FileNotFoundError(errno.ENOENT, "none", "x")) is None
    assert disk_fault(ValueError("x")) is None


def test_a_disk_that_fills_while_running(terrax, tmp_path, monkeypatch):
    """The same without a mount: the ninth file finds no space."""
    replace, count = os.replace, 0

    def full(source, target):
        nonlocal count
        count += 1
        if count >= 9:
            raise OSError(errno.ENOSPC, "No space left on device", str(target))
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        result = terrax("run", "toy", "--out", "out")
    assert result.code == 2
    assert "the disk is full" in one_sentence(result)
    assert not [name for name in tree(tmp_path / "out") if "/." in name]
    assert terrax("show", "out").code == 0
    assert terrax("run", "toy", "--resume", "--out", "out").code == 0
