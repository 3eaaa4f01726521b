"""The command `mien`: its verbs, its exit codes, its errors."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from types import FrameType

import typer
from typer.exceptions import TyperException

from mien.cli import (
    apply,
    batch,
    bench,
    consent,
    curves,
    cuts,
    demo,
    desktop,
    edit,
    face_repairs,
    info,
    probe,
    provenance,
    read,
    relink,
    report,
    retouch,
    serve,
    shell,
    shots,
    smooth,
    system,
    train,
    voice,
)
from mien.cli.command import App
from mien.cli.messages import end_messages
from mien.cli.option_names import set_app
from mien.cli.output import print_error, set_command
from mien.cli.wrong_values import explain_value
from mien.errors import MienError, OperationCancelledError, UsageError, as_mien_error

_INTERRUPTED = 130
"""What typer makes of KeyboardInterrupt."""

app = App(
    name="mien",
    help="Edit facial expressions in video; only the expression changes.",
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        from mien import __version__

        typer.echo(f"mien {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    """Edit facial expressions in video; only the expression changes."""


demo.add_to(app)
probe.add_to(app)
shots.add_to(app)
edit.add_to(app)
apply.add_to(app)
cuts.add_to(app)
batch.add_to(app)
curves.add_to(app)
info.add_to(app)
read.add_to(app)
smooth.add_to(app)
relink.add_to(app)
report.add_to(app)
voice.add_to(app)
app.add_typer(face_repairs.faces, name="faces")
app.add_typer(consent.consent, name="consent")
app.add_typer(provenance.provenance, name="provenance")
app.add_typer(retouch.jobs, name="retouch")
app.add_typer(bench.bench, name="bench")
train.add_to(app)
serve.add_to(app)
desktop.add_to(app)
system.add_to(app)
shell.add_to(app)
set_app(app)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: The arguments; those of the process when not given.

    Returns:
        The exit code; see `EXIT_CODES`.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    set_command("mien")
    if shell.COMPLETION in os.environ:
        return shell.complete_word()
    _fill_standard_streams()
    if threading.current_thread() is threading.main_thread():
        # A killed render cleans up as one stopped by Ctrl-C does.
        signal.signal(signal.SIGTERM, _interrupt)
    code: int | None = None
    try:
        code = _run(arguments)
    except Exception as error:  # noqa: BLE001 - the last resort: a bug, told in one line
        told = as_mien_error(error, "Please report it; MIEN_TRACEBACK=1 shows where.")
        code = _refused(told, arguments)
    finally:
        end_messages(code)
    return code


def _run(arguments: list[str]) -> int:
    try:
        code = app(arguments, prog_name="mien", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        _forget_stdout()
        return 0
    except SystemExit:
        return 0  # typer's own answer to a closed pipe
    except (KeyboardInterrupt, typer.Abort) as error:
        raise _cancelled() from error
    except TyperException as error:
        message = explain_value(error)
        if type(error).__name__ == "NoArgsIsHelpError":
            # Called with nothing to do: the help is the answer.
            typer.echo(message)
            return UsageError.exit_code
        if type(error).__name__ == "NoSuchOption":
            # Quoted, it is said as it was typed, and not with a command that has it.
            message = re.sub(r"(--?[\w-]+)", r"'\1'", message, count=1)
        if not message.endswith((".", "?", "!")):
            message += "."
        raise UsageError(message, f"`{_help(arguments)}` shows how.") from error
    if code == _INTERRUPTED:
        raise _cancelled()
    return code if isinstance(code, int) else 0


def _help(arguments: list[str]) -> str:
    verbs = {
        command.name or command.callback.__name__
        for command in app.registered_commands
        if command.callback
    }
    groups = {
        group.name: {
            command.name or getattr(command.callback, "__name__", "")
            for command in group.typer_instance.registered_commands
        }
        for group in app.registered_groups
        if group.name and group.typer_instance
    }
    first, *rest = arguments or [""]
    if rest and rest[0] in groups.get(first, ()):
        return f"mien {first} {rest[0]} --help"
    return f"mien {first} --help" if first in verbs | set(groups) else "mien --help"


def _cancelled() -> OperationCancelledError:
    return OperationCancelledError("Stopped.", "Nothing unfinished was left behind.")


def _fill_standard_streams() -> None:
    """Open those that are closed on nothing, as the first files that are opened would be them.

    Else what a library says to standard error would go into the output.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free


def _forget_stdout() -> None:
    """Nothing more goes to standard output, not even what Python flushes at exit."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _refused(error: MienError, arguments: list[str]) -> int:
    if os.environ.get("MIEN_TRACEBACK") == "1":
        traceback.print_exception(error)
    print_error(error, as_json="--json" in arguments)
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        _forget_stdout()
    return error.exit_code
