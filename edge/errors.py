"""Errors a user can cause; the command prints each as one line.

LipwireError            exit status 2: unusable input or settings
├── SettingsError       an unknown key, a value out of range, a profile that does not exist
├── ModelError          a model file that is missing, damaged, or made for something else
├── SourceError         a video, folder or camera address that cannot be used
├── StateError          the state folder is not writable or used by another daemon
│   └── StateUnavailable  exit status 1: the disk is full or failing, which may pass
├── BrokerError         a broker address that makes no sense, or no embedded broker installed
└── MissingExtraError   an optional part is not installed: says the exact command
CheckFailed             exit status 1: it ran and found something failing
"""

from __future__ import annotations


class LipwireError(Exception):
    """Unusable input or settings: one line that says what is wrong and what to do."""

    exit_status = 2


class SettingsError(LipwireError):
    """A setting that is unknown, of the wrong type or out of range."""


class ModelError(LipwireError):
    """A model file that cannot be used."""


class SourceError(LipwireError):
    """A source of frames that cannot be used and will not become usable by waiting."""


class StateError(LipwireError):
    """The state folder cannot be used."""


class StateUnavailable(StateError):
    """The state cannot be used now; trying again later may help."""

    exit_status = 1


class BrokerError(LipwireError):
    """A broker address that cannot be used."""


class MissingExtraError(LipwireError):
    """An optional part of Lipwire is needed and not installed."""

    def __init__(self, who: str, extra: str) -> None:
        super().__init__(f"{who} needs: pip install '.[{extra}]'")


class CheckFailed(LipwireError):
    """The command ran to its end and found something failing."""

    exit_status = 1
