"""Ten thousand events at full speed over a network and a broker that keep breaking."""

from __future__ import annotations

import random
import signal
import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest

from edge.events import FaceArrived, FaceLeft, SmileEnded, SmileStarted
from edge.feed import trouble
from edge.feed.address import parse_address
from edge.feed.connection import Login
from edge.feed.publisher import Publisher
from edge.settings import MqttSettings
from edge.state import State
from tests.conftest import Mosquitto
from tests.feed import Subscriber, assert_soon, distinct
from tests.proxy import Proxy

EVENTS, VISIT = 10_000, 4  # a visit is so many events
INTERRUPTIONS = 25  # at least
AT = 1_700_000_000.0


def record(state: State) -> None:
    """Commit the events one by one, as fast as the disk allows."""
    for face in range(1, EVENTS // VISIT + 1):
        state.record([FaceArrived(face=face, at=AT)])
        state.record([SmileStarted(face=face, at=AT)])
        state.record([SmileEnded(face=face, at=AT, duration_s=1.0, peak=0.9, reason="over")])
        state.record([FaceLeft(face=face, at=AT, dwell_s=2.0, reason="face_left")])


def interrupt(kind: int, proxy: Proxy, mosquitto: Mosquitto) -> None:
    """Cut the line, stop the broker's process for a moment, or start it again."""
    assert mosquitto.process
    if kind == 0:
        mosquitto.process.send_signal(signal.SIGSTOP)
        time.sleep(0.1)
        proxy.cut()
        mosquitto.process.send_signal(signal.SIGCONT)
    elif kind == 1:
        mosquitto.stop()
        mosquitto.start()
    else:
        proxy.cut()


def test_nothing_is_lost_and_the_order_is_that_of_seq(
    tmp_path: Path, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trouble, "FIRST_PAUSE_S", 0.02)
    monkeypatch.setattr(trouble, "LONGEST_PAUSE_S", 0.1)
    mosquitto.stop()
    mosquitto.settings = "allow_anonymous true\nmax_queued_messages 0"
    mosquitto.start()
    chance, interruptions = random.Random(7), 0
    subscriber = Subscriber(mosquitto.port)
    state = State(tmp_path / "state")
    with Proxy(mosquitto.port) as proxy:
        login = Login(parse_address(f"mqtt://127.0.0.1:{proxy.port}"), MqttSettings(), "busy")
        publisher = Publisher(login, state)
        publisher.start()
        source = threading.Thread(target=record, args=(state,))
        source.start()
        while source.is_alive() or state.waiting_count or interruptions < INTERRUPTIONS:
            time.sleep(chance.uniform(0.02, 0.3))
            interrupt(interruptions % 6, proxy, mosquitto)
            interruptions += 1
        source.join()
        publisher.stop(0.5)
    subscriber.settled(1.0)
    subscriber.close()
    assert subscriber.faults == []
    events = subscriber.events
    assert [e["seq"] for e in distinct(events)] == list(range(1, EVENTS + 1))
    first_time = list(dict.fromkeys(e["seq"] for e in events))
    assert all(one < two for one, two in pairwise(first_time))
    assert state.ledger() == {"delivered": EVENTS, "dropped": 0, "unsent": 0, "waiting": 0}
    assert state.counts().smiles_total == EVENTS // VISIT
    state.close()
    assert_soon(lambda: not publisher.connected)
    print(f"{interruptions} interruptions, {len(events) - EVENTS} repeats")
