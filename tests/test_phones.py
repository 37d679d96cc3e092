"""The phone table, what a clip's frames may show by it, and that the documents show the same."""

from __future__ import annotations

import pytest

from edge.shapes import SHAPES
from tests.test_docs import generator
from training import masks
from training.masks import mask, shapes_of, single
from training.phones import (
    TABLE,
    Spoken,
    allowed,
    allowed_at,
    known,
    phone_at,
    scored,
    scored_shape,
)

VOWELS = "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW"
CONSONANTS = "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH"

CLIPS = {
    "bbaf2n": [
        Spoken("SIL", 0.0, 0.10, True),
        Spoken("B", 0.10, 0.18, True),
        Spoken("IH", 0.18, 0.26, False),
        Spoken("N", 0.26, 0.34, True),
    ]
}


def test_a_set_of_shapes_is_given_back_as_it_was_put_in() -> None:
    assert shapes_of(mask("rounded", "closed")) == ("closed", "rounded")
    assert [single(1 << bit) for bit in range(len(SHAPES))] == list(range(len(SHAPES)))
    assert single(mask("open", "narrow")) is single(0) is None
    assert mask(*SHAPES) == masks.ALL
    assert [masks.label(m) for m in (0, mask("open"), masks.ALL)] == [6, 2, 6]
    assert masks.CLASSES[6] == "several"


def test_every_phone_of_english_stands_in_the_table_once() -> None:
    phones = [phone for group in TABLE for phone in group.phones]
    assert sorted(phones) == sorted([*VOWELS.split(), *CONSONANTS.split(), "SIL"])


@pytest.mark.parametrize(
    ("phones", "shape"),
    [
        ("P B M F V SIL", "closed"),
        ("IY IH", "narrow"),
        ("EH AH EY HH", "open"),
        ("AA AE AY AW", "wide_open"),
        ("AO ER OW", "rounded"),
        ("W UW", "puckered"),
    ],
)
def test_a_phone_that_is_one_shape_allows_that_one_only(phones: str, shape: str) -> None:
    assert {allowed(phone) for phone in phones.split()} == {mask(shape)}


def test_phones_that_lips_take_no_part_in_allow_several_shapes() -> None:
    assert allowed("S") == mask("narrow", "open")
    assert allowed("UH") == mask("rounded", "puckered")
    assert allowed("SH") == allowed("R") == mask("narrow", "rounded", "puckered")


def test_figures_leave_out_silence_f_and_v_and_what_allows_several() -> None:
    left_out = {phone for group in TABLE for phone in group.phones if not scored(phone)}
    several = "UH S Z T D N L K G NG TH DH R SH CH JH ZH"
    assert left_out == {"SIL", "F", "V", *several.split()}
    assert scored_shape("UW") == SHAPES.index("puckered")
    assert scored_shape("SIL") is scored_shape("T") is scored_shape("") is None
    assert not known("XX")


def test_a_frame_has_the_phone_in_its_middle() -> None:
    """At 25 a second, frame 2 has its middle at 0.10 s: a phone begins with its start."""
    phones = [phone_at(CLIPS["bbaf2n"], frame) for frame in range(10)]
    assert phones == ["SIL", "SIL", "B", "B", "", "", "N", "N", "", ""]


def test_frames_in_doubt_between_phones_or_of_other_clips_say_nothing() -> None:
    assert allowed_at(CLIPS, "bbaf2n", 3) == mask("closed")
    assert allowed_at(CLIPS, "bbaf2n", 6) == mask("narrow", "open")
    assert allowed_at(CLIPS, "bbaf2n", 4) == 0  # another word was heard
    assert allowed_at(CLIPS, "bbaf2n", 9) == 0  # after its last phone
    assert allowed_at(CLIPS, "lwbsza", 3) == 0


def test_the_tables_in_the_documents_are_those_the_code_gives() -> None:
    pages = generator()
    written = pages.VISEMES.read_text(encoding="utf-8")
    assert written == pages.visemes_page(), "run: python docs/generate.py"
    for group in TABLE:
        assert f"| {' '.join(group.phones)} |" in written
