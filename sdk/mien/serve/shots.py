"""The shots that a client has open."""

from __future__ import annotations

import dataclasses
import secrets
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from mien.errors import HandleError, NoFaceError, NothingToDoError, ProtocolError, TimeError
from mien.io.project import Project
from mien.model.edits import Edit
from mien.model.face import Face
from mien.model.landmarks import SKIN
from mien.model.occlusion import MatteStroke, Occlusion
from mien.model.scaled_shot import with_media
from mien.model.shot import Example, Shot
from mien.serve.messages import (
    ConsentFacts,
    CorrectionFacts,
    ExampleFacts,
    FaceFacts,
    GlassesValue,
    MadeBy,
    NeutralFacts,
    OcclusionFacts,
    ShotFacts,
    ShotStatus,
    SmoothingFacts,
    StrokeParam,
    StrokeValue,
    VideoStreamFacts,
    WeakSpanFacts,
)
from mien.timebase import FrameRange

if TYPE_CHECKING:
    from mien.io.files import FileVersion
    from mien.preview.picture import PreviewImage
    from mien.preview.previewer import Previewer

__all__ = ["OpenShot", "Shots", "face_facts", "make_strokes", "occlusion_facts", "shot_facts"]


_CACHE: Final = 128 << 20
"""Bytes of pictures that are kept of a shot."""
_STEPS: Final = 50
"""Changes of faces that can be taken back."""
_MOST_SHOTS: Final = 1000
"""Shots that a client may have open."""
_LOOKED_AT: Final = 4
"""Shots of which pictures are kept at a time, however many are open."""


class OpenShot:
    """A shot with what is asked of its faces, and its pictures.

    Args:
        project: The shot and its edits.
        path: The project file that it was opened from.
        version: That file as it was read; None where it holds other shots, too.
    """

    def __init__(
        self, project: Project, path: Path | None, version: FileVersion | None = None
    ) -> None:
        self.handle = f"shot-{secrets.token_hex(8)}"
        self.path = path
        self.version = version
        self._project = project
        self._previewer: Previewer | None = None
        self._shown: tuple[Edit, ...] | None = None
        self._steps: list[tuple[Project, Project]] = []
        self._lock = threading.Lock()

    @property
    def project(self) -> Project:
        """The shot and its edits, as they are now."""
        return self._project

    def set_edit(self, edit: Edit) -> None:
        """Ask this of a face in place of what was asked before.

        Raises:
            NoFaceError: When its faces were made anew meanwhile.
        """
        with self._lock:
            if edit.face not in self._project.shot.faces:
                raise NoFaceError(
                    f"The faces of {self._project.title} were made anew meanwhile.",
                    "Ask for them again.",
                )
            self._project = self._project.with_edit(edit)

    def set_shot(self, shot: Shot) -> None:
        """Take a shot that was tracked; edits of its former faces go."""
        with self._lock:
            self._project = dataclasses.replace(self._project, shot=shot, edits=())
            self._steps.clear()
            self._let_go()

    def set_solved(self, shot: Shot) -> None:
        """Take the same faces as they were solved again; edits stay."""
        with self._lock:
            self._project = self._project.with_faces_of(shot)
            self._steps.clear()
            self._let_go()

    def set_media(self, project: Project) -> None:
        """Take the same shot on other media; edits stay."""
        with self._lock:
            self._project = project
            self._let_go()

    def set_examples(self, examples: Sequence[Example]) -> None:
        """Take other material of its people in place of what it had; edits stay."""
        with self._lock:
            shot = self._project.shot.with_examples(examples)
            self._project = dataclasses.replace(self._project, shot=shot)
            self._let_go()

    def change_faces(self, change: Callable[[Project], Project]) -> None:
        """Change who is who, or their landmarks, as one step that `undo_faces` takes back.

        Args:
            change: From the project to the changed one; when it raises, nothing changes.
        """
        with self._lock:
            before = self._project
            self._project = change(before)
            self._steps.append((before, self._project))
            del self._steps[:-_STEPS]
            self._let_go()

    def undo_faces(self) -> None:
        """Take the last change of faces back; edits that were set since stay.

        Raises:
            NothingToDoError: When there is none.
        """
        with self._lock:
            if not self._steps:
                raise NothingToDoError("No change of faces is to be taken back.")
            before, after = self._steps.pop()
            now = self._project
            numbers = {face.number for face in before.shot.faces}
            # It may be on other media by now, of another size.
            shot = with_media(before.shot, now.shot.media).with_examples(now.shot.examples)
            if now.shot.occlusion is not after.shot.occlusion:
                shot = dataclasses.replace(shot, occlusion=now.shot.occlusion.of_faces(numbers))
            self._project = dataclasses.replace(before, online=now.online).with_faces_of(shot)
            for face in now.shot.faces:
                layers = now.edit(face.number).layers
                if face.number in numbers and layers != after.edit(face.number).layers:
                    self._project = self._project.with_edit(Edit(shot.face(face.number), layers))
            self._let_go()

    def set_occlusion(self, occlusion: Occlusion) -> None:
        """Treat things in front of its faces otherwise; edits stay.

        Raises:
            NoFaceError: When a stroke is for a face that the shot does not have.
            TimeError: When a stroke lies outside the shot.
        """
        with self._lock:
            shot = self._project.shot.with_occlusion(occlusion)
            self._project = dataclasses.replace(self._project, shot=shot)
            self._let_go()

    def picture(self, frame: int, *, edited: bool) -> PreviewImage:
        """A frame for looking, exactly as a render with the embedded renderer has it.

        Raises:
            TimeError: When the shot has no such frame.
            MediaError: When it cannot be read.
        """
        frames = self._project.shot.clock.frame_count
        if frame >= frames:
            raise TimeError(
                f"There is no frame {frame}: the shot has {frames}.", f"The last is {frames - 1}."
            )
        with self._lock:
            project = self._project
            if self._previewer is None:
                from mien.preview.previewer import Previewer

                self._previewer = Previewer(project.shot, cache_bytes=_CACHE)
            if self._shown is not project.edits:
                self._previewer.set_edits(project.edits)
                self._shown = project.edits
            return self._previewer.picture(frame, edited=edited)

    def rest(self) -> None:
        """Let go of the media and their pictures until one is asked for."""
        with self._lock:
            self._let_go()

    def _let_go(self) -> None:
        if self._previewer is not None:
            self._previewer.close()
        self._previewer = self._shown = None


