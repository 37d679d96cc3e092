"""The page of a run whose models tell the opening and the shape of mouths."""

from __future__ import annotations

from html import escape

import numpy as np

from edge.shapes import SHAPES
from training.masks import shapes_of
from training.report import charts, faces, mouth_charts, strip, tables
from training.report.base import Report, note, tile
from training.report.held_mouths import AHEAD, HeldMouths, read_held_mouths
from training.run import Run

PARTS_NOTE = note(
    "A fold is scored on its own pictures and clips, cross on the speaker that it never learned "
    "from; all on what its sets keep for the test or, where they keep nothing, on the share for "
    "validation, where its temperature was chosen: no figure to quote. Intervals, 95 %, are by "
    "person or clip. Frames ahead are those to come that are waited for; floats: the Keras model."
)
MEASURES = ("loss", "shapes_loss", "opening_loss", "points_loss", "lips_loss")
WORST = 12  # of each kind
EXAMPLES = 3  # looked into, of each kind


class ShapeReport(Report[HeldMouths]):
    """Figures, curves, a clip and mouths."""

    head = mouth_charts.HEAD
    found_only = (
        "Answers to crops, so to faces that were found, and silence counts as closed; "
        "<code>lipwire evaluate viseme --run</code> goes the whole way and leaves silence out."
    )

    def __init__(self, run: Run) -> None:
        super().__init__(run, read_held_mouths)

    def figures(self, name: str, held: HeldMouths) -> list[str]:
        """A row of the table."""
        return mouth_charts.figures(name, held, self.said)

    def sections(self) -> list[tuple[str, str]]:
        """Titles and what stands below them."""
        best, held = next(iter(self.sets.items()))
        from_set = note(f"Of {escape(best)}, n = {len(held.images)}.")
        rows = self.rows()
        if len(self.parts) > 1:
            shown = list(map(id, self.sets.values()))
            others = [part for part in self.parts if id(part.held) not in shown]
            rows += [self.figures(part.name, part.held) for part in others]
        figures = note(self.found_only) + tables.table(self.head, rows) + PARTS_NOTE
        clip = strip.most_telling(held)
        in_time = [] if clip is None else [("A clip over time", strip.Strip(held, clip).html())]
        return [
            ("Figures", self._tiles() + figures),
            (
                "Learning",
                charts.learning(self.parts, dict.fromkeys(MEASURES, False), together=True),
            ),
            ("Openings", from_set + self._openings(held)),
            ("Shapes", from_set + self._shapes(held)),
            *in_time,
            ("Worst mistakes", from_set + self._worst(held)),
            ("Inside the model", self._inside()),
            ("What it learned from", self.data()),
        ]

    def _tiles(self) -> str:
        tiles = []
        for name, held in self.sets.items():
            if held.clear.any():
                right = held.opened(held.answers, self.said)
                more = f"open or closed, {len(right)} clear cases"
                tiles.append(tile(f"{escape(name)}, int8", f"{100 * right.mean():.1f} %", more))
            if held.alone.any():
                shaped = 100 * held.shaped(held.logits(AHEAD[-1]))
                more = f"six shapes, balanced, {AHEAD[-1]} frames ahead"
                tiles.append(tile(f"{escape(name)}, int8", f"{shaped:.1f} %", more))
        return f'<div class="tiles">{"".join(tiles)}{self.file_tile()}</div>'

    def _openings(self, held: HeldMouths) -> str:
        if not held.measured.any():
            return note("No gap between the lips was measured in what was left out.")
        plots = mouth_charts.scatter(held, self.said) + mouth_charts.roc_curve(held, self.said)
        return f'<div class="pair">{plots}</div>'

    def _shapes(self, held: HeldMouths) -> str:
        if not held.alone.any():
            return note("What was left out has no frame that must show one shape.")
        title = "Shapes told by the one that is true, silence included"
        table = mouth_charts.confusion(held)
        return (
            f'<div class="pair uneven"><figure><figcaption>{title}</figcaption>{table}</figure>'
            f"{mouth_charts.reliability(held, self.said)}</div>"
        )

    def _worst(self, held: HeldMouths) -> str:
        parts = []
        if held.alone.any():
            parts.append("<h3>Shapes</h3>" + self._worst_shapes(held))
        if held.measured.any():
            rows = np.argsort(-np.where(held.measured, held.off, 0), kind="stable")[:WORST]
            about = "Those farthest off: the gap that was measured, and the opening told."
            found = [self._opening(held, row) for row in rows]
            parts.append("<h3>Openings</h3>" + faces.mistakes(found, about))
        return "".join(parts) or note("Nothing is known for sure of what was left out.")

    def _worst_shapes(self, held: HeldMouths) -> str:
        """Of a clip one frame only: its neighbours look alike."""
        weights = mouth_charts.probabilities(held.logits(AHEAD[-1]), self.said.temperature)
        told = weights.argmax(axis=1)
        rows = np.flatnonzero(held.alone & (told != held.truth))
        rows = rows[np.argsort(-weights[rows].max(axis=1), kind="stable")]
        _, firsts = np.unique(held.people[rows], return_index=True)
        found = [
            faces.Face(
                held.images[row],
                " or ".join(shapes_of(int(held.shapes[row]))),
                f"{SHAPES[told[row]]}, {100 * weights[row].max():.0f} %",
                False,
                str(held.files[row]),
            )
            for row in rows[np.sort(firsts)][:WORST]
        ]
        about = "The surest ones, one of a clip; below each the shape, and the one that was told."
        return faces.mistakes(found, about)

    def _inside(self) -> str:
        part = self.looked_into()
        held = part.held
        order = np.argsort(held.openings, kind="stable")
        wide, shut = order[::-1][:EXAMPLES], order[:EXAMPLES]
        off = np.argsort(-np.where(held.measured, held.off, 0), kind="stable")[:EXAMPLES]
        off = off[held.measured[off]]
        shown = [self._opening(held, row) for row in (*wide, *shut, *off)]
        firsts = {"an open mouth": held.images[wide[0]], "a closed one": held.images[shut[0]]}
        told = "Those told the most and the least open first, then those told worst."
        answers = held.float_answers.shape[1]
        asked = faces.Asked(self.run.keras(part.name), "viseme", answers, "the opening")
        seen = note(f"Of {part.name}, on pictures it never learned from; of the opening alone.")
        return seen + faces.insight(asked, firsts, shown, told)

    def _opening(self, held: HeldMouths, row: int) -> faces.Face:
        known = bool(held.measured[row])
        label = f"{held.gaps[row]:.2f}" if known else "not measured"
        right = not known or bool(held.off[row] < self.said.on_threshold / 2)
        name = str(held.files[row])
        return faces.Face(held.images[row], label, f"{held.openings[row]:.2f}", right, name)
