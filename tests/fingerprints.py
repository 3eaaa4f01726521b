"""Fingerprints of small results, by which a change shows on any processor.

A digest would change with the last bit, and with it the processor. The fingerprint of a render
holds means over blocks of a patch: of its mask, of what it changes, and of how much, in millionths.
Measured with OpenCV, NumPy, OpenBLAS and torch held to older processors, what the warp renderer
makes moves by 7 at most; most of its constants, changed by two hundredths, move it by more than 20.

    python -m tests.fingerprints            says what has changed
    python -m tests.fingerprints --write    writes the baselines of versions that have none
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from mien._types import AnyArray
from mien.face import SOLVER
from mien.face.rig import load_rig
from mien.face.solve import solve_faces
from mien.model.controls import CONTROLS, INDEX, NAMES
from mien.model.curves import ControlCurves
from mien.model.face import Face, FaceTrack
from mien.model.presets import resolve
from mien.model.settings import ReferenceSettings
from mien.rendering.base import FacePlan, Patch, Renderer, RenderRequest
from mien.rendering.registry import get_renderer
from mien.testing.scenes import Scene, Spot
from mien.timebase import Clock

BASELINES = Path(__file__).parent / "baselines"
UNIT = 1e-6
BLOCKS = 8
SIDE = 192
"""Pixels of the square about a face's middle that is looked at in blocks."""

Fingerprint = list[int]
"""Whole numbers of `UNIT`."""

_IRIS_RADIUS = 0.6
"""Of the eyes, in canonical units."""
_UPPER_LIP = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
_LOWER_LIP = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
"""Inner contours of the lips in MediaPipe's mesh."""


@dataclass
class Speaker(Scene):
    """A scene whose mouth opens from frame to frame, dark inside, under teeth; first it turns."""

    jaw: Sequence[float] = (0.0, 0.12, 0.8, 0.8)
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
        "opened": Case(speaker, 1, {"jawOpen": 0.75}),
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


def of_renderer(renderer: Renderer, names: Sequence[str] = ()) -> dict[str, Fingerprint]:
    """The fingerprints of a renderer, by the names of `cases`: of some, or of all."""
    found = {}
    for name, case in cases().items():
        if names and name not in names:
            continue
        plan = case.plan()
        with renderer.open(case.scene.shot, case.scene) as session:
            session.prepare([plan])
            plate = case.scene.plate(case.frame)
            patch = session.render(RenderRequest(plan, case.frame, plate))
        found[name] = taken(patch, case)
    return found


def seen_landmarks(frames: int = 24) -> FaceTrack:
    """Landmarks of the rig's own face, talking and turning, as shaky as a tracker's."""
    random = np.random.default_rng(5)
    rig = load_rig()
    personal = rig.personal(rig.mean)
    landmarks = np.zeros((frames, 478, 3), np.float32)
    time = np.linspace(0, 1, frames)
    for frame, at in enumerate(time):
        controls = np.zeros(len(NAMES), np.float32)
        for name, value in (
            ("jawOpen", 0.6 * np.sin(np.pi * at) ** 2), ("mouthSmile", 0.7 * at),
            ("eyeBlink", float(0.4 < at < 0.5)), ("browInnerUp", 0.5 * (1 - at)),
            ("mouthPucker", 0.4 * np.sin(3 * np.pi * at) ** 2),
        ):  # fmt: skip
            for control, weight in resolve(name):
                controls[INDEX[control]] += value * weight
        shape = personal.shape(controls)
        for corners in ((33, 133), (362, 263)):
            middle = rig.mean[list(corners)].mean(axis=0) + np.array([0.2 * at, 0, 0])
            ring = ((0, 0, 0), (1, 0, 0), (0, 1, 0), (-1, 0, 0), (0, -1, 0))
            shape = np.concatenate([shape, middle + _IRIS_RADIUS * np.array(ring)])
        yaw, pitch = np.radians(25 * np.sin(2 * np.pi * at)), np.radians(8 * at)
        across = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0],
                           [-np.sin(yaw), 0, np.cos(yaw)]])  # fmt: skip
        down = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)],
                         [0, np.sin(pitch), np.cos(pitch)]])  # fmt: skip
        camera = 12 * shape @ (across @ down).T
        landmarks[frame] = (300 + 40 * at, 200, 0) + camera * (1, -1, -1)
        landmarks[frame] += random.uniform(-0.5, 0.5, (478, 3))
    return FaceTrack(1, landmarks, np.ones(frames, np.float32))


