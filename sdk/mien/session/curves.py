"""Commands on curves of files: from a document to a changed one."""

from __future__ import annotations

from collections.abc import Sequence

from mien.model.curve_file import CurveFile
from mien.model.curve_layer import IMPORT_LAYER, ImportMode, curves_layer
from mien.model.document import Document
from mien.session.lookup import change_edit

__all__ = ["import_curves"]


def import_curves(
    document: Document,
    shot: str,
    face: int,
    curves: CurveFile,
    *,
    source_face: int | None = None,
    controls: Sequence[str] | None = None,
    layer: str = IMPORT_LAYER,
    mode: ImportMode = "replace",
    offset: int = 0,
    retime: bool | None = None,
) -> Document:
    """Return a document in which a face follows the curves of a file, in a layer.

    Args:
        document: The document.
        shot: Id of the shot.
        face: Number of the face.
        curves: The file's content (`mien.io.curves.read_curve_file`).
        source_face: Number of the face in the file; None for the only one.
        controls: Names of the controls to take; all but head and gaze when None.
        layer: Name of the layer, which takes the place of one with that name.
        mode: Whether the face follows the curves (`replace`), or they are added to what it does.
        offset: Frame of the shot on which the file's first frame falls; may be negative.
        retime: Whether a file with another frame rate keeps its seconds (True) or its frames
            (False); None refuses such a file.

    Raises:
        UsageError: When there is no such shot, or the frame rates differ and `retime` is None.
        NoFaceError: When shot or file have no such face, or the file several and none is named.
        InputError: When nothing of the file can be used, or falls on the shot.
        UnknownControlError: When the file has no control of a name in `controls`.
    """
    made = curves_layer(
        curves,
        document.shot(shot).shot.clock,
        source_face=source_face,
        controls=controls,
        layer=layer,
        mode=mode,
        offset=offset,
        retime=retime,
    )
    return change_edit(document, shot, face, lambda edit: edit.with_layer(made.layer))
