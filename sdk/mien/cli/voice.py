"""The verb that lets a voice drive a mouth, closes one, and moves lips to their sound."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Optional

import typer

from mien.cli.face_changes import ProjectFile
from mien.cli.options import FaceChoice, Json, Overwrite, ProjectOutput, ShotOfProject
from mien.cli.output import print_done, print_json, print_notice
from mien.errors import UsageError
from mien.model.face_names import describe_face, face_facts, read_face
from mien.model.spans import list_spans

if TYPE_CHECKING:
    from mien.model.document import Project

__all__ = ["add_to"]

_OWN: Final = "same"
"""What is typed for the shot's own sound."""
_TEXT_SUFFIXES: Final = (".txt", ".srt", ".vtt")

_Sound = Annotated[
    Optional[str],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
    typer.Argument(
        metavar="SOUND|same", help="A file of sound or a movie; `same` is the shot's own sound."
    ),
]
_Text = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--text",
        metavar="TEXT|FILE",
        help="What is said: words, or a file of them (.txt), or subtitles (.srt, .vtt). Without,"
        " phones are heard.",
    ),
]
_Phones = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(
        "--phones", metavar="FILE", help="Phones with times (.TextGrid, .json); nothing is heard."
    ),
]
_Language = Annotated[
    str,
    typer.Option(
        "--lang",
        metavar="CODE",
        help="Language of the speech: en and fr are aligned with their text, in others phones are"
        " heard.",
    ),
]
_By = Annotated[
    str,
    typer.Option(
        "--by",
        metavar="NAME",
        help="Who hears: pocketsphinx (English, with a text), soundswallower (French or English,"
        " with a text), hama (without), or auto.",
    ),
]
_Span = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--span",
        metavar="START:END",
        help="Frames in which the mouth follows, as 2s:5s; the sound begins with them.",
    ),
]
_Amount: Final = (
    "from 0 to 1.5. Without --jaw and --lips both are learned where this person speaks in the shot."
)
_Jaw = Annotated[
    Optional[float],  # noqa: UP045
    typer.Option("--jaw", metavar="X", help=f"How far the jaw goes, {_Amount}"),
]
_Lips = Annotated[
    Optional[float],  # noqa: UP045
    typer.Option("--lips", metavar="X", help=f"How far the lips go, {_Amount}"),
]


