"""Where MediaPipe's landmarks lie on a FLAME head.

The mesh of the embedded rig, which has a vertex for each landmark, is laid over the head's
face: first as a whole (the eyes' joints say where, closest points how it is turned), then
bent as people's faces are known to differ (the rig's covariance of people), towards the
closest points of the skin that face the same way. Lips are told apart by how far the head's
skin goes with the jaw, lids by where the eyeballs begin. A landmark then lies where the
nearest point of the skin is. This follows the closest-point registration of Besl and McKay
1992 with a statistical shape for what may bend (Amberg, Knothe and Vetter 2008).

A published embedding of 105 landmarks (`mediapipe_landmark_embedding.npz`) is used for those
when it lies beside the head; the others are then bent along with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mien._types import DoubleArray, FloatArray, IndexArray
from mien.errors import WeightsError
from mien.face.closest import Surface, vertex_normals
from mien.face.covariance import Covariance
from mien.face.flame import FlameHead
from mien.face.pose import align
from mien.face.rig import Rig, load_rig
from mien.model.landmarks import SKIN
from mien.weights.plain import load_npz

__all__ = ["EMBEDDING_FILE", "Embedding", "embed", "read_embedding"]

EMBEDDING_FILE: Final = "mediapipe_landmark_embedding.npz"

RIGID_ROUNDS: Final = 30
BEND: Final = (0.6, 0.5, 0.4, 0.3, 0.25, 0.2, 0.2, 0.2, 0.15, 0.15, 0.15, 0.15)
"""Centimetres by which a closest point may miss, round by round: loose, then close."""
FAR: Final = 1.0
"""Centimetres; a closest point further away than this many counts for little."""
KNOWN: Final = 0.05
"""Centimetres by which a published landmark, or the edge of an eyeball, may miss."""
EYE_DEPTH: Final = 0.65
"""Centimetres by which an eyeball's middle lies behind the corners of the lids."""
LIP: Final = slice(2, -2)
"""Landmarks of a lip that are held to it, from corner to corner."""
LOST: Final = 100.0
"""Centimetres by which a landmark without any closest point may miss: it only follows."""
NOSE_WIDTH: Final = 0.5
"""Centimetres either side of the middle in which the tip of the nose is sought."""
SECTORS: Final = 48
"""Directions from the eye's axis in which the lids' margin is sought."""
LID_FRONT: Final = 0.3
LID_REACH: Final = (0.97, 2.2)
"""Radii of the eyeball: how far in front of its middle, and how far from it, margins lie."""
SAMPLES: Final = 6
"""Steps along an edge in which the skin's triangles are sampled."""
METRES: Final = 0.01
SIDES: Final = ("left", "right")
"""The eyes in the order of FLAME's joints."""
EYE_JOINTS: Final = slice(3, 5)
JAW_JOINT: Final = 2
MOVES: Final = 0.5
"""Skin that goes with a joint by more belongs to it."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Embedding:
    """The 468 landmarks of the skin on a head.

    Attributes:
        triangles: (468,) the triangle on which each lies.
        weights: (468, 3) barycentric weights in it.
        published: (468,) bool, those that were not computed here.
        scale: Metres per canonical unit.
        rotation: (3, 3) float32 from canonical space to the head's.
        translation: (3,) float32 metres.
    """

    triangles: IndexArray
    weights: DoubleArray
    published: npt.NDArray[np.bool_]
    scale: float
    rotation: FloatArray
    translation: FloatArray

    def to_canonical(self, vectors: npt.NDArray[Any]) -> FloatArray:
        """Convert displacements (..., 3) from the head's metres to canonical units."""
        return np.asarray(vectors @ self.rotation / self.scale, dtype=np.float32)

    def points_to_canonical(self, points: npt.NDArray[Any]) -> FloatArray:
        """Convert points (..., 3) from the head's metres to canonical space."""
        return self.to_canonical(points - self.translation)


