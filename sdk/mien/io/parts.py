"""Between the values of model/ and the parts of a project's JSON."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path, PurePath

from mien.errors import MienError, ProjectError, UsageError
from mien.io.edit_parts import edit_part, history_part, make_edit, make_history
from mien.io.places import path_text, relative
from mien.io.schema import (
    ColorPart,
    ConsentPart,
    CorrectionPart,
    ExamplePart,
    ExampleShotPart,
    FacePart,
    MarkerPart,
    MediaPart,
    NeutralPart,
    OcclusionPart,
    ShotPart,
    SmoothingPart,
    StrokePart,
    TimecodePart,
    ToolVersionsPart,
)
from mien.media.streams import OLD_CHOICE
from mien.model.document import Project
from mien.model.face import Face
from mien.model.face_spans import stored_spans
from mien.model.marker import Marker
from mien.model.media import ColorTags, MediaInfo, Orientation
from mien.model.occlusion import MatteStroke, Occlusion
from mien.model.renderer_settings import SettingValue, StoredSettings
from mien.model.settings import ReferenceSettings
from mien.model.shot import Example, Shot, ToolVersions
from mien.model.smoothing import USUAL_SMOOTHING, Smoothing
from mien.timebase import Clock, FrameRange, Timecode

__all__ = [
    "face_part",
    "made_by_part",
    "make_made_by",
    "make_media",
    "make_mixes",
    "make_occlusion",
    "make_project",
    "make_settings",
    "make_spans",
    "media_part",
    "occlusion_part",
    "settings_part",
    "shot_part",
]


def shot_part(project: Project, folder: Path, arrays: str) -> ShotPart:
    """Return a shot without its arrays, as a file in `folder` keeps it.

    Args:
        project: The shot.
        folder: Folder to which the path of its media is to be relative.
        arrays: Where its arrays are in the file.
    """
    shot, span = project.shot, project.span
    return ShotPart(
        id=project.id,
        name=project.name,
        arrays=arrays,
        media=media_part(shot.media, folder),
        cuts=shot.cuts,
        made_by=made_by_part(shot.made_by),
        faces=tuple(face_part(face) for face in shot.faces),
        edits=tuple(edit_part(edit, folder) for edit in project.edits),
        settings=settings_part(project.settings, folder),
        markers=tuple(
            MarkerPart.model_validate(dataclasses.asdict(marker)) for marker in project.markers
        ),
        span=None if span is None else (span.start, span.stop),
        examples=tuple(_example_part(example, folder) for example in shot.examples),
        mixes=tuple((mix.start, mix.stop) for mix in shot.mixes),
        damaged=tuple((span.start, span.stop) for span in shot.damaged),
        tracked_spans=_tracked_part(shot),
        occlusion=occlusion_part(shot.occlusion, folder),
        history=history_part(project.history, folder),
        provenance=project.provenance,
    )


def _tracked_part(shot: Shot) -> tuple[tuple[int, int], ...] | None:
    spans = stored_spans(shot)
    return None if spans is None else tuple((span.start, span.stop) for span in spans)


def _example_part(example: Example, folder: Path) -> ExamplePart:
    shot = example.shot
    part = None
    if shot is not None:
        part = ExampleShotPart(
            media=media_part(shot.media, folder),
            cuts=shot.cuts,
            mixes=tuple((mix.start, mix.stop) for mix in shot.mixes),
            made_by=made_by_part(shot.made_by),
            faces=tuple(face_part(face) for face in shot.faces),
            tracked_spans=_tracked_part(shot),
        )
    return ExamplePart(
        path=path_text(relative(example.path, folder)), problem=example.problem, shot=part
    )


def make_project(part: ShotPart, shot: Shot, path: Path) -> Project:
    """Make a shot's project from what a file kept; its media are yet to be found.

    Args:
        part: The shot without its arrays.
        shot: The shot.
        path: The project file.

    Raises:
        ProjectError: When the part contradicts itself or the shot.
    """
    edits = tuple(make_edit(edit, shot, path) for edit in part.edits)
    if len({edit.face.number for edit in edits}) != len(edits):
        raise ProjectError(f"{path.name} is corrupt: it has two edits of one face.", path=path)
    settings = make_settings(part.settings, path)
    try:
        history = make_history(part.history, path.parent)
        markers = tuple(Marker(mark.frame, mark.name, mark.color) for mark in part.markers)
        span = None if part.span is None else FrameRange(*part.span)
        return Project(
            shot, edits, settings, part.name, markers, span, part.id, online=False,
            history=history, provenance=part.provenance,
        )  # fmt: skip
    except MienError as error:
        raise ProjectError(
            f"{path.name} is corrupt: {error.cause}", error.remedy, path=path
        ) from error


def media_part(facts: MediaInfo, folder: Path) -> MediaPart:
    """Facts of media as a project in `folder` keeps them."""
    size, color = facts.orientation, facts.color
    # Frames in memory have no place; their media may be pointed to later.
    on_disk = facts.kind != "memory"
    return MediaPart(
        path=path_text(relative(facts.path, folder) if on_disk else facts.path),
        kind=facts.kind,
        container=facts.container,
        codec=facts.codec,
        pixel_format=facts.pixel_format,
        bits=facts.bits,
        width=size.width,
        height=size.height,
        quarter_turns=size.quarter_turns,
        mirrored=size.mirrored,
        pixel_aspect=size.pixel_aspect,
        rate=facts.clock.rate,
        frame_count=facts.clock.frame_count,
        variable_rate=facts.clock.times is not None,
        start=_start_part(facts.clock.start),
        time_base=facts.time_base,
        color=ColorPart(primaries=color.primaries, transfer=color.transfer, matrix=color.matrix,
                        range=color.range),
        audio_streams=facts.audio_streams,
        subtitle_streams=facts.subtitle_streams,
        bit_rate=facts.bit_rate,
        fingerprint=facts.fingerprint,
        first_number=facts.first_number,
        metadata=dict(facts.metadata),
        cut_short=facts.cut_short,
        missing_frames=facts.missing_frames,
        stream=None if facts.stream == OLD_CHOICE else facts.stream,
    )  # fmt: skip


def _start_part(start: Timecode | None) -> TimecodePart | None:
    if start is None:
        return None
    return TimecodePart(frames=start.frames, nominal=start.nominal, drop=start.drop)


def make_media(
    part: MediaPart, path: Path, pts: tuple[int, ...], times: tuple[Fraction, ...] | None
) -> MediaInfo:
    """Make the facts of media that a project kept, with their times.

    Raises:
        TimeError: When they contradict each other.
    """
    color, start = part.color, None
    if part.start is not None:
        start = Timecode(part.start.frames, part.start.nominal, part.start.drop)
    return MediaInfo(
        path=path,
        kind=part.kind,
        container=part.container,
        codec=part.codec,
        pixel_format=part.pixel_format,
        bits=part.bits,
        orientation=Orientation(
            part.width, part.height, part.quarter_turns, part.pixel_aspect, part.mirrored
        ),
        clock=Clock(part.rate, part.frame_count, times, start),
        time_base=part.time_base,
        pts=pts,
        color=ColorTags(color.primaries, color.transfer, color.matrix, color.range),
        audio_streams=part.audio_streams,
        subtitle_streams=part.subtitle_streams,
        bit_rate=part.bit_rate,
        fingerprint=part.fingerprint,
        first_number=part.first_number,
        metadata=part.metadata,
        cut_short=part.cut_short,
        missing_frames=part.missing_frames,
        stream=_stream(part),
    )


def _stream(part: MediaPart) -> int:
    if part.stream is not None:
        return part.stream
    return OLD_CHOICE if part.kind == "movie" else 0


def face_part(face: Face) -> FacePart:
    """Return a face without its arrays."""
    raw = face.raw_landmarks
    return FacePart(
        number=face.number,
        name=face.name,
        basis=face.curves.basis,
        raw_landmarks=0 if raw is None else len(raw.data),
        region_confidence=face.region_confidence is not None,
        corrections=tuple(
            CorrectionPart.model_validate(dataclasses.asdict(one)) for one in face.corrections
        ),
        uncorrected_frames=(
            0 if face.uncorrected_frames is None else len(face.uncorrected_frames.frames)
        ),
        neutral=_neutral_part(face),
        smoothing=_smoothing_part(face.smoothing),
        consent=None if face.consent is None else ConsentPart(**face.consent.to_dict()),
    )


def _smoothing_part(how: Smoothing) -> SmoothingPart | None:
    if how == USUAL_SMOOTHING:
        return None
    return SmoothingPart.model_validate(dataclasses.asdict(how))


def _neutral_part(face: Face) -> NeutralPart | None:
    chosen = face.neutral
    if chosen is None:
        return None
    return NeutralPart(frame=chosen.frame, picture=chosen.picture, frames=chosen.frames)


def made_by_part(made_by: ToolVersions | None) -> ToolVersionsPart | None:
    """Return the versions of the tools that made a shot's faces, as a project keeps them."""
    if made_by is None:
        return None
    return ToolVersionsPart.model_validate(dataclasses.asdict(made_by))


