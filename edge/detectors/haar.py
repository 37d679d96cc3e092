"""OpenCV's Haar cascade: finds upright frontal faces without a model of its own.

All figures here were measured on GENKI-4K against the boxes and points of BlazeFace's short-range
model: shares of faces and constants on three of its folds, how far points are off on the fourth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import cv2

from edge.detection import Box, Detection, Keypoints, Part
from edge.errors import ModelError
from edge.frame import Image, Picture
from edge.picture import Grey, size

# With one false find in 100 pictures `alt2` finds 95 % of BlazeFace's faces, `default` 85 %. The
# usual scale of 1.3 with six neighbours finds 79 and 87 %; 1.1 finds 1 % more and takes 60 % more.
CASCADE, STAGES = "haarcascade_frontalface_alt2.xml", 20
SCALE_STEP, NEIGHBOURS = 1.2, 1
# Of the finds with this weight half are faces; the score is their share, a logistic curve.
EVEN_WEIGHT, STEEPNESS = 54.41, 3.54


@dataclass(frozen=True)
class View:
    """How large a picture is looked at, and its smallest face, in pixels."""

    longest: int
    smallest: int


SWEEP = View(320, 24)
LOOK = View(120, 30)  # surroundings of a face are at most four times as wide as it

# Where things are from the middle of the cascade's box, in its widths; medians, made symmetric.
# A face's eyes are 0.09 eye distances away from there, its mouth 0.13; OpenCV's cascade for eyes
# brings the eyes to 0.07 and smiles are read no better, for 40 % more time.
EYE_ASIDE, EYE_UP, NOSE_DOWN, MOUTH_DOWN = 0.194, 0.109, 0.120, 0.312
BOX_DOWN, BOX_SIDE = 0.100, 0.939  # BlazeFace's box


class Haar:
    """Finds faces with the cascade."""

    def __init__(self, min_score: float) -> None:
        self._min_score = min_score
        self._cascade = _load(CASCADE)
        self._grey = Grey()

    def __call__(self, picture: Picture) -> list[Detection]:
        return self._find(picture, (0, 0, *size(picture)), SWEEP)

    def look(self, picture: Picture, part: Part) -> list[Detection]:
        """Find the faces in a part of the picture, unless they are a small part of it."""
        return self._find(picture, part, LOOK)

    def _find(self, picture: Picture, part: Part, view: View) -> list[Detection]:
        left, top, right, bottom = part
        small, shrunk = _shrink(self._grey(picture)[top:bottom, left:right], view.longest)
        places, stages, weights = self._cascade.detectMultiScale3(
            small,
            scaleFactor=SCALE_STEP,
            minNeighbors=NEIGHBOURS,
            minSize=(view.smallest, view.smallest),
            outputRejectLevels=True,
        )
        found = []
        for (x, y, width, _), stage, weight in zip(places, stages, weights, strict=True):
            # What falls in one of the last stages is told too, so that it can be looked at.
            score = 1 / (1 + math.exp(STEEPNESS * (EVEN_WEIGHT - float(weight))))
            if int(stage) == STAGES and score >= self._min_score:
                middle = complex(x + width / 2, y + width / 2) * shrunk + complex(left, top)
                found.append(_detection(middle, float(width * shrunk), score))
        return sorted(found, key=lambda face: -face.score)


def _load(name: str) -> cv2.CascadeClassifier:
    # OpenCV 5 has neither the class nor the files, Debian's package not the files' place.
    folder = getattr(getattr(cv2, "data", None), "haarcascades", None)
    if folder is None or not hasattr(cv2, "CascadeClassifier") or not Path(folder, name).is_file():
        raise ModelError(
            f"[faces] detector haar: this OpenCV ({cv2.__version__}) comes without {name}; "
            "get it with: pip install 'opencv-python-headless>=4.10,<5'"
        )
    return cv2.CascadeClassifier(str(Path(folder, name)))


def _shrink(image: Image, longest: int) -> tuple[Image, float]:
    """The picture with sides of at most so many pixels, and how much smaller it became."""
    height, width = image.shape
    factor = max(1.0, max(width, height) / longest)
    if factor == 1:
        return image, 1.0
    aim = max(1, round(width / factor)), max(1, round(height / factor))
    return cv2.resize(image, aim, interpolation=cv2.INTER_AREA), factor


def _detection(middle: complex, width: float, score: float) -> Detection:
    side = BOX_SIDE * width
    corner = middle + complex(-side / 2, BOX_DOWN * width - side / 2)
    return Detection(
        Box(corner.real, corner.imag, side, side),
        Keypoints(
            right_eye=middle + complex(-EYE_ASIDE, -EYE_UP) * width,
            left_eye=middle + complex(EYE_ASIDE, -EYE_UP) * width,
            nose=middle + complex(0, NOSE_DOWN) * width,
            mouth=middle + complex(0, MOUTH_DOWN) * width,
        ),
        score,
    )
