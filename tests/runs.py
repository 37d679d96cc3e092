"""Folders of finished runs, made without training: the shipped model stands for every part."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from edge import models
from edge.description import Source, embed, read

SIDE = 64
FOLDS = ("fold0", "fold1", "fold2", "fold3")
PARTS = (*FOLDS, "all", "cross")
HISTORY = "epoch,accuracy,learning_rate,loss,val_accuracy,val_loss\n"


def write_run(folder: Path, parts: tuple[str, ...] = PARTS, n: int = 40, epochs: int = 3) -> Path:
    """A run whose int8 files are right about all but a tenth of what they never learned from."""
    folder.mkdir(parents=True)
    sources = [{"dataset": "genki4k", "licence": "free", "pictures": 100, "digest": "00"}]
    recipe = {"model": "smile-small", "phases": [{"epochs": epochs, "rate": 0.001}], "seed": 1}
    asked = {"task": "smile", "recipe": recipe, "sources": sources}
    config = {**asked, "began": "2026-01-01", "folds": FOLDS}
    (folder / "config.json").write_text(json.dumps(config))
    cv2.imwrite(str(folder / "sheet.png"), np.full((90, 130), 90, np.uint8))
    for part in parts:
        learned_from = "smiles" if part == "cross" else "genki4k"
        write_model(folder / f"{part}.tflite", (learned_from,))
        (folder / part).mkdir()
        write_heldout(folder / part / "heldout.npz", n)
        write_history(folder / part / "history.csv", epochs)
    return folder


def write_model(path: Path, learned_from: tuple[str, ...]) -> Path:
    """The shipped model, said to have learned from other sets."""
    shutil.copy(models.shipped("smile"), path)
    sources = tuple(Source(name, "free", 100) for name in learned_from)
    embed(path, replace(read(path), sources=sources))
    return path


def write_heldout(path: Path, n: int, smiles: float = 0.5) -> None:
    """Every tenth answer of the int8 file is wrong, and one more of the Keras model."""
    rng = np.random.default_rng(n)
    labels = (np.arange(n) < smiles * n).astype(np.int8)
    logits = np.where(labels == 1, 1.0, -1.0) * rng.uniform(0.5, 4, n)
    logits[::10] *= -1
    floats = logits.copy()
    floats[1] *= -1
    np.savez(
        path,
        images=rng.integers(0, 256, (n, SIDE, SIDE)).astype(np.uint8),
        labels=labels,
        files=np.array([f"files/<{i}>.jpg" for i in range(n)]),
        logits=logits.astype(np.float32),
        float_logits=floats.astype(np.float32),
    )


def write_history(path: Path, epochs: int) -> None:
    rows = (f"{e},{0.6 + e / 20},{10 ** -(3 + e)},{0.7 - e / 20},0.6,0.7\n" for e in range(epochs))
    path.write_text(HISTORY + "".join(rows))
