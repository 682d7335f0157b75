import hashlib
import os
import stat

import pytest

from data.errors import DataError
from data.files import atomic_path, atomic_write_bytes, atomic_write_text, sha256


def test_write_replaces_whole(tmp_path):
    path = tmp_path / "new" / "a.txt"
    atomic_write_text(path, "ä")
    atomic_write_bytes(path, b"second")
    assert path.read_bytes() == b"second"
    assert [p.name for p in path.parent.iterdir()] == ["a.txt"]
    assert stat.S_IMODE(os.stat(path).st_mode) & 0o400


def test_failure_leaves_the_old_file_and_no_litter(tmp_path):
    path = tmp_path / "a.nc"
    path.write_text("old")

    def broken():
        with atomic_path(path) as temporary:
            temporary.write_text("half")
            assert temporary.suffix == ".nc"
            assert temporary.parent == tmp_path
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.nc"]


def test_folder_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        atomic_write_text(tmp_path / "file" / "a.txt", "x")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_full_disk_is_a_sentence(tmp_path, monkeypatch):
    from pathlib import Path

    def full(self, data):
        with open("/dev/full", "wb", buffering=0) as stream:
            stream.write(data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(DataError, match="no space left"):
        atomic_write_bytes(tmp_path / "a.bin", b"x" * 10)
    assert list(tmp_path.iterdir()) == []


def test_sha256(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"terrax" * 100)
    assert sha256(path) == hashlib.sha256(b"terrax" * 100).hexdigest()
    whole = sha256(tmp_path)
    (tmp_path / "b.bin").write_bytes(b"")
    assert sha256(tmp_path) != whole
    with pytest.raises(DataError, match="cannot be read"):
        sha256(tmp_path / "none")
