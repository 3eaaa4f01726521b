"""What is read off a performance that is made to do it."""

from __future__ import annotations

import dataclasses
import json
import xml.etree.ElementTree as ElementTree
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import mien
from mien._types import FloatArray
from mien.api.reading import describe_event, reading_facts
from mien.cli.main import run
from mien.model.controls import INDEX, sides
from mien.model.reading import read_performance
from mien.model.unit_curves import UNIT_NAMES, unit_curves
from tests.faces import make_face

RATE = 25
FRAMES = 200


def performed(seen: slice | None = None, /, **curves: FloatArray | float) -> mien.Face:
    """A face that does what is said, by control; degrees of gaze as they are."""
    face = make_face(FRAMES, Fraction(RATE))
    array = face.curves.controls.array.copy()
    for name, values in curves.items():
        for side in sides(name) or ():
            array[:, INDEX[side]] = values
    valid = np.ones(FRAMES, dtype=bool)
    if seen is not None:
        valid[:] = False
        valid[seen] = True
        array[~valid] = np.nan
    rotation = np.broadcast_to(np.eye(3, dtype=np.float32), (FRAMES, 3, 3))
    pose = dataclasses.replace(face.curves.pose, rotation=rotation)
    made = dataclasses.replace(
        face.curves, controls=mien.ControlCurves(array), valid=valid, pose=pose
    )
    return dataclasses.replace(face, curves=made)


def bump(middle: float, width: float, height: float = 1.0) -> FloatArray:
    rise = height * np.exp(-(((np.arange(FRAMES) - middle) / width) ** 2))
    return np.asarray(rise, dtype=np.float32)


def test_blinks_are_told_from_squints_closed_eyes_and_winks() -> None:
    lids = bump(20, 2) + bump(60, 2.5, 0.7) + 0.2
    lids[100:140] = 0.9  # for longer than a blink
    lids[150:] = 0.35  # heavy lids
    right = np.maximum(lids, bump(180, 2))
    reading = read_performance(performed(eyeBlinkLeft=lids, eyeBlinkRight=right))
    blinks = reading.of("blink")
    assert [event.peak for event in blinks] == [20, 60, 180]
    assert [event.detail for event in blinks] == ["", "", "right"]
    assert all(event.peak in event.span for event in blinks)
    (closed,) = reading.of("eyes closed")
    assert (closed.span.start, closed.span.stop) == (100, 140)
    assert not (reading.units["AU43"] * reading.units["AU45"]).any()


def test_smiles_with_and_without_cheeks_brows_and_frowns() -> None:
    smile = bump(50, 20, 0.7)
    felt = read_performance(performed(mouthSmile=smile, cheekSquint=smile)).of("smile")
    posed = read_performance(performed(mouthSmile=smile)).of("smile")
    assert [event.detail for event in (*felt, *posed)] == ["with cheeks", ""]
    assert felt[0].peak == 50
    assert felt[0].strength == pytest.approx(0.7, abs=0.01)
    brows = read_performance(performed(browInnerUp=bump(90, 15), browOuterUp=bump(90, 15)))
    assert [event.peak for event in brows.of("brow raise")] == [90]
    assert [
        event.peak for event in read_performance(performed(browDown=bump(30, 9))).of("frown")
    ] == [30]
    assert not read_performance(performed(mouthSmile=bump(50, 1))).of("smile"), "a twitch"


def test_looks_at_the_lens_and_away_go_on_through_blinks() -> None:
    yaw = np.where(np.arange(FRAMES) < 100, 0.0, 25.0)
    face = performed(gazeYaw=yaw, eyeBlink=bump(50, 2))
    reading = read_performance(face)
    (lens,), (away,) = reading.of("at the lens"), reading.of("away")
    assert (lens.span.start, lens.span.stop) == (0, 100)
    assert (away.span.start, away.span.stop, away.detail) == (100, FRAMES, "left")
    assert reading.gaze_angle[150] == pytest.approx(25, abs=0.1)


def test_speech_is_lips_that_part_again_and_again() -> None:
    times = np.arange(FRAMES) / RATE
    talk = np.where((times > 2) & (times < 5), 0.15 * (1 - np.cos(2 * np.pi * 4 * times)), 0)
    (speech,) = read_performance(performed(jawOpen=talk)).of("speech")
    assert abs(speech.span.start - 50) <= 12
    assert abs(speech.span.stop - 125) <= 12
    assert not read_performance(performed(jawOpen=bump(100, 30, 0.6))).of("speech"), "a yawn"


@pytest.mark.parametrize("word", ["rage", "joy", "terror", "contempt", "gloom", "surprise"])
def test_a_word_that_is_performed_is_read_back(word: str) -> None:
    shown = {name: weight for name, weight in mien.FEELINGS[word].weights if "gaze" not in name}
    reading = read_performance(performed(None, **shown))
    assert {event.detail for event in reading.of("feeling")} == {word}


def test_units_are_bounded_and_nothing_is_read_where_nobody_is() -> None:
    rng = np.random.default_rng(3)
    controls = rng.uniform(-1, 1.5, (40, 59)).astype(np.float32)
    valid = np.arange(40) % 5 > 0
    units = unit_curves(controls, valid, 25.0)
    assert tuple(units) == UNIT_NAMES
    for values in units.values():
        assert np.isnan(values[~valid]).all()
        assert ((values[valid] >= 0) & (values[valid] <= 1)).all()
    reading = read_performance(performed(slice(50, 90), mouthSmile=0.8, cheekSquint=0.5))
    assert all(event.span.start >= 50 and event.span.stop <= 90 for event in reading.events)
    assert "smile" in repr(reading)
    nothing = read_performance(performed(slice(0, 0)))
    assert nothing.events == ()
    assert repr(nothing) == "PerformanceReading(nothing)"


def test_facts_are_json_and_the_picture_a_drawing(tmp_path: Path) -> None:
    face = performed(slice(10, 190), eyeBlink=bump(60, 2), mouthSmile=bump(100, 20))
    reading = read_performance(face)
    facts = json.loads(json.dumps(reading_facts(reading, face), allow_nan=False))
    assert facts["counts"]["blink"] == 1
    assert facts["action_units"]["AU12"][100] == pytest.approx(1, abs=0.01)
    assert facts["action_units"]["AU12"][0] is None
    assert len(facts["gaze_angle"]) == FRAMES
    mien.write_reading_picture(reading, face, tmp_path / "take.svg")
    drawing = ElementTree.parse(tmp_path / "take.svg").getroot()
    texts = [element.text for element in drawing.iter() if element.tag.endswith("text")]
    assert {"blink", "smile", "AU12"} <= set(texts)
    assert "2.36 s to" in describe_event(reading.of("blink")[0], face)
    with pytest.raises(mien.MienError, match=r"take\.svg"):
        mien.write_reading_picture(reading, face, tmp_path / "take.svg")


def test_the_verb(tracked_360p: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "take.svg"
    assert run(["read", str(tracked_360p), "--picture", str(picture), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["frames"] == 72
    assert told["picture"] == str(picture)
    assert run(["read", str(tracked_360p)]) == 0
    assert "face 1" in capsys.readouterr().out
    assert run(["read", str(tracked_360p), "--picture", "take.png"]) == 2
    assert ".svg" in capsys.readouterr().err
