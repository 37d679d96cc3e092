"""What the documents say is what the code does."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from edge.cli import main
from edge.description import read
from edge.models import shipped

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_of_settings_is_the_one_the_code_gives() -> None:
    written = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    assert written == generator().settings_page(), "run: python docs/generate.py"


def test_the_tables_of_topics_and_messages_are_those_the_code_gives() -> None:
    pages = generator()
    assert pages.FEED.read_text(encoding="utf-8") == pages.feed_page(), "run: docs/generate.py"
    assert pages.readme() == README, "run: python docs/generate.py"


def test_the_tables_of_the_mesh_are_those_the_code_gives() -> None:
    pages = generator()
    assert pages.MESH.read_text(encoding="utf-8") == pages.mesh_page(), "run: docs/generate.py"


def test_the_readme_shows_the_page_and_gives_the_two_commands_early() -> None:
    first_screen = "\n".join(README.splitlines()[:40])
    for needed in ("docs/page.png", "make run", "make test"):
        assert needed in first_screen


PAGES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/*.md"))


@pytest.mark.parametrize("page", ["README.md", *PAGES])
def test_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!http)([^)#]+)", text):
        assert ((ROOT / page).parent / target).exists(), target


def test_every_command_in_the_documents_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    text = "".join((ROOT / page).read_text(encoding="utf-8") for page in ("README.md", *PAGES))
    commands = set(re.findall(r"(?:`|^)(?:\S*/)?lipwire ([a-z][a-z-]+)", text, re.MULTILINE))
    assert {"run", "doctor", "history", "ha-remove", "profiles", "models", "bench"} <= commands
    for command in commands:
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert ended.value.code == 0, command
    capsys.readouterr()


def test_the_figures_in_the_readme_are_the_models_own() -> None:
    card = shipped("smile").with_suffix(".md").read_text(encoding="utf-8")
    metrics = read(shipped("smile")).metrics
    assert len(metrics) == 2  # by folds, and trained on other sets only
    for metric in metrics:
        assert f"{100 * metric.value:.1f} %" in README
        assert f"{100 * metric.value:.1f} %" in card
    assert shipped("smile").stat().st_size < 600_000
