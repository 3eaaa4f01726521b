"""Edits of project files: one shot changed and written back, with what it takes to undo that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mien._types import PathLike
from mien.io import project as project_file
from mien.io.changing import hold_project
from mien.model.document import Project

__all__ = ["edit_project", "redo_edits", "undo_edits", "with_history"]


def edit_project(
    path: PathLike,
    change: Callable[[Project], Project],
    shot: str | int | None = None,
    *,
    title: str = "",
    output: PathLike | None = None,
    overwrite: bool = False,
) -> Project:
    """Change a shot of a `.mien` file and write it back; nothing of its other shots changes.

        mien.edit_project("film.mien", lambda p: p.with_edit(p.edit("Anna").set("jawOpen", 0.2)))
        mien.edit_project("film.mien", mien.undo_edits)

    What changes of its edits can be taken back later. The file is held meanwhile: others that
    change it so wait for it. Its media are not needed.

    Args:
        path: The file.
        change: From the shot as it is to the shot as it is to be.
        shot: Name or number (from 1) of the shot, of a file that holds several.
        title: What is done, in a line, by which it is known when it is taken back.
        output: Another file to write, in place of this one.
        overwrite: Whether that may be replaced.

    Returns:
        The shot as it was written.

    Raises:
        UsageError: When the file has no such shot, or several and none is named.
        ProjectError: When it is missing, corrupt or too new.
        OutputError: When it cannot be written to, or another program wrote it meanwhile.
    """
    path = Path(path)
    place = path if output is None else Path(output)
    project_file.check_project(place, overwrite=overwrite or output is None)
    project_file.describe(path)
    with hold_project(path, None if output is None else place) as version:
        document = project_file.load_document(path, find_media=False)
        before = document.choose(shot, path.name)
        after = with_history(before, change(before), title)
        project_file.save_document(document.with_shot(after), place, version)
    return after


def with_history(before: Project, after: Project, title: str = "") -> Project:
    """Return a changed project that knows what changed of its edits, so that it can be undone.

    Args:
        before: The project as it was.
        after: The project as it is; one whose history differs is returned as it is.
        title: What was done, in a line.
    """
    if after.history != before.history:
        return after
    history = before.history.recorded(before.edits, after.edits, title or "edit")
    return replace(after, history=history)


def undo_edits(project: Project) -> Project:
    """Take back the last change of `edit_project` or the command line.

    All else that was done to the shot since stays.

    Raises:
        NothingToDoError: When there is none.
        UsageError: When what it changed was changed since by other means.
    """
    edits, history = project.history.undo(project.shot, project.edits)
    return replace(project, edits=edits, history=history)


def redo_edits(project: Project) -> Project:
    """Do again what `undo_edits` took back last.

    Raises:
        NothingToDoError: When nothing was taken back, or something else was done since.
        UsageError: When what it changed was changed since by other means.
    """
    edits, history = project.history.redo(project.shot, project.edits)
    return replace(project, edits=edits, history=history)
