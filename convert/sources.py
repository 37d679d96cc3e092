"""What can be converted: Keras files, SavedModel folders and frozen graphs, all alike inside."""

from __future__ import annotations

import json
import logging
import re
import textwrap
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import keras
import tensorflow as tf

from convert.graphs import frozen_graph, one_of
from convert.targets import fixed
from edge.errors import ModelError
from edge.interpreter import native_chatter_off
from edge.read import LARGEST_CROP
from training.zoo import own_layers  # noqa: F401 - Keras knows them by this

KERAS, LEGACY, GRAPH = (".keras",), (".h5", ".hdf5"), (".pb",)
SIGNATURE = "serving_default"
PROBABILITIES = ("Sigmoid", "Softmax")
UNCHANGED = ("Identity", "Reshape", "Squeeze")  # numbers pass through these as they are
OWN_LAYER = re.compile(r"(?:locate class|Unknown layer:) '(\w+)'")  # in Keras's complaints
LONGEST_REASON = 160  # Keras tells a layer's whole configuration
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Source:
    """A network as TensorFlow runs it."""

    path: Path
    run: Any  # a function of pixels (1, side, side, 1), or of a clip, to one output (1, n)
    shape: tuple[int, ...]  # of what it takes
    bytes: int

    @property
    def side(self) -> int:
        """Width of its pictures."""
        return self.shape[-2]


Fits = Callable[[Path, Any], tuple[int, ...]]  # the shape of one, if it is what a model may take


def load(
    path: Path, inputs: str | None = None, outputs: str | None = None, clips: bool = False
) -> Source:
    """Load any kind of source, of single pictures or of clips; names of its input and output are
    needed where it has several."""
    if not path.exists():
        raise ModelError(f"{path}: no such file or folder")
    if not path.is_dir() and path.suffix.lower() not in (*KERAS, *LEGACY, *GRAPH):
        raise ModelError(
            f"{path}: not a kind of model that is known: "
            ".keras, .h5, a frozen .pb or a SavedModel folder"
        )
    try:
        with native_chatter_off():
            run = _load(path, inputs, outputs, one_clip if clips else one_picture)
        run = _logits(run)
    except ModelError:
        raise
    except Exception as error:  # whatever TensorFlow and Keras find wrong with a file
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        reason = textwrap.shorten(reason, LONGEST_REASON, placeholder=" …")
        raise ModelError(f"{path}: cannot be loaded: {reason}") from None
    if run.outputs[0].shape.rank != 2:
        raise ModelError(f"{path}: gives {run.outputs[0].shape}, not one row of numbers")
    return Source(path, run, tuple(map(int, run.inputs[0].shape)), _bytes(path))


def plain(model: keras.Model) -> keras.Model:
    """The model without the names of its one input and one output."""
    if isinstance(model.input, dict) and len(model.inputs) == len(model.outputs) == 1:
        return keras.Model(model.inputs[0], model.outputs[0], name=model.name)
    return model


def of_keras(model: keras.Model) -> Any:
    """A Keras model as a function of one picture."""
    shape = (1, *model.input_shape[1:])
    called = tf.function(lambda pixels: model(pixels, training=False))
    return fixed(called.get_concrete_function(tf.TensorSpec(shape, tf.float32)), shape)


def _load(path: Path, inputs: str | None, outputs: str | None, fits: Fits) -> Any:
    if path.is_dir():
        return _saved_model(path, inputs, outputs, fits)
    if path.suffix.lower() in GRAPH:
        function = frozen_graph(path, inputs, outputs)
        return fixed(function, fits(path, function.inputs[0].shape))
    if inputs or outputs:
        raise ModelError(f"{path}: --inputs and --outputs are for SavedModels and graphs")
    model = plain(_keras_model(path))
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ModelError(
            f"{path}: has {len(model.inputs)} inputs and {len(model.outputs)} outputs, not one each"
        )
    fits(path, model.inputs[0].shape)
    return of_keras(model)


