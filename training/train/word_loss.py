"""What a reader of words is wrong about: which word it is, and, apart from that, whether it is one.

In one loss for both, `other`, which half of all clips are, is so easy a guess that words are never
learned."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

OTHER_WEIGHT = 0.3  # of whether it is a word, beside which


@keras.saving.register_keras_serializable("lipwire")
class WordLoss(keras.losses.Loss):  # type: ignore[misc]
    """Of words, which one; of all, whether one at all. The last label is `other`."""

    def call(self, truth: Any, logits: Any) -> Any:
        of_words = truth[:, :-1] / ops.sum(truth[:, :-1], axis=1, keepdims=True)
        which = _surprise(of_words, logits[:, :-1]) * words(truth)
        return which + OTHER_WEIGHT * _surprise(truth, logits)


@keras.saving.register_keras_serializable("lipwire")
class PhraseLoss(keras.losses.Loss):  # type: ignore[misc]
    """Which phrase it is, of clips that are one: of others nothing is told, by a row of zeros.

    TensorFlow takes for granted that a row's parts come to 1, and drives all logits down where they
    do not."""

    def call(self, truth: Any, logits: Any) -> Any:
        known = ops.sum(truth, axis=1, keepdims=True)
        told = truth + (1 - known) / truth.shape[1]
        return _surprise(told, logits) * known[:, 0]


@keras.saving.register_keras_serializable("lipwire")
def right_words(truth: Any, logits: Any) -> Any:
    """Which words are right among the words."""
    right = ops.argmax(truth[:, :-1], axis=1) == ops.argmax(logits[:, :-1], axis=1)
    return ops.cast(right, "float32") * words(truth)


def words(truth: Any) -> Any:
    """For each clip 0 if it is no word, else by how much it counts, so that the mean is 1."""
    mine = ops.cast(truth[:, -1] < 0.5, "float32")
    return mine / ops.maximum(ops.mean(mine), 1e-3)


def _surprise(truth: Any, logits: Any) -> Any:
    return keras.losses.categorical_crossentropy(truth, logits, from_logits=True)
