"""Documents of projects that any mien wrote, read as this one writes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from mien.errors import ProjectError
from mien.io.schema import INTERPOLATION_LETTERS, VERSION, ProjectDocument

__all__ = ["UPGRADES", "read_document"]


def _several_shots(old: dict[str, Any]) -> dict[str, Any]:
    """Version 3 holds several shots, with names, markers and in and out points; keys in columns."""
    document = {key: old[key] for key in ("schema", "written_by") if key in old}
    shot = {key: value for key, value in old.items() if key not in (*document, "version")}
    for edit in shot["edits"]:
        for layer in edit["layers"]:
            for track in layer["tracks"]:
                track["keys"] = _columns(track["keys"])
    new: dict[str, Any] = {"id": "", "name": "", "arrays": "", "markers": [], "span": None}
    return document | {"version": 3, "shots": [new | shot]}


def _columns(keys: list[dict[str, Any]]) -> dict[str, Any]:
    handles = [
        (place, key.get("handle_in"), key.get("handle_out")) for place, key in enumerate(keys)
    ]
    return {
        "frames": [key["frame"] for key in keys],
        "values": [key["value"] for key in keys],
        "interpolations": "".join(
            INTERPOLATION_LETTERS[key.get("interpolation", "ease")] for key in keys
        ),
        "handles": [(place, *both) for place, *both in handles if any(both)],
    }


def _version_4(old: dict[str, Any]) -> dict[str, Any]:
    """Version 4 keeps settings of any renderer, what made the faces, and raw landmarks."""
    shots = []
    for shot in old["shots"]:
        reference = shot["reference"]
        settings = {} if reference is None else {"reference": reference}
        others = {key: value for key, value in shot.items() if key != "reference"}
        faces = [{"raw_landmarks": 0} | face for face in shot["faces"]]
        shots.append(others | {"settings": settings, "made_by": None, "faces": faces})
    return old | {"version": 4, "shots": shots}


def _version_5(old: dict[str, Any]) -> dict[str, Any]:
    """Version 5 keeps examples: other material of the people of a shot."""
    shots = [shot | {"examples": ()} for shot in old["shots"]]
    return old | {"version": 5, "shots": shots}


def _version_6(old: dict[str, Any]) -> dict[str, Any]:
    """Version 6 keeps what is in front of faces, how well regions are seen, and mixes."""

    def with_faces(shot: dict[str, Any] | None) -> dict[str, Any] | None:
        if shot is None:
            return None
        return shot | {"faces": [face | {"region_confidence": False} for face in shot["faces"]]}

    shots = []
    for shot in old["shots"]:
        examples = [one | {"shot": with_faces(one["shot"])} for one in shot["examples"]]
        new = {"examples": examples, "mixes": (), "occlusion": {}}
        shots.append((with_faces(shot) or {}) | new)
    return old | {"version": 6, "shots": shots}


def _version_7(old: dict[str, Any]) -> dict[str, Any]:
    """Version 7 keeps which video stream was opened, mirrored pictures, and where damage begins.

    Media without them are as before: the parts of older projects have their defaults.
    """
    return old | {"version": 7}


def _version_8(old: dict[str, Any]) -> dict[str, Any]:
    """Version 8 keeps landmarks put right by hand, and what was there before; older have none."""
    return old | {"version": 8}


def _version_9(old: dict[str, Any]) -> dict[str, Any]:
    """Version 9 keeps what was chosen to be neutral for a face; of older ones it was learned."""
    return old | {"version": 9}


UPGRADES: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {
    # Version 2 keeps settings of the reference renderer.
    1: lambda old: old | {"version": 2, "reference": None},
    2: _several_shots,
    3: _version_4,
    4: _version_5,
    5: _version_6,
    6: _version_7,
    7: _version_8,
    8: _version_9,
}
"""From a version of the document to the next, so that a file of any age can be read."""


def read_document(text: bytes, name: str) -> ProjectDocument:
    """Read a project's JSON, upgrading it when an older mien wrote it.

    Args:
        text: The JSON, UTF-8.
        name: Name of the file, for errors.

    Raises:
        ProjectError: When it is not JSON, not a project, too new, or a field is wrong; the
            message names the field.
    """
    try:
        plain = text.decode()
        document = json.loads(plain)
        if "\\ud" in plain.lower():
            # Half of a pair of surrogates can be escaped, but is no text that can be written.
            json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise ProjectError(
            f"{name} is corrupt: its project.json is not JSON.", "Restore it from a backup."
        ) from error
    if not isinstance(document, dict) or document.get("schema") != "mien-project":
        raise ProjectError(f"{name} is no mien project.", "Make one with `mien track`.")
    version = document.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 0:
        raise ProjectError(f"{name} has the version {version!r}, which is none.")
    if version > VERSION:
        raise ProjectError(
            f"{name} was written by a newer mien (project version {version}, this one reads up"
            f" to {VERSION}).",
            "Update mien.",
        )
    if version not in (*UPGRADES, VERSION):
        raise ProjectError(f"{name} has project version {version}, which no mien wrote.")
    try:
        for step in range(version, VERSION):
            document = UPGRADES[step](document)
        return ProjectDocument.model_validate(document)
    except (AttributeError, KeyError, TypeError) as error:
        raise ProjectError(
            f"{name} is corrupt: its project.json lacks fields of version {version}.",
            "Restore it from a backup, or track the shot again.",
        ) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise ProjectError(
            f"{name} is corrupt: its field {field} is wrong ({first['msg']}).",
            "Restore it from a backup, or track the shot again.",
        ) from error
