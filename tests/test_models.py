"""MediaPipe's models: where they are looked for, and how they get there."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge import models
from edge.detectors.blazeface import BlazeFace
from edge.errors import CheckFailed, ModelError
from tests.conftest import complaint

FULL_RANGE = "face_detection_full_range_sparse.tflite"
NOBODY = 65534


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path, Path]:
    """The folders where models are looked for, first to last, all empty."""
    asked, system, user = tmp_path / "asked", tmp_path / "system", tmp_path / "data/lipwire/models"
    for folder in (asked, system, user):
        folder.mkdir(parents=True)
    monkeypatch.setattr(models, "SYSTEM_FOLDER", system)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return asked, system, user


@pytest.fixture
def package_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in place of the package index and of the network."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    return folder


def spoil(path: Path, at: int = 1000) -> Path:
    """Flip one bit of a file."""
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)
    return path


# Finding


def test_models_are_kept_where_the_users_data_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert models.user_folder() == Path("/data/lipwire/models")
    monkeypatch.setenv("XDG_DATA_HOME", "")
    assert models.user_folder() == Path.home() / ".local/share/lipwire/models"
    monkeypatch.delenv("XDG_DATA_HOME")
    assert models.user_folder() == Path.home() / ".local/share/lipwire/models"


def test_a_model_is_looked_for_as_asked_then_in_the_system_then_at_the_users(
    fetched: Path, places: tuple[Path, Path, Path]
) -> None:
    asked, system, user = places
    for folder in (user, system, asked):
        shutil.copy(fetched / models.SHORT_RANGE, folder)
        assert models.find(models.SHORT_RANGE, asked) == folder / models.SHORT_RANGE
    assert models.find(models.SHORT_RANGE) == system / models.SHORT_RANGE


def test_a_model_in_an_installed_mediapipe_is_found_last(
    fetched: Path, places: tuple[Path, Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site/mediapipe"
    inside = package / "modules/face_detection"
    inside.mkdir(parents=True)
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(package.parent)
    shutil.copy(fetched / models.SHORT_RANGE, inside)
    assert models.find(models.SHORT_RANGE) == inside / models.SHORT_RANGE
    shutil.copy(fetched / models.SHORT_RANGE, places[2])
    assert models.find(models.SHORT_RANGE) == places[2] / models.SHORT_RANGE


def test_a_model_that_is_nowhere_is_said_with_the_command_that_gets_it(
    places: tuple[Path, Path, Path],
) -> None:
    said = complaint(lambda: models.find(models.SHORT_RANGE, places[0]), ModelError)
    assert said == f"{models.SHORT_RANGE}: not on this machine; get it with: lipwire models fetch"


def test_a_model_with_a_flipped_bit_is_refused(
    fetched: Path, places: tuple[Path, Path, Path]
) -> None:
    spoiled = spoil(Path(shutil.copy(fetched / models.SHORT_RANGE, places[2])))
    said = complaint(lambda: models.find(models.SHORT_RANGE), ModelError)
    again = f"lipwire models fetch --models {spoiled.parent}"
    assert said == f"{spoiled}: damaged; get it anew: {again}"


def test_a_damaged_model_does_not_hide_a_good_one_elsewhere(
    fetched: Path, places: tuple[Path, Path, Path]
) -> None:
    spoil(Path(shutil.copy(fetched / models.SHORT_RANGE, places[1])))
    shutil.copy(fetched / models.SHORT_RANGE, places[2])
    assert models.find(models.SHORT_RANGE) == places[2] / models.SHORT_RANGE


@contextmanager
def closed(folder: Path) -> Iterator[None]:
    """A folder that this process may not enter for a while, root no more than anyone else."""
    mode, user = folder.stat().st_mode, os.geteuid()
    folder.chmod(0)
    try:
        if user == 0:
            os.seteuid(NOBODY)
        yield
    finally:
        os.seteuid(user)
        folder.chmod(mode)


def test_a_folder_that_may_not_be_entered_does_not_hide_the_next(
    fetched: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory() as name:  # tmp_path is closed to everyone else
        Path(name).chmod(0o755)
        service, user = Path(name) / "service/models", Path(name) / "lipwire/models"
        for folder in (service, user):
            folder.mkdir(parents=True)
        shutil.copy(fetched / models.SHORT_RANGE, user)
        monkeypatch.setattr(models, "SYSTEM_FOLDER", service)
        monkeypatch.setenv("XDG_DATA_HOME", name)
        with closed(service.parent):
            assert models.find(models.SHORT_RANGE) == user / models.SHORT_RANGE


def test_the_full_range_face_model_is_not_taken_for_the_short_range_one(fetched: Path) -> None:
    said = complaint(lambda: BlazeFace(fetched / FULL_RANGE), ModelError)
    assert said.startswith(f"{fetched / FULL_RANGE}: not the short-range BlazeFace")


# Fetching


def wheel(index: Path, contents: dict[str, bytes]) -> None:
    """MediaPipe's wheel as far as pip and Lipwire look at it."""
    tags = ("cp311-cp311-manylinux2014_x86_64", "cp311-cp311-manylinux_2_17_x86_64")
    name, version = models.WHEEL.split("==")
    info = f"{name}-{version}.dist-info"
    platforms = "manylinux_2_17_x86_64.manylinux2014_x86_64"
    with zipfile.ZipFile(index / f"{name}-{version}-cp311-cp311-{platforms}.whl", "w") as archive:
        for path, content in contents.items():
            archive.writestr(path, content)
        archive.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )
        said = "".join(f"Tag: {tag}\n" for tag in tags)
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\n{said}")
        archive.writestr(f"{info}/RECORD", "")


