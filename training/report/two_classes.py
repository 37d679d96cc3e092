"""The page of a run whose models tell two classes apart."""

from __future__ import annotations

from html import escape

from training.evaluate.figures import interval, paired_difference
from training.report import charts, faces, tables
from training.report.base import Report, note, tile
from training.report.held import Held, read_held
from training.report.whole_way import read_figures, whole_way
from training.run import Run

WHOLE_WAY = note(
    "From the picture over finding the face to the answer, as <code>lipwire evaluate smile "
    "--json</code> measured it; a face that is not found counts as wrong. With 95 % intervals."
)
PARTS_NOTE = note(
    "A fold is scored on its own pictures, cross on all of a set that it never learned from; all "
    "on what its sets keep for the test or, where they keep nothing, on the share for validation, "
    "where its temperature was chosen: no figure to quote. Differ: pictures that int8 and floats "
    "tell differently."
)
WORST = 18
EXAMPLES, WRONG = 3, 3  # right answers of each kind and wrong ones, looked into


class ClassReport(Report[Held]):
    """Figures, curves and faces of two classes."""

    head = tables.HEAD
    found_only = (
        "Answers to crops, so to faces that were found; <code>lipwire evaluate TASK --run</code> "
        "goes the whole way and counts a face that is not found as wrong."
    )

    def __init__(self, run: Run) -> None:
        super().__init__(run, read_held)
        self._none, self._yes = self.said.labels

    def figures(self, name: str, held: Held) -> list[str]:
        """A row of the table."""
        return tables.figures(name, held)

    def sections(self) -> list[tuple[str, str]]:
        """Titles and what stands below them."""
        best, held = next(iter(self.sets.items()))
        from_set = note(f"Of {escape(best)}, n = {len(held.labels)}.")
        figures = (
            note(f"With 95 % intervals. {self.found_only}")
            + tables.table(tables.HEAD, self.rows())
            + tables.by_part(self.parts)
            + PARTS_NOTE
        )
        measured = read_figures(self.run.folder)
        all_the_way = [("The whole way", WHOLE_WAY + whole_way(measured))] if measured else []
        return [
            ("Figures", self._tiles() + figures),
            *all_the_way,
            ("Learning", charts.learning(self.parts, {"accuracy": True, "loss": False})),
            ("Answers", from_set + self._answers(held)),
            ("Worst mistakes", from_set + self._worst(held)),
            ("Inside the model", self._inside()),
            ("What it learned from", self.data()),
        ]

    def _tiles(self) -> str:
        tiles = []
        for name, held in self.sets.items():
            low, high = interval(held.right)
            within = f"{100 * low:.1f} to {100 * high:.1f}, n = {len(held.labels)}"
            share = f"{100 * held.right.mean():.1f} %"
            tiles.append(tile(f"{escape(name)}, int8", share, within))
        held = next(iter(self.sets.values()))
        gain, (low, high) = paired_difference(held.right, held.float_right)
        within = f"{100 * low:+.2f} to {100 * high:+.2f}, paired"
        tiles.append(tile("int8 less floats, points", f"{100 * gain:+.2f}", within))
        return f'<div class="tiles">{"".join(tiles)}{self.file_tile()}</div>'

    def _answers(self, held: Held) -> str:
        told = held.probabilities
        curves = charts.reliability_plot(told, held.truth, f"share of '{self._yes}'")
        if 0 < held.truth.sum() < len(held.truth):
            begins = self.parts[0].said.on_threshold
            marks = {"threshold 0.5": 0.5, f"'{self._yes}' begins: {begins:g}": begins}
            axes = f"'{self._none}' told as '{self._yes}'", f"'{self._yes}' told"
            curves = charts.roc_curve(told, held.truth, marks, axes) + curves
        table = tables.confusion(held, (self._none, self._yes))
        return (
            f'<div class="pair">{curves}<figure><figcaption>Answers by what is true</figcaption>'
            f"{table}</figure></div>"
        )

    def _worst(self, held: Held) -> str:
        wrong = faces.surest(held.logits, ~held.right, WORST)
        about = (
            "The surest ones; below each its label, and the probability of "
            f"'{self._yes}' it was told."
        )
        return faces.mistakes([self._face(held, row) for row in wrong], about)

    def _inside(self) -> str:
        part = self.looked_into()
        held = part.held
        firsts, shown = {}, []
        for truth, name in ((held.truth, self._yes), (~held.truth, self._none)):
            rows = faces.surest(held.logits, held.right & truth, EXAMPLES)
            shown += [self._face(held, row) for row in rows]
            if len(rows):
                firsts[name] = held.images[rows[0]]
        wrong = faces.surest(held.logits, ~held.right, WRONG)
        shown += [self._face(held, row) for row in wrong]
        order = "Surest right answers of both kinds first, then the surest wrong ones."
        model = faces.Asked(self.run.keras(part.name), self.said.task, 1, "the answer given")
        return note(f"Of {part.name}, on pictures it never learned from.") + faces.insight(
            model, firsts, shown, order
        )

    def _face(self, held: Held, row: int) -> faces.Face:
        return faces.Face(
            held.images[row],
            self._yes if held.truth[row] else self._none,
            f"{100 * held.probabilities[row]:.1f} %",
            bool(held.right[row]),
            str(held.files[row]),
        )
