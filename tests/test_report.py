"""The page of a run: one file that shows everything and needs nothing."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from edge.description import embed, read
from edge.errors import LipwireError, ModelError, SettingsError
from tests.command import Lipwire
from tests.conftest import complaint
from tests.runs import HISTORY, write_heldout, write_history, write_run
from training.report import write, write_page
from training.report.plot import Axis, Plot

VOID = {"meta", "img", "line", "circle", "rect", "polyline", "image"}


class Page(HTMLParser):
    """Checks that elements close in order, and keeps what would be loaded from elsewhere."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loaded: list[str] = []
        self.words = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        assert tag not in ("script", "link", "iframe")
        self.loaded += [v or "" for k, v in attrs if k in ("src", "href") and v and v[0] != "#"]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run")


def shown(run: Path) -> str:
    return write(run).read_text(encoding="utf-8")


def no_keras(monkeypatch: pytest.MonkeyPatch, run: Path) -> None:
    (run / "fold0.keras").write_bytes(b"anything")
    monkeypatch.setitem(sys.modules, "keras", None)


def test_a_page_is_whole_and_loads_nothing(run: Path) -> None:
    page = Page(shown(run))
    assert page.loaded
    assert all(source.startswith("data:image/") for source in page.loaded)
    assert [path.name for path in run.iterdir() if "part" in path.name] == []


def test_a_page_shows_figures_with_their_intervals(run: Path) -> None:
    words = Page(shown(run)).words
    # Four folds of 40, every tenth wrong, one more of each by the Keras model.
    assert "folds, int890.0 %" in words
    assert "n = 160" in words
    assert "+2.50" in words
    assert "cross, int890.0 %" in words
    for section in ("Figures", "Learning", "Answers", "Worst mistakes", "Inside the model"):
        assert section in words
    assert "recipe.phases 1.rate0.001" in words


def test_the_surest_wrong_answers_are_shown_first_and_names_are_only_text(run: Path) -> None:
    with np.load(run / "fold2/heldout.npz") as data:
        columns = dict(data)
    columns["logits"][0] = -9.0  # a smile, told as none
    columns["files"] = columns["files"].astype("<U40")
    columns["files"][0] = "<script>worst</script>"
    np.savez(run / "fold2/heldout.npz", **columns)
    text = shown(run)
    mistakes = Page(text).words.split("Worst mistakes")[-1]
    assert mistakes.index("<script>worst</script>") < mistakes.index("files/<")
    assert "<script>" not in text
    assert mistakes.count("told") == 16 + 1  # every tenth of 160, and the words above them


def test_curves_of_one_epoch_are_dots(run: Path) -> None:
    write_history(run / "fold0/history.csv", 1)
    text = shown(run)
    assert "nan" not in re.sub(r"data:[^\"]*", "", text)
    (run / "fold0/history.csv").unlink()
    (run / "fold1/history.csv").write_text("epoch,loss\n0,0.5\n")
    Page(shown(run))


def test_the_page_says_what_a_whole_model_was_looked_at_by(tmp_path: Path) -> None:
    own = write_run(tmp_path / "own", ("all",))
    assert "validation share, int8" in Page(shown(own)).words
    said = read(own / "all.tflite")
    tested = tuple(replace(source, left_out="test") for source in said.sources)
    embed(own / "all.tflite", replace(said, sources=tested))
    assert "test, int8" in Page(shown(own)).words


def test_answers_of_one_class_are_no_curve(run: Path) -> None:
    for part in run.glob("*/heldout.npz"):
        write_heldout(part, 20, smiles=0)
    page = Page(shown(run))
    assert "ROC curve" not in page.words
    assert "Reliability" in page.words


