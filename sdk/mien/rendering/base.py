"""The renderer contract: how pixels are asked for, whoever makes them.

A `Renderer` is opened for one shot and gives a `RenderSession`. The session is told which
edits will be asked for (`prepare`), looks through the shot for what they need (an open mouth,
a reference frame), and then answers `RenderRequest`s, each for one face in one frame, in any
order: nothing may depend on which frames were asked for before (promise 7).

An answer is a `Patch` of R'G'B' with a mask. The compositor adds only the *difference* from
the plate, inside the mask, in the plate's own pixel format, so that where the patch equals
the plate, or outside the mask, the plate's code values stay as they are (promise 1).

Everything but `Renderer.open` and `RenderSession.render` has a default that works.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Literal, Protocol, TypeVar, runtime_checkable

import numpy as np

from mien._types import FloatArray
from mien.errors import MissingDependencyError
from mien.media.planes import Box, Plate
from mien.model.evaluate import Evaluated
from mien.model.face import Face
from mien.model.renderer_settings import RendererSettings
from mien.model.shot import Shot
from mien.progress import Progress, silent

__all__ = ["API_VERSION", "Box", "CacheKey", "FacePlan", "OcclusionSource", "Patch", "Plate",
           "PlateSource", "Quality", "RenderRequest", "RenderSession", "Renderer"]  # fmt: skip

API_VERSION: Final = 1
"""Version of this contract; renderers that are installed as plug-ins say which one they follow."""

Quality = Literal["final", "draft"]
"""`final`: the pixels that an output gets. `draft`: as good as it goes without waiting for
anything, for somebody who drags a slider."""


@dataclass(frozen=True, slots=True, eq=False)
class FacePlan:
    """One face and its evaluated edit over the whole shot.

    Attributes:
        face: The face.
        evaluated: Performance and change of every frame.
        flame: (T, 55) float32 coefficients in `flame2020` that the edit stands for, where it
            replaces the whole performance; None where it departs from it.
    """

    face: Face
    evaluated: Evaluated
    flame: FloatArray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RenderRequest:
    """One face in one frame, to be rendered.

    Attributes:
        plan: The face and its evaluated edit, which changes something in this frame.
        frame: Index of the frame.
        plate: The frame's plate; not changed.
        scale: Pixels of the plate in a pixel of the original: below 1 for a small picture. The
            face and the shot that the session was opened with have that size already.
        quality: Whether the pixels are final or a draft.
        occlusion: (H, W) float32 of the plate, 0..1, how far something is in front of the face;
            None where nothing is known of it. Whoever composes keeps such pixels; a renderer
            may use it so as not to sample from them.
    """

    plan: FacePlan
    frame: int
    plate: Plate
    scale: float = 1.0
    quality: Quality = "final"
    occlusion: FloatArray | None = None

    @property
    def face(self) -> Face:
        """The face."""
        return self.plan.face

    @property
    def source(self) -> FloatArray:
        """(59,) float32, the performance in this frame."""
        return np.asarray(self.plan.evaluated.source[self.frame])

    @property
    def delta(self) -> FloatArray:
        """(59,) float32, the change that is asked for; not all zero."""
        return np.asarray(self.plan.evaluated.delta[self.frame])

    @property
    def target(self) -> FloatArray:
        """(59,) float32, the controls that the new pixels are to show."""
        return self.source + self.delta


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """New pixels for a part of the plate.

    Attributes:
        box: Position and size, in coded pixels.
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

    def __repr__(self) -> str:
        taken = int(np.count_nonzero(self.mask))
        return f"Patch({self.box}, {taken} pixels taken)"


class PlateSource(Protocol):
    """Random access to the plates of a shot."""

    def plate(self, frame: int) -> Plate:
        """Return the plate of a frame."""
        ...


@runtime_checkable
class OcclusionSource(PlateSource, Protocol):
    """Plates of which is known what is in front of a face, in whatever frame.

    A request tells it of its own frame; who looks at others asks the source that it was opened
    with, if it is one of these.
    """

    def occlusion(self, face: Face, frame: int, plate: Plate) -> FloatArray | None:
        """Return (H, W) how far something is in front of a face, 0..1; None where nothing is."""
        ...


@dataclass(frozen=True, slots=True)
class CacheKey:
    """The dependence of a face's pixels beyond shot, faces and the renderer's version.

    Attributes:
        digest: Names settings, weights, precision, device, threads: whatever changes a pixel.
        temporal_radius: Frames to either side of a frame whose edits its pixels depend on: 0
            for its own edit alone, None for the edit of the whole shot.
    """

    digest: str = ""
    temporal_radius: int | None = None


Session = TypeVar("Session", bound="RenderSession")


