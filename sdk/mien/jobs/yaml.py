"""`jobs.yaml`: a batch as a plain list, for people without a cut.

    renderer: auto            # for all shots that say nothing else; so do tracker, codec, lossless,
                              # quality, crf, bitrate, preset, examples, occlusion, watermark,
                              # open_loop, report and fail_under (a JSON file of thresholds)
    settings: {steps: 12}     # of that renderer, for its shots; reference's with auto
    shots:
      - name: sh010           # the media's name when it is left out
        media: plates/sh010.mov
        stream: 1             # of media with several pictures; what players show when left out
        frames: 0:120         # all when left out; also 1.0s:2.0s, or timecode
        set: ["mouthSmile=+0.5@20:80", "browDown=+0.3"]
        face: 1               # number or name; the largest when left out
        examples: [laugh.mov] # other material of the same person, clips and images
        watermark: DRAFT      # burnt into every frame; no: none, whatever holds for all
        open_loop: true       # amounts as they are asked for, not corrected by what is seen
        occlusion: {matte: mattes/sh010.%04d.png} # what is in front, white; or keep, fade: false
                                                  # or glasses: yes, [2=no]
      - name: sh015
        media: plates/sh015.mov
        curves: speech.npz    # a curve file that the face follows; set comes on top
      - name: sh016
        media: plates/sh016.mov
        curves: {file: all.json, face: 2, offset: 12, retime: true, mode: add,
                 controls: [jawOpen, mouthClose]}
      - name: sh018
        project: sh018.mien
        apply: {file: take5.mien, only: [mouth, jaw], strength: 0.8, span: 2s:4s}
      - name: sh017           # two people, one of them by name
        project: sh017.mien
        set: ["1:mouthSmile=+0.5", "Anna:browDown=+0.3@20:80"]
        curves: [{file: bob.npz, to_face: 1}, {file: all.json, face: 2, to_face: Anna}]
      - name: sh020
        project: sh020.mien   # edits come from the project, curves and set on top
        shot: close-up        # of a project with several: its name, or its number from 1
        settings: {seed: 7}   # on top of the project's and of those above

Paths are relative to the file. Every error names the line and the field.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import yaml
from pydantic import Field, ValidationError

from mien.errors import InputError, MienError
from mien.jobs.fields import (
    Applies,
    Curves,
    FaceField,
    Files,
    Frames,
    OcclusionFields,
    QualityFields,
    Sets,
    Sound,
    Text,
    WatermarkText,
    explain,
)
from mien.jobs.job import ApplyInput, CurvesInput, ShotJob
from mien.jobs.names import unique_names
from mien.jobs.yaml_nodes import BoundedLoader, NodePath, YamlNodes
from mien.model.assignments import parse_assignment
from mien.model.face_names import one_untracked
from mien.model.media import MissingFrames
from mien.model.occlusion import OcclusionChoice
from mien.model.quality import Quality
from mien.model.renderer_settings import SettingValue
from mien.model.report_choice import ReportChoice
from mien.model.soundtrack import Soundtrack
from mien.path_map import machine_path
from mien.rendering.registry import AUTO, parse_settings, settings_owner

__all__ = ["SUFFIXES", "read_jobs"]

_T = TypeVar("_T")
SUFFIXES: Final = (".yaml", ".yml")
_LARGEST_FILE = 32 << 20
"""Bytes that are read at most; a hundred thousand shots take fewer."""


class _MeasuredFields(QualityFields):
    report: bool | None = None
    fail_under: Text | None = None

    def reports(self, folder: Path) -> ReportChoice:
        """Whether outputs are measured, and what their figures are held to."""
        return ReportChoice(self.report, _placed(self.fail_under, folder))


class _Shot(_MeasuredFields):
    name: Text | None = None
    media: Text | None = None
    project: Text | None = None
    shot: Text | None = None
    stream: Annotated[int, Field(ge=0)] | None = None
    frames: Frames | None = None
    set: Sets = ()
    face: FaceField | None = None
    curves: Curves = ()
    apply: Applies = ()
    audio: Sound | None = None
    watermark: WatermarkText | None = None
    open_loop: bool | None = None
    renderer: Text | None = None
    settings: dict[str, str] = Field(default_factory=dict)
    tracker: Text | None = None
    codec: Text | None = None
    lossless: bool | None = None
    until_damage: bool | None = None
    missing_frames: MissingFrames | None = None
    provenance: bool | None = None
    examples: Files | None = None
    occlusion: OcclusionFields = OcclusionFields()

    def sound(self, folder: Path) -> Soundtrack | None:
        """Another sound for the output; None for the shot's own."""
        if self.audio is None:
            return None
        return self.audio.soundtrack(machine_path(self.audio.file, folder))

    def source(self, folder: Path) -> dict[str, Any]:
        """What is rendered and asked of it, as fields of a job that nobody else says."""
        return {
            "media": _placed(self.media, folder), "project": _placed(self.project, folder),
            "shot": self.shot, "stream": self.stream, "frames": self.frames, "set": self.set,
            "face": self.face, "curves": self.followed(folder), "audio": self.sound(folder),
        }  # fmt: skip

    def followed(self, folder: Path) -> tuple[CurvesInput | ApplyInput, ...]:
        """What faces follow: curve files, and performances above them."""
        curves = (one.input(machine_path(one.file, folder)) for one in self.curves)
        return *curves, *(one.input(machine_path(one.file, folder)) for one in self.apply)


