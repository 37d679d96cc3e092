"""Finders of faces for comparison, each with the defaults its users run it with.

Every one gives boxes in picture pixels for a picture in OpenCV's order of colours. What is not
installed says in one line how to get it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from edge import models
from edge.detection import Box
from edge.detectors import make_detector
from edge.detectors.blazeface import FULL_RANGE, SHORT_RANGE, BlazeFace, Kind
from edge.detectors.haar import Haar
from edge.detectors.mediapipe import MediaPipe
from edge.errors import LipwireError, SettingsError, SourceError
from edge.frame import Image
from edge.gaze import WIDE, around
from edge.profiles import load_all
from training.bench.yolo import Yolo
from training.faces import MIN_SCORE, largest

Find = Callable[[Image], list[Box]]
CASCADE, SCALE_STEP, NEIGHBOURS = "haarcascade_frontalface_default.xml", 1.3, 6
YUNET_SCORE = 0.6


@dataclass(frozen=True)
class Finder:
    """One way of finding faces."""

    name: str
    make: Callable[[], Find]
    asked: bool = False  # its file was given: it has to work


def finders(
    folder: Path | None, yunet: Path | None, yolo: Path | None, yolo_side: int
) -> list[Finder]:
    """All that are known; the files of the last two are the user's."""
    return [
        Finder("BlazeFace short-range", lambda: _blazeface(SHORT_RANGE, folder)),
        Finder("BlazeFace full-range", lambda: _blazeface(FULL_RANGE, folder)),
        Finder("Lipwire auto", lambda: _auto(folder)),
        Finder("Lipwire haar", lambda: _boxes_of(Haar(MIN_SCORE))),
        Finder("mediapipe package", _mediapipe),
        Finder("Haar, OpenCV default", _opencv_haar),
        Finder("dlib HOG", lambda: _dlib(0)),
        Finder("dlib HOG, enlarged once", lambda: _dlib(1)),
        Finder("MTCNN", _mtcnn),
        Finder("YuNet", lambda: _yunet(yunet), asked=yunet is not None),
        Finder("YOLO", lambda: _yolo(yolo, yolo_side), asked=yolo is not None),
    ]


def _boxes_of(detector: Callable[[Image], list[Any]]) -> Find:
    return lambda image: [face.box for face in detector(image)]


def _blazeface(kind: Kind, folder: Path | None) -> Find:
    return _boxes_of(BlazeFace(models.find(kind.model, folder), MIN_SCORE, kind=kind))


def _auto(folder: Path | None) -> Find:
    """A face that is new to the daemon: found in its sweep, then looked at closely."""
    detector, _ = make_detector("auto", MIN_SCORE, load_all()["generic"], folder)

    def find(image: Image) -> list[Box]:
        rough = detector(image)
        part = around(largest(rough).box, WIDE, (image.shape[1], image.shape[0])) if rough else None
        return [face.box for face in detector.look(image, part)] if part else []

    return find


def _mediapipe() -> Find:
    try:
        return _boxes_of(MediaPipe(MIN_SCORE))
    except SettingsError:
        raise LipwireError("make mediapipe, then .venv-mediapipe/bin/lipwire") from None


def _opencv_haar() -> Find:
    try:
        cascade = cv2.CascadeClassifier(str(Path(cv2.data.haarcascades, CASCADE)))
    except AttributeError:  # OpenCV 5
        raise LipwireError("pip install 'opencv-python-headless>=4.10,<5'") from None

    def find(image: Image) -> list[Box]:
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        found = cascade.detectMultiScale(grey, SCALE_STEP, NEIGHBOURS)
        return [Box(*map(float, box)) for box in found]

    return find


def _dlib(enlarged: int) -> Find:
    try:
        import dlib
    except ImportError:
        raise LipwireError("pip install dlib-bin") from None
    detector = dlib.get_frontal_face_detector()

    def find(image: Image) -> list[Box]:
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        return [
            Box(face.left(), face.top(), face.width(), face.height())
            for face in detector(grey, enlarged)
        ]

    return find


def _mtcnn() -> Find:
    try:
        from mtcnn import MTCNN
    except ImportError:
        raise LipwireError("pip install mtcnn tensorflow") from None
    import tensorflow as tf

    # Waiting threads would count as work.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    detector = MTCNN(device="CPU:0")

    def find(image: Image) -> list[Box]:
        found = detector.detect_faces(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
        return [Box(*map(float, face["box"])) for face in found]

    return find


def _yunet(path: Path | None) -> Find:
    if path is None:
        raise LipwireError("give its file: --yunet face_detection_yunet_2023mar.onnx")
    if not path.is_file():
        raise SourceError(f"{path}: no such file")
    try:
        detector = cv2.FaceDetectorYN.create(str(path), "", (320, 320), YUNET_SCORE)
    except cv2.error as error:
        raise SourceError(f"{path}: not a YuNet: {error.err}") from None

    def find(image: Image) -> list[Box]:
        height, width = image.shape[:2]
        detector.setInputSize((width, height))
        _, rows = detector.detect(image)
        return [] if rows is None else [Box(*map(float, row[:4])) for row in rows]

    return find


def _yolo(path: Path | None, side: int) -> Find:
    if path is None:
        raise LipwireError("give its file: --yolo yolov8n-face.onnx")
    if side < 1:
        raise SettingsError(f"--yolo-side must be a number of pixels above 0, not {side}")
    return Yolo(path, side)
