"""What an FCPXML document refers to: formats, assets, effects, compound and multicam clips."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import opentimelineio as otio

from mien.editorial.fcpx_times import format_rate, seconds_in
from mien.editorial.track_layout import span_of
from mien.editorial.xml_tree import XmlElement, XmlError
from mien.media.sequence import EXTENSIONS

__all__ = ["Resources"]

_ORIGINAL: Final = "original-media"
_STILLS: Final = (*EXTENSIONS, ".heic", ".psd", ".gif", ".webp")


class Resources:
    """The resources of a document, by id."""

    def __init__(self, root: XmlElement) -> None:
        self._rates: dict[str, Fraction | None] = {}
        self._by_id = {
            element.get("id"): element
            for resources in root.all("resources")
            for element in resources.children
            if element.get("id")
        }

    def get(self, key: str) -> XmlElement | None:
        """Return a resource; None where the document has none of that id."""
        return self._by_id.get(key)

    def rate(self, element: XmlElement) -> Fraction | None:
        """Frames a second of an element with a format; None where that says none."""
        key = element.get("format")
        if key not in self._rates:
            format_ = self._by_id.get(key)
            known = format_ is not None and format_.tag == "format"
            self._rates[key] = format_rate(format_) if known and format_ is not None else None
        return self._rates[key]

    def media(self, element: XmlElement, tag: str) -> XmlElement:
        """The sequence or multicam of the compound clip to which an element refers.

        Raises:
            XmlError: When there is none.
        """
        media = self._by_id.get(element.get("ref"))
        content = None if media is None else media.child(tag)
        if content is None:
            reason = f"its {tag} '{element.get('ref')[:40]}' is not in the file"
            raise XmlError(reason, element.line)
        return content

    def only_rate(self) -> Fraction | None:
        """The rate of all formats, where they have one."""
        formats = [element for element in self._by_id.values() if element.tag == "format"]
        rates = {rate for element in formats if (rate := format_rate(element)) is not None}
        return rates.pop() if len(rates) == 1 else None

    def reference(self, key: str, rate: Fraction) -> Any:
        """The media of a resource, as OTIO refers to them.

        Args:
            key: Its id.
            rate: Frames a second of media that do not say.
        """
        element = self._by_id.get(key)
        if element is None:
            return otio.schema.MissingReference()
        name = element.get("name")
        if element.tag == "effect":
            return otio.schema.GeneratorReference(name=name, generator_kind=name)
        url = _url(element)
        available = self._available(element, self.rate(element) or rate)
        if not url:
            return otio.schema.MissingReference(name=name, available_range=available)
        made = otio.schema.ExternalReference(target_url=url, available_range=available)
        made.name = name
        return made

    def is_still(self, key: str) -> bool:
        """Whether a resource is one picture: it lasts no time, or is an image without a rate."""
        element = self._by_id.get(key)
        if element is None or element.tag != "asset":
            return False
        if element.get("duration") and not seconds_in(element, "duration"):
            return True
        ending = Path(_url(element).rpartition("/")[2]).suffix.lower()
        return ending in _STILLS and self.rate(element) is None

    def is_heard_only(self, key: str) -> bool:
        """Whether a resource has sound and no pictures."""
        element = self._by_id.get(key)
        if element is None or element.tag != "asset" or element.get("hasVideo") == "1":
            return False
        return element.get("hasVideo") == "0" or element.get("hasAudio") == "1"

    def _available(self, element: XmlElement, rate: Fraction) -> Any:
        length = seconds_in(element, "duration", Fraction(0))
        if not length:
            return None
        return span_of(seconds_in(element, "start", Fraction(0)), length, rate)


def _url(element: XmlElement) -> str:
    """Where the file of an asset is; of several the original."""
    files = element.all("media-rep")
    files.sort(key=lambda file: file.get("kind", _ORIGINAL) != _ORIGINAL)
    return next((file.get("src") for file in files if file.get("src")), element.get("src"))
