"""Commands on curves of files: from a document to a changed one."""

from __future__ import annotations

from mien.model.curve_file import CurveFile
from mien.model.curve_layer import CurveImport, curves_layer
from mien.model.document import Document
from mien.session.lookup import change_edit

__all__ = ["import_curves"]


def import_curves(
    document: Document, shot: str, face: int, curves: CurveFile, options: CurveImport
) -> Document:
    """Return a document in which a face follows the curves of a file, in a layer.

    Args:
        document: The document.
        shot: Id of the shot.
        face: Number of the face.
        curves: The file's content (`mien.io.curves.read_curve_file`).
        options: What is taken of the file, and how.

    Raises:
        UsageError: When there is no such shot, or the frame rates differ and `retime` is None.
        NoFaceError: When shot or file have no such face, or the file several and none is named.
        InputError: When nothing of the file can be used, or falls on the shot.
        UnknownControlError: When the file has no control of a name in `controls`.
    """
    made = curves_layer(curves, document.shot(shot).shot.clock, options)
    return change_edit(document, shot, face, lambda edit: edit.with_layer(made.layer))