def embed(
    head: FlameHead, published: tuple[IndexArray, IndexArray, DoubleArray] | None = None
) -> Embedding:
    """Find the landmarks on a head.

    Args:
        head: The head.
        published: What `read_embedding` gave, if the head came with it.
    """
    registration = _Registration(load_rig(), head, published)
    registration.turn()
    for blur in BEND:
        registration.bend(blur)
    return registration.embedding()


def read_embedding(path: Path, head: FlameHead) -> tuple[IndexArray, IndexArray, DoubleArray]:
    """Read a published embedding: landmarks (N,), triangles (N,), weights (N, 3).

    Raises:
        WeightsError: When it cannot be read or does not fit the head.
    """
    remedy = "Get it again, or remove it."
    names = ("landmark_indices", "lmk_face_idx", "lmk_b_coords")
    found = load_npz(path, names, remedy)
    if len(found) < len(names) or any(array.dtype.kind not in "iuf" for array in found.values()):
        raise WeightsError(f"{path.name} is no embedding of landmarks.", remedy, path=path)
    landmarks = found["landmark_indices"].astype(np.intp)
    triangles = found["lmk_face_idx"].astype(np.intp)
    weights = found["lmk_b_coords"].astype(np.float64)
    fits = (
        landmarks.ndim == 1
        and triangles.shape == landmarks.shape
        and weights.shape == (len(landmarks), 3)
        and len(landmarks) > 0
        and landmarks.min() >= 0
        and triangles.min() >= 0
        and triangles.max() < len(head.triangles)
        and bool(np.isfinite(weights).all())
    )
    if not fits:
        raise WeightsError(
            f"{path.name} is no embedding in the head {head.basis}.", remedy, path=path
        )
    skin = landmarks < SKIN
    return landmarks[skin], triangles[skin], weights[skin]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class _Lid:
    """A margin of skin in front of an eyeball, and the landmarks that belong on it.

    Attributes:
        landmarks: Landmarks of the lid, without those near the corners: there the skin
            begins beside the eyeball, not in front of it.
        across: (N,) where the margin's points stand across the eye, rising.
        margin: (N, 3) the points.
        middle: (3,) the eyeball's.
    """

    landmarks: IndexArray
    across: DoubleArray
    margin: DoubleArray
    middle: DoubleArray

    def targets(self, points: DoubleArray, rotation: DoubleArray) -> DoubleArray:
        """Where landmarks that stand at points belong: on the margin, above or below."""
        at = ((points - self.middle) @ rotation)[:, 0]
        columns = [np.interp(at, self.across, column) for column in self.margin.T]
        return np.stack(columns, axis=1)