class _File(_MeasuredFields):
    renderer: Text | None = None
    settings: dict[str, str] = Field(default_factory=dict)
    tracker: Text | None = None
    codec: Text | None = None
    lossless: bool | None = None
    until_damage: bool | None = None
    missing_frames: MissingFrames | None = None
    provenance: bool | None = None
    watermark: WatermarkText | None = None
    open_loop: bool | None = None
    examples: Files | None = None
    occlusion: OcclusionFields = OcclusionFields()
    shots: tuple[_Shot, ...]


def read_jobs(
    path: Path,
    *,
    renderer: str | None = None,
    tracker: str | None = None,
    codec: str | None = None,
    quality: Quality | None = None,
    examples: Sequence[Path] = (),
    occlusion: OcclusionChoice | None = None,
    until_damage: bool = False,
    missing_frames: MissingFrames | None = None,
    reports: ReportChoice | None = None,
    provenance: bool | None = None,
    watermark: str | None = None,
    open_loop: bool = False,
) -> list[ShotJob]:
    """Read the shots of a `jobs.yaml`.

    What a shot says for itself holds; then what is given here; then what the file says for all.

    Args:
        path: The file.
        renderer: Name of the renderer; None for the file's, or `auto`.
        tracker: Name of the tracker; None for the file's, or `auto`.
        codec: Name of the codec; None for the file's, or each source's family.
        quality: How well outputs are encoded; None for the file's, or visually lossless.
        examples: Other material of the people; none for the file's.
        occlusion: What is asked for things in front of faces; None for the file's.
        until_damage: Whether outputs end before the first frame of their media that is damaged.
        missing_frames: What stands for images that are missing; None for the file's, or an error.
        reports: Whether shots are measured, and what they are held to; None for the file's.
        provenance: Whether outputs carry signed credentials; None for the file's, or the projects'.
        watermark: A text that is burnt into every frame; None for the file's, or none.
        open_loop: Whether amounts are left as they are asked for, not corrected by what is seen.

    Raises:
        InputError: When it cannot be read, or a field is wrong; line and field are named.
    """
    source = _Source.parse(path)
    file = _validated(source)
    names = unique_names(map(_name_of, file.shots))
    jobs = []
    settings, shared = _Settings(source), file.renderer or AUTO
    defaults = settings.parse(shared, file.settings, ())
    measured = (reports or ReportChoice()).on(file.reports(path.parent))
    general = (occlusion or OcclusionChoice()).on(file.occlusion.choice(path.parent))
    for number, (shot, name) in enumerate(zip(file.shots, names, strict=True)):
        chosen = shot.renderer or renderer or shared
        common = settings_owner(chosen) == settings_owner(shared)
        wanted = shot.examples if shot.examples is not None or examples else file.examples
        encoded = source.shot_quality(shot, number, quality, file)
        ends, gaps = until_damage or bool(file.until_damage), missing_frames or file.missing_frames
        jobs.append(
            ShotJob(
                name=name,
                **shot.source(path.parent),
                renderer=chosen,
                tracker=shot.tracker or tracker or file.tracker or "auto",
                settings=settings.parse(chosen, shot.settings, ("shots", number)),
                default_settings=defaults if common else {},
                codec=shot.codec or codec or file.codec,
                lossless=encoded.lossless,
                quality=encoded,
                until_damage=ends if shot.until_damage is None else shot.until_damage,
                missing_frames=shot.missing_frames or gaps or "error",
                provenance=_first(shot.provenance, provenance, file.provenance),
                watermark=_first(shot.watermark, watermark, file.watermark) or None,
                open_loop=bool(_first(shot.open_loop, open_loop or None, file.open_loop)),
                examples=tuple(examples if wanted is None else _paths(wanted, path.parent)),
                occlusion=shot.occlusion.choice(path.parent).on(general),
                report=shot.reports(path.parent).on(measured),
                origin=f"{path.name}, line {source.line(('shots', number))}",
            )
        )
    return jobs


