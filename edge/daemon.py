"""The daemon: puts the parts together, feeds frames through them and ends them in order."""

from __future__ import annotations

import collections
import contextlib
import json
import logging
import signal
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge import device, profiles
from edge.cameras.address import shown
from edge.emit import Emitter, JsonLines, Sink
from edge.errors import CheckFailed, SettingsError
from edge.feed.commands import Action, Command, Commands
from edge.feed.feed import Feed
from edge.frame import Frame, Image
from edge.history import Hour
from edge.live import Live, LiveSink
from edge.osc import Mesh
from edge.outbox import Stored
from edge.page import Page
from edge.pipeline import Seen
from edge.profiles import Profile
from edge.settings import Settings
from edge.snapshot import Snapshot
from edge.state import Open, State
from edge.watch import Watch

log = logging.getLogger(__name__)

WAIT_S = 0.5  # for a frame, before looking whether to stop
PREVIEW_S = 3.0  # a picture is shown no longer than this without a newer one
NOTE_EVERY_S = 10.0  # how often it is noted until when open smiles and visits lasted
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0  # before a failed pipeline is started again
PAUSED = "paused"  # the fact of the state that outlives a restart


@dataclass(frozen=True)
class Options:
    """What one run is told beside its settings."""

    profile: Profile
    state: Path | None = None
    models: Path | None = None
    duration_s: float | None = None
    events: str | None = None  # "-" or a file