class _Registration:
    """The rig's mesh on its way onto a head; everything in centimetres of the head."""

    def __init__(
        self,
        rig: Rig,
        head: FlameHead,
        published: tuple[IndexArray, IndexArray, DoubleArray] | None,
    ) -> None:
        self._rig = rig
        self._points = head.template.astype(np.float64) / METRES
        own_eyes = head.skinning[:, EYE_JOINTS].sum(axis=1) > MOVES
        self._numbers = np.flatnonzero(~own_eyes[head.triangles].any(axis=1))
        self._skin = head.triangles[self._numbers]
        self._surface = Surface(self._points, self._skin)
        self._eyes = head.joints[EYE_JOINTS].astype(np.float64) / METRES
        self._radii = [
            _radius(self._points[head.skinning[:, joint] > MOVES], eye)
            for joint, eye in zip(range(3, 5), self._eyes, strict=True)
        ]
        jaw = head.skinning[self._skin, JAW_JOINT].mean(axis=1) > MOVES
        self._allowed = _lips_apart(rig, jaw)
        self._shape = rig.mean.astype(np.float64)
        self._published = published
        self._known: dict[int, DoubleArray] = {}
        if published is not None:
            corners = self._points[head.triangles[published[1]]]
            at = np.einsum("nc,ncx->nx", published[2], corners)
            self._known = dict(zip(published[0].tolist(), at, strict=True))
        self._lids: list[_Lid] = []
        self._place()

    def _place(self) -> None:
        """Lay the eyes on the eyes."""
        corners = [self._rig.groups[f"{side}_eye_upper"][[0, -1]] for side in SIDES]
        eyes = np.stack([self._shape[pair].mean(axis=0) for pair in corners])
        eyes[:, 2] -= EYE_DEPTH
        apart = np.linalg.norm(self._eyes[0] - self._eyes[1])
        self._scale = float(apart / np.linalg.norm(eyes[0] - eyes[1]))
        self._rotation: DoubleArray = np.eye(3)
        self._translation: DoubleArray = self._eyes.mean(axis=0) - self._scale * eyes.mean(axis=0)

    def _laid(self) -> DoubleArray:
        return np.asarray(self._scale * self._shape @ self._rotation.T + self._translation)

    def _closest(self) -> tuple[IndexArray, DoubleArray, DoubleArray]:
        facing = vertex_normals(self._shape, self._rig.triangles) @ self._rotation.T
        return self._surface.closest(self._laid(), facing, self._allowed)

    def _targets(self, blur: float) -> tuple[DoubleArray, DoubleArray]:
        """Where landmarks belong, and how many centimetres that may miss, (468,)."""
        triangles, weights, distance = self._closest()
        targets = np.einsum("nc,ncx->nx", weights, self._points[self._skin[triangles]])
        near = np.isfinite(distance)
        miss = np.full(SKIN, LOST)
        miss[near] = blur * (1 + (distance[near] / FAR) ** 2)
        targets[~near] = self._laid()[~near]
        for lid in self._lids:
            targets[lid.landmarks] = lid.targets(self._laid()[lid.landmarks], self._rotation)
            miss[lid.landmarks] = KNOWN
        for landmark, point in self._known.items():
            targets[landmark], miss[landmark] = point, KNOWN
        return targets, miss

    def _align(self, targets: DoubleArray, miss: DoubleArray) -> None:
        weights = self._rig.stiffness / (1 + (miss / BEND[0]) ** 2)
        found = align(
            self._shape.astype(np.float32),
            targets[None].astype(np.float32),
            weights.astype(np.float32),
        )
        self._scale = float(found.scale[0])
        self._rotation = found.rotation[0].astype(np.float64)
        self._translation = found.translation[0].astype(np.float64)

    def turn(self) -> None:
        """Lay the rig's mean face on the head as a whole, then find nose and lids."""
        for _ in range(RIGID_ROUNDS):
            self._align(*self._targets(BEND[0]))
        samples = _samples(self._points[self._skin])
        tip = int(self._rig.mean[:, 2].argmax())
        self._known.setdefault(tip, self._nose(samples))
        for side, middle, radius in zip(SIDES, self._eyes, self._radii, strict=True):
            if radius:
                self._lids += self._margins(side, middle, radius, samples)

    def _nose(self, samples: DoubleArray) -> DoubleArray:
        """The point of the face that stands out furthest between the eyes."""
        turned = samples @ self._rotation
        middle = self._eyes.mean(axis=0) @ self._rotation
        central = np.flatnonzero(np.abs(turned[:, 0] - middle[0]) < NOSE_WIDTH)
        return np.asarray(samples[central[turned[central, 2].argmax()]])

    def _margins(
        self, side: str, middle: DoubleArray, radius: float, samples: DoubleArray
    ) -> list[_Lid]:
        """The two lids of an eye: in every direction from its axis, where skin begins."""
        out = (samples - middle) @ self._rotation
        distance = np.linalg.norm(out, axis=1)
        low, high = LID_REACH
        front = (out[:, 2] > LID_FRONT * radius) & (distance > low * radius)
        out = out[front & (distance < high * radius)]
        away = np.hypot(out[:, 0], out[:, 1])
        sector = ((np.arctan2(out[:, 1], out[:, 0]) / (2 * np.pi) + 0.5) * SECTORS).astype(int)
        order = np.lexsort((away, sector % SECTORS))
        _, first = np.unique(sector[order] % SECTORS, return_index=True)
        margin = out[order[first]]
        if len(margin) < 3:
            return []
        ends = margin[[margin[:, 0].argmin(), margin[:, 0].argmax()]]
        above = margin[:, 1] - np.interp(margin[:, 0], ends[:, 0], ends[:, 1])
        lids = []
        for half, sign in (("upper", 1), ("lower", -1)):
            part = margin[sign * above >= 0]
            if len(part) < 3:
                return []
            part = part[np.argsort(part[:, 0])]
            landmarks = self._rig.groups[f"{side}_eye_{half}"][2:-2]
            lids.append(_Lid(landmarks, part[:, 0], part @ self._rotation.T + middle, middle))
        return lids

    def bend(self, blur: float) -> None:
        """Bend the face towards the head, as far as people are known to differ."""
        targets, miss = self._targets(blur)
        self._align(targets, miss)
        canonical = (targets - self._translation) @ self._rotation / self._scale
        rest = (canonical - self._rig.mean).reshape(-1, 1)
        blurred = Covariance(np.repeat(miss, 3), np.zeros((0, 3 * SKIN)))
        own = self._rig.people.times((self._rig.people + blurred).solve(rest))
        self._shape = self._rig.mean + own.reshape(SKIN, 3)

    def embedding(self) -> Embedding:
        """The landmarks where the bent face lies."""
        targets, _ = self._targets(BEND[-1])
        # Whatever is known exactly is taken so; the rest from where the face was bent to.
        laid = self._laid()
        for lid in self._lids:
            laid[lid.landmarks] = targets[lid.landmarks]
        facing = vertex_normals(self._shape, self._rig.triangles) @ self._rotation.T
        found, weights, distance = self._surface.closest(laid, facing, self._allowed)
        lost = ~np.isfinite(distance)
        if lost.any():
            found[lost], weights[lost], _ = self._surface.closest(laid[lost])
        triangles = self._numbers[found]
        known = np.zeros(SKIN, dtype=np.bool_)
        if self._published is not None:
            landmarks, theirs, corners = self._published
            triangles[landmarks], weights[landmarks], known[landmarks] = theirs, corners, True
        return Embedding(
            triangles=triangles,
            weights=weights,
            published=known,
            scale=self._scale * METRES,
            rotation=self._rotation.astype(np.float32),
            translation=(self._translation * METRES).astype(np.float32),
        )


def _radius(ball: DoubleArray, middle: DoubleArray) -> float:
    """That of an eyeball; 0 when the head has none."""
    return float(np.linalg.norm(ball - middle, axis=1).mean()) if len(ball) else 0.0


def _lips_apart(rig: Rig, jaw: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """(468, F) triangles that a landmark may lie on: a lip's only on that lip.

    Towards the corners, where skin goes with the jaw by half, either will do.
    """
    allowed = np.ones((SKIN, len(jaw)), dtype=np.bool_)
    if jaw.any() and not jaw.all():
        for row in ("inner", "outer"):
            allowed[rig.groups[f"lips_{row}_upper"][LIP]] = ~jaw
            allowed[rig.groups[f"lips_{row}_lower"][LIP]] = jaw
    return allowed


def _samples(corners: DoubleArray) -> DoubleArray:
    """(N, 3) points all over triangles (F, 3, 3)."""
    steps = range(SAMPLES + 1)
    grid = np.array([(i, j, SAMPLES - i - j) for i in steps for j in steps if i + j <= SAMPLES])
    return np.asarray(np.einsum("sc,fcx->fsx", grid / SAMPLES, corners).reshape(-1, 3))
