"""Fixtures of the window's tests: an application that forgives no warning and no leak."""

from __future__ import annotations

import gc
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from tests.desktop.driving import settle
from tests.footage import made_once

if TYPE_CHECKING:
    from mien_desktop.faces.repairs import FaceRepairs
    from mien_desktop.timeline.panel import TimelinePanel
    from mien_desktop.window import Window
    from mien_desktop.workspace import Workspace

FRAMES = 48
"""Length of the short clip, so that it is tracked in two seconds."""


@pytest.fixture(scope="session")
def app() -> QApplication:
    """The one application of a test process."""
    from mien_desktop import theme

    app = QApplication.instance() or QApplication(["mien-desktop"])
    assert isinstance(app, QApplication)
    app.setQuitOnLastWindowClosed(False)
    theme.dress(app)
    return app


@pytest.fixture(autouse=True)
def _homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings, notes and recovery of each test are its own."""
    for name in ("CONFIG", "STATE", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def _no_warnings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A test in which Qt warns of something fails, and one in which a slot raises."""
    said: list[str] = []
    raised: list[BaseException] = []
    monkeypatch.setattr(sys, "excepthook", _noting(raised))

    def handle(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
        # The offscreen platform says so of every window that asks for a least size.
        if kind != QtMsgType.QtDebugMsg and not message.startswith("This plugin does not support"):
            said.append(message)

    before = qInstallMessageHandler(handle)
    yield
    qInstallMessageHandler(before)
    if raised:
        raise raised[0]
    assert not said, f"Qt warned: {said}"


def _noting(raised: list[BaseException]) -> Callable[..., None]:
    """A hook that shows what a slot raised at once, for when the test fails of it later."""

    def hook(kind: type[BaseException], error: BaseException, trace: object) -> None:
        traceback.print_exception(error)
        raised.append(error)

    return hook


@pytest.fixture(autouse=True)
def _own_garbage(_no_warnings: None) -> Iterator[None]:
    """Garbage is collected on the main thread, as in the program, and none is left to others."""
    gc.disable()
    yield
    gc.collect()
    gc.enable()


@pytest.fixture(autouse=True)
def _no_leaks(_own_garbage: None) -> Iterator[None]:
    """A test that leaves windows behind fails."""
    before = set(map(id, QApplication.topLevelWidgets()))
    yield
    if QApplication.instance() is None:
        return
    settle()
    if _left(before):
        gc.collect()
        settle()
    left = _left(before)
    assert not left, f"left behind: {left}"


def _left(before: set[int]) -> list[str]:
    return [
        f"{type(widget).__name__} {widget.accessibleName() or widget.windowTitle()!r}"
        for widget in QApplication.topLevelWidgets()
        if id(widget) not in before and widget.metaObject().className() != "QTipLabel"
    ]


@pytest.fixture(scope="session")
def short_clip(talk_720p: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first 48 frames of a talking head, 1280 x 720, with sound; beside it its project."""
    import mien

    def make(folder: Path) -> None:
        folder.mkdir()
        path = folder / "talk.mp4"
        mien.render(talk_720p, path, frames=f"0:{FRAMES}", progress=False)
        mien.save_project(mien.track(path, progress=False), path.with_suffix(".mien"))

    return made_once(tmp_path_factory, "short-talk", make) / "talk.mp4"


@pytest.fixture(scope="session")
def tracked(short_clip: Path) -> Path:
    """A project of the short clip, tracked, without edits."""
    return short_clip.with_suffix(".mien")


@pytest.fixture
def workspace(app: QApplication, tracked: Path) -> Iterator[Workspace]:
    """The tracked project in a workspace; what it reports as a problem fails the test."""
    from mien.session.session import Session
    from mien_desktop.workspace import Workspace

    session = Session()
    session.open(tracked)
    workspace = Workspace(session)
    problems: list[object] = []
    workspace.problem.connect(problems.append)
    yield workspace
    workspace.close()
    workspace.deleteLater()
    assert not problems, f"problems were reported: {problems}"


@pytest.fixture
def repairs(workspace: Workspace) -> Iterator[FaceRepairs]:
    """Repairs of the faces of the tracked project."""
    from mien_desktop.background import Background
    from mien_desktop.faces.repairs import FaceRepairs

    background = Background(workspace)
    yield FaceRepairs(workspace, background)
    background.close()


@pytest.fixture
def main_window(app: QApplication) -> Iterator[Window]:
    """The whole window, empty, 1280 x 720."""
    from mien_desktop.window import Window
    from mien_desktop.workspace import Workspace

    window = Window(Workspace())
    window.resize(1280, 720)
    window.show()
    settle()
    yield window
    window.stop()
    window.deleteLater()
    settle()


@pytest.fixture
def keyed(workspace: Workspace) -> Workspace:
    """A smile and a jaw over the first frames, on one layer."""
    from tests.desktop.timelines import key_them

    workspace.apply("Key", key_them)
    return workspace


@pytest.fixture
def timeline(keyed: Workspace) -> Iterator[TimelinePanel]:
    """A timeline of them."""
    from mien_desktop.timeline.panel import TimelinePanel
    from tests.desktop.driving import shown

    with shown(TimelinePanel(keyed), 900, 420) as panel:
        yield panel
