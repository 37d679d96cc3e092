"""`lipwire prepare word`: lips of all clips, their words, reasons for the rest, and going on."""

from __future__ import annotations

import csv
import logging
import shutil
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.crop import crop
from edge.errors import SourceError
from edge.frame import Image
from edge.lip_points import LipFinder
from edge.lipbox import cut_box
from tests.clip_sets import (
    BLANK,
    face,
    lips,
    write_frames,
    write_grid,
    write_miracl,
    write_video,
)
from tests.command import Lipwire
from tests.conftest import complaint, need
from tests.sets import write_text
from training.clips import OTHER, Clips, kept
from training.datasets.clip import ClipOptions
from training.datasets.grid_words import WORDS as GRID
from training.datasets.miracl import WORDS as MIRACL
from training.datasets.words import CLIP_SETS, clip_listing
from training.faces import load_detector, main_face
from training.prepare.clips import ClipCutter
from training.prepare.lips import WORD_MOUTH
from training.prepare.outcome import sheet, skipped_list
from training.prepare.word_order import WordOrder
from training.prepare.words import prepare_words

BOXED = ClipOptions(fps=15, boxed=True)


@pytest.fixture
def ffmpeg() -> None:
    need("ffmpeg", shutil.which("ffmpeg") is None, "apt install ffmpeg")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out/clips.npz"


def reasons(out: Path) -> dict[str, str]:
    with skipped_list(out).open() as file:
        return dict(list(csv.reader(file))[1:])


def boxes(root: Path, *labels: str, takes: int = 1, long: int = 5) -> Path:
    """Clips of lip boxes by label."""
    for label in labels:
        for take in range(takes):
            write_frames(root / label / f"{take}", [lips(n) for n in range(long)])
    return root


def prepared(order: WordOrder) -> Clips:
    prepare_words(order)
    return Clips.read(order.out)


def said(clips: Clips) -> list[tuple[str, int, int, str]]:
    """Each item: its file, where in it, and its label."""
    names = {OTHER: "other", **dict(enumerate(clips.origin.classes))}
    files = clips.files[clips.sequences].tolist()
    places = zip(files, clips.starts.tolist(), clips.stops.tolist(), strict=True)
    return [(*place, names[n]) for place, n in zip(places, clips.labels.tolist(), strict=True)]


def test_miracls_lip_boxes_are_kept_with_words_speakers_takes_and_phrases(
    tmp_path: Path, out: Path
) -> None:
    root = write_miracl(tmp_path / "miracl", takes=2)
    write_frames(root / "M02/words/10/08", [lips(n) for n in range(5)], "color_{:03}.jpg")
    order = WordOrder("miracl-vc1", root, out, tmp_path / "no models are needed")
    assert prepare_words(order) == {"kept": 42, "has the frames of take 10": 1}
    clips = Clips.read(out)
    assert (clips.origin.kind, clips.origin.fps, clips.origin.classes) == ("lip-box", 15, MIRACL)
    assert reasons(out) == {"M02/words/10/08": "has the frames of take 10"}
    assert said(clips)[:3] == [
        ("F01/words/01/01", 0, 5, "begin"),
        ("F01/words/01/02", 0, 5, "begin"),
        ("F01/words/02/01", 0, 6, "choose"),
    ]
    assert said(clips)[20] == ("F01/phrases/03/01", 0, 6, "other")
    assert clips.parts.tolist().count("phrases") == 2
    assert set(clips.speakers.tolist()) == {"F01", "M02"}
    assert set(clips.takes.tolist()) == {1, 2}
    first = cv2.imread(str(root / "F01/words/02/01/color_002.jpg"), cv2.IMREAD_GRAYSCALE)
    cut = cv2.resize(first, (64, 48), interpolation=cv2.INTER_AREA)
    frame = clips.begins[2] + 1
    assert np.abs(clips.images[frame].astype(int) - cut).max() <= 3
    assert clips.aspects[frame] == pytest.approx(41 / 120)


