"""Fingerprints of small renders, by which a change of pixels shows on any processor.

A digest would change with the last bit, and with it the processor. A fingerprint holds means over
blocks of a patch: of its mask, of what it changes, and of how much, in millionths. Another
processor moves them by a few millionths, another constant of the renderer by many.

    python -m tests.fingerprints            says what has changed
    python -m tests.fingerprints --write    writes the baselines of the current versions
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from mien._types import AnyArray
from mien.face.rig import load_rig
from mien.model.controls import INDEX
from mien.model.curves import ControlCurves
from mien.model.face import Face
from mien.rendering.base import FacePlan, Patch, Renderer, RenderRequest
from mien.rendering.registry import get_renderer
from mien.testing.scenes import Scene, Spot

BASELINES = Path(__file__).parent / "baselines"
UNIT = 1e-6
BLOCKS = 8
SIDE = 192
"""Pixels of the square about a face's middle that is looked at in blocks."""

Fingerprint = list[int]
"""Whole numbers of `UNIT`."""

_UPPER_LIP = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
_LOWER_LIP = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
"""Inner contours of the lips in MediaPipe's mesh."""


@dataclass
class Speaker(Scene):
    """A scene whose mouth opens from frame to frame, dark inside, under teeth; first it turns."""

    jaw: Sequence[float] = (0.0, 0.12, 0.35, 0.8)
    yaw: Sequence[float] = (13.0, 0.0, 0.0, 0.0)

    def _face(self, number: int, spot: Spot) -> Face:
        face = super()._face(number, spot)
        rig = load_rig()
        personal = rig.personal(rig.mean)
        controls = face.curves.controls.array.copy()
        landmarks, rotation = face.landmarks.copy(), face.curves.pose.rotation.copy()
        controls[:, INDEX["jawOpen"]] = self.jaw
        for frame, yaw in enumerate(self.yaw):
            turned = super()._face(number, replace(spot, yaw=spot.yaw + yaw))
            rotation[frame] = turned.curves.pose.rotation[frame]
            landmarks[frame] = turned.landmarks[frame]
            shape = personal.shape(controls[frame])
            landmarks[frame, :468, :2] = turned.curves.pose.project(frame, shape)
        curves = replace(
            face.curves, controls=ControlCurves(controls),
            pose=replace(face.curves.pose, rotation=rotation),
        )  # fmt: skip
        return replace(face, landmarks=landmarks, curves=curves, raw=curves)

    def _upright(self, frame: int) -> AnyArray:
        picture = super()._upright(frame)
        for face in self.faces:
            upper = face.landmarks[frame, list(_UPPER_LIP), :2]
            lower = face.landmarks[frame, list(_LOWER_LIP), :2]
            teeth = upper + 0.3 * (lower - upper)
            for end, colour in ((lower, (0.15, 0.05, 0.05)), (teeth, (0.85, 0.82, 0.75))):
                outline = np.round(np.concatenate([upper, end[::-1]])).astype(np.int32)
                cv2.fillPoly(picture, [outline], colour)
        return picture


@dataclass(frozen=True)
class Case:
    """One patch that is looked at."""

    scene: Scene
    frame: int
    edit: Mapping[str, float]

    def plan(self) -> FacePlan:
        return self.scene.plan(0, **self.edit)


