"""From tracked landmarks to pose, identity, controls, gaze and FLAME coefficients.

Every frame is aligned to the person's face (similarity), its departure from the neutral
face is explained by the rig's controls (least squares between 0 and 1, weighed by what the
rig is known to leave unexplained), and the alignment is repeated with the expression that
was found. Who the person is comes first, from frames all over the shot: the neutral face
is the mean face and the ways in which people are known to differ.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mien._types import BoolArray, FloatArray
from mien.blas import one_blas_thread
from mien.face.flame_coefficients import controls_to_flame
from mien.face.gaze import GAZE_COLUMNS, degrees_to_looks
from mien.face.hidden import bridge_hidden, bridge_hidden_curves, shown_frames
from mien.face.iris import EyeGeometry
from mien.face.least_squares import bounded_least_squares
from mien.face.neutral import chosen_identity
from mien.face.pose import Alignment, align, angles
from mien.face.rig import Rig, load_rig
from mien.face.smoothing import HeadMotion, Smoother, coarseness
from mien.face.turned import TurnedEvidence, own_mean, own_mean_precision, turn_of, worth_of
from mien.model.chosen_neutral import ChosenNeutral
from mien.model.controls import ARKIT, HEAD, INDEX, NAMES
from mien.model.curves import ControlCurves, Curves, HeadPose
from mien.model.face import Face, FaceTrack
from mien.model.landmarks import SKIN
from mien.model.raw_landmarks import RawLandmarks
from mien.progress import Progress, silent
from mien.signal.gaps import bridge, segments
from mien.signal.smooth import smooth
from mien.timebase import Clock

__all__ = ["solve_as", "solve_face", "solve_faces", "solve_landmarks"]

MAX_GAP_SECONDS = 0.27
"""Seconds that are bridged in which the face was not seen."""
BATCH_FRAMES = 256
"""Frames solved together."""
POSE_ROUNDS = 2
"""Alternations between pose and expression in a frame."""
IDENTITY_FRAMES = 128
"""Frames looked at to learn who the person is."""
IDENTITY_ROUNDS = 4
SHARED_ERROR = 0.03
"""Canonical units by which the mean over a shot of what the rig leaves may be off."""
CONTROL_STEP = 0.25
"""Change of a control from frame to frame that is nothing unusual."""
TEMPORAL_ROUNDS = 3
LANDMARK_NOISE = 0.03
"""Canonical units, in the head's own space."""
MIN_ACTIVITY = 0.05
"""A control's activity is taken as no less, so that rare ones can still be found."""

_LOOK_CONTROLS = [INDEX[name] for name in ARKIT if name.startswith("eyeLook")]
_SKIN_CONTROLS = [
    INDEX[name] for name in ARKIT if not name.startswith("eyeLook") and name != "tongueOut"
]
"""Controls that the skin tells; looks come from the irises, the tongue is not seen."""
_HEAD_CONTROLS = [INDEX[name] for name in HEAD]
_CAMERA = np.array([1, -1, -1], dtype=np.float32)
"""From pixels (y down, z away) to camera axes (y up, z towards the camera)."""


def solve_faces(
    tracks: Sequence[FaceTrack],
    clock: Clock,
    cuts: Sequence[int] = (),
    progress: Progress = silent,
) -> tuple[Face, ...]:
    """Solve every tracked face of a shot.

    Args:
        tracks: The faces, as they were seen.
        clock: The shot's clock.
        cuts: First frames of new shots; nothing is bridged or smoothed across one.
        progress: Called about the stage `solve` with the frames done, over all faces.

    Returns:
        The faces, in the order of the tracks.
    """
    total = len(tracks) * clock.frame_count
    faces = []
    for index, track in enumerate(tracks):

        def report(stage: str, done: int, _: int, before: int = index * clock.frame_count) -> None:
            progress(stage, before + done, total)

        faces.append(solve_face(track, clock, cuts, report))
    return tuple(faces)


