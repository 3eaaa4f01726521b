"""A shot through renderer, compositor and encoder.

Frames stream: the reader decodes ahead and the writer encodes behind, each in its own
threads, and only the frames between them are in memory. A frame in which nothing is asked
goes from decoder to encoder as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import mien
from mien.blas import one_blas_thread
from mien.media.aside import check_free
from mien.media.planes import Plate
from mien.media.reader import Frame, Reader, open_reader
from mien.media.writer import open_writer
from mien.model.shot import Shot
from mien.progress import Progress
from mien.rendering.base import CostlySession, FacePlan, Renderer, RenderSession
from mien.rendering.compose import compose
from mien.rendering.resume import FinishedFrames, finished_frames, resume_key
from mien.timebase import FrameRange

__all__ = ["Output", "Rendered", "render_shot"]


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


@dataclass(frozen=True, slots=True)
class Rendered:
    """What became of the frames of a render.

    Attributes:
        edited: Frames in which a face was changed.
        resumed: Frames among those asked for that an earlier render had finished.
    """

    edited: int = 0
    resumed: int = 0


@one_blas_thread()
def render_shot(
    shot: Shot,
    plans: Sequence[FacePlan],
    renderer: Renderer | None,
    output: Output,
    progress: Progress,
) -> Rendered:
    """Render the frames of a shot.

    Frames of a costly renderer are kept beside the output until it is whole, and are not
    rendered again when the same render is started anew.

    Args:
        shot: The shot.
        plans: The faces with edits; none for a plain copy.
        renderer: Makes the edited pixels; None when there are no plans.
        output: Where to.
        progress: Told about the stages `prepare` and `render`.

    Raises:
        MediaError: When the source cannot be read.
        OutputError: When another process renders the same output at length.
        WriteError: When the output cannot be written; nothing is left under its name.
        CancelledError: When a costly render is stopped by Ctrl-C; finished frames are kept.
    """
    check_free(output.path)
    with ExitStack() as stack:
        reader = stack.enter_context(open_reader(shot.media))
        faces: _Faces | None = None
        if renderer is not None:
            faces = stack.enter_context(_opened(shot, plans, renderer, output, progress))
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
            writer.write(frame if faces is None else faces.edited(frame))
            progress("render", done, total)
    return Rendered() if faces is None else Rendered(faces.edits, faces.resumed)


@contextmanager
def _opened(
    shot: Shot,
    plans: Sequence[FacePlan],
    renderer: Renderer,
    output: Output,
    progress: Progress,
) -> Iterator[_Faces]:
    """The faces of a shot, with their renderer at work."""
    # Renderers look frames up at random, which must not disturb the stream; and rarely one
    # twice, so that keeping them would only take memory.
    with ExitStack() as stack:
        source = Plates(stack.enter_context(open_reader(shot.media, cache_bytes=0)))

        def prepared(share: float) -> None:
            progress("prepare", round(100 * share), 100)

        session = stack.enter_context(renderer.open(shot, plans, source, prepared))
        finished: FinishedFrames | None = None
        if isinstance(session, CostlySession):
            if session.key is not None:
                key = resume_key(shot, plans, mien.__version__, renderer.name, session.key)
                finished = stack.enter_context(finished_frames(output.path, key))
            there = frozenset() if finished is None else finished.kept
            asked = np.any([plan.evaluated.active for plan in plans], axis=0)
            session.expect([i for i in output.frames if asked[i] and i not in there])
        yield _Faces(plans, session, finished)


class _Faces:
    """The faces with edits, changed frame by frame."""

    def __init__(
        self, plans: Sequence[FacePlan], session: RenderSession, finished: FinishedFrames | None
    ) -> None:
        self._active = [(plan, plan.evaluated.active) for plan in plans]
        self._session = session
        self._finished = finished
        self.edits = 0
        self.resumed = 0

    def edited(self, frame: Frame) -> Frame:
        """The frame with its faces changed; the same where nothing is asked or changes."""
        asked = [plan for plan, when in self._active if when[frame.index]]
        if not asked:
            return frame
        plate = frame.plate()
        result = self._result(frame.index, plate, asked)
        if result is plate:
            return frame
        self.edits += 1
        return frame.with_plate(result)

    def _result(self, frame: int, plate: Plate, plans: Sequence[FacePlan]) -> Plate:
        if self._finished is not None:
            found = self._finished.find(frame, plate)
            if found is not None:
                self.resumed += 1
                return found
        patches = [self._session.render(plan, frame, plate) for plan in plans]
        result = compose(plate, [patch for patch in patches if patch is not None])
        if self._finished is not None:
            self._finished.keep(frame, plate, result)
        return result


class Plates:
    """The plates of a reader, for renderers."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def plate(self, frame: int) -> Plate:
        """The plate of a frame."""
        return self._reader.frame(frame).plate()
