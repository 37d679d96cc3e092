"""Words as people name them: any script, spaces allowed, fit to name a folder."""

from __future__ import annotations

import unicodedata

from edge.errors import SettingsError

OTHER = "other"  # what is none of a vocabulary's words
JOINERS = "\u200c\u200d"  # not seen by themselves; Persian and Indic scripts write with them
LONGEST = 200  # bytes of UTF-8; file systems take 255


def label(text: str, what: str = "--word") -> str:
    """A word or name in its one way of writing, or one line that says why it cannot be one."""
    # The same Korean or accented text may come in two forms that look alike.
    clean = " ".join(unicodedata.normalize("NFC", text).split())
    if wrong := _wrong_with(clean):
        raise SettingsError(f"{what} {text!r}: {wrong}")
    return clean


def word_of(text: str) -> str:
    """A word that can be told."""
    word = label(text)
    if word.casefold() == OTHER:
        raise SettingsError(f"--word {word}: stands for what is none of the words; choose another")
    return word


def _wrong_with(text: str) -> str:
    shown = text.translate(dict.fromkeys(map(ord, JOINERS)))
    if not shown:
        return "is empty"
    if "/" in text or "\\" in text or text.startswith("."):
        return "cannot name a folder: no / and \\, and no dot at its beginning"
    if not shown.isprintable():
        return "has signs that cannot be shown"
    if len(text.encode("utf-8", "surrogatepass")) > LONGEST:
        return f"is longer than {LONGEST} bytes"
    return ""
