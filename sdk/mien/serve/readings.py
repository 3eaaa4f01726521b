"""What a face does, and what a file says of itself, as a host reads them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mien import api
from mien.io.project import Project
from mien.model.evaluate import evaluate
from mien.model.reading import read_performance
from mien.serve.messages import (
    Numbers,
    ReadEvent,
    ReadParams,
    ReadProvenanceParams,
    ReadProvenanceResult,
    ReadResult,
)
from mien.serve.numbers import write_numbers

__all__ = ["read_credentials", "read_face"]


def read_credentials(params: ReadProvenanceParams) -> ReadProvenanceResult:
    """Read the signed credentials of a file.

    Raises:
        MediaError: When the file is not there or cannot be read.
    """
    found = api.read_provenance(Path(params.path)).to_dict()
    del found["manifests"]
    return ReadProvenanceResult(**found)


def read_face(project: Project, params: ReadParams) -> ReadResult:
    """Read what a face does, or what its edits let it do.

    Args:
        project: The shot with its edits.
        params: What a client asks for.

    Raises:
        NoFaceError: When there is no such face.
    """
    face, controls = project.shot.face(params.face), None
    if params.which == "target":
        layers, cuts = project.edit(face.number).layers, project.shot.breaks
        controls = evaluate(face.curves.controls.array, layers, face.valid, cuts).target
    reading = read_performance(face, controls)
    events = [
        ReadEvent(
            kind=event.kind,
            frames=[event.span.start, event.span.stop],
            peak=event.peak,
            strength=round(event.strength, 3),
            detail=event.detail,
        )
        for event in reading.events
    ]
    result = ReadResult(events=events, valid=face.valid.tolist())
    if not params.units:
        return result
    units: dict[str, Numbers] = {
        name: write_numbers(np.nan_to_num(values), params.encoding)
        for name, values in reading.units.items()
    }
    angle = write_numbers(np.nan_to_num(reading.gaze_angle), params.encoding)
    return result.model_copy(update={"units": units, "gaze_angle": angle})
