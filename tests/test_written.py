"""Files that are there whole or not at all."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from edge.errors import CheckFailed
from training.written import written


def test_a_file_is_there_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.txt"
    with written(path) as partial:
        partial.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


WRITER = """
import pathlib, sys
from training.written import written
with written(pathlib.Path(sys.argv[1])) as partial:
    partial.write_text("theirs")
"""


def test_two_processes_may_write_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    with written(path) as partial:
        partial.write_text("mine")
        subprocess.run([sys.executable, "-c", WRITER, path], check=True)
        assert path.read_text() == "theirs"
    assert path.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_below_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(CheckFailed, match="cannot be written"),
        written(tmp_path / "file" / "x.txt"),
    ):
        raise AssertionError("no place to write to")


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), ValueError()])
def test_what_was_there_stays_when_writing_fails(tmp_path: Path, error: Exception) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")
    wanted = CheckFailed if isinstance(error, OSError) else ValueError
    with pytest.raises(wanted) as caught, written(path) as partial:
        partial.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    if wanted is CheckFailed:
        assert f"{path}: cannot be written: No space left on device" in str(caught.value)
