"""How much a command says, and where: on standard error, as progress, in a log file.

Everything that is said goes through the logger `mien.cli`; what rooms below log goes through their
own loggers, as `mien.api.rendering`. `--quiet` and `--verbose` choose what of it standard error
shows, `--log` keeps it with the time.
"""

from __future__ import annotations

import contextlib
import logging
import platform
import shlex
import sys
import time
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mien.errors import MienError, OutputError, UsageError
from mien.progress import ProgressDisplay, set_progress_display

__all__ = ["MESSAGE_OPTIONS", "begin_messages", "end_messages", "is_quiet", "log_error", "log_text"]

MESSAGE_OPTIONS: Final = ("verbose", "quiet", "log")
"""Names of the options that every command has."""
_ROOT: Final = "mien"
_LOG = logging.getLogger("mien.cli")
_SAID: Final = {"said": True}
"""Marks what standard error shows anyway."""
_LONGEST_HEAD: Final = 1024
"""Bytes of a file by which text is told from other data."""

# Who uses mien as a library decides what is shown of its log.
logging.getLogger(_ROOT).addHandler(logging.NullHandler())


@dataclass(slots=True)
class _State:
    quiet: bool = False
    handlers: list[logging.Handler] = field(default_factory=list)
    begun: float = 0.0


_STATE: ContextVar[_State | None] = ContextVar("messages", default=None)


def begin_messages(
    command: str,
    arguments: Sequence[str],
    *,
    verbose: bool = False,
    quiet: bool = False,
    log: str | None = None,
) -> None:
    """Begin to say what a command does, as much of it as is asked for.

    Args:
        command: How it is called, as `mien render`.
        arguments: What follows; no file among them is taken for the log.
        verbose: Whether each step is said.
        quiet: Whether only errors are.
        log: A file to which all of it is appended; None for none.

    Raises:
        UsageError: When it is to be quiet and verbose.
        OutputError: When the log cannot be written, or is no log.
    """
    end_messages()
    if verbose and quiet:
        raise UsageError("--quiet says less and --verbose more.", "Leave one of them out.")
    state = _State(quiet=quiet, begun=time.monotonic())
    if log is not None:
        state.handlers.append(_log_file(Path(log), arguments, verbose=verbose))
    if sys.stderr is not None and not quiet:
        shown = logging.StreamHandler(sys.stderr)
        pattern = "%(relativeCreated)8.0f ms  %(message)s" if verbose else "%(message)s"
        shown.setFormatter(logging.Formatter(pattern))
        shown.setLevel(logging.DEBUG if verbose else logging.WARNING)
        shown.addFilter(lambda record: not hasattr(record, "said"))
        state.handlers.append(shown)
    root = logging.getLogger(_ROOT)
    for handler in state.handlers:
        root.addHandler(handler)
    if verbose or log is not None:
        root.setLevel(logging.DEBUG if verbose else logging.INFO)
    _STATE.set(state)
    lines = None if quiet or sys.stderr is None else _print_line
    record = _LOG.info if log is not None else None
    set_progress_display(ProgressDisplay(bars=not quiet, lines=lines, record=record))
    _LOG.info("%s", shlex.join([*command.split(), *arguments]))
    if _LOG.isEnabledFor(logging.DEBUG):  # asking the machine takes longer than saying it
        from mien import __version__

        _LOG.debug(
            "mien %s, Python %s, %s", __version__, platform.python_version(), platform.platform()
        )


def end_messages(exit_code: int | None = None) -> None:
    """End what `begin_messages` began.

    Args:
        exit_code: How the command ended; None where that is not to be said.
    """
    state = _STATE.get()
    if state is None:
        return
    if exit_code is not None:
        _LOG.info("exit code %d after %.1f s", exit_code, time.monotonic() - state.begun)
    root = logging.getLogger(_ROOT)
    for handler in state.handlers:
        root.removeHandler(handler)
        with contextlib.suppress(OSError):
            handler.close()
    root.setLevel(logging.NOTSET)
    _STATE.set(None)
    set_progress_display(ProgressDisplay())


def is_quiet() -> bool:
    """Whether nothing but errors is to be said."""
    state = _STATE.get()
    return state is not None and state.quiet


def log_text(text: str) -> None:
    """Keep in the log what is said to the user."""
    _LOG.info("%s", text, extra=_SAID)


def log_error(error: MienError) -> None:
    """Keep an error in the log; with where it comes from, if it is a bug or --verbose is asked."""
    cause = error.__cause__
    _LOG.error("%s", error, extra=_SAID)
    if type(error) is MienError and cause is not None:
        _LOG.error("where it comes from:", exc_info=cause, extra=_SAID)
    else:
        _LOG.debug("where it comes from:", exc_info=error)


def _log_file(path: Path, arguments: Sequence[str], *, verbose: bool) -> logging.Handler:
    """What appends to a log file.

    Raises:
        OutputError: When it cannot be opened, is another of the command's files, or is no text.
    """
    remedy = "Choose another file for --log."
    try:
        if path.exists():
            if sum(_is_same(path, argument) for argument in arguments) > 1:
                raise OutputError(f"{path} is also another file of this command.", remedy)
            with path.open("rb") as file:
                head = file.read(_LONGEST_HEAD)
            if not _text(head):
                raise OutputError(f"{path} is there, and is no log.", remedy, path=path)
        handler = logging.FileHandler(path, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        reason = (error.strerror or "denied").lower()
        raise OutputError(f"The log {path} cannot be written: {reason}.", remedy) from error
    handler.setFormatter(
        logging.Formatter(
            "%(asctime)s.%(msecs)03d %(levelname)-5s %(message)s", "%Y-%m-%d %H:%M:%S"
        )
    )
    handler.setLevel(logging.DEBUG if verbose else logging.INFO)
    return handler


def _is_same(path: Path, argument: str) -> bool:
    name = argument.partition("=")[2] if argument.startswith("--") else argument
    try:
        return path.samefile(name)
    except (OSError, ValueError):
        return False


def _text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4  # a letter that the end of the head divides
    return all(sign.isprintable() or sign in "\t\r\n\f" for sign in text)


def _print_line(text: str) -> None:
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)  # noqa: T201
