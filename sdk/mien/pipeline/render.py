"""One render from beginning to end: into a file, or frame by frame into memory."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager

import numpy as np

from mien._types import BoolArray
from mien.blas import one_blas_thread
from mien.media.frame import Frame
from mien.media.reader import open_reader
from mien.media.resume_folder import check_free
from mien.model.shot import Shot
from mien.pipeline.editing import FrameEditor, MatteEditor, marking
from mien.pipeline.frame_threads import edit_in_order, thread_count
from mien.pipeline.output import Output, Rendered, write_output
from mien.progress import Progress
from mien.rendering.base import FacePlan, Renderer, RenderSession
from mien.rendering.frame_files import FrameFolder
from mien.rendering.occlusion.session import open_behind
from mien.rendering.plates import ReaderPlates
from mien.rendering.resume import FrameKeys, finished_frames
from mien.rendering.watermark import Watermark
from mien.timebase import FrameRange

__all__ = ["active_frames", "open_session", "render_shot", "stream_frames"]


@one_blas_thread()
def render_shot(
    shot: Shot,
    plans: Sequence[FacePlan],
    renderer: Renderer | None,
    output: Output,
    progress: Progress,
    *,
    threads: int = 0,
) -> Rendered:
    """Render the frames of a shot into an output.

    Frames of a costly renderer are kept beside the output until it is whole, and are not
    rendered again when the same render is started anew; after a change of the edit only those
    that it changes are.

    Args:
        shot: The shot.
        plans: The faces with edits; none for a plain copy.
        renderer: Makes the edited pixels; None when there are no plans.
        output: Where to.
        progress: Told about the stages `prepare` and `render`.
        threads: Threads that edit frames, where the renderer is `concurrent`; 0 for as many as
            help. The output has the same bytes with any number.

    Raises:
        MediaError: When the source cannot be read.
        OutputError: When another process renders the same output at length.
        WriteError: When the output cannot be written; nothing is left under its name.
        OperationCancelledError: When it is stopped; finished frames of a costly render are kept.
    """
    check_free(output.path)
    kind = MatteEditor if output.matte else FrameEditor
    if renderer is None:
        editor = kind()
        written = write_output(shot, editor, output, progress)
        return Rendered(editor.edited, notes=written.notes, damage=written.damage)
    with ExitStack() as stack:
        session = stack.enter_context(open_session(shot, plans, renderer, progress))
        finished: FrameFolder | None = None
        # What is kept of a frame is its picture, which does not tell its mask.
        if renderer.costly and not output.matte:
            keys = FrameKeys(shot, plans, renderer)
            finished = stack.enter_context(finished_frames(output.path, keys.shared, keys.tag))
        exist = frozenset() if finished is None else finished.kept
        active = active_frames(plans)
        session.prepare_frames([i for i in output.frames if active[i] and i not in exist])
        editor = kind(plans, lambda: session, finished)
        threads = thread_count(renderer, wanted=threads)
        written = write_output(shot, editor, output, progress, threads=threads)
        notes = (*session.notes, *written.notes)
        return Rendered(editor.edited, editor.resumed, notes, written.damage)


def stream_frames(
    shot: Shot,
    plans: Sequence[FacePlan],
    renderer: Renderer | None,
    frames: FrameRange,
    progress: Progress,
    *,
    matte: bool = False,
    threads: int = 0,
    watermark: Watermark | None = None,
) -> Generator[Frame, None, None]:
    """Render frames one after another, into memory.

    Args:
        shot: The shot.
        plans: The faces with edits.
        renderer: Makes the edited pixels; None when there are no plans.
        frames: The frames.
        progress: Told about the stages `prepare` and `render`.
        matte: Whether the masks of what is changed are wanted in place of the pictures.
        threads: Threads that edit frames, some ahead of who takes them; see `render_shot`.
        watermark: Burnt into every frame; None for nothing.

    Yields:
        The frames, in order.

    Raises:
        MediaError: When the source cannot be read.
        RenderError: When the renderer fails.
    """
    kind = MatteEditor if matte else FrameEditor
    with ExitStack() as stack:
        editor = kind()
        if renderer is not None:
            with one_blas_thread():
                session = stack.enter_context(open_session(shot, plans, renderer, progress))
                active = active_frames(plans)
                session.prepare_frames([i for i in frames if active[i]])
            editor = kind(plans, lambda: session)
        reader = stack.enter_context(open_reader(shot.media, cache_bytes=0, whole=True))
        stream = stack.enter_context(closing(reader.stream(frames.start, frames.stop)))
        edit = marking(editor.edit, watermark)
        edited_frames = edit_in_order(edit, stream, thread_count(renderer, wanted=threads))
        stack.callback(edited_frames.close)
        for done, (_, edited) in enumerate(edited_frames, 1):
            progress("render", done, len(frames))
            yield edited


@contextmanager
def open_session(
    shot: Shot, plans: Sequence[FacePlan], renderer: Renderer, progress: Progress
) -> Iterator[RenderSession]:
    """Open a renderer on a shot, ready to render edits.

    Args:
        shot: The shot.
        plans: The faces with edits.
        renderer: The renderer.
        progress: Told about the stage `prepare`.
    """
    # Renderers look frames up at random, which must not disturb the stream; and rarely one
    # twice, so that keeping them would only take memory.
    with (
        open_reader(shot.media, cache_bytes=0) as reader,
        open_behind(renderer, shot, ReaderPlates(reader)) as session,
    ):
        session.prepare(plans, progress)
        yield session


def active_frames(plans: Sequence[FacePlan]) -> BoolArray:
    """Return (T,) bool, the frames in which anything is asked of any face; there is a plan."""
    return np.asarray(np.any([plan.evaluated.active for plan in plans], axis=0))
