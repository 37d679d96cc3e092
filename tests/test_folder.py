"""Folders of pictures: shown by name at a steady rate, with what is no picture left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.cameras.folder import FolderCamera
from edge.errors import SourceError
from tests.conftest import complaint, frames


def test_pictures_come_in_the_order_of_their_names_at_a_steady_rate(pictures: Path) -> None:
    found = frames(FolderCamera(pictures, fps=10, loop=False))
    assert [round(frame.image[0, 0, 0] / 10) for frame in found] == [2, 12, 22]
    assert [frame.index for frame in found] == [0, 1, 2]
    assert [frame.captured_at for frame in found] == pytest.approx([0, 0.1, 0.2])


def test_a_folder_that_is_looped_goes_on_in_time(pictures: Path) -> None:
    found = frames(FolderCamera(pictures, fps=10, loop=True), most=8)
    assert [frame.index for frame in found] == list(range(8))
    assert [frame.captured_at for frame in found] == pytest.approx([i / 10 for i in range(8)])
    assert np.array_equal(found[0].image, found[3].image)


def test_a_file_that_is_no_picture_is_left_out_and_named_once(
    pictures: Path, caplog: pytest.LogCaptureFixture
) -> None:
    frames(FolderCamera(pictures, fps=10, loop=True), most=8)
    assert [record.getMessage() for record in caplog.records] == [
        f"{pictures / 'c.jpg'}: not a picture, left out"
    ]


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    said = complaint(lambda: FolderCamera(tmp_path, fps=10, loop=False), SourceError)
    assert said.startswith(f"{tmp_path}: no pictures in it (.bmp .jpeg .jpg")


@pytest.mark.parametrize("loop", [False, True])
def test_a_folder_of_files_that_only_look_like_pictures_is_refused(
    tmp_path: Path, loop: bool
) -> None:
    for name in ("a.jpg", "b.png"):
        (tmp_path / name).write_text("not a picture")
    camera = FolderCamera(tmp_path, fps=10, loop=loop)
    said = complaint(lambda: frames(camera), SourceError)
    assert said == f"{tmp_path}: none of its files can be read as a picture"
