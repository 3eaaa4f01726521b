"""The search of a shot for the appearance of a face: one pass over frames for all regions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Protocol

from mien.errors import DamagedMediaError
from mien.media.planes import Plate
from mien.model.face import Face
from mien.model.shot import Shot
from mien.rendering.appearance.appearance import Appearance, RegionAppearance
from mien.rendering.appearance.cache import AppearanceCache
from mien.rendering.appearance.examples import (
    ExampleFace,
    add_examples,
    example_faces,
    example_mouths,
)
from mien.rendering.appearance.library import FaceLibrary, LibraryScan, choose_with_examples
from mien.rendering.appearance.mouth import MouthAppearance, MouthScan
from mien.rendering.appearance.regions import FaceRegion
from mien.rendering.appearance.skin import learn_skin
from mien.rendering.base import PlateSource
from mien.rendering.geometry.motion import FaceDeformer

__all__ = ["RegionScan", "face_appearance", "scan_face"]


class RegionScan(Protocol):
    """The search for one region of one face.

    What it chooses may not depend on the edit, nor on the order in which it sees frames: parts
    of a shot that are rendered apart must choose alike.
    """

    @property
    def frames(self) -> Collection[int]:
        """Indices of the frames that it wants to see; a few, however long the shot."""
        ...

    def examine(self, frame: int, plate: Plate) -> None:
        """Look at one of them, and keep no more of it than may be chosen."""
        ...

    def result(self) -> RegionAppearance:
        """Return what was found, when all of them have been seen."""
        ...


def scan_face(
    face: Face,
    deformer: FaceDeformer,
    source: PlateSource,
    cuts: Sequence[int],
    regions: Collection[FaceRegion] = tuple(FaceRegion),
    examples: Sequence[ExampleFace] = (),
) -> Appearance:
    """Look through a shot for how a face looks, whatever is asked of it.

    Args:
        face: The face.
        deformer: Its motion.
        source: The shot's plates; each frame that is needed is read once, in order.
        cuts: First frames of new sections.
        regions: What to look for.
        examples: The same person in other material; what cannot be read of it is left out.

    Raises:
        MediaError: When a frame cannot be read; those that are damaged are passed over.
    """
    scans: dict[FaceRegion, RegionScan] = {}
    if FaceRegion.MOUTH in regions:
        scans[FaceRegion.MOUTH] = MouthScan(face, deformer, cuts)
    if not {FaceRegion.SKIN, FaceRegion.LIBRARY}.isdisjoint(regions):
        chosen = choose_with_examples(face, [example.face for example in examples])
        scans[FaceRegion.LIBRARY] = LibraryScan(face, deformer.orientation, chosen[0])
    damaged = False
    for frame in sorted({frame for scan in scans.values() for frame in scan.frames}):
        try:
            plate = source.plate(frame)
        except DamagedMediaError:
            # What does not show is not learned of; whoever comes to the frame itself says so.
            damaged = True
            continue
        for scan in scans.values():
            if frame in scan.frames:
                scan.examine(frame, plate)
    known = {region: scan.result() for region, scan in scans.items()}
    library = known.get(FaceRegion.LIBRARY)
    if isinstance(library, FaceLibrary):
        if damaged:
            library = replace(library, complete=False)
            known[FaceRegion.LIBRARY] = library
        if examples:
            library = add_examples(library, face, examples, chosen[1:])
            known[FaceRegion.LIBRARY] = library
        known[FaceRegion.SKIN] = learn_skin(library, face.identity)
    mouths: tuple[MouthAppearance, ...] = ()
    mouth = known.get(FaceRegion.MOUTH)
    if examples and isinstance(mouth, MouthAppearance):
        mouths = example_mouths(face, examples)
        known[FaceRegion.MOUTH] = mouth.helped_by(mouths)
    return Appearance(known, mouths)


def face_appearance(
    shot: Shot,
    face: Face,
    deformer: FaceDeformer,
    source: PlateSource,
    regions: Collection[FaceRegion] = tuple(FaceRegion),
    cache: AppearanceCache | None = None,
) -> Appearance:
    """Return how a face looks, from the cache as far as it has been looked for before.

    Args:
        shot: The shot.
        face: The face.
        deformer: Its motion.
        source: The shot's plates.
        regions: What to look for.
        cache: Where libraries are kept; None for nowhere.

    Raises:
        MediaError: When a frame cannot be read.
    """
    examples = example_faces(shot, face)
    learned = {FaceRegion.SKIN, FaceRegion.LIBRARY}
    key = None
    if cache is not None and not learned.isdisjoint(regions):
        key = cache.key(shot, face, examples)
    kept = None if cache is None or key is None else cache.load(key)
    if kept is None:
        found = scan_face(face, deformer, source, shot.breaks, regions, examples)
        if cache is not None and key is not None and found.library.complete:
            cache.store(key, found.library, found.skin)
        return found
    library, skin = kept
    rest = [region for region in regions if region not in learned]
    others = scan_face(face, deformer, source, shot.breaks, rest, examples)
    known = dict(others.regions)
    known[FaceRegion.LIBRARY] = library
    if skin is not None:
        known[FaceRegion.SKIN] = skin
    return Appearance(known, others.example_mouths)
