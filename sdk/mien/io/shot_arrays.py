"""The arrays of a shot: what a project file stores beside its JSON.

media/pts.npy                (T,) int64
media/times.npy              (T, 2) int64, numerators and denominators of seconds; only
                             when the frame rate varies
faces/N/landmarks.npy        (T, 478, 3) float32
faces/N/confidence.npy       (T,) float32
faces/N/identity.npy         (468, 3) float32
faces/N/neutral.npy          (478, 3) float32, what shows a chosen neutral face, where one is
faces/N/region_confidence.npy (T, 4) float32, where regions were told apart
faces/N/curves/*.npy         controls, flame, scale, rotation, translation, valid, bridged
faces/N/raw/*.npy            the same before smoothing
faces/N/raw/landmarks.npy    (N,) uint8, `RawLandmarks.data`, where they are kept
faces/N/uncorrected/...      frames.npy (N,) int64, and of these landmarks, curves/ and raw/ as they
                             were before landmarks were put right by hand
examples/N/...               the same of its examples that could be tracked

Of a shot that was tracked in part, the faces' arrays have the rows of these frames alone.
"""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mien._types import BoolArray, FloatArray
from mien.errors import MienError, ProjectError
from mien.io.arrays import ArrayReader
from mien.io.parts import make_made_by, make_media, make_mixes, make_occlusion, make_spans
from mien.io.schema import ExampleShotPart, FacePart, MediaPart, ShotPart
from mien.model.chosen_neutral import ChosenNeutral
from mien.model.consent import Consent
from mien.model.controls import NAMES
from mien.model.corrections import LandmarkCorrection, UncorrectedFrames
from mien.model.curves import FLAME_SIZE, ControlCurves, Curves, HeadPose
from mien.model.face import Face
from mien.model.face_spans import gathered_rows, spread_rows, stored_spans
from mien.model.landmarks import LANDMARKS, SKIN
from mien.model.media import MediaInfo
from mien.model.occlusion import REGIONS
from mien.model.raw_landmarks import RawLandmarks, most_bytes
from mien.model.shot import Example, Shot
from mien.model.smoothing import USUAL_SMOOTHING, Smoothing
from mien.timebase import Clock, FrameRange

__all__ = ["read_shot", "shot_arrays"]

_BEFORE = "uncorrected"
"""Folder of what a face was before landmarks were put right by hand."""


