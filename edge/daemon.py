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

from edge import device
from edge.address import Address, parse_address
from edge.assemble import assemble
from edge.broker import EmbeddedBroker
from edge.cameras import make_camera
from edge.cameras.reader import CameraReader
from edge.emit import Emitter, JsonLines, Sink
from edge.errors import CheckFailed
from edge.frame import Frame
from edge.mqtt import Publisher
from edge.page import Page
from edge.pipeline import Seen
from edge.profiles import Profile
from edge.settings import Settings
from edge.snapshot import Snapshot
from edge.state import Open, State, Stored

log = logging.getLogger(__name__)

WAIT_S = 0.5  # for a frame, before looking whether to stop
NOTE_EVERY_S = 10.0  # how often it is noted until when open smiles and visits lasted
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0  # before a failed pipeline is started again
FPS_OVER = 30  # frames


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
        self._frame_times: collections.deque[float] = collections.deque(maxlen=FPS_OVER)
        self._seen: Seen | None = None  # of the last frame, none while the camera is missing
        self._restarts = 0
        self._noted_at = time.monotonic()
        camera = make_camera(settings.camera, options.profile)
        fast = settings.camera.pace == "max" and not camera.live
        self._camera = CameraReader(camera, lossless=fast)
        # A file's own time ends a fast run, so that it shows as much as a slow one.
        self._by_frame_time = fast
        device.check(settings.mqtt)
        sinks: list[Sink] = [self._remember, self._announce]
        if options.events:
            sinks.append(JsonLines(options.events, sys.stdout))
        with contextlib.ExitStack() as on_failure:
            self._broker, address = _broker(settings.mqtt.broker)
            if self._broker:
                on_failure.callback(self._broker.stop)
            self._state = State(device.state_folder(options.state), settings.outbox)
            on_failure.callback(self._state.close)
            self._device_id = settings.mqtt.device_id or self._state.fact(
                "device_id", device.default_id()
            )
            self._pipeline = assemble(
                settings, options.profile, options.models, self._state.next_face
            ).pipeline
            self._publisher = (
                Publisher(address, settings.mqtt, self._device_id, self._state) if address else None
            )
            self._emit = Emitter(self._state, self._publisher is not None, sinks)
            self._page = Page.at(settings.page.address, lambda: self.snapshot)
            on_failure.pop_all()
        self._feed = _subscribe_line(address, settings.mqtt.prefix)
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
        if self._broker:
            self._broker.wait()
        self._emit.tell(self._state.close_interrupted(self._publisher is not None))
        if self._publisher:
            self._publisher.start()
        if self._page:
            self._page.start()
            log.info("page: %s", self._page.url)
        log.info("feed: %s", self._feed)
        self._camera.start()

    def _loop(self) -> None:
        began, first_frame_at = time.monotonic(), None
        pause = FIRST_PAUSE_S
        while not self._stop.is_set():
            frame = self._camera.take(WAIT_S)
            if frame is None and self._camera.ended:
                return
            over = time.monotonic() - began
            if frame is not None and self._by_frame_time:
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
                self._emit(self._pipeline.reset("interrupted"))
                self._stop.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)

    def _step(self, frame: Frame | None) -> None:
        if frame is not None:
            self._seen = self._pipeline(frame)
            self._emit(self._seen.events)
            self._note_open(self._seen)
            self._frame_times.append(time.monotonic())
        else:
            missing = self._camera.missing
            self._emit(self._pipeline.reset("interrupted") if missing else [])
            if missing:
                self._seen = None
                self._frame_times.clear()
        self.snapshot = self._snapshot()

    def _note_open(self, seen: Seen) -> None:
        """Now and then keep how long open visits lasted, in case this process is killed."""
        if time.monotonic() - self._noted_at >= NOTE_EVERY_S:
            self._noted_at = time.monotonic()
            self._emit.note_open(
                Open(face.face, seen.frame.taken_at, face.dwell_s, face.smile_s or 0.0, face.peak)
                for face in seen.faces
                if face.arrived and face.here
            )

    def _shut_down(self) -> None:
        self._camera.stop()
        self._emit(self._pipeline.reset("stopped"))
        if self._publisher:
            self._publisher.stop()
        if self._broker:
            self._broker.stop()
        if self._page:
            self._page.stop()
        counts, waiting = self._state.counts(), self._state.waiting_count
        log.info(
            "smiles so far: %d, visitors: %d; frames dropped in this run: %d%s",
            counts.smiles_total,
            counts.visitors_total,
            self._camera.dropped,
            f"; {waiting} events wait for the broker" if waiting else "",
        )
        self._state.close()

    def _remember(self, row: Stored) -> None:
        self._recent.appendleft(row.payload)

    def _announce(self, row: Stored) -> None:
        event = json.loads(row.payload)
        if log.isEnabledFor(logging.INFO):
            lasted = event.get("duration_s", event.get("dwell_s"))
            log.info(
                "%-13s face %d%s | smiles %d, visitors %d",
                event["event_type"],
                event["face"],
                "" if lasted is None else f" after {lasted:.1f} s",
                self._state.counts().smiles_total,
                self._state.counts().visitors_total,
            )

    def _snapshot(self) -> Snapshot:
        times, seen = self._frame_times, self._seen
        publisher = self._publisher
        steady = len(times) > 1 and times[-1] > times[0]
        height, width = seen.frame.image.shape[:2] if seen else (0, 0)
        return Snapshot(
            device_id=self._device_id,
            source=self._settings.camera.source,
            profile=self._options.profile.name,
            feed=self._feed,
            connected=bool(publisher and publisher.connected),
            trouble=self._emit.trouble or (publisher.trouble if publisher else ""),
            waiting=self._state.waiting_count,
            counts=self._state.counts(),
            fps=(len(times) - 1) / (times[-1] - times[0]) if steady else 0.0,
            dropped=self._camera.dropped,
            camera_missing=self._camera.missing,
            restarts=self._restarts,
            picture=(width, height),
            faces=seen.faces if seen else (),
            recent=tuple(self._recent),
        )


def _broker(wanted: str) -> tuple[EmbeddedBroker | None, Address | None]:
    """The embedded broker where one is wanted, and the address to publish to."""
    if wanted == "none":
        return None, None
    if wanted == "embedded":
        broker = EmbeddedBroker()
        return broker, broker.address
    return None, parse_address(wanted)


def _subscribe_line(address: Address | None, prefix: str) -> str:
    if address is None:
        return "off (--broker none)"
    tls = " --capath /etc/ssl/certs" if address.tls else ""
    return f"mosquitto_sub -h {address.host} -p {address.port}{tls} -t '{prefix}/#' -v"
