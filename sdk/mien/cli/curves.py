"""The verbs about curves: write those of a shot, take those of a file, list the controls."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from mien.cli.completions import complete_control
from mien.cli.options import FaceChoice, Json, Overwrite, ShotOfProject, ShotOrProject
from mien.cli.output import print_done, print_json, print_notice, print_table
from mien.cli.shots import tell_outdated
from mien.errors import UsageError
from mien.model.control_names import suggested_names
from mien.model.controls import CONTROLS
from mien.model.face_names import describe_face, face_facts, list_faces
from mien.model.feelings import FEELINGS
from mien.model.presets import EXPRESSIONS, VISEMES, Preset
from mien.model.rates import typed_rate
from mien.model.spans import list_spans
from mien.timebase import Clock

if TYPE_CHECKING:
    from mien.model.document import Document, Project

__all__ = ["add_to"]


_SourceFace = Annotated[
    Optional[str],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
    typer.Option(
        "--from-face", metavar="N|NAME", help="Number or name of the face in a file of several."
    ),
]
_ControlNames = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option(
        "--control",
        metavar="NAME",
        autocompletion=complete_control,
        help="A control to take; all but head and gaze when not given. May be given several times.",
    ),
]
_LayerName = Annotated[
    str,
    typer.Option("--layer", metavar="NAME", help="Layer that is made, or whose place is taken."),
]
_ImportMode = Annotated[
    str,
    typer.Option(
        "--mode",
        metavar="replace|add",
        help="Follow the curves, or add them to what the face does.",
    ),
]
_Offset = Annotated[
    str,
    typer.Option(
        "--offset",
        metavar="FRAME|TIME",
        help="Frame or time (1.5s) of the shot on which the file's first frame falls.",
    ),
]
_Shift = Annotated[
    str,
    typer.Option(
        "--offset",
        metavar="FRAMES|TIME",
        help="Frames or seconds (1.5s) by which the curves come later; earlier with a minus.",
    ),
]
_Layout = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--layout",
        metavar="NAME",
        help="Of .csv: live-link, as Live Link Face records it, or plain, a table by mien's names.",
    ),
]
_Rate = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--fps", metavar="RATE", help="Resample to a frame rate: 24, 23.976, 30000/1001."),
]
_Gains = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option(
        "--gain",
        metavar="NAME=X",
        help="Multiply a control or a group, as jawOpen=1.2 or brows=0.5. May be given several"
        " times.",
    ),
]
_Only = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option(
        "--only",
        metavar="GROUP",
        help="These groups alone: brows, eyes, gaze, cheeks, nose, mouth, jaw, head, tongue."
        " Several with commas, or the option again.",
    ),
]
_Basis = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--basis",
        metavar="NAME",
        help="Basis of FLAME coefficients in a file that does not name it: flame2020, flame2023,"
        " flame2023-open, mien-rig.",
    ),
]
_Retime = Annotated[
    Optional[bool],  # noqa: UP045
    typer.Option(
        "--retime/--no-retime",
        help="Where frame rates differ: keep the file's speed, or go frame for frame.",
        show_default=False,
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    app.command()(curves)
    app.command("import-curves")(import_curves)
    app.command()(controls)


def curves(
    shot: ShotOrProject,
    output: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="curves.csv, .npz (one face), .json, .usdc, .glb (all), or a plug-in's.",
        ),
    ],
    which: ShotOfProject = None,
    face: FaceChoice = None,
    raw: Annotated[bool, typer.Option("--raw", help="The curves before smoothing.")] = False,
    basis: Annotated[
        str,
        typer.Option(
            "--basis",
            metavar="NAME",
            help="Basis of the FLAME coefficients: mien-rig, or an installed head (flame2020,"
            " flame2023, flame2023-open). auto takes a head if there is one.",
        ),
    ] = "auto",
    layout: _Layout = None,
    fps: _Rate = None,
    offset: _Shift = "0",
    gain: _Gains = None,
    only: _Only = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Write what the faces of a shot do, for other programs."""
    from mien import api
    from mien.face.bridge import check_basis
    from mien.io.curves import format_for
    from mien.io.files import check_file
    from mien.io.project import SUFFIX
    from mien.model.curve_change import parse_offset

    # What can be refused is, before the shot is tracked.
    format_for(output, "write", layout)
    check_file(output, overwrite=overwrite)
    gains, groups = _read_gains(gain), _read_groups(only)
    _check_change(fps, offset, gains, groups)
    if basis != "auto":
        check_basis(basis)
    if which is not None and shot.suffix.lower() != SUFFIX:
        raise UsageError(f"--shot goes with a project, and {shot.name} is none.")
    if shot.suffix.lower() == SUFFIX:
        tracked = api.load_project(shot, which, find_media=False).shot
        tell_outdated(tracked)
    else:
        tracked = api.track(shot)
    if tracked.untracked_spans():
        print_notice(
            f"{shot.name}: the frames {list_spans(tracked.untracked_spans())} were not tracked;"
            " curves have gaps there."
        )
    written = api.export_curves(
        tracked, output, face=face, raw=raw, basis=basis, layout=layout, fps=fps, offset=offset,
        gains=gains, only=groups, overwrite=overwrite,
    )  # fmt: skip
    if offset.strip().startswith("-") and (early := parse_offset(offset, tracked.clock)):
        print_notice(f"{output.name}: the first {-early} frames of {shot.name} are left out.")
    if json:
        print_json(
            {
                "source": str(shot),
                "output": str(output),
                "faces": [face_facts(tracked.face(number)) for number in written.faces],
                "frames": written.frames,
                "rate": str(written.rate),
                "basis": written.basis,
            }
        )
        return
    faces = list_faces([tracked.face(number) for number in written.faces])
    print_done(f"wrote {output}: face {faces}, basis {written.basis}")


