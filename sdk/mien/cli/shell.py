"""The verbs for shells: completion of words, and the manual page.

Both are made from the commands themselves, so that they hold what `--help` holds.
"""

from __future__ import annotations

import contextlib
import io
import os
import shlex
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from mien.cli.option_names import command_line

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["COMPLETION", "add_to", "complete_word", "join_bash_words"]

COMPLETION: Final = "_MIEN_COMPLETE"
"""Set by a shell that asks what a word may become."""
_BASH: Final = "complete_bash"
_BASH_BREAKS: Final = (":", "=")
"""Signs at which Bash takes words apart, and mien does not."""
_BASH_END: Final = "    return 0\n"
_BASH_NO_SPACE: Final = (
    "    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[:=] ]] && compopt -o nospace\n"
)
"""Behind `--set mouthSmile=` a value is typed at once."""


def add_to(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    app.command()(completion)
    app.command()(man)


def completion(
    shell: Annotated[
        Literal["bash", "zsh", "fish"], typer.Argument(metavar="SHELL", help="bash, zsh or fish.")
    ],
) -> None:
    """Print what a shell needs to complete mien's commands, options and names.

    Bash: put eval "$(mien completion bash)" into ~/.bashrc. Zsh: write it to a file _mien in a
    folder of $fpath. Fish: write it to ~/.config/fish/completions/mien.fish.
    """
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        _answer(f"source_{shell}")
    typer.echo(printed.getvalue().replace(_BASH_END, _BASH_NO_SPACE + _BASH_END).strip())


def man() -> None:
    """Print the manual page, as roff: mien man > mien.1."""
    from mien.cli.manual import manual_page

    typer.echo(manual_page(command_line()), nl=False)


def complete_word() -> int:
    """Answer a shell that asks what a word may become; what goes wrong is not said in its midst.

    Returns:
        The exit code, by which fish knows whether it is to offer files.
    """
    instruction = os.environ[COMPLETION]
    answer = io.StringIO()
    try:
        begun = _join_words() if instruction == _BASH else ""
        with contextlib.redirect_stdout(answer):
            code = _answer(instruction)
    except Exception:  # noqa: BLE001 - a shell that completes shows no errors
        return 1
    text = answer.getvalue()
    if instruction == _BASH:
        # Bash takes a colon for the end of a word, and replaces only what stands behind it.
        before = begun[: begun.rfind(":") + 1]
        text = "\n".join(_bash_word(line.removeprefix(before)) for line in text.splitlines())
    if text.strip():
        typer.echo(text.rstrip("\n"))
    return code


def _answer(instruction: str) -> int:
    """Print typer's answer to a shell, and return its exit code."""
    from typer.completion import shell_complete

    # Makes typer able to: it is not, unless its own options for completion are wanted.
    typer.main.get_install_completion_arguments()
    try:
        return shell_complete(command_line(), {}, "mien", COMPLETION, instruction)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0


def _join_words() -> str:
    """Put the words in the environment together again; return the one that is completed."""
    words = os.environ["COMP_WORDS"].split("\n")
    words, number = join_bash_words(words, int(os.environ["COMP_CWORD"]))
    os.environ.update(COMP_WORDS="\n".join(words), COMP_CWORD=str(number))
    return words[number] if number < len(words) else ""


def _bash_word(word: str) -> str:
    """A word as it is typed: in quotes where Bash would take it apart."""
    return word if not word or word.endswith((":", "=")) else shlex.quote(word)


def join_bash_words(words: Sequence[str], number: int) -> tuple[list[str], int]:
    """Put words together that Bash has taken apart at `:` and `=`.

    Args:
        words: What is typed, as Bash has it: `Anna`, `:` and `jaw` for `Anna:jaw`.
        number: Index of the word that is completed.

    Returns:
        The words as they were typed, and the index of the one that is completed.
    """
    joined: list[str] = []
    at, follows = 0, False
    for index, word in enumerate(words):
        breaks = word in _BASH_BREAKS
        if len(joined) > 1 and (follows or breaks):
            joined[-1] += word
        else:
            joined.append(word)
        follows = breaks
        if index == number:
            at = len(joined) - 1
    return joined, at