class RenderSession(ABC):
    """A renderer at work on one shot; a context manager that closes it.

    Sessions are used by one thread at a time, unless their renderer says `concurrent`: then
    `render` is called by several threads at once.
    """

    @abstractmethod
    def render(self, request: RenderRequest) -> Patch | None:
        """Make the new pixels of one face in one frame.

        A request of final quality comes after its plan was prepared; a draft may come before,
        and is made with what is known.

        Args:
            request: The face, the frame and its plate.

        Returns:
            The pixels; None where nothing changes.

        Raises:
            MienError: When they cannot be made.
        """

    def prepare(self, plans: Sequence[FacePlan], progress: Progress = silent) -> None:
        """Get ready to render edits: load models, look through the shot.

        Called again with other plans when the edit changes; plans with faces of the same
        number take the place of earlier ones.

        Args:
            plans: The faces with edits.
            progress: Told about the stage `prepare`.

        Raises:
            MienError: When a part is missing, or the shot cannot be read.
        """
        progress("prepare", 1, 1)

    def is_prepared(self, plans: Sequence[FacePlan]) -> bool:
        """Tell whether edits can be rendered at once, without `prepare`."""
        return True

    def warm_up(self, face: Face) -> bool:
        """Learn ahead what edits of a face may need, while nobody waits.

        Returns:
            False when there was nothing to learn.

        Raises:
            MienError: When the shot cannot be read.
        """
        return False

    def prepare_frames(self, frames: Sequence[int]) -> None:  # noqa: B027 - nothing by default
        """Hear, before the first of them, which frames will be rendered.

        Others may still be asked for, and get the same answer as ever.

        Args:
            frames: Indices, ascending, without those that are finished already.
        """

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks on how the frames were made, for the report; each is shown once."""
        return ()

    def close(self) -> None:  # noqa: B027 - nothing by default
        """Let go of what the session holds."""

    def __enter__(self: Session) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Renderer(ABC):
    """The maker of edited faces' pixels; derive from it to write one of your own.

    Attributes:
        name: The name by which `--renderer` chooses it.
        pixels: Version of its pixels: raised whenever the same request gives other pixels, so
            that frames which an earlier version finished are not taken for this one's.
        costly: Whether a frame takes longer than a disk needs to read it: then finished frames
            are kept until an output is whole, and a slider is followed with drafts of the warp
            renderer.
        concurrent: Whether its sessions may be used by several threads at once; then several
            make the frames of a render, one a core but four at most.
        processes: Whether other processes may open sessions of their own to make frames of the same
            render: renderer, shot and plans can be pickled, what a session learns of a shot is kept
            for the next one, and the pixels are the same; `prepare_frames` is not called there. It
            has to be `concurrent`, too, and is not inherited: a class says it of itself.
        settings_type: Type of its settings; the class is called with such settings, and without
            any for the defaults. None when it has none.
        settings: The settings that it was made with.
        summary: What it is, in a line.
        gpu: Whether it works on a GPU where there is one.
        generative: Whether trained networks make its pixels anew, as credentials then say.
        corrected: Whether amounts are corrected by what is seen of them in its pixels, before the
            final frames are made (docs/closed-loop.md). It has to be quick for that.
    """

    name: str
    pixels: int = 1
    costly: bool = False
    concurrent: bool = False
    processes: bool = False
    settings_type: type[RendererSettings] | None = None
    settings: RendererSettings | None = None
    summary: str = ""
    gpu: bool = False
    generative: bool = False
    corrected: bool = False

    @abstractmethod
    def open(self, shot: Shot, source: PlateSource) -> RenderSession:
        """Start work on a shot; what takes long is left to `RenderSession.prepare`.

        Args:
            shot: The tracked shot.
            source: The shot's plates.

        Raises:
            MienError: When a part is missing.
        """

    def cache_key(self, shot: Shot, plan: FacePlan) -> CacheKey:
        """Return what the pixels of one face depend on, without opening a session.

        Finished frames are found by it without loading a model, and a change of the edit costs
        only the frames that it reaches. The default is on the safe side: the settings, and the
        edit of the whole shot.

        Args:
            shot: The tracked shot.
            plan: The face and its edit.

        Raises:
            MienError: When a part is missing.
        """
        if self.settings is None:
            return CacheKey()
        return CacheKey(json.dumps(self.settings.to_mapping(), sort_keys=True))

    def models(self) -> Mapping[str, Mapping[str, str]]:
        """Return the models that take part in its pixels, as credentials name them.

        Returns:
            By a model's name, the SHA-256 of its files by theirs; empty where none is known.
        """
        return {}

    def missing(self, settings: RendererSettings | None) -> MissingDependencyError | None:
        """Return why the renderer cannot be used here; None when it can.

        Args:
            settings: Settings of its own type; None for the defaults.
        """
        return None
