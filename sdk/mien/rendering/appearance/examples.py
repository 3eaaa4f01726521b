"""Whom a shot's examples show, and their frames, brought to the shot's colours.

An example is other material of the same person. A face of it belongs to the face of the shot whose
neutral shape is nearest, if that is near enough for one person. The material may be lit, graded and
shot otherwise: what is taken of it is brought to the mean colour of the shot's own skin.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from mien._types import FloatArray
from mien.errors import MienError
from mien.face.likeness import may_be_same, unlikeness
from mien.face.solve import solve_as
from mien.media.reader import open_reader
from mien.model.face import Face
from mien.model.landmarks import SKIN
from mien.model.shot import Example, Shot
from mien.rendering.appearance.canonical import canonical_points, skin_mask, to_canonical
from mien.rendering.appearance.library import FaceLibrary, LibraryScan, is_large_enough
from mien.rendering.appearance.library_frame import LibraryFrame
from mien.rendering.appearance.mouth import MouthAppearance, MouthScan
from mien.rendering.geometry.motion import FaceDeformer
from mien.rendering.geometry.tone import softness

__all__ = [
    "ExampleFace",
    "add_examples",
    "example_faces",
    "example_mouths",
    "example_problem",
    "example_remarks",
]

_SOLVED: Final = 16
"""Faces of examples that are kept as they were solved with the shot's neutral shape."""
_SOFTEST: Final = 2.0
"""How many times softer than the shot, on the face, a frame may be."""
_SPARSE: Final = 8
"""One in so many of the shot's own frames tells its colour and how sharp it is."""
_DARKEST: Final = 0.02
"""R'G'B' below which a colour is not told."""
_GAIN: Final = 0.2, 5.0
"""Least and greatest factor that brings an example to the shot's colours."""


@dataclass(frozen=True, slots=True, eq=False)
class ExampleFace:
    """A face of an example that is a face of the shot.

    Attributes:
        shot: The example, tracked.
        face: The face in it, solved with the neutral shape that the shot tells of it.
    """

    shot: Shot
    face: Face


def example_faces(shot: Shot, face: Face) -> tuple[ExampleFace, ...]:
    """Return the faces of a shot's examples that are one of its faces, one an example at most."""
    found = []
    for example in shot.examples:
        if example.used is not None:
            known = _assigned(shot, example.used).get(face.number)
            if known is not None:
                solved = _solved(known, face.identity.tobytes(), example.used.breaks)
                found.append(ExampleFace(example.used, solved))
    return tuple(found)


@lru_cache(maxsize=_SOLVED)
def _solved(example: Face, identity: bytes, cuts: tuple[int, ...]) -> Face:
    shape = np.frombuffer(identity, dtype=example.identity.dtype).reshape(example.identity.shape)
    return solve_as(example, shape, cuts)


def example_problem(shot: Shot, example: Example) -> str:
    """Return why nothing is learned from an example, in a few words; empty where it is."""
    if example.shot is None or not example.shot.faces:
        return example.problem or "shows no face"
    if not example.online:
        return "was not found"
    if not shot.faces:
        return ""
    found = _assigned(shot, example.shot)
    if not found:
        return "shows somebody else as far as mien can tell"
    if not any(is_large_enough(other, shot.face(number)) for number, other in found.items()):
        return "shows the face too small"
    return ""


def example_remarks(shot: Shot) -> tuple[str, ...]:
    """Return a remark on every example of a shot from which nothing is learned."""
    problems = ((example, example_problem(shot, example)) for example in shot.examples)
    return tuple(f"{one.path.name} {problem}: not used" for one, problem in problems if problem)


def _assigned(shot: Shot, example: Shot) -> dict[int, Face]:
    """The example's faces by the numbers of the shot's faces that they are, the likest first."""
    pairs = sorted(
        (unlikeness(face.identity, other.identity), face.number, other.number)
        for face in shot.faces
        for other in example.faces
        if may_be_same(face, other)
    )
    found: dict[int, Face] = {}
    taken: set[int] = set()
    for _, number, other in pairs:
        if number not in found and other not in taken:
            found[number] = example.face(other)
            taken.add(other)
    return found