def add_to(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(voice)


def voice(
    project: ProjectFile,
    sound: _Sound = None,
    text: _Text = None,
    phones: _Phones = None,
    language: _Language = "en",
    by: _By = "auto",
    span: _Span = None,
    face: FaceChoice = None,
    jaw: _Jaw = None,
    lips: _Lips = None,
    mode: Annotated[
        str,
        typer.Option(
            "--mode",
            metavar="replace|add",
            help="In place of what the mouth does, or added to it.",
        ),
    ] = "replace",
    mute: Annotated[
        bool, typer.Option("--mute", help="Close the mouth over the span instead.")
    ] = False,
    keep_breath: Annotated[
        bool, typer.Option("--keep-breath", help="With --mute: leave pauses of the speech alone.")
    ] = False,
    resync: Annotated[
        bool,
        typer.Option(
            "--resync", help="Move the lips to the shot's own sound instead, where they slipped."
        ),
    ] = False,
    layer: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--layer", metavar="NAME", help="The layer; voice, mute or resync else."),
    ] = None,
    ease: Annotated[
        int, typer.Option("--ease", metavar="FRAMES", help="Frames to go over in, at both ends.")
    ] = 6,
    which: ShotOfProject = None,
    output: ProjectOutput = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Let a voice drive a mouth: keys in a layer of the project, from sound.

    Eyes, brows, head and smile stay the performance's. `mien render --audio` puts the sound into
    the film.
    """
    own = None if face is None else read_face(face)
    if mute and resync:
        raise UsageError("--mute and --resync are two things.", "Give them one after the other.")
    if mute or resync:
        _check_alone("--mute" if mute else "--resync", sound, text, phones, jaw, lips)
    if keep_breath and not mute:
        raise UsageError("--keep-breath goes with --mute.", "Add it, or leave this out.")
    facts: dict[str, Any] = {}
    common = {"span": span, "face": own, "ease": ease, "progress": True}
    if layer is not None:
        common["layer"] = layer
    if mute:
        change = _muting(facts, keep_breath, common)
    elif resync:
        change = _resyncing(facts, common)
    else:
        heard = {"language": language, "by": by, "mode": mode}
        change = _voicing(facts, sound, text, phones, (jaw, lips), heard | common)
    _write(project, change, which, output, overwrite)
    if json:
        print_json({"project": str(output or project)} | facts)
        return
    for note in facts.get("notes", ()):
        print_notice(note)
    print_done(facts["told"])
    print_notice(f"wrote {output or project}")


def _check_alone(option: str, *others: object) -> None:
    if any(value is not None for value in others):
        raise UsageError(
            f"{option} takes no sound, text, phones or amounts.",
            f"Give the project, {option} and a --span.",
        )


def _write(
    path: Path,
    change: Callable[[Project], Project],
    which: str | None,
    output: Path | None,
    overwrite: bool,
) -> None:
    """Change one shot of a project file in a way that `mien edit --undo` takes back."""
    from mien.api.edits import with_history
    from mien.io.changing import hold_project
    from mien.io.project import check_project, find_shots, load_document, save_document

    place = output or path
    check_project(place, overwrite=overwrite or output is None)
    with hold_project(path, output) as version:
        document = find_shots(load_document(path, find_media=False), path)
        before = document.choose(which, path.name)
        after = with_history(before, change(before), "voice")
        save_document(document.with_shot(after), place, version)


def _voicing(
    facts: dict[str, Any],
    sound: str | None,
    text: str | None,
    phones: Path | None,
    amounts: tuple[float | None, float | None],
    options: dict[str, Any],
) -> Callable[[Project], Project]:
    if sound is None:
        raise UsageError(
            "A voice is a sound.", f"Give a file, or `{_OWN}` for the sound of the shot itself."
        )
    if text is not None and phones is not None:
        raise UsageError("--text and --phones are one thing each.", "Give one of them.")

    def change(project: Project) -> Project:
        from mien import api
        from mien.model.voice import MouthAmounts
        from mien.speech.files import read_phones

        given = MouthAmounts.given(*amounts)
        spoken = api.voice(
            project,
            None if sound == _OWN else Path(sound),
            text=_words(text),
            speech=None if phones is None else read_phones(phones),
            amounts=given,
            **options,
        )
        made = spoken.layer.voice
        assert made is not None
        target = spoken.project.shot.face(spoken.face)
        keys = sum(len(track.keys) for track in spoken.layer.tracks)
        facts.update(
            face=face_facts(target),
            layer=spoken.layer.name,
            frames=[made.span.start, made.span.stop],
            phones=[
                {"phone": p.name, "start": round(p.start, 3), "stop": round(p.stop, 3)}
                for p in made.speech.phones
            ],
            words=[
                {"word": w.text, "start": round(w.start, 3), "stop": round(w.stop, 3)}
                for w in made.speech.words
            ],
            heard_by=made.speech.by,
            amounts={"jaw": made.amounts.jaw, "lips": made.amounts.lips, "learned": spoken.learned},
            keys=keys,
            notes=list(spoken.notes),
            told=f"{describe_face(target)} says {len(made.speech.spoken)} phones"
            f" ({made.speech.by}) in frames {made.span}: {keys} keys in layer"
            f" '{spoken.layer.name}', jaw {made.amounts.jaw:.2f} and lips {made.amounts.lips:.2f}"
            + (", learned from the shot" if spoken.learned else ""),
        )
        return spoken.project

    return change


def _words(text: str | None) -> str | Path | None:
    """A transcript, or the file that holds one."""
    if text is not None and text.lower().endswith(_TEXT_SUFFIXES):
        return Path(text)
    return text


def _muting(
    facts: dict[str, Any], keep_breath: bool, options: dict[str, Any]
) -> Callable[[Project], Project]:
    def change(project: Project) -> Project:
        from mien import api

        muted = api.mute_mouth(project, keep_breath=keep_breath, **options)
        target = muted.project.shot.face(muted.face)
        facts.update(
            face=face_facts(target),
            spans=[[span.start, span.stop] for span in muted.spans],
            told=f"the mouth of {describe_face(target)} is shut in frames"
            f" {list_spans(muted.spans)}",
        )
        return muted.project

    return change


def _resyncing(facts: dict[str, Any], options: dict[str, Any]) -> Callable[[Project], Project]:
    def change(project: Project) -> Project:
        from mien import api

        moved = api.resync_mouth(project, **options)
        slip = moved.slip
        way = "after" if slip.seconds > 0 else "before"
        told = (
            f"lips come {abs(slip.seconds) * 1000:.0f} ms {way} the sound"
            f" (confidence {slip.confidence:.2f})"
        )
        facts.update(
            face=face_facts(moved.project.shot.face(moved.face)),
            seconds=round(slip.seconds, 3),
            confidence=round(slip.confidence, 3),
            frames=[moved.span.start, moved.span.stop],
            moved=moved.moved,
            told=f"{told}: {'moved' if moved.moved else 'left where they are'} in frames"
            f" {moved.span}",
        )
        return moved.project

    return change
