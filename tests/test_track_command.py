"""`lipwire track`: from a video to cues and to a picture of them, and what it does not take."""

from __future__ import annotations

import csv
import json
import os
import re
import resource
import shutil
import signal
import subprocess
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest

from edge.cameras.demo import DemoCamera, shape_times
from edge.cameras.drawing import WALL
from edge.frame import Image
from edge.shapes import SHAPES
from tests.command import LOG_LINE, Lipwire
from tests.conftest import need
from tests.fakes import film
from tests.feed import assert_soon

FPS = 25
BEGIN_S, END_S = 4.2, 10.0  # of the demo's script: all shapes, and no smile
SECONDS = END_S - BEGIN_S
AGREE = 0.9  # share of the moments that are clear
SETTLED_S = 0.25  # after a shape's begin
TIMEOUT_S = 180  # of what is interrupted or fails


def written(path: Path, pictures: Iterator[Image], codec: str = "mp4v") -> Path:
    """A real video of these pictures."""
    first = next(pictures)
    size = first.shape[1], first.shape[0]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), FPS, size)
    for image in (first, *pictures):
        writer.write(image)
    writer.release()
    return path


def drawn(begin_s: float, end_s: float) -> Iterator[Image]:
    """The demo face in a stretch of its script."""
    camera = DemoCamera(320, 240, FPS)
    return (camera.draw(begin_s + index / FPS) for index in range(round((end_s - begin_s) * FPS)))


@pytest.fixture(scope="module")
def talking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of the demo face."""
    return written(tmp_path_factory.mktemp("film") / "talking.mp4", drawn(BEGIN_S, END_S))


def clear() -> list[tuple[float, bool]]:
    """Middles of the film's frames in which its mouth is surely wide open, or surely not."""
    found = []
    for shape, begin, end in shape_times():
        times = ((index + 0.5) / FPS for index in range(round(SECONDS * FPS)))
        settled = (at for at in times if begin + SETTLED_S <= at + BEGIN_S < end)
        if shape in ("closed", "wide_open"):
            found += [(at, shape == "wide_open") for at in settled]
    return found


def agreement(cues: Sequence[tuple[float, str]]) -> float:
    """The share of the clear moments at which the cues, by start and letter, are right."""
    starts = [start for start, _ in cues]
    told = [(cues[bisect_right(starts, at) - 1][1], wide) for at, wide in clear()]
    return sum((letter == "D") == wide for letter, wide in told) / len(told)


def from_json(path: Path) -> list[tuple[float, str]]:
    """Starts and letters, after checking that they leave no gap."""
    read = json.loads(path.read_text(encoding="utf-8"))
    cues = read["mouthCues"]
    assert cues[0]["start"] == 0
    assert cues[-1]["end"] == read["metadata"]["duration"]
    assert all(one["end"] == other["start"] for one, other in pairwise(cues))
    assert all(cue["start"] < cue["end"] for cue in cues)
    return [(cue["start"], cue["value"]) for cue in cues]


