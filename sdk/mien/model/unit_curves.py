"""Intensities of FACS action units, derived from the controls of a performance.

What follows from one control is that control; the rest is this table, all from 0 to 1:

    6   cheekSquint                           7   eyeSquint, less what cheeks push up in a smile
    23  the lesser of lips pressed, rolled    24  mouthPress, less what 23 takes
    25  how far lips part: jaw, lips drawn up and down, less mouthClose
    26  jawOpen up to 0.4 of its way          27  jawOpen beyond that
    28  the lesser of the rolls of both lips  43  lids shut for half a second or longer
    45  lids shut for a shorter time: a blink

A unit of two sides is as strong as its stronger side, as coders score it. The numbers and what they
mean are those of Ekman, Friesen & Hager (2002), the derivation is mien's.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from mien._types import BoolArray, FloatArray
from mien.model.action_units import ACTION_UNITS
from mien.model.controls import INDEX
from mien.model.frame_runs import frame_runs

__all__ = ["BLINK_SECONDS", "SHUT", "UNIT_NAMES", "unit_curves"]

BLINK_SECONDS: Final = 0.5
"""Lids that are shut for longer are closed eyes, no blink."""
SHUT: Final = 0.5
"""A closure of lids, 0 to 1, beyond which eyes count as shut."""
_JAW: Final = 0.4
"""Where the drop of the jaw (26) ends and the stretched mouth (27) begins."""
_CHEEKS: Final = dict(ACTION_UNITS[6].weights)["eyeSquint"]

_NUMBERS: Final = (
    1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 18, 20, 22, 23, 24, 25, 26, 27, 28, 43, 45,
)  # fmt: skip
UNIT_NAMES: Final[tuple[str, ...]] = tuple(f"AU{number}" for number in _NUMBERS)
"""What the curves are called, in order."""

_DIRECT: Final[dict[int, str]] = {
    1: "browInnerUp", 2: "browOuterUp", 4: "browDown", 5: "eyeWide", 6: "cheekSquint",
    9: "noseSneer", 10: "mouthUpperUp", 12: "mouthSmile", 14: "mouthDimple", 15: "mouthFrown",
    17: "mouthShrugLower", 18: "mouthPucker", 20: "mouthStretch", 22: "mouthFunnel",
}  # fmt: skip

_Values = npt.NDArray[np.float64]


def unit_curves(controls: FloatArray, valid: BoolArray, rate: float) -> dict[str, FloatArray]:
    """Derive action units from controls.

    Args:
        controls: (T, 59) values of the controls.
        valid: (T,) the frames that show the face.
        rate: Frames a second, which tells blinks from closed eyes.

    Returns:
        By name, `AU1` to `AU45`, (T,) float32 from 0 to 1; NaN where the face is not seen.
    """
    values = np.nan_to_num(np.asarray(controls, dtype=np.float64))

    def strongest(name: str) -> _Values:
        columns = [INDEX[n] for n in (name, f"{name}Left", f"{name}Right") if n in INDEX]
        return np.asarray(values[:, columns].max(axis=1))

    units = {number: strongest(name) for number, name in _DIRECT.items()}
    rolled = np.minimum(strongest("mouthRollUpper"), strongest("mouthRollLower"))
    pressed, jaw = strongest("mouthPress"), strongest("jawOpen")
    units[7] = strongest("eyeSquint") - _CHEEKS * units[6]
    units[23] = np.minimum(pressed, rolled)
    units[24] = pressed - units[23]
    parted = jaw * 1.6 * (1 - np.clip(strongest("mouthClose"), 0, 1))
    units[25] = parted + 0.6 * strongest("mouthUpperUp") + strongest("mouthLowerDown")
    units[26] = jaw / _JAW
    units[27] = (jaw - _JAW) / (1 - _JAW)
    units[28] = rolled
    units[43], units[45] = _closed(values, valid, rate)
    stacked = np.clip(np.stack([units[number] for number in _NUMBERS]), 0, 1)
    stacked[:, ~valid] = np.nan
    return dict(zip(UNIT_NAMES, stacked.astype(np.float32), strict=True))


def _closed(values: _Values, valid: BoolArray, rate: float) -> tuple[_Values, _Values]:
    """(T,) each: lids that are shut for long, and lids that blink."""
    lids = values[:, [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]].max(axis=1)
    held = np.zeros(len(lids), dtype=bool)
    for run in frame_runs(valid & (lids > SHUT)):
        held[run.start : run.stop] = len(run) >= BLINK_SECONDS * rate
    # A long closure counts from where lids leave the middle on their way, so that 43 and 45 never
    # share one.
    for run in frame_runs(valid & (lids > SHUT / 2)):
        held[run.start : run.stop] |= held[run.start : run.stop].any()
    return np.where(held, lids, 0), np.where(held, 0, lids)
