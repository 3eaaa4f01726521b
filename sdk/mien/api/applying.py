"""Let faces follow other performances: of clips, images, projects and curve files."""

from __future__ import annotations

import dataclasses
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mien._types import FloatArray, PathLike
from mien.api.examples import example_tracker
from mien.api.tracking import open_shot, track
from mien.errors import InputError, MediaError, NoFaceError, UsageError
from mien.io import project as project_file
from mien.io.project import SUFFIX
from mien.model.controls import INDEX, NAMES, sides
from mien.model.curve_file import CurveFile, FaceCurves
from mien.model.document import Project, project_of
from mien.model.edits import Edit
from mien.model.face import Face
from mien.model.face_names import list_faces
from mien.model.listing import list_names
from mien.model.neutral import neutral_of
from mien.model.shot import Shot, main_face
from mien.model.transfer import APPLIED_LAYER, SourcePerformance, Transfer, Transferred, transfer
from mien.model.transfer_times import timing_span
from mien.progress import Progress
from mien.timebase import FrameRange

__all__ = [
    "Applied",
    "apply",
    "check_source",
    "describe_applied",
    "open_performance",
    "performance_of",
]

_LOG = logging.getLogger(__name__)
_CALM: Final = 0.1
"""Part of the frames of a curve file that tell of rest: those with the least expression."""
_FEW_FRAMES: Final = 8
"""Frames of a face below which nothing is told of its rest."""


@dataclass(frozen=True, slots=True)
class Applied:
    """The outcome of applying a performance.

    Attributes:
        project: The shot with its edits, the new layers among them.
        face: Number of the face that follows.
        made: What was made for it.
        unknown: Names in the source that are no controls, and were left out.
    """

    project: Project
    face: int
    made: Transferred
    unknown: tuple[str, ...] = ()

    def __repr__(self) -> str:
        controls = list_names(self.made.controls) or "nothing, as they are alike"
        return f"Applied(face {self.face}, {controls}, frames {self.made.frames})"

    @property
    def edit(self) -> Edit:
        """All that is asked of the face: the new layers, and what the project asked before."""
        return self.project.edit(self.face)

    @property
    def alike(self) -> bool:
        """Whether nothing was made, as the face does what the source does already."""
        return not self.made.layers


def apply(
    target: Shot | Project,
    source: SourcePerformance | Shot | Face | CurveFile | PathLike,
    how: Transfer | None = None,
    *,
    face: int | str | None = None,
    from_shot: int | str | None = None,
    from_face: int | str | None = None,
    layer: str = APPLIED_LAYER,
    progress: bool | Progress = True,
) -> Applied:
    """Let a face follow another performance, in a layer of its edit.

        applied = mien.apply(project, "take5.mov", mien.Transfer(only=("mouth", "jaw")))
        mien.render(applied.project, "out.mp4")

    Args:
        target: A tracked shot, or a project, whose edits stay.
        source: A clip or an image (tracked here, once: what was tracked is kept in the user's
            cache), a `.mien` file, a curve file, or one of these opened (`open_performance`), a
            tracked shot, a face, a `CurveFile`. Of a project the performance is taken as filmed,
            without its edits.
        how: What is taken, how strongly, and when; see `Transfer`.
        face: Number or name of the face that is to follow; the largest when not given.
        from_shot: Name or number of the shot, of a `.mien` file of several.
        from_face: Number or name of the face in the source; None for the only one.
        layer: Name of the layer, which takes the place of one with that name.
        progress: True for bars on a terminal, or a function; see `track`.

    Raises:
        NoFaceError: When target or source have no such face, or the source several and none is
            named.
        InputError: When the source cannot be used, nothing of it falls on the span, or the
            sounds cannot be aligned.
        MediaError: When a clip or image cannot be read.
        ProjectError: When a `.mien` file cannot be read.
        UsageError: When it has no such shot, or what is asked contradicts itself.
        TimeError: When a time cannot be read or lies outside.
    """
    how = Transfer() if how is None else how
    project = project_of(target)
    chosen = main_face(project.shot) if face is None else project.shot.face(face)
    if not isinstance(source, SourcePerformance):
        source = open_performance(
            source, how, shot=project.shot, face=chosen, from_shot=from_shot,
            from_face=from_face, progress=progress,
        )  # fmt: skip
    made = transfer(
        project.edit(chosen.number), project.shot, source, how, neutral_of(chosen), layer
    )
    _LOG.debug("applied %r: %d keys on %d controls", source, made.keys, len(made.controls))
    return Applied(project.with_edit(made.edit), chosen.number, made, source.unknown)


