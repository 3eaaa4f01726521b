"""A face of a shot: its landmarks, its identity, its curves."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mien._types import BoolArray, FloatArray, IndexArray
from mien.model.chosen_neutral import ChosenNeutral
from mien.model.consent import Consent
from mien.model.corrections import LandmarkCorrection, UncorrectedFrames
from mien.model.curves import ControlCurves, Curves, HeadPose
from mien.model.landmarks import LANDMARKS, SKIN
from mien.model.occlusion import REGIONS
from mien.model.raw_landmarks import RawLandmarks
from mien.model.smoothing import USUAL_SMOOTHING, Smoothing
from mien.model.weak_spans import WEAK, WeakSpan, weak_spans
from mien.timebase import Clock

__all__ = ["WEAK", "Face", "FaceTrack"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FaceTrack:
    """One person's face as it was tracked, frame by frame, before anything is solved.

    Attributes:
        number: The person's number in the shot, from 1, by first appearance.
        landmarks: (T, 478, 3) float32, pixels of the upright picture (x right, y down; z
            away from the camera, in the same unit); NaN where the face was not seen.
        confidence: (T,) float32, 0..1 how surely the landmarks lie on a face; 0 where
            not seen.
        region_confidence: (T, 4) float32, 0..1 how surely each of `REGIONS` is seen; None where
            the tracker does not tell regions apart.
    """

    number: int
    landmarks: FloatArray
    confidence: FloatArray
    region_confidence: FloatArray | None = None

    def __repr__(self) -> str:
        seen = int(np.count_nonzero(self.seen))
        return f"FaceTrack({self.number}, seen in {seen} of {len(self.confidence)} frames)"

    @property
    def seen(self) -> BoolArray:
        """(T,) bool, the frames in which the face was seen."""
        return self.confidence > 0


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Face:
    """A tracked and solved face.

    Attributes:
        number: The person's number in the shot, from 1, by first appearance.
        name: What people call the face; `face 1` until they name it.
        clock: The shot's clock, so that edits can be typed in seconds.
        landmarks: (T, 478, 3) float32, smoothed, pixels of the upright picture (x right,
            y down; z away from the camera); NaN where the face was neither seen nor bridged.
        confidence: (T,) float32, 0..1; 0 where the face was not seen.
        identity: (468, 3) float32, this person's neutral face in canonical space.
        curves: Smoothed curves; what edits start from.
        raw: The curves as solved, before smoothing.
        raw_landmarks: The landmarks as they were tracked, before smoothing; None where they
            were not kept (projects of an older mien).
        region_confidence: (T, 4) float32, 0..1, how surely each of `REGIONS` is seen; None where
            that is not known (other packages' trackers, projects of an older mien).
        corrections: What was put right by hand of its landmarks, in order of frames; landmarks
            and curves are as it says. See `mien.correct_landmarks`.
        uncorrected_frames: What the frames that these changed were before; None where nothing was
            changed.
        neutral: What was chosen to be neutral for this person; None where it was learned. See
            `mien.set_neutral`.
        smoothing: How `curves` were made of `raw`. See `mien.smooth_faces`.
        consent: What permits edits of this person's face; None where nothing was said. See
            `mien.set_consent`.
    """

    number: int
    name: str
    clock: Clock
    landmarks: FloatArray
    confidence: FloatArray
    identity: FloatArray
    curves: Curves
    raw: Curves
    raw_landmarks: RawLandmarks | None = None
    region_confidence: FloatArray | None = None
    corrections: tuple[LandmarkCorrection, ...] = ()
    uncorrected_frames: UncorrectedFrames | None = None
    neutral: ChosenNeutral | None = None
    smoothing: Smoothing = USUAL_SMOOTHING
    consent: Consent | None = None

    def __post_init__(self) -> None:
        frames = self.clock.frame_count
        if self.landmarks.shape != (frames, LANDMARKS, 3):
            raise ValueError(
                f"landmarks are ({frames}, {LANDMARKS}, 3), not {self.landmarks.shape}"
            )
        regions = self.region_confidence
        if regions is not None and regions.shape != (frames, len(REGIONS)):
            raise ValueError(
                f"confidence by region is ({frames}, {len(REGIONS)}), not {regions.shape}"
            )

    @property
    def valid(self) -> BoolArray:
        """(T,) bool, the frames in which this face can be edited."""
        return self.curves.valid

    @property
    def weak(self) -> BoolArray:
        """(T,) bool, the frames that can be edited but were seen badly, or only bridged.

        A frame in which one region is not seen is among them; `weak_regions` tells which.
        """
        weak = (self.confidence < WEAK) | self.curves.bridged | self.weak_regions.any(axis=1)
        return np.asarray(self.valid & weak)

    @property
    def weak_regions(self) -> BoolArray:
        """(T, 4) bool, which of `REGIONS` were seen badly in frames that can be edited.

        Their landmarks are a guess there, and were bridged. Nothing where regions are not told
        apart.
        """
        if self.region_confidence is None:
            return np.zeros((len(self.confidence), len(REGIONS)), np.bool_)
        unseen = self.region_confidence < WEAK
        return np.asarray(unseen & (self.valid & (self.confidence > 0))[:, None])

    def weak_spans(self) -> tuple[WeakSpan, ...]:
        """Return where the face, or a region of it, was seen badly: what to look at, in order."""
        return weak_spans(self.valid, self.confidence, self.curves.bridged, self.weak_regions)

    def as_tracked(self) -> FaceTrack | None:
        """Return the face as it was seen, before anything was solved; None where it was not kept.

        Raises:
            ValueError: When what was kept is damaged.
        """
        if self.raw_landmarks is None:
            return None
        landmarks = self.raw_landmarks.unpack(self.confidence > 0)
        return FaceTrack(self.number, landmarks, self.confidence, self.region_confidence)

    def uncorrected(self) -> Face:
        """Return the face without what was put right by hand; itself where nothing was.

        Of this face renderers learn how it looks, so that a correction changes its own frames
        and no others.
        """
        old = self.uncorrected_frames
        if old is None:
            return replace(self, corrections=()) if self.corrections else self
        return replace(
            self,
            landmarks=_with_rows(self.landmarks, old.frames, old.landmarks),
            curves=_with_old(self.curves, old.frames, old.curves),
            raw=_with_old(self.raw, old.frames, old.raw),
            corrections=(),
            uncorrected_frames=None,
        )

    def tracked_pose(self, frame: int) -> tuple[float, FloatArray, FloatArray]:
        """Return the head's scale, rotation (3, 3) and translation (2,) without corrections."""
        pose, old = self.curves.pose, self.uncorrected_frames
        if old is not None and frame in old.frames:
            pose, frame = old.curves.pose, int(np.searchsorted(old.frames, frame))
        return float(pose.scale[frame]), pose.rotation[frame], pose.translation[frame]

    def box(self, frame: int) -> tuple[float, float, float, float]:
        """Return the bounding box (x0, y0, x1, y1) in pixels of the upright picture."""
        points = self.landmarks[frame, :SKIN, :2]
        low, high = points.min(axis=0), points.max(axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    def __repr__(self) -> str:
        seen = int(np.count_nonzero(self.confidence))
        frames = len(self.confidence)
        return f"Face({self.number}, '{self.name}', seen in {seen} of {frames} frames)"


def _with_rows(array: FloatArray, frames: IndexArray, rows: FloatArray) -> FloatArray:
    changed = array.copy()
    changed[frames] = rows
    return changed


def _with_old(curves: Curves, frames: IndexArray, old: Curves) -> Curves:
    pose = curves.pose
    return replace(
        curves,
        controls=ControlCurves(_with_rows(curves.controls.array, frames, old.controls.array)),
        flame=_with_rows(curves.flame, frames, old.flame),
        pose=HeadPose(
            _with_rows(pose.scale, frames, old.pose.scale),
            _with_rows(pose.rotation, frames, old.pose.rotation),
            _with_rows(pose.translation, frames, old.pose.translation),
        ),
    )
