"""The feed over a real broker: what is committed arrives, whatever happens on the way."""

from __future__ import annotations

import gc
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from paho.mqtt.enums import MQTTProtocolVersion

from edge.errors import BrokerError
from edge.events import Event, FaceArrived, SmileStarted, VisemeChanged, live_json
from edge.feed.address import parse_address
from edge.feed.publisher import Publisher
from edge.shapes import SHAPES
from edge.state import State
from tests.conftest import Mosquitto
from tests.feed import Subscriber, assert_soon, distinct, login

AT = 1_700_000_000.0


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State(tmp_path / "state")
    yield state
    state.close()


@pytest.fixture
def publisher(state: State, mosquitto: Mosquitto) -> Iterator[Publisher]:
    publisher = Publisher(login(mosquitto.url), state)
    yield publisher
    publisher.stop(0.2)


def smiles(count: int) -> list[Event]:
    return [SmileStarted(face=1, at=AT) for _ in range(count)]


def restart(mosquitto: Mosquitto, settings: str) -> None:
    """The same broker with other settings."""
    mosquitto.stop()
    mosquitto.settings = settings
    mosquitto.start()


def restrict(mosquitto: Mosquitto, rights: str) -> Path:
    """Let the broker refuse what these rights do not allow; gives their file."""
    file = mosquitto.folder / "rights"
    file.write_text(rights)
    restart(mosquitto, f"allow_anonymous true\nacl_file {file}")
    return file


def test_events_counts_and_availability_arrive(
    state: State, publisher: Publisher, subscriber: Subscriber
) -> None:
    publisher.start()
    state.record([FaceArrived(face=1, at=AT), *smiles(2)])
    subscriber.assert_soon(lambda s: len(s.events) == 3)
    assert [e["event_type"] for e in subscriber.events] == ["face_arrived"] + ["smile_started"] * 2
    assert [r.topic for r in subscriber.received if "event" in r.topic] == [
        "lipwire/test/event/face",
        "lipwire/test/event/smile",
        "lipwire/test/event/smile",
    ]
    counts = subscriber.assert_soon(lambda s: (s.last("counts") or {}).get("seq") == 3 and s)
    assert counts.last("counts")["smiles_total"] == 2
    assert subscriber.last("availability") == "online"
    assert_soon(lambda: state.waiting_count == 0)


def test_connections_that_are_over_hold_no_sockets(
    state: State, publisher: Publisher, mosquitto: Mosquitto
) -> None:
    gc.collect()
    gc.disable()  # it would tidy up after us, late and with warnings
    try:
        before = len(list(Path("/proc/self/fd").iterdir()))
        publisher.start()
        for _ in range(3):
            assert_soon(lambda: publisher.connected)
            mosquitto.stop()
            assert_soon(lambda: not publisher.connected)
            mosquitto.start()
        assert_soon(lambda: publisher.connected)
        publisher.stop()
        assert len(list(Path("/proc/self/fd").iterdir())) <= before
    finally:
        gc.enable()


def test_latest_values_are_retained_and_a_clean_stop_says_offline(
    state: State, publisher: Publisher, mosquitto: Mosquitto
) -> None:
    publisher.start()
    state.record(smiles(5))
    publisher.stop()
    late_comer = Subscriber(mosquitto.port)
    late_comer.assert_soon(lambda s: len(s.received) == 2)
    late_comer.close()
    assert all(r.retained for r in late_comer.received)
    assert late_comer.last("availability") == "offline"
    assert late_comer.last("counts")["smiles_total"] == 5
    assert state.waiting_count == 0


def test_an_outage_loses_nothing_and_the_latest_counts_come_again(
    state: State, publisher: Publisher, subscriber: Subscriber, mosquitto: Mosquitto
) -> None:
    publisher.start()
    state.record(smiles(3))
    subscriber.assert_soon(lambda s: len(s.events) == 3)
    mosquitto.stop()
    assert_soon(lambda: not publisher.connected)
    state.record(smiles(50))
    assert "connection" in publisher.trouble
    mosquitto.start()
    subscriber.assert_soon(lambda s: len(distinct(s.events)) == 53)
    subscriber.assert_soon(lambda s: s.last("counts")["seq"] == 53)
    assert [e["seq"] for e in distinct(subscriber.events)] == list(range(1, 54))
    assert_soon(lambda: state.waiting_count == 0)
    assert publisher.trouble == ""


