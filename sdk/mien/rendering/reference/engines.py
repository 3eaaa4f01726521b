"""The networks that settings ask for, loaded when they are first needed and then kept."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from importlib import metadata
from pathlib import Path

from mien.model.settings import ReferenceSettings
from mien.rendering.devices import Device, Precision, pick_device, with_threads
from mien.rendering.reference.determinism import computing_threads
from mien.rendering.reference.driving import Bridge, bridge_for
from mien.rendering.reference.engine import Engine
from mien.weights.contents import digest
from mien.weights.record import read_record, recorded_at
from mien.weights.store import find_model, locate

__all__ = ["Engines", "contents_of"]

_ALWAYS = ("arc2face", "arc2face-expression", "arc2face-reference", "arcface-antelopev2",
           "stable-diffusion-v1-5")  # fmt: skip


class Engines:
    """The networks of some settings on this machine's best device.

    Args:
        settings: How frames are made.

    Attributes:
        settings: The settings, with a number of threads.
        device: Where the networks run.
        bridge: How coefficients are made.

    Raises:
        MissingDependencyError: When SMIRK, the FLAME 2020 head or the extra is missing.
    """

    def __init__(self, settings: ReferenceSettings) -> None:
        self.settings = with_threads(settings)
        self.bridge: Bridge = bridge_for(settings.approximate)
        self.device: Device = pick_device(settings.precision)

    @cached_property
    def engine(self) -> Engine:
        """The networks, in the precision that the settings or the device ask for."""
        return self._load(self.device.precision, compiled=self.settings.compiled)

    @cached_property
    def exact(self) -> Engine:
        """The networks in float32."""
        return self.engine if self.device.precision == "float32" else self._load("float32")

    @property
    def key(self) -> str:
        """Names settings and threads, weights, device, and how coefficients are made."""
        settings = self.settings.to_mapping()
        lora = self.settings.shot_lora
        del settings["shot_lora"]  # what is in it counts, not where it is
        facts = {
            "settings": settings,
            "device": [self.device.kind, self.device.name, self.device.precision],
            "torch": metadata.version("torch"),
            "bridge": str(self.bridge),
            "weights": [content for name in self._models() for content in contents_of(name)],
            "shot": digest(Path(lora)) if lora else "",
        }
        return hashlib.blake2b(json.dumps(facts).encode(), digest_size=16).hexdigest()

    def _load(self, precision: Precision, *, compiled: bool = False) -> Engine:
        lora = self.settings.shot_lora
        with computing_threads(self.settings.threads):
            return Engine.load(
                self.device.kind,
                precision,
                small_vae=self.settings.small_vae,
                lcm=self.settings.scheduler == "lcm",
                shot_lora=Path(lora) if lora else None,
                compiled=compiled,
            )

    def _models(self) -> list[str]:
        """The models that are used."""
        asked = {
            "smirk": self.bridge.smirk,
            "flame2020": self.bridge.head,
            "lcm-lora-sdv1-5": self.settings.scheduler == "lcm",
            "taesd": self.settings.small_vae,
        }
        return [*_ALWAYS, *(name for name, used in asked.items() if used)]


def contents_of(model: str) -> list[tuple[str, int, str]]:
    """Name, size and content of every file of an installed model: gigabytes are not read for it.

    The content is the checksum that was kept when the file was installed; where there is none,
    or the file was written since, the time at which it was written stands for it.

    Args:
        model: Its name.

    Raises:
        MissingDependencyError: When it is not installed.
    """
    files = sorted(locate(model).items())
    folder = find_model(model).folder
    record, recorded = read_record(folder), recorded_at(folder)
    found = []
    for name, path in files:
        stat, known = path.stat(), record.files.get(name)
        content = str(stat.st_mtime_ns)
        if known and known.size == stat.st_size and stat.st_mtime_ns <= recorded:
            content = known.sha256
        found.append((name, stat.st_size, content))
    return found
