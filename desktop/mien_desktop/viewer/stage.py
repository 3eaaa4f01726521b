"""The stage: which picture lies where in the view, and the faces and handles over it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtWidgets import QWidget

from mien_desktop.geometry.faces import FaceShape, apart
from mien_desktop.geometry.picture import Area, Pane, Placement, divider, fitted, panes
from mien_desktop.resolve import Resolved
from mien_desktop.viewer.brush import FRONT_TINT
from mien_desktop.viewer.faces import FaceShapes
from mien_desktop.viewer.fronts import Fronts
from mien_desktop.viewer.manipulate import FaceHandles
from mien_desktop.viewer.overlays import HANDLES_APART
from mien_desktop.viewer.pictures import Pictures, ShownPicture
from mien_desktop.workspace import Workspace

__all__ = ["Stage"]

_FACE_FRACTION: Final = 0.8
"""Of the view that a face takes when it is framed."""


class Stage:
    """Everything that the canvas paints and that the mouse meets, in view coordinates.

    Args:
        workspace: What is shown.
        view: The widget in which it is shown.
        changed: Called when the picture lies elsewhere.

    Attributes:
        pictures: The pictures.
        fronts: What is in front of the current face.
        face_handles: The handles of the current face.
    """

    def __init__(self, workspace: Workspace, view: QWidget, changed: Callable[[], None]) -> None:
        self._workspace = workspace
        self._view = view
        self._changed = changed
        self._placement: Placement | None = None
        self._faces = FaceShapes()
        self.pictures = Pictures(workspace, view.update)
        self.fronts = Fronts(workspace, view.update, FRONT_TINT)
        self.face_handles = FaceHandles(workspace, self._faces)

    @property
    def now(self) -> Resolved:
        """Document and view state as the window shows them."""
        return self._workspace.now

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height of the upright picture; None when there is none."""
        shot = self.now.shot
        if shot is None or self._workspace.previewer is None:
            return None
        return shot.media.orientation.upright_size

    @property
    def fits(self) -> bool:
        """True while the picture is kept as large as the view allows."""
        return self._placement is None

    @property
    def placement(self) -> Placement | None:
        """Placement of the picture in its area, on pixels of the display; None without one."""
        placement = self._unsnapped_placement()
        return placement.on_grid(self._view.devicePixelRatioF()) if placement else None

    @property
    def panes(self) -> tuple[Pane, ...]:
        """Panes of the view."""
        view = float(self._view.width()), float(self._view.height())
        return panes(self.now.state.mode, view, self.size or (16, 9), self.divider)

    @property
    def divider(self) -> float:
        """Position of the wipe's divider, from the left; 0 without one."""
        size, state = self.size, self.now.state
        if size is None or state.mode != "wipe":
            return 0.0
        whole = Area(0, 0, self._view.width(), self._view.height())
        placement = self._placement or fitted(size, whole)
        return divider(state.wipe, placement, size[0], self._view.width())

    def ask(self) -> None:
        """Request the pictures that the panes need."""
        mode = self.now.state.mode
        self.pictures.ask(self.now, plate=mode != "edited", edited=mode != "plate")
        self.fronts.ask(self.now)

    def settled(self) -> bool:
        """Return whether nothing better will replace what is shown."""
        kinds = {pane.edited for pane in self.panes}
        return all(self.pictures.settled(edited=kind) for kind in kinds)

    def shown(self, *, edited: bool) -> ShownPicture | None:
        """Return the picture of a kind at the playhead, or the nearest there is."""
        return self.pictures.shown(self.now.state.frame, edited=edited)

    def shapes(self, *, edited: bool) -> tuple[FaceShape, ...]:
        """Return the faces in the frame that is shown; while one scrubs it may be one nearby."""
        shown = self.shown(edited=edited)
        frame = shown.picture.frame if shown else self.now.state.frame
        return self._faces.shapes(self.now, frame, edited=edited)

    def handles(self, pane: Pane) -> dict[str, tuple[float, float]]:
        """Return the handles in a pane."""
        placement, state = self.placement, self.now.state
        pulling = state.tool == "pull" and not state.speed
        shown = "handles" in state.overlays and pane.edited and pulling
        if placement is None or not shown:
            return {}
        positions = {}
        for name, point in self.face_handles.handles(self.now).items():
            x, y = placement.to_view(point).tolist()
            positions[name] = x + pane.area.left, y + pane.area.top
        return apart(positions, HANDLES_APART)

    def pane_at(self, x: float, y: float) -> Pane | None:
        """Return the pane that shows something at a point of the view."""
        return next((pane for pane in self.panes if (x, y) in pane.clip), None)

    def in_area(self, x: float, y: float) -> tuple[float, float]:
        """Return a point of the view relative to the area that it lies in."""
        parts = self.panes
        area = next((pane.area for pane in parts if (x, y) in pane.area), parts[0].area)
        return x - area.left, y - area.top

    def in_picture(self, x: float, y: float) -> tuple[float, float] | None:
        """Return a point of the view in the picture; None without one."""
        placement = self.placement
        return placement.to_picture(*self.in_area(x, y)) if placement else None

    # -- moving the picture ----------------------------------------------------------------

    def fit(self) -> None:
        """Show the whole picture."""
        self._set_placement(None)

    def zoom_at(self, zoom: float, x: float, y: float) -> None:
        """Zoom to so many view pixels a pixel of the picture, about a point of an area."""
        placement = self._unsnapped_placement()
        if placement is not None:
            self._set_placement(placement.zoomed(zoom, x, y))

    def zoom_middle(self, zoom: float) -> None:
        """Zoom to so many view pixels a pixel of the picture, about the middle."""
        area = self.panes[0].area
        self.zoom_at(zoom, area.width / 2, area.height / 2)

    def move(self, dx: float, dy: float) -> None:
        """Move the picture by view pixels."""
        placement = self._unsnapped_placement()
        if placement is not None:
            self._set_placement(placement.moved(dx, dy))

    def grow(self, width: int, height: int) -> None:
        """Keep the middle of the picture where it is in a view that has grown."""
        if self._placement is not None:
            self.move(width / 2, height / 2)

    def frame_face(self) -> None:
        """Bring the current face close; the whole picture when there is none."""
        number = self.now.state.face
        shape = next((s for s in self.shapes(edited=True) if s.number == number), None)
        if shape is None or self.size is None:
            return self.fit()
        area = self.panes[0].area
        left, top, right, bottom = shape.box
        zoom = _FACE_FRACTION * min(area.width / (right - left), area.height / (bottom - top))
        start = Placement(zoom, area.width / 2, area.height / 2)
        x, y = start.to_view(((left + right) / 2, (top + bottom) / 2)).tolist()
        self._set_placement(start.moved(area.width / 2 - x, area.height / 2 - y))

    def wipe(self, x: float) -> None:
        """Divide the picture at a position in the view."""
        placement, size = self.placement, self.size
        if placement is not None and size is not None:
            part = (x - placement.left) / (size[0] * placement.zoom)
            self._workspace.set(wipe=min(max(part, 0.0), 1.0))

    def _unsnapped_placement(self) -> Placement | None:
        """Return the placement as it was asked for, between pixels of the display too."""
        size = self.size
        if size is None:
            return None
        return self._placement or fitted(size, self.panes[0].area)

    def _set_placement(self, placement: Placement | None) -> None:
        size = self.size
        if placement is not None and size is not None:
            placement = placement.held(size, self.panes[0].area)
        self._placement = placement
        self._changed()