def carried(folder: Path) -> dict[str, bytes]:
    """The models as they lie in the wheel."""
    return {f"{m.folder}/{m.name}": (folder / m.name).read_bytes() for m in models.FETCHED}


def test_fetching_takes_the_models_out_of_the_wheel(
    fetched: Path, package_index: Path, tmp_path: Path
) -> None:
    wheel(package_index, carried(fetched))
    folder = tmp_path / "new/models"
    new = models.fetch(folder)
    assert new == [folder / model.name for model in models.FETCHED]
    assert sorted(folder.iterdir()) == sorted(new)
    for path in new:
        assert path.read_bytes() == (fetched / path.name).read_bytes()


def test_a_wheel_with_another_model_in_it_is_refused(
    fetched: Path, package_index: Path, tmp_path: Path
) -> None:
    contents = carried(fetched)
    contents[next(iter(contents))] += b"\0"
    wheel(package_index, contents)
    folder = tmp_path / "models"
    said = complaint(lambda: models.fetch(folder), CheckFailed)
    assert said == f"{models.WHEEL}: its {models.SHORT_RANGE} is not the one that is known"
    assert not list(folder.glob("*"))


def test_a_wheel_without_the_models_is_refused(package_index: Path, tmp_path: Path) -> None:
    wheel(package_index, {})
    said = complaint(lambda: models.fetch(tmp_path / "models"), CheckFailed)
    assert said == f"{models.WHEEL}: {models.SHORT_RANGE} is not in it"


@pytest.mark.usefixtures("package_index")
def test_what_is_there_and_whole_is_not_fetched_again(fetched: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(fetched, tmp_path / "models"))
    assert models.fetch(folder) == []


def test_a_damaged_model_is_fetched_anew(
    fetched: Path, package_index: Path, tmp_path: Path
) -> None:
    wheel(package_index, carried(fetched))
    folder = Path(shutil.copytree(fetched, tmp_path / "models"))
    spoiled = spoil(folder / FULL_RANGE)
    assert models.fetch(folder) == [spoiled]
    assert spoiled.read_bytes() == (fetched / FULL_RANGE).read_bytes()


@pytest.mark.usefixtures("package_index")
def test_a_place_that_cannot_be_written_to_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "models"
    file.touch()
    said = complaint(lambda: models.fetch(file), ModelError)
    assert said.startswith(f"{file}: cannot keep models here: ")