def test_a_silent_broker_delays_and_loses_nothing(
    state: State, publisher: Publisher, subscriber: Subscriber, mosquitto: Mosquitto
) -> None:
    publisher.start()
    assert_soon(lambda: publisher.connected)
    assert mosquitto.process
    mosquitto.process.send_signal(signal.SIGSTOP)
    state.record(smiles(100))
    assert state.waiting_count == 100
    mosquitto.process.send_signal(signal.SIGCONT)
    subscriber.assert_soon(lambda s: len(distinct(s.events)) == 100)
    assert_soon(lambda: state.ledger()["delivered"] == 100)


def test_a_subscriber_that_was_away_finds_what_came_meanwhile(
    state: State, publisher: Publisher, mosquitto: Mosquitto
) -> None:
    early = Subscriber(mosquitto.port)
    publisher.start()
    state.record(smiles(3))
    early.assert_soon(lambda s: len(s.events) == 3)
    early.close()
    state.record(smiles(20))
    assert_soon(lambda: state.ledger()["delivered"] == 23)
    back = Subscriber(mosquitto.port)
    back.assert_soon(lambda s: len(distinct(s.events)) == 20)
    back.assert_soon(lambda s: (s.last("counts") or {}).get("smiles_total") == 23)
    back.close()
    assert [e["seq"] for e in back.events] == list(range(4, 24))


def test_an_event_that_the_broker_refuses_is_kept_and_the_refusal_is_shown(
    state: State, publisher: Publisher, subscriber: Subscriber, mosquitto: Mosquitto
) -> None:
    rights = restrict(mosquitto, "topic read #\ntopic write lipwire/+/availability\n")
    publisher.start()
    state.record(smiles(4))
    assert_soon(lambda: "refused" in publisher.trouble)
    assert state.ledger() == {"delivered": 0, "dropped": 0, "unsent": 0, "waiting": 4}
    rights.write_text("topic readwrite #\n")
    assert mosquitto.process
    mosquitto.process.send_signal(signal.SIGHUP)
    subscriber.assert_soon(lambda s: len(distinct(s.events)) == 4)
    assert_soon(lambda: state.waiting_count == 0 and publisher.trouble == "")


def test_refused_events_do_not_hold_up_those_behind_them(
    state: State, publisher: Publisher, subscriber: Subscriber, mosquitto: Mosquitto
) -> None:
    restrict(mosquitto, "topic read #\ntopic write lipwire/+/event/face\n")
    assert_soon(lambda: subscriber.times_subscribed == 2)
    state.record([*smiles(60), FaceArrived(face=1, at=AT)])
    publisher.start()
    subscriber.assert_soon(lambda s: s.events)
    assert [e["event_type"] for e in subscriber.events] == ["face_arrived"]
    assert_soon(lambda: state.ledger()["delivered"] == 1)
    assert state.waiting_count == 60
    assert "refused" in publisher.trouble


