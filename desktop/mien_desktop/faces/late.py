"""Results of long work on faces, put into a shot whose faces may have changed meanwhile; no Qt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mien.errors import UsageError
from mien.model.document import Document, Project
from mien.model.face import Face
from mien.model.scaled_shot import with_media
from mien.model.shot import Shot
from mien.session.commands import replace_shot

__all__ = ["carried_face", "with_further"]


def with_further(document: Document, before: Project, tracked: Shot) -> Document:
    """Return a document with a shot that was solved again, or tracked in further frames.

    What was done to its faces meanwhile is kept: names, corrections by hand, faces that are gone
    or new, and media of another size.

    Args:
        document: The document; it may have changed since.
        before: The shot when the work began.
        tracked: The shot with its faces.

    Raises:
        UsageError: When a face was merged, split or tracked again meanwhile.
    """
    project = document.shot(before.id)
    shot, faces = project.shot, before.shot.faces
    media_same = shot.media is before.shot.media
    if media_same and len(faces) == len(shot.faces) and all(map(_is, faces, shot.faces)):
        return replace_shot(document, before.id, tracked)
    tracked = with_media(tracked, shot.media)
    known = {face.number for face in faces}
    kept = [
        carried_face(tracked, before, shot, face.number) if face.number in known else face
        for face in shot.faces
    ]
    following = max((*known, *(face.number for face in kept)), default=0) + 1
    for face in tracked.faces:
        if face.number not in known:
            kept.append(replace(face, number=following, name=f"face {following}"))
            following += 1
    made = replace(tracked, faces=tuple(kept)).with_examples(shot.examples)
    return document.with_shot(project.with_faces_of(made.with_occlusion(shot.occlusion)))


def carried_face(tracked: Shot, before: Project, now: Shot, number: int) -> Face:
    """Return a face as it was tracked, with the name and corrections that it was given meanwhile.

    Args:
        tracked: The shot with the face as it was tracked, in the size of `now`.
        before: The shot when the work began.
        now: The shot as it is.
        number: Number of the face.

    Raises:
        UsageError: When it was merged, split or tracked again meanwhile.
    """
    made, face = tracked.face(number), now.face(number)
    old = with_media(before.shot, now.media).face(number)
    if not np.array_equal(old.confidence, face.confidence):
        raise UsageError(
            f"{face.name} was merged, split or tracked again while this was worked out, so it is"
            " left as it is.",
            "Do it again.",
        )
    made = replace(made, name=face.name)
    wanted = tuple(
        one for one in face.corrections
        if one in made.corrections or one not in old.corrections
    )  # fmt: skip
    if wanted == made.corrections:
        return made
    from mien.face.corrections import correct_face

    return correct_face(made, wanted, tracked.breaks)


def _is(one: Face, other: Face) -> bool:
    return one is other
