"""The finished frames of a shot in a folder: what a batch renders and assembles."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from types import TracebackType

import numpy as np

from mien.blas import one_blas_thread
from mien.errors import DamagedMediaError, MediaError
from mien.media.frame import Frame
from mien.media.reader import Reader, open_reader
from mien.model.shot import Shot
from mien.pipeline.damage import with_remedy
from mien.pipeline.editing import FrameEditor
from mien.pipeline.frame_threads import edit_in_order, thread_count
from mien.pipeline.opening import active_frames, open_session
from mien.pipeline.output import OnFrame, Output, Rendered, write_output
from mien.progress import Progress, silent
from mien.rendering.base import FacePlan, Renderer, RenderSession
from mien.rendering.frame_files import FrameFolder
from mien.rendering.resume import FrameKeys, matte_stamp, media_stamp, remove_other_keys
from mien.timebase import FrameRange

__all__ = ["ShotFrames"]


class ShotFrames:
    """The finished frames of a shot in a folder, and what makes those that are missing.

    Any number of processes may be at work at one folder. The renderer is opened when the
    first frame is missing, and stays open for the next ones.

    Args:
        shot: The shot.
        plans: The faces with edits; none for a plain copy.
        renderer: Makes the edited pixels; None when there are no plans.
        folder: Where the frames are kept: those of one shot, whatever its edit was.
        threads: Threads that decode, and at most that edit frames, where the renderer is
            `concurrent`; 0 lets the decoder choose, and takes as many as help.

    Raises:
        MediaError: When the source cannot be looked at.
    """

    def __init__(
        self,
        shot: Shot,
        plans: Sequence[FacePlan],
        renderer: Renderer | None,
        folder: Path,
        *,
        threads: int = 0,
    ) -> None:
        self._shot = shot
        self._plans = plans
        self._renderer = renderer
        self._folder = folder
        self._threads = threads
        self._stamp = media_stamp(shot.media)
        occlusion = shot.occlusion
        used = renderer is not None and occlusion.matte_online
        self._matte = occlusion.matte if used else None
        self._matte_stamp = "" if self._matte is None else matte_stamp(self._matte)
        self._stack = ExitStack()
        self._session: RenderSession | None = None
        self._progress: Progress = silent
        self._keys: FrameKeys | None = None
        self._finished: FrameFolder | None = None
        self._active = np.zeros(shot.clock.frame_count, dtype=bool)
        if renderer is not None:
            self._keys = keys = FrameKeys(shot, plans, renderer)
            self._finished = FrameFolder(folder / keys.shared, keys.shared, keys.tag)
            self._active = active_frames(plans)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of how frames were made; nothing when none had to be."""
        return () if self._session is None else self._session.notes

    def missing(self, span: FrameRange) -> list[int]:
        """Return the frames of a span that are yet to be made, ascending."""
        if self._finished is None:
            return []
        self._finished.refresh()
        active = np.flatnonzero(self._active[span.start : span.stop]) + span.start
        return [frame for frame in active.tolist() if frame not in self._finished.kept]

    def active(self, span: FrameRange) -> int:
        """Count the frames of a span in which anything is asked."""
        return int(np.count_nonzero(self._active[span.start : span.stop]))

    def key(self, span: FrameRange) -> str:
        """Return a name for what all pixels of a span depend on."""
        digest = hashlib.blake2b(f"{self._stamp} {span}".encode(), digest_size=16)
        if self._keys is not None:
            digest.update(self._keys.shared.encode())
            for frame in span:
                digest.update(self._keys.tag(frame).encode())
        return digest.hexdigest()

    @one_blas_thread()
    def make(self, span: FrameRange, progress: Progress, *, until_damage: bool = False) -> int:
        """Make and keep the frames of a span that are missing.

        Args:
            span: The frames.
            progress: Told about the stages `prepare` and `render`.
            until_damage: Whether those before a damaged frame are enough, in place of an error.

        Returns:
            The number of frames that were made.

        Raises:
            MediaError: When the source cannot be read, or was replaced meanwhile.
            RenderError: When the renderer fails.
            WriteError: When the disk is full; what was made is kept.
        """
        missing = self.missing(span)
        if not missing:
            return 0
        self._progress = progress
        # Loading models and looking through the shot come first.
        self._opened().prepare_frames(missing)
        threads = thread_count(self._renderer, cores=self._threads)
        with (
            open_reader(self._shot.media, threads=self._threads, cache_bytes=0) as reader,
            closing(_frames_of(reader, missing)) as frames,
            closing(edit_in_order(self._editor().edit, frames, threads)) as edited,
        ):
            done = 0
            try:
                for done, _ in enumerate(edited, 1):
                    progress("render", done, len(missing))
            except DamagedMediaError as error:
                if not until_damage:
                    raise with_remedy(error, span, "Frames before it are kept.") from error
        self._check_source()
        return done

    @one_blas_thread()
    def assemble(
        self, output: Output, progress: Progress, on_frame: OnFrame | None = None
    ) -> Rendered:
        """Write the output from the finished frames; one that is damaged is made again.

        Args:
            output: Where to.
            progress: Told about the stages `prepare` and `render`.
            on_frame: Called with every frame before it is written.

        Raises:
            MediaError: When the source cannot be read, or was replaced meanwhile.
            WriteError: When the output cannot be written; nothing is left under its name.
        """
        self._progress = progress
        if self._finished is not None:
            self._finished.refresh()
        editor = self._editor()
        before_commit = (self._check_source,)
        written = write_output(
            self._shot, editor, output, progress, on_frame=on_frame, before_commit=before_commit
        )
        if self._finished is not None:
            # What is of no use any more: frames of other edits, other media, other weights.
            self._finished.remove_others()
            if self._folder.is_dir():
                remove_other_keys(self._folder, self._finished.key)
        notes = (*self.notes, *written.notes)
        return Rendered(editor.edited, editor.resumed, notes, written.damage)

    def close(self) -> None:
        """Let go of the renderer and the source."""
        self._stack.close()

    def __enter__(self) -> ShotFrames:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _editor(self) -> FrameEditor:
        return FrameEditor(self._plans, self._opened, self._finished)

    def _opened(self) -> RenderSession:
        if self._session is None:
            assert self._renderer is not None
            self._session = self._stack.enter_context(
                open_session(self._shot, self._plans, self._renderer, self._progress)
            )
        return self._session

    def _check_source(self, unnamed: Path | None = None) -> None:
        """Refuse the output when what it was made from is another by now."""
        path, same = self._shot.media.path, media_stamp(self._shot.media) == self._stamp
        if same and self._matte is not None:
            path, same = self._matte, matte_stamp(self._matte) == self._matte_stamp
        if not same:
            raise MediaError(
                f"{path} was replaced while it was rendered.",
                "Render it again, when nobody writes to it.",
                path=path,
            )


def _frames_of(reader: Reader, frames: Sequence[int]) -> Generator[Frame, None, None]:
    """The frames with ascending indices."""
    for run in _runs(frames):
        with closing(reader.stream(run.start, run.stop)) as stream:
            yield from stream


def _runs(frames: Sequence[int]) -> Iterator[FrameRange]:
    """Ascending frames as ranges without gaps."""
    start = 0
    for i in range(1, len(frames) + 1):
        if i == len(frames) or frames[i] != frames[i - 1] + 1:
            yield FrameRange(frames[start], frames[i - 1] + 1)
            start = i
