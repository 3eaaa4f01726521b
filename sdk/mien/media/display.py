"""Pictures as an ordinary display shows them, which is what networks are trained on, and back.

    linear light (EXR)   clipped to 0..1, sRGB curve; floating point tagged sRGB is as it is
    PQ, HLG              light relative to reference white (203 cd/m2, ITU-R BT.2408), BT.2020
                         primaries as BT.709's, highlights compressed, sRGB curve
    anything else        as it is

The way back undoes it, so that no difference comes back as none.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from mien._types import DoubleArray, FloatArray
from mien.media.color import srgb
from mien.media.planes import Plate

__all__ = ["from_display", "shown8", "to_display", "tone_mapped"]

_PQ: Final = 16
_HLG: Final = 18
"""Transfer characteristics (ITU-T H.273)."""
_SRGB: Final = 13
"""Likewise, of R'G'B' as a screen shows it."""
_BT2020: Final = 9
"""Primaries, likewise."""
_WHITE: Final = 203.0
"""cd/m2 of reference white, which an ordinary display shows as white."""
_PQ_PEAK: Final = 10000.0
_HLG_PEAK: Final = 1000.0
"""cd/m2 of the highest code: by definition, and of the display that HLG is graded on."""
_HLG_GAMMA: Final = 1.2
"""Of that display (BT.2100, table 5), here of every channel by itself."""
_KNEE: Final = 0.5
"""Light from which highlights are compressed: skin lies below."""
_SATURATED: Final = 2.0
"""How far BT.709's share of a saturated colour may exceed the peak."""
_CODES: Final = 16383
_DROPPED: Final = 13
"""Bits of a float that make no difference in 8 bits of a picture."""
_TO_BT709: Final = np.array(
    # ITU-R BT.2087, table 4.
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]
)
_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
"""SMPTE ST 2084."""
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073
"""BT.2100, table 5: HLG."""


def to_display(plate: Plate, rgb: FloatArray) -> FloatArray:
    """Pixels of a plate as networks are shown them: nominally 0..1.

    Args:
        plate: The plate, whose tags count.
        rgb: (..., 3) as `Plate.rgb` gives them.
    """
    if _linear_light(plate):
        return srgb(rgb)
    if not tone_mapped(plate.transfer):
        return rgb
    light = _light(plate.transfer, rgb)
    if plate.primaries == _BT2020:
        light = light @ _TO_BT709.T
    return np.asarray(_signal(_compressed(light)), dtype=np.float32)


def _linear_light(plate: Plate) -> bool:
    return plate.layout.floating and plate.transfer != _SRGB


def tone_mapped(transfer: int) -> bool:
    """Whether a display cannot show pictures of these transfer characteristics as they are."""
    return transfer in (_PQ, _HLG)


def shown8(plate: Plate, rgb: FloatArray) -> npt.NDArray[np.uint8]:
    """Pixels of a PQ or HLG plate as `to_display` has them, in 8 bits, by tables.

    Args:
        plate: The plate, whose tags count.
        rgb: (H, W, 3) as `Plate.rgb` gives them.
    """
    codes = np.clip(rgb * np.float32(_CODES), 0, _CODES) + np.float32(0.5)
    light = _light_table(plate.transfer)[codes.astype(np.uint16)]
    if plate.primaries == _BT2020:
        light = cv2.transform(light, _TO_BT709.astype(np.float32))
    # The upper bits of a float are its logarithm, nearly: steps as fine as the eye's.
    indices = np.ascontiguousarray(light, dtype=np.float32).view(np.uint32) >> _DROPPED
    return np.asarray(_code_table()[indices])


@lru_cache(maxsize=2)
def _light_table(transfer: int) -> FloatArray:
    """Light of codes in steps of 1 / _CODES."""
    return np.asarray(_light(transfer, np.linspace(0, 1, _CODES + 1)), dtype=np.float32)


