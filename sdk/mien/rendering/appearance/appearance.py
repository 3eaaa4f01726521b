"""What a shot shows of one face beyond the frame that is painted, region by region."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from mien.rendering.appearance.fingerprint import fingerprint_of
from mien.rendering.appearance.library import FaceLibrary
from mien.rendering.appearance.mouth import MouthAppearance
from mien.rendering.appearance.regions import FaceRegion
from mien.rendering.appearance.skin import SkinAppearance

__all__ = ["Appearance", "RegionAppearance"]


class RegionAppearance(Protocol):
    """What is known of one region of a face."""

    @property
    def fingerprint(self) -> str:
        """Digest of all that was chosen from the shot; equal for equal pixels."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Appearance:
    """What is known of one face in a shot.

    Attributes:
        regions: What is known of its regions; one that is missing was not looked for.
        example_mouths: The mouth in each of the face's examples, where it was looked for.
    """

    regions: Mapping[FaceRegion, RegionAppearance] = field(default_factory=dict)
    example_mouths: tuple[MouthAppearance, ...] = ()

    @property
    def mouth(self) -> MouthAppearance:
        """The mouth; one of which nothing is known where it was not looked for."""
        known = self.regions.get(FaceRegion.MOUTH)
        return known if isinstance(known, MouthAppearance) else MouthAppearance()

    @property
    def library(self) -> FaceLibrary:
        """The frames that show most of the face; an empty one where they were not looked for."""
        known = self.regions.get(FaceRegion.LIBRARY)
        return known if isinstance(known, FaceLibrary) else FaceLibrary()

    @property
    def skin(self) -> SkinAppearance | None:
        """The skin; None where too little is known of it."""
        known = self.regions.get(FaceRegion.SKIN)
        return known if isinstance(known, SkinAppearance) else None

    @property
    def fingerprint(self) -> str:
        """Digest of what is known, whatever the order in which it was found."""
        known = {region.value: known.fingerprint for region, known in self.regions.items()}
        return fingerprint_of(*sorted(known.items()), *self.example_mouths)

    def only(self, regions: Collection[FaceRegion]) -> Appearance:
        """Return what is known of some regions."""
        kept = {key: known for key, known in self.regions.items() if key in regions}
        return Appearance(kept, self.example_mouths)

    def in_example(self, number: int) -> Appearance:
        """Return what is known of the face in one of its examples."""
        mouth = self.mouth
        if number < len(self.example_mouths):
            mouth = self.example_mouths[number]
        else:
            mouth = MouthAppearance(mouth.teeth, mouth.tooth)
        return Appearance({**self.regions, FaceRegion.MOUTH: mouth})
