"""What a board tells of itself, from files as a Raspberry Pi has them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge.board import REASONS, Board

MODEL = "Raspberry Pi 4 Model B Rev 1.4"
FIRMWARE = "sys/devices/platform/soc/soc:firmware/get_throttled"
# Garbage that a file may hold; each is written where the kernel would put something else.
GARBAGE = [b"", b"\n", b"\xff\xfe\0", b"much", b"0x", b"99999999999999999999999999 x"]


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return Board(tmp_path)


def put(board: Board, name: str, content: str | bytes) -> None:
    path = board.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


@pytest.mark.parametrize("name", ["proc/device-tree/model", "sys/firmware/devicetree/base/model"])
def test_the_model_is_read_where_a_service_may_look_too(board: Board, name: str) -> None:
    put(board, name, f"{MODEL}\0")
    assert board.model() == MODEL


def test_a_model_that_is_no_text_is_not_taken_for_a_board(board: Board) -> None:
    put(board, "proc/device-tree/model", b"\xff\xfe\0")
    assert not board.model().startswith("Raspberry")


def test_the_temperature_is_in_degrees(board: Board) -> None:
    put(board, "sys/class/thermal/thermal_zone0/temp", "48686\n")
    assert board.temperature_c() == 48.686


def test_a_board_in_the_cold_tells_it(board: Board) -> None:
    put(board, "sys/class/thermal/thermal_zone0/temp", "-5500\n")
    assert board.temperature_c() == -5.5


@pytest.mark.parametrize(
    ("word", "now", "before"),
    [
        ("0\n", (), ()),
        ("1\n", ("under_voltage",), ()),
        ("0x50005\n", ("under_voltage", "throttled"), ("under_voltage", "throttled")),
        ("e0008\n", ("soft_temperature_limit",), REASONS[1:]),
        ("20002", ("frequency_capped",), ("frequency_capped",)),
        ("50000\n", (), ("under_voltage", "throttled")),
        ("ffffffff\n", REASONS, REASONS),
    ],
)
def test_what_slows_it_now_and_what_once_did_are_told_apart(
    board: Board, word: str, now: tuple[str, ...], before: tuple[str, ...]
) -> None:
    put(board, FIRMWARE, word)
    assert board.throttled() == now
    assert board.was_throttled() == before


@pytest.mark.parametrize(
    "place", ["platform/soc/soc:firmware", "platform/soc@107c000000/soc@107c000000:firmware"]
)
def test_the_firmwares_word_is_found_wherever_a_board_has_it(board: Board, place: str) -> None:
    put(board, f"sys/devices/{place}/get_throttled", "4\n")
    assert board.throttled() == ("throttled",)


def test_the_memory_that_can_be_had_is_what_the_kernel_says(board: Board) -> None:
    put(board, "proc/meminfo", "MemTotal:  945364 kB\nMemFree:  1024 kB\nMemAvailable: 512000 kB\n")
    total, free = board.memory_mb()
    assert free == 500.0
    assert total > 0


def test_the_memory_in_use_is_counted_in_pages(board: Board) -> None:
    put(board, "proc/self/statm", "90000 1024 300 1 0 2 0\n")
    assert board.used_mb() == 1024 * os.sysconf("SC_PAGE_SIZE") / 2**20


def test_a_machine_that_tells_nothing_is_no_failure(board: Board) -> None:
    assert board.model() == ""
    assert board.temperature_c() is None
    assert board.throttled() == board.was_throttled() == ()
    assert board.used_mb() == 0.0
    total, free = board.memory_mb()
    assert 0 < free <= total


@pytest.mark.parametrize("garbage", GARBAGE, ids=repr)
def test_garbage_in_the_kernels_files_is_no_failure(board: Board, garbage: bytes) -> None:
    put(board, "sys/class/thermal/thermal_zone0/temp", garbage)
    put(board, FIRMWARE, garbage)
    put(board, "proc/self/statm", garbage)
    put(board, "proc/meminfo", garbage)
    assert board.temperature_c() is None
    assert board.throttled() == board.was_throttled() == ()
    assert board.used_mb() == 0.0
    assert board.memory_mb()[0] > 0


@pytest.mark.parametrize("line", ["MemAvailable:\n", "MemAvailable: lots kB\n"])
def test_a_kernel_that_does_not_know_its_memory_is_no_failure(board: Board, line: str) -> None:
    put(board, "proc/meminfo", line)
    assert board.memory_mb()[1] > 0


def test_this_machine_can_be_asked() -> None:
    board = Board()
    assert board.used_mb() > 1
    total, free = board.memory_mb()
    assert 0 < free <= total
    assert isinstance(board.model(), str)
