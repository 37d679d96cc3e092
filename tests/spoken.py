"""A drawn face that says two words, and a model that reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from edge.cameras.demo import DemoCamera
from edge.crop import MOUTH, crop
from edge.detectors.blazeface import BlazeFace
from edge.lipbox import standardised
from tests.word_file import write_words

KIND = replace(MOUTH, size=48)
# A word is wide open lips or smiling ones.
WORDS = {"시작": "wide_open", "멈춤": "smile"}
Script = Sequence[tuple[str, float]]


@contextmanager
def script(*entries: tuple[str, float]) -> Iterator[None]:
    """The demo face follows another script: shapes and seconds."""
    with mock.patch("edge.cameras.demo.SCRIPT", entries):
        yield


def lips(detector: BlazeFace, shape: str) -> np.ndarray:
    """The drawn mouth's cut while it shows a shape."""
    cuts = []
    with script((shape, 60.0)):
        camera = DemoCamera(640, 480, 15)
        for at in np.arange(1.0, 8.0):
            image = camera.draw(float(at))
            (face,) = detector(image)
            cut = crop(image, face.keypoints, KIND)
            assert cut is not None
            cuts.append(standardised(cut))
    return np.mean(cuts, axis=0)


def word_model(path: Path, detector: BlazeFace, **said: Any) -> Path:
    """A model of the two words, as far as a drawn face can say them."""
    shown = {word: lips(detector, shape) for word, shape in WORDS.items()}
    return write_words(path, shown, lips(detector, "closed"), **said)
