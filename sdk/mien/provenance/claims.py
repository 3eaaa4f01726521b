"""What a manifest says of a render: facts of the edit, and C2PA's actions for them.

No names of people and no names of the user's files are in it: faces have numbers, the source is
"the original footage", known by its size and the hashes that `MediaInfo.fingerprint` has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mien.model.controls import NAMES
from mien.model.frame_runs import frame_runs
from mien.model.shot import Shot
from mien.timebase import FrameRange

if TYPE_CHECKING:
    from mien.rendering.base import FacePlan, Renderer

__all__ = ["EDIT", "FILES", "RenderClaims", "manifest_definition"]

EDIT: Final = "studio.mien.edit"
"""Label of the assertion that holds the facts of the edit."""
FILES: Final = "studio.mien.files"
"""Label of the assertion that holds the hashes of a sequence's images."""
_TYPES: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_COMPOSITE: Final = _TYPES + "composite"
_GENERATED: Final = _TYPES + "compositeWithTrainedAlgorithmicMedia"
_LISTED: Final = 6
"""Spans that a sentence for people names of a face; the facts have all."""


@dataclass(frozen=True, slots=True, eq=False)
class RenderClaims:
    """What is known of a render before its first frame.

    Attributes:
        shot: The shot.
        plans: The faces with edits; none for a plain copy.
        renderer: Makes the edited pixels; None when there are no plans.
        sound: `added` or `replaced` where another sound is put under the pictures.
        watermark: The text that is burnt into every frame; empty without one.
    """

    shot: Shot
    plans: Sequence[FacePlan]
    renderer: Renderer | None
    sound: str = ""
    watermark: str = ""

    def facts(self, frames: FrameRange) -> dict[str, Any]:
        """The facts of the edit, in JSON's types.

        Args:
            frames: The frames of the source that the output holds.
        """
        from mien import __version__

        media, renderer = self.shot.media, self.renderer
        faces = [_face(plan, frames) for plan in self.plans]
        facts: dict[str, Any] = {
            "mien": __version__,
            "source": {
                "fingerprint": media.fingerprint,
                "frames": media.clock.frame_count,
                "rate": str(media.clock.rate),
            },
            "frames": str(frames),
            "faces": [face for face in faces if face["frames"]],
        }
        if renderer is not None:
            models = [
                {"name": name, "files": dict(files)} for name, files in renderer.models().items()
            ]
            facts["renderer"] = {
                "name": renderer.name,
                "version": renderer.pixels,
                "generative": renderer.generative,
                "models": models,
            }
        if self.shot.made_by is not None:
            made = self.shot.made_by
            facts["tracker"] = {"name": made.tracker, "version": made.tracker_version}
            facts["solver"] = {"version": made.solver}
        examples = sum(example.used is not None for example in self.shot.examples)
        if examples and self.plans:
            facts["examples"] = examples
        if self.sound:
            facts["sound"] = self.sound
        if self.watermark:
            facts["watermark"] = self.watermark
        return facts


def manifest_definition(
    claims: RenderClaims, frames: FrameRange, files: bytes | None = None
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What C2PA's builder is given: the manifest without its ingredient, and the actions.

    The action `c2pa.opened` comes with the ingredient.

    Args:
        claims: What is known of the render.
        frames: The frames of the source that the output holds.
        files: The hash list of an image sequence; None for a movie.
    """
    from mien import __version__

    facts = claims.facts(frames)
    assertions: list[dict[str, Any]] = [{"label": EDIT, "data": facts}]
    if files is not None:
        assertions.append({"label": FILES, "data": {"sha256": files.decode()}})
    agent = {"name": "mien", "version": __version__}
    definition = {"claim_generator_info": [agent], "assertions": assertions}
    when = datetime.now(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
    actions = [
        action | {"when": when, "softwareAgent": agent} for action in _actions(claims, facts)
    ]
    return definition, actions


def _actions(claims: RenderClaims, facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What was done to the source, in order."""
    actions: list[dict[str, Any]] = []
    if facts["frames"] != str(claims.shot.clock.all):
        actions.append({"action": "c2pa.trimmed", "parameters": {"frames": facts["frames"]}})
    faces = facts["faces"]
    if faces:
        generative = facts["renderer"]["generative"]
        actions.append(
            {
                "action": "c2pa.edited",
                "digitalSourceType": _GENERATED if generative else _COMPOSITE,
                "parameters": {
                    "description": _described(faces),
                    "renderer": f"{facts['renderer']['name']} {facts['renderer']['version']}",
                    "faces": faces,
                },
            }
        )
    if claims.watermark:
        # C2PA's own `c2pa.watermarked` is for marks that nobody sees, which bind a manifest.
        said = f"Visible watermark burnt into every frame: {claims.watermark}."
        parameters = {"description": said, "watermark": claims.watermark}
        actions.append({"action": "c2pa.edited", "parameters": parameters})
    if claims.sound:
        actions.append(
            {"action": "c2pa.edited", "parameters": {"description": f"Sound {claims.sound}."}}
        )
    actions.append({"action": "c2pa.transcoded"})
    return actions


def _described(faces: Sequence[Mapping[str, Any]]) -> str:
    """A sentence for people."""
    told = [f"face {face['number']} in frames {_listed(face['frames'])}" for face in faces]
    return f"Facial expression changed: {'; '.join(told)}."


def _listed(spans: Sequence[str]) -> str:
    more = len(spans) - _LISTED
    return ", ".join(spans[:_LISTED]) + (f" and {more} more spans" if more > 0 else "")


def _face(plan: FacePlan, frames: FrameRange) -> dict[str, Any]:
    """What is asked of a face in the frames of an output."""
    delta = plan.evaluated.delta[frames.start : frames.stop]
    changed = np.flatnonzero(delta.any(axis=0))
    runs = frame_runs(np.asarray(delta.any(axis=1)))
    return {
        "number": plan.face.number,
        "frames": [f"{run.start + frames.start}:{run.stop + frames.start}" for run in runs],
        "controls": [NAMES[index] for index in changed],
        "replaced": plan.flame is not None,
    }
