"""Commands on strokes and on how occluders are treated: pure, checked, undone as any other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mien.errors import NoFaceError, TimeError, UsageError
from mien.model.occlusion import MatteStroke, Occlusion
from mien.session import commands as c
from mien.session.session import Session
from mien.timebase import FrameRange
from tests.documents import make_document, make_shot

FRAMES = 48
START = make_document(2, FRAMES, faces=2)
ONE, TWO = (project.id for project in START.shots)
BRUSH = MatteStroke(1, 10, FrameRange(5, 20), ((100.0, 90.0), (110.0, 95.0)), 8.0)
ERASER = MatteStroke(2, 30, FrameRange(25, 40), ((50.0, 40.0),), 4.0, erase=True)


def test_strokes_are_added_replaced_and_removed_in_order() -> None:
    document = c.add_stroke(c.add_stroke(START, ONE, BRUSH), ONE, ERASER)
    assert document.shot(ONE).shot.occlusion.strokes == (BRUSH, ERASER)
    assert document.shot(TWO) is START.shot(TWO)
    longer = replace(BRUSH, span=FrameRange(0, FRAMES))
    document = c.set_stroke(document, ONE, 0, longer)
    assert document.shot(ONE).shot.occlusion.strokes == (longer, ERASER)
    assert c.remove_stroke(document, ONE, 0).shot(ONE).shot.occlusion.strokes == (ERASER,)
    assert START.shot(ONE).shot.occlusion == Occlusion()


def test_strokes_are_cleared_by_face_and_by_span() -> None:
    document = c.add_stroke(c.add_stroke(START, ONE, BRUSH), ONE, ERASER)

    def left(face: int | None = None, span: FrameRange | None = None) -> tuple[MatteStroke, ...]:
        return c.clear_strokes(document, ONE, face, span).shot(ONE).shot.occlusion.strokes

    assert left() == ()
    assert left(1) == (ERASER,)
    assert left(span=FrameRange(0, 5)) == (BRUSH, ERASER)
    assert left(span=FrameRange(39, 48)) == (BRUSH,)
    assert left(2, FrameRange(0, 6)) == (BRUSH, ERASER)


def test_what_does_not_fit_the_shot_is_refused() -> None:
    with pytest.raises(NoFaceError):
        c.add_stroke(START, ONE, replace(BRUSH, face=7))
    with pytest.raises(TimeError, match="48 frames"):
        c.add_stroke(START, ONE, replace(BRUSH, span=FrameRange(5, FRAMES + 1)))
    with pytest.raises(UsageError, match="no stroke 0"):
        c.remove_stroke(START, ONE, 0)
    with pytest.raises(UsageError, match="It has 1"):
        c.set_stroke(c.add_stroke(START, ONE, BRUSH), ONE, 1, ERASER)
    with pytest.raises(NoFaceError):
        c.set_occlusion(START, ONE, Occlusion(strokes=(replace(BRUSH, face=7),)))


def test_every_change_is_one_step_of_undo_and_no_change_is_none() -> None:
    session = Session(START)
    session.apply("Paint", lambda now: c.add_stroke(now, ONE, BRUSH))
    matte = Occlusion(detect=False, matte=Path("matte.mov"))
    session.apply("Matte", lambda now: c.set_occlusion(now, ONE, matte))
    session.apply("Nothing", lambda now: c.set_occlusion(now, ONE, matte))
    session.apply("Nothing", lambda now: c.clear_strokes(now, ONE))
    assert session.undo_names == ("Matte", "Paint")
    session.undo()
    assert session.document.shot(ONE).shot.occlusion.strokes == (BRUSH,)
    session.undo()
    assert session.document is START


def test_a_shot_that_is_tracked_again_keeps_them_less_those_of_faces_that_are_gone() -> None:
    document = c.add_stroke(c.add_stroke(START, ONE, BRUSH), ONE, ERASER)
    tracked = c.replace_shot(document, ONE, make_shot(FRAMES, "one", faces=1))
    assert tracked.shot(ONE).shot.occlusion.strokes == (BRUSH,)
