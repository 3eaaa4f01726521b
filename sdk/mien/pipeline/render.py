"""One render from beginning to end: into a file, or frame by frame into memory."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import ExitStack, closing

from mien.blas import one_blas_thread
from mien.media.frame import Frame
from mien.media.reader import open_reader
from mien.media.resume_folder import check_free
from mien.model.shot import Shot
from mien.pipeline.editing import FrameEditor, MatteEditor, marking
from mien.pipeline.frame_threads import edit_in_order, thread_count
from mien.pipeline.opening import active_frames, open_session
from mien.pipeline.output import Output, Rendered, write_output
from mien.pipeline.painters import Painters, PaintingWork
from mien.progress import Progress
from mien.rendering.base import FacePlan, Renderer, RenderSession
from mien.rendering.frame_files import FrameFolder
from mien.rendering.resume import FrameKeys, finished_frames
from mien.rendering.watermark import Watermark
from mien.timebase import FrameRange

__all__ = ["render_shot", "stream_frames"]


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
        threads: Frames that are edited at a time, by threads where the renderer is `concurrent`
            and by processes where it says so; 0 for as many as help. The output has the same
            bytes with any number.

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
        wanted = [i for i in output.frames if active[i] and i not in exist]
        session.prepare_frames(wanted)
        painters, threads = _painters(
            PaintingWork(shot, plans, renderer), session, len(wanted), threads, matte=output.matte
        )
        stack.enter_context(painters)
        editor = kind(plans, lambda: session, finished, painters.paint)
        written = write_output(shot, editor, output, progress, threads=threads)
        notes = (*session.notes, *painters.notes, *written.notes)
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
        threads: Frames that are edited at a time, some ahead of who takes them; see
            `render_shot`.
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
        if renderer is None:
            threads = 1
        else:
            with one_blas_thread():
                session = stack.enter_context(open_session(shot, plans, renderer, progress))
                active = active_frames(plans)
                wanted = [i for i in frames if active[i]]
                session.prepare_frames(wanted)
            painters, threads = _painters(
                PaintingWork(shot, plans, renderer), session, len(wanted), threads, matte=matte
            )
            stack.enter_context(painters)
            editor = kind(plans, lambda: session, paint=painters.paint)
        reader = stack.enter_context(open_reader(shot.media, cache_bytes=0, whole=True))
        stream = stack.enter_context(closing(reader.stream(frames.start, frames.stop)))
        edit = marking(editor.edit, watermark)
        edited_frames = edit_in_order(edit, stream, threads)
        stack.callback(edited_frames.close)
        for done, (_, edited) in enumerate(edited_frames, 1):
            progress("render", done, len(frames))
            yield edited


def _painters(
    work: PaintingWork, session: RenderSession, frames: int, wanted: int, *, matte: bool
) -> tuple[Painters, int]:
    """Return who paints the frames of a render, and how many threads ask for them."""
    # A mask is made of what is painted, and not of how it looks in the plate.
    shared = not matte and work.can_be_shared
    threads = thread_count(work.renderer, wanted=wanted, processes=shared)
    return Painters(work, session, frames, threads), threads
