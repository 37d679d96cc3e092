"""Teaching an encoder what lips are, before it learns words: where MediaPipe's face mesh sees their
points, on pictures of thousands of people where clips of words have a dozen. One that is to see
what changed since the frame before learns how far they moved, too: films show it, and where there
is but one picture its box trembles."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from edge.description import Source
from edge.detection import Box
from edge.errors import SettingsError
from edge.frame import Image
from edge.lip_points import OUTER_LIPS
from edge.lipbox import HEIGHT, WIDTH, LipPicture, cut_box, on_canvas, standardised
from training.crops import Crops
from training.prepare.mesh import MIRRORED, TAUGHT
from training.run import Run
from training.train import clip_change
from training.train.clip_change import Change
from training.train.fit import Watch, fit, forget_checkpoints
from training.train.recipe import Phase
from training.train.word_recipe import CANVAS, DIFFERENCES
from training.word_pixels import pixels
from training.written import written
from training.zoo.word_small import ENCODER, encoder

INNER_LIPS = (
    *(78, 95, 88, 178, 87, 14, 317, 402, 318, 324),
    *(308, 415, 310, 311, 312, 13, 82, 81, 80, 191),
)
LIPS = np.isin(TAUGHT, [*OUTER_LIPS, *INNER_LIPS])
SWAPPED = np.searchsorted(np.flatnonzero(LIPS), MIRRORED[LIPS])  # in a mirror image
FILMS, EACH_OF_A_CLIP = ("grid", "videos"), 6  # frames resemble each other: one of six is shown
SINCE = 2  # frames of a film to what is the frame before: words have fewer a second
TREMBLE, SHAKE = 0.02, 0.4  # of a single picture's box: of its sides, and pixels of the canvas
MOVED = 4.0  # movements are so much smaller than places
ASIDE = 20  # one of so many is kept for validation
BATCH = 256
log = logging.getLogger(__name__)


Shown = tuple[NDArray[np.uint8], NDArray[np.float32]]  # frames, and what is to be told of them
Batch = tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]]]


@dataclass(frozen=True)
class LipRecipe:
    """How the encoder is taught."""

    phases: tuple[Phase, ...] = (Phase(12, 3e-3, 3e-4),)
    pictures: int = 24_000  # an epoch shows
    seed: int = 1
    shares: dict[str, float] = field(default_factory=lambda: {"keypoints68": 2.0})
    sees: str = CANVAS  # or what changed since the frame before, too

    @property
    def loss_weights(self) -> dict[str, float]:
        """Of what a model tells, where they are not 1."""
        return {}

    @property
    def changes(self) -> bool:
        """Whether what changed since the frame before is seen."""
        return self.sees == DIFFERENCES


@dataclass(frozen=True, eq=False)
class Mouth:
    """A lip box and the points in it."""

    lips: LipPicture
    points: NDArray[np.float32]  # (points, 2), in pixels of the canvas

    def seen(
        self, matrix: NDArray[np.float64], change: Change | None, rng: np.random.Generator
    ) -> tuple[Image, NDArray[np.float32]]:
        """The canvas under a matrix, in another light where it is changed, and its points."""
        canvas = on_canvas(self.lips, matrix)
        if change is not None:
            canvas = standardised(change.relit(canvas, rng))
        points = (self.points @ matrix[:2, :2].T + matrix[:2, 2]).astype(np.float32)
        return canvas, points[SWAPPED] if np.linalg.det(matrix) < 0 else points


@dataclass(frozen=True, eq=False)
class Lips:
    """Mouths, each with what it was a moment before where a film shows it."""

    now: list[Mouth]
    before: list[Mouth | None]
    sets: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.now)


def train(crops: Sequence[Crops], run: Run, recipe: LipRecipe) -> Path:
    """Teach an encoder, and write it; gives its file."""
    if any(each.points.shape[1] == 0 for each in crops):
        raise SettingsError("crops without the face mesh's points: lipwire prepare with --points")
    run.begin("lips", recipe, crops, {})
    file = run.keras(ENCODER)
    if not file.exists():
        lips = _lips(crops)
        if not len(lips):
            raise SettingsError("the face mesh saw no lips in any of these crops")
        check = np.arange(len(lips)) % ASIDE == 0
        log.info("%d lip boxes, and %d kept aside", (~check).sum(), check.sum())
        lesson = LipLesson(lips, np.flatnonzero(~check), recipe)
        watch = Watch(lesson.unchanged(np.flatnonzero(check)))
        model = fit(lambda: _learner(recipe), lesson.epoch, recipe, run.part(ENCODER), watch)
        with written(file) as partial:
            model.get_layer(ENCODER).save(partial)
        forget_checkpoints(run.part(ENCODER))
    return file


def begin_with(model: keras.Model, file: Path) -> None:
    """Give a model's encoder what lips are."""
    try:
        taught = keras.models.load_model(file, compile=False)
        model.get_layer(ENCODER).set_weights(taught.get_weights())
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise SettingsError(f"--encoder {file}: no encoder for this model: {reason}") from None


def sources(file: Path) -> tuple[Source, ...]:
    """What an encoder has learned from, by the run that it lies in."""
    try:
        known = Run(file.parent).config()["sources"]
        return tuple(Source(each["dataset"], each["licence"], each["pictures"]) for each in known)
    except (SettingsError, KeyError, TypeError):
        raise SettingsError(
            f"--encoder {file}: nothing beside it says what it has learned from; leave it in the "
            "folder that lipwire train lips made"
        ) from None


