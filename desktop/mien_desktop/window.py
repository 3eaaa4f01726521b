"""The window: panels, menus, drag and drop, and an orderly end."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QLabel, QMainWindow, QMessageBox, QWidget

import mien
from mien.errors import MienError
from mien.media.apart import abandon_decoding
from mien_desktop.actions import Actions
from mien_desktop.autosave import Autosave, RecoveryDialog
from mien_desktop.background import Background
from mien_desktop.command import Command
from mien_desktop.controls.palette import PalettePanel
from mien_desktop.controls.panel import ControlsPanel
from mien_desktop.curve_files import CurveFiles
from mien_desktop.curves.panel import CurvesPanel
from mien_desktop.documents import Documents
from mien_desktop.faces.repairs import FaceRepairs
from mien_desktop.jobs.badge import JobsBadge
from mien_desktop.jobs.panel import JobsPanel
from mien_desktop.jobs.queue import JobQueue
from mien_desktop.jobs.reporting import ExportReports
from mien_desktop.keymap import Keymap
from mien_desktop.layout import Layout
from mien_desktop.loading import Loading, first_picture
from mien_desktop.menus import build_menus, window_commands
from mien_desktop.performance.applying import PerformanceApplying
from mien_desktop.performance.neutral import NeutralChoice
from mien_desktop.performance.retouch_panel import RetouchPanel
from mien_desktop.performance.voice_panel import VoicePanel
from mien_desktop.reading import ReadingBar
from mien_desktop.reports.last import LastReports
from mien_desktop.settings import settings
from mien_desktop.shots.panel import ShotsPanel
from mien_desktop.shots.thumbnails import Thumbnails
from mien_desktop.timeline.panel import TimelinePanel
from mien_desktop.tour import Tour, tour_was_seen
from mien_desktop.tour_steps import tour_steps
from mien_desktop.tracking_placeholder import TrackingPlaceholder
from mien_desktop.transport.bar import TransportBar
from mien_desktop.viewer.panel import ViewerPanel
from mien_desktop.voices.work import VoiceWork
from mien_desktop.workspace import Workspace

if TYPE_CHECKING:
    from mien.session.recovery import Recoverable, Recovered

__all__ = ["Window"]

_GEOMETRY = "window/geometry"
_MESSAGE_MS = 8000
_STATUS_HEIGHT = 24
_PAINTED_MS = 300
"""After which the window is painted, and packages are loaded that only clips need."""


class Panel(Protocol):
    """A panel as the window sees it."""

    def commands(self) -> tuple[Command, ...]:
        """Return the commands of the panel."""
        ...

    def close(self) -> bool:
        """Stop everything that runs in it."""
        ...


class Window(QMainWindow):
    """The main window.

    Args:
        workspace: What it shows; the window ends it when it is closed.
    """

    ended = Signal()
    """It was closed, and nothing of it runs any more."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self.workspace = workspace
        workspace.setParent(self)
        self.background = Background(workspace)
        self.documents = Documents(workspace, self.background, self)
        self.curve_files = CurveFiles(workspace, self.background, self)
        self.queue = JobQueue(workspace, self)
        self.reports = LastReports(workspace, self)
        self.export_reports = ExportReports(workspace, self.queue, self.reports, self)
        self.autosave = Autosave(workspace, self)
        self.performances = PerformanceApplying(workspace, self.background, self)
        self.tour: Tour | None = None
        self._may_close = self._ended = self._keep = False
        self._make_panels()
        self.panels = Layout(
            left=(("Shots", self.shots), ("Jobs", self.jobs)),
            centre=(self.viewer, self.transport),
            right=(
                ("Controls", self.controls),
                ("Expressions", self.expressions),
                ("Retouch", self.retouch),
                ("Voice", self.voice),
            ),
            bottom=(("Timeline", self.timeline_place), ("Curves", self.curves_place)),
        )
        self.setCentralWidget(self.panels)
        self.menu_actions = Actions(self, self._scopes(), self._commands())
        build_menus(self.menuBar(), self.menu_actions, self.documents)
        self._message = QLabel()
        self.statusBar().addWidget(self._message, 1)
        self.statusBar().setSizeGripEnabled(False)
        # What comes and goes in it must not move the picture.
        self.statusBar().setFixedHeight(_STATUS_HEIGHT)
        badge = JobsBadge(self.queue)
        badge.clicked.connect(lambda: self.panels.bring(self.jobs))
        self.statusBar().addPermanentWidget(ReadingBar(self.documents.readings))
        self.statusBar().addPermanentWidget(badge)
        self._quiet = QTimer(self, singleShot=True, interval=_MESSAGE_MS)
        self._quiet.timeout.connect(self._message.clear)
        self._connect()
        self.setAcceptDrops(True)
        self.setMinimumSize(960, 600)
        self._recall()
        self._retitle()
        # Not a field, into which the first key would be typed.
        self.viewer.canvas.setFocus()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open a project that is dropped, add clips."""
        names = [url.toLocalFile() for url in event.mimeData().urls()]
        paths = [Path(name) for name in names if name]
        if paths:
            event.acceptProposedAction()
            # The program that was dragged from waits until this returns.
            QTimer.singleShot(0, self, partial(self.documents.open_paths, paths))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask about unsaved changes and running jobs first."""
        if not self._may_close:
            event.ignore()
            self.leave()
            return
        self._end()
        super().closeEvent(event)

    def leave(self) -> None:
        """Close the window, after asking about unsaved changes and running jobs."""
        self.documents.when_saved(self._ask_about_jobs)

    def stop(self) -> None:
        """Close without asking; what is not saved can be recovered at the next start."""
        self._keep = True
        self._close()

    def track(self) -> None:
        """Track the current shot."""
        if self.workspace.project is not None:
            self._track(self.workspace.project.id)

    def track_span(self) -> None:
        """Track the frames of the current shot between its in and out points."""
        project = self.workspace.project
        if project is not None and project.span is not None:
            self.queue.track(project.id, project.span)

    def solve(self) -> None:
        """Solve the faces of the current shot again."""
        if self.workspace.project is not None:
            self._solve(self.workspace.project.id)

    def ask_examples(self) -> None:
        """Show which examples the current shot has."""
        from mien_desktop.jobs.examples import ExamplesDialog

        project = self.workspace.project
        if project is not None and project.online:
            dialog = ExamplesDialog(self.workspace, self.queue, project.id, self)
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()

    def ask_front(self) -> None:
        """Show how things in front of the current shot's faces are treated."""
        from mien_desktop.front_dialog import FrontDialog

        project = self.workspace.project
        if project is not None:
            dialog = FrontDialog(self.workspace, self.background, project.id, self)
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()

    def ask_export(self) -> None:
        """Ask how to export the current shot."""
        from mien_desktop.jobs.export import ExportDialog

        dialog = ExportDialog(self.workspace, self.queue, self)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def ask_relink(self) -> None:
        """Ask where media are."""
        from mien_desktop.relink_dialog import RelinkDialog

        dialog = RelinkDialog(self.workspace, self.background, self)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def show_keys(self) -> None:
        """Show the keyboard map."""
        from mien_desktop.keymap_dialog import KeymapDialog

        dialog = KeymapDialog(self.menu_actions.keymap, self)
        dialog.changed.connect(self._use_keys)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def show_preferences(self) -> None:
        """Show the preferences."""
        from mien_desktop.preferences import PreferencesDialog

        dialog = PreferencesDialog(self)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def show_about(self) -> None:
        """Show the version and the licence."""
        box = QMessageBox(
            QMessageBox.Icon.NoIcon,
            "About mien",
            f"mien {mien.__version__}",
            QMessageBox.StandardButton.Close,
            self,
        )
        box.setInformativeText(
            "Edits facial expressions in video; only the expression changes.\n\nApache License 2.0."
        )
        box.finished.connect(box.deleteLater)
        box.open()

    def start_tour(self) -> None:
        """Begin the tour, or begin it again."""
        if self.tour is None:
            self.tour = Tour(tour_steps(self), self)
            self.tour.ended.connect(self._tour_ended)

    def begin(self, paths: list[Path]) -> None:
        """Open files, offer recovery, show around: called once the window is seen.

        Args:
            paths: Files to open.
        """
        if paths:
            self.documents.open_paths(paths)
        offer = partial(self.background.run, _recoverable, partial(self._offer, bool(paths)))
        QTimer.singleShot(_PAINTED_MS, self, offer)

    def toggle_full_screen(self) -> None:
        """Fill the screen, or no longer."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def show_problem(self, error: MienError) -> None:
        """Show an error with its cause and remedy."""
        from mien_desktop.jobs.messages import show_error

        show_error(self, error)

    def _make_panels(self) -> None:
        workspace = self.workspace
        self.shots = ShotsPanel(workspace)
        self.jobs = JobsPanel(self.queue)
        self.viewer = ViewerPanel(workspace)
        self.transport = TransportBar(workspace)
        repairs = FaceRepairs(workspace, self.background)
        self.neutral = NeutralChoice(workspace, repairs, self)
        voices = VoiceWork(workspace, self.background, self)
        self.timeline = TimelinePanel(workspace, repairs, voices, self.reports)
        self.curves = CurvesPanel(workspace, repairs)
        self.controls = ControlsPanel(workspace)
        self.expressions = PalettePanel(workspace)
        self.retouch = RetouchPanel(workspace, self.background, self.performances.ask)
        self.voice = VoicePanel(workspace, self.background, voices)
        self.expressions.set_picture(self.viewer.canvas.edited_picture)
        self.viewer.canvas.painted.connect(self.expressions.picture_came)
        self.timeline_place = TrackingPlaceholder(self.timeline, workspace)
        self.curves_place = TrackingPlaceholder(self.curves, workspace)
        self.loading = Loading(self.viewer)
        Thumbnails(workspace, self.background, self.shots)

    def _scopes(self) -> dict[str, QWidget]:
        return {
            "viewer": self.viewer,
            "timeline": self.timeline,
            "curves": self.curves,
            "controls": self.controls,
        }

    def _connect(self) -> None:
        self.workspace.changed.connect(self._retitle)
        self._forget = self.workspace.session.subscribe(lambda change: self._retitle())
        self.workspace.said.connect(self._say)
        self.workspace.problem.connect(self.show_problem)
        self.documents.opened.connect(self._opened)
        self.documents.reading.connect(self._show_first)
        self.documents.read.connect(self.loading.end)
        self.queue.changed.connect(self._show_jobs)
        for panel in (self.timeline_place, self.curves_place, self.shots):
            panel.track_requested.connect(self._track)
            panel.relink_requested.connect(self.ask_relink)
        self.viewer.canvas.hinted.connect(self.queue.retrack)
        self.shots.solve_requested.connect(self._solve)
        self.shots.examples_requested.connect(self.ask_examples)
        self.shots.stream_requested.connect(self.documents.add_stream)

    def _all_panels(self) -> tuple[Panel, ...]:
        return (
            self.shots, self.viewer, self.transport, self.timeline, self.curves, self.controls,
            self.expressions, self.retouch, self.voice, self.jobs,
        )  # fmt: skip

    def _commands(self) -> tuple[Command, ...]:
        panels = (command for panel in self._all_panels() for command in panel.commands())
        face = (*self.performances.commands(), *self.neutral.commands())
        return (*window_commands(self), *panels, *face, *self.export_reports.commands())

    def _track(self, shot: str) -> None:
        self.queue.track(shot)

    def _solve(self, shot: str) -> None:
        self.queue.solve(shot)

    def _show_jobs(self) -> None:
        """Tell the panels what is being tracked."""
        fractions = {
            job.shot: (job.fraction or 0.0) if job.state == "running" else None
            for job in self.queue.jobs
            if job.kind == "track" and job.state in ("waiting", "running")
        }
        for panel in (self.timeline_place, self.curves_place, self.shots):
            panel.show_tracking(fractions)

    def _opened(self) -> None:
        missing = [p for p in self.workspace.now.document.shots if not p.online]
        if missing:
            self.ask_relink()

    def _show_first(self, paths: tuple[Path, ...]) -> None:
        """Show the first clip's first picture, which is there long before its last is counted."""
        self.loading.begin(f"Reading {paths[0].name}…")
        self.background.run(partial(first_picture, paths[0]), self.loading.show_picture)

    def _say(self, words: str) -> None:
        self._message.setText(words)
        self._quiet.start()

    def _retitle(self) -> None:
        self.setWindowTitle(f"{self.documents.title}[*] – mien")
        self.setWindowModified(self.workspace.session.modified)

    def _use_keys(self, keymap: Keymap) -> None:
        self.menu_actions.use(keymap)

    def _tour_ended(self) -> None:
        self.tour = None

    def _offer(self, opened: bool, entries: list[Recoverable]) -> None:
        """Offer what was not saved; else show around at the first start."""
        if entries:
            dialog = RecoveryDialog(entries, self)
            dialog.chosen.connect(self._recover)
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()
        elif not opened and not tour_was_seen():
            self.start_tour()

    def _recover(self, entry: Recoverable) -> None:
        def done(recovered: Recovered) -> None:
            self.documents.replaced(
                recovered.document, recovered.path, modified=True, version=recovered.version
            )

        self.background.run(lambda: self.autosave.recover(entry), done)

    def _ask_about_jobs(self) -> None:
        if not self.queue.busy:
            self._close()
            return
        button = QMessageBox.StandardButton
        box = QMessageBox(
            QMessageBox.Icon.NoIcon, "Jobs are running", "Jobs are still running.",
            button.NoButton, self,
        )  # fmt: skip
        box.setInformativeText("Closing ends them; what they have not finished is not kept.")
        end = box.addButton("End jobs and close", QMessageBox.ButtonRole.DestructiveRole)
        box.addButton("Keep working", QMessageBox.ButtonRole.RejectRole)
        end.clicked.connect(lambda: QTimer.singleShot(0, self, self._close))
        box.finished.connect(box.deleteLater)
        box.open()

    def _close(self) -> None:
        self._may_close = True
        self.close()

    def _end(self) -> None:
        """Stop everything that runs; files and threads are let go of."""
        if self._ended:
            return
        self._ended = True
        settings().setValue(_GEOMETRY, self.saveGeometry())
        self.panels.remember()
        # A decoder that hangs would hold up everything that waits for it.
        abandon_decoding()
        for panel in self._all_panels():
            panel.close()
        self.timeline.view.stop()
        self._forget()
        self.queue.close()
        self.documents.readings.cancel()
        self.background.close()
        self.autosave.close(keep=self._keep)
        self.workspace.close()
        self.ended.emit()

    def _recall(self) -> None:
        geometry = settings().value(_GEOMETRY)
        if not (geometry is not None and self.restoreGeometry(geometry)):
            screen = self.screen().availableGeometry()
            self.resize(min(1600, screen.width()), min(1000, screen.height()))
        QTimer.singleShot(0, self, self.panels.recall)


def _recoverable() -> list[Recoverable]:
    """Find what can be recovered, and load what the first clip needs while nobody waits for it."""
    import mien.preview.previewer  # noqa: F401
    from mien.session.recovery import recoverable

    return recoverable()
