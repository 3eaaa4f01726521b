"""An XML document as a tree whose elements know their lines; nothing in it is ever expanded.

Cuts come from strangers: a document that declares entities is refused (they are how a kilobyte
becomes a gigabyte, and how a file reads another), and so is one that is nested without end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from xml.parsers import expat

__all__ = ["XmlElement", "XmlError", "as_fields", "parse_xml"]

_DEEPEST: Final = 400
"""Elements in elements; compound clips in a storyline take about eight each."""
_FORBIDDEN: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
"""What XML cannot hold, and editors write into names and notes all the same."""


class XmlError(ValueError):
    """A document or element that cannot be read.

    Attributes:
        reason: What is wrong, without a full stop.
        line: Line of the file, from 1; 0 where none can be named.
    """

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {reason}" if line else reason)
        self.reason = reason
        self.line = line


@dataclass(slots=True, eq=False)
class XmlElement:
    """An element.

    Attributes:
        tag: Its name.
        line: The line of the file on which it begins, from 1.
        attributes: Its attributes.
        children: The elements in it.
        text: The text before its first child, without blanks around it.
    """

    tag: str
    line: int
    attributes: dict[str, str]
    children: list[XmlElement] = field(default_factory=list)
    text: str = ""

    def get(self, name: str, default: str = "") -> str:
        """Return an attribute, without blanks around it."""
        return self.attributes.get(name, default).strip()

    def child(self, *path: str) -> XmlElement | None:
        """Return the first element down a path of tags; None where there is none."""
        element: XmlElement | None = self
        for tag in path:
            if element is None:
                return None
            element = next((child for child in element.children if child.tag == tag), None)
        return element

    def all(self, *path: str) -> list[XmlElement]:
        """Return every element down a path of tags."""
        elements = [self]
        for tag in path:
            elements = [
                child for element in elements for child in element.children if child.tag == tag
            ]
        return elements

    def value(self, *path: str) -> str:
        """Return the text of the first element down a path; empty where there is none."""
        element = self.child(*path)
        return "" if element is None else element.text

    def walk(self) -> Iterator[XmlElement]:
        """Yield the element and all that are in it, in the order of the file."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            yield element
            waiting.extend(reversed(element.children))


def parse_xml(text: str) -> XmlElement:
    """Read a document.

    Args:
        text: The document; whatever encoding it says it is in.

    Raises:
        XmlError: When it is not XML, declares entities, or is nested too deep.
    """
    text = _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text.rstrip())
    body = text.lstrip()
    # Blanks before the declaration are no XML, but no loss either; lines are counted with them.
    earlier = text[: len(text) - len(body)].count("\n")
    builder = _Builder(earlier)
    try:
        builder.parser.Parse(body.encode("utf-8"), True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code) or "it is not well formed"
        raise XmlError(reason, error.lineno + earlier) from None
    assert builder.root is not None
    return builder.root


class _Builder:
    """Receives what expat reads, and builds the tree."""

    def __init__(self, earlier: int) -> None:
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.EntityDeclHandler = self._entity
        self.root: XmlElement | None = None
        self._open: list[XmlElement] = []
        self._earlier = earlier

    @property
    def _line(self) -> int:
        return self.parser.CurrentLineNumber + self._earlier

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= _DEEPEST:
            raise XmlError(f"elements are nested more than {_DEEPEST} deep", self._line)
        # Namespaces say nothing here: a prefix is left out.
        element = XmlElement(tag.rpartition(":")[2], self._line, attributes)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def _end(self, _: str) -> None:
        element = self._open.pop()
        element.text = element.text.strip()

    def _characters(self, text: str) -> None:
        if self._open and not self._open[-1].children:
            self._open[-1].text += text

    def _entity(self, *_: object) -> None:
        raise XmlError("it declares entities, which no cut needs", self._line)


def as_fields(element: XmlElement, leave: frozenset[str] = frozenset()) -> dict[str, Any]:
    """An element as metadata: its texts and elements by tag, attributes with `@` before them.

    Args:
        element: The element.
        leave: Tags of children that are left out.
    """
    fields: dict[str, Any] = {f"@{name}": value for name, value in element.attributes.items()}
    for child in element.children:
        if child.tag in leave:
            continue
        value: Any = as_fields(child) if child.children else child.text
        if child.tag not in fields:
            fields[child.tag] = value
        elif isinstance(fields[child.tag], list):
            fields[child.tag].append(value)
        else:
            fields[child.tag] = [fields[child.tag], value]
    return fields
