"""Commands to the daemon: `command/<name>` with a small JSON object, or nothing, as payload."""

from __future__ import annotations

import json
import logging
import queue
import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from edge.errors import LipwireError
from edge.events import Result, message_json, utc
from edge.state import State

log = logging.getLogger(__name__)

MOST_BYTES = 1000  # of a payload
LONGEST_REQUEST = 100  # characters
MOST_WAITING = 20  # commands that came faster than they are carried out


@dataclass(frozen=True)
class Command:
    """One command as it was understood."""

    name: str
    request: str = ""  # the sender's id, by which a repetition is known
    profile: str = ""  # of the command `profile`


@dataclass(frozen=True)
class Action:
    """What a command does: in this process, and to what is kept over a restart."""

    act: Callable[[Command], str]  # gives what was done, in words
    keep: Callable[[], None] = lambda: None


class Refused(LipwireError):
    """A command that cannot be carried out, and why."""


class Commands:
    """Takes commands from any thread, carries them out in the daemon's, and answers each."""

    def __init__(
        self, state: State, actions: Mapping[str, Action], answer: Callable[[str], None]
    ) -> None:
        self._state, self._actions, self._answer = state, actions, answer
        self._waiting: queue.Queue[tuple[str, bytes]] = queue.Queue(MOST_WAITING)

    def receive(self, name: str, payload: bytes, retained: bool = False) -> None:
        """Keep a command until the daemon has time. What comes too fast is not carried out, nor is
        a retained one: it is old, and would be carried out at every start."""
        if retained:
            log.warning("command %s is retained: ignored; publish it without", _short(name))
            return
        try:
            self._waiting.put_nowait((name, payload[: MOST_BYTES + 1]))
        except queue.Full:
            log.warning("commands come too fast: %s is ignored", _short(name))

    def carry_out(self) -> None:
        """Do what was asked for since the last time."""
        for _ in range(self._waiting.qsize()):  # those that come meanwhile leave time for frames
            self._handle(*self._waiting.get_nowait())

    def _handle(self, name: str, payload: bytes) -> None:
        request = ""
        try:
            command = self._understand(name, payload)
            request = command.request
            if request and (known := self._state.answer(_key(command))) is not None:
                log.info(
                    "command %s: request %s came before; answered again", name, _short(request)
                )
                self._answer(known)
                return
            self._answer(self._obey(command))
            return
        except LipwireError as error:
            message = str(error)
        except sqlite3.Error as error:
            message = f"cannot be kept: {error}"
        except Exception as error:  # no command may stop the daemon
            log.exception("command %s failed", _short(name))
            message = f"failed: {type(error).__name__}"
        log.warning("command %s: %s", _short(name), message)
        self._answer(_result(_short(name), request, False, message))

    def _understand(self, name: str, payload: bytes) -> Command:
        if name not in self._actions:
            raise Refused(f"no such command; there are: {', '.join(self._actions)}")
        return parse(name, payload)

    def _obey(self, command: Command) -> str:
        action = self._actions[command.name]
        message = action.act(command)
        answer = _result(command.name, command.request, True, message)
        with self._state.transaction():
            action.keep()
            if command.request:
                self._state.remember(_key(command), answer)
        log.info("command %s: %s", command.name, message)
        return answer


def parse(name: str, payload: bytes) -> Command:
    """Understand a payload, or say in one line what is wrong with it."""
    if len(payload) > MOST_BYTES:
        raise Refused(f"more than {MOST_BYTES} bytes")
    try:
        values = json.loads(payload.decode("utf-8")) if payload.strip() else {}
    except (ValueError, RecursionError):  # not UTF-8, not JSON, or absurdly nested
        raise Refused("the payload is not JSON; send an object or nothing") from None
    if not isinstance(values, dict):
        raise Refused("the payload must be a JSON object or empty")
    known = {field.name for field in fields(Command)} - {"name"}
    for key, value in values.items():
        if key not in known:
            raise Refused(f"unknown key {_short(key)}; known: {', '.join(sorted(known))}")
        if not isinstance(value, str) or not _encodable(value):
            raise Refused(f"{key} must be a text")
    if len(values.get("request", "")) > LONGEST_REQUEST:
        raise Refused(f"request: more than {LONGEST_REQUEST} characters")
    return Command(name, **values)


def _key(command: Command) -> str:
    """By which a repetition is known: other commands may have the same request id."""
    return f"{command.name} {command.request}"


def _result(name: str, request: str, ok: bool, message: str) -> str:
    return message_json(Result(name, request, ok, message, utc(time.time())))


def _encodable(text: str) -> bool:
    """JSON can hold halves of characters that no message could repeat."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _short(text: Any) -> str:
    """A stranger's text, fit to be shown."""
    shown = str(text).encode("utf-8", "replace").decode()
    return "".join(c if c.isprintable() else "?" for c in shown[:40])
