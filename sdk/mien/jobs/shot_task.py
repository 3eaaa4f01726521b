"""The task of a worker: everything about one shot, and which part of it to do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from mien.errors import InputError, UsageError
from mien.jobs.job import ApplyInput, CurvesInput, ShotJob
from mien.model.media import MissingFrames
from mien.model.occlusion import OcclusionChoice
from mien.model.quality import Quality
from mien.model.renderer_settings import SettingValue, check_stored
from mien.model.settings import ReferenceSettings
from mien.model.soundtrack import Soundtrack
from mien.model.transfer import Transfer
from mien.model.transfer_times import TransferTiming
from mien.model.watermark import check_watermark
from mien.path_map import machine_map, machine_path
from mien.rendering.registry import find_entry, settings_owner
from mien.timebase import FrameRange

__all__ = ["ShotSpec", "Step", "Task", "read_shot_spec"]

Step = Literal["prepare", "render", "assemble"]
"""Tracking, when it is needed, and looking what is there; making frames; writing the output."""

_FORMAT, _FORMER, _FIRST = "mien.order/3", "mien.order/2", "mien.order/1"
"""The former had one curve file at most, and faces by number alone; the first held settings of the
reference renderer whatever the shot's renderer was."""


@dataclass(frozen=True, slots=True)
class ShotSpec:
    """One shot to render: a job brought together with its media.

    Attributes:
        name: Its name, unique in the batch.
        media: The movie or sequence; None when the project alone says.
        project: The `.mien` file with its faces and edits; None to track it first.
        set: Edits as typed for `--set`, on top of the project's.
        face: Number or name of the face that `set` and `curves` are for where they name none
            themselves; None for the largest.
        frames: The frames to write.
        renderer: Name of the renderer, or `auto`.
        codec: Name of the codec; None for the source's family.
        lossless: Whether the output is decoded to exactly the pixels that were rendered.
        output: The movie, or the pattern of images.
        folder: The batch's folder.
        overwrite: Whether an output that this batch did not make may be replaced.
        settings: Settings of the renderer by name; None for its defaults.
        shot: Name, number or id of the shot in the project; None for its only one.
        curves: Curve files and performances that faces follow.
        tracker: Name of the tracker, or `auto`.
        examples: Other material of its people, beside what the project has.
        occlusion: What is asked for things in front of its faces, on top of what the project says.
        stream: Number of the video stream of media without a project; None for the one that
            players show.
        until_damage: Whether the output ends before the first frame that is damaged.
        quality: How well the output is encoded.
        missing_frames: What stands for images of a sequence that are missing between others.
        tracked_span: The frames of media without a project that are tracked for it; None for all.
        audio: Another sound for the output; None for the shot's own.
        measured: Whether the output is measured once it is written.
        thresholds: A JSON file of what its figures are held to; None for none.
        provenance: Whether the output carries signed credentials; None for what the project says.
        watermark: A text that is burnt into every frame of the output; None for none.
    """

    name: str
    media: Path | None
    project: Path | None
    set: tuple[str, ...]
    face: int | str | None
    frames: FrameRange
    renderer: str
    codec: str | None
    lossless: bool
    output: Path
    folder: Path
    overwrite: bool = False
    settings: Mapping[str, SettingValue] | None = field(default=None, hash=False)
    shot: str | None = None
    curves: tuple[CurvesInput | ApplyInput, ...] = ()
    tracker: str = "auto"
    examples: tuple[Path, ...] = ()
    occlusion: OcclusionChoice = field(default_factory=OcclusionChoice)
    stream: int | None = None
    until_damage: bool = False
    quality: Quality = field(default_factory=Quality)
    missing_frames: MissingFrames = "error"
    tracked_span: FrameRange | None = None
    audio: Soundtrack | None = None
    measured: bool = False
    thresholds: Path | None = None
    provenance: bool | None = None
    watermark: str | None = None

    @classmethod
    def of(
        cls,
        job: ShotJob,
        frames: FrameRange,
        output: Path,
        folder: Path,
        *,
        overwrite: bool = False,
        settings: Mapping[str, SettingValue] | None = None,
    ) -> ShotSpec:
        """Return the order for a job.

        Args:
            job: The job.
            frames: The frames of its media.
            output: Where to.
            folder: The batch's folder.
            overwrite: Whether an output that this batch did not make may be replaced.
            settings: Settings of the renderer by name.
        """
        media, project = (None if p is None else p.absolute() for p in (job.media, job.project))
        curves = tuple(replace(one, file=one.file.absolute()) for one in job.curves)
        occlusion = job.occlusion
        if occlusion.matte is not None:
            occlusion = replace(occlusion, matte=occlusion.matte.absolute())
        return cls(
            job.name, media, project, job.set, job.face, frames, job.renderer, job.codec,
            job.lossless, output.absolute(), folder.absolute(), overwrite, settings, job.shot,
            curves, job.tracker, tuple(path.absolute() for path in job.examples),
            occlusion, job.stream, job.until_damage, job.quality, job.opened_missing,
            audio=None if job.audio is None else job.audio.absolute(),
            measured=job.report.measures,
            thresholds=None if job.report.thresholds is None else job.report.thresholds.absolute(),
            provenance=job.provenance, watermark=job.watermark,
        )  # fmt: skip

    def to_json(self) -> str:
        """Return the order as one object of JSON; see `read_shot_spec`."""
        value = {
            "format": _FORMAT,
            "name": self.name,
            "media": None if self.media is None else str(self.media),
            "stream": self.stream,
            "project": None if self.project is None else str(self.project),
            "shot": self.shot,
            "set": list(self.set),
            "face": self.face,
            "frames": str(self.frames),
            "renderer": self.renderer,
            "tracker": self.tracker,
            "codec": self.codec,
            "lossless": self.lossless,
            "output": str(self.output),
            "folder": str(self.folder),
            "overwrite": self.overwrite,
            "settings": None if self.settings is None else dict(self.settings),
            "curves": [_curves_to_dict(one) for one in self.curves],
            "examples": [str(path) for path in self.examples],
            "occlusion": _occlusion_to_dict(self.occlusion),
            "until_damage": self.until_damage,
            "quality": self.quality.to_dict(),
            "missing_frames": self.missing_frames,
            "tracked_span": None if self.tracked_span is None else str(self.tracked_span),
            "audio": None if self.audio is None else self.audio.to_dict(),
            "measured": self.measured,
            "thresholds": None if self.thresholds is None else str(self.thresholds),
            "provenance": self.provenance,
            "watermark": self.watermark,
        }
        return json.dumps(value, indent=1)