@one_blas_thread()
def solve_face(
    track: FaceTrack,
    clock: Clock,
    cuts: Sequence[int] = (),
    progress: Progress = silent,
    *,
    reuse: bool = False,
    identity: FloatArray | None = None,
    neutral: ChosenNeutral | None = None,
) -> Face:
    """Solve one tracked face: who it is, its pose and its curves, raw and smoothed.

    Args:
        track: The face, as it was seen.
        clock: The shot's clock.
        cuts: First frames of new shots; nothing is bridged or smoothed across one.
        progress: Called about the stage `solve` with the frames done.
        reuse: Whether the face's landmarks may take the memory of the track's, which is then of
            no more use: of a long shot, a second copy is what takes the most.
        identity: (468, 3) the person's neutral face where it is known; it is not learned then.
        neutral: What shows the person's neutral face, where somebody chose it.
    """
    rig, rate, total = load_rig(), float(clock.rate), clock.frame_count

    def report(done: int) -> None:
        progress("solve", done, total)

    seen = np.asarray(track.seen)
    raw_landmarks = RawLandmarks.pack(track.landmarks, seen)
    landmarks = track.landmarks if reuse else np.array(track.landmarks, dtype=np.float32)
    bridge_hidden(landmarks, seen, track.region_confidence, cuts)
    bridged = bridge(landmarks, seen, max(1, round(MAX_GAP_SECONDS * rate)), cuts)
    valid = seen | bridged
    if identity is None:
        identity = _identity(rig, landmarks, shown_frames(seen, track.region_confidence))
        if neutral is not None:
            identity = chosen_identity(identity, neutral.shape)
    solver = _Solver(rig, identity)
    raw = solver.solve(landmarks, valid, cuts, report)
    bridge_hidden_curves(raw.controls, raw.rotation, (valid, seen), track.region_confidence, cuts)
    smoother = Smoother(valid, rate, cuts, coarseness(raw.scale, valid))
    steady = _smoothed(raw, smoother)
    _smooth_landmarks(landmarks, raw, steady, smoother)
    report(total)
    return Face(
        number=track.number,
        name=f"face {track.number}",
        clock=clock,
        landmarks=landmarks,
        confidence=np.where(seen, track.confidence, 0).astype(np.float32),
        identity=solver.personal.identity,
        curves=_curves(steady, valid, bridged),
        raw=_curves(raw, valid, bridged),
        raw_landmarks=raw_landmarks,
        region_confidence=_of_seen(track.region_confidence, seen),
        neutral=neutral,
    )


def _of_seen(regions: FloatArray | None, seen: BoolArray) -> FloatArray | None:
    if regions is None:
        return None
    return np.where(seen[:, None], regions, 0).astype(np.float32)


@one_blas_thread()
def solve_as(face: Face, identity: FloatArray, cuts: Sequence[int] = ()) -> Face:
    """Solve a face again whose neutral shape is known from elsewhere, as from a longer shot.

    What a few frames show of a smile or an open jaw is hardly told from the shape of the face.

    Args:
        face: The face; its landmarks are smoothed already.
        identity: (468, 3) the person's neutral face.
        cuts: First frames of new shots.
    """
    solver = _Solver(load_rig(), identity)
    solution = solver.solve(face.landmarks, face.valid, cuts, lambda done: None)
    curves = _curves(solution, face.valid, face.curves.bridged)
    return dataclasses.replace(face, identity=identity, curves=curves, raw=curves)


@one_blas_thread()
def solve_landmarks(
    landmarks: FloatArray, frames: BoolArray, identity: FloatArray, cuts: Sequence[int] = ()
) -> Curves:
    """Solve some frames of a known person's landmarks as they are, without smoothing.

    Args:
        landmarks: (T, 478, 3) pixels of the upright picture.
        frames: (T,) the frames to solve; in others the curves are neutral, and not valid.
        identity: (468, 3) the person's neutral face.
        cuts: First frames of new shots.
    """
    # What a hand has put somewhere is meant, however the head is turned.
    solver = _Solver(load_rig(), identity, trusting=True)
    solution = solver.solve(landmarks, frames, cuts, lambda done: None)
    return _curves(solution, frames, np.zeros_like(frames))


def _smooth_landmarks(
    landmarks: FloatArray, raw: _Solution, steady: _Solution, smoother: Smoother
) -> None:
    """Smooth landmarks in place: in the head's own space, where they hardly move."""
    valid, most = smoother.valid, smoother.coarse * LANDMARK_NOISE
    for frames in _batches(np.flatnonzero(valid)):
        landmarks[frames] = raw.alignment(frames).undo(landmarks[frames] * _CAMERA)
    smooth(landmarks, valid, rate=smoother.rate, cuts=smoother.cuts, most=most, out=landmarks)
    for frames in _batches(np.flatnonzero(valid)):
        landmarks[frames] = steady.alignment(frames).apply(landmarks[frames]) * _CAMERA
    landmarks[~valid] = np.nan


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class _Solution:
    """What a face does; rows of invalid frames are neutral."""

    controls: FloatArray
    rotation: FloatArray
    scale: FloatArray
    translation: FloatArray
    iris_visibility: FloatArray
    misfit: FloatArray

    @classmethod
    def neutral(cls, frames: int) -> _Solution:
        return cls(
            np.zeros((frames, len(NAMES)), dtype=np.float32),
            np.tile(np.eye(3, dtype=np.float32), (frames, 1, 1)),
            np.ones(frames, dtype=np.float32),
            np.zeros((frames, 3), dtype=np.float32),
            np.zeros((frames, 2), dtype=np.float32),
            np.zeros(frames, dtype=np.float32),
        )

    def alignment(self, frames: npt.NDArray[np.intp]) -> Alignment:
        return Alignment(self.scale[frames], self.rotation[frames], self.translation[frames])


