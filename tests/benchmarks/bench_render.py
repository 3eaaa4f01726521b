"""Time of rendering a tracked 1080p clip with one edited face, and what a second painter saves.

The baseline of a render decodes with PyAV and encodes with the encoder, options and pixel format
that mien chooses, and does nothing else. Bound: 2 times.

Two that paint frames, a thread and a process beside it, are held against one thread, without an
encoder, on pictures that are quick to decode: both would take the second core that is to be seen
here. Bound: 1.6 times as fast. The process paints already; how long that takes is printed.
"""

from __future__ import annotations

import dataclasses
import tempfile
import time
from collections import deque
from contextlib import closing
from pathlib import Path

import av
import numpy as np

import mien
from mien.cores import core_count
from mien.media.codecs import choose_encoding
from mien.media.probe import probe
from mien.media.reader import open_reader
from mien.model.media import MediaInfo
from mien.pipeline.editing import FrameEditor
from mien.pipeline.frame_threads import edit_in_order
from mien.pipeline.opening import open_session
from mien.pipeline.painters import Painters, PaintingWork
from mien.progress import silent
from mien.rendering.plans import face_plans
from mien.rendering.registry import get_renderer
from tests.benchmarks.common import clip, paired


def _transcode(source: Path, target: Path, facts: MediaInfo) -> None:
    encoding = choose_encoding(target, facts)
    with av.open(source) as given, av.open(target, "w", format=encoding.container) as made:
        stream = given.streams.video[0]
        stream.thread_type = "AUTO"
        assert stream.time_base is not None
        out = made.add_stream(
            encoding.codec.encoder, rate=stream.average_rate, options=dict(encoding.options)
        )
        assert isinstance(out, av.VideoStream)
        out.width, out.height = stream.width, stream.height
        out.pix_fmt = encoding.pixel_format
        out.time_base = out.codec_context.time_base = stream.time_base
        for frame in given.decode(stream):
            frame.pict_type = av.video.frame.PictureType.NONE
            made.mux(out.encode(frame))
        made.mux(out.encode(None))


def _quick_to_decode(source: Path, target: Path) -> MediaInfo:
    """The pictures of a movie, coded for a decoder that is to have next to nothing to do."""
    options = {"preset": "ultrafast", "tune": "fastdecode", "crf": "24"}
    with av.open(source) as given, av.open(target, "w") as made:
        stream = given.streams.video[0]
        stream.thread_type = "AUTO"
        out = made.add_stream("libx264", rate=stream.average_rate, options=options)
        assert isinstance(out, av.VideoStream)
        out.width, out.height, out.pix_fmt = stream.width, stream.height, stream.pix_fmt
        for frame in given.decode(stream):
            frame.pict_type = av.video.frame.PictureType.NONE
            made.mux(out.encode(frame))
        made.mux(out.encode(None))
    return probe(target)


def _paint(frames: Path, shot: mien.Shot, edit: mien.Edit) -> None:
    """Print how much faster two that paint are than one."""
    if core_count() < 2:
        print("two that paint against one: left out, this machine has one core", flush=True)
        return
    shot = dataclasses.replace(shot, media=_quick_to_decode(shot.media.path, frames))
    plans = face_plans(shot, [edit], shot.clock.all)
    work = PaintingWork(shot, plans, get_renderer("warp"))
    with (
        open_session(shot, plans, work.renderer, silent) as session,
        open_reader(shot.media) as reader,
        Painters(work, session, 10**6, 2, worth=0.0) as painters,
    ):

        def edited(count: int) -> None:
            editor = FrameEditor(
                plans, lambda: session, paint=painters.paint if count > 1 else None
            )
            with closing(reader.stream()) as stream:
                deque(edit_in_order(editor.edit, stream, count), maxlen=0)

        began = time.perf_counter()
        for index in range(len(shot)):
            painters.paint(index, reader.frame(index).plate(), plans)
            if painters.processes:
                break
        else:
            print("two that paint against one: left out, no memory for a process", flush=True)
            return
        while not painters.ready:
            time.sleep(0.01)
        started = time.perf_counter() - began
        ratio = paired(lambda: edited(1), lambda: edited(2))
    height = np.ptp(shot.faces[0].landmarks[:, :, 1], axis=1).mean()
    what = f"one that paints / two, {len(shot)} frames with a face of {height:.0f} px"
    print(f"{what}: {ratio} (at least 1.6); the second after {started:.1f} s", flush=True)


def main() -> None:
    """Print the ratio for 8-bit H.264 and 10-bit HEVC, and of one thread to two."""
    for name in ("derived_two_faces_1080p30.mp4", "derived_hevc10_1080p_s18.mp4"):
        source = clip(name)
        shot = mien.track(source, progress=False)
        edit = mien.Edit(shot.faces[0]).set("smile", 0.6).set("blink", 0.5)
        with tempfile.TemporaryDirectory() as folder:
            plain, edited = Path(folder, "plain.mp4"), Path(folder, "edited.mp4")

            def baseline(
                source: Path = source, plain: Path = plain, shot: mien.Shot = shot
            ) -> None:
                _transcode(source, plain, shot.media)

            def work(shot: mien.Shot = shot, edited: Path = edited, edit: mien.Edit = edit) -> None:
                mien.render(shot, edited, edits=[edit], overwrite=True, progress=False)

            ratio = paired(work, baseline)
        print(f"render / transcode, {name}: {ratio} (at most 2)", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        _paint(Path(folder, "quick.mkv"), shot, edit)
