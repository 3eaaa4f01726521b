"""A folder of `.mien` files, each matched to the clips that it is for.

A project is for a clip when it was made on the clip's media - by content, or by the file's
name where the media are not at hand - and asks something in the frames that the cut uses. A
name alone never matches; among several projects of the same media the clip's name decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mien.editorial.notices import Notices
from mien.errors import InputError, ProjectError, TimeError
from mien.io.project import SUFFIX, describe
from mien.io.relink import content_of
from mien.io.schema import ShotPart
from mien.jobs.job import CutSpan
from mien.timebase import Clock, FrameRange, Timecode

__all__ = ["Sidecars"]


@dataclass(frozen=True, slots=True)
class _Sidecar:
    path: Path
    shot: str | None
    name: str
    media: str
    content: str
    clock: Clock
    spans: tuple[FrameRange, ...]

    @classmethod
    def of(cls, path: Path, document: ShotPart, only: bool) -> _Sidecar:
        part = document.media
        start = part.start
        coded = None if start is None else Timecode(start.frames, start.nominal, start.drop)
        clock = Clock(part.rate, part.frame_count, None, coded)
        tracks = [
            track
            for edit in document.edits
            for layer in edit.layers
            if layer.weight and not layer.muted
            for track in layer.tracks
        ]
        spans = [clock.all if t.span is None else FrameRange(*t.span) for t in tracks]
        # A project of one shot is known by its file's name, as its owner gave it.
        shot, name = (None, path.stem) if only else (document.id, document.title)
        media = PurePosixPath(part.path).name
        return cls(path, shot, name.lower(), media, part.fingerprint, clock, tuple(spans))

    @property
    def title(self) -> str:
        """What to call it in messages."""
        return self.path.name if self.shot is None else f"{self.path.name}, {self.name},"

    def asks_in(self, span: CutSpan | str | None) -> bool:
        """Whether anything is asked in the frames that a cut uses."""
        if not isinstance(span, CutSpan):
            return bool(self.spans)
        try:
            used = span.frames_of(self.clock)
        except TimeError:
            return False
        return any(len(used.intersection(asked)) for asked in self.spans)


class Sidecars:
    """The projects of a folder.

    Args:
        folder: The folder.
        names: Names of the cut's clips.

    Raises:
        InputError: When it is no folder.
    """

    def __init__(self, folder: Path, names: Collection[str]) -> None:
        if not folder.is_dir():
            raise InputError(
                f"{folder} is no folder.", "Give --edits a folder of .mien files.", path=folder
            )
        self._folder = folder
        self._clips = {name.lower() for name in names}
        self._used: set[_Sidecar] = set()
        self._contents: dict[Path, str | None] = {}
        self._sidecars: list[_Sidecar] = []
        self.notices: list[str] = []
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            try:
                parts = describe(path).shots
                self._sidecars += [_Sidecar.of(path, part, len(parts) == 1) for part in parts]
            except (ProjectError, TimeError) as error:
                self.notices.append(str(error))
        self._by_media: dict[str, list[_Sidecar]] = defaultdict(list)
        for sidecar in self._sidecars:
            self._by_media[sidecar.content].append(sidecar)
            self._by_media[sidecar.media.lower()].append(sidecar)

    def project_for(
        self, name: str, media: Path | None, span: CutSpan | str | None, reel: str = ""
    ) -> tuple[Path | None, str | None]:
        """The project for a clip, and which of its shots; None without one.

        Args:
            name: The clip's name, as a file's.
            media: Its media; None when they are not known.
            span: The frames that the cut uses; None for all.
            reel: Name of its tape or card, for a cut that names no files.

        Raises:
            InputError: When several fit equally well.
        """
        same = [sidecar for sidecar in self._of_media((name, reel), media) if sidecar.asks_in(span)]
        named = [sidecar for sidecar in same if sidecar.name == name.lower()]
        # One with another clip's name is that clip's.
        free = [sidecar for sidecar in same if sidecar.name not in self._clips]
        fitting = named or free
        if len(fitting) > 1:
            names = " and ".join(sidecar.title for sidecar in fitting[:2])
            raise InputError(
                f"{names} both fit the clip {name}.", f"Name the right one {name}{SUFFIX}."
            )
        if not fitting:
            return None, None
        self._used.add(fitting[0])
        return fitting[0].path, fitting[0].shot

    def note_content(self, media: Path, content: Callable[[Path], str | None]) -> None:
        """Learn the fingerprint of media that are no files, as of those in a bundle.

        Args:
            media: Their path, as `project_for` gets it.
            content: Returns the fingerprint of a path, or None; asked once of each.
        """
        if media not in self._contents:
            self._contents[media] = content(media)

    def mark_used(self, path: Path, shot: str | None) -> None:
        """Note that a clip names a project, and which of its shots.

        Args:
            path: The project.
            shot: Name, number or id of the shot; None for its only one.
        """
        same = [one for one in self._sidecars if one.path.resolve() == path.resolve()]
        for number, sidecar in enumerate(same, 1):
            names = (sidecar.shot, sidecar.name, str(number))
            if len(same) == 1 or (shot is not None and (shot in names or shot.lower() in names)):
                self._used.add(sidecar)

    def check(self, named: Collection[Path]) -> None:
        """Refuse a folder without projects from which no clip names a file either.

        Args:
            named: The projects and curve files that clips name.

        Raises:
            InputError: When nothing in the folder is of use.
        """
        if self._sidecars or _holds_curves(self._folder):
            return
        if not any(file.is_relative_to(self._folder) and file.is_file() for file in named):
            raise InputError(
                f"{self._folder} holds no project.", "Put .mien files in it.", path=self._folder
            )

    def unused(self) -> list[str]:
        """Notices of the projects that are for no clip."""
        said = Notices("{} more projects {}.")
        for sidecar in self._sidecars:
            if sidecar not in self._used:
                said.add(
                    "are for no clip",
                    f"{sidecar.title} is for no clip: none shows what it edits of {sidecar.media}.",
                )
        return list(said.lines())

    def _of_media(self, names: tuple[str, str], media: Path | None) -> list[_Sidecar]:
        if media is None:
            # The cut names no file; media are named after the clip, or after the reel.
            wanted = {name.lower() for name in names if name}
            return [
                sidecar
                for sidecar in self._sidecars
                if wanted & {PurePosixPath(sidecar.media).stem.lower(), sidecar.media.lower()}
            ]
        if media not in self._contents:
            self._contents[media] = content_of(media)
        content = self._contents[media]
        return self._by_media.get(media.name.lower() if content is None else content, [])


def _holds_curves(folder: Path) -> bool:
    """Return whether clips may name curve files in a folder."""
    from mien.io.curves import curve_formats

    endings = {suffix for format in curve_formats() for suffix in format.suffixes}
    return any(path.suffix.lower() in endings for path in folder.iterdir())
