"""The program `mien-desktop`."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import (
    QMessageLogContext,
    QSocketNotifier,
    QTimer,
    QtMsgType,
    qInstallMessageHandler,
)
from PySide6.QtWidgets import QApplication

import mien
from mien.errors import MissingDependencyError, as_mien_error
from mien.media.apart import decode_apart
from mien_desktop import theme
from mien_desktop.garbage import MainThreadCollector
from mien_desktop.preferences import preview_renderer, proxy_store
from mien_desktop.window import Window
from mien_desktop.workspace import Workspace

__all__ = ["launch", "main", "run"]

_NO_DISPLAY = (
    "Qt cannot open a window here. Start it where there is a display; on Linux with X it needs"
    " libxcb-cursor0, libxcb-icccm4 and libxcb-keysyms1 of the system's packages."
)


def run() -> int:
    """Run the program with the arguments of the process."""
    return main(sys.argv[1:])


def main(arguments: Sequence[str] = ()) -> int:
    """Show the window until it is closed.

    Args:
        arguments: Files to open: a project, or clips.

    Returns:
        The exit code.
    """
    window = launch(arguments)
    app = QApplication.instance()
    assert app is not None
    window.ended.connect(app.quit)
    # What was imported stays: looking through it again and again would hold up the window.
    gc.freeze()
    return app.exec()


def launch(arguments: Sequence[str] = ()) -> Window:
    """Show the window; the rest happens when events are handled.

    Args:
        arguments: Files to open: a project, or clips.
    """
    app = _application()
    app.setApplicationName("mien")
    app.setApplicationVersion(mien.__version__)
    app.setDesktopFileName("mien")
    theme.dress(app)
    # A codec that stumbles over a file ends another process, and not the editor.
    decode_apart()
    window = Window(Workspace(proxies=proxy_store, renderer=preview_renderer))
    window.ended.connect(MainThreadCollector(window).close)
    _report_bugs(window)
    _end_on_signals(window)
    window.show()
    paths = [Path(name).absolute() for name in arguments]
    QTimer.singleShot(0, window, lambda: window.begin(paths))
    return window


def _application() -> QApplication:
    """Make the application; where no window can be opened, end the process with the reason."""

    def hear(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
        if kind == QtMsgType.QtFatalMsg:
            # Qt ends the process once this returns, and dumps it.
            sys.stderr.write(f"mien: error: {_NO_DISPLAY}\n")
            sys.stderr.flush()
            os._exit(MissingDependencyError.exit_code)
        if kind != QtMsgType.QtDebugMsg:
            sys.stderr.write(f"{message}\n")

    before = qInstallMessageHandler(hear)
    try:
        return QApplication([sys.argv[0]])
    finally:
        qInstallMessageHandler(before)


def _report_bugs(window: Window) -> None:
    """Show unforeseen errors as a message; the document stays, and is autosaved."""

    def report(error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None or isinstance(error, KeyboardInterrupt):
            return
        traceback.print_exception(type(error), error, trace)
        shown = as_mien_error(error, "Your work is kept. Please report it with the details.")
        window.workspace.later(lambda: window.show_problem(shown))

    sys.excepthook = lambda kind, error, trace: report(error, trace)
    threading.excepthook = lambda args: report(args.exc_value, args.exc_traceback)
    window.ended.connect(_forget_hooks)


def _forget_hooks() -> None:
    """Remove the hooks: without the window, errors are only written down."""
    sys.excepthook = sys.__excepthook__
    threading.excepthook = threading.__excepthook__


def _end_on_signals(window: Window) -> None:
    """Let Ctrl-C in a terminal, and `kill`, end the program in order.

    Python's handlers run only when Qt calls into Python; a socket that the signal is written to
    wakes it. Unsaved work is kept for recovery.
    """
    reading, writing = socket.socketpair()
    writing.setblocking(False)
    signal.set_wakeup_fd(writing.fileno())
    notifier = QSocketNotifier(reading.fileno(), QSocketNotifier.Type.Read, window)

    def arrived() -> None:
        reading.recv(64)
        window.stop()

    def end() -> None:
        notifier.setEnabled(False)
        signal.set_wakeup_fd(-1)
        writing.close()
        reading.close()

    notifier.activated.connect(arrived)
    window.ended.connect(end)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: None)
