"""The stand-in for picamera2 is what the real package's source says."""

from __future__ import annotations

import ast
import inspect
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.cameras.picamera2 import PiCamera
from edge.profiles import Profile
from tests import fakes_picamera2 as fake
from tests.conftest import need
from tests.fakes import picture
from tests.fakes_picamera2 import NOW_S

VERSION = "0.3.38"
# Of the fake alone: how a test drives it.
OWN = {"Picamera2": {"board", "queued", "complete", "fail_if_wanted"}, "CompletedRequest": set()}


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> Iterator[fake.Board]:
    with fake.standing_in(monkeypatch) as board:
        yield board


@pytest.fixture(scope="session")
def source(pytestconfig: pytest.Config) -> Callable[[str], ast.Module]:
    """The real package's modules, read and never run."""
    given = os.environ.get("LIPWIRE_PICAMERA2")
    if given:
        return lambda name: ast.parse((Path(given) / "picamera2" / name).read_text("utf-8"))
    assert pytestconfig.cache
    folder = pytestconfig.cache.mkdir("picamera2")
    wheel = folder / f"picamera2-{VERSION}-py3-none-any.whl"
    if not wheel.is_file():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--retries=0"]
        command += ["--only-binary=:all:", f"--dest={folder}", f"picamera2=={VERSION}"]
        subprocess.run(command, capture_output=True, timeout=120, check=False)
    how = f"set LIPWIRE_PICAMERA2 to the folder of its unpacked source, {VERSION}, or go online"
    need("picamera2", not wheel.is_file(), how)
    with zipfile.ZipFile(wheel) as files:
        texts = {name: files.read(name).decode() for name in files.namelist() if ".py" in name}
    return lambda name: ast.parse(texts[f"picamera2/{name}"])


@pytest.mark.parametrize(
    ("module", "kind"),
    [("picamera2.py", fake.Picamera2), ("request.py", fake.CompletedRequest)],
)
def test_the_fake_is_called_as_the_real_package_is(
    source: Callable[[str], ast.Module], module: str, kind: type[object]
) -> None:
    real = methods(source(module), kind.__name__)
    compared = 0
    for name, function in vars(kind).items():
        if not inspect.isfunction(function) or name in OWN[kind.__name__]:
            continue
        ours = inspect.signature(function).parameters
        assert [*ours] == [*real[name]], name
        for parameter in ours.values():
            default = "" if parameter.default is parameter.empty else written(parameter.default)
            assert default == real[name][parameter.name], f"{name}({parameter.name})"
        compared += 1
    assert compared >= 5


def test_the_fake_has_no_attribute_that_the_real_package_lacks(
    source: Callable[[str], ast.Module], board: fake.Board
) -> None:
    camera = PiCamera(0, Profile())
    camera.open()
    board.expose(picture(), NOW_S)
    request = board.camera.capture_request()
    for module, thing in (("picamera2.py", board.camera), ("request.py", request)):
        real = attributes(source(module), type(thing).__name__)
        ours = {name for name in dir(thing) if not name.startswith("_")}
        assert ours - OWN[type(thing).__name__] <= real
    request.release()
    camera.close()


def body(module: ast.Module, kind: str) -> ast.ClassDef:
    return next(n for n in module.body if isinstance(n, ast.ClassDef) and n.name == kind)


def methods(module: ast.Module, kind: str) -> dict[str, dict[str, str]]:
    """Every method's parameters with their defaults as they are written."""
    found = {}
    for node in body(module, kind).body:  # the last of several is the one that is not an overload
        if isinstance(node, ast.FunctionDef):
            names = [argument.arg for argument in node.args.args]
            defaults = [ast.unparse(default) for default in node.args.defaults]
            found[node.name] = dict(
                zip(names, [""] * (len(names) - len(defaults)) + defaults, strict=True)
            )
    return found


def attributes(module: ast.Module, kind: str) -> set[str]:
    """All that an instance has: methods, and what is assigned to self."""
    of = body(module, kind)
    assigned = {
        node.attr
        for node in ast.walk(of)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }
    return assigned | set(methods(module, kind))


def written(default: object) -> str:
    return "libcamera.Transform()" if default == fake.Transform() else repr(default)
