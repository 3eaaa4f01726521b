"""A shot through renderer, compositor and encoder.

Frames stream: the reader decodes ahead and the writer encodes behind, each in its own
threads, and only the frames between them are in memory. A frame in which nothing is asked
goes from decoder to encoder as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np

import mien
from mien.blas import one_blas_thread
from mien.errors import MediaError
from mien.media.planes import Plate
from mien.media.reader import Frame, Reader, open_reader
from mien.media.resume_folder import check_free
from mien.media.writer import open_writer
from mien.model.shot import Shot
from mien.progress import Progress
from mien.rendering.base import (
    CostlySession,
    Dependence,
    FacePlan,
    KeyedRenderer,
    Patch,
    Renderer,
    RenderSession,
)
from mien.rendering.compose import compose
from mien.rendering.frame_files import FrameFolder
from mien.rendering.matte import matte
from mien.rendering.resume import (
    FrameKeys,
    finished_frames,
    media_stamp,
    remove_other_keys,
    resume_key,
)
from mien.timebase import FrameRange

__all__ = ["Output", "ReaderPlates", "Rendered", "ShotFrames", "render_shot"]

OnFrame = Callable[[Frame, Frame], None]
"""Is shown a frame as it was and as it is."""


@dataclass(frozen=True, slots=True)
class Output:
    """Where and how a render is written.

    Attributes:
        path: The file, or for an image sequence the pattern (`out.%04d.exr`).
        frames: The frames of the shot that it holds.
        codec: Name of the codec; None for the source's family.
        lossless: Whether it is decoded to exactly the pixels that were rendered.
        overwrite: Whether it may replace a file.
        matte: Whether it holds the mask of what is changed in place of the picture.
    """

    path: Path
    frames: FrameRange
    codec: str | None = None
    lossless: bool = False
    overwrite: bool = False
    matte: bool = False


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
        OperationCancelledError: When it is stopped; finished frames of a costly render are kept.
    """
    check_free(output.path)
    with ExitStack() as stack:
        faces: _Faces | None = None
        if renderer is not None:
            faces = stack.enter_context(_opened(shot, plans, renderer, output, progress))
        elif output.matte:
            faces = _Mattes((), _no_session, None)
        return _written(shot, faces, output, progress)


