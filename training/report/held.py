"""What a part that tells two classes apart answered about pictures it never learned from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.description import Description
from edge.errors import SettingsError
from training.evaluate.figures import Flags, Values
from training.report.parts import columns_of


@dataclass(frozen=True)
class Held:
    """Crops and answers, a row a picture; logits are over the temperature."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int8]  # 1: the second class
    files: NDArray[np.str_]
    logits: Values  # of the int8 file
    float_logits: Values  # of the Keras model

    @property
    def truth(self) -> Flags:
        return self.labels == 1

    @property
    def probabilities(self) -> Values:
        return 1 / (1 + np.exp(-self.logits))

    @property
    def right(self) -> Flags:
        return (self.logits >= 0) == self.truth

    @property
    def float_right(self) -> Flags:
        return (self.float_logits >= 0) == self.truth


def read_held(path: Path, said: Description) -> Held:
    """A part's answers, of which the logits are divided by the temperature."""
    columns = columns_of(path, ("images", "labels", "files", "logits", "float_logits"))
    logits = [columns[name].ravel() for name in ("logits", "float_logits")]
    if any(len(each) != len(columns["images"]) for each in logits):
        raise SettingsError(f"{path}: damaged: its columns do not fit each other")
    scaled = (each.astype(float) / said.temperature for each in logits)
    return Held(columns["images"], columns["labels"], columns["files"], *scaled)
