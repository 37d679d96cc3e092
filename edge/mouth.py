"""From what a mouth shows in each frame to shapes that are steady enough to look at: pure functions
of values and timestamps, as in `edge.decide`, and as free of the frame rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.decide import Smoother
from edge.shapes import SHAPES, Shown

LONGEST_GAP_S = 1.0  # what a mouth did in a longer time without samples is not known


@dataclass(frozen=True)
class MouthRules:
    """What it takes to be another shape, and what an opening counts from and to."""

    smoothing_s: float = 0.0  # time constant, of weights and opening
    hold_s: float = 0.08  # a shape stays at least so long
    margin: float = 0.1  # of smoothed weight by which another shape must lead the present one
    still_margin: float = 0.6  # the same where the mouth does not move
    still_s: float = 1.0  # time constant of what a moving mouth is told from
    rest_gap: float = 0.03  # a resting mouth's gap in eye distances, where nothing is known yet
    rest_most: float = 0.08  # no mouth rests wider open, in eye distances
    rest_share: float = 0.1  # of the time, in which a mouth is less open than at rest
    rest_per_s: float = 0.05  # how fast the resting gap is learned, in eye distances
    full_gap: float = 0.4  # the gap of a mouth that is wide open, in eye distances


@dataclass(frozen=True, slots=True)
class Changed:
    """A mouth has taken another shape."""

    shape: str
    at: float  # when it began to lead
    weights: tuple[float, ...]  # smoothed, of `SHAPES`


class RestingGap:
    """How far a person's lips stand apart at rest: a low quantile, over time, of their opening."""

    def __init__(self, rules: MouthRules) -> None:
        self._rules = rules
        self.gap = rules.rest_gap

    def __call__(self, passed_s: float, opening: float) -> None:
        """Take an opening that held for some time."""
        rules, aim = self._rules, min(max(opening, 0.0), self._rules.rest_most)
        step = rules.rest_per_s * passed_s
        if aim > self.gap:
            self.gap = min(aim, self.gap + step * rules.rest_share)
        else:
            self.gap = max(aim, self.gap - step * (1 - rules.rest_share))


class MouthDecider:
    """Turns what one mouth shows into its shape, its weights and its opening."""

    def __init__(self, rules: MouthRules) -> None:
        self._rules = rules
        self._rest = RestingGap(rules)
        self._shape = 0  # the present one's place in `SHAPES`
        self._told = False  # whether anybody knows of it
        self._hold_until = 0.0
        self._begin()

    def _begin(self) -> None:
        tau = self._rules.smoothing_s
        self._weights = tuple(Smoother(tau) for _ in SHAPES)
        self._of_late = tuple(Smoother(self._rules.still_s) for _ in SHAPES)
        self._gap = Smoother(tau)

    @property
    def shape(self) -> str:
        """The present shape, `closed` before the first sample."""
        return SHAPES[self._shape]

    @property
    def weights(self) -> tuple[float, ...]:
        """Smoothed, of `SHAPES`; all 0 before the first sample."""
        return tuple(each.value or 0.0 for each in self._weights)

    @property
    def opening(self) -> float:
        """Smoothed, 0 at the person's rest and 1 wide open."""
        rest = self._rest.gap
        share = ((self._gap.value or 0.0) - rest) / (self._rules.full_gap - rest)
        return min(1.0, max(0.0, share))

    def __call__(self, at: float, shown: Shown) -> Changed | None:
        """Take what one frame shows; `at` never goes back."""
        passed = at - self._gap.at
        if self._gap.value is None or passed >= LONGEST_GAP_S:
            return self._begin_at(at, shown)
        before, before_at = self.weights, self._gap.at
        self._smooth(at, shown)
        self._rest(passed, shown.opening)
        after = self.weights
        return self._decide(_leads(before, self._shape), before_at, after, at)

    def _begin_at(self, at: float, shown: Shown) -> Changed | None:
        """Nothing is known of the time before this frame."""
        self._begin()
        self._smooth(at, shown)
        strongest = _strongest(shown.weights)
        if self._told and strongest == self._shape:
            return None
        return self._change(strongest, at)

    def _smooth(self, at: float, shown: Shown) -> None:
        self._gap(at, shown.opening)
        for smooth, late, weight in zip(self._weights, self._of_late, shown.weights, strict=True):
            smooth(at, weight)
            late(at, weight)

    @property
    def _margin(self) -> float:
        """A mouth that hardly moves and yet shows two shapes in turn shows neither clearly."""
        pairs = zip(self._weights, self._of_late, strict=True)
        moved = sum(abs((now.value or 0.0) - (late.value or 0.0)) for now, late in pairs) / 2
        return max(self._rules.margin, self._rules.still_margin - moved)

    def _decide(
        self, before: tuple[float, ...], before_at: float, weights: tuple[float, ...], at: float
    ) -> Changed | None:
        margin, after = self._margin, _leads(weights, self._shape)
        leader = _strongest(after)
        lead, lead_before = after[leader], before[leader]
        if leader == self._shape or lead < margin:
            return None
        onset = before_at
        if lead_before < margin:  # it came to lead between the two frames
            onset += (margin - lead_before) / (lead - lead_before) * (at - before_at)
        onset = max(onset, self._hold_until)
        return self._change(leader, onset) if onset <= at else None

    def _change(self, shape: int, at: float) -> Changed:
        self._shape, self._told = shape, True
        self._hold_until = at + self._rules.hold_s
        return Changed(self.shape, at, self.weights)


def _leads(weights: tuple[float, ...], shape: int) -> tuple[float, ...]:
    """By how much each weight leads a shape's."""
    return tuple(weight - weights[shape] for weight in weights)


def _strongest(weights: Sequence[float]) -> int:
    return max(range(len(weights)), key=weights.__getitem__)
