"""The `mediapipe` package's own face detection: a second opinion, never a need."""

from __future__ import annotations

from typing import Any

from edge.detection import Box, Detection, Keypoints, Part
from edge.errors import SettingsError
from edge.frame import Picture
from edge.models import WHEEL
from edge.picture import rgb, size


class MediaPipe:
    """Finds faces with the package's short-range model, or its full-range one.

    Whatever score it is asked for, it shows no face below 0.5, with the full-range one below 0.6.
    """

    def __init__(self, min_score: float, full_range: bool = False) -> None:
        self._min_score = min_score
        self._package = _solution().FaceDetection(model_selection=int(full_range))

    def __call__(self, picture: Picture) -> list[Detection]:
        return self.look(picture, (0, 0, *size(picture)))

    def look(self, picture: Picture, part: Part) -> list[Detection]:
        """Find the faces in a part of the picture."""
        found = self._package.process(rgb(picture, *part)).detections or ()
        faces = (_detection(face, part) for face in found)
        return [face for face in faces if face.score >= self._min_score]


def _solution() -> Any:
    """The module that detects faces, or a line that says how to get it."""
    try:
        from mediapipe.python.solutions import face_detection  # none from 0.10.30 on
    except ImportError as error:
        raise SettingsError(
            f"[faces] detector mediapipe: {error}; {WHEEL} wants an environment of its own: "
            "make mediapipe, then .venv-mediapipe/bin/lipwire"
        ) from None
    return face_detection


def _detection(face: Any, part: Part) -> Detection:
    left, top, right, bottom = part
    width, height = right - left, bottom - top
    place = face.location_data.relative_bounding_box
    points = [
        complex(left + point.x * width, top + point.y * height)
        for point in face.location_data.relative_keypoints[:4]
    ]
    return Detection(
        Box(
            left + place.xmin * width,
            top + place.ymin * height,
            place.width * width,
            place.height * height,
        ),
        Keypoints(*points),
        float(face.score[0]),
    )