def open_performance(
    source: Shot | Face | CurveFile | PathLike,
    how: Transfer | None = None,
    *,
    shot: Shot,
    face: Face,
    from_shot: int | str | None = None,
    from_face: int | str | None = None,
    progress: bool | Progress = True,
) -> SourcePerformance:
    """Open what a face is to follow: track it, or read it.

    Args:
        source: As of `apply`.
        how: What is taken; of a long clip only its source span is tracked.
        shot: The shot of the face.
        face: The face that is to follow.
        from_shot: Name or number of the shot, of a `.mien` file of several.
        from_face: Number or name of the face in the source; None for the only one.
        progress: True for bars on a terminal, or a function; see `track`.

    Raises:
        MienError: As of `apply`.
    """
    from mien.media.sound_alignment import sound_lag

    how = Transfer() if how is None else how
    aligned = how.timing.align_sound
    if isinstance(source, Face):
        if aligned:
            raise UsageError("A face alone has no sound to align by.", "Give its shot.")
        return performance_of(source, source.name, face)
    if isinstance(source, CurveFile):
        opened: Shot | CurveFile = source
    elif isinstance(source, Shot):
        opened = source
    else:
        opened = _opened(Path(source), how, shot, from_shot, progress)
    if isinstance(opened, CurveFile):
        if aligned:
            raise UsageError(f"{opened.name} has no sound to align by.",
                             "Give an offset, or a curve of times.")  # fmt: skip
        return _of_file(opened.face(from_face), opened)
    name = opened.media.path.name
    made = performance_of(_face_of(opened, from_face, name), name, face)
    lag: Fraction | None = sound_lag(shot.media, opened.media) if aligned else None
    return dataclasses.replace(made, lag=lag)


def check_source(path: Path) -> None:
    """Refuse a file that cannot be followed at once: where nobody can wait for a clip.

    Raises:
        UsageError: When it is a clip, which is to be tracked first, or nothing of the kind.
        InputError: When it is a curve file that cannot be read.
        MediaError: When there is no such image.
        ProjectError: When it is a project that cannot be read.
    """
    from mien.io.curves import curve_formats, read_curve_file
    from mien.media.sequence import is_image

    suffix = path.suffix.lower()
    if suffix == SUFFIX:
        project_file.describe(path)
    elif any(suffix in format.suffixes for format in curve_formats()):
        read_curve_file(path)
    elif not is_image(path):
        raise UsageError(
            f"{path.name} is a clip, or nothing that can be followed.",
            f"Track a clip first, and give its project: `mien track {path.name}`.",
            path=path,
        )
    elif not os.path.isfile(path):
        raise MediaError(f"There is no image {path}.", "Check the name.", path=path)


def performance_of(source: Face, name: str, face: Face) -> SourcePerformance:
    """Return the performance of a tracked face, for another face to follow.

    Args:
        source: The face.
        name: What it is called, for people.
        face: The face that is to follow.
    """
    from mien.face.likeness import may_be_same

    resting = source.neutral is not None or int(np.count_nonzero(source.valid)) >= _FEW_FRAMES
    # Where zero was chosen for one of them, what is zero for both is not the same face.
    alike = (source.neutral is None) == (face.neutral is None)
    return SourcePerformance(
        name,
        {one: source.curves.controls[one] for one in NAMES},
        source.valid,
        source.clock,
        rest=neutral_of(source) if resting else None,
        same_person=source is face or (alike and may_be_same(source, face)),
    )


def describe_applied(applied: Applied, source: str) -> str:
    """Say in a line what a face follows now.

    Args:
        applied: The outcome.
        source: What the source is called.
    """
    made = applied.made
    name = applied.project.shot.face(applied.face).name
    if applied.alike:
        return f"{name} does what {source} does already: nothing is changed"
    how = "relative to rest" if made.relative else "absolute"
    layers = " and ".join(f"'{one}'" for one in made.layers)
    pace = f"{made.keys_per_second:.1f} a second each"
    if made.keys == len(made.controls):
        pace = "one each"
    return (
        f"{name} follows {source} in frames {made.frames}, {how}: {len(made.controls)} controls,"
        f" {made.keys} keys ({pace}) in"
        f" {'layer' if len(made.layers) == 1 else 'layers'} {layers}"
    )


