"""How near edits come to the truth: take A of a clip is asked to do what take B does.

Figures are those of the measuring tool `reenact.py`: errors over those of the unedited frame, so
that 1 is nothing gained and 0 the truth; `shape` of landmarks, `look` of pixels. Beside each look
stands a bound: what the best frame of A reaches, laid over the plate, that is chosen by the truth
itself. For the eyes, whose landmarks go with the turn of the head as well, a second one: what the
truth's own eyes and brows reach, laid on the plate with the corners of its eyes where they were.

    python -m tests.benchmarks.bench_reenact [CLIP ...] [--keep DIR] [--strips DIR] [--no-bound]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

import mien
from mien._types import AnyArray, FloatArray
from mien.model.landmarks import SKIN
from mien.rendering.geometry.field import Zone, dense, remap
from mien.rendering.geometry.topology import warp_mesh
from tests.benchmarks.common import clip
from tests.benchmarks.takes import Pair, Take, landmarks, take_of, tool_reenact

CLIPS = ("lp_d9", "lp_d10", "lp_d12", "vretalk_4", "clm_cap12_edit", "lp_d6")
ASKED = {"eyes": (0.65, 0.65), "mouth": (0.42, 0.60), "brows": (0.60, 0.65), "cheeks": (0.55, 0.72)}
"""Shape and look that are asked for, as means over the clips."""
WORST = 1.05
"""Look that no pair may exceed in any region."""
STEP = 2
"""Every so-many-th frame of A is tried for the bound."""

Row = dict[str, list[float]]
"""By region: error of the landmarks before and after, of the pixels before and after, and the
bound's."""


def main(arguments: Sequence[str] = ()) -> None:
    """Print a row for each clip, and the means."""
    parser = argparse.ArgumentParser(prog="bench_reenact")
    parser.add_argument("clips", nargs="*", default=CLIPS)
    parser.add_argument("--keep", type=Path, help="where takes are kept for the next time")
    parser.add_argument("--strips", type=Path, help="where to write as filmed, edit, truth")
    parser.add_argument("--no-bound", action="store_true")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        tables, in_place = [], []
        print(f"  {'':14}" + "".join(f"{name:>23}" for name in ASKED), flush=True)
        for name in asked.clips:
            take = take_of(clip(f"{name}.mp4"), asked.keep or Path(folder))
            strips = None if asked.strips is None else asked.strips / f"{name}.png"
            rows = measured(take, strips, bound=not asked.no_bound)
            if rows:
                tables.append(rows)
                print(f"  {name:14}" + summary(rows), flush=True)
            if take.pairs and not asked.no_bound:
                in_place.append([own_eyes(pair) for pair in take.pairs])
    if tables:
        print(f"  {'mean':14}" + mean(tables))
        if in_place:
            shape, look = eyes_bound(in_place)
            print(f"  {'own eyes':14}{shape:9.2f} / {look:.2f}")
        print(f"  {'asked':14}" + "".join(f"{s:9.2f} / {v:.2f}       " for s, v in ASKED.values()))
        print(f"  {'worst look':14}" + worst(tables))


def measured(take: Take, strips: Path | None, *, bound: bool) -> list[Row]:
    """Render every pair of a take, and compare."""
    plates = _plates(take) if bound else []
    rows, seen = [], []
    for pair, edit in take.edits():
        span = f"{pair.frame}:{pair.frame + 1}"
        (picture,) = mien.render_frames(take.shot, [edit], span, renderer="warp")
        points = landmarks(picture)
        if points is None:
            continue
        before, after = pair.dissimilarity(pair.plate), pair.dissimilarity(picture)
        row: Row = {}
        for name in ASKED:
            area = pair.region(name, points)
            row[name] = [
                pair.missed(name, pair.plate_points), pair.missed(name, points),
                float(before[area].mean()), float(after[area].mean()), 0.0,
            ]  # fmt: skip
        if bound:
            for name, value in best_looks(pair, points, plates).items():
                row[name][4] = value
        rows.append(row)
        seen.append(_strip(pair, picture))
    if strips is not None and seen:
        strips.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(strips), np.vstack(seen)[..., ::-1])
    return rows


def summary(rows: list[Row]) -> str:
    """A clip's shape, look and bound in every region."""
    cells = []
    for name in ASKED:
        was, now, dull, seen, best = np.array([row[name] for row in rows]).sum(axis=0)
        cells.append(f"{now / was:9.2f} / {seen / dull:.2f} ({best / dull:.2f})")
    return "".join(cells)


def mean(tables: list[list[Row]]) -> str:
    """Means over clips: those of shape weighed by how far the truth is away."""
    cells = []
    for name in ASKED:
        sums = np.array([np.array([row[name] for row in rows]).sum(axis=0) for rows in tables])
        moved = np.array([np.mean([row[name][0] for row in rows]) for rows in tables])
        shape = float((sums[:, 1] / sums[:, 0] * moved).sum() / moved.sum())
        look, best = (float((sums[:, i] / sums[:, 2]).mean()) for i in (3, 4))
        cells.append(f"{shape:9.2f} / {look:.2f} ({best:.2f})")
    return "".join(cells)


def worst(tables: list[list[Row]]) -> str:
    """The greatest look of any pair."""
    cells = []
    for name in ASKED:
        looks = [row[name][3] / max(row[name][2], 1e-6) for rows in tables for row in rows]
        cells.append(f"{'':12}{max(looks):.2f} ({WORST:.2f})")
    return "".join(cells)


