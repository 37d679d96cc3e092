"""What a model has beside pixels and labels while it learns, and the device does without.

The face mesh's points, another run's answers, and a bias for every data set: what one set's
labellers call a smile, another's do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from edge.errors import SettingsError
from training.evaluate.readers import load_reader
from training.prepare.mesh import TAUGHT
from training.run import Run
from training.train.pool import Floats, Pool
from training.train.recipe import Recipe

FEATURES = "features"  # the layer of a model that points are told from
BIAS_DECAY = 1e-3  # should all sets have a bias, it decides what is common to them
CHUNK = 1024


def learner(model: keras.Model, points: bool, sets: int) -> keras.Model:
    """The model as it is trained: its answer by name, with a head for points where they are taught,
    and with a bias for each of so many sets."""
    inputs, answer = {"pixels": model.input}, model.output
    if sets:
        inputs["set"] = keras.Input((sets,), name="set")
        bias = layers.Dense(
            1,
            use_bias=False,
            name="set_bias",
            kernel_initializer="zeros",
            kernel_regularizer=keras.regularizers.L2(BIAS_DECAY),
        )(inputs["set"])
        answer = layers.Add(name="biased")([answer, bias])
    outputs = {"logit": answer}
    if points:
        outputs["points"] = _points_head(model)
    return keras.Model(inputs, outputs, name=model.name)


def without_help(model: keras.Model) -> keras.Model:
    """The trained model as the device has it: pixels in, answer out."""
    answer = model.get_layer("logit").output
    return keras.Model(model.input["pixels"], answer, name=model.name)


def _points_head(model: keras.Model) -> keras.KerasTensor:
    """For training only: where the taught points are."""
    names = [layer.name for layer in model.layers]
    if FEATURES not in names:
        raise SettingsError(f"{model.name} cannot be taught points: it has no layer '{FEATURES}'")
    x = layers.Conv2D(48, 1, use_bias=False, kernel_initializer="he_normal")(
        model.get_layer(FEATURES).output
    )
    x = layers.ReLU(6.0)(layers.BatchNormalization(momentum=0.95)(x))
    x = layers.Flatten()(layers.Dropout(0.1)(x))
    return layers.Dense(2 * len(TAUGHT), name="points")(x)


def teacher_answers(pool: Pool, recipe: Recipe, part: str) -> Floats | None:
    """What the teacher's model of the same part makes of every crop; it has not seen more."""
    if not recipe.teacher:
        return None
    teacher = load_reader(Run(Path(recipe.teacher)).keras(part))
    chunks = np.array_split(np.arange(len(pool)), max(1, len(pool) // CHUNK))
    answers = [teacher.logits(pool.centres(rows, teacher.crop_kind)) for rows in chunks]
    return np.concatenate(answers).astype(np.float32)


def check_teacher(recipe: Recipe, parts: Sequence[str]) -> None:
    """Refuse a teacher without a model for each part, of another kind, or one that knows what is
    kept from it."""
    if not recipe.teacher:
        return
    run = Run(Path(recipe.teacher))
    for part in parts:
        if not run.keras(part).is_file():
            raise SettingsError(f"--teacher {run.folder}: it has no {run.keras(part).name}")
    taught = taught_by(run, recipe)
    for name, mine in (("seed", recipe.seed), ("validation_share", recipe.validation_share)):
        if taught.get(name) != mine:
            raise SettingsError(
                f"--teacher {run.folder}: begun with {name} {taught.get(name)}, not {mine}, so it "
                "has learned from what is kept aside here"
            )


def taught_by(run: Run, recipe: Recipe) -> dict[str, Any]:
    """The recipe of a teacher, if it tells what is to be learned and knows no more tests."""
    config = run.config()
    taught: dict[str, Any] = config["recipe"] if isinstance(config.get("recipe"), dict) else {}
    if (taught.get("mouths") is None) != (recipe.mouths is None):
        raise SettingsError(f"--teacher {run.folder}: {taught.get('model')} tells something else")
    if more := set(taught.get("whole", ())) - set(recipe.whole):
        raise SettingsError(
            f"--teacher {run.folder}: it has learned from the test part of {', '.join(more)}; "
            "give --whole here, too"
        )
    return taught


def softened(labels: NDArray[np.integer[Any]], answers: Floats | None, recipe: Recipe) -> Floats:
    """The targets of labels: less sure than certain, and with a teacher's opinion."""
    smooth = recipe.label_smoothing
    targets = labels.astype(np.float32) * (1 - smooth) + smooth / 2
    if answers is None:
        return targets
    opinion = 1 / (1 + np.exp(-answers))
    return (1 - recipe.teacher_weight) * targets + recipe.teacher_weight * opinion
