"""The verbs about this installation: doctor, cache and models."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mien.cli.models import models
from mien.cli.options import Json
from mien.cli.output import print_done, print_json, print_table
from mien.errors import MissingDependencyError, OutputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.media.cache_folder import CacheEntry

__all__ = ["add_to"]

_MIB = 1 << 20
_MARKS = {"ok": "ok", "optional": "--", "missing": "!!"}


def add_to(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    app.command()(doctor)
    app.command()(cache)
    app.add_typer(models, name="models")


def doctor(json: Json = False) -> None:
    """Look at this installation: what works, what is missing, and how to get it."""
    from mien.doctor import examine

    checks = examine()
    missing = [check for check in checks if check.state == "missing"]
    code = MissingDependencyError.exit_code if missing else 0
    if json:
        print_json({"ok": not missing, "checks": [check.to_dict() for check in checks]}, code)
    else:
        print_table(
            [
                (_MARKS[check.state], check.name, f"{check.detail} {check.remedy}".strip())
                for check in checks
            ]
        )
    if code:
        raise typer.Exit(code)


def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Remove all that is kept.")] = False,
    json: Json = False,
) -> None:
    """List what is kept of faces that were looked through, clips that were followed and gains.

    Renders and `mien apply` make it again when they need it.
    """
    from mien.io.tracked_cache import TrackedCache
    from mien.pipeline.gains_cache import GainsCache
    from mien.rendering.appearance.cache import AppearanceCache

    kept, tracked, gains = AppearanceCache(), TrackedCache(), GainsCache()
    try:
        freed = kept.clear() + tracked.clear() + gains.clear() if clear else 0
    except OSError as error:
        raise OutputError(
            f"The cache {kept.folder} cannot be cleared: {(error.strerror or 'denied').lower()}.",
            "Check its permissions.",
            path=kept.folder,
        ) from error
    entries = kept.entries()
    if json:
        facts = {"folder": str(kept.folder), "freed": freed, "entries": _listed(entries)}
        facts |= {"tracked_folder": str(tracked.folder), "tracked": _listed(tracked.entries())}
        print_json(facts | {"gains_folder": str(gains.folder), "gains": _listed(gains.entries())})
        return
    if clear:
        print_done(f"{freed / _MIB:.0f} MiB removed from {kept.folder}")
        return
    for entry in entries:
        day = datetime.fromtimestamp(entry.used).strftime("%Y-%m-%d %H:%M")
        typer.echo(f"{entry.path.name}  {entry.size / _MIB:5.0f} MiB  used {day}")
    total = sum(entry.size for entry in entries) / _MIB
    count = f"{len(entries)} face{'s' * (len(entries) != 1)}"
    typer.echo(f"{count}, {total:.0f} MiB in {kept.folder}")
    others = tracked.entries()
    if others:
        total = sum(entry.size for entry in others) / _MIB
        count = f"{len(others)} tracked clip{'s' * (len(others) != 1)}"
        typer.echo(f"{count}, {total:.0f} MiB in {tracked.folder}")
    if corrected := gains.entries():
        total = sum(entry.size for entry in corrected) / 1000
        count = f"gains of {len(corrected)} face{'s' * (len(corrected) != 1)}"
        typer.echo(f"{count}, {total:.0f} kB in {gains.folder}")


def _listed(entries: Sequence[CacheEntry]) -> list[dict[str, Any]]:
    """Files of a cache in JSON's types."""
    return [
        {"path": str(entry.path), "size": entry.size, "used": round(entry.used)}
        for entry in entries
    ]
