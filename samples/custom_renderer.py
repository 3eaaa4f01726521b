"""A renderer of your own: this one blushes when the face smiles.

    python samples/custom_renderer.py [CLIP] [OUTPUT]

A renderer is asked for one face in one frame at a time and answers with a patch of new
pixels and a mask. mien puts only the difference into the plate, in the plate's own pixel
format, and writes the movie.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

import mien
from mien.demo import make_footage
from mien.media.orient import to_coded
from mien.rendering.base import Box, Patch, PlateSource, Renderer, RenderRequest, RenderSession

CHEEKS = (50, 280)  # MediaPipe's landmarks in the middle of the right and the left cheek
BLUSH = np.array([0.10, -0.05, -0.03], dtype=np.float32)  # added to R'G'B', 0..1


class BlushRenderer(Renderer):
    """Reddens the cheeks by as much smile as was asked for."""

    name = "blush"
    pixels = 1  # raise it when the same edit gives other pixels

    def open(self, shot: mien.Shot, source: PlateSource) -> BlushSession:
        return BlushSession(shot)


class BlushSession(RenderSession):
    def __init__(self, shot: mien.Shot) -> None:
        self.orientation = shot.media.orientation

    def render(self, request: RenderRequest) -> Patch | None:
        plate = request.plate
        face = to_coded(self.orientation, request.face.landmarks[request.frame, :468, :2])
        low, high = np.floor(face.min(axis=0)), np.ceil(face.max(axis=0))
        box = Box(int(low[0]), int(low[1]), int(high[0]), int(high[1]))
        box = box.clip(plate.width, plate.height)
        if not box.width or not box.height:
            return None
        mask = np.zeros((box.height, box.width), dtype=np.float32)
        radius = (box.width + box.height) / 18
        for x, y in face[list(CHEEKS)] - (box.x0, box.y0):
            cv2.circle(mask, (round(float(x)), round(float(y))), round(radius), 1.0, -1)
        mask = cv2.GaussianBlur(mask, (0, 0), radius / 2)
        mask[[0, -1]] = 0
        mask[:, [0, -1]] = 0
        smile = request.delta.max()
        return Patch(box, plate.rgb(box) + BLUSH * smile, mask)


def main(clip: Path, output: Path) -> None:
    mien.register_renderer(BlushRenderer())
    shot = mien.track(clip)
    edit = mien.Edit(shot.faces[0])
    for time, value in (("0s", 0), ("0.5s", 1), ("1.0s", 0)):
        edit = edit.key("mouthSmile", time, value)
    report = mien.render(shot, output, edits=[edit], renderer="blush", overwrite=True)
    print(f"{report.frames_edited} of {report.frames} frames blush in {output}")


if __name__ == "__main__":
    arguments = [Path(argument) for argument in sys.argv[1:]]
    clip = arguments[0] if arguments else make_footage("footage.mp4")
    main(clip, arguments[1] if len(arguments) > 1 else Path("blush.mp4"))