def test_miracls_whole_pictures_give_the_boxes_that_the_device_would_find(
    tmp_path: Path, out: Path, fetched: Path
) -> None:
    root = write_miracl(tmp_path / "miracl/dataset", ["F01"], whole=True).parent
    clips = prepared(WordOrder("miracl-vc1", root, out, fetched))
    assert len(clips) == 11
    assert clips.images.shape == (11 * 4, 48, 64)
    image = cv2.imread(str(root / "dataset/F01/words/01/01/color_001.jpg"))
    found = main_face(load_detector(fetched), image)
    assert found
    box = LipFinder(fetched)(image, found.keypoints)
    assert box
    cut = cut_box(image, box)
    assert cut
    assert np.array_equal(clips.images[0], cut.image)
    assert clips.aspects[0] == pytest.approx(cut.aspect)


def test_grids_sentences_are_sequences_with_their_words_where_they_are_said(
    tmp_path: Path, out: Path, fetched: Path, ffmpeg: None
) -> None:
    root = write_grid(tmp_path / "grid")
    write_video(root / "s1/late.avi", [face(n) for n in range(8)])
    late = ["0 5000 bin", "5000 12000 blue", "12000 30000 one"]  # beyond the video's end
    write_text(root / "alignments/s1/late.align", late)
    order = WordOrder("grid", root, out, fetched)
    assert prepare_words(order) == {"kept": 11, "no alignment": 1}
    clips = Clips.read(out)
    assert (clips.origin.kind, clips.origin.fps) == ("aligned-mouth", 25)
    assert clips.origin.classes == GRID
    assert clips.images.shape == (88, 72, 72)
    assert said(clips)[6:12] == [
        ("s1/clip1.avi", 1, 2, "lay"),
        ("s1/clip1.avi", 2, 3, "green"),
        ("s1/clip1.avi", 3, 4, "other"),
        ("s1/clip1.avi", 4, 5, "other"),
        ("s1/clip1.avi", 5, 6, "one"),
        ("s1/clip1.avi", 6, 7, "now"),
    ]
    assert said(clips)[60:] == [("s1/late.avi", 0, 5, "bin"), ("s1/late.avi", 5, 8, "blue")]
    assert clips.folds.tolist() == [*[0, 1, 2, 3, 4] * 2, -1]
    assert set(clips.speakers.tolist()) == {"s1"}
    video = cv2.VideoCapture(str(root / "s1/clip0.avi"))
    _, image = video.read()
    video.release()
    found = main_face(load_detector(fetched), image)
    assert found
    cut = crop(image, found.keypoints, kept(WORD_MOUTH))
    assert cut is not None
    # Two decoders' colours differ by a level or two.
    assert np.abs(clips.images[0].astype(int) - cut).max() <= 6


def test_grids_alignments_may_lie_beside_its_videos(tmp_path: Path) -> None:
    root = write_grid(tmp_path / "grid", 2)
    before = clip_listing("grid", root, ClipOptions())
    shutil.move(root / "alignments/s1", root / "s1/align")
    assert clip_listing("grid", root, ClipOptions()).clips == before.clips


@pytest.mark.parametrize("line", ["0 1000", "a b c", "0 1000 bin blue", "-5 1000 bin"])
def test_an_alignment_that_is_none_is_one_line_with_its_place(
    tmp_path: Path, out: Path, line: str
) -> None:
    root = write_grid(tmp_path / "grid", 1)
    path = write_text(root / "alignments/s1/clip0.align", ["0 1000 sil", line])
    said = complaint(lambda: prepare_words(WordOrder("grid", root, out)), SourceError)
    assert said == f"{path}, line 2: expected start, end and word: {line!r}"


def test_folders_and_videos_by_label_are_clips_in_any_script(
    tmp_path: Path, out: Path, fetched: Path, ffmpeg: None
) -> None:
    """The Korean layout, one label of two forms of the same letters, and videos beside folders."""
    root, label = tmp_path / "clips", "안녕 하세요"
    write_frames(root / label / "clip 1", [face(n) for n in range(4)], "{:03}.jpg")
    write_frames(root / unicodedata.normalize("NFD", label) / "clip 2", [face()] * 5, "{:03}.jpg")
    write_video(root / "뉴스/a.avi", [face(n) for n in range(6)])
    write_video(root / "Default/b.avi", [face(n) for n in range(4)])
    write_video(root / "other/c.avi", [face(n) for n in range(4)])
    clips = prepared(WordOrder("clips", root, out, fetched, ClipOptions(fps=25)))
    assert clips.origin.classes == ("뉴스", label)
    assert (clips.origin.fps, clips.origin.kind) == (25, "aligned-mouth")
    assert sorted(stop for _, _, stop, name in said(clips) if name == label) == [4, 5]
    assert [stop for _, _, stop, name in said(clips) if name == "뉴스"] == [6]
    assert [name for _, _, _, name in said(clips)].count("other") == 2
    assert set(clips.speakers.tolist()) == {""}


