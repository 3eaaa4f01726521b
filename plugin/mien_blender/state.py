"""Properties stored in the .blend of a tracked strip: animated controls, faces, the project.

Controls are flat properties of the strip, because Blender can make no path to a number in a
group of a strip: the I key would fail. The `.mien` project (what `mien serve` needs besides) is
embedded in a text data-block that the strip points to: a .blend carries everything, whoever
appends a scene gets it too, and it goes when its last strip has gone.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
from bpy.props import (
    CollectionProperty,
    FloatProperty,
    IntProperty,
    IntVectorProperty,
    PointerProperty,
    StringProperty,
)

from .compat import STRIP_CLASS, Scene, Strip, all_strips, properties
from .migration import bring_up_to_date, newer, stamp
from .problems import RefusedError
from .rig import CONTROLS, MAX_FACES, Control, edit_property, source_property, words

__all__ = ["AMOUNT", "Address", "MienFace", "MienStrip", "active_face", "embed_project",
           "forget_project", "identify", "project_file", "project_id", "register",
           "store_faces", "thumbnail_bytes", "unregister"]  # fmt: skip

_PROJECT = "mien_project"
_IDENTIFIER = "mien_id"
AMOUNT = "amount"


@properties(
    number=IntProperty(name="Number"),
    name=StringProperty(name="Name", description="What you call this person"),
    seen=IntProperty(name="Seen", description="Frames in which the face is seen"),
    confidence=FloatProperty(name="Confidence", min=0, max=1),
    gaps=StringProperty(name="Gaps", description="Frames of the media without this face"),
    thumbnail=StringProperty(name="Thumbnail", description="A PNG as base64"),
)
class MienFace(bpy.types.PropertyGroup):
    """A face that was found in a strip."""

    number: int
    name: str
    seen: int
    confidence: float
    gaps: str
    thumbnail: str

    def missing(self, frame: int) -> bool:
        """Return whether the face cannot be edited in a frame of the media."""
        spans = (span.split("-") for span in self.gaps.split())
        return any(int(first) <= frame <= int(last) for first, last in spans)


@properties(
    identifier=StringProperty(name="Identifier", description="Names this strip for good"),
    known_as=StringProperty(name="Known As", description="The strip's name when mien last saw it"),
    project=PointerProperty(
        name="Project", description="Holds the tracked project", type=bpy.types.Text
    ),
    source=StringProperty(name="Source", description="Of a rendered strip: which strip it shows"),
    schema=IntProperty(name="Schema", description="How this is stored; see migration.py"),
    render_number=IntProperty(name="Render Number", description="Number of the last render"),
    frames=IntProperty(name="Frames", description="Frames of the tracked media"),
    size=IntVectorProperty(name="Size", description="Of the upright picture, pixels", size=2),
    faces=CollectionProperty(type=MienFace),
    active=IntProperty(name="Face", description="The face whose controls are shown"),
)  # fmt: skip
class MienStrip(bpy.types.PropertyGroup):
    """Everything that mien stores of a strip."""

    identifier: str
    known_as: str
    project: Any
    source: str
    schema: int
    render_number: int
    frames: int
    size: Any
    faces: Any
    active: int


def active_face(strip: Strip) -> MienFace | None:
    """Return the face whose controls are shown; None when the strip is not tracked."""
    faces = strip.mien.faces
    return faces[min(max(strip.mien.active, 0), len(faces) - 1)] if len(faces) else None


@dataclass(frozen=True)
class Address:
    """A strip by what stays its own: Blender's objects may be others after every undo.

    Attributes:
        scene: Name of its scene when it was asked for.
        identifier: Identifier of the strip.
    """

    scene: str
    identifier: str

    def find(self) -> tuple[Scene, Strip]:
        """Return the strip and its scene, whatever they are called by now.

        Raises:
            RefusedError: When the strip is gone.
        """
        for scene in sorted(bpy.data.scenes, key=lambda scene: bool(scene.name != self.scene)):
            strips = [s for s in all_strips(scene) if s.mien.identifier == self.identifier]
            if strips:
                # A copy that was made meanwhile has another name.
                return scene, min(strips, key=lambda s: bool(s.name != s.mien.known_as))
        raise RefusedError(
            "The strip was removed while mien worked on it; nothing was changed.",
            "Undo the removal and try again.",
        )


def identify(scene: Scene, strip: Strip) -> Address:
    """Return the strip's address; a copied strip gets an identifier of its own.

    Raises:
        RefusedError: When a newer version of the extension has stored the strip.
    """
    problem = newer(strip)
    if problem is not None:
        raise problem
    bring_up_to_date(strip)
    stamp(strip)
    own = strip.mien.identifier
    same = sum(other.mien.identifier == own for other in all_strips(scene))
    # Of a strip and its copies the one that still has its name is the original.
    if not own or (same > 1 and strip.name != strip.mien.known_as):
        own = strip.mien.identifier = uuid.uuid4().hex
    if strip.mien.known_as != strip.name:
        strip.mien.known_as = strip.name
    return Address(scene.name, own)


def embed_project(strip: Strip, name: str, content: bytes) -> None:
    """Keep a `.mien` project in the .blend for a strip, in the place of any that it had.

    Args:
        strip: The strip.
        name: What the project is called, for people.
        content: The file.
    """
    identifier = hashlib.sha256(content).hexdigest()[:32]
    text = next((t for t in bpy.data.texts if t.get(_IDENTIFIER) == identifier), None)
    if text is None:
        text = bpy.data.texts.new(f"mien {name}")
        text.write(f"The tracked faces of {name}, kept by the mien extension.\n")
        text.use_fake_user = False
        text[_PROJECT] = content
        text[_IDENTIFIER] = identifier
    _replace_project(strip, text)


def forget_project(strip: Strip) -> None:
    """Forget the strip's faces and its project."""
    strip.mien.faces.clear()
    _replace_project(strip, None)


