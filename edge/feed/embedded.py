"""The embedded broker: amqtt on loopback, for a first run without any other software."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import socket
import threading
from typing import Any

from paho.mqtt.enums import MQTTProtocolVersion

from edge.errors import BrokerError, MissingExtraError
from edge.feed.address import Address

HOST, PORT = "127.0.0.1", 1883
START_TIMEOUT_S = 10.0
GOODBYE_S = 0.3  # for the last messages to reach the subscribers


class EmbeddedBroker:
    """A broker in a thread of this process; it speaks MQTT 3.1.1 and forgets all at the end.

    It starts at once and beside everything else, because that takes it a moment."""

    def __init__(self) -> None:
        check_installed()
        self._port = _free_port(PORT)
        self._loop = asyncio.new_event_loop()
        self._broker: Any = None
        self._failure: BaseException | None = None
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="broker", daemon=True)
        self._thread.start()

    @property
    def address(self) -> Address:
        return Address(HOST, self._port, protocol=MQTTProtocolVersion.MQTTv311)

    def wait(self) -> None:
        """Wait until it listens."""
        started = self._started.wait(START_TIMEOUT_S)
        if self._failure is not None or not started:
            reason = self._failure or f"not within {START_TIMEOUT_S:g} s"
            raise BrokerError(f"the embedded broker does not start: {reason}; try --broker none")

    def stop(self) -> None:
        """Stop the broker and its thread."""
        if self._started.wait(START_TIMEOUT_S) and self._failure is None:
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    async def _end(self) -> None:
        await asyncio.sleep(GOODBYE_S)
        await self._broker.shutdown()

    def _run(self) -> None:
        # Its log tells of every packet; only what went wrong is of interest here.
        for name in ("amqtt", "transitions"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        asyncio.set_event_loop(self._loop)
        try:
            from amqtt.broker import Broker

            self._broker = Broker(
                {
                    "listeners": {"default": {"type": "tcp", "bind": f"{HOST}:{self._port}"}},
                    "plugins": {
                        "amqtt.plugins.authentication.AnonymousAuthPlugin": {
                            "allow_anonymous": True
                        }
                    },
                },
                loop=self._loop,
            )
            self._loop.run_until_complete(self._broker.start())
        except BaseException as error:
            self._failure = error
            return
        finally:
            self._started.set()
        self._loop.run_forever()


def check_installed() -> None:
    """Say what is missing where it is not installed."""
    if importlib.util.find_spec("amqtt") is None:
        raise MissingExtraError("--broker embedded", "broker")


def _free_port(wanted: int) -> int:
    """The wanted port, or another where that is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise BrokerError(f"no free port on {HOST}")
