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
from mien_desktop.geometry.faces import FaceShape, face_at
from mien_desktop.geometry.picture import Pane, Placement
from mien_desktop.resolve import Resolved
from mien_desktop.view_state import Tool
from mien_desktop.viewer.brush import MatteBrush
from mien_desktop.viewer.hint import HintTool
from mien_desktop.viewer.images import ImagePainter
from mien_desktop.viewer.landmarks import LandmarkTool
from mien_desktop.viewer.notes import paint_note
from mien_desktop.viewer.overlays import paint_faces, paint_handles, paint_tag, paint_words
from mien_desktop.viewer.panes import paint_divider, paint_title, rectangle
from mien_desktop.viewer.stage import Stage
from mien_desktop.viewer.tool import PictureTool
from mien_desktop.workspace import Workspace

if TYPE_CHECKING:
    from mien.preview.picture import PreviewImage

__all__ = ["Canvas"]

ZOOM_STEP: Final = 1.2
"""Of a notch of the wheel."""
_REACH = 6.0
"""View pixels within which the divider of a wipe is taken hold of."""
_CLICK = 4.0
"""View pixels that the pointer may move in a click."""
_TINT = QColor(theme.ACCENT)
_TINT.setAlphaF(0.45)
"""Of the mask."""

PointerAction = Literal["nothing", "click", "pan", "wipe", "pull", "paint", "size", "tool"]


