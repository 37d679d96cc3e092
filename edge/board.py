"""What the board tells of itself: its name, temperature, throttling and memory."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# A sandboxed service sees only the second of these.
MODEL_FILES = ("proc/device-tree/model", "sys/firmware/devicetree/base/model")
TEMPERATURE = "sys/class/thermal/thermal_zone0/temp"
# The firmware's word for it, in a Raspberry Pi's kernel; where it lies differs by board.
THROTTLED = "sys/devices/platform/*/*firmware/get_throttled"
PAGE = os.sysconf("SC_PAGE_SIZE")

# The bits of the firmware's word that tell of now; those 16 higher tell of the time since the boot.
REASONS = ("under_voltage", "frequency_capped", "throttled", "soft_temperature_limit")


@dataclass(frozen=True)
class Board:
    """Reads the kernel's files below a root."""

    root: Path = Path("/")

    def model(self) -> str:
        """The device tree's name of this board, empty where there is none."""
        for name in MODEL_FILES:
            if text := self._read(name):
                return text.rstrip("\0")
        return ""

    def temperature_c(self) -> float | None:
        """Of the processor; None where there is no thermometer."""
        try:
            return int(self._read(TEMPERATURE)) / 1000
        except ValueError:
            return None

    def throttled(self) -> tuple[str, ...]:
        """What slows it down now."""
        return _named(self._firmware_word())

    def was_throttled(self) -> tuple[str, ...]:
        """What has slowed it down since it was started."""
        return _named(self._firmware_word() >> 16)

    def memory_mb(self) -> tuple[float, float]:
        """All memory, and how much of it can be had now."""
        page = PAGE / 2**20
        total, free = (os.sysconf(name) * page for name in ("SC_PHYS_PAGES", "SC_AVPHYS_PAGES"))
        for line in self._read("proc/meminfo").splitlines():  # knows what could be given back, too
            if line.startswith("MemAvailable:"):
                with suppress(IndexError, ValueError):
                    free = int(line.split()[1]) / 1024
        return total, free

    def used_mb(self) -> float:
        """The memory that this process has."""
        try:
            return int(self._read("proc/self/statm").split()[1]) * PAGE / 2**20
        except (IndexError, ValueError):
            return 0.0

    def _firmware_word(self) -> int:
        for path in self.root.glob(THROTTLED):
            try:
                return int(path.read_text(), 16)
            except (OSError, ValueError):
                continue
        return 0

    def _read(self, name: str) -> str:
        try:
            return (self.root / name).read_bytes().decode("utf-8", "replace")
        except OSError:
            return ""


def _named(word: int) -> tuple[str, ...]:
    return tuple(reason for bit, reason in enumerate(REASONS) if word >> bit & 1)
