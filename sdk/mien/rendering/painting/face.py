"""One face of a shot, painted as an edit asks for it: its own pixels and those of other frames."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from mien._types import FloatArray
from mien.media.orient import to_coded
from mien.media.planes import Box, Plate
from mien.model.controls import INDEX
from mien.model.face import Face
from mien.model.landmarks import SKIN
from mien.model.media import Orientation
from mien.rendering.appearance.appearance import Appearance
from mien.rendering.appearance.donors import choose_donors, donor_target
from mien.rendering.appearance.examples import ExampleFace
from mien.rendering.appearance.library import FaceLibrary
from mien.rendering.appearance.library_frame import LibraryFrame
from mien.rendering.base import Patch
from mien.rendering.change import FaceChange
from mien.rendering.geometry.features import open_frames
from mien.rendering.geometry.head import head_mesh, head_turns, turn_head
from mien.rendering.geometry.motion import FaceDeformer, FaceMotion
from mien.rendering.geometry.topology import EYES
from mien.rendering.painting.donor import DonorLayer, RegionLayer, region_zone, take_shape
from mien.rendering.painting.hidden import FaceView
from mien.rendering.painting.paint import FaceLayers, moved_points, paint, paint_region
from mien.rendering.painting.shade import Shade
from mien.rendering.painting.uncover import Uncovered, covers, keep_in_front, uncovered

__all__ = ["FacePainter"]

_BLINKS: Final = {side: INDEX[f"eyeBlink{side}"] for side in EYES}
_NO_BLINK: Final = 0.05
"""Tracked blink, beyond the person's rest, of eyes that are open as far as their landmarks tell."""
_AROUND_EYES: Final = (33, 133, 362, 263)
"""Landmarks of the eyes' corners."""


class _Donor(NamedTuple):
    """A frame of the library, how the face in it comes to do what is asked, and its weight."""

    frame: LibraryFrame
    motion: FaceMotion
    weight: float


class _Region(NamedTuple):
    """A region that other frames show, and how far they take the plate's place."""

    name: str
    amount: float
    donors: Sequence[_Donor]