class Canvas(QWidget):
    """The picture; a click on a face selects it, a pull at its handles changes it.

    With brush or eraser in the hand the left button paints what is in front of the face; with
    another tool it does what that is for.

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
    hinted = Signal(object)
    """A `Hint`: a face is to be tracked from a box."""
    painted = Signal(int)
    """The frame of the picture that was painted."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._stage = Stage(workspace, self, self._stage_changed)
        self._images = ImagePainter()
        self.brush = MatteBrush(workspace)
        """Brush and eraser on the matte of what is in front."""
        self.landmarks = LandmarkTool(workspace, self.update)
        """Correction of landmarks by hand."""
        self.hint = HintTool(workspace, self.update, self.hinted.emit)
        """Boxes from which faces are tracked."""
        self._tools: dict[Tool, PictureTool] = {"landmarks": self.landmarks, "hint": self.hint}
        self._doing: PointerAction = "nothing"
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
        self._stage.ask()

    @property
    def zoom(self) -> float:
        """Pixels of the display a pixel of the picture; 0 without a picture."""
        placement = self._stage.placement
        return placement.zoom * self.devicePixelRatioF() if placement else 0.0

    @property
    def fits(self) -> bool:
        """True while the picture is kept as large as the view allows."""
        return self._stage.fits

    @property
    def showing(self) -> PreviewImage | None:
        """The picture that is shown; of two the edited one."""
        shown = self._stage.shown(edited=self._shows_edit())
        return shown.picture if shown else None

    @property
    def settled(self) -> bool:
        """True when nothing better will replace what is shown."""
        return self._stage.settled() and self._stage.fronts.settled

    @property
    def error(self) -> MienError | None:
        """The reason why there is no picture of the frame."""
        return self._stage.pictures.error or self._stage.fronts.error

    def placement(self) -> Placement | None:
        """Return the placement of the picture in its area; None without one."""
        return self._stage.placement

    def divider(self) -> float:
        """Return the position of the wipe's divider, from the left."""
        return self._stage.divider

    def shapes(self) -> tuple[FaceShape, ...]:
        """Return the faces at the playhead, as they are shown."""
        return self._stage.shapes(edited=self._shows_edit())

    def handles(self) -> dict[str, tuple[float, float]]:
        """Return the names and positions, in the view, of the handles."""
        return self._stage.handles(self._stage.panes[-1])

    def fit(self) -> None:
        """Show the whole picture."""
        self._stage.fit()

    def frame_face(self) -> None:
        """Bring the current face close; the whole picture when there is none."""
        self._stage.frame_face()

    def zoom_to(self, zoom: float) -> None:
        """Zoom about the middle.

        Args:
            zoom: Pixels of the display a pixel of the picture.
        """
        self._stage.zoom_middle(zoom / self.devicePixelRatioF())

    def edited_picture(self) -> QImage | None:
        """Return the newest picture of the edit at the playhead; None before the first."""
        frame = self._workspace.state.frame
        shown = self._stage.pictures.shown(frame, edited=True)
        return None if shown is None else shown.image

    def close_pictures(self) -> None:
        """Take no pictures any more."""
        self._stage.pictures.close()
        self._stage.fronts.close()

    def sizeHint(self) -> QSize:
        """Return room for a picture that can be judged."""
        return QSize(640, 360)

    def _shows_edit(self) -> bool:
        return self._workspace.state.mode != "plate"

    def _stage_changed(self) -> None:
        self.zoom_changed.emit()
        self.update()

    def _changed(self, now: Resolved, before: Resolved) -> None:
        modes = {now.state.mode, before.state.mode}
        # In other areas, what was moved into sight is not in sight.
        if now.state.shot != before.state.shot or (len(modes) > 1 and "side" in modes):
            self.fit()
        self._stage.ask()
        self.update()

    # -- painting --------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint pictures and overlays."""
        now, placement, panes = self._workspace.now, self._stage.placement, self._stage.panes
        with QPainter(self) as painter:
            painter.fillRect(event.rect(), theme.WINDOW)
            if placement is None:
                paint_note(painter, QRectF(self.rect()), now)
                return
            for pane in panes:
                self._paint_pane(painter, pane, placement, now)
            if len(panes) == 2:
                paint_divider(painter, panes, now.state.mode, held=self._doing == "wipe")
            if self.brush.active and self._pointer is not None:
                words = QPointF(8, self.height() - 28)
                self.brush.paint_brush(painter, self._pointer, placement.zoom, words)
            if self.error is not None:
                corner = QPointF(8, self.height() - 28)
                paint_tag(painter, str(self.error), corner, color=theme.WEAK)

    def _paint_pane(
        self, painter: QPainter, pane: Pane, placement: Placement, now: Resolved
    ) -> None:
        painter.save()
        painter.setClipRect(rectangle(pane.clip))
        painter.translate(pane.area.left, pane.area.top)
        self._paint_picture(painter, pane, placement, now)
        shapes = self._stage.shapes(edited=pane.edited)
        paint_faces(painter, shapes, placement, now.state.overlays, now.state.face)
        painter.translate(-pane.area.left, -pane.area.top)
        if self._pointer is not None:
            # Without a pointer there is nothing to pull with, and somebody who looks at the face.
            self._paint_handles(painter, pane)
        painter.restore()
        if self._tool is not None and pane == self._stage.panes[0]:
            self._paint_tool(painter, pane, placement, self._tool)
        paint_title(painter, pane, beside=now.state.mode in ("wipe", "side"))

    def _paint_tool(
        self, painter: QPainter, pane: Pane, placement: Placement, tool: PictureTool
    ) -> None:
        painter.save()
        painter.setClipRect(rectangle(pane.clip))
        painter.translate(pane.area.left, pane.area.top)
        within = rectangle(pane.clip).translated(-pane.area.left, -pane.area.top)
        tool.paint(painter, placement, within)
        painter.restore()

    def _paint_picture(
        self, painter: QPainter, pane: Pane, placement: Placement, now: Resolved
    ) -> None:
        shown, size = self._stage.shown(edited=pane.edited), self._stage.size
        if shown is None or size is None:
            return
        width, height = (side * placement.zoom for side in size)
        target = QRectF(placement.left, placement.top, width, height)
        playing = bool(now.state.speed)
        self._images.paint(painter, shown.image, target, playing=playing)
        if pane.edited and "mask" in now.state.overlays and not playing:
            mask = self._stage.pictures.mask(_TINT)
            if mask is not None:
                painter.drawImage(target, mask)
        if "front" in now.state.overlays and not playing:
            front = self._stage.fronts.shown(now)
            image, strokes = (front.image, front.strokes) if front else (None, ())
            self.brush.paint_front(painter, target, placement, image, strokes)
        self.painted.emit(shown.picture.frame)

    def _paint_handles(self, painter: QPainter, pane: Pane) -> None:
        """Paint handles; say what is pulled at, and what it changes."""
        face_handles, handles = self._stage.face_handles, self._stage.handles(pane)
        paint_handles(painter, handles, face_handles.held)
        if face_handles.held in handles:
            position = QPointF(*handles[face_handles.held])
            paint_words(painter, face_handles.words(), position, rectangle(pane.clip))

    # -- mouse and keys --------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of a handle, the divider or the picture; or paint."""
        if self._doing == "paint":
            return
        self._from = self._last = event.position()
        if event.button() == Qt.MouseButton.MiddleButton:
            self._doing = "pan"
        elif event.button() == Qt.MouseButton.LeftButton:
            self._doing = self._taken(event.position(), event.modifiers())
        else:
            return
        self._show_cursor(event.position())
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with the drag; without one, show what lies under the pointer."""
        at = event.position()
        step, whole = at - self._last, at - self._from
        self._last = at
        if self._doing == "click" and whole.manhattanLength() > _CLICK:
            self._doing, step = "pan", whole
        if self._doing == "pan":
            self._stage.move(step.x(), step.y())
        elif self._doing == "wipe":
            self._stage.wipe(at.x())
        elif self._doing == "pull":
            self._pull(whole, event.modifiers())
        elif self._doing == "paint":
            self._paint_to(at)
        elif self._doing == "size":
            self.brush.size(whole.x())
        elif self._doing == "tool":
            self._use_tool(at)
        else:
            self._hover(at)
        self._point(at)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go; a click selects the face under it."""
        doing, self._doing = self._doing, "nothing"
        if doing == "pull":
            self._stage.face_handles.finish()
        elif doing == "paint":
            self.brush.finish()
        elif doing == "tool" and self._tool is not None:
            self._tool.finish()
        elif doing == "click":
            self._select(event.position())
        self._hover(event.position())
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show the whole picture."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if self.brush.active or self._tool is not None:  # two dabs
            self.mousePressEvent(event)
        elif self._stage.face_handles.held is None:
            self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom under the pointer."""
        placement, notches = self._stage.placement, event.angleDelta().y() / 120
        if placement is None or not notches:
            return
        at = event.position()
        zoom = placement.zoom * ZOOM_STEP**notches
        self._stage.zoom_at(zoom, *self._stage.in_area(at.x(), at.y()))
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        """Forget what was under the pointer."""
        self._pointer = None
        self._stage.face_handles.hover(None)
        self.pointed.emit("", QColor())
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Give up a pull or a stroke with Escape; without one put the tool away."""
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        elif self._doing == "pull":
            self._doing = "nothing"
            self._stage.face_handles.finish(keep=False)
        elif self._doing == "paint":
            self._doing = "nothing"
            self.brush.finish(keep=False)
            self.update()
        elif self._doing == "tool" and self._tool is not None:
            self._doing = "nothing"
            self._tool.finish(keep=False)
            self.update()
        elif self._tool is not None:
            self._tool.put_away()
        elif self.brush.active:
            self._workspace.set(tool="pull")
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the middle of the picture where it is."""
        if event.oldSize().isValid():
            grown = event.size() - event.oldSize()
            self._stage.grow(grown.width(), grown.height())
        self.zoom_changed.emit()

    # -- what the mouse does ---------------------------------------------------------------

    def _taken(self, at: QPointF, held: Qt.KeyboardModifier) -> PointerAction:
        stage = self._stage
        if stage.placement is None:
            return "nothing"
        if self.brush.active and not self._on_divider(at):
            return self._begin_painting(at, held)
        if self._tool is not None and not self._on_divider(at):
            place = stage.in_picture(at.x(), at.y())
            begun = place is not None and self._tool.begin(place, stage.placement.zoom)
            return "tool" if begun else "click"
        if stage.face_handles.held is not None and stage.face_handles.begin(stage.now):
            return "pull"
        return "wipe" if self._on_divider(at) else "click"

    def _begin_painting(self, at: QPointF, held: Qt.KeyboardModifier) -> PointerAction:
        if held & Qt.KeyboardModifier.ShiftModifier:
            self.brush.begin_sizing()
            return "size"
        place = self._stage.in_picture(at.x(), at.y())
        other = bool(held & Qt.KeyboardModifier.ControlModifier)
        once = bool(held & Qt.KeyboardModifier.AltModifier)
        begun = place is not None and self.brush.begin(place, other=other, once=once)
        return "paint" if begun else "nothing"

    def _paint_to(self, at: QPointF) -> None:
        place = self._stage.in_picture(at.x(), at.y())
        if place is not None:
            self.brush.move(place)
            self.update()

    @property
    def _tool(self) -> PictureTool | None:
        """The tool in the hand, beside those that pull and paint."""
        return self._tools.get(self._workspace.state.tool)

    def _use_tool(self, at: QPointF) -> None:
        place = self._stage.in_picture(at.x(), at.y())
        if place is not None and self._tool is not None:
            self._tool.move(place)
            self.update()

    def _on_divider(self, at: QPointF) -> bool:
        wiping = self._workspace.state.mode == "wipe"
        return wiping and abs(at.x() - self._stage.divider) <= _REACH

    def _pull(self, whole: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        placement = self._stage.placement
        if placement is not None:
            self._stage.face_handles.move(
                (whole.x() / placement.zoom, whole.y() / placement.zoom),
                both=bool(modifiers & Qt.KeyboardModifier.ShiftModifier),
                one=bool(modifiers & Qt.KeyboardModifier.AltModifier),
            )

    def _select(self, at: QPointF) -> None:
        position = self._stage.in_picture(at.x(), at.y())
        shape = face_at(self.shapes(), *position) if position else None
        if shape is not None:
            self._workspace.set(face=shape.number)

    def _hover(self, at: QPointF) -> None:
        stage = self._stage
        pane = stage.pane_at(at.x(), at.y())
        handles = stage.handles(pane) if pane else {}
        if stage.face_handles.hover(stage.face_handles.nearest(handles, at.x(), at.y())):
            self.update()
        place, placement = stage.in_picture(at.x(), at.y()), stage.placement
        if self._tool is not None and place is not None and placement is not None:
            self._tool.hover(place, placement.zoom)
        self._show_cursor(at)

    def _show_cursor(self, at: QPointF) -> None:
        if self._doing == "pan":
            shape = Qt.CursorShape.ClosedHandCursor
        elif self._doing == "pull" or self._stage.face_handles.held is not None:
            shape = Qt.CursorShape.PointingHandCursor
        elif self._on_divider(at):
            shape = Qt.CursorShape.SplitHCursor
        elif self._tool is not None:
            shape = self._tool.cursor()
        elif self.brush.active:
            shape = Qt.CursorShape.CrossCursor
        else:
            shape = Qt.CursorShape.ArrowCursor
        if self.cursor().shape() != shape:
            self.setCursor(QCursor(shape))

    def _point(self, at: QPointF) -> None:
        """Show what lies under the pointer."""
        if self._pointer is None or self.brush.active:
            self.update()
        self._pointer = at
        pane = self._stage.pane_at(at.x(), at.y())
        shown = self._stage.shown(edited=pane.edited) if pane else None
        position, size = self._stage.in_picture(at.x(), at.y()), self._stage.size
        if shown is None or position is None or size is None:
            return
        x, y = map(round, position)
        if not (0 <= x < size[0] and 0 <= y < size[1]):
            self.pointed.emit("", QColor())
            return
        color = _pixel(shown.image, (x + 0.5) / size[0], (y + 0.5) / size[1])
        values = f"{color.red():3d} {color.green():3d} {color.blue():3d}"
        self.pointed.emit(f"{x:4d},{y:4d}  {values}", color)


def _pixel(image: QImage, x: float, y: float) -> QColor:
    """Return the pixel at a position given in parts of width and height."""
    column = min(int(x * image.width()), image.width() - 1)
    row = min(int(y * image.height()), image.height() - 1)
    return image.pixelColor(column, row)
