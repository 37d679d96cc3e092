"""Times of several things, measured in turns so that other work on the machine hits all alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from edge.progress import progress

SLICE_S = 0.02  # of one thing in a turn, after a call that is not counted
LEAST_TURNS = 3


@dataclass
class Times:
    """What the calls of one thing took, in seconds."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    @property
    def cpu_ms(self) -> float:
        """Median time on the processor, of all threads."""
        return round(1000 * statistics.median(self.cpu), 4)

    @property
    def wall_ms(self) -> float:
        """Median time that passed."""
        return round(1000 * statistics.median(self.wall), 4)


@dataclass
class Turns:
    """Turns for about so long, at least a few; how many they will be is only guessed."""

    seconds: float
    done: int = 0
    passed: float = 0.0

    def __len__(self) -> int:
        return max(LEAST_TURNS, self.done, round(self.done * self.seconds / (self.passed or 1.0)))

    def __iter__(self) -> Iterator[int]:
        began = time.perf_counter()
        while self.done < LEAST_TURNS or self.passed < self.seconds:
            yield self.done
            self.done, self.passed = self.done + 1, time.perf_counter() - began


def in_turns(jobs: Mapping[str, Callable[[], object]], seconds: float) -> dict[str, Times]:
    """Run all jobs over and over for about so long, each at least a few times."""
    for job in jobs.values():
        job()  # the first call of many a model builds it
    times = {name: Times() for name in jobs}
    for _ in progress(Turns(seconds), "bench"):
        _turn(jobs, times)
    return times


def _turn(jobs: Mapping[str, Callable[[], object]], times: dict[str, Times]) -> None:
    for name, job in jobs.items():
        job()  # what the one before has pushed out of the caches comes back
        until = time.perf_counter() + SLICE_S
        while True:
            cpu, wall = time.process_time(), time.perf_counter()
            job()
            times[name].cpu.append(time.process_time() - cpu)
            times[name].wall.append(time.perf_counter() - wall)
            if time.perf_counter() >= until:
                break
