"""`lipwire record`: clips of one's own, whole, checked, and as the training reads them."""

from __future__ import annotations

import os
import resource
import shlex
import signal
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.cameras.video import VideoCamera
from edge.cli import main
from edge.detectors.auto import FarSighted, Tiles
from edge.detectors.blazeface import BlazeFace
from edge.errors import SettingsError
from edge.frame import Frame, Image
from edge.kept_takes import LARGEST_FACE_PX
from edge.label import LONGEST, label
from edge.mouthed import mouthed
from edge.take import KEPT_WIDE, Take, Unusable, seen
from tests import mouthing
from tests.command import Lipwire
from tests.conftest import complaint, frames
from tests.feed import assert_soon
from training.datasets.clip import ClipOptions
from training.datasets.words import clip_listing

# A film's word lasts 2.2 s with its rests; the frame after a take belongs to nobody.
QUICK = ("--pace", "max", "--seconds", "1.75", "--countdown", "0.39")
COUNTDOWN, TAKE = 10, 44  # frames


def film(path: Path, words: int = 1, change: Callable[[Image], Image] | None = None) -> Path:
    """A video of a drawn face that mouths a word a few times; its second half may be changed."""
    whole = mouthing.film(path, *[mouthing.script("안녕하세요")] * words)
    if change:
        images = [np.asarray(frame.image) for frame in frames(VideoCamera(whole, False))]
        half = len(images) // 2
        mouthing.write(path, [*images[:half], *map(change, images[half:])])
    return path


def empty(image: Image) -> Image:
    return np.full_like(image, 120)


def doubled(image: Image) -> Image:
    one = image[:, 70:230]
    return np.ascontiguousarray(np.concatenate([one, one], axis=1))


@pytest.fixture(scope="module")
def talking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("film") / "talking.avi", 3)


def same(one: list[Frame], other: list[Frame]) -> bool:
    """Whether two videos show the same."""
    pairs = zip(one, other, strict=True)
    return all(np.array_equal(each.image, twin.image) for each, twin in pairs)


