"""What the parts of a run of words leave out, and which protocol they belong to."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from edge.errors import SettingsError
from training.clips import OTHER, Clips
from training.evaluate.figures import Flags
from training.evaluate.word_baselines import Known
from training.split_words import FOLD, OWN, TAKES, THIRD, WITHOUT, parts_of, speakers, split

TEST_FOLD = f"{FOLD}0"
GROUPS = 5  # of speakers, who are left out in turn with the words of `other` parts
PROTOCOLS = {
    "unseen": "each speaker by the part that learned from the others",
    "thirds": "each speaker by the part that learned from the other two thirds of them",
    "seen": "each take of everybody by the part that learned from the other takes",
    "fold": "fold 0 by the part that learned from the other folds, boundaries given",
    "own": "the share that was put aside",
}
BEGINS = {"unseen": WITHOUT, "thirds": THIRD, "seen": TAKES, "fold": TEST_FOLD, "own": OWN}


def known_of(clips: Clips, part: str) -> Known:
    """The words that a part leaves out, and all others."""
    words = np.flatnonzero(clips.labels != OTHER)
    tested = words[left_out(clips, part)[words]]
    if not len(tested):
        raise SettingsError(f"{part}: the clips hold no word that it leaves out")
    return Known(part, tested, np.setdiff1d(words, tested))


def left_out(clips: Clips, part: str) -> Flags:
    """Which items a part never learned from, whatever is said in them."""
    out = np.zeros(len(clips), np.bool_)
    if match := re.fullmatch(r"other(\d+)", part):
        group = speakers(clips)[int(match[1]) % GROUPS :: GROUPS]
        return np.isin(clips.speakers, group)[clips.sequences]
    out[split(clips, part).test] = True
    return out


def parts_for(clips: Clips, protocol: str) -> list[str]:
    """All parts that a protocol asks for."""
    return [part for part in parts_of(clips) if part.startswith(BEGINS[protocol])]


def usual_protocol(clips: Clips) -> str:
    """How a set is scored where nothing is said."""
    return next(name for name in ("fold", "unseen", "own") if parts_for(clips, name))


def finished(run: Path, clips: Clips, protocol: str) -> list[str]:
    """The parts of a protocol that a run has."""
    wanted = parts_for(clips, protocol)
    there = [part for part in wanted if (run / part / "heldout.npz").is_file()]
    if not there:
        asked = f"{', '.join(wanted[:2])} …" if wanted else "which the clips do not allow"
        raise SettingsError(f"{run}: no part for --protocol {protocol} in it yet: {asked}")
    return there
