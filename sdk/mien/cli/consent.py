"""The verbs about consent: on whose word a face is edited, as its project keeps it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from mien.cli.command import App
from mien.cli.face_changes import Face, ProjectFile, changes_project
from mien.cli.options import Json, ShotOfProject
from mien.cli.output import print_json
from mien.errors import UsageError

if TYPE_CHECKING:
    from mien.model.consent import Consent
    from mien.model.document import Project

__all__ = ["consent"]

consent = App(
    help="On whose word faces are edited: who the performer is, on what ground, how far it goes. A"
    " policy of the installation may demand it (docs/consent.md)."
)


@consent.command()
def show(project: ProjectFile, which: ShotOfProject = None, json: Json = False) -> None:
    """Say of every face what permits that it is edited."""
    from mien import api
    from mien.consent import read_policy
    from mien.model.consent import today

    document = api.load_document(project, find_media=False)
    shots = document.shots if which is None else (document.choose(which, project.name),)
    policy, day = read_policy(), today()
    if json:
        print_json(
            {
                "project": str(project),
                "required": policy.consent_required,
                "policy": [str(path) for path in policy.files],
                "shots": [{"shot": shot.title, "faces": _facts(shot)} for shot in shots],
            }
        )
        return
    for shot in shots:
        if len(shots) > 1:
            typer.echo(f"{shot.title}:")
        for face in shot.shot.faces:
            typer.echo(f"{face.number} {face.name}: {_told(face.consent, day)}")
        if not shot.shot.faces:
            typer.echo("no faces")
    demand = "demands a consent" if policy.consent_required else "demands none"
    typer.echo(f"{policy.source}: {demand}")


@consent.command("set")
@changes_project()
def set_(
    shot: Project,
    face: Face,
    performer: Annotated[
        Optional[str],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
        typer.Option("--performer", metavar="NAME", help="Who the person is."),
    ] = None,
    ground: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--ground", metavar="TEXT", help="On what ground the edit is permitted."),
    ] = None,
    date: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--date", metavar="DAY", help="First day, as 2026-11-30; today, if new."),
    ] = None,
    expires: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--expires", metavar="DAY", help="Last day; `never` for no end."),
    ] = None,
    document: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--document", metavar="FILE", help="Who says so: its hash is kept, not the file."
        ),
    ] = None,
    document_hash: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--document-hash", metavar="SHA256", help="Its hash, where it is not here."),
    ] = None,
    controls: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--controls",
            metavar="NAME,...",
            help="Controls or groups that may be edited, as mouth,browInnerUp; `all` for all.",
        ),
    ] = None,
    uses: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--uses", metavar="WORD,...", help="What for, as trailer,dub; `any` for anything."
        ),
    ] = None,
) -> Project:
    """Say on whose word a face may be edited; what is not given stays as it was said before."""
    from mien import api
    from mien.model.consent import Consent, as_date, today

    old = shot.shot.face(face).consent
    if document is not None and document_hash is not None:
        raise UsageError("The document is given twice.", "Give the file, or its hash.")
    if old is None and not (performer and ground):
        raise UsageError(
            "Nothing was said of this face yet.", "Give --performer and --ground; see --help."
        )
    values: dict[str, Any] = {"date": today().isoformat()} if old is None else old.to_dict()
    if performer is not None:
        values["performer"] = performer
    if ground is not None:
        values["ground"] = ground
    if date is not None:
        values["date"] = as_date(date)
    if expires is not None:
        values["expires"] = None if expires == "never" else as_date(expires)
    if document is not None:
        values["document"] = api.hash_document(document)
    if document_hash is not None:
        values["document"] = document_hash.strip().lower()
    if controls is not None:
        values["controls"] = () if controls.strip() == "all" else _listed(controls)
    if uses is not None:
        values["uses"] = () if uses.strip() == "any" else _listed(uses)
    return api.set_consent(shot, face, Consent.from_dict(values))


@consent.command()
@changes_project()
def clear(shot: Project, face: Face) -> Project:
    """Take back what was said of a face."""
    from mien import api

    return api.clear_consent(shot, face)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in text.split(",") if one.strip())


def _facts(project: Project) -> list[dict[str, Any]]:
    return [
        {
            "number": face.number,
            "name": face.name,
            "consent": None
            if face.consent is None
            else face.consent.to_dict() | {"sha256": face.consent.digest},
        }
        for face in project.shot.faces
    ]


def _told(consent: Consent | None, day: Any) -> str:
    if consent is None:
        return "no consent"
    over = "" if consent.holds_on(day) else " (does not hold today)"
    document = f"; document {consent.document[:12]}…" if consent.document else ""
    return f"{consent}{over}; {consent.ground}{document}"