def _opened(
    path: Path,
    how: Transfer,
    target: Shot,
    from_shot: int | str | None,
    progress: bool | Progress,
) -> Shot | CurveFile:
    """What a file holds: a tracked shot, or curves."""
    from mien.io.curves import curve_formats, read_curve_file
    from mien.media.probe import probe_any
    from mien.media.sequence import is_image

    suffix = path.suffix.lower()
    if suffix == SUFFIX:
        project_file.describe(path)
        which = None if from_shot is None else str(from_shot)
        return project_file.load(path, shot=which, find=how.timing.align_sound).shot
    if from_shot is not None:
        raise UsageError(
            f"A shot is named, and {path.name} is no project of several.", "Leave the shot out."
        )
    if any(suffix in format.suffixes for format in curve_formats()):
        return read_curve_file(path)
    try:
        shot = Shot(probe_any(path), ()) if is_image(path) else open_shot(path, progress=progress)
    except MediaError as error:
        if not os.path.isfile(path):
            raise
        suffixes = (one for format in curve_formats() for one in format.suffixes)
        endings = ", ".join(dict.fromkeys(suffixes))
        raise MediaError(
            error.cause,
            f"A source is a clip, an image, a project ({SUFFIX}) or a curve file ({endings}).",
            path=path,
        ) from error
    if shot.media.fingerprint == target.media.fingerprint and not target.untracked_spans():
        # The shot's own clip: as it was tracked, and put right by hand.
        return target
    return _tracked(shot, how, example_tracker(target), progress)


def _tracked(shot: Shot, how: Transfer, name: str, progress: bool | Progress) -> Shot:
    """A clip with its faces: as kept from before, or tracked now and kept."""
    from mien.face import SOLVER
    from mien.io.tracked_cache import TrackedCache
    from mien.tracking.registry import get_tracker

    span: FrameRange | None = None
    if how.timing.source_span is not None:
        span = timing_span(how.timing.source_span, shot.clock, "The source's span")
    tracker = get_tracker(name)
    cache = TrackedCache(f"{tracker.name}-{tracker.version}-{SOLVER}")
    kept = cache.load(shot.media, span)
    if kept is not None:
        return kept
    tracked = track(shot, frames=span, tracker=name, progress=progress)
    cache.store(tracked, span)
    return tracked


def _face_of(shot: Shot, which: int | str | None, name: str) -> Face:
    """The face of a source; of several one must be named."""
    if not shot.faces:
        raise NoFaceError(f"{name} has no faces to follow.", "Track it first: `mien track`.")
    if which is not None:
        return shot.face(which)
    if len(shot.faces) > 1:
        raise NoFaceError(
            f"{name} has {len(shot.faces)} faces, and none is chosen.",
            f"Choose one with --from-face: {list_faces(shot.faces)}.",
            choices=[str(face.number) for face in shot.faces],
        )
    return shot.faces[0]


def _of_file(face: FaceCurves, file: CurveFile) -> SourcePerformance:
    """The performance that a curve file holds of a face."""
    controls: dict[str, npt.NDArray[np.float64]] = {}
    for name, values in face.controls.items():
        filled = _filled(np.asarray(values, dtype=np.float64), face, name, file.name)
        # A side that the file names itself counts more than both sides in one.
        for one in sides(name) or ():
            if filled is not None and (one == name or one not in controls):
                controls[one] = filled
    if not controls:
        raise InputError(
            f"{file.name} has none of mien's controls.",
            f"It has {', '.join(face.controls) or 'none at all'}; `mien controls` lists mien's.",
        )
    valid = np.asarray(face.valid)
    rest = None if face.identity is None else _calm(controls, valid)
    unknown = tuple(name for name in face.controls if sides(name) is None)
    return SourcePerformance(
        file.name, controls, valid, file.clock, rest, same_person=None, unknown=unknown
    )


def _filled(
    values: npt.NDArray[np.float64], face: FaceCurves, name: str, file: str
) -> npt.NDArray[np.float64] | None:
    """Values of a control with its own gaps crossed straight; None when there are none."""
    infinite = np.flatnonzero(np.isinf(values) & face.valid)
    if len(infinite):
        raise InputError(
            f"{file}: {name} of face {face.number} is infinite at frame {infinite[0]}.",
            "Write the file again with finite values.",
        )
    known = np.flatnonzero(np.isfinite(values) & face.valid)
    if not len(known):
        return None
    return np.asarray(np.interp(np.arange(len(values)), known, values[known]), dtype=np.float64)


def _calm(controls: Mapping[str, Any], valid: npt.NDArray[np.bool_]) -> FloatArray | None:
    """(59,) the controls in the frames of a file that have the least expression."""
    frames = np.flatnonzero(valid)
    if len(frames) < _FEW_FRAMES:
        return None
    rest = np.zeros(len(NAMES), dtype=np.float32)
    skin = [name for name in controls if not name.startswith(("gaze", "head", "eyeLook"))]
    if not skin:
        return rest
    values = np.stack([controls[name][frames] for name in skin], axis=1)
    calm = np.argsort((values**2).sum(axis=1), kind="stable")[: max(1, round(_CALM * len(frames)))]
    rest[[INDEX[name] for name in skin]] = np.median(values[calm], axis=0)
    return rest
