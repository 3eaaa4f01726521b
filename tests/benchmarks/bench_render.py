"""Time of rendering a tracked 1080p clip with one edited face against a plain transcode.

The baseline decodes with PyAV and encodes with the encoder, options and pixel format that
mien chooses, and does nothing else. Bound: 2 times.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import av

import mien
from mien.media.codecs import choose_encoding
from mien.model.media import MediaInfo
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


def main() -> None:
    """Print the ratio for 8-bit H.264 and 10-bit HEVC."""
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
