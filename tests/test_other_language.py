"""Another language is another file: a vocabulary of Korean words, from videos to the broker."""

from __future__ import annotations

import shutil
import subprocess
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
TRAINING_S = 300  # at most, on a busy machine


def write_clips(root: Path) -> Path:
    """Videos as `lipwire record` keeps them."""
    for number, word in enumerate(WORDS):
        folder = root / "민지" / word
        folder.mkdir(parents=True)
        for take in range(TAKES):
            script = mouthing.script(word, 0.85 + 0.04 * take, rest_s=0.12)
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
    # Few and small batches: what normalises the features learns by a part of each.
    small = ("--epochs", "24", "--batch", "3", "--window", "20", "--no-other", "--parts", "all")
    trained = patiently(ready, "train", "word", clips, "--out", model.parent, *small)
    assert trained.returncode == 0, trained.stderr
    assert read(model).labels == (*WORDS, "other")
    said = (*WORDS, WORDS[0])
    film = mouthing.film(tmp_path / "said.avi", *map(mouthing.script, said), seed=99)
    config = tmp_path / "words.toml"
    config.write_text(f'[word]\nenabled = true\nmodel = "{model}"\nthreshold = 0.4\n')
    run = ("run", "--config", config, "--source", film, "--broker", mosquitto.url)
    done = ready(*run, "--pace", "max", "--page", "off")
    assert done.returncode == 0, done.stderr
    subscriber.assert_soon(lambda s: any(e["event_type"] == "face_left" for e in s.events))
    told = [event for event in subscriber.events if event["event_type"] == "word_read"]
    assert tuple(event["word"] for event in told) == said
    assert all(set(event["alternatives"]) == set(WORDS) - {event["word"]} for event in told)
    assert all(f": {word} (" in done.stderr for word in WORDS)


def patiently(lipwire: Lipwire, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run what takes longer than commands do."""
    pipes = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
    with lipwire.start(*arguments, **pipes) as process:
        out, err = process.communicate(timeout=TRAINING_S)
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)
