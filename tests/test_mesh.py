"""The daemon moves a mesh as the drawn face moves its mouth."""

from __future__ import annotations

import itertools
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from edge.assemble import assemble
from edge.cameras import demo
from edge.mappings import MAPPINGS
from edge.osc import CLOSING, Mesh
from edge.profiles import load_all
from edge.puppet import Puppet
from edge.settings import Settings
from tests.command import ALONE, Lipwire
from tests.daemon import Daemon
from tests.feed import assert_soon
from tests.receiver import Receiver, pose
from tests.test_osc import frame, seen

LISTENER = Path(__file__).parent.parent / "docs/examples/mesh.py"
PROFILE = load_all()["generic"]
SECONDS = 16  # of the drawn face, which shows all shapes in that time, and ends with a smile
FOUND_S, SETTLED_S = 1.0, 0.35  # after the beginning, and after that of a shape
Poses = list[dict[str, float]]


@pytest.fixture(scope="module")
def poses(tmp_path_factory: pytest.TempPathFactory, face_model: Path) -> Poses:
    """What a mesh gets of the drawn face."""
    lipwire, receiver = Lipwire(tmp_path_factory.mktemp("home")), Receiver()
    run = ("run", *ALONE, "--source", "demo", "--profile", PROFILE.name, "--pace", "max")
    run += ("--models", str(face_model.parent), "--duration", str(SECONDS))
    result = lipwire(*run, "--osc", receiver.address)
    received = receiver.datagrams()
    assert result.returncode == 0, result.stderr
    return [pose(datagram) for datagram in received]


def expected() -> Poses:
    """What a mesh is to do with the drawn face, frame by frame."""
    pipeline = assemble(Settings(), PROFILE, None).pipeline
    camera = demo.DemoCamera(PROFILE.width, PROFILE.height, PROFILE.target_fps)
    puppet = Puppet(MAPPINGS["vrm"])
    frames = (camera.read() for _ in range(round(SECONDS * PROFILE.target_fps)))
    return [puppet(frame.captured_at, pipeline(frame).faces) for frame in frames]


def mean(poses: Poses, shape: str, name: str) -> float:
    """A value's mean while the drawn face has settled in a shape."""
    values = [
        pose[name]
        for shown, begin, end in demo.shape_times()
        if shown == shape and begin >= FOUND_S and end <= SECONDS
        for pose in poses[
            round((begin + SETTLED_S) * PROFILE.target_fps) : round(end * PROFILE.target_fps)
        ]
    ]
    assert values, shape
    return sum(values) / len(values)


def test_the_mesh_gets_every_frame_of_what_is_seen_and_then_a_closed_mouth(poses: Poses) -> None:
    due = expected()
    followed, closing = poses[: len(due)], poses[len(due) :]
    assert len(followed) == len(due)
    for given, wanted in zip(followed, due, strict=True):
        assert tuple(given) == MAPPINGS["vrm"].names
        assert given == pytest.approx(wanted, abs=1e-6)
        assert sum(given[name] for name in MAPPINGS["vrm0"].names) <= 1 + 1e-6
    assert len(closing) == CLOSING + 1
    assert set(closing[-1].values()) == {0.0}


def test_the_mesh_does_what_the_script_of_the_drawn_face_says(poses: Poses) -> None:
    """As far as the model can tell a drawn face: not whether its lips are rounded."""
    aah = {shape: mean(poses, shape, "A") for shape in demo.SHAPES if shape != "smile"}
    assert max(aah, key=aah.__getitem__) == "wide_open"
    assert aah["wide_open"] > 0.5
    assert aah["closed"] < 0.1
    assert all(mean(poses, "closed", name) < 0.1 for name in "IUEO")
    assert mean(poses, "open", "E") > 0.2


def test_a_daemon_that_is_stopped_closes_the_mouth(
    face_model: Path, receiver: Receiver, tmp_path: Path
) -> None:
    options = ("--broker", "none", "--models", str(face_model.parent), "--osc", receiver.address)
    daemon = Daemon(tmp_path / "daemon", "--source", "demo", *options)
    assert_soon(lambda: receiver.last is not None and sum(pose(receiver.last).values()) > 1)
    assert daemon.end(signal.SIGTERM) == 0, daemon.err
    last = [sum(pose(datagram).values()) for datagram in receiver.datagrams()[-CLOSING - 2 :]]
    assert last[0] > 0.5
    assert last[-1] == 0
    assert max(before - after for before, after in itertools.pairwise(last)) < last[0] / 2


def test_the_documented_listener_prints_every_pose(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    out = tmp_path / "out"
    with out.open("wb") as file:
        listener = subprocess.Popen([sys.executable, str(LISTENER), str(port)], stdout=file)
    mesh = Mesh(f"127.0.0.1:{port}", "vrm0")
    numbers = itertools.count()

    def printed() -> list[str]:
        mesh(frame(next(numbers) / 25), seen("puckered"))
        return out.read_text().splitlines()

    try:
        assert_soon(lambda: "A 0.00 I 0.00 U 1.00 E 0.00 O 0.00" in printed())
    finally:
        listener.kill()
        listener.wait()
        mesh.stop()