class Shots:
    """The shots of one client, by handle."""

    def __init__(self) -> None:
        self._shots: dict[str, OpenShot] = {}
        self._looked_at: list[OpenShot] = []
        self._lock = threading.Lock()

    def add(self, shot: OpenShot) -> None:
        """Know a shot.

        Raises:
            ProtocolError: When the client has too many open.
        """
        with self._lock:
            if len(self._shots) >= _MOST_SHOTS:
                raise ProtocolError(
                    f"{_MOST_SHOTS} shots are open already.", "Close those that are not needed."
                )
            self._shots[shot.handle] = shot

    def find(self, handle: str) -> OpenShot:
        """The shot of a handle.

        Raises:
            HandleError: When the client has none of that name.
        """
        with self._lock:
            shot = self._shots.get(handle)
        if shot is None:
            raise HandleError(f"There is no shot '{handle}'.", "Use the handle that `open` gave.")
        return shot

    def picture(self, handle: str, frame: int, *, edited: bool) -> PreviewImage:
        """A frame of a shot for looking; pictures of shots not looked at for long are let go.

        Raises:
            HandleError: When the client has no shot of that name.
            TimeError: When the shot has no such frame.
            MediaError: When it cannot be read.
        """
        shot = self.find(handle)
        with self._lock:
            others = [one for one in self._looked_at if one is not shot]
            self._looked_at = [shot, *others[: _LOOKED_AT - 1]]
        for other in others[_LOOKED_AT - 1 :]:
            other.rest()
        return shot.picture(frame, edited=edited)

    def remove(self, handle: str) -> None:
        """Let go of a shot.

        Raises:
            HandleError: When the client has none of that name.
        """
        shot = self.find(handle)
        with self._lock:
            self._shots.pop(handle, None)
            self._looked_at = [one for one in self._looked_at if one is not shot]
        shot.rest()

    def status(self) -> list[ShotStatus]:
        """All of them, the oldest first."""
        with self._lock:
            shots = list(self._shots.values())
        return [
            ShotStatus(
                shot=one.handle,
                path=str(one.project.shot.media.path),
                tracked=bool(one.project.shot.faces),
            )
            for one in shots
        ]

    def close(self) -> None:
        """Let go of all."""
        with self._lock:
            shots, self._shots = list(self._shots.values()), {}
        for shot in shots:
            shot.rest()


