"""`lipwire ha-remove`: the retained discovery message goes, and nothing else."""

from __future__ import annotations

import pytest

from edge.feed.home_assistant import About, config, config_topic
from edge.state import State
from tests.command import Lipwire
from tests.conftest import Mosquitto, free_port
from tests.feed import Subscriber, login, send


@pytest.fixture
def announced(mosquitto: Mosquitto) -> Mosquitto:
    """A broker at which two devices are announced."""
    for device in ("door", "window"):
        it = login(mosquitto.url, device)
        send(mosquitto.port, config_topic(it), config(it, About()), retain=True)
    return mosquitto


def still_announced(mosquitto: Mosquitto) -> set[str]:
    """The devices a newcomer hears of."""
    subscriber = Subscriber(mosquitto.port)
    subscriber.settled()
    subscriber.close()
    return {r.topic.split("/")[2] for r in subscriber.received if r.retained}


def test_the_device_that_the_state_names_is_taken_out(
    lipwire: Lipwire, announced: Mosquitto
) -> None:
    state = State(lipwire.home / "state/lipwire")
    state.fact("device_id", "door")
    state.close()
    result = lipwire("ha-remove", "--broker", announced.url)
    assert result.returncode == 0, result.stderr
    assert result.stdout == "homeassistant/device/door/config is cleared\n"
    assert still_announced(announced) == {"window"}


def test_another_device_can_be_named(lipwire: Lipwire, announced: Mosquitto) -> None:
    assert lipwire("ha-remove", "--broker", announced.url, "--id", "window").returncode == 0
    assert still_announced(announced) == {"door"}


def test_a_daemon_that_runs_would_announce_it_again_and_that_is_said(
    lipwire: Lipwire, announced: Mosquitto
) -> None:
    state = State(lipwire.home / "state/lipwire")
    state.fact("device_id", "door")
    result = lipwire("ha-remove", "--broker", announced.url)
    state.close()
    assert "will announce it again" in result.stdout


def test_what_cannot_be_done_is_one_line(lipwire: Lipwire, announced: Mosquitto) -> None:
    assert "no device id" in lipwire.complaint("ha-remove", "--broker", announced.url)
    assert "give --broker" in lipwire.complaint("ha-remove")
    away = f"mqtt://127.0.0.1:{free_port()}"
    line = lipwire.complaint("ha-remove", "--broker", away, "--id", "door", status=1)
    assert "Connection refused" in line
    assert "--id 'a/b'" in lipwire.complaint("ha-remove", "--broker", away, "--id", "a/b")


def test_a_broker_that_refuses_it_says_so(lipwire: Lipwire, announced: Mosquitto) -> None:
    (announced.folder / "rights").write_text("topic read #\n")
    announced.stop()
    announced.settings = f"allow_anonymous true\nacl_file {announced.folder / 'rights'}"
    announced.start()
    options = ("ha-remove", "--broker", announced.url, "--id", "door")
    assert "is refused: Not authorized" in lipwire.complaint(*options, status=1)
