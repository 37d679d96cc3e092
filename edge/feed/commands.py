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
    """What a command does: to what is kept over a restart, and in this process."""

    keep: Callable[[], None] = lambda: None
    act: Callable[[Command], str | None] = lambda command: None
    done: str = ""  # the answer, where it does not depend on what `act` says


class Refused(LipwireError):
    """A command that cannot be carried out, why, and the request's id where it has one."""

    def __init__(self, why: str, request: str = "") -> None:
        super().__init__(why)
        self.request = request


class Commands:
    """Takes commands from any thread, carries them out in the daemon's, and answers each."""

    def __init__(
        self, state: State, actions: Mapping[str, Action], answer: Callable[[str], None]
    ) -> None:
        self._state, self._actions, self._answer = state, actions, answer
        self._flooded = False  # commands have come too fast since the last were carried out
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
            if not self._flooded:
                log.warning("commands come too fast: some are not carried out")
            self._flooded = True
            self._answer(_result(_short(name), "", False, "commands come too fast"))

    def carry_out(self) -> None:
        """Do what was asked for since the last time."""
        self._flooded = False
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
        except Refused as error:
            request, message = error.request or request, str(error)
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
        command = parse(name, payload)
        if name not in self._actions:
            there_are = ", ".join(self._actions)
            raise Refused(f"no such command; there are: {there_are}", command.request)
        return command

    def _obey(self, command: Command) -> str:
        """What can be said beforehand is kept before it is done: a full disk changes nothing."""
        action = self._actions[command.name]
        message = action.done or action.act(command) or ""
        answer = _result(command.name, command.request, True, message)
        with self._state.transaction():
            action.keep()
            if command.request:
                self._state.remember(_key(command), answer)
        if action.done:
            action.act(command)
        log.info("command %s: %s", command.name, message)
        return answer


def parse(name: str, payload: bytes) -> Command:
    """Understand a payload, or say in one line what is wrong with it."""
    values = _read(payload)
    request = values.get("request", "")
    if not isinstance(request, str) or not _encodable(request):
        raise Refused("request must be a text")
    if len(request) > LONGEST_REQUEST:
        raise Refused(f"request: more than {LONGEST_REQUEST} characters")
    known = {field.name for field in fields(Command)} - {"name"}
    for key, value in values.items():
        if key not in known:
            why = f"unknown key {_short(key)}; known: {', '.join(sorted(known))}"
            raise Refused(why, request)
        if not isinstance(value, str) or not _encodable(value):
            raise Refused(f"{key} must be a text", request)
    return Command(name, **values)


def _read(payload: bytes) -> dict[str, Any]:
    if len(payload) > MOST_BYTES:
        raise Refused(f"more than {MOST_BYTES} bytes")
    try:
        values = json.loads(payload.decode("utf-8")) if payload.strip() else {}
    except (ValueError, RecursionError):  # not UTF-8, not JSON, or absurdly nested
        raise Refused("the payload is not JSON; send an object or nothing") from None
    if not isinstance(values, dict):
        raise Refused("the payload must be a JSON object or empty")
    return values


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
