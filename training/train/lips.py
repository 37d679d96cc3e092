"""Teaching an encoder what lips are, before it learns words: where MediaPipe's face mesh sees their
points, on pictures of thousands of people where clips of words have a dozen."""

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

from edge.detection import Box
from edge.errors import SettingsError
from edge.lip_points import OUTER_LIPS
from edge.lipbox import HEIGHT, WIDTH, LipPicture, cut_box, on_canvas, standardised
from training.crops import Crops
from training.prepare.mesh import MIRRORED, TAUGHT
from training.run import Run
from training.train import clip_change
from training.train.clip_change import Change
from training.train.fit import Watch, fit, forget_checkpoints
from training.train.recipe import Phase
from training.written import written
from training.zoo.word_small import ENCODER, encoder

INNER_LIPS = (
    *(78, 95, 88, 178, 87, 14, 317, 402, 318, 324),
    *(308, 415, 310, 311, 312, 13, 82, 81, 80, 191),
)
LIPS = np.isin(TAUGHT, [*OUTER_LIPS, *INNER_LIPS])
SWAPPED = np.searchsorted(np.flatnonzero(LIPS), MIRRORED[LIPS])  # in a mirror image
FILMS, EACH_OF_A_CLIP = ("grid", "videos"), 6  # frames resemble each other: one of six is shown
ASIDE = 20  # one of so many is kept for validation
BATCH = 256
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LipRecipe:
    """How the encoder is taught."""

    phases: tuple[Phase, ...] = (Phase(12, 3e-3, 3e-4),)
    pictures: int = 24_000  # an epoch shows
    seed: int = 1
    shares: dict[str, float] = field(default_factory=lambda: {"keypoints68": 2.0})

    @property
    def loss_weights(self) -> dict[str, float]:
        """Of what a model tells, where they are not 1."""
        return {}


@dataclass(frozen=True, eq=False)
class Lips:
    """Lip boxes and the points in them."""

    boxes: list[LipPicture]
    points: NDArray[np.float32]  # (boxes, points, 2), in pixels of the canvas
    sets: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.boxes)


def train(crops: Sequence[Crops], run: Run, recipe: LipRecipe) -> Path:
    """Teach an encoder, and write it; gives its file."""
    if any(each.points.shape[1] == 0 for each in crops):
        raise SettingsError("crops without the face mesh's points: lipwire prepare with --points")
    run.begin("lips", recipe, crops, {})
    file = run.keras(ENCODER)
    if not file.exists():
        lips = _lips(crops)
        check = np.arange(len(lips)) % ASIDE == 0
        log.info("%d lip boxes, and %d kept aside", (~check).sum(), check.sum())
        lesson = LipLesson(lips, np.flatnonzero(~check), recipe)
        watch = Watch(lesson.unchanged(np.flatnonzero(check)))
        model = fit(_learner, lesson.epoch, recipe, run.part(ENCODER), watch)
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


def _learner() -> keras.Model:
    pixels = keras.Input((HEIGHT, WIDTH, 1), name="frames")
    row = encoder(HEIGHT, WIDTH)(pixels)
    told = layers.Dense(2 * int(LIPS.sum()))(layers.Dropout(0.1)(row))
    told = layers.Reshape((-1, 2), name="lips")(told)
    return keras.Model({"frames": pixels}, {"lips": told}, name="lips")


def _lips(crops: Sequence[Crops]) -> Lips:
    boxes, points, sets = [], [], []
    for each in crops:
        seen = np.flatnonzero(np.isfinite(each.points[:, 0, 0]))
        if each.origin.dataset in FILMS:
            seen = seen[::EACH_OF_A_CLIP]
        for row in seen.tolist():
            mesh = each.points[row].astype(np.float32)
            left, top = mesh[OUTER_LIPS].min(axis=0)
            right, bottom = mesh[OUTER_LIPS].max(axis=0)
            box = Box(float(left), float(top), float(right - left), float(bottom - top))
            if (lips := cut_box(each.images[row], box)) is None:
                continue
            away = mesh[TAUGHT[LIPS]] - ((left + right) / 2, (top + bottom) / 2)
            boxes.append(lips)
            points.append(away * (WIDTH / (right - left)) + (WIDTH / 2, HEIGHT / 2))
            sets.append(each.origin.dataset)
    return Lips(boxes, np.stack(points), np.array(sets))


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
        shown = [self._shown(row, None, np.random.default_rng(0)) for row in rows.tolist()]
        return _batch(shown)

    def batch(self, rows: NDArray[np.int_], seed: tuple[int, ...]) -> Batch:
        """Boxes as other cameras would show them."""
        rng = np.random.default_rng(seed)
        changes = [clip_change.drawn(HEIGHT, WIDTH, rng) for _ in rows]
        pairs = zip(rows.tolist(), changes, strict=True)
        return _batch([self._shown(row, change, rng) for row, change in pairs])

    def _shown(
        self, row: int, change: Change | None, rng: np.random.Generator
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        points = self.lips.points[row]
        if change is None:
            return on_canvas(self.lips.boxes[row]), points
        canvas = standardised(change.relit(on_canvas(self.lips.boxes[row], change.matrix), rng))
        moved = points @ change.matrix[:2, :2].T + change.matrix[:2, 2]
        return canvas, moved[SWAPPED] if np.linalg.det(change.matrix) < 0 else moved


Batch = tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]]]


def _batch(shown: Sequence[tuple[NDArray[np.uint8], NDArray[np.float32]]]) -> Batch:
    frames = np.stack([canvas for canvas, _ in shown])[..., None].astype(np.float32) / 255
    points = np.stack([points for _, points in shown]) / WIDTH - 0.5
    return {"frames": frames}, {"lips": points.astype(np.float32)}


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
