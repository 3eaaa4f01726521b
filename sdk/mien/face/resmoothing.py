"""Curves of a tracked face smoothed otherwise: from the raw ones, as often as somebody likes.

Landmarks stay as they are: they say where the face is in the picture, and a renderer draws there.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from mien.blas import one_blas_thread
from mien.face.corrections import correct_face
from mien.face.flame_coefficients import MIEN_RIG, controls_to_flame
from mien.face.smoothing import HeadMotion, Smoother, coarseness
from mien.model.curves import ControlCurves, HeadPose
from mien.model.face import Face
from mien.model.smoothing import Smoothing

__all__ = ["resmoothed", "smooth_face"]


@one_blas_thread()
def smooth_face(face: Face, how: Smoothing, cuts: Sequence[int] = ()) -> Face:
    """Return a face whose curves are smoothed as somebody chose, from its raw ones.

    What was put right by hand of it is put right again, on the curves as they are then.

    Args:
        face: The face.
        how: The method, and its strength.
        cuts: First frames of new shots.
    """
    plain = face.uncorrected()
    raw, pose = plain.raw, plain.raw.pose
    smoother = Smoother(
        plain.valid,
        float(plain.clock.rate),
        cuts,
        coarseness(pose.scale, plain.valid),
        how,
        plain.confidence,
    )
    motion = smoother.smoothed(
        HeadMotion(raw.controls.array, pose.rotation, pose.scale, pose.translation)
    )
    flame = plain.curves.flame
    if plain.curves.basis == MIEN_RIG:
        flame = controls_to_flame(motion.controls)
    curves = dataclasses.replace(
        plain.curves,
        controls=ControlCurves(motion.controls),
        flame=flame,
        pose=HeadPose(motion.scale, motion.rotation, motion.translation),
    )
    smoothed = dataclasses.replace(plain, curves=curves, smoothing=how)
    return correct_face(smoothed, face.corrections, cuts) if face.corrections else smoothed


def resmoothed(face: Face, how: Smoothing, cuts: Sequence[int] = ()) -> Face:
    """Return a face that was solved anew, smoothed as somebody chose before; or as it is."""
    return face if how == face.smoothing else smooth_face(face, how, cuts)
