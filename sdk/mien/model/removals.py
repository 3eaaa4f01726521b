"""`--remove [FACE:]NAME[@WHERE]`: what is taken out of the edits of a face.

    mouthSmile             all that is asked of it
    mouthSmile@2s          the key at that time
    mouthSmile@2s:4s       what it asks in a span
    Anna:mouthSmile@2s:4s  the same of the face that is called Anna
    wistful longing        two feelings, as they were set

FACE is as in `--set` (assignments.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mien.errors import UsageError
from mien.model.assignments import Bound, assigned_face
from mien.model.face_names import read_face
from mien.model.presets import key_name

if TYPE_CHECKING:
    from mien.model.document import Project
    from mien.model.edits import Edit
    from mien.model.face import Face

__all__ = ["Removal", "parse_removal", "without_edits"]

_REMOVE = re.compile(
    r"((?P<face>.+):)?\s*(?P<name>[A-Za-z][\w +]*?)\s*(@(?P<where>[^@]+))?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Removal(Bound):
    """What is taken out of the edits of a face.

    Attributes:
        control: The control, as it was set or keyed; of a whole layer, the layer's name.
        where: A span or a time, as typed; None for all of it.
        whole_layer: Whether a layer is taken out.
        face: Number or name of the face that it names itself; None when it names none.
        default_face: Number or name of the face that it was typed for (`--face`); None for the
            largest, or for every face that has the layer.
    """

    control: str
    where: str | None = None
    whole_layer: bool = False
    face: int | str | None = None
    default_face: int | str | None = None

    def __str__(self) -> str:
        """What it takes out, in words."""
        face = "".join(f"{face}:" for face in self.faces[:1])
        if self.whole_layer:
            return f"without layer {face}{self.control}"
        return f"without {face}{self.control}{'' if self.where is None else f'@{self.where}'}"

    def apply(self, edit: Edit, layer: str | None) -> Edit:
        """Return an edit without it.

        Args:
            edit: The edit.
            layer: The layer that it is taken from; None for all.
        """
        if self.whole_layer:
            return edit.remove_layer(self.control)
        return edit.remove(self.control, self.where, layer=layer)


def parse_removal(text: str, face: int | str | None = None) -> Removal:
    """Read one `--remove`; its span is read later, when the shot's frame rate is known.

    Args:
        text: The text.
        face: Number or name of the face that it was typed for; None for the largest.

    Raises:
        UsageError: When it cannot be read.
        UnknownControlError: When nothing has that name.
    """
    match = _REMOVE.fullmatch(text.strip())
    if match is None:
        raise UsageError(
            f"The removal '{text}' cannot be read.",
            "Write NAME, NAME@TIME or NAME@START:END, as in mouthSmile@2s:4s; for one face its"
            " number or name before, as in 2:mouthSmile.",
        )
    name = key_name(match["name"])
    own = None if match["face"] is None else read_face(match["face"])
    where = None if match["where"] is None else "".join(match["where"].split())
    return Removal(name, where, False, own, face)


def without_edits(
    project: Project, removals: Iterable[Removal], main: Face | None, layer: str | None
) -> Project:
    """Return a project without what is to be taken out of its edits.

    Args:
        project: The project.
        removals: What is taken out, in order.
        main: Whom those are for that name no face; None when there is no such one.
        layer: The layer that controls are taken from; None for all.

    Raises:
        NoFaceError: When the shot has no such face.
        UsageError: When one names two faces, or there is nothing of the kind.
        TimeError: When a span or a time lies outside the shot.
    """
    for one in removals:
        face = assigned_face(project.shot.faces, one, project.title)
        if face is None and one.whole_layer:
            having = [edit for edit in project.edits
                      if any(layer.name == one.control for layer in edit.layers)]  # fmt: skip
            if not having:
                names = {layer.name: None for edit in project.edits for layer in edit.layers}
                there = ", ".join(f"'{name}'" for name in names)
                raise UsageError(
                    f"{project.title} has no layer '{one.control}'.",
                    f"It has: {there}." if there else "It has none.",
                    choices=list(names),
                )
        else:
            chosen = face or main
            if chosen is None:
                raise UsageError(f"'{one.control}' is removed of no face.", "Name one.")
            having = [project.edit(chosen.number)]
        for edit in having:
            project = project.with_edit(one.apply(edit, layer))
    return project
