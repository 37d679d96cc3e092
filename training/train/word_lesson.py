"""Batches of clips as a model learns from them: what it is shown, and what is to come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edge.frame import Image
from training import zoo
from training.clips import OTHER
from training.train import clip_change
from training.train.word_pool import Rows, WordPool
from training.train.word_recipe import DIFFERENCES, WordRecipe
from training.train.word_samples import Sample
from training.train.word_times import times_of
from training.word_pixels import pixels

LEAD = 6  # frames before a word that the device has seen, too
Batch = tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]]]
Images = NDArray[np.uint8]
Flags = NDArray[np.bool_]


def streams(recipe: WordRecipe) -> bool:
    """Whether a model advances frame by frame on the device."""
    return hasattr(zoo.module(recipe.model), "one_step")


@dataclass(frozen=True, eq=False)
class WordLesson:
    """What a model of words learns from."""

    pool: WordPool
    recipe: WordRecipe
    still: bool = False  # clips look as they are
    taught: NDArray[np.float32] | None = None  # what teachers make of each item

    @property
    def frames(self) -> int:
        """What a model is shown of a clip while it learns."""
        return self.recipe.window + (self.recipe.ahead if streams(self.recipe) else 0)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """What is told apart: words that are left out are not, and `other` only where it is
        learned."""
        words = [word for word in self.pool.labels[:-1] if word not in self.recipe.leave_out]
        return (*words, self.pool.labels[-1])

    @cached_property
    def targets(self) -> Rows:
        """Each item's index into the labels; -1 for words that are left out."""
        index = {label: number for number, label in enumerate(self.labels)}
        places = np.array([index.get(label, -1) for label in self.pool.labels])
        return places[self.pool.classes]

    @cached_property
    def phrases(self) -> tuple[str, ...]:
        """What is none of the words, by the folders of the set: told apart, too, while learning."""
        if not (self.recipe.other and streams(self.recipe)):
            return ()
        folders = set(self._folders[self.pool.clips.labels == OTHER].tolist())
        return tuple(sorted(folders)) if 1 < len(folders) <= len(self.pool) / 20 else ()

    @cached_property
    def speakers(self) -> tuple[str, ...]:
        """Who speaks, where the features are not to tell."""
        names = sorted(set(self.pool.speakers.tolist()))
        return tuple(names) if self.recipe.speaker_weight and len(names) > 1 else ()

    @property
    def changes(self) -> bool:
        """Whether a model sees what changed since the frame before."""
        return self.recipe.sees == DIFFERENCES

    @property
    def options(self) -> dict[str, str | int]:
        """What a model is built with beside its sizes."""
        told = {"phrases": len(self.phrases), "speakers": len(self.speakers)}
        channels = {"channels": 2} if self.changes else {}
        return self.recipe.options | {name: n for name, n in told.items() if n} | channels

    @cached_property
    def _folders(self) -> NDArray[np.str_]:
        files = [name.rpartition("/")[0].rpartition("/")[2] for name in self.pool.clips.files]
        return np.array(files)[self.pool.clips.sequences]

    def batch(self, samples: Sequence[Sample], seed: tuple[int, ...]) -> Batch:
        """What goes into a model, and what is to come out."""
        rng = np.random.default_rng(seed)
        shown = [self._shown(sample, rng) for sample in samples]
        frames = self.pixels(np.stack([clip for clip, _ in shown]))
        counts = np.stack([mask for _, mask in shown]).astype(np.float32)
        targets = self._told(samples)
        if self.recipe.mixup:
            share = float(rng.beta(self.recipe.mixup, self.recipe.mixup))
            other = rng.permutation(len(samples))
            frames = share * frames + (1 - share) * frames[other]
            counts = np.maximum(counts, counts[other])
            targets = {k: share * v + (1 - share) * v[other] for k, v in targets.items()}
        return self._inputs(frames, counts), targets

    def unchanged(self, rows: Rows) -> Batch:
        """Items as they are, in the middle of their windows."""
        shown = [self._plain(int(row)) for row in rows]
        frames = self.pixels(np.stack([clip for clip, _ in shown]))
        counts = np.stack([mask for _, mask in shown]).astype(np.float32)
        return self._inputs(frames, counts), self._told([Sample(int(row)) for row in rows])

    def asked(self, rows: Rows) -> tuple[Images, Flags]:
        """Items as the device sees them: what is before a word, and the word, of which a window in
        its middle counts."""
        many = LEAD + max(self.pool.length(int(row)) for row in rows)
        clips, counts = [], []
        for row in rows.tolist():
            times = np.arange(many) - float(LEAD)
            early = max(0, self.pool.length(row) - self.recipe.window) // 2
            late = min(self.pool.length(row), early + self.recipe.window)
            clips.append(self.pool.shown(row, times))
            counts.append((times >= early) & (times < late))
        return np.stack(clips), np.stack(counts)

    def pixels(self, clips: Images) -> NDArray[np.float32]:
        """Clips as a model's numbers."""
        return pixels(clips, self.changes)

    def _inputs(self, frames: NDArray[Any], counts: NDArray[Any]) -> dict[str, NDArray[Any]]:
        return {"frames": frames} | ({"counts": counts} if streams(self.recipe) else {})

    def _told(self, samples: Sequence[Sample]) -> dict[str, NDArray[Any]]:
        other = len(self.labels) - 1
        places = [self.targets[sample.row] if sample.is_word else other for sample in samples]
        smooth = self.recipe.label_smoothing
        words = np.eye(other + 1, dtype=np.float32)[places] * (1 - smooth) + smooth / (other + 1)
        if self.taught is not None:
            words = self._as_taught(words, samples)
        told = {"word": words}
        if self.speakers:
            who = [self.speakers.index(str(self.pool.speakers[each.row])) for each in samples]
            told["speaker"] = np.eye(len(self.speakers), dtype=np.float32)[who]
        if phrases := self.phrases:
            known = np.zeros((len(samples), len(phrases)), np.float32)
            for number, sample in enumerate(samples):
                if self._is_phrase(sample):
                    known[number, phrases.index(self._folders[sample.row])] = 1
            told["phrase"] = known
        return told

    def _as_taught(
        self, words: NDArray[np.float32], samples: Sequence[Sample]
    ) -> NDArray[np.float32]:
        """Of words, in part what teachers make of them."""
        assert self.taught is not None
        share = self.recipe.teacher_weight
        rows = [sample.row for sample in samples]
        known = np.array([sample.is_word for sample in samples]) & (words[:, -1] < 0.5)
        mixed = (1 - share) * words + share * self.taught[rows]
        return np.where(known[:, None], mixed, words).astype(np.float32)

    def _is_phrase(self, sample: Sample) -> bool:
        return self.pool.clips.labels[sample.row] == OTHER and sample.is_word

    def _plain(self, row: int) -> tuple[Image, NDArray[np.bool_]]:
        length, window = self.pool.length(row), self.recipe.window
        start = -(-(window - length) // 2)
        times = np.arange(self.frames) - float(start + self.frames - window)
        return self.pool.shown(row, times), (times >= 0) & (times < length)

    def _shown(self, sample: Sample, rng: np.random.Generator) -> tuple[Image, NDArray[np.bool_]]:
        """A clip, and which of its frames count."""
        recipe = self.recipe
        if not recipe.augment and sample.is_word:
            return self._plain(sample.row)
        changes = recipe.augment and not self.still
        boxes = recipe.boxes if self.pool.boxed else 0.0
        change = clip_change.drawn(*self.pool.sides, rng, boxes) if changes else None
        begin, length = sample.quiet or (0, self.pool.length(sample.row))
        camera = bool(recipe.cameras) and rng.random() < recipe.cameras
        times, counts = times_of(length, self.frames, recipe, rng, camera)
        times = times + begin
        if sample.backwards:
            times = self.pool.length(sample.row) - 1 - times
        clip = self.pool.shown(sample.row, times, change, rng, camera)
        if sample.then >= 0:
            half = int((np.flatnonzero(counts)[0] + np.flatnonzero(counts)[-1] + 1) // 2)
            # Time goes on in the second word where it is as far as in the first.
            scale = self.pool.length(sample.then) / self.pool.length(sample.row)
            clip[half:] = self.pool.shown(sample.then, times[half:] * scale, change, rng, camera)
        return self._masked(clip, counts, rng), counts

    def _masked(self, clip: Image, counts: NDArray[np.bool_], rng: np.random.Generator) -> Image:
        """Some frames of the word held over."""
        own = np.flatnonzero(counts)
        many = int(rng.uniform(0, 2 * self.recipe.time_mask) * len(own))
        if many:
            at = int(rng.integers(own[0], own[-1] - many + 2))
            clip[at : at + many] = clip[max(at - 1, 0)]
        return clip


class WordBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """An epoch's batches, made when they are asked for."""

    def __init__(self, lesson: WordLesson, samples: list[list[Sample]], epoch: int) -> None:
        super().__init__()
        self._lesson, self._samples, self._epoch = lesson, samples, epoch

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, number: int) -> Batch:
        seed = (self._lesson.recipe.seed, self._epoch, number)
        return self._lesson.batch(self._samples[number], seed)
