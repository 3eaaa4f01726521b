"""The verbs about provenance: read credentials, say who signs, switch them off for a project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Optional

import typer

from mien.cli import ledger
from mien.cli.command import App
from mien.cli.options import Json, ShotOfProject
from mien.cli.output import print_done, print_json
from mien.errors import MienError, NothingToDoError, UsageError

if TYPE_CHECKING:
    from mien.provenance.identity import Identity
    from mien.provenance.reading import Provenance

__all__ = ["provenance"]

provenance = App(
    help="What was rendered, how, when and on whose word: signed credentials (C2PA) in files, and"
    " the ledger of renders."
)
_SELF_MADE = "shows that nothing was changed since, and not who signed"


@provenance.command()
def show(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A movie, an image, a sequence (shot.%04d.exr) or a sidecar (.c2pa).",
        ),
    ],
    trust: Annotated[
        Optional[Path],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
        typer.Option(
            "--trust",
            metavar="ANCHORS.pem",
            help="Certificates of authorities that you trust to vouch for signers.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Say what a file's credentials say, and what of it is valid.

    The exit code is 1 where something is not valid, and 4 where there are no credentials.
    """
    from mien import api

    found = api.read_provenance(file, anchors=trust)
    if json:
        print_json(found.to_dict(), _code(found))
    else:
        for line in _lines(found):
            typer.echo(line)
    if _code(found):
        raise typer.Exit(_code(found))


def _code(found: Provenance) -> int:
    return {"none": NothingToDoError.exit_code, "invalid": MienError.exit_code}.get(found.state, 0)


def _lines(found: Provenance) -> list[str]:
    """What is said of credentials, line by line."""
    if found.state == "none":
        return [f"{found.path}: no credentials"]
    where = "in the file" if found.sidecar is None else f"in {found.sidecar.name}"
    lines = [f"{found.path}: {_STATES[found.state]} ({where})"]
    lines += [f"  {problem}" for problem in found.problems]
    if found.signer:
        self_made = f" ({_SELF_MADE})" if found.self_made else ""
        lines.append(f"  signed by: {found.signer}{self_made}")
    if found.generator:
        lines.append(f"  made by:   {found.generator}")
    for action in found.actions:
        lines.append(f"  {_action(action)}")
    for one in found.ingredients:
        carried = ", with credentials of its own" if one.get("active_manifest") else ""
        lines.append(
            f"  {one.get('relationship', 'from')}: {one.get('title') or 'no name'}{carried}"
        )
    renderer = found.edit.get("renderer")
    for model in renderer.get("models", ()) if isinstance(renderer, dict) else ():
        lines.append(f"  model: {model.get('name')}")
        lines += [f"    {name}: {digest}" for name, digest in model.get("files", {}).items()]
    return lines


_STATES = {
    "invalid": "NOT VALID",
    "valid": "valid, of a signer whom nobody vouches for here",
    "trusted": "valid, of a trusted signer",
}


def _action(action: Any) -> str:
    """One action, as `2026-11-30T00:12:01Z edited: Facial expression changed (composite)`."""
    told = action.get("parameters", {})
    kind = str(action.get("digitalSourceType", "")).rsplit("/", 1)[-1]
    words = [str(action.get("when", "")), str(action.get("action", "")).removeprefix("c2pa.")]
    text = " ".join(filter(None, words))
    if told.get("description"):
        text += f": {told['description']}"
    elif told.get("frames"):
        text += f": frames {told['frames']}"
    return f"{text} ({kind})" if kind else text


@provenance.command()
def setup(
    certificate: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--certificate",
            metavar="CHAIN.pem",
            help="The signing certificate, and after it those that vouch for it.",
        ),
    ] = None,
    key: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--key", metavar="KEY.pem", help="Its private key, which stays where it is."),
    ] = None,
    command: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--command",
            metavar="'PROGRAM ...'",
            help="In place of a key: a program that signs what it reads and writes the signature,"
            " as for a PKCS#11 token.",
        ),
    ] = None,
    self_made: Annotated[
        bool, typer.Option("--self-made", help="Go back to the certificate that mien makes itself.")
    ] = False,
    json: Json = False,
) -> None:
    """Say whose certificate signs renders on this machine; without options, tell whose does.

    Without a certificate of yours, mien makes one on first use. It shows that a file was not
    changed since; that it was you who signed only a certificate of yours shows.
    """
    from mien.provenance.identity import find_identity, keep_identity

    if self_made and (certificate or key or command):
        raise UsageError("--self-made does without a certificate.", "Leave the others out.")
    if (certificate is None) != (key is None and command is None) or (key and command):
        raise UsageError(
            "A certificate goes with its key, or with a command that signs.",
            "Add --certificate CHAIN.pem and either --key or --command.",
        )
    if self_made:
        identity = keep_identity(None)
    elif certificate is not None:
        identity = keep_identity(certificate, key=key, command=command or "")
    else:
        identity = find_identity()
    _tell(identity, as_json=json)


def _tell(identity: Identity, *, as_json: bool) -> None:
    by = f"the command {identity.command}" if identity.command else str(identity.key_path or "")
    if as_json:
        print_json(
            {
                "signer": identity.name,
                "self_made": identity.self_made,
                "algorithm": identity.algorithm,
                "certificate": str(identity.source),
                "key": None if identity.key_path is None else str(identity.key_path),
                "command": identity.command,
                "notes": list(identity.notes),
            }
        )
        return
    print_done(f"renders are signed by: {identity.name} ({identity.algorithm})")
    if by:
        print_done(f"  with {by}")
    for note in identity.notes:
        print_done(f"  {note}")


@provenance.command()
def switch(
    project: Annotated[
        Path, typer.Argument(metavar="SHOT.mien", help="A project with tracked faces.")
    ],
    state: Annotated[
        Literal["on", "off"], typer.Argument(metavar="on|off", help="Whether renders are signed.")
    ],
    which: ShotOfProject = None,
    json: Json = False,
) -> None:
    """Write into a project whether its renders carry signed credentials.

    They do until it is switched off; the project and every report then say so.
    """
    from mien import api

    changed = api.switch_provenance(project, state == "on", which)
    if json:
        print_json({"project": str(project), "provenance": state, "changed": list(changed)})
        return
    shots = "no shot" if not changed else ", ".join(changed)
    print_done(f"{project}: provenance {state}; changed: {shots}")


ledger.add_to(provenance)