def _learner(recipe: LipRecipe) -> keras.Model:
    channels = 2 if recipe.changes else 1
    frames = keras.Input((HEIGHT, WIDTH, channels), name="frames")
    row = encoder(HEIGHT, WIDTH, channels)(frames)
    told = layers.Dense(2 * channels * int(LIPS.sum()))(layers.Dropout(0.1)(row))
    told = layers.Reshape((-1, 2), name="lips")(told)
    return keras.Model({"frames": frames}, {"lips": told}, name="lips")


def _lips(crops: Sequence[Crops]) -> Lips:
    now: list[Mouth] = []
    before: list[Mouth | None] = []
    sets: list[str] = []
    for each in crops:
        film = each.origin.dataset in FILMS
        seen = np.flatnonzero(np.isfinite(each.points[:, 0, 0]))
        for row in seen[:: EACH_OF_A_CLIP if film else 1].tolist():
            if (mouth := _mouth(each, row)) is None:
                continue
            now.append(mouth)
            before.append(_mouth(each, row - SINCE) if film and _follows(each, row) else None)
            sets.append(each.origin.dataset)
    return Lips(now, before, np.array(sets))


def _follows(crops: Crops, row: int) -> bool:
    """Whether a film's frame comes so soon after the one some rows before it."""
    film, _, frame = str(crops.files[row]).rpartition("#")
    return row >= SINCE and str(crops.files[row - SINCE]) == f"{film}#{int(frame) - SINCE}"


def _mouth(crops: Crops, row: int) -> Mouth | None:
    """The lip box of a crop; None where the face mesh saw no face, or nothing in it."""
    mesh = crops.points[row].astype(np.float32)
    if not np.isfinite(mesh[0, 0]):
        return None
    left, top = mesh[OUTER_LIPS].min(axis=0)
    right, bottom = mesh[OUTER_LIPS].max(axis=0)
    box = Box(float(left), float(top), float(right - left), float(bottom - top))
    if (lips := cut_box(crops.images[row], box)) is None:
        return None
    away = mesh[TAUGHT[LIPS]] - ((left + right) / 2, (top + bottom) / 2)
    return Mouth(lips, away * (WIDTH / (right - left)) + (WIDTH / 2, HEIGHT / 2))


@dataclass(frozen=True, eq=False)
class LipLesson:
    """What the encoder learns from."""

    lips: Lips
    rows: NDArray[np.int_]
    recipe: LipRecipe

    def epoch(self, number: int) -> LipBatches:
        """An epoch's batches: sets by their shares, pictures of each by chance."""
        rng = np.random.default_rng((self.recipe.seed, number))
        shares = np.array([self.recipe.shares.get(n, 1.0) for n in self.lips.sets[self.rows]])
        drawn = rng.choice(self.rows, self.recipe.pictures, p=shares / shares.sum())
        return LipBatches(self, drawn, number)

    def unchanged(self, rows: NDArray[np.int_]) -> Batch:
        """Boxes as they are."""
        rng = np.random.default_rng(0)
        return self._batch([self._shown(row, None, rng) for row in rows.tolist()])

    def batch(self, rows: NDArray[np.int_], seed: tuple[int, ...]) -> Batch:
        """Boxes as other cameras would show them."""
        rng = np.random.default_rng(seed)
        changes = [clip_change.drawn(HEIGHT, WIDTH, rng) for _ in rows]
        pairs = zip(rows.tolist(), changes, strict=True)
        return self._batch([self._shown(row, change, rng) for row, change in pairs])

    def _shown(self, row: int, change: Change | None, rng: np.random.Generator) -> Shown:
        """What was seen a moment before and is seen now, and what is to be told: places, and, where
        changes are seen, movements."""
        now, before = self.lips.now[row], self.lips.before[row]
        matrix = np.eye(3) if change is None else change.matrix
        canvas, points = now.seen(matrix, change, rng)
        places = points / WIDTH - 0.5
        if not self.recipe.changes:
            return canvas[None], places
        if before is None:
            before, matrix = now, matrix @ _tremble(rng)
        was, began = before.seen(matrix, change, rng)
        return np.stack([was, canvas]), np.concatenate([places, MOVED * (points - began) / WIDTH])

    def _batch(self, shown: Sequence[Shown]) -> Batch:
        frames = np.stack([frames for frames, _ in shown])
        told = np.stack([told for _, told in shown]).astype(np.float32)
        return {"frames": pixels(frames, self.recipe.changes)[:, -1]}, {"lips": told}


def _tremble(rng: np.random.Generator) -> NDArray[np.float64]:
    """How a box is off that is fitted to the same mouth once more, as a matrix on the canvas."""
    middle = np.array([WIDTH, HEIGHT]) / 2
    size = np.exp(rng.normal(0, TREMBLE, 2))
    matrix = np.diag([*size, 1.0])
    matrix[:2, 2] = middle + rng.normal(0, SHAKE, 2) - size * middle
    return matrix


class LipBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """An epoch's batches, made when they are asked for."""

    def __init__(self, lesson: LipLesson, rows: NDArray[np.int_], epoch: int) -> None:
        super().__init__()
        self._lesson, self._rows, self._epoch = lesson, rows, epoch

    def __len__(self) -> int:
        return len(self._rows) // BATCH

    def __getitem__(self, number: int) -> Batch:
        rows = self._rows[number * BATCH : (number + 1) * BATCH]
        return self._lesson.batch(rows, (self._lesson.recipe.seed, self._epoch, number))