class Daemon:
    """One run, from the first frame to the last event."""

    def __init__(self, settings: Settings, options: Options) -> None:
        self._settings, self._options = settings, options
        self._recent: collections.deque[str] = collections.deque(maxlen=20)
        self._stop = threading.Event()
        self._restarts = 0
        self._noted_at = self._shown_at = time.monotonic()
        self._preview: Image | None = None
        self._watch = Watch(
            settings, options.profile, options.models, device.state_folder(options.state)
        )
        device.check(settings.mqtt)
        sinks: list[Sink] = [self._remember, self._announce]
        live_sinks: list[LiveSink] = []
        if options.events:
            lines = JsonLines(options.events, sys.stdout)
            sinks.append(lines)
            live_sinks.append(lines.live)
        with contextlib.ExitStack() as on_failure:
            self._feed = Feed(settings)
            on_failure.callback(self._feed.stop)
            self._mesh = Mesh.of(settings)
            if self._mesh:
                on_failure.callback(self._mesh.stop)
            folder = device.state_folder(options.state)
            self._state = State(folder, settings.outbox, settings.history)
            on_failure.callback(self._state.close)
            self._device_id = settings.mqtt.device_id or self._state.fact(
                "device_id", device.default_id(folder)
            )
            self._watch.load(lambda: self._state.next_face)
            self._page = Page.at(settings.page.address, lambda: self.snapshot)
            on_failure.pop_all()
        self._commands = Commands(self._state, self._actions(), self._feed.answer)
        self._feed.prepare(
            self._device_id,
            self._state,
            options.profile,
            self._page.url if self._page else "",
            lambda: self.snapshot,
            self._commands.receive,
        )
        if self._feed.is_on:
            live_sinks.append(self._feed.tell_live)
        self._emit = Emitter(self._state, self._feed.is_on, sinks)
        self._live = Live(settings.viseme.events_per_s, live_sinks)
        self._counts, self._hours = self._state.counts(), self._last_day()
        self.snapshot = self._snapshot()

    def run(self) -> None:
        """Work until the source ends, the duration is over or a signal comes."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._stop.set())
        try:
            self._start()
            self._loop()
        finally:
            self._shut_down()
        if lost := len(self._emit.pending):
            raise CheckFailed(f"{lost} events could not be stored and are lost")

    def _start(self) -> None:
        self._feed.wait()
        self._emit.tell(self._state.close_interrupted(self._feed.is_on))
        self._feed.start()
        if self._page:
            self._page.start()
            log.info("page: %s", self._page.url)
            if self._settings.page.preview:
                log.info("all who can open the page see the camera's picture: preview is on")
        log.info("feed: %s", self._feed.line)
        if self._state.fact(PAUSED, "") and not self._feed.hears_commands:
            log.warning("it was paused by a command; commands are off now, so it goes on")
            self._state.set_fact(PAUSED, "")
        if self._state.fact(PAUSED, ""):
            log.info("paused by a command before the restart")
            self._emit(self._watch.pause())
        self._watch.start()

    def _loop(self) -> None:
        began, first_frame_at, over = time.monotonic(), None, 0.0
        pause = FIRST_PAUSE_S
        while not self._stop.is_set():
            self._commands.carry_out()
            frame = self._watch.take(WAIT_S)
            if frame is None and self._watch.ended:
                return
            if not self._watch.by_frame_time:
                over = time.monotonic() - began
            elif frame is not None:
                first_frame_at = frame.captured_at if first_frame_at is None else first_frame_at
                over = frame.captured_at - first_frame_at
            if self._options.duration_s is not None and over >= self._options.duration_s:
                return
            try:
                self._step(frame)
                pause = FIRST_PAUSE_S
            except Exception:  # a kiosk must not stop for one bad frame
                self._restarts += 1
                log.exception("a stage failed; starting again in %g s", pause)
                self._emit(self._watch.reset("interrupted"))
                self._preview = None
                self.snapshot = self._snapshot()
                self._stop.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)

    def _step(self, frame: Frame | None) -> None:
        with frame or contextlib.nullcontext():
            self._emit(self._watch.look(frame))
        if self._mesh:
            self._mesh(frame, self._watch.seen)
        if frame is not None and self._watch.seen is not None:
            self._live(self._watch.seen.taken_at, self._watch.seen.changed)
            self._note_open(self._watch.seen)
            self._watch.note_done(frame)
        else:
            self._live.flush()
        self._keep_preview(frame)
        self.snapshot = self._snapshot()

    def _keep_preview(self, frame: Frame | None) -> None:
        """The page shows the newest picture, and none that has grown old."""
        now = time.monotonic()
        if frame is not None:
            self._preview, self._shown_at = frame.preview, now
        elif self._watch.camera != "on" or now - self._shown_at > PREVIEW_S:
            self._preview = None

    def _actions(self) -> dict[str, Action]:
        """What can be commanded."""
        state = self._state
        return {
            "pause": Action(lambda: state.set_fact(PAUSED, "yes"), self._pause, "paused"),
            "resume": Action(lambda: state.set_fact(PAUSED, ""), self._resume, "watching"),
            "reset-counts": Action(state.reset_counts, done="counts begin at 0"),
            "profile": Action(act=self._use_profile),
        }

    def _pause(self, command: Command) -> None:
        self._emit(self._watch.pause())
        self._preview = None
        self.snapshot = self._snapshot()

    def _resume(self, command: Command) -> None:
        self._watch.resume()

    def _use_profile(self, command: Command) -> str:
        there_are = profiles.load_all()
        if command.profile not in there_are:
            raise SettingsError(f"no such profile; there are: {', '.join(there_are)}")
        self._emit(self._watch.use(there_are[command.profile]))
        return f"profile {command.profile} until the next start"

    def _note_open(self, seen: Seen) -> None:
        """Now and then keep how long open visits lasted, in case this process is killed."""
        if time.monotonic() - self._noted_at >= NOTE_EVERY_S:
            self._noted_at = time.monotonic()
            self._emit.note_open(
                Open(face.face, seen.taken_at, face.dwell_s, face.smile_s or 0.0, face.peak)
                for face in seen.faces
                if face.arrived and face.here
            )

    def _shut_down(self) -> None:
        self._live.flush()
        self._emit(self._watch.stop())
        if self._mesh:
            self._mesh.stop()
        self._feed.stop()
        if self._page:
            self._page.stop()
        counts, waiting = self._state.counts(), self._state.waiting_count
        log.info(
            "smiles so far: %d, visitors: %d; frames dropped in this run: %d%s",
            counts.smiles_total,
            counts.visitors_total,
            self._watch.dropped,
            f"; {waiting} events wait for the broker" if waiting else "",
        )
        self._state.close()

    def _remember(self, row: Stored) -> None:
        self._recent.appendleft(row.payload)

    def _announce(self, row: Stored) -> None:
        event = json.loads(row.payload)
        if log.isEnabledFor(logging.INFO):
            log.info(
                "%-13s face %d%s | smiles %d, visitors %d",
                event["event_type"],
                event["face"],
                _detail(event),
                self._state.counts().smiles_total,
                self._state.counts().visitors_total,
            )

    def _snapshot(self) -> Snapshot:
        watch = self._watch
        if (counts := self._state.counts()) != self._counts:
            self._counts, self._hours = counts, self._last_day()
        return Snapshot(
            device_id=self._device_id,
            source=shown(self._settings.camera.source),
            profile=watch.profile.name,
            given_way=watch.given_way,
            feed=self._feed.line,
            connected=self._feed.connected,
            trouble=self._emit.trouble or self._feed.trouble,
            waiting=self._state.waiting_count,
            counts=counts,
            hours=self._hours,
            camera=watch.camera,
            fps=watch.fps,
            latency_ms=watch.latency_ms,
            dropped=watch.dropped,
            damaged=watch.damaged,
            dark=watch.dark,
            reopened=watch.reopened,
            restarts=self._restarts,
            picture=watch.seen.size if watch.seen else (0, 0),
            faces=watch.seen.faces if watch.seen else (),
            recent=tuple(self._recent),
            preview_on=self._settings.page.preview,
            preview=self._preview,
        )

    def _last_day(self) -> tuple[Hour, ...]:
        return tuple(self._state.last_day())


def _detail(event: dict[str, Any]) -> str:
    """What a line of the log says of an event beside its name."""
    if "word" in event:
        return f": {event['word']} ({event['score']:.2f})"
    lasted = event.get("duration_s", event.get("dwell_s"))
    return "" if lasted is None else f" after {lasted:.1f} s"
