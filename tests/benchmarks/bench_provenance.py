"""What signing costs: time, bytes, memory; one sidecar of images against a signature in each."""

from __future__ import annotations

import io
import resource
import tempfile
from pathlib import Path

import av
import numpy as np
from PIL import Image

from mien.media.atomic_write import hidden_name
from mien.media.probe import probe
from mien.model.shot import Shot
from mien.provenance.claims import RenderClaims, manifest_definition
from mien.provenance.identity import find_identity
from mien.provenance.manifest import Parent, SigningWork, sign
from mien.provenance.places import hash_list
from mien.provenance.reading import read_provenance
from mien.provenance.seal import Seal
from mien.timebase import FrameRange
from tests.benchmarks.common import seconds

_SIZE = (1920, 1080)
_MEGABYTES = (6, 60, 300)
_IMAGES = 10


def main() -> None:
    """Print what signing movies of several sizes, and images, takes."""
    with tempfile.TemporaryDirectory() as folder:
        source = _movie(Path(folder) / "source.mov", 1)
        shot = Shot(probe(source), ())
        for size in _MEGABYTES:
            _sign_movie(shot, Path(folder), size, ".mov")
        _sign_movie(shot, Path(folder), _MEGABYTES[1], ".mkv")
        _sign_images(shot, Path(folder))


def _sign_movie(shot: Shot, folder: Path, size: int, suffix: str) -> None:
    output = folder / f"out{suffix}"
    hidden = _movie(output.with_name(hidden_name(output.name)), size)
    before = hidden.stat().st_size
    seal = Seal(output, RenderClaims(shot, (), None))
    took = seconds(lambda: seal(hidden, shot.clock.all))
    seal.put_sidecar(hidden)
    grown = hidden.stat().st_size - before
    hidden.rename(output)
    read = seconds(lambda: read_provenance(output))
    state = read_provenance(output).state
    beside = output.with_name(f"{output.name}.c2pa")
    size_of = grown if seal.where == "embedded" else beside.stat().st_size
    print(
        f"{before / 1e6:6.0f} MB {suffix}: {seal.where}, signed in {took * 1e3:.0f} ms, checked in"
        f" {read * 1e3:.0f} ms ({state}), {size_of} bytes; peak of this process"
        f" {_peak(resource.RUSAGE_SELF)} MB, of a signing process {_peak(resource.RUSAGE_CHILDREN)}"
    )
    output.unlink()


def _sign_images(shot: Shot, folder: Path) -> None:
    rng = np.random.default_rng(0)
    picture = Image.fromarray(rng.integers(0, 255, (*_SIZE[::-1], 3), dtype=np.uint8))
    image = folder / "s.0001.png"
    picture.save(image, compress_level=1)
    definition, actions = manifest_definition(RenderClaims(shot, (), None), FrameRange(0, 1))

    def embed() -> None:
        target = folder / "signed.png"
        sign(
            SigningWork(definition, actions, "image/png", image, Parent(), destination=target),
            find_identity(),
        )

    inside = min(seconds(embed) for _ in range(_IMAGES))
    grown = (folder / "signed.png").stat().st_size - image.stat().st_size
    beside = min(seconds(lambda: hash_list([(1, image)])) for _ in range(_IMAGES))
    line = len(hash_list([(1, image)]))
    print(
        f"PNG of {image.stat().st_size / 1e6:.1f} MB: a signature in it {inside * 1e3:.0f} ms and"
        f" {grown} bytes, its hash in a list {beside * 1e3:.0f} ms and {line} bytes"
    )


def _peak(who: int) -> int:
    return resource.getrusage(who).ru_maxrss // 1024


def _movie(path: Path, megabytes: int) -> Path:
    """A movie of about so many megabytes: one frame of noise in ProRes, again and again."""
    small = io.BytesIO()
    with av.open(small, "w", format="mov") as container:
        stream = container.add_stream("prores_ks", rate=24)
        stream.width, stream.height = _SIZE
        stream.pix_fmt = "yuv422p10le"
        rng = np.random.default_rng(0)
        picture = av.VideoFrame.from_ndarray(
            rng.integers(0, 255, (*_SIZE[::-1], 3), dtype=np.uint8), format="rgb24"
        )
        container.mux(stream.encode(picture.reformat(format="yuv422p10le")))
        container.mux(stream.encode())
    small.seek(0)
    kind = "matroska" if ".mkv" in path.name else "mov"
    with av.open(small, "r") as read, av.open(str(path), "w", format=kind) as container:
        stream = container.add_stream_from_template(read.streams.video[0])
        first = next(packet for packet in read.demux() if packet.size)
        for index in range(max(1, round(megabytes * 1e6 / first.size))):
            packet = av.Packet(bytes(first))
            packet.stream, packet.time_base, packet.is_keyframe = stream, first.time_base, True
            packet.pts = packet.dts = index * (first.duration or 512)
            packet.duration = first.duration or 512
            container.mux(packet)
    return path