def _replace_project(strip: Strip, text: Any | None) -> None:
    """Give a strip another project; one without users goes, until undo."""
    old, strip.mien.project = strip.mien.project, text
    if old is not None and not old.users:
        bpy.data.texts.remove(old)


def project_id(strip: Strip) -> str:
    """Return the digest that names the strip's project; empty when it is not tracked."""
    text = strip.mien.project
    return str(text[_IDENTIFIER]) if text is not None else ""


def project_file(strip: Strip) -> Path:
    """Write the strip's project out from the .blend, and return the file.

    Raises:
        RefusedError: When the strip is not tracked, or its project is no longer in the .blend.
    """
    text = strip.mien.project
    if text is None:
        raise RefusedError(
            f"Strip '{strip.name}' has no tracked faces in this file.",
            "Track it first.",
        )
    path = Path(bpy.app.tempdir) / f"{project_id(strip)}.mien"
    content = bytes(text[_PROJECT])
    if not path.is_file() or path.stat().st_size != len(content):
        path.write_bytes(content)
    return path


def store_faces(strip: Strip, faces: list[dict[str, Any]], gaps: dict[int, str]) -> None:
    """Store the tracked faces; names that the user gave are kept.

    Args:
        strip: The strip.
        faces: `FaceFacts` of the protocol.
        gaps: By number, the frames in which a face is not seen, as `4-9 30-31`.
    """
    own = {face.number: face.name for face in strip.mien.faces}
    strip.mien.faces.clear()
    for facts in faces:
        face = strip.mien.faces.add()
        face.number = facts["face"]
        face.name = own.get(face.number, facts["name"])
        face.seen = facts["frames_seen"]
        face.confidence = facts["confidence"]
        face.gaps = gaps.get(face.number, "")
        face.thumbnail = facts["thumbnail"] or ""
    strip.mien.active = 0


def thumbnail_bytes(face: MienFace) -> bytes:
    """Return the PNG of a face; empty when there is none."""
    return base64.b64decode(face.thumbnail)


def _names() -> dict[str, tuple[Control | None, bool, int]]:
    """Return every animated property: by name its control, whether it is the source's, and face."""
    names: dict[str, tuple[Control | None, bool, int]] = {}
    for face in range(1, MAX_FACES + 1):
        names[edit_property(face, AMOUNT)] = (None, False, face)
        for control in CONTROLS.values():
            names[edit_property(face, control.name)] = (control, False, face)
            names[source_property(face, control.name)] = (control, True, face)
    return names


def _declared(control: Control | None, source: bool, face: int) -> Any:
    if control is None:
        return FloatProperty(
            name="Amount", description=f"How much of the edit of face {face} is taken",
            min=0, max=1, default=1, subtype="FACTOR",
        )  # fmt: skip
    degrees = control.unit == "degrees"
    title = words(control.name) + (" °" if degrees else "")
    if source:
        return FloatProperty(name=title, description=f"What face {face} does", precision=3)
    return FloatProperty(
        name=title,
        description=f"Added to what face {face} does, in {'degrees' if degrees else 'weight'}",
        min=control.low,
        max=control.high,
        soft_min=control.low if degrees else max(control.low, -1.0),
        soft_max=control.high if degrees else min(control.high, 1.0),
        step=50 if degrees else 1,
        precision=2 if degrees else 3,
    )


_CLASSES = (MienFace, MienStrip)


def register() -> None:
    """Register classes, and the properties of strips."""
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    STRIP_CLASS.mien = PointerProperty(type=MienStrip)
    for name, what in _names().items():
        setattr(STRIP_CLASS, name, _declared(*what))


def unregister() -> None:
    """Unregister classes and properties; values stay in the .blend."""
    for name in _names():
        delattr(STRIP_CLASS, name)
    del STRIP_CLASS.mien
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
