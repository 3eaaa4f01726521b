"""The contents of a project file: one shot or several, with the edits of their faces."""

from __future__ import annotations

import hashlib
import itertools
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any, Protocol, TypeVar

from mien.errors import NoFaceError, TimeError, UsageError
from mien.model.edit_history import EditHistory
from mien.model.edits import Edit
from mien.model.listing import list_names
from mien.model.marker import Marker
from mien.model.renderer_settings import (
    RendererSettings,
    StoredSettings,
    check_stored,
    make_mapping,
)
from mien.model.settings import ReferenceSettings
from mien.model.shot import Shot
from mien.timebase import FrameRange

__all__ = ["Document", "Project", "choose", "media_title", "project_of", "shot_of",
           "tracked_shot_of"]  # fmt: skip

_ID_DIGITS = 8
_NUMBER = re.compile(r"[._ -]?%(0\d+)?d$")


class _Named(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def title(self) -> str: ...


_NamedT = TypeVar("_NamedT", bound=_Named)


@dataclass(frozen=True, slots=True, eq=False)
class Project:
    """A shot and the edits of its faces.

    Attributes:
        shot: The shot; without faces until it is tracked.
        edits: The edits, at most one a face.
        settings: Settings of renderers, by the renderer's name; a renderer without any uses its
            defaults. Those of renderers that are not installed are kept. May be made from the
            settings of one renderer (`mien.ReferenceSettings`), or None.
        name: What people call the shot; empty for the name of its media.
        markers: Markers in ascending order of frames, one a frame.
        span: Frames between the in and the out point; None for all.
        id: Names the shot in its document, through saves and renames; empty until the shot
            is in a document.
        online: Whether the media were found; when not, `shot.media.path` is only what a file
            says, and is not to be opened.
        history: What `mien.edit_project` and the command line changed last, to take it back.
        provenance: Whether renders carry signed credentials of what was done (docs/provenance.md).
    """

    shot: Shot
    edits: tuple[Edit, ...] = ()
    settings: StoredSettings = field(default_factory=dict)
    name: str = ""
    markers: tuple[Marker, ...] = ()
    span: FrameRange | None = None
    id: str = ""
    online: bool = True
    history: EditHistory = field(default_factory=EditHistory)
    provenance: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "settings", _stored(self.settings))
        frames = self.shot.clock.frame_count
        marked = [marker.frame for marker in self.markers]
        if any(b <= a for a, b in itertools.pairwise(marked)):
            raise UsageError(f"The markers of {self.title} are not in ascending order.")
        if marked and marked[-1] >= frames:
            raise TimeError(
                f"The marker at frame {marked[-1]} lies outside {self.title}, which has {frames}"
                " frames.",
                frame=marked[-1],
            )
        if self.span is not None and not 0 < len(self.span) <= frames - self.span.start:
            raise TimeError(
                f"The span {self.span} is empty or lies outside {self.title}, which has {frames}"
                " frames."
            )

    def __repr__(self) -> str:
        edited = list_names([str(edit.face.number) for edit in self.edits])
        edits = f", edits of face {edited}" if edited else ""
        offline = "" if self.online else ", offline"
        return f"Project('{self.title}', {self.shot!r}{edits}{offline})"

    @property
    def title(self) -> str:
        """The shot's name, or that of its media."""
        return self.name or media_title(self.shot.media.path.name)

    @property
    def tracked(self) -> bool:
        """Whether the shot has faces to edit."""
        return bool(self.shot.faces)

    @property
    def reference(self) -> ReferenceSettings | None:
        """Settings of the reference renderer; `settings["reference"]` now."""
        warnings.warn(
            "Project.reference is settings['reference'] now, and goes with the next release.",
            DeprecationWarning,
            stacklevel=2,
        )
        return ReferenceSettings.from_stored(self.settings)

    def with_settings(
        self, renderer: str, settings: RendererSettings | Mapping[str, Any] | None
    ) -> Project:
        """Return this project with other settings of one renderer.

        Args:
            renderer: The renderer's name; it need not be installed.
            settings: Its settings; None for its defaults.

        Raises:
            UsageError: When a setting of the reference renderer is wrong, or a value is none that
                a project can keep.
        """
        others = {name: values for name, values in self.settings.items() if name != renderer}
        values = make_mapping(settings)
        return replace(self, settings=others if values is None else {**others, renderer: values})

    def edit(self, face: int | str) -> Edit:
        """Return the edit of a face by its number or name; an empty one when it has none.

        Raises:
            NoFaceError: When the shot has no such face.
            UsageError: When several faces have that name.
        """
        number = self.shot.face(face).number if isinstance(face, str) else face
        edit = next((edit for edit in self.edits if edit.face.number == number), None)
        return Edit(self.shot.face(number)) if edit is None else edit

    def with_edit(self, edit: Edit) -> Project:
        """Return this project with the edit of a face replaced; one without layers is left out."""
        others = [old for old in self.edits if old.face.number != edit.face.number]
        edits = sorted([*others, edit] if edit.layers else others, key=lambda e: e.face.number)
        return replace(self, edits=tuple(edits))

    def with_faces_of(self, shot: Shot) -> Project:
        """Return this project with another shot of the same faces; edits follow by number.

        Raises:
            NoFaceError: When a face that has an edit is not in the shot.
        """
        edits = tuple(Edit(shot.face(edit.face.number), edit.layers) for edit in self.edits)
        # A number that was free may have been another's, of whom steps of the history tell.
        new = {face.number for face in shot.faces} - {face.number for face in self.shot.faces}
        return replace(self, shot=shot, edits=edits, history=self.history.without_faces(new))

    def without_raw_landmarks(self) -> Project:
        """Return this project without the landmarks as they were tracked, to save memory.

        For work that only reads: what is saved so cannot be solved again.
        """
        faces = tuple(replace(face, raw_landmarks=None) for face in self.shot.faces)
        return self.with_faces_of(replace(self.shot, faces=faces))

    def same_as(self, other: Project) -> bool:
        """Tell whether nothing differs; tracked data are the same when they are one object."""
        if self is other:
            return True
        names = (
            "edits", "settings", "name", "markers", "span", "id", "online", "history",
            "provenance",
        )  # fmt: skip
        return self.shot is other.shot and all(
            getattr(self, name) == getattr(other, name) for name in names
        )


