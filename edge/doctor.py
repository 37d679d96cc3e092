"""`lipwire doctor`: whether everything that a daemon needs is there, and what to do where not."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from edge import device, picture, state_file
from edge.assemble import assemble
from edge.board import Board
from edge.cameras import is_video_device, make_camera
from edge.cameras.address import shown
from edge.cameras.quality import Quality, is_dark
from edge.clock import clock_synced
from edge.errors import CheckFailed, LipwireError
from edge.events import Check, Health, message_json, utc
from edge.feed.address import parse_address
from edge.feed.connection import Login
from edge.feed.credentials import credentials
from edge.feed.session import Session
from edge.profiles import Profile
from edge.settings import Settings

CAMERA_TIMEOUT_S, CAMERA_LOOK_S = 20.0, 1.0
MEMORY_MB, DISK_MB = 150.0, 100.0  # what a daemon needs
HOT_C, WARM_C = 80.0, 70.0  # a Raspberry Pi slows down at the first
LOCAL = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, how it is, and what to do where it is not well."""

    about: str
    level: Literal["ok", "note", "FAIL"]
    found: str
    advice: str = ""

    def __str__(self) -> str:
        advice = f"; {self.advice}" if self.advice else ""
        return f"{self.level:<5} {self.about:<12} {self.found}{advice}"