def of_solver() -> dict[str, Fingerprint]:
    """Fingerprints of what the solver finds in `seen_landmarks`: curves, raw and smooth, and who.

    Every fourth frame of every control and of the pose; degrees count as hundredths.
    """
    track = seen_landmarks()
    (face,) = solve_faces([track], Clock(Fraction(25), len(track.landmarks)))
    found = {"identity": face.identity[::9]}
    for name, curves in (("raw", face.raw), ("smooth", face.curves)):
        degrees = np.array([0.01 if control.unit == "degrees" else 1 for control in CONTROLS])
        found[f"{name} controls"] = (curves.controls.array * degrees)[::4]
        found[f"{name} rotation"] = curves.pose.rotation[::4]
        found[f"{name} scale"] = curves.pose.scale[::4]
    found["landmarks"] = face.landmarks[::4, ::29] / 100
    return {
        name: [int(value) for value in np.rint(np.ravel(values).astype(np.float64) / UNIT)]
        for name, values in found.items()
    }


@dataclass(frozen=True)
class Subject:
    """What fingerprints are kept of.

    Attributes:
        name: Its name, and that of its baselines.
        version: The version that it says it has.
        where: What has to be raised when a change is meant.
        most: How far other processors may move it, in `UNIT`; more for some of its names.
        take: Takes its fingerprints.
    """

    name: str
    version: int
    where: str
    most: Mapping[str, int]
    take: Callable[[], dict[str, Fingerprint]]

    @property
    def path(self) -> Path:
        return BASELINES / f"{self.name}-{self.version}.json"

    def changes(
        self, found: Mapping[str, Fingerprint], kept: Mapping[str, Fingerprint]
    ) -> list[str]:
        """What differs from what is kept, in words; names that are not kept are no change."""
        changes = []
        for name, values in kept.items():
            most = self.most.get(name, self.most[""])
            if name not in found or len(found[name]) != len(values):
                changes.append(f"{name}: is another")
            elif (by := _difference(found[name], values)) > most:
                changes.append(
                    f"{name}: by {by} millionths, of which {most} may be the processor's"
                )
        return changes

    def complaint(self, changes: Sequence[str]) -> str:
        """What to tell whoever made a change."""
        return (
            f"{self.name} changed: if meant, raise {self.where} and run"
            f" `python -m tests.fingerprints --write`; else mend it.\n" + "\n".join(changes)
        )


def warp() -> Subject:
    """The embedded renderer."""
    renderer = get_renderer("warp")
    return Subject(
        "pixels-warp", renderer.pixels, "`pixels` of WarpRenderer", {"": 20},
        lambda: of_renderer(renderer),
    )  # fmt: skip


def reference() -> Subject:
    """The reference renderer with the small models: random weights make much of little.

    Raises:
        MienError: When MIEN_MODELS does not hold them.
    """
    settings = ReferenceSettings(
        steps=2, size=64, smoothing=1, anchors=4, guidance=1, approximate=True, strength=0.5,
        threads=1,
    )  # fmt: skip
    renderer = get_renderer("reference", settings)
    return Subject(
        "pixels-reference", renderer.pixels, "`pixels` of ReferenceRenderer", {"": 6000},
        lambda: of_renderer(renderer, ("smile", "jaw", "profile")),
    )  # fmt: skip


def solver() -> Subject:
    """The solver: what it finds must not change under projects that were solved.

    OpenBLAS's kernels for Sandy Bridge, Haswell, Skylake-X and Sapphire Rapids move raw controls by
    up to 0.0006, and by 0.0036 once noise is estimated from them; a change of the solver does more.
    """
    most = {"": 100, "raw controls": 1200, "smooth controls": 7200}
    return Subject("solver", SOLVER, "`mien.face.SOLVER`", most, of_solver)


def write(path: Path, prints: Mapping[str, Fingerprint]) -> None:
    """Write fingerprints, one a line."""
    lines = [f"{json.dumps(name)}: {json.dumps(values)}" for name, values in prints.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def read(path: Path) -> dict[str, Fingerprint]:
    """Read what `write` wrote; nothing when there is no such file."""
    kept: dict[str, Fingerprint] = json.loads(path.read_bytes()) if path.exists() else {}
    return kept


def _difference(found: Fingerprint, kept: Fingerprint) -> int:
    return int(np.abs(np.subtract(found, kept, dtype=np.int64)).max())


def _main(arguments: Sequence[str]) -> int:
    """Compare, and write what has no baseline yet. What has one is never written over."""
    from tests.small_models import small_models

    shared = Path(os.environ.get("MIEN_SHARED", Path(__file__).parents[2] / "shared"))
    code = 0
    with tempfile.TemporaryDirectory() as folder:
        if shared.is_dir():
            os.environ["MIEN_MODELS"] = str(small_models(Path(folder), shared / "fixtures"))
        for subject in (warp(), solver(), *([reference()] if shared.is_dir() else [])):
            found, kept = subject.take(), read(subject.path)
            if changes := subject.changes(found, kept):
                print(subject.complaint(changes))
                code = 1
            elif "--write" in arguments and found.keys() != kept.keys():
                write(subject.path, found | kept)
                print(f"wrote {subject.path}")
            else:
                print(f"{subject.path.name}: {'unchanged' if kept else 'there is none yet'}")
    return code


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
