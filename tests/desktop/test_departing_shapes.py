"""The mesh over a picture lies where renders move the face."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import numpy as np

import mien
from mien.model.controls import INDEX
from mien.model.evaluate import evaluate
from mien.rendering.base import FacePlan
from mien.rendering.plans import added_change
from mien_desktop.resolve import Resolved
from mien_desktop.viewer.faces import FaceShapes
from tests.faces import make_face

PRESS = INDEX["mouthPressLeft"]


def resolved(edit: mien.Edit) -> Resolved:
    return cast("Resolved", SimpleNamespace(edits=(edit,), edit=None, shot=None))


def test_another_performance_is_shown_as_it_is_rendered() -> None:
    face = make_face(6)
    nothing = mien.Edit(face)
    edits = (
        (nothing.set("mouthPress", 0.1, mode="replace"), True),
        (nothing.set("mouthPress", 0.1), False),
    )
    for edit, less in edits:
        shapes = FaceShapes()
        shown = shapes.shown(resolved(edit), face, 3)
        asked = shapes.target(resolved(edit), face, 3)
        plan = FacePlan(face, evaluate(face.curves.controls.array, edit.layers, face.valid))
        assert np.array_equal(shown, added_change(plan, 3))
        assert (shown[PRESS] < 0.06) == less
        assert abs(asked[PRESS] - 0.1) < 1e-6


def test_without_an_edit_it_is_the_performance() -> None:
    face = make_face(6)
    now = cast("Resolved", SimpleNamespace(edits=(), edit=None, shot=None))
    assert not FaceShapes().shown(now, face, 2).any()