def _curves_to_dict(curves: CurvesInput | ApplyInput) -> dict[str, Any]:
    return asdict(curves) | {"file": str(curves.file)}


def _read_all_curves(value: Any) -> tuple[CurvesInput | ApplyInput, ...]:
    if value is None:
        return ()
    return tuple(map(_read_curves, [value] if isinstance(value, Mapping) else value))


def _read_curves(value: Mapping[str, Any]) -> CurvesInput | ApplyInput:
    if "how" in value:
        how = value["how"]
        timing = TransferTiming(**how["timing"])
        only = None if how["only"] is None else tuple(how["only"])
        read = {"how": Transfer(**{**how, "timing": timing, "only": only})}
        return ApplyInput(**{**value, **read, "file": machine_path(value["file"])})
    names = value["controls"]
    controls = None if names is None else tuple(map(str, names))
    only = tuple(map(str, value.get("only", ())))
    given = {**value, "file": machine_path(value["file"]), "controls": controls, "only": only}
    return CurvesInput(**given)


def _read_missing(value: Any) -> MissingFrames:
    if value not in (None, "error", "hold", "black"):
        raise ValueError(f"missing_frames is {value}")
    return value or "error"


def _occlusion_to_dict(choice: OcclusionChoice) -> dict[str, Any]:
    return asdict(choice) | {"matte": None if choice.matte is None else str(choice.matte)}


def _read_occlusion(value: Mapping[str, Any] | None) -> OcclusionChoice:
    if value is None:
        return OcclusionChoice()
    matte = value["matte"]
    read = {"matte": None if matte is None else machine_path(matte),
            "glasses": tuple((face, word) for face, word in value.get("glasses", ()))}  # fmt: skip
    return OcclusionChoice(**{**value, **read})


