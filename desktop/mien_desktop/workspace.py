"""The workspace: the one place through which panels read and change what the window shows.

A panel connects to `changed`, shows what is new, and turns what the user does into calls of
`set` (view state), `apply` and `gesture` (document). Everything happens on the main thread;
`later` brings answers of worker threads there.
"""

from __future__ import annotations

import dataclasses
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

from mien.errors import MienError
from mien.model.document import Document, Project
from mien.model.shot import Shot
from mien.session.keys import Clipboard
from mien.session.refs import KeyRef, TrackRef
from mien.session.session import Change, Gesture, Session
from mien_desktop.resolve import Resolved, resolve
from mien_desktop.view_state import ViewState

if TYPE_CHECKING:
    from mien.preview.previewer import Previewer
    from mien.preview.proxy import ProxyStore
    from mien.rendering.base import Renderer

__all__ = ["Workspace"]

_CHOSEN = 200
"""Documents of which it is remembered what was selected in them."""
_Chosen = OrderedDict[int, tuple[Document, frozenset[KeyRef], frozenset[TrackRef]]]


class Workspace(QObject):
    """Session, view state and preview of one window.

    Args:
        session: The document; a new one when not given.
        proxies: Gives the place of proxy files for a shot that is opened; None to do without.
        parent: Qt's owner.
    """

    changed = Signal(object, object)
    """The new and the last `Resolved`; not sent when both would show the same."""
    problem = Signal(object)
    """A MienError to be shown with its cause and remedy."""
    said = Signal(str)
    """A line for the status bar."""
    _called = Signal(object)

    def __init__(
        self,
        session: Session | None = None,
        parent: QObject | None = None,
        *,
        proxies: Callable[[], ProxyStore | None] = lambda: None,
        renderer: Callable[[], str] = lambda: "warp",
    ) -> None:
        super().__init__(parent)
        self.session = session or Session()
        self.clipboard = Clipboard()
        """Keys that were copied in the timeline or in the curve editor, to be pasted in either."""
        self._proxies = proxies
        self._renderer_name = renderer
        self._gesture: Gesture | None = None
        # The document itself is kept too: while it lives, no other has its id.
        self._chosen: _Chosen = OrderedDict()
        self._left: dict[str, ViewState] = {}
        """By its id, how a shot was looked at when another one was chosen."""
        self._previewer: Previewer | None = None
        self._previewed: Shot | None = None
        self._closing: list[threading.Thread] = []
        self._calling = threading.Lock()
        self._ended = False
        self._forget = self.session.subscribe(self._document_changed)
        self._called.connect(self._call, Qt.ConnectionType.QueuedConnection)
        self.now: Resolved = resolve(self.session.document, ViewState())
        self._open_preview(self.now)

    @property
    def state(self) -> ViewState:
        """The view state."""
        return self.now.state

    @property
    def project(self) -> Project | None:
        """The current shot with its edits."""
        return self.now.project

    @property
    def previewer(self) -> Previewer | None:
        """Pictures of the current shot; None without one, or when its media are missing."""
        return self._previewer

    def set(self, **changes: Any) -> None:
        """Change the view state.

        Args:
            **changes: Attributes of `ViewState` and their new values.
        """
        self._show(self.session.document, dataclasses.replace(self.state, **changes))

    def show_shot(self, shot: str | None) -> None:
        """Show a shot as it was left; from its beginning when it was not seen yet.

        Args:
            shot: Its id; None for the first, when the document is another.
        """
        if shot is None:
            self._left.clear()
        elif self.state.shot is not None:
            self._left[self.state.shot] = self.state
        left = self._left.get(shot or "", ViewState())
        self.set(
            shot=shot, frame=left.frame, face=left.face, faces=left.faces, layer=left.layer,
            time=left.time, speed=0.0,
        )  # fmt: skip

    def apply(self, name: str, change: Callable[[Document], Document]) -> bool:
        """Change the document in one step that can be undone.

        Args:
            name: What the step is called in the menu, as `Delete 3 keys`.
            change: From the document to the new one.

        Returns:
            Whether it was done; when it was refused the reason was shown.
        """
        self.finish_gesture()
        self._remember(self.session.document)
        try:
            self.session.apply(name, change)
        except MienError as error:
            self.problem.emit(error)
            return False
        return True

    def begin_gesture(self, name: str) -> None:
        """Begin something like a drag: many changes, one step."""
        self.finish_gesture()
        self._remember(self.session.document)
        self._gesture = self.session.gesture(name)
        self.set(dragging=True)

    def update_gesture(self, change: Callable[[Document], Document]) -> None:
        """Change the document as it was when the gesture began."""
        if self._gesture is None:
            return
        try:
            self._gesture.update(change)
        except MienError as error:
            self.said.emit(str(error))

    def finish_gesture(self, *, keep: bool = True) -> None:
        """End the gesture that goes on, if any: as one step, or as if it had not been."""
        gesture, self._gesture = self._gesture, None
        if gesture is None:
            return
        if keep:
            gesture.commit()
        else:
            gesture.cancel()
        self.set(dragging=False)

    @contextmanager
    def reporting(self) -> Iterator[None]:
        """Show what goes wrong inside instead of raising it."""
        try:
            yield
        except MienError as error:
            self.problem.emit(error)

    def later(self, call: Callable[[], None]) -> None:
        """Call on the main thread, soon; may be used from any thread. Not after `close`."""
        # A signal of what is destroyed meanwhile would end the process.
        with self._calling:
            if not self._ended:
                self._called.emit(call)

    def close(self) -> None:
        """Let go of the media and the session's news."""
        self._forget()
        self._let_go()
        for thread in self._closing:
            thread.join()
        with self._calling:
            self._ended = True

    @Slot(object)
    def _call(self, call: Callable[[], None]) -> None:
        call()

    def _document_changed(self, change: Change) -> None:
        """Show another document; undo and redo also bring back what was selected in it."""
        state = self.state
        if change.kind in ("undo", "redo"):
            self._remember(change.before)
            if id(change.after) in self._chosen:
                _, keys, tracks = self._chosen[id(change.after)]
                state = dataclasses.replace(state, keys=keys, tracks=tracks)
        elif change.kind == "replace":
            self._chosen.clear()
        self._show(change.after, state)

    def _remember(self, document: Document) -> None:
        """Keep in mind what is selected in a document that undo may come back to."""
        self._chosen[id(document)] = (document, self.state.keys, self.state.tracks)
        while len(self._chosen) > _CHOSEN:
            self._chosen.popitem(last=False)

    def _show(self, document: Document, state: ViewState) -> None:
        before = self.now
        if document is before.document and state == before.state:
            return
        self.now = now = resolve(document, state, before)
        self._open_preview(now)
        self.changed.emit(now, before)

    def _open_preview(self, now: Resolved) -> None:
        """Keep the previewer on the current shot and its edits."""
        shot = now.shot
        before = self._previewed
        if (
            self._previewer is not None
            and before is not None
            and shot is not None
            and shot is not before
            and before.same_but_occlusion(shot)
            and self._previewer.treat(shot)
        ):
            # Whoever paints a stroke does not wait until all of the shot is learned again.
            self._previewed = shot
        if shot is not self._previewed:
            self._let_go()
            self._previewed = shot
            if shot is not None and now.project is not None and now.project.online:
                from mien.preview.previewer import Previewer

                renderer = self._find_renderer(now.project)
                with self.reporting():
                    self._previewer = Previewer(shot, proxies=self._proxies(), renderer=renderer)
        if self._previewer is not None:
            with self.reporting():
                self._previewer.set_edits(now.edits)

    def _let_go(self) -> None:
        """Have no previewer; nobody waits until it has ended what it is in the middle of.

        Learning a face cannot be broken off everywhere. Panels drop what it still answers.
        """
        previewer, self._previewer = self._previewer, None
        if previewer is None:
            return
        thread = threading.Thread(target=previewer.close, name="mien-preview-close")
        thread.start()
        self._closing = [one for one in self._closing if one.is_alive()] + [thread]

    def _find_renderer(self, project: Project) -> Renderer | None:
        """The renderer that the user wants pictures from; the embedded one where it is missing."""
        from mien.rendering.registry import get_renderer, merge_settings

        name = self._renderer_name()
        try:
            return get_renderer(name, merge_settings(name, project.settings))
        except MienError as error:
            self.problem.emit(error)
            return None
