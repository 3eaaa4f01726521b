"""How far every point of a face moves in one frame: from controls to pixels."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mien._math import ease, smoothstep
from mien._types import FloatArray
from mien.face.deform import iris_motion
from mien.face.rig import LOWER_LID_FRACTION, load_rig
from mien.media.orient import to_coded, vectors_to_coded
from mien.model.controls import INDEX
from mien.model.face import Face
from mien.model.landmarks import SKIN
from mien.model.media import Orientation
from mien.rendering.geometry.contour import LocalAxes
from mien.rendering.geometry.gaps import gaps_between, lips_kept_shut, part_left
from mien.rendering.geometry.habits import Habits
from mien.rendering.geometry.mouth_size import mouth_size_held
from mien.rendering.geometry.spread import lid_spread, lip_spread
from mien.rendering.geometry.topology import EYES, IRIS, LIPS, OVAL, Opening, warp_mesh
from mien.rendering.geometry.unfold import facing_sign, unfolded
from mien.rendering.geometry.upper_lip import upper_lip_held

__all__ = ["FaceMotion", "FaceDeformer"]

_BAND = 0.10
"""Width of the skin that moves rigidly with a lid's edge, in canonical units (cm)."""
_BAND_SHARE = 0.4
"""It takes no more than this part of the way to the next landmarks."""
_RING_SIDE, _RING_CHIN = 1.22, 1.5
"""Where the still ring lies, times the outline's distance from the middle of the face."""
_EDGE_ON, _FACING = 0.1, 0.5
"""Cosines to the line of sight: skin seen edge-on is kept, skin that faces us moves."""
_OVERLAP = 0.12
"""How far a closed upper lid reaches over the edge of the lower one, in cm."""
_SINK = 0.14
"""How far the line where closed lids meet lies below the open lower lid, likewise."""
_PRESS = 0.08
"""How far closed lips press over each other, in cm; twice as far where `mouthClose` is asked."""
_MEETING = (0.6, 0.95)
"""Parts of an opening that the rig closes from which lips meet in the picture as they do there:
not at all, and wholly."""
_CORNER = (1.0, 0.7, 0.4, 0.2)
"""How the landmarks from the outer corner inwards share its motion."""
_WHITE_CM = 0.05
"""How much white widened lids bare above the iris, at the most."""
_WIDENED = 0.1
"""Change of `eyeWide` from which that holds wholly."""
_CORNER_DROP = 0.5
"""How far the outer corner sinks when the eye closes, as a part of its opening."""
_CLOSE = INDEX["mouthClose"]
_JAW = [INDEX[name] for name in ("jawForward", "jawLeft", "jawOpen", "jawRight")]
_CHIN = (152, 175, 199, 200)
"""Landmarks that go with the lower jaw whatever the lips do."""
_TEETH_PER_CHIN = 1.3
"""How far the lower teeth drop when the chin's skin drops by 1: it slides over the bone, and
the lower lip, which stays a little below the teeth, goes 1.6 times as far."""
_FASTEST_CM = 3.0
"""How far a face goes in a frame at most; what is further away is another's, or after a cut."""
_SKULL = (2, 97, 326, 98, 327, 168, 6)
"""Landmarks near the mouth that stay with the skull: the base and the bridge of the nose."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceMotion:
    """The motion of one face in one frame, in coded pixels.

    Attributes:
        source: (V, 2) the mesh's vertices in the plate.
        motion: (V, 2) how far each moves.
        iris: Per side, (5, 2) the iris in the plate: centre, then its edge.
        gaze: Per side, (2,) how far the iris moves.
        jaw_before: (3,) how far the lower front teeth are from where they are with the jaw
            closed, in the plate: to the person's left, up, forwards, in cm of the head.
        jaw_after: (3,) the same in the new picture.
        head_axes: (3, 2) how many pixels across and down a cm of the head takes along each of
            its axes: to the person's left, up, forwards.
        mouth_width: Distance of the inner corners of this face's mouth when neutral, cm.
        seam: (11, 2) where this face's lips meet when it is neutral; it stays with the
            skull, whatever the lips do.
        mouth_axes: Axes on that line, from its middle.
        px_per_cm_along_lips: Pixels in a canonical unit along it.
        px_per_cm: Pixels in a canonical unit (1 cm of the head).
        yaw: Turn of the head, degrees.
        neutral: (468, 2) where the neutral face would lie with this pose.
        velocity: (2,) how far the mouth moves in the plate from frame to frame, pixels.
    """

    source: FloatArray
    motion: FloatArray
    iris: dict[str, FloatArray]
    gaze: dict[str, FloatArray]
    jaw_before: FloatArray
    jaw_after: FloatArray
    head_axes: FloatArray
    mouth_width: float
    seam: FloatArray
    mouth_axes: LocalAxes
    px_per_cm_along_lips: float
    px_per_cm: float
    yaw: float
    neutral: FloatArray
    velocity: FloatArray

    @property
    def target(self) -> FloatArray:
        """(V, 2) the mesh's vertices in the new picture."""
        return self.source + self.motion

    def mapped(self, offset: FloatArray, scale: float) -> FaceMotion:
        """Return the motion in a part of the picture that was cut out and scaled.

        Args:
            offset: (2,) where the part's outer corner lies, coded pixels.
            scale: Its pixels in a coded pixel.
        """

        def at(points: FloatArray) -> FloatArray:
            # Pixel centres lie at integers, outer corners at halves.
            moved = (points - offset) * np.float32(scale) - np.float32(0.5)
            return np.asarray(moved, dtype=np.float32)

        return dataclasses.replace(
            self,
            source=at(self.source),
            motion=self.motion * np.float32(scale),
            iris={side: at(points) for side, points in self.iris.items()},
            gaze={side: moved * np.float32(scale) for side, moved in self.gaze.items()},
            head_axes=self.head_axes * np.float32(scale),
            seam=at(self.seam),
            mouth_axes=dataclasses.replace(self.mouth_axes, origin=at(self.mouth_axes.origin)),
            px_per_cm_along_lips=self.px_per_cm_along_lips * scale,
            px_per_cm=self.px_per_cm * scale,
            neutral=at(self.neutral),
            velocity=self.velocity * np.float32(scale),
        )


