"""Clips, images and mattes: probed, tracked, rendered and previewed, a few frames each.

The clips are those of the internal footage where it is there, cut to their first frames by stream
copy; else films that are made. What decoders are told is harmed as well: sizes, durations, counts,
and headers of images that claim more pixels than memory has.
"""

from __future__ import annotations

import random
import re
import struct
import threading
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

import av
import cv2
import numpy as np

import mien
from mien.errors import MienError
from mien.model.edits import ControlTrack, Edit, Layer
from mien.model.interpolate import Key
from mien.model.media import Orientation
from mien.model.shot import Shot
from mien.preview.picture import PreviewImage
from mien.preview.previewer import Previewer
from mien.rendering.occlusion.matte_file import MatteReader, probe_matte
from tests.conftest import _SHARED
from tests.documents import make_shot
from tests.fuzz.mutate import mutate
from tests.fuzz.target import Target, put
from tests.media.box_patches import boxes
from tests.media.mediakit import make_clip
from tests.media.mutations import mutated

__all__ = ["TARGETS"]

_CLIPS: Final = (
    "derived_hevc10_1080p_s18.mp4", "derived_lowlight_s32.mp4", "derived_phone_rotated.mp4",
    "derived_prores422lt_24p_s29.mov", "derived_two_faces_1080p30.mp4", "intel_asl_bird.mkv",
    "intel_asl_eat.mkv", "intel_headpose_female_fromgif.mp4",
    "intel_three_people_walk_pause_fromgif.mp4", "lp_d18.mp4", "lp_s18.mp4",
    "pyfeat_face_noface.mov", "pyfeat_single_face.mp4", "skv_carphone_pristine.mp4",
    "vretalk_1.mp4",
)  # fmt: skip
_FRAMES: Final = 4
_LONGEST: Final = 60
"""Seconds that anything may take."""
_MEMORY: Final = 2 << 30
"""Bytes that a clip of a few frames may add."""
_TOLD: Final = (b"mvhd", b"tkhd", b"mdhd", b"stts", b"ctts", b"stsz", b"stsc", b"stco", b"stss",
                b"elst", b"stsd", b"trun", b"tmcd")  # fmt: skip
"""Boxes that tell of sizes, durations, places and counts."""
_HUGE: Final = (100_000, 65_535, 2**31 - 1)


def _cut(path: Path, target: Path) -> bytes:
    """The first frames of a clip and what is heard meanwhile, by stream copy."""
    with av.open(str(path)) as source, av.open(str(target), "w") as output:
        streams = {
            stream.index: output.add_stream_from_template(stream)
            for stream in (*source.streams.video[:1], *source.streams.audio[:1])
        }
        left = _FRAMES
        for packet in source.demux(*(source.streams[i] for i in streams)):
            if packet.dts is None:
                continue
            left -= packet.stream.type == "video"
            packet.stream = streams[packet.stream_index]
            output.mux(packet)
            if not left:
                break
    return target.read_bytes()


def _movies(folder: Path) -> Mapping[str, bytes]:
    clips = [_SHARED / "clips" / name for name in _CLIPS]
    if all(path.is_file() for path in clips):
        return {path.name: _cut(path, folder / path.name) for path in clips}
    kinds = {"mp4": "libx264", "mov": "prores_ks", "mkv": "mpeg4", "webm": "libvpx-vp9"}
    return {
        f"a.{kind}": make_clip(folder / f"a.{kind}", encoder, count=_FRAMES).read_bytes()
        for kind, encoder in kinds.items()
    }


def _harm_movie(name: str, data: bytes, chance: random.Random) -> bytes:
    found = [box for box in boxes(data) if box.path[-1] in _TOLD]
    if found and chance.random() < 0.4:
        changed = bytearray(data)
        for _ in range(chance.choice((1, 2, 5))):
            box = chance.choice(found)
            at = box.start + 8 + chance.randrange(max(1, box.size - 12))
            number = chance.choice((0, 1, 2**15, 100_000, 2**31 - 1, 2**32 - 1))
            code = chance.choice("HI")
            packed = struct.pack(">" + code, number & (0xFFFF if code == "H" else 0xFFFFFFFF))
            changed[at : at + len(packed)] = packed
        return bytes(changed)
    return mutated(data, chance.randrange(2**32))


def _images(folder: Path) -> Mapping[str, bytes]:
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 255, (24, 32, 3)).astype(np.uint8)
    made = {}
    for ending in ("png", "tiff", "jpg", "exr", "bmp", "dpx", "webp"):
        path = folder / f"a.0001.{ending}"
        if ending == "exr":
            _write_exr(path, picture)
        elif ending == "dpx":
            with av.open(str(path), "w", format="image2") as output:
                stream = output.add_stream("dpx", rate=24)
                stream.width, stream.height, stream.pix_fmt = 32, 24, "rgb24"
                output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
                output.mux(stream.encode())
        else:
            assert cv2.imwrite(str(path), picture)
        made[path.name] = path.read_bytes()
    return made


