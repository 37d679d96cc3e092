"""The words of the card of a model of mouths, in Markdown."""

from __future__ import annotations

from edge.description import Description
from training.evaluate.card_text import data, table
from training.evaluate.viseme_tables import Measured, figures


def card(name: str, size: int, said: Description, measured: Measured) -> str:
    """The model card in Markdown."""
    return "\n".join(
        [
            _head(name, size, said),
            "## Figures\nThis file itself was trained on everything, so there is no figure of its "
            "own: these are of the files of the same run that had not seen what they are asked.\n",
            figures(measured),
            data(said),
            _use(measured),
        ]
    )


def _head(name: str, size: int, said: Description) -> str:
    votes = ", ".join(f"{1000 * moment:g}" for moment in said.votes_s)
    rows = {
        "task": f"{said.task}: {', '.join(said.labels)}",
        "input": f"`{said.crop}`, {said.crop_size}x{said.crop_size} grey pixels less 128, "
        f"{said.input.dtype}",
        "output": f"the gap between the inner lips in tenths of the eye distance, then, for the "
        f"moments {votes} ms from the picture's own, votes for each shape, {said.output.dtype}; "
        f"votes of a moment are added up and divided by the temperature {said.temperature:g}, "
        "which was fitted on validation data",
        "rules": f"open from a gap of {said.on_threshold:g} on, closed from {said.off_threshold:g} "
        f"down; smoothed over {said.smoothing_s:g} s, held for {said.min_duration_s:g} s",
        "size": f"{size // 1000} kB",
        "made": f"{said.created}, {', '.join(f'{name} {v}' for name, v in said.versions.items())}",
    }
    return (
        f"# {name}\n\nTells how far a mouth, cut by `edge/crop.py`, is open, and which of six "
        "shapes it shows. Written by `python -m training.evaluate.viseme_card`.\n\n"
        f"{table(('', ''), rows.items())}"
    )


def _use(measured: Measured) -> str:
    lines = [
        "Meant for moving the mouth of a drawn face, and for telling open from closed. It reads no "
        "words, and says nothing of who somebody is or feels.",
        "**GRID s1 is one speaker**, a man who sits still in even light and speaks commands. "
        "Rounded and puckered lips are learned from him alone.",
        "The gaps of keypoints68 come from a tracker, not from people, and are noisy: microphones "
        "before the lips and beards were marked as open mouths, so some of what counts as wrong is "
        "the label.",
        "Which shape a frame of GRID must show comes from a recogniser's times and from a table of "
        "phones, not from anyone who looked: lips that are on their way count as wrong.",
    ]
    if measured.cross:
        lines.append(
            "Without GRID nothing tells rounded and puckered lips from others, so the figures with "
            "nothing of GRID learned are low there by what is known, not by what is seen."
        )
    else:
        lines.append("Not yet measured: GRID with nothing of it learned.")
    if "slices" in measured.pictures:
        lines.append("Cheek brightness says little of skin tone: light and exposure weigh as much.")
    else:
        lines.append("Not yet measured: slices by head pose, face width, light and place.")
    return "## Use and limits\n" + "".join(f"- {line}\n" for line in lines)
