"""The Renderer protocol: how pixels are asked for, whoever makes them.

A renderer sees one shot at a time. `open` looks through the shot once for what it needs
(an open mouth, closed lids, a reference frame) and returns a session; the session is then
asked for one face in one frame, in any order, and must give the same answer in any order:
nothing may depend on which frames were asked for before (promise 7).

The answer is a patch of R'G'B' with a mask. The compositor adds only the *difference* from
the plate, inside the mask, in the plate's own pixel format, so that where the patch equals
the plate, or outside the mask, the plate's code values stay as they are (promise 1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, runtime_checkable

import numpy as np

from mien._types import FloatArray
from mien.media.planes import Box, Plate
from mien.model.evaluate import Evaluated
from mien.model.face import Face
from mien.model.shot import Shot

__all__ = ["Box", "CostlySession", "Dependence", "FacePlan", "KeyedRenderer", "NotingRenderer",
           "Patch", "PlateSource", "Renderer", "RenderSession"]  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class FacePlan:
    """One face and the evaluated edit of every frame of the shot.

    Attributes:
        face: The face.
        evaluated: What is asked of it.
        flame: (T, 55) float32 coefficients in `flame2020` that the edit stands for, where it
            replaces the whole performance; None where it departs from it.
    """

    face: Face
    evaluated: Evaluated
    flame: FloatArray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """New pixels for a part of the plate.

    Attributes:
        box: Where, in coded pixels.
        rgb: (h, w, 3) float32 R'G'B' as `Plate.rgb` gives it: 0..1 is the nominal range.
        mask: (h, w) float32, 0..1, how much of the patch is taken; 0 on its border.
    """

    box: Box
    rgb: FloatArray
    mask: FloatArray

    def __post_init__(self) -> None:
        size = (self.box.height, self.box.width)
        if self.rgb.shape != (*size, 3) or self.mask.shape != size:
            raise ValueError(f"patch of {self.rgb.shape} and {self.mask.shape} for {self.box}")
        if not np.isfinite(self.rgb).all():
            raise ValueError(f"patch at {self.box} holds values that are not finite")


class PlateSource(Protocol):
    """Random access to the plates of the shot."""

    def plate(self, frame: int) -> Plate:
        """The plate of a frame."""
        ...


class RenderSession(Protocol):
    """A renderer at work on one shot."""

    def render(self, plan: FacePlan, frame: int, plate: Plate) -> Patch | None:
        """New pixels of one face in one frame; None where nothing changes.

        Args:
            plan: The face and its evaluated edit.
            frame: Index of the frame.
            plate: The frame's plate; not changed.
        """
        ...

    def __enter__(self) -> RenderSession: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


@runtime_checkable
class CostlySession(RenderSession, Protocol):
    """A session whose frames are worth keeping until the output is whole.

    A render that was killed then goes on where it was (rendering/resume.py). Sessions that
    render faster than a disk would read need neither of these.
    """

    @property
    def key(self) -> str | None:
        """Names what its pixels depend on beyond the shot, its faces and their edits.

        Settings, weights, precision, device: whatever changes a pixel must change the key.
        None when nothing is to be kept after all.
        """
        ...

    def expect(self, frames: Sequence[int]) -> None:
        """Hear, before the first of them, which frames will be asked for.

        Others may still be asked for, and get the same answer as ever.

        Args:
            frames: Indices, ascending, without those that are finished already.
        """
        ...


class Renderer(Protocol):
    """Makes the pixels of edited faces."""

    @property
    def name(self) -> str:
        """The name by which `--renderer` chooses it."""
        ...

    def open(
        self,
        shot: Shot,
        plans: Sequence[FacePlan],
        source: PlateSource,
        progress: Callable[[float], None] | None = None,
    ) -> RenderSession:
        """Look through the shot and get ready.

        Args:
            shot: The tracked shot.
            plans: The faces with edits.
            source: The shot's plates.
            progress: Told the share done, 0..1.
        """
        ...


@runtime_checkable
class NotingRenderer(Renderer, Protocol):
    """A renderer that has something to say of the shot it rendered last."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be known of how its frames were made, for the report."""
        ...


@dataclass(frozen=True, slots=True)
class Dependence:
    """What a face's pixels depend on beyond the shot and its faces.

    Attributes:
        key: Names settings, weights, precision, device: whatever changes a pixel.
        reach: Frames to either side of a frame whose edits its pixels depend on: 0 for its own
            edit alone, None for the edit of the whole shot.
    """

    key: str
    reach: int | None = None


@runtime_checkable
class KeyedRenderer(Renderer, Protocol):
    """A renderer that says what its pixels depend on before it is opened.

    In a batch the finished frames of a shot are then found without loading a model, and a
    change of the edit costs only the frames that it reaches.
    """

    def dependence(self, shot: Shot, plan: FacePlan) -> Dependence:
        """What the pixels of one face depend on.

        Args:
            shot: The tracked shot.
            plan: The face and its edit.
        """
        ...
