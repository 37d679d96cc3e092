"""What is only told live: not too often, and the last shape always."""

from __future__ import annotations

import itertools
import json

from hypothesis import given
from hypothesis import strategies as st

from edge.events import VisemeChanged
from edge.live import Live, RateLimit
from edge.shapes import SHAPES
from tests.feed import check_message

AT = 1_700_000_000.0
PER_S = 10.0


def change(shape: str, at: float = 0.0, face: int = 1) -> VisemeChanged:
    return VisemeChanged(
        face=face, at=AT + at, viseme=shape, weights=dict.fromkeys(SHAPES, 1 / len(SHAPES))
    )


def shapes(told: list[VisemeChanged]) -> list[str]:
    return [each.viseme for each in told]


def test_of_what_comes_too_soon_the_newest_is_told_when_its_time_comes() -> None:
    limit = RateLimit(PER_S)
    assert shapes(limit(AT, [change("open")])) == ["open"]
    assert limit(AT + 0.03, [change("narrow", 0.03)]) == []
    assert limit(AT + 0.06, [change("closed", 0.06)]) == []
    assert limit(AT + 0.09, []) == []
    (told,) = limit(AT + 0.11, [])
    assert (told.viseme, told.at) == ("closed", AT + 0.06)
    assert limit(AT + 1, []) == []


def test_a_mouth_that_came_back_meanwhile_has_nothing_new_to_tell() -> None:
    limit = RateLimit(PER_S)
    limit(AT, [change("open")])
    limit(AT + 0.03, [change("narrow")])
    assert limit(AT + 0.06, [change("open")]) == []
    assert limit(AT + 0.2, []) == []
    assert shapes(limit(AT + 0.3, [change("closed")])) == ["closed"]


def test_faces_do_not_wait_for_each_other() -> None:
    limit = RateLimit(PER_S)
    limit(AT, [change("open", face=1)])
    told = limit(AT + 0.02, [change("closed", face=1), change("rounded", face=2)])
    assert [(each.face, each.viseme) for each in told] == [(2, "rounded")]


def test_a_clock_that_is_set_back_silences_nobody() -> None:
    limit = RateLimit(PER_S)
    limit(AT, [change("open")])
    assert shapes(limit(AT - 3600, [change("closed")])) == ["closed"]


@given(
    st.lists(
        st.tuples(st.floats(0.005, 0.2), st.sampled_from([None, *SHAPES]), st.integers(1, 2)),
        max_size=60,
    )
)
def test_never_more_often_than_allowed_and_the_last_shape_always(
    happens: list[tuple[float, str | None, int]],
) -> None:
    limit, now = RateLimit(PER_S), AT
    last: dict[int, str] = {}
    told: dict[int, list[tuple[float, str]]] = {1: [], 2: []}
    for gap, shape, face in [*happens, (0.2, None, 1)]:
        now += gap
        if shape:
            last[face] = shape
        for each in limit(now, [change(shape, now - AT, face)] if shape else []):
            told[each.face].append((now, each.viseme))
    for face, shape in last.items():
        assert told[face][-1][1] == shape
        for (one, _), (two, _) in itertools.pairwise(told[face]):
            assert two - one >= 1 / PER_S - 1e-6
    assert limit.flush() == []


def test_faces_that_have_gone_leave_nothing_behind() -> None:
    limit = RateLimit(PER_S)
    for face in range(1, 100):
        limit(AT + face, [change("open", face=face)])
    limit(AT + 200, [])
    assert (limit._told, limit._held) == ({}, {})


def told_by(per_s: float) -> tuple[Live, list[str]]:
    payloads: list[str] = []
    return Live(per_s, [lambda topic, payload: payloads.append(payload)]), payloads


def test_every_message_fits_the_schema_and_has_an_id_of_its_own() -> None:
    live, payloads = told_by(PER_S)
    for i, shape in enumerate(SHAPES):
        live(AT + i, [change(shape, i)])
    messages = [check_message("lipwire/x/event/viseme", payload) for payload in payloads]
    assert [message["viseme"] for message in messages] == list(SHAPES)
    assert len({message["id"] for message in messages}) == len(SHAPES)
    assert set(messages[0]["weights"].values()) == {0.167}
    assert "seq" not in messages[0]


def test_what_is_held_is_told_when_no_more_frames_come() -> None:
    live, payloads = told_by(PER_S)
    live(AT, [change("open")])
    live(AT + 0.01, [change("closed")])
    live.flush()
    live.flush()
    assert [json.loads(payload)["viseme"] for payload in payloads] == ["open", "closed"]


def test_nothing_is_told_where_none_is_wanted() -> None:
    live, payloads = told_by(0.0)
    live(AT, [change("open")])
    live.flush()
    assert payloads == []