def make_made_by(part: ToolVersionsPart | None) -> ToolVersions | None:
    """Return the versions of the tools that a project kept."""
    if part is None:
        return None
    return ToolVersions(part.tracker, part.tracker_version, part.solver)


def settings_part(settings: StoredSettings, folder: Path) -> dict[str, dict[str, SettingValue]]:
    """Return settings of renderers as a project in `folder` keeps them.

    A LoRA outside the folder is not kept: a project does not lead anybody there.
    """
    part = {renderer: dict(values) for renderer, values in settings.items()}
    reference = part.get(ReferenceSettings.renderer, {})
    if reference.get("shot_lora"):
        lora = relative(Path(str(reference["shot_lora"])), folder)
        outside = lora.is_absolute() or ".." in lora.parts
        reference["shot_lora"] = "" if outside else lora.as_posix()
    return part


def make_settings(part: StoredSettings, project: Path) -> StoredSettings:
    """Return the settings that a project file holds, those of unknown renderers as they are.

    Raises:
        ProjectError: When one of the reference renderer is wrong, or a path leads out of the
            project's folder.
    """
    settings = {renderer: dict(values) for renderer, values in part.items()}
    try:
        reference = ReferenceSettings.from_stored(settings)
    except UsageError as error:
        raise ProjectError(f"{project.name} is corrupt: {error}") from error
    if reference is None or not reference.shot_lora:
        return settings
    lora = PurePath(reference.shot_lora)
    if lora.is_absolute() or ".." in lora.parts:
        raise ProjectError(f"{project.name} names a LoRA outside its folder: {lora}.")
    settings[reference.renderer]["shot_lora"] = str(project.parent / lora)
    return settings


