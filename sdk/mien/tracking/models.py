"""The two models of mien's own tracker: one that finds faces, and one that reads landmarks.

Whatever is particular to a model travels with it: the size of its input, its topology, and what
its numbers mean. `tracker.track_faces` follows faces with any two that have these shapes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mien._types import ByteArray, FloatArray
from mien.model.landmarks import Topology
from mien.tracking.regions import Region, Roi

__all__ = [
    "Detection",
    "Detector",
    "FaceBounds",
    "LandmarkModel",
    "Pending",
    "Reading",
    "Thresholds",
]


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """A face as a detector sees it, in pixels of the picture.

    Attributes:
        box: (4,) float32, x0, y0, x1, y1: brows to chin.
        roi: Where its landmarks are to be read first.
        score: 0..1.
    """

    box: FloatArray
    roi: Roi
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """The landmarks of one region, and how far to trust them.

    Attributes:
        points: (478, 3) float32 landmarks, pixels of the picture, z away from the camera.
        confidence: How surely the landmarks lie on a face, above 0 and up to 1.
        evidence: How much speaks for a face in the region, in the model's own unit: compared
            with its `Thresholds` only.
        spread: How uncertain the landmarks are, as a fraction of the face's height.
        roi: Where the face is by these landmarks, hence where to look next.
        crop: The region that was read, (N, N, 3) R'G'B'.
        used: Where that region is.
        region_spread: (4,) float32, the spread of the landmarks of each of `REGIONS`.
    """

    points: FloatArray
    confidence: float
    evidence: float
    spread: float
    roi: Roi
    crop: ByteArray
    used: Roi
    region_spread: FloatArray


@dataclass(frozen=True, slots=True)
class FaceBounds:
    """What a reading must have to count as a face.

    Attributes:
        min_evidence: Least evidence.
        max_spread: Largest spread.
    """

    min_evidence: float
    max_spread: float


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What the numbers of a landmark model mean.

    Attributes:
        followed: Bounds of a face that is being followed.
        new: Bounds of a face that is seen for the first time.
        min_confidence: Confidence below which nothing is said to be a face.
        doubtful: Confidence below which a face that was seen well before is detected anew.
        credible: Confidence of a frame that speaks for a person rather than a ghost.
        credible_fraction: Fraction of a person's frames that must be credible.
        sure: Confidence from which a reading says what a person looks like.
    """

    followed: FaceBounds
    new: FaceBounds
    min_confidence: float
    doubtful: float
    credible: float
    credible_fraction: float
    sure: float


class Detector(Protocol):
    """Finds faces in a picture."""

    @property
    def input_size(self) -> int:
        """Pixels along each side of the square that the model takes."""
        ...

    @property
    def tile_fraction(self) -> float:
        """Side of the tiles in which small faces are looked for, over the picture's short side."""
        ...

    def begin(self, picture: ByteArray, regions: Sequence[Region]) -> Any:
        """Start a search for faces in regions of a picture (H, W, 3) uint8, without waiting.

        Returns:
            What `finish` takes.
        """
        ...

    def finish(self, search: Any) -> list[Detection]:
        """Return the faces of a search, each once, the surest first."""
        ...

    def find(self, picture: ByteArray, regions: Sequence[Region]) -> list[Detection]:
        """Return the faces in regions of a picture: `begin` and `finish` in one."""
        ...

    def close(self) -> None:
        """Free the model."""
        ...


class Pending(Protocol):
    """Regions that are being read."""

    @property
    def rois(self) -> tuple[Roi, ...]:
        """The regions."""
        ...


class LandmarkModel(Protocol):
    """Reads the landmarks of a face from the region that holds it."""

    @property
    def topology(self) -> Topology:
        """Which landmarks a reading has."""
        ...

    @property
    def thresholds(self) -> Thresholds:
        """What the numbers of its readings mean."""
        ...

    def begin(self, picture: ByteArray, rois: Sequence[Roi]) -> Any:
        """Start to read regions of a picture (H, W, 3) uint8, without waiting.

        Returns:
            What `finish` takes; a `Pending`.
        """
        ...

    def finish(self, pending: Any) -> list[Reading]:
        """Return the readings of regions that were begun, in their order."""
        ...

    def read(self, picture: ByteArray, rois: Sequence[Roi]) -> list[Reading]:
        """Return the readings of regions of a picture: `begin` and `finish` in one."""
        ...

    def close(self) -> None:
        """Free the model."""
        ...
