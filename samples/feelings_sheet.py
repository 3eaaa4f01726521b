"""Draw the 135 words for feelings on one face, each on a frame of its own, as a sheet.

    python samples/feelings_sheet.py [CLIP] [PNG]

Without a clip, it makes its own. A clip should have 136 frames that show the face; of a shorter
one the words that fit are drawn.
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

COLUMNS = 9
SIDE = 220
NAME = 22


def main(clip: Path, sheet: Path) -> None:
    shot = mien.track(clip)
    face = max(shot.faces, key=lambda face: int(face.valid.sum()))
    edit, words = mien.Edit(face), {}
    # Frame 0 stays as it is, to compare with.
    for frame, word in zip(np.flatnonzero(face.valid)[1:].tolist(), mien.FEELINGS, strict=False):
        edit = edit.set(word, 1.0, mode="replace", span=mien.FrameRange(frame, frame + 1))
        words[frame] = word
    words = {int(np.flatnonzero(face.valid)[0]): "as performed", **words}
    with tempfile.TemporaryDirectory() as folder:
        edited = Path(folder) / "edited.mkv"
        mien.render(shot, edited, edits=[edit], lossless=True)
        tiles = []
        with mien.open_reader(mien.probe(edited)) as reader:
            for frame in reader.stream(stop=max(words) + 1):
                if frame.index in words:
                    word = words[frame.index]
                    tiles.append(tile(frame.upright_rgb(), face.landmarks[frame.index], word))
    while len(tiles) % COLUMNS:
        tiles.append(np.zeros_like(tiles[0]))
    rows = [np.hstack(tiles[i : i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)]
    cv2.imwrite(str(sheet), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))
    print(f"wrote {sheet}: {len(words) - 1} of {len(mien.FEELINGS)} words")


def tile(
    picture: npt.NDArray[np.uint8], landmarks: npt.NDArray[np.float32], word: str
) -> npt.NDArray[np.uint8]:
    """The face in a square, with the word below."""
    middle = (landmarks[:, :2].min(axis=0) + landmarks[:, :2].max(axis=0)) / 2
    reach = 0.62 * float(np.ptp(landmarks[:, 1]))
    x, y, r = round(middle[0]), round(middle[1]), round(reach)
    padded = cv2.copyMakeBorder(picture, r, r, r, r, cv2.BORDER_REPLICATE)
    face = cv2.resize(
        padded[y : y + 2 * r, x : x + 2 * r], (SIDE, SIDE), interpolation=cv2.INTER_AREA
    )
    label = np.full((NAME, SIDE, 3), 32, dtype=np.uint8)
    cv2.putText(
        label, word, (6, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (230, 230, 230), 1, cv2.LINE_AA
    )
    return np.vstack([face, label])


if __name__ == "__main__":
    arguments = [Path(argument) for argument in sys.argv[1:]]
    clip = arguments[0] if arguments else make_footage("footage.mp4", frames=136)
    main(clip, arguments[1] if len(arguments) > 1 else Path("feelings.png"))
