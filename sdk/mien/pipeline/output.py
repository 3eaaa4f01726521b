"""What a render is written to, and the loop that writes it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

from mien.errors import DamagedMediaError
from mien.media.frame import Frame
from mien.media.reader import open_reader
from mien.media.writer import BeforeCommit, open_writer
from mien.model.quality import Quality
from mien.model.shot import Shot
from mien.model.soundtrack import Soundtrack
from mien.pipeline.damage import with_remedy
from mien.pipeline.editing import FrameEditor, marking
from mien.pipeline.frame_threads import edit_in_order
from mien.progress import Progress
from mien.rendering.watermark import Watermark
from mien.timebase import FrameRange

__all__ = ["OnFrame", "OnWhole", "Output", "OutputSeal", "Rendered", "Written", "write_output"]

_FEW: Final = 8
"""Frames below which an output is begun anew, where damage ends it."""

OnFrame = Callable[[Frame, Frame], None]
"""Called with a frame as it was and as it is, before it is written."""
OnWhole = Callable[[Path, FrameRange], None]
"""Called with the hidden output, whole, and the frames of the source that it holds."""


class OutputSeal(Protocol):
    """Has the last word on an output, and may keep something beside it."""

    def __call__(self, path: Path, frames: FrameRange) -> None:
        """See to the hidden output, whole, with the frames of the source that it holds."""
        ...

    def put_sidecar(self, path: Path) -> None:
        """Put what lies beside it in place, a moment before the hidden output gets its name."""
        ...

    def take_back(self) -> None:
        """Undo `put_sidecar`, if it came to that, where the output has not got its name."""
        ...


@dataclass(frozen=True, slots=True)
class Output:
    """Path and form of a render.

    Attributes:
        path: The file, or for an image sequence the pattern (`out.%04d.exr`).
        frames: The frames of the shot that it holds.
        codec: Name of the codec; None for the source's family.
        lossless: Whether it is decoded to exactly the pixels that were rendered.
        overwrite: Whether it may replace a file.
        matte: Whether it holds the mask of what is changed in place of the picture.
        before_commit: Called in this order between encoding and giving the final name.
        until_damage: Whether it ends before the first frame of the source that is damaged.
        quality: How well it is encoded; None for visually lossless.
        soundtrack: Another sound, in place of the shot's or beside it.
        seal: Called before these, so that they are told of the bytes that get the name; what it
            keeps beside the output is put in place after them.
        watermark: Burnt into every frame, after its faces are edited; None for nothing.
    """

    path: Path
    frames: FrameRange
    codec: str | None = None
    lossless: bool = False
    overwrite: bool = False
    matte: bool = False
    before_commit: tuple[OnWhole, ...] = ()
    until_damage: bool = False
    quality: Quality | None = None
    soundtrack: Soundtrack | None = None
    seal: OutputSeal | None = None
    watermark: Watermark | None = None


@dataclass(frozen=True, slots=True)
class Rendered:
    """Counts and notes of a finished render.

    Attributes:
        edited: Frames in which a face was changed.
        resumed: Frames among those asked for that an earlier render had finished.
        notes: What the user should know of how the frames were made, and of what is not kept.
        damage: Why the output ends before its last frame; None where it does not.
    """

    edited: int = 0
    resumed: int = 0
    notes: tuple[str, ...] = ()
    damage: DamagedMediaError | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """How writing an output went.

    Attributes:
        notes: What of the source the output does not keep, a sentence each.
        damage: What ended it before its last frame, where it may end so; else None.
    """

    notes: tuple[str, ...] = ()
    damage: DamagedMediaError | None = None


def write_output(
    shot: Shot,
    editor: FrameEditor,
    output: Output,
    progress: Progress,
    *,
    threads: int = 1,
    on_frame: OnFrame | None = None,
    before_commit: tuple[BeforeCommit, ...] = (),
) -> Written:
    """Write the frames of an output.

    Args:
        shot: The shot.
        editor: Changes its frames, and counts what it changed.
        output: Where to.
        progress: Told about the stage `render`.
        threads: Threads that edit frames; see `thread_count`.
        on_frame: Called with every frame.
        before_commit: Called before those of the output.

    Returns:
        What of the source it does not keep, and what ended it before its last frame.

    Raises:
        DamagedMediaError: When a frame of the source is damaged, and the output is wanted whole,
            or would be empty.
        MediaError: When the source cannot be read.
        WriteError: When the output cannot be written; nothing is left under its name.
    """
    source = _Source(output.frames)
    try:
        with ExitStack() as stack:
            stack.push(_taking_back(output.seal))  # the last of all: the writer moves files
            reader = stack.enter_context(open_reader(shot.media, whole=True))
            writer = stack.enter_context(
                open_writer(
                    output.path,
                    shot.media,
                    codec=output.codec,
                    lossless=output.lossless,
                    quality=output.quality,
                    frames=output.frames,
                    overwrite=output.overwrite,
                    before_commit=(*before_commit, *_last_steps(output, source)),
                    soundtrack=output.soundtrack,
                )
            )
            frames = source.watched(reader.stream(output.frames.start, output.frames.stop))
            stack.callback(frames.close)
            edit = marking(editor.edit, output.watermark)
            edited_frames = edit_in_order(edit, frames, threads)
            stack.callback(edited_frames.close)
            total = len(output.frames)
            progress("render", 0, total)
            try:
                for done, (frame, edited) in enumerate(edited_frames, 1):
                    if on_frame is not None:
                        on_frame(frame, edited)
                    writer.write(edited)
                    progress("render", done, total)
            except DamagedMediaError as error:
                if not output.until_damage or error is not source.damage or source.few:
                    raise
                writer.end()
    except DamagedMediaError as error:
        if error is not source.damage:
            raise
        if not output.until_damage or not source.whole:
            raise with_remedy(error, output.frames) from error.__cause__
        # So few frames cost nothing, and some encoders must be told that there are no more.
        shorter = replace(output, frames=source.whole)
        editor.edited = editor.resumed = 0
        written = write_output(
            shot, editor, shorter, progress, threads=threads, on_frame=on_frame,
            before_commit=before_commit,
        )  # fmt: skip
        return Written(written.notes, source.damage)
    # Some of what is not kept is known only when the file is whole.
    return Written(writer.notes, source.damage)


def _taking_back(seal: OutputSeal | None) -> Callable[..., None]:
    """What is called at the end: beside an output that failed stays what was there before."""

    def leave(kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and seal is not None:
            seal.take_back()

    return leave


def _last_steps(output: Output, source: _Source) -> tuple[BeforeCommit, ...]:
    """What is called between encoding an output and giving it its name."""

    def informed(step: OnWhole) -> BeforeCommit:
        return lambda path: step(path, source.whole)

    seal, steps = output.seal, tuple(map(informed, output.before_commit))
    return steps if seal is None else (informed(seal), *steps, seal.put_sidecar)


class _Source:
    """The frames of a source on their way, and the first of them that is damaged.

    Args:
        frames: Frames that are wanted.
    """

    def __init__(self, frames: FrameRange) -> None:
        self._wanted = frames
        self.damage: DamagedMediaError | None = None

    @property
    def whole(self) -> FrameRange:
        """The frames before the damage."""
        frame = self.damage.frame if self.damage is not None else None
        stop = self._wanted.stop if frame is None else max(frame, self._wanted.start)
        return FrameRange(self._wanted.start, stop)

    @property
    def few(self) -> bool:
        """Whether hardly any frames come before the damage."""
        return len(self.whole) < _FEW

    def watched(self, frames: Generator[Frame, None, None]) -> Generator[Frame, None, None]:
        """Yield frames, and remember what damage ends them."""
        try:
            with closing(frames):
                yield from frames
        except DamagedMediaError as error:
            self.damage = error
            raise
