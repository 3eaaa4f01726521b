"""Learns from aligned footage: what each control does, what is noise, how people differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mien.model.controls import ARKIT, CONTROLS, INDEX
from rigmaker.align import Clip
from rigmaker.topology import SKIN, Indices

Array = npt.NDArray[np.float64]

MIRRORED = [ARKIT.index(CONTROLS[INDEX[name]].mirror) for name in ARKIT]
FLIP = np.array([-1.0, 1.0, 1.0])
RIDGE = 3.0
"""Chosen by leave-one-clip-out; the optimum is flat."""
FRAMES_A_CLIP = 100.0
"""Every clip counts as so many frames, however long it is."""
NOISE_MODES = 96
IDENTITY_MODES = 16
FLOOR = 0.05
"""Canonical units: no landmark is trusted more than this."""


def mirrored(fields: Array, pairs: Indices) -> Array:
    """Fields (52, 468, 3) of the mirrored face."""
    return np.asarray(fields[MIRRORED][:, pairs[:SKIN]] * FLIP)


def symmetric(fields: Array, pairs: Indices) -> Array:
    """Fields whose left and right are exact mirror images."""
    return (fields + mirrored(fields, pairs)) / 2


def within(clip: Clip) -> tuple[Array, Array]:
    """A clip's scores (T, 52) and skin (T, 468, 3), both less their means."""
    skin = clip.points[:, :SKIN]
    return clip.scores - clip.scores.mean(axis=0), skin - skin.mean(axis=0)


def regress(clips: Sequence[Clip], pairs: Indices) -> Array:
    """Ridge regression from scores to motion, with every frame's mirror image.

    Returns:
        (52, 468, 3) displacement at a score of 1, left and right exact mirrors.
    """
    size = len(ARKIT)
    normal, right = RIDGE * np.eye(size), np.zeros((size, SKIN * 3))
    for clip in clips:
        scores, motion = within(clip)
        share = FRAMES_A_CLIP / len(scores)
        flipped = motion[:, pairs[:SKIN]] * FLIP
        for s, x in ((scores, motion), (scores[:, MIRRORED], flipped)):
            normal += share * s.T @ s
            right += share * s.T @ x.reshape(len(x), -1)
    return symmetric(np.linalg.solve(normal, right).reshape(size, SKIN, 3), pairs)


def explained(clips: Sequence[Clip], fields: Array) -> Array:
    """Share of each clip's motion that fields explain with the clip's scores."""
    shares = []
    for clip in clips:
        scores, motion = within(clip)
        rest = motion - np.tensordot(scores, fields, axes=1)
        shares.append(1 - (rest**2).sum() / (motion**2).sum())
    return np.array(shares)


def left_out(clips: Sequence[Clip], pairs: Indices) -> Array:
    """Share of each clip's motion that fields learned from the other clips explain."""
    shares = []
    for clip in clips:
        others = [other for other in clips if other is not clip]
        shares.append(explained([clip], regress(others, pairs))[0])
    return np.array(shares)


def neutrals(clips: Sequence[Clip], fields: Array) -> Array:
    """(clips, 468, 3) each clip's mean face less what its mean scores explain."""
    return np.array(
        [
            clip.points[:, :SKIN].mean(axis=0)
            - np.tensordot(clip.scores.mean(axis=0), fields, axes=1)
            for clip in clips
        ]
    )


def noise(clips: Sequence[Clip], fields: Array, pairs: Indices) -> tuple[Array, Array]:
    """What fields leave unexplained: (468, 3) scale and (K, 468, 3) modes."""
    rests = []
    for clip in clips:
        scores, motion = within(clip)
        rest = motion - np.tensordot(scores, fields, axes=1)
        rest *= np.sqrt(FRAMES_A_CLIP / len(rest))
        rests += [rest, rest[:, pairs[:SKIN]] * FLIP]
    samples = np.concatenate(rests).reshape(-1, SKIN * 3)
    return _modes(samples, NOISE_MODES, len(clips) * 2 * FRAMES_A_CLIP)


def identities(faces: Array, mean: Array, pairs: Indices) -> tuple[Array, Array]:
    """How people differ from the mean: (468, 3) scale and (K, 468, 3) modes."""
    away = faces - mean
    samples = np.concatenate([away, away[:, pairs[:SKIN]] * FLIP]).reshape(-1, SKIN * 3)
    return _modes(samples, IDENTITY_MODES, len(samples))


def _modes(samples: Array, count: int, weight: float) -> tuple[Array, Array]:
    _, s, vt = np.linalg.svd(samples, full_matrices=False)
    modes = (s[:count, None] / np.sqrt(weight)) * vt[:count]
    rest = (samples**2).sum(axis=0) / weight - (modes**2).sum(axis=0)
    scale = np.sqrt(np.maximum(rest, 0) + FLOOR**2)
    return scale.reshape(SKIN, 3), modes.reshape(count, SKIN, 3)


def activity(clips: Sequence[Clip]) -> Array:
    """(52,) root mean square of every control's score over the clips, both sides alike."""
    square = np.mean([(clip.scores**2).mean(axis=0) for clip in clips], axis=0)
    return np.asarray(np.sqrt((square + square[MIRRORED]) / 2))
