"""How long a FLAME head takes to follow a face, against solving its controls: 4 times at most.

The head is a made one with as many numbers as FLAME 2020.
"""

from __future__ import annotations

import mien
from mien.face.flame import FlameHead
from mien.face.flame_fit import fit_head
from mien.face.heads import prepare
from mien.face.solve import solve_faces
from mien.model.face import FaceTrack
from tests.benchmarks.common import clip, paired
from tests.flame_heads import made_head


def main() -> None:
    """Print the ratio."""
    shot = mien.track(clip("vretalk_4.mp4"), progress=False)
    face = shot.faces[0]
    head = prepare(FlameHead.from_arrays(made_head(), "flame2020"))
    track = FaceTrack(1, face.landmarks, face.confidence)
    fit_head(head, face, cuts=shot.cuts)
    ratio = paired(
        lambda: fit_head(head, face, cuts=shot.cuts), lambda: solve_faces([track], shot.clock)
    )
    print(f"{len(face.valid)} frames, FLAME fit / solve: {ratio}")
