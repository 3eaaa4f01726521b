"""Curves of a file as a layer: where they fall, at which rate, and what is left out."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest

from mien.errors import InputError, NoFaceError, UnknownControlError, UsageError
from mien.model.controls import INDEX
from mien.model.curve_file import CurveFile, FaceCurves
from mien.model.curve_layer import CurveImport, CurveLayer, curves_layer, same_timing
from mien.model.edits import Edit, Layer
from mien.model.evaluate import evaluate
from mien.session.commands import import_curves
from mien.timebase import Clock, FrameRange
from tests.documents import make_document

FRAMES = 48
CLOCK = Clock(Fraction(25), FRAMES)
Floats = npt.NDArray[np.float64]


def file_of(
    frames: int = FRAMES, rate: int | Fraction | None = 25, **controls: Floats
) -> CurveFile:
    clock = None if rate is None else Clock(Fraction(rate), frames)
    controls = controls or {"jawOpen": np.linspace(0, 1, frames)}
    return CurveFile((FaceCurves(1, controls, np.ones(frames, bool)),), clock, name="talk.x")


def values(made: CurveLayer, control: str = "jawOpen") -> Floats:
    """What the layer asks of a control over all frames; NaN where it does not act."""
    (track,) = [one for one in made.layer.tracks if one.control == control]
    frames = np.arange(FRAMES)
    return np.where(track.influence(frames) > 0, track.values(frames), np.nan)


def test_every_frame_gets_the_values_of_the_file() -> None:
    made = curves_layer(file_of(), CLOCK)
    np.testing.assert_array_equal(values(made), np.linspace(0, 1, FRAMES))
    assert made.frames == FrameRange(0, FRAMES)
    assert (made.layer.name, made.controls, made.unknown) == ("imported", ("jawOpen",), ())


@pytest.mark.parametrize(
    ("frames", "offset", "reached"),
    [(10, 4, (4, 14)), (10, 45, (45, 48)), (10, -6, (0, 4)), (100, -30, (0, 48))],
)
def test_what_lies_beyond_the_shot_is_left_out(
    frames: int, offset: int, reached: tuple[int, int]
) -> None:
    made = curves_layer(file_of(frames), CLOCK, CurveImport(offset=offset))
    assert made.frames == FrameRange(*reached)
    start, stop = reached
    expected = np.linspace(0, 1, frames)[start - offset : stop - offset]
    np.testing.assert_array_equal(values(made)[start:stop], expected)
    assert np.isnan(np.delete(values(made), np.arange(start, stop))).all()


@pytest.mark.parametrize("offset", [48, 100, -10])
def test_a_file_that_misses_the_shot_is_refused(offset: int) -> None:
    with pytest.raises(InputError, match=r"Nothing of talk\.x falls on"):
        curves_layer(file_of(10), CLOCK, CurveImport(offset=offset))


def test_gaps_are_bridged_straight_and_ends_left_open() -> None:
    jaw = np.linspace(0, 1, FRAMES)
    jaw[[0, 1, 20, 21, 47]] = np.nan
    made = curves_layer(file_of(jawOpen=jaw), CLOCK)
    np.testing.assert_allclose(values(made)[2:47], np.linspace(0, 1, FRAMES)[2:47])
    assert made.frames == FrameRange(2, 47)


def test_frames_that_are_not_valid_are_not_read() -> None:
    curves = file_of()
    face = curves.faces[0]
    wild = np.array(face.controls["jawOpen"])
    wild[7] = np.inf
    valid = np.arange(FRAMES) != 7
    curves = replace(curves, faces=(FaceCurves(1, {"jawOpen": wild}, valid),))
    np.testing.assert_allclose(values(curves_layer(curves, CLOCK)), np.linspace(0, 1, FRAMES))


def test_an_infinite_value_is_named() -> None:
    jaw = np.zeros(FRAMES)
    jaw[9] = np.inf
    with pytest.raises(InputError, match=r"talk\.x: jawOpen of face 1 is infinite at frame 9"):
        curves_layer(file_of(jawOpen=jaw), CLOCK)


def test_head_and_gaze_are_left_unless_they_are_asked_for() -> None:
    curves = file_of(jawOpen=np.zeros(FRAMES), headYaw=np.ones(FRAMES))
    assert curves_layer(curves, CLOCK).controls == ("jawOpen",)
    assert curves_layer(curves, CLOCK, CurveImport(controls=["headYaw"])).controls == ("headYaw",)
    only = file_of(gazeYawLeft=np.ones(FRAMES))
    assert curves_layer(only, CLOCK).controls == ("gazeYawLeft",)


def test_unknown_names_are_left_out_and_told() -> None:
    curves = file_of(jawOpen=np.zeros(FRAMES), tentacle=np.ones(FRAMES), Fin=np.ones(FRAMES))
    made = curves_layer(curves, CLOCK)
    assert (made.controls, made.unknown) == (("jawOpen",), ("tentacle", "Fin"))
    with pytest.raises(InputError, match=r"none of mien's controls.* has tentacle"):
        curves_layer(file_of(tentacle=np.ones(FRAMES)), CLOCK)
    with pytest.raises(UnknownControlError, match=r"no control 'mouthClose'.*has jawOpen"):
        curves_layer(curves, CLOCK, CurveImport(controls=["mouthClose"]))
    with pytest.raises(UnknownControlError, match="'tentacle' in talk"):
        curves_layer(curves, CLOCK, CurveImport(controls=["tentacle"]))


def test_a_name_without_its_side_moves_both() -> None:
    made = curves_layer(file_of(mouthSmile=np.full(FRAMES, 0.5)), CLOCK)
    source = np.zeros((FRAMES, len(INDEX)), np.float32)
    after = evaluate(source, [made.layer], np.ones(FRAMES, bool)).target
    np.testing.assert_allclose(after[:, [INDEX["mouthSmileLeft"], INDEX["mouthSmileRight"]]], 0.5)


def test_another_rate_is_refused_until_somebody_says_what_is_meant() -> None:
    curves = file_of(60, rate=30)
    with pytest.raises(UsageError, match=r"talk\.x has 30 frames a second, and the shot 25"):
        curves_layer(curves, CLOCK)
    by_frame = curves_layer(curves, CLOCK, CurveImport(retime=False))
    np.testing.assert_array_equal(values(by_frame), np.linspace(0, 1, 60)[:FRAMES])
    retimed = curves_layer(curves, CLOCK, CurveImport(retime=True))
    # A straight line stays one: at 25 a second it rises by 30/25 of a frame's step.
    np.testing.assert_allclose(values(retimed), np.arange(FRAMES) * 30 / 25 / 59, atol=1e-6)


@pytest.mark.parametrize("rate", [12, 24, 50, Fraction(24000, 1001), 100])
@pytest.mark.parametrize("offset", [0, 10, -5])
def test_retimed_curves_keep_their_seconds(rate: int | Fraction, offset: int) -> None:
    seconds = 1.0
    frames = int(rate * Fraction(seconds))
    times = np.arange(frames) / float(rate)
    made = curves_layer(
        file_of(frames, rate, jawOpen=times), CLOCK, CurveImport(offset=offset, retime=True)
    )
    shown = values(made)
    expected = (np.arange(FRAMES) - offset) / 25
    acts = np.isfinite(shown)
    last = times[-1]
    np.testing.assert_allclose(shown[acts], np.minimum(expected[acts], last), atol=1e-5)
    # It acts as long as the file lasts, its last frame included.
    np.testing.assert_array_equal(
        acts, (expected > -1e-9) & (expected < frames / float(rate) - 1e-6)
    )


def test_rates_that_count_the_same_frames_go_frame_for_frame() -> None:
    ntsc = Clock(Fraction(24000, 1001), FRAMES)
    made = curves_layer(file_of(rate=24), ntsc)
    np.testing.assert_array_equal(values(made), np.linspace(0, 1, FRAMES))
    assert same_timing(ntsc, Clock(Fraction(24), 10))
    assert not same_timing(ntsc, CLOCK)


def test_a_file_without_a_rate_goes_frame_for_frame() -> None:
    for retime in (None, True, False):
        made = curves_layer(file_of(rate=None), CLOCK, CurveImport(retime=retime))
        np.testing.assert_array_equal(values(made), np.linspace(0, 1, FRAMES))


def test_times_of_a_varying_rate_are_followed() -> None:
    times = tuple(Fraction(frame * frame, 2000) for frame in range(FRAMES))
    varying = Clock(Fraction(25), FRAMES, times)
    assert same_timing(varying, varying)
    assert not same_timing(varying, CLOCK)
    made = curves_layer(
        file_of(100, 50, jawOpen=np.arange(100) / 50), varying, CurveImport(retime=True)
    )
    np.testing.assert_allclose(values(made), [float(time) for time in times], atol=1e-6)


def test_a_face_is_chosen_by_its_number() -> None:
    faces = [
        FaceCurves(number, {"jawOpen": np.full(FRAMES, number / 10)}, np.ones(FRAMES, bool))
        for number in (1, 2)
    ]
    curves = CurveFile(tuple(faces), CLOCK, name="talk.x")
    assert values(curves_layer(curves, CLOCK, CurveImport(source_face=2)))[0] == 0.2
    with pytest.raises(NoFaceError, match=r"talk\.x has 2 faces.* Its faces are: 1, 2"):
        curves_layer(curves, CLOCK)
    with pytest.raises(NoFaceError, match=r"talk\.x has no face 3"):
        curves_layer(curves, CLOCK, CurveImport(source_face=3))
    with pytest.raises(NoFaceError, match="0 faces"):
        curves_layer(CurveFile(()), CLOCK)


def test_curves_are_added_or_take_the_place_of_the_performance() -> None:
    source = np.full((FRAMES, len(INDEX)), 0.25, np.float32)
    curves = file_of(jawOpen=np.full(FRAMES, 0.5))
    for mode, expected in (("replace", 0.5), ("add", 0.75)):
        made = curves_layer(curves, CLOCK, CurveImport(mode=mode))  # type: ignore[arg-type]
        after = evaluate(source, [made.layer], np.ones(FRAMES, bool)).target
        np.testing.assert_allclose(after[:, INDEX["jawOpen"]], expected)
    with pytest.raises(UsageError, match="Choose one of replace, add"):
        curves_layer(curves, CLOCK, CurveImport(mode="scale"))  # type: ignore[arg-type]


def test_the_command_takes_the_place_of_a_layer_and_leaves_the_others() -> None:
    document = make_document(1)
    shot = document.shots[0]
    edit = Edit(shot.shot.face(1), [Layer("below"), Layer("talk"), Layer("above")])
    document = document.with_shot(shot.with_edit(edit))
    changed = import_curves(document, shot.id, 1, file_of(), CurveImport(layer="talk"))
    layers = changed.shots[0].edit(1).layers
    assert [layer.name for layer in layers] == ["below", "talk", "above"]
    assert [track.control for track in layers[1].tracks] == ["jawOpen"]
    assert changed.shots[0].edit(2).layers == ()
    assert document.shots[0].edit(1) == edit
