"""Whether the machine's clock can be trusted: most boards boot without one."""

from __future__ import annotations

import ctypes

UNSYNCHRONISED = 0x40  # STA_UNSYNC of adjtimex(2)
_STATUS_OFFSET = 5 * ctypes.sizeof(ctypes.c_long)  # `status` in struct timex


def clock_synced() -> bool:
    """Whether the kernel's clock follows a reference; False where the kernel does not tell."""
    if not hasattr(_libc, "adjtimex"):
        return False
    timex = ctypes.create_string_buffer(256)  # modes = 0: read only
    if _libc.adjtimex(timex) < 0:
        return False
    status = ctypes.c_int.from_buffer(timex, _STATUS_OFFSET).value
    return not status & UNSYNCHRONISED


_libc = ctypes.CDLL(None)
