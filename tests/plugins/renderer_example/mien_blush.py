"""A renderer as a package of one file: cheeks blush as much as an edit asks of the face.

It is offered to mien by the entry point in pyproject.toml, and has settings of its own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import numpy as np

import mien
from mien.media.orient import to_coded
from mien.rendering.base import (
    Box,
    CacheKey,
    FacePlan,
    Patch,
    PlateSource,
    RenderRequest,
)

CHEEKS = (50, 280)  # MediaPipe's landmarks in the middle of the right and the left cheek
COLOURS = {"rose": (0.2, -0.05, 0.0), "green": (-0.1, 0.2, -0.1)}


@dataclass(frozen=True, kw_only=True)
class BlushSettings(mien.RendererSettings):
    """How cheeks blush."""

    renderer = "blush"

    amount: float = field(default=1.0, metadata={"low": 0, "high": 4, "help": "How much."})
    colour: str = field(default="rose", metadata={"choices": tuple(COLOURS), "help": "The colour."})
    wide: bool = field(default=False, metadata={"help": "Blush around the cheeks too."})


class BlushRenderer(mien.Renderer):
    """Cheeks that blush."""

    name = "blush"
    api_version = 1
    settings_type = BlushSettings
    settings: BlushSettings

    def __init__(self, settings: BlushSettings | None = None) -> None:
        self.settings = settings or BlushSettings()

    def cache_key(self, shot: mien.Shot, plan: FacePlan) -> CacheKey:
        return CacheKey(json.dumps(self.settings.to_mapping()), temporal_radius=0)

    def open(self, shot: mien.Shot, source: PlateSource) -> BlushSession:
        return BlushSession(shot, self.settings)


class BlushSession(mien.RenderSession):
    def __init__(self, shot: mien.Shot, settings: BlushSettings) -> None:
        self.orientation = shot.media.orientation
        self.settings = settings
        self.remarks: list[str] = []

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(self.remarks)

    def render(self, request: RenderRequest) -> Patch | None:
        plate = request.plate
        amount = float(np.abs(request.delta).max()) * self.settings.amount
        if not amount:
            return None
        landmarks = request.face.landmarks[request.frame]
        points = to_coded(self.orientation, landmarks[list(CHEEKS), :2])
        radius = 4 + 2 * self.settings.wide
        low, high = np.floor(points.min(axis=0)) - radius, np.ceil(points.max(axis=0)) + radius
        box = Box(int(low[0]), int(low[1]), int(high[0]), int(high[1]))
        box = box.clip(plate.width, plate.height)
        if not box.width or not box.height:
            return None
        mask = np.ones((box.height, box.width), dtype=np.float32)
        mask[[0, -1]] = 0
        mask[:, [0, -1]] = 0
        if self.settings.colour == "green":
            self.remarks.append("nobody blushes green")
        shift = np.array(COLOURS[self.settings.colour], dtype=np.float32) * amount
        return Patch(box, plate.rgb(box) + shift, mask)