def add_examples(
    own: FaceLibrary,
    face: Face,
    examples: Sequence[ExampleFace],
    frames: Sequence[Iterable[int]],
) -> FaceLibrary:
    """Return a face's library with frames of its examples.

    Material that cannot be read, or is too soft, is left out with a remark.

    Args:
        own: The frames of the shot itself.
        face: The face.
        examples: Its examples.
        frames: Which of their frames are wanted.
    """
    layout = canonical_points(face.identity)
    mask = skin_mask(layout)
    some = own.frames[::_SPARSE]
    level, soft = _skin_colour(some, layout, mask), _softness(some)
    added: list[LibraryFrame] = []
    remarks: list[str] = []
    complete = own.complete
    for number, (example, wanted) in enumerate(zip(examples, frames, strict=True)):
        name = example.shot.media.path.name
        try:
            seen = _read(example, wanted)
        except (MienError, OSError) as error:
            cause = error.cause if isinstance(error, MienError) else str(error)
            remarks.append(f"{name} is not used: {cause}")
            complete = False
            continue
        if wanted and not seen:
            remarks.append(f"{name} nowhere shows the whole face: not used")
        sharp = [frame for frame in seen if _softness([frame]) <= _SOFTEST * soft]
        if seen and not sharp:
            remarks.append(f"{name} is much softer than the shot: not used")
            continue
        gain = np.ones(3, dtype=np.float32)
        if some:
            gain = np.clip(level / _skin_colour(sharp, layout, mask), *_GAIN).astype(np.float32)
        added += [
            dataclasses.replace(
                frame,
                rgb=(frame.rgb.astype(np.float32) * gain).astype(np.float16),
                example=number,
            )
            for frame in sharp
        ]
    return FaceLibrary((*own.frames, *added), tuple(remarks), complete)


def example_mouths(face: Face, examples: Sequence[ExampleFace]) -> tuple[MouthAppearance, ...]:
    """Return the mouth of a face in each of its examples.

    Nothing is known of one that is too small, or cannot be read.
    """
    return tuple(
        _mouth(example) if is_large_enough(example.face, face) else MouthAppearance()
        for example in examples
    )


def _mouth(example: ExampleFace) -> MouthAppearance:
    media = example.shot.media
    deformer = FaceDeformer(example.face, media.orientation)
    scan = MouthScan(example.face, deformer, example.shot.breaks)
    try:
        with open_reader(media, cache_bytes=0) as reader:
            for frame in sorted(scan.frames):
                scan.examine(frame, reader.frame(frame).plate())
    except (MienError, OSError):
        return MouthAppearance()  # the library says so
    return scan.result()


def _read(example: ExampleFace, frames: Iterable[int]) -> tuple[LibraryFrame, ...]:
    scan = LibraryScan(example.face, example.shot.media.orientation, frames)
    if not scan.frames:
        return ()
    with open_reader(example.shot.media, cache_bytes=0) as reader:
        for frame in sorted(scan.frames):
            scan.examine(frame, reader.frame(frame).plate())
    return scan.result().frames


def _skin_colour(
    frames: Sequence[LibraryFrame], layout: FloatArray, mask: FloatArray
) -> FloatArray:
    """(3,) geometric mean of the skin's R'G'B' over frames; grey where there are none."""
    if not frames:
        return np.full(3, 0.5, dtype=np.float32)
    weight = mask[..., None] / max(float(mask.sum()), 1e-6)
    means = []
    for frame in frames:
        skin = to_canonical(frame.rgb.astype(np.float32), frame.points[:SKIN], layout)
        means.append((np.log(np.maximum(skin, _DARKEST)) * weight).sum(axis=(0, 1)))
    return np.asarray(np.exp(np.mean(means, axis=0)), dtype=np.float32)


def _softness(frames: Sequence[LibraryFrame]) -> float:
    """Standard deviation of the blur over the face's size, the median over frames."""
    if not frames:
        return float("inf")
    return float(
        np.median(
            [
                softness(frame.rgb.astype(np.float32))
                / float(np.ptp(frame.points[:SKIN], axis=0).max())
                for frame in frames
            ]
        )
    )
