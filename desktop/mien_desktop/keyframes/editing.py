"""Editing of the selected keys, alike in the timeline and in the curve editor."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from mien.model.document import Document
from mien.model.interpolate import INTERPOLATIONS, Interpolation
from mien.session.commands import (
    EASES,
    Ease,
    Edited,
    copy_keys,
    delete_keys,
    duplicate_keys,
    ease,
    insert_key,
    move_keys,
    paste_keys,
    remove_tracks,
    set_interpolation,
)
from mien.session.refs import KeyRef, TrackRef
from mien_desktop.command import Command, Scope
from mien_desktop.geometry.select import bounds
from mien_desktop.keyframes.selection import choose
from mien_desktop.words import count, title
from mien_desktop.workspace import Workspace

__all__ = ["EASE_NAMES", "INTERPOLATION_NAMES", "KeyEditing"]

INTERPOLATION_NAMES: Final[dict[Interpolation, str]] = {
    "hold": "Hold", "linear": "Linear", "ease": "Ease", "bezier": "Bezier",
}  # fmt: skip
EASE_NAMES: Final[dict[Ease, str]] = {
    "in": "Ease in", "out": "Ease out", "in-out": "Ease in and out",
    "overshoot": "Overshoot", "anticipate": "Anticipate",
}  # fmt: skip
_LEAP = 10
"""Frames of a nudge with Shift."""


class KeyEditing:
    """Editing of the selected keys, at the playhead where a time is needed.

    Args:
        workspace: Whose keys they are.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def commands(self, scope: Scope) -> tuple[Command, ...]:
        """Return the commands of a panel that shows keys."""

        def command(
            name: str, text: str, run: Callable[[], None], *keys: str, group: str = "Keys",
            enabled: bool = True,
        ) -> Command:  # fmt: skip
            # What works on keys needs keys; pasting and selecting do not.
            when = self.any if enabled else None
            return Command(f"{scope}.{name}", text, run, keys, group, scope, enabled=when)

        shape = "Interpolation"
        nudges = (("left", "Ctrl+Left", "earlier", -1), ("right", "Ctrl+Right", "later", 1))
        return (
            command("cut", "Cut keys", self.cut, "Ctrl+X"),
            command("copy", "Copy keys", self.copy, "Ctrl+C"),
            command("paste", "Paste keys at the playhead", self.paste, "Ctrl+V", enabled=False),
            command("duplicate", "Duplicate keys at the playhead", self.duplicate, "Ctrl+D"),
            command("delete", "Delete keys", self.delete, "Del", enabled=False),
            command("select-all", "Select all keys", self.select_all, "Ctrl+A", enabled=False),
            command(
                "select-here",
                "Select the keys at the playhead",
                self.select_here,
                "Return",
                enabled=False,
            ),
            command("select-none", "Select no keys", self.select_none, "Ctrl+Shift+A"),
            *(
                command(f"nudge-{way}", f"Nudge one frame {word}", partial(self.nudge, step), keys)
                for way, keys, word, step in nudges
            ),
            *(
                command(
                    f"leap-{way}",
                    f"Nudge ten frames {word}",
                    partial(self.nudge, step * _LEAP),
                    keys.replace("Ctrl", "Ctrl+Shift"),
                )
                for way, keys, word, step in nudges
            ),
            *(
                command(f"to-{kind}", text, partial(self.interpolate, kind), group=shape)
                for kind, text in INTERPOLATION_NAMES.items()
                if kind in INTERPOLATIONS
            ),
            *(
                command(f"ease-{kind}", EASE_NAMES[kind], partial(self.ease, kind), group=shape)
                for kind in EASES
            ),
        )

    def any(self) -> bool:
        """Return whether a key is selected."""
        return bool(self._workspace.state.keys)

    def delete(self) -> None:
        """Delete the selected keys; without keys, the selected lanes."""
        state = self._workspace.state
        keys, tracks = state.keys, state.tracks
        if keys:
            self._workspace.apply(f"Delete {self._many()}", lambda d: delete_keys(d, keys))
        elif tracks:
            name = f"Delete {count(len(tracks), 'lane')}"
            self._workspace.apply(name, lambda d: remove_tracks(d, tracks))

    def copy(self) -> None:
        """Keep copies of the selected keys."""
        keys = self._workspace.state.keys
        if keys:
            self._workspace.clipboard = copy_keys(self._workspace.session.document, keys)
            self._workspace.said.emit(f"Copied {self._many()}.")

    def cut(self) -> None:
        """Keep copies of the selected keys and delete them."""
        keys = self._workspace.state.keys
        if keys:
            self.copy()
            self._workspace.apply(f"Cut {self._many()}", lambda d: delete_keys(d, keys))

    def paste(self) -> None:
        """Put copies on the current face and layer, the earliest at the playhead."""
        clipboard, state = self._workspace.clipboard, self._workspace.state
        shot, face = state.shot, state.face
        if not clipboard or shot is None or face is None:
            self._workspace.said.emit("There are no keys to paste: copy some first.")
            return
        many = count(sum(len(keys) for _, _, keys in clipboard.tracks), "key")
        self._edit(
            f"Paste {many}",
            lambda d: paste_keys(d, clipboard, shot, face, state.frame, state.layer),
        )

    def duplicate(self) -> None:
        """Copy the selected keys to the playhead; right after themselves when they are there."""
        keys, frame = self._workspace.state.keys, self._workspace.state.frame
        span = bounds(keys)
        if span is None:
            return
        delta = frame - span.start or len(span)
        self._edit(f"Duplicate {self._many()}", lambda d: duplicate_keys(d, keys, delta))

    def nudge(self, frames: int) -> None:
        """Move the selected keys by frames."""
        keys = self._workspace.state.keys
        if keys:
            self._edit(f"Nudge {self._many()}", lambda d: move_keys(d, keys, frames))

    def interpolate(self, kind: Interpolation) -> None:
        """Change how curves run from the selected keys to their next."""
        keys = self._workspace.state.keys
        if keys:
            name = f"{INTERPOLATION_NAMES[kind]} after {self._many()}"
            self._workspace.apply(name, lambda d: set_interpolation(d, keys, kind))

    def ease(self, preset: Ease) -> None:
        """Let curves leave the selected keys by a preset."""
        keys = self._workspace.state.keys
        if keys:
            name = f"{EASE_NAMES[preset]} after {self._many()}"
            self._workspace.apply(name, lambda d: ease(d, keys, preset))

    def select_all(self) -> None:
        """Select every key of the shot."""
        project = self._workspace.project
        if project is None:
            return
        keys = (
            KeyRef(TrackRef(project.id, edit.face.number, layer.name, index), key.frame)
            for edit in project.edits
            for layer in edit.layers
            for index, track in enumerate(layer.tracks)
            for key in track.keys
        )
        choose(self._workspace, frozenset(keys))

    def select_here(self) -> None:
        """Select the keys at the playhead: of the selected lanes, or of all."""
        project, state = self._workspace.project, self._workspace.state
        if project is None:
            return
        keyed = (
            ref
            for edit in project.edits
            for layer in edit.layers
            for index, track in enumerate(layer.tracks)
            if track.key_at(state.frame) is not None
            and (ref := TrackRef(project.id, edit.face.number, layer.name, index))
        )
        chosen = [ref for ref in keyed if ref in state.tracks or not state.tracks]
        choose(self._workspace, frozenset(KeyRef(ref, state.frame) for ref in chosen))

    def select_none(self) -> None:
        """Select no key and no lane."""
        self._workspace.set(keys=frozenset(), tracks=frozenset())

    def key_at_playhead(self) -> None:
        """Set a key at the playhead in the selected lanes, or in all of the current layer."""
        state, now = self._workspace.state, self._workspace.now
        if state.shot is None or now.edit is None or state.face is None:
            return
        tracks = state.tracks
        if not tracks:
            layer = now.edit.layer(state.layer)
            tracks = frozenset(
                TrackRef(state.shot, state.face, layer.name, index)
                for index, track in enumerate(layer.tracks)
                if track.span is None
            )
        if not tracks:
            self._workspace.said.emit("Nothing is edited here yet: move a slider first.")
            return

        def change(document: Document) -> Edited:
            for ref in sorted(tracks):
                document = insert_key(document, ref, state.frame)
            return document, tuple(KeyRef(ref, state.frame) for ref in sorted(tracks))

        self._edit(f"Key {count(len(tracks), 'lane')}", change)

    def toggle_key(self, ref: TrackRef, control: str, keyed: bool) -> None:
        """Set a key of a track at the playhead, on its curve, or take away the one there."""
        frame = self._workspace.state.frame
        key = KeyRef(ref, frame)
        if keyed:
            self._workspace.apply(
                f"Delete key of {title(control)}", lambda d: delete_keys(d, [key])
            )
        else:
            self._edit(f"Key {title(control)}", lambda d: (insert_key(d, ref, frame), (key,)))

    def _many(self) -> str:
        return count(len(self._workspace.state.keys), "key")

    def _edit(self, name: str, change: Callable[[Document], Edited]) -> None:
        """Change the document and select what was changed."""
        made: list[KeyRef] = []

        def apply(document: Document) -> Document:
            document, keys = change(document)
            made[:] = keys
            return document

        if self._workspace.apply(name, apply):
            choose(self._workspace, frozenset(made))
