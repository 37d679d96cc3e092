"""The parts of a report that show faces: mistakes, and looks into the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import LipwireError, ModelError
from edge.frame import Image
from training.evaluate.figures import Flags, Values
from training.evaluate.readers import loaded
from training.report.images import embedded, enlarged, mosaic

SIDE = 96  # pixels of a face on the page, at least
MAPS_ACROSS = 4


@dataclass(frozen=True)
class Face:
    """A crop with what is true of it and what was told."""

    image: Image
    label: str
    told: str
    right: bool
    name: str


@dataclass(frozen=True)
class Asked:
    """A Keras model that is looked into."""

    path: Path
    task: str
    answers: int
    which: str  # of its answers is looked at: the first, in words


def surest(logits: Values, among: Flags, most: int) -> NDArray[np.intp]:
    """Rows whose answers are farthest from undecided."""
    rows = np.flatnonzero(among)
    return rows[np.argsort(-np.abs(logits[rows]), kind="stable")[:most]]


def mistakes(wrong: Sequence[Face], about: str) -> str:
    """Wrong answers, the worst first."""
    if not wrong:
        return '<p class="note">No wrong answer.</p>'
    faces = "".join(_figure(face, enlarged(face.image, SIDE)) for face in wrong)
    return f'<p class="note">{escape(about)}</p><div class="faces">{faces}</div>'


def insight(asked: Asked, firsts: Mapping[str, Image], shown: Sequence[Face], order: str) -> str:
    """Feature maps of the first faces and heat maps of all, or a line that says why there are
    none."""
    try:
        model = loaded(asked.path, asked.task, lambda answers: answers == asked.answers)
        side = shown[0].image.shape[0] if shown else model.input_shape[1]
        if model.input_shape[1] != side:
            raise ModelError(
                f"{asked.path}: takes crops of {model.input_shape[1]} pixels, those held out have "
                f"{side}"
            )
        if asked.answers > 1:
            from training.report.insight import first_answer

            model = first_answer(model)
        return _maps(model, firsts) + _heat(model, shown, f"{asked.which}, the brighter", order)
    except LipwireError as error:
        return f'<p class="note">Not shown: {escape(str(error))}</p>'


def _maps(model: Any, firsts: Mapping[str, Image]) -> str:
    from training.report.insight import CHANNELS, first_maps

    figures = []
    for name, face in firsts.items():
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
            f'<div class="maps"><figure><figcaption>{escape(name)}</figcaption>{picture}</figure>'
            f"{layers}</div>"
        )
    return (
        "<h3>What the first convolutions see</h3>"
        f'<p class="note">Up to {CHANNELS} maps of each layer, after its activation; each map is '
        "stretched from black to white.</p>" + "".join(figures)
    )


def _heat(model: Any, shown: Sequence[Face], which: str, order: str) -> str:
    from training.report.insight import cam_layer, overlay, where

    faces = []
    for each in shown:
        side = max(SIDE, each.image.shape[0])
        found = where(model, each.image)
        face = enlarged(each.image, side)
        views = [
            np.repeat(face[..., None], 3, axis=2),
            overlay(face, enlarged(found.cam.astype(np.float32), side).clip(0, 1)),
            overlay(face, enlarged(found.saliency.astype(np.float32), side).clip(0, 1)),
        ]
        faces.append(_figure(each, mosaic(views, 3), "triple"))
    layer = cam_layer(model)
    return (
        "<h3>Where the answer comes from</h3>"
        f'<p class="note">The face; Grad-CAM at <code>{escape(layer.name)}</code> '
        f"({layer.output.shape[1]}x{layer.output.shape[2]}): what speaks for {escape(which)} the "
        "more; and saliency: which pixels would move it most. "
        f'{escape(order)}</p><div class="faces triples">{"".join(faces)}</div>'
    )


def _figure(face: Face, image: Image, kind: str = "") -> str:
    right = "" if face.right else ' class="wrong"'
    return (
        f'<figure class="{kind}">{embedded(image, f"{face.name}, {face.label}")}'
        f"<figcaption><b>{escape(face.label)}</b><span{right}>told {escape(face.told)}</span>"
        f"<small>{escape(face.name)}</small></figcaption></figure>"
    )