def test_a_page_without_keras_says_so_and_has_everything_else(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_keras(monkeypatch, run)
    words = Page(shown(run)).words
    assert "pip install '.[training]'" in words
    assert "Worst mistakes" in words
    (run / "fold0.keras").unlink()
    assert "no such model file" in Page(shown(run)).words


def test_what_was_measured_the_whole_way_is_on_the_page_unless_it_was_learned_from(
    run: Path,
) -> None:
    figures = {
        "task": "smile",
        "dataset": "genki4k",
        "protocol": "folds",
        "n": 2988,
        "undetected": 5,
        "accuracy": 0.961,
        "interval": [0.95, 0.97],
        "balanced_accuracy": None,
        "balanced_accuracy_interval": None,
        "auc": 0.99,
        "calibration_error": 0.02,
        "trained_on": False,
        "slices": [
            {
                "slice": "face width",
                "value": "24",
                "n": 2900,
                "undetected": 7,
                "accuracy": 0.812,
                "interval": [0.8, 0.82],
                "as_it_is": 0.96,
            }
        ],
    }
    (run / "folds.json").write_text(json.dumps(figures))
    (run / "all.json").write_text(json.dumps({**figures, "n": 7654321, "trained_on": True}))
    (run / "notes.json").write_text("no json")
    words = Page(shown(run)).words
    assert "96.1 %95.0 to 97.0" in words
    assert "81.2 %80.0 to 82.0" in words
    assert "7654321" not in words


def test_several_runs_are_compared_first(run: Path, tmp_path: Path) -> None:
    other = write_run(tmp_path / "other", ("fold0", "fold1"))
    page = write_page([run, other], tmp_path / "both")
    words = Page(page.read_text(encoding="utf-8")).words
    top = words.split("Worst mistakes")[0]
    assert top.index("smile-small · run") < top.index("smile-small · other")
    assert "2 of 4 folds" in words


def spoil_config(run: Path) -> None:
    (run / "config.json").unlink()


def spoil_task(run: Path) -> None:
    (run / "config.json").write_text('{"task": "lips"}')


def spoil_parts(run: Path) -> None:
    for path in run.glob("*.tflite"):
        path.unlink()


def spoil_heldout(run: Path) -> None:
    (run / "fold1/heldout.npz").unlink()


def spoil_heldout_bytes(run: Path) -> None:
    path = run / "fold1/heldout.npz"
    path.write_bytes(path.read_bytes()[:500])


def spoil_columns(run: Path) -> None:
    with np.load(run / "fold1/heldout.npz") as data:
        columns = dict(data)
    np.savez(run / "fold1/heldout.npz", **{**columns, "logits": columns["logits"][1:]})


def spoil_history(run: Path) -> None:
    (run / "all/history.csv").write_text(HISTORY + "0,0.5,much\n")


def spoil_header(run: Path) -> None:
    (run / "all/history.csv").write_text("loss\n0.5\n")


def spoil_size(run: Path) -> None:
    path = run / "cross.tflite"
    embed(path, replace(read(path), crop_size=96))


@pytest.mark.parametrize(
    ("spoil", "kind", "said"),
    [
        (spoil_config, SettingsError, "not a run"),
        (spoil_task, SettingsError, "task lips"),
        (spoil_parts, SettingsError, "no part of it is trained"),
        (spoil_heldout, SettingsError, "heldout.npz: missing"),
        (spoil_heldout_bytes, SettingsError, "heldout.npz: damaged"),
        (spoil_columns, SettingsError, "do not fit each other"),
        (spoil_history, SettingsError, "history.csv: damaged"),
        (spoil_header, SettingsError, "no column epoch"),
        (spoil_size, ModelError, "wants crops of 96 pixels"),
    ],
)
def test_a_run_that_cannot_be_shown_is_refused_in_one_line(
    run: Path, spoil: object, kind: type[LipwireError], said: str
) -> None:
    assert callable(spoil)
    spoil(run)
    assert said in complaint(lambda: write(run), kind)
    assert not (run / "report.html").exists()


def test_the_command_writes_the_page_and_says_where(
    lipwire: Lipwire, run: Path, tmp_path: Path
) -> None:
    done = lipwire("report", run)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).read_text(encoding="utf-8").startswith("<!doctype html>")
    done = lipwire("report", run, run, "--out", tmp_path / "a/b")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a/b/report.html").is_file()
    assert "needs --out" in lipwire.complaint("report", run, run)
    assert "not a run" in lipwire.complaint("report", tmp_path / "nowhere")
    (tmp_path / "file").touch()
    assert "not a folder" in lipwire.complaint("report", run, "--out", tmp_path / "file")


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (1, 20, [5, 10, 15, 20]),
        (0.913, 0.967, [0.92, 0.93, 0.94, 0.95, 0.96]),
        (0, 1189, [0, 200, 400, 600, 800, 1000]),
        (3, 3, [3]),
    ],
)
def test_ticks_are_round_and_few(low: float, high: float, ticks: list[float]) -> None:
    assert Axis("", low, high).ticks() == ticks


def test_marks_lie_inside_the_plot_whatever_the_values() -> None:
    plot = Plot("t", Axis("x", 0, 1), Axis("y", 0, 1))
    plot.line([0.0, 0.5, float("nan"), 1.0], [-5.0, float("inf"), 0.5, 7.0], 0)
    plot.dot(0.5, 0.5, 1)
    (points,) = re.findall(r'points="([^"]*)"', plot.svg())
    assert len(points.split()) == 2
    assert all(0 <= float(value) <= 360 for pair in points.split() for value in pair.split(","))


def test_a_log_axis_has_powers_of_ten() -> None:
    axis = Axis("rate", 1e-6, 1e-3, log=True)
    assert [axis.text(tick) for tick in axis.ticks()] == ["1e-6", "1e-5", "1e-4", "1e-3"]
    assert axis.share(1e-3) == pytest.approx(1)
    assert axis.share(0) <= 0


@pytest.mark.training
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_page_looks_into_the_keras_model(run: Path) -> None:
    import keras

    from training.report.insight import cam_layer, first_maps, where
    from training.zoo import smile_small

    model = smile_small.build()
    model.save(run / "fold0.keras")
    words = Page(shown(run)).words
    assert "Grad-CAM at" in words
    assert "stride 2" in words
    face = np.zeros((64, 64), np.uint8)
    face[30:34] = 255
    first = first_maps(model, face)[0]
    assert np.stack(first.channels).shape == (16, 32, 32)
    assert cam_layer(model).output.shape[1] == 8
    small = keras.Input((96, 96, 1))
    logit = keras.layers.Dense(1)(keras.layers.GlobalAveragePooling2D()(small))
    keras.Model(small, logit).save(run / "fold0.keras")
    assert "takes crops of 96 pixels" in Page(shown(run)).words
    # A model that looks at one place alone is asked by that place alone.
    pixels = keras.Input((64, 64, 1))
    seen = keras.layers.Conv2D(1, 1, kernel_initializer="ones", name="seen")(pixels)
    corner = keras.layers.Cropping2D(((0, 48), (0, 48)))(seen)
    told = keras.layers.GlobalAveragePooling2D()(corner)
    found = where(keras.Model(pixels, told), np.full((64, 64), 128, np.uint8))
    assert found.saliency[:14, :14].min() > 0.5
    assert found.saliency[20:, 20:].max() < 0.05
