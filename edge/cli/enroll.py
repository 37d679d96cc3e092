"""`lipwire enroll`: words of one's own, recognised after a few takes and without any training."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.cli.common import add_command, choose_profile, load_settings
from edge.cli.record import add_takes, camera, script, takes_of
from edge.errors import CheckFailed, SettingsError

if TYPE_CHECKING:
    from edge.own_words import OwnWords


def add(commands: Any) -> None:
    """Add the command to the parser of `lipwire`."""
    about = "Show a few takes of a word; lipwire run tells it from then on, without training."
    parser = add_command(commands, "enroll", about, _enroll)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--word", help="to show takes of; those of before are kept, too")
    what.add_argument("--list", action="store_true", help="the words there are")
    what.add_argument("--remove", metavar="WORD", help="forget a word")
    more = parser.add_argument
    more("--model", type=Path, metavar="FILE", help="a word model; default: as lipwire run")
    more("--state", type=Path, metavar="DIR", help="where words are kept, as for lipwire run")
    add_takes(parser, 5)


def _enroll(options: argparse.Namespace) -> None:
    from edge import device, models
    from edge.label import label, word_of
    from edge.own_words import OwnWords
    from edge.written import check_writable

    word = word_of(options.word) if options.word is not None else ""
    gone = label(options.remove, "--remove") if options.remove is not None else ""
    settings, profile = load_settings(options), choose_profile(options)
    path = options.model or models.word_model(settings.word.model, profile.window)
    folder = device.state_folder(options.state)
    own = OwnWords(folder, path)
    if options.list:
        for word, takes in own.takes.items():
            print(f"{word}: {takes_of(len(takes))}")
    elif gone:
        _remove(own, gone)
    else:
        check_writable(folder)
        _show(options, word, settings, profile, path, own)


def _remove(own: OwnWords, word: str) -> None:
    if word not in own.takes:
        there = ", ".join(own.takes) or "none"
        raise SettingsError(f"--remove {word}: not enrolled; there are: {there}")
    own.remove(word)
    print(f"{word}: removed")


def _show(
    options: argparse.Namespace, word: str, settings: Any, profile: Any, path: Path, own: OwnWords
) -> None:
    """Show takes of a word to the model."""
    from edge.assemble import lipreader
    from edge.detectors import make_detector
    from edge.enrolment import Enroller
    from edge.prompt import Prompt
    from edge.recording import record

    faces = settings.faces
    detector, _ = make_detector(faces.detector, faces.min_score, profile, options.models)
    examine = Enroller(detector, lipreader(path, profile, options.models))
    reader = camera(options, settings, profile)

    def keep(shown: Any) -> str:
        own.add(word, shown.embedding)
        return f"{word}: {takes_of(len(own.takes[word]))}"

    reader.start()
    try:
        kept = record(reader, script(options, word), Prompt(asks=not options.yes), examine, keep)
    finally:
        reader.stop()
    if not kept:
        raise CheckFailed(f"{word}: no take was kept")
    print(f"{word}: {takes_of(len(own.takes[word]))}; lipwire run tells it from its next start on")
