"""Pictures inside the page: as data URIs, alone or as mosaics."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

import cv2
import numpy as np

from edge.frame import Image

GAP = 2  # pixels between the tiles of a mosaic
BETWEEN = 128  # grey that is neither page


def embedded(image: Image, about: str, side: int | None = None) -> str:
    """A picture as an element; of one so wide, or as wide as the page gives it."""
    wide = f' style="width:{side}px"' if side else ""
    return f'<img alt="{escape(about)}" src="{data_uri(image)}"{wide}>'


def data_uri(image: Image) -> str:
    """PNG for greys, which are small and exact; JPEG for colours."""
    kind = "png" if image.ndim == 2 else "jpeg"
    done, content = cv2.imencode(f".{kind}", image)
    assert done
    return f"data:image/{kind};base64,{base64.b64encode(content.tobytes()).decode()}"


def mosaic(tiles: Sequence[Image], columns: int) -> Image:
    """Tiles of one size in rows."""
    height, width = tiles[0].shape[:2]
    rows = -(-len(tiles) // columns)
    shape = (rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, *tiles[0].shape[2:])
    sheet = np.full(shape, BETWEEN, np.uint8)
    for index, tile in enumerate(tiles):
        top, left = (height + GAP) * (index // columns), (width + GAP) * (index % columns)
        sheet[top : top + height, left : left + width] = tile
    return sheet


def enlarged(image: Image, side: int) -> Image:
    """A square picture at another size."""
    smooth = cv2.INTER_CUBIC if image.shape[0] < side else cv2.INTER_AREA
    return cv2.resize(image, (side, side), interpolation=smooth)
