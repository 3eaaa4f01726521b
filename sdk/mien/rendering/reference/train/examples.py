"""The frames of a shot as examples: what the networks see of them, drawn once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import torch
from torch import Tensor

from mien._types import FloatArray
from mien.errors import NothingToDoError
from mien.face.smirk import Smirk, read_shot
from mien.media.display import to_display
from mien.media.orient import to_coded
from mien.media.planes import Plate
from mien.model.face import Face
from mien.model.landmarks import SKIN
from mien.model.shot import Shot
from mien.progress import Progress
from mien.rendering.base import PlateSource
from mien.rendering.reference.crop import Crop, CropPath
from mien.rendering.reference.engine import Engine
from mien.rendering.reference.train.denoiser import Batch
from mien.rendering.reference.train.settings import TrainSettings

__all__ = ["Examples", "scan_shot", "square_of"]

_FEWEST: Final = 4
"""Frames with which a training can begin: some to learn from, and one to check with."""
_ALONE: Final = 0.1
"""Share of rows without conditions, as in the paper on guidance."""
_BESIDE: Final = 0.2
"""How much the picture beside the face counts."""
_CHECKED: Final = 12
"""Held-out frames that are looked at in a check, at most."""
_LEVELS: Final = 4
"""Noise levels at which each is."""


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Frames of one face of a shot.

    Attributes:
        frames: Their indices, ascending.
        crops: Their squares, as the renderer takes them.
        latents: (N, 4, h, w) float32, of the squares.
        weights: (N, 1, h, w) float32, how much each latent counts: most where the face is.
        coefficients: (N, 55) float32, SMIRK's.
        held_out: Places in `frames` that are only checked with.
        learned: Places that are learned from.
    """

    frames: tuple[int, ...]
    crops: tuple[Crop, ...]
    latents: Tensor
    weights: Tensor
    coefficients: Tensor
    held_out: tuple[int, ...]
    learned: tuple[int, ...]

    def drawn(self, settings: TrainSettings, step: int, timesteps: int) -> Batch:
        """The batch of a step; the same for a seed and step whatever came before.

        Args:
            settings: Size of the batch, and the seed.
            step: The step.
            timesteps: How many noise levels there are.
        """
        generator = _generator("step", settings.seed, step)
        rows, count = settings.batch, len(self.learned)
        places = torch.randint(count, (rows,), generator=generator)
        others = (places + torch.randint(1, count, (rows,), generator=generator)) % count
        alone = int((torch.rand(rows, generator=generator) < _ALONE).sum())
        learned = torch.tensor(self.learned)
        return self._batch(
            learned[places],
            learned[others[alone:]],
            torch.randint(timesteps, (rows,), generator=generator),
            torch.randn(rows, *self.latents.shape[1:], generator=generator),
            alone,
        )

    def checks(self, settings: TrainSettings, timesteps: int) -> list[Batch]:
        """What every check looks at: held-out frames, at fixed noise and levels of it."""
        evenly = np.linspace(0, len(self.held_out) - 1, min(_CHECKED, len(self.held_out)))
        levels = [int((i + 0.5) / _LEVELS * timesteps) for i in range(_LEVELS)]
        batches = []
        for place in (self.held_out[i] for i in evenly.round().astype(int)):
            generator = _generator("check", settings.seed, self.frames[place])
            other = int(torch.randint(len(self.learned), (1,), generator=generator))
            noise = torch.randn(_LEVELS, *self.latents.shape[1:], generator=generator)
            for start in range(0, _LEVELS, settings.batch):
                chosen = levels[start : start + settings.batch]
                rows = len(chosen)
                batches.append(
                    self._batch(
                        torch.tensor([place] * rows),
                        torch.tensor([self.learned[other]]),
                        torch.tensor(chosen),
                        noise[start : start + rows],
                    )
                )
        return batches

    def _batch(
        self, places: Tensor, others: Tensor, timesteps: Tensor, noise: Tensor, alone: int = 0
    ) -> Batch:
        return Batch(
            self.latents[places], self.weights[places], self.coefficients[places], noise,
            timesteps, self.latents[others], alone,
        )  # fmt: skip


def scan_shot(
    face: Face,
    shot: Shot,
    source: PlateSource,
    engine: Engine,
    settings: TrainSettings,
    progress: Progress,
) -> Examples:
    """Make examples of the frames in which a face is seen, evenly chosen.

    Args:
        face: The face.
        shot: Its shot.
        source: The shot's plates.
        engine: Encodes them.
        settings: How many, how large, and which are held out.
        progress: Called about the stage `prepare`, of twice as many steps as examples: each is
            read and encoded.

    Raises:
        NothingToDoError: When the face is seen in too few frames.
        MissingDependencyError: When SMIRK is not installed.
    """
    seen = np.flatnonzero(face.valid & ~face.curves.bridged)
    if len(seen) < _FEWEST:
        raise NothingToDoError(
            f"{face.name} is seen in {len(seen)} frames of {shot.media.path.name};"
            f" training takes {_FEWEST} at least.",
            "Choose another face, or train on a longer shot.",
        )
    evenly = np.linspace(0, len(seen) - 1, min(settings.frames, len(seen))).round().astype(int)
    frames = tuple(int(i) for i in seen[evenly])
    smirk = Smirk.load(str(engine.device), colour=settings.colour)

    def reading(stage: str, done: int, total: int) -> None:
        progress("prepare", round(done / total * len(frames)), 2 * len(frames))

    wanted = np.isin(np.arange(len(face.valid)), frames)
    readings = read_shot(smirk, face, shot, source, reading, wanted=wanted)
    coefficients = readings.flame[list(frames)]
    path = CropPath(face, shot, settings.resolution)
    crops, latents, weights = [], [], []
    for done, frame in enumerate(frames, 1):
        crop = path.at(frame)
        latents.append(engine.encode(square_of(crop, source.plate(frame))[None]).cpu().clone())
        crops.append(crop)
        weights.append(_weights(face, shot, frame, crop, latents[-1].shape[-1]))
        progress("prepare", len(frames) + done, 2 * len(frames))
    held_out = range(settings.held_out // 2, len(frames), settings.held_out)
    kept = set(held_out) or {len(frames) // 2}
    return Examples(
        frames,
        tuple(crops),
        torch.cat(latents),
        torch.from_numpy(np.stack(weights)),
        torch.from_numpy(coefficients),
        tuple(sorted(kept)),
        tuple(i for i in range(len(frames)) if i not in kept),
    )


def square_of(crop: Crop, plate: Plate) -> FloatArray:
    """A square (N, N, 3) of a plate as the networks are shown it, 0..1."""
    return np.clip(to_display(plate, crop.of_plate(plate)), 0, 1)


def _weights(face: Face, shot: Shot, frame: int, crop: Crop, size: int) -> FloatArray:
    """(1, size, size) how much each latent of a frame counts."""
    points = to_coded(shot.media.orientation, face.landmarks[frame, :SKIN, :2])
    hull = cv2.convexHull(np.round(crop.locate(points)).astype(np.int32))
    inside = np.zeros((crop.size, crop.size), np.float32)
    cv2.fillConvexPoly(inside, hull, 1.0)
    small = cv2.resize(inside, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(_BESIDE + (1 - _BESIDE) * small, dtype=np.float32)[None]


def _generator(*names: object) -> torch.Generator:
    """A generator of its own for what is named; seeds that are close give unrelated numbers."""
    digest = hashlib.blake2b(repr(names).encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "little") >> 1)
