"""The benchmark: take A of a clip re-enacts take B, and is compared with what was filmed."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from mien import api
from mien._types import FloatArray, PathLike
from mien.bench.expression import (
    Expressions,
    Performed,
    expression_distance,
    gaze_distance,
    open_smirk,
    pose_distance,
)
from mien.bench.eyes import Eye, open_eye
from mien.bench.options import NOTHING, QualityOptions
from mien.bench.perceptual import Perceptual, open_perceptual
from mien.bench.pictures import (
    FaceCrop,
    eye_distance,
    grown_face,
    moved,
    psnr,
    region_landmarks,
    ssim,
)
from mien.bench.results import ClipQuality, PairQuality, QualityResult
from mien.bench.strips import check_strips, write_strips
from mien.bench.takes import Pair, Takes, open_takes
from mien.errors import MienError, NothingToDoError, OperationCancelledError, UsageError
from mien.identity import IdentityModel, choose_identity
from mien.progress import Progress, progress_reporter
from mien.rendering.registry import choose_renderer
from mien.timebase import FrameRange

__all__ = ["measure_quality"]

Picture = npt.NDArray[np.uint8]
_TIMES: Final = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class _Instruments:
    """What everything is measured with, opened once for all clips."""

    eye: Eye
    identity: IdentityModel
    perceptual: Perceptual | None
    expressions: Callable[[FloatArray], Expressions]
    measured_by: Mapping[str, str]


def measure_quality(
    clips: Sequence[PathLike],
    options: QualityOptions | None = None,
    *,
    progress: bool | Progress = True,
) -> QualityResult:
    """Measure how near renderers come to the truth on clips of people.

    Take A of each clip is asked to do what take B does, and compared with what was filmed
    (docs/benchmark.md). A clip of which nothing can be measured is named in `left_out`; where there
    is no other, its error is raised.

    Args:
        clips: Movies, image sequences, or projects, whose shots are tracked already.
        options: What is measured and by what; `QualityOptions()` when not given.
        progress: As in `mien.track`; stages `track` and `compare`.

    Raises:
        UsageError: When a renderer or an identity model has another name, or no clip was given.
        MissingDependencyError: When a renderer or model is not installed.
        MediaError: When the only clip cannot be read.
        NothingToDoError: When the only clip is too short, or does nothing unlike.
        NoFaceError: When the only clip shows no face.
        OutputError: When strips cannot be put where they were asked for.
    """
    chosen = options or QualityOptions()
    paths = [Path(clip) for clip in clips]
    if not paths:
        raise UsageError("No clip was given.", "Name one at least.")
    if chosen.strips is not None:
        check_strips(chosen.strips, paths, overwrite=chosen.overwrite)
    with ExitStack() as stack:
        instruments = _open_instruments(chosen, stack)
        report = stack.enter_context(progress_reporter(progress))
        done: list[ClipQuality] = []
        failed: dict[str, MienError] = {}
        for path in paths:
            try:
                done.append(_measure(path, chosen, instruments, report))
            except OperationCancelledError:
                raise
            except MienError as error:
                failed[str(path)] = error
    if not done:
        raise next(iter(failed.values()))
    reasons = {name: str(error) for name, error in failed.items()}
    return QualityResult(tuple(done), instruments.measured_by, reasons)


def _open_instruments(options: QualityOptions, stack: ExitStack) -> _Instruments:
    for name in options.renderers:
        if name != NOTHING:
            choose_renderer(name)  # one that cannot be had is said before any work
    identity = choose_identity(options.identity)
    eye = stack.enter_context(closing(open_eye(options.landmarker)))
    perceptual, perceptual_by = open_perceptual()
    smirk, expression_by = open_smirk()
    changes = "perceptual distance" if perceptual else "1 - SSIM"
    measured_by = {
        "identity": identity.reason,
        "perceptual": perceptual_by,
        "expression": expression_by,
        "flicker": f"by {changes}",
        "landmarks": eye.name,
    }
    return _Instruments(eye, identity, perceptual, lambda who: Expressions(who, smirk), measured_by)


def _measure(
    clip: Path, options: QualityOptions, instruments: _Instruments, progress: Progress
) -> ClipQuality:
    with tempfile.TemporaryDirectory(prefix="mien-bench-") as folder:
        takes = open_takes(clip, options, Path(folder), progress)
        edits = [takes.edit()]
        scenes = [scene for pair in takes.pairs if (scene := _scene(takes, pair, instruments))]
        if not scenes:
            raise NothingToDoError(
                f"{instruments.eye.name} sees no face in the frames of {clip.name} that were"
                " chosen.",
                "Take another clip, or other --frames.",
                path=clip,
            )
        expressions = instruments.expressions(takes.person.identity)
        comparison = _Comparison(instruments, expressions)
        rows = [comparison.row(scene, NOTHING, scene.plates) for scene in scenes]
        names, seconds = [NOTHING], {NOTHING: 0.0}
        pictures: dict[str, list[Picture]] = {NOTHING: [scene.plates[0] for scene in scenes]}
        total = len(scenes) * len(options.renderers)
        for renderer in options.renderers:
            name = renderer if renderer == NOTHING else choose_renderer(renderer).renderer.name
            if name in names:
                continue
            names.append(name)
            seconds[name], pictures[name] = 0.0, []
            for scene in scenes:
                frame = scene.pair.frame
                span = FrameRange(frame, frame + 2)
                start = time.perf_counter()
                edited = list(api.render_frames(takes.shot, edits, span, renderer=name))
                seconds[name] += time.perf_counter() - start
                rows.append(comparison.row(scene, name, edited))
                pictures[name].append(edited[0])
                progress("compare", len(rows) - len(scenes), total)
        if options.strips is not None:
            write_strips(options.strips, clip, scenes, pictures, overwrite=options.overwrite)
    return ClipQuality(
        clip=clip.name,
        face=takes.person.number,
        face_name=takes.person.name,
        frames=takes.stop - takes.start,
        cut=takes.cut,
        pairs=tuple(rows),
        renderers=tuple(names),
        seconds=seconds,
        notes=takes.notes,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    """A pair of frames with what was filmed, and what is the same for every renderer.

    Attributes:
        pair: The pair.
        frame: Its first frame in the clip.
        plates: Two pictures of take A.
        reals: The two of take B.
        plate_points: (478, 3) of each plate, by the eye.
        real_points: (478, 3) of each real frame.
        crops: Where edits are compared, of each.
        truths: (256, 256, 3) each, the real frames there.
    """

    pair: Pair
    frame: int
    plates: list[Picture]
    reals: list[Picture]
    plate_points: list[FloatArray]
    real_points: list[FloatArray]
    crops: list[FaceCrop]
    truths: list[FloatArray]


def _scene(takes: Takes, pair: Pair, instruments: _Instruments) -> _Scene | None:
    """What was filmed of a pair; None where the eye does not see the face."""
    i, j = pair.frame, pair.truth
    plates = list(api.render_frames(takes.shot, [], FrameRange(i, i + 2)))
    reals = list(api.render_frames(takes.whole, [], FrameRange(j, j + 2)))
    plate_points, real_points = [], []
    for step in (0, 1):
        ours = instruments.eye.read(plates[step], takes.face.landmarks[i + step])
        theirs = instruments.eye.read(reals[step], takes.person.landmarks[j + step])
        if ours is None or theirs is None:
            return None
        plate_points.append(ours)
        real_points.append(theirs)
    crops = [
        FaceCrop.of(plates[k], plate_points[k][:, :2], reals[k], real_points[k][:, :2])
        for k in (0, 1)
    ]
    truths = [crops[k].truth(reals[k]) for k in (0, 1)]
    return _Scene(pair, takes.start + i, plates, reals, plate_points, real_points, crops, truths)


class _Comparison:
    """Compares edits of one person with the truth."""

    def __init__(self, instruments: _Instruments, expressions: Expressions) -> None:
        self._with = instruments
        self._expressions = expressions
        self._regions = region_landmarks()
        self._real: dict[int, tuple[Performed, FloatArray | None]] = {}

    def row(self, scene: _Scene, renderer: str, edited: list[Picture]) -> PairQuality:
        """Compare two neighbouring frames of an edit; most figures are of the first."""
        crop, truth = scene.crops[0], scene.truths[0]
        seen = [crop.cut(edited[0]), scene.crops[1].cut(edited[1])]
        values: dict[str, float | None] = {
            "psnr": psnr(seen[0], truth, crop.face),
            "ssim": ssim(seen[0], truth, crop.face),
            "perceptual": None,
            "flicker": self._flicker(scene, seen),
            "outside": float(_changed_outside(scene, edited[0])),
        }
        if self._with.perceptual is not None:
            values["perceptual"] = self._with.perceptual.distance(
                _faces_only(seen[0], scene, 0), _faces_only(truth, scene, 0)
            )
        points = self._with.eye.read(edited[0], scene.plate_points[0])
        regions: dict[str, float] = {}
        if points is not None:
            more, regions = self._of_landmarks(scene, edited[0], points)
            values |= more
        return PairQuality(scene.frame, scene.pair.truth, renderer, values, regions)

    def _of_landmarks(
        self, scene: _Scene, picture: Picture, points: FloatArray
    ) -> tuple[dict[str, float | None], dict[str, float]]:
        """What an edit's own landmarks tell, and how far they are from the true ones by region."""
        performed, plate = self._expressions.read(
            [picture, scene.plates[0]], [points, scene.plate_points[0]]
        )
        real, person = self._real_of(scene)
        described = self._with.identity.describe(picture, points)
        alike = None
        if described is not None and person is not None:
            alike = self._with.identity.similarity(described, person)
        true_points = moved(scene.real_points[0][:, :2], scene.crops[0].onto)
        away = np.linalg.norm(points[:, :2] - true_points, axis=1)
        away /= eye_distance(scene.plate_points[0][:, :2])
        values: dict[str, float | None] = {
            "identity": alike,
            "expression": expression_distance(performed, real),
            "pose": pose_distance(performed, plate),
            "gaze": gaze_distance(performed, real),
            "shape": float(away.mean()),
        }
        return values, {name: float(away[group].mean()) for name, group in self._regions.items()}

    def _real_of(self, scene: _Scene) -> tuple[Performed, FloatArray | None]:
        """What the person really does in the truth, and who that is."""
        known = self._real.get(scene.pair.truth)
        if known is None:
            (performed,) = self._expressions.read([scene.reals[0]], [scene.real_points[0]])
            person = self._with.identity.describe(scene.reals[0], scene.real_points[0])
            known = self._real[scene.pair.truth] = performed, person
        return known

    def _flicker(self, scene: _Scene, seen: list[FloatArray]) -> float:
        """How far the change to the next frame is from the truth's own, x 100.

        After tLP of Chu et al., "Learning Temporal Coherence via Self-Supervision for GAN-based
        Video Generation", 2020.
        """
        ours = self._change(scene, seen)
        theirs = self._change(scene, scene.truths)
        return _TIMES * abs(ours - theirs)

    def _change(self, scene: _Scene, pictures: list[FloatArray]) -> float:
        if self._with.perceptual is None:
            return 1 - ssim(pictures[0], pictures[1], scene.crops[0].face)
        faces = [_faces_only(picture, scene, k) for k, picture in enumerate(pictures)]
        return self._with.perceptual.distance(faces[0], faces[1])


def _faces_only(picture: FloatArray, scene: _Scene, step: int) -> FloatArray:
    """A square whose surroundings are the plate's, so that the face alone is compared."""
    crop = scene.crops[step]
    return np.where(crop.face[..., None], picture, crop.cut(scene.plates[step]))


def _changed_outside(scene: _Scene, picture: Picture) -> int:
    """Pixels of an edit that differ from the plate's away from the face."""
    plate = scene.plates[0]
    true_points = moved(scene.real_points[0][:, :2], scene.crops[0].onto)
    face = grown_face(plate.shape, scene.plate_points[0][:, :2], true_points)
    return int(np.count_nonzero((picture != plate).any(axis=2) & ~face))
