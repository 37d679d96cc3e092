"""Every setting of the daemon with its default, meaning, unit and range; one loader for TOML."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, get_type_hints

from edge.errors import SettingsError
from edge.mappings import MAPPINGS


def setting(
    default: Any,
    meaning: str,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[Any, ...] = (),
) -> Any:
    """A dataclass field that knows what it means and which values make sense."""
    about = {"meaning": meaning, "low": low, "high": high, "choices": choices}
    return field(default=default, metadata=about)


@dataclass(frozen=True)
class CameraSettings:
    source: str = setting(
        "demo",
        "demo, picamera2, a number or /dev/video0, an rtsp:// or http:// address, a video file, "
        "a picture folder",
    )
    pace: str = setting(
        "realtime",
        "files: as they were taken, or as fast as they can be read",
        choices=("realtime", "max"),
    )
    loop: bool = setting(False, "begin a file or folder again when it ends")
    frozen_s: float = setting(
        10.0,
        "the very same picture for so long means a camera that hangs; 6 times that long for one "
        "in the network; 0: never",
        0,
        3600,
    )
    rotate: int = setting(
        0, "degrees clockwise by which the picture is turned", choices=(0, 90, 180, 270)
    )


@dataclass(frozen=True)
class FaceSettings:
    detector: str = setting(
        "auto",
        "what finds faces; auto: near ones, and far ones by the size of those seen",
        choices=("auto", "short-range", "full-range", "mediapipe", "haar"),
    )
    min_score: float = setting(0.5, "a detection below this is no face", 0.05, 0.95)
    smallest: float = setting(
        0.0, "a face narrower than this share of the picture's width is nobody; 0: any", 0, 1
    )
    arrive_s: float = setting(0.5, "a face has arrived when it was seen this long", 0, 60)
    leave_s: float = setting(1.5, "a face has left when it was not seen this long", 0.1, 60)
    still_s: float = setting(
        0.0, "nobody arrives who has not moved within so long: a poster's face; 0: off", 0, 60
    )


@dataclass(frozen=True)
class SmileSettings:
    on: float = setting(0.0, "probability that begins a smile; 0: the model's own", 0, 1)
    off: float = setting(0.0, "probability that ends a smile; 0: the model's own", 0, 1)
    smoothing_s: float = setting(
        -1.0, "time constant of the probability's smoothing; below 0: the model's own", -1, 5
    )
    min_duration_s: float = setting(
        -1.0, "a smile exists once it lasted this long; below 0: the model's own", -1, 10
    )
    refractory_s: float = setting(0.5, "no new smile of a face this soon after its last", 0, 60)


@dataclass(frozen=True)
class VisemeSettings:
    enabled: bool = setting(True, "read mouth shapes")
    smoothing_s: float = setting(
        -1.0, "time constant of the weights' smoothing; below 0: the model's own", -1, 5
    )
    ahead_s: float = setting(
        0.04, "wait so long for what later frames tell of a shape: later, and surer", 0, 1
    )
    hold_s: float = setting(-1.0, "a shape stays at least so long; below 0: the model's own", -1, 5)
    margin: float = setting(
        0.1, "smoothed weight by which another shape must lead the present one", 0, 1
    )
    still_margin: float = setting(
        0.6, "the same where the mouth has hardly moved of late: the steadier", 0, 1
    )
    events_per_s: float = setting(
        10.0, "`viseme_changed` of one face a second at most; 0: none are told", 0, 100
    )


@dataclass(frozen=True)
class WordSettings:
    enabled: bool = setting(False, "read words from lips")
    model: str = setting(
        "",
        "a model's file, or `grid`: the trial model of GRID's sentences; empty: the shipped one, "
        "by the profile's window",
    )
    mode: str = setting(
        "isolated",
        "words that stand alone, or spotting: words within running speech",
        choices=("isolated", "spotting"),
    )
    threshold: float = setting(
        0.0, "least score of a word that is told; 0: the model's own for the mode", 0, 1
    )
    refractory_s: float = setting(
        -1.0, "spotting: a word is not told again so soon; below 0: the model's own", -1, 60
    )
    own: bool = setting(True, "isolated: tell words of one's own, too: lipwire enroll")


@dataclass(frozen=True)
class MqttSettings:
    broker: str = setting("embedded", "mqtt://host[:port], mqtts://host[:port], embedded or none")
    prefix: str = setting("lipwire", "first level of every topic")
    device_id: str = setting("", "empty: host name and a hash, chosen once and kept")
    user: str = setting("", "user name at the broker, with LIPWIRE_MQTT_PASSWORD")
    credentials_file: str = setting("", "a file with `user:password` in its first line, instead")
    ca_file: str = setting("", "mqtts: certificates of the authorities to trust; empty: system's")
    cert_file: str = setting("", "mqtts: this device's own certificate, where one is asked for")
    key_file: str = setting("", "mqtts: its private key; empty: it stands in cert_file")
    commands: bool = setting(False, "listen to pause, resume, reset-counts and profile")
    home_assistant: str = setting("homeassistant", "Home Assistant's discovery prefix; empty: none")


@dataclass(frozen=True)
class OutboxSettings:
    max_rows: int = setting(10_000, "waiting events at most; the oldest go first", 1, 10_000_000)
    max_bytes: int = setting(8_000_000, "their payloads' bytes at most", 1000, 10_000_000_000)


@dataclass(frozen=True)
class HistorySettings:
    keep_days: int = setting(400, "days for which hourly totals are kept", 1, 100_000)


@dataclass(frozen=True)
class PageSettings:
    address: str = setting("127.0.0.1:8765", "HOST:PORT of the local page, or off")
    preview: bool = setting(False, "show the camera's picture on the page, to all who can open it")


@dataclass(frozen=True)
class OscSettings:
    address: str = setting("off", "HOST or HOST:PORT (UDP) of the program with the mesh, or off")
    mapping: str = setting(
        "vrm", "the names under which it gets mouth shapes: docs/mesh.md", choices=tuple(MAPPINGS)
    )


@dataclass(frozen=True)
class Settings:
    """All settings; a TOML file has one table for each part."""

    camera: CameraSettings = CameraSettings()
    faces: FaceSettings = FaceSettings()
    smile: SmileSettings = SmileSettings()
    viseme: VisemeSettings = VisemeSettings()
    word: WordSettings = WordSettings()
    mqtt: MqttSettings = MqttSettings()
    outbox: OutboxSettings = OutboxSettings()
    history: HistorySettings = HistorySettings()
    page: PageSettings = PageSettings()
    osc: OscSettings = OscSettings()


def load(path: Path | None, options: Mapping[str, Mapping[str, Any]]) -> Settings:
    """Defaults, then the file, then the command's options (table -> key -> value)."""
    settings = Settings()
    if path is not None:
        settings = _with(settings, read_toml(path), str(path))
    return _with(settings, options, "command line")


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file, or say in one line why not."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"{path}: no such file") from None
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:  # broken TOML, or not UTF-8
        raise SettingsError(f"{path}: not a TOML file: {error}") from None