def test_a_broker_that_hangs_is_not_taken_for_one_that_knows_no_mqtt_5(
    state: State, publisher: Publisher, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In 3.1.1 it could not say what it refuses, and that would be lost."""
    monkeypatch.setattr("edge.feed.line.TIMEOUT_S", 0.2)
    monkeypatch.setattr("edge.feed.trouble.LONGEST_PAUSE_S", 0.1)
    publisher.start()
    assert_soon(lambda: publisher.connected)
    publisher._line._client.socket().shutdown(2)  # type: ignore[union-attr]
    assert mosquitto.process
    mosquitto.process.send_signal(signal.SIGSTOP)
    tries: set[float] = set()
    try:
        assert_soon(lambda: tries.add(publisher._line._answer_by) or len(tries) > 5)  # type: ignore[func-returns-value]
    finally:
        mosquitto.process.send_signal(signal.SIGCONT)
    assert_soon(lambda: publisher.connected)
    assert publisher.version == "5"


def test_one_connection_without_an_answer_does_not_give_up_the_newer_protocol(
    state: State,
) -> None:
    """Only in MQTT 5 can a broker say that it refuses a message."""
    door = socket.create_server(("127.0.0.1", 0))
    port = door.getsockname()[1]
    publisher = Publisher(login(f"mqtt://127.0.0.1:{port}"), state)
    publisher.start()
    door.accept()[0].close()
    assert_soon(lambda: publisher.trouble == "it does not answer")
    asked, _ = door.accept()
    asked.settimeout(5)
    connect = asked.recv(100)
    asked.close()
    door.close()
    publisher.stop(0.1)
    assert connect[connect.index(b"MQTT") + 4] == 5


@pytest.mark.parametrize("farewell", [b"\xe0\x01\x8e", b"\xe0\x02\x8e\x00"], ids=["short", "long"])
def test_a_takeover_that_the_broker_names_is_counted_and_not_answered_with_another(
    state: State, farewell: bytes
) -> None:
    """Written by hand, because older brokers close the connection without a word."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        publisher = Publisher(login(f"mqtt://127.0.0.1:{door.getsockname()[1]}"), state)
        publisher.start()
        asked, _ = door.accept()
        with asked:
            asked.recv(1000)
            asked.sendall(b"\x20\x03\x00\x00\x00" + farewell)
            assert_soon(lambda: publisher.takeovers == 1)
            assert_soon(lambda: "another client uses the id" in publisher.trouble)
            door.settimeout(2)  # three times the rest after any other loss
            with pytest.raises(TimeoutError):
                door.accept()
        publisher.stop(0.1)


def test_a_broker_that_refuses_the_user_is_said_once_and_events_wait(
    state: State, publisher: Publisher, mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    restart(mosquitto, "allow_anonymous false")
    publisher.start()
    state.record(smiles(1))
    assert_soon(lambda: "refused" in publisher.trouble)
    assert_soon(lambda: publisher._trouble._pause_s > 1)
    assert len([r for r in caplog.records if "refused" in r.message]) == 1
    assert state.waiting_count == 1


def test_the_will_says_offline_when_the_daemon_dies(
    state: State, publisher: Publisher, subscriber: Subscriber
) -> None:
    publisher.start()
    subscriber.assert_soon(lambda s: s.last("availability") == "online")
    socket = publisher._line._client.socket()
    assert socket
    socket.shutdown(2)  # as if the process were gone, without a word
    subscriber.assert_soon(
        lambda s: (
            [r.message for r in s.received if r.topic.endswith("availability")][:2]
            == ["online", "offline"]
        )
    )


def mouths(publisher: Publisher, *numbers: int) -> None:
    """Tell of a mouth, with a face's number to know it by."""
    for number in numbers:
        mouth = VisemeChanged(
            face=number, at=AT, viseme="open", weights=dict.fromkeys(SHAPES, 1 / len(SHAPES))
        )
        publisher.tell_live(mouth.topic, live_json(mouth, f"{number:032x}", True))


def test_what_is_told_live_goes_without_an_acknowledgement_and_is_not_kept(
    state: State, publisher: Publisher, subscriber: Subscriber
) -> None:
    publisher.start()
    state.record(smiles(1))
    subscriber.assert_soon(lambda s: s.events)
    mouths(publisher, 1, 2, 3)
    subscriber.assert_soon(lambda s: len(s.live) == 3)
    assert [mouth["face"] for mouth in subscriber.live] == [1, 2, 3]
    told = [r for r in subscriber.received if r.topic == "lipwire/test/event/viseme"]
    assert {(r.qos, r.retained) for r in told} == {(0, False)}
    assert state.ledger() == {"delivered": 1, "dropped": 0, "unsent": 0, "waiting": 0}


def test_what_is_told_live_while_the_broker_is_away_never_comes(
    state: State, publisher: Publisher, subscriber: Subscriber, mosquitto: Mosquitto
) -> None:
    mouths(publisher, 1)  # before the first connection
    publisher.start()
    subscriber.assert_soon(lambda s: s.last("availability") == "online")
    mouths(publisher, 2)
    subscriber.assert_soon(lambda s: s.live)
    mosquitto.stop()
    assert_soon(lambda: not publisher.connected)
    mouths(publisher, *range(3, 200))
    mosquitto.start()
    assert_soon(lambda: publisher.connected)
    state.record(smiles(1))
    subscriber.assert_soon(lambda s: s.events)  # whatever was queued would have come before
    mouths(publisher, 200)
    subscriber.assert_soon(lambda s: len(s.live) > 1)
    assert [mouth["face"] for mouth in subscriber.live] == [2, 200]


def test_what_is_told_live_does_not_pile_up_where_the_broker_hangs(
    state: State, publisher: Publisher, subscriber: Subscriber, mosquitto: Mosquitto
) -> None:
    publisher.start()
    subscriber.assert_soon(lambda s: s.last("availability") == "online")
    assert mosquitto.process
    mosquitto.process.send_signal(signal.SIGSTOP)
    try:
        waiting = publisher._line._client._out_packet
        told = 0
        until = time.monotonic() + 60  # the system's own buffers take a good deal first
        while not waiting and time.monotonic() < until:
            mouths(publisher, *range(told, told + 100))
            told += 100
            assert_soon(lambda: not publisher._live)
        assert len(waiting) == 1
        mouths(publisher, 1, 2, 3)
        assert_soon(lambda: not publisher._live)
        assert len(waiting) == 1
    finally:
        mosquitto.process.send_signal(signal.SIGCONT)


def test_a_live_message_that_the_broker_would_not_take_is_no_end_of_the_connection(
    state: State, publisher: Publisher, subscriber: Subscriber, mosquitto: Mosquitto
) -> None:
    restart(mosquitto, "allow_anonymous true\nmax_packet_size 320")
    assert_soon(lambda: subscriber.times_subscribed == 2)
    publisher.start()
    assert_soon(lambda: publisher.connected)
    for _ in range(3):
        mouths(publisher, 1)
        assert_soon(lambda: not publisher._live)
    state.record([FaceArrived(face=1, at=AT)])
    subscriber.assert_soon(lambda s: s.events)
    assert subscriber.live == []
    assert "closed" not in publisher.trouble
    said = [r.message for r in subscriber.received if r.topic.endswith("availability")]
    assert said == ["online"]


def test_an_event_sent_long_after_it_was_stored_is_late(
    state: State, mosquitto: Mosquitto, subscriber: Subscriber
) -> None:
    (row,) = state.record(smiles(1))
    publisher = Publisher(login(mosquitto.url), state, now=lambda: row.stored_at + 10.5)
    publisher.start()
    subscriber.assert_soon(lambda s: s.events)
    publisher.stop()
    assert subscriber.events[0]["late"] is True


def test_a_small_receive_maximum_is_kept(
    state: State, publisher: Publisher, subscriber: Subscriber, mosquitto: Mosquitto
) -> None:
    restart(mosquitto, "allow_anonymous true\nmax_inflight_messages 1")
    publisher.start()
    state.record(smiles(40))
    subscriber.assert_soon(lambda s: len(s.events) >= 40)
    publisher.stop()
    assert len(subscriber.events) == 40  # no connection was closed for exceeding it
    assert publisher._line.window == 1
    log = (mosquitto.folder / "mosquitto.log").read_text()
    assert "exceeded" not in log.lower()


def test_a_broker_that_speaks_only_3_1_1_is_spoken_to_in_3_1_1(tmp_path: Path) -> None:
    pytest.importorskip("amqtt")
    from edge.feed.embedded import EmbeddedBroker

    broker = EmbeddedBroker()
    broker.wait()
    state = State(tmp_path)
    publisher = Publisher(login(f"mqtt://127.0.0.1:{broker.address.port}"), state)
    subscriber = Subscriber(broker.address.port, MQTTProtocolVersion.MQTTv311)
    publisher.start()
    state.record(smiles(30))
    subscriber.assert_soon(lambda s: len(distinct(s.events)) == 30)
    publisher.stop()
    subscriber.assert_soon(lambda s: s.last("availability") == "offline")
    subscriber.close()
    assert subscriber.faults == []
    assert state.waiting_count == 0
    state.close()
    broker.stop()


@pytest.mark.parametrize(
    "url",
    ["", "localhost", "http://localhost", "mqtt://", "mqtt://host:99999", "mqtt://host/path"],
)
def test_a_nonsense_address_is_refused(url: str) -> None:
    with pytest.raises(BrokerError):
        parse_address(url)


def test_a_password_in_the_address_is_refused_without_repeating_it() -> None:
    with pytest.raises(BrokerError) as refusal:
        parse_address("mqtt://me:secret@host")
    assert "secret" not in str(refusal.value)


def test_addresses_are_understood() -> None:
    assert str(parse_address("mqtt://pi.local")) == "mqtt://pi.local:1883"
    assert str(parse_address("mqtts://pi.local")) == "mqtts://pi.local:8883"
    assert str(parse_address("mqtt://[::1]:1900")) == "mqtt://::1:1900"
