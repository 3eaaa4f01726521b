"""Take the curves of faces to other programs, and theirs to faces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from mien._types import PathLike
from mien.model.curve_change import CurveChange, parse_offset
from mien.model.curve_layer import IMPORT_LAYER, CurveImport, ImportMode, curves_layer
from mien.model.document import Project, project_of
from mien.model.edits import Edit
from mien.model.face import Face
from mien.model.listing import list_names
from mien.model.rates import typed_rate
from mien.model.shot import Shot, main_face
from mien.timebase import FrameRange

if TYPE_CHECKING:
    from mien.face.flame_fit import FlameFit

__all__ = ["ImportedCurves", "WrittenCurves", "export_curves", "fit_flame", "import_curves"]


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
        flame_fit.fit_flame(face, head, cuts=shot.breaks, raw=raw)
        for face in (shot.faces if faces is None else faces)
    )


@dataclass(frozen=True, slots=True)
class WrittenCurves:
    """The contents of a curve file that was written.

    Attributes:
        faces: Numbers of its faces.
        basis: Basis of their FLAME coefficients.
        frames: Frames of the file.
        rate: Frames a second.
    """

    faces: tuple[int, ...]
    basis: str
    frames: int
    rate: Fraction


def export_curves(
    shot: Shot,
    path: PathLike,
    *,
    face: int | str | None = None,
    raw: bool = False,
    basis: str = "auto",
    layout: str | None = None,
    fps: Fraction | float | str | None = None,
    offset: int | str = 0,
    gains: Mapping[str, float] | None = None,
    only: Sequence[str] = (),
    overwrite: bool = False,
) -> WrittenCurves:
    """Write the curves of faces to a file for other programs.

        mien.export_curves(shot, "take.csv")  # as Live Link Face records it
        mien.export_curves(shot, "mouth.csv", layout="plain", only=["mouth", "jaw"], fps=24)

    Args:
        shot: A tracked shot.
        path: The file; its ending chooses the format: `.npz` and `.csv` hold one face, `.json` one
            or all.
        face: Number or name of the face; when not given the largest, or all where the format holds
            many.
        raw: Whether the curves are taken before smoothing.
        basis: Of the FLAME coefficients: `mien-rig`, or an installed head; `auto` takes a head
            if there is one.
        layout: Which format, where an ending has several: of `.csv` `live-link` (when not given)
            or `plain`.
        fps: Frames a second to which the curves are resampled (`24`, `"23.976"`); the shot's when
            not given.
        offset: Frames of the shot, or a time (`"1.5s"`), by which the curves come later; earlier
            with a minus.
        gains: Factors by the names of controls (`jawOpen`, `mouthSmile` for both sides) and groups
            (`brows`, `eyes`, `gaze`, `cheeks`, `nose`, `mouth`, `jaw`, `head`, `tongue`).
        only: Groups that are written; all when not given.
        overwrite: Whether a file of that name may be replaced.

    Raises:
        UsageError: When the ending is no format that can be written, or there is no such basis,
            layout, rate, control or group.
        TimeError: When the offset is no time.
        OutputError: When it cannot be put there.
        NoFaceError: When the shot has no such face.
        MissingDependencyError: When the head is not installed.
        WriteError: When writing fails half-way.
    """
    from mien.face.bridge import check_basis, installed_bases
    from mien.face.flame_coefficients import MIEN_RIG
    from mien.io.curves import format_for, write_curve_file
    from mien.io.curves.changes import changed_curves
    from mien.io.curves.collect import shot_curves
    from mien.io.files import check_file

    output = Path(path)
    format = format_for(output, "write", layout)
    check_file(output, overwrite=overwrite)
    rate = None if fps is None else typed_rate(fps)
    change = CurveChange(rate, parse_offset(offset, shot.clock), gains or {}, only)
    basis = installed_bases()[0] if basis == "auto" else basis
    check_basis(basis)
    if face is not None:
        faces = [shot.face(face)]
    elif format.faces == "many":
        faces = list(shot.faces)
    else:
        faces = [main_face(shot)]
    fits = {}
    if basis != MIEN_RIG:
        fitted = fit_flame(shot, basis=basis, faces=faces, raw=raw)
        fits = {one.number: fit for one, fit in zip(faces, fitted, strict=True)}
    curves = changed_curves(shot_curves(shot, faces, raw=raw, fits=fits), change)
    write_curve_file(output, curves, layout)
    clock = curves.clock or shot.clock
    return WrittenCurves(tuple(one.number for one in faces), basis, clock.frame_count, clock.rate)


@dataclass(frozen=True, slots=True)
class ImportedCurves:
    """The outcome of importing a curve file.

    Attributes:
        project: The shot with its edits, the new layer among them.
        face: Number of the face that the layer is for.
        layer: Name of the layer.
        controls: Names of the controls that were taken.
        frames: Frames of the shot that they reach.
        unknown: Names in the file that are no controls, and were left out.
        notices: Sentences on what else of the file was left out.
    """

    project: Project
    face: int
    layer: str
    controls: tuple[str, ...]
    frames: FrameRange
    unknown: tuple[str, ...]
    notices: tuple[str, ...] = ()

    def __repr__(self) -> str:
        controls = list_names(self.controls)
        return (
            f"ImportedCurves(face {self.face}, layer '{self.layer}', {controls}, frames"
            f" {self.frames})"
        )

    @property
    def edit(self) -> Edit:
        """All that is asked of the face: the new layer, and what the project asked before."""
        return self.project.edit(self.face)


def import_curves(
    source: Shot | Project,
    path: PathLike,
    *,
    face: int | str | None = None,
    source_face: int | str | None = None,
    controls: Sequence[str] | None = None,
    layer: str = IMPORT_LAYER,
    mode: ImportMode = "replace",
    offset: int | str = 0,
    retime: bool | None = None,
    only: Sequence[str] = (),
    gains: Mapping[str, float] | None = None,
    basis: str | None = None,
) -> ImportedCurves:
    """Let a face follow the curves of a file, in a layer of its edit.

        imported = mien.import_curves(project, "speech.npz", offset=24)
        mien.render(imported.project, "out.mp4")

    Over gaps in the file the values run straight. What lies beyond the shot is left out; where
    the file ends, the face is as it was.

    Args:
        source: A tracked shot, or a project, whose edits stay.
        path: The file; its ending chooses the format. A folder with a file a frame is taken too.
        face: Number or name of the face that is to follow; the largest when not given.
        source_face: Number or name of the face in the file; None for the only one.
        controls: Names of the controls to take; all but head and gaze when None.
        layer: Name of the layer, which takes the place of one with that name.
        mode: Whether the face follows the curves (`replace`), or they are added to what it does.
        offset: Frame or time (`"1.5s"`) of the shot on which the file's first frame falls; may be
            negative.
        retime: Whether a file with another frame rate keeps its seconds (True; values between
            its frames are interpolated linearly) or its frames (False); None refuses such a file.
        only: Groups of controls to take (`mouth`, `jaw`), beside those that `controls` names.
        gains: Factors of the values, by the names of controls and groups.
        basis: Of FLAME coefficients in a file that does not name it: `flame2020`, `flame2023`,
            `flame2023-open` or `mien-rig`.

    Raises:
        UsageError: When the ending is no format that can be read, the frame rates differ and
            `retime` is None, or there is no such group or basis.
        TimeError: When the offset is no time.
        InputError: When the file cannot be used, or nothing of it falls on the shot.
        NoFaceError: When shot or file have no such face, or the file several and none is named.
        UnknownControlError: When the file has no control of a name in `controls`.
    """
    from mien.io.curves import read_curve_file

    project = project_of(source)
    target = main_face(project.shot) if face is None else project.shot.face(face)
    options = CurveImport(
        source_face, controls, layer, mode, parse_offset(offset, project.shot.clock), retime, only,
        gains or {},
    )  # fmt: skip
    curves = read_curve_file(Path(path), basis=basis)
    made = curves_layer(curves, project.shot.clock, options)
    edit = project.edit(target.number).with_layer(made.layer)
    return ImportedCurves(
        project.with_edit(edit), target.number, layer, made.controls, made.frames, made.unknown,
        made.notices,
    )  # fmt: skip