def build(kind: type[Any], table: Any, where: str, base: Any = None) -> Any:
    """A settings dataclass from a table; an unknown or misfit key is named with its file."""
    if not isinstance(table, Mapping):
        raise SettingsError(f"{where}: must be a table of keys")
    known = {f.name: f for f in fields(kind)}
    hints = get_type_hints(kind)
    values = {}
    for key, value in table.items():
        if key not in known:
            raise SettingsError(f"{where}: unknown key '{key}'{_meant(key, known)}")
        values[key] = _checked(known[key], hints[key], value, f"{where} {key}")
    return replace(kind() if base is None else base, **values)


def _with(settings: Settings, tables: Mapping[str, Any], file: str) -> Settings:
    parts: dict[str, Any] = {f.name: getattr(settings, f.name) for f in fields(Settings)}
    for section, table in tables.items():
        if section not in parts:
            raise SettingsError(f"{file}: unknown section [{section}]{_meant(section, parts)}")
        base = parts[section]
        parts[section] = build(type(base), table, f"{file}: [{section}]", base)
    return Settings(**parts)


def _meant(word: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(word, known, 1)
    return f"; did you mean '{near[0]}'?" if near else f"; known: {', '.join(known)}"


def _checked(about: Field[Any], kind: Any, value: Any, where: str) -> Any:
    if kind is float and type(value) is int:
        value = float(value)
    origin = getattr(kind, "__origin__", kind)  # tuple[str, ...] arrives as a list
    if origin is tuple and isinstance(value, list) and all(isinstance(v, str) for v in value):
        return tuple(value)
    if type(value) is not origin:
        raise SettingsError(f"{where}: must be {_plain(origin)}, not {value!r}")
    low, high = about.metadata.get("low"), about.metadata.get("high")
    if low is not None and not low <= value <= high:
        raise SettingsError(f"{where}: must be from {low:g} to {high:g}, not {value:g}")
    choices = about.metadata.get("choices")
    if choices and value not in choices:
        known = ", ".join(map(str, choices))
        raise SettingsError(f"{where}: must be one of {known}, not {value!r}")
    return value


def _plain(kind: type[Any]) -> str:
    names = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
    return names.get(kind, "a list of texts")