class ShotFrames:
    """The finished frames of a shot in a folder, and what makes those that are missing.

    Any number of processes may be at work at one folder. The renderer is opened when the
    first frame is missing, and stays open for the next ones.

    Args:
        shot: The shot.
        plans: The faces with edits; none for a plain copy.
        renderer: Makes the edited pixels; None when there are no plans.
        folder: Where the frames are kept: those of one shot, whatever its edit was.
        threads: Threads that decode; 0 lets the decoder choose.

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
        self._place = folder
        self._threads = threads
        self._stamp = media_stamp(shot.media)
        self._stack = ExitStack()
        self._session: RenderSession | None = None
        self._progress: Progress = _silent
        self._keys: FrameKeys | None = None
        self._finished: FrameFolder | None = None
        self._faces: _Faces | None = None
        self._asked = np.zeros(shot.clock.frame_count, dtype=bool)
        if renderer is not None:
            names = (mien.__version__, renderer.name)
            self._keys = keys = FrameKeys(shot, plans, self._dependences(), *names)
            self._finished = FrameFolder(folder / keys.shared, keys.shared, keys.tag)
            self._faces = _Faces(plans, self._opened, self._finished)
            self._asked = np.any([plan.evaluated.active for plan in plans], axis=0)

    def missing(self, span: FrameRange) -> list[int]:
        """The frames of a span that are yet to be made, ascending."""
        if self._finished is None:
            return []
        self._finished.look()
        asked = np.flatnonzero(self._asked[span.start : span.stop]) + span.start
        return [frame for frame in asked.tolist() if frame not in self._finished.kept]

    def asked(self, span: FrameRange) -> int:
        """In how many frames of a span anything is asked."""
        return int(np.count_nonzero(self._asked[span.start : span.stop]))

    def key(self, span: FrameRange) -> str:
        """Names what all pixels of a span depend on."""
        digest = hashlib.blake2b(f"{self._stamp} {span}".encode(), digest_size=16)
        if self._keys is not None:
            digest.update(self._keys.shared.encode())
            for frame in span:
                digest.update(self._keys.tag(frame).encode())
        return digest.hexdigest()

    @one_blas_thread()
    def make(self, span: FrameRange, progress: Progress) -> int:
        """Make and keep the frames of a span that are missing.

        Args:
            span: The frames.
            progress: Told about the stages `prepare` and `render`.

        Returns:
            How many were made.

        Raises:
            MediaError: When the source cannot be read, or was replaced meanwhile.
            RenderError: When the renderer fails.
            WriteError: When the disk is full; what was made is kept.
        """
        missing = self.missing(span)
        faces = self._faces
        if not missing or faces is None:
            return 0
        self._progress = progress
        # Loading models and looking through the shot come first, as `expect` must.
        session, done = self._opened(), 0
        if isinstance(session, CostlySession):
            session.expect(missing)
        reader = self._stack.enter_context(
            open_reader(self._shot.media, threads=self._threads, cache_bytes=0)
        )
        try:
            for run in _runs(missing):
                with closing(reader.stream(run.start, run.stop)) as frames:
                    for frame in frames:
                        faces.edited(frame)
                        done += 1
                        progress("render", done, len(missing))
        finally:
            reader.close()
        self._check_source()
        return done

    @one_blas_thread()
    def assemble(self, output: Output, progress: Progress, show: OnFrame | None = None) -> Rendered:
        """Write the output from the finished frames; one that is damaged is made again.

        Args:
            output: Where to.
            progress: Told about the stages `prepare` and `render`.
            show: Is shown every frame before it is written, as it was and as it is.

        Raises:
            MediaError: When the source cannot be read, or was replaced meanwhile.
            WriteError: When the output cannot be written; nothing is left under its name.
        """
        self._progress = progress
        if self._finished is not None and self._faces is not None:
            self._finished.look()
            self._faces.edits = self._faces.resumed = 0
        done = _written(self._shot, self._faces, output, progress, show, self._check_source)
        if self._finished is not None:
            # What is of no use any more: frames of other edits, other media, other weights.
            self._finished.remove_others()
            if self._place.is_dir():
                remove_other_keys(self._place, self._finished.key)
        return done

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

    def _dependences(self) -> dict[int, Dependence]:
        if isinstance(self._renderer, KeyedRenderer):
            return {p.face.number: self._renderer.dependence(self._shot, p) for p in self._plans}
        session = self._opened()
        key = session.key if isinstance(session, CostlySession) else None
        return {plan.face.number: Dependence(key or "") for plan in self._plans}

    def _opened(self) -> RenderSession:
        if self._session is None:
            assert self._renderer is not None
            self._session = self._stack.enter_context(
                _session(self._shot, self._plans, self._renderer, self._progress)
            )
        return self._session

    def _check_source(self) -> None:
        if media_stamp(self._shot.media) != self._stamp:
            raise MediaError(
                f"{self._shot.media.path} was replaced while it was rendered.",
                "Render it again, when nobody writes to it.",
            )


def _written(
    shot: Shot,
    faces: _Faces | None,
    output: Output,
    progress: Progress,
    show: OnFrame | None = None,
    check: Callable[[], None] | None = None,
) -> Rendered:
    """Write an output; `check` may refuse it before it gets its name."""
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
            )
        )
        frames = reader.stream(output.frames.start, output.frames.stop)
        total = len(output.frames)
        progress("render", 0, total)
        for done, frame in enumerate(stack.enter_context(closing(frames)), 1):
            edited = frame if faces is None else faces.edited(frame)
            if show is not None:
                show(frame, edited)
            writer.write(edited)
            progress("render", done, total)
        if check is not None:
            check()
    return Rendered() if faces is None else Rendered(faces.edits, faces.resumed)


@contextmanager
def _session(
    shot: Shot, plans: Sequence[FacePlan], renderer: Renderer, progress: Progress
) -> Iterator[RenderSession]:
    """A renderer at work on a shot."""
    # Renderers look frames up at random, which must not disturb the stream; and rarely one
    # twice, so that keeping them would only take memory.
    with open_reader(shot.media, cache_bytes=0) as reader:

        def prepared(share: float) -> None:
            progress("prepare", round(100 * share), 100)

        with renderer.open(shot, plans, ReaderPlates(reader), prepared) as session:
            yield session


@contextmanager
def _opened(
    shot: Shot,
    plans: Sequence[FacePlan],
    renderer: Renderer,
    output: Output,
    progress: Progress,
) -> Iterator[_Faces]:
    """The faces of a shot, with their renderer at work."""
    with ExitStack() as stack:
        session = stack.enter_context(_session(shot, plans, renderer, progress))
        finished: FrameFolder | None = None
        if isinstance(session, CostlySession):
            # What is kept of a frame is its picture, which does not tell its mask.
            if session.key is not None and not output.matte:
                key = resume_key(shot, plans, mien.__version__, renderer.name, session.key)
                finished = stack.enter_context(finished_frames(output.path, key))
            there = frozenset() if finished is None else finished.kept
            asked = np.any([plan.evaluated.active for plan in plans], axis=0)
            session.expect([i for i in output.frames if asked[i] and i not in there])
        kind = _Mattes if output.matte else _Faces
        yield kind(plans, lambda: session, finished)


class _Faces:
    """The faces with edits, changed frame by frame."""

    def __init__(
        self,
        plans: Sequence[FacePlan],
        session: Callable[[], RenderSession],
        finished: FrameFolder | None,
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
        result = compose(plate, self._patches(frame, plate, plans))
        if self._finished is not None:
            self._finished.keep(frame, plate, result)
        return result

    def _patches(self, frame: int, plate: Plate, plans: Sequence[FacePlan]) -> list[Patch]:
        session = self._session()
        patches = [session.render(plan, frame, plate) for plan in plans]
        return [patch for patch in patches if patch is not None]


class _Mattes(_Faces):
    """The masks of the faces, frame by frame."""

    def edited(self, frame: Frame) -> Frame:
        """The mask of what is changed in the frame; black where nothing is."""
        asked = [plan for plan, when in self._active if when[frame.index]]
        plate = frame.plate()
        patches = self._patches(frame.index, plate, asked) if asked else []
        self.edits += bool(patches)
        return frame.with_plate(matte(plate, patches))


def _no_session() -> RenderSession:
    raise AssertionError("no face is edited")


def _runs(frames: Sequence[int]) -> Iterator[FrameRange]:
    """Ascending frames as ranges without gaps."""
    start = 0
    for i in range(1, len(frames) + 1):
        if i == len(frames) or frames[i] != frames[i - 1] + 1:
            yield FrameRange(frames[start], frames[i - 1] + 1)
            start = i


def _silent(stage: str, done: int, total: int) -> None:
    return None


class ReaderPlates:
    """The plates of a reader, for renderers."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def plate(self, frame: int) -> Plate:
        """The plate of a frame."""
        return self._reader.frame(frame).plate()
