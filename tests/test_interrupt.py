"""Ctrl-C at moments when it would be taken for something else."""

from __future__ import annotations

import signal
import threading

import pytest

from edge.interrupt import interrupts_held


def test_an_interruption_comes_when_what_must_be_whole_is_done() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), interrupts_held():
        signal.raise_signal(signal.SIGINT)
        done.append("whole")
    assert done == ["whole"]
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_an_interruption_is_told_in_the_place_of_what_it_made_fail() -> None:
    with pytest.raises(KeyboardInterrupt), interrupts_held():
        signal.raise_signal(signal.SIGINT)
        raise ImportError("initialization failed")


def test_who_handles_interruptions_is_called_at_the_end() -> None:
    told: list[str] = []
    before = signal.signal(signal.SIGINT, lambda *_: told.append("asked to stop"))
    try:
        with interrupts_held():
            signal.raise_signal(signal.SIGINT)
            told.append("whole")
    finally:
        signal.signal(signal.SIGINT, before)
    assert told == ["whole", "asked to stop"]


def test_other_threads_hold_nothing_and_are_not_in_the_way() -> None:
    done = []

    def import_something() -> None:
        with interrupts_held():
            done.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=import_something)
    thread.start()
    thread.join()
    assert done == [signal.default_int_handler]
