"""What `lipwire prepare word` is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from training.datasets.clip import ClipOptions


@dataclass(frozen=True)
class WordOrder:
    """What is to be prepared."""

    dataset: str
    root: Path
    out: Path
    models: Path | None = None  # where fetched models are
    options: ClipOptions = field(default_factory=ClipOptions)
    kind: str | None = None  # of cut; the set's own where not said
    limit: int | None = None  # clips drawn by chance; all where not said
    jobs: int = 1
