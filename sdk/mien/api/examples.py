"""Give shots examples: other material of the same people, of which renderers learn their looks."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from mien._types import PathLike
from mien.api.projects import load_document
from mien.api.tracking import track
from mien.errors import MediaError, MienError, NoFaceError, UsageError
from mien.io.project import SUFFIX
from mien.model.document import Project, shot_of
from mien.model.shot import Example, Shot
from mien.progress import Progress

__all__ = [
    "check_examples", "example_problems", "example_tracker", "keep_lost", "problem_of",
    "set_examples",
]  # fmt: skip

_ShotOrProject = TypeVar("_ShotOrProject", Shot, Project)


def set_examples(
    source: _ShotOrProject,
    examples: Iterable[PathLike | Shot | Example],
    *,
    progress: bool | Progress = True,
) -> _ShotOrProject:
    """Give a shot other material of its people, in place of what it had.

    Where an edit asks for what the shot does not show (a blink, an open mouth, a smile), renderers
    take it from examples. They are tracked here, once; those that the shot has already are not
    tracked again. What cannot be used stays, with its `problem`, and no render fails for it.

    Args:
        source: The shot, or a project.
        examples: Clips, images, patterns of image sequences, `.mien` projects (all their tracked
            shots), tracked shots, or examples of another shot.
        progress: True for bars on a terminal, or a function; see `track`.

    Returns:
        The shot, or the project, with these examples. `mien.example_problems` says which of them
        show its people.

    Raises:
        MediaError: When there is no such file.
        ProjectError: When a project cannot be read.
        MissingDependencyError: When the tracker cannot be used.
    """
    wanted = list(examples)
    shot = shot_of(source)
    check_examples((one for one in wanted if not isinstance(one, Shot | Example)), shot)
    found: dict[Path | str, Example] = {}
    for one in wanted:
        for example in _examples(shot, one, progress):
            content = "" if example.shot is None else example.shot.media.fingerprint
            # A shot is no example of itself, as among those of its own project.
            if content and content == shot.media.fingerprint:
                continue
            before = found.get(content or example.path)
            if before is None or before.used is None:
                found[content or example.path] = example
    usable = {example.path for example in found.values() if example.used is not None}
    replaced = shot.with_examples(
        example
        for example in found.values()
        if example.used is not None or example.path not in usable
    )
    if isinstance(source, Project):
        return dataclasses.replace(source, shot=replaced)
    return replaced


def example_problems(shot: Shot) -> tuple[str, ...]:
    """Return of every example of a shot why nothing is learned from it; empty where it is.

    Whether it shows the same person is told by the shape of the face, as well as that goes.
    """
    from mien.rendering.appearance.examples import example_problem

    return tuple(example_problem(shot, example) for example in shot.examples)


def check_examples(paths: Iterable[PathLike], shot: Shot | None = None) -> None:
    """Refuse examples that do not exist, before any work is done.

    Args:
        paths: Where they are.
        shot: The shot that gets them; those that it has already may be lost.

    Raises:
        MediaError: When there is no such file.
        ProjectError: When a project cannot be read.
        UsageError: When one is a folder.
    """
    from mien.media.sequence import Pattern

    known = set() if shot is None else {example.path for example in shot.examples}
    for given in paths:
        path = Path(given)
        if _whole(path) in known:
            continue
        pattern = Pattern.parse(path)
        if not os.path.exists(path) and (pattern is None or not pattern.numbers()):
            raise MediaError(f"There is no example {path}.", "Check the name.", path=path)
        if os.path.isdir(path):
            raise UsageError(
                f"The example {path} is a folder.", "Give clips and images, each by its name."
            )
        if path.suffix.lower() == SUFFIX:
            load_document(path, find_media=False)


def keep_lost(shot: Shot, paths: Iterable[Path]) -> tuple[Path | Example, ...]:
    """Return paths with those of a shot's lost examples as these examples themselves.

    Where a lost example was is only what a file says: a list that merely hands it on is no reason
    to open what lies there now.
    """
    lost = {example.path: example for example in shot.examples if not example.online}
    return tuple(lost.get(_whole(path), path) for path in paths)


def _whole(path: Path) -> Path:
    """A path from the root on, without turns."""
    return Path(os.path.abspath(path))


def _examples(
    shot: Shot, given: PathLike | Shot | Example, progress: bool | Progress
) -> Sequence[Example]:
    if isinstance(given, Example):
        return [given]
    if isinstance(given, Shot):
        return shot.with_examples([given]).examples
    path = Path(given)
    if path.suffix.lower() == SUFFIX:
        projects = load_document(path).shots
        return shot.with_examples(one.shot for one in projects if one.tracked).examples
    return [_tracked(shot, _whole(path), progress)]


def _tracked(shot: Shot, path: Path, progress: bool | Progress) -> Example:
    from mien.media.probe import probe_any

    known = next((example for example in shot.examples if example.path == path), None)
    try:
        media = probe_any(path)
        used = None if known is None else known.used
        if known is not None and used is not None and used.media.fingerprint == media.fingerprint:
            return known
        tracked = track(Shot(media, ()), tracker=example_tracker(shot), progress=progress)
    except (MediaError, NoFaceError) as error:
        # One that is only lost may be found again.
        return Example(path, None, problem_of(error)) if known is None or known.online else known
    return shot.with_examples([tracked]).examples[0]


def problem_of(error: MienError) -> str:
    """Return in a few words what kept an example from being tracked."""
    return "shows no face" if isinstance(error, NoFaceError) else "cannot be read"


def example_tracker(shot: Shot) -> str:
    """Return the tracker that made a shot, so that landmarks are alike; mien's own without it."""
    from mien.tracking.registry import MEDIAPIPE, usable_trackers

    name = MEDIAPIPE if shot.made_by is None else shot.made_by.tracker
    return name if name in usable_trackers() else MEDIAPIPE
