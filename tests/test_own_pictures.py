"""Pictures and videos of one's own: labels by name and folder, and a split by person and clip."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from edge.cameras.demo import DemoCamera
from edge.errors import SourceError
from tests.conftest import complaint, need
from tests.sets import NEUTRAL, SMILING, write_picture
from training.datasets import Options, Picture, listing, load
from training.datasets.split import split
from training.prepare.frames import take

ROOT = Path("/pictures")


@pytest.mark.parametrize(
    ("file", "smile", "person"),
    [
        ("smile.00001.png", True, ""),
        ("Happy.00002.jpg", True, ""),
        ("neutral.00001.png", False, ""),
        ("ann/smiling.00001.png", True, "ann"),
        ("smile/smile.00001.png", True, ""),
        ("smile/portrait.jpg", True, ""),
        ("1/bob/portrait.jpg", True, "bob"),
        ("sad/portrait.two.jpg", False, ""),
    ],
)
def test_a_label_is_in_the_name_or_else_the_first_folder(
    tmp_path: Path, file: str, smile: bool, person: str
) -> None:
    write_picture(tmp_path / file)
    (picture,) = load("labelled-pictures", tmp_path)
    assert (picture.smile, picture.person) == (smile, person)


def test_a_picture_without_a_label_is_left_out(tmp_path: Path) -> None:
    write_picture(tmp_path / "smile.00001.png")
    write_picture(tmp_path / "portrait.png")
    found = listing("labelled-pictures", tmp_path)
    assert len(found.pictures) == 1
    assert [(each.file, each.reason) for each in found.skipped] == [
        ("portrait.png", "no label in its name or folder")
    ]


def test_the_labels_that_smile_can_be_named(tmp_path: Path) -> None:
    for label in ("lächeln", "smile"):
        write_picture(tmp_path / f"{label}.00001.png")
    options = Options(smile=("Lächeln",))
    assert [p.smile for p in load("labelled-pictures", tmp_path, options)] == [True, False]


def people(count: int, each: int, smile: bool = True) -> list[Picture]:
    return [
        Picture(ROOT / f"{who}/{number}-{smile}.png", smile, person=f"person {who}")
        for who in range(count)
        for number in range(each)
    ]


def test_a_fifth_of_each_class_goes_to_the_test() -> None:
    pictures = [Picture(ROOT / f"{n}.png", n % 4 == 0) for n in range(400)]
    parts = split(pictures, ROOT)
    for smile, count in ((True, 20), (False, 60)):
        assert sum(p.part == "test" for p in parts if p.smile is smile) == count
    assert {p.part for p in parts} == {"train", "test"}


def test_no_person_is_on_both_sides_even_with_both_classes() -> None:
    parts = split([*people(10, 7), *people(10, 13, smile=False)], ROOT)
    sides = {p.person: {q.part for q in parts if q.person == p.person} for p in parts}
    assert all(len(side) == 1 for side in sides.values())
    assert sum(p.part == "test" for p in parts) == pytest.approx(0.2 * 200, abs=20)


def test_one_person_alone_is_learned_from() -> None:
    assert {p.part for p in split(people(1, 10), ROOT)} == {"train"}


def test_the_split_of_a_picture_stays_when_others_are_added() -> None:
    few, more = split(people(10, 5), ROOT), split(people(12, 5), ROOT)
    moved = [p for p, q in zip(few, more[:50], strict=True) if p.part != q.part]
    assert len({p.person for p in moved}) <= 1


def test_the_split_stays_when_the_pictures_are_moved(tmp_path: Path) -> None:
    parts = []
    for place in ("here", "there"):
        for number in range(20):
            write_picture(tmp_path / place / f"smile.{number:05}.png")
        parts.append([p.part for p in load("labelled-pictures", tmp_path / place)])
    assert parts[0] == parts[1]
    assert parts[0].count("test") == 4


@pytest.fixture
def ffmpeg() -> None:
    need("ffmpeg", shutil.which("ffmpeg") is None, "apt install ffmpeg")


def film(path: Path, smile: bool, seconds: float = 2.0, fps: int = 10) -> Path:
    """A drawn face as a video, each frame a little brighter than the one before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    face = DemoCamera(320, 240, 15).draw(SMILING if smile else NEUTRAL)
    frames = [np.clip(face * (0.5 + n / 100), 0, 255).astype(np.uint8) for n in range(200)]
    asked = ["ffmpeg", "-v", "error", "-f", "rawvideo", "-pix_fmt", "bgr24", "-s", "320x240"]
    asked += ["-r", str(fps), "-i", "-", "-pix_fmt", "yuv420p", str(path)]
    content = b"".join(frame.tobytes() for frame in frames[: round(seconds * fps)])
    subprocess.run(asked, input=content, check=True)
    return path


