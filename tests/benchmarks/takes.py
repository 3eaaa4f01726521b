"""A clip cut into take A and take B, and pairs of frames in which A is asked to do what B does.

Takes, pairs, regions and errors are those of the measuring tool `reenact.py`, which knows nothing
of mien; only the edits are rendered in memory here.
"""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import av
import cv2
import numpy as np

import mien
from mien._types import AnyArray, BoolArray, FloatArray
from tests.benchmarks.common import shared_tool

__all__ = ["Pair", "Take", "landmarks", "main_face", "take_of", "tool_reenact"]

PAIRS = 8
MOST_FRAMES = 240


@dataclass(frozen=True, slots=True)
class Pair:
    """A frame of take A that is asked to do what a frame of take B does.

    Attributes:
        frame: Index of the frame of A.
        asked: Control and value that it is asked for.
        plate: (h, w, 3) uint8 the frame of A, as filmed.
        plate_points: (478, 2) landmarks of it, by the outside eye.
        truth: (h, w, 3) the frame of B, brought over that of A, in its colours.
        true_points: (478, 2) landmarks of the truth.
    """

    frame: int
    asked: dict[str, float]
    plate: AnyArray
    plate_points: FloatArray
    truth: AnyArray
    true_points: FloatArray

    @property
    def size(self) -> float:
        """Distance of the outer corners of the eyes, pixels."""
        return float(np.linalg.norm(self.plate_points[33] - self.plate_points[263]))

    def cropped(self) -> tuple[Pair, FloatArray]:
        """Return the pair with the face and a little around it alone, and where that begins."""
        points = np.concatenate([self.plate_points, self.true_points])
        low = np.maximum(points.min(axis=0) - 0.5 * self.size, 0).astype(int)
        x1, y1 = (points.max(axis=0) + 0.5 * self.size).astype(int).tolist()
        rows, columns = slice(int(low[1]), y1), slice(int(low[0]), x1)
        corner = low.astype(np.float32)
        pair = dataclasses.replace(
            self,
            plate=self.plate[rows, columns],
            truth=self.truth[rows, columns],
            plate_points=self.plate_points - corner,
            true_points=self.true_points - corner,
        )
        return pair, corner

    def dissimilarity(self, picture: AnyArray) -> FloatArray:
        """(h, w) 1 less the structural similarity of a picture and the truth."""
        tool = tool_reenact()
        true, seen = tool.luma(self.truth), tool.luma(picture)
        return np.asarray(1 - tool.ssim(seen, true, self.size * 0.02), np.float32)

    def region(self, name: str, points: FloatArray) -> BoolArray:
        """(h, w) where the tool looks at a region, given an edit's landmarks."""
        tool, mask = tool_reenact(), np.zeros(self.plate.shape[:2], np.uint8)
        index, plate = tool.REGIONS[name], self.plate_points
        halves = [index]
        if name != "mouth":
            left = [k for k in index if plate[k, 0] <= plate[6, 0]]
            halves = [left, [k for k in index if k not in left]]
        for half in halves:
            if len(half) > 2:
                hull = np.vstack([plate[half], points[half], self.true_points[half]])
                cv2.fillConvexPoly(mask, cv2.convexHull(hull.astype(np.int32)), 1)
        times = max(1, int(self.size * 0.03))
        return np.asarray(cv2.dilate(mask, np.ones((3, 3), np.uint8), iterations=times) > 0)

    def missed(self, name: str, points: FloatArray) -> float:
        """How far landmarks of a region are from the true ones, in distances of the eyes."""
        index = tool_reenact().REGIONS[name]
        away = np.linalg.norm(points[index] - self.true_points[index], axis=1)
        return float(away.mean() / self.size)


@dataclass(frozen=True, slots=True)
class Take:
    """Take A, tracked, and its pairs.

    Attributes:
        shot: The shot of A alone.
        face: Its main face.
        pairs: The pairs.
    """

    shot: mien.Shot
    face: mien.Face
    pairs: tuple[Pair, ...]

    def edits(self) -> Iterator[tuple[Pair, mien.Edit]]:
        """Yield each pair with the edit that asks for it."""
        for pair in self.pairs:
            edit = mien.Edit(self.face)
            for control, value in pair.asked.items():
                edit = edit.key(control, pair.frame, value, mode="replace", interpolation="hold")
            yield pair, edit


def tool_reenact() -> ModuleType:
    """The measuring tool."""
    return shared_tool("reenact")


@cache
def outside_eye() -> Any:
    """The Face Landmarker that looks at pictures."""
    return tool_reenact().eye()


def landmarks(picture: AnyArray) -> FloatArray | None:
    """(478, 2) landmarks of the face in a picture, None where there is none."""
    found = tool_reenact().points(outside_eye(), picture)
    return None if found is None else np.asarray(found, np.float32)


