"""How like people's open mouths the made-up inside is: how bright, from lip to lip.

Frames of clips in which a mouth stands open are looked at, three at most of each face. The model is
painted between the very lips, in the light of the very face, and both are followed down the middle
of the mouth, and from the corners to the middle; brightness is given as a part of the skin's. Open
wide are mouths of which the tongue is seen, and not the teeth alone.

    python -m tests.benchmarks inside [CLIP ...] [--sheet FILE.png]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

import mien
from mien._types import AnyArray, FloatArray
from mien.media.planes import Box
from mien.media.reader import open_reader
from mien.model.face import Face
from mien.rendering.appearance.teeth import TEETH_CM
from mien.rendering.geometry.crop import PlateCrop
from mien.rendering.geometry.motion import FaceDeformer
from mien.rendering.geometry.mouth import Cavity, FaceLight
from mien.rendering.geometry.tone import luma
from mien.rendering.painting.mouth.colours import FaceColours
from mien.rendering.painting.mouth.model import paint_mouth
from tests.benchmarks.common import clip

CLIPS = ("lp_d3", "lp_d6", "lp_d9", "lp_d10", "lp_d12", "lp_d13", "lp_d18", "lp_s29", "lp_s32",
         "pyfeat_single_face", "vretalk_1", "vretalk_4")  # fmt: skip
OPEN_CM, WIDE_CM = 0.8, 2.4
"""Height of an opening that is looked at, and from which it is wide."""
TURNED = 25.0
"""Degrees to the side from which a mouth is not looked at."""
LEAST_PX_PER_CM = 9.0
APART, MOST = 12, 3
"""Frames between two of a face, and how many are looked at."""
STEPS = 12
HALF_CM = 0.5
"""Half the width of the strip down the middle."""


class Look(NamedTuple):
    """One mouth as it is filmed and as it is made up.

    Attributes:
        gap: Height of its opening, cm.
        down: (2, STEPS) brightness from the upper lip to the lower one: filmed, made up.
        inwards: (2, STEPS) the same from the corners to the middle.
        picture: (h, w, 3) both, side by side.
    """

    gap: float
    down: FloatArray
    inwards: FloatArray
    picture: FloatArray


def main(arguments: Sequence[str] = ()) -> None:
    """Print brightness as filmed and as made up, a mean over people."""
    parser = argparse.ArgumentParser(prog="bench_inside")
    parser.add_argument("clips", nargs="*", default=CLIPS)
    parser.add_argument("--sheet", type=Path, help="where both are drawn beside each other")
    asked = parser.parse_args(arguments)
    people = {name: found for name in asked.clips if (found := list(looks(name)))}
    whole = [look for found in people.values() for look in found]
    for title, mouths in (
        ("all", people),
        ("open wide", {n: [k for k in found if k.gap > WIDE_CM] for n, found in people.items()}),
    ):
        kept = [found for found in mouths.values() if found]
        if not kept:
            continue
        print(f"  {title}: {sum(map(len, kept))} mouths of {len(kept)} people")
        for which, name in (("down", "lip to lip"), ("inwards", "corner to middle")):
            means = [np.mean([getattr(look, which) for look in found], axis=0) for found in kept]
            for row, made in zip(np.mean(means, axis=0), ("filmed", "made up"), strict=True):
                print(f"    {name:17} {made:8}" + " ".join(f"{value:.2f}" for value in row))
    # The brightest of what is filmed in the upper half are front teeth, where any are seen.
    teeth = sorted(max(look.down[0, : STEPS // 2].max() for look in k) for k in people.values())
    print("  brightest, person by person: " + " ".join(f"{value:.2f}" for value in teeth))
    if asked.sheet is not None and whole:
        _write_sheet(asked.sheet, [look.picture for look in whole])


def looks(name: str) -> Iterator[Look]:
    """The mouths of a clip that stand open."""
    shot = mien.track(clip(f"{name}.mp4"), progress=False)
    with open_reader(shot.media) as reader:
        for face in shot.faces:
            deformer = FaceDeformer(face, shot.media.orientation)
            for frame in _open_frames(face):
                controls = face.curves.controls.array[frame]
                motion = deformer.motion_at(frame, controls, controls)
                plate = reader.frame(frame).plate()
                crop = PlateCrop.of(plate, Box(0, 0, plate.width, plate.height))
                light = FaceLight.of(crop, motion)
                colours = FaceColours.of(light.skin, light.lip, None, light.sideways)
                cavity = Cavity.in_plate(motion, TEETH_CM)
                yield _look(crop, cavity, colours, float(luma(light.skin)))


def _open_frames(face: Face) -> list[int]:
    """Up to `MOST` frames in which a mouth stands open most, and faces us."""
    pose, chosen = face.curves.pose, list[int]()
    gaps = np.linalg.norm(face.landmarks[:, 13, :2] - face.landmarks[:, 14, :2], axis=1)
    aside = np.degrees(np.arctan2(pose.rotation[:, 0, 2], pose.rotation[:, 2, 2]))
    gaps = gaps / np.maximum(pose.scale, 1e-6)
    fit = face.valid & (gaps > OPEN_CM) & (np.abs(aside) < TURNED) & (pose.scale > LEAST_PX_PER_CM)
    for frame in np.argsort(-gaps, kind="stable").tolist():
        if fit[frame] and all(abs(frame - other) > APART for other in chosen):
            chosen.append(frame)
    return chosen[:MOST]


def _look(crop: PlateCrop, cavity: Cavity, colours: FaceColours, skin: float) -> Look:
    def both(u: AnyArray, v: AnyArray) -> tuple[FloatArray, FloatArray]:
        u, v = (np.ascontiguousarray(one, dtype=np.float32) for one in np.broadcast_arrays(u, v))
        along, down = cavity.px_per_cm_along_lips, cavity.px_per_cm
        return cavity.sample(crop, u, v), paint_mouth(u * along, v * down, cavity, colours)

    part = np.linspace(0.04, 0.96, STEPS)[:, None]
    u = np.linspace(-HALF_CM, HALF_CM, 11, dtype=np.float32)
    top, bottom = cavity.lips(u)
    down = [luma(rgb).mean(axis=1) / skin for rgb in both(u, top + part * (bottom - top))]
    first, last = cavity.corners
    inwards = []
    for start, end in ((first, last), (last, first)):
        u = (start + (end - start) * np.linspace(0.02, 0.5, STEPS)).astype(np.float32)
        top, bottom = cavity.lips(u)
        between = top + np.linspace(0.2, 0.8, 7)[:, None] * (bottom - top)
        inwards.append([luma(rgb).mean(axis=0) / skin for rgb in both(u, between)])
    x, y = np.meshgrid(np.linspace(-3, 3, 160), np.linspace(-2.2, 2.2, 120), copy=False)
    y = y + float((top + bottom).mean()) / 2
    filmed, made = both(x, y)
    top, bottom = cavity.lips(x.astype(np.float32))
    inside = (y > top) & (y < bottom) & (x > first) & (x < last)
    picture = np.hstack([filmed, np.where(inside[..., None], made, filmed)])
    return Look(cavity.gap, np.array(down), np.mean(inwards, axis=0), picture)


def _write_sheet(path: Path, pictures: Sequence[FloatArray]) -> None:
    padded = [*pictures, *[np.zeros_like(pictures[0])] * (-len(pictures) % 4)]
    rows = [np.hstack(padded[i : i + 4]) for i in range(0, len(padded), 4)]
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.clip(255 * np.vstack(rows)[..., ::-1], 0, 255).astype(np.uint8))


if __name__ == "__main__":
    main(sys.argv[1:])
