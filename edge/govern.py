"""Gives way when a board cannot hold its target FPS, and comes back when it can again."""

from __future__ import annotations

import math
from dataclasses import dataclass

from edge.profiles import Profile

OVERLOADED, THROTTLED, IDLE = 0.95, 0.5, 0.4  # shares of the time that the target leaves for frames
GIVE_WAY_AFTER_S = 3.0  # of overload
COME_BACK_AFTER_S, LONGEST_WAIT_S = 30.0, 600.0  # of idleness; longer where it was in vain


@dataclass(frozen=True)
class Step:
    """How far a profile is given way on."""

    interval_factor: int = 1  # faces are looked for so many times less often
    looks: float = math.inf  # at most so many looks a frame at known faces
    faces_max: float = math.inf


STEPS = (Step(), Step(2), Step(2, 1), Step(4, 0.5), Step(4, 0.5, 2), Step(6, 0.34, 1))


class Governor:
    """Decides from timestamps and loads; has no clock and changes nothing itself."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._level = 0
        self._since: float | None = None  # it has been overloaded, or idle, since then
        self._was_overloaded = False
        self._came_back_at: float | None = None
        self._wait_s = COME_BACK_AFTER_S

    @property
    def detect_interval(self) -> int:
        return self._profile.detect_interval * STEPS[self._level].interval_factor

    @property
    def faces_max(self) -> int:
        return int(min(STEPS[self._level].faces_max, self._profile.faces_max))

    @property
    def looks(self) -> float:
        return min(STEPS[self._level].looks, self._profile.looks)

    @property
    def changed(self) -> tuple[str, ...]:
        """What is not as the profile has it, in words."""
        changes = []
        for name in ("detect_interval", "looks", "faces_max"):
            now, planned = getattr(self, name), getattr(self._profile, name)
            if now != planned:
                changes.append(f"{name} {now:g} instead of {planned:g}")
        return tuple(changes)

    def __call__(self, now: float, load: float, throttled: bool = False) -> bool:
        """Take the load at a moment: the share of the time between frames, at the target's pace,
        that a frame costs. Gives whether something is to change."""
        overloaded = load > (THROTTLED if throttled else OVERLOADED)
        if not overloaded and load > IDLE:
            self._since = None
            return False
        if self._since is None or overloaded != self._was_overloaded:
            self._since, self._was_overloaded = now, overloaded
        lasted = now - self._since
        if overloaded and lasted >= GIVE_WAY_AFTER_S and self._level < len(STEPS) - 1:
            self._give_way(now)
            return True
        if not overloaded and lasted >= self._wait_s and self._level > 0:
            self._level -= 1
            self._since, self._came_back_at = None, now
            return True
        return False

    def _give_way(self, now: float) -> None:
        in_vain = self._came_back_at is not None and now - self._came_back_at < COME_BACK_AFTER_S
        self._wait_s = min(self._wait_s * 2, LONGEST_WAIT_S) if in_vain else COME_BACK_AFTER_S
        self._level += 1
        self._since = None