def shot_facts(opened: OpenShot) -> ShotFacts:
    """A shot, in the protocol's terms."""
    project = opened.project
    media, clock = project.shot.media, project.shot.clock
    return ShotFacts(
        shot=opened.handle,
        path=str(media.path),
        project=None if opened.path is None else str(opened.path),
        tracked=bool(project.shot.faces),
        frames=clock.frame_count,
        rate=[clock.rate.numerator, clock.rate.denominator],
        variable_rate=clock.times is not None,
        seconds=float(clock.seconds(clock.frame_count)),
        size=list(media.orientation.upright_size),
        start_timecode=str(clock.timecode(0)),
        kind=media.kind,
        codec=media.codec,
        bits=media.bits,
        audio=media.audio_streams > 0,
        stream=media.stream,
        video_streams=[
            VideoStreamFacts(stream=one.number, description=one.description)
            for one in media.streams
            if one.kind == "video"
        ],
        alpha=media.alpha,
        left_out=list(media.left_out),
        fingerprint=media.fingerprint,
        cuts=list(project.shot.cuts),
        mixes=[[mix.start, mix.stop] for mix in project.shot.mixes],
        damaged=[[span.start, span.stop] for span in project.shot.damaged],
        tracked_spans=_tracked_spans(project.shot),
        cut_short=media.cut_short,
        made_by=_made_by(project.shot),
        faces=[face_facts(face) for face in project.shot.faces],
        edited=[edit.face.number for edit in project.edits],
        examples=_examples(project.shot),
        occlusion=occlusion_facts(project.shot.occlusion),
    )


def occlusion_facts(occlusion: Occlusion) -> OcclusionFacts:
    """How things in front of faces are treated, in the protocol's terms."""
    return OcclusionFacts(
        detect=occlusion.detect,
        fade=occlusion.fade,
        matte=None if occlusion.matte is None else str(occlusion.matte),
        matte_online=occlusion.matte_online,
        glasses=[
            GlassesValue(face=face, wears=worn) for face, worn in sorted(occlusion.glasses.items())
        ],
        strokes=[
            StrokeValue(
                face=stroke.face,
                frame=stroke.frame,
                span=[stroke.span.start, stroke.span.stop],
                points=[list(point) for point in stroke.points],
                radius=stroke.radius,
                erase=stroke.erase,
            )
            for stroke in occlusion.strokes
        ],
    )


def make_strokes(shot: Shot, values: Sequence[StrokeParam]) -> tuple[MatteStroke, ...]:
    """Make the strokes that a client asks for.

    Raises:
        NoFaceError: When the shot has no such face.
        UsageError: When one contradicts itself.
        TimeError: When its span does.
    """
    return tuple(
        MatteStroke(
            shot.face(value.face).number,
            value.frame,
            FrameRange(value.span[0], value.span[1]),
            tuple((x, y) for x, y in value.points),
            value.radius,
            value.erase,
        )
        for value in values
    )


def _examples(shot: Shot) -> list[ExampleFacts]:
    from mien.api import example_problems

    return [
        ExampleFacts(path=str(example.path), problem=problem)
        for example, problem in zip(shot.examples, example_problems(shot), strict=True)
    ]


def _tracked_spans(shot: Shot) -> list[list[int]] | None:
    if shot.tracked_spans is None:
        return None
    return [[span.start, span.stop] for span in shot.tracked_spans]


def _made_by(shot: Shot) -> MadeBy | None:
    return None if shot.made_by is None else MadeBy(**dataclasses.asdict(shot.made_by))


def face_facts(face: Face, thumbnail: str | None = None) -> FaceFacts:
    """A face, in the protocol's terms."""
    seen = face.confidence > 0
    frame = clearest_frame(face)
    box = [round(side, 2) for side in face.box(frame)]
    return FaceFacts(
        face=face.number,
        name=face.name,
        frames_seen=int(seen.sum()),
        confidence=round(float(face.confidence[seen].mean()), 4) if seen.any() else 0.0,
        frame=frame,
        box=box if np.isfinite(box).all() else [0.0, 0.0, 0.0, 0.0],
        weak=[WeakSpanFacts(**one.to_dict()) for one in face.weak_spans()],
        corrections=[CorrectionFacts(**dataclasses.asdict(one)) for one in face.corrections],
        neutral=_neutral(face),
        smoothing=SmoothingFacts(
            method=face.smoothing.method,
            strength=face.smoothing.strength,
            groups=dict(face.smoothing.groups),
            seconds=face.smoothing.seconds,
        ),
        consent=None if face.consent is None else ConsentFacts(**face.consent.to_dict()),
        thumbnail=thumbnail,
    )


def _neutral(face: Face) -> NeutralFacts | None:
    chosen = face.neutral
    if chosen is None:
        return None
    picture = chosen.picture or None
    return NeutralFacts(frame=chosen.frame, picture=picture, frames=chosen.frames)


def clearest_frame(face: Face) -> int:
    """The frame in which a face is seen best: large, and surely."""
    points = face.landmarks[:, :SKIN, :2]
    size = points.max(axis=1) - points.min(axis=1)
    score = face.confidence * np.sqrt(np.maximum(np.nan_to_num(size).prod(axis=1), 0))
    return int(np.argmax(score))
