"""Camera and pipeline together: pauses, other profiles, and giving way when the board is slow."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge import govern, profiles, watch
from edge.errors import ModelError
from edge.events import Event, FaceLeft
from edge.settings import CameraSettings, Settings
from edge.watch import Watch

PATIENCE_S = 10.0


@pytest.fixture
def demo(face_model: Path) -> Iterator[Watch]:
    """A watch on the drawn face, started."""
    it = Watch(Settings(camera=CameraSettings(source="demo")), profiles.choose("generic"), None)
    it.load(lambda: 7)
    it.start()
    yield it
    it.stop()


def run(it: Watch, until: str) -> list[Event]:
    """Look at frames until something has happened; gives all that has."""
    happened: list[Event] = []
    give_up = time.monotonic() + PATIENCE_S
    while not any(event.event_type == until for event in happened):
        assert time.monotonic() < give_up
        if (frame := it.take(0.5)) is not None:
            happened += it.look(frame)
            it.note_done(frame)
    return happened


def test_a_pause_ends_what_is_open_and_no_frame_comes_until_it_is_over(demo: Watch) -> None:
    run(demo, "face_arrived")
    assert demo.camera == "on"
    (left,) = demo.pause()
    assert isinstance(left, FaceLeft)
    assert (left.face, left.reason) == (7, "paused")
    assert (demo.camera, demo.fps, demo.take(0.2)) == ("paused", 0.0, None)
    demo.resume()
    assert run(demo, "face_arrived")[0].face > 7


def test_another_profile_is_used_at_once_and_the_pause_stays(demo: Watch) -> None:
    run(demo, "face_arrived")
    demo.pause()
    demo.use(profiles.choose("pi-zero-2w"))
    assert (demo.camera, demo.profile.name) == ("paused", "pi-zero-2w")
    demo.resume()
    run(demo, "face_arrived")
    assert demo.seen
    assert demo.seen.size == (demo.profile.width, demo.profile.height)


def test_a_profile_that_cannot_be_used_changes_nothing(
    demo: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> object:
        raise ModelError("damaged")

    with monkeypatch.context() as within:
        within.setattr(watch, "assemble", broken)
        with pytest.raises(ModelError):
            demo.use(profiles.choose("pi-zero-2w"))
    assert demo.profile.name == "generic"
    run(demo, "face_arrived")


def test_a_board_that_is_too_slow_looks_for_faces_less_often_and_still_counts(
    demo: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(govern, "OVERLOADED", 1e-9)  # any board is too slow for this
    monkeypatch.setattr(govern, "GIVE_WAY_AFTER_S", 0.1)
    monkeypatch.setattr(watch, "LOAD_EVERY_S", 0.05)
    happened = run(demo, "smile_ended")
    assert [event.event_type for event in happened][:2] == ["face_arrived", "smile_started"]
    assert demo.given_way == (
        "detect_interval 30 instead of 5",
        "looks 0.34 instead of 8",
        "faces_max 1 instead of 8",
    )
