"""What is done to clips of lip boxes, how boxes are held against others, and what words lose."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.detection import Keypoints
from edge.errors import SettingsError
from edge.frame import Image
from edge.lipbox import KEPT_HEIGHT, KEPT_WIDTH, LipBox
from edge.profiles import Profile
from tests.clip_sets import small_clips
from tests.command import Lipwire
from tests.conftest import complaint
from tests.stills import grid
from training.clips import Clips
from training.datasets.picture import Picture
from training.trials import lip_boxes, lip_films, word_boxes
from training.trials.box_changes import (
    Change,
    Off,
    Strip,
    at_rate,
    blurred,
    dropped,
    jittered,
    off_by,
)
from training.trials.lip_boxes import off, overlap
from training.trials.word_boxes import CHANGES, PLAIN, evaluate_words, table, verdict

NOWHERE = np.empty((0, 4))


def strip(long: int = 12, fps: float = 15.0) -> Strip:
    """Frames that are each as bright as they are late, with a white mouth in their middle."""
    images = np.repeat(np.arange(long) * 10, KEPT_HEIGHT * KEPT_WIDTH).astype(np.uint8)
    images = images.reshape(long, KEPT_HEIGHT, KEPT_WIDTH)
    images[:, 18:30, 24:40] = 255
    return Strip(images, np.full(long, 0.5), fps, 1, long - 1)


def changed(by: Change, of: Strip | None = None, seed: int = 0) -> Strip:
    return by(of or strip(), np.random.default_rng(seed))


def moments(of: Strip) -> list[float]:
    """Which frames of `strip` are seen, or between which, by their brightness."""
    return (of.images[:, 0, 0] / 10).tolist()


def mouth(image: Image) -> tuple[float, float, float, float]:
    """Where the mouth lies in a kept picture: left, right, top, bottom."""
    rows, columns = np.nonzero(image > 200)
    return columns.min(), columns.max() + 1, rows.min(), rows.max() + 1


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_gives_frames_in_their_order_and_the_word_in_them(name: str) -> None:
    for seed in range(20):
        for long in (4, 12):
            after = changed(CHANGES[name], strip(long), seed)
            assert len(after.images) == len(after)
            assert abs(len(after) - long) <= 1
            assert 0 <= after.start < after.stop <= len(after)
            assert after.images.dtype == np.uint8
            assert (np.diff(moments(after)) >= 0).all()
            assert (after.aspects > 0).all()
            again = changed(CHANGES[name], strip(long), seed)
            assert np.array_equal(again.images, after.images)


def test_a_box_that_is_too_large_shows_the_mouth_smaller() -> None:
    wider = off_by(strip(), np.tile([-0.25, 0.25, 0, 0], (12, 1)))
    assert wider.aspects == pytest.approx(0.5 / 1.5)
    left, right, top, bottom = mouth(wider.images[0])
    assert (left, right) == pytest.approx((32 - 8 / 1.5, 32 + 8 / 1.5), abs=1)
    assert (top, bottom) == pytest.approx((18, 30), abs=1)


def test_a_box_whose_top_is_too_low_shows_the_mouth_higher_up() -> None:
    lower = off_by(strip(), np.tile([0, 0, 0.125, 0], (12, 1)))  # a quarter of its height
    assert lower.aspects == pytest.approx(0.375)
    _, _, top, bottom = mouth(lower.images[0])
    assert (top, bottom) == pytest.approx(((18 - 12) / 0.75, (30 - 12) / 0.75), abs=1)


def test_sides_are_off_by_a_share_of_the_box_anew_in_each_frame_or_alike_over_the_clip() -> None:
    each = changed(jittered(0.08))
    assert len(set(each.aspects.round(6).tolist())) == len(each)
    least, most = 0.5 * 0.84 / 1.16, 0.5 * 1.16 / 0.84
    assert (each.aspects > least).all()
    assert (each.aspects < most).all()
    alike = changed(jittered(0.08, whole_clip=True))
    assert len(set(alike.aspects.round(6).tolist())) == 1
    assert alike.aspects[0] != 0.5


def test_blur_takes_stripes_away_and_leaves_the_form() -> None:
    stripes = np.tile(np.array([0, 0, 255, 255], np.uint8), (3, KEPT_HEIGHT, KEPT_WIDTH // 4))
    after = changed(blurred(20), replace(strip(3), images=stripes, start=0, stop=3))
    assert after.images.std() < 0.5 * stripes.std()
    assert (after.aspects == 0.5).all()


def test_missing_frames_are_replaced_by_those_nearest_in_time() -> None:
    assert moments(changed(dropped(0.0))) == list(range(12))
    some = changed(dropped(0.3), seed=3)
    assert set(moments(some)) < set(range(12))
    assert len(set(moments(changed(dropped(1.0))))) == 1  # one at least is left


def test_a_slow_camera_misses_frames_and_a_fast_one_sees_between_them() -> None:
    slow, same, fast = (changed(at_rate(fps), seed=1) for fps in (10, 15, 30))
    assert len(set(moments(slow))) <= 8
    assert len(slow) > len(set(moments(slow)))  # the reader repeats them, at its own rate
    for each in (same, fast):
        steps = np.diff(moments(each))[1:-1]  # its ends are held
        assert steps == pytest.approx(np.ones_like(steps), abs=0.15)


def test_a_camera_may_see_the_nearer_picture_alone() -> None:
    for fps in (10, 20, 30):
        nearer, mixed = (changed(at_rate(fps, mixed), seed=1) for mixed in (False, True))
        assert set(moments(nearer)) <= set(range(12))
        assert not set(moments(mixed)) <= set(range(12))
        assert len(nearer) == len(mixed)


def test_boxes_are_off_as_they_were_in_a_film() -> None:
    trace = np.tile([0.1, 0.0, 0.0, 0.0], (50, 1))
    trace[25:, 3] = 0.2
    always = np.array([[0, 0, 0, 0.05]])
    aspects = changed(Off([trace], 25.0, NOWHERE)).aspects
    assert set(aspects.round(4).tolist()) <= {round(0.5 / 0.9, 4), round(0.7 / 0.9, 4)}
    assert changed(Off([trace[:25]], 25.0, always)).aspects == pytest.approx(0.55 / 0.9)


def test_frames_without_a_box_are_missing() -> None:
    trace = np.zeros((100, 4))
    trace[::2] = np.nan
    seen = moments(changed(Off([trace], 15.0, NOWHERE)))
    assert set(np.diff(seen).tolist()) <= {0.0, 2.0}


def test_overlap_and_sides_are_those_of_the_boxes() -> None:
    true = np.array([[0.0, 10, 0, 4], [0, 10, 0, 4], [0, 10, 0, 4]])
    found = np.array([[0.0, 10, 0, 4], [0, 10, 0, 8], [20, 30, 0, 4]])
    assert overlap(found, true) == pytest.approx([1, 0.5, 0])
    assert off(found, true)[1].tolist() == pytest.approx([0, 0, 0, 0.4])


def test_a_turned_box_has_its_sides_upright_whatever_the_picture_is_scaled_by() -> None:
    box = LipBox(90, 40, 20, 8, 0.3)
    left, right, top, bottom = lip_films.sides(box, 0.3, 2.0)
    assert (right - left, bottom - top) == pytest.approx((40, 16))
    turned = complex(100, 44) * complex(np.cos(0.3), -np.sin(0.3)) * 2
    assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx((turned.real, turned.imag))


def test_a_box_is_carried_on_by_the_eyes_and_the_mouth() -> None:
    then = Keypoints(100 + 100j, 140 + 100j, 120 + 120j, 120 + 140j)
    now = Keypoints(*(1j * 2 * (p - 100) + 300 for p in (then.right_eye, then.left_eye)), 0j, 0j)
    now = replace(now, mouth=2j * (then.mouth - 100) + 300)
    box = lip_films._carried(LipBox(110, 135, 20, 8), then, now)
    assert complex(*box.centre) == pytest.approx(2j * (complex(120, 139) - 100) + 300)
    assert (box.width, box.height, box.roll) == pytest.approx((40, 16, np.pi / 2))
    assert np.isnan(lip_films._carried(LipBox(110, 135, 20, 8), None, now).left)


def test_another_annotators_box_is_tight_around_the_outer_lips() -> None:
    points = [0j] * 68
    points[36], points[45] = 20 + 20j, 60 + 20j
    points[48:60] = [complex(30 + n, 40 + n % 5) for n in range(12)]
    box = lip_boxes._marked(Picture(Path("a.jpg"), points=tuple(points)))
    assert (box.left, box.top, box.width, box.height) == pytest.approx((29.5, 39.5, 11, 4))


def test_live_boxes_of_a_film_are_near_offline_ones(tmp_path: Path, fetched: Path) -> None:
    grid(tmp_path, seconds=0.8)
    measured = lip_boxes.measure(tmp_path, None, 1, Profile(name="small"), fetched)
    rows = {row["what"]: row for row in measured.figures["boxes"]}
    live, old = rows["GRID as it is"], rows["GRID, two frames old"]
    assert (live["n"], live["groups"]) == (20, 1)
    assert live["found"] > 0.7
    assert live["iou"]["value"] > 0.85
    assert old["aspect"]["value"] >= live["aspect"]["value"]
    assert measured.figures["mesh_ms"] > 0
    (trace,) = measured.films
    assert trace.shape == (20, 4)
    assert list(lip_boxes.simulations(measured)) == ["live boxes"]
    lines = "\n".join(lip_boxes.table(measured.figures))
    assert "GRID, face 60 px" in lines


def test_a_film_that_shows_no_face_gives_no_boxes(fetched: Path) -> None:
    wall = [np.full((240, 320, 3), 120, np.uint8)] * 3
    assert lip_films.Filmed(Profile(name="small"), fetched)(wall) is None


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Clips:
    """Clips whose word is told by how high the box is, and a reader that goes by that."""
    clips = small_clips()
    high = np.where(clips.labels[:, None] == 0, 0.3, 0.6)
    aspects = np.repeat(high, len(clips.images) // len(clips), axis=1).ravel()

    class Reader:
        def read(self, clips: Clips, pictures: Image, shown: Any) -> Image:
            (stretch,) = shown
            columns = pictures[stretch.own].astype(int)[:, :, 24]
            high = (np.abs(np.diff(columns, axis=1)) > 2).sum(axis=1).mean()
            return np.array([[0, high - 22, -np.inf]])

    monkeypatch.setattr(word_boxes, "one", lambda path, clips: Reader())
    ramp = np.tile(np.linspace(20, 235, KEPT_HEIGHT)[:, None], (1, KEPT_WIDTH)).astype(np.uint8)
    images = np.broadcast_to(ramp, clips.images.shape)
    return replace(clips, images=images, aspects=aspects.astype(np.float32))


def run_of(folder: Path, clips: Clips) -> Path:
    for speaker in set(clips.speakers.tolist()):
        (folder / f"without-{speaker}.tflite").write_bytes(b"")
    return folder


def test_a_part_that_leaves_several_speakers_out_counts_each_of_them(
    tmp_path: Path, heard: Clips
) -> None:
    speakers = np.array([f"s{number % 6}" for number in range(len(heard.speakers))])
    many = replace(heard, speakers=speakers)
    (tmp_path / "third0.tflite").write_bytes(b"")
    alone = evaluate_words(tmp_path, many, {})
    assert alone["speakers"] == 2
    assert alone["rows"][0]["interval"] == (1, 1)
    both = evaluate_words(run_of(tmp_path, many), many, {})
    assert both["n"] == (many.labels >= 0).sum()  # no word twice


def test_words_are_scored_as_they_are_and_under_every_change(tmp_path: Path, heard: Clips) -> None:
    taller = Off([np.tile([0, 0, 0, 0.5], (100, 1))], 25.0, NOWHERE)
    figures = evaluate_words(run_of(tmp_path, heard), heard, {"live boxes": taller})
    rows = {row["change"]: row for row in figures["rows"]}
    assert figures["n"] == 18  # none but words
    assert list(rows) == [*CHANGES, "live boxes"]
    assert rows[PLAIN]["accuracy"] == 1
    assert rows[PLAIN]["gain"] == 0
    assert rows["live boxes"]["accuracy"] == 0.5
    assert rows["live boxes"]["gain"] == -0.5
    low, high = rows["live boxes"]["gain_interval"]
    assert low <= -0.5 <= high
    lines = "\n".join(table(figures))
    assert "live boxes" in lines
    assert "-50.0%" in lines


@pytest.mark.parametrize(
    ("gain", "iou", "usable"),
    [(-0.02, 0.9, True), (-0.04, 0.9, False), (-0.02, 0.7, False), (0.01, 0.8, True)],
)
def test_the_rule_asks_for_words_and_for_boxes(gain: float, iou: float, usable: bool) -> None:
    boxes = [{"what": "GRID as it is", "live": True, "iou": {"value": 0.95}}]
    boxes.append({"what": "GRID, face 100 px", "live": True, "iou": {"value": iou}})
    boxes.append({"what": "another annotator's faces", "live": False, "iou": {"value": 0.5}})
    rows = [{"change": PLAIN, "gain": 0.0}, {"change": "live boxes", "gain": gain}]
    told = verdict({"boxes": boxes, "rows": rows})
    assert told
    assert told["usable_live"] is usable
    assert verdict({"boxes": boxes}) is None
    assert verdict({"boxes": [], "rows": rows}) is None


def test_what_cannot_be_measured_is_told_in_one_line(
    tmp_path: Path, lipwire: Lipwire, heard: Clips
) -> None:
    command = ("evaluate", "word-boxes")
    small_clips().save(tmp_path / "clips.npz")
    assert "nothing to measure" in lipwire.complaint(*command)
    assert "--run and --clips" in lipwire.complaint(*command, "--run", tmp_path)
    both = (*command, "--run", tmp_path, "--clips")
    assert "no such file" in lipwire.complaint(*both, tmp_path / "none.npz")
    assert "no model in it" in lipwire.complaint(*both, tmp_path / "clips.npz")
    aligned = replace(heard, origin=replace(heard.origin, kind="aligned-mouth"))
    line = complaint(lambda: evaluate_words(tmp_path, aligned, {}), SettingsError)
    assert "lip-box" in line


def test_a_folder_without_clips_of_grid_is_refused(ready: Lipwire, tmp_path: Path) -> None:
    line = ready.complaint("evaluate", "word-boxes", "--grid", tmp_path)
    assert "s1/*.mp4" in line
