"""Sets of mouth shapes as bits: what a mouth may show, as far as a label tells.

Bit N stands for shape N of `edge.shapes.SHAPES`; 0: nothing is said.
"""

from __future__ import annotations

from edge.shapes import SHAPES

SEVERAL = len(SHAPES)  # the class of what allows several shapes, or says nothing
CLASSES = (*SHAPES, "several")
ALL = (1 << len(SHAPES)) - 1


def mask(*shapes: str) -> int:
    """The set of these shapes."""
    return sum(1 << SHAPES.index(shape) for shape in set(shapes))


def shapes_of(allowed: int) -> tuple[str, ...]:
    """The shapes in a set."""
    return tuple(shape for bit, shape in enumerate(SHAPES) if allowed >> bit & 1)


def single(allowed: int) -> int | None:
    """The number of the shape that alone is in a set; None where there are several or none."""
    return allowed.bit_length() - 1 if allowed.bit_count() == 1 else None


def label(allowed: int) -> int:
    """The class of a set."""
    alone = single(allowed)
    return SEVERAL if alone is None else alone


CLOSED = mask("closed")
OPEN = mask("narrow", "open", "wide_open", "rounded")  # of a label that says no more than "open"
