"""Settings: what a file may say, and what is said of a file that says something else."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from edge.errors import SettingsError
from edge.settings import Settings, load


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "lipwire.toml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def complaint(path: Path | None, options: dict[str, dict[str, Any]] | None = None) -> str:
    """The one line that refuses a file or options."""
    with pytest.raises(SettingsError) as refused:
        load(path, options or {})
    line = str(refused.value)
    assert line
    assert "\n" not in line
    return line


def test_without_a_file_the_defaults_stand() -> None:
    assert load(None, {}) == Settings()


def test_every_default_may_be_written_in_a_file(tmp_path: Path) -> None:
    lines = []
    for part in fields(Settings):
        table = getattr(Settings(), part.name)
        lines.append(f"[{part.name}]")
        # JSON's texts, numbers and truth values are TOML's too.
        lines += [f"{f.name} = {json.dumps(getattr(table, f.name))}" for f in fields(table)]
    assert load(written(tmp_path, "\n".join(lines)), {}) == Settings()


def test_every_setting_has_a_meaning_and_a_default_within_its_range() -> None:
    for part in fields(Settings):
        table = getattr(Settings(), part.name)
        for about in fields(table):
            value, low, high = getattr(table, about.name), *map(about.metadata.get, ("low", "high"))
            assert about.metadata["meaning"], about.name
            assert low is None or low <= value <= high, about.name
            assert not about.metadata["choices"] or value in about.metadata["choices"], about.name


def test_a_file_changes_what_it_names_and_leaves_the_rest(tmp_path: Path) -> None:
    path = written(tmp_path, '[smile]\non = 0.8\n[camera]\nsource = "/dev/video0"\n')
    settings = load(path, {})
    assert settings.smile.on == 0.8
    assert settings.camera.source == "/dev/video0"
    assert settings.smile.min_duration_s == Settings().smile.min_duration_s
    assert settings.mqtt == Settings().mqtt


def test_options_go_over_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, '[camera]\nsource = "film.mp4"\nloop = true\n')
    settings = load(path, {"camera": {"source": "demo"}})
    assert settings.camera.source == "demo"
    assert settings.camera.loop is True


def test_a_whole_number_will_do_where_a_number_is_wanted(tmp_path: Path) -> None:
    settings = load(written(tmp_path, "[faces]\nleave_s = 2\n"), {})
    assert settings.faces.leave_s == 2.0
    assert type(settings.faces.leave_s) is float


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("[smiles]\non = 0.8\n", ["[smiles]", "did you mean 'smile'?"]),
        ("[zzz]\n", ["[zzz]", "known: camera, faces, smile, viseme, word, mqtt, outbox, history"]),
        ("on = 0.8\n", ["[on]"]),
        ("[smile]\nonn = 0.8\n", ["[smile]", "'onn'", "did you mean 'on'?"]),
        ("[smile]\nmin_duration = 1\n", ["[smile]", "did you mean 'min_duration_s'?"]),
        ("[page]\nzzz = 1\n", ["[page]", "'zzz'", "known: address"]),
    ],
)
def test_what_is_unknown_is_named_with_file_and_section_and_a_suggestion(
    tmp_path: Path, content: str, named: list[str]
) -> None:
    path = written(tmp_path, content)
    line = complaint(path)
    assert line.startswith(f"{path}: ")
    for part in ["unknown", *named]:
        assert part in line


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("[smile]\non = 1.5\n", "[smile] on: must be from 0 to 1, not 1.5"),
        ("[smile]\nmin_duration_s = -2\n", "[smile] min_duration_s: must be from -1 to 10, not -2"),
        ("[smile]\nsmoothing_s = nan\n", "[smile] smoothing_s: must be from -1 to 5, not nan"),
        ("[faces]\nleave_s = inf\n", "[faces] leave_s: must be from 0.1 to 60, not inf"),
        ("[outbox]\nmax_rows = 0\n", "[outbox] max_rows: must be from 1 to"),
        ('[camera]\npace = "fast"\n', "[camera] pace: must be one of realtime, max, not 'fast'"),
        ("[camera]\nrotate = 45\n", "[camera] rotate: must be one of 0, 90, 180, 270, not 45"),
    ],
)
def test_a_value_out_of_range_is_named_with_file_section_and_key(
    tmp_path: Path, content: str, named: str
) -> None:
    path = written(tmp_path, content)
    assert complaint(path).startswith(f"{path}: {named}")


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ('[smile]\non = "0.8"\n', "[smile] on: must be a number, not '0.8'"),
        ("[smile]\non = true\n", "[smile] on: must be a number, not True"),
        ("[outbox]\nmax_rows = 1.5\n", "[outbox] max_rows: must be a whole number, not 1.5"),
        ("[outbox]\nmax_rows = true\n", "[outbox] max_rows: must be a whole number, not True"),
        ("[camera]\nsource = 0\n", "[camera] source: must be text, not 0"),
        ("[camera]\nloop = 1\n", "[camera] loop: must be true or false, not 1"),
        ("[camera]\nsource = ['a']\n", "[camera] source: must be text, not ['a']"),
        ("camera = 1\n", "[camera]: must be a table of keys"),
        ("[[camera]]\nsource = 'demo'\n", "[camera]: must be a table of keys"),
    ],
)
def test_a_value_of_the_wrong_type_is_named_with_file_section_and_key(
    tmp_path: Path, content: str, named: str
) -> None:
    path = written(tmp_path, content)
    assert complaint(path) == f"{path}: {named}"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("[smile\non = 0.8\n", id="an open bracket"),
        pytest.param("on: 0.8\n", id="YAML"),
        pytest.param("[smile]\non = 0.8\non = 0.9\n", id="a key given twice"),
        pytest.param('[mqtt]\nprefix = "Küche"\n'.encode("latin-1"), id="not UTF-8"),
        pytest.param(bytes(range(256)), id="no text"),
    ],
)
def test_a_file_that_is_no_toml_is_refused(tmp_path: Path, content: str | bytes) -> None:
    path = written(tmp_path, content)
    assert complaint(path).startswith(f"{path}: not a TOML file: ")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "none.toml"
    assert complaint(path) == f"{path}: no such file"


def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    assert complaint(tmp_path) == f"{tmp_path}: cannot be read: Is a directory"


def test_an_option_is_held_to_the_same_ranges() -> None:
    line = complaint(None, {"camera": {"pace": "fast"}})
    assert line == "command line: [camera] pace: must be one of realtime, max, not 'fast'"
