"""Clips of words that are easily told apart: each has a pattern of its own, speakers little."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edge.lipbox import KEPT_HEIGHT, KEPT_WIDTH
from tests.word_file import write_words
from training.clips import OTHER, Clips, ClipsOrigin
from training.evaluate.word_clips import seen, stretches

WORDS = ("ja", "nein", "sí señor")
SPEAKERS = ("A", "B", "C")
TAKES, FRAMES = 4, 6
WINDOW = 4


def pattern(number: int) -> np.ndarray:
    """Blocks of light and dark, other ones for each number."""
    rng = np.random.default_rng(number)
    blocks = rng.integers(40, 216, (6, 8))
    return np.kron(blocks, np.ones((KEPT_HEIGHT // 6, KEPT_WIDTH // 8)))


def spoken(words: Sequence[str] = WORDS, noise: float = 8.0) -> Clips:
    """Every word in every take by everybody, and a phrase a take; the first frame shows nobody
    speaking, as the phrases do throughout."""
    rng = np.random.default_rng(7)
    images, rows = [], []
    for speaker in SPEAKERS:
        own = rng.normal(0, noise, (KEPT_HEIGHT, KEPT_WIDTH))
        for take in range(1, TAKES + 1):
            for label in (*range(len(words)), OTHER):
                frames = [pattern(100)] + [pattern(label if label >= 0 else 99)] * (FRAMES - 1)
                images += [each + own + rng.normal(0, noise, each.shape) for each in frames]
                rows.append((speaker, take, label))
    many = len(rows)
    names, takes, labels = zip(*rows, strict=True)
    return Clips(
        ClipsOrigin("word", "miracl-vc1", "free", "lip-box", 15.0, tuple(words)),
        np.clip(np.stack(images), 0, 255).astype(np.uint8),
        np.full(len(images), 0.6, np.float32),
        (FRAMES * np.arange(1, many + 1)).astype(np.int32),
        np.array([f"{s}/words/{n + 1:02}/{t:02}" for s, t, n in rows]),
        np.array(names),
        np.array(takes, np.int16),
        np.full(many, -1, np.int8),
        np.array(["words" if label >= 0 else "phrases" for label in labels]),
        np.arange(many, dtype=np.int32),
        np.zeros(many, np.int32),
        np.full(many, FRAMES, np.int32),
        np.array(labels, np.int16),
    )


def write_reader(path: Path, clips: Clips, words: Sequence[str] = WORDS, **said: object) -> Path:
    """A model that reads these words, frame by frame."""
    pictures = seen(clips)

    def mean(label: int) -> np.ndarray:
        spoken_so = stretches(clips, np.flatnonzero(clips.labels == label))
        return np.mean([pictures[one.own[1:]].mean(axis=0) for one in spoken_so], axis=0)

    classes = clips.origin.classes
    shown = {word: mean(classes.index(word)) for word in words}
    return write_words(path, shown, mean(OTHER), **{"frames": WINDOW} | said)


def write_run(folder: Path, parts: Sequence[str], clips: Clips, file: Path) -> Path:
    """A run whose Keras models read all but one word of a part; of files for the device there are
    none."""
    config = {
        "task": "word",
        "recipe": {"model": "word-vgg-frozen", "window": WINDOW, "augment": True},
        "sources": [{"dataset": "miracl-vc1", "licence": "free", "pictures": len(clips)}],
        "labels": [*clips.origin.classes, "other"],
        "clips": str(file),
    }
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    for part in parts:
        _write_part(folder / part, part, clips)
    return folder


def _write_part(folder: Path, part: str, clips: Clips) -> None:
    from training.evaluate.word_parts import left_out

    items = np.flatnonzero(left_out(clips, part))
    other = len(clips.origin.classes)
    labels = np.where(clips.labels == OTHER, other, clips.labels)[items]
    logits = 5.0 * np.eye(other + 1, dtype=np.float32)[labels]
    logits[0] = np.roll(logits[0], 1)
    folder.mkdir()
    np.savez(
        folder / "heldout.npz",
        items=items,
        files=clips.files[clips.sequences[items]],
        speakers=clips.speakers[clips.sequences[items]],
        labels=labels,
        logits=logits,
    )
    head = "epoch,accuracy,loss,val_accuracy,val_loss,learning_rate\n"
    (folder / "history.csv").write_text(head + "0,0.4,1.2,0.3,1.3,0.001\n1,0.8,0.5,0.6,0.9,0.0\n")
