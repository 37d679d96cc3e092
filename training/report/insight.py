"""Looks into a Keras model: what its first convolutions see, and where its answer comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from edge.frame import Image
from training.evaluate.figures import Values

FIRST_LAYERS = 3
CHANNELS = 16  # of a layer that are shown
LEAST_SIDE = 8  # of the layer that is asked where: a coarser one says little
CONVOLUTIONS = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)
AFTER = (keras.layers.BatchNormalization, keras.layers.Activation, keras.layers.ReLU)
PLACED = (*CONVOLUTIONS, *AFTER, keras.layers.Add, keras.layers.Concatenate)
NOISES, NOISE = 16, 0.06  # saliency is averaged over so many noisy copies


@dataclass(frozen=True)
class Maps:
    """What a layer makes of a face."""

    layer: str
    about: str  # filters, kernel, stride
    channels: list[Image]


@dataclass(frozen=True)
class Where:
    """Which places of a face speak for the answer given, 0 to 1."""

    cam: Values  # Grad-CAM, coarse
    saliency: Values  # by how much a pixel moves the answer


def first_maps(model: keras.Model, face: Image) -> list[Maps]:
    """The first convolutions' answers to a face, after each one's activation."""
    layers = _convolutions(model)[:FIRST_LAYERS]
    inside = keras.Model(model.inputs[0], [_activated(model, layer).output for layer in layers])
    outputs = inside(_pixels(face), training=False)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    return [
        Maps(layer.name, _about(layer), [_stretched(m) for m in np.moveaxis(out[0], -1, 0)])
        for layer, out in zip(layers, map(np.asarray, outputs), strict=True)
    ]


def first_answer(model: keras.Model) -> keras.Model:
    """The model with the first of its answers alone."""
    return keras.Model(model.inputs[0], model.outputs[0][:, :1])


def cam_layer(model: keras.Model) -> Any:
    """The last layer whose answers still tell places apart."""
    layers = [layer for layer in model.layers if isinstance(layer, PLACED)]
    fine = [layer for layer in layers if _side(layer) >= LEAST_SIDE]
    return (fine or _convolutions(model))[-1]


def where(model: keras.Model, face: Image) -> Where:
    """Grad-CAM and smoothed saliency for the answer that the model gives."""
    inside = keras.Model(model.inputs[0], [cam_layer(model).output, model.outputs[0]])
    with tf.GradientTape() as tape:
        maps, logit = inside(_pixels(face), training=False)
        told = tf.abs(logit)  # for a smile or for none, whichever it is
    weights = np.asarray(tape.gradient(told, maps))[0].mean(axis=(0, 1))
    cam = np.maximum((np.asarray(maps)[0] * weights).sum(axis=-1), 0)
    side = face.shape[0]
    cam = cv2.resize(cam, (side, side), interpolation=cv2.INTER_CUBIC)
    return Where(_unit(np.maximum(cam, 0)), _saliency(model, face))


def overlay(face: Image, heat: Values) -> Image:
    """A face under the colours of a map: the warmer, the more."""
    colours = cv2.applyColorMap((255 * heat).astype(np.uint8), cv2.COLORMAP_INFERNO)
    weight = 0.65 * heat[..., None]
    mixed = face[..., None] * (1 - weight) + colours * weight
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def _saliency(model: keras.Model, face: Image) -> Values:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, NOISE, (NOISES, *face.shape, 1)).astype(np.float32)
    pixels = tf.convert_to_tensor(_pixels(face) + noise)
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        logits = model(pixels, training=False)
    slopes = np.abs(np.asarray(tape.gradient(logits, pixels))).mean(axis=0)[..., 0]
    return _unit(cv2.GaussianBlur(slopes, (0, 0), face.shape[0] / 64))


def _convolutions(model: keras.Model) -> list[Any]:
    """In order, without those that weigh whole maps."""
    return [layer for layer in model.layers if isinstance(layer, CONVOLUTIONS) and _side(layer) > 1]


def _side(layer: Any) -> int:
    shape = layer.output.shape
    return int(shape[1] or 0) if len(shape) == 4 else 0


def _activated(model: keras.Model, layer: Any) -> Any:
    """The layer after normalisation and activation, where they follow at once."""
    at = model.layers.index(layer)
    for following in model.layers[at + 1 : at + 3]:
        if not isinstance(following, AFTER) or following.input is not layer.output:
            break
        layer = following
    return layer


def _about(layer: Any) -> str:
    across, stride = layer.kernel_size[0], layer.strides[0]
    return f"{layer.output.shape[-1]} maps, {across}x{across}, stride {stride}"


def _pixels(face: Image) -> NDArray[np.float32]:
    pixels: NDArray[np.float32] = face[None, ..., None].astype(np.float32) / 255
    return pixels


def _stretched(values: Values) -> Image:
    return (255 * _unit(values - values.min())).astype(np.uint8)


def _unit(values: Values) -> Values:
    """From 0 to 1, but for the few largest."""
    top = float(np.quantile(values, 0.995))
    return np.clip(values / top, 0, 1) if top > 0 else np.zeros_like(values)
