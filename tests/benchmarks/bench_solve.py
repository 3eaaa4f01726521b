"""How well the solver's controls follow another network's, and how fast it solves.

The Face Landmarker reads landmarks and scores from the frames; the solver is given the
landmarks only. The table holds, for each control and clip in which the score varies, the
correlation over time of the raw (unsmoothed) control with the score.
"""

from __future__ import annotations

import time
from collections import defaultdict
from fractions import Fraction

import av
import numpy as np

from mien._types import AnyArray
from mien.face.solve import solve_faces
from mien.model.controls import ARKIT
from mien.model.face import FaceTrack
from mien.timebase import Clock
from tests.benchmarks.common import clip, measure

CLIPS = (
    "clm_cap12_edit", "lp_d10", "lp_d12", "lp_d18", "lp_d3", "lp_d9",
    "lp_s18", "lp_s29", "lp_s32", "pyfeat_single_face", "vretalk_4",
)  # fmt: skip
FRAMES = 120
VARIES = 0.06
"""Standard deviation of a score over a clip from which on its course means something."""


def look(name: str, detector: object) -> tuple[AnyArray, AnyArray]:
    """Landmarks (T, 478, 3) in pixels and scores (T, 52) of a clip."""
    import mediapipe

    points, scores = [], []
    with av.open(str(clip(f"{name}.mp4"))) as container:
        stream = container.streams.video[0]
        every = max(1, stream.frames // FRAMES)
        for i, frame in enumerate(container.decode(stream)):
            if i % every:
                continue
            picture = np.ascontiguousarray(frame.to_ndarray(format="rgb24"))
            image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=picture)
            found = detector.detect(image)  # type: ignore[attr-defined]
            if not found.face_blendshapes:
                continue
            height, width = picture.shape[:2]
            points.append(
                [(p.x * width, p.y * height, p.z * width) for p in found.face_landmarks[0]]
            )
            named = {c.category_name: c.score for c in found.face_blendshapes[0]}
            scores.append([named.get(control, 0.0) for control in ARKIT])
    return np.array(points, dtype=np.float32), np.array(scores)


def main() -> None:
    """Print the table, and the solver's speed."""
    detector = measure().landmarker()
    table: dict[str, dict[str, float]] = defaultdict(dict)
    frames, taken = 0, 0.0
    for name in CLIPS:
        points, scores = look(name, detector)
        track = FaceTrack(1, points, np.ones(len(points), dtype=np.float32))
        clock = Clock(Fraction(30), len(points))
        start = time.perf_counter()
        faces = solve_faces([track], clock)
        taken += time.perf_counter() - start
        frames += len(points)
        for column, control in enumerate(ARKIT):
            found = faces[0].raw.controls[control]
            if scores[:, column].std() > VARIES and found.std() > 0:
                table[control][name] = float(np.corrcoef(found, scores[:, column])[0, 1])
    print(f"{'':22}{'mean':>6}  " + " ".join(f"{name[:7]:>7}" for name in CLIPS))
    for control in ARKIT:
        row = table[control]
        if row:
            cells = " ".join(f"{row[name]:7.2f}" if name in row else " " * 7 for name in CLIPS)
            print(f"{control:22}{np.mean(list(row.values())):6.2f}  {cells}")
    every = [value for row in table.values() for value in row.values()]
    print(f"mean of {len(every)} correlations: {np.mean(every):.3f}")
    print(f"solved {frames / taken:.0f} frames/s")


if __name__ == "__main__":
    main()
