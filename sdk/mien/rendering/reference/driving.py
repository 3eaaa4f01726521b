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

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mien._types import FloatArray
from mien.face.bridge import apply_change, flame_change
from mien.face.flame_fit import fit_flame
from mien.face.smirk import BASIS, Smirk, crop, limited
from mien.media.planes import Plate
from mien.model.settings import Colour
from mien.model.shot import Shot
from mien.rendering.base import FacePlan, PlateSource
from mien.rendering.reference.memory import within_memory
from mien.rendering.reference.smoothed_coefficients import SmoothedCoefficients
from mien.rendering.reference.warped import Warped
from mien.weights.store import installed, locate

__all__ = ["Bridge", "Drive", "bridge_for"]

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
        MissingDependencyError: When a part is missing and the next best will not do, or both are.
    """
    bridge = Bridge(installed("smirk"), installed(_HEAD))
    if bridge.exact or (approximate and (bridge.smirk or bridge.head)):
        return bridge
    locate("smirk" if not bridge.smirk else _HEAD)  # says what is missing, and how to get it
    return bridge


class Drive:
    """The coefficients of one face: what it does, and what is asked beside.

    They are worked out when they are asked for: a few frames of a long shot cost only what is
    near them.

    Args:
        plan: The face and its edit.
        shot: The shot.
        source: Its plates.
        warped: The edit as the warp renderer shows it.
        bridge: How coefficients are made.
        colour: Colour order of SMIRK.
        device: Where SMIRK runs.
        threads: Threads of the CPU that it computes with.
    """

    def __init__(
        self,
        plan: FacePlan,
        shot: Shot,
        source: PlateSource,
        warped: Warped,
        bridge: Bridge,
        colour: Colour,
        device: str,
        threads: int,
    ) -> None:
        self._plan = plan
        self._orientation = shot.media.orientation
        self._source = source
        self._warped = warped
        self._smirk: Smirk | None = None
        self._fitted: FloatArray | None = None
        self._change: FloatArray | None = None
        if plan.flame is not None:
            return
        face = plan.face
        if bridge.smirk:
            self._smirk = Smirk.load(device, colour=colour, threads=threads)
            seen = face.valid & ~face.curves.bridged
            self._performance = SmoothedCoefficients(self._performed, seen, shot, bridged=True)
        else:
            self._fitted = fit_flame(face, BASIS, cuts=shot.breaks).flame
        if bridge.head:
            self._change = flame_change(plan.evaluated.delta, BASIS)
        else:
            asked = warped.expressive
            self._seen_change = SmoothedCoefficients(self._changed, asked, shot, bridged=False)

    def at(self, frames: Sequence[int]) -> FloatArray:
        """Coefficients of frames in `flame2020`: [expression 50 | eyelids 2 | jaw 3].

        Args:
            frames: Frames in which more is asked than a look or a turn of the head.

        Returns:
            (n, 55) float32.
        """
        given = self._plan.flame
        if given is not None:
            return given[list(frames)]
        if self._fitted is not None:
            before = self._fitted[list(frames)]
        else:
            before = limited(np.stack([self._performance.at(frame) for frame in frames]))
        if self._change is not None:
            change = self._change[list(frames)]
        else:
            change = np.stack([self._seen_change.at(frame) for frame in frames])
        return apply_change(before, change)

    def _performed(self, frames: list[int]) -> FloatArray:
        """(n, 55) what SMIRK sees in the plates."""
        return self._seen_in([self._crop(frame, self._plate(frame)) for frame in frames])

    def _changed(self, frames: list[int]) -> FloatArray:
        """(n, 55) what SMIRK sees change between the plates and the warped pictures."""
        crops = []
        for frame in frames:
            bare = self._warped.uncovered(frame, self._source.plate(frame))
            for picture in (bare.plate, self._warped.plate(frame, bare.plate, bare.shade)):
                crops.append(self._crop(frame, picture))
        seen = self._seen_in(crops)
        return seen[1::2] - seen[::2]

    def _plate(self, frame: int) -> Plate:
        """The plate of a frame without what is in front of the face."""
        return self._warped.uncovered(frame, self._source.plate(frame)).plate

    def _crop(self, frame: int, picture: Plate) -> FloatArray:
        return crop(picture, self._plan.face.landmarks[frame], self._orientation)

    def _seen_in(self, crops: list[FloatArray]) -> FloatArray:
        smirk = self._smirk
        assert smirk is not None
        return within_memory(
            len(crops), "Reading expressions in", lambda: smirk.coefficients(np.stack(crops))
        )
