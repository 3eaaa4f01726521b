"""Draw everyday jobs on one face, before above and after below, as a sheet.

    python samples/retouch_sheet.py [PNG]

It makes a take of its own: somebody who looks away, blinks, and then raises the brows.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

import mien
from mien.demo import make_footage

FRAMES = 48
SIDE = 220
NAME = 22


def main(sheet: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shot = mien.track(make_take(Path(folder)))
        take = mien.Project(shot)
        jobs = {
            ("look at the lens", 6): mien.retouch.look_at_lens(take),
            ("blink removed", 18): mien.retouch.remove_blinks(take),
            ("blink added", 30): mien.retouch.add_blink(take, 30),
            ("neutralised", 44): mien.retouch.neutralise(take, only=["brows"]),
        }
        columns = []
        for (name, frame), project in jobs.items():
            span = mien.FrameRange(frame, frame + 1)
            (picture,) = mien.render_frames(project, frames=span)
            landmarks = shot.faces[0].landmarks[frame]
            pair = (tile(one, landmarks) for one in (shot.frame(frame), picture))
            columns.append(np.vstack([*pair, words(name)]))
    cv2.imwrite(str(sheet), cv2.cvtColor(np.hstack(columns), cv2.COLOR_RGB2BGR))
    print(f"wrote {sheet}: {len(jobs)} jobs")


def make_take(folder: Path) -> Path:
    """A clip to work on: the demo's footage with another performance."""
    footage = make_footage(folder / "footage.mp4", frames=FRAMES, size=(640, 360))
    shot = mien.track(footage)
    edit = mien.Edit(shot.faces[0]).set("gazeYaw", 16).set("gazePitch", -6)
    for frame, shut in ((14, 0.0), (17, 1.0), (19, 1.0), (24, 0.0)):
        edit = edit.key("eyeBlink", frame, shut)
    for frame, raised in ((34, 0.0), (40, 1.0)):
        edit = edit.key("browInnerUp", frame, raised).key("browOuterUp", frame, raised)
    mien.render(shot, folder / "take.mkv", edits=[edit], lossless=True)
    return folder / "take.mkv"


def tile(
    picture: npt.NDArray[np.uint8], landmarks: npt.NDArray[np.float32]
) -> npt.NDArray[np.uint8]:
    """The upper face in a square."""
    low, high = landmarks[:, :2].min(axis=0), landmarks[:, :2].max(axis=0)
    x, y = (low + high) / 2
    reach = 0.5 * float(high[0] - low[0])
    left, top = max(round(x - reach), 0), max(round(y - 1.1 * reach), 0)
    part = picture[top : top + round(1.5 * reach), left : left + round(2 * reach)]
    return np.asarray(cv2.resize(part, (SIDE, round(0.75 * SIDE)), interpolation=cv2.INTER_AREA))


def words(text: str) -> npt.NDArray[np.uint8]:
    label = np.full((NAME, SIDE, 3), 255, np.uint8)
    cv2.putText(label, text, (6, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
    return label


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("jobs.png"))