class _Solver:
    """Explains frames by the pose and the controls of one person's face.

    Args:
        rig: The rig.
        identity: (468, 3) the person's neutral face.
        trusting: Whether landmarks are taken as they are even where the head is turned.
    """

    def __init__(self, rig: Rig, identity: FloatArray, *, trusting: bool = False) -> None:
        self.personal = rig.personal(identity)
        self._weights = rig.stiffness
        self._eyes = EyeGeometry(rig, identity)
        fields = self.personal.seen_fields
        self._looks = fields[_LOOK_CONTROLS].reshape(len(_LOOK_CONTROLS), -1)
        self._fields = fields[_SKIN_CONTROLS].reshape(len(_SKIN_CONTROLS), -1)
        self._gain = rig.noise.solve(self._fields.T.astype(np.float64)).astype(np.float32)
        rare = 1 / np.maximum(rig.activity[_SKIN_CONTROLS], MIN_ACTIVITY) ** 2
        self._normal = (self._fields @ self._gain + np.diag(rare)).astype(np.float32)
        self._upper = np.ones(len(_SKIN_CONTROLS), dtype=np.float32)
        self._turned = TurnedEvidence(self._fields, _SKIN_CONTROLS, rare)
        self._trusting = trusting

    def solve(
        self,
        landmarks: FloatArray,
        valid: BoolArray,
        cuts: Sequence[int],
        report: Callable[[int], None],
    ) -> _Solution:
        solution = _Solution.neutral(len(landmarks))
        evidence = np.zeros((len(landmarks), len(_SKIN_CONTROLS)), dtype=np.float32)
        for frames in _batches(np.flatnonzero(valid)):
            evidence[frames] = self._batch(landmarks[frames] * _CAMERA, frames, solution)
            report(int(frames[-1]) + 1)
        turn, worth = self._turn(solution.rotation), np.ones(len(landmarks), np.float32)
        if turn[valid].any():
            worth[valid] = worth_of(solution.misfit[valid], turn[valid])
            usual = own_mean(solution.controls[valid][:, _SKIN_CONTROLS], turn[valid])
            evidence *= worth[:, None]
            evidence += own_mean_precision(turn)[:, None] * usual
        for stretch in segments(valid, cuts):
            _interpolate_hidden_gaze(solution.controls[stretch], solution.iris_visibility[stretch])
            solution.controls[stretch, _SKIN_CONTROLS] = self._in_time(
                evidence[stretch],
                solution.controls[stretch][:, _SKIN_CONTROLS],
                (turn[stretch], worth[stretch]),
            )
        return solution

    def _turn(self, rotation: FloatArray) -> FloatArray:
        return np.zeros((len(rotation), 2), np.float32) if self._trusting else turn_of(rotation)

    def _batch(
        self, points: FloatArray, frames: npt.NDArray[np.intp], solution: _Solution
    ) -> FloatArray:
        """Solve some frames into `solution`, and return what the skin says of the controls."""
        identity = self.personal.identity
        shape: FloatArray = identity
        controls = np.zeros((len(frames), len(NAMES)), dtype=np.float32)
        for _ in range(POSE_ROUNDS):
            pose = align(shape, points[:, :SKIN], self._weights)
            canonical = pose.undo(points)
            gaze, visibility = self._eyes.gaze(canonical)
            # Behind shut lids the iris is a guess: it must not pull on the lids.
            degrees_to_looks(gaze * np.tile(visibility, 2), controls)
            away = (canonical[:, :SKIN] - identity).reshape(len(frames), -1)
            looks = controls[:, _LOOK_CONTROLS] @ self._looks
            right, skin = self._read(away - looks, pose.rotation, controls[:, _SKIN_CONTROLS])
            controls[:, _SKIN_CONTROLS] = skin
            moved = looks + controls[:, _SKIN_CONTROLS] @ self._fields
            shape = identity + moved.reshape(len(frames), SKIN, 3)
        rest = away - moved
        solution.misfit[frames] = np.sqrt((rest * rest).mean(axis=1))
        degrees_to_looks(gaze, controls)
        solution.iris_visibility[frames] = visibility
        controls[:, _HEAD_CONTROLS] = angles(pose.rotation)
        solution.controls[frames] = controls
        solution.rotation[frames] = pose.rotation
        solution.scale[frames] = pose.scale
        solution.translation[frames] = pose.translation
        return right

    def _read(
        self, away: FloatArray, rotation: FloatArray, start: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """What the skin says of the controls, and which they are by it; (N, K) both."""
        turn = self._turn(rotation)
        right = away @ self._gain
        turned = np.flatnonzero(turn.any(axis=1))
        if not len(turned):
            return right, bounded_least_squares(self._normal, right, self._upper, start)
        found, front = start.copy(), np.flatnonzero(~turn.any(axis=1))
        right[turned], normals = self._turned.read(away[turned], turn[turned])
        for some, normal in ((front, self._normal), (turned, normals)):
            found[some] = bounded_least_squares(normal, right[some], self._upper, start[some])
        return right, found

    def _in_time(
        self, evidence: FloatArray, controls: FloatArray, turned_by: tuple[FloatArray, FloatArray]
    ) -> FloatArray:
        """Settle what a frame's skin leaves open by the frames on either side."""
        if len(evidence) < 2:
            return controls
        tie = np.float32(1 / CONTROL_STEP**2)
        held = 2 * tie * np.eye(len(_SKIN_CONTROLS), dtype=np.float32)
        turn, worth = turned_by
        front, turned = (np.flatnonzero(some) for some in (~turn.any(axis=1), turn.any(axis=1)))
        for _ in range(TEMPORAL_ROUNDS):
            padded = np.concatenate([controls[:1], controls, controls[-1:]])
            right, start = evidence + tie * (padded[:-2] + padded[2:]), controls
            controls = np.empty_like(start)
            controls[front] = bounded_least_squares(
                self._normal + held, right[front], self._upper, start[front]
            )
            for some in _batches(turned):
                controls[some] = bounded_least_squares(
                    self._turned.normals(turn[some], worth[some]) + held,
                    right[some], self._upper, start[some],
                )  # fmt: skip
        return controls


def _interpolate_hidden_gaze(controls: FloatArray, iris_visibility: FloatArray) -> None:
    """Interpolate the gaze of eyes behind shut lids between where they were seen."""
    frames = np.arange(len(controls))
    gaze = controls[:, list(GAZE_COLUMNS)]
    for column in range(gaze.shape[1]):
        seen = iris_visibility[:, column % 2] >= 1
        if seen.any():
            gaze[:, column] = np.interp(frames, frames[seen], gaze[seen, column])
    degrees_to_looks(gaze, controls)


def _batches(frames: npt.NDArray[np.intp]) -> Iterator[npt.NDArray[np.intp]]:
    for first in range(0, len(frames), BATCH_FRAMES):
        yield frames[first : first + BATCH_FRAMES]


def _identity(rig: Rig, landmarks: FloatArray, seen: npt.NDArray[np.intp]) -> FloatArray:
    """Return the person's neutral face, (468, 3), from frames all over the shot.

    The mean over the shot is explained by what people differ in and by the controls that
    were active throughout; a control that the person never lets go of is thus told from
    the shape of the face as far as people's differences allow.
    """
    if not len(seen):
        return rig.mean
    picked = seen[np.linspace(0, len(seen) - 1, min(len(seen), IDENTITY_FRAMES)).astype(int)]
    points = landmarks[picked, :SKIN] * _CAMERA
    identity = rig.mean
    people = rig.people + type(rig.people)(
        np.full_like(rig.people.scale, SHARED_ERROR), np.zeros((0, rig.people.scale.size))
    )
    shape: FloatArray = rig.mean
    for _ in range(IDENTITY_ROUNDS):
        canonical = align(shape, points, rig.stiffness).undo(points)
        middle = np.median(canonical, axis=0)
        away = (middle - rig.mean).reshape(-1, 1).astype(np.float64)
        fields = rig.fields[_SKIN_CONTROLS].reshape(len(_SKIN_CONTROLS), -1).T.astype(np.float64)
        gain = people.solve(fields)
        normal = fields.T @ gain + np.diag(
            1 / np.maximum(rig.activity[_SKIN_CONTROLS], MIN_ACTIVITY) ** 2
        )
        held = bounded_least_squares(
            normal.astype(np.float32),
            (away.T @ gain).astype(np.float32),
            np.ones(len(_SKIN_CONTROLS), dtype=np.float32),
        )
        rest = away - fields @ held.T
        own = rig.people.times(people.solve(rest))
        identity = (rig.mean + own.reshape(SKIN, 3)).astype(np.float32)
        shape = middle
    return identity


def _smoothed(raw: _Solution, smoother: Smoother) -> _Solution:
    steady = smoother.smoothed(HeadMotion(raw.controls, raw.rotation, raw.scale, raw.translation))
    return _Solution(
        steady.controls,
        steady.rotation,
        steady.scale,
        steady.translation,
        raw.iris_visibility,
        raw.misfit,
    )


def _curves(solution: _Solution, valid: BoolArray, bridged: BoolArray) -> Curves:
    return Curves(
        controls=ControlCurves(solution.controls),
        flame=controls_to_flame(solution.controls),
        basis="mien-rig",
        pose=HeadPose(solution.scale, solution.rotation, solution.translation[:, :2] * _CAMERA[:2]),
        valid=valid,
        bridged=bridged,
    )
