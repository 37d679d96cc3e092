"""Another language is another file: a vocabulary of Korean words, from videos to the broker."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from edge.description import read
from tests import mouthing
from tests.command import Lipwire
from tests.conftest import Mosquitto, need
from tests.feed import Subscriber

pytestmark = pytest.mark.training

WORDS = ("감사 합니다", "안녕하세요")
TAKES = 8


def write_clips(root: Path) -> Path:
    """Videos as `lipwire record` keeps them, and as many that show none of the words."""
    for number, word in enumerate((*WORDS, "other")):
        folder = root / "민지" / word
        folder.mkdir(parents=True)
        for take in range(TAKES):
            script = mouthing.script(word if word in WORDS else "no", 0.85 + 0.05 * take, 0.12)
            mouthing.film(folder / f"{take:02}.avi", script, seed=10 * number + take)
    return root


def test_a_korean_vocabulary_goes_from_videos_to_the_broker(
    ready: Lipwire, tmp_path: Path, mosquitto: Mosquitto, subscriber: Subscriber
) -> None:
    need("ffmpeg", shutil.which("ffmpeg") is None, "apt install ffmpeg")
    clips, model = tmp_path / "clips.npz", tmp_path / "run/all.tflite"
    root = write_clips(tmp_path / "clips")
    prepared = ready("prepare", "word", "--dataset", "clips", "--root", root, "--out", clips)
    assert prepared.returncode == 0, prepared.stderr
    small = ("--epochs", "12", "--batch", "6", "--window", "10", "--parts", "all")
    trained = ready("train", "word", clips, "--out", model.parent, *small)
    assert trained.returncode == 0, trained.stderr
    assert read(model).labels == (*WORDS, "other")
    said = (*WORDS, WORDS[0])
    film = mouthing.film(tmp_path / "said.avi", *map(mouthing.script, said), seed=99)
    config = tmp_path / "words.toml"
    config.write_text(f'[word]\nenabled = true\nmodel = "{model}"\nthreshold = 0.4\n')
    run = ("run", "--config", config, "--source", film, "--broker", mosquitto.url)
    done = ready(*run, "--pace", "max", "--page", "off")
    assert done.returncode == 0, done.stderr
    subscriber.wait_for(lambda s: any(e["event_type"] == "face_left" for e in s.events))
    told = [event for event in subscriber.events if event["event_type"] == "word_read"]
    assert tuple(event["word"] for event in told) == said
    assert all(set(event["alternatives"]) == set(WORDS) - {event["word"]} for event in told)
    assert all(f": {word} (" in done.stderr for word in WORDS)
