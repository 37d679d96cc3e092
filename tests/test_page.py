"""The local page's server: what it serves, and where."""

from __future__ import annotations

import json
import logging
import re
import socket
import urllib.error
import urllib.request
from dataclasses import replace

import cv2
import numpy as np
import pytest

from edge.errors import SettingsError
from edge.page import PREVIEW_WIDTH, Page
from tests.conftest import free_port, serving
from tests.fakes import SNAPSHOT, picture


def get(url: str) -> tuple[int, str, bytes]:
    """Status, content type and content."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read()


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


@pytest.mark.parametrize(
    ("address", "said"), [("192.0.2.1:8765", "Cannot assign"), ("300.1.1.1:0", "")]
)
def test_an_address_that_is_not_of_this_machine_is_refused(address: str, said: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(f"page address {address}: {said}")):
        Page.at(address, lambda: SNAPSHOT)


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


def test_without_a_preview_no_picture_is_served() -> None:
    with serving(lambda: SNAPSHOT) as url:
        assert get(url + "preview.jpg")[0] == 404
        told = json.loads(get(url + "status.json")[2])
    assert (told["preview_on"], told["preview"]) == (False, False)


@pytest.mark.parametrize(
    ("size", "shown"),
    [((320, 240), (320, 240)), ((1920, 1080), (PREVIEW_WIDTH, 360)), ((3000, 2), (640, 1))],
)
def test_the_newest_picture_is_served_as_a_small_jpeg(
    size: tuple[int, int], shown: tuple[int, int]
) -> None:
    pictures = iter(np.full((*size[::-1], 3), (0, level, 255), np.uint8) for level in (40, 200))
    with serving(lambda: replace(SNAPSHOT, preview_on=True, preview=next(pictures))) as url:
        for newest in (40, 200):
            with urllib.request.urlopen(url + "preview.jpg", timeout=5) as answer:
                assert answer.headers["Content-Type"] == "image/jpeg"
                assert answer.headers["Cache-Control"] == "no-store"
                seen = cv2.imdecode(np.frombuffer(answer.read(), np.uint8), cv2.IMREAD_COLOR)
            assert seen.shape == (shown[1], shown[0], 3)
            assert np.abs(seen.mean((0, 1)) - (0, newest, 255)).max() < 3


def test_a_grey_picture_is_served_too() -> None:
    grey = np.full((48, 64), 130, np.uint8)
    with serving(lambda: replace(SNAPSHOT, preview_on=True, preview=grey)) as url:
        status, _, content = get(url + "preview.jpg")
    seen = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert (status, seen.shape) == (200, (48, 64))
    assert abs(float(seen.mean()) - 130) < 2


def test_the_status_carries_no_picture() -> None:
    shown = replace(SNAPSHOT, preview_on=True, preview=picture())
    with serving(lambda: shown) as url:
        content = get(url + "status.json")[2]
    told = json.loads(content)
    assert (told["preview_on"], told["preview"]) == (True, True)
    assert len(content) < 3000
