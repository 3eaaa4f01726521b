"""Presets of export, and checks of an export before it is started; without Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from mien.errors import ConsentError, MienError, OutputError, UsageError
from mien.model.document import Project
from mien.model.quality import Quality
from mien.model.renderer_settings import RendererSettings
from mien.model.soundtrack import Soundtrack
from mien.timebase import FrameRange

__all__ = ["PRESETS", "ExportRequest", "Preset", "default_output", "exists", "summary",
           "trouble"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Preset:
    """A kind of export.

    Attributes:
        id: Names it in settings.
        text: What it is called.
        tip: What it is for.
        suffix: Ending of its files; of the pattern's name where it is a sequence of images.
        codec: The codec; None for the source's.
        lossless: Whether every pixel is kept exactly.
        matte: Whether it holds the mask in place of the picture.
        mark: What is put behind the shot's name.
    """

    id: str
    text: str
    tip: str
    suffix: str
    codec: str | None = None
    lossless: bool = False
    matte: bool = False
    mark: str = "edit"

    @property
    def has_sound(self) -> bool:
        """True when it can hold a sound."""
        return not (self.is_sequence or self.matte)

    @property
    def is_sequence(self) -> bool:
        """True when it writes numbered images."""
        return "%" in self.suffix


PRESETS: tuple[Preset, ...] = (
    Preset("review", "Review, H.264", "Plays everywhere.", ".mp4", "h264"),
    Preset("prores", "ProRes 422 HQ", "For the editing program and for grading.", ".mov", "prores"),
    Preset("exr", "EXR sequence", "Half float, one image a frame.", ".%04d.exr"),
    Preset(
        "lossless",
        "Lossless, FFV1",
        "Every pixel outside the mask is the source's, bit for bit.",
        ".mkv",
        "ffv1",
        lossless=True,
    ),
    Preset(
        "matte",
        "Mask as a matte, ProRes",
        "Grey: white where the picture was changed.",
        ".mov",
        "prores",
        matte=True,
        mark="matte",
    ),
    Preset(
        "matte-exr",
        "Mask as a matte, EXR",
        "Grey: 1 where the picture was changed.",
        ".%04d.exr",
        matte=True,
        mark="matte",
    ),
)


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """Everything about one export.

    Attributes:
        preset: What is written.
        output: Where to; a pattern for a sequence of images.
        frames: The frames; None for the whole shot.
        renderer: `auto`, or a renderer's name.
        settings: Settings of the renderer; None for the shot's own.
        overwrite: Whether what is there may be replaced.
        until_damage: Whether it ends before the first frame of the shot that is damaged.
        quality: How well it is encoded, where the preset is not lossless.
        audio: The sound that it has in place of the shot's; None for that.
        provenance: Whether it carries signed credentials; None for what the project says.
        watermark: The text that is burnt into every frame; None for none.
        open_loop: Whether amounts are left as they are asked for, not corrected by what is seen.
    """

    preset: Preset
    output: Path
    frames: FrameRange | None = None
    renderer: str = "auto"
    settings: RendererSettings | None = None
    overwrite: bool = False
    until_damage: bool = False
    quality: Quality = field(default_factory=Quality)
    audio: Soundtrack | None = None
    provenance: bool | None = None
    watermark: str | None = None
    open_loop: bool = False


def default_output(project: Project, preset: Preset, folder: Path) -> Path:
    """Return the output of an export that names none: a folder of its own for images."""
    name = f"{_plain(project.title)}_{preset.mark}"
    return folder / name / f"{name}{preset.suffix}" if preset.is_sequence else (
        folder / f"{name}{preset.suffix}"
    )  # fmt: skip


def exists(request: ExportRequest) -> bool:
    """Return whether the output exists already."""
    from mien.media.sequence import Pattern

    pattern = Pattern.parse(request.output)
    return request.output.exists() if pattern is None else bool(pattern.numbers())


def summary(project: Project, request: ExportRequest) -> str:
    """Describe an export in words.

    Raises:
        OutputError: When output and codec do not go together; see `trouble`.
    """
    from mien.media.codecs import choose_encoding

    media, preset = project.shot.media, request.preset
    encoding = choose_encoding(
        request.output,
        media,
        codec=preset.codec,
        quality=Quality.of(request.quality, lossless=preset.lossless),
    )
    width, height = media.orientation.upright_size
    frames = request.frames or media.clock.all
    words = [f"{len(frames)} frames", f"{width} x {height}", encoding.pixel_format]
    if encoding.quality:
        words.append(encoding.quality)
    words.extend(note.rstrip(".") for note in encoding.notes)
    if request.audio is not None:
        own = ", the shot's own as a second track" if request.audio.keep_own else ""
        words.append(f"sound of {request.audio.path.name}{own}")
    elif encoding.container and media.audio_streams:
        words.append("sound as in the source")
    if request.watermark is not None:
        words.append(f"'{request.watermark}' burnt into every frame")
    edited = sum(bool(edit.layers) for edit in project.edits)
    if not edited:
        words.append("no face is edited: a plain copy")
    return ", ".join(words) + "."


def trouble(project: Project, request: ExportRequest) -> MienError | None:
    """Return the reason why an export cannot be started; None when it can.

    That something would be replaced is not counted: that is asked.
    """
    try:
        _check(project, request)
    except MienError as error:
        return error
    return None


def _check(project: Project, request: ExportRequest) -> None:
    from mien.api import check_consent
    from mien.media.added_sound import check_soundtrack
    from mien.media.codecs import choose_encoding
    from mien.media.outputs import check_output
    from mien.rendering.registry import get_renderer, merge_settings
    from mien.rendering.watermark import make_watermark

    media, preset, output = project.shot.media, request.preset, request.output
    if not project.online:
        raise OutputError(f"{media.path.name} is missing.", "Find the media of the shot first.")
    if not output.name or not output.is_absolute():
        raise OutputError("There is no place to write to.", "Choose a file.")
    if not output.name.lower().endswith(preset.suffix.lower()):
        raise OutputError(
            f"{preset.text} is written to a file that ends in {preset.suffix}.",
            f"Name it {Path(output.stem).stem}{preset.suffix}.",
        )
    quality = Quality.of(request.quality, lossless=preset.lossless)
    encoding = choose_encoding(output, media, codec=preset.codec, quality=quality)
    if request.audio is not None:
        check_soundtrack(request.audio, output, encoding)
    make_watermark(request.watermark, media, matte=preset.matte)
    if output.parent.exists() or not (preset.is_sequence and output.parent.parent.is_dir()):
        # A folder for images is made when the export starts; any other must be there.
        check_output(output, media, overwrite=True, codec=preset.codec, quality=quality)
    if preset.matte and not any(edit.layers for edit in project.edits):
        raise UsageError(f"Nothing is edited in {project.title}.", "There is no mask to write.")
    if request.renderer != "auto":
        settings = merge_settings(request.renderer, project.settings, request.settings)
        get_renderer(request.renderer, settings)
    try:
        signed = True if preset.matte else request.provenance
        check_consent(project, request.frames, provenance=signed)
    except ConsentError:
        raise
    except OutputError as error:
        raise OutputError(error.cause, "Tick the signed credentials.") from error


def _plain(title: str) -> str:
    """Return a title as part of a file's name."""
    kept = "".join(c if c.isalnum() or c in " ._-" else "_" for c in title).strip(" .")
    return Path(kept).stem or "shot"