@lru_cache(maxsize=1)
def _code_table() -> npt.NDArray[np.uint8]:
    """8-bit sRGB of light by the upper bits of its float."""
    bits = (np.arange(1 << (32 - _DROPPED), dtype=np.uint32) << _DROPPED) | (1 << (_DROPPED - 1))
    with np.errstate(invalid="ignore"):  # among all patterns of bits are those of no number
        light = np.clip(np.nan_to_num(bits.view(np.float32).astype(np.float64)), 0, None)
    codes = np.rint(np.clip(_signal(_compressed(light)), 0, 1) * 255)
    return np.asarray(codes, dtype=np.uint8)


def from_display(plate: Plate, shown: FloatArray) -> FloatArray:
    """What `to_display` shows so, in the plate's own terms.

    Args:
        plate: The plate, whose tags count.
        shown: (..., 3) as `to_display` gives them.
    """
    if _linear_light(plate):
        return np.asarray(np.maximum(_linear(shown), 0), dtype=np.float32)
    if not tone_mapped(plate.transfer):
        return shown
    light = _expanded(_linear(shown), _SATURATED * _peak(plate.transfer))
    if plate.primaries == _BT2020:
        light = light @ np.linalg.inv(_TO_BT709).T
    return np.asarray(_coded(plate.transfer, light), dtype=np.float32)


def _light(transfer: int, rgb: FloatArray) -> DoubleArray:
    """Codes as light, reference white being 1."""
    code = np.clip(np.asarray(rgb, dtype=np.float64), 0, 1)
    if transfer == _PQ:
        root = code ** (1 / _M2)
        light = (np.maximum(root - _C1, 0) / (_C2 - _C3 * root)) ** (1 / _M1)
    else:
        scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - _C) / _A) + _B) / 12)
        light = scene**_HLG_GAMMA
    return np.asarray(light * _peak(transfer))


def _coded(transfer: int, light: DoubleArray) -> DoubleArray:
    """The inverse of `_light`."""
    share = np.clip(light / _peak(transfer), 0, 1)
    if transfer == _PQ:
        root = share**_M1
        return np.asarray(((_C1 + _C2 * root) / (1 + _C3 * root)) ** _M2)
    scene = share ** (1 / _HLG_GAMMA)
    upper = _A * np.log(np.maximum(12 * scene - _B, 1e-6)) + _C
    return np.asarray(np.where(scene <= 1 / 12, np.sqrt(3 * scene), upper))


def _peak(transfer: int) -> float:
    return (_PQ_PEAK if transfer == _PQ else _HLG_PEAK) / _WHITE


def _compressed(light: DoubleArray) -> DoubleArray:
    """Light below 1: the same up to the knee, then ever less steep."""
    over = np.maximum(light - _KNEE, 0)
    return np.asarray(np.minimum(light, _KNEE) + (1 - _KNEE) * over / (over + 1 - _KNEE))


def _expanded(shown: DoubleArray, peak: float) -> DoubleArray:
    """The inverse of `_compressed`, up to a peak."""
    limit = float(_compressed(np.array(peak))) - _KNEE
    over = np.clip(shown - _KNEE, 0, limit) / (1 - _KNEE)
    return np.asarray(np.minimum(shown, _KNEE) + (1 - _KNEE) * over / (1 - over))


def _signal(light: DoubleArray) -> DoubleArray:
    """The sRGB curve (IEC 61966-2-1), mirrored below 0."""
    size = np.abs(light)
    curve = np.where(size <= 0.0031308, 12.92 * size, 1.055 * size ** (1 / 2.4) - 0.055)
    return np.asarray(np.copysign(curve, light))


def _linear(signal: FloatArray) -> DoubleArray:
    """The inverse of `_signal`."""
    size = np.abs(np.asarray(signal, dtype=np.float64))
    curve = np.where(size <= 0.04045, size / 12.92, ((size + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.copysign(curve, signal))
