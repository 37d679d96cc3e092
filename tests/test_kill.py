"""kill -9 at any moment: no event is lost, repeats carry the same id, counts stay exact."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import cv2
import pytest

from edge.cameras.demo import DemoCamera
from edge.events import Counts
from edge.state import State
from tests.conftest import Mosquitto
from tests.crashing_daemon import POINTS
from tests.feed import Subscriber, assert_soon, distinct

KILLS = 50
EVENTS_A_SECOND = 20.0
NEUTRAL_AT, SMILE_AT = 1.0, 3.0  # moments of the demo's script


@pytest.fixture
def subscriber(mosquitto: Mosquitto) -> Iterator[Subscriber]:
    # Whoever was away must find what came meanwhile, however much that is.
    mosquitto.stop()
    mosquitto.settings = "allow_anonymous true\nmax_queued_messages 0"
    mosquitto.start()
    subscriber = Subscriber(mosquitto.port)
    yield subscriber
    subscriber.close()
    assert subscriber.faults == []


@pytest.fixture
def busy(tmp_path: Path, mosquitto: Mosquitto, face_model: Path) -> list[str]:
    """Options of a daemon that sees a smile begin or end in every other picture."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    demo = DemoCamera(160, 120, 15)
    for i, at in enumerate((NEUTRAL_AT, NEUTRAL_AT, SMILE_AT, SMILE_AT)):
        assert cv2.imwrite(str(pictures / f"{i}.png"), demo.draw(at))
    profile = tmp_path / "busy.toml"
    profile.write_text("width = 160\nheight = 120\ntarget_fps = 1\n")
    settings = tmp_path / "settings.toml"
    settings.write_text("[faces]\nleave_s = 10\n[mqtt]\ndevice_id = 'busy'\n")
    return [
        *("run", "--source", str(pictures), "--loop", "--pace", "max", "--page", "off"),
        *("--profile", str(profile), "--config", str(settings)),
        *("--broker", mosquitto.url, "--state", str(tmp_path / "state")),
    ]


def committed(folder: Path) -> Counts:
    """What a killed daemon had committed."""
    state = State(folder)
    counts = state.counts()
    state.close()
    return counts


def check_counts(counts: Counts, events: list[dict[str, object]]) -> None:
    """The totals are what follows from the events they include."""
    included = [e for e in events if int(str(e["seq"])) <= counts.seq]
    kinds = [e["event_type"] for e in included]
    assert len(included) == counts.seq
    assert counts.smiles_total == kinds.count("smile_started")
    assert counts.visitors_total == kinds.count("face_arrived")
    assert counts.faces_now == kinds.count("face_arrived") - kinds.count("face_left")
    seconds = sum(float(str(e["duration_s"])) for e in included if e["event_type"] == "smile_ended")
    assert counts.smile_seconds_total == pytest.approx(seconds, abs=1e-6)


def finish(busy: list[str], subscriber: Subscriber, folder: Path) -> list[dict[str, object]]:
    """Start once more, stop in order, and give all events that ever arrived."""
    subprocess.run(
        [sys.executable, "-m", "edge", *busy, "--duration", "20"],
        check=True,
        timeout=60,
        capture_output=True,
    )
    counts = committed(folder)
    subscriber.assert_soon(lambda s: any(e["seq"] == counts.seq for e in s.events))
    subscriber.settled()
    events = distinct(subscriber.events)
    assert [e["seq"] for e in events] == list(range(1, counts.seq + 1))
    check_counts(counts, events)
    for received in subscriber.received:
        if received.topic.endswith("/counts"):
            message = {k: v for k, v in received.message.items() if k != "v"}
            check_counts(Counts(**message), events)
    state = State(folder)
    ledger = state.ledger()
    state.close()
    assert (ledger["waiting"], ledger["dropped"], ledger["unsent"]) == (0, 0, 0)
    assert ledger["delivered"] == counts.seq
    return events


def test_fifty_kills_at_random_moments(
    busy: list[str], subscriber: Subscriber, tmp_path: Path
) -> None:
    chance, folder = random.Random(5), tmp_path / "state"
    after_kill, rates = [], []
    for _ in range(KILLS):
        daemon = subprocess.Popen([sys.executable, "-m", "edge", *busy], stderr=subprocess.DEVNULL)
        known = len(subscriber.events)
        assert_soon(lambda known=known: len(subscriber.events) > known)  # type: ignore[misc]
        seen, began = len(subscriber.events), time.monotonic()
        time.sleep(chance.uniform(0, 0.5))
        daemon.send_signal(signal.SIGKILL)
        daemon.wait()
        lasted = time.monotonic() - began
        if lasted > 0.2:
            rates.append((len(subscriber.events) - seen) / lasted)
        after_kill.append(committed(folder))
    events = finish(busy, subscriber, folder)
    for counts in after_kill:
        check_counts(counts, events)
    assert all(one.seq <= two.seq for one, two in pairwise(after_kill))
    assert sorted(rates)[len(rates) // 2] >= EVENTS_A_SECOND
    print(f"{len(events)} events, {len(subscriber.events) - len(events)} repeats, rates {rates}")


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_between_two_steps(
    point: str, busy: list[str], subscriber: Subscriber, tmp_path: Path
) -> None:
    died = subprocess.run(
        [sys.executable, "-m", "tests.crashing_daemon", point, *busy],
        check=False,
        timeout=60,
        stderr=subprocess.DEVNULL,
    )
    assert died.returncode == -signal.SIGKILL
    before = committed(tmp_path / "state")
    events = finish(busy, subscriber, tmp_path / "state")
    check_counts(before, events)
    assert len(events) > before.seq
