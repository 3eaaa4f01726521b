"""What drives the regenerated face: 55 coefficients a frame in the basis `flame2020`.

The performance is read off the plates by SMIRK, which is what the Expression Adapter was
trained on, and smoothed. The edit is added to it: the change of controls, through a FLAME 2020
head, becomes a change of coefficients. Where one of both is not installed, and the user agrees,
the next best is taken:

    SMIRK, no head    the change is what SMIRK sees change between the plate and the warp
                      renderer's picture of the edit
    head, no SMIRK    the performance is the FLAME 2020 head fitted to the tracked landmarks
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import maximum_filter1d

from mien.face.bridge import apply_change, flame_change
from mien.face.flame_fit import fit_flame
from mien.face.smirk import BASIS, Smirk, crop, read_shot
from mien.model.curves import FLAME_SIZE, BoolArray, FloatArray
from mien.model.settings import Colour
from mien.model.shot import Shot
from mien.rendering.base import FacePlan, PlateSource
from mien.rendering.reference.warped import Warped
from mien.signal.smooth import REACHES, REFERENCE_RATE, smooth
from mien.weights.store import installed, locate

__all__ = ["Bridge", "bridge_for", "drive", "performance"]

_HEAD = "flame2020"


@dataclass(frozen=True, slots=True)
class Bridge:
    """How the coefficients are made.

    Attributes:
        smirk: Whether the performance is read by SMIRK; else it is fitted to the landmarks.
        head: Whether the edit goes through the FLAME 2020 head; else SMIRK reads it off the
            warp renderer's picture.
    """

    smirk: bool
    head: bool

    @property
    def exact(self) -> bool:
        """Whether nothing had to be replaced by the next best."""
        return self.smirk and self.head

    def __str__(self) -> str:
        if self.exact:
            return "coefficients by SMIRK, the edit through the FLAME 2020 head"
        if self.smirk:
            return (
                "approximate: no FLAME 2020 head; the edit's coefficients are what SMIRK sees"
                " change in the warped picture"
            )
        return (
            "approximate: no SMIRK; the performance's coefficients are the FLAME 2020 head's"
            " fit to the landmarks"
        )


def bridge_for(approximate: bool) -> Bridge:
    """How coefficients can be made with what is installed.

    Args:
        approximate: Whether the next best will do.

    Raises:
        MissingPartError: When a part is missing and the next best will not do, or both are.
    """
    bridge = Bridge(installed("smirk"), installed(_HEAD))
    if bridge.exact or (approximate and (bridge.smirk or bridge.head)):
        return bridge
    locate("smirk" if not bridge.smirk else _HEAD)  # says what is missing, and how to get it
    return bridge


def performance(
    plan: FacePlan,
    shot: Shot,
    source: PlateSource,
    smirk: Smirk | None,
    progress: Callable[[float], None] | None = None,
    *,
    where: BoolArray | None = None,
) -> FloatArray:
    """(T, 55) coefficients of what a face does, before anything is asked of it.

    Args:
        plan: The face.
        shot: Its shot.
        source: The shot's plates.
        smirk: What reads them; None to fit the FLAME 2020 head to the landmarks.
        progress: Told the share done.
        where: (T,) the frames that are needed; all when not given. Others need not be right.
    """
    if smirk is None:
        return fit_flame(plan.face, BASIS).flame

    def read(done: int, total: int) -> None:
        if progress is not None:
            progress(done / max(total, 1))

    face = plan.face
    if where is not None:
        # Smoothing looks a little way around; what lies further off is not read.
        reach = round(max(REACHES) * float(shot.clock.rate) / REFERENCE_RATE) + 1
        near = maximum_filter1d(where, 2 * reach + 1, mode="constant")
        face = replace(face, curves=replace(face.curves, valid=face.valid & near))
    return read_shot(smirk, face, shot, source, read).flame


def drive(
    plan: FacePlan,
    shot: Shot,
    source: PlateSource,
    warped: Warped,
    bridge: Bridge,
    colour: Colour,
    device: str,
    progress: Callable[[float], None] | None = None,
) -> FloatArray:
    """The coefficients of one face over a shot: what it does, and what is asked beside.

    Args:
        plan: The face and its edit.
        shot: The shot.
        source: Its plates.
        warped: The edit as the warp renderer shows it.
        bridge: How coefficients are made.
        colour: Colour order of SMIRK.
        device: Where SMIRK runs.
        progress: Told the share done.

    Returns:
        (T, 55) float32 in `flame2020`: [expression 50 | eyelids 2 | jaw 3].
    """
    if plan.flame is not None:
        return plan.flame
    smirk = Smirk.load(device, colour=colour) if bridge.smirk else None
    where = warped.expressive
    before = performance(plan, shot, source, smirk, progress, where=where)
    if bridge.head:
        change = flame_change(plan.evaluated.delta, BASIS)
    else:
        assert smirk is not None
        change = _seen_change(plan, shot, source, warped, smirk)
    return apply_change(before, change)


def _seen_change(
    plan: FacePlan, shot: Shot, source: PlateSource, warped: Warped, smirk: Smirk
) -> FloatArray:
    """(T, 55) what SMIRK sees change between the plate and the warped picture, smoothed."""
    asked: BoolArray = warped.expressive
    change = np.zeros((len(asked), FLAME_SIZE), dtype=np.float32)
    frames = np.flatnonzero(asked).tolist()
    for start in range(0, len(frames), smirk.batch):
        part = frames[start : start + smirk.batch]
        pictures = []
        for frame in part:
            plate, points = source.plate(frame), plan.face.landmarks[frame]
            for seen in (plate, warped.plate(frame, plate)):
                pictures.append(crop(seen, points, shot.media.orientation))
        read = smirk.coefficients(np.stack(pictures))
        change[part] = read[1::2] - read[::2]
    smoothed = smooth(change, asked, rate=float(shot.clock.rate), cuts=shot.cuts)
    return np.asarray(smoothed * asked[:, None], dtype=np.float32)
