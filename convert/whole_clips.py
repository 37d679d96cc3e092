"""Clips of words, for models that see whole ones: what they are calibrated on and say of
themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convert.describe import TASKS, Wishes, blank, wished
from convert.items import Items
from edge.description import Description, Source, read
from edge.errors import ModelError, SettingsError, SourceError
from edge.word_reader import OTHER
from training.clips import OTHER as NO_WORD
from training.clips import Clips
from training.evaluate.word_clips import seen, stretches

WORD = "word"
ON, OFF = 0.5, 0.3  # thresholds of a word's score


class WholeClips:
    """The words of a file of `lipwire prepare word`, as a model takes them."""

    def __init__(self, path: Path, shape: tuple[int, ...]) -> None:
        if path.suffix != ".npz":
            raise SourceError(f"{path}: words need a .npz of lipwire prepare word")
        self._clips = Clips.read(path)
        self._words = np.flatnonzero(self._clips.labels != NO_WORD)
        if not len(self._words):
            raise SourceError(f"{path}: an empty vocabulary: no word in it")
        self._pictures = seen(self._clips)
        _, self._window, *sides, _ = shape
        if tuple(sides) != self._pictures.shape[1:]:
            high, wide = self._pictures.shape[1:]
            raise ModelError(
                f"the model takes pictures of {sides[1]}x{sides[0]} pixels, the lips in {path} are "
                f"{wide}x{high}"
            )

    def planned(self, model: Path, given: int, wishes: Wishes) -> Description:
        """The description so far, of a model that gives so many numbers."""
        origin = self._clips.origin
        if wishes.crop not in (None, origin.kind):
            raise SettingsError(f"--crop {wishes.crop}: the clips are cut as {origin.kind}")
        labels = origin.classes if given == len(origin.classes) else (*origin.classes, OTHER)
        said = self._beside(model) or blank(
            task=WORD,
            labels=labels,
            crop=origin.kind or TASKS[WORD].crop,
            crop_size=self._pictures.shape[2],
            frames=self._window,
            fps=origin.fps,
            on_threshold=ON,
            off_threshold=OFF,
        )
        return wished(said, wishes)

    def items(self, labels: tuple[str, ...]) -> Items:
        """All words, and which of the labels each is, where all are known."""
        origin = self._clips.origin
        spoken = stretches(self._clips, self._words)
        images = self._pictures[np.stack([one.whole(self._window)[0] for one in spoken])]
        known = None
        if set(origin.classes) <= set(labels):
            places = np.array([labels.index(name) for name in origin.classes])
            known = places[self._clips.labels[self._words]]
        return Items(images, known, Source(origin.dataset, origin.licence, len(self._words)))

    def _beside(self, model: Path) -> Description | None:
        """The description of a file of the same name beside the source, as training leaves one."""
        try:
            said = read(model.resolve().with_suffix(".tflite"))
        except ModelError:
            return None
        return said if (said.task, said.frames) == (WORD, self._window) else None