def _name_of(shot: _Shot) -> str:
    return shot.name or shot.shot or Path(shot.media or shot.project or "").stem


def _validated(source: _Source) -> _File:
    try:
        file = _File.model_validate(source.data)
    except ValidationError as error:
        raise _refused(error, source) from error
    _check_shots(file, source)
    return file


def _first(*said: _T | None) -> _T | None:
    return next((one for one in said if one is not None), None)


def _placed(name: str | None, folder: Path) -> Path | None:
    return None if name is None else machine_path(name, folder)


def _paths(names: Iterable[str], folder: Path) -> Iterator[Path]:
    return (machine_path(name, folder) for name in names)


def _check_shots(file: _File, source: _Source) -> None:
    """Refuse a file without shots, or one of which fields do not go together."""
    if not file.shots:
        raise source.error(("shots",), "there are none", "List one shot at least.")
    for number, shot in enumerate(file.shots):
        _check_shot(shot, number, source)


def _check_shot(shot: _Shot, number: int, source: _Source) -> None:
    """Refuse a shot whose fields do not go together."""
    path: NodePath = ("shots", number)
    if shot.media is None and shot.project is None:
        raise source.error(path, "it has neither media nor a project", "Give one of them.")
    if shot.project is None and not shot.curves and not shot.apply and not shot.set:
        raise source.error(
            path,
            "nothing is asked of it",
            "Say what to set, or give curves, what to apply or a project with edits.",
        )
    if shot.shot is not None and shot.project is None:
        raise source.error(
            (*path, "shot"), "it names a shot of a project, and no project", "Leave it out."
        )
    if shot.stream is not None and shot.project is not None:
        raise source.error(
            (*path, "stream"), "a project knows the stream that it was tracked on", "Leave it out."
        )
    if shot.face is not None and not shot.curves and not shot.apply and not shot.set:
        raise source.error(
            (*path, "face"),
            "it says whom set is meant for, or curves, and there is neither",
            "Leave it out.",
        )
    _check_faces(shot, path, source)


def _check_faces(shot: _Shot, path: NodePath, source: _Source) -> None:
    """Refuse a shot that is still to be tracked and speaks of faces by name, or of two at once."""
    if shot.project is not None:
        return
    sets = ((("set", i), parse_assignment(text).face) for i, text in enumerate(shot.set))
    curves = ((("curves", i), one.to_face) for i, one in enumerate(shot.curves))
    applied = ((("apply", i), one.to_face) for i, one in enumerate(shot.apply))
    for place, face in (*sets, *curves, *applied):
        try:
            one_untracked(face, shot.face, Path(shot.media or "").name, "it")
        except MienError as error:
            where = _path_in(source, (*path, *place))
            raise source.error(where, _without_stop(error.cause), error.remedy) from error


@dataclass(frozen=True, slots=True)
class _Settings:
    """Reads settings of renderers, and names the line of one that is wrong."""

    source: _Source

    def parse(
        self, renderer: str, texts: Mapping[str, str], path: NodePath
    ) -> dict[str, SettingValue]:
        """Return the values of settings.

        Raises:
            InputError: When there is no such renderer, it has no such setting, or a value is
                wrong.
        """
        values: dict[str, SettingValue] = {}
        for name, text in texts.items():
            try:
                values |= parse_settings(renderer, {name: text})
            except MienError as error:
                where = (*path, "settings", name)
                raise self.source.error(where, _without_stop(error.cause), error.remedy) from error
        return values


