"""`lipwire train smile`: one model a GENKI fold (trained without it) and one trained on all."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from convert.int8 import convert
from edge import __version__
from edge.crop import FACE
from edge.description import Description, Quantisation, Source, embed
from edge.interpreter import Tensor
from edge.read import SmileReader
from training.augment import augment, centre
from training.figures import fit_temperature
from training.prepare import Crops
from training.zoo import smile_small

FOLDS = 4
CALIBRATION_CROPS = 500
ON_THRESHOLD, OFF_THRESHOLD = 0.7, 0.4  # of the calibrated probability
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recipe:
    """All that a run depends on beside its data."""

    epochs: int = 18
    batch: int = 64
    learning_rate: float = 2e-3
    label_smoothing: float = 0.05
    folded_repeats: int = 3  # pictures of the folded set are this often in an epoch
    validation_share: float = 0.1  # of the folded set's training part: temperature, nothing else
    seed: int = 1


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """Freshly augmented batches, the same for the same seed and epoch."""

    def __init__(self, crops: Crops, rows: NDArray[np.intp], recipe: Recipe) -> None:
        super().__init__()
        self._crops, self._rows, self._recipe = crops, rows, recipe
        self._epoch = 0
        self._order = rows
        self.on_epoch_end()

    def __len__(self) -> int:
        return len(self._rows) // self._recipe.batch

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        size = self._recipe.batch
        rows = self._order[index * size : (index + 1) * size]
        rng = np.random.default_rng((self._recipe.seed, self._epoch, index))
        faces = np.stack([augment(self._crops.images[row], rng) for row in rows])
        return as_input(faces), self._crops.smiles[rows].astype(np.float32)[:, None]

    def on_epoch_end(self) -> None:
        self._epoch += 1
        self._order = np.random.default_rng((self._recipe.seed, self._epoch)).permutation(
            self._rows
        )


def as_input(faces: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Pixels from 0 to 1 with a channel, as the model takes them."""
    return faces[..., None].astype(np.float32) / 255


def train(parts: Sequence[tuple[Source, Crops]], out: Path, recipe: Recipe) -> None:
    """Train every part of the run that is not finished yet: fold0 to fold3, then all."""
    sources = [source for source, _ in parts]
    crops = _joined([crops for _, crops in parts])
    out.mkdir(parents=True, exist_ok=True)
    settings = {"recipe": asdict(recipe), "sources": [asdict(source) for source in sources]}
    (out / "run.json").write_text(json.dumps(settings, indent=1))
    for fold in [*range(FOLDS), None]:
        name = "all" if fold is None else f"fold{fold}"
        trained, file = out / f"{name}.keras", out / f"{name}.tflite"
        learn, check = split(crops, fold, recipe)
        if not trained.exists():
            log.info("%s: %d crops to learn from, %d for calibration", name, len(learn), len(check))
            partial = out / f"{name}.part.keras"
            _fit(crops, learn, check, out / name, recipe).save(partial)
            partial.replace(trained)
        if not file.exists():
            _deliver(keras.models.load_model(trained), crops, learn, check, sources, file, recipe)


def split(
    crops: Crops, fold: int | None, recipe: Recipe
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows to learn from (repeats included) and rows for calibration; a fold is in neither."""
    folded = np.flatnonzero((crops.folds >= 0) & (crops.folds != fold))
    checked = np.random.default_rng(recipe.seed).random(len(folded)) < recipe.validation_share
    loose = np.flatnonzero(crops.folds < 0)
    learn = np.concatenate([loose, np.repeat(folded[~checked], recipe.folded_repeats)])
    return learn, folded[checked]


def _fit(
    crops: Crops, learn: NDArray[np.intp], check: NDArray[np.intp], folder: Path, recipe: Recipe
) -> keras.Model:
    keras.utils.set_random_seed(recipe.seed)
    batches = Batches(crops, learn, recipe)
    model = smile_small.build()
    pace = keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate / 10,
        len(batches) * recipe.epochs,
        warmup_target=recipe.learning_rate,
        warmup_steps=len(batches),
    )
    model.compile(
        keras.optimizers.Adam(pace),
        keras.losses.BinaryCrossentropy(True, label_smoothing=recipe.label_smoothing),
        metrics=[keras.metrics.BinaryAccuracy(threshold=0.0, name="accuracy")],
    )
    folder.mkdir(exist_ok=True)
    model.fit(
        batches,
        epochs=recipe.epochs,
        validation_data=(
            as_input(centre(crops.images[check])),
            crops.smiles[check].astype(np.float32)[:, None],
        ),
        callbacks=[
            keras.callbacks.BackupAndRestore(folder / "backup"),
            keras.callbacks.CSVLogger(folder / "history.csv", append=True),
        ],
        verbose=2,
    )
    return model


def _deliver(
    model: keras.Model,
    crops: Crops,
    learn: NDArray[np.intp],
    check: NDArray[np.intp],
    sources: Sequence[Source],
    out: Path,
    recipe: Recipe,
) -> None:
    """Convert to int8, calibrate the temperature on the int8 file and write the description."""
    rng = np.random.default_rng(recipe.seed)
    rows = np.unique(learn)
    rows = rng.choice(rows, min(CALIBRATION_CROPS, len(rows)), replace=False)
    bare = out.with_suffix(".int8")
    interpreter = convert(model, as_input(centre(crops.images[rows])), bare)
    description = Description(
        task="smile",
        labels=("no smile", "smile"),
        crop=FACE.name,
        crop_size=FACE.size,
        frames=1,
        input=_quantisation(interpreter.inputs[0]),
        output=_quantisation(interpreter.outputs[0]),
        temperature=1.0,
        on_threshold=ON_THRESHOLD,
        off_threshold=OFF_THRESHOLD,
        sources=tuple(sources),
        metrics=(),
        versions={"lipwire": __version__, "keras": keras.__version__, "tensorflow": tf.__version__},
        created=datetime.now(UTC).date().isoformat(),
    )
    embed(bare, description)
    reader = SmileReader(bare)
    logits = np.array([reader.logit(face) for face in centre(crops.images[check])])
    temperature = fit_temperature(logits, crops.smiles[check])
    embed(bare, replace(description, temperature=temperature))
    bare.replace(out)


def _quantisation(tensor: Tensor) -> Quantisation:
    return Quantisation(tensor.dtype.name, tensor.scale, tensor.zero_point)


def _joined(parts: Sequence[Crops]) -> Crops:
    return Crops(
        np.concatenate([p.images for p in parts]),
        np.concatenate([p.smiles for p in parts]),
        np.concatenate([p.folds for p in parts]),
        np.concatenate([p.files for p in parts]),
    )
