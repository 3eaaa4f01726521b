"""The reference renderer at work on one shot."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

import numpy as np
import torch

from mien.media.planes import Plate
from mien.model.settings import ReferenceSettings
from mien.model.shot import Shot
from mien.rendering.base import FacePlan, Patch, PlateSource
from mien.rendering.devices import Device, Precision, pick_device
from mien.rendering.reference.crop import CropPath
from mien.rendering.reference.driving import Bridge, bridge_for, drive
from mien.rendering.reference.engine import Engine
from mien.rendering.reference.film import Actor, FaceFilm
from mien.rendering.reference.identity import ArcFace, identity_of
from mien.rendering.reference.regenerate import Regenerator
from mien.rendering.reference.temporal import Timing
from mien.rendering.reference.warped import Warped
from mien.weights.store import installed, locate

__all__ = ["ReferenceSession", "open_session"]

_LOG = logging.getLogger(__name__)
_GROUP = {"cpu": 1, "mps": 4, "cuda": 16}
"""Frames that are regenerated together. A CPU gains nothing by it, and a frame that is made
alone is the same in any company."""
_MODELS = ("arc2face", "arc2face-expression", "arc2face-reference", "arcface-antelopev2",
           "stable-diffusion-v1-5", "smirk", "flame2020", "lcm-lora-sdv1-5", "taesd")  # fmt: skip


def open_session(
    settings: ReferenceSettings,
    shot: Shot,
    plans: Sequence[FacePlan],
    source: PlateSource,
    progress: Callable[[float], None],
) -> ReferenceSession:
    """Load the networks, look through a shot, and read what drives its faces.

    Args:
        settings: How frames are made.
        shot: The tracked shot.
        plans: The faces with edits.
        source: The shot's plates.
        progress: Told the share done, 0..1.

    Raises:
        MissingPartError: When a model or the extra is missing; it is named.
        WeightsError: When a model cannot be used.
    """
    bridge = bridge_for(settings.approximate)
    device = pick_device(settings.precision)
    engine = _load(settings, device, device.precision)
    session = ReferenceSession(settings, engine, device, bridge)
    arcface = ArcFace.load()
    asked = [plan for plan in plans if plan.evaluated.delta.any()]
    for i, plan in enumerate(asked):
        start = i / len(asked)

        def told(share: float, start: float = start) -> None:
            progress(start + share / len(asked))

        session.add(plan, shot, source, arcface, told)
    session.say_how_long(asked)
    progress(1.0)
    return session


class ReferenceSession:
    """The reference renderer at work on one shot; a `CostlySession`.

    Args:
        settings: How frames are made.
        engine: The networks.
        device: Where they run.
        bridge: How coefficients are made.
    """

    def __init__(
        self, settings: ReferenceSettings, engine: Engine, device: Device, bridge: Bridge
    ) -> None:
        self._settings = settings
        self._device = device
        self._bridge = bridge
        self._notes = [str(bridge)]
        self._films: dict[int, FaceFilm] = {}
        self._group = settings.batch or _GROUP[device.kind]
        self._exact: Engine | None = engine if device.precision == "float32" else None
        self.regenerator = Regenerator(
            engine, settings, self._group, self._exact_engine, self._notes.append
        )

    @property
    def key(self) -> str | None:
        """Names the settings, the weights, the device, and how coefficients are made."""
        facts = {
            "settings": self._settings.to_dict(),
            "device": [self._device.kind, self._device.name, self._device.precision],
            "torch": torch.__version__,
            "bridge": str(self._bridge),
            "weights": [_fingerprint(name) for name in _MODELS if installed(name)],
        }
        return hashlib.blake2b(json.dumps(facts).encode(), digest_size=16).hexdigest()

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of how the frames were made."""
        return tuple(self._notes)

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
        coefficients, _ = drive(plan, shot, source, warped, settings, self._device.kind, progress)
        identity = identity_of(arcface, plan.face, shot, source)
        path = CropPath(plan.face, shot, engine.resolution)
        timing = Timing(warped.expressive, tuple(shot.cuts), self._group, settings.anchors)
        actor = Actor(plan, warped, path, coefficients, engine.prompt(identity))
        self._films[plan.face.number] = FaceFilm(actor, timing, source, self.regenerator, settings)

    def say_how_long(self, plans: Sequence[FacePlan]) -> None:
        """Say how slowly a CPU works, before it starts."""
        frames = sum(int(np.count_nonzero(plan.evaluated.active)) for plan in plans)
        if self._device.accelerated or not frames:
            return
        settings = self._settings
        each = self.regenerator.engine.estimate().per_frame(settings.steps, settings.guidance)
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

    def _exact_engine(self) -> Engine:
        if self._exact is None:
            self._exact = _load(self._settings, self._device, "float32")
        return self._exact


def _load(settings: ReferenceSettings, device: Device, precision: Precision) -> Engine:
    return Engine.load(
        device.kind,
        precision,
        small_vae=settings.small_vae,
        lcm=settings.scheduler == "lcm",
    )


def _fingerprint(name: str) -> list[tuple[str, int, int]]:
    """Name, size and time of every file of a model: gigabytes are not read for it."""
    paths: list[Path] = sorted(locate(name).values())
    facts = [(path.name, path.stat()) for path in paths]
    return [(file, stat.st_size, stat.st_mtime_ns) for file, stat in facts]


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
