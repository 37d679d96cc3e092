"""The training loop: epoch by epoch, each one finished for good when its checkpoint is written."""

from __future__ import annotations

import csv
import logging
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import keras

from edge.errors import MissingExtraError, SourceError
from training.train.recipe import Phase
from training.train.votes import Allowed, Openings
from training.train.word_loss import PhraseLoss, WordLoss, right_words
from training.written import written
from training.zoo.learning import set_learning

Epoch = Callable[[int], keras.utils.PyDataset]  # an epoch's batches
# Of all that a model may tell while it learns.
LOSSES: dict[str, Callable[[], keras.losses.Loss]] = {
    "logit": lambda: keras.losses.BinaryCrossentropy(from_logits=True),
    "points": keras.losses.MeanAbsoluteError,
    "opening": Openings,
    "shapes": Allowed,
    "lips": keras.losses.MeanAbsoluteError,
    "word": WordLoss,
    "phrase": PhraseLoss,
    "speaker": lambda: keras.losses.CategoricalCrossentropy(from_logits=True),
}
METRICS: dict[str, Callable[[], keras.metrics.Metric]] = {
    "logit": lambda: keras.metrics.MeanMetricWrapper(_right, name="accuracy"),
    "word": lambda: keras.metrics.MeanMetricWrapper(right_words, name="accuracy"),
}
OPTIMIZERS = {
    "adam": keras.optimizers.Adam,
    "sgd": lambda rate, **more: keras.optimizers.SGD(rate, momentum=0.9, **more),
}
CHECKPOINT = "epoch-{:03}.keras"
HISTORY = "history.csv"
log = logging.getLogger(__name__)


class Paced(Protocol):
    """What a training goes by."""

    @property
    def phases(self) -> tuple[Phase, ...]: ...

    @property
    def seed(self) -> int: ...

    @property
    def loss_weights(self) -> dict[str, float]:
        """Of what a model tells, where they are not 1."""


@dataclass(frozen=True)
class Watch:
    """What is told of a training while it goes on."""

    validation: Any  # pixels and targets
    tensorboard: bool = False


def fit(
    build: Callable[[], keras.Model], batches: Epoch, recipe: Paced, folder: Path, watch: Watch
) -> keras.Model:
    """Train a model, or go on where its folder's last checkpoint is."""
    folder.mkdir(parents=True, exist_ok=True)
    done, model = _last(folder)
    keras.utils.set_random_seed(recipe.seed)
    if model is None:
        model = build()
    else:
        _go_on_dropping(model, build())
    history = _read_history(folder / HISTORY, done)
    write_scalars = _scalars(folder) if watch.tensorboard else None
    total = sum(phase.epochs for phase in recipe.phases)
    for epoch, (phase, first) in enumerate(_schedule(recipe)):
        if epoch < done:
            continue
        data = batches(epoch)
        if first:
            _begin(model, phase, len(data), recipe)
        keras.utils.set_random_seed(recipe.seed + epoch)
        _reseed(model, epoch)
        logs = model.fit(
            data,
            initial_epoch=epoch,
            epochs=epoch + 1,
            validation_data=watch.validation,
            verbose=1 if sys.stderr.isatty() else 0,
        ).history
        row = _figures({name: float(values[-1]) for name, values in logs.items()})
        row["learning_rate"] = float(model.optimizer.learning_rate)
        log.info("%s: epoch %d of %d: %s", folder.name, epoch + 1, total, _line(row))
        if write_scalars:
            write_scalars(epoch, row)
        history.append({"epoch": epoch, **row})
        _write_history(folder / HISTORY, history)
        _keep(model, folder, epoch + 1)
    return model


def forget_checkpoints(folder: Path) -> None:
    """Remove what only a training that is not finished needs."""
    for path in folder.glob("epoch-*.keras"):
        path.unlink()


def _schedule(recipe: Paced) -> Iterator[tuple[Phase, bool]]:
    """The phase of every epoch, and whether it begins there."""
    for phase in recipe.phases:
        for number in range(phase.epochs):
            yield phase, number == 0


def _begin(model: keras.Model, phase: Phase, steps: int, recipe: Paced) -> None:
    """Set what learns and at which pace."""
    set_learning(model, phase.learns)
    told = tuple(model.output)  # not the names of its last layers
    weights = recipe.loss_weights
    model.compile(
        OPTIMIZERS[phase.optimizer](_pace(phase, steps), global_clipnorm=phase.clip),
        {name: LOSSES[name]() for name in told},
        loss_weights={name: weights.get(name, 1.0) for name in told},
        metrics={name: [METRICS[name]()] for name in told if name in METRICS} or None,
    )


