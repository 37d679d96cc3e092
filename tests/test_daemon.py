"""The daemon as its users run it: one process, its output and its feed."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from paho.mqtt.enums import MQTTProtocolVersion

from edge.cameras.demo import LOOP_S, SMILES_PER_LOOP
from tests.conftest import Mosquitto, free_port
from tests.daemon import Daemon
from tests.feed import Subscriber, assert_soon, distinct

pytestmark = pytest.mark.usefixtures("face_model")


@pytest.fixture
def daemons(tmp_path: Path) -> Iterator[list[Daemon]]:
    started: list[Daemon] = []
    yield started
    for daemon in started:
        daemon.process.kill()
        daemon.process.wait()


def test_the_embedded_broker_carries_the_feed_that_the_printed_line_subscribes_to(
    tmp_path: Path, daemons: list[Daemon]
) -> None:
    pytest.importorskip("amqtt")
    daemon = Daemon(tmp_path, "--duration", "12", "--events", "-")
    daemons.append(daemon)
    assert_soon(lambda: "feed: " in daemon.err)
    found = re.search(r"feed: mosquitto_sub -h 127\.0\.0\.1 -p (\d+) -t 'lipwire/#' -v", daemon.err)
    assert found
    subscriber = Subscriber(int(found[1]), MQTTProtocolVersion.MQTTv311)
    subscriber.assert_soon(lambda s: s.last("availability") == "online")
    subscriber.assert_soon(lambda s: any(e["event_type"] == "smile_ended" for e in s.events))
    subscriber.assert_soon(lambda s: s.last("counts")["smiles_total"] >= 1)
    assert daemon.end() == 0
    subscriber.assert_soon(lambda s: s.last("availability") == "offline")
    subscriber.close()
    assert subscriber.faults == []
    assert distinct(subscriber.events)[-1] == daemon.events[-1]
    assert "smiles 1, visitors 1" in daemon.err
    assert "Traceback" not in daemon.err


def test_one_loop_arrives_at_a_real_broker_and_the_count_is_the_scripts(
    tmp_path: Path, mosquitto: Mosquitto, daemons: list[Daemon]
) -> None:
    subscriber = Subscriber(mosquitto.port)
    daemon = Daemon(tmp_path, "--broker", mosquitto.url, "--pace", "max", "--duration", str(LOOP_S))
    daemons.append(daemon)
    assert daemon.end() == 0
    subscriber.assert_soon(lambda s: s.last("availability") == "offline")
    subscriber.close()
    assert subscriber.faults == []
    assert subscriber.last("counts")["smiles_total"] == SMILES_PER_LOOP
    assert subscriber.last("counts")["faces_now"] == 0
    kinds = [e["event_type"] for e in subscriber.events]
    assert kinds.count("smile_started") == kinds.count("smile_ended") == SMILES_PER_LOOP
    assert (kinds[0], kinds[-1]) == ("face_arrived", "face_left")


def test_mouth_shapes_arrive_live_and_are_never_stored(
    tmp_path: Path, mosquitto: Mosquitto, subscriber: Subscriber, daemons: list[Daemon]
) -> None:
    daemon = Daemon(tmp_path, "--broker", mosquitto.url, "--events", "-", "--duration", "9")
    daemons.append(daemon)
    assert daemon.end() == 0
    subscriber.assert_soon(lambda s: s.last("availability") == "offline")
    told = [r for r in subscriber.received if r.topic.endswith("/event/viseme")]
    assert {(r.qos, r.retained) for r in told} == {(0, False)}
    assert len({r.message["viseme"] for r in told}) > 2
    assert len(subscriber.live) == len(told) > 4
    printed = [json.loads(line) for line in daemon.out.splitlines()]
    assert [event for event in printed if "seq" not in event] == subscriber.live
    counted = [event["seq"] for event in daemon.events]
    assert counted == list(range(1, len(counted) + 1))
    health = subscriber.last("health")
    assert set(health["versions"]) >= {"smile_model", "viseme_model"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_daemon_in_order(
    tmp_path: Path, daemons: list[Daemon], number: signal.Signals
) -> None:
    daemon = Daemon(tmp_path, "--broker", "none", "--events", "-")
    daemons.append(daemon)
    assert_soon(lambda: "face_arrived" in daemon.out)
    assert daemon.end(number) == 0
    last = json.loads(daemon.out.splitlines()[-1])
    assert (last["event_type"], last["reason"]) == ("face_left", "stopped")
    assert "Traceback" not in daemon.err


def test_what_a_kill_left_open_is_ended_at_the_next_start(
    tmp_path: Path, daemons: list[Daemon]
) -> None:
    options = ("--broker", "none", "--events", "-")
    daemons.append(Daemon(tmp_path, *options))
    assert_soon(lambda: "smile_started" in daemons[-1].out)
    daemons[-1].end(signal.SIGKILL)
    before = daemons[-1].events
    daemons.append(Daemon(tmp_path, *options, "--duration", "1"))
    assert daemons[-1].end() == 0
    ended, left, arrived, *_ = daemons[-1].events
    assert [ended["event_type"], left["event_type"]] == ["smile_ended", "face_left"]
    assert ended["reason"] == left["reason"] == "interrupted"
    assert ended["seq"] == before[-1]["seq"] + 1
    assert arrived["face"] > before[-1]["face"]


def test_a_camera_that_is_not_there_is_waited_for(tmp_path: Path, daemons: list[Daemon]) -> None:
    daemon = Daemon(tmp_path, "--source", "/dev/video99", "--broker", "none", "--duration", "2.5")
    daemons.append(daemon)
    assert daemon.end() == 0
    waits = re.findall(r"/dev/video99: no camera there.*; trying again in (\d+) s", daemon.err)
    assert waits == ["1", "2"]
    assert "Traceback" not in daemon.err


def test_a_broker_that_is_away_stops_nothing(tmp_path: Path, daemons: list[Daemon]) -> None:
    url = f"mqtt://127.0.0.1:{free_port()}"
    daemon = Daemon(tmp_path, "--broker", url, "--pace", "max", "--duration", str(LOOP_S))
    daemons.append(daemon)
    assert daemon.end() == 0
    assert f"broker {url}: no connection: Connection refused" in daemon.err
    assert f"{2 * SMILES_PER_LOOP + 2} events wait for the broker" in daemon.err


def test_smiles_of_real_people_are_counted_in_real_video(
    tmp_path: Path, daemons: list[Daemon]
) -> None:
    """A man who talks and does not smile: few false smiles, one visitor a clip."""
    data = os.environ.get("LIPWIRE_DATA")
    if not data:
        pytest.skip("no data here: set LIPWIRE_DATA to the folder that holds grid/")
    clip = sorted(Path(data).glob("grid/s1/*.mp4"))[0]
    daemon = Daemon(
        tmp_path, "--source", str(clip), "--broker", "none", "--pace", "max", "--events", "-"
    )
    daemons.append(daemon)
    assert daemon.end() == 0
    kinds = [json.loads(line)["event_type"] for line in daemon.out.splitlines()]
    assert kinds.count("face_arrived") == kinds.count("face_left") == 1