def read_shot_spec(path: Path) -> ShotSpec:
    """Read an order that `ShotSpec.to_json` wrote; its paths may be another machine's.

    What the machine's path map has rules for is where these say (path_map.py).

    Raises:
        InputError: When it cannot be read, or is none.
        MissingDependencyError: When its renderer is a plug-in that cannot be used here.
        UsageError: When its renderer is not installed here.
    """
    try:
        value: Mapping[str, Any] = json.loads(path.read_bytes())
        if value["format"] not in (_FORMAT, _FORMER, _FIRST):
            raise ValueError(f"its format is {value['format']}")
        media, project = (
            None if value[name] is None else machine_path(value[name])
            for name in ("media", "project")
        )
        renderer, settings = str(value["renderer"]), value["settings"]
        if value["format"] == _FIRST and settings_owner(renderer) != ReferenceSettings.renderer:
            settings = None
        if settings is not None:
            settings = {name: _mapped(one) for name, one in settings.items()}
            check_stored({renderer: settings})
        spec = ShotSpec(
            str(value["name"]), media, project, tuple(map(str, value["set"])),
            value["face"], _read_span(value["frames"]), renderer, value["codec"],
            bool(value["lossless"]), machine_path(value["output"]), machine_path(value["folder"]),
            bool(value["overwrite"]), settings, value.get("shot"),
            _read_all_curves(value.get("curves")),
            str(value.get("tracker", "auto")), tuple(map(machine_path, value.get("examples", ()))),
            _read_occlusion(value.get("occlusion")), value.get("stream"),
            bool(value.get("until_damage")), Quality.of(value.get("quality")),
            _read_missing(value.get("missing_frames")),
            _read_tracked(value.get("tracked_span")),
            _read_audio(value.get("audio")),
            bool(value.get("measured")), _read_path(value.get("thresholds")),
            _read_switch(value.get("provenance")), _read_watermark(value.get("watermark")),
        )  # fmt: skip
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror}.", "Check the name.", path=path
        ) from error
    except (
        LookupError, TypeError, ValueError, UnicodeError, AttributeError, OverflowError,
        RecursionError, UsageError,
    ) as error:  # fmt: skip
        raise _no_order(path, error) from error
    if spec.settings is not None:
        entry = find_entry(spec.renderer)
        try:
            entry.settings(spec.settings)
        except UsageError as error:
            raise _no_order(path, error) from error
    return spec


def _mapped(value: Any) -> Any:
    """A setting; one that is a path of another machine, where it is on this one."""
    mapped = machine_map().map(value) if isinstance(value, str) else None
    return value if mapped is None else mapped


def _read_span(text: Any) -> FrameRange:
    start, stop = str(text).split(":")
    return FrameRange(int(start), int(stop))


def _read_audio(value: Mapping[str, Any] | None) -> Soundtrack | None:
    if value is None:
        return None
    return Soundtrack(machine_path(value["path"]), value["start"], bool(value["keep_own"]))


def _read_path(text: Any) -> Path | None:
    return None if text is None else machine_path(text)


def _read_switch(value: Any) -> bool | None:
    return None if value is None else bool(value)


def _read_watermark(text: Any) -> str | None:
    return None if text is None else check_watermark(str(text))


def _read_tracked(text: Any) -> FrameRange | None:
    return None if text is None else _read_span(text)


def _no_order(path: Path, error: Exception) -> InputError:
    return InputError(
        f"{path} is no order of a batch ({error}).", "Export the batch again.", path=path
    )


@dataclass(frozen=True, slots=True)
class Task:
    """A part of the work on a shot, small enough to be done anew when it fails.

    Attributes:
        order: The shot.
        step: What to do.
        frames: Which frames to make, for `render`.
    """

    order: ShotSpec
    step: Step
    frames: FrameRange | None = None

    def __str__(self) -> str:
        frames = "" if self.frames is None else f" {self.frames}"
        return f"{self.step} {self.order.name}{frames}"