def files(folder: Path) -> set[str]:
    """All there is, hidden files too."""
    return {path.name for path in folder.iterdir()}


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder for what is written."""
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def test_the_cues_follow_the_script_of_the_drawn_mouth(
    ready: Lipwire, talking: Path, place: Path
) -> None:
    done = ready("track", talking, "--out", place / "cues.json")
    assert done.returncode == 0, done.stderr
    cues = from_json(place / "cues.json")
    assert agreement(cues) >= AGREE, cues
    told = json.loads((place / "cues.json").read_text())["metadata"]
    assert told == {"soundFile": str(talking), "duration": pytest.approx(SECONDS, abs=0.011)}
    first, last = done.stdout.splitlines()
    assert first == f"face 1: {len(cues)} cues in {place / 'cues.json'}"
    assert re.fullmatch(r"5\.8 s of video in \d+\.\d s: \d+\.\d times real time", last)
    assert all(LOG_LINE.match(line) for line in done.stderr.splitlines())
    assert files(place) == {"cues.json"}


def test_all_formats_tell_the_same(ready: Lipwire, talking: Path, place: Path) -> None:
    for ending in ("tsv", "XML", "csv", "vtt"):
        assert ready("track", talking, "--out", place / f"cues.{ending}").returncode == 0
    done = ready("track", talking, "--out", "-")
    assert "times real time" in done.stderr
    (place / "cues.json").write_text(done.stdout)
    cues = from_json(place / "cues.json")
    lines = (place / "cues.tsv").read_text().splitlines()
    assert [(float(a), b) for a, b in (line.split("\t") for line in lines[:-1])] == cues
    assert lines[-1] == f"{SECONDS:.2f}\tX"
    elements = ElementTree.parse(place / "cues.XML").iterfind("mouthCues/mouthCue")
    assert [(float(each.attrib["start"]), each.text) for each in elements] == cues
    rows = rows_of(place / "cues.csv")
    assert [row["letter"] for row in rows] == [letter for _, letter in cues]
    assert (place / "cues.vtt").read_text().count("<v face 1>") == len(rows)
    for row in rows:
        assert sum(float(row[shape]) for shape in SHAPES) == pytest.approx(1, abs=0.004)
        assert 0 <= float(row["opening"]) <= 1
    starts = [float(row["start_s"]) for row in rows]
    openings: dict[bool, list[float]] = {False: [], True: []}
    for at, wide in clear():
        openings[wide].append(float(rows[bisect_right(starts, at) - 1]["opening"]))
    assert np.mean(openings[True]) > 0.3 + np.mean(openings[False])


def test_each_face_has_cues_of_its_own_the_main_one_first(
    ready: Lipwire, tmp_path: Path, place: Path
) -> None:
    def two() -> Iterator[Image]:
        """A small face that talks beside a large one whose mouth stays shut."""
        camera = DemoCamera(320, 240, FPS)
        for index, talks in enumerate(drawn(BEGIN_S, END_S)):
            shut = camera.draw(0.5 + index / FPS % 1.0)
            small = cv2.copyMakeBorder(
                cv2.resize(talks, (200, 150)), 0, 90, 0, 0, cv2.BORDER_CONSTANT, value=WALL
            )
            yield np.hstack([small, shut])

    video = written(tmp_path / "two.mp4", two())
    done = ready("track", video, "--out", place / "cues.json", "--render", place / "two.mp4")
    assert done.returncode == 0, done.stderr
    assert files(place) == {"cues.json", "cues-2.json", "two.mp4"}
    main, other = from_json(place / "cues.json"), from_json(place / "cues-2.json")
    assert "D" not in {letter for _, letter in main}
    assert agreement(other) >= AGREE, other
    listed = done.stdout.splitlines()
    assert listed[0] == f"face 1: {len(main)} cues in {place / 'cues.json'}"
    assert listed[1] == f"face 2: {len(other)} cues in {place / 'cues-2.json'}"
    assert listed[3] == f"{place / 'two.mp4'}: face 1's mouth beside it"
    assert ready("track", video, "--out", place / "all.csv").returncode == 0
    numbers = [row["face"] for row in rows_of(place / "all.csv")]
    assert numbers == sorted(numbers)
    assert set(numbers) == {"1", "2"}
    assert not (place / "all-2.csv").exists()


def test_frames_that_a_camera_left_out_do_not_shift_the_cues(
    ready: Lipwire, talking: Path, place: Path, tmp_path: Path
) -> None:
    need("ffmpeg", not shutil.which("ffmpeg"), "apt install ffmpeg")
    uneven = tmp_path / "uneven.mkv"
    some = "select='not(eq(mod(n,5),1)+eq(mod(n,7),3))'"
    command = ["ffmpeg", "-v", "error", "-i", talking, "-vf", some, "-fps_mode", "vfr", uneven]
    subprocess.run(command, check=True)
    done = ready("track", uneven, "--out", place / "cues.json")
    assert done.returncode == 0, done.stderr
    assert agreement(from_json(place / "cues.json")) >= AGREE


def sounding(video: Path, path: Path) -> Path:
    """The video with a tone that begins half a second before it."""
    need("ffmpeg", not shutil.which("ffmpeg"), "apt install ffmpeg")
    tone = ["-f", "lavfi", "-i", f"sine=440:d={SECONDS + 0.5}"]
    command = ["ffmpeg", "-v", "error", *tone, "-itsoffset", "0.5", "-i", video]
    command += ["-map", "1:v", "-map", "0:a", "-c:v", "copy", path]
    subprocess.run(command, check=True)
    return path


def streams(video: Path) -> dict[str, float]:
    """How long each kind of stream lasts."""
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_streams", video]
    told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return {each["codec_type"]: float(each["duration"]) for each in told["streams"]}


def test_a_rendered_video_shows_the_mouth_and_keeps_the_sound(
    ready: Lipwire, talking: Path, place: Path, tmp_path: Path
) -> None:
    video = sounding(talking, tmp_path / "sound.mp4")
    done = ready("track", video, "--render", place / "seen.mp4")
    assert done.returncode == 0, done.stderr
    assert files(place) == {"seen.mp4"}
    check_rendered(place / "seen.mp4")
    lengths = streams(place / "seen.mp4")
    assert lengths["video"] == pytest.approx(SECONDS, abs=0.05)
    assert lengths["audio"] == pytest.approx(SECONDS, abs=0.1)


def test_without_ffmpeg_a_rendered_video_is_silent(
    ready: Lipwire, talking: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(place))
    done = ready("track", talking, "--render", place / "seen.mp4")
    assert done.returncode == 0, done.stderr
    assert "no ffmpeg here: the rendered video has no sound" in done.stderr
    check_rendered(place / "seen.mp4")


def check_rendered(path: Path) -> None:
    """A rendered film of the demo face: the picture boxed, and the drawn lips in the panel."""
    capture = cv2.VideoCapture(str(path))
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(FPS)
    pictures = []
    while (read := capture.read())[0]:
        pictures.append(read[1])
    assert len(pictures) == round(SECONDS * FPS)
    assert pictures[0].shape == (480, 640 + 360, 3)
    lips: dict[bool, list[int]] = {False: [], True: []}  # pixels of the drawn mouth
    for at, wide in clear():
        drawn_mouth = pictures[int(at * FPS)][16:148, 656:816]
        lips[wide].append(int((drawn_mouth[..., 1] < 150).sum()))
    assert np.median(lips[True]) > 1.5 * np.median(lips[False])


def test_a_rendered_video_takes_the_time_of_its_source(
    ready: Lipwire, talking: Path, place: Path
) -> None:
    odd = place / "odd.mp4"
    written(odd, (np.pad(image, ((0, 1), (0, 3), (0, 0))) for image in drawn(5.0, 6.5)))
    done = ready("track", odd, "--render", place / "seen.mp4", "--out", place / "cues.tsv")
    assert done.returncode == 0, done.stderr
    capture = cv2.VideoCapture(str(place / "seen.mp4"))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == round(1.5 * FPS)


def test_a_video_without_a_face_is_one_line_and_nothing_is_written(
    ready: Lipwire, tmp_path: Path, place: Path
) -> None:
    video = film(tmp_path / "nobody.mp4")
    options = ("--out", place / "cues.json", "--render", place / "seen.mp4")
    line = ready.complaint("track", video, *options)
    assert line == f"lipwire: {video}: no face in it whose mouth can be read"
    assert files(place) == set()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "nothing to do: give --out FILE, --render OUT.mp4 or both"),
        (
            ["--out", "cues.txt"],
            "--out cues.txt: must end in .tsv or .xml or .json or .csv or .vtt",
        ),
        (["--out", "cues"], "--out cues: must end in .tsv or .xml or .json or .csv or .vtt"),
        (["--render", "seen.avi"], "--render seen.avi: must end in .mp4"),
        (["--render", "-"], "--render -: must end in .mp4"),
        (["--out", "folder.csv"], "--out folder.csv: is a folder"),
        (["--out", "away/cues.csv"], "--out away/cues.csv: its folder is not there"),
        (["--out", "file/cues.csv"], "--out file/cues.csv: its folder is not there"),
        (["--render", "talking.mp4"], "--render talking.mp4: is the video itself"),
        (["--render", "link.mp4"], "--render link.mp4: is the video itself"),
        (["--out", "a" * 300 + ".csv"], "cannot be written: File name too long"),
        (["--out", "cues.csv", "--profile", "away"], "no profile 'away'"),
    ],
)
def test_options_that_cannot_be_are_refused_before_any_work(
    lipwire: Lipwire, talking: Path, arguments: list[str], said: str
) -> None:
    shutil.copy(talking, lipwire.home / "talking.mp4")
    (lipwire.home / "link.mp4").symlink_to("talking.mp4")
    (lipwire.home / "folder.csv").mkdir()
    (lipwire.home / "file").write_text("")
    before = files(lipwire.home)
    assert said in lipwire.complaint("track", "talking.mp4", *arguments)
    assert files(lipwire.home) == before


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("away.mp4", "away.mp4: no such file"),
        ("folder.csv", "folder.csv: not a video file"),
        ("face.png", "face.png: not a video file"),
        ("letter.mp4", "letter.mp4: damaged, or not a video that can be read"),
        ("demo", "demo: no such file"),
        ("v" * 300, "cannot be read: File name too long"),
    ],
)
def test_what_is_no_video_is_refused_in_one_line(lipwire: Lipwire, name: str, said: str) -> None:
    (lipwire.home / "folder.csv").mkdir()
    (lipwire.home / "face.png").write_bytes(b"")
    (lipwire.home / "letter.mp4").write_text("Dear Sir or Madam,")
    assert said in lipwire.complaint("track", name, "--out", "cues.csv")
    assert not (lipwire.home / "cues.csv").exists()


def test_a_model_that_reads_no_visemes_is_refused(
    ready: Lipwire, talking: Path, smile_model: Path, place: Path
) -> None:
    asked = ("track", talking, "--out", place / "a.csv", "--model")
    line = ready.complaint(*asked, smile_model)
    assert line == f"lipwire: {smile_model}: made for smile, not for viseme"
    assert ready.complaint(*asked, "away.tflite").startswith("lipwire: away.tflite: ")
    assert files(place) == set()


@pytest.mark.parametrize(("option", "name"), [("--out", "cues.csv"), ("--render", "seen.mp4")])
@pytest.mark.parametrize("tools", ["with ffmpeg", "without"])
def test_a_full_disk_leaves_nothing_half_written(
    ready: Lipwire,
    talking: Path,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    option: str,
    name: str,
    tools: str,
) -> None:
    if tools == "without":
        monkeypatch.setenv("PATH", str(place))
    (place / name).write_text("from before")
    asked = ("track", talking, option, place / name)
    with ready.start(*asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (400, 400))
        _, err = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 1, err
    assert "Traceback" not in err
    assert err.splitlines()[-1].startswith("lipwire: ")
    assert (place / name).read_text() == "from before"
    assert files(place) == {name}


@pytest.mark.parametrize("when", ["while it looks", "while it draws"])
def test_an_interruption_leaves_nothing_half_written(
    ready: Lipwire, tmp_path: Path, place: Path, when: str
) -> None:
    video = written(tmp_path / "long.mp4", drawn(0.0, 20.0))
    options = ("--render", place / "seen.mp4")
    if when == "while it looks":
        options = ("--out", place / "cues.csv")
    with ready.start("track", video, *options, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert "profile" in process.stderr.readline()
        if when == "while it draws":
            assert_soon(lambda: files(place) != set(), TIMEOUT_S)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=TIMEOUT_S)
    # Python itself ends by the signal where it came while a dataclass was made; shells show 130.
    assert process.returncode in (130, -signal.SIGINT)
    assert err == ""
    assert files(place) == set()


@pytest.fixture
def grid() -> Path:
    """GRID's clips and phones."""
    folder = Path(os.environ.get("LIPWIRE_DATA", "nowhere")) / "grid"
    need("data", not folder.is_dir(), "set LIPWIRE_DATA to the folder that holds grid/")
    return folder


def test_a_man_closes_his_lips_for_p_b_and_m_and_not_for_open_vowels(
    ready: Lipwire, grid: Path, place: Path
) -> None:
    clips = [row["clip"] for row in rows_of(grid / "folds.csv") if row["fold"] == "0"][:30]
    phones = [row for row in rows_of(grid / "phones.csv") if row["agrees"] == "1"]
    closed: dict[str, list[bool]] = {"lips": [], "vowels": []}
    for clip in clips:
        done = ready("track", grid / f"s1/{clip}.mp4", "--out", place / "cues.json")
        assert done.returncode == 0, done.stderr
        cues = from_json(place / "cues.json")
        starts = [start for start, _ in cues]
        for row in (row for row in phones if row["clip"] == clip):
            middle = (float(row["start_s"]) + float(row["end_s"])) / 2
            shut = cues[bisect_right(starts, middle) - 1][1] in "AX"
            if row["phone"] in ("P", "B", "M"):
                closed["lips"].append(shut)
            elif row["phone"] in ("AA", "AE", "AY", "AW", "EY", "EH"):
                closed["vowels"].append(shut)
    assert np.mean(closed["lips"]) >= 0.45, closed
    assert np.mean(closed["vowels"]) <= 0.1, closed