@dataclass(frozen=True, slots=True)
class _Source:
    """A file's values, all of them text, and the lines on which they stand."""

    name: str
    data: object
    lines: dict[NodePath, int]

    @classmethod
    def parse(cls, path: Path) -> _Source:
        """Read the file.

        Raises:
            InputError: When it cannot be opened, is no YAML, or is too large.
        """
        try:
            with path.open("rb") as file:
                text = file.read(_LARGEST_FILE + 1)
        except OSError as error:
            raise InputError(
                f"{path} cannot be opened: {(error.strerror or str(error)).lower()}.",
                "Check the name, and that you may read it.",
                path=path,
            ) from error
        if len(text) > _LARGEST_FILE:
            raise InputError(
                f"{path.name} is too large for a list of shots.", "Split it.", path=path
            )
        try:
            root = yaml.compose(text, BoundedLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = "" if mark is None else f", line {mark.line + 1}"
            raise InputError(
                f"{path.name}{line}: {error.problem or error.context}.",
                "Lists start with '- ', fields are written as 'name: value', indented by spaces.",
                path=path,
            ) from error
        except RecursionError as error:
            raise InputError(
                f"{path.name} is nested too deep.",
                "A list of shots needs no such values.",
                path=path,
            ) from error
        except (yaml.YAMLError, UnicodeError) as error:
            raise InputError(
                f"{path.name} is no YAML.", "Save it as plain text, UTF-8.", path=path
            ) from error
        if root is None:
            raise InputError(f"{path.name} is empty.", "List shots in it.", path=path)
        reader = YamlNodes(path.name)
        try:
            data = reader.value(root, ())
        except RecursionError as error:
            raise InputError(
                f"{path.name} holds itself.", "Take the alias out.", path=path
            ) from error
        return cls(path.name, data, reader.lines)

    def line(self, path: NodePath) -> int:
        """Return the line of a value, or of what holds it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def quality(self, fields: _File | _Shot, path: NodePath) -> Quality:
        """Return the quality that a file or a shot of it asks for.

        Raises:
            InputError: When its fields contradict each other.
        """
        try:
            return fields.encoded(lossless=bool(fields.lossless))
        except MienError as error:
            raise self.error(path, error.cause.rstrip("."), error.remedy) from error

    def shot_quality(self, shot: _Shot, number: int, given: Quality | None, file: _File) -> Quality:
        """Return what a shot says of quality, on top of what is given, and of its file's."""
        general = (given or Quality()).on(self.quality(file, ()))
        encoded = self.quality(shot, ("shots", number)).on(general)
        if shot.lossless is False and encoded.lossless:
            return Quality(preset=encoded.preset)
        return encoded

    def error(self, path: NodePath, what: str, remedy: str) -> InputError:
        """Return the error of a value."""
        where = self.words(path)
        said = f"{where}: {what}" if where else what
        end = "" if said.endswith(("?", "...")) else "."
        return InputError(f"{self.name}, line {self.line(path)}: {said}{end}", remedy)

    def words(self, path: NodePath) -> str:
        """Return a path as people write it, with its shot's name: `shots[2] (sh020).media`."""
        text = ""
        for depth, part in enumerate(path, 1):
            text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
            if depth == 2 and path[0] == "shots":
                name = self._name(path[1])
                text += f" ({name})" if name else ""
        return text

    def _name(self, number: str | int) -> str:
        shots = self.data.get("shots") if isinstance(self.data, dict) else None
        shot = shots[number] if isinstance(shots, list) and isinstance(number, int) else None
        name = shot.get("name") if isinstance(shot, dict) else None
        return name if isinstance(name, str) else ""


def _refused(error: ValidationError, source: _Source) -> InputError:
    """Return the error of the first wrong field, by line."""
    wrong = error.errors(include_url=False)
    first = min(wrong, key=lambda one: source.line(_path_in(source, one["loc"])))
    in_shot = len(first["loc"]) > 1 and first["loc"][0] == "shots"
    what, remedy = explain(first, _Shot if in_shot else _File)
    if len(wrong) > 1:
        more = len(wrong) - 1
        remedy = f"{remedy} {more} more {'is' if more == 1 else 'are'} wrong.".lstrip()
    return source.error(_path_in(source, first["loc"]), what, remedy)


def _without_stop(sentence: str) -> str:
    """A sentence without its full stop, of which there is one; three dots are none."""
    return sentence if sentence.endswith("...") else sentence.rstrip(".")


def _path_in(source: _Source, path: NodePath) -> NodePath:
    """The path of a value in the file, where one curve file needs no list."""
    for depth in range(len(path) - 1):
        if path[depth] in ("curves", "apply") and path[: depth + 2] not in source.lines:
            return (*path[: depth + 1], *path[depth + 2 :])
    return path
