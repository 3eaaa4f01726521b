"""Live Link Face's CSV: what is written is its layout, what is read is any variant of it."""

from __future__ import annotations

import io
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import mien
from mien.errors import InputError, UsageError
from mien.io.curves import read_curve_file, write_curve_file
from mien.io.curves.collect import shot_curves
from mien.io.curves.live_link import LiveLinkFormat
from mien.model.controls import ARKIT, INDEX
from mien.model.curve_file import CurveFile, FaceCurves
from mien.model.curves import ControlCurves
from mien.timebase import Clock, Timecode
from tests.documents import make_media, make_shot

# As interchange.md lists them, of a recorded take.
COLUMNS = (
    "EyeBlinkLeft,EyeLookDownLeft,EyeLookInLeft,EyeLookOutLeft,EyeLookUpLeft,EyeSquintLeft,"
    "EyeWideLeft,EyeBlinkRight,EyeLookDownRight,EyeLookInRight,EyeLookOutRight,EyeLookUpRight,"
    "EyeSquintRight,EyeWideRight,JawForward,JawRight,JawLeft,JawOpen,MouthClose,MouthFunnel,"
    "MouthPucker,MouthRight,MouthLeft,MouthSmileLeft,MouthSmileRight,MouthFrownLeft,"
    "MouthFrownRight,MouthDimpleLeft,MouthDimpleRight,MouthStretchLeft,MouthStretchRight,"
    "MouthRollLower,MouthRollUpper,MouthShrugLower,MouthShrugUpper,MouthPressLeft,"
    "MouthPressRight,MouthLowerDownLeft,MouthLowerDownRight,MouthUpperUpLeft,MouthUpperUpRight,"
    "BrowDownLeft,BrowDownRight,BrowInnerUp,BrowOuterUpLeft,BrowOuterUpRight,CheekPuff,"
    "CheekSquintLeft,CheekSquintRight,NoseSneerLeft,NoseSneerRight,TongueOut,HeadYaw,HeadPitch,"
    "HeadRoll,LeftEyeYaw,LeftEyePitch,LeftEyeRoll,RightEyeYaw,RightEyePitch,RightEyeRoll"
)


def read(text: str | bytes) -> CurveFile:
    return LiveLinkFormat().read(io.BytesIO(text.encode() if isinstance(text, str) else text))


def take(*times: str, name: str = "JawOpen") -> CurveFile:
    rows = "".join(f"{time},61,{i / 100}\n" for i, time in enumerate(times))
    return read(f"Timecode,BlendShapeCount,{name}\n{rows}")


def written(curves: CurveFile) -> list[str]:
    file = io.BytesIO()
    LiveLinkFormat().write(curves, file)
    return file.getvalue().decode().splitlines()


def clocked(clock: Clock, **changes: object) -> CurveFile:
    shot = make_shot(clock.frame_count)
    return replace(shot_curves(shot, shot.faces), clock=clock, **changes)  # type: ignore[arg-type]


def test_the_header_and_rows_are_those_of_a_recorded_take() -> None:
    start = Timecode.parse("12:21:59:03", Fraction(30))
    lines = written(clocked(Clock(Fraction(30), 3, start=start)))
    assert lines[0] == f"Timecode,BlendShapeCount,{COLUMNS}"
    cells = [line.split(",") for line in lines[1:]]
    assert [row[0] for row in cells] == ["12:21:59:06.000", "12:21:59:08.000", "12:21:59:10.000"]
    assert all(row[1] == "61" and len(row) == 63 for row in cells)
    assert all(len(cell.partition(".")[2]) == 10 for row in cells for cell in row[2:])
    shot = make_shot(3)
    column = lines[0].split(",").index("JawLeft")
    assert float(cells[1][column]) == pytest.approx(shot.faces[0].curves.controls["jawLeft"][1])


def test_frames_are_counted_at_60_with_thousandths() -> None:
    lines = written(clocked(Clock(Fraction(24000, 1001), 4)))
    assert [line.split(",")[0] for line in lines[1:]] == [
        "00:00:00:00.000", "00:00:00:02.502", "00:00:00:05.005", "00:00:00:07.508",
    ]  # fmt: skip


