"""What a model of mouth shapes has around it while it learns: votes are counted over a run of
frames, and lips and the face mesh are told, too."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from edge.errors import SettingsError
from edge.shapes import SHAPES
from training.prepare.mesh import TAUGHT
from training.train.pool import LIPS
from training.train.recipe import Recipe
from training.train.teach import FEATURES

SURE = 0.97  # that a shape which is allowed is shown: labels err
IMPOSSIBLE = -1e4  # a logit
MUCH = 0.5  # of an opening's unit
ENCODER = "encoder"


@keras.saving.register_keras_serializable("lipwire")
class Counted(layers.Layer):  # type: ignore[misc]
    """The votes of a run's frames for each of them added up; a single picture is taken to go on
    and on, so that all its votes are for itself."""

    def __init__(self, moments: int, **named: Any) -> None:
        super().__init__(**named)
        self.moments = moments  # evenly spaced around the present one

    def call(self, votes: Any, is_run: Any) -> Any:
        """Logits (batch, frames, shapes) out of votes (batch, frames, moments x shapes)."""
        frames, kinds = votes.shape[1], len(SHAPES)
        votes = ops.reshape(votes, (-1, frames, self.moments, kinds))
        still, moving = ops.sum(votes, axis=2), 0.0
        for number in range(self.moments):
            ahead = number - self.moments // 2  # frames from the voter to whom it votes for
            padded = ops.pad(votes[:, :, number], ((0, 0), (max(ahead, 0), max(-ahead, 0)), (0, 0)))
            moving += padded[:, max(-ahead, 0) : max(-ahead, 0) + frames]
        share = ops.expand_dims(is_run, -1)
        return share * moving + (1 - share) * still

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "moments": self.moments}


@keras.saving.register_keras_serializable("lipwire")
class Allowed(keras.losses.Loss):  # type: ignore[misc]
    """How surprising it is that the shape is among those that are allowed (1), and none that is not
    (0); of some it is not known (-1), and what speaks for them is neither right nor wrong."""

    def call(self, allowed: Any, logits: Any) -> Any:
        told = ops.log_softmax(ops.where(allowed < 0, IMPOSSIBLE, logits))
        among = ops.log(ops.maximum(allowed, 0.0) * SURE + (1 - SURE) / len(SHAPES))
        return -ops.logsumexp(told + among, axis=-1)


@keras.saving.register_keras_serializable("lipwire")
class Openings(keras.losses.Loss):  # type: ignore[misc]
    """How far openings are off: squared where little, as it is where much. Keras's own loss of this
    kind forgets from where on, when a checkpoint is written."""

    def call(self, gaps: Any, told: Any) -> Any:
        return keras.losses.huber(gaps, told, delta=MUCH)


def learner(model: keras.Model, recipe: Recipe) -> keras.Model:
    """The model as it is trained: over samples of so many frames, with all that is told of them."""
    assert recipe.mouths
    names = [layer.name for layer in model.layers]
    if FEATURES not in names:
        raise SettingsError(f"{model.name} cannot be taught points: it has no layer '{FEATURES}'")
    frames, sides = recipe.mouths.frames, model.input.shape[1:]
    features = model.get_layer(FEATURES).output
    encoder = keras.Model(model.input, [model.output, features], name=ENCODER)
    pixels = keras.Input((frames, *sides), name="pixels")
    is_run = keras.Input((1,), name="is_run")
    answer, features = encoder(ops.reshape(pixels, (-1, *sides)))
    answer = ops.reshape(answer, (-1, frames, answer.shape[-1]))
    moments = (answer.shape[-1] - 1) // len(SHAPES)
    outputs = {
        "opening": layers.Identity(name="opening")(answer[..., :1]),
        "shapes": Counted(moments, name="shapes")(answer[..., 1:], is_run),
    }
    for name, points, wanted in (
        ("points", len(TAUGHT), recipe.points),
        ("lips", LIPS, recipe.mouths.lips),
    ):
        if wanted:
            told = _points_head(features, points)
            outputs[name] = layers.Reshape((frames, 2 * points), name=name)(
                ops.reshape(told, (-1, frames * 2 * points))
            )
    return keras.Model({"pixels": pixels, "is_run": is_run}, outputs, name=model.name)


def without_help(trained: keras.Model) -> keras.Model:
    """The trained model as the device has it: pixels in, answer out."""
    encoder = trained.get_layer(ENCODER)
    return keras.Model(encoder.input, encoder.outputs[0], name=trained.name)


def _points_head(features: keras.KerasTensor, points: int) -> keras.KerasTensor:
    x = layers.Conv2D(48, 1, use_bias=False, kernel_initializer="he_normal")(features)
    x = layers.ReLU(6.0)(layers.BatchNormalization(momentum=0.95)(x))
    return layers.Dense(2 * points)(layers.Dropout(0.1)(layers.Flatten()(x)))
