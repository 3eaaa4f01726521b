"""What a render tells of itself when it is done."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["RenderReport"]


@dataclass(frozen=True, slots=True)
class RenderReport:
    """The outcome of a render.

    Attributes:
        output: The file, or the pattern of an image sequence.
        frames: Frames written.
        frames_edited: Frames in which a face was changed.
        frames_resumed: Frames that an earlier render, stopped or killed, had finished.
        faces: Numbers of the faces with edits.
        renderer: Name of the renderer; None when nothing was asked of it.
        codec: Name of the codec, as `--codec` takes it.
        quality: How well it was encoded, in a few words: `visually-lossless, crf 18, preset
            medium`; empty where the codec has one way only.
        seconds: Time it took.
        notes: What is to be known of how the frames were made, each once.
        damaged_frame: First frame of the source that is damaged, where the output ends before it;
            None where it does not.
        renderer_reason: Why `auto` chose the renderer, in a few words; empty where it was asked
            for by its name.
        provenance: Where the signed credentials are: `embedded` in the file, in a `sidecar` beside
            it, or `off`; empty for mattes, which have none.
        watermark: The text that is burnt into every frame; empty without one.
        gains: By a face's number and the name of a control, how many times as far it was moved as
            it is usually, so that as much is seen as was asked; those that are 1 are left out.
    """

    output: Path
    frames: int
    frames_edited: int
    frames_resumed: int
    faces: tuple[int, ...]
    renderer: str | None
    codec: str
    seconds: float
    notes: tuple[str, ...] = ()
    renderer_reason: str = ""
    damaged_frame: int | None = None
    quality: str = ""
    provenance: str = ""
    watermark: str = ""
    gains: Mapping[int, Mapping[str, float]] = field(default_factory=dict, hash=False)

    def __repr__(self) -> str:
        how = f"{self.renderer}, " if self.renderer else ""
        return (
            f"RenderReport({self.output}, {self.frames} frames, {self.frames_edited} edited,"
            f" {how}{self.codec}, {self.seconds:.1f} s)"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the report in JSON's types."""
        return dataclasses.asdict(self) | {
            "output": str(self.output),
            "faces": list(self.faces),
            "notes": list(self.notes),
            "gains": {str(number): dict(gains) for number, gains in self.gains.items()},
            "seconds": round(self.seconds, 3),
        }
