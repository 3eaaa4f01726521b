"""The reference renderer at work on one shot."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from mien._types import FloatArray
from mien.model.face import Face
from mien.model.shot import Shot
from mien.progress import Progress, silent
from mien.rendering.appearance.examples import example_remarks
from mien.rendering.base import FacePlan, Patch, PlateSource, RenderRequest, RenderSession
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

__all__ = ["ReferenceSession"]

P = ParamSpec("P")
T = TypeVar("T")
_LOG = logging.getLogger(__name__)
_GROUP = {"cpu": 1, "mps": 4, "cuda": 16}
"""Frames that are regenerated together. A CPU gains nothing by it, and a frame that is made
alone is the same in any company."""


def _with_own_threads(
    method: Callable[Concatenate[ReferenceSession, P], T],
) -> Callable[Concatenate[ReferenceSession, P], T]:
    """Let a session compute with the threads that its key names, whatever its process has."""

    @functools.wraps(method)
    def computing(self: ReferenceSession, /, *given: P.args, **named: P.kwargs) -> T:
        with computing_threads(self.threads):
            return method(self, *given, **named)

    return computing


class ReferenceSession(RenderSession):
    """The reference renderer at work on one shot.

    Args:
        load: Gives the networks; called when the first edit is prepared.
        shot: The tracked shot.
        source: The shot's plates.
    """

    def __init__(self, load: Callable[[], Engines], shot: Shot, source: PlateSource) -> None:
        self._load = load
        self._shot = shot
        self._source = source
        self._plans: dict[int, FacePlan] = {}
        self._sequences: dict[int, FaceSequence] = {}
        self._identities: dict[int, FloatArray] = {}
        self._estimate: Estimate | None = None
        self._notes: list[str] = []

    @cached_property
    def engines(self) -> Engines:
        """The networks."""
        engines = self._load()
        self._notes.append(str(engines.bridge))
        return engines

    @cached_property
    def regenerator(self) -> Regenerator:
        """What makes frames with the networks."""
        engines = self.engines
        return Regenerator(
            engines.engine, engines.settings, self._group, lambda: engines.exact, self._notes.append
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of how the frames were made."""
        return tuple(self._notes)

    @property
    def threads(self) -> int:
        """Threads of the CPU that the networks compute with, as the key of their frames says."""
        return self.engines.settings.threads

    @property
    def _group(self) -> int:
        return self.engines.settings.batch or _GROUP[self.engines.device.kind]

    @_with_own_threads
    def prepare(self, plans: Sequence[FacePlan], progress: Progress = silent) -> None:
        """Load the networks, and look through the shot for its mouths and for whose faces they are.

        Args:
            plans: The faces with edits.
            progress: Told about the stage `prepare`.

        Raises:
            MissingDependencyError: When a model is missing; it is named.
            WeightsError: When a model cannot be used.
        """
        wanted = [plan for plan in plans if not self._knows(plan)]
        if wanted:
            # The networks first: whoever lacks one hears of it before a long look.
            self.regenerator  # noqa: B018
            arcface = ArcFace.load(self.threads)
        for i, plan in enumerate(wanted):

            def report(stage: str, done: int, total: int, before: int = i) -> None:
                fraction = (before + done / total) / len(wanted)
                progress("prepare", round(100 * fraction), 100)

            self._add(plan, arcface, report)
        progress("prepare", 100, 100)

    def is_prepared(self, plans: Sequence[FacePlan]) -> bool:
        """Tell whether these very edits were prepared."""
        return all(map(self._knows, plans))

    @_with_own_threads
    def prepare_frames(self, frames: Sequence[int]) -> None:
        """Say, before it starts, what takes long.

        Nothing is planned by it: which frames go together is told by their numbers alone.
        """
        work = [(sequence, sequence.to_make(frames)) for sequence in self._sequences.values()]
        if not any(count for _, count in work):
            return
        if self.engines.settings.compiled:
            _LOG.warning(
                "torch.compile makes kernels before the first frame, which takes minutes;"
                " they are kept in %s for the next render.", kernel_folder(),
            )  # fmt: skip
        if not self.engines.device.accelerated:
            self._say_how_long(work)

    @_with_own_threads
    def render(self, request: RenderRequest) -> Patch | None:
        """Make new pixels of one face in one frame; see `RenderSession.render`."""
        if not self._knows(request.plan):
            self.prepare([request.plan])
        return self._sequences[request.face.number].patch(request.frame, request.plate)

    def close(self) -> None:
        """Let go of frames that were made."""
        self._sequences.clear()
        self._plans.clear()

    def _knows(self, plan: FacePlan) -> bool:
        return self._plans.get(plan.face.number) is plan or not plan.evaluated.delta.any()

    def _say_how_long(self, work: Sequence[tuple[FaceSequence, int]]) -> None:
        settings, engine = self.engines.settings, self.regenerator.engine
        if self._estimate is None:
            self._estimate = engine.estimate(self.regenerator.size)
        count, seconds = 0, 0.0
        for sequence, made in work:
            steps = engine.levels.timesteps(settings.steps, settings.scheduler, sequence.strength)
            each = self._estimate.per_frame(
                len(steps), settings.guidance, reference=settings.reference_scale > 0
            )
            count, seconds = count + made, seconds + made * each
        several = f" of {len(work)} faces" if len(work) > 1 else ""
        _LOG.warning(
            "There is no GPU: on this CPU a frame takes about %.1f s, the %d frames%s to be"
            " regenerated about %s.", seconds / count, count, several, _duration(seconds),
        )  # fmt: skip

    def _add(self, plan: FacePlan, arcface: ArcFace, progress: Progress) -> None:
        """Get ready for one face; its earlier edit, if there was one, is forgotten."""
        shot, source, engines = self._shot, self._source, self.engines
        settings, engine = engines.settings, self.regenerator.engine
        warped = Warped(plan, shot, source)
        for remark in (*example_remarks(shot), *warped.remarks):
            if remark not in self._notes:
                self._notes.append(remark)
        device = engines.device.kind
        drive = Drive(
            plan, shot, source, warped, engines.bridge, settings.colour, device, settings.threads
        )
        number = plan.face.number
        if number not in self._identities:
            # Whose face it is does not change with the edit.
            self._identities[number] = identity_of(
                arcface, plan.face.uncorrected(), shot, source, progress
            )
        path = CropPath(plan.face.uncorrected(), shot, self.regenerator.size)
        timing = Timing(warped.expressive, tuple(shot.breaks), self._group, settings.anchors)
        prompt, scale = engine.prompt(self._identities[number]), self._shot_scale(plan.face, shot)
        context = FaceContext(plan, warped, path, drive, prompt, scale)
        sequence = FaceSequence(context, timing, source, self.regenerator, settings)
        self._sequences[number] = sequence
        self._plans[number] = plan

    def _shot_scale(self, face: Face, shot: Shot) -> float:
        """How strongly the shot's LoRA acts on a face: it learned one face, and is nobody else."""
        if not self.engines.settings.shot_lora:
            return 0.0
        facts = read_facts(Path(self.engines.settings.shot_lora))
        number = facts.get("face")
        note = f"the LoRA was trained on other media; it acts on face {number} of these"
        if facts.get("media_fingerprint") != shot.media.fingerprint and note not in self._notes:
            self._notes.append(note)
        return float(number == face.number)


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