@dataclass
class Doctor:
    """Looks at everything in turn, beside a running daemon or without one."""

    settings: Settings
    profile: Profile
    models: Path | None
    state: Path
    board: Board = field(default_factory=Board)

    def __post_init__(self) -> None:
        self._daemon = state_file.owner(self.state)  # its process, where one runs
        self._device_id = self.settings.mqtt.device_id or device.default_id(self.state)

    def __call__(self) -> Iterator[Finding]:
        checks: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
            ("board", self._board),
            ("camera", self._camera),
            ("models", self._models),
            ("state", self._state),
            ("broker", self._broker),
            ("permissions", self._permissions),
            ("memory", self._memory),
            ("temperature", self._temperature),
            ("clock", self._clock),
        )
        for about, check in checks:
            try:
                yield from check()
            except LipwireError as error:
                where = "is the address right, and does it run there?"
                advice = where if "no connection" in str(error) else ""
                yield Finding(about, "FAIL", str(error), advice)
            except OSError as error:
                yield Finding(about, "FAIL", f"cannot be looked at: {error}", "as which user?")

    def _board(self) -> Iterator[Finding]:
        found = f"{self.board.model() or 'no board that is known'}, profile {self.profile.name}"
        yield Finding("board", "ok", found)

    def _camera(self) -> Iterator[Finding]:
        source = shown(self.settings.camera.source)
        settings = self.settings.camera
        camera = make_camera(settings, self.profile, quality=Quality(settings))
        if camera.live and self._daemon:
            found = f"{source} belongs to the daemon that runs (process {self._daemon})"
            yield Finding("camera", "ok", found, "its health message tells how it is")
            return
        seen: list[tuple[str, bool]] = []
        failure: list[Exception] = []

        def look() -> None:
            try:
                camera.open()
                seen.append(_frames(camera))
            except Exception as error:
                failure.append(error)
            finally:
                camera.close()

        looking = threading.Thread(target=look, name="doctor-camera", daemon=True)
        looking.start()
        looking.join(CAMERA_TIMEOUT_S)  # a driver may block for ever
        if seen:
            found, dark = seen[0]
            level: Literal["ok", "note"] = "note" if dark else "ok"
            advice = "its picture is dark: is the lens covered, or the light off?" if dark else ""
            yield Finding("camera", level, f"{source}: {found}", advice)
        else:
            found = str(failure[0]) if failure else f"{source} gives no picture"
            where = "; ls /dev/video*" if is_video_device(settings.source) else ""
            yield Finding("camera", "FAIL", found, f"check its cable and --source{where}")

    def _models(self) -> Iterator[Finding]:
        began = time.perf_counter()
        assemble(self.settings, self.profile, self.models, state=self.state)
        took = time.perf_counter() - began
        faces = f"faces ({self.settings.faces.detector})"
        read = "smiles and words" if self.settings.word.enabled else "smiles"
        yield Finding("models", "ok", f"{faces} and {read}, loaded in {took:.1f} s")

    def _state(self) -> Iterator[Finding]:
        new = not state_file.exists(self.state)
        place = next(p for p in (self.state, *self.state.absolute().parents) if p.exists())
        if not os.access(place, os.W_OK | os.X_OK):
            advice = "give it to this user, or choose another with --state"
            yield Finding("state", "FAIL", f"{place} cannot be written", advice)
            return
        free = shutil.disk_usage(place).free / 2**20
        if free < DISK_MB:
            yield Finding("state", "FAIL", f"{free:.0f} MB free at {place}", "make room")
            return
        if not new and not self.settings.mqtt.device_id:
            kept = state_file.stored_fact(self.state, "device_id")
            self._device_id = kept or self._device_id
        waiting = 0 if new else self._waiting()
        found = f"{self.state}{' (new)' if new else ''}: {waiting} events wait"
        user = f", in use by process {self._daemon}" if self._daemon else ""
        yield Finding("state", "ok", f"{found}, {free:.0f} MB free{user}")

    def _waiting(self) -> int:
        with state_file.look_into(self.state) as db:
            return int(db.execute("SELECT count(*) FROM outbox").fetchone()[0])

    def _broker(self) -> Iterator[Finding]:
        mqtt = self.settings.mqtt
        device.check(mqtt)
        if mqtt.broker == "none":
            yield Finding("broker", "note", "none: nothing is published")
            return
        if mqtt.broker == "embedded":
            from edge.feed.embedded import check_installed

            check_installed()
            found = "embedded: for a first look on this machine"
            yield Finding("broker", "note", found, "give your own with --broker mqtt://HOST")
            return
        address = parse_address(mqtt.broker)
        login = Login(address, mqtt, self._device_id)
        with Session(login, "-doctor") as session:
            user = credentials(mqtt).user
            who = f"as {user}" if user else "without a user"
            found = f"{address}, MQTT {session.version}, {who}, device {self._device_id}"
            if user and not address.tls and address.host not in LOCAL:
                advice = "the password goes over the network in the clear: use mqtts://"
                yield Finding("broker", "note", found, advice)
            else:
                yield Finding("broker", "ok", found)
            yield self._rights(session, login)
            yield from self._health(session, login)

    def _rights(self, session: Session, login: Login) -> Finding:
        """Publish a trial message and see whether it comes back: 3.1.1 knows no refusals."""
        topic = f"{login.base}/{Check.topic}"
        refused: list[str] = []

        def publish() -> None:
            refused.append(session.publish(topic, message_json(Check(utc(time.time())))))

        back = session.receive(topic, publish)
        advice = f"let it write to {login.base}/#"
        if refused[0]:
            return Finding("publishing", "FAIL", f"{topic} is refused: {refused[0]}", advice)
        if back is not None:
            return Finding("publishing", "ok", f"{topic} is accepted and comes back")
        if session.version == "5":
            found = f"{topic} is accepted; this user may not read it, which it need not"
            return Finding("publishing", "ok", found)
        found = f"{topic} does not come back, and in MQTT 3.1.1 a broker cannot say that it refuses"
        return Finding("publishing", "note", found, f"look whether it may read too, and {advice}")

    def _health(self, session: Session, login: Login) -> Iterator[Finding]:
        """What the running daemon says of its feed."""
        if not self._daemon:
            return
        health = _understood(session.receive(f"{login.base}/{Health.topic}"))
        if health is None:
            advice = "does it use the same broker and device id?"
            yield Finding("feed", "FAIL", "the daemon runs and its health is not there", advice)
            return
        if health.get("camera") == "missing":
            yield Finding("feed", "FAIL", "the daemon's camera is missing", "check its cable")
        elif health.get("camera") == "paused":
            yield Finding("feed", "note", "the daemon was paused by a command", "send resume")
        elif health.get("picture") == "dark":
            found = "the daemon's camera sees no light"
            yield Finding("feed", "note", found, "is the lens covered, or the light off?")
        if health.get("refusal"):
            advice = f"let it write to {login.base}/# and to Home Assistant's prefix"
            yield Finding("feed", "FAIL", f"refused: {health['refusal']}", advice)
        if health.get("takeovers"):
            found = f"another client took over {health['takeovers']} times"
            yield Finding("feed", "FAIL", found, "give one of them another [mqtt] device_id")
        if health.get("outbox_dropped"):
            found = f"{health['outbox_dropped']} events were dropped: the outbox was full"
            yield Finding("feed", "note", found)

    def _permissions(self) -> Iterator[Finding]:
        source, mqtt = self.settings.camera.source, self.settings.mqtt
        node = Path(f"/dev/video{source}" if source.isdigit() else source)
        if node.is_relative_to("/dev") and node.exists() and not os.access(node, os.R_OK | os.W_OK):
            advice = "sudo usermod -aG video $USER, then log in again"
            yield Finding("permissions", "FAIL", f"{node} may not be used", advice)
        for name in filter(None, (mqtt.credentials_file, mqtt.key_file)):
            if Path(name).exists() and Path(name).stat().st_mode & 0o077:
                advice = f"chmod 600 {name}"
                yield Finding("permissions", "note", f"others may read {name}", advice)
                return
        yield Finding("permissions", "ok", "nothing is in the way")

    def _memory(self) -> Iterator[Finding]:
        total, free = self.board.memory_mb()
        found = f"{free:.0f} of {total:.0f} MB can be had"
        if free < MEMORY_MB and not self._daemon:
            advice = f"the daemon needs {MEMORY_MB:.0f}: end other programs"
            yield Finding("memory", "FAIL", found, advice)
        else:
            yield Finding("memory", "ok", found)

    def _temperature(self) -> Iterator[Finding]:
        degrees, slowed = self.board.temperature_c(), self.board.throttled()
        found = "no thermometer" if degrees is None else f"{degrees:.0f} °C"
        advice = "a heat sink or a fan"
        if "under_voltage" in slowed or "under_voltage" in self.board.was_throttled():
            advice = "a stronger power supply and a short cable"
        if slowed:
            yield Finding("temperature", "FAIL", f"{found}, slowed: {', '.join(slowed)}", advice)
        elif earlier := self.board.was_throttled():
            found += f", slowed since the start: {', '.join(earlier)}"
            yield Finding("temperature", "note", found, advice)
        elif degrees is not None and degrees >= WARM_C:
            level: Literal["FAIL", "note"] = "FAIL" if degrees >= HOT_C else "note"
            yield Finding("temperature", level, found, advice)
        else:
            yield Finding("temperature", "ok", found)

    def _clock(self) -> Iterator[Finding]:
        if clock_synced():
            yield Finding("clock", "ok", "follows a time server")
        else:
            found = "follows no time server: events say clock_synced: false"
            yield Finding("clock", "note", found, "timedatectl set-ntp true")


def _understood(told: bytes | None) -> dict[str, Any] | None:
    """A health message; None where there is none, or something else."""
    try:
        health = json.loads(told or b"")
    except ValueError:
        return None
    return health if isinstance(health, dict) else None


def _frames(camera: Any) -> tuple[str, bool]:
    """Size and rate of what a camera gives, and whether its last picture is dark."""
    began, count, size, dark = time.monotonic(), 0, "", False
    while time.monotonic() - began < CAMERA_LOOK_S:
        frame = camera.read()
        if frame is None:
            break
        with frame:
            if count == 0:
                began = time.monotonic()
                size = "{}x{}".format(*picture.size(frame.image))
            dark = is_dark(frame.image)
        count += 1
        if not camera.live:
            break
    if not count:
        raise CheckFailed("it gives no picture")
    rate = f", {count / (time.monotonic() - began):.0f} frames a second" if camera.live else ""
    return size + rate, dark


def examine(doctor: Doctor, tell: Callable[[Finding], None]) -> bool:
    """Tell every finding as it comes; gives whether all is well."""
    failed = False
    for finding in doctor():
        failed = failed or finding.level == "FAIL"
        tell(finding)
    return not failed
