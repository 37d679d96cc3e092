"""The page of a run whose models read words."""

from __future__ import annotations

import json
from html import escape
from typing import Any, ClassVar

import cv2
import numpy as np

from edge.errors import SettingsError
from training.evaluate.figures import calibration_error, interval_by_group, paired_difference
from training.evaluate.word_lines import KINDS
from training.evaluate.word_parts import PROTOCOLS
from training.report import charts, tables, words_charts, words_look
from training.report.base import note, tile
from training.report.images import embedded
from training.report.words_held import (
    HeldWords,
    by_protocol,
    read_word_parts,
)
from training.run import Run

MANY = 4  # parts, more of which are drawn into one plot
BESIDE_NOTE = note(
    "As <code>lipwire evaluate word --json</code> measured it, where such files lie in the run's "
    "folder, with 95 % intervals: nearest neighbour on thumbnails and the first frame alone beside "
    "it, because takes of one session resemble each other so much that figures of speakers who are "
    "known say little about reading lips. Areas under ROC tell known words from what is none."
)


class WordReport:
    """Figures, curves, films and looks into the model."""

    head: ClassVar[tuple[str, ...]] = (
        *("what", "n", "int8", "floats", "int8 less floats, points", "calibration error"),
        "worst speaker",
    )
    found_only: ClassVar[str] = (
        "Words that are cut out, told among the words alone; <code>lipwire evaluate word "
        "--run</code> scores each part's file and the baselines beside it."
    )

    def __init__(self, run: Run) -> None:
        self.run = run
        self.config = run.config()
        labels = tuple(map(str, self.config.get("labels", ())))
        if len(labels) < 2:
            raise SettingsError(f"{run.folder}: its config.json names no words")
        self.words = labels[:-1]
        self.parts = read_word_parts(run, labels)
        whole = [part for part in self.parts if part.labels == self.words]
        self.sets = by_protocol(whole or self.parts)

    @property
    def name(self) -> str:
        """What the run is called: its model and its folder."""
        recipe = self.config.get("recipe", {})
        said = f"{recipe.get('model', 'word model')}, window {recipe.get('window', '?')}"
        changed = "" if recipe.get("augment", True) else ", no augmentation"
        return f"{said}{changed} · {self.run.folder.resolve().name}"

    @property
    def tells(self) -> tuple[str, ...]:
        """What runs must have in common to be compared."""
        return ("word", *self.words)

    def rows(self) -> list[list[str]]:
        """Of the table of figures."""
        return [self._figures(name, held) for name, held in self.sets.items()]

    def sections(self) -> list[tuple[str, str]]:
        """Titles and what stands below them."""
        best, held = next(iter(self.sets.items()))
        from_set = note(f"{escape(PROTOCOLS.get(best, best))}, n = {len(held)}.")
        measured = self._measured()
        beside = [("Beside baselines", BESIDE_NOTE + measured)] if measured else []
        together = len(self.parts) > MANY
        figures = tables.table(self.head, self.rows())
        return [
            ("Figures", self._tiles() + note(self.found_only) + figures),
            *beside,
            ("Learning", charts.learning(self.parts, {"accuracy": True, "loss": False}, together)),
            ("Words", from_set + self._words(held)),
            ("Where and when it looks", words_look.inside(self.run, self.config, self.parts)),
            ("Worst mistakes", from_set + words_look.worst(self.config, self.words, held)),
            ("What it learned from", self._data()),
        ]

    def _figures(self, name: str, held: HeldWords) -> list[str]:
        gain, within = paired_difference(held.right, held.float_right)
        error = calibration_error(held.probabilities.max(axis=1), held.right)
        worst, share = self._worst_speaker(held)
        return [
            f"{escape(name)}<small>{escape(PROTOCOLS.get(name, ''))}</small>",
            str(len(held)),
            self._share(held, held.right),
            self._share(held, held.float_right),
            f"{100 * gain:+.2f}{tables.small(within, '+.2f', 100)}",
            f"{error:.4f}",
            f"{escape(worst)}<small>{100 * share:.1f} %</small>",
        ]

    def _share(self, held: HeldWords, right: Any) -> str:
        speakers = np.unique(held.speakers, return_inverse=True)[1]
        if not speakers.any():
            return tables.share(right)
        within = interval_by_group(right, speakers)
        return f"{100 * right.mean():.1f} %{tables.small(within, '.1f', 100)}"

    def _worst_speaker(self, held: HeldWords) -> tuple[str, float]:
        shares = {
            str(name): float(held.right[held.speakers == name].mean())
            for name in np.unique(held.speakers)
        }
        return min(shares.items(), key=lambda pair: pair[1])

    def _tiles(self) -> str:
        tiles = []
        for name, held in self.sets.items():
            worst, share = self._worst_speaker(held)
            more = f"n = {len(held)}; worst {escape(worst)}, {100 * share:.0f} %"
            tiles.append(tile(f"{escape(name)}", f"{100 * held.right.mean():.1f} %", more))
        if (files := sorted(self.run.folder.glob("[!.]*.tflite"))) != []:
            size = files[0].stat().st_size / 1000
            tiles.append(tile("file", f"{size:.0f} kB", "int8"))
        return f'<div class="tiles">{"".join(tiles)}</div>'

    def _measured(self) -> str:
        """Figures of `evaluate word`, of clips that were not learned from."""
        rows = []
        for path in sorted(self.run.folder.glob("*.json")):
            try:
                told = json.loads(path.read_text(encoding="utf-8"))
                if told.get("task") == "word" and told.get("trained_on") is False:
                    rows.append(_measured_row(told))
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                continue
        head = ("protocol", "n", "read", "nearest", "first frame", "area under ROC")
        return tables.table(head, rows) if rows else ""

    def _words(self, held: HeldWords) -> str:
        counts = np.zeros((len(self.words), len(self.words)), int)
        np.add.at(counts, (held.truth, held.told), 1)
        by_word = [
            (word, held.right[held.truth == number])
            for number, word in enumerate(self.words)
            if (held.truth == number).any()
        ]
        by_speaker = [
            (str(speaker), held.right[held.speakers == speaker])
            for speaker in np.unique(held.speakers)
        ]
        sure = held.probabilities.max(axis=1)
        plots = words_charts.bars("By word", by_word) + words_charts.bars("By speaker", by_speaker)
        return (
            f"{tables.shaded(self.words, counts.tolist())}"
            f'<div class="grid">{plots}'
            f"{charts.reliability_plot(sure, held.right, 'share of right words')}</div>"
        )

    def _data(self) -> str:
        path = self.run.folder / "sheet.png"
        sheet = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) if path.is_file() else None
        samples = "" if sheet is None else embedded(sheet, "samples as the model saw them")
        return tables.sources(self.config) + samples + tables.settings(self.config)


def _measured_row(told: dict[str, Any]) -> list[str]:
    def share(value: float, ends: tuple[float, float]) -> str:
        return f"{100 * value:.1f} %{tables.small(ends, '.1f', 100)}"

    areas = [
        f"{KINDS[kind]} {each['auc']:.3f}{tables.small(each['auc_interval'], '.3f')}"
        for kind, each in told.get("other", {}).items()
    ]
    beside = [
        share(told["baselines"][name], told["baseline_intervals"][name])
        for name in ("nearest", "first_frame")
    ]
    return [
        f"{escape(told['protocol'])}<small>{escape(told['dataset'])}</small>",
        str(told["n"]),
        share(told["accuracy"], told["interval"]),
        *beside,
        "".join(areas) or "–",
    ]