def occlusion_part(occlusion: Occlusion, folder: Path) -> OcclusionPart:
    """Return how things in front of faces are treated, as a project in `folder` keeps it."""
    matte = occlusion.matte
    return OcclusionPart(
        detect=occlusion.detect,
        fade=occlusion.fade,
        matte="" if matte is None else path_text(relative(matte, folder)),
        matte_content=occlusion.matte_content,
        glasses=dict(occlusion.glasses),
        strokes=tuple(
            StrokePart(
                face=stroke.face,
                frame=stroke.frame,
                span=(stroke.span.start, stroke.span.stop),
                points=stroke.points,
                radius=stroke.radius,
                erase=stroke.erase,
            )
            for stroke in occlusion.strokes
        ),
    )


def make_occlusion(part: OcclusionPart, matte: Path | None) -> Occlusion:
    """Make what a project kept of things in front of faces; its matte is not looked for.

    Args:
        part: What it kept.
        matte: Where it says that the matte is.

    Raises:
        MienError: When it contradicts itself.
    """
    strokes = tuple(
        MatteStroke(one.face, one.frame, FrameRange(*one.span), one.points, one.radius, one.erase)
        for one in part.strokes
    )
    return Occlusion(
        part.detect,
        part.fade,
        matte,
        dict(part.glasses),
        strokes,
        part.matte_content,
        matte_online=matte is None,
    )


def make_mixes(part: Sequence[tuple[int, int]], shot: Shot) -> tuple[FrameRange, ...]:
    """Make the mixes that a project kept.

    Raises:
        MienError: When they are out of order, or lie outside the shot.
    """
    return make_spans(part, shot, "mixes")


def make_spans(part: Sequence[tuple[int, int]], shot: Shot, what: str) -> tuple[FrameRange, ...]:
    """Make spans of frames that a project kept.

    Args:
        part: First frame and the one after the last of each.
        shot: The shot.
        what: What to call them.

    Raises:
        MienError: When they are out of order, or lie outside the shot.
    """
    ends = [end for mix in part for end in mix]
    frames = shot.clock.frame_count
    ordered = all(a <= b for a, b in itertools.pairwise([0, *ends, frames]))
    if not ordered or any(a == b for a, b in part):
        raise ProjectError(f"its {what} are out of order, or outside the shot.")
    return tuple(FrameRange(*mix) for mix in part)