class FacePainter:
    """Paints one face; what it needs to know of the face's look is given with each frame.

    Args:
        face: The face.
        orientation: How its upright pixels lie in the coded picture.
        examples: Its examples, whose frames may be in its library.

    Attributes:
        deformer: The face's motion.
        tracked: The face without what was put right by hand of it.
        learned: Its motion, which other frames show.
    """

    def __init__(
        self, face: Face, orientation: Orientation, examples: Sequence[ExampleFace] = ()
    ) -> None:
        self._face = face
        self._orientation = orientation
        # Of the face as it was tracked is learned how it looks and moves: what is put right by hand
        # changes its own frames alone.
        self.tracked = face.uncorrected()
        self.learned = FaceDeformer(self.tracked, orientation)
        self.deformer = self.learned
        if self.tracked is not face:
            self.deformer = self.learned.of(face)
        self._examples = examples
        self._others: dict[int, FaceDeformer] = {}
        self._adding = threading.Lock()
        known = (self.tracked, *(example.face for example in examples))
        self._open = [open_frames(one) for one in known]
        self._library_seen: tuple[FaceLibrary, FaceLibrary] | None = None

    def learn(self, library: FaceLibrary) -> None:
        """Learn now what else the first frame would wait for: how this person's lids look.

        Args:
            library: The frames of the face.
        """
        uncovered = self._uncovered(library)
        if uncovered.frames:
            _ = uncovered.performances

    def motion(self, appearance: Appearance, frame: int, change: FaceChange) -> FaceMotion:
        """Return how the face moves in a frame.

        Args:
            appearance: What is known of its look.
            frame: Index of the frame.
            change: What is asked of the face in it.
        """
        return self._motion(appearance, frame, change)[0]

    def patch(
        self,
        appearance: Appearance,
        frame: int,
        change: FaceChange,
        plate: Plate,
        shade: Shade | None = None,
    ) -> Patch | None:
        """Return the changed expression; None when nothing of it is in the picture.

        Args:
            appearance: What is known of the face's look.
            frame: Index of the frame.
            change: What is asked of the face in it.
            plate: The frame's plate.
            shade: Shade on the face that no other frame shows.
        """
        filmed = self._as_filmed(appearance.library, frame, change, plate)
        motion, regions = self._motion(appearance, frame, change, filmed)
        skin = None
        if appearance.skin is not None:
            asked = self.deformer.above_least(change.source, change.target)
            skin = appearance.skin.change(change.source, asked, self.deformer.rotation(frame))
        laid = tuple(
            RegionLayer(
                region.name,
                region.amount,
                tuple(_painted(appearance, region.name, donor) for donor in region.donors),
            )
            for region in regions
        )
        return paint(motion, plate, frame, appearance, FaceLayers(skin, laid, shade))

    def uncovered(
        self,
        appearance: Appearance,
        frame: int,
        change: FaceChange,
        plate: Plate,
        occlusion: FloatArray | None,
    ) -> Uncovered:
        """Return the plate without what is in front of the face; itself where nothing is.

        Args:
            appearance: What is known of the face's look.
            frame: Index of the frame.
            change: What is asked of the face in it.
            plate: The frame's plate; not changed.
            occlusion: (H, W) the matte of what is in front; None where nothing is.
        """
        if occlusion is None:
            return Uncovered(plate)
        motion = self.deformer.motion_at(frame, change.source, change.driven)
        moved = moved_points(motion)
        turns = head_turns(change.source, change.driven)
        if turns.any():
            points, shift = head_mesh(self._face, self._orientation, frame, turns)
            moved = np.concatenate([moved, points, points - shift])
        rotation = self.deformer.rotation(frame)
        view = FaceView(
            frame, motion.source[:SKIN], motion.px_per_cm, change.source, rotation, moved
        )
        if not covers(occlusion, view, plate):
            return Uncovered(plate)
        return uncovered(plate, occlusion, view, self._uncovered(appearance.library))

    def covered(self, patch: Patch | None, plate: Plate, bare: Uncovered) -> Patch | None:
        """Return a patch of an uncovered plate with what is in front as the plate has it.

        Args:
            patch: The patch; None when nothing changed.
            plate: The plate.
            bare: The plate without it.
        """
        return None if patch is None else keep_in_front(patch, plate, bare)

    def turned(
        self, frame: int, change: FaceChange, plate: Plate, patch: Patch | None
    ) -> Patch | None:
        """Return a changed expression with the head turned as asked.

        Args:
            frame: Index of the frame.
            change: What is asked of the face in it.
            plate: The frame's plate.
            patch: The changed expression, None when nothing changed.
        """
        turns = head_turns(change.source, change.driven)
        if not turns.any():
            return patch
        return turn_head(self._face, self._orientation, frame, turns, plate, patch)

    def _motion(
        self,
        appearance: Appearance,
        frame: int,
        change: FaceChange,
        filmed: FaceChange | None = None,
    ) -> tuple[FaceMotion, list[_Region]]:
        """How the face moves, in the shape that other frames give it where they are used.

        Landmarks move from where they were tracked; which other frames are used, and what they
        are asked for, goes by the performance as it was filmed.
        """
        deformer = self.deformer
        motion = deformer.motion_at(frame, change.source, change.driven)
        filmed = filmed or change
        seen = filmed.source
        # What is asked of eyes in weights counts in the choice as what is asked in degrees.
        asked = deformer.above_least(seen, donor_target(seen, seen, filmed.target))
        regions = []
        # Both eyes often come from one frame.
        towards: dict[LibraryFrame, FaceMotion] = {}
        for chosen in choose_donors(
            self._uncovered(appearance.library),
            seen,
            asked,
            deformer.rotation(frame),
            motion.px_per_cm,
        ):
            for donor, _ in chosen.frames:
                if donor not in towards:
                    towards[donor] = self._towards(donor, filmed)
            donors = [_Donor(donor, towards[donor], weight) for donor, weight in chosen.frames]
            weighed = [(donor.motion, donor.weight) for donor in donors]
            motion = take_shape(motion, chosen.region, chosen.amount, weighed)
            regions.append(_Region(chosen.region, chosen.amount, donors))
        return motion, regions

    def _as_filmed(
        self,
        library: FaceLibrary,
        frame: int,
        change: FaceChange,
        plate: Plate,
    ) -> FaceChange:
        """The change, with lids that are to open as the plate has them.

        Lids that are tracked late would be opened by less than they are closed. What is asked for
        is changed alike: eyes that are opened by half are, from where they are.
        """
        source, target = change.source, change.target
        opened = [column for column in _BLINKS.values() if target[column] < source[column]]
        library = self._uncovered(library)
        if not opened or not library.frames:
            return change
        points = to_coded(self._orientation, self._face.landmarks[frame, :, :2])
        around = points[list(_AROUND_EYES)]
        width = float(np.ptp(around, axis=0).max())
        (x0, y0), (x1, y1) = around.min(axis=0) - width / 2, around.max(axis=0) + width / 2
        box = Box(int(x0), int(y0), int(x1) + 1, int(y1) + 1).clip(plate.width, plate.height)
        if not box.width or not box.height:
            return change
        corner = np.array([box.x0, box.y0], dtype=np.float32)
        seen = library.eyes.performance(
            plate.rgb(box), points - corner, source, self.deformer.rotation(frame)
        )
        filmed, wanted = source.copy(), target.copy()
        for side, column in _BLINKS.items():
            was, asked = float(source[column]), float(target[column])
            if asked < was:
                closed = max(was - library.eyes.rest(side), _NO_BLINK)
                share = min((was - asked) / closed, 1.0)
                filmed[column] = seen[column]
                wanted[column] += (1 - share) * (seen[column] - was)
        driven = change.driven + (wanted - target)
        return change._replace(source=filmed, target=wanted, driven=driven)

    def _uncovered(self, library: FaceLibrary) -> FaceLibrary:
        """The frames of a library that show the face with nothing in front of it."""
        known = self._library_seen
        if known is None or known[0] is not library:
            known = self._library_seen = (library, self._without_covered(library))
        return known[1]

    def _without_covered(self, library: FaceLibrary) -> FaceLibrary:
        seen = [
            self._open[0 if frame.example is None else frame.example + 1][frame.frame]
            for frame in library.frames
        ]
        if all(seen):
            return library
        kept = [frame for frame, clear in zip(library.frames, seen, strict=True) if clear]
        return FaceLibrary(tuple(kept), library.remarks, library.complete)

    def _towards(self, donor: LibraryFrame, change: FaceChange) -> FaceMotion:
        """How the face in another frame comes to do what is asked, in that frame's pixels."""
        deformer = self.learned if donor.example is None else self._other(donor.example)
        asked = donor_target(donor.controls, change.source, change.target)
        departed = change._replace(target=asked).departed_from(donor.controls)
        driven = deformer.driven(donor.controls, asked, departed)
        motion = deformer.motion_at(donor.frame, donor.controls, driven)
        return motion.mapped(donor.offset, donor.scale)

    def _other(self, example: int) -> FaceDeformer:
        """The motion of the face in an example."""
        with self._adding:
            if example not in self._others:
                known = self._examples[example]
                orientation = known.shot.media.orientation
                self._others[example] = FaceDeformer(known.face, orientation)
            return self._others[example]


def _painted(appearance: Appearance, region: str, donor: _Donor) -> DonorLayer:
    """A region of another frame, made to do what is asked."""
    frame, zone = donor.frame, region_zone(region, donor.motion)
    if frame.example is not None:
        appearance = appearance.in_example(frame.example)
    rgb, corner = paint_region(donor.motion, frame.rgb, zone, region, frame.frame, appearance)
    return DonorLayer(donor.weight, donor.motion.target, rgb, corner)
