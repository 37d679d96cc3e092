"""The examples of the documents do what they are said to do."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edge.events import TOPICS, SmileEnded, SmileStarted, event_json, sent_json
from tests.conftest import Mosquitto
from tests.daemon import Daemon
from tests.feed import Subscriber, assert_soon, send

DOCS = Path(__file__).parent.parent / "docs"
EXAMPLES, FEED = DOCS / "examples", (DOCS / "feed.md").read_text(encoding="utf-8")
TOPIC = "lipwire/door/event/smile"


def message(seq: int) -> str:
    """The event of that number."""
    if seq % 2:
        return event_json(SmileStarted(face=1, at=9.0), seq, f"{seq:032x}", True)
    ended = SmileEnded(face=1, at=9.0, duration_s=1.0, peak=0.9, reason="over")
    return event_json(ended, seq, f"{seq:032x}", True)


def test_the_python_consumer_prints_each_smile_once(mosquitto: Mosquitto, tmp_path: Path) -> None:
    mosquitto.stop()
    mosquitto.settings = "allow_anonymous true\nlog_type all"
    mosquitto.start()
    command = [sys.executable, "-u", str(EXAMPLES / "consumer.py"), f"127.0.0.1:{mosquitto.port}"]
    out = tmp_path / "out"

    def printed() -> list[str]:
        return [" ".join(line.split()[:2]) for line in out.read_text().splitlines()]

    with out.open("wb") as file:
        consumer = subprocess.Popen(command, stdout=file)
    try:
        assert_soon(lambda: "Received SUBSCRIBE" in log(mosquitto))
        for seq in (1, 2, 1, 2):  # as after a crash
            send(mosquitto.port, TOPIC, message(seq))
        send(mosquitto.port, TOPIC, sent_json(message(3), age_s=60))
        assert_soon(lambda: len(printed()) == 3)
        mosquitto.stop()  # its session outlives the broker's absence
        mosquitto.start()
        send(mosquitto.port, TOPIC, message(4))
        assert_soon(lambda: len(printed()) == 4)
    finally:
        consumer.kill()
        consumer.wait()
    assert printed() == ["1 smile_started", "2 smile_ended", "3 smile_started", "4 smile_ended"]
    assert out.read_text().splitlines()[2].endswith("late")


def log(mosquitto: Mosquitto) -> str:
    return (mosquitto.folder / "mosquitto.log").read_text()


@pytest.mark.parametrize("name", ["node-red.json", "telegraf.conf", "influx.sh"])
def test_the_topics_of_the_other_examples_are_published(name: str) -> None:
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    asked = {part.split('"')[0].split("'")[0] for part in text.split("lipwire/+/")[1:]}
    assert asked
    assert asked <= {topic.name for topic in TOPICS}


def test_the_node_red_flow_is_one_with_all_its_wires() -> None:
    nodes = json.loads((EXAMPLES / "node-red.json").read_text(encoding="utf-8"))
    ids = {node["id"] for node in nodes}
    assert len(ids) == len(nodes)
    for node in nodes:
        wired = {target for output in node.get("wires", []) for target in output}
        assert wired <= ids
        assert node["type"] == "mqtt-broker" or node.get("broker", "lw-broker") in ids


@pytest.mark.usefixtures("face_model")
def test_the_rights_that_are_recommended_are_enough(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Beside the device's user, who has no other rights, everybody may read and command."""
    (rights,) = re.findall(r"```\n(user kiosk\n.*?)```", FEED, re.DOTALL)
    files = {name: mosquitto.folder / name for name in ("rights", "users")}
    files["rights"].write_text(f"topic read #\ntopic write lipwire/+/command/#\n{rights}")
    make = ["mosquitto_passwd", "-b", "-c", str(files["users"]), "kiosk", "secret"]
    subprocess.run(make, check=True, capture_output=True, timeout=30)
    mosquitto.stop()
    mosquitto.settings = (
        f"allow_anonymous true\nacl_file {files['rights']}\npassword_file {files['users']}"
    )
    mosquitto.start()
    (tmp_path / "mqtt").write_text("kiosk:secret\n")
    settings = tmp_path / "settings.toml"
    settings.write_text(
        "[mqtt]\ndevice_id = 'entrance'\ncommands = true\n"
        f"credentials_file = '{tmp_path / 'mqtt'}'\n"
    )
    subscriber = Subscriber(mosquitto.port)
    daemon = Daemon(tmp_path, "--broker", mosquitto.url, "--config", str(settings))
    try:
        subscriber.assert_soon(lambda s: s.events and s.last("config") and s.last("health"))
        send(mosquitto.port, "lipwire/entrance/command/pause")
        assert subscriber.assert_soon(lambda s: s.last("result"))["ok"] is True
        health = subscriber.assert_soon(lambda s: s.last("health")["camera"] == "paused" and s)
        assert health.last("health")["refusal"] == ""
    finally:
        daemon.end(signal.SIGTERM)
        subscriber.close()
    assert subscriber.faults == []
    assert "refused" not in daemon.err
    assert "may not listen" not in daemon.err