def _write_exr(path: Path, picture: np.ndarray) -> None:  # type: ignore[type-arg]
    import OpenEXR

    channels = {"RGB": picture.astype(np.float32) / 255}
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    OpenEXR.File(header, channels).write(str(path))


def _harm_image(name: str, data: bytes, chance: random.Random) -> bytes:
    if chance.random() < 0.4:
        return _claimed(name, data, chance.choice(_HUGE), chance.choice(_HUGE), chance)
    return mutate(data, chance)


def _claimed(name: str, data: bytes, width: int, height: int, chance: random.Random) -> bytes:
    """An image whose header claims another size."""
    if name.endswith(".png"):
        head = b"IHDR" + struct.pack(">II", width, height) + data[24:29]
        return data[:12] + head + struct.pack(">I", zlib.crc32(head)) + data[33:]
    if name.endswith(".exr"):
        window = struct.pack("<iiii", 0, 0, min(width, 2**30), min(height, 2**30))
        return re.sub(rb"((?:data|display)Window\0box2i\0\x10\0\0\0).{16}",
                      lambda match: match[1] + window, data, flags=re.DOTALL)  # fmt: skip
    if name.endswith(".tiff"):
        changed = data
        for tag, number in ((256, width), (257, height)):
            for kind in (3, 4):
                entry = struct.pack("<HHI", tag, kind, 1)
                at = changed.find(entry)
                if at >= 0:
                    packed = struct.pack("<HHII", tag, 4, 1, number & 0xFFFFFFFF)
                    changed = changed[:at] + packed + changed[at + 12 :]
        return changed
    if name.endswith(".bmp"):
        return data[:18] + struct.pack("<ii", min(width, 2**31 - 1), height) + data[26:]
    at = 772 if name.endswith(".dpx") else chance.randrange(max(1, len(data) - 8))
    return data[:at] + struct.pack(">II", width, height) + data[at + 8 :]


@cache
def _edited() -> tuple[ControlTrack, ...]:
    return (ControlTrack("mouthSmile", (Key(0, 0.6),)),)


def _read(path: Path) -> None:
    """Probe, track, render and preview a few frames: each is done or refused."""
    shot = mien.open_shot(path)
    frames = f"0:{min(2, shot.clock.frame_count)}"
    with suppress(MienError):
        shot = mien.track(path, frames=frames, progress=False)
    edits = [Edit(shot.faces[0], [Layer("smile", _edited())])] if shot.faces else []
    suffix = path.suffix if path.suffix in (".mp4", ".mov", ".mkv", ".webm") else ".mkv"
    output = path.with_name(f"rendered{suffix}")
    with suppress(MienError):
        mien.render(shot, output, edits=edits, frames=frames, progress=False)
    _preview(shot, edits)


def _preview(shot: Shot, edits: list[Edit]) -> None:
    died: list[BaseException] = []
    before = threading.excepthook
    threading.excepthook = lambda said: died.append(said.exc_value or SystemExit())
    previewer = Previewer(shot)
    try:
        if edits:
            previewer.set_edits(edits)
        for frame in {0, shot.clock.frame_count - 1}:
            done = threading.Event()

            def deliver(picture: PreviewImage, done: threading.Event = done) -> None:
                if picture.exact:
                    done.set()

            previewer.request(
                frame, edited=bool(edits), quality="full", deliver=deliver,
                failed=lambda error, done=done: done.set(),  # type: ignore[misc]
            )  # fmt: skip
            if not done.wait(_LONGEST) and not died:
                raise TimeoutError(f"no picture of frame {frame}")
    finally:
        threading.excepthook = before
        previewer.close()
    if died:
        raise died[0]


def _place_image(folder: Path, name: str, data: bytes) -> Path:
    """The harmed image, of a sequence whose others are whole."""
    for number, content in enumerate((data, data, _WHOLE.get(name, data)), 1):
        put(folder, name.replace("0001", f"{number:04}"), content)
    return folder / name


_WHOLE: dict[str, bytes] = {}


def _image_seeds(folder: Path) -> Mapping[str, bytes]:
    _WHOLE.update(_images(folder))
    return _WHOLE


def _read_matte(path: Path) -> None:
    orientation = Orientation(32, 24)
    media = replace(make_shot(3).media, orientation=orientation)
    matte = probe_matte(path, media)
    reader = MatteReader(matte, orientation, upright=False)
    try:
        for frame in range(3):
            reader.frame(frame, 32, 24)
    finally:
        reader.close()


TARGETS = (
    Target("media", _movies, _read, change=_harm_movie, seconds=_LONGEST, memory=_MEMORY, whole=2),
    Target("images", _image_seeds, _read, _place_image, change=_harm_image, seconds=_LONGEST,
           memory=_MEMORY, whole=2),
    Target("mattes", _image_seeds, _read_matte, _place_image, change=_harm_image, memory=_MEMORY),
)  # fmt: skip
