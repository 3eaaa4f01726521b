"""Consent of a performer: who it is, on what ground a face may be edited, and how far that goes."""

from __future__ import annotations

import datetime
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final, get_args

from mien.errors import UsageError
from mien.model.controls import CONTROLS, NAMES, Region, nearest, sides
from mien.model.listing import list_names

__all__ = ["CONTROL_GROUPS", "Consent", "as_date", "check_uses", "today"]

CONTROL_GROUPS: Final[tuple[str, ...]] = get_args(Region)
"""Names of parts of the face, each of which stands for its controls in a consent's scope."""

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_LONGEST: Final = 2000
"""Characters of a text; a document has room for more."""
_LONGEST_USE: Final = 200
"""Characters of a use, which is a word or two: as of every name that mien serve hands on."""
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
"""What is typed in another encoding than the terminal's, and can be kept in no file."""


@dataclass(frozen=True, slots=True)
class Consent:
    """The permission to edit one person's face, and how far it goes.

        consent = mien.Consent(
            "Anna Example", "clause 7 of her contract", datetime.date(2026, 1, 1), uses=("dub",)
        )
        project = mien.set_consent(project, 1, consent)

    Attributes:
        performer: Who the person is.
        ground: On what ground the edit is permitted, in words.
        date: The day from which it holds; the first of its days.
        expires: The last of its days; None for no end.
        document: SHA-256 of the document that says so, 64 hexadecimal digits; empty for none.
        controls: Controls that may be edited, by name (`jawOpen`, `mouthSmile` for both sides) or
            by group (`CONTROL_GROUPS`); none for all.
        uses: What renders may be used for, in free words; none for anything.
    """

    performer: str
    ground: str
    date: datetime.date
    expires: datetime.date | None = None
    document: str = ""
    controls: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _set(self, "performer", _line(self.performer, "name of the performer"))
        _set(self, "ground", _text(self.ground, "ground of the consent"))
        # A time of a day would compare with no day, and be read from no project.
        _set(self, "date", as_date(self.date))
        if self.expires is not None:
            _set(self, "expires", as_date(self.expires))
        _set(self, "controls", tuple(dict.fromkeys(map(_control, self.controls))))
        _set(self, "uses", check_uses(self.uses))
        if self.document and not _SHA256.fullmatch(self.document):
            raise UsageError(
                f"'{self.document[:80]}' is no hash of a document.",
                "Give its SHA-256 in 64 hexadecimal digits, as sha256sum prints it.",
            )
        if self.expires is not None and self.expires < self.date:
            raise UsageError(
                f"The consent of {self.performer} ends on {self.expires}, before it begins on"
                f" {self.date}.",
                "Give a later day, or none.",
            )

    def __str__(self) -> str:
        """Return it in a line, without the ground."""
        end = "" if self.expires is None else f" until {self.expires}"
        scope = f", {list_names(self.controls)} only" if self.controls else ""
        uses = f", for {list_names(self.uses)} only" if self.uses else ""
        return f"{self.performer}, from {self.date}{end}{scope}{uses}"

    def __repr__(self) -> str:
        return f"Consent({str(self)[:200]})"

    def permits_control(self, name: str) -> bool:
        """Tell whether a control is within the scope.

        Args:
            name: A control's full name, one of `CONTROLS`.
        """
        return not self.controls or name in self.permitted_controls

    @property
    def permitted_controls(self) -> frozenset[str]:
        """The full names of all controls within the scope."""
        if not self.controls:
            return frozenset(NAMES)
        named = {name for one in self.controls for name in sides(one) or ()}
        return frozenset(
            one.name for one in CONTROLS if one.name in named or one.region in self.controls
        )

    def permits_use(self, use: str) -> bool:
        """Tell whether renders may be used for something."""
        return not self.uses or use.strip().casefold() in self.uses

    def holds_on(self, day: datetime.date) -> bool:
        """Tell whether it holds on a day: neither before its first nor after its last."""
        return self.date <= day and (self.expires is None or day <= self.expires)

    @property
    def digest(self) -> str:
        """SHA-256 of all that it says, 64 hexadecimal digits; of its dictionary as JSON.

        That JSON has sorted keys, no blanks, and nothing but ASCII.
        """
        text = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Return it in JSON's types, days as `2026-11-30`."""
        return asdict(self) | {
            "date": self.date.isoformat(),
            "expires": None if self.expires is None else self.expires.isoformat(),
            "controls": list(self.controls),
            "uses": list(self.uses),
        }

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> Consent:
        """Return what `to_dict` made a dictionary of.

        Raises:
            UsageError: When it says what no consent can.
        """
        expires = value.get("expires")
        return cls(
            value["performer"],
            value["ground"],
            as_date(value["date"]),
            None if expires is None else as_date(expires),
            value.get("document", ""),
            tuple(value.get("controls", ())),
            tuple(value.get("uses", ())),
        )


def as_date(text: str | datetime.date) -> datetime.date:
    """Return a day of text as `2026-11-30`, or that of a time.

    Raises:
        UsageError: When it is none.
    """
    if isinstance(text, datetime.datetime):
        return text.date()
    if isinstance(text, datetime.date):
        return text
    try:
        return datetime.datetime.strptime(text.strip(), "%Y-%m-%d").date()
    except ValueError:
        raise UsageError(
            f"'{text}' is no day.", "Write year, month and day, as in 2026-11-30."
        ) from None


def check_uses(uses: Iterable[str]) -> tuple[str, ...]:
    """Return uses as they are compared: in one line each, without capitals."""
    return tuple(dict.fromkeys(_line(use.casefold(), "use", _LONGEST_USE) for use in uses))


def today() -> datetime.date:
    """Return the day that it is, in UTC, by this machine's clock."""
    return datetime.datetime.now(datetime.timezone.utc).date()


def _set(consent: Consent, name: str, value: object) -> None:
    object.__setattr__(consent, name, value)


def _text(text: str, what: str, longest: int = _LONGEST) -> str:
    text = text.strip()
    if not text or len(text) > longest or "\x00" in text or _SURROGATE.search(text):
        raise UsageError(
            f"The {what} is {'missing' if not text else 'no text, or too long'}.",
            f"Give it in at most {longest} characters.",
        )
    return text


def _line(text: str, what: str, longest: int = _LONGEST) -> str:
    text = _text(text, what, longest)
    if len(text.splitlines()) > 1:
        raise UsageError(f"The {what} has several lines.", "Give it in one.")
    return " ".join(text.split())


def _control(name: str) -> str:
    name = name.strip()
    if name in CONTROL_GROUPS or sides(name):
        return name
    meant = nearest(name, (*CONTROL_GROUPS, *NAMES))
    raise UsageError(
        f"There is no control or group '{name}' that a consent could be for.",
        f"Did you mean '{meant}'?" if meant else f"Groups are {list_names(CONTROL_GROUPS)}.",
        choices=CONTROL_GROUPS,
    )