def shot_of(source: Shot | Project) -> Shot:
    """Return a shot, or that of a project."""
    return source.shot if isinstance(source, Project) else source


def tracked_shot_of(source: Shot | Project) -> Shot:
    """Return a shot, or that of a project, which has faces.

    Raises:
        NoFaceError: When it has none.
    """
    shot = shot_of(source)
    if not shot.faces:
        raise NoFaceError(f"{shot.media.path.name} has no faces.", "Track it first.")
    return shot


def project_of(source: Shot | Project) -> Project:
    """Return a project, or a new one of a shot, without edits."""
    return source if isinstance(source, Project) else Project(source)


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """The shots of a project file, in the order of its shot list.

    Shots without an id, or with the id of an earlier one, are given one: from what their
    media hold, so that equal documents are equal files.

    Attributes:
        shots: The shots.
    """

    shots: tuple[Project, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "shots", _identified(self.shots))

    def __repr__(self) -> str:
        titles = list_names([f"'{project.title}'" for project in self.shots])
        return f"Document({len(self.shots)} shots{': ' if titles else ''}{titles})"

    def shot(self, id: str) -> Project:
        """Return the shot with an id.

        Raises:
            UsageError: When there is none.
        """
        for project in self.shots:
            if project.id == id:
                return project
        raise UsageError(
            f"There is no shot '{id}' here.",
            _choice(self.shots),
            choices=[project.id for project in self.shots],
        )

    def index(self, id: str) -> int:
        """Return the position of the shot with an id.

        Raises:
            UsageError: When there is none.
        """
        return self.shots.index(self.shot(id))

    def with_shot(self, project: Project) -> Document:
        """Return this document with the shot of the same id replaced, or with a shot more."""
        if project.id and any(old.id == project.id for old in self.shots):
            shots = tuple(project if old.id == project.id else old for old in self.shots)
            return Document(shots)
        return Document((*self.shots, project))

    def without_shot(self, id: str) -> Document:
        """Return this document without a shot.

        Raises:
            UsageError: When there is none with that id.
        """
        gone = self.shot(id)
        return Document(tuple(project for project in self.shots if project is not gone))

    def choose(self, which: str | int | None, where: str) -> Project:
        """Find the shot that somebody means.

        Args:
            which: Its name, its number from 1, or its id; None for the only one.
            where: Name of the file, for errors.

        Raises:
            UsageError: When there is none, or several; the message lists them.
        """
        return choose(self.shots, which, where)

    def same_as(self, other: Document) -> bool:
        """Tell whether nothing differs; tracked data are the same when they are one object."""
        return len(self.shots) == len(other.shots) and all(
            a.same_as(b) for a, b in zip(self.shots, other.shots, strict=True)
        )


def _stored(settings: StoredSettings | RendererSettings | None) -> StoredSettings:
    """Return settings by renderer, checked as far as it can be without their renderers."""
    if settings is None:
        return {}
    if isinstance(settings, RendererSettings):
        settings = {settings.renderer: settings.to_mapping()}
    check_stored(settings)
    ReferenceSettings.from_stored(settings)
    return {renderer: dict(values) for renderer, values in settings.items()}


def media_title(name: str) -> str:
    """Return the title of media: a file's name without extension or an image's number."""
    stem = PurePosixPath(name).stem
    return _NUMBER.sub("", stem) or stem


def choose(shots: Sequence[_NamedT], which: str | int | None, where: str) -> _NamedT:
    """Find the shot that somebody means; see `Document.choose`."""
    titles = [shot.title for shot in shots]
    if which is None:
        if len(shots) == 1:
            return shots[0]
        raise UsageError(f"{where} holds {len(shots)} shots.", _choice(shots), choices=titles)
    named = [shot for shot in shots if which in (shot.title, shot.id)]
    if len(named) == 1:
        return named[0]
    if len(named) > 1:
        raise UsageError(
            f"{where} holds {len(named)} shots named {which}.", _choice(shots), choices=titles
        )
    text = str(which)
    if text.isdecimal() and 1 <= int(text) <= len(shots):
        return shots[int(text) - 1]
    raise UsageError(f"{where} holds no shot {which}.", _choice(shots), choices=titles)


def _choice(shots: Sequence[_Named]) -> str:
    if not shots:
        return "It holds no shot yet."
    listed = ", ".join(f"{i} ({shot.title})" for i, shot in enumerate(shots, 1))
    return f"Choose a shot by name or number: {listed}."


def _identified(shots: Iterable[Project]) -> tuple[Project, ...]:
    taken: set[str] = set()
    result = []
    for project in shots:
        if not project.id or project.id in taken:
            project = replace(project, id=_new_id(project, taken))
        taken.add(project.id)
        result.append(project)
    return tuple(result)


def _new_id(project: Project, taken: set[str]) -> str:
    media = project.shot.media
    for attempt in itertools.count():
        seed = f"{media.fingerprint or media.path.name}/{attempt}"
        made = hashlib.sha256(seed.encode(errors="replace")).hexdigest()[:_ID_DIGITS]
        if made not in taken:
            return made
    raise AssertionError("counting has no end")
