"""What a report is of and was made with: media, settings, models, versions, times."""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import mien
from mien.errors import MienError
from mien.model.media import MediaInfo
from mien.model.shot import Shot
from mien.model.summary import summarize_project
from mien.provenance.reading import read_provenance
from mien.rendering.base import FacePlan
from mien.reporting.measurement import Measurement

__all__ = ["gather_facts"]

_PACKAGES: Final = ("numpy", "opencv-python-headless", "av", "mediapipe", "torch", "onnxruntime")


def gather_facts(
    order: Measurement, shot: Shot, plans: Sequence[FacePlan], used: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a report is of and was made with, in JSON's types.

    Args:
        order: What was measured.
        shot: The tracked shot.
        plans: The faces with edits.
        used: What the measuring used: the matte, the model of identity, times.
    """
    settings: dict[str, Any] = {}
    edits: list[Any] = []
    if order.project is not None:
        told = summarize_project(order.project)
        settings, edits = told["settings"], told["edits"]
    return {
        "mien": mien.__version__,
        "made": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "original_media": _media(order.original),
        "edited_media": _media(order.edited),
        "rendered": None if order.rendered is None else dict(order.rendered),
        "faces_edited": [plan.face.number for plan in plans],
        "edits": edits,
        "settings": settings,
        "occlusion": _occlusion(shot),
        "provenance": _provenance(order.edited.path),
        "made_by": None if shot.made_by is None else str(shot.made_by),
        "versions": _versions(),
        **used,
    }


def _media(media: MediaInfo) -> dict[str, Any]:
    clock = media.clock
    return {
        "path": str(media.path.absolute()) if media.kind != "memory" else str(media.path),
        "size": list(media.orientation.upright_size),
        "frames": clock.frame_count,
        "rate": str(clock.rate),
        "variable_rate": clock.times is not None,
        "start": None if clock.start is None else str(clock.start),
        "codec": media.codec,
        "pixel_format": media.pixel_format,
        "bit_rate": media.bit_rate,
        "content": media.fingerprint,
    }


def _occlusion(shot: Shot) -> dict[str, Any]:
    one = shot.occlusion
    return {
        "detect": one.detect,
        "fade": one.fade,
        "matte": None if one.matte is None else str(one.matte),
        "strokes": len(one.strokes),
        "glasses": {str(face): choice for face, choice in one.glasses.items()},
    }


def _provenance(path: Path) -> dict[str, Any]:
    """What the edited file's credentials say, where it has any."""
    try:
        read = read_provenance(path)
    except MienError as error:
        return {"state": "not read", "problems": [str(error)]}
    if read.state == "none":
        return {"state": "none"}
    return {
        "state": read.state,
        "signer": read.signer,
        "self_made": read.self_made,
        "generator": read.generator,
        "source_type": read.source_type,
        "problems": list(read.problems),
        "sidecar": None if read.sidecar is None else str(read.sidecar),
    }


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "system": platform.platform(terse=True)}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
