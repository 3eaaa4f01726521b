"""The checks that mien offers to others catch what they are for."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import IO

import numpy as np
import pytest

import mien
from mien.io.curves import curve_formats
from mien.media.reader import Reader
from mien.model.face import FaceTrack
from mien.model.shot import Shot
from mien.progress import Progress, silent
from mien.rendering.base import (
    CacheKey,
    FacePlan,
    Patch,
    PlateSource,
    Renderer,
    RenderRequest,
    RenderSession,
)
from mien.rendering.registry import get_renderer
from mien.testing import ContractError, Scene, check_curve_format, check_renderer, check_tracker
from mien.tracking.base import MAX_FACES, TrackResult

Change = Callable[[Patch, RenderRequest, int], Patch | None]


class Bent(Renderer):
    """The embedded renderer, but for one thing."""

    name = "bent"

    def __init__(self, change: Change, radius: int | None = 0) -> None:
        self.change = change
        self.radius = radius

    def open(self, shot: Shot, source: PlateSource) -> RenderSession:
        return BentSession(get_renderer("warp").open(shot, source), self.change)

    def cache_key(self, shot: Shot, plan: FacePlan) -> CacheKey:
        return CacheKey("bent", self.radius)


class BentSession(RenderSession):
    def __init__(self, session: RenderSession, change: Change) -> None:
        self.session = session
        self.change = change
        self.calls = 0

    def prepare(self, plans: Sequence[FacePlan], progress: Progress = silent) -> None:
        self.session.prepare(plans, progress)

    def render(self, request: RenderRequest) -> Patch | None:
        patch = self.session.render(request)
        self.calls += 1
        return None if patch is None else self.change(patch, request, self.calls)


def straight(patch: Patch, request: RenderRequest, calls: int) -> Patch:
    return patch


def hard_edged(patch: Patch, request: RenderRequest, calls: int) -> Patch:
    return dataclasses.replace(patch, mask=np.ones_like(patch.mask))


def double(patch: Patch, request: RenderRequest, calls: int) -> Patch:
    return dataclasses.replace(patch, mask=patch.mask.astype(np.float64))


def forgetful(patch: Patch, request: RenderRequest, calls: int) -> Patch:
    return dataclasses.replace(patch, rgb=patch.rgb + np.float32(calls) / 255)


def looking_ahead(patch: Patch, request: RenderRequest, calls: int) -> Patch:
    level = np.float32(request.plan.evaluated.delta.mean())
    return dataclasses.replace(patch, rgb=patch.rgb + level)


def adding(patch: Patch, request: RenderRequest, calls: int) -> Patch:
    """Composes by itself, into the plate that it was given."""
    request.plate.add(patch.box, np.full_like(patch.rgb, 0.1))
    return patch


def scribbling(patch: Patch, request: RenderRequest, calls: int) -> Patch:
    """Writes through a view that it has made writable, which the memory below it allows."""
    for plane in request.plate.planes:
        plane.flags.writeable = True
        plane[...] = 0
    return patch


def test_a_renderer_that_keeps_its_promises_passes() -> None:
    check_renderer(Bent(straight))
    check_renderer(Bent(looking_ahead, radius=None))


@pytest.mark.parametrize(
    ("change", "promise"),
    [
        (hard_edged, "0 on its border"),
        (double, "Masks are float32"),
        (adding, "The plate that is given is not changed"),
        (scribbling, "The plate that is given is not changed"),
        (forgetful, "whatever was asked for before"),
        (looking_ahead, "as the key says"),
    ],
)
def test_a_broken_promise_is_named(change: Change, promise: str) -> None:
    with pytest.raises(ContractError, match=promise):
        check_renderer(Bent(change))


@pytest.mark.slow
def test_threads_that_disturb_each_other_are_found() -> None:
    asked: list[int] = []

    def of_the_latest(patch: Patch, request: RenderRequest, calls: int) -> Patch:
        asked.append(request.frame)
        time.sleep(0.02)
        return dataclasses.replace(patch, rgb=patch.rgb + np.float32(asked[-1]) / 255)

    renderer = Bent(of_the_latest)
    check_renderer(renderer)
    renderer.concurrent = True
    with pytest.raises(ContractError, match="several threads"):
        check_renderer(renderer)


def test_pixels_count_from_one() -> None:
    renderer = Bent(straight)
    renderer.pixels = 0
    with pytest.raises(ContractError, match="`pixels` counts from 1"):
        check_renderer(renderer)


class Seer:
    """A tracker that sees as many faces as it is told to, in everything."""

    name = "seer"
    version = 1
    api_version = 1

    def __init__(self, faces: int = 0, *, quiet: bool = False) -> None:
        self.faces = faces
        self.quiet = quiet

    def track(
        self, reader: Reader, *, max_faces: int = MAX_FACES, progress: Progress = silent
    ) -> TrackResult:
        frames = reader.facts.clock.frame_count
        if not self.quiet:
            progress("track", frames, frames)
        scene = Scene(frames=frames)
        track = FaceTrack(1, scene.faces[0].landmarks, np.ones(frames, np.float32))
        return TrackResult((track,) * self.faces, ())


def test_trackers_are_checked() -> None:
    check_tracker(Seer())
    with pytest.raises(ContractError, match="no face in grey pictures"):
        check_tracker(Seer(1))
    with pytest.raises(ContractError, match="Progress is reported"):
        check_tracker(Seer(quiet=True))
    other = Seer()
    other.api_version = 99
    with pytest.raises(ContractError, match="api_version"):
        check_tracker(other)


class Rounding(mien.CurveFormat):
    """Values in tenths: too coarse for anybody."""

    api_version = 1
    name = "rounding"
    suffixes = (".tenths",)

    def write(self, curves: mien.CurveFile, file: IO[bytes]) -> None:
        face = curves.face()
        values = np.stack([face.controls["jawOpen"], face.valid]).round(1)
        np.save(file, values.astype(np.float32), allow_pickle=False)

    def read(self, file: IO[bytes]) -> mien.CurveFile:
        values = np.load(file, allow_pickle=False)
        clock = mien.Clock(Fraction(25), values.shape[1])
        face = mien.FaceCurves(1, {"jawOpen": values[0]}, values[1] > 0)
        return mien.CurveFile((face,), clock)


def test_curve_formats_are_checked() -> None:
    for own in curve_formats():
        check_curve_format(own)
    with pytest.raises(ContractError, match="jawOpen comes back"):
        check_curve_format(Rounding())
    check_curve_format(Rounding(), tolerance=0.06)
