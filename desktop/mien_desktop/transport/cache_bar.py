"""The bar over a whole shot: rendered frames, in and out, the playhead; dragging in it scrubs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from mien_desktop import theme
from mien_desktop.geometry.bar import Bar, runs
from mien_desktop.resolve import Resolved
from mien_desktop.workspace import Workspace

if TYPE_CHECKING:
    from mien.preview.previewer import Previewer

__all__ = ["CacheBar"]

_HEIGHT: Final = 18
_CACHE: Final = 3.0
"""Height of the line that shows what is rendered."""
_OFTEN: Final = 100
"""Milliseconds between two looks at what is rendered."""


class CacheBar(QWidget):
    """A bar that shows which frames of a shot are ready to be played.

    Args:
        workspace: Whose shot it is.
        parent: Qt's owner.
    """

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._previewer: Previewer | None = None
        self._forget: Callable[[], None] = _nothing
        self._cached: list[tuple[int, int]] = []
        self._proxy_fraction: float | None = None
        self._scrubbing = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_OFTEN)
        self._soon.timeout.connect(self._update)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Shot")
        self.setAccessibleDescription(
            "The whole shot with the playhead; green is rendered and plays at true rate."
        )
        workspace.changed.connect(self._changed)
        self._follow()

    @property
    def cached(self) -> list[tuple[int, int]]:
        """Stretches (start, stop) of frames that are ready to be played."""
        return self._cached

    def close_previews(self) -> None:
        """Ask the previewer for nothing any more."""
        self._soon.stop()
        self._forget()
        self._forget, self._previewer = _nothing, None

    def sizeHint(self) -> QSize:
        """Return the height of a line of its own."""
        return QSize(320, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """Return its own height."""
        return QSize(80, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint span, cache, cuts and playhead."""
        now, height = self._workspace.now, float(self.height())
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), theme.WELL)
            if now.shot is None:
                return
            bar = self._bar(now)
            span = QRectF(bar.edge(now.span.start), 0, bar.edge(len(now.span)), height)
            painter.fillRect(span, theme.RAISED)
            self._paint_cache(painter, bar, height)
            painter.setPen(QPen(theme.LINE, 1))
            for cut in now.shot.cuts:
                x = round(bar.edge(cut))
                painter.drawLine(QPointF(x, 0), QPointF(x, height - _CACHE))
            if now.project is not None and now.project.span is not None:
                self._paint_ends(painter, span)
            self._paint_playhead(painter, bar.edge(now.state.frame + 0.5), height)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the frame under the pointer."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._scrubbing = True
            self._scrub(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Scrub."""
        if self._scrubbing:
            self._scrub(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Stay at the frame."""
        self._scrubbing = False

    def event(self, event: QEvent) -> bool:
        """Show in a tooltip what lies under the pointer."""
        now = self._workspace.now
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            if now.shot is not None:
                frame = self._bar(now).frame(event.pos().x())
                ready = any(start <= frame < stop for start, stop in self._cached)
                words = "rendered" if ready else "not rendered yet"
                text = f"{now.shot.clock.timecode(frame)} · frame {frame} · {words}"
                if self._proxy_fraction is not None and self._proxy_fraction < 1:
                    text += f"\nProxy for scrubbing: {self._proxy_fraction:.0%}"
                QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def _bar(self, now: Resolved) -> Bar:
        return Bar(max(now.frame_count, 1), max(self.width(), 1))

    def _scrub(self, x: float) -> None:
        now = self._workspace.now
        if now.shot is not None:
            self._workspace.set(frame=self._bar(now).frame(x))

    def _changed(self, now: Resolved, before: Resolved) -> None:
        self._follow()
        if now.edits is not before.edits:
            self._soon.start()
        self.update()

    def _follow(self) -> None:
        """Subscribe to the frames that the current previewer renders."""
        previewer = self._workspace.previewer
        if previewer is self._previewer:
            return
        self._forget()
        self._previewer, self._forget = previewer, _nothing
        if previewer is not None:
            self._forget = previewer.subscribe(self._frames_ready)
        self._update()

    def _frames_ready(self) -> None:
        """Bring news of the previewer's threads to the main one."""
        self._workspace.later(self._update_soon)

    def _update_soon(self) -> None:
        if self._previewer is not None and not self._soon.isActive():
            self._soon.start()

    def _update(self) -> None:
        previewer = self._previewer
        self._cached = [] if previewer is None else runs(previewer.cached())
        self._proxy_fraction = None if previewer is None else previewer.proxy_fraction
        self.update()

    def _paint_cache(self, painter: QPainter, bar: Bar, height: float) -> None:
        for start, stop in self._cached:
            left, right = bar.edge(start), bar.edge(stop)
            line = QRectF(left, height - _CACHE, max(right - left, 1.0), _CACHE)
            painter.fillRect(line, theme.CACHED)

    def _paint_ends(self, painter: QPainter, span: QRectF) -> None:
        painter.setPen(QPen(theme.ACCENT, 1))
        for x, inward in ((round(span.left()), 3), (round(span.right()) - 1, -3)):
            top, bottom = QPointF(x, 1), QPointF(x, span.bottom() - 2)
            painter.drawPolyline(
                QPolygonF([top + QPointF(inward, 0), top, bottom, bottom + QPointF(inward, 0)])
            )

    def _paint_playhead(self, painter: QPainter, x: float, height: float) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.PLAYHEAD, 1.2))
        painter.drawLine(QPointF(x, 0), QPointF(x, height))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.PLAYHEAD)
        painter.drawPolygon(QPolygonF([QPointF(x - 4, 0), QPointF(x + 4, 0), QPointF(x, 5)]))


def _nothing() -> None:
    return None
