"""`smile-transfer`: a known model for colour pictures with a new head that tells smiles.

First the head learns with the base frozen, then the base learns too from `unfreeze_from` on, at a
lower rate. A base without weights has nothing to keep and learns whole from the start.

`remove_blocks` drops the last so many blocks of the base, with all that follows them there; the
first block always stays. A block is
    vgg16               what lies between two poolings: block1 … block5
    inception-v3        what ends in one concatenation: mixed0 … mixed10
    efficientnet-b0/b3  one inverted residual: block1a, block2a, block2b …
    mnasnet             the same
    mobilenet-v3-*      the same: expanded_conv, expanded_conv_1 …

Every base sees 128x128 pixels, which its kept crops show in full detail (InceptionV3 needs 75 at
least; ImageNet's own sizes are 224, 299 and, for EfficientNetB3, 300). VGG16 (14.7 million
weights), InceptionV3 (21.8) and EfficientNetB3 (10.8) are there to be compared with: far too large
for a board.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import keras
from keras import applications, layers

from edge.errors import SettingsError
from training.train.recipe import Phase, Recipe
from training.zoo.grey import from_minus_one, grey, less_means, to_255
from training.zoo.learning import ALL, HEAD
from training.zoo.mnasnet import STAGES as MNASNET_STAGES
from training.zoo.mnasnet import mnasnet
from training.zoo.weights import IMAGENET, NONE, loaded

SIZE = 128
LEARNING_SHARE = 4  # one in so many blocks learns where nothing else is asked for
DROPOUT = 0.2
MOMENTUM = 0.95  # of batch statistics, without ImageNet's weights


@dataclass(frozen=True)
class Base:
    """A model that others have designed."""

    make: Callable[..., keras.Model]
    scaled: Callable[[keras.KerasTensor], keras.KerasTensor]  # pixels as it wants them
    entries: tuple[str, ...]  # the layer with which each block begins, from the second on
    joined: bool = False  # its blocks begin with branches; the entry is the layer before them


def build(
    base: str = "mobilenet-v3-small",
    weights: str = IMAGENET,
    remove_blocks: int = 0,
    unfreeze_from: str = "",
) -> keras.Model:
    """The base, flat, so that its layers can be frozen by name, and the untrained head."""
    chosen = _base(base, remove_blocks)
    pixels = grey(SIZE)
    whole = _loaded(base, chosen, chosen.scaled(pixels), weights)
    x = whole.output
    if remove_blocks:
        entry = whole.get_layer(chosen.entries[-remove_blocks])
        x = entry.output if chosen.joined else entry.input
    x = layers.GlobalAveragePooling2D(name=HEAD)(x)
    x = layers.Dropout(DROPOUT, name="head_dropout")(x)
    model = keras.Model(pixels, layers.Dense(1, name="logit")(x), name=f"smile-transfer-{base}")
    if unfreeze_from and unfreeze_from not in {layer.name for layer in model.layers}:
        raise SettingsError(
            f"{base} has no layer '{unfreeze_from}' to unfreeze from; its blocks begin with "
            f"{', '.join(chosen.entries[: len(chosen.entries) - remove_blocks])}"
        )
    return model


def recipe(
    base: str = "mobilenet-v3-small",
    weights: str = IMAGENET,
    remove_blocks: int = 0,
    unfreeze_from: str = "",
) -> Recipe:
    """The head first, then the last quarter of the base's blocks or all from the named layer."""
    entries = _base(base, remove_blocks).entries
    left = entries[: len(entries) - remove_blocks]
    options: dict[str, str | int] = {
        "base": base,
        "weights": weights,
        "remove_blocks": remove_blocks,
        "unfreeze_from": unfreeze_from,
    }
    if weights == NONE:
        whole = Phase(epochs=24, rate=1e-3, lowest_rate=1e-5)
        return Recipe("smile-transfer", (whole,), options)
    learning = max(1, (len(entries) + 1) // LEARNING_SHARE)
    first = unfreeze_from or (left[-learning:] or (ALL,))[0]
    head = Phase(epochs=4, rate=1e-3, lowest_rate=1e-4, learns=HEAD)
    rest = Phase(epochs=12, rate=1e-4, lowest_rate=1e-6, learns=first)
    return Recipe("smile-transfer", (head, rest), options)


def _base(name: str, remove_blocks: int) -> Base:
    if name not in BASES:
        raise SettingsError(f"smile-transfer: base is {', '.join(BASES)}, not '{name}'")
    most = len(BASES[name].entries)
    if not 0 <= remove_blocks <= most:
        raise SettingsError(f"{name}: remove_blocks is 0 to {most}, not {remove_blocks}")
    return BASES[name]


def _loaded(name: str, base: Base, pixels: keras.KerasTensor, weights: str) -> keras.Model:
    """The base with its weights, or one line that says why not."""
    if weights == NONE:
        return _quick(base.make(pixels, None))
    if weights == IMAGENET and base.make is _mnasnet:
        raise SettingsError(f"Keras has no ImageNet weights of {name}; use --weights none")
    return loaded(name, lambda given: base.make(pixels, given), weights)


def _quick(model: keras.Model) -> keras.Model:
    """Batch statistics that settle within hundreds of steps: ImageNet's trainings have more."""
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = MOMENTUM
    return model


def _from_keras(
    make: Callable[..., keras.Model],
) -> Callable[[keras.KerasTensor, str | None], keras.Model]:
    return lambda pixels, weights: make(include_top=False, weights=weights, input_tensor=pixels)


def _mnasnet(pixels: keras.KerasTensor, _: str | None) -> keras.Model:
    return mnasnet(pixels)


def _inverted(*repeats: int) -> tuple[str, ...]:
    """How the blocks of EfficientNet and MnasNet begin; those of the first stage do not widen."""
    names = [
        f"block{stage}{'abcdefgh'[number]}_{'dwconv' if stage == 1 else 'expand_conv'}"
        for stage, count in enumerate(repeats, 1)
        for number in range(count)
    ]
    return tuple(names[1:])


def _expanded(blocks: int) -> tuple[str, ...]:
    return tuple(f"expanded_conv_{number}_expand" for number in range(1, blocks))


BASES = {
    "vgg16": Base(
        _from_keras(applications.VGG16), less_means, tuple(f"block{n}_conv1" for n in range(2, 6))
    ),
    "inception-v3": Base(
        _from_keras(applications.InceptionV3),
        from_minus_one,
        tuple(f"mixed{n}" for n in range(10)),
        joined=True,
    ),
    "efficientnet-b0": Base(
        _from_keras(applications.EfficientNetB0), to_255, _inverted(1, 2, 2, 3, 3, 4, 1)
    ),
    "efficientnet-b3": Base(
        _from_keras(applications.EfficientNetB3), to_255, _inverted(2, 3, 3, 5, 5, 6, 2)
    ),
    "mnasnet": Base(
        _mnasnet, from_minus_one, _inverted(*(stage.repeats for stage in MNASNET_STAGES))
    ),
    "mobilenet-v3-small": Base(_from_keras(applications.MobileNetV3Small), to_255, _expanded(11)),
    "mobilenet-v3-large": Base(_from_keras(applications.MobileNetV3Large), to_255, _expanded(15)),
}
