"""Repairs of tracking, as values: faces that are one person, one that is two; edits go along.

What an edit asks of a frame stays the same through every repair: where two faces become one, what
was asked of either is asked where that one was seen. (A fade during which the other one appears
ends there, and one that has no room for it is shorter.)
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from mien._types import BoolArray
from mien.model.consent import Consent
from mien.model.edits import ControlTrack, Layer
from mien.model.face import Face, FaceTrack
from mien.model.frame_runs import frame_runs
from mien.model.occlusion import Occlusion
from mien.timebase import FrameRange

__all__ = [
    "common_consent",
    "joined_layers",
    "merged_occlusion",
    "merged_track",
    "seen_together",
    "split_occlusion",
    "split_track",
]


def seen_together(faces: Sequence[Face]) -> tuple[Face, Face, BoolArray] | None:
    """Return two of some faces that are seen in the same frames, and (T,) which; None for none."""
    for index, face in enumerate(faces):
        for other in faces[:index]:
            both = (face.confidence > 0) & (other.confidence > 0)
            if both.any():
                return other, face, np.asarray(both)
    return None


def common_consent(faces: Sequence[Face]) -> Consent | None:
    """Return the consent of one person of whom pieces were tracked as several.

    It is of the person, so one piece's is all of theirs; where two pieces have different ones
    nobody knows which holds, and it is none.

    Args:
        faces: The pieces.
    """
    given = [face.consent for face in faces if face.consent is not None]
    return given[0] if given and all(one == given[0] for one in given) else None


def merged_track(tracks: Sequence[FaceTrack]) -> FaceTrack:
    """Return the track of one person of whom pieces were tracked as several.

    Args:
        tracks: The pieces, no two of them seen in one frame; the first gives its number.
    """
    first = tracks[0]
    landmarks, confidence = first.landmarks.copy(), first.confidence.copy()
    regions = first.region_confidence
    # Where one piece does not tell regions apart, the whole cannot.
    told = [track.region_confidence for track in tracks]
    regions = None if any(one is None for one in told) or regions is None else regions.copy()
    for track in tracks[1:]:
        seen = track.seen
        landmarks[seen] = track.landmarks[seen]
        confidence[seen] = track.confidence[seen]
        if regions is not None and track.region_confidence is not None:
            regions[seen] = track.region_confidence[seen]
    return FaceTrack(first.number, landmarks, confidence, regions)


def split_track(track: FaceTrack, frames: FrameRange, number: int) -> tuple[FaceTrack, FaceTrack]:
    """Return one track as two: without some frames, and those frames alone under another number.

    Args:
        track: The track.
        frames: The frames that are of somebody else.
        number: That face's number.
    """
    inside = np.zeros(len(track.confidence), dtype=bool)
    inside[frames.start : frames.stop] = True
    return _only(track, ~inside, track.number), _only(track, inside, number)


def _only(track: FaceTrack, kept: BoolArray, number: int) -> FaceTrack:
    landmarks = np.where(kept[:, None, None], track.landmarks, np.nan).astype(np.float32)
    confidence = np.where(kept, track.confidence, 0).astype(np.float32)
    regions = track.region_confidence
    if regions is not None:
        regions = np.where(kept[:, None], regions, 0).astype(np.float32)
    return FaceTrack(number, landmarks, confidence, regions)


def joined_layers(edits: Sequence[tuple[Face, Sequence[Layer]]]) -> tuple[Layer, ...]:
    """Return the layers of one face that takes the place of several.

    Every track goes on where its own face can be edited, and nowhere else; what several faces
    are asked alike is asked of them together. A layer whose name another has already is named
    after its face, too.

    Args:
        edits: Every face with its layers, in order.
    """
    shared: list[tuple[Layer, list[Face]]] = []
    for face, layers in edits:
        for layer in layers:
            alike = next((faces for other, faces in shared if other == layer), None)
            if alike is not None and face not in alike:
                alike.append(face)
            else:
                shared.append((layer, [face]))
    joined: list[Layer] = []
    for layer, faces in shared:
        others = [face for face, _ in edits if face not in faces]
        here, elsewhere = _any_valid(faces), _any_valid(others or faces) & bool(others)
        tracks = tuple(part for track in layer.tracks for part in _kept(track, here, elsewhere))
        name = _free_name(layer.name, faces[0], {one.name for one in joined})
        joined.append(replace(layer, name=name, tracks=tracks))
    return tuple(joined)


def _any_valid(faces: Sequence[Face]) -> BoolArray:
    return np.asarray(np.any([face.valid for face in faces], axis=0))


def _kept(track: ControlTrack, valid: BoolArray, elsewhere: BoolArray) -> list[ControlTrack]:
    """A track in the frames of its own face, apart from those of the others."""
    whole = track.span or FrameRange(0, len(valid))
    if not elsewhere[whole.start : whole.stop].any():
        return [track]
    free = np.zeros_like(valid)
    free[whole.start : whole.stop] = ~elsewhere[whole.start : whole.stop]
    runs = [run for run in frame_runs(free) if valid[run.start : run.stop].any()]
    return [part for run in runs for part in _part(track, run, whole)]


def _part(track: ControlTrack, run: FrameRange, whole: FrameRange) -> list[ControlTrack]:
    """A track in some of its frames: eased in and out where it was, and nowhere else."""
    fade = 0 if track.span is None else track.fade
    if not fade or len(run) < 2 or (run.start > whole.start and run.stop < whole.stop):
        return [replace(track, span=run, fade=0)]
    # Tracks that touch act as one, with the fades of the first and of the last.
    if run.start == whole.start:
        border, fades = run.stop - 1, (fade, 0)
    else:
        border, fades = run.start + 1, (0, fade)
    spans = FrameRange(run.start, border), FrameRange(border, run.stop)
    return [replace(track, span=s, fade=f) for s, f in zip(spans, fades, strict=True)]


def _free_name(name: str, face: Face, taken: Collection[str]) -> str:
    if name not in taken:
        return name
    wanted = f"{name} ({face.name})"
    number = 2
    while wanted in taken:
        wanted = f"{name} ({face.name}, {number})"
        number += 1
    return wanted


def merged_occlusion(occlusion: Occlusion, gone: Collection[int], kept: int) -> Occlusion:
    """Return what is said of things in front, where some faces are another one now."""
    glasses = dict(occlusion.glasses)
    for number in sorted(gone):
        choice = glasses.pop(number, None)
        if choice is not None:
            glasses.setdefault(kept, choice)
    strokes = tuple(
        replace(stroke, face=kept) if stroke.face in gone else stroke
        for stroke in occlusion.strokes
    )
    return replace(occlusion, glasses=glasses, strokes=strokes)


def split_occlusion(occlusion: Occlusion, face: int, frames: FrameRange, number: int) -> Occlusion:
    """Return what is said of things in front, where a face is another one in some frames.

    A stroke is for the one in whose frame it was painted.

    Args:
        occlusion: What is said now.
        face: Number of the face.
        frames: The frames that are of somebody else.
        number: That face's number.
    """
    glasses = dict(occlusion.glasses)
    if face in glasses:
        glasses[number] = glasses[face]
    strokes = tuple(
        replace(stroke, face=number) if stroke.face == face and stroke.frame in frames else stroke
        for stroke in occlusion.strokes
    )
    return replace(occlusion, glasses=glasses, strokes=strokes)
