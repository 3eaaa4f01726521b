"""The matte brush: painting what is in front of the current face, with brush and eraser."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen

from mien.model.face import Face
from mien.model.occlusion import MatteStroke
from mien.session.commands import add_stroke, clear_strokes, set_occlusion
from mien_desktop import theme
from mien_desktop.command import Command
from mien_desktop.geometry.brush import ended, reach, resized, stretched, thinned
from mien_desktop.geometry.picture import Placement
from mien_desktop.view_state import Tool
from mien_desktop.viewer.overlays import paint_tag
from mien_desktop.workspace import Workspace

__all__ = ["FRONT_TINT", "MatteBrush"]

_OPACITY = 0.5
"""Of the tint over what is in front."""
FRONT_TINT = theme.HIDDEN
"""Over what is in front."""
_GROUP = "In front"


@dataclass(slots=True, eq=False)
class _Stroke:
    """A stroke being painted: where the pointer went, in pixels of the upright picture."""

    shot: str
    face: Face
    frame: int
    radius: float
    erase: bool
    once: bool
    points: list[tuple[float, float]] = field(default_factory=list)


class MatteBrush:
    """Brush and eraser on the matte of what is in front of the current face.

    Args:
        workspace: What is changed.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._stroke: _Stroke | None = None
        self._sized: float | None = None

    @property
    def active(self) -> bool:
        """True while the left button paints."""
        return self._workspace.state.tool in ("brush", "eraser")

    @property
    def radius(self) -> float:
        """Radius in pixels of the upright picture."""
        shot = self._workspace.now.shot
        side = min(shot.media.orientation.upright_size) if shot is not None else 0
        return self._workspace.state.brush * side

    def take(self, tool: Tool) -> None:
        """Take brush or eraser into the hand, or put it away."""
        state = self._workspace.state
        if state.tool == tool:
            self._workspace.set(tool="pull")
        else:
            self._workspace.set(tool=tool, overlays=state.overlays | {"front"})

    # -- painting a stroke -----------------------------------------------------------------

    def begin(self, at: tuple[float, float], *, other: bool, once: bool) -> bool:
        """Begin a stroke.

        Args:
            at: Pixel of the upright picture.
            other: Whether the brush erases, and the eraser paints.
            once: Whether it is for this frame only, whatever is chosen for all.

        Returns:
            Whether there is a face to paint on.
        """
        now = self._workspace.now
        face, state = now.face, now.state
        if face is None or not face.valid[state.frame]:
            name = "No face" if face is None else face.name
            self._workspace.said.emit(f"{name} is not seen in this frame: paint where it is.")
            return False
        erase = (state.tool == "eraser") != other
        once = once or state.brush_once
        shot = state.shot or ""
        self._stroke = _Stroke(shot, face, state.frame, self.radius, erase, once, [at])
        self._workspace.set(overlays=state.overlays | {"front"}, speed=0.0)
        return True

    def move(self, at: tuple[float, float]) -> None:
        """Go on with the stroke."""
        if self._stroke is not None:
            self._stroke.points.append(at)

    def finish(self, *, keep: bool = True) -> None:
        """End the stroke: one step of undo; nothing when it is given up."""
        stroke, self._stroke = self._stroke, None
        now = self._workspace.now
        if stroke is None or not keep or now.shot is None or now.state.shot != stroke.shot:
            return
        made = MatteStroke(
            stroke.face.number,
            stroke.frame,
            reach(now.shot, stroke.face, stroke.frame, once=stroke.once),
            thinned(stroke.points, stroke.radius),
            stroke.radius,
            stroke.erase,
        )
        verb = "Erase" if stroke.erase else "Paint"
        self._workspace.apply(
            f"{verb} what is in front", partial(add_stroke, shot=stroke.shot, stroke=made)
        )

    def begin_sizing(self) -> None:
        """Take hold of the brush's size."""
        self._sized = self._workspace.state.brush

    def size(self, pixels: float) -> None:
        """Make the brush larger or smaller than it was when it was taken hold of."""
        if self._sized is not None:
            self._workspace.set(brush=stretched(self._sized, pixels))

    # -- commands --------------------------------------------------------------------------

    def commands(self) -> tuple[Command, ...]:
        """Return the commands of brush and eraser."""
        made = partial(Command, group=_GROUP, scope="viewer", enabled=self._has_face)
        return (
            made("front.brush", "Brush", partial(self.take, "brush"), ("P",),
                 tip="Paint what is in front of the face: there the picture stays as it is",
                 checked=lambda: self._workspace.state.tool == "brush"),
            made("front.eraser", "Eraser", partial(self.take, "eraser"), ("E",),
                 tip="Paint where nothing is in front of the face",
                 checked=lambda: self._workspace.state.tool == "eraser"),
            made("front.smaller", "Smaller brush", partial(self._resize, -1), ("[",)),
            made("front.larger", "Larger brush", partial(self._resize, 1), ("]",)),
            made("front.once", "Strokes for one frame only", self._turn_once, (),
                 tip="Strokes are for the frame in which they are painted, and do not hold on",
                 checked=lambda: self._workspace.state.brush_once),
            made("front.clear-here", "Clear strokes from here on", self._clear_here, (),
                 tip="What was painted here is gone, what was painted before ends here"),
            made("front.clear", "Clear all strokes of the face", self._clear, ()),
        )  # fmt: skip

    def _has_face(self) -> bool:
        return self._workspace.now.face is not None

    def _resize(self, way: int) -> None:
        self._workspace.set(brush=resized(self._workspace.state.brush, way))

    def _turn_once(self) -> None:
        self._workspace.set(brush_once=not self._workspace.state.brush_once)

    def _clear_here(self) -> None:
        now = self._workspace.now
        if now.shot is None or now.face is None or now.state.shot is None:
            return
        occlusion, shot = now.shot.occlusion, now.state.shot
        left = ended(occlusion.strokes, now.face.number, now.state.frame)
        self._workspace.apply(
            "Clear strokes from here on",
            lambda document: set_occlusion(document, shot, replace(occlusion, strokes=left)),
        )

    def _clear(self) -> None:
        now = self._workspace.now
        if now.face is not None and now.state.shot is not None:
            shot, face = now.state.shot, now.face.number
            self._workspace.apply(
                "Clear all strokes", lambda document: clear_strokes(document, shot, face)
            )

    # -- what is shown ---------------------------------------------------------------------

    def paint_front(
        self,
        painter: QPainter,
        target: QRectF,
        placement: Placement,
        front: QImage | None,
        known: Iterable[MatteStroke],
    ) -> None:
        """Paint what is in front as a tint: as it is used, and strokes that are too new for that.

        Args:
            painter: Where; its origin is that of the picture's area.
            target: Where the picture lies.
            placement: The same.
            front: What is in front as far as it is known, opaque.
            known: The strokes that are in it already.
        """
        new = self._new_strokes(frozenset(known))
        painter.save()
        painter.setOpacity(_OPACITY)
        if front is not None and not new:
            painter.drawImage(target, front)
        elif new:
            # On a picture of their own, so that strokes over each other are not painted twice.
            ratio = painter.device().devicePixelRatioF()
            area = target.toAlignedRect().intersected(painter.viewport())
            layer = QImage(area.size() * ratio, QImage.Format.Format_ARGB32_Premultiplied)
            layer.setDevicePixelRatio(ratio)
            layer.fill(Qt.GlobalColor.transparent)
            with QPainter(layer) as over:
                over.setRenderHint(QPainter.RenderHint.Antialiasing)
                over.translate(-area.left(), -area.top())
                if front is not None:
                    over.drawImage(target, front)
                for stroke in new:
                    _draw(over, stroke, placement)
            painter.drawImage(area.topLeft(), layer)
        painter.restore()

    def paint_brush(self, painter: QPainter, at: QPointF, zoom: float, below: QPointF) -> None:
        """Paint the brush's outline at the pointer, and what it does.

        Args:
            painter: Where.
            at: The pointer.
            zoom: View pixels a pixel of the picture.
            below: Where the words are written.
        """
        state = self._workspace.state
        radius = self.radius * zoom
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        shadow = QColor(theme.WINDOW)
        shadow.setAlphaF(0.7)
        color = FRONT_TINT if state.tool == "brush" else theme.TEXT
        for pen in (QPen(shadow, 3.0), QPen(color, 1.5)):
            painter.setPen(pen)
            painter.drawEllipse(at, radius, radius)
        holds = "this frame" if state.brush_once else "from this frame on"
        words = f"{state.tool.title()} {2 * self.radius:.0f} px, {holds}"
        keys = "[ ] or Shift: size · Ctrl: the other · Alt: this frame only · Esc: done"
        paint_tag(painter, f"{words}  ·  {keys}", below, color=theme.TEXT)

    def _new_strokes(self, known: frozenset[MatteStroke]) -> list[MatteStroke]:
        """The strokes of this frame that nobody has looked at yet, and the one being painted."""
        now, new = self._workspace.now, []
        if now.shot is not None and now.face is not None:
            number, frame = now.face.number, now.state.frame
            new = [
                stroke
                for stroke in now.shot.occlusion.strokes
                if (stroke.face, stroke.frame) == (number, frame) and stroke not in known
            ]
            stroke = self._stroke
            if stroke is not None and stroke.frame == frame:
                span = reach(now.shot, stroke.face, frame, once=True)
                points = thinned(stroke.points, stroke.radius)
                new.append(MatteStroke(number, frame, span, points, stroke.radius, stroke.erase))
        return new


def _draw(painter: QPainter, stroke: MatteStroke, placement: Placement) -> None:
    """Paint a stroke as wide as it is, or take it away from what is painted."""
    points = [QPointF(x, y) for x, y in placement.to_view(stroke.points).tolist()]
    mode = QPainter.CompositionMode
    painter.setCompositionMode(
        mode.CompositionMode_DestinationOut if stroke.erase else mode.CompositionMode_SourceOver
    )
    width = 2 * stroke.radius * placement.zoom
    pen = QPen(FRONT_TINT, width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    if len(points) == 1:
        painter.drawPoint(points[0])
        return
    path = QPainterPath(points[0])
    for point in points[1:]:
        path.lineTo(point)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)