class FaceDeformer:
    """Turns edits of one face into motion of the mesh.

    Args:
        face: The tracked face.
        orientation: How its upright pixels lie in the coded picture.
    """

    def __init__(self, face: Face, orientation: Orientation) -> None:
        self._face = face
        self._orientation = orientation
        self._rig = load_rig().personal(face.identity)
        self._habits = Habits(face, self._rig)
        self._mesh = warp_mesh()
        self._facing = facing_sign(orientation)
        self._spread = lid_spread()
        self._lip_spread = lip_spread()
        self._normals = _head_normals(face.identity)
        corners = face.identity[[LIPS.upper[0], LIPS.upper[-1]]]
        self._neutral_chin = self._rig.shape(np.zeros(len(INDEX), np.float32))[list(_CHIN)]
        self._mouth_width = float(np.linalg.norm(corners[1] - corners[0]))
        mouth, chin = float(corners[:, 1].mean()), float(face.identity[_CHIN[0], 1])
        drop = (mouth - face.identity[:, 1]) / max(mouth - chin, 1e-3)
        self._chin = smoothstep(drop, 0.1, 0.7)[:, None]
        height = face.identity[list(OVAL), 1]
        below = np.clip((height.mean() - height) / (height.mean() - height.min()), 0, 1)
        self._ring = (_RING_SIDE + (_RING_CHIN - _RING_SIDE) * below**2).astype(np.float32)

    def of(self, face: Face) -> FaceDeformer:
        """Return the motion of the same face with other landmarks; what was learned stays.

        Args:
            face: The face, of the same neutral shape.
        """
        other = copy.copy(self)
        other._face = face
        return other

    @property
    def orientation(self) -> Orientation:
        """How the face's upright pixels lie in the coded picture."""
        return self._orientation

    def rotation(self, frame: int) -> FloatArray:
        """Return (3, 3) how the head is turned in a frame."""
        return np.asarray(self._face.curves.pose.rotation[frame])

    def above_least(self, source: FloatArray, target: FloatArray) -> FloatArray:
        """Return what is asked for (59,), no less than what takes nothing more away."""
        return self._rig.above_least(source, target)

    def driven(self, source: FloatArray, target: FloatArray, departed: FloatArray) -> FloatArray:
        """Return (59,) the controls to which the rig moves a performance for it to do another.

        Args:
            source: (59,) controls of the performance.
            target: (59,) controls of the other.
            departed: (59,) what of the way departs from it; the rest is added.
        """
        return np.asarray(source + self._rig.added_of(target - source, departed))

    def motion_at(self, frame: int, source: FloatArray, target: FloatArray) -> FaceMotion:
        """The motion from a performance to what is asked.

        Args:
            frame: Index of the frame.
            source: (59,) controls of the performance.
            target: (59,) controls asked for.
        """
        upright = self._face.landmarks[frame, :, :2]
        points = to_coded(self._orientation, upright)
        jaw_only = source.copy()
        jaw_only[_JAW] = target[_JAW]
        jaw = self._rig.displacement(source, jaw_only)
        skin = self._skin(frame, self._rig.displacement(source, target), jaw)
        jaw_before, jaw_after = self._jaws(source, jaw)
        eyes = iris_motion(source, target)
        moved = self._coded(frame, np.stack([eyes["Left"], eyes["Right"]]))
        axes = self._coded(frame, np.eye(3, dtype=np.float32))
        # The three axes of a rotation, projected, have the square sum 2.
        unit = float(np.linalg.norm(axes)) / 2**0.5
        moves = self._coded(frame, skin)
        moves += self._beyond_rig(frame, source, target, jaw, moves)
        reached = self._rig.limited(source, target)
        was, lids, lips = (
            self._coded(frame, self._rig.shape(controls)) for controls in (source, reached, target)
        )
        moves += self._lid_contact(points, moves, unit, (was, lids), reached - source)
        moves += self._lip_contact(points, moves, unit, (was, lips), target - source)
        seam = self._seam(frame, upright)
        moves += upper_lip_held(points, moves, seam, unit, self._lip_spread)
        moves += mouth_size_held(points, moves, seam, unit, self._mouth_width, self._lip_spread)
        gaze = {"Left": moved[0], "Right": moved[1]}
        moves += self._wide_limit(points, moves, unit, gaze, target - source)
        moves = unfolded(points, moves, self._facing)
        vertices, motion = self._mesh_motion(points[:SKIN], moves, unit)
        forward = self._face.curves.pose.rotation[frame, :, 2]
        mouth = LocalAxes.between(seam[0], seam[-1], seam[0] + points[152] - points[10])
        return FaceMotion(
            source=vertices,
            motion=motion,
            iris={side: points[list(eye)] for side, eye in IRIS.items()},
            gaze=gaze,
            jaw_before=jaw_before,
            jaw_after=jaw_after,
            head_axes=axes,
            mouth_width=self._mouth_width,
            seam=seam,
            mouth_axes=LocalAxes(seam[len(seam) // 2], mouth.along, mouth.down),
            px_per_cm_along_lips=float(np.linalg.norm(seam[-1] - seam[0])) / self._mouth_width,
            px_per_cm=unit,
            yaw=float(np.degrees(np.arctan2(forward[0], forward[2]))),
            neutral=to_coded(
                self._orientation, self._face.curves.pose.project(frame, self._face.identity)
            ),
            velocity=self._velocity(frame, unit),
        )

    def _velocity(self, frame: int, unit: float) -> FloatArray:
        """(2,) coded pixels a frame; none beside a cut, or where nothing is tracked."""
        first, last = max(frame - 1, 0), min(frame + 1, len(self._face.landmarks) - 1)
        ends = self._face.landmarks[[first, last]][:, list(LIPS.rim), :2].mean(axis=1)
        moved = (ends[1] - ends[0]) / max(last - first, 1)
        if not np.isfinite(moved).all() or float(np.linalg.norm(moved)) > _FASTEST_CM * unit:
            return np.zeros(2, dtype=np.float32)
        return np.asarray(vectors_to_coded(self._orientation, moved[None])[0])

    def _coded(self, frame: int, vectors: FloatArray) -> FloatArray:
        """Canonical displacements (N, 3) in coded pixels."""
        return vectors_to_coded(self._orientation, self._face.curves.pose.displace(frame, vectors))

    def _beyond_rig(
        self,
        frame: int,
        source: FloatArray,
        target: FloatArray,
        jaw: FloatArray,
        moves: FloatArray,
    ) -> FloatArray:
        """(468, 2) what leads from the rig's moves to this person's own, as far as these are known.

        The rig emphasises what it adds; a person's own habits need no emphasis.
        """
        target = self._rig.limited(source, target)
        own, known = self._habits.beyond_rig(source, target, self._face.curves.pose.rotation[frame])
        if known <= 0:
            return np.zeros_like(moves)
        plain = self._skin(frame, self._rig.solved(source, target), jaw)
        plain = self._coded(frame, plain)
        extra = vectors_to_coded(self._orientation, own * self._face.curves.pose.scale[frame])
        return np.asarray(known * (plain + extra - moves), dtype=np.float32)

    def _skin(self, frame: int, whole: FloatArray, jaw: FloatArray) -> FloatArray:
        """Canonical displacement of the skin, kept still where it is seen edge-on.

        The outline of a face is skin seen edge-on: what moves there would move the
        background too. Only the jaw takes its outline along, from the mouth downwards.
        """
        cosine = self._normals @ self._face.curves.pose.rotation[frame, 2]
        facing = np.clip((cosine - _EDGE_ON) / (_FACING - _EDGE_ON), 0, 1)
        facing = ease(facing)[:, None]
        return np.asarray(facing * whole + (1 - facing) * self._chin * jaw, dtype=np.float32)

    def _jaws(self, source: FloatArray, jaw: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(3,) how far the lower front teeth are from the closed jaw, before and after.

        Args:
            source: (59,) controls of the performance.
            jaw: (468, 3) the skin's displacement when nothing but the jaw follows the edit.
        """
        opened_only = np.zeros_like(source)
        opened_only[_JAW] = source[_JAW]
        chin = list(_CHIN)
        opened = (self._rig.shape(opened_only)[chin] - self._neutral_chin).mean(axis=0)
        moved = jaw[chin].mean(axis=0)
        slide = np.array([1, _TEETH_PER_CHIN, 1], dtype=np.float32)
        return slide * opened, slide * (opened + moved)

    def _seam(self, frame: int, upright: FloatArray) -> FloatArray:
        identity, pose = self._face.identity, self._face.curves.pose
        skull = list(_SKULL)
        drift = (upright[skull] - pose.project(frame, identity[skull])).mean(axis=0)
        lips = (identity[list(LIPS.upper)] + identity[list(LIPS.lower)]) / 2
        return to_coded(self._orientation, pose.project(frame, lips) + drift)

    def _lid_contact(
        self,
        points: FloatArray,
        moves: FloatArray,
        unit: float,
        shapes: Sequence[FloatArray],
        delta: FloatArray,
    ) -> FloatArray:
        """(468, 2) what lids must move more, so that they close here as they close in the rig.

        The opening in the picture is never quite that of the solved face. Lids that halve
        their opening in the rig halve it in the picture, and those that meet do meet, with
        the upper lid a little over the lower one.
        """
        extra = np.zeros_like(moves)
        for side, eye in EYES.items():
            down = LocalAxes.of_opening(points, eye).down
            upper, lower = (list(edge) for edge in (eye.upper, eye.lower))
            was, now = (gaps_between(shape, upper, lower, down) for shape in shapes)
            left = part_left(was, now, unit)
            if (left == 1).all():
                continue
            wanted = (
                left * gaps_between(points, upper, lower, down) - _OVERLAP * unit * (1 - left) ** 2
            )
            amount = gaps_between(points[:SKIN] + moves, upper, lower, down) - wanted
            # Where nothing closes nothing is put right; the corners stay where they are.
            amount *= smoothstep(1 - left, 0.0, 0.15)
            spread = self._spread[side]
            half = len(upper)
            push = np.concatenate([amount[:half], np.zeros(half, dtype=np.float32)])
            blink = INDEX[f"eyeBlink{side}"]
            push += np.clip(delta[blink], 0, 1) * _blink_path(side, points, was)
            extra += (spread @ push)[:, None] * down
        return np.asarray(extra, dtype=np.float32)

    def _wide_limit(
        self,
        points: FloatArray,
        moves: FloatArray,
        unit: float,
        gaze: Mapping[str, FloatArray],
        delta: FloatArray,
    ) -> FloatArray:
        """(468, 2) what lids that are widened must move back, so as not to bare the eye's white.

        Outside terror nobody shows more than a hair of it above the iris, wherever this eye's
        iris is; lids that show more already stay where they are.
        """
        back = np.zeros_like(moves)
        for side, eye in EYES.items():
            asked = float(smoothstep(delta[INDEX[f"eyeWide{side}"]], 0.0, _WIDENED))
            if not asked:
                continue
            axes = LocalAxes.of_opening(points, eye)
            iris = points[list(IRIS[side])]
            radius = float(np.linalg.norm(iris[1:] - iris[0], axis=1).mean())
            upper = list(eye.upper)
            before = _white(axes, points[upper], iris[0], radius)
            after = _white(axes, points[upper] + moves[upper], iris[0] + gaze[side], radius)
            excess = asked * max(after - max(before, _WHITE_CM * unit), 0.0)
            rise = np.maximum(-(moves[upper] @ axes.down), 0)
            push = np.zeros(self._spread[side].shape[1], dtype=np.float32)
            push[: len(upper)] = excess * rise / max(float(rise.max()), 1e-6)
            back += (self._spread[side] @ push)[:, None] * axes.down
        return np.asarray(back, dtype=np.float32)

    def _lip_contact(
        self,
        points: FloatArray,
        moves: FloatArray,
        unit: float,
        shapes: Sequence[FloatArray],
        delta: FloatArray,
    ) -> FloatArray:
        """(468, 2) what closing lips must move more to meet, and to press on each other a little.

        The opening in the picture is never quite that of the solved face: lips that meet in the
        rig meet in the picture. Their landmarks lie just inside the mouth, so that lips whose
        landmarks only meet would show a line of teeth between them.
        """
        down = LocalAxes.of_opening(points, LIPS).down
        upper, lower = list(LIPS.upper), list(LIPS.lower)
        was, now = (gaps_between(shape, upper, lower, down) for shape in shapes)
        left = part_left(was, now, unit)
        before = gaps_between(points, upper, lower, down)
        moved = gaps_between(points[:SKIN] + moves, upper, lower, down)
        after = moved + smoothstep(1 - left, *_MEETING) * np.minimum(left * before - moved, 0)
        closed = 1 - part_left(before, after, unit)
        closed *= smoothstep(before / unit, 0.05, 0.2)
        # Lips that do not close are left alone, pressed as they may be.
        closing = smoothstep((before - after) / unit, 0.0, 0.05)
        kept = lips_kept_shut(before, unit, delta)
        after += kept * np.minimum(before - after, 0)
        closing = np.maximum(closing, kept)
        # Those that are asked to close are pressed also where the landmarks are shut already.
        asked = np.clip(delta[_CLOSE], 0, 1)
        closed, closing = np.maximum(closed**4, asked), np.maximum(closing, asked)
        press = (1 + asked) * _PRESS * unit
        amount = np.maximum(after - press * closed, np.minimum(before, -press)) - moved
        amount *= closing
        half = len(upper)
        push = np.concatenate([-0.5 * amount[:half], 0.5 * amount[half:]])
        return np.asarray((self._lip_spread @ push)[:, None] * down, dtype=np.float32)

    def _mesh_motion(
        self, points: FloatArray, motion: FloatArray, unit: float
    ) -> tuple[FloatArray, FloatArray]:
        """Vertices and motion of the whole mesh: skin, bands of the lids, ring."""
        band_of = self._mesh.band_of
        away = self._mesh.outward @ points - points[band_of]
        length = np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-6)
        band = points[band_of] + away / length * np.minimum(_BAND * unit, _BAND_SHARE * length)
        oval = points[list(OVAL)]
        middle = oval.mean(axis=0)
        ring = middle + self._ring[:, None] * (oval - middle)
        still = np.zeros_like(ring)
        return (
            np.concatenate([points, band, ring]).astype(np.float32),
            np.concatenate([motion, motion[band_of], still]).astype(np.float32),
        )


def _white(axes: LocalAxes, lid: FloatArray, middle: FloatArray, radius: float) -> float:
    """How far an upper lid (N, 2) stands above the top of an iris, pixels; negative below it."""
    edge, iris = axes.of(lid), axes.of(middle[None])[0]
    order = np.argsort(edge[:, 0])
    height = np.interp(iris[0], edge[order, 0], edge[order, 1])
    return float(iris[1] - radius - height)


def _blink_path(side: str, points: FloatArray, gaps: FloatArray) -> FloatArray:
    """(18,) how far the line where lids meet sinks in a blink, pixels down, at each landmark.

    Measured on blinks in footage: the lower lid does not rise to meet the upper one, as it
    does in the rig; it sinks a little, and the outer corner sinks most.
    """
    eye = EYES[side]
    half = len(eye.upper)
    opening = float(np.abs(_opening_of(points, eye)).max())
    outer = np.zeros(half, dtype=np.float32)
    outer[: len(_CORNER)] = _CORNER
    middle = np.sin(np.linspace(0, np.pi, half))
    line = _CORNER_DROP * (outer if side == "Right" else outer[::-1]) + _SINK * middle
    kept = LOWER_LID_FRACTION * np.maximum(gaps[half:], 0)
    return np.asarray(np.tile(opening * line + kept, 2), dtype=np.float32)


def _opening_of(points: FloatArray, eye: Opening) -> FloatArray:
    """(2N,) heights of an opening at its landmarks, pixels."""
    return gaps_between(
        points, list(eye.upper), list(eye.lower), LocalAxes.of_opening(points, eye).down
    )


def _head_normals(identity: FloatArray) -> FloatArray:
    """(468, 3) directions that the head faces at each landmark, as if it were an ellipsoid.

    The mesh's own normals turn with every fold of lips and lids; this asks only which way
    that side of the head lies.
    """
    oval = identity[list(OVAL)]
    centre = np.array([oval[:, 0].mean(), oval[:, 1].mean(), oval[:, 2].min()])
    away = identity - centre
    normals = away / np.abs(away).max(axis=0) ** 2
    return np.asarray(normals / np.linalg.norm(normals, axis=1, keepdims=True), dtype=np.float32)