def import_curves(
    shot: ShotOrProject,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="CURVES",
            help="The curve file: .csv, .npz, .json, .usd, .glb, a plug-in's; or a folder of FLAME"
            " frames.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="SHOT.mien", help="The project to write.")
    ],
    which: ShotOfProject = None,
    face: FaceChoice = None,
    source_face: _SourceFace = None,
    names: _ControlNames = None,
    layer: _LayerName = "imported",
    mode: _ImportMode = "replace",
    offset: _Offset = "0",
    retime: _Retime = None,
    only: _Only = None,
    gain: _Gains = None,
    basis: _Basis = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Let a face follow the curves of a file; keep it as a project."""
    from mien import api
    from mien.io.curves import format_for
    from mien.io.project import check_project

    # What can be refused is, before the shot is tracked.
    if not os.path.isdir(file):
        format_for(file, "read")
    check_project(output, overwrite=overwrite)
    gains, groups = _read_gains(gain), _read_groups(only)
    _check_change(None, offset, gains, groups)
    document, project = _open_document(shot, which)
    imported = api.import_curves(
        project, file, face=face, source_face=source_face, controls=names or None, layer=layer,
        mode=mode, offset=offset,  # type: ignore[arg-type]
        retime=retime, only=groups, gains=gains, basis=basis,
    )  # fmt: skip
    # The others of its shots stay as they are.
    api.save_document(document.with_shot(imported.project), output)
    facts = {
        "source": str(shot),
        "curves": str(file),
        "output": str(output),
        "face": imported.face,
        "layer": imported.layer,
        "controls": list(imported.controls),
        "frames": [imported.frames.start, imported.frames.stop],
        "unknown": list(imported.unknown),
        "notices": list(imported.notices),
    }
    if json:
        print_json(facts)
        return
    target = imported.project.shot.face(imported.face)
    for notice in imported.notices:
        print_notice(f"{file.name}: {notice}")
    if imported.unknown:
        unknown = suggested_names(imported.unknown)
        print_notice(f"{file.name}: no controls of mien, left out: {unknown}.")
    print_done(
        f"wrote {output}: {describe_face(target)} follows {file.name} in frames {imported.frames},"
        f" {len(imported.controls)} controls in layer '{imported.layer}'"
    )


def _read_gains(texts: Sequence[str] | None) -> dict[str, float]:
    """Return the factors of `--gain` by name.

    Args:
        texts: `NAME=X` each; None when not given.

    Raises:
        UsageError: When one cannot be read.
    """
    gains = {}
    for text in texts or ():
        name, mark, number = text.partition("=")
        try:
            gains[name.strip()] = float(number)
        except ValueError:
            mark = ""
        if not mark or not name.strip():
            raise UsageError(
                f"--gain '{text}' cannot be read.", "Write NAME=X, as jawOpen=1.2 or brows=0.5."
            )
    return gains


def _read_groups(texts: Sequence[str] | None) -> list[str]:
    """Return the groups of `--only`, which may be listed with commas."""
    return [group.strip() for text in texts or () for group in text.split(",") if group.strip()]


def _check_change(
    fps: str | None, offset: str, gains: Mapping[str, float], groups: Sequence[str]
) -> None:
    """Refuse what cannot be asked of curves, before a shot is tracked."""
    from mien.model.curve_change import CurveChange, parse_offset

    rate = None if fps is None else typed_rate(fps)
    CurveChange(rate, gains=gains, only=groups)
    # What a time means is for the shot's clock; whether it is one is not.
    parse_offset(offset, Clock(Fraction(1000), 1))


def _open_document(path: Path, which: str | None) -> tuple[Document, Project]:
    """Return a project file's document and the chosen shot in it; media are tracked."""
    from mien import api
    from mien.io.project import SUFFIX, find_shots, load_document

    if path.suffix.lower() == SUFFIX:
        document = find_shots(load_document(path, find_media=False), path)
        return document, document.choose(which, path.name)
    if which is not None:
        raise UsageError(f"--shot goes with a project, and {path.name} is none.")
    document = api.Document((api.Project(api.track(path)),))
    return document, document.shots[0]


