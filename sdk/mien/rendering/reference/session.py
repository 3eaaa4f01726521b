"""The reference renderer at work on one shot."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from types import TracebackType

import numpy as np

from mien.media.planes import Plate
from mien.model.shot import Shot
from mien.rendering.base import FacePlan, Patch, PlateSource
from mien.rendering.reference.crop import CropPath
from mien.rendering.reference.driving import drive
from mien.rendering.reference.engines import Engines
from mien.rendering.reference.film import Actor, FaceFilm
from mien.rendering.reference.identity import ArcFace, identity_of
from mien.rendering.reference.regenerate import Regenerator
from mien.rendering.reference.temporal import Timing
from mien.rendering.reference.warped import Warped

__all__ = ["ReferenceSession", "open_session"]

_LOG = logging.getLogger(__name__)
_GROUP = {"cpu": 1, "mps": 4, "cuda": 16}
"""Frames that are regenerated together. A CPU gains nothing by it, and a frame that is made
alone is the same in any company."""


def open_session(
    engines: Engines,
    shot: Shot,
    plans: Sequence[FacePlan],
    source: PlateSource,
    notes: list[str],
    progress: Callable[[float], None],
) -> ReferenceSession:
    """Load the networks, look through a shot, and read what drives its faces.

    Args:
        engines: The networks.
        shot: The tracked shot.
        plans: The faces with edits.
        source: The shot's plates.
        notes: Where what the user should know is added to.
        progress: Told the share done, 0..1.

    Raises:
        MissingPartError: When a model is missing; it is named.
        WeightsError: When a model cannot be used.
    """
    session = ReferenceSession(engines, notes)
    arcface = ArcFace.load()
    asked = [plan for plan in plans if plan.evaluated.delta.any()]
    for i, plan in enumerate(asked):

        def told(share: float, done: int = i) -> None:
            progress((done + share) / len(asked))

        session.add(plan, shot, source, arcface, told)
    session.say_how_long(asked)
    progress(1.0)
    return session


class ReferenceSession:
    """The reference renderer at work on one shot; a `CostlySession`.

    Args:
        engines: The networks.
        notes: Where what the user should know is added to.
    """

    def __init__(self, engines: Engines, notes: list[str]) -> None:
        self._engines = engines
        self._settings = engines.settings
        self._device = engines.device
        self._films: dict[int, FaceFilm] = {}
        self._group = self._settings.batch or _GROUP[self._device.kind]
        notes.append(str(engines.bridge))
        self.regenerator = Regenerator(
            engines.engine, self._settings, self._group, lambda: engines.exact, notes.append
        )

    @property
    def key(self) -> str | None:
        """Names the settings, the weights, the device, and how coefficients are made."""
        return self._engines.key

    def expect(self, frames: Sequence[int]) -> None:
        """Nothing is planned by it: which frames go together is told by their numbers alone."""

    def add(
        self,
        plan: FacePlan,
        shot: Shot,
        source: PlateSource,
        arcface: ArcFace,
        progress: Callable[[float], None],
    ) -> None:
        """Get ready for one face.

        Args:
            plan: The face and its edit.
            shot: Its shot.
            source: The shot's plates.
            arcface: Tells who it is.
            progress: Told the share done.
        """
        settings, engine = self._settings, self.regenerator.engine
        warped = Warped(plan, shot, source)
        coefficients = drive(
            plan,
            shot,
            source,
            warped,
            self._engines.bridge,
            settings.colour,
            self._device.kind,
            progress,
        )
        identity = identity_of(arcface, plan.face, shot, source)
        path = CropPath(plan.face, shot, self.regenerator.size)
        timing = Timing(warped.expressive, tuple(shot.cuts), self._group, settings.anchors)
        actor = Actor(plan, warped, path, coefficients, engine.prompt(identity))
        self._films[plan.face.number] = FaceFilm(actor, timing, source, self.regenerator, settings)

    def say_how_long(self, plans: Sequence[FacePlan]) -> None:
        """Say how slowly a CPU works, before it starts."""
        frames = sum(int(np.count_nonzero(plan.evaluated.active)) for plan in plans)
        if self._device.accelerated or not frames:
            return
        settings = self._settings
        each = self.regenerator.engine.estimate(self.regenerator.size).per_frame(
            settings.steps, settings.guidance
        )
        _LOG.warning(
            "There is no GPU: on this CPU a frame takes about %.1f s, the %d frames to be"
            " regenerated about %s.", each, frames, _duration(each * frames),
        )  # fmt: skip

    def render(self, plan: FacePlan, frame: int, plate: Plate) -> Patch | None:
        """New pixels of one face in one frame; None where nothing changes."""
        if not plan.evaluated.delta[frame].any():
            return None
        return self._films[plan.face.number].patch(frame, plate)

    def __enter__(self) -> ReferenceSession:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._films.clear()


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
