"""The parts of a report that show faces: mistakes, and looks into the model."""

from __future__ import annotations

from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import LipwireError, ModelError
from edge.frame import Image
from training.evaluate.readers import load_keras
from training.report.held import Held, Part
from training.report.images import embedded, enlarged, mosaic

WORST = 18
EXAMPLES = 3  # right answers of each kind, looked into
WRONG = 3
SIDE = 96  # pixels of a face on the page, at least
MAPS_ACROSS = 4


def worst(held: Held) -> str:
    """The wrong answers the model was surest of."""
    wrong = _surest(held, ~held.right, WORST)
    if not len(wrong):
        return '<p class="note">No wrong answer.</p>'
    faces = "".join(_face(held, row, enlarged(held.images[row], SIDE)) for row in wrong)
    note = "The surest ones; below each face its label, and the probability of a smile it was told."
    return f'<p class="note">{note}</p><div class="faces">{faces}</div>'


def insight(path: Path, part: Part) -> str:
    """Feature maps and heat maps, or a line that says why there are none."""
    try:
        model = load_keras(path)
        if model.input_shape[1] != part.held.images.shape[1]:
            raise ModelError(
                f"{path}: takes crops of {model.input_shape[1]} pixels, those held out have "
                f"{part.held.images.shape[1]}"
            )
        return _maps(model, part.held) + _heat(model, part.held)
    except LipwireError as error:
        return f'<p class="note">Not shown: {escape(str(error))}</p>'


def _maps(model: object, held: Held) -> str:
    from training.report.insight import CHANNELS, first_maps

    shown = []
    for smile, name in ((True, "a smiling face"), (False, "a face without a smile")):
        rows = _surest(held, held.right & (held.truth == smile), 1)
        if len(rows):
            shown.append((name, held.images[rows[0]]))
    figures = []
    for name, face in shown:
        layers = "".join(
            f"<figure><figcaption>{escape(maps.layer)}<span>{escape(maps.about)}</span></figcaption>"
            + embedded(
                mosaic([enlarged(m, 48) for m in maps.channels[:CHANNELS]], MAPS_ACROSS),
                f"maps of {maps.layer} for {name}",
            )
            + "</figure>"
            for maps in first_maps(model, face)
        )
        picture = embedded(enlarged(face, SIDE), name, SIDE)
        figures.append(
            f'<div class="maps"><figure><figcaption>{name}</figcaption>{picture}</figure>'
            f"{layers}</div>"
        )
    return (
        "<h3>What the first convolutions see</h3>"
        f'<p class="note">Up to {CHANNELS} maps of each layer, after its activation; each map is '
        "stretched from black to white.</p>" + "".join(figures)
    )


def _heat(model: object, held: Held) -> str:
    from training.report.insight import cam_layer, overlay, where

    rows = np.concatenate(
        [
            _surest(held, held.right & held.truth, EXAMPLES),
            _surest(held, held.right & ~held.truth, EXAMPLES),
            _surest(held, ~held.right, WRONG),
        ]
    )
    faces = []
    side = max(SIDE, held.images.shape[1])
    for row in rows:
        found = where(model, held.images[row])
        face = enlarged(held.images[row], side)
        views = [
            np.repeat(face[..., None], 3, axis=2),
            overlay(face, enlarged(found.cam.astype(np.float32), side).clip(0, 1)),
            overlay(face, enlarged(found.saliency.astype(np.float32), side).clip(0, 1)),
        ]
        faces.append(_face(held, row, mosaic(views, 3), "triple"))
    layer = cam_layer(model)
    return (
        "<h3>Where the answer comes from</h3>"
        f'<p class="note">The face; Grad-CAM at <code>{escape(layer.name)}</code> '
        f"({layer.output.shape[1]}x{layer.output.shape[2]}): what speaks for the answer given, the "
        "brighter the more; and saliency: which pixels would move the answer most. Surest right "
        "answers of both kinds first, then the surest wrong ones.</p>"
        f'<div class="faces triples">{"".join(faces)}</div>'
    )


def _surest(held: Held, among: NDArray[np.bool_], most: int) -> NDArray[np.intp]:
    """Rows whose answers are farthest from undecided."""
    rows = np.flatnonzero(among)
    return rows[np.argsort(-np.abs(held.logits[rows]), kind="stable")[:most]]


def _face(held: Held, row: int, image: Image, kind: str = "") -> str:
    name = str(held.files[row])
    label = "smile" if held.truth[row] else "no smile"
    right = "" if held.right[row] else ' class="wrong"'
    return (
        f'<figure class="{kind}">{embedded(image, f"{name}, {label}")}'
        f"<figcaption><b>{label}</b><span{right}>told {100 * held.probabilities[row]:.1f} %</span>"
        f"<small>{escape(name)}</small></figcaption></figure>"
    )
