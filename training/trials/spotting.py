"""`lipwire evaluate spotting`: words told of somebody who talks, right and false.

Rules are chosen on other folds than those that are reported. What the daemon itself tells by them,
from a video file to a broker, is held against what was reckoned.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from edge.assemble import word_rules
from edge.description import Description, embed, read
from edge.profiles import Profile
from edge.progress import progress
from edge.settings import WordSettings
from edge.spotting import SpotRules
from training.datasets.grid_words import SET
from training.evaluate.asked import learned_from
from training.evaluate.figures import interval_by_group
from training.evaluate.readers import sources_of
from training.split_words import FOLD
from training.trials.delivered import Delivery
from training.trials.films import parallel
from training.trials.spots import THRESHOLDS, Outcome, choose, overlap
from training.trials.talks import SaidWord, Talk, talk
from training.trials.tracks import at_most
from training.trials.utterances import utterances
from training.trials.word_votes import Recording, Told, record

QUARTILES = (0.25, 0.5, 0.75)
EVEN_S, EVEN = 0.0025, 0.001  # times come in milliseconds, scores rounded
Figures = dict[str, Any]


@dataclass(frozen=True)
class Trial:
    """What is shown, to which model, and on which board."""

    grid: Path
    folds: tuple[int, ...]  # that are reported
    choice: tuple[int, ...]  # on which rules are chosen; none: the model's own are taken
    most: float  # false words a minute by rules that are chosen
    model: Path
    profile: Profile
    models: Path | None
    delivery: Delivery | None  # none: no daemon is run

    def recorded(self, shown: Talk) -> Recording:
        """What the model says of a talk."""
        return record(shown, self.model, self.profile, self.models)


def evaluate_spotting(trial: Trial) -> Figures:
    """Figures of rules chosen now, or of the model's own."""
    model = read(trial.model)
    shown = [talk(trial.grid, folds) for folds in (trial.folds, trial.choice) if folds]
    report, *choice = parallel(trial.recorded, shown, "recordings")
    rules = choose(choice[0], trial.most) if choice else own_rules(model)
    sources = sources_of(model)
    return {
        "task": "spotting",
        "dataset": SET.name,
        "folds": list(trial.folds),
        "model": str(trial.model),
        "trained_on": any(learned_from(sources, SET.name, f"{FOLD}{n}") for n in trial.folds),
        "profile": trial.profile.name,
        "chosen_on": list(trial.choice),
        "most": trial.most if choice else None,
        "rules": asdict(rules),
        **_figures(report, rules),
        "choice": _figures(choice[0], rules) if choice else None,
        "whole_way": _whole_way(trial, shown[0], report, rules),
    }


def own_rules(model: Description) -> SpotRules:
    """A model's own."""
    rules = word_rules(WordSettings(mode="spotting"), model)
    assert isinstance(rules, SpotRules)
    return rules


def write_rules(rules: SpotRules, files: Sequence[Path]) -> None:
    """Put chosen rules into models' descriptions; nothing is written where one is no model."""
    said = [read(file) for file in files]
    for file, description in zip(files, said, strict=True):
        chosen = replace(
            description, spot_threshold=rules.threshold, refractory_s=rules.refractory_s
        )
        embed(file, chosen)


def _figures(recording: Recording, rules: SpotRules) -> Figures:
    """All that is told of some folds: at the rules, at all thresholds, and of words alone."""
    outcome = Outcome.of(recording, rules)
    points = [replace(rules, threshold=each) for each in sorted({*THRESHOLDS, rules.threshold})]
    return {
        "clips": len(recording.begins),
        "people": recording.people,
        "minutes": round(recording.minutes, 2),
        **_point(outcome),
        "per_word": _per_word(outcome),
        "false_at": dict(Counter(_place(each, recording.said, outcome) for each in outcome.false)),
        "curve": [_point(Outcome.of(recording, each)) for each in progress(points, "curve")],
        "isolated": utterances(recording),
    }


def _point(outcome: Outcome) -> Figures:
    """Upper ends of rates are one-sided, 95 %."""
    right = np.array([hit is not None for hit in outcome.hits])
    late, false = outcome.late_s, len(outcome.false)
    return {
        "threshold": outcome.rules.threshold,
        "refractory_s": outcome.rules.refractory_s,
        "n": len(right),
        "told": int(right.sum()),
        "recall": round(outcome.recall, 4),
        "interval": interval_by_group(right, np.array([word.clip for word in outcome.said])),
        "false": false,
        "false_a_minute": round(outcome.false_a_minute, 3),
        "false_a_minute_at_most": round(at_most(false) / outcome.minutes, 3),
        "late_s": np.quantile(late, QUARTILES).round(3).tolist() if late else None,
    }


def _per_word(outcome: Outcome) -> dict[str, list[int]]:
    """How many of each word were told, of how many."""
    pairs = sorted(
        (word.word, hit is not None) for word, hit in zip(outcome.said, outcome.hits, strict=True)
    )
    groups = ((word, [told for _, told in some]) for word, some in groupby(pairs, lambda p: p[0]))
    return {word: [sum(told), len(told)] for word, told in groups}


def _place(told: Told, said: Sequence[SaidWord], outcome: Outcome) -> str:
    """What was said when a false word was told."""
    there = [word for word in said if overlap(told, word)]
    if not there:
        return "silence"
    if any(word.word == told.word for word in there):
        return "told before"
    return "another word" if any(word.word for word in there) else "none of the words"


def _whole_way(trial: Trial, shown: Talk, recording: Recording, rules: SpotRules) -> Figures | None:
    """What the daemon tells of the same film over MQTT, and whether that is what was reckoned."""
    if trial.delivery is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "talk.mkv"
        shown.write(film)
        came = trial.delivery(film, trial.model, rules, recording.first_seen)
    due = recording.told(rules)
    return {
        "broker": trial.delivery.broker,
        "words": len(came),
        "due": len(due),
        "same": len(came) == len(due) and all(map(_same, came, due)),
    }


def _same(one: Told, other: Told) -> bool:
    times = ((one.start, other.start), (one.end, other.end), (one.at, other.at))
    even = all(abs(a - b) <= EVEN_S for a, b in times) and abs(one.score - other.score) <= EVEN
    return one.word == other.word and even
