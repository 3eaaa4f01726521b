"""What each way of smoothing keeps of blinks, and leaves of the jitter of still faces.

Kept is the depth of short blinks (2 to 6 frames beyond half of it) of a clip, as smoothed over as
solved. Jitter is that of the stillest second of clips: per control, the standard deviation of
second differences over the root of six, which is what white noise would have; the largest counts.
"""

from __future__ import annotations

import numpy as np

import mien
from mien._types import AnyArray
from mien.model.controls import CONTROLS, INDEX
from mien.model.smoothing import METHODS
from tests.benchmarks.common import clip

BLINKS = "vretalk_4.mp4"
STILL = ("lp_s18.mp4", "lp_s20.mp4", "vretalk_1.mp4")
SHORT = range(2, 7)
SHUT = 0.5
SKIN = [
    INDEX[control.name]
    for control in CONTROLS
    if control.unit == "weight" and not control.name.startswith("eyeLook")
]
LIDS = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]


def main() -> None:
    """Print a row for each method."""
    blinking = mien.track(clip(BLINKS), progress=False)
    still = [mien.track(clip(name), progress=False) for name in STILL]
    peaks = _short_blinks(_lids(mien.main_face(blinking).raw))
    print(f"  {len(peaks)} short blinks of {BLINKS}; still seconds of {', '.join(STILL)}")
    print("             depth kept    jitter")
    for method in METHODS:
        raw = _lids(mien.main_face(blinking).raw)
        lids = _lids(mien.main_face(mien.smooth_faces(blinking, method)).curves)
        kept = np.mean([lids[max(p - 2, 0) : p + 3].max() / raw[p] for p in peaks])
        jitter = max(_stillest(mien.main_face(mien.smooth_faces(one, method))) for one in still)
        print(f"  {method:10} {kept:10.2f} {jitter:10.4f}", flush=True)


def _lids(curves: mien.Curves) -> AnyArray:
    return np.asarray(curves.controls.array[:, LIDS].mean(axis=1))


def _short_blinks(lids: AnyArray) -> list[int]:
    """Frames in which lids are at their most, of the blinks that are short."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], lids > SHUT, [0]]).astype(int)))
    spans = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return [a + int(np.argmax(lids[a:b])) for a, b in spans if b - a in SHORT]


def _stillest(face: mien.Face) -> float:
    """The largest jitter of a control in the second in which the face moves least, as solved."""
    second = round(float(face.clock.rate))
    raw = face.raw.controls.array[:, SKIN]
    spread = [raw[i : i + second].std(axis=0).sum() for i in range(len(raw) - second + 1)]
    first = int(np.argmin(spread))
    values = face.curves.controls.array[first : first + second, SKIN]
    return float(np.diff(values, n=2, axis=0).std(axis=0).max() / 6**0.5)


if __name__ == "__main__":
    main()