def shot_arrays(shot: Shot) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a shot by the names of their members."""
    media = shot.media
    arrays: dict[str, npt.NDArray[Any]] = {"media/pts.npy": np.array(media.pts, dtype="<i8")}
    if media.clock.times is not None:
        times = [(time.numerator, time.denominator) for time in media.clock.times]
        arrays["media/times.npy"] = np.array(times, dtype="<i8").reshape(-1, 2)
    for face in shot.faces:
        folder = f"faces/{face.number}"
        spans = stored_spans(shot)
        arrays[f"{folder}/landmarks.npy"] = gathered_rows(face.landmarks, spans)
        arrays[f"{folder}/confidence.npy"] = gathered_rows(face.confidence, spans)
        arrays[f"{folder}/identity.npy"] = face.identity
        if face.neutral is not None:
            arrays[f"{folder}/neutral.npy"] = face.neutral.shape
        if face.region_confidence is not None:
            regions = gathered_rows(face.region_confidence, spans)
            arrays[f"{folder}/region_confidence.npy"] = regions
        for name, curves in (("curves", face.curves), ("raw", face.raw)):
            for member, array in _curve_arrays(f"{folder}/{name}", curves).items():
                arrays[member] = gathered_rows(array, spans)
        before = face.uncorrected_frames
        if before is not None:
            arrays[f"{folder}/{_BEFORE}/frames.npy"] = before.frames.astype("<i8")
            arrays[f"{folder}/{_BEFORE}/landmarks.npy"] = before.landmarks
            arrays |= _curve_arrays(f"{folder}/{_BEFORE}/curves", before.curves)
            arrays |= _curve_arrays(f"{folder}/{_BEFORE}/raw", before.raw)
        if face.raw_landmarks is not None:
            packed = np.frombuffer(face.raw_landmarks.data, np.uint8)
            arrays[f"{folder}/raw/landmarks.npy"] = packed
    for number, example in enumerate(shot.examples, 1):
        if example.shot is not None:
            kept = shot_arrays(example.shot)
            arrays |= {f"{_example_folder(number)}{name}": kept[name] for name in kept}
    return {
        name: np.ascontiguousarray(array, dtype="<f4" if array.dtype.kind == "f" else array.dtype)
        for name, array in arrays.items()
    }


def _curve_arrays(folder: str, curves: Curves) -> dict[str, npt.NDArray[Any]]:
    return {
        f"{folder}/controls.npy": curves.controls.array,
        f"{folder}/flame.npy": curves.flame,
        f"{folder}/scale.npy": curves.pose.scale,
        f"{folder}/rotation.npy": curves.pose.rotation,
        f"{folder}/translation.npy": curves.pose.translation,
        f"{folder}/valid.npy": curves.valid,
        f"{folder}/bridged.npy": curves.bridged,
    }


def read_shot(part: ShotPart, arrays: ArrayReader, folder: Path, name: str) -> Shot:
    """A shot as it was stored; its media, and those of its examples, are not looked for.

    Args:
        part: The shot without its arrays.
        arrays: Its arrays.
        folder: Folder to which the path of its media is relative.
        name: Name of the file, for errors.

    Raises:
        ProjectError: When arrays are missing or damaged, or contradict the part.
    """
    shot = _tracked(part, arrays, folder, name)
    examples = []
    for number, example in enumerate(part.examples, 1):
        path = _place(folder, example.path)
        known = None
        if example.shot is not None:
            known = _tracked(example.shot, arrays.within(_example_folder(number)), folder, name)
            path = known.media.path
        examples.append(Example(path, known, example.problem, online=False))
    try:
        matte = part.occlusion.matte
        occlusion = make_occlusion(part.occlusion, _place(folder, matte) if matte else None)
        shot = shot.with_occlusion(occlusion)
        damaged = make_spans(part.damaged, shot, "damaged frames")
    except MienError as error:
        raise ProjectError(f"{name} is corrupt: {error}") from error
    return replace(shot, damaged=damaged).with_examples(examples)


def _example_folder(number: int) -> str:
    return f"examples/{number}/"


def _tracked(
    part: ShotPart | ExampleShotPart, arrays: ArrayReader, folder: Path, name: str
) -> Shot:
    # Before any is read: a small file could name the same one many thousands of times.
    if len({face.number for face in part.faces}) != len(part.faces):
        raise ProjectError(f"{name} is corrupt: two of its faces have the same number.")
    try:
        facts = _facts(part.media, arrays, folder)
        spans = None
        if part.tracked_spans is not None:
            spans = make_spans(part.tracked_spans, Shot(facts, ()), "tracked frames")
        rows = _Rows(facts.clock.frame_count, spans)
        faces = tuple(_face(face, facts.clock, arrays, rows) for face in part.faces)
    except ProjectError:
        raise
    except (MienError, ValueError, ZeroDivisionError) as error:
        raise ProjectError(f"{name} is corrupt: {error}") from error
    within = (0, *part.cuts, facts.clock.frame_count)
    if part.cuts and any(b <= a for a, b in itertools.pairwise(within)):
        raise ProjectError(f"{name} is corrupt: its cuts are out of order, or outside the shot.")
    made_by = make_made_by(part.made_by)
    shot = Shot(facts, faces, part.cuts, made_by, tracked_spans=spans)
    try:
        return replace(shot, mixes=make_mixes(part.mixes, shot))
    except MienError as error:
        raise ProjectError(f"{name} is corrupt: {error}") from error


def _facts(part: MediaPart, arrays: ArrayReader, folder: Path) -> MediaInfo:
    frames = part.frame_count
    pts = arrays.read("media/pts.npy", "<i8", (frames,))
    times = None
    if part.variable_rate:
        pairs = arrays.read("media/times.npy", "<i8", (frames, 2)).tolist()
        times = tuple(Fraction(top, bottom) for top, bottom in pairs)
    return make_media(part, _place(folder, part.path), tuple(pts.tolist()), times)


def _place(folder: Path, path: str) -> Path:
    # By its letters, as it was made relative: `..` of a folder that is a link leads elsewhere.
    return Path(os.path.normpath(folder / path))


class _Rows:
    """The frames whose rows are stored.

    Args:
        frames: Frames of the shot.
        spans: Those that were tracked; None for all.
    """

    def __init__(self, frames: int, spans: tuple[FrameRange, ...] | None) -> None:
        self._frames = frames
        self._spans = spans
        self.stored = frames if spans is None else sum(map(len, spans))

    def spread(self, rows: npt.NDArray[Any], fill: npt.ArrayLike = 0) -> npt.NDArray[Any]:
        """Stored rows among those of all frames."""
        return spread_rows(rows, self._spans, self._frames, fill)


def _face(part: FacePart, clock: Clock, arrays: ArrayReader, rows: _Rows) -> Face:
    frames = rows.stored
    folder = f"faces/{part.number}"
    found = arrays.group(
        folder,
        {
            "landmarks": ("<f4", (frames, LANDMARKS, 3)),
            "confidence": ("<f4", (frames,)),
            "identity": ("<f4", (SKIN, 3)),
        },
    )
    confidence = found["confidence"]
    if not ((confidence >= 0) & (confidence <= 1)).all():
        raise ValueError(f"{folder}/confidence.npy holds values that are not from 0 to 1.")
    curves = _curves(f"{folder}/curves", part.basis, arrays, rows)
    landmarks = rows.spread(found["landmarks"], np.nan)
    for name, array in (
        ("landmarks", landmarks[curves.valid]),
        ("identity", found["identity"]),
    ):
        if not np.isfinite(array).all():
            raise ValueError(f"{folder}/{name}.npy holds values that are not numbers.")
    return Face(
        part.number,
        part.name,
        clock,
        landmarks,
        rows.spread(confidence),
        found["identity"],
        curves,
        _curves(f"{folder}/raw", part.basis, arrays, rows),
        _raw_landmarks(f"{folder}/raw/landmarks.npy", part.raw_landmarks, confidence > 0, arrays),
        _region_confidence(folder, arrays, rows) if part.region_confidence else None,
        tuple(LandmarkCorrection(**one.model_dump()) for one in part.corrections),
        _uncorrected(f"{folder}/{_BEFORE}", part, clock.frame_count, arrays),
        _neutral(folder, part, arrays),
        USUAL_SMOOTHING if part.smoothing is None else Smoothing(**part.smoothing.model_dump()),
        None if part.consent is None else Consent.from_dict(part.consent.model_dump()),
    )


def _neutral(folder: str, part: FacePart, arrays: ArrayReader) -> ChosenNeutral | None:
    kept = part.neutral
    if kept is None:
        return None
    shape = arrays.read(f"{folder}/neutral.npy", "<f4", (LANDMARKS, 3))
    if not np.isfinite(shape).all():
        raise ValueError(f"{folder}/neutral.npy holds values that are not numbers.")
    return ChosenNeutral(shape, kept.frame, kept.picture, kept.frames)


def _uncorrected(
    folder: str, part: FacePart, frames: int, arrays: ArrayReader
) -> UncorrectedFrames | None:
    count = part.uncorrected_frames
    if not count:
        return None
    if count > frames:
        raise ValueError(f"{folder} holds more frames than the shot.")
    changed = arrays.read(f"{folder}/frames.npy", "<i8", (count,))
    if changed[0] < 0 or changed[-1] >= frames or (np.diff(changed) <= 0).any():
        raise ValueError(f"{folder}/frames.npy is out of order, or outside the shot.")
    landmarks = arrays.read(f"{folder}/landmarks.npy", "<f4", (count, LANDMARKS, 3))
    if not np.isfinite(landmarks).all():
        raise ValueError(f"{folder}/landmarks.npy holds values that are not numbers.")
    return UncorrectedFrames(
        changed.astype(np.intp),
        landmarks,
        _curves(f"{folder}/curves", part.basis, arrays, _Rows(count, None)),
        _curves(f"{folder}/raw", part.basis, arrays, _Rows(count, None)),
    )


def _region_confidence(folder: str, arrays: ArrayReader, rows: _Rows) -> FloatArray:
    member = f"{folder}/region_confidence.npy"
    regions = arrays.read(member, "<f4", (rows.stored, len(REGIONS)))
    if not ((regions >= 0) & (regions <= 1)).all():
        raise ValueError(f"{member} holds values that are not from 0 to 1.")
    return rows.spread(regions)


def _raw_landmarks(
    member: str, size: int, seen: BoolArray, arrays: ArrayReader
) -> RawLandmarks | None:
    """Read landmarks as they were tracked; they are unpacked when they are needed."""
    if not size:
        return None
    if size > most_bytes(seen):
        raise ValueError(f"{member} holds more than its frames can need.")
    return RawLandmarks(arrays.read(member, "|u1", (size,)).tobytes())


def _curves(folder: str, basis: str, arrays: ArrayReader, rows: _Rows) -> Curves:
    frames = rows.stored
    found = arrays.group(
        folder,
        {
            "controls": ("<f4", (frames, len(NAMES))),
            "flame": ("<f4", (frames, FLAME_SIZE)),
            "scale": ("<f4", (frames,)),
            "rotation": ("<f4", (frames, 3, 3)),
            "translation": ("<f4", (frames, 2)),
            "valid": ("|b1", (frames,)),
            "bridged": ("|b1", (frames,)),
        },
    )
    valid = found["valid"]
    for name in ("controls", "flame", "scale", "rotation", "translation"):
        if not np.isfinite(found[name][valid]).all():
            raise ValueError(f"{folder}/{name}.npy holds values that are not numbers.")
    # What face_spans.py gives frames that were not tracked, so that files stay equal.
    upright = np.eye(3, dtype=np.float32)
    pose = HeadPose(
        rows.spread(found["scale"], 1),
        rows.spread(found["rotation"], upright),
        rows.spread(found["translation"]),
    )
    controls, flame = rows.spread(found["controls"]), rows.spread(found["flame"])
    bridged = rows.spread(found["bridged"], False)
    return Curves(ControlCurves(controls), flame, basis, pose, rows.spread(valid, False), bridged)
