"""Whether faces are found: against YuNet and FaceMesh, on every clip that has one.

Bounds: found in at least 98 % of the frames in which either of them finds a face; two people
in `derived_two_faces_1080p30`, three in `intel_three_people_walk_pause_fromgif`, none in
`pyfeat_no_face`; a face of 70 px in a 1920 x 1080 frame in at least 95 % of the frames.
With names of clips as FOUND_CLIPS only those are done.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import mediapipe as mp
import numpy as np

from mien.media.reader import open_reader
from mien.tracking.base import TrackResult
from mien.tracking.mediapipe.tracker import MediaPipeTracker
from tests.benchmarks.common import SHARED, MissingFootageError, clip
from tests.film import Film

track_faces = MediaPipeTracker().track
STEP = 5
YUNET_SCORE = 0.8


def main() -> None:
    """Print a row per clip."""
    folder = SHARED / "clips"
    if not folder.is_dir():
        raise MissingFootageError(f"the internal test footage is not at {SHARED}")
    every = ",".join(
        sorted(p.name for p in folder.iterdir() if p.suffix in (".mp4", ".mov", ".mkv"))
    )
    for name in os.environ.get("FOUND_CLIPS", every).split(","):
        with open_reader(clip(name)) as reader:
            result = track_faces(reader)
        needed = [frame for frame, found in _others(clip(name)) if found]
        hit = [frame for frame in needed if any(t.seen[frame] for t in result.tracks)]
        share = f"{len(hit) / len(needed):7.1%}" if needed else "no face"
        print(f"{name:44} {share} of {len(needed):3} frames; {_summary(result)}", flush=True)
    _small()


def _others(path: Path) -> Iterator[tuple[int, bool]]:
    """Every fifth frame, and whether YuNet or FaceMesh finds a face in it."""
    model = str(SHARED / "models" / "face_detection_yunet_2023mar.onnx")
    with (
        open_reader(path) as reader,
        mp.solutions.face_mesh.FaceMesh(refine_landmarks=True) as mesh,
    ):
        size = reader.facts.orientation.upright_size
        yunet = cv2.FaceDetectorYN.create(model, "", size, YUNET_SCORE)
        for frame in reader.stream():
            if frame.index % STEP == 0:
                picture = np.ascontiguousarray(frame.upright_rgb())
                boxes = yunet.detect(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1]
                yield (
                    frame.index,
                    boxes is not None or bool(mesh.process(picture).multi_face_landmarks),
                )


def _small() -> None:
    with open_reader(clip("lp_s29.mp4")) as reader:
        face = track_faces(reader).tracks[0].landmarks[:, :468, 1]
        scale = 70 / float(np.median(face.max(axis=1) - face.min(axis=1)))
        pictures = []
        for frame in reader.stream(0, 80):
            stage = np.full((1080, 1920, 3), 40, np.uint8)
            small = cv2.resize(
                frame.upright_rgb(), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA
            )
            stage[560 : 560 + small.shape[0], 1240 : 1240 + small.shape[1]] = small
            pictures.append(stage)
    result = track_faces(Film(pictures))
    share = max((float(track.seen.mean()) for track in result.tracks), default=0.0)
    print(f"{'lp_s29, face of 70 px in 1920 x 1080':44} {share:7.1%} of  80 frames (at least 95 %)")


def _summary(result: TrackResult) -> str:
    faces = "; ".join(
        f"#{track.number} in {int(track.seen.sum())} frames, confidence"
        f" {np.median(track.confidence[track.seen]):.2f} (least"
        f" {track.confidence[track.seen].min():.2f})"
        for track in result.tracks
    )
    cuts = f"; cuts at {', '.join(map(str, result.cuts))}" if result.cuts else ""
    return f"{len(result.tracks)} people{': ' if faces else ''}{faces}{cuts}"
