"""`lipwire prepare word` on folders as people leave them: odd names, broken files."""

from __future__ import annotations

import csv
import logging
import os
import shutil
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.errors import LipwireError
from tests.clip_sets import face, lips, write_frames, write_grid, write_miracl, write_video
from tests.conftest import complaint, need
from tests.sets import write_text
from training.clips import Clips
from training.datasets.clip import ClipOptions
from training.datasets.words import clip_listing
from training.prepare.outcome import skipped_list
from training.prepare.word_order import WordOrder
from training.prepare.words import prepare_words

BOXED = ClipOptions(fps=15, boxed=True)


@pytest.fixture
def ffmpeg() -> None:
    need("ffmpeg", shutil.which("ffmpeg") is None, "apt install ffmpeg")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A set of one good clip of the word ja."""
    box(tmp_path / "clips/ja/1")
    return tmp_path / "clips"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "clips.npz"


def box(folder: Path) -> None:
    """A clip of lip boxes; written elsewhere, as OpenCV does not write to every name."""
    made = write_frames(folder.with_name("made"), [lips(n) for n in range(5)])
    made.rename(folder)


def film(path: Path, long: int = 20) -> Path:
    """A video of lips that move."""
    return write_video(path, [cv2.cvtColor(lips(n), cv2.COLOR_GRAY2BGR) for n in range(long)])


def prepared(root: Path, out: Path) -> tuple[Clips, dict[str, str]]:
    """What is kept, and what is left out for which reason."""
    prepare_words(WordOrder("clips", root, out, options=BOXED))
    with skipped_list(out).open(encoding="utf-8") as file:
        return Clips.read(out), dict(list(csv.reader(file))[1:])


def refused(root: Path, out: Path, dataset: str = "clips", **options: Any) -> str:
    asked = WordOrder(dataset, root, out, **options)
    line = complaint(lambda: prepare_words(asked), LipwireError)
    assert not out.exists()
    assert "\n" not in line
    return line


def test_spaces_around_and_in_a_label_do_not_make_another_word(root: Path, out: Path) -> None:
    for number, name in enumerate((" ja", "guten Tag", "guten  Tag ", "guten\u00a0Tag")):
        box(root / name / f"{number}")
    clips, _ = prepared(root, out)
    assert clips.origin.classes == ("guten Tag", "ja")
    assert np.bincount(clips.labels).tolist() == [3, 2]


def test_words_that_differ_by_case_are_two_and_it_is_said(
    root: Path, out: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("Ja", "Other", "other"):
        box(root / name / "1")
    with caplog.at_level(logging.WARNING):
        clips, _ = prepared(root, out)
    assert clips.origin.classes == ("Ja", "ja")
    assert caplog.messages == ["taken for different words: Ja, ja"]


@pytest.mark.parametrize("name", ["ne\x07in", "ne\\in", "ne\udcffin", "\u200b"])
def test_a_folder_that_can_be_no_word_is_named(root: Path, out: Path, name: str) -> None:
    box(root / "new/1")
    (root / "new").rename(root / name)
    assert refused(root, out, options=BOXED).startswith(f"{root}: folder {name!r}: ")


def test_a_clip_whose_name_is_no_text_is_used_all_the_same(
    root: Path, out: Path, ffmpeg: None
) -> None:
    box(root / "ja/\udcff")
    film(root / "film.avi").rename(root / "ja/\udcfe.avi")
    (root / "\udcff.mp4").write_bytes(b"")
    clips, left_out = prepared(root, out)
    assert sorted(clips.files.tolist()) == ["ja/1", "ja/\ufffd", "ja/\ufffd.avi"]
    assert left_out == {"\ufffd.mp4": "in no label's folder"}


def test_a_word_that_is_a_speaker_too_is_refused(root: Path, out: Path) -> None:
    """As where one clip's video lies in a folder of its own, and the others do not."""
    box(root / "ja/2/nein")
    line = refused(root, out, options=BOXED)
    assert line == f"{root}: 'ja' is the folder of a word, and of a speaker's words"


def test_a_speaker_in_names_is_one_in_both_forms_of_the_same_letters(tmp_path: Path) -> None:
    for form, number in (("NFC", 1), ("NFD", 2)):
        box(tmp_path / "clips/ja" / f"{unicodedata.normalize(form, '앤')}_{number}")
    found = clip_listing("clips", tmp_path / "clips", ClipOptions(15, boxed=True, prefix=True))
    assert [(clip.speaker, clip.take) for clip in found.clips] == [("앤", 0), ("앤", 1)]


