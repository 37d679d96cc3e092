"""What an evaluation is asked for beyond a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from edge.errors import SettingsError
from training.datasets import Options, Picture, check_task, load

# Other sets that show the people of a set: who learned from those knows them.
SAME_PEOPLE = {"keypoints68": ("smiles",)}


@dataclass(frozen=True)
class Extras:
    """What is wanted beyond the figures."""

    slices: bool = False
    mirrored: bool = False  # what averaging with the mirror image would be worth
    only: str = ""  # a part of the set: train, validation or test
    options: Options = field(default_factory=Options)  # how the set is read


def labelled(name: str, root: Path, task: str, extras: Extras) -> list[Picture]:
    """The pictures of a set that are asked for."""
    check_task(name, task)
    pictures = load(name, root, replace(extras.options, task=task))
    if not extras.only:
        return pictures
    parts = sorted({picture.part for picture in pictures} - {""})
    if extras.only not in parts:
        raise SettingsError(f"{name} has no part '{extras.only}'; it has {parts or 'none'}")
    return [picture for picture in pictures if picture.part == extras.only]


def learned_from(sources: Mapping[str, str], name: str, only: str = "") -> bool:
    """Whether a model has seen a set, or a part of it; `sources` are the sets it learned from and
    the part of each that it did not."""
    unseen = only and sources.get(name) == only
    return not sources.keys().isdisjoint((name, *SAME_PEOPLE.get(name, ()))) and not unseen
