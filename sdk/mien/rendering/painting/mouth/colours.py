"""The colours of what lies behind the lips, told by the light on a face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mien._types import FloatArray
from mien.rendering.geometry.tone import luma

__all__ = ["FaceColours"]

_FLESH = np.array([1.0, 0.84, 1.0])
"""What is missing of the light where skin without pigment and horn, wet, reflects it: green, which
blood takes; blue as little as red, of which skin's pigment takes so much more. Measured on tongues
of five people, 0.67 to 0.96 of their skin's red, 0.55 to 0.84 of its green, 0.78 to 0.94 of its
blue."""
_REFLECTED_TWICE = np.array([1.0, 0.78, 0.95], dtype=np.float32)
"""What the inside's own colour makes of light that has been reflected there twice."""
_TONGUE, _GUM, _DEPTHS = 0.92, 0.86, 0.60
"""Brightness of tongue, gum and lining in full light, as parts of the skin's."""
_ENAMEL = 1.28
"""Brightness of front teeth in full light, likewise: between lips, which take some of it, those of
ten people reach 1.1 to 1.4 (`python -m tests.benchmarks inside`)."""
_SHADED_TOOTH = 0.95
"""Brightness of front teeth in the shade of a lip, likewise: by so much they are told from what is
behind them where a shot shows none that stand free."""
_WHITEST = 1.0
"""R'G'B' that no made-up tooth is above in full light, however bright the skin is."""
_BETWEEN_LIPS = 0.88
"""The part of the light, in R'G'B', that lips that stand open let through to front teeth."""
_MOST_SIDEWAYS = 0.4
"""The most that one cheek may be brighter than the other, as a logarithm."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceColours:
    """Colours of this face in this light, (3,) R'G'B' each.

    Attributes:
        skin: Its skin.
        lip: The red of its lips.
        tooth: Its front teeth.
        gum: The gum around them.
        tongue: The tongue's upper side.
        depths: The lining of the mouth, palate and throat.
        seen_tooth: Brightness of front teeth between lips that stand open.
        sideways: Logarithm of how much brighter the face is on the right of the picture.
    """

    skin: FloatArray
    lip: FloatArray
    tooth: FloatArray
    gum: FloatArray
    tongue: FloatArray
    depths: FloatArray
    seen_tooth: float
    sideways: float = 0.0

    @classmethod
    def of(
        cls,
        skin: FloatArray,
        lip: FloatArray,
        tooth: FloatArray | None = None,
        sideways: float = 0.0,
    ) -> FaceColours:
        """Return the colours that go with those of skin and lips.

        Args:
            skin: (3,) or samples (N, 3).
            lip: (3,) or samples (N, 3).
            tooth: (3,) the front teeth's colour over the skin's, where the shot shows it.
            sideways: Logarithm of how much brighter the face is on the right of the picture.
        """
        skin, lip = (np.median(np.atleast_2d(samples), axis=0) for samples in (skin, lip))
        level = float(luma(skin))
        if tooth is not None:
            seen_tooth = _BETWEEN_LIPS * float(luma(skin * tooth))
        else:
            seen_tooth = _SHADED_TOOTH * level
            # Skin tells the colour of the light. Enamel reflects more of it, and whiter: between
            # lips, which take some of the light, teeth are a little brighter than skin. In ten
            # people green to red is 1.17 of the skin's, blue to red 1.22.
            tooth = np.array([0.96, 1.12, 1.17])
            tooth *= _ENAMEL * level / max(float(luma(skin * tooth)), 1e-3)
            # White paper is not brighter.
            tooth *= min(1.0, _WHITEST / max(float((skin * tooth).max()), 1e-3))
        # Half way between both, so that lipstick does not colour a tongue; as bright as the
        # light on the skin makes it, but no redder light than that.
        flesh = np.sqrt(np.maximum(skin * lip, 0)) * _FLESH
        flesh *= min(
            level / max(float(luma(flesh)), 1e-3), float(skin.max()) / max(float(flesh.max()), 1e-3)
        )
        deep = flesh * _REFLECTED_TWICE
        return cls(
            skin=np.asarray(skin, dtype=np.float32),
            lip=np.asarray(lip, dtype=np.float32),
            tooth=np.asarray(skin * tooth, dtype=np.float32),
            gum=np.asarray(_GUM * flesh, dtype=np.float32),
            tongue=np.asarray(_TONGUE * flesh, dtype=np.float32),
            depths=np.asarray(_DEPTHS * deep, dtype=np.float32),
            seen_tooth=seen_tooth,
            sideways=float(np.clip(sideways, -_MOST_SIDEWAYS, _MOST_SIDEWAYS)),
        )