def below(folder: Path) -> list[str]:
    """All files of a folder, hidden ones too."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path.relative_to(folder).as_posix() for path in files)


def test_takes_are_kept_as_clips_of_their_own_pace(ready: Lipwire, talking: Path) -> None:
    wanted = ("record", "--word", "감사 합니다", "--speaker", "민지", "--takes", "2", "--yes")
    for _ in range(2):
        done = ready(*wanted, "--source", talking, "--out", ready.home / "own", *QUICK)
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"감사 합니다: 2 takes in {ready.home}/own/민지/감사 합니다\n"
    names = [f"민지/감사 합니다/{number:02}.avi" for number in (1, 2, 3, 4)]
    assert below(ready.home / "own") == names
    first, second, third, _ = (frames(VideoCamera(ready.home / "own" / n, False)) for n in names)
    assert same(first, third)
    assert not same(first, second)
    assert first[1].captured_at == pytest.approx(1 / mouthing.FPS, abs=1e-3)
    # The word lasts 0.6 s; 0.3 s of what is around it is kept.
    assert 0.8 < first[-1].captured_at < 1.2


def test_the_face_is_kept_with_its_surroundings_at_its_own_detail(
    ready: Lipwire, talking: Path
) -> None:
    wanted = ("record", "--word", "yes", "--takes", "1", "--yes", "--whole")
    done = ready(*wanted, "--source", talking, *QUICK)
    assert done.returncode == 0, done.stderr
    kept = frames(VideoCamera(ready.home / "clips/me/yes/01.avi", False))
    assert len(kept) == TAKE
    assert isinstance(kept[0].image, np.ndarray)
    assert max(kept[0].image.shape) < LARGEST_FACE_PX * KEPT_WIDE
    shown = frames(VideoCamera(talking, False))[COUNTDOWN].image
    assert cv2.matchTemplate(shown, kept[0].image, cv2.TM_SQDIFF_NORMED).min() < 0.001


def test_the_training_reads_what_is_recorded(ready: Lipwire, talking: Path) -> None:
    wanted = ("record", "--takes", "2", "--yes", "--source", talking, *QUICK)
    for word in ("안녕하세요", "other"):
        assert ready(*wanted, "--word", word).returncode == 0
    found = clip_listing("clips", ready.home / "clips", ClipOptions())
    assert (found.classes, found.fps, found.skipped) == (("안녕하세요",), mouthing.FPS, [])
    told = [(clip.speaker, clip.said[0].label, clip.take) for clip in found.clips]
    assert sorted(told) == sorted([("me", word, n) for word in ("안녕하세요", "") for n in (0, 1)])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (empty, "the mouth was seen in 27 of 54 pictures only"),
        (doubled, "two faces seen: only one person may be in the picture"),
    ],
)
def test_a_take_that_does_not_show_one_mouth_is_recorded_again(
    ready: Lipwire, tmp_path: Path, change: Callable[[Image], Image], why: str
) -> None:
    source = film(tmp_path / "bad.avi", change=change)
    wanted = ("record", "--word", "yes", "--takes", "1", "--yes", "--loop", "--source", source)
    done = ready(*wanted, "--pace", "max", "--seconds", "2.15", "--countdown", "0")
    assert done.returncode == 1
    *tries, last = [line for line in done.stderr.splitlines() if "take 1 of 1" in line]
    assert len(tries) == 3
    assert why in tries[0]
    assert last == "lipwire: take 1 of 1: no good 3 times in a row"
    assert below(ready.home / "clips") == []


@pytest.mark.parametrize(
    ("shown", "why"),
    [
        ([("closed", 2.5)], "the lips did not move"),
        ([("closed", 1.5), *mouthing.script("no")], "the lips still moved at its end"),
        ([*mouthing.script("no", rest_s=0.4)] * 2, "more than one word"),
    ],
)
def test_a_take_without_just_one_word_is_recorded_again(
    face_model: Path, tmp_path: Path, shown: mouthing.Script, why: str
) -> None:
    shot = frames(VideoCamera(mouthing.film(tmp_path / "bad.avi", shown), False))
    take = Take(tuple(shot[: round(2.8 * mouthing.FPS)]))
    with pytest.raises(Unusable, match=why):
        mouthed(seen(take, BlazeFace(face_model)))


def test_a_face_too_far_away_is_told_to_come_nearer(face_model: Path) -> None:
    shot = []
    for index, image in enumerate(mouthing.pictures([("closed", 0.8)])):
        room = np.full((480, 640, 3), 120, np.uint8)
        room[200:290, 250:370] = cv2.resize(image, (120, 90))
        shot.append(Frame(room, index / mouthing.FPS, 0.0, index))
    detector = FarSighted(BlazeFace(face_model), Tiles(BlazeFace(face_model), 12))
    with pytest.raises(Unusable, match="pixels between the eyes where 24 are needed: come nearer"):
        seen(Take(tuple(shot)), detector)


def test_a_take_can_be_recorded_again_and_all_can_be_stopped(ready: Lipwire, talking: Path) -> None:
    wanted = ("record", "--word", "yes", "--takes", "3", "--source", talking, "--whole", *QUICK)
    # Begin; again; what is no answer; keep; stop.
    done = answering(ready, "\nr\nwhat\n\nq\n", *wanted)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "yes: 1 take in clips/me/yes\n"
    assert done.stderr.count("take 1 of 3:") == 2
    whole = frames(VideoCamera(talking, False))
    # What was kept first is not the first take: that was recorded again.
    (first,) = frames(VideoCamera(ready.home / "clips/me/yes/01.avi", False))[:1]
    near = [float(cv2.matchTemplate(f.image, first.image, cv2.TM_SQDIFF).min()) for f in whole]
    # A take and the frame after it, then the countdown.
    assert np.argmin(near) == 2 * COUNTDOWN + TAKE + 1
    assert below(ready.home / "clips") == ["me/yes/01.avi"]


def answering(
    lipwire: Lipwire, keys: str, *arguments: str | Path
) -> subprocess.CompletedProcess[str]:
    """Run it with somebody at the keyboard."""
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with lipwire.start(*arguments, **pipes) as process:
        out, err = process.communicate(keys, timeout=60)
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


@pytest.mark.parametrize("command", ["record", "enroll"])
def test_the_drawn_face_is_not_recorded_unless_it_is_asked_for(
    ready: Lipwire, command: str
) -> None:
    done = ready(command, "--word", "yes", "--yes", "--takes", "1", "--countdown", "0")
    assert done.returncode == 2
    assert "which camera? --source 0 is the first" in done.stderr.splitlines()[-1]
    assert below(ready.home / "clips") == []


def test_nobody_at_the_keyboard_ends_it(ready: Lipwire, talking: Path) -> None:
    wanted = ("record", "--word", "yes", "--source", talking, *QUICK)
    done = answering(ready, "", *wanted)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1] == "lipwire: yes: no take was kept"


def test_a_file_that_ends_gives_what_it_has(ready: Lipwire, tmp_path: Path) -> None:
    source = film(tmp_path / "short.avi", 2)
    done = ready("record", "--word", "yes", "--yes", "--source", source, *QUICK)
    assert done.returncode == 0, done.stderr
    assert "take 3 of 10: the source has ended" in done.stderr
    assert below(ready.home / "clips") == ["me/yes/01.avi", "me/yes/02.avi"]


def test_what_is_finished_stays_after_ctrl_c(ready: Lipwire) -> None:
    wanted = ("record", "--word", "yes", "--takes", "500", "--yes", "--whole", "--source", "demo")
    small = ("--profile", "pi-zero-2w", *QUICK)
    pipes = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
    with ready.start(*wanted, *small, **pipes) as process:
        assert_soon((ready.home / "clips/me/yes/02.avi").exists, 60)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    kept = below(ready.home / "clips")
    assert kept == [f"me/yes/{number + 1:02}.avi" for number in range(len(kept))]
    lengths = {len(frames(VideoCamera(ready.home / "clips" / name, False))) for name in kept}
    assert lengths <= {26, 27}  # 1.75 s at 15 a second


@pytest.mark.parametrize(
    "text", ["", "  ", "a/b", "..", ".hidden", "a\\b", "tab\x07", "x" * 201, "\u200d"]
)
def test_what_cannot_name_a_folder_is_no_word(lipwire: Lipwire, text: str) -> None:
    line = lipwire.complaint("record", "--word", text, "--source", "demo")
    assert line.startswith("lipwire: --word ")
    assert below(lipwire.home) == []


def test_the_same_word_in_two_forms_of_unicode_is_one() -> None:
    assert label("안녕") == label(unicodedata.normalize("NFD", "안녕")) == "안녕"
    assert label("  good   bye ") == "good bye"
    assert label("می\u200cخواهم") == "می\u200cخواهم"  # a joiner is part of how it is written
    assert label("é" * (LONGEST // 2)) == "é" * (LONGEST // 2)
    assert "longer" in complaint(lambda: label("é" * (LONGEST // 2 + 1)), SettingsError)


def test_a_place_that_cannot_be_written_is_one_line_before_anything_is_recorded(
    ready: Lipwire, talking: Path
) -> None:
    (ready.home / "file").write_text("")
    wanted = ("record", "--word", "yes", "--yes", "--source", talking, "--out", "file", *QUICK)
    done = ready(*wanted)
    assert done.returncode == 2
    assert done.stderr == "lipwire: file/me/yes: cannot be written: file is no folder\n"


@pytest.mark.parametrize("command", ["record", "enroll"])
def test_a_place_without_the_right_to_write_is_one_line(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)
    option = "--out" if command == "record" else "--state"
    assert main([command, "--word", "yes", option, str(tmp_path / "mine")]) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.endswith(f"cannot be written: no right to write in {tmp_path}")


def test_a_take_for_which_there_is_no_room_is_not_kept_in_part(
    ready: Lipwire, talking: Path
) -> None:
    wanted = ("record", "--word", "yes", "--takes", "1", "--yes", "--source", talking, *QUICK)
    pipes = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
    largest = (20_000, 20_000)  # bytes of a file, as on a disk that is nearly full
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, largest)
    with ready.start(*wanted, **pipes, preexec_fn=limit) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    last = "lipwire: clips/me/yes: cannot be written; is there room?"
    assert err.splitlines()[-1] == last
    assert below(ready.home / "clips") == []


def test_a_word_of_another_script_is_told_to_any_terminal(
    ready: Lipwire, talking: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    done = ready("record", "--word", "예", "--takes", "1", "--yes", "--source", talking, *QUICK)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "\\uc608: 1 take in clips/me/\\uc608\n"
    assert below(ready.home / "clips") == ["me/예/01.avi"]


@pytest.mark.parametrize("closed", ["<&-", "2>&-"])
def test_a_terminal_that_is_closed_ends_it_like_nobody_at_the_keyboard(
    ready: Lipwire, talking: Path, closed: str
) -> None:
    wanted = ("record", "--word", "yes", "--source", talking, *QUICK)
    line = shlex.join([sys.executable, "-m", "edge", *map(str, wanted)])
    places = {"XDG_DATA_HOME": str(ready.home / "data")}
    done = subprocess.run(
        ["sh", "-c", f"{line} {closed}"],
        cwd=ready.home,
        env={**os.environ, **places},
        input="",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "Enter begins" not in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert below(ready.home / "clips") == []
