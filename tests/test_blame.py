"""Which message a connection breaks at."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.events import FaceArrived, SmileEnded, SmileStarted
from edge.feed.blame import ONE_BY_ONE, TOO_OFTEN, Blame
from edge.feed.publisher import Publisher
from edge.state import State
from tests.conftest import Mosquitto
from tests.feed import Subscriber, assert_soon, distinct, login

BAD, GOOD = ("event/smile", 7), ("event/smile", 8)
AT = 1_700_000_000.0


def test_a_message_that_was_alone_too_often_is_to_blame() -> None:
    blame = Blame()
    assert blame.broken([BAD, GOOD], 0) is None
    assert blame.is_careful
    assert [blame.broken([BAD], 0) for _ in range(TOO_OFTEN)] == [None] * (TOO_OFTEN - 1) + [BAD]
    assert blame.blames(BAD)
    assert not blame.blames(GOOD)
    assert blame.holds_back("event/smile")


def test_an_answer_clears_a_message() -> None:
    blame = Blame()
    for _ in range(TOO_OFTEN - 1):
        blame.broken([BAD], 0)
    blame.answered(BAD)
    assert blame.broken([BAD], 0) is None
    assert not blame.blames(BAD)


def test_connections_that_break_with_nothing_on_the_way_blame_nothing() -> None:
    blame = Blame()
    assert [blame.broken([], 0) for _ in range(10)] == [None] * 10
    assert not blame.is_careful


def test_after_so_many_answers_messages_go_together_again() -> None:
    blame = Blame()
    blame.broken([BAD, GOOD], 0)
    for seq in range(ONE_BY_ONE):
        assert blame.is_careful
        blame.answered(("event/smile", seq))
    assert not blame.is_careful


def test_messages_too_large_for_a_broker_hold_up_no_other(
    tmp_path: Path, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mosquitto answers them with a code that MQTT does not have there."""
    mosquitto.stop()
    mosquitto.settings = "allow_anonymous true\nmessage_size_limit 195"
    mosquitto.start()
    monkeypatch.setattr("edge.feed.trouble.FIRST_PAUSE_S", 0.05)
    state = State(tmp_path / "state")
    subscriber = Subscriber(mosquitto.port)
    publisher = Publisher(login(mosquitto.url), state)
    ended = SmileEnded(face=1, at=AT, duration_s=1.5, peak=0.9, reason="interrupted")
    state.record([FaceArrived(face=1, at=AT), ended, SmileStarted(face=1, at=AT), ended])
    state.record([FaceArrived(face=2, at=AT)] * 30)
    publisher.start()
    assert_soon(lambda: state.ledger()["delivered"] == 32, 30)
    subscriber.assert_soon(lambda s: len(distinct(s.events)) == 32)
    assert {e["event_type"] for e in subscriber.events} == {"face_arrived", "smile_started"}
    assert state.waiting_count == 2
    assert publisher.refusal.startswith("lipwire/test/event/smile: the connection breaks at it")
    publisher.stop(0.2)
    state.close()
    subscriber.close()
    assert subscriber.faults == []
