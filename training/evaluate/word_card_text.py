"""The words of the card of a reader of words, in Markdown."""

from __future__ import annotations

from typing import Any

from edge.description import Description
from edge.lipbox import LIP_BOX
from training.evaluate.card_text import data, table
from training.evaluate.word_baselines import NAMES
from training.evaluate.word_lines import KINDS

Found = dict[str, Any]


def card(
    name: str, size: int, said: Description, found: Found, verdict: Found | None = None
) -> str:
    """The model card in Markdown; the verdict is on what live lip boxes cost, where that was
    measured."""
    parts = [
        _head(name, size, said),
        _figures(said, found),
        _data(said),
        _use(said, verdict),
    ]
    return "\n".join(parts)


def _head(name: str, size: int, said: Description) -> str:
    sides = "48x32" if said.crop == LIP_BOX else f"{said.crop_size}x{said.crop_size}"
    changes = " and half of what each changed since the picture before," if said.changes else ""
    versions = ", ".join(f"{name} {version}" for name, version in said.versions.items())
    rows = {
        "words": ", ".join(said.labels[:-1]) + "; `other` for what is none of them",
        "input": f"`{said.crop}`, {sides} grey pixels of standard contrast{changes} less 128, "
        f"{said.input.dtype}, {said.fps:g} pictures a second; and the states of the frame before",
        "output": "for every frame what speaks for each label, the logarithm of the frame's weight,"
        f" its features, and the new states; int8. The weighted mean over a word's frames, divided "
        f"by the temperature {said.temperature:.3g}, are the labels' logits",
        "window": f"{said.frames} frames count at most, those in a word's middle",
        "told": f"a word alone from a score of {said.on_threshold:.2f} on, within running speech "
        f"from {said.spot_threshold:.2f} on and not again within {said.refractory_s:g} s",
        "size": f"{size // 1000} kB",
        "made": f"{said.created}, {versions}",
    }
    return (
        f"# {name}\n\nReads words from lips, a frame at a time. Written by "
        f"`python -m training.evaluate.word_card`.\n\n{table(('', ''), rows.items())}"
    )


def _figures(said: Description, found: Found) -> str:
    rows = [
        ("read right", _percent(found["accuracy"], found["interval"])),
        ("clips", str(found["n"])),
        *(
            (NAMES[name], _percent(share, found["baseline_intervals"][name]))
            for name, share in found["baselines"].items()
        ),
    ]
    if len(found["per_speaker"]) > 1:
        worst = found["worst_speaker"]
        rows.append(("worst speaker", f"{worst['speaker']}, {100 * worst['accuracy']:.1f} %"))
    rows.append(("calibration error", f"{found['calibration_error']:.3f}"))
    if found["int8_less_float"] is not None:
        low, high = (100 * end for end in found["int8_less_float_interval"])
        points = f"{100 * found['int8_less_float']:+.2f} ({low:+.2f} to {high:+.2f})"
        rows.append(("int8 less floats, points", points))
    for kind, each in found.get("other", {}).items():
        low, high = each["auc_interval"]
        area = f"{each['auc']:.3f} ({low:.3f} to {high:.3f}), n = {each['n_other']}"
        rows.append((f"told from words: {KINDS[kind]}, area under ROC", area))
    command = f"lipwire evaluate word --dataset {found['dataset']} --root NPZ --run RUN"
    text = (
        f"## Figures\n{_whose(said)} "
        f"({found['protocol']}), with 95 % intervals. Command: `{command} --window "
        f"{found['window']} --other`\n\n" + table(("figure", ""), rows)
    )
    if len(found["per_speaker"]) > 1:
        people = [
            (
                row["speaker"],
                str(row["n"]),
                _percent(row["accuracy"], row["interval"]),
                f"{100 * row['nearest']:.0f} %",
            )
            for row in found["speakers"]
        ]
        text += "\n" + table(("speaker", "clips", "read right", "nearest neighbour"), people)
    words = [(word, f"{100 * share:.1f} %") for word, share in found["per_word"].items()]
    text += "\n" + table(("word", "read right"), words)
    bins = [
        (
            f"{part['low']:.1f} to {part['high']:.1f}",
            str(part["n"]),
            f"{part['told']:.2f}",
            f"{part['true']:.2f}",
        )
        for part in found["reliability"]
    ]
    return text + "\nReliability:\n\n" + table(("score", "clips", "mean score", "right"), bins)


def _whose(said: Description) -> str:
    """What a card's figures are of."""
    if parts := {source.left_out for source in said.sources if source.left_out}:
        return (
            f"This file itself has not learned from what it is asked, {', '.join(sorted(parts))}; "
            "these are its own figures"
        )
    return (
        "This file itself was trained on everything, so there is no figure of its own: these are "
        "of the files of the same run that had not seen what they are asked"
    )


def _data(said: Description) -> str:
    if len(said.sources) == 1:
        return data(said, "clips")
    return data(said, "clips, pictures") + (
        "\nFrom all but the first its encoder learned where the points of lips are"
        f"{' and how they move' if said.changes else ''}, as MediaPipe's\nface mesh sees them "
        "(`lipwire train lips`).\n"
    )


def _use(said: Description, verdict: Found | None) -> str:
    lines = [
        "Tells which of its few words a mouth has shaped. It knows nothing of who somebody is, and "
        "nothing that is said beside its words.",
    ]
    if verdict and not verdict["usable_live"]:
        lines.append(
            f"**Benchmark only.** As live lip boxes were simulated they cost up to "
            f"{100 * verdict['lost']:.1f} points, more than a camera's default may lose "
            "(`docs/lip-box.md`). It can be switched on all the same, to be tried."
        )
    if said.crop == LIP_BOX:
        lines += [
            "It learned from thirteen people who face a camera, in one session each, from tight "
            "boxes around their lips. The device cuts such boxes with the face mesh: what that "
            "costs is in `docs/lip-box.md`.",
            "Words said by people whom it has not seen are what counts. Takes of one session "
            "resemble each other so much that figures of seen speakers say little.",
        ]
    else:
        lines.append(
            "**It learned from one speaker**, a man in even light, and reads his commands; of "
            "anyone else it reads little. It is meant for tests of the whole way."
        )
    return "## Use and limits\n" + "".join(f"- {line}\n" for line in lines)


def _percent(share: float, ends: tuple[float, float]) -> str:
    return f"{100 * share:.1f} % ({100 * ends[0]:.1f} to {100 * ends[1]:.1f})"
