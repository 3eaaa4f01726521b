"""A shot through renderer, compositor and encoder.

Frames stream: the reader decodes ahead and the writer encodes behind, each in its own
threads, and only the frames between them are in memory. A frame in which nothing is asked
goes from decoder to encoder as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from mien.blas import one_blas_thread
from mien.media.planes import Plate
from mien.media.reader import Frame, Reader, open_reader
from mien.media.writer import open_writer
from mien.model.shot import Shot
from mien.progress import Progress
from mien.rendering.base import FacePlan, Renderer, RenderSession
from mien.rendering.compose import compose
from mien.timebase import FrameRange

__all__ = ["Output", "render_shot"]


@dataclass(frozen=True, slots=True)
class Output:
    """Where and how a render is written.

    Attributes:
        path: The file, or for an image sequence the pattern (`out.%04d.exr`).
        frames: The frames of the shot that it holds.
        codec: Name of the codec; None for the source's family.
        lossless: Whether it is decoded to exactly the pixels that were rendered.
        overwrite: Whether it may replace a file.
    """

    path: Path
    frames: FrameRange
    codec: str | None = None
    lossless: bool = False
    overwrite: bool = False


@one_blas_thread()
def render_shot(
    shot: Shot,
    plans: Sequence[FacePlan],
    renderer: Renderer | None,
    output: Output,
    progress: Progress,
) -> int:
    """Render the frames of a shot.

    Args:
        shot: The shot.
        plans: The faces with edits; none for a plain copy.
        renderer: Makes the edited pixels; None when there are no plans.
        output: Where to.
        progress: Told about the stages `prepare` and `render`.

    Returns:
        How many frames were changed.

    Raises:
        MediaError: When the source cannot be read.
        WriteError: When the output cannot be written; nothing is left under its name.
    """
    edited = 0
    active = [(plan, plan.evaluated.active) for plan in plans]
    with ExitStack() as stack:
        reader = stack.enter_context(open_reader(shot.media))
        session: RenderSession | None = None
        if renderer is not None:
            # Renderers look frames up at random, which must not disturb the stream; and rarely
            # one twice, so that keeping them would only take memory.
            looked_up = open_reader(shot.media, cache_bytes=0)
            source = _Plates(stack.enter_context(looked_up))

            def prepared(share: float) -> None:
                progress("prepare", round(100 * share), 100)

            session = stack.enter_context(renderer.open(shot, plans, source, prepared))
        writer = stack.enter_context(
            open_writer(
                output.path,
                shot.media,
                codec=output.codec,
                lossless=output.lossless,
                frames=output.frames,
                overwrite=output.overwrite,
            )
        )
        frames = reader.stream(output.frames.start, output.frames.stop)
        total = len(output.frames)
        progress("render", 0, total)
        for done, frame in enumerate(stack.enter_context(closing(frames)), 1):
            asked = [plan for plan, when in active if when[frame.index]]
            if session is not None and asked:
                frame, changed = _edited(frame, asked, session)
                edited += changed
            writer.write(frame)
            progress("render", done, total)
    return edited


def _edited(frame: Frame, plans: Sequence[FacePlan], session: RenderSession) -> tuple[Frame, bool]:
    """The frame with its faces changed, and whether anything did change."""
    plate = frame.plate()
    patches = [session.render(plan, frame.index, plate) for plan in plans]
    changes = [patch for patch in patches if patch is not None]
    return (frame.with_plate(compose(plate, changes)), True) if changes else (frame, False)


class _Plates:
    """The plates of a reader, for renderers."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def plate(self, frame: int) -> Plate:
        """The plate of a frame."""
        return self._reader.frame(frame).plate()
