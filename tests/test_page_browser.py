"""The local page as a real browser shows it."""

from __future__ import annotations

import json
import logging
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.events import CameraState, WordRead, event_json
from edge.frame import Image
from edge.history import Hour
from edge.pipeline import MouthSeen
from edge.shapes import SHAPES
from edge.snapshot import Snapshot
from tests.command import Lipwire
from tests.conftest import need, serving
from tests.fakes import SNAPSHOT, picture
from tests.feed import assert_soon

CHROMIUM = shutil.which("chromium")
# A package's browser may not start as root without the first ones; the rest keeps it off the net.
CHROMIUM_OPTIONS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--enable-logging=stderr", "--virtual-time-budget=1500"),
]
HTML = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"


@dataclass
class Element:
    """One element of the browser's document, with all the text in it."""

    tag: str
    attributes: dict[str, str | None]
    text: str = ""


@dataclass
class Document(HTMLParser):
    """What the browser showed, and what it complained about."""

    html: str
    console: list[str]
    elements: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[Element] = []
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append(Element(tag, dict(attrs)))
        self.elements.append(self._open[-1])

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop().tag != tag:
            pass  # elements without an end, as <link>

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def text(self, id: str) -> str:
        return next(e.text for e in self.elements if e.attributes.get("id") == id)

    def all(self, tag: str) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]


Browse = Callable[[str], Document]


@pytest.fixture
def browse(tmp_path: Path) -> Browse:
    """Opens an address in a real browser and gives the document after a second and a half."""
    need("browser", CHROMIUM is None, "apt install chromium")

    def visit(url: str) -> Document:
        folder = tmp_path / f"browser-{time.monotonic_ns()}"
        done = chromium("--dump-dom", f"--user-data-dir={folder}", url)
        return Document(done.stdout, re.findall(r":CONSOLE[:(].*", done.stderr))

    return visit


@pytest.fixture
def photograph(tmp_path: Path) -> Callable[[str], Image]:
    """Opens an address in a real browser and gives what a person sees."""
    need("browser", CHROMIUM is None, "apt install chromium")

    def visit(url: str) -> Image:
        file, folder = tmp_path / "seen.png", tmp_path / f"browser-{time.monotonic_ns()}"
        chromium(f"--screenshot={file}", "--window-size=1000,900", f"--user-data-dir={folder}", url)
        seen = cv2.imread(str(file))
        assert seen is not None
        return seen

    return visit


def chromium(*options: str) -> subprocess.CompletedProcess[str]:
    command = [str(CHROMIUM), *CHROMIUM_OPTIONS, *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)


def rectangle(shown: Document) -> list[str]:
    """Left, top, width and height of the only face's box."""
    (box,) = shown.all("rect")
    return [str(box.attributes[key]) for key in ("x", "y", "width", "height")]


def test_a_browser_shows_counts_faces_and_events(browse: Browse) -> None:
    with serving(lambda: SNAPSHOT) as url:
        shown = browse(url)
    assert shown.console == []
    numbers = {name: shown.text(name) for name in ("smiles", "smilers", "visitors", "now", "fps")}
    assert numbers == {"smiles": "7", "smilers": "2", "visitors": "3", "now": "1", "fps": "15.0"}
    assert shown.text("where").startswith("door · source demo · profile generic · since ")
    assert shown.text("trouble") == ""
    assert [e.text[8:] for e in shown.all("li")] == [
        "smile ended · face 3 · 1.3 s",
        "smile started · face 3",
    ]
    assert shown.all("svg")[0].attributes["viewbox"] == "0 0 320 240"
    assert rectangle(shown) == ["80", "60", "100", "120"]
    assert shown.all("text")[0].text == "face 3 · smile 91 %"


def test_a_word_is_shown_as_it_is_written(browse: Browse) -> None:
    word = WordRead(
        face=3, at=9.0, word="안녕 <하세요>", score=0.914, alternatives={}, start=8.0, end=8.6
    )
    recent = (event_json(word, 22, "c", True),)
    with serving(lambda: replace(SNAPSHOT, recent=recent)) as url:
        shown = browse(url)
    assert shown.console == []
    assert [e.text[8:] for e in shown.all("li")] == ["word read · face 3 · 안녕 <하세요> · 91 %"]


