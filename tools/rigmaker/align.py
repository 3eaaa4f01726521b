"""Brings the landmarks of all clips into one canonical space."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rigmaker.topology import SKIN

Array = npt.NDArray[np.float64]

EYE_CORNERS = (33, 263)
"""Outer corners of the right and the left eye."""
BICANTHAL_WIDTH = 8.9
"""Centimetres between the outer eye corners of an adult; sets the canonical unit."""
MIDLINE = (10, 152)
"""Top of the forehead and tip of the chin: vertical in canonical space."""
ROUNDS = 8


@dataclass(frozen=True)
class Clip:
    """Landmarks and scores of one clip.

    Attributes:
        name: The clip.
        points: (T, 478, 3) landmarks; canonical after `align`.
        scores: (T, 52) the Face Landmarker's scores in the order of `controls.ARKIT`.
        frames: (T,) their indices in the clip.
    """

    name: str
    points: Array
    scores: Array
    frames: npt.NDArray[np.int64]


def similarity(points: Array, target: Array, weights: Array) -> Array:
    """Frames moved onto a target by the best similarity (Umeyama 1991), weighted.

    Args:
        points: (T, N, 3).
        target: (N, 3) or (T, N, 3).
        weights: (N,) how much each point counts.

    Returns:
        (T, N, 3) the frames after scale, rotation and translation.
    """
    w = weights / weights.sum()
    target = np.broadcast_to(target, points.shape)
    from_mean = np.einsum("n,tnc->tc", w, points)[:, None]
    to_mean = np.einsum("n,tnc->tc", w, target)[:, None]
    p, q = points - from_mean, target - to_mean
    u, s, vt = np.linalg.svd(np.einsum("n,tni,tnj->tij", w, q, p))
    sign = np.ones_like(s)
    sign[:, 2] = np.sign(np.linalg.det(u @ vt))
    rotation = (u * sign[:, None]) @ vt
    scale = (s * sign).sum(axis=1) / np.einsum("n,tnc->t", w, p**2)
    return np.asarray(scale[:, None, None] * (p @ rotation.transpose(0, 2, 1)) + to_mean)


def align(
    clips: list[Clip], pairs: npt.NDArray[np.int16] | None = None
) -> tuple[list[Clip], Array, Array]:
    """Generalised Procrustes analysis of all frames (Gower 1975).

    Points count by the inverse of how much they move within a clip, so that the stiff
    parts of the head set the pose.

    Args:
        clips: Landmarks in pixels (x right, y down, z away from the camera).
        pairs: (478,) mirror map; when given, the mean is made symmetric.

    Returns:
        The clips in canonical space, the (478, 3) mean of the clips' means, and the
        (478,) weights.
    """
    turned = [replace(c, points=c.points * [1, -1, -1]) for c in clips]
    mean = turned[0].points[0]
    weights = np.r_[np.ones(SKIN), np.zeros(10)]
    for _ in range(ROUNDS):
        mean = upright(mean)
        turned = [replace(c, points=similarity(c.points, mean, weights)) for c in turned]
        mean = np.mean([c.points.mean(axis=0) for c in turned], axis=0)
        if pairs is not None:
            mean = (mean + mean[pairs] * [-1, 1, 1]) / 2
        motion = np.mean([c.points.var(axis=0).sum(axis=1) for c in turned], axis=0)
        if pairs is not None:
            motion = (motion + motion[pairs]) / 2
        weights[:SKIN] = 1 / (motion[:SKIN] + np.median(motion[:SKIN]) / 10)
    mean = upright(mean)
    turned = [replace(c, points=similarity(c.points, mean, weights)) for c in turned]
    return turned, mean, weights / weights[:SKIN].mean()


def upright(mean: Array) -> Array:
    """A face turned straight, scaled to canonical units and centred."""
    across = mean[EYE_CORNERS[1]] - mean[EYE_CORNERS[0]]
    up = mean[MIDLINE[0]] - mean[MIDLINE[1]]
    x = across / np.linalg.norm(across)
    y = up - (up @ x) * x
    y /= np.linalg.norm(y)
    axes = np.stack([x, y, np.cross(x, y)])
    turned = (mean - mean[:SKIN].mean(axis=0)) @ axes.T
    middle = (turned[EYE_CORNERS[0], 0] + turned[EYE_CORNERS[1], 0]) / 2
    return np.asarray((turned - [middle, 0, 0]) * (BICANTHAL_WIDTH / np.linalg.norm(across)))