def test_a_folder_around_labels_is_a_speaker_and_takes_are_counted_in_order(
    tmp_path: Path, out: Path
) -> None:
    for speaker in ("앤", "bob"):
        boxes(tmp_path / "clips" / speaker, "ja", "nein", takes=11)
    clips = prepared(WordOrder("clips", tmp_path / "clips", out, options=BOXED))
    assert clips.origin.classes == ("ja", "nein")
    assert clips.files[:3].tolist() == ["bob/ja/0", "bob/ja/1", "bob/ja/2"]
    assert clips.files[10] == "bob/ja/10"
    assert clips.takes[:11].tolist() == list(range(11))
    assert clips.speakers.tolist() == ["bob"] * 22 + ["앤"] * 22


def test_a_speaker_may_stand_at_the_beginning_of_a_clips_name(tmp_path: Path, out: Path) -> None:
    for clip in ("ann_1", "bob_1", "bob_2", "loose"):
        write_frames(tmp_path / "clips/ja" / clip, [lips(n) for n in range(5)])
    options = replace(BOXED, prefix=True)
    clips = prepared(WordOrder("clips", tmp_path / "clips", out, options=options))
    assert clips.speakers.tolist() == ["ann", "bob", "bob", ""]
    assert clips.takes.tolist() == [0, 0, 1, 0]


def test_frames_are_in_the_order_of_their_numbers(tmp_path: Path, out: Path) -> None:
    write_frames(tmp_path / "clips/ja/0", [lips(n) for n in range(12)], "{}.png")
    clips = prepared(WordOrder("clips", tmp_path / "clips", out, options=BOXED))
    assert (np.diff(clips.images[:, 0, 0].astype(int)) == 1).all()


def test_videos_of_another_rate_are_resampled_by_time_and_told_once(
    tmp_path: Path, out: Path, ffmpeg: None, caplog: pytest.LogCaptureFixture
) -> None:
    root = tmp_path / "clips"
    for name, fps in (("a", 25), ("b", 25), ("c", 10), ("d", 50)):
        frames = [cv2.cvtColor(lips(n), cv2.COLOR_GRAY2BGR) for n in range(fps)]
        write_video(root / f"ja/{name}.avi", frames, fps)
    options = ClipOptions(boxed=True)
    with caplog.at_level(logging.WARNING):
        clips = prepared(WordOrder("clips", root, out, options=options))
    assert clips.origin.fps == 25
    lengths = np.diff(clips.ends, prepend=0).tolist()
    assert lengths[:2] == [25, 25]
    assert lengths[2:] == pytest.approx([25, 25], abs=2)
    assert [record.getMessage() for record in caplog.records] == [
        "2 of 4 videos have not 25 FPS: resampled by time"
    ]


def seen(root: Path, frames: Sequence[Image]) -> Path:
    """A set of two clips of the word ja: these frames, and five faces."""
    write_frames(root / "ja/0", frames)
    write_frames(root / "ja/1", [face(n) for n in range(5)])
    return root


