"""The networks that settings ask for, loaded when they are first needed and then kept."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from importlib import metadata
from pathlib import Path

from mien.model.settings import ReferenceSettings
from mien.rendering.devices import Device, Precision, pick_device
from mien.rendering.reference.driving import Bridge, bridge_for
from mien.rendering.reference.engine import Engine
from mien.weights.store import installed, locate

__all__ = ["Engines"]

_MODELS = ("arc2face", "arc2face-expression", "arc2face-reference", "arcface-antelopev2",
           "stable-diffusion-v1-5", "smirk", "flame2020", "lcm-lora-sdv1-5", "taesd")  # fmt: skip


class Engines:
    """The networks of some settings on this machine's best device.

    Args:
        settings: How frames are made.

    Attributes:
        settings: The settings.
        device: Where the networks run.
        bridge: How coefficients are made.

    Raises:
        MissingPartError: When SMIRK, the FLAME 2020 head or the extra is missing.
    """

    def __init__(self, settings: ReferenceSettings) -> None:
        self.settings = settings
        self.bridge: Bridge = bridge_for(settings.approximate)
        self.device: Device = pick_device(settings.precision)

    @cached_property
    def engine(self) -> Engine:
        """The networks, in the precision that the settings or the device ask for."""
        return self._load(self.device.precision)

    @cached_property
    def exact(self) -> Engine:
        """The networks in float32."""
        return self.engine if self.device.precision == "float32" else self._load("float32")

    @property
    def key(self) -> str:
        """Names the settings, the weights, the device, and how coefficients are made."""
        facts = {
            "settings": self.settings.to_dict(),
            "device": [self.device.kind, self.device.name, self.device.precision],
            "torch": metadata.version("torch"),
            "bridge": str(self.bridge),
            "weights": [_facts(path) for path in self._files()],
        }
        return hashlib.blake2b(json.dumps(facts).encode(), digest_size=16).hexdigest()

    def _load(self, precision: Precision) -> Engine:
        lora = self.settings.shot_lora
        return Engine.load(
            self.device.kind,
            precision,
            small_vae=self.settings.small_vae,
            lcm=self.settings.scheduler == "lcm",
            shot_lora=Path(lora) if lora else None,
        )

    def _files(self) -> list[Path]:
        models = [sorted(locate(name).values()) for name in _MODELS if installed(name)]
        lora = self.settings.shot_lora
        return [path for files in models for path in files] + ([Path(lora)] if lora else [])


def _facts(path: Path) -> tuple[str, int, int]:
    """Name, size and time of a file: gigabytes are not read for it."""
    facts = path.stat()
    return path.name, facts.st_size, facts.st_mtime_ns
