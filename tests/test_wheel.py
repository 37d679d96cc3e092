"""The wheel: built from what is tracked, installed elsewhere, and run there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge.cameras.demo import SMILES_PER_LOOP
from tests.conftest import need

CHECKOUT = Path(__file__).parent.parent
DURATION_S = 25  # the demo's whole script and the first smile of its repetition


@dataclass(frozen=True)
class Installed:
    """An environment that has Lipwire from its wheel and everything else from ours."""

    folder: Path
    packages: Path
    work: Path  # an empty folder to be in

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a program of that environment; it must end well."""
        done = subprocess.run(
            [self.folder / "bin" / program, *arguments],
            cwd=self.work,
            env=clean_environment() | {"XDG_STATE_HOME": str(self.work / "state")},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done


def clean_environment() -> dict[str, str]:
    """Ours without what would lead Python back to the checkout."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def tracked_files() -> list[Path]:
    """What git knows, by its path in the checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, check=True
    )
    files = [Path(name) for name in listed.stdout.decode().split("\0") if name]
    return [file for file in files if (CHECKOUT / file).exists()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need("git", not shutil.which("git") or not (CHECKOUT / ".git").exists(), "work in a checkout")
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for file in tracked_files():
        (source / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(CHECKOUT / file, source / file)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--no-deps"]
    done = subprocess.run(
        [*pip, ".", "-w", out], cwd=source, capture_output=True, text=True, check=False
    )
    need("index", "for hatchling" in done.stderr, "hatchling comes from the package index")
    assert done.returncode == 0, done.stderr
    (built,) = out.iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("elsewhere") / "v"
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python]
    subprocess.run(
        [*pip, "install", "--quiet", "--no-deps", wheel], env=clean_environment(), check=True
    )
    packages = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder)}))
    # The dependencies are ours, so that nothing is downloaded. Only the plain paths go in: the
    # .pth file of an editable install in them is not read, and so does not lead to the checkout.
    ours = [path for path in sys.path if path.endswith("-packages")]
    (packages / "dependencies.pth").write_text("\n".join(ours) + "\n")
    return Installed(folder, packages, tmp_path_factory.mktemp("work"))


def test_the_wheel_holds_what_the_daemon_reads(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    tracked = [file for file in tracked_files() if file.parts[0] in ("edge", "hw_profiles")]
    assert {file.as_posix() for file in tracked} <= held
    suffixes = {file.suffix for file in tracked}
    assert {".tflite", ".json", ".html", ".toml", ".typed"} <= suffixes


def test_the_wheel_holds_no_tests_and_no_data(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packaged = [Path(name) for name in archive.namelist() if ".dist-info/" not in name]
    assert {file.parts[0] for file in packaged} == {"edge", "training", "convert", "hw_profiles"}
    assert {file.suffix for file in packaged} <= {
        *(".py", ".typed"),
        *(".tflite", ".md"),
        *(".css", ".json", ".css", ".html", ".toml"),
    }
    assert wheel.stat().st_size < 2_500_000


def test_what_runs_is_the_wheel_and_not_the_checkout(installed: Installed) -> None:
    code = "import edge, hw_profiles, sys; print(edge.__file__, *hw_profiles.__path__, *sys.path)"
    edge, profiles, *search = installed.run("python", "-c", code).stdout.split()
    assert Path(edge) == installed.packages / "edge" / "__init__.py"
    assert Path(profiles) == installed.packages / "hw_profiles"
    assert str(CHECKOUT) not in search


def test_the_installed_command_lists_every_profile(installed: Installed) -> None:
    listed = installed.run("lipwire", "profiles", "list").stdout.splitlines()
    names = sorted(line[1:].split()[0] for line in listed)
    assert names == sorted(file.stem for file in (CHECKOUT / "hw_profiles").glob("*.toml"))


def test_the_installed_daemon_counts_the_demo_s_smiles(
    installed: Installed, face_model: Path
) -> None:
    run = ["run", "--source", "demo", "--pace", "max", "--duration", str(DURATION_S)]
    run += [
        "--broker",
        "none",
        "--page",
        "off",
        "--events",
        "-",
        "--models",
        str(face_model.parent),
    ]
    events = [json.loads(line) for line in installed.run("lipwire", *run).stdout.splitlines()]
    smiles = [event for event in events if event["event_type"] == "smile_started"]
    assert len(smiles) == SMILES_PER_LOOP + 1
    assert (installed.work / "state" / "lipwire").is_dir()
