"""Whether an export corrects amounts by what is seen: chosen in its dialog, and remembered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from PySide6.QtWidgets import QApplication, QCheckBox

from mien.session.session import Session
from mien_desktop.jobs.export import ExportDialog
from mien_desktop.jobs.queue import JobQueue
from mien_desktop.jobs.serve_process import ExportTask, ServeConnection
from mien_desktop.workspace import Workspace
from tests.desktop.driving import settle, shown
from tests.plugins.conftest import colour_of, installed, project, saved, site  # noqa: F401


class Recorder:
    """Stands in for a server: hears what is asked of it."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        return {"shot": "s1"}

    def job(self, method: str, **params: Any) -> dict[str, Any]:
        self.asked = {"method": method, **params}
        return {}


@contextmanager
def opened(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ExportDialog, list[Any]]]:
    """A dialog whose exports are listed in place of being started."""
    session = Session()
    session.open(path)
    workspace = Workspace(session)
    queue = JobQueue(workspace)
    begun: list[Any] = []
    monkeypatch.setattr(queue, "export", lambda *export: begun.append(export))
    dialog = ExportDialog(workspace, queue)
    with shown(dialog):
        yield dialog, begun
    queue.close()
    workspace.close()
    queue.deleteLater()
    workspace.deleteLater()
    settle()


def _box(dialog: ExportDialog) -> QCheckBox:
    (box,) = (
        one
        for one in dialog.findChildren(QCheckBox)
        if one.text() == "Correct amounts by what is seen"
    )
    return box


def test_it_is_on_until_it_is_unchecked_and_then_remembered(
    app: QApplication,
    saved: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for wanted in (True, False):
        with opened(saved, monkeypatch) as (dialog, begun):
            assert _box(dialog).isVisible()
            if not wanted:
                _box(dialog).click()
            assert dialog.request().open_loop is not wanted
            dialog.accept()
            ((document, request),) = begun
        server = Recorder()
        ExportTask(document, request).run(cast(ServeConnection, server))
        assert server.asked["method"] == "render"
        assert server.asked["open_loop"] is not wanted
    with opened(saved, monkeypatch) as (dialog, _):
        assert not _box(dialog).isChecked()
        _box(dialog).click()
        dialog.accept()
    with opened(saved, monkeypatch) as (dialog, _):
        assert _box(dialog).isChecked()
