"""The live lip box: the face mesh's points of the lips, in every frame."""

from __future__ import annotations

import cmath
from dataclasses import replace
from pathlib import Path

import numpy as np

from edge.crop import FACE, crop, similarity
from edge.detection import Keypoints
from edge.frame import Picture
from edge.interpreter import Interpreter
from edge.lipbox import LipBox
from edge.mesh import SIDE, Mesh
from edge.picture import size

# THE crop that shows the mesh a face as large as it wants it, pixel for pixel.
MESH_FACE = replace(FACE.widened(1.5), name="mesh-face", size=SIDE)
# Of the mesh: the lips' outer edge, along the lower and the upper lip, and the eyes' outer corners.
OUTER_LIPS = np.array(
    [61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409]
)
RIGHT_EYE, LEFT_EYE = 33, 263
# The mesh's lower lip ends this much above its edge, in widths of the box: the median over the
# people of the 68-point pictures, by `lipwire evaluate word-boxes`.
LOWER_LIP = 0.05


class LipFinder:
    """Gives the tight box around the lips of a face, refitted in every frame.

    Nothing is carried from frame to frame: lips open and close within three frames, so a box of the
    frame before is as wrong as one of any other moment, and the mesh's own boxes hardly tremble.
    """

    def __init__(self, models: Path | None = None, threads: int = 1) -> None:
        """`models` is the folder of fetched models, if not one of the usual places."""
        self.mesh = Mesh(models, threads)

    @property
    def interpreter(self) -> Interpreter:
        return self.mesh.interpreter

    def __call__(self, picture: Picture, points: Keypoints) -> LipBox | None:
        """The box, turned as the head is; None where the mesh sees no face, or the lips are not
        wholly in the picture."""
        cut = crop(picture, points, MESH_FACE)
        if cut is None:
            return None
        seen = self.mesh(cut)
        if np.isnan(seen[0, 0]):
            return None
        turn, shift = similarity((points.right_eye, points.left_eye, points.mouth), _PLACES)
        # The mesh counts from a pixel's edge, the crop from its middle, boxes from the edge again.
        half = complex(0.5, 0.5)
        places = (seen[:, 0] + 1j * seen[:, 1] - half - shift) / turn + half
        upright = places[LEFT_EYE] - places[RIGHT_EYE]
        roll = cmath.phase(complex(upright))
        box = _around(places[OUTER_LIPS], roll)
        return box if box.within(*size(picture)) else None


_PLACES = MESH_FACE.places()


def _around(lips: np.ndarray[tuple[int], np.dtype[np.complex128]], roll: float) -> LipBox:
    """The tight box around points, turned."""
    straight = lips * cmath.exp(-1j * roll)
    left, right = straight.real.min(), straight.real.max()
    top, bottom = straight.imag.min(), straight.imag.max()
    width = float(right - left)
    height = float(bottom - top) + LOWER_LIP * width
    middle = complex(left + right, 2 * top + height) / 2 * cmath.exp(1j * roll)
    return LipBox(middle.real - width / 2, middle.imag - height / 2, width, height, roll)
