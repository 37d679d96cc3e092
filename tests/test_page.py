"""The local page: what it serves, and what a real browser makes of it."""

from __future__ import annotations

import json
import logging
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from edge.detect import Box
from edge.errors import SettingsError
from edge.events import Counts, SmileEnded, SmileStarted, event_json
from edge.page import Page
from edge.pipeline import SeenFace
from edge.snapshot import Snapshot
from tests.conftest import free_port, need

CHROMIUM = shutil.which("chromium")
# A package's browser may not start as root without the first ones; the rest keeps it off the net.
CHROMIUM_OPTIONS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--enable-logging=stderr", "--virtual-time-budget=1500", "--dump-dom"),
]
HTML = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"

SNAPSHOT = Snapshot(
    device_id="door",
    source="demo",
    profile="generic",
    feed="off (--broker none)",
    connected=False,
    trouble="",
    waiting=0,
    counts=Counts(
        smiles_total=7,
        smilers_total=2,
        visitors_total=3,
        smile_seconds_total=12.5,
        faces_now=1,
        since="2026-01-02T03:04:05.000Z",
        seq=21,
    ),
    fps=14.96,
    dropped=0,
    camera_missing=False,
    restarts=0,
    picture=(320, 240),
    faces=(SeenFace(3, Box(80, 60, 100, 120), True, True, 0.91, True),),
    recent=(
        event_json(
            SmileEnded(face=3, at=9.0, duration_s=1.25, peak=0.9, reason="over"), 21, "b", True
        ),
        event_json(SmileStarted(face=3, at=7.75), 20, "a", True),
    ),
)


@contextmanager
def serving(look: Callable[[], Snapshot]) -> Iterator[str]:
    """A page on a free port; gives its address."""
    page = Page.at("127.0.0.1:0", look)
    assert page
    page.start()
    try:
        yield page.url
    finally:
        page.stop()


