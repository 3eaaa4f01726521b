"""Fixtures of the window's tests: an application that forgives no warning and no leak."""

from __future__ import annotations

import gc
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

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

_opened_here: list[str] = []
"""What was opened in the process of the window."""
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


@pytest.fixture(scope="package", autouse=True)
def _decoded_apart() -> Iterator[None]:
    """Media are decoded by another process, as in the program; what is not is noted."""
    from mien.media import exr, opening
    from mien.media.apart import decode_here

    with pytest.MonkeyPatch.context() as patch:
        for name, opener in (("open_input", opening.open_input), ("read_exr", exr.read_exr)):
            for module in [*sys.modules.values()]:
                if getattr(module, name, None) is opener:
                    patch.setattr(module, name, _watched(opener))
        yield
        decode_here()


def _watched(opener: Callable[..., Any]) -> Callable[..., Any]:
    """What opens a file, noting that the window did so in its own process."""
    from mien.media.apart import decoding_process

    def watched(path: Path, *args: Any, **kwargs: Any) -> Any:
        asked_by = traceback.extract_stack()
        if decoding_process() is not None and any(map(_of_the_window, asked_by)):
            _opened_here.append(f"{path.name}: {' > '.join(f.name for f in asked_by[-12:])}")
        return opener(path, *args, **kwargs)

    return watched


def _of_the_window(frame: traceback.FrameSummary) -> bool:
    return any(part in frame.filename for part in ("mien_desktop", f"mien{os.sep}preview"))


@pytest.fixture(autouse=True)
def _nothing_opened_here() -> Iterator[None]:
    """A test in which the window opens media itself fails: a codec's crash would be its own."""
    from mien.media.apart import decode_apart

    decode_apart()  # a test elsewhere may have ended it
    _opened_here.clear()
    yield
    assert not _opened_here, f"opened in the editor's own process: {_opened_here}"


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