def _reseed(model: keras.Model, epoch: int) -> None:
    """Begin an epoch's dropout where it always begins: a checkpoint does not say where it was."""
    for number, layer in enumerate(model.layers):
        if hasattr(layer, "seed_generator"):
            layer.seed_generator.state.assign([number, epoch])


def _go_on_dropping(model: keras.Model, fresh: keras.Model) -> None:
    """Let dropout inside a model's own models, which runs on from epoch to epoch, go on where it
    was: at the seed of its beginning, after so many steps."""
    for layer, began in zip(_dropped_inside(model), _dropped_inside(fresh), strict=True):
        seed = int(began.seed_generator.state[0])
        layer.seed_generator.state.assign([seed, int(model.optimizer.iterations)])


def _dropped_inside(model: keras.Model) -> list[keras.layers.Layer]:
    inner = [part for part in model.layers if isinstance(part, keras.Model)]
    layers = [layer for part in inner for layer in part.layers]
    return [layer for layer in layers if hasattr(layer, "seed_generator")]


def _right(truth: Any, logits: Any) -> Any:
    """Which answers are right; targets may be softer than 0 and 1."""
    return keras.ops.cast((truth > 0.5) == (logits > 0), "float32")


def _pace(phase: Phase, steps: int) -> keras.optimizers.schedules.LearningRateSchedule | float:
    total = steps * phase.epochs
    if phase.schedule == "steps":
        rates = [phase.rate]
        while rates[-1] > phase.lowest_rate * 1.001:
            rates.append(rates[-1] / 10)
        if len(rates) == 1:
            return phase.rate
        borders = [total * number // len(rates) for number in range(1, len(rates))]
        return keras.optimizers.schedules.PiecewiseConstantDecay(borders, rates)
    warm_up = min(steps, total // 10 + 1)  # an epoch, or a tenth of a short phase
    return keras.optimizers.schedules.CosineDecay(
        phase.rate / 10,
        max(1, total - warm_up),
        alpha=phase.lowest_rate / phase.rate,
        warmup_target=phase.rate,
        warmup_steps=warm_up,
    )


def _last(folder: Path) -> tuple[int, keras.Model | None]:
    """How many epochs are finished, and the model after them."""
    found = sorted(folder.glob("epoch-*.keras"))
    if not found:
        return 0, None
    path = found[-1]
    number = re.fullmatch(r"epoch-(\d+)\.keras", path.name)
    try:
        model = keras.models.load_model(path, custom_objects={_right.__name__: _right})
    except Exception as error:  # whatever Keras and its parts find wrong with a file
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise SourceError(f"{path}: damaged checkpoint ({reason}); remove it") from None
    assert number is not None
    log.info("%s: going on after epoch %s", folder.name, number[1])
    return int(number[1]), model


def _keep(model: keras.Model, folder: Path, done: int) -> None:
    """Write the checkpoint, all or nothing, and forget the one before."""
    path = folder / CHECKPOINT.format(done)
    with written(path) as partial:
        model.save(partial)
    for other in folder.glob("epoch-*.keras"):
        if other != path:
            other.unlink()


def _read_history(path: Path, done: int) -> list[dict[str, float]]:
    if not path.exists():
        return []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            told = list(csv.DictReader(file))
        rows = [{name: float(value) for name, value in row.items()} for row in told]
        return [row for row in rows if row["epoch"] < done]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SourceError(f"{path}: damaged ({error}); remove it") from None


def _write_history(path: Path, rows: list[dict[str, float]]) -> None:
    with written(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _figures(logs: dict[str, float]) -> dict[str, float]:
    """An epoch's figures: those of the answer go without its name, and points and lips are not
    validated."""
    own = {
        name.replace("logit_", "").replace("word_", ""): value
        for name, value in logs.items()
        if "logit_" in name or "word_" in name
    }
    taught = {name: logs[name] for name in ("points_loss",) if name in logs}
    if own:
        return own | taught
    unknown = ("val_points_loss", "val_lips_loss")
    return {name: value for name, value in logs.items() if name not in unknown}


def _line(row: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in row.items())


def _scalars(folder: Path) -> Callable[[int, dict[str, float]], None]:
    """Writes an epoch's figures as TensorBoard reads them."""
    try:
        import tensorboard  # noqa: F401
    except ModuleNotFoundError:
        raise MissingExtraError("lipwire train --tensorboard", "tensorboard") from None
    import tensorflow as tf

    writer = tf.summary.create_file_writer(str(folder / "tensorboard"))

    def write(epoch: int, row: dict[str, float]) -> None:
        with writer.as_default(step=epoch):
            for name, value in row.items():
                tf.summary.scalar(name, value)
        writer.flush()

    return write
