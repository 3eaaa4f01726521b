"""`--save` and `--save-as`: what is typed for a render is kept in a project, too."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from mien.cli.added_options import added_option, with_added_options
from mien.cli.edit import LAYER, apply_typed, describe_typed, face_of_unnamed
from mien.cli.output import print_notice
from mien.errors import UsageError
from mien.model.assignments import Assignment, make_edits

if TYPE_CHECKING:
    from mien.model.document import Project
    from mien.model.edits import Edit
    from mien.model.renderer_settings import RendererSettings

__all__ = ["Saving", "with_save_options"]

_Save = Annotated[
    bool,
    typer.Option(
        "--save",
        help="Keep what is set in the project, too, as `mien edit` does; of a movie or a sequence"
        " in a new one beside the output.",
    ),
]
_SaveAs = Annotated[
    Optional[Path],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
    typer.Option("--save-as", metavar="FILE.mien", help="The same, in a project of this name."),
]


@dataclass(frozen=True, slots=True)
class Saving:
    """Where a render's edits are kept.

    Attributes:
        enabled: Whether they are.
        file: The project that was named; None for the usual one.
    """

    enabled: bool = False
    file: Path | None = None

    def target(
        self, source: Path, output: Path, sets: Sequence[Assignment], *, overwrite: bool
    ) -> Path | None:
        """Return the project that is written; None for none.

        Args:
            source: What is rendered.
            output: What is written.
            sets: What is set.
            overwrite: Whether a project that is there may be replaced; the one that is rendered
                may always be.

        Raises:
            OutputError: When it cannot be put there.
        """
        from mien.io.project import SUFFIX, check_project

        if not self.enabled and self.file is None:
            return None
        own = source.suffix.lower() == SUFFIX
        if not own and not sets:
            raise UsageError(
                f"Nothing is set that could be kept of {source.name}.",
                "Add --set, or make a project of it with `mien track`.",
            )
        place = self.file or (source if own else output.with_suffix(SUFFIX))
        if "%" in place.name and self.file is None:
            raise UsageError(
                f"A sequence such as {output.name} has no project beside it.",
                "Name it with --save-as.",
            )
        check_project(place, overwrite=overwrite or (own and place == source))
        return place

    def applied(
        self,
        target: Path | None,
        source: Path,
        which: str | None,
        project: Project,
        sets: Sequence[Assignment],
        settings: tuple[str, RendererSettings | Mapping[str, Any] | None],
        examples: Sequence[Path],
        frames: str | None,
    ) -> tuple[Project, tuple[Edit, ...]]:
        """Return the project to be rendered, and edits on top of it; one that is kept has all.

        Args:
            target: The project that is written; None for none.
            source: What is rendered.
            which: The shot of it that is meant.
            project: What is rendered, tracked; a project without its raw landmarks.
            sets: What is set.
            settings: Name of the renderer, and its settings.
            examples: Other material of the people.
            frames: Frames that are rendered, as typed; None for all.

        Raises:
            ConsentError: When the policy does not permit the render; nothing is kept then.
        """
        from mien import api
        from mien.api.edits import with_history
        from mien.io.project import SUFFIX
        from mien.model.edits import stacked_edits
        from mien.rendering.registry import settings_owner

        renderer, values = settings
        main = face_of_unnamed(project.shot, sets)
        edits = make_edits(project.shot, sets, main, LAYER)
        if target is None:
            return project, edits
        whole = stacked_edits(project.shot, (*project.edits, *edits))
        # Whether it is signed was looked at before.
        api.check_consent(replace(project, edits=whole), frames, provenance=True)
        if examples:
            project = api.set_examples(project, [*project.shot.examples, *examples])

        def change(before: Project) -> Project:
            shot = replace(before.shot, examples=project.shot.examples,
                           occlusion=project.shot.occlusion)  # fmt: skip
            kept = before.with_faces_of(shot)
            if values is not None:
                kept = kept.with_settings(settings_owner(renderer), values)
            return apply_typed(kept, sets, main, None)

        title = describe_typed(sets, None)
        if source.suffix.lower() == SUFFIX:
            other = None if target == source else target
            kept = api.edit_project(source, change, which, title=title, output=other,
                                    overwrite=True)  # fmt: skip
        else:
            kept = with_history(project, change(project), title)
            api.save_project(kept, target)
        print_notice(f"wrote {target}")
        return replace(project, edits=kept.edits, settings=kept.settings), ()


def with_save_options(verb: Callable[..., None]) -> Callable[..., None]:
    """Give a verb `--save` and `--save-as`; it gets them as its argument `saving`, a `Saving`."""

    def read(values: dict[str, Any]) -> Saving:
        return Saving(values.pop("save"), values.pop("save_as"))

    options = (added_option("save", _Save, False), added_option("save_as", _SaveAs))
    return with_added_options(verb, "saving", options, read)
