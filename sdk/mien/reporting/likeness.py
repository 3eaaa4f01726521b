"""Who is seen: an edited face against the plate's, and that against its own neighbours."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import numpy as np

from mien._types import BoolArray, ByteArray, FloatArray, IndexArray
from mien.identity import IdentityModel
from mien.reporting.faces import Tracked

__all__ = ["LikenessMeter"]

_SAMPLES: Final = 48
"""Frames of a face that are described; a network takes a tenth of a second for each picture."""


class LikenessMeter:
    """Measures how alike faces are before and after, in a few frames spread over the edit.

    Args:
        model: Describes faces (`mien.identity`); None where there is none.
        faces: The faces.
        edited: By face, (T,) the frames in which something is asked of it.
        cuts: Rows with which another shot begins: what lies before is no neighbour.
    """

    def __init__(
        self,
        model: IdentityModel | None,
        faces: Sequence[Tracked],
        edited: Sequence[BoolArray],
        cuts: Collection[int] = (),
    ) -> None:
        self._model = model
        self._cuts = frozenset(cuts)
        self._faces = faces
        count = len(faces[0].seen) if faces else 0
        self.similarity: list[FloatArray] = [np.full(count, np.nan, np.float32) for _ in faces]
        self._floors: list[list[float]] = [[] for _ in faces]
        self._last: list[FloatArray | None] = [None for _ in faces]
        self._wanted = [
            _spread(np.flatnonzero(some & one.seen & np.isfinite(one.before[:, 0, 0])))
            for one, some in zip(faces, edited, strict=True)
        ]

    def take(self, row: int, before: ByteArray, after: ByteArray) -> None:
        """Look at the pictures of a frame.

        Args:
            row: Its row.
            before: (H, W, 3) uint8 sRGB, upright.
            after: The same of the edited file.
        """
        if self._model is None:
            return
        for i, face in enumerate(self._faces):
            neighbour, self._last[i] = self._last[i], None
            if row in self._cuts:
                neighbour = None
            sampled = row in self._wanted[i]
            if not sampled and neighbour is None:
                continue
            plate = self._described(before, face.before[row])
            if plate is None:
                continue
            if neighbour is not None:
                self._floors[i].append(float(self._model.similarity(neighbour, plate)))
            if not sampled:
                continue
            self._last[i] = plate
            edit = self._described(after, face.after[row])
            if edit is not None:
                self.similarity[i][row] = self._model.similarity(plate, edit)

    def floor(self, index: int) -> float | None:
        """Return how alike the plate's neighbouring frames of a face are; None when unknown.

        Args:
            index: Which of the faces.
        """
        values = self._floors[index]
        return float(np.mean(values)) if values else None

    def _described(self, picture: ByteArray, landmarks: FloatArray) -> FloatArray | None:
        if self._model is None or not np.isfinite(landmarks).all():
            return None
        return self._model.describe(picture, landmarks)


def _spread(rows: IndexArray) -> frozenset[int]:
    """Some of many rows, evenly spread."""
    if len(rows) > _SAMPLES:
        rows = rows[np.linspace(0, len(rows) - 1, _SAMPLES).astype(int)]
    return frozenset(rows.tolist())
