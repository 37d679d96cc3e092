"""The page of a run: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edge.errors import SettingsError
from training.report.page import page
from training.written import written

NAME = "report.html"


def write(run: Path) -> Path:
    """Write a run's page into its folder; gives the file."""
    return write_page([run], run)


def write_page(runs: Sequence[Path], out: Path) -> Path:
    """Write the page of one run, or of several side by side, all or nothing."""
    if out.exists() and not out.is_dir():
        raise SettingsError(f"{out}: not a folder")
    content = page(runs)
    with written(out / NAME) as partial:
        partial.write_text(content, encoding="utf-8")
    return out / NAME
