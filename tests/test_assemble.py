"""What is put together: a model's own rules where the settings leave them to it, its reader."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edge.assemble import assemble, mouth_rules, smile_rules
from edge.decide import SmileRules
from edge.description import embed, read
from edge.models import shipped
from edge.profiles import Profile
from edge.read import SmileReader
from edge.settings import Settings, SmileSettings, VisemeSettings

OWN = replace(
    read(shipped("smile")),
    on_threshold=0.8,
    off_threshold=0.5,
    smoothing_s=0.3,
    min_duration_s=0.7,
)


def rules(**settings: float) -> SmileRules:
    return smile_rules(SmileSettings(**settings), OWN)


def test_a_model_s_own_rules_hold_where_the_settings_say_nothing() -> None:
    assert rules() == SmileRules(0.8, 0.5, 0.3, 0.7, SmileSettings().refractory_s)


@pytest.mark.parametrize(
    "setting", [{"on": 0.9}, {"off": 0.1}, {"smoothing_s": 1.0}, {"min_duration_s": 2.0}], ids=str
)
def test_a_setting_goes_over_the_model_s_own_rule_and_leaves_the_others(
    setting: dict[str, float],
) -> None:
    assert rules(**setting) == replace(rules(), **setting)


def test_no_smoothing_and_no_minimum_may_be_wished_for() -> None:
    wished = rules(smoothing_s=0.0, min_duration_s=0.0)
    assert (wished.smoothing_s, wished.min_duration_s) == (0.0, 0.0)


@pytest.mark.usefixtures("face_model")
def test_another_reader_takes_the_place_of_the_shipped_model(smile_model: Path) -> None:
    embed(smile_model, OWN)
    reader = SmileReader(smile_model)
    assembly = assemble(Settings(), Profile(), None, reader=reader)
    assert reader.interpreter in assembly.interpreters
    assert shipped("smile") in paths(Settings())


def paths(settings: Settings) -> list[Path]:
    """The models that work in a pipeline."""
    return [each.path for each in assemble(settings, Profile(), None).interpreters]


@pytest.mark.usefixtures("face_model")
def test_mouth_shapes_are_read_unless_the_settings_say_no() -> None:
    assert shipped("viseme") in paths(Settings())
    assert shipped("viseme") not in paths(Settings(viseme=VisemeSettings(enabled=False)))


def test_a_mouth_follows_its_model_s_own_rules_where_the_settings_say_nothing() -> None:
    own = mouth_rules(VisemeSettings(), OWN)
    assert (own.smoothing_s, own.hold_s, own.margin) == (0.3, 0.7, VisemeSettings().margin)
    wishes = {"smoothing_s": 0.0, "hold_s": 0.0, "margin": 0.5, "still_margin": 0.7}
    for name, value in wishes.items():
        wished = VisemeSettings(**{name: value})
        assert mouth_rules(wished, OWN) == replace(own, **{name: value})
