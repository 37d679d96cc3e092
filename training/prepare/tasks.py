"""What is learned from pictures: how faces are cut for it and what a label means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edge.crop import FACE, CropKind
from training.datasets.picture import Picture


@dataclass(frozen=True)
class Task:
    """Something that is told from one crop."""

    name: str
    kind: CropKind
    classes: tuple[str, ...]
    label: Callable[[Picture], int]  # index into the classes


SMILE = Task("smile", FACE, ("no smile", "smile"), lambda picture: int(bool(picture.smile)))
TASKS = {task.name: task for task in (SMILE,)}
