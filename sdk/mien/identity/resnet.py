"""Who a face is by the recognition network that dlib's author gave to the public domain.

King, "High Quality Face Recognition with Deep Metric Learning", dlib.net 2017: a ResNet of 29
layers after He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, trained so that
pictures of one person lie within 0.6 of each other. Its face chip is aligned by five of mien's
landmarks; the predictor of 68 points that lies in the same package is not touched, since what it
was trained on forbids commercial use.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mien._types import FloatArray
from mien.errors import WeightsError
from mien.identity.base import reduced, similarity_onto, usable

__all__ = ["NETWORK_FILE", "ResNetIdentity"]

NETWORK_FILE: Final = "dlib_face_recognition_resnet_model_v1.dat"

_CORNERS: Final = (263, 362, 33, 133, 2)
"""mien's landmarks for the five points by which a face is aligned: of the eye at the right of the
picture the outer corner and the inner one, of the other the same, the base of the nose."""
_TEMPLATE: Final = (
    (110.957, 46.350), (89.606, 47.897), (37.058, 46.373), (58.409, 47.906), (74.011, 87.780),
)  # fmt: skip
"""Where these points lie in the chip of 150 x 150 pixels that the network was trained on (a quarter
of its width around the face)."""
_CHIP: Final = 150
_APART: Final = 52.0
"""Pixels between the irises of an aligned face."""


@dataclass(slots=True)
class ResNetIdentity:
    """dlib's description: 128 numbers, compared by their distance; see `IdentityModel`."""

    reason: str
    name: str = "dlib-resnet"
    sees_pixels: bool = True
    same_person: float = 0.5
    _network: Any = field(default=None, repr=False)

    def describe(
        self, picture: npt.NDArray[np.uint8], landmarks: npt.ArrayLike
    ) -> FloatArray | None:
        """Describe who a face is, in 128 numbers; see `IdentityModel`."""
        points = usable(picture, landmarks)
        if points is None:
            return None
        import cv2

        crop, inside = reduced(picture, points, _APART)
        onto = similarity_onto(inside[list(_CORNERS)], _TEMPLATE)
        chip = np.ascontiguousarray(cv2.warpAffine(crop, onto, (_CHIP, _CHIP), borderValue=0.0))
        return np.array(self._load().compute_face_descriptor(chip), dtype=np.float32)

    def similarity(self, first: npt.ArrayLike, second: npt.ArrayLike) -> float:
        """Return 1 - the distance of two descriptions; see `IdentityModel`."""
        away = np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64)
        return 1 - float(np.linalg.norm(away))

    def _load(self) -> Any:
        if self._network is None:
            from importlib.resources import as_file, files

            import dlib

            folder = files("face_recognition_models") / "models" / NETWORK_FILE
            with as_file(folder) as path:
                try:
                    self._network = dlib.face_recognition_model_v1(str(path))
                except RuntimeError as error:
                    raise WeightsError(
                        f"{path} cannot be read ({error}).",
                        'Install the package again: pip install --force-reinstall "mien[identity]"',
                        path=path,
                    ) from error
        return self._network