def get(url: str) -> tuple[int, str, bytes]:
    """Status, content type and content."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read()


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
        command = [str(CHROMIUM), *CHROMIUM_OPTIONS, f"--user-data-dir={folder}", url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        return Document(done.stdout, re.findall(r":CONSOLE[:(].*", done.stderr))

    return visit


def test_the_page_and_its_status_are_served_and_nothing_else() -> None:
    with serving(lambda: SNAPSHOT) as url:
        status, kind, content = get(url)
        assert (status, kind) == (200, "text/html; charset=utf-8")
        assert content.startswith(b"<!doctype html>")
        status, kind, content = get(url + "status.json")
        assert (status, kind) == (200, "application/json")
        assert get(url + "page.py")[0] == get(url + "../pyproject.toml")[0] == 404
    told = json.loads(content)
    assert told["counts"]["smiles_total"] == 7
    assert told["faces"][0]["box"] == {"left": 80, "top": 60, "width": 100, "height": 120}
    assert [event["event_type"] for event in told["recent"]] == ["smile_ended", "smile_started"]


def test_the_page_asks_for_nothing_from_elsewhere() -> None:
    with serving(lambda: SNAPSHOT) as url:
        html = get(url)[2].decode()
    assert re.findall(r"(?:https?:)?//[a-z0-9.]+/[^\s\"']*", html) == ["http://www.w3.org/2000/svg"]


def test_another_port_is_taken_where_the_wanted_one_is_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        page = Page.at(f"127.0.0.1:{taken}", lambda: SNAPSHOT)
        assert page
        page.start()
        try:
            assert page.url != f"http://127.0.0.1:{taken}/"
            assert get(page.url)[0] == 200
        finally:
            page.stop()


def test_a_stopped_page_gives_its_port_back() -> None:
    port = free_port()
    for _ in range(2):
        page = Page.at(f"127.0.0.1:{port}", lambda: SNAPSHOT)
        assert page
        page.start()
        assert page.url == f"http://127.0.0.1:{port}/"
        assert get(page.url)[0] == 200
        page.stop()


def test_a_page_that_was_never_started_can_be_stopped() -> None:
    port = free_port()
    page = Page.at(f"127.0.0.1:{port}", lambda: SNAPSHOT)
    assert page
    page.stop()
    with socket.socket() as next_one:
        next_one.bind(("127.0.0.1", port))


def test_off_means_no_page() -> None:
    assert Page.at("off", lambda: SNAPSHOT) is None


@pytest.mark.parametrize(
    "address",
    ["", "8765", ":8765", "localhost", "localhost:http", "localhost:65536", "127.0.0.1:-1"],
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(f"page address {address!r}")):
        Page.at(address, lambda: SNAPSHOT)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"page address 192\.0\.2\.1:8765: Cannot assign"):
        Page.at("192.0.2.1:8765", lambda: SNAPSHOT)


def test_a_browser_that_leaves_at_once_does_not_disturb_the_page(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    long = replace(SNAPSHOT, recent=SNAPSHOT.recent * 50_000)  # more than a socket's buffer holds
    with serving(lambda: long) as url:
        port = int(url.rstrip("/").rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as hasty:
            hasty.sendall(b"GET /status.json HTTP/1.0\r\n\r\n")
            hasty.recv(1)  # the answer has begun
        assert get(url)[0] == 200
    assert not caplog.records
    assert capfd.readouterr().err == ""


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
    (box,) = shown.all("rect")
    assert [box.attributes[key] for key in ("x", "y", "width", "height")] == [
        "80",
        "60",
        "100",
        "120",
    ]
    assert shown.all("text")[0].text == "face 3 · smile 91 %"


def test_a_smiling_mouth_bends_and_a_neutral_one_does_not(browse: Browse) -> None:
    neutral = replace(SNAPSHOT.faces[0], face=4, probability=0.0, smiling=False)
    with serving(lambda: replace(SNAPSHOT, faces=(SNAPSHOT.faces[0], neutral))) as url:
        mouths = [str(path.attributes["d"]) for path in browse(url).all("path")]
    corners, lowest = zip(*(re.findall(r"[\d.]+", mouth)[1:4:2] for mouth in mouths), strict=True)
    assert corners[0] == corners[1] == lowest[1]
    assert float(lowest[0]) > float(corners[0])


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


def test_a_browser_shows_what_the_daemon_sees(
    tmp_path: Path, face_model: Path, browse: Browse
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    command = [sys.executable, "-m", "edge", "run", "--source", "demo", "--broker", "none"]
    command += ["--page", f"127.0.0.1:{port}", "--state", str(tmp_path / "state")]
    command += ["--models", str(face_model.parent), "--duration", "20"]
    with (tmp_path / "log").open("wb") as log, subprocess.Popen(command, stderr=log) as daemon:
        try:
            wait_for_smiles(url, 1)
            shown = browse(url)
        finally:
            daemon.terminate()
    assert daemon.returncode == 0, (tmp_path / "log").read_text()
    assert shown.console == []
    assert shown.text("trouble") == ""
    assert int(shown.text("smiles")) >= 1
    assert (shown.text("visitors"), shown.text("smilers"), shown.text("now")) == ("1", "1", "1")
    assert float(shown.text("fps")) > 0
    lines = [line.text for line in shown.all("li")]
    assert re.fullmatch(r"\d\d:\d\d:\d\dface arrived · face 1", lines[-1])
    assert re.fullmatch(r"\d\d:\d\d:\d\dsmile started · face 1", lines[-2])
    width, height = (
        int(size) for size in str(shown.all("svg")[0].attributes["viewbox"]).split()[2:]
    )
    (box,) = shown.all("rect")
    left, top, wide, high = (
        float(str(box.attributes[key])) for key in ("x", "y", "width", "height")
    )
    # The drawn face stands about the middle and takes up a good part of the picture.
    assert left < width / 2 < left + wide
    assert top < height / 2 < top + high
    assert 0.2 * height < high < height


def wait_for_smiles(url: str, smiles: int, patience_s: float = 15.0) -> None:
    """Until the page's status tells of so many."""
    until = time.monotonic() + patience_s
    told = "nothing"
    while time.monotonic() < until:
        try:
            told = get(url + "status.json")[2].decode()
        except urllib.error.URLError as error:  # the daemon is starting
            told = str(error)
        else:
            if json.loads(told)["counts"]["smiles_total"] >= smiles:
                return
        time.sleep(0.05)
    raise AssertionError(f"no {smiles} smiles in {patience_s:g} s: {told}")