def test_angles_are_radians_with_the_signs_of_recorded_takes() -> None:
    # Towards the person's left and up: both are negative there.
    shot = make_shot(2)
    face = shot.faces[0]
    controls = face.curves.controls.array.copy()
    controls[:, INDEX["gazeYawLeft"]], controls[:, INDEX["gazePitchLeft"]] = 20, 10
    turn = np.radians(30.0)
    pose = replace(
        face.curves.pose,
        rotation=np.tile(
            np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]],
                     np.float32), (2, 1, 1)),
    )  # fmt: skip
    curves = replace(face.curves, controls=ControlCurves(controls), pose=pose)
    lines = written(shot_curves(shot, [replace(face, curves=curves)]))
    row = dict(zip(lines[0].split(","), lines[1].split(","), strict=True))
    assert float(row["LeftEyeYaw"]) == pytest.approx(-np.radians(20))
    assert float(row["LeftEyePitch"]) == pytest.approx(-np.radians(10))
    assert float(row["HeadYaw"]) == pytest.approx(-turn)
    assert float(row["HeadPitch"]) == float(row["LeftEyeRoll"]) == 0
    back = read("\n".join(lines)).face()
    assert back.controls["gazeYawLeft"][0] == pytest.approx(20, abs=1e-4)
    assert back.controls["headYaw"][0] == pytest.approx(30, abs=1e-4)


def test_the_published_row_of_a_take_looks_up_and_to_the_left() -> None:
    # Frame 0 of the take that interchange.md names: EyeLookOutLeft 0.5, EyeLookUpLeft 0.38.
    face = read(
        "Timecode,BlendShapeCount,EyeLookOutLeft,EyeLookUpLeft,LeftEyeYaw,LeftEyePitch\n"
        "12:21:59:06.595,61,0.5030736923,0.3807524741,-0.3596782684,-0.1741501987\n"
    ).face()
    assert face.controls["gazeYawLeft"][0] == pytest.approx(20.608, abs=1e-3)
    assert face.controls["gazePitchLeft"][0] == pytest.approx(9.978, abs=1e-3)


def test_a_gap_has_no_row_and_the_ends_are_held() -> None:
    clock = Clock(Fraction(30), 6)
    curves = clocked(clock)
    face = curves.faces[0]
    valid = np.array([False, True, True, False, False, True])
    lines = written(replace(curves, faces=(replace(face, valid=valid),)))
    times = [line.split(",")[0][-6:] for line in lines[1:]]
    assert times == ["00.000", "02.000", "04.000", "10.000"]
    assert lines[1].split(",")[2:] == lines[2].split(",")[2:]
    back = read("\n".join(lines))
    assert back.clock == clock
    assert back.face().valid.tolist() == [True, True, True, False, False, True]
    with pytest.raises(UsageError, match="seen in no frame"):
        written(replace(curves, faces=(replace(face, valid=np.zeros(6, bool)),)))


@pytest.mark.parametrize("clock", [
    Clock(Fraction(24), 40, start=Timecode.parse("01:00:00:12", Fraction(24))),
    Clock(Fraction(30000, 1001), 40, start=Timecode.parse("23:59:59:20", Fraction(30))),
    Clock(Fraction(50), 9),
], ids=["24", "29.97 over midnight", "50"])  # fmt: skip
def test_rate_and_start_come_back(clock: Clock) -> None:
    back = read("\n".join(written(clocked(clock)))).clock
    assert back is not None
    assert (back.rate, back.frame_count, back.times) == (clock.rate, clock.frame_count, None)
    assert str(back.timecode(0)) == str(clock.timecode(0))


@pytest.mark.parametrize("header", [
    COLUMNS, ",".join(ARKIT), ",".join(reversed(COLUMNS.split(",")[:51])),
    ",".join("".join(f"_{c.lower()}" if c.isupper() else c for c in name) for name in ARKIT),
    COLUMNS.upper(),
], ids=["61", "52 camelCase", "51 turned round", "snake", "capitals"])  # fmt: skip
def test_columns_are_told_by_name(header: str) -> None:
    names = header.split(",")
    rows = "\n".join(
        f"01:00:00:{2 * i:02}.000," + ",".join(f"{(n + i) / 100}" for n in range(len(names)))
        for i in range(3)
    )
    face = read(f"timecode,{header}\n{rows}\n").face()
    at = [name.replace("_", "").lower() for name in names].index("jawleft")
    assert face.controls["jawLeft"].tolist() == pytest.approx([(at + i) / 100 for i in range(3)])
    assert set(ARKIT) - face.controls.keys() <= {"tongueOut"}


def test_marks_of_other_programs() -> None:
    text = "\ufeffTimecode;BlendShapeCount;JawOpen;\r\n10:00:00:00.000;61;0,25;\r\n\r\n" \
           "10:00:00:02.000;61;0,5;\r\n"  # fmt: skip
    assert read(text).face().controls["jawOpen"].tolist() == [0.25, 0.5]
    tabs = "Timecode\tJawOpen\n10:00:00:00.000\t0.25\n10:00:00:02.000\t\n"
    assert read(tabs.encode("utf-16")).face().valid.tolist() == [True, False]


def test_rows_at_30_of_a_clock_at_60_with_repeats_and_gaps() -> None:
    curves = take("12:21:59:58.595", "12:22:00:00.595", "12:22:00:00.595", "12:22:00:02.594",
                  "12:22:00:08.594", "12:22:00:10.593")  # fmt: skip
    assert curves.clock is not None
    assert curves.clock.rate == 30
    jaw = curves.face().controls["jawOpen"]
    np.testing.assert_allclose(jaw, [0, 0.02, 0.03, np.nan, np.nan, 0.04, 0.05], atol=1e-6)
    assert curves.face().valid.tolist() == [True] * 3 + [False] * 2 + [True] * 2


