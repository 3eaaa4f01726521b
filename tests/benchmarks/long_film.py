"""A ten-minute 1080p film with a key frame every 250 frames, made from a test clip."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

import mien
from mien._types import AnyArray
from mien.media.probe import probe
from mien.model.curves import ControlCurves, Curves, HeadPose
from mien.model.face import Face
from mien.model.shot import Shot
from tests.benchmarks.common import clip

GOP = 250
RATE = 25
FRAMES = 10 * 60 * RATE


def long_film(folder: Path, frames: int = FRAMES) -> Path:
    """The film, in a folder; one group of pictures is encoded, and then repeated."""
    folder.mkdir(exist_ok=True)
    path = folder / "long.mp4"
    if path.exists():
        return path
    with av.open(path, "w") as film:
        stream = film.add_stream(
            "libx264",
            rate=RATE,
            options={
                "preset": "veryfast",
                "crf": "20",
                "x264-params": f"keyint={GOP}:min-keyint={GOP}:scenecut=0:open-gop=0:bframes=2",
            },
        )
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, RATE)
        packets = []
        for number, frame in enumerate(_frames()):
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            frame.pict_type = av.video.frame.PictureType.NONE
            packets += stream.encode(frame)
        packets += stream.encode(None)
        kept = [(bytes(p), _number(p.pts, p), _number(p.dts, p), p.is_keyframe) for p in packets]
        for shift in range(0, frames, GOP):
            for data, pts, dts, key in kept:
                packet = av.Packet(data)
                packet.stream = stream
                packet.time_base = Fraction(1, RATE)
                packet.pts, packet.dts = pts + shift, dts + shift
                packet.is_keyframe = key
                film.mux(packet)
    return path


def _number(stamp: int | None, packet: av.Packet[av.VideoStream]) -> int:
    """A packet's time in frames."""
    assert stamp is not None
    assert packet.time_base is not None
    return round(stamp * packet.time_base * RATE)


def _frames() -> list[av.VideoFrame]:
    """The first frames of the clip, in 8 bits, there and back again until they are enough."""
    with av.open(clip("derived_hevc10_1080p_s18.mp4")) as film:
        film.streams.video[0].thread_type = "AUTO"
        found = [frame.reformat(format="yuv420p") for frame in film.decode(video=0)]
    found = found + found[-2:0:-1]
    return (found * (GOP // len(found) + 1))[:GOP]


def tracked_long_film(folder: Path) -> Shot:
    """The film as a tracked shot: its one group of pictures tracked, and repeated."""
    shot = Shot(probe(long_film(folder)), ())
    part = mien.track(long_film(folder / "part", GOP), progress=False)
    face = part.faces[0]

    def repeated(array: AnyArray) -> AnyArray:
        times = -(-shot.clock.frame_count // GOP)
        return np.concatenate([array] * times)[: shot.clock.frame_count]

    def curves(given: Curves) -> Curves:
        pose = given.pose
        return Curves(
            ControlCurves(repeated(given.controls.array)),
            repeated(given.flame),
            given.basis,
            HeadPose(*map(repeated, (pose.scale, pose.rotation, pose.translation))),
            repeated(given.valid),
            repeated(given.bridged),
        )

    whole = Face(
        1,
        face.name,
        shot.clock,
        repeated(face.landmarks),
        repeated(face.confidence),
        face.identity,
        curves(face.curves),
        curves(face.raw),
    )
    return dataclasses.replace(shot, faces=(whole,))