def _saved_model(path: Path, inputs: str | None, outputs: str | None, fits: Fits) -> Any:
    if not (path / "saved_model.pb").is_file():
        raise ModelError(f"{path}: not a SavedModel: no saved_model.pb in it")
    loaded = tf.saved_model.load(path)  # holds the weights until they are fixed
    if SIGNATURE not in loaded.signatures:
        raise ModelError(f"{path}: has no signature '{SIGNATURE}'")
    function = loaded.signatures[SIGNATURE]
    taken = function.structured_input_signature[1]
    given = sorted(function.structured_outputs)
    wanted = taken[one_of(path, "input", list(taken), inputs)]
    if wanted.dtype != tf.float32:
        raise ModelError(f"{path}: takes {wanted.dtype.name}, not float32 pixels")
    if len(taken) != 1:
        raise ModelError(f"{path}: needs all of its inputs: {', '.join(taken)}")
    output = given.index(one_of(path, "output", given, outputs))
    return fixed(function, fits(path, wanted.shape), output)


def one_picture(path: Path, shape: Any) -> tuple[int, int, int, int]:
    """The shape of a single grey square picture, if that is what a model takes."""
    sizes = [None] * 4 if getattr(shape, "rank", 4) is None else list(shape)
    if len(sizes) == 4 and sizes[0] in (None, 1) and sizes[3] == 1:
        side = sizes[1]
        if side and side == sizes[2] and 16 <= side <= LARGEST_CROP:
            return (1, side, side, 1)
    told = " x ".join("any" if size is None else str(size) for size in sizes)
    raise ModelError(
        f"{path}: takes {told}, not grey square crops (any x side x side x 1, "
        f"16 to {LARGEST_CROP} pixels)"
    )


def one_clip(path: Path, shape: Any) -> tuple[int, ...]:
    """The shape of a single clip of grey pictures, if that is what a model takes."""
    sizes = [None] * 5 if getattr(shape, "rank", 5) is None else list(shape)
    whole = len(sizes) == 5 and sizes[0] in (None, 1) and sizes[4] == 1
    if whole and all(sizes[1:4]) and max(sizes[1:4]) <= LARGEST_CROP:
        return (1, *sizes[1:])
    told = " x ".join("any" if size is None else str(size) for size in sizes)
    raise ModelError(f"{path}: takes {told}, not clips (any x frames x height x width x 1)")


def _keras_model(path: Path) -> keras.Model:
    """Load without running any code that the file brings along."""
    if any(part.get("class_name") == "Lambda" for part in _parts(_config(path))):
        raise ModelError(
            f"{path}: holds a Lambda layer, whose code is never run from a file: "
            "replace it by layers of Keras, or export a SavedModel"
        )
    try:
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except (TypeError, ValueError) as error:
        unknown = OWN_LAYER.search(str(error))
        if unknown is None:
            raise
        raise ModelError(
            f"{path}: holds what this Keras does not know, {unknown[1]}: "
            "export a SavedModel where it was made"
        ) from None


def _config(path: Path) -> Any:
    """The layers of a Keras file as they are written down."""
    try:
        if path.suffix.lower() in LEGACY:
            with h5py.File(path) as file:
                text = file.attrs.get("model_config")
            if text is None:
                raise ModelError(f"{path}: holds weights only; save the whole model")
        else:
            with zipfile.ZipFile(path) as archive:
                text = archive.read("config.json")
        return json.loads(text)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise ModelError(f"{path}: damaged, or not a Keras model: {error}") from None


def _parts(config: Any) -> Iterator[dict[str, Any]]:
    """All that a configuration is made of, however deep."""
    if isinstance(config, dict):
        yield config
    inner = config.values() if isinstance(config, dict) else config
    if isinstance(config, dict | list):
        for part in inner:
            yield from _parts(part)


def _logits(function: Any) -> Any:
    """The function up to a last sigmoid or softmax: the device reads what comes before it."""
    last = function.outputs[0].op
    while last.type in UNCHANGED:
        last = last.inputs[0].op
    if last.type not in PROBABILITIES:
        return function
    log.info("%s taken off the end: the device reads logits", last.type.lower())
    return function.prune(function.inputs[0], [last.inputs[0]])


def _bytes(path: Path) -> int:
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())
