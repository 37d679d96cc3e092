"""When somebody begins and ends to speak, by how much the lips move: pure functions of values and
timestamps, as in `edge.decide`."""

from __future__ import annotations

from dataclasses import dataclass

from edge.decide import Smoother


@dataclass(frozen=True)
class UtteranceRules:
    """What it takes for moving lips to be an utterance."""

    begins: float = 2.3  # times the motion at rest, at which lips speak
    ends: float = 1.7  # the same, at which they do no more
    smoothing_s: float = 0.03  # time constant, of the motion
    begins_s: float = 0.13  # so long they must move
    pause_s: float = 0.3  # so long they must rest for the utterance to be over
    longest_s: float = 2.5  # what lasts longer is running speech
    rest: float = 2.2  # grey levels: motion at rest where nothing is known yet
    rest_least: float = 1.0  # grey levels: nobody's lips rest more quietly than pictures are noisy
    rest_most: float = 4.0
    rest_share: float = 0.3  # of the time, in which lips move less than at rest
    rest_per_s: float = 1.0  # how fast the motion at rest is learned, in grey levels


@dataclass(frozen=True, slots=True)
class Began:
    """Lips have begun to speak."""

    at: float


@dataclass(frozen=True, slots=True)
class Over:
    """Lips have spoken, or have done so for too long to be a word's."""

    start: float
    end: float
    whole: bool  # whether it has ended by itself


class RestingMotion:
    """How much a face's lips seem to move at rest: a low quantile, over time, of their motion."""

    def __init__(self, rules: UtteranceRules) -> None:
        self._rules = rules
        self.motion = rules.rest

    def __call__(self, passed_s: float, motion: float) -> None:
        """Take a motion that held for some time."""
        rules = self._rules
        aim = min(max(motion, rules.rest_least), rules.rest_most)
        step = rules.rest_per_s * passed_s
        if aim > self.motion:
            self.motion = min(aim, self.motion + step * rules.rest_share)
        else:
            self.motion = max(aim, self.motion - step * (1 - rules.rest_share))


class UtteranceDecider:
    """Turns the motion of one face's lips into utterances."""

    def __init__(self, rules: UtteranceRules) -> None:
        self._rules = rules
        self._rest = RestingMotion(rules)
        self.reset()

    def reset(self) -> None:
        """What lips did is not known any more; what they do at rest still is."""
        self._motion = Smoother(self._rules.smoothing_s)
        self._moves_since: float | None = None
        self._start: float | None = None  # of the utterance that is open
        self._moved_at = 0.0  # last time
        self._too_long = False

    @property
    def speaks(self) -> bool:
        """Whether an utterance is open."""
        return self._start is not None and not self._too_long

    def __call__(self, at: float, motion: float) -> Began | Over | None:
        """Take one moment's motion; `at` never goes back."""
        rules = self._rules
        if self._motion.value is not None:
            self._rest(at - self._motion.at, motion)
        smooth, rest = self._motion(at, motion), self._rest.motion
        if self._start is None:
            return self._wait(at, smooth >= rules.begins * rest)
        if smooth >= rules.ends * rest:
            self._moved_at = at
        return self._follow(at, self._start)

    def _wait(self, at: float, moves: bool) -> Began | None:
        if not moves:
            self._moves_since = None
            return None
        if self._moves_since is None:
            self._moves_since = at
        if at - self._moves_since < self._rules.begins_s:
            return None
        self._start, self._moved_at, self._too_long = self._moves_since, at, False
        self._moves_since = None
        return Began(self._start)

    def _follow(self, at: float, start: float) -> Over | None:
        if at - self._moved_at >= self._rules.pause_s:
            self._start = None
            return None if self._too_long else Over(start, self._moved_at, True)
        if at - start > self._rules.longest_s and not self._too_long:
            self._too_long = True
            return Over(start, at, False)
        return None