def _plates(take: Take) -> list[tuple[AnyArray, FloatArray]]:
    """Frames of A with their landmarks by the outside eye."""
    found = []
    for index, picture in enumerate(mien.render_frames(take.shot)):
        points = landmarks(picture) if index % STEP == 0 else None
        if points is not None:
            found.append((picture, points))
    return found


def best_looks(
    pair: Pair, points: FloatArray, plates: Sequence[tuple[AnyArray, FloatArray]]
) -> dict[str, float]:
    """By region, the error of the frame of A that comes nearest to the truth.

    Each is tried in its own shape, and moved to the edit's.
    """
    pair, corner = pair.cropped()
    points = points - corner
    areas = {name: pair.region(name, points) for name in ASKED}
    best = dict.fromkeys(ASKED, np.inf)
    still = tool_reenact().STILL
    for picture, own in plates:
        over = tool_reenact().similarity(own[still], pair.plate_points[still])
        for target in (own @ over[:, :2].T + over[:, 2], points):
            missed = pair.dissimilarity(_laid_over(pair, picture, own, target))
            for name, area in areas.items():
                best[name] = min(best[name], float(missed[area].mean()))
    return best


def own_eyes(pair: Pair) -> tuple[float, float, float, float]:
    """Return errors of eyes before and after the truth's are laid in place: landmarks, then pixels.

    An eye's corners stay where they are in the plate: its head is turned as it is there.
    """
    tool, picture = tool_reenact(), pair.plate.astype(np.float32)
    height, width = picture.shape[:2]
    plate, true = pair.plate_points, pair.true_points
    around = np.array(tool.REGIONS["eyes"] + tool.REGIONS["brows"])
    left = plate[around, 0] <= plate[6, 0]
    for corners in ([33, 133], [263, 362]):
        half = around[left == (plate[corners[0], 0] <= plate[6, 0])]
        over = cv2.estimateAffinePartial2D(true[corners], plate[corners])[0]
        eye = cv2.warpAffine(
            pair.truth,
            over,
            (width, height),
            flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        )
        outline = np.vstack([true[half] @ over[:, :2].T + over[:, 2], plate[half]])
        mask = np.zeros((height, width), np.uint8)
        cv2.fillConvexPoly(mask, cv2.convexHull(outline.astype(np.int32)), 1)
        wide = 2 * int(0.06 * pair.size) + 1
        mask = cv2.dilate(mask, np.ones((wide, wide), np.uint8))
        soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.03 * pair.size)[..., None]
        picture += soft * (eye - picture)
    picture = np.clip(picture, 0, 255).astype(np.uint8)
    points = landmarks(picture)
    points = plate if points is None else points
    area = pair.region("eyes", points)
    looks = [float(pair.dissimilarity(seen)[area].mean()) for seen in (pair.plate, picture)]
    return pair.missed("eyes", plate), pair.missed("eyes", points), looks[0], looks[1]


def eyes_bound(
    tables: Sequence[Sequence[tuple[float, float, float, float]]],
) -> tuple[float, float]:
    """Return shape and look of eyes that are laid in place, as `mean` takes them."""
    moved = np.array([np.mean([row[0] for row in rows]) for rows in tables])
    was, now, dull, seen = np.array([np.sum(rows, axis=0) for rows in tables]).T
    return float((now / was * moved).sum() / moved.sum()), float((seen / dull).mean())


def _laid_over(pair: Pair, picture: AnyArray, points: FloatArray, target: FloatArray) -> FloatArray:
    """(h, w, 3) a frame of A moved to other landmarks, in the light of the pair's plate."""
    mesh, skin = warp_mesh(), slice(SKIN)
    cell = max(1, round(0.02 * pair.size))
    zone = Zone.around(target[skin], 4 * cell, cell)
    inner = np.concatenate([mesh.filled, mesh.skin])
    inner = inner[(inner < SKIN).all(axis=1)]
    moved = (target - points)[skin].astype(np.float32)
    field = dense(zone, target[skin].astype(np.float32), moved, inner)
    x, y = zone.pixels()
    seen = remap(picture.astype(np.float32), x - field[..., 0], y - field[..., 1])
    whole = pair.plate.astype(np.float32)
    height, width = whole.shape[:2]
    top, left = max(zone.y0, 0), max(zone.x0, 0)
    bottom, right = min(zone.y0 + zone.height, height), min(zone.x0 + zone.width, width)
    part = seen[top - zone.y0 : bottom - zone.y0, left - zone.x0 : right - zone.x0]
    below = whole[top:bottom, left:right]
    was, now = (cv2.GaussianBlur(x, (0, 0), 0.25 * pair.size) for x in (part, below))
    whole[top:bottom, left:right] = part * np.clip((now + 2) / (was + 2), 0.5, 2)
    return np.clip(whole, 0, 255)


def _strip(pair: Pair, picture: AnyArray) -> AnyArray:
    points, size = pair.plate_points, pair.size
    x0, y0 = np.maximum(points.min(axis=0) - 0.25 * size, 0).astype(int).tolist()
    x1, y1 = (points.max(axis=0) + 0.25 * size).astype(int).tolist()
    views = (pair.plate, picture, np.clip(pair.truth, 0, 255).astype(np.uint8))
    shown = [cv2.resize(v[y0:y1, x0:x1], (400, 480), interpolation=cv2.INTER_AREA) for v in views]
    return np.hstack(shown)


if __name__ == "__main__":
    main(sys.argv[1:])