@pytest.fixture
def videos(tmp_path: Path, ffmpeg: None) -> Path:
    """Two smiling clips, one that is none, and one that cannot be decoded."""
    root = tmp_path / "videos"
    film(root / "smile/a.mp4", True)
    film(root / "smile/b.avi", True, seconds=1)
    film(root / "neutral/c.mkv", False)
    (root / "neutral/broken.mp4").write_bytes(b"no video")
    shutil.copy(root / "smile/a.mp4", root / "loose.mp4")
    return root


def test_frames_of_videos_carry_their_folders_label(videos: Path) -> None:
    found = listing("videos", videos)
    assert [(p.name(videos), p.smile) for p in found.pictures] == [
        *((f"neutral/c.mkv#{n}", False) for n in range(10)),
        *((f"smile/a.mp4#{n}", True) for n in range(10)),
        *((f"smile/b.avi#{n}", True) for n in range(5)),
    ]
    (loose, reason), (broken, why) = ((each.file, each.reason) for each in found.skipped)
    assert (loose, reason) == ("loose.mp4", "in no label's folder")
    assert broken == "neutral/broken.mp4"
    assert why.startswith("cannot be decoded: ")
    assert "\n" not in why


def test_all_frames_of_a_video_are_on_one_side(videos: Path) -> None:
    pictures = load("videos", videos, Options(fps=10))
    assert {(picture.person, picture.part) for picture in pictures} == {
        ("neutral/c.mkv", "train"),
        ("smile/a.mp4", "train"),
        ("smile/b.avi", "test"),  # the other is much more than a fifth
    }


def test_frames_are_the_same_in_any_order(videos: Path) -> None:
    pictures = load("videos", videos)[10:]
    there, back = ([p.load() for p in order] for order in (pictures, reversed(pictures)))
    for one, other in zip(there, reversed(back), strict=True):
        assert one is not None
        assert other is not None
        assert (one == other).all()
    brightness = [float(image.mean()) for image in there[:10] if image is not None]
    assert brightness == sorted(brightness)
    assert len(set(brightness)) == 10


def test_a_frame_that_is_gone_is_none(videos: Path) -> None:
    pictures = load("videos", videos)
    pictures[0].path.unlink()
    assert pictures[0].load() is None


def test_without_ffmpeg_it_is_said_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "smile").mkdir()
    (tmp_path / "smile/a.mp4").touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    line = complaint(lambda: load("videos", tmp_path), SourceError)
    assert line.endswith("a.mp4: videos need ffmpeg: sudo apt install ffmpeg")


def test_one_video_becomes_labelled_pictures(tmp_path: Path, ffmpeg: None) -> None:
    video = film(tmp_path / "ann.mp4", True)
    assert take(video, "smile", tmp_path / "out", fps=5) == 10
    pictures = load("labelled-pictures", tmp_path / "out")
    names = [f"ann/smile.{number:05}.png" for number in range(1, 11)]
    assert [p.name(tmp_path / "out") for p in pictures] == names
    assert {(p.smile, p.person) for p in pictures} == {(True, "ann")}
    assert all(p.load() is not None for p in pictures)
    again = complaint(lambda: take(video, "smile", tmp_path / "out", 5), SourceError)
    assert again.endswith("has pictures of 'smile' already")


def test_a_video_that_cannot_be_decoded_leaves_no_pictures(tmp_path: Path, ffmpeg: None) -> None:
    video = tmp_path / "broken.mp4"
    video.write_bytes(b"no video")
    line = complaint(lambda: take(video, "smile", tmp_path / "out", 5), SourceError)
    assert line.startswith(f"{video}: cannot be decoded: ")
    assert not list(tmp_path.rglob("*.png"))


@pytest.mark.parametrize("label", ["", "a.b", "a/b"])
def test_a_label_that_would_not_be_read_back_is_refused(tmp_path: Path, label: str) -> None:
    line = complaint(lambda: take(tmp_path / "a.mp4", label, tmp_path, 5), SourceError)
    assert "expected a name without dots and slashes" in line
