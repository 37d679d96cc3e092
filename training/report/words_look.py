"""The parts of a report on words that show lips: what moves the answers, and mistakes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import cv2
import numpy as np

from edge.errors import LipwireError, SettingsError
from training.clips import Clips
from training.evaluate.word_clips import Pictures, seen, stretches
from training.report import words_charts
from training.report.base import note
from training.report.images import embedded
from training.report.words_held import HeldWords, WordPart, clips_file
from training.run import Run

WORST = 8
CLIPS_OF_A_WORD = 12  # that are looked into
CURVES = 3  # words shown over time, beside all together


def inside(run: Run, config: Mapping[str, Any], parts: Sequence[WordPart]) -> str:
    """What moves the answers of the first part whose Keras model is there."""
    there = [part for part in parts if run.keras(part.name).is_file() and len(part.held)]
    if not there:
        return note("No Keras model in this run that could be looked into.")
    try:
        clips, pictures = _clips(config)
        window = int(config["recipe"]["window"])
        return _moved(run, there[0], clips, pictures, window)
    except LipwireError as error:
        return note(f"Not shown: {escape(str(error))}")


def worst(config: Mapping[str, Any], words: Sequence[str], held: HeldWords) -> str:
    """The surest wrong answers as films."""
    wrong = np.flatnonzero(~held.right)
    sure = held.probabilities.max(axis=1)
    rows = wrong[np.argsort(-sure[wrong], kind="stable")][:WORST]
    if not len(rows):
        return note("No wrong answer.")
    try:
        clips, pictures = _clips(config)
    except LipwireError as error:
        return note(f"Not shown: {escape(str(error))}")
    films = []
    for row, one in zip(rows, stretches(clips, held.items[rows]), strict=True):
        said, told = words[held.truth[row]], words[held.told[row]]
        picture = words_charts.film(pictures[one.own], f"{held.files[row]}: {said}")
        films.append(
            f"<figure>{picture}<figcaption><b>{escape(said)}</b> "
            f'<span class="wrong">told {escape(told)}, {100 * sure[row]:.0f} %</span> '
            f"<small>{escape(str(held.files[row]))}</small></figcaption></figure>"
        )
    about = note("The surest wrong answers, frame by frame as the model saw them.")
    return about + "".join(films)


def _moved(run: Run, part: WordPart, clips: Clips, pictures: Pictures, window: int) -> str:
    from training.report.insight import overlay
    from training.report.words_insight import moved

    held = part.held
    shown = {
        number: stretches(clips, held.items[held.truth == number][:CLIPS_OF_A_WORD])
        for number in np.unique(held.truth).tolist()
    }
    found = moved(run.keras(part.name), pictures, list(shown.items()), window)
    figures = []
    for (number, clips_of), each in zip(shown.items(), found, strict=True):
        mean = np.mean([pictures[one.own].mean(axis=0) for one in clips_of], axis=0)
        face = words_charts.larger(np.rint(mean).astype(np.uint8))
        heat = cv2.resize(each.where.astype(np.float32), face.shape[::-1])
        word = escape(part.labels[number])
        picture = embedded(overlay(face, heat.clip(0, 1)), f"what moves {word}")
        figures.append(f"<figure><figcaption>{word}</figcaption>{picture}</figure>")
    curves = [("all words", np.mean([each.when for each in found], axis=0))]
    pairs = zip(shown, found, strict=True)
    curves += [(part.labels[number], each.when) for number, each in list(pairs)[:CURVES]]
    about = note(
        f"Of {escape(part.name)}, on clips it never learned from: by how much each place and each "
        "moment moves the logit of the word that is said (the slope), over the mean of up to "
        f"{CLIPS_OF_A_WORD} clips of each word; the warmer, the more."
    )
    return (
        f'{about}<div class="faces">{"".join(figures)}</div>'
        f'<div class="grid">{words_charts.over_time(curves)}</div>'
    )


def _clips(config: Mapping[str, Any]) -> tuple[Clips, Pictures]:
    """What the run learned from, where it still is."""
    path = clips_file(config)
    clips = Clips.read(path)
    known = config.get("sources", [{}])[0]
    if (clips.origin.dataset, len(clips)) != (known.get("dataset"), known.get("pictures")):
        raise SettingsError(f"{path}: other clips than the run learned from")
    return clips, seen(clips)
