"""Trying and applying expressions: how strongly, and as a moment or as a key.

The palette and the wheel of feelings share one: what is set in one of them holds in the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from mien.session.commands import set_expression
from mien_desktop.controls.audition import audition_values
from mien_desktop.resolve import Resolved
from mien_desktop.settings import settings
from mien_desktop.workspace import Workspace

__all__ = ["STRONGEST", "ExpressionApplying"]

STRONGEST: Final = 150
"""Per cent of an expression that can be applied."""
_PAUSE = 70
"""Milliseconds that the pointer rests on an expression before it is tried: passing by is none."""
_COMING = Fraction(2, 5)
"""Seconds over which a moment comes, and goes."""
_MANNER = "expressions/manner"


class ExpressionApplying(QObject):
    """Trying and applying expressions at the playhead.

    Args:
        workspace: The workspace.
        parent: Qt's owner.
    """

    changed = Signal()
    """The strength or the manner is another."""

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._per_cent = 100
        self._as_key = bool(settings().value(_MANNER) == "key")
        self._values: dict[str, float] = {}
        self._rest = QTimer(self, singleShot=True, interval=_PAUSE)
        self._rest.timeout.connect(self._audition)

    @property
    def per_cent(self) -> int:
        """Per cent of an expression that is tried and applied, 0 to `STRONGEST`."""
        return self._per_cent

    @property
    def strength(self) -> float:
        """The same as a part, 1 for all of it."""
        return self._per_cent / 100

    @property
    def as_key(self) -> bool:
        """True when only a key is set, rather than a moment that comes and goes."""
        return self._as_key

    def set_per_cent(self, value: int) -> None:
        """Try and apply so much; what is tried now changes with it."""
        value = min(max(value, 0), STRONGEST)
        if value != self._per_cent:
            self._per_cent = value
            self.changed.emit()
            if self._workspace.state.audition and self._values:
                self._audition()

    def set_as_key(self, on: bool) -> None:
        """Set only a key from now on, or a moment; it is remembered."""
        if on != self._as_key:
            self._as_key = on
            settings().setValue(_MANNER, "key" if on else "moment")
            self.changed.emit()

    def reach(self, now: Resolved) -> int:
        """Return the frames over which an expression comes and goes; 0 when it is only keyed."""
        if now.shot is None or self._as_key:
            return 0
        return max(round(now.shot.clock.rate * _COMING), 1)

    def try_out(self, values: Mapping[str, float]) -> None:
        """Show an expression in the viewer once the pointer has rested on it.

        Args:
            values: By control, expression or feeling, its weight.
        """
        self._values = dict(values)
        self._rest.start()

    def end_trying(self) -> None:
        """Show the face as it is."""
        self._values = {}
        self._rest.stop()
        self._workspace.set(audition=())

    def apply(self, expression: str | Mapping[str, float], name: str) -> bool:
        """Apply an expression at the playhead, in one step.

        Args:
            expression: Its name, or weights of controls.
            name: What the step is called: `Apply NAME`.

        Returns:
            Whether it was done.
        """
        now, state, strength = self._workspace.now, self._workspace.state, self.strength
        if now.project is None or now.face is None:
            return False
        shot, face, reach = now.project.id, now.face.number, self.reach(now)
        self._rest.stop()
        self._workspace.set(audition=())
        done = self._workspace.apply(
            f"Apply {name}",
            lambda d: set_expression(
                d, shot, face, expression, strength, state.frame, layer=state.layer,
                auto_key=True, reach=reach,
            ),
        )  # fmt: skip
        if done:
            names = (expression,) if isinstance(expression, str) else tuple(expression)
            self._workspace.set(controls=names)
        return done

    def _audition(self) -> None:
        if self._values:
            values = audition_values(self._workspace.now, self._values, self.strength)
            self._workspace.set(audition=values)
