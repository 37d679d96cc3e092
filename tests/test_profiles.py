"""Hardware profiles: every shipped one loads, and each board gets its own."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from edge import profiles
from edge.board import Board
from edge.errors import SettingsError

SHIPPED = sorted(
    Path(entry.name).stem
    for entry in resources.files("hw_profiles").iterdir()
    if entry.name.endswith(".toml")
)
BOARDS = [
    ("Raspberry Pi Zero 2 W Rev 1.0", "pi-zero-2w"),
    ("Raspberry Pi 3 Model B Rev 1.2", "pi-3bplus"),
    ("Raspberry Pi 3 Model B Plus Rev 1.3", "pi-3bplus"),
    ("Raspberry Pi 4 Model B Rev 1.1", "pi-4"),
    ("Raspberry Pi 4 Model B Rev 1.4", "pi-4"),
    ("Raspberry Pi 400 Rev 1.0", "pi-4"),
    ("Raspberry Pi Compute Module 4 Rev 1.0", "pi-4"),
    ("Raspberry Pi 5 Model B Rev 1.0", "pi-5"),
    ("Raspberry Pi 500 Rev 1.0", "pi-5"),
    ("Raspberry Pi Compute Module 5 Rev 1.0", "pi-5"),
]
OTHERS = [
    "",
    "Radxa ROCK 5B",
    "NVIDIA Jetson Nano Developer Kit",
    "Raspberry Pi Zero W Rev 1.1",
    "a Raspberry Pi 4",
]


@pytest.fixture
def device_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which the kernel names the board; there is none until a test writes it."""
    path = tmp_path / "sys/firmware/devicetree/base/model"
    path.parent.mkdir(parents=True)
    monkeypatch.setattr(profiles, "Board", lambda: Board(tmp_path))
    return path


def own(folder: Path, content: str) -> Path:
    path = folder / "kiosk.toml"
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_profile_loads_and_says_what_it_is(name: str) -> None:
    profile = profiles.load_all()[name]
    assert profile.name == name
    assert profile.about
    assert bool(profile.boards) == (name != profiles.GENERIC)


def test_every_shipped_file_is_a_profile_of_its_own() -> None:
    assert list(profiles.load_all()) == SHIPPED
    assert profiles.GENERIC in SHIPPED


def test_no_board_is_claimed_by_two_profiles() -> None:
    claimed = [board for profile in profiles.load_all().values() for board in profile.boards]
    assert len(claimed) == len(set(claimed))


@pytest.mark.parametrize(("model", "name"), BOARDS)
def test_a_board_is_known_by_what_its_device_tree_says(
    device_tree: Path, model: str, name: str
) -> None:
    device_tree.write_bytes(model.encode() + b"\0")
    assert profiles.choose(None).name == name


@pytest.mark.parametrize("model", OTHERS)
def test_an_unknown_board_gets_the_generic_profile(device_tree: Path, model: str) -> None:
    device_tree.write_bytes(model.encode() + b"\0")
    assert profiles.choose(None).name == profiles.GENERIC


def test_a_machine_without_a_device_tree_gets_the_generic_profile(device_tree: Path) -> None:
    assert not device_tree.exists()
    assert profiles.choose(None).name == profiles.GENERIC


def test_a_device_tree_that_is_no_text_gets_the_generic_profile(device_tree: Path) -> None:
    device_tree.write_bytes(b"\xff\xfe\xfd\0")
    assert profiles.choose(None).name == profiles.GENERIC


def test_the_longest_name_that_fits_a_board_wins() -> None:
    known = {
        "generic": profiles.Profile("generic"),
        "four": profiles.Profile("four", boards=("Raspberry Pi 4",)),
        "any": profiles.Profile("any", boards=("Raspberry Pi",)),
    }
    assert profiles.for_board("Raspberry Pi 4 Model B Rev 1.4", known).name == "four"
    assert profiles.for_board("Raspberry Pi 6 Model B Rev 1.0", known).name == "any"


def test_a_wanted_profile_goes_over_the_board(device_tree: Path) -> None:
    device_tree.write_bytes(b"Raspberry Pi 5 Model B Rev 1.0\0")
    assert profiles.choose("pi-zero-2w").name == "pi-zero-2w"


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(SettingsError) as refused:
        profiles.choose("pi-9")
    assert str(refused.value) == (
        f"no profile 'pi-9'; there are: {', '.join(SHIPPED)} (or a .toml file)"
    )


def test_a_file_of_ones_own_is_a_profile_named_after_it(tmp_path: Path) -> None:
    profile = profiles.choose(str(own(tmp_path, "width = 800\nheight = 600\ntarget_fps = 12\n")))
    assert (profile.name, profile.width, profile.height) == ("kiosk", 800, 600)
    assert profile.target_fps == 12.0
    assert profile.threads == profiles.Profile().threads


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("hight = 600\n", "unknown key 'hight'; did you mean 'height'?"),
        ("threads = 0\n", "threads: must be from 1 to 16, not 0"),
        ("width = 640.0\n", "width: must be a whole number, not 640.0"),
        ('boards = "Raspberry Pi 4"\n', "boards: must be a list of texts, not 'Raspberry Pi 4'"),
        ("boards = [4]\n", "boards: must be a list of texts, not [4]"),
        ("[camera]\nwidth = 640\n", "unknown key 'camera'"),
        ("width = \n", "not a TOML file"),
    ],
)
def test_a_mistake_in_a_file_of_ones_own_is_named_with_file_and_key(
    tmp_path: Path, content: str, said: str
) -> None:
    path = own(tmp_path, content)
    with pytest.raises(SettingsError) as refused:
        profiles.choose(str(path))
    assert str(refused.value).startswith(str(path))
    assert said in str(refused.value)


def test_a_file_of_ones_own_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such file"):
        profiles.choose(str(tmp_path / "kiosk.toml"))
