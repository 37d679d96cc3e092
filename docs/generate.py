"""Writes the tables of docs/ that follow from the code: python docs/generate.py"""

from __future__ import annotations

from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from edge.profiles import Profile, load_all
from edge.settings import Settings

FOLDER = Path(__file__).parent


def settings_page() -> str:
    """docs/settings.md."""
    lines = [
        "# Settings",
        "",
        "Written by `python docs/generate.py`. A TOML file given by `--config` has one table a",
        "section; a key that is left out keeps its default, a key that is unknown is an error.",
        "Options of the command go before the file.",
    ]
    for section in fields(Settings):
        lines += ["", f"## [{section.name}]", ""]
        lines += _table(type(getattr(Settings(), section.name)))
    lines += [
        "",
        "The password of `[mqtt] user` is read from the variable `LIPWIRE_MQTT_PASSWORD`.",
        "",
        "# Profiles",
        "",
        "A profile holds facts of a board. `lipwire run` takes the one that fits the board's",
        "device-tree model; `--profile NAME` or `--profile FILE.toml` takes another. The shipped",
        "ones are careful guesses until someone measures them on the board.",
        "",
        "| profile | picture | target FPS | faces looked for in every | threads | faces | window |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for profile in load_all().values():
        lines.append(
            f"| `{profile.name}` | {profile.width}x{profile.height} | {profile.target_fps:g} | "
            f"{_nth(profile.detect_interval)} frame | {profile.threads} | {profile.faces_max} | "
            f"{profile.window} |"
        )
    lines += ["", "The keys of a profile's file:", "", *_table(Profile, leave_out=("name",))]
    return "\n".join(lines) + "\n"


def _table(kind: type[Any], leave_out: tuple[str, ...] = ()) -> list[str]:
    rows = ["| key | default | range | meaning |", "| --- | --- | --- | --- |"]
    for field in fields(kind):
        if field.name not in leave_out:
            default = "" if field.default is MISSING else _toml(field.default)
            rows.append(
                f"| `{field.name}` | `{default}` | {_range(field.metadata)} | "
                f"{field.metadata['meaning']} |"
            )
    return rows


def _range(about: Any) -> str:
    if about["choices"]:
        return " or ".join(f"`{choice}`" for choice in about["choices"])
    return "" if about["low"] is None else f"{about['low']:g} to {about['high']:g}"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return str(list(value))
    return f'"{value}"' if isinstance(value, str) else str(value)


def _nth(interval: int) -> str:
    return {1: "", 2: "2nd", 3: "3rd"}.get(interval, f"{interval}th").strip() or "single"


if __name__ == "__main__":
    (FOLDER / "settings.md").write_text(settings_page(), encoding="utf-8")
