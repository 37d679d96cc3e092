"""Cues as files: Rhubarb's three formats to the space, CSV and WebVTT."""

from __future__ import annotations

import csv
import io
import json
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from edge.cues import COLUMNS, FORMATS, REST_S, Cue
from edge.shapes import SHAPES

VIDEO = Path("/films/hi.mp4")
WEIGHTS = (0.1, 0.1, 0.1, 0.6, 0.05, 0.05)


def cues(*parts: tuple[float, str | None], face: int = 1) -> list[Cue]:
    """Cues that end at these times, one after the other."""
    found, start = [], 0.0
    for end, shape in parts:
        seen = (None, None) if shape is None else (0.25, WEIGHTS)
        found.append(Cue(face, start, end, shape, *seen))
        start = end
    return found


# Somebody who is not seen at first, rests, says two words and rests again.
HI = cues(
    (0.12, None),
    (0.5, "closed"),
    (0.61, "wide_open"),
    (0.7, "closed"),
    (0.829, "puckered"),
    (0.95, "rounded"),
    (1.04, "narrow"),
    (1.2, "open"),
    (2.009, "closed"),
)


def test_tsv_is_rhubarbs_line_by_line() -> None:
    assert FORMATS[".tsv"](VIDEO, HI).splitlines() == [
        "0.00\tX",
        "0.50\tD",
        "0.61\tA",
        "0.70\tF",
        "0.82\tE",
        "0.95\tB",
        "1.04\tC",
        "1.20\tX",
        "2.00\tX",
    ]


def test_xml_is_rhubarbs_line_by_line() -> None:
    assert FORMATS[".xml"](VIDEO, cues((0.5, "closed"), (0.61, "open"))).splitlines() == [
        '<?xml version="1.0" encoding="utf-8"?>',
        "<rhubarbResult>",
        "  <metadata>",
        "    <soundFile>/films/hi.mp4</soundFile>",
        "    <duration>0.61</duration>",
        "  </metadata>",
        "  <mouthCues>",
        '    <mouthCue start="0.00" end="0.50">X</mouthCue>',
        '    <mouthCue start="0.50" end="0.61">C</mouthCue>',
        "  </mouthCues>",
        "</rhubarbResult>",
    ]


def test_json_is_rhubarbs_line_by_line() -> None:
    assert FORMATS[".json"](VIDEO, cues((0.5, "closed"), (0.61, "open"))).splitlines() == [
        "{",
        '  "metadata": {',
        '    "soundFile": "/films/hi.mp4",',
        '    "duration": 0.61',
        "  },",
        '  "mouthCues": [',
        '    { "start": 0.00, "end": 0.50, "value": "X" },',
        '    { "start": 0.50, "end": 0.61, "value": "C" }',
        "  ]",
        "}",
    ]


def test_xml_and_json_tell_the_same_without_gaps_up_to_the_end() -> None:
    read = json.loads(FORMATS[".json"](VIDEO, HI))
    result = ElementTree.fromstring(FORMATS[".xml"](VIDEO, HI))
    told = [(cue["start"], cue["end"], cue["value"]) for cue in read["mouthCues"]]
    assert told == [
        (float(cue.attrib["start"]), float(cue.attrib["end"]), cue.text)
        for cue in result.iterfind("mouthCues/mouthCue")
    ]
    assert read["metadata"]["duration"] == float(result.findtext("metadata/duration", "")) == 2.0
    starts, ends, letters = zip(*told, strict=True)
    assert (0.0, *ends) == (*starts, 2.0)
    assert all(one != other for one, other in pairwise(letters))


def test_a_mouth_closed_for_long_rests_and_one_closed_within_a_word_does_not() -> None:
    (short,) = cues((REST_S - 0.01, "closed"))
    (long,) = cues((REST_S + 0.01, "closed"))
    (unseen,) = cues((0.1, None))
    assert [short.letter, long.letter, unseen.letter] == ["A", "X", "X"]


@pytest.mark.parametrize(("end", "written"), [(0.29, "0.29"), (0.2999, "0.29"), (61.5, "61.50")])
def test_hundredths_are_cut_off_and_never_lost(end: float, written: str) -> None:
    assert FORMATS[".tsv"](VIDEO, cues((end, "open"))) == f"0.00\tC\n{written}\tX\n"


def test_what_is_shorter_than_a_hundredth_leaves_no_cue_and_no_gap() -> None:
    shapes = cues((0.501, "open"), (0.508, "closed"), (0.9, "open"), (0.905, "narrow"))
    assert FORMATS[".tsv"](VIDEO, shapes) == "0.00\tC\n0.90\tX\n"


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("a & b <c>.mp4", "a & b <c>.mp4"),
        ('quo"te\\.mp4', 'quo"te\\.mp4'),
        ("Lippe ä 唇.mp4", "Lippe ä 唇.mp4"),
        ("tab\tbell\a.mp4", "tab?bell?.mp4"),
        ("bad\udcff.mp4", "bad?.mp4"),
    ],
)
def test_any_name_of_a_video_gives_files_that_can_be_read(name: str, written: str) -> None:
    video, shapes = Path("/films") / name, cues((1.0, "open"))
    result = ElementTree.fromstring(FORMATS[".xml"](video, shapes).encode())
    read = json.loads(FORMATS[".json"](video, shapes).encode())
    assert result.findtext("metadata/soundFile") == f"/films/{written}"
    assert read["metadata"]["soundFile"] == f"/films/{written}"


def test_csv_has_all_there_is_of_all_faces() -> None:
    other = cues((2.0, "puckered"), face=2)
    rows = list(csv.DictReader(io.StringIO(FORMATS[".csv"](VIDEO, [*HI[:3], *other]))))
    assert tuple(rows[0]) == COLUMNS
    assert [list(row.values())[:6] for row in rows] == [
        ["1", "0.000", "0.120", "", "X", ""],
        ["1", "0.120", "0.500", "closed", "X", "0.250"],
        ["1", "0.500", "0.610", "wide_open", "D", "0.250"],
        ["2", "0.000", "2.000", "puckered", "F", "0.250"],
    ]
    assert [rows[0][shape] for shape in SHAPES] == [""] * len(SHAPES)
    assert [float(rows[2][shape]) for shape in SHAPES] == list(WEIGHTS)


def test_webvtt_names_face_shape_and_letter() -> None:
    text = FORMATS[".vtt"](VIDEO, cues((0.5, None), (3723.25, "wide_open"), face=2))
    assert text.splitlines() == [
        "WEBVTT",
        "",
        "00:00:00.000 --> 00:00:00.500",
        "<v face 2>not seen (X)",
        "",
        "00:00:00.500 --> 01:02:03.250",
        "<v face 2>wide_open (D)",
    ]
