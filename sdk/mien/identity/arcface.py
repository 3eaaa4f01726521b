"""Who a face is by ArcFace's network, which InsightFace publishes for research only.

Deng et al., "ArcFace: Additive Angular Margin Loss for Deep Face Recognition", CVPR 2019: what the
field calls CSIM is the cosine of such descriptions. The network is the one on which the reference
renderer stands (model `arcface-antelopev2`), so that it may judge that renderer kindly.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from mien._types import FloatArray
from mien.identity.base import cosine, reduced, usable

if TYPE_CHECKING:
    from mien.rendering.reference.identity import ArcFace

__all__ = ["ARCFACE", "ArcFaceIdentity"]

ARCFACE: Final = "arcface-antelopev2"
"""The model of the catalogue."""
_APART: Final = 35.0
"""Pixels between the irises of an aligned face."""


@dataclass(slots=True)
class ArcFaceIdentity:
    """ArcFace's description: 512 numbers, compared by their cosine; see `IdentityModel`."""

    reason: str
    name: str = "arcface"
    sees_pixels: bool = True
    same_person: float = 0.3
    _network: ArcFace | None = field(default=None, repr=False)

    def describe(
        self, picture: npt.NDArray[np.uint8], landmarks: npt.ArrayLike
    ) -> FloatArray | None:
        """Describe who a face is, in 512 numbers; see `IdentityModel`."""
        points = usable(picture, landmarks)
        if points is None:
            return None
        return self._load().embed(*reduced(picture, points, _APART))

    def similarity(self, first: npt.ArrayLike, second: npt.ArrayLike) -> float:
        """Return the cosine of two descriptions; see `IdentityModel`."""
        return cosine(first, second)

    def _load(self) -> ArcFace:
        if self._network is None:
            from mien.rendering.reference.identity import ArcFace
            from mien.weights.contents import check_file
            from mien.weights.sessions import open_session
            from mien.weights.store import locate

            path = locate(ARCFACE)["arcface.onnx"]
            check_file(path, "arcface")
            # No detector: plate and edit are aligned by the same landmarks, so that what differs
            # is the picture.
            self._network = ArcFace(open_session(path))
        return self._network
