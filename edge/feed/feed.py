"""The daemon's feed: which broker it goes to, one of its own where that is wanted, and what is told
there."""

from __future__ import annotations

from collections.abc import Callable

from edge import models
from edge.board import Board
from edge.description import read
from edge.feed.address import Address, parse_address
from edge.feed.assemble import assemble_feed
from edge.feed.connection import Login
from edge.feed.embedded import EmbeddedBroker
from edge.feed.home_assistant import About
from edge.feed.publisher import Publisher
from edge.health import HealthWatch
from edge.profiles import Profile
from edge.settings import MqttSettings, Settings
from edge.snapshot import Snapshot
from edge.state import State

LOOPBACK = ("http://127.", "http://localhost", "http://0.0.0.0", "http://::")


class Feed:
    """Broker and publisher of one run; without a broker all of it does nothing."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._broker, self._address = _broker(settings.mqtt.broker)
        self._publisher: Publisher | None = None
        self.line = _subscribe_line(self._address, settings.mqtt)  # the command that subscribes

    @property
    def is_on(self) -> bool:
        """Whether there is a broker to tell anything."""
        return self._address is not None

    @property
    def hears_commands(self) -> bool:
        """Whether somebody may command the daemon."""
        return self.is_on and self._settings.mqtt.commands

    @property
    def connected(self) -> bool:
        """Whether the broker is there now."""
        return self._publisher is not None and self._publisher.connected

    @property
    def trouble(self) -> str:
        """What is in the way, empty when all is well."""
        return self._publisher.trouble if self._publisher else ""

    def prepare(
        self,
        device_id: str,
        state: State,
        profile: Profile,
        page: str,
        seen: Callable[[], Snapshot],
        on_command: Callable[[str, bytes, bool], None],
    ) -> None:
        """Make the publisher of a device; `page` is its page's address, empty where it has none,
        and `seen` what it knows now."""
        if self._address is None:
            return
        settings, board = self._settings, Board()
        health = HealthWatch(board, state, _models(settings, profile))
        about = About(
            board.model(),
            board.temperature_c() is not None,
            "" if page.startswith(LOOPBACK) else page,
            settings.word.enabled,
        )
        self._publisher = assemble_feed(
            Login(self._address, settings.mqtt, device_id),
            state,
            lambda publisher: health(seen(), publisher),
            lambda: seen().worth_telling,
            about,
            on_command if settings.mqtt.commands else None,
            health.run,
        )

    def wait(self) -> None:
        """Wait until the broker of this process, if there is one, listens."""
        if self._broker:
            self._broker.wait()

    def start(self) -> None:
        """Begin to publish."""
        if self._publisher:
            self._publisher.start()

    def tell_live(self, topic: str, payload: str) -> None:
        """Publish what is not stored."""
        if self._publisher:
            self._publisher.tell_live(topic, payload)

    def answer(self, payload: str) -> None:
        """Publish the answer to a command."""
        if self._publisher:
            self._publisher.answer(payload)

    def stop(self) -> None:
        """Say goodbye, and end the broker of this process."""
        if self._publisher:
            self._publisher.stop()
        if self._broker:
            self._broker.stop()


def _broker(wanted: str) -> tuple[EmbeddedBroker | None, Address | None]:
    """The embedded broker where one is wanted, and the address to publish to."""
    if wanted == "none":
        return None, None
    if wanted == "embedded":
        broker = EmbeddedBroker()
        return broker, broker.address
    return None, parse_address(wanted)


def _models(settings: Settings, profile: Profile) -> dict[str, str]:
    """The models in use, with their dates."""
    paths = {"smile": models.shipped("smile")}
    if settings.viseme.enabled:
        paths["viseme"] = models.shipped("viseme")
    if settings.word.enabled:
        paths["word"] = models.word_model(settings.word.model, profile.window)
    return {f"{task}_model": read(path).created for task, path in paths.items()}


def _subscribe_line(address: Address | None, settings: MqttSettings) -> str:
    if address is None:
        return "off (--broker none)"
    tls = ""
    if address.tls:
        tls = f" --cafile {settings.ca_file}" if settings.ca_file else " --capath /etc/ssl/certs"
    return f"mosquitto_sub -h {address.host} -p {address.port}{tls} -t '{settings.prefix}/#' -v"
