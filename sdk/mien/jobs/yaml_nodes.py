"""Values of a YAML file as they were typed, and the lines on which they stand."""

from __future__ import annotations

from typing import Final

import yaml

from mien.errors import InputError

__all__ = ["NodePath", "YamlNodes"]

_MOST_NODES = 1_000_000
"""Values at most, with those that aliases repeat: a few lines of them can stand for billions."""
_NULL: Final = "tag:yaml.org,2002:null"
NodePath = tuple[str | int, ...]
"""Where a value is: ("shots", 2, "media")."""


class YamlNodes:
    """Turns YAML's nodes into values whose scalars stay the text that was typed.

    YAML 1.1 would read the span 1:50 as 110, the name 010 as 8 and the name `no` as false.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._left = _MOST_NODES
        self.lines: dict[NodePath, int] = {}

    def value(self, node: yaml.Node, path: NodePath) -> object:
        """Return the value of a node."""
        self._left -= 1
        if not self._left:
            raise InputError(f"{self._name} holds too many values.", "Split it.")
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, i)) for i, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        empty = isinstance(node, yaml.ScalarNode) and node.style is None and node.tag == _NULL
        return None if empty else node.value

    def _mapping(self, node: yaml.MappingNode, path: NodePath) -> dict[str, object]:
        result: dict[str, object] = {}
        for key, item in node.value:
            line = key.start_mark.line + 1
            name = key.value
            if not isinstance(name, str):
                raise InputError(f"{self._name}, line {line}: a field's name must be a word.")
            if name in result:
                raise InputError(
                    f"{self._name}, line {line}: {name} is given twice.", "Leave one out."
                )
            self.lines[(*path, name)] = line
            result[name] = self.value(item, (*path, name))
        return result
