"""The files of a model of words that are scored, and what they say of clips."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError, SettingsError
from edge.word_reader import OTHER
from training.clips import Clips
from training.evaluate.figures import Values
from training.evaluate.word_clips import Pictures, Stretch, stretches
from training.evaluate.word_readers import WordModel, load_word_model
from training.run import Run
from training.windows import Indices


@dataclass(frozen=True)
class Told:
    """What was told of items: logits over the temperature, a column each class of the clips and
    one for none of them; minus infinity for what a model does not tell."""

    items: Indices
    int8: Values
    floats: Values | None  # of the Keras model, where it is known


@dataclass(frozen=True, eq=False)
class Scored:
    """A part of a run: its file for the device, or what its Keras model said of what was left
    out where no such file is made of it."""

    name: str
    part: str  # empty: one file
    window: int
    labels: tuple[str, ...]
    sources: dict[str, str]
    model: WordModel | None
    held: dict[str, NDArray[np.float64]]

    def told(self, clips: Clips, pictures: Pictures, items: Indices) -> Told:
        """Of items as they were spoken."""
        floats = self._held("logits", clips, items)
        if self.model is None:
            if floats is None:
                raise SettingsError(f"{self.name}: its heldout.npz is of other clips")
            return Told(items, floats, None)
        return Told(items, self.read(clips, pictures, stretches(clips, items)), floats)

    def read(self, clips: Clips, pictures: Pictures, shown: Sequence[Stretch]) -> Values:
        """Of any stretches of frames."""
        if self.model is None:
            raise SettingsError(f"{self.name}: has no file for the device that could be asked")
        return placed(self.model.logits(pictures, shown), self.labels, clips)

    def _held(self, name: str, clips: Clips, items: Indices) -> Values | None:
        if name not in self.held:
            return None
        place = {int(item): row for row, item in enumerate(self.held["items"])}
        rows = [place.get(int(item), -1) for item in items]
        if -1 in rows:
            return None
        return placed(self.held[name][rows] / self.held["temperature"], self.labels, clips)


def placed(logits: Values, labels: Sequence[str], clips: Clips) -> Values:
    """A model's answers in the columns of the clips' classes, what is none of them last."""
    classes = (*clips.origin.classes, OTHER)
    if unknown := sorted(set(labels) - set(classes)):
        raise ModelError(f"tells {', '.join(unknown)}, which nobody says in these clips")
    found = np.full((len(logits), len(classes)), -np.inf)
    found[:, [classes.index(label) for label in labels]] = logits
    return found


def one(path: Path, clips: Clips, window: int | None = None) -> Scored:
    """One file, for everything."""
    model = load_word_model(path, window)
    check_fits(model, clips)
    return Scored(str(path), "", model.window, model.labels, model.sources, model, {})


def of_part(run: Run, part: str, clips: Clips, window: int | None = None) -> Scored:
    """A part of a run."""
    held = _read_held(run.heldout(part))
    if not run.tflite(part).is_file():
        if window:
            raise SettingsError(f"--window: {part} has no file for the device to be asked")
        config = run.config()
        labels = tuple(config["labels"])
        return Scored(part, part, int(config["recipe"]["window"]), labels, {}, None, held)
    model = load_word_model(run.tflite(part), window)
    check_fits(model, clips)
    if window:  # the Keras model was asked over its own
        del held["logits"]
    held["temperature"] = np.array(model.temperature)
    return Scored(part, part, model.window, model.labels, model.sources, model, held)


def check_fits(model: WordModel, clips: Clips) -> None:
    """Refuse clips that are cut or timed otherwise than what the model learned from."""
    origin = clips.origin
    if model.kind != origin.kind or (model.fps and abs(model.fps - origin.fps) > 0.5):
        raise ModelError(
            f"{model.path}: reads {model.kind} at {model.fps:g} pictures a second, the clips hold "
            f"{origin.kind} at {origin.fps:g}"
        )


def clips_of(dataset: str, root: Path, models: Path | None) -> Clips:
    """The clips of a file of `lipwire prepare word`, or of a set's own folder."""
    if root.suffix == ".npz":
        clips = Clips.read(root)
    else:
        from training.prepare.word_order import WordOrder
        from training.prepare.words import prepare_words

        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"{dataset}.npz"
            prepare_words(WordOrder(dataset, root, file, models))
            clips = Clips.read(file)
    if clips.origin.dataset != dataset:
        raise SettingsError(f"{root}: clips of {clips.origin.dataset}, not of {dataset}")
    if not len(clips.origin.classes):
        raise SettingsError(f"{root}: an empty vocabulary")
    return clips


def _read_held(path: Path) -> dict[str, NDArray[np.float64]]:
    try:
        with np.load(path) as data:
            held = {name: data[name] for name in data}
        if len(held["items"]) != len(held["logits"]):
            raise ValueError("its columns are of unequal length")
    except FileNotFoundError:
        raise SettingsError(f"{path}: missing; lipwire train writes it") from None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise SettingsError(f"{path}: damaged: {error}") from None
    held.setdefault("temperature", np.array(1.0))
    return held
