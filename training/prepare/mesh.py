"""What MediaPipe's face mesh teaches: which of its points, and where each lies in a mirror image.

It learned from far more faces than the data sets here hold. A model that must tell the points of
mouth, eyes and cheeks beside its own answer learns from it what a face is; on the device only the
answer is left.
"""

from __future__ import annotations

import numpy as np

from edge.mesh import POINTS, Mesh

__all__ = ["MIRRORED", "POINTS", "TAUGHT", "Mesh"]

# Those that are taught: left and right of each other, or in the middle and their own mirror image.
_PAIRS = (
    # Lips, outside: from the corners along the lower and the upper edge; then inside.
    *((61, 291), (146, 375), (91, 321), (181, 405), (84, 314), (17, 17)),
    *((185, 409), (40, 270), (39, 269), (37, 267), (0, 0)),
    *((78, 308), (95, 324), (88, 318), (178, 402), (87, 317), (14, 14)),
    *((191, 415), (80, 310), (81, 311), (82, 312), (13, 13)),
    # Eyes, brows, nose.
    *((33, 263), (133, 362), (159, 386), (145, 374), (70, 300), (105, 334), (107, 336)),
    *((1, 1), (4, 4), (98, 327)),
    # Cheeks beside nose and mouth; the face's edge.
    *((50, 280), (205, 425), (207, 427), (216, 436)),
    *((10, 10), (152, 152), (234, 454), (172, 397)),
)
_SIDES = dict(_PAIRS) | {right: left for left, right in _PAIRS}
TAUGHT = np.array(sorted(_SIDES))
# Where in TAUGHT the point stands that takes each one's place in a mirror image.
MIRRORED = np.searchsorted(TAUGHT, [_SIDES[point] for point in sorted(_SIDES)])
