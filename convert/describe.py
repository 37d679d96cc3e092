"""What a converted file says of itself: what its task implies, what a description beside its source
says, and what the options say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from edge import __version__
from edge.crop import FACE, KINDS, MOUTH, CropKind
from edge.description import Description, Quantisation, Source
from edge.errors import ModelError, SettingsError
from edge.interpreter import Interpreter, Tensor
from edge.lipbox import LIP_BOX
from edge.mouth import MouthRules
from edge.read import checked_description
from edge.shapes import SHAPES
from training.evaluate.mouths import THRESHOLDS


@dataclass(frozen=True)
class Task:
    """What models for a task are like where nothing else is said."""

    crop: str  # a name of `edge.crop.KINDS`, or the lip box
    labels: tuple[str, ...]


TASKS = {
    "smile": Task(FACE.name, ("no smile", "smile")),
    "viseme": Task(MOUTH.name, ("closed", "open")),
    "word": Task(LIP_BOX, ()),  # those of its clips
}
ON, OFF = 0.7, 0.4  # thresholds of the probability
FRAME_S = 0.04  # from one of the moments that a picture votes for to the next


@dataclass(frozen=True)
class Wishes:
    """What the options say; None where they say nothing."""

    labels: tuple[str, ...] | None = None
    crop: str | None = None
    temperature: float | None = None
    thresholds: tuple[float, float] | None = None  # on, off
    licence: str | None = None


def planned(model: Path, task: str, side: int, given: int, wishes: Wishes) -> Description:
    """The description so far, of a model that gives so many numbers: what the tensors are like is
    known after the conversion."""
    said = _beside(model, task, side) or blank(
        task=task, crop=TASKS[task].crop, crop_size=side, frames=1, **_usual(task, given)
    )
    return wished(said, wishes)


def blank(**known: Any) -> Description:
    """A description of what is known so far."""
    unknown = Quantisation("", 0.0, 0)
    return Description(
        input=unknown,
        output=unknown,
        temperature=1.0,
        sources=(),
        metrics=(),
        versions={},
        created="",
        **known,
    )


def wished(said: Description, wishes: Wishes) -> Description:
    """With what the options say."""
    on, off = wishes.thresholds or (said.on_threshold, said.off_threshold)
    if not 0 < off < on < 1:
        raise SettingsError(f"--thresholds {on:g} {off:g}: the first is higher, both within 0 to 1")
    return replace(
        said,
        labels=wishes.labels or said.labels,
        crop=wishes.crop or said.crop,
        temperature=wishes.temperature or said.temperature,
        on_threshold=on,
        off_threshold=off,
        metrics=(),  # were measured with another file
        versions={name: metadata.version(name) for name in ("keras", "tensorflow")}
        | {"lipwire": __version__},
        created=datetime.now(UTC).date().isoformat(),
    )


def wanted(said: Description) -> int:
    """How many numbers a model gives that tells the labels apart."""
    if said.task == "viseme" and said.labels == SHAPES:
        return 1 + len(said.votes_s) * len(SHAPES)
    return 1 if len(said.labels) == 2 and said.task != "word" else len(said.labels)


def _usual(task: str, given: int) -> dict[str, Any]:
    """What a model of the task tells, and by which rules: shapes of mouths, where it gives an
    opening and votes for an odd number of moments, in the middle of which it looks."""
    moments, more = divmod(given - 1, len(SHAPES))
    if task != "viseme" or more or moments % 2 == 0:
        return {"labels": TASKS[task].labels, "on_threshold": ON, "off_threshold": OFF}
    rules = MouthRules()
    return {
        "labels": SHAPES,
        "on_threshold": THRESHOLDS[0],
        "off_threshold": THRESHOLDS[1],
        "smoothing_s": rules.smoothing_s,
        "min_duration_s": rules.hold_s,
        "votes_s": tuple(round(FRAME_S * (n - moments // 2), 4) for n in range(moments)),
    }


def completed(
    said: Description, interpreter: Interpreter, calibrated: Source, licence: str | None
) -> Description:
    """With the tensors as they have become, and, where no data are known, those it was calibrated
    on."""
    terms = replace(calibrated, licence=licence or calibrated.licence)
    return replace(
        said,
        input=_quantisation(interpreter.inputs[0]),
        output=_quantisation(interpreter.outputs[0]),
        sources=said.sources or (terms,),
    )


def kind_of(said: Description) -> CropKind:
    """The cut that the model sees."""
    return replace(KINDS[said.crop], size=said.crop_size)


def _beside(model: Path, task: str, side: int) -> Description | None:
    """The description of a file of the same name beside the source, as training leaves one."""
    try:
        said = checked_description(model.resolve().with_suffix(".tflite"), task)
    except ModelError:
        return None
    return said if said.crop_size == side else None


def _quantisation(tensor: Tensor) -> Quantisation:
    return Quantisation(tensor.dtype.name, tensor.scale, tensor.zero_point)
