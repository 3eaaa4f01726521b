"""Take the curves of faces to other programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mien._types import PathLike
from mien.model.face import Face
from mien.model.shot import Shot, main_face

if TYPE_CHECKING:
    from mien.face.flame_fit import FlameFit

__all__ = ["WrittenCurves", "export_curves", "fit_flame"]


def fit_flame(
    shot: Shot,
    *,
    basis: str = "auto",
    faces: Sequence[Face] | None = None,
    raw: bool = False,
) -> tuple[FlameFit, ...]:
    """Fit an installed FLAME head to faces: their performance in its coefficients.

    Args:
        shot: A tracked shot.
        basis: `flame2020`, `flame2023` or `flame2023-open`; `auto` takes the first of these
            that is installed.
        faces: The faces; all of the shot when None.
        raw: Whether the coefficients are left as fitted, without smoothing.

    Returns:
        A fit for each face: coefficients, shape and pose.

    Raises:
        UsageError: When no head has that name; `mien-rig` needs no fit, its coefficients are
            in `face.curves.flame`.
        MissingDependencyError: When the head is not installed; it says how to get it.
        WeightsError: When one of its files cannot be used.
    """
    from mien.face import flame_fit
    from mien.face.heads import choose_head

    head = choose_head(basis)
    return tuple(
        flame_fit.fit_flame(face, head, cuts=shot.cuts, raw=raw)
        for face in (shot.faces if faces is None else faces)
    )


@dataclass(frozen=True, slots=True)
class WrittenCurves:
    """The contents of a curve file that was written.

    Attributes:
        faces: Numbers of its faces.
        basis: Basis of their FLAME coefficients.
    """

    faces: tuple[int, ...]
    basis: str


def export_curves(
    shot: Shot,
    path: PathLike,
    *,
    face: int | None = None,
    raw: bool = False,
    basis: str = "auto",
    overwrite: bool = False,
) -> WrittenCurves:
    """Write the curves of faces to a file for other programs.

    Args:
        shot: A tracked shot.
        path: The file: `.npz` holds one face, `.json` one or all.
        face: Number of the face; when not given the largest (`.npz`) or all (`.json`).
        raw: Whether the curves are taken before smoothing.
        basis: Of the FLAME coefficients: `mien-rig`, or an installed head; `auto` takes a head
            if there is one.
        overwrite: Whether a file of that name may be replaced.

    Raises:
        UsageError: When the ending is no format, or there is no such basis.
        OutputError: When it cannot be put there.
        NoFaceError: When the shot has no such face.
        MissingDependencyError: When the head is not installed.
        WriteError: When writing fails half-way.
    """
    from mien.face.bridge import check_basis, installed_bases
    from mien.face.flame_coefficients import MIEN_RIG
    from mien.io.curves_file import check_format, write_curves
    from mien.io.files import check_file

    place = Path(path)
    check_format(place)
    check_file(place, overwrite=overwrite)
    basis = installed_bases()[0] if basis == "auto" else basis
    check_basis(basis)
    if face is not None:
        faces = [shot.face(face)]
    elif place.suffix.lower() == ".json":
        faces = list(shot.faces)
    else:
        faces = [main_face(shot)]
    fits = {}
    if basis != MIEN_RIG:
        found = fit_flame(shot, basis=basis, faces=faces, raw=raw)
        fits = {one.number: fit for one, fit in zip(faces, found, strict=True)}
    write_curves(shot, faces, place, raw=raw, fits=fits)
    return WrittenCurves(tuple(one.number for one in faces), basis)
