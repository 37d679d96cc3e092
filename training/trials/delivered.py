"""Words on their whole way: a film is given to `lipwire run`, and its words come from a broker."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from paho.mqtt import client as paho

from edge.errors import BrokerError, CheckFailed
from edge.events import TOPICS, FaceArrived, WordRead
from edge.feed.address import Address, parse_address
from edge.feed.connection import Login, explain
from edge.feed.embedded import EmbeddedBroker
from edge.settings import MqttSettings
from edge.spotting import SpotRules
from training.trials.word_votes import Told

DEVICE = "spotting-trial"
PATIENCE_S = 15.0  # for an answer of the broker, and for the last messages
CONFIG = """
[word]
enabled = true
model = {model}
mode = "spotting"
threshold = {threshold}
refractory_s = {refractory_s}
[mqtt]
device_id = "{device}"
home_assistant = ""
"""


class Listener:
    """Keeps what a device tells over MQTT."""

    def __init__(self, address: Address) -> None:
        self._login = Login(address, MqttSettings(home_assistant=""), DEVICE)
        self._client = self._login.client(address.protocol, "-listener")
        self._listens, self._gone = threading.Event(), threading.Event()
        self.events: list[dict[str, Any]] = []
        self._client.on_connect = lambda client, *_: client.subscribe(f"{self._login.base}/#", 1)
        self._client.on_subscribe = lambda *_: self._listens.set()
        self._client.on_message = self._keep

    def __enter__(self) -> Listener:
        address = self._login.address
        try:
            self._login.connect(self._client)
        except OSError as error:
            raise BrokerError(f"{address}: {explain(error, address.tls)}") from None
        self._client.loop_start()
        if not self._listens.wait(PATIENCE_S):
            self.__exit__()
            raise BrokerError(f"{address}: nothing can be subscribed to there")
        self._gone.clear()
        return self

    def __exit__(self, *_: object) -> None:
        kept = [f"{self._login.base}/{topic.name}" for topic in TOPICS if topic.retained]
        if self._client.is_connected():  # nothing of the trial is to stay there
            for sent in [self._client.publish(topic, b"", 1, True) for topic in kept]:
                sent.wait_for_publish(PATIENCE_S)
        self._client.disconnect()
        self._client.loop_stop()

    def wait(self) -> None:
        """Wait for the device's farewell, which comes after all events."""
        if not self._gone.wait(PATIENCE_S):
            raise CheckFailed("the daemon has ended, but no farewell of it came from the broker")

    def _keep(self, client: paho.Client, userdata: Any, message: paho.MQTTMessage) -> None:
        place = message.topic.removeprefix(f"{self._login.base}/")
        if place.startswith("event/"):
            self.events.append(json.loads(message.payload))
        elif place == "availability" and message.payload == b"offline" and not message.retain:
            self._gone.set()


@dataclass(frozen=True)
class Delivery:
    """How words get from a film to here."""

    broker: str  # its address, or `embedded`
    options: tuple[str, ...]  # of `lipwire run`

    def __call__(self, film: Path, model: Path, rules: SpotRules, first_seen: float) -> list[Told]:
        """The words that come from the broker, timed from the film's first frame; the first face
        in it is known to be seen first so many seconds later."""
        with _broker(self.broker) as address, Listener(address) as listener:
            with tempfile.TemporaryDirectory() as folder:
                _run(film, model, rules, address, Path(folder), self.options)
            listener.wait()
        events = {event["id"]: event for event in listener.events}.values()  # some come twice
        arrived = [_moment(e["at"]) for e in events if e["event_type"] == FaceArrived.event_type]
        words = [e for e in events if e["event_type"] == WordRead.event_type]
        if not arrived:
            return []
        began = min(arrived) - first_seen
        words.sort(key=lambda event: int(event["seq"]))
        times = [[_moment(e[name]) - began for name in ("start", "end", "at")] for e in words]
        return [
            Told(event["word"], start, end, at, event["score"])
            for event, (start, end, at) in zip(words, times, strict=True)
        ]


def _run(
    film: Path,
    model: Path,
    rules: SpotRules,
    address: Address,
    folder: Path,
    options: Sequence[str],
) -> None:
    """The daemon, from the film's first frame to its last."""
    config = folder / "words.toml"
    text = CONFIG.format(
        model=json.dumps(str(model), ensure_ascii=False),
        threshold=rules.threshold,
        refractory_s=float(rules.refractory_s),
        device=DEVICE,
    )
    config.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "edge", "run", "--source", str(film), "--pace", "max"]
    command += ["--config", str(config), "--state", str(folder / "state"), "--page", "off"]
    command += ["--broker", str(address), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        line = done.stderr.strip().splitlines()[-1:] or [""]
        raise CheckFailed(f"lipwire run ended with {done.returncode}: {line[0]}")


@contextlib.contextmanager
def _broker(wanted: str) -> Iterator[Address]:
    if wanted != "embedded":
        yield parse_address(wanted)
        return
    broker = EmbeddedBroker()
    try:
        broker.wait()
        yield broker.address
    finally:
        broker.stop()


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
