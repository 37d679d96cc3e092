"""What a word model said of a film frame by frame: recorded once through the whole way of a frame,
for any rules to be tried on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edge.assemble import assemble, lipreader
from edge.cadence import RateWatch
from edge.description import Description
from edge.errors import SourceError
from edge.events import FaceArrived
from edge.glimpse import Glimpse
from edge.lip_motion import LipMotion
from edge.profiles import Profile
from edge.settings import Settings, VisemeSettings
from edge.spotting import SpotRules, Spotted, Spotter
from edge.utterance import Over, UtteranceDecider, UtteranceRules
from edge.verdict import Vocabulary
from edge.word_frames import Lipreader, WordFrames
from edge.word_reader import Voted
from edge.words import Isolated, Speaker, Words
from training.phones import GRID_FPS
from training.trials.talks import SaidWord, Talk

SETTINGS = Settings(viseme=VisemeSettings(enabled=False))


@dataclass(frozen=True, slots=True)
class Told:
    """A word that was told of a film, and by when."""

    word: str
    start: float  # seconds since the film's first frame
    end: float
    at: float  # of the frame by which it was known
    score: float

    @classmethod
    def of(cls, found: Spotted, at: float) -> Told:
        """What was found with a frame."""
        return cls(found.verdict.word, found.start, found.end, at, found.verdict.score)


@dataclass(frozen=True, slots=True)
class Look:
    """What one picture of a face gave."""

    at: float
    is_new: bool  # what was before it is not known
    votes: tuple[tuple[float, Voted], ...]


@dataclass
class Notes:
    """All that was seen of one face."""

    looks: list[Look] = field(default_factory=list)
    alone: list[Told] = field(default_factory=list)  # in the mode of words that stand alone
    utterances: list[Over] = field(default_factory=list)


@dataclass(frozen=True)
class Recording:
    """What a model said of a talk."""

    model: Description
    people: int
    minutes: float
    begins: tuple[float, ...]  # of its clips, seconds since the first frame
    first_seen: float  # when a face was seen first, of those that arrived; seconds
    said: tuple[SaidWord, ...]
    notes: tuple[Notes, ...]

    def told(self, rules: SpotRules) -> list[Told]:
        """What the daemon tells by some rules."""
        return sorted(
            (told for notes in self.notes for told in self._of(notes.looks, rules)),
            key=lambda told: told.at,
        )

    def _of(self, looks: Sequence[Look], rules: SpotRules) -> list[Told]:
        model, told = self.model, []
        spot = Spotter(rules, model.labels, model.temperature, model.frames)
        for look in looks:
            if look.is_new:
                spot.reset()
            found = [spot(*voted) for voted in look.votes]
            told += [Told.of(each, look.at) for each in found if each]
        return told


class Noting:
    """Follows one face and keeps what is seen of it, in both modes."""

    def __init__(self, reader: Lipreader, notes: Notes) -> None:
        said, rules = reader.model.description, UtteranceRules()
        self.notes = notes
        self._frames = WordFrames(reader)
        self._motion, self._decide = LipMotion(), UtteranceDecider(rules)
        self._alone = Isolated(reader, Vocabulary.of(said, 0.0), rules)

    def __call__(self, seen: Glimpse, at: float) -> Sequence[Spotted]:
        """Take a picture; nothing is told of it."""
        is_new = self._frames.is_lost(at)
        if is_new:
            self.reset()
        self._frames.see(seen, at)
        self.notes.looks.append(Look(at, is_new, tuple(self._frames.read())))
        moved = self._motion(seen, at)
        told = self._decide(*moved) if moved else None
        if isinstance(told, Over):
            self.notes.utterances.append(told)
        self.notes.alone += [Told.of(found, at) for found in self._alone(seen, at)]
        return ()

    def cut(self) -> None:
        """The next clip begins: lips that are elsewhere at once have not moved. Words that stand
        alone are followed anew."""
        self._motion.reset()
        self._decide.reset()
        self._alone.reset()

    def reset(self) -> None:
        """The face was lost."""
        self._frames.reset()
        self.cut()


@dataclass(frozen=True)
class NotingWords(Words):
    """Words of which only notes are taken."""

    speakers: list[Noting] = field(default_factory=list)

    def speaker(self) -> Speaker:
        """What follows one more face."""
        self.speakers.append(Noting(self.reader, Notes()))
        return self.speakers[-1]


def record(talk: Talk, model: Path, profile: Profile, models: Path | None) -> Recording:
    """Send a talk through the way of a frame."""
    reader = lipreader(model, profile, models)
    said = reader.model.description
    words = NotingWords(reader, SpotRules(0.0, 0.0), RateWatch(said.fps))
    pipeline = assemble(SETTINGS, profile, models, words=words).pipeline
    begins: list[float] = []
    arrived: list[float] = []
    frames = 0
    for clip, frame in talk.frames():
        if clip == len(begins):
            begins.append(frame.captured_at)
            for speaker in words.speakers:
                speaker.cut()
        events = pipeline(frame).events
        arrived += [each.at for each in events if isinstance(each, FaceArrived)]
        frames += 1
    if not arrived:
        raise SourceError(f"in none of {len(talk.clips)} clips a face was found")
    return Recording(
        said,
        talk.people,
        frames / GRID_FPS / 60,
        tuple(begins),
        arrived[0],
        tuple(talk.words(begins)),
        tuple(speaker.notes for speaker in words.speakers),
    )
