"""The baseline models: built as published, frozen where asked, trained and converted."""

from __future__ import annotations

import math
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from edge.errors import SettingsError
from edge.interpreter import Interpreter
from edge.operators import multiply_accumulates
from tests.conftest import complaint

if TYPE_CHECKING:
    import keras

pytestmark = [
    pytest.mark.training,
    # TensorFlow's own modules use what newer Pythons and numpys warn of.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

SIDE = 32  # of small pictures, to be quick
SIDES = {"inception-v3": 75}  # the least it takes
BASES = (
    "vgg16",
    "inception-v3",
    "efficientnet-b0",
    "efficientnet-b3",
    "mnasnet",
    "mobilenet-v3-small",
    "mobilenet-v3-large",
)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models of small pictures."""
    from training.zoo import smile_transfer, smile_unet

    for module in (smile_unet, smile_transfer):
        monkeypatch.setattr(module, "SIZE", SIDE)


def built(name: str, **options: Any) -> keras.Model:
    """A base or smile-unet, untrained and always the same."""
    import keras

    from training.zoo import smile_transfer, smile_unet

    keras.utils.set_random_seed(3)
    if name == "smile-unet":
        return smile_unet.build(**options)
    return smile_transfer.build(name, **{"weights": "none"} | options)


def weights_of(model: keras.Model) -> int:
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


def seen_at(model: keras.Model, layer: str, pixel: float) -> np.ndarray:
    """What a layer gives for a picture of one brightness, in the middle."""
    import keras

    part = keras.Model(model.input, model.get_layer(layer).output)
    side = model.input_shape[1]
    return np.asarray(part(np.full((1, side, side, 1), pixel, np.float32)))[0, side // 2, side // 2]


def pictures(n: int, side: int = SIDE) -> tuple[np.ndarray, np.ndarray]:
    """Bright and dark ones, with what tells them apart."""
    rng = np.random.default_rng(1)
    labels = (np.arange(n) % 2).astype(np.float32)[:, None]
    noise = rng.random((n, side, side, 1)).astype(np.float32)
    return 0.4 * noise + 0.5 * labels[:, None, None], labels


def compiled(model: keras.Model, rate: float = 1e-3) -> keras.Model:
    import keras

    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss, run_eagerly=True)  # no time to trace
    return model


def test_smile_unet_is_as_published() -> None:
    from keras import layers

    from training.zoo import smile_unet

    model = built("smile-unet")
    assert model.input_shape == (None, 128, 128, 1)
    assert seen_at(model, "three_channels", 0.0).tolist() == [-1, -1, -1]
    assert seen_at(model, "three_channels", 1.0).tolist() == [1, 1, 1]
    convolutions = [layer for layer in model.layers if isinstance(layer, layers.Conv2D)]
    assert (convolutions[0].kernel_size, convolutions[0].filters) == ((5, 5), 32)
    assert len(convolutions) == 1 + 2 * len(smile_unet.BLOCKS)
    kinds = [type(layer) for layer in model.layers]
    assert kinds.count(layers.MaxPooling2D) == kinds.count(layers.SpatialDropout2D) == 4
    *_, dense, _, logit = model.layers
    assert (dense.units, logit.units, logit.name) == (128, 1, "logit")
    for layer in (*convolutions, dense):
        assert layer.activation.__name__ == "relu"
        assert type(layer.kernel_initializer).__name__ == "HeNormal"
    (phase,) = smile_unet.recipe().phases
    assert (phase.rate, phase.lowest_rate, phase.schedule) == (1e-3, 1e-6, "steps")


def test_viseme_small_costs_no_more_than_a_frame_may(tmp_path: Path) -> None:
    from convert.int8 import convert
    from edge.shapes import SHAPES
    from training.zoo import viseme_small

    model = viseme_small.build()
    assert model.input_shape == (None, 48, 48, 1)
    assert model.output_shape == (None, 1 + len(viseme_small.VOTES_S) * len(SHAPES))
    seen, _ = pictures(8, side=48)
    convert(model, seen, tmp_path / "viseme.tflite")
    assert 2_500_000 < multiply_accumulates(tmp_path / "viseme.tflite") <= 3_000_000
    wide = viseme_small.build(size=64, width=200)
    assert wide.input_shape == (None, 64, 64, 1)
    assert wide.count_params() > 3 * model.count_params()


def test_viseme_tf_is_as_published() -> None:
    from keras import layers

    from training.zoo import viseme_tf

    model = viseme_tf.build()
    assert model.input_shape == (None, 64, 64, 1)
    kinds = [type(layer) for layer in model.layers[1:]]
    assert kinds == [
        layers.Normalization,
        *(layers.Conv2D, layers.MaxPooling2D, layers.Conv2D, layers.Conv2D, layers.MaxPooling2D),
        *(layers.Flatten, layers.Dense, layers.Dropout, layers.Dense),
    ]
    asked = viseme_tf.recipe()
    (phase,) = asked.phases
    assert (phase.rate, phase.lowest_rate, phase.epochs) == (5e-4, 5e-4, 5)
    assert (asked.batch, asked.pictures, asked.augment) == (5, 0, False)


def test_what_standardises_pixels_quantises_well(tmp_path: Path) -> None:
    from convert.int8 import convert
    from training.zoo import viseme_tf

    model = viseme_tf.build()
    seen, truth = pictures(24, side=64)
    dim = (0.2 + 0.1 * seen).astype(np.float32)  # a narrow range, which is much widened
    model.get_layer("standardised").adapt(dim)
    compiled(model, 5e-4)
    for _ in range(4):
        model.train_on_batch(dim, truth)
    interpreter = convert(model, dim, tmp_path / "model.tflite")
    assert all(answers_alike(model, interpreter, dim))


def answers_alike(model: keras.Model, interpreter: Interpreter, seen: np.ndarray) -> list[bool]:
    """Whether each int8 answer is near the exact one."""
    (given,) = interpreter.outputs
    exact = np.asarray(model(seen, training=False))[:, 0]
    told = [(int(answer_of(interpreter, each)) - given.zero_point) * given.scale for each in seen]
    return (np.abs(exact - told) < 0.2 * max(np.ptp(exact), 0.5)).tolist()


def test_the_small_models_are_of_the_same_blocks_in_the_same_order() -> None:
    from training.zoo import smile_small, viseme_small

    def kinds(model: keras.Model) -> list[str]:
        return [type(layer).__name__ for layer in model.layers]

    assert kinds(smile_small.build()) == kinds(viseme_small.build())
    block = ["Conv2D", "BatchNormalization", "ReLU"]
    assert kinds(smile_small.build())[:4] == ["InputLayer", *block]
    assert smile_small.build().get_layer("features").output.shape == (None, 4, 4, 192)
    assert viseme_small.build().get_layer("features").output.shape == (None, 3, 3, 176)


def test_only_the_dropout_of_smile_unet_is_another_for_comparison(small: None) -> None:
    from keras import layers

    def dropped(model: keras.Model) -> list[type]:
        kinds = (layers.SpatialDropout2D, layers.Dropout)
        return [type(layer) for layer in model.layers if isinstance(layer, kinds)]

    models = {name: built("smile-unet", dropout=name) for name in ("spatial", "plain", "none")}
    assert dropped(models["spatial"]) == [layers.SpatialDropout2D] * 4 + [layers.Dropout]
    assert dropped(models["plain"]) == [layers.Dropout] * 5
    assert dropped(models["none"]) == []
    assert len({model.count_params() for model in models.values()}) == 1


def test_the_list_of_bases_is_the_one_the_code_has() -> None:
    from training.zoo import smile_transfer

    assert tuple(smile_transfer.BASES) == BASES


@pytest.mark.parametrize("base", BASES)
def test_a_base_is_built_flat_and_loses_its_last_blocks(
    base: str, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.zoo import smile_transfer
    from training.zoo.learning import set_learning

    side = SIDES.get(base, SIDE)
    monkeypatch.setattr(smile_transfer, "SIZE", side)
    model = built(base)
    assert np.isfinite(np.asarray(model(pictures(2, side)[0]))).all()
    names = [layer.name for layer in model.layers]
    entries = smile_transfer.BASES[base].entries
    assert set(entries) <= set(names)
    assert [names.index(entry) for entry in entries] == sorted(map(names.index, entries))
    head, rest = smile_transfer.recipe(base).phases
    sizes = []
    for learns in (head.learns, rest.learns, "all"):
        set_learning(model, learns)
        sizes.append(weights_of(model))
    assert 0 < sizes[0] < sizes[1] < sizes[2]
    assert head.rate > rest.rate
    fewer = built(base, remove_blocks=2)
    entry = model.get_layer(entries[-2])
    cut = entry.output if smile_transfer.BASES[base].joined else entry.input
    assert fewer.get_layer("head").input.shape == cut.shape
    assert fewer.count_params() < model.count_params()
    assert smile_transfer.recipe(base, remove_blocks=2).phases[1].learns in entries[:-2]


def test_mnasnet_has_as_many_weights_as_published() -> None:
    import keras

    from training.zoo.mnasnet import mnasnet

    base = mnasnet(keras.Input((224, 224, 3)))
    assert base.output_shape == (None, 7, 7, 1280)
    assert weights_of(base) + (1280 + 1) * 1000 == 4_383_312  # published: 4.4 million


@pytest.mark.parametrize(
    ("base", "layer", "black", "white"),
    [
        ("vgg16", "less_means", (-103.939, -116.779, -123.68), (151.061, 138.221, 131.32)),
        ("inception-v3", "three_channels", (-1, -1, -1), (1, 1, 1)),
        ("mobilenet-v3-small", "rescaling", (-1, -1, -1), (1, 1, 1)),
        ("efficientnet-b0", "rescaling", (0, 0, 0), (1, 1, 1)),
    ],
)
def test_a_base_gets_pixels_as_it_learned_them(
    base: str, layer: str, black: tuple[float, ...], white: tuple[float, ...]
) -> None:
    model = built(base)
    # Keras numbers its own layers through.
    name = next(each.name for each in model.layers if each.name.startswith(layer))
    assert seen_at(model, name, 0.0) == pytest.approx(black, abs=1e-3)
    assert seen_at(model, name, 1.0) == pytest.approx(white, abs=1e-3)


@pytest.mark.parametrize("name", ["smile-unet", "vgg16", "mnasnet", "mobilenet-v3-small"])
def test_a_model_learns(name: str, small: None) -> None:
    model = compiled(built(name))
    seen, truth = pictures(16)
    losses = [float(model.train_on_batch(seen, truth)) for _ in range(12)]
    assert np.isfinite(losses).all()
    assert np.mean(losses[-3:]) < 0.8 * np.mean(losses[:3])


def test_what_is_frozen_stays_as_it_was_even_its_statistics(small: None) -> None:
    from training.zoo.learning import set_learning

    model = built("mnasnet")
    set_learning(model, "block6b_expand_conv")
    before = {layer.name: layer.get_weights() for layer in model.layers}
    compiled(model).train_on_batch(*pictures(8))
    changed = {
        name
        for name, values in before.items()
        if not all(map(np.array_equal, values, model.get_layer(name).get_weights()))
    }
    names = [layer.name for layer in model.layers]
    first = min(map(names.index, changed))
    assert names[first] == "block6b_expand_conv"
    assert {"block6b_expand_bn", "top_bn", "logit"} <= changed
    set_learning(model, "head")
    assert {weight.path.split("/")[0] for weight in model.trainable_weights} == {"logit"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"base": "resnet"}, "smile-transfer: base is vgg16, "),
        ({"base": "vgg16", "remove_blocks": 5}, "vgg16: remove_blocks is 0 to 4, not 5"),
        ({"base": "vgg16", "unfreeze_from": "x"}, "vgg16 has no layer 'x' to unfreeze from; "),
        ({"base": "mnasnet", "weights": "imagenet"}, "Keras has no ImageNet weights of mnasnet; "),
        ({"base": "mnasnet", "weights": "no.h5"}, "weights 'no.h5': no such file; "),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any], said: str) -> None:
    from training.zoo import smile_transfer

    line = complaint(lambda: smile_transfer.build(**{"weights": "none"} | options), SettingsError)
    assert line.startswith(said)


def test_a_layer_that_is_not_there_is_refused_with_those_that_were_meant(small: None) -> None:
    from training.zoo.learning import set_learning

    model = built("vgg16")
    line = complaint(lambda: set_learning(model, "block5_conv9"), SettingsError)
    assert line.startswith("smile-transfer-vgg16 has no layer 'block5_conv9' to learn from; ")
    assert "block5_conv1" in line


@pytest.mark.parametrize("base", ["vgg16", "efficientnet-b0", "mobilenet-v3-small"])
def test_without_a_network_one_line_says_how_to_go_on(
    base: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unreachable)
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path))
    line = complaint(lambda: built(base, weights="imagenet"), SettingsError)
    assert line.startswith(f"ImageNet weights of {base} cannot be downloaded: ")
    assert line.endswith("; use --weights none")
    assert capsys.readouterr().out == ""


def test_weights_come_from_a_file(tmp_path: Path) -> None:
    import keras

    from training.zoo.mnasnet import mnasnet

    base = mnasnet(keras.Input((64, 64, 3)))
    file = tmp_path / "mnasnet.weights.h5"
    base.save_weights(file)
    model = built("mnasnet", weights=str(file))
    for name in ("stem_conv", "block4b_expand_bn", "top_conv"):
        for one, other in zip(
            base.get_layer(name).get_weights(), model.get_layer(name).get_weights(), strict=True
        ):
            assert np.array_equal(one, other)
    line = complaint(lambda: built("vgg16", weights=str(file)), SettingsError)
    assert line.startswith(f"{file}: not weights of vgg16: ")


@pytest.mark.parametrize("name", ["smile-unet", "vgg16", "mobilenet-v3-small"])
def test_int8_answers_as_the_float_model_does(name: str, small: None, tmp_path: Path) -> None:
    from convert.int8 import convert

    model = compiled(built(name), 3e-4)
    seen, truth = pictures(24)
    for _ in range(4):  # without, statistics and logits mean nothing
        model.train_on_batch(seen, truth)
    interpreter = convert(model, seen, tmp_path / "model.tflite")
    assert all(answers_alike(model, interpreter, seen))


def answer_of(interpreter: Interpreter, pixels: np.ndarray) -> int:
    (answer,) = interpreter.run(np.rint(255 * pixels - 128).astype(np.int8)[None])
    return int(answer[0, 0])