def test_a_smiling_mouth_bends_and_a_neutral_one_does_not(browse: Browse) -> None:
    neutral = replace(SNAPSHOT.faces[0], face=4, probability=0.0, smile_s=None)
    with serving(lambda: replace(SNAPSHOT, faces=(SNAPSHOT.faces[0], neutral))) as url:
        mouths = [str(path.attributes["d"]) for path in browse(url).all("path")]
    corners, lowest = zip(*(re.findall(r"[\d.]+", mouth)[1:4:2] for mouth in mouths), strict=True)
    assert corners[0] == corners[1] == lowest[1]
    assert float(lowest[0]) > float(corners[0])


def mouth(shape: str, opening: float) -> MouthSeen:
    """A mouth that shows nothing but one shape."""
    return MouthSeen(shape, tuple(float(name == shape) for name in SHAPES), opening)


def test_a_mouth_is_drawn_and_named_by_its_shape(browse: Browse) -> None:
    """Three faces at one place: closed, wide open, puckered."""
    shapes = (("closed", 0.0), ("wide_open", 1.0), ("puckered", 0.1))
    faces = tuple(
        replace(SNAPSHOT.faces[0], face=i, probability=0.0, smile_s=None, mouth=mouth(*shape))
        for i, shape in enumerate(shapes)
    )
    with serving(lambda: replace(SNAPSHOT, faces=faces)) as url:
        shown = browse(url)
    assert shown.console == []
    assert [text.text for text in shown.all("text")] == [
        "face 0 · closed · smile 0 %",
        "face 1 · wide open · smile 0 %",
        "face 2 · puckered · smile 0 %",
    ]
    widths, gaps = [], []
    for path in shown.all("path"):
        numbers = [float(n) for n in re.findall(r"-?[\d.]+", str(path.attributes["d"]))]
        left, _, _, upper, right, _, _, lower, *_ = numbers
        widths.append(right - left)
        gaps.append((lower - upper) / 2)
    assert gaps == pytest.approx([0, 30, 3])
    assert widths == pytest.approx([50, 50, 15])


