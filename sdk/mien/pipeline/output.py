"""What a render is written to, and the loop that writes it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from mien.media.frame import Frame
from mien.media.reader import open_reader
from mien.media.writer import BeforeCommit, open_writer
from mien.model.shot import Shot
from mien.pipeline.editing import FrameEditor
from mien.pipeline.frame_threads import edit_in_order
from mien.progress import Progress
from mien.timebase import FrameRange

__all__ = ["OnFrame", "Output", "Rendered", "write_output"]

OnFrame = Callable[[Frame, Frame], None]
"""Called with a frame as it was and as it is, before it is written."""


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
    """

    path: Path
    frames: FrameRange
    codec: str | None = None
    lossless: bool = False
    overwrite: bool = False
    matte: bool = False
    before_commit: tuple[BeforeCommit, ...] = ()


@dataclass(frozen=True, slots=True)
class Rendered:
    """Counts and notes of a finished render.

    Attributes:
        edited: Frames in which a face was changed.
        resumed: Frames among those asked for that an earlier render had finished.
        notes: What the user should know of how the frames were made, and of what is not kept.
    """

    edited: int = 0
    resumed: int = 0
    notes: tuple[str, ...] = ()


def write_output(
    shot: Shot,
    editor: FrameEditor,
    output: Output,
    progress: Progress,
    *,
    threads: int = 1,
    on_frame: OnFrame | None = None,
    before_commit: tuple[BeforeCommit, ...] = (),
) -> tuple[str, ...]:
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
        What of the source the output does not keep, a sentence each.

    Raises:
        MediaError: When the source cannot be read.
        WriteError: When the output cannot be written; nothing is left under its name.
    """
    with ExitStack() as stack:
        reader = stack.enter_context(open_reader(shot.media))
        writer = stack.enter_context(
            open_writer(
                output.path,
                shot.media,
                codec=output.codec,
                lossless=output.lossless,
                frames=output.frames,
                overwrite=output.overwrite,
                before_commit=(*before_commit, *output.before_commit),
            )
        )
        frames = reader.stream(output.frames.start, output.frames.stop)
        stack.callback(frames.close)
        edited_frames = edit_in_order(editor.edit, frames, threads)
        stack.callback(edited_frames.close)
        total = len(output.frames)
        progress("render", 0, total)
        for done, (frame, edited) in enumerate(edited_frames, 1):
            if on_frame is not None:
                on_frame(frame, edited)
            writer.write(edited)
            progress("render", done, total)
        return writer.notes
