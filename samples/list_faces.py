"""Who is in a clip, when, and what their faces do most.

python samples/list_faces.py [CLIP]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import mien
from mien.demo import make_footage


def main(clip: Path) -> None:
    shot = mien.track(clip)
    for face in shot.faces:
        seen = np.flatnonzero(face.confidence)
        first, last = (shot.clock.timecode(int(frame)) for frame in (seen[0], seen[-1]))
        print(f"{face.name}: {len(seen)} of {len(face.confidence)} frames, {first} to {last}")
        print(f"  box in frame {seen[0]}: {[round(edge) for edge in face.box(seen[0])]}")
        controls = face.curves.controls
        moves = {name: float(np.ptp(controls[name][face.valid])) for name in controls}
        for name in sorted(moves, key=moves.__getitem__, reverse=True)[:3]:
            values = controls[name][face.valid]
            print(f"  {name}: {values.min():.2f} to {values.max():.2f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else make_footage("footage.mp4"))
