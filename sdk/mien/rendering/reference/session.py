"""The reference renderer at work on one shot."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Concatenate, ParamSpec, TypeVar

from mien.media.planes import Plate
from mien.model.face import Face
from mien.model.shot import Shot
from mien.rendering.base import FacePlan, Patch, PlateSource
from mien.rendering.reference.crop import CropPath
from mien.rendering.reference.determinism import computing_threads
from mien.rendering.reference.driving import Drive
from mien.rendering.reference.engine import Estimate
from mien.rendering.reference.engines import Engines
from mien.rendering.reference.face_sequence import FaceContext, FaceSequence
from mien.rendering.reference.identity import ArcFace, identity_of
from mien.rendering.reference.kernels import kernel_folder
from mien.rendering.reference.regenerate import Regenerator
from mien.rendering.reference.shot_lora import read_facts
from mien.rendering.reference.temporal import Timing
from mien.rendering.reference.warped import Warped

__all__ = ["ReferenceSession", "open_session"]

P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S", bound="ReferenceSession")
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
    """Load the networks, and look through a shot for its mouths and for whose faces they are.

    Args:
        engines: The networks.
        shot: The tracked shot.
        plans: The faces with edits.
        source: The shot's plates.
        notes: Where what the user should know is added to.
        progress: Told the share done, 0..1.

    Raises:
        MissingDependencyError: When a model is missing; it is named.
        WeightsError: When a model cannot be used.
    """
    session = ReferenceSession(engines, notes)
    arcface = ArcFace.load(engines.settings.threads)
    asked = [plan for plan in plans if plan.evaluated.delta.any()]
    for i, plan in enumerate(asked):

        def told(done: int, total: int, before: int = i) -> None:
            progress((before + done / total) / len(asked))

        session.add(plan, shot, source, arcface, told)
    progress(1.0)
    return session


def _at_work(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Let a session compute with the threads that its key names, whatever its process has."""

    @functools.wraps(method)
    def working(self: S, /, *given: P.args, **named: P.kwargs) -> T:
        with computing_threads(self.threads):
            return method(self, *given, **named)

    return working


class ReferenceSession:
    """The reference renderer at work on one shot; a `CostlySession`.

    Args:
        engines: The networks.
        notes: Where what the user should know is added to.

    Attributes:
        threads: Threads of the CPU that it computes with.
        regenerator: Makes frames anew.
    """

    def __init__(self, engines: Engines, notes: list[str]) -> None:
        self._engines = engines
        self._settings = engines.settings
        self.threads = engines.settings.threads
        self._device = engines.device
        self._films: dict[int, FaceSequence] = {}
        self._estimate: Estimate | None = None
        self._group = self._settings.batch or _GROUP[self._device.kind]
        self._notes = notes
        notes.append(str(engines.bridge))
        self.regenerator = Regenerator(
            engines.engine, self._settings, self._group, lambda: engines.exact, notes.append
        )

    @property
    def key(self) -> str | None:
        """Names the settings, the weights, the device, and how coefficients are made."""
        return self._engines.key

    @_at_work
    def expect(self, frames: Sequence[int]) -> None:
        """Say, before it starts, what takes long.

        Nothing is planned by it: which frames go together is told by their numbers alone.
        """
        work = [(film, film.to_make(frames)) for film in self._films.values()]
        if not any(count for _, count in work):
            return
        if self._settings.compiled:
            _LOG.warning(
                "torch.compile makes kernels before the first frame, which takes minutes;"
                " they are kept in %s for the next render.", kernel_folder(),
            )  # fmt: skip
        if not self._device.accelerated:
            self._say_how_long(work)

    def _say_how_long(self, work: Sequence[tuple[FaceSequence, int]]) -> None:
        settings, engine = self._settings, self.regenerator.engine
        if self._estimate is None:
            self._estimate = engine.estimate(self.regenerator.size)
        count, seconds = 0, 0.0
        for film, made in work:
            steps = engine.levels.timesteps(settings.steps, settings.scheduler, film.strength)
            each = self._estimate.per_frame(
                len(steps), settings.guidance, reference=settings.reference_scale > 0
            )
            count, seconds = count + made, seconds + made * each
        several = f" of {len(work)} faces" if len(work) > 1 else ""
        _LOG.warning(
            "There is no GPU: on this CPU a frame takes about %.1f s, the %d frames%s to be"
            " regenerated about %s.", seconds / count, count, several, _duration(seconds),
        )  # fmt: skip

    @_at_work
    def add(
        self,
        plan: FacePlan,
        shot: Shot,
        source: PlateSource,
        arcface: ArcFace,
        progress: Callable[[int, int], None],
    ) -> None:
        """Get ready for one face.

        Args:
            plan: The face and its edit.
            shot: Its shot.
            source: The shot's plates.
            arcface: Tells who it is.
            progress: Told the frames looked at and their total.
        """
        settings, engine = self._settings, self.regenerator.engine
        warped = Warped(plan, shot, source)
        drive = Drive(
            plan, shot, source, warped, self._engines.bridge, settings.colour, self._device.kind,
            settings.threads,
        )  # fmt: skip
        identity = identity_of(arcface, plan.face, shot, source, progress)
        path = CropPath(plan.face, shot, self.regenerator.size)
        timing = Timing(warped.expressive, tuple(shot.cuts), self._group, settings.anchors)
        prompt, scale = engine.prompt(identity), self._shot_scale(plan.face, shot)
        actor = FaceContext(plan, warped, path, drive, prompt, scale)
        self._films[plan.face.number] = FaceSequence(
            actor, timing, source, self.regenerator, settings
        )

    def _shot_scale(self, face: Face, shot: Shot) -> float:
        """How strongly the shot's LoRA acts on a face: it learned one face, and is nobody else."""
        if not self._settings.shot_lora:
            return 0.0
        facts = read_facts(Path(self._settings.shot_lora))
        number = facts.get("face")
        note = f"the LoRA was trained on other media; it acts on face {number} of these"
        if facts.get("media_fingerprint") != shot.media.fingerprint and note not in self._notes:
            self._notes.append(note)
        return float(number == face.number)

    @_at_work
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
