"""What a shot shows of a face beyond one frame: what is needed, what is found, and its name."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from mien.media.planes import Plate
from mien.model.controls import CONTROLS
from mien.model.face import Face
from mien.rendering.appearance.appearance import Appearance
from mien.rendering.appearance.fingerprint import fingerprint_of
from mien.rendering.appearance.mouth import MouthAppearance, MouthScan
from mien.rendering.appearance.regions import FaceRegion, needs
from mien.rendering.appearance.scan import scan_face
from mien.rendering.geometry.motion import FaceDeformer
from mien.rendering.geometry.tone import luma
from mien.rendering.geometry.topology import LIPS
from mien.testing.scenes import Scene, Spot

FACE = frozenset({FaceRegion.SKIN, FaceRegion.LIBRARY})
MOUTH = FACE | {FaceRegion.MOUTH}


class Talking(Scene):
    """A scene whose mouth stands open in some frames, a little wider in each, and shows teeth."""

    def __init__(
        self,
        opened: tuple[int, ...] = (0, 1, 2, 3),
        teeth: tuple[float, float, float] = (0.8, 0.75, 0.7),
    ) -> None:
        super().__init__(spots=[Spot(height=200)])
        self.teeth = teeth
        self.face: Face = self.faces[0]
        unit = float(self.face.curves.pose.scale[0])
        for frame in opened:
            self.face.landmarks[frame, list(LIPS.lower[1:-1]), 1] += (1.2 + 0.02 * frame) * unit
        self.read: list[int] = []

    def plate(self, frame: int) -> Plate:
        self.read.append(frame)
        picture = np.ascontiguousarray(super().plate(frame).rgb())
        points = self.face.landmarks[frame, :, :2]
        rim = np.round(points[list(LIPS.rim)]).astype(np.int32)
        cv2.fillPoly(picture, [rim], (0.08, 0.04, 0.04))
        top, bottom = points[LIPS.upper[5]], points[LIPS.lower[5]]
        if bottom[1] - top[1] > 8:
            x, y = np.round(top).astype(int)
            picture[y : y + 8, x - 14 : x + 14] = self.teeth
        return Plate.from_rgb((np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8))

    def scan(self, cuts: tuple[int, ...] = ()) -> Appearance:
        return scan_face(self.face, FaceDeformer(self.face, self.orientation), self, cuts)


@pytest.mark.parametrize("control", [control.name for control in CONTROLS])
def test_an_edit_needs_the_mouth_where_it_moves_jaw_lips_or_tongue(control: str) -> None:
    """And other frames of the face wherever it changes the expression at all."""
    evaluated = Scene().plan(0, **{control: 0.5}).evaluated
    region = next(c.region for c in CONTROLS if c.name == control)
    expected = MOUTH if region in ("jaw", "mouth", "tongue") else FACE
    assert needs(evaluated) == (frozenset() if region == "head" else expected)


def test_an_edit_needs_a_region_that_it_moves_in_any_frame() -> None:
    evaluated = Scene().plan(jawOpen=0.5).evaluated
    delta = evaluated.delta.copy()
    delta[:-1] = 0
    assert needs(replace(evaluated, delta=delta)) == MOUTH
    assert needs(replace(evaluated, delta=np.zeros_like(delta))) == frozenset()


def test_a_scan_finds_an_open_mouth_and_reads_each_frame_once() -> None:
    talking = Talking()
    mouth = talking.scan().mouth
    exemplar = mouth.exemplar(0)
    assert exemplar is not None
    assert exemplar.frame == 3
    assert exemplar.cavity.teeth == mouth.teeth
    assert talking.read == [0, 1, 2, 3]


def test_a_scan_tells_the_colour_of_teeth_and_takes_no_lip_for_them() -> None:
    mouth = Talking().scan().mouth
    assert mouth.tooth is not None
    assert 0.7 < luma(mouth.tooth) < 1.4
    assert mouth.tooth[0] < mouth.tooth[1] < mouth.tooth[2]
    yellow = Talking(teeth=(0.8, 0.66, 0.5)).scan().mouth.tooth
    assert yellow is not None
    assert yellow[2] / yellow[0] < mouth.tooth[2] / mouth.tooth[0]
    lip = Talking(teeth=(0.9, 0.5, 0.5)).scan().mouth
    assert lip.tooth is None
    # An open mouth that shows none hides them behind its lip, which lies above where lips rest.
    assert lip.teeth == 0.0


def test_every_section_has_an_exemplar_of_its_own() -> None:
    mouth = Talking().scan(cuts=(2,)).mouth
    chosen = [mouth.exemplar(frame) for frame in range(Scene.frames)]
    assert [exemplar and exemplar.frame for exemplar in chosen] == [1, 1, 3, 3]
    assert Talking(opened=(0, 1)).scan(cuts=(2,)).mouth.exemplar(2) is None


def test_a_scan_chooses_alike_in_any_order_of_frames() -> None:
    talking = Talking()
    deformer = FaceDeformer(talking.face, talking.orientation)
    fingerprints = {talking.scan(cuts=(2,)).mouth.fingerprint}
    for order in ([0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]):
        scan = MouthScan(talking.face, deformer, cuts=(2,))
        assert scan.frames == set(order)
        for frame in order:
            scan.examine(frame, talking.plate(frame))
        fingerprints.add(scan.result().fingerprint)
    assert len(fingerprints) == 1


def test_a_fingerprint_names_all_that_was_chosen() -> None:
    mouth = Talking().scan().mouth
    (exemplar,) = mouth.exemplars
    assert exemplar is not None
    rgb = exemplar.crop.rgb.copy()
    rgb[0, 0, 0] += 1e-6
    others = [
        MouthAppearance(),
        replace(mouth, teeth=mouth.teeth + 1e-9),
        replace(mouth, tooth=None),
        replace(mouth, exemplars=(None,)),
        replace(mouth, exemplars=(replace(exemplar, yaw=exemplar.yaw + 1e-9),)),
        replace(mouth, exemplars=(replace(exemplar, crop=replace(exemplar.crop, rgb=rgb)),)),
    ]
    names = {appearance.fingerprint for appearance in (mouth, *others)}
    assert len(names) == 1 + len(others)
    alone = Appearance({FaceRegion.MOUTH: mouth}).fingerprint
    assert alone == Talking().scan().only({FaceRegion.MOUTH}).fingerprint
    assert Talking().scan().fingerprint == Talking().scan().fingerprint != alone
    assert Appearance().fingerprint != Appearance({FaceRegion.MOUTH: mouth}).fingerprint


def test_fingerprints_tell_values_that_print_alike_apart() -> None:
    arrays = [np.array([1], dtype=kind) for kind in ("float32", "float64", "int64")]
    values = (1, 1.0, "1", None, (1,), ((1,),), *arrays)
    assert len({fingerprint_of(value) for value in values}) == len(values)
    assert fingerprint_of(np.int64(3)) == fingerprint_of(3)
    with pytest.raises(TypeError, match="set has no fingerprint"):
        fingerprint_of({1})


def test_an_appearance_holds_no_more_than_is_needed() -> None:
    known = Talking().scan()
    assert known.only(MOUTH).fingerprint == known.fingerprint
    assert known.mouth.exemplar(0) is not None
    assert known.only(()).mouth.exemplar(0) is None
    assert known.only(()).fingerprint == Appearance().fingerprint
