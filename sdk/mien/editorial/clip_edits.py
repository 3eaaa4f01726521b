"""What is asked of a clip: `metadata["mien"]` on it, or on one of its effects.

    {"schema": "mien.edit/1", "project": "sh020.mien"}
    {"schema": "mien.edit/1", "project": "sc2.mien", "shot": "sh020"}
    {"schema": "mien.edit/1", "set": ["mouthSmile=+0.5@20:80"], "face": 1}
    {"schema": "mien.edit/1", "curves": "speech.npz"}
    {"schema": "mien.edit/1", "set": ["1:mouthSmile=+0.5", "Anna:browDown=+0.3"],
     "curves": [{"file": "bob.npz", "to_face": 1}]}

A face is a number or a name; `set` is as `--set` takes it (model/assignments.py). Times in it are
those of the media, as everywhere. A project or a curve file is looked for in the folder of edits
and in the cut's own, and nowhere outside them: a cut may come from a stranger.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, MutableSequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field, ValidationError

from mien.errors import InputError
from mien.jobs.fields import Curves, CurvesPart, FaceField, Part, Sets, Text, explain

__all__ = ["SCHEMA", "ClipEdits", "asset_path", "edits_of_clip", "rename_assets"]

SCHEMA: Final = "mien.edit/1"
"""Name and version of what is kept in a cut."""
_NAMESPACE: Final = "mien"
_FAMILY: Final = "mien.edit/"
_CURVES: Final = "curve file"


@dataclass(frozen=True, slots=True)
class ClipEdits:
    """Edits of a clip.

    Attributes:
        project: The project as the cut names it; None without one.
        shot: Name, number or id of the shot in the project; None for its only one.
        set: Edits as typed for `--set`.
        face: Number or name of the face that `set` and `curves` are for where they name none.
        curves: The curve files that faces follow, as the cut names them.
    """

    project: str | None
    shot: str | None
    set: tuple[str, ...]
    face: int | str | None
    curves: tuple[CurvesPart, ...]


class _Document(Part):
    schema_name: Annotated[str, Field(alias="schema")] = SCHEMA
    project: Text | None = None
    shot: Text | None = None
    set: Sets = ()
    face: FaceField | None = None
    curves: Curves = ()


def edits_of_clip(clip: Any) -> ClipEdits | None:
    """What is asked of a clip; None when nothing is.

    Raises:
        InputError: When it cannot be read; the field is named.
    """
    for holder in (clip, *clip.effects):
        fields = holder.metadata.get(_NAMESPACE)
        asked = None if fields is None else _read(fields, clip.name)
        if asked is not None:
            return asked
    return None


def asset_path(name: str, kind: str, folders: tuple[Path, ...]) -> Path:
    """Return where a file is that a cut names.

    Args:
        name: The file as the cut names it.
        kind: What it is, for the error: `project`, `curve file`.
        folders: Where it may be; of several places the first with such a file.

    Raises:
        InputError: When the path leads out of the folders.
    """
    inside = [
        folder / name
        for folder in folders
        if (folder / name).resolve().is_relative_to(folder.resolve())
    ]
    if not inside:
        raise InputError(
            f"The cut asks for the {kind} {name}, which lies outside its folder.",
            "Say with --edits where it is.",
        )
    return next((path for path in inside if path.is_file()), inside[0])


def rename_assets(metadata: Any, rename: Callable[[str, str], str]) -> None:
    """Change the names of the files that metadata ask for, where they stand.

    Args:
        metadata: Metadata of a clip or of an effect, OTIO's own or as JSON has them.
        rename: Takes a name and what it is, as `asset_path` does, and returns the new name.
    """
    fields = metadata.get(_NAMESPACE) if isinstance(metadata, MutableMapping) else None
    if not isinstance(fields, MutableMapping) or fields.get("schema", SCHEMA) != SCHEMA:
        return
    _rename(fields, "project", "project", rename)
    curves = fields.get("curves")
    if isinstance(curves, MutableSequence):
        for number, one in enumerate(curves):
            if isinstance(one, MutableMapping):
                _rename(one, "file", _CURVES, rename)
            else:
                _rename(curves, number, _CURVES, rename)
    elif isinstance(curves, MutableMapping):
        _rename(curves, "file", _CURVES, rename)
    else:
        _rename(fields, "curves", _CURVES, rename)


def _rename(holder: Any, key: str | int, kind: str, rename: Callable[[str, str], str]) -> None:
    name = holder.get(key) if isinstance(key, str) else holder[key]
    if isinstance(name, str):
        renamed = rename(name, kind)
        if renamed != name:
            holder[key] = renamed


def _read(fields: Any, name: str) -> ClipEdits | None:
    if not isinstance(fields, Mapping):
        raise InputError(f"The edit of clip {name} is no list of fields.", _REMEDY)
    values = _plain(fields)
    schema = values.get("schema", SCHEMA)
    if isinstance(schema, str) and schema != SCHEMA:
        if schema.startswith(_FAMILY):
            raise InputError(
                f"The edit of clip {name} was written by a newer mien ({schema}).", "Update mien."
            )
        # Something else of ours, such as the note on a render.
        return None
    try:
        document = _Document.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        what, remedy = explain(first, _Document)
        field = _words(first["loc"], values)
        end = "" if what.endswith(("?", "...")) else "."
        raise InputError(
            f"The edit of clip {name}: {field}{what}{end}", remedy or _REMEDY
        ) from error
    if document.project is None and not document.curves and not document.set:
        return None
    return ClipEdits(document.project, document.shot, document.set, document.face, document.curves)


_REMEDY: Final = f'Write {{"schema": "{SCHEMA}", "project": ...}} or {{..., "set": [...]}}.'


def _words(path: tuple[str | int, ...], values: Mapping[str, Any]) -> str:
    """A field as people write it: `curves[2].file: `."""
    if path[:2] == ("curves", 0) and not isinstance(values.get("curves"), list):
        path = ("curves", *path[2:])  # one curve file needs no list
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return f"{text}: " if text else ""


def _plain(value: Any) -> Any:
    """OTIO's own mappings and lists as Python's."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        return value
    return [_plain(item) for item in value]