@pytest.mark.parametrize(
    ("dataset", "make", "closed"),
    [
        ("clips", lambda root: [box(root / name / "1") for name in ("ja", "nein")], "nein"),
        ("miracl-vc1", write_miracl, "M02/words/03"),
        ("grid", write_grid, "s1"),
    ],
)
def test_a_folder_that_cannot_be_looked_into_is_not_passed_over(
    tmp_path: Path,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    dataset: str,
    make: Callable[[Path], object],
    closed: str,
) -> None:
    root, scandir = tmp_path / "set", os.scandir
    make(root)

    def denied(path: Any = ".") -> Iterator[Any]:
        if Path(path) == root / closed:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", denied)
    options = {"options": BOXED} if dataset == "clips" else {}
    line = refused(root, out, dataset, **options)
    assert f"not {dataset} ({closed}: Permission denied); expected" in line


def test_a_picture_that_is_gone_leaves_its_clip_out(root: Path, out: Path) -> None:
    box(root / "ja/2")
    (root / "ja/2/003.png").unlink()
    (root / "ja/2/003.png").symlink_to(root / "nowhere.png")
    (root / "ja/3.mp4").symlink_to(root / "nowhere.mp4")
    clips, left_out = prepared(root, out)
    assert clips.files.tolist() == ["ja/1"]
    assert left_out == {
        "ja/2": "cannot be read: 003.png: No such file or directory",
        "ja/3.mp4": "cannot be decoded",
    }


def test_a_video_that_breaks_off_is_left_out(root: Path, out: Path, ffmpeg: None) -> None:
    film(root / "ja/whole.avi")
    half = film(root / "ja/half.avi")
    half.write_bytes(half.read_bytes()[: half.stat().st_size // 2])
    clips, left_out = prepared(root, out)
    assert clips.files.tolist() == ["ja/1", "ja/whole.avi"]
    (reason,) = left_out.values()
    assert reason.startswith("breaks off: after ")
    assert reason.endswith(" of 12 frames")  # 20 at 25 a second are 12 at 15


def test_videos_that_are_none_are_not_taken_for_pictures_without_a_rate(
    tmp_path: Path, out: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "clips/ja").mkdir(parents=True)
    broken = tmp_path / "clips/ja/a.mp4"
    broken.write_bytes(b"no video")
    line = refused(tmp_path / "clips", out, options=ClipOptions(boxed=True))
    assert line == f"{broken}: no video, or one that does not tell its rate: --fps N"
    assert capfd.readouterr().err == ""


def test_miracls_pictures_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    root = write_miracl(tmp_path / "set", ["F01"])
    folder = root / "F01/words/01/01"
    shutil.rmtree(folder)
    write_frames(folder, [lips(n) for n in range(12)], "color_{}.jpg")
    (clip, *_) = clip_listing("miracl-vc1", root, ClipOptions()).clips
    assert [path.stem for path in clip.pictures] == [f"color_{n}" for n in range(1, 13)]


def test_miracls_lip_boxes_are_told_though_the_first_picture_is_broken(tmp_path: Path) -> None:
    root = write_miracl(tmp_path / "set", ["F01"])
    (root / "F01/words/01/01/color_001.jpg").write_bytes(b"no picture")
    assert clip_listing("miracl-vc1", root, ClipOptions()).boxed


def test_a_sentence_of_silence_is_left_out(tmp_path: Path) -> None:
    root = write_grid(tmp_path / "grid", 2)
    write_text(root / "alignments/s1/clip1.align", ["0 74500 sil"])
    found = clip_listing("grid", root, ClipOptions())
    assert [clip.path.stem for clip in found.clips] == ["clip0"]
    assert [(each.file, each.reason) for each in found.skipped] == [
        ("s1/clip1.avi", "nothing said: alignments/s1/clip1.align"),
        ("s1/mute.avi", "no alignment: alignments/s1/mute.align"),
    ]


def test_a_word_that_is_only_said_beyond_videos_ends_is_in_no_clip(
    tmp_path: Path, out: Path, fetched: Path, ffmpeg: None
) -> None:
    root = write_grid(tmp_path / "grid")
    write_video(root / "s1/clip0.avi", [face(n) for n in range(5)])  # ends before zero
    line = refused(root, out, "grid", models=fetched)
    assert line.endswith("no clip that can be used has the word 'zero', among 10 of grid")
