"""The canvas: the picture at the playhead, zoomed and moved, with what is drawn over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QCursor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from mien.errors import MienError
from mien_desktop import theme
from mien_desktop.geometry.faces import FaceShape, apart, face_at
from mien_desktop.geometry.picture import Area, Pane, Placement, divider, fitted, panes
from mien_desktop.resolve import Resolved
from mien_desktop.viewer.faces import Faces
from mien_desktop.viewer.images import ImagePainter
from mien_desktop.viewer.manipulate import Puller
from mien_desktop.viewer.notes import paint_note
from mien_desktop.viewer.overlays import (
    HANDLES_APART,
    paint_faces,
    paint_handles,
    paint_tag,
    paint_words,
)
from mien_desktop.viewer.panes import paint_divider, paint_title, rectangle
from mien_desktop.viewer.pictures import Pictures, Shown
from mien_desktop.workspace import Workspace

if TYPE_CHECKING:
    from mien.preview.picture import Picture

__all__ = ["Canvas"]

ZOOM_STEP: Final = 1.2
"""Of a notch of the wheel."""
_REACH = 6.0
"""View pixels within which the divider of a wipe is taken hold of."""
_CLICK = 4.0
"""View pixels that the pointer may move in a click."""
_FACE_SHARE = 0.8
"""Of the view that a face takes when it is framed."""

_TINT = QColor(theme.ACCENT)
_TINT.setAlphaF(0.45)
"""Of the mask."""

Doing = Literal["nothing", "click", "pan", "wipe", "pull"]


class Canvas(QWidget):
    """Shows the picture; click a face to select it, pull its handles to change it.

    The wheel zooms under the pointer, the middle button moves the picture (the left one too
    where there is nothing to pull at), a double click fits it.

    Args:
        workspace: What is shown.
        parent: Qt's owner.
    """

    pointed = Signal(str, QColor)
    """What lies under the pointer: place and value in words, and the colour; empty outside."""
    zoom_changed = Signal()
    """The zoom is another."""
    painted = Signal(int)
    """The frame of the picture that was painted."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._pictures = Pictures(workspace, self.update)
        self._faces = Faces()
        self._images = ImagePainter()
        self._puller = Puller(workspace, self._faces)
        self._placement: Placement | None = None
        self._doing: Doing = "nothing"
        self._from = self._last = QPointF()
        self._pointer: QPointF | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(240, 135)
        self.setAccessibleName("Viewer")
        self.setAccessibleDescription(
            "The picture at the playhead. Click a face to select it, drag its handles to"
            " change its expression."
        )
        workspace.changed.connect(self._changed)
        self._ask(workspace.now)

    @property
    def zoom(self) -> float:
        """Pixels of the display a pixel of the picture; 0 without a picture."""
        placement = self.placement()
        return placement.zoom * self.devicePixelRatioF() if placement else 0.0

    @property
    def fits(self) -> bool:
        """Whether the picture is kept as large as the view allows."""
        return self._placement is None

    @property
    def showing(self) -> Picture | None:
        """The picture that is shown; of two the edited one."""
        shown = self._shown(edited=self._workspace.state.mode != "plate")
        return shown.picture if shown else None

    @property
    def settled(self) -> bool:
        """Whether nothing better comes of what is shown."""
        kinds = {pane.edited for pane in self._panes(self._workspace.now)}
        return all(self._pictures.settled(edited=kind) for kind in kinds)

    @property
    def error(self) -> MienError | None:
        """Why there is no picture of the frame."""
        return self._pictures.error

    def shapes(self) -> tuple[FaceShape, ...]:
        """The faces at the playhead, as they are shown."""
        return self._shapes(self._workspace.now, edited=self._workspace.state.mode != "plate")

    def divider(self) -> float:
        """Where a wipe divides the view, from the left."""
        return self._divider(self._workspace.now)

    def handles(self) -> dict[str, tuple[float, float]]:
        """Names and places, in the view, of what can be pulled at."""
        now = self._workspace.now
        return self._handles(now, self._panes(now)[-1])

    def placement(self) -> Placement | None:
        """Where the picture lies in its area; None without one."""
        placement = self._exact_placement()
        return placement.on_grid(self.devicePixelRatioF()) if placement else None

    def fit(self) -> None:
        """Show the whole picture."""
        self._place(None)

    def zoom_to(self, zoom: float) -> None:
        """Zoom about the middle.

        Args:
            zoom: Pixels of the display a pixel of the picture.
        """
        placement = self.placement()
        if placement is not None:
            area = self._panes(self._workspace.now)[0].area
            self._place(
                placement.zoomed(zoom / self.devicePixelRatioF(), area.width / 2, area.height / 2)
            )

    def frame_face(self) -> None:
        """Bring the current face close, or show the whole picture when there is none."""
        now = self._workspace.now
        shape = next(
            (s for s in self._shapes(now, edited=True) if s.number == now.state.face), None
        )
        if shape is None or self._size() is None:
            return self.fit()
        area = self._panes(now)[0].area
        left, top, right, bottom = shape.box
        zoom = _FACE_SHARE * min(area.width / (right - left), area.height / (bottom - top))
        x, y = area.width / 2, area.height / 2
        start = Placement(zoom, 0, 0)
        middle = start.to_view(((left + right) / 2, (top + bottom) / 2))
        self._place(start.moved(x - float(middle[0]), y - float(middle[1])))

    def close_pictures(self) -> None:
        """Ask for no pictures any more."""
        self._pictures.close()

    # -- what is shown ---------------------------------------------------------------------

    def _changed(self, now: Resolved, before: Resolved) -> None:
        if now.state.shot != before.state.shot:
            self.fit()
        if now.state.mode != before.state.mode and "side" in (now.state.mode, before.state.mode):
            # The areas are others; what was moved into sight there is not in sight here.
            self.fit()
        if now.state.frame != before.state.frame and self._pointer is not None:
            self._point(self._pointer)
        self._ask(now)
        self.update()

    def _ask(self, now: Resolved) -> None:
        mode = now.state.mode
        self._pictures.ask(now, plate=mode != "edited", edited=mode != "plate")

    def _size(self) -> tuple[int, int] | None:
        shot = self._workspace.now.shot
        if shot is None or self._workspace.previewer is None:
            return None
        return shot.media.orientation.upright_size

    def _exact_placement(self) -> Placement | None:
        """The placement as it was asked for, between pixels of the display too."""
        size = self._size()
        if size is None:
            return None
        return self._placement or fitted(size, self._panes(self._workspace.now)[0].area)

    def _panes(self, now: Resolved) -> tuple[Pane, ...]:
        size = self._size() or (16, 9)
        view = float(self.width()), float(self.height())
        return panes(now.state.mode, view, size, self._divider(now))

    def _shown(self, *, edited: bool) -> Shown | None:
        return self._pictures.shown(self._workspace.state.frame, edited=edited)

    def _divider(self, now: Resolved) -> float:
        """Where a wipe divides the view; 0 without one."""
        size = self._size()
        if size is None or now.state.mode != "wipe":
            return 0.0
        placement = self._placement or fitted(size, Area(0, 0, self.width(), self.height()))
        return divider(now.state.wipe, placement, size[0], self.width())

    def _shapes(self, now: Resolved, *, edited: bool) -> tuple[FaceShape, ...]:
        # Those of the frame that is shown: while one scrubs it may be one nearby.
        shown = self._shown(edited=edited)
        frame = shown.picture.frame if shown else now.state.frame
        return self._faces.shapes(now, frame, edited=edited)

    def _handles(self, now: Resolved, pane: Pane) -> dict[str, tuple[float, float]]:
        """The handles in view coordinates; empty where nothing can be pulled at."""
        placement = self.placement()
        wanted = "handles" in now.state.overlays and pane.edited and not now.state.speed
        if placement is None or not wanted:
            return {}
        places = {}
        for name, point in self._puller.handles(now).items():
            x, y = placement.to_view(point).tolist()
            places[name] = x + pane.area.left, y + pane.area.top
        return apart(places, HANDLES_APART)

    # -- painting --------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint pictures and overlays."""
        now, placement = self._workspace.now, self.placement()
        with QPainter(self) as painter:
            painter.fillRect(event.rect(), theme.WINDOW)
            if placement is None:
                paint_note(painter, QRectF(self.rect()), now)
                return
            parts = self._panes(now)
            for pane in parts:
                self._paint_pane(painter, pane, placement, now)
            if len(parts) == 2:
                paint_divider(painter, parts, now.state.mode, held=self._doing == "wipe")
            error = self.error
            if error is not None:
                paint_tag(painter, str(error), QPointF(8, self.height() - 28), color=theme.WEAK)

    def _paint_pane(
        self, painter: QPainter, pane: Pane, placement: Placement, now: Resolved
    ) -> None:
        shown = self._shown(edited=pane.edited)
        size = self._size()
        painter.save()
        painter.setClipRect(rectangle(pane.clip))
        painter.translate(pane.area.left, pane.area.top)
        if shown is not None and size is not None:
            target = QRectF(
                placement.left, placement.top, size[0] * placement.zoom, size[1] * placement.zoom
            )
            self._images.paint(painter, shown.image, target, playing=bool(now.state.speed))
            mask = self._pictures.mask(_TINT) if self._tinted(now, pane) else None
            if mask is not None:
                painter.drawImage(target, mask)
            self.painted.emit(shown.picture.frame)
        shapes = self._shapes(now, edited=pane.edited)
        paint_faces(painter, shapes, placement, now.state.overlays, now.state.face)
        painter.translate(-pane.area.left, -pane.area.top)
        if self._pointer is not None:
            # Without a pointer there is nothing to pull with, and somebody who looks at the face.
            paint_handles(painter, self._handles(now, pane), self._puller.held)
            self._paint_pull(painter, pane, now)
        painter.restore()
        paint_title(painter, pane, beside=now.state.mode in ("wipe", "side"))

    def _tinted(self, now: Resolved, pane: Pane) -> bool:
        return pane.edited and "mask" in now.state.overlays and not now.state.speed

    def _paint_pull(self, painter: QPainter, pane: Pane, now: Resolved) -> None:
        """Say what is pulled at, and what it changes."""
        words, held = self._puller.words(), self._puller.held
        place = self._handles(now, pane).get(held) if held else None
        if place is None or not words:
            return
        paint_words(painter, words, QPointF(*place), rectangle(pane.clip))

    # -- mouse and keys --------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of a handle, the divider or the picture."""
        self._from = self._last = event.position()
        if event.button() == Qt.MouseButton.MiddleButton:
            self._doing = "pan"
        elif event.button() == Qt.MouseButton.LeftButton:
            self._doing = self._taken(event.position())
        else:
            return
        self._show_cursor(event.position())
        self.update()

    def _taken(self, at: QPointF) -> Doing:
        now, placement = self._workspace.now, self.placement()
        if placement is None:
            return "nothing"
        if self._puller.held is not None and self._puller.begin(now):
            return "pull"
        if now.state.mode == "wipe" and abs(at.x() - self._divider(now)) <= _REACH:
            return "wipe"
        return "click"

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with what was taken hold of; without, tell what lies under the pointer."""
        at = event.position()
        step, whole = at - self._last, at - self._from
        self._last = at
        if self._doing == "click" and whole.manhattanLength() > _CLICK:
            self._doing, step = "pan", whole
        if self._doing == "pan":
            self._pan(step)
        elif self._doing == "wipe":
            self._wipe(at.x())
        elif self._doing == "pull":
            self._pull(whole, event.modifiers())
        else:
            self._hover(at)
        self._point(at)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go; a click selects the face under it."""
        doing, self._doing = self._doing, "nothing"
        if doing == "pull":
            self._puller.finish()
        elif doing == "click":
            self._select(event.position())
        self._hover(event.position())
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show the whole picture."""
        if event.button() == Qt.MouseButton.LeftButton and self._puller.held is None:
            self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom under the pointer."""
        placement, notches = self.placement(), event.angleDelta().y() / 120
        if placement is None or not notches:
            return
        x, y = self._in_area(event.position())
        self._place(placement.zoomed(placement.zoom * ZOOM_STEP**notches, x, y))
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is under the pointer any more."""
        self._pointer = None
        self._puller.hover(None)
        self.pointed.emit("", QColor())
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape gives up what is being pulled."""
        if event.key() == Qt.Key.Key_Escape and self._doing == "pull":
            self._doing = "nothing"
            self._puller.finish(keep=False)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the middle of the picture where it is."""
        if self._placement is not None and event.oldSize().isValid():
            grown = event.size() - event.oldSize()
            self._place(self._placement.moved(grown.width() / 2, grown.height() / 2))
        else:
            self.zoom_changed.emit()

    def sizeHint(self) -> QSize:
        """Room for a picture that can be judged."""
        return QSize(640, 360)

    # -- what the mouse does ---------------------------------------------------------------

    def _place(self, placement: Placement | None) -> None:
        size = self._size()
        if placement is not None and size is not None:
            placement = placement.held(size, self._panes(self._workspace.now)[0].area)
        self._placement = placement
        self.zoom_changed.emit()
        self.update()

    def _pan(self, step: QPointF) -> None:
        placement = self._exact_placement()
        if placement is not None:
            self._place(placement.moved(step.x(), step.y()))

    def _wipe(self, x: float) -> None:
        placement, size = self.placement(), self._size()
        if placement is not None and size is not None:
            part = (x - placement.left) / (size[0] * placement.zoom)
            self._workspace.set(wipe=min(max(part, 0.0), 1.0))

    def _pull(self, whole: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        placement = self.placement()
        if placement is not None:
            self._puller.move(
                (whole.x() / placement.zoom, whole.y() / placement.zoom),
                both=bool(modifiers & Qt.KeyboardModifier.ShiftModifier),
                one=bool(modifiers & Qt.KeyboardModifier.AltModifier),
            )

    def _select(self, at: QPointF) -> None:
        placement = self.placement()
        if placement is None:
            return
        x, y = placement.to_picture(*self._in_area(at))
        shape = face_at(self.shapes(), x, y)
        if shape is not None:
            self._workspace.set(face=shape.number)

    def _hover(self, at: QPointF) -> None:
        now = self._workspace.now
        handles: dict[str, tuple[float, float]] = {}
        for pane in self._panes(now):
            if (at.x(), at.y()) in pane.clip:
                handles = self._handles(now, pane)
        if self._puller.hover(self._puller.nearest(handles, at.x(), at.y())):
            self.update()
        self._show_cursor(at)

    def _show_cursor(self, at: QPointF) -> None:
        now = self._workspace.now
        if self._doing == "pan":
            shape = Qt.CursorShape.ClosedHandCursor
        elif self._doing == "pull" or self._puller.held is not None:
            shape = Qt.CursorShape.PointingHandCursor
        elif now.state.mode == "wipe" and abs(at.x() - self._divider(now)) <= _REACH:
            shape = Qt.CursorShape.SplitHCursor
        else:
            shape = Qt.CursorShape.ArrowCursor
        if self.cursor().shape() != shape:
            self.setCursor(QCursor(shape))

    def _point(self, at: QPointF) -> None:
        """Tell what lies under the pointer."""
        if self._pointer is None:
            self.update()
        self._pointer = at
        placement, size = self.placement(), self._size()
        if placement is None or size is None:
            return
        pane = next(
            (p for p in self._panes(self._workspace.now) if (at.x(), at.y()) in p.clip), None
        )
        shown = self._shown(edited=pane.edited) if pane else None
        px, py = placement.to_picture(*self._in_area(at))
        x, y = round(px), round(py)
        if shown is None or not (0 <= x < size[0] and 0 <= y < size[1]):
            self.pointed.emit("", QColor())
            return
        color = _pixel(shown.image, (x + 0.5) / size[0], (y + 0.5) / size[1])
        values = f"{color.red():3d} {color.green():3d} {color.blue():3d}"
        self.pointed.emit(f"{x:4d},{y:4d}  {values}", color)

    def _in_area(self, at: QPointF) -> tuple[float, float]:
        """A point of the view relative to the area that it lies in."""
        panes = self._panes(self._workspace.now)
        point = at.x(), at.y()
        area = next((pane.area for pane in panes if point in pane.area), panes[0].area)
        return at.x() - area.left, at.y() - area.top


def _pixel(image: QImage, x: float, y: float) -> QColor:
    """The pixel at a place given in parts of width and height."""
    column = min(int(x * image.width()), image.width() - 1)
    row = min(int(y * image.height()), image.height() - 1)
    return image.pixelColor(column, row)
