"""Writes the tables of docs/ that follow from the code: python docs/generate.py"""

from __future__ import annotations

from dataclasses import MISSING, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

from edge.events import TOPICS
from edge.mappings import FULL_FROM, MAPPINGS, RHUBARB, Pose
from edge.profiles import Profile, load_all
from edge.schema import schema
from edge.settings import Settings
from edge.shapes import SHAPES
from training import gaps, phones
from training.masks import shapes_of

FOLDER = Path(__file__).parent
FEED = FOLDER / "feed.md"
VISEMES = FOLDER / "visemes.md"
MESH = FOLDER / "mesh.md"
README = FOLDER.parent / "README.md"
SHARED = ("v", "id", "seq", "event_type", "at", "clock_synced", "face", "late")  # by all events


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
        "Where user and password come from, and who may do what: [feed.md](feed.md).",
        "",
        "# Profiles",
        "",
        "A profile holds facts of a board. `lipwire run` takes the one that fits the board's",
        "device-tree model; `--profile NAME` or `--profile FILE.toml` takes another. The shipped",
        "ones are careful guesses until someone measures them on the board.",
        "",
        "| profile | picture | target FPS | sweep in every | looks a frame | tiles | threads "
        "| faces | window |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for profile in load_all().values():
        lines.append(
            f"| `{profile.name}` | {profile.width}x{profile.height} | {profile.target_fps:g} | "
            f"{_nth(profile.detect_interval)} frame | {profile.looks:g} | {profile.tiles} | "
            f"{profile.threads} | {profile.faces_max} | "
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


def topics() -> list[str]:
    """The table of topics."""
    rows = ["| topic | retained | QoS | messages | when |", "| --- | --- | --- | --- | --- |"]
    for topic in TOPICS:
        messages = ", ".join(f"`{name}`" for name in topic.messages)
        retained = "yes" if topic.retained else ""
        rows.append(f"| `{topic.name}` | {retained} | {topic.qos} | {messages} | {topic.meaning} |")
    return rows


def messages() -> list[str]:
    """A table of fields for every message that has some."""
    lines: list[str] = []
    for name, about in schema()["$defs"].items():
        properties = about.get("properties", {})
        is_event = "event_type" in properties
        own = {k: v for k, v in properties.items() if k not in (SHARED if is_event else ("v",))}
        if not properties:
            continue
        lines += ["", f"**`{name}`**: {about['description']}"]
        if own:
            lines += ["", "| field | type | meaning |", "| --- | --- | --- |"]
        for field, value in own.items():
            lines.append(f"| `{field}` | {_json_type(value)} | {value.get('description', '')} |")
    return lines[1:]


def filled(page: str, block: str, lines: list[str]) -> str:
    """A page whose block between two markers is replaced."""
    begin, end = f"<!-- {block} -->\n", f"<!-- /{block} -->"
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    return before + begin + "\n".join(lines) + "\n" + end + after


def feed_page() -> str:
    """docs/feed.md with its tables as the code has them."""
    page = FEED.read_text(encoding="utf-8")
    consumer = (FOLDER / "examples/consumer.py").read_text(encoding="utf-8").splitlines()
    page = filled(page, "consumer", ["```python", *consumer, "```"])
    return filled(filled(page, "topics", topics()), "messages", messages())


def phone_table() -> list[str]:
    """The table of phones and the shapes they may show."""
    rows = ["| phones | shapes | because | in figures |", "| --- | --- | --- | --- |"]
    for group in phones.TABLE:
        shapes = " or ".join(f"`{shape}`" for shape in group.shapes)
        scored = "yes" if phones.scored(group.phones[0]) else "no"
        rows.append(f"| {' '.join(group.phones)} | {shapes} | {group.why} | {scored} |")
    return rows


def level_table() -> list[str]:
    """The table of gaps and the shapes they allow."""
    rows = ["| gap | shapes | of a smile |", "| --- | --- | --- |"]
    bounds = [0.0, *gaps.bounds(), float("inf")]
    for low, high in pairwise(bounds):
        inside = (low + high) / 2 if high < float("inf") else low + 1
        shapes = [
            " or ".join(shapes_of(gaps.shapes_at(inside, smiling))) for smiling in (False, True)
        ]
        said = f"{low:.2f} to {high:.2f}" if high < float("inf") else f"{low:.2f} and more"
        rows.append(f"| {said} | {shapes[0]} | {shapes[1]} |")
    return rows


def visemes_page() -> str:
    """docs/visemes.md with its tables as the code has them."""
    page = filled(VISEMES.read_text(encoding="utf-8"), "phones", phone_table())
    return filled(page, "levels", level_table())


def mapping_table() -> list[str]:
    """The table of the names under which mouth shapes are sent."""
    rows = ["| `[osc] mapping` | what it is | names |", "| --- | --- | --- |"]
    for name, mapping in MAPPINGS.items():
        names = ", ".join(f"`{each}`" for each in _paired(dict.fromkeys(mapping.names, 0.0)))
        rows.append(f"| `{name}` | {mapping.meaning} | {names} |")
    return rows


def pose_table() -> list[str]:
    """The table of what each mouth shape is in other sets of shapes."""
    columns = {"VRM 0": "vrm0", "VRM 1": "vrm1", "OVR, OpenXR": "ovr", "ARKit": "arkit"}
    rows = [
        f"| Lipwire | Rhubarb | in full from | {' | '.join(columns)} |",
        "| --- " * (3 + len(columns)) + "|",
    ]
    for shape in SHAPES:
        full = f"{FULL_FROM[shape]:g}" if shape in FULL_FROM else ""
        poses = [_pose(MAPPINGS[name].poses[shape]) for name in columns.values()]
        rows.append(f"| `{shape}` | {RHUBARB[shape]} | {full} | {' | '.join(poses)} |")
    return rows


def _pose(pose: Pose) -> str:
    return ", ".join(f"`{name}` {value:g}" for name, value in _paired(pose).items()) or "all 0"


def _paired(pose: Pose) -> Pose:
    """Both sides of a face in one."""
    return {
        name.replace("Left", "Left/Right"): value
        for name, value in pose.items()
        if not name.endswith("Right")
    }


def mesh_page() -> str:
    """docs/mesh.md with its tables and its listener as the code has them."""
    page = filled(MESH.read_text(encoding="utf-8"), "mappings", mapping_table())
    listener = (FOLDER / "examples/mesh.py").read_text(encoding="utf-8").splitlines()
    page = filled(page, "listener", ["```python", *listener, "```"])
    return filled(page, "poses", pose_table())


def readme() -> str:
    """README.md with its table of topics as the code has it."""
    return filled(README.read_text(encoding="utf-8"), "topics", topics())


def _json_type(value: dict[str, Any]) -> str:
    if "enum" in value:
        return " or ".join(f"`{choice}`" for choice in value["enum"])
    if "const" in value:
        return f"`{value['const']}`"
    kind = value["type"]
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


if __name__ == "__main__":
    (FOLDER / "settings.md").write_text(settings_page(), encoding="utf-8")
    FEED.write_text(feed_page(), encoding="utf-8")
    VISEMES.write_text(visemes_page(), encoding="utf-8")
    MESH.write_text(mesh_page(), encoding="utf-8")
    README.write_text(readme(), encoding="utf-8")