def test_a_bar_stands_for_each_of_the_last_24_hours(browse: Browse) -> None:
    now = int(time.time() // 3600) * 3600
    hours = tuple(
        Hour(now - ago * 3600, smiles=smiles) for ago, smiles in ((30, 9), (5, 2), (0, 4))
    )
    with serving(lambda: replace(SNAPSHOT, hours=hours)) as url:
        shown = browse(url)
    assert shown.console == []
    assert shown.text("lastday") == "6"
    bars = [str(bar.attributes["style"]) for bar in shown.all("i")]
    # The hour may turn while the page is drawn.
    assert [bars[-1], bars[-6]] == ["height: 60px;", "height: 30px;"] or bars[-2] == "height: 60px;"
    assert (len(bars), bars[0]) == (24, "height: 0px;")


@pytest.mark.parametrize(
    ("camera", "said"), [("paused", "paused by a command"), ("missing", "camera missing")]
)
def test_a_camera_that_gives_nothing_is_said(
    browse: Browse, camera: CameraState, said: str
) -> None:
    with serving(lambda: replace(SNAPSHOT, camera=camera)) as url:
        assert browse(url).text("trouble") == said


def test_the_page_follows_without_being_loaded_again(browse: Browse) -> None:
    looks: list[Snapshot] = []

    def look() -> Snapshot:
        counts = replace(SNAPSHOT.counts, smiles_total=len(looks))
        looks.append(replace(SNAPSHOT, counts=counts))
        return looks[-1]

    with serving(look) as url:
        shown = browse(url)
    assert int(shown.text("smiles")) >= 3


def test_text_that_looks_like_html_is_shown_as_text(browse: Browse) -> None:
    event = {**json.loads(SNAPSHOT.recent[0]), "event_type": HTML, "face": HTML}
    hostile = replace(
        SNAPSHOT,
        device_id=HTML,
        source=HTML,
        profile=HTML,
        feed=HTML,
        trouble=HTML,
        recent=(json.dumps(event),),
        faces=(replace(SNAPSHOT.faces[0], face=HTML),),  # type: ignore[arg-type]
    )
    with serving(lambda: hostile) as url:
        shown = browse(url)
    assert shown.console == []
    assert shown.all("title")[0].text == "Lipwire"
    assert (len(shown.all("img")), len(shown.all("script"))) == (0, 1)
    for name in ("where", "feed", "trouble", "events", "view"):
        assert HTML in shown.text(name)


def coloured(seen: Image, colour: tuple[int, int, int]) -> tuple[int, int, float]:
    """Width and height of what has a colour, and how much of that has it."""
    there = np.abs(seen.astype(int) - colour).max(2) < 12
    if not there.any():
        return 0, 0, 0.0
    _, _, width, height = cv2.boundingRect(there.astype(np.uint8))
    return width, height, float(there.sum() / (width * height))


def test_with_a_preview_the_picture_lies_under_the_faces(
    browse: Browse, photograph: Callable[[str], Image]
) -> None:
    magenta: Image = np.full((240, 320, 3), (255, 0, 255), np.uint8)
    shown = replace(SNAPSHOT, preview_on=True, preview=magenta)
    with serving(lambda: shown) as url:
        document = browse(url)
        width, height, share = coloured(photograph(url), (254, 0, 254))
    assert document.console == []
    assert "all who can open this page see the camera's picture" in document.text("privacy")
    (image,) = document.all("image")
    assert str(image.attributes["href"]).startswith("blob:")
    assert rectangle(document) == ["80", "60", "100", "120"]
    assert width > 400
    assert height == pytest.approx(width * 3 / 4, abs=3)
    assert 0.9 < share < 0.99  # the rest is the face's box and mouth


def test_without_a_preview_no_picture_is_asked_for(
    browse: Browse, photograph: Callable[[str], Image], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "edge.page")
    with serving(lambda: SNAPSHOT) as url:
        document = browse(url)
        assert coloured(photograph(url), (254, 0, 254))[0] == 0
    assert document.text("privacy") == "Boxes only: no picture leaves the device."
    (image,) = document.all("image")
    assert "href" not in image.attributes
    asked = "\n".join(record.getMessage() for record in caplog.records)
    assert "status.json" in asked
    assert "preview.jpg" not in asked


@pytest.mark.parametrize("camera", ["paused", "missing"])
def test_the_picture_goes_when_the_camera_does(browse: Browse, camera: CameraState) -> None:
    looks: list[Snapshot] = []

    def look() -> Snapshot:
        with_picture = replace(SNAPSHOT, preview_on=True, preview=picture())
        looks.append(with_picture)
        gone = replace(with_picture, preview=None, camera=camera)
        return with_picture if len(looks) < 4 else gone

    with serving(look) as url:
        document = browse(url)
    assert document.console == []
    assert len(looks) > 4
    assert "href" not in document.all("image")[0].attributes
    assert "camera's picture" in document.text("privacy")


def test_the_page_says_when_the_daemon_does_not_answer(browse: Browse) -> None:
    looks: list[Snapshot] = []

    def look() -> Snapshot:
        if looks:
            raise ConnectionAbortedError
        looks.append(SNAPSHOT)
        return SNAPSHOT

    with serving(look) as url:
        shown = browse(url)
    assert shown.text("trouble") == "the daemon does not answer"
    assert shown.text("smiles") == "7"
    assert shown.all("body")[0].attributes["class"] == "stale"


def test_what_the_page_s_script_stumbles_over_is_heard(browse: Browse) -> None:
    """So that an empty console in the other tests means something."""
    broken = replace(SNAPSHOT, fps="fast")  # type: ignore[arg-type]
    with serving(lambda: broken) as url:
        shown = browse(url)
    assert shown.console
    assert all("status.fps.toFixed is not a function" in line for line in shown.console)


def test_a_browser_shows_what_the_daemon_sees(ready: Lipwire, browse: Browse) -> None:
    said = ready.home / "log"
    options = ("--source", "demo", "--broker", "none", "--page", "127.0.0.1:0", "--duration", "20")
    with said.open("w") as log, ready.start("run", *options, stderr=log) as daemon:
        try:
            assert_soon(lambda: "smile_started" in said.read_text())
            (url,) = re.findall(r"page: (\S+)", said.read_text())
            shown = browse(url)
        finally:
            daemon.terminate()
    assert daemon.returncode == 0, said.read_text()
    assert shown.console == []
    assert shown.text("trouble") == ""
    assert int(shown.text("smiles")) >= 1
    assert (shown.text("visitors"), shown.text("smilers"), shown.text("now")) == ("1", "1", "1")
    assert float(shown.text("fps")) > 0
    lines = [line.text for line in shown.all("li")]
    assert re.fullmatch(r"\d\d:\d\d:\d\dface arrived · face 1", lines[-1])
    assert re.fullmatch(r"\d\d:\d\d:\d\dsmile started · face 1", lines[-2])
    width, height = map(int, str(shown.all("svg")[0].attributes["viewbox"]).split()[2:])
    left, top, wide, high = map(float, rectangle(shown))
    # The drawn face stands about the middle and takes up a good part of the picture.
    assert left < width / 2 < left + wide
    assert top < height / 2 < top + high
    assert 0.2 * height < high < height
