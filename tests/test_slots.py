"""Latest values: when one is sent, sent again, and left alone."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from edge.feed.slots import Slot


@dataclass
class Value:
    """What a slot sends, and how often it was asked for."""

    now: int = 1
    asked: int = 0

    def payload(self) -> str:
        self.asked += 1
        return str(self.now)

    def version(self) -> int:
        return self.now


@pytest.fixture
def value() -> Value:
    return Value()


def slot(value: Value, **times: float) -> Slot:
    return Slot("topic", value.payload, value.version, **times)


def test_a_value_is_sent_once_and_then_when_it_changes(value: Value) -> None:
    it = slot(value)
    assert it.due(0.0)
    assert it.next(0.0) == "1"
    assert not it.due(1e9)
    value.now = 2
    assert it.due(0.0)
    assert it.next(0.0) == "2"
    assert not it.due(0.0)


def test_a_value_without_versions_is_sent_once() -> None:
    it = Slot("topic", lambda: "same")
    assert it.next(0.0) == "same"
    assert not it.due(1e9)


def test_asking_whether_it_is_due_does_not_make_the_payload(value: Value) -> None:
    it = slot(value)
    assert it.due(0.0)
    assert it.busy(0.0)
    assert value.asked == 0


def test_changes_in_quick_succession_are_one_message_of_the_newest(value: Value) -> None:
    it = slot(value, least_s=1.0)
    it.next(10.0)
    value.now = 2
    assert not it.due(10.9)
    value.now = 3
    assert it.due(11.0)
    assert it.next(11.0) == "3"
    assert not it.due(11.0)


def test_a_value_that_stays_the_same_is_repeated_after_its_time(value: Value) -> None:
    it = slot(value, least_s=1.0, every_s=30.0)
    it.next(10.0)
    assert not it.due(39.9)
    assert it.due(40.0)
    it.next(40.0)
    assert not it.due(69.9)
    assert it.due(70.0)


def test_a_change_puts_the_repetition_off(value: Value) -> None:
    it = slot(value, every_s=30.0)
    it.next(0.0)
    value.now = 2
    it.next(20.0)
    assert not it.due(49.9)
    assert it.due(50.0)


def test_no_second_message_goes_out_before_the_first_is_answered(value: Value) -> None:
    it = slot(value)
    it.next(0.0)
    it.on_its_way = 7
    value.now = 2
    assert not it.due(1e9)
    assert it.busy(0.0)
    it.on_its_way = None
    assert it.due(0.0)


def test_a_new_connection_gets_it_at_once_even_where_nothing_changed(value: Value) -> None:
    it = slot(value, least_s=1.0)
    it.next(0.0)
    it.on_its_way = 7
    it.forget()
    assert it.on_its_way is None
    assert it.due(0.1)


def test_it_can_be_asked_for_once_more(value: Value) -> None:
    it = slot(value, least_s=1.0)
    it.next(0.0)
    it.again()
    assert it.due(0.0)
    assert it.next(0.0) == "1"
    assert not it.due(0.0)


def test_what_was_asked_for_while_on_its_way_goes_out_once_more_after_it(value: Value) -> None:
    it = slot(value)
    it.next(0.0)
    it.on_its_way = 7
    it.again()
    assert not it.due(0.0)
    it.on_its_way = None
    assert it.due(0.0)


def test_what_was_refused_is_tried_again_at_its_time_though_it_is_the_same(value: Value) -> None:
    it = slot(value)
    it.next(0.0)
    it.refused(5.0)
    assert not it.due(4.9)
    assert not it.busy(4.9)
    assert it.due(5.0)
    it.next(5.0)
    assert not it.due(1e9)


def test_in_a_hurry_a_change_waits_no_longer_and_what_is_the_same_is_not_sent(
    value: Value,
) -> None:
    it = slot(value, least_s=1.0)
    it.next(0.0)
    it.hurry()
    assert not it.due(0.1)
    value.now = 2
    assert it.due(0.1)


def test_it_is_busy_until_the_newest_value_was_answered(value: Value) -> None:
    it = slot(value)
    assert it.busy(0.0)
    it.next(0.0)
    it.on_its_way = 7
    assert it.busy(0.0)
    it.on_its_way = None
    assert not it.busy(0.0)


def test_a_change_while_the_payload_is_made_is_sent_too() -> None:
    value = Value()

    def changing() -> str:
        value.now += 1
        return str(value.now)

    it = Slot("topic", changing, value.version)
    it.next(0.0)
    assert it.due(0.0)