def cases() -> dict[str, Case]:
    """What fingerprints are taken of, by name."""
    still, speaker = Scene(), Speaker()
    turned, deep = Scene(spots=(Spot(yaw=45),)), Scene(kind="yuv10")
    return {
        "smile": Case(still, 1, {"mouthSmile": 0.7}),
        "jaw": Case(still, 1, {"jawOpen": 0.6}),
        "blink": Case(still, 1, {"eyeBlink": 0.8}),
        "wide": Case(still, 1, {"eyeWide": 0.7, "cheekPuff": 0.5}),
        "gaze": Case(still, 1, {"gazeYaw": 15.0, "gazePitch": -8.0}),
        "brows": Case(still, 1, {"browInnerUp": 0.8, "browDown": 0.3}),
        "pucker": Case(still, 1, {"mouthPucker": 0.8}),
        "turn": Case(still, 1, {"headYaw": 12.0, "headPitch": 5.0}),
        "profile": Case(turned, 1, {"jawOpen": 0.5, "mouthSmile": 0.4, "eyeBlink": 0.5}),
        "profile turn": Case(turned, 1, {"headYaw": -10.0}),
        "shown teeth": Case(speaker, 0, {"jawOpen": 0.5, "mouthSmile": 0.3}),
        "barely open": Case(speaker, 1, {"jawOpen": 0.1}),
        "less open": Case(speaker, 3, {"jawOpen": -0.4}),
        "closed": Case(speaker, 3, {"jawOpen": -0.8}),
        "wider open": Case(speaker, 2, {"jawOpen": 0.3, "mouthStretch": 0.4}),
        "yuv10": Case(deep, 1, {"mouthSmile": 0.6, "jawOpen": 0.5, "gazeYaw": 12.0}),
        "exr": Case(replace(still, kind="exr"), 1, {"mouthSmile": 0.6, "jawOpen": 0.5}),
    }


def taken(patch: Patch | None, case: Case) -> Fingerprint:
    """The fingerprint of a patch: mask, change in three channels and amount, block by block."""
    plate = case.scene.plate(case.frame)
    shown = np.zeros((plate.height, plate.width, 5))
    if patch is not None:
        box = patch.box
        mask = patch.mask.astype(np.float64)[..., None]
        change = mask * (patch.rgb.astype(np.float64) - plate.rgb(box))
        inside = shown[box.y0 : box.y1, box.x0 : box.x1]
        inside[...] = np.concatenate([mask, change, np.abs(change).mean(2, keepdims=True)], axis=2)
    spot = case.scene.spots[0]
    left, top = round(spot.x) - SIDE // 2, round(spot.y) - SIDE // 2
    square = shown[top : top + SIDE, left : left + SIDE]
    edge = SIDE // BLOCKS
    means = square.reshape(BLOCKS, edge, BLOCKS, edge, 5).mean(axis=(1, 3))
    everything = np.concatenate([shown.mean(axis=(0, 1)), means.reshape(-1)])
    return [int(value) for value in np.rint(everything / UNIT)]


def of_renderer(renderer: Renderer) -> dict[str, Fingerprint]:
    """The fingerprints of a renderer, by the names of `cases`."""
    found = {}
    for name, case in cases().items():
        plan = case.plan()
        with renderer.open(case.scene.shot, case.scene) as session:
            session.prepare([plan])
            plate = case.scene.plate(case.frame)
            patch = session.render(RenderRequest(plan, case.frame, plate))
        found[name] = taken(patch, case)
    return found


def difference(found: Fingerprint, kept: Fingerprint) -> int:
    """The largest difference of two fingerprints, in `UNIT`."""
    return int(np.abs(np.subtract(found, kept, dtype=np.int64)).max())


def write(path: Path, prints: Mapping[str, Fingerprint]) -> None:
    """Write fingerprints, one a line."""
    lines = [f"{json.dumps(name)}: {json.dumps(values)}" for name, values in prints.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def read(path: Path) -> dict[str, Fingerprint]:
    """Read what `write` wrote."""
    kept: dict[str, Fingerprint] = json.loads(path.read_bytes())
    return kept


def baseline(renderer: Renderer) -> Path:
    """Return the file of the fingerprints of a version of a renderer's pixels."""
    return BASELINES / f"pixels-{renderer.name}-{renderer.pixels}.json"


def main(arguments: Sequence[str]) -> None:
    """Say what differs from the baseline, or write it."""
    renderer = get_renderer("warp")
    path, prints = baseline(renderer), of_renderer(renderer)
    if "--write" in arguments:
        write(path, prints)
        print(f"wrote {path}")
        return
    kept = read(path)
    for name, values in prints.items():
        print(f"{name:>14}: {difference(values, kept[name])} millionths")


if __name__ == "__main__":
    main(sys.argv[1:])
