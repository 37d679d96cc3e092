"""Models of words that advance one frame: what the device gets is what Keras has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.description import Description, Quantisation, Source, embed
from edge.word_reader import WordReader

pytestmark = [
    pytest.mark.training,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]
SIDE, LABELS = 16, ("one", "two", "three", "other")


def test_votes_stay_votes_where_features_are_as_many(tmp_path: Path) -> None:
    """The reader tells them apart by their scale, and by their order where that is the same."""
    import keras

    from convert.words import convert

    keras.utils.set_random_seed(3)
    many = len(LABELS) + 1
    pixels = keras.Input((SIDE, SIDE, 1), batch_size=1, name="pixels")
    state = keras.Input((2, many), batch_size=1, name="state0")
    features = keras.layers.Dense(many, "relu")(keras.layers.Flatten()(pixels))
    now = keras.layers.Reshape((1, many))(features)
    kept = keras.layers.Concatenate(axis=1)([state, now])[:, 1:]
    votes = keras.layers.Dense(many)(keras.layers.Flatten()(kept))
    step = keras.Model([pixels, state], [votes, features, kept])
    rng = np.random.default_rng(1)
    clips = rng.integers(0, 256, (4, 5, SIDE, SIDE, 1)).astype(np.float32) / 255
    path = tmp_path / "words.tflite"
    rows = [each for each in convert(step, clips, path).outputs if len(each.shape) == 2]
    assert [each.shape for each in rows] == [(1, many)] * 2
    embed(path, _description(Quantisation("int8", rows[0].scale, rows[0].zero_point)))
    read = WordReader(path)
    remembered, expected = read.fresh(), np.zeros((1, 2, many), np.float32)
    for frame in clips[0]:
        shown = np.rint(frame[..., 0] * 255).astype(np.uint8)
        voted = read(shown, remembered)
        logits, made, expected = (np.asarray(each) for each in step([frame[None], expected]))
        assert voted.logits == pytest.approx(logits[0, :-1], abs=0.1)
        assert voted.features == pytest.approx(made[0], abs=0.1)


def _description(votes: Quantisation) -> Description:
    return Description(
        task="word",
        labels=LABELS,
        crop="aligned-mouth",
        crop_size=SIDE,
        frames=5,
        input=Quantisation("int8", 1 / 255, -128),
        output=votes,
        temperature=1.0,
        on_threshold=0.5,
        off_threshold=0.3,
        sources=(Source("drawn", "none", 1),),
        metrics=(),
        versions={},
        created="2026-01-02",
        fps=15.0,
    )
