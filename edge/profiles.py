"""Hardware profiles: what each board can carry, one TOML file a board in `hw_profiles/`."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from edge.board import Board
from edge.errors import SettingsError
from edge.settings import build, read_toml, setting

GENERIC = "generic"


@dataclass(frozen=True)
class Profile:
    """Facts of a board; everything that is taste stands in the settings."""

    name: str = setting("", "how the profile is called")
    about: str = setting("", "one line for people")
    boards: tuple[str, ...] = setting((), "beginnings of the device-tree models it fits")
    width: int = setting(640, "picture width in pixels", 64, 4096)
    height: int = setting(480, "picture height in pixels", 64, 4096)
    target_fps: float = setting(15.0, "frames a second the board is to hold", 1, 120)
    detect_interval: int = setting(
        1, "the whole picture is swept for new faces in every Nth frame", 1, 60
    )
    looks: float = setting(
        1.0, "looks a frame at the surroundings of known faces, which take turns", 0.1, 32
    )
    tiles: int = setting(
        0,
        "`auto`: parts of the picture a sweep for far faces takes; 0: the full-range model",
        0,
        64,
    )
    threads: int = setting(1, "threads of the model runtime", 1, 16)
    faces_max: int = setting(4, "visitors at the same time", 1, 32)
    window: int = setting(15, "frames of a word model's window", 5, 50)


def load_all() -> dict[str, Profile]:
    """Every shipped profile by name."""
    folder = resources.files("hw_profiles")
    files = (entry for entry in folder.iterdir() if entry.name.endswith(".toml"))
    profiles = [load(Path(str(entry))) for entry in files]
    return {profile.name: profile for profile in sorted(profiles, key=lambda p: p.name)}


def load(path: Path) -> Profile:
    """Read one profile; its name is the file's."""
    profile: Profile = build(Profile, {**read_toml(path), "name": path.stem}, str(path))
    return profile


def choose(wanted: str | None) -> Profile:
    """The profile of that name or file; without one, the profile of the board this runs on."""
    if wanted and wanted.endswith(".toml"):
        return load(Path(wanted))
    profiles = load_all()
    if wanted is None:
        return for_board(Board().model(), profiles)
    if wanted not in profiles:
        raise SettingsError(
            f"no profile '{wanted}'; there are: {', '.join(profiles)} (or a .toml file)"
        )
    return profiles[wanted]


def for_board(model: str, profiles: dict[str, Profile]) -> Profile:
    """The profile whose board's name begins the model's name; the longest such name wins."""
    fitting = [
        (len(board), name)
        for name, profile in profiles.items()
        for board in profile.boards
        if model.startswith(board)
    ]
    return profiles[max(fitting)[1] if fitting else GENERIC]
