"""`lipwire record`: clips of one's own, to train a vocabulary with."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.cli.common import add_command, choose_profile, load_settings, positive, seconds
from edge.errors import CheckFailed, SettingsError

if TYPE_CHECKING:
    from edge.cameras.reader import CameraReader
    from edge.recording import Script
    from edge.settings import Settings

FOLDER, NAME = Path("clips"), "me"


def add(commands: Any) -> None:
    """Add the command to the parser of `lipwire`."""
    about = "Record clips of a word before a camera, to train with: lipwire prepare word."
    parser = add_command(commands, "record", about, _record)
    parser.add_argument("--word", required=True, help="or other: what is none of your words")
    add_takes(parser, 10)
    more = parser.add_argument
    more("--whole", action="store_true", help="keep takes as they are, not just the word in them")
    more("--speaker", default=NAME, metavar="NAME", help=f"whose lips they are (default {NAME})")
    more("--out", type=Path, default=FOLDER, metavar="DIR", help=f"default: {FOLDER}")


def add_takes(parser: argparse.ArgumentParser, takes: int) -> None:
    """What is recorded, and from where."""
    more = parser.add_argument
    more("--takes", type=count, default=takes, metavar="N", help=f"default {takes}")
    more("--seconds", type=seconds, default=2.5, metavar="S", help="of a take (default 2.5)")
    more("--countdown", type=countdown, default=3.0, metavar="S", help="default 3; 0: none")
    more("--yes", action="store_true", help="ask nothing: keep every take that is good")
    more("--source", help="a camera or a file, as for lipwire run; default: that of the settings")
    more("--pace", help="files: realtime, or max for as fast as can be")
    more("--loop", action="store_true", default=None, help="begin a file again when it ends")
    more("--detector", help="auto, short-range, full-range, mediapipe or haar")
    more("--config", type=Path, metavar="FILE", help="settings in TOML")
    more("--profile", help="a name (see: lipwire profiles list) or a .toml file")
    more("--models", type=Path, metavar="DIR", help="where fetched models are")


def count(text: str) -> int:
    """An option's number of takes."""
    if not text.isascii() or not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"must be a whole number above 0, not {text!r}")
    return int(text)


def countdown(text: str) -> float:
    """An option's seconds before a take."""
    return 0.0 if text == "0" else positive(text, "number of seconds")


def script(options: argparse.Namespace, word: str) -> Script:
    """What the options ask to record."""
    from edge.recording import Script

    return Script(word, options.takes, options.seconds, options.countdown)


def camera(options: argparse.Namespace, settings: Settings, profile: Any) -> CameraReader:
    """The camera to record from; the drawn face, which nobody means, only where it is asked for."""
    from edge.cameras import make_camera
    from edge.cameras.reader import CameraReader

    if options.source is None and settings.camera.source == "demo":
        raise SettingsError("which camera? --source 0 is the first (lipwire doctor looks at it)")
    source = make_camera(settings.camera, profile)
    return CameraReader(source, lossless=settings.camera.pace == "max" and not source.live)


def _record(options: argparse.Namespace) -> None:
    from edge.detectors import make_detector
    from edge.kept_takes import save
    from edge.label import label
    from edge.mouthed import trimmed
    from edge.prompt import Prompt
    from edge.recording import record
    from edge.take import Seen, Take, seen
    from edge.written import check_writable

    def examine(take: Take) -> Seen:
        found = seen(take, detector)
        return found if options.whole else trimmed(found)

    word, speaker = label(options.word), label(options.speaker, "--speaker")
    folder = options.out / speaker / word
    check_writable(folder)
    settings, profile = load_settings(options), choose_profile(options)
    faces = settings.faces
    detector, _ = make_detector(faces.detector, faces.min_score, profile, options.models)
    prompt = Prompt(asks=not options.yes)
    reader = camera(options, settings, profile)
    reader.start()
    try:
        kept = record(
            reader,
            script(options, word),
            prompt,
            examine,
            lambda found: f"kept in {save(found, folder)}",
        )
    finally:
        reader.stop()
    if not kept:
        raise CheckFailed(f"{word}: no take was kept")
    print(f"{word}: {takes_of(kept)} in {folder}")


def takes_of(many: int) -> str:
    """So many takes."""
    return "1 take" if many == 1 else f"{many} takes"