def take_of(clip: Path, folder: Path) -> Take:
    """Return take A of a clip and its pairs, as the tool chooses them.

    Args:
        clip: The clip.
        folder: Where the take is kept, for this time and the next.
    """
    home = folder / clip.stem
    project, kept = home / "a.mien", home / "pairs.pickle"
    if not kept.is_file():
        home.mkdir(parents=True, exist_ok=True)
        shot, pairs = _cut(clip, home)
        mien.save_project(shot, project)
        kept.write_bytes(pickle.dumps(pairs))
    shot = mien.load_project(project).shot
    return Take(shot, main_face(shot), pickle.loads(kept.read_bytes()))


def main_face(shot: mien.Shot) -> mien.Face:
    """Return the face that is seen in most frames."""
    return max(shot.faces, key=lambda face: float(np.mean(face.curves.valid)))


def _cut(clip: Path, home: Path) -> tuple[mien.Shot, tuple[Pair, ...]]:
    tool, pictures = tool_reenact(), []
    for picture in tool.frames(str(clip)):
        pictures.append(picture)
        if len(pictures) >= MOST_FRAMES:
            break
    with av.open(str(clip)) as container:
        rate = container.streams.video[0].average_rate
    cut = len(pictures) // 2
    takes = {"a": pictures[:cut], "b": pictures[cut:], "w": pictures}
    for name, frames in takes.items():
        tool.write(str(home / f"{name}.mp4"), frames, rate)
    shot, whole = (mien.track(home / f"{name}.mp4", progress=False) for name in "aw")
    filmed = {name: list(tool.frames(str(home / f"{name}.mp4"))) for name in "ab"}
    face, both = main_face(shot), main_face(whole)
    names = [
        str(getattr(name, "name", name))
        for name in mien.CONTROLS
        if not str(getattr(name, "name", name)).startswith(("head", "eyeLook"))
    ]
    own, seen = (np.stack([f.curves.controls[n] for n in names], 1) for f in (face, both))
    chosen = _chosen(names, seen, face.curves.valid, both, cut)
    pairs = []
    for i, j in chosen:
        asked = {n: float(own[i, k] + seen[cut + j, k] - seen[i, k]) for k, n in enumerate(names)}
        pair = _pair(i, asked, filmed["a"][i], filmed["b"][j])
        if pair is not None:
            pairs.append(pair)
    for name in "bw":
        (home / f"{name}.mp4").unlink()
    return shot, tuple(pairs)


def _chosen(
    names: list[str], controls: FloatArray, valid: BoolArray, both: mien.Face, cut: int
) -> list[tuple[int, int]]:
    """Frames of A and B of like pose and most unlike expression, far from one another."""
    unit = np.array([1 / 15 if name.startswith("gaze") else 1 for name in names])
    rotation = both.curves.pose.rotation
    a = np.flatnonzero(valid & both.curves.valid[:cut])
    b = np.flatnonzero(both.curves.valid[cut:])
    cosine = (np.einsum("iab,jab->ij", rotation[a], rotation[cut + b]) - 1) / 2
    away = np.linalg.norm((controls[a] * unit)[:, None] - (controls[cut + b] * unit)[None], axis=2)
    score = np.where(np.degrees(np.arccos(np.clip(cosine, -1, 1))) < 7, away, -1)
    chosen: list[tuple[int, int]] = []
    while len(chosen) < PAIRS and score.max() > 0.15:
        i, j = np.unravel_index(score.argmax(), score.shape)
        chosen.append((int(a[i]), int(b[j])))
        score[max(0, i - 6) : i + 7, :] = -1
        score[:, max(0, j - 6) : j + 7] = -1
    return chosen


def _pair(frame: int, asked: dict[str, float], plate: AnyArray, real: AnyArray) -> Pair | None:
    tool = tool_reenact()
    ours, theirs = landmarks(plate), landmarks(real)
    if ours is None or theirs is None:
        return None
    over = tool.similarity(theirs[tool.STILL], ours[tool.STILL])
    size = plate.shape[1], plate.shape[0]
    truth = cv2.warpAffine(
        real, over, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    ).astype(np.float32)
    hull = np.zeros(plate.shape[:2], np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(ours[tool.OVAL].astype(np.int32)), 1)
    skin = hull > 0
    spread = plate[skin].std(0) / np.maximum(truth[skin].std(0), 1)
    truth = np.clip((truth - truth[skin].mean(0)) * spread + plate[skin].mean(0), 0, 255)
    points = theirs @ over[:, :2].T + over[:, 2]
    return Pair(frame, asked, plate, ours, truth.astype(np.float32), points.astype(np.float32))