@pytest.mark.parametrize("lost", [{3, 4}, {1, 2}, {7, 8}, {1, 4, 5, 8}])
def test_a_face_lost_for_two_frames_is_held(
    tmp_path: Path, out: Path, fetched: Path, lost: set[int]
) -> None:
    frames = [BLANK if n in lost else face(n) for n in range(1, 9)]
    root = seen(tmp_path / "clips", frames)
    clips = prepared(WordOrder("clips", root, out, fetched, ClipOptions(fps=25)))
    assert clips.ends.tolist() == [8, 13]
    for n in lost:
        before = next((m for m in range(n, 0, -1) if m not in lost), None)
        shown = before or next(m for m in range(1, 9) if m not in lost)
        assert np.array_equal(clips.images[n - 1], clips.images[shown - 1])


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        (
            [*[face(n) for n in range(3)], *[BLANK] * 3, face(6)],
            "face lost: no face found in frames 4 to 6",
        ),
        ([face(n) for n in range(3)], "shorter than 4 frames: 3"),
        ([BLANK] * 6, "no face found"),
        (
            [np.hstack([face(n), face(n)]) for n in range(5)],
            "two faces of about one size: which one speaks?",
        ),
        (
            [np.hstack([face(n), BLANK][:: -1 if n > 2 else 1]) for n in range(8)],
            "face lost: no face found in frames 4 to 8",
        ),
    ],
)
def test_a_clip_of_no_use_is_left_out_with_its_reason(
    tmp_path: Path, out: Path, fetched: Path, frames: list[Image], reason: str
) -> None:
    root = seen(tmp_path / "clips", frames)
    tally = prepare_words(WordOrder("clips", root, out, fetched, ClipOptions(fps=25)))
    assert tally == {"kept": 1, reason.partition(":")[0]: 1}
    assert reasons(out) == {"ja/0": reason}


def test_broken_pictures_and_videos_are_left_out(tmp_path: Path, out: Path, ffmpeg: None) -> None:
    root = boxes(tmp_path / "clips", "ja")
    boxes(root, "nein")
    write_frames(root / "ja/cut", [lips(n) for n in range(5)])
    (root / "ja/cut/003.png").write_bytes(b"no picture")
    (root / "ja/broken.mp4").write_bytes(b"no video")
    (root / "ja/empty").mkdir()
    write_frames(root / "a/b/ja/deep", [lips(0)])
    tally = prepare_words(WordOrder("clips", root, out, options=BOXED))
    assert tally["kept"] == 2
    assert reasons(out) == {
        "ja/cut": "not a picture: 003.png",
        "ja/broken.mp4": "cannot be decoded",
        "ja/empty": "no clip or picture in it",
        "a/b/ja/deep": "in no label's folder",
    }


def only_other(root: Path) -> None:
    boxes(root, "other", "default")


def without_clips(root: Path) -> None:
    boxes(root, "ja")
    (root / "nein").mkdir()


def too_short(root: Path) -> None:
    boxes(root, "ja", takes=2, long=3)


def one_too_short(root: Path) -> None:
    boxes(root, "ja")
    boxes(root, "nein", long=3)


def pictures_alone(root: Path) -> None:
    write_frames(root, [lips(0)])


def nothing(root: Path) -> None:
    root.mkdir()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (only_other, "no words: all 2 clips are of other or default"),
        (without_clips, "nein: no clip of 'nein' in it: record some, or remove it"),
        (too_short, "none of 2 clips can be used, first ja/0: shorter than 4 frames: 3"),
        (one_too_short, "no clip that can be used has the word 'nein', among 1 of clips"),
        (pictures_alone, "not clips (none of 1 can be used, first .: in no label's folder); expec"),
        (nothing, "not clips (nothing in its place); expected label/clip/000.jpg or label/clip.mp"),
    ],
)
def test_sets_of_no_use_are_one_line_and_no_file(
    tmp_path: Path, out: Path, make: Callable[[Path], None], said: str
) -> None:
    root = tmp_path / "clips"
    make(root)  # type: ignore[operator]
    line = complaint(
        lambda: prepare_words(WordOrder("clips", root, out, options=BOXED)), SourceError
    )
    assert said in line
    assert not out.exists()


@pytest.mark.parametrize("name", CLIP_SETS)
def test_another_layout_is_told_from_what_is_expected(tmp_path: Path, out: Path, name: str) -> None:
    (tmp_path / "set/photos").mkdir(parents=True)
    (tmp_path / "set/readme.txt").write_text("hello")
    line = complaint(lambda: prepare_words(WordOrder(name, tmp_path / "set", out)), SourceError)
    assert f"not {name} (nothing in its place); expected {CLIP_SETS[name].layout}" in line
    assert line.endswith("found photos/, readme.txt")
    line = complaint(lambda: prepare_words(WordOrder(name, tmp_path / "no", out)), SourceError)
    assert "no: no such folder; expected" in line


