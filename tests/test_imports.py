"""What the device needs: no optional part, little memory, and no long wait."""

from __future__ import annotations

import ast
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest

import edge

EXTRAS = ("amqtt", "pythonosc", "tensorflow", "keras", "mediapipe", "picamera2")
MISSING = (*EXTRAS, "training", "convert")
FIRST_EVENT_S, PEAK_MB, STARTS = 2.0, 150.0, 3

# Makes a fresh interpreter as if these had not been installed: nobody finds them.
HIDE = """
import sys
from importlib.machinery import PathFinder
from importlib.util import find_spec

class Hiding:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] not in MISSING:
            return PathFinder.find_spec(name, path, target)

sys.meta_path[:] = [Hiding if finder is PathFinder else finder for finder in sys.meta_path]
assert not any(map(find_spec, MISSING))
"""
IMPORT_ALL = """
import importlib
import pkgutil
import edge

for module in pkgutil.walk_packages(edge.__path__, "edge."):
    if module.name != "edge.__main__":  # importing that one runs the command
        importlib.import_module(module.name)
        print(module.name)
"""
COMMAND = """
from edge.cli import main
sys.exit(main())
"""


def run_without(
    missing: tuple[str, ...], code: str, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter in which some packages are missing."""
    command = [sys.executable, "-c", f"MISSING = {missing}{HIDE}{code}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_every_module_of_edge_imports_without_any_extra() -> None:
    done = run_without(MISSING, IMPORT_ALL)
    assert done.returncode == 0, done.stderr
    folder = Path(edge.__file__).parent
    files = (file.relative_to(folder.parent).with_suffix("") for file in folder.rglob("*.py"))
    names = {".".join(file.parts).removesuffix(".__init__") for file in files}
    assert set(done.stdout.split()) == names - {"edge", "edge.__main__"}


def test_the_daemon_runs_without_any_extra(tmp_path: Path, face_model: Path) -> None:
    run = ["run", "--source", "demo", "--broker", "none", "--duration", "1", "--page", "off"]
    run += ["--pace", "max", "--events", "-"]
    run += ["--state", str(tmp_path), "--models", str(face_model.parent)]
    done = run_without(MISSING, COMMAND, *run)
    assert done.returncode == 0, done.stderr
    assert '"face_arrived"' in done.stdout


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (["run", "--broker", "embedded", "--page", "off", "--state"], "broker"),
        (["run", "--osc", "127.0.0.1", "--broker", "none", "--page", "off", "--state"], "osc"),
        (["train", "smile", "genki4k.npz", "--out"], "training"),
    ],
)
def test_a_command_whose_extra_is_missing_says_which(
    tmp_path: Path, arguments: list[str], extra: str
) -> None:
    done = run_without(EXTRAS, COMMAND, *arguments, str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith(f"needs: pip install '.[{extra}]'")
    assert "Traceback" not in done.stderr


def test_edge_never_imports_what_only_a_workstation_has() -> None:
    folder = Path(edge.__file__).parent
    found = [
        (file.relative_to(folder).as_posix(), name)
        for file in folder.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        for name in imported_packages(node)
        if name in ("tensorflow", "keras", "training", "convert")
    ]
    assert found == []


def imported_packages(node: ast.AST) -> list[str]:
    """The top-level packages that a statement imports."""
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
        return [node.module.partition(".")[0]]
    return []


class Start(NamedTuple):
    """How one start of the daemon went."""

    first_event_s: float  # from the process's start
    peak_mb: float  # of resident memory


@pytest.mark.parametrize("broker", ["none", "embedded"])
def test_the_daemon_starts_soon_and_stays_small(
    tmp_path: Path, face_model: Path, broker: str
) -> None:
    starts: list[Start] = []
    for number in range(STARTS):  # another load on this machine may slow one down
        starts.append(start_daemon(tmp_path / str(number), face_model.parent, broker))
        if starts[-1].first_event_s < FIRST_EVENT_S:
            break
    assert min(start.first_event_s for start in starts) < FIRST_EVENT_S, starts
    assert max(start.peak_mb for start in starts) < PEAK_MB, starts


def start_daemon(state: Path, models: Path, broker: str) -> Start:
    """Run a minute of the demo in a process of its own."""
    run = ["run", "--source", "demo", "--pace", "max", "--broker", broker, "--page", "off"]
    run += ["--events", "-", "--state", str(state), "--models", str(models), "--duration", "60"]
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "edge", *run],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout and process.stderr
        first_event_s = peak_mb = 0.0
        for _ in process.stdout:
            first_event_s = first_event_s or time.monotonic() - began
            peak_mb = peak_memory_mb(process.pid) or peak_mb
        log = process.stderr.read()
    assert process.returncode == 0, log
    assert first_event_s and peak_mb, log
    return Start(first_event_s, peak_mb)


def peak_memory_mb(pid: int) -> float | None:
    """A process's highest resident memory so far; None once it has ended."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return None


def test_commands_are_listed_without_loading_what_takes_long() -> None:
    code = "from edge.cli import _parser\n_parser()\nimport sys\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert not {"numpy", "cv2", "tensorflow", "keras"} & set(done.stdout.split())


def test_names_that_stand_for_what_is_loaded_late_are_the_right_ones() -> None:
    from convert import cli, describe
    from edge.crop import KINDS
    from training.cli import common
    from training.datasets import DATASETS
    from training.datasets.words import CLIP_SETS
    from training.prepare.lips import KINDS as CLIP_KINDS

    assert tuple(describe.TASKS) == cli.TASKS
    assert cli.CROPS == common.CROPS == tuple(KINDS)
    assert tuple(DATASETS) == common.NAMES
    assert tuple(name for name in CLIP_SETS if name not in DATASETS) == common.CLIP_NAMES
    assert common.CLIP_KINDS == CLIP_KINDS