def controls(json: Json = False) -> None:
    """List every control, expression, viseme and feeling that can be set or keyed."""
    if json:
        print_json(
            {
                "controls": [
                    {
                        "name": c.name, "region": c.region, "unit": c.unit,
                        "low": c.low, "high": c.high,
                    }
                    for c in CONTROLS
                ],
                "expressions": {p.name: dict(p.weights) for p in EXPRESSIONS},
                "visemes": {p.name: dict(p.weights) for p in VISEMES},
                "feelings": {
                    one.name: {
                        "primary": one.primary, "secondary": one.secondary,
                        "intensity": one.intensity, "valence": one.valence,
                        "arousal": one.arousal, "action_units": one.formula,
                        "adjectives": list(one.adjectives),
                        "weights": dict(one.weights),
                    }
                    for one in FEELINGS.values()
                },
            }
        )  # fmt: skip
        return
    typer.echo("Controls (mouthSmile, without Left or Right, means both sides)\n")
    print_table([(f"  {c.name}", c.region, f"{c.low:g} .. {c.high:g} {c.unit}") for c in CONTROLS])
    for title, presets in (("Expressions", EXPRESSIONS), ("Visemes", VISEMES)):
        typer.echo(f"\n{title}\n")
        print_table([(f"  {preset.name}", _recipe(preset)) for preset in presets])
    typer.echo("\nFeelings (two can be mixed, in words: --set 'wistful longing=0.5')\n")
    print_table(
        [
            (f"  {one.name} ", f"{one.primary}, {one.secondary}", one.formula or "the expression")
            for one in FEELINGS.values()
        ]
    )


def _recipe(preset: Preset) -> str:
    return ", ".join(f"{name} {weight:g}" for name, weight in preset.weights)