def test_options_that_do_not_fit_are_one_line(tmp_path: Path, out: Path) -> None:
    root = write_miracl(tmp_path / "miracl")
    order = WordOrder("miracl-vc1", root, out)

    def refused(order: WordOrder) -> str:
        return complaint(lambda: prepare_words(order), SourceError)

    assert "--kind aligned-mouth needs" in refused(replace(order, kind="aligned-mouth"))
    assert "for --dataset clips only" in refused(replace(order, options=BOXED))
    assert "genki4k has no labels for word" in refused(replace(order, dataset="genki4k"))
    assert "ends in .npz" in refused(replace(order, out=out.with_suffix(".zip")))
    own = boxes(tmp_path / "clips", "ja")
    line = refused(WordOrder("clips", own, out))
    assert line == "pictures do not say how many there are of a second: --fps N"


def test_an_interrupted_run_goes_on_and_gives_the_same_bytes(
    tmp_path: Path,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = write_miracl(tmp_path / "miracl", takes=2)
    whole = tmp_path / "whole.npz"
    prepare_words(WordOrder("miracl-vc1", root, whole))
    original, cut = ClipCutter.__call__, []

    def interrupted(cutter: ClipCutter, clips: Sequence[object]) -> object:
        if len(cut) == 3:
            raise KeyboardInterrupt
        cut.append(len(clips))
        return original(cutter, clips)  # type: ignore[arg-type]

    order = WordOrder("miracl-vc1", root, out)
    monkeypatch.setattr(ClipCutter, "__call__", interrupted)
    with pytest.raises(KeyboardInterrupt):
        prepare_words(order)
    assert "3 of 6 pieces are kept" in capsys.readouterr().err
    assert not out.exists()
    monkeypatch.setattr(ClipCutter, "__call__", original)
    rest = counting(monkeypatch)
    prepare_words(order)
    assert cut == [8, 8, 8]
    assert rest == [8, 8, 2]
    assert out.read_bytes() == whole.read_bytes()
    assert sheet(out).read_bytes() == sheet(whole).read_bytes()
    assert sorted(path.name for path in out.parent.iterdir()) == [
        "clips.npz",
        "clips.png",
        "clips.skipped.csv",
    ]


def counting(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many clips each piece has that is cut from now on."""
    counts: list[int] = []
    original = ClipCutter.__call__

    def counted(cutter: ClipCutter, clips: Sequence[object]) -> object:
        counts.append(len(clips))
        return original(cutter, clips)  # type: ignore[arg-type]

    monkeypatch.setattr(ClipCutter, "__call__", counted)
    return counts


def test_several_processes_give_the_same_bytes(tmp_path: Path, out: Path) -> None:
    root = write_miracl(tmp_path / "miracl")
    prepare_words(WordOrder("miracl-vc1", root, out))
    other = tmp_path / "two.npz"
    prepare_words(WordOrder("miracl-vc1", root, other, jobs=2))
    assert other.read_bytes() == out.read_bytes()


def test_the_sheet_has_a_row_of_clips_for_every_word(tmp_path: Path, out: Path) -> None:
    root = boxes(tmp_path / "clips", "ja", "예", "other", takes=2)
    prepare_words(WordOrder("clips", root, out, options=BOXED))
    drawn = cv2.imread(str(sheet(out)), cv2.IMREAD_GRAYSCALE)
    assert drawn.shape == (3 * (22 + 48), 2 * (6 * 72 + 12))
    for row in range(3):
        shown = drawn[row * 70 + 22 : (row + 1) * 70, : 6 * 72]
        assert shown.std() > 20


def test_the_command_says_what_it_kept_left_out_and_drew(
    tmp_path: Path, lipwire: Lipwire, out: Path
) -> None:
    root = boxes(tmp_path / "clips", "guten Tag", "예", takes=2)
    write_frames(root / "예/short", [lips(0)] * 3)
    asked = ["prepare", "word", "--dataset", "clips", "--root", root, "--out", out]
    done = lipwire(*asked, "--boxed", "--fps", "15", "--kind", "lip-box")
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "      4 kept",
        "      1 shorter than 4 frames",
        f"what was left out: {out.with_suffix('.skipped.csv')}",
        f"samples of every class: {out.with_suffix('.png')}",
    ]
    assert Clips.read(out).origin.classes == ("guten Tag", "예")
    assert "miracl-vc1 has no labels for smile" in lipwire.complaint(
        *["prepare", "smile", "--dataset", "miracl-vc1", "--root", root, "--out", out]
    )