@pytest.mark.parametrize(("times", "rate"), [
    ([f"10:00:0{i // 24}:{i % 24:02}" for i in range(60)], Fraction(24)),
    ([f"10:00:0{i // 30}:{i % 30:02}.000" for i in range(70)], Fraction(30)),
    ([f"00:00:00:{i * 40 // 1:03}.000" if i < 25 else f"00:00:01:{i * 40 - 1000:03}.000"
      for i in range(40)], Fraction(25)),
    ([f"10:00:00:{round(i * 2.5):02}" for i in range(24)], Fraction(24)),
    ([f"10:00:00.{i * 20:03}" for i in range(40)], Fraction(50)),
    ([f"{i / 30:.4f}" for i in range(20)], Fraction(30)),
    ([str(Timecode.parse("10:00:59;20", Fraction(30000, 1001)) + i) for i in range(20)],
     Fraction(30000, 1001)),
], ids=["24", "30", "milliseconds", "whole frames at 60", "time of day", "seconds",
        "drop"])  # fmt: skip
def test_the_clock_is_told_from_its_rows(times: list[str], rate: Fraction) -> None:
    curves = take(*times)
    assert curves.clock is not None
    assert (curves.clock.rate, len(curves.face())) == (rate, len(times))
    assert curves.face().valid.all()


def test_midnight_is_passed() -> None:
    curves = take(*(f"23:59:59:{f:02}.000" for f in (54, 56, 58)), "00:00:00:00.000")
    assert curves.clock is not None
    assert (curves.clock.rate, len(curves.face())) == (30, 4)


def test_a_take_drives_a_face(tmp_path: Path) -> None:
    shot = make_shot(20)
    path = tmp_path / "take.csv"
    result = mien.export_curves(shot, path)
    assert (result.frames, result.rate) == (20, 25)
    imported = mien.import_curves(mien.Shot(make_media(20, "b"), make_shot(20).faces), path)
    assert set(ARKIT) == set(imported.controls)
    assert imported.unknown == imported.notices == ()


@pytest.mark.parametrize(("text", "words"), [
    ("", "it is empty"),
    ("Timecode,BlendShapeCount,JawOpen\n", "a header and no rows"),
    ("Timecode,JawOpen\n10:00:00:00,0.1\n10:00:00:02,0.1,7\n", "line 3 has 3 fields"),
    ("Timecode,JawOpen\n10:00:00:00,0.1\n10:00:00:02,high\n", "line 3: JawOpen is 'high'"),
    ("Timecode,JawOpen\n10:00:00:00,inf\n", "line 2: JawOpen is infinite"),
    ("Timecode,JawOpen\n10:00:00:10,0\n10:00:00:08,0\n", "line 3: its time is before"),
    ("Timecode,JawOpen\nnoon,0\n", "line 2: 'noon' is no timecode"),
    ("Timecode,JawOpen,jaw_open\n10:00:00:00,0,0\n", "JawOpen and jaw_open are the same"),
    ("Timecode,Humour\n10:00:00:00,0\n", "none of its columns is a control: Timecode, Humour"),
    ("Timecode,JawOpen\n00:00:00:00,0\n00:00:00:01,0\n11:00:00:00,0\n", "1,000,000 are read"),
    ("Timecode,JawOpen\n" + "9" * 70_000 + ",0\n", "line 2 has more than 65,536"),
], ids=["empty", "header", "fields", "word", "inf", "backwards", "time", "twice", "none", "long",
        "line"])  # fmt: skip
def test_bad_takes_are_refused_in_a_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "take.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=words) as refused:
        read_curve_file(path)
    assert "\n" not in str(refused.value)


def test_unknown_columns_are_named_and_left_out(tmp_path: Path) -> None:
    path = tmp_path / "take.csv"
    path.write_text("Timecode,JawOpen,JawOpn,Notes\n10:00:00:00,0.5,0.1,hm\n")
    imported = mien.import_curves(make_shot(4), path)
    assert imported.controls == ("jawOpen",)
    assert imported.unknown == ("JawOpn", "Notes")


def test_only_faces_of_one_go_into_a_take(tmp_path: Path) -> None:
    bare = CurveFile((FaceCurves(1, {"jawOpen": np.zeros(3)}, np.ones(3, bool)),))
    with pytest.raises(UsageError, match="when its frames are shown"):
        write_curve_file(tmp_path / "x.csv", bare)
    with pytest.raises(UsageError, match="no layout 'fancy'"):
        write_curve_file(tmp_path / "x.csv", bare, "fancy")
