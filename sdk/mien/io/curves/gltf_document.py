"""A glTF document and the numbers in its buffers, with every size checked before it is used.

Layout: https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html
"""

from __future__ import annotations

import base64
import json
import os
import struct
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote

import numpy as np
import numpy.typing as npt

from mien._types import DoubleArray

__all__ = ["GltfDocument", "open_document"]

_MOST_TEXT = 256 << 20
_MOST_BYTES = 1 << 30
_MOST_VALUES = 1 << 27
_TYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
"""NumPy's name of a component type."""
_PARTS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}


def open_document(file: IO[bytes]) -> GltfDocument:
    """Open a `.glb` or a `.gltf`; which of them, its first bytes say.

    Raises:
        ValueError: When its sizes do not agree with the file, or it is no glTF 2.0.
    """
    file.seek(0, os.SEEK_END)
    size = file.tell()
    file.seek(0)
    head = file.read(12)
    binary = None
    if head[:4] == b"glTF":
        text, binary = _chunks(file, head, size)
    else:
        if size > _MOST_TEXT:
            raise ValueError(f"its text is larger than {_MOST_TEXT >> 20} MiB")
        text = head + file.read()
    try:
        tree = json.loads(text)
    except json.JSONDecodeError:
        raise ValueError("it is neither a .glb nor glTF's text") from None
    except RecursionError:
        raise ValueError("its lists lie too deep within each other") from None
    asset = tree.get("asset") if isinstance(tree, dict) else None
    version = str(asset.get("version")) if isinstance(asset, dict) else "none"
    if not version.startswith("2."):
        raise ValueError(f"its version is {version}, not 2.0")
    name = getattr(file, "name", None)
    return GltfDocument(tree, binary, Path(name) if isinstance(name, str) else None)


def _chunks(file: IO[bytes], head: bytes, size: int) -> tuple[bytes, bytes | None]:
    """Return the text and the binary buffer of a `.glb`."""
    if len(head) < 12:
        raise ValueError("it is cut off in its header")
    _, version, length = struct.unpack("<4sII", head)
    if version != 2:
        raise ValueError(f"its version is {version}, not 2")
    if length != size:
        raise ValueError(f"its header speaks of {length} bytes, and it has {size}")
    text, binary, at = None, None, 12
    while at + 8 <= size:
        count, kind = struct.unpack("<I4s", file.read(8))
        at += 8 + count
        if at > size:
            raise ValueError(f"a part of {count} bytes reaches beyond its end")
        if kind == b"JSON" and text is None:
            if count > _MOST_TEXT:
                raise ValueError(f"its text is larger than {_MOST_TEXT >> 20} MiB")
            text = file.read(count)
        elif kind == b"BIN\0" and binary is None:
            binary = file.read(count)
        else:
            file.seek(at)
    if text is None:
        raise ValueError("it has no text of JSON")
    return text, binary


class GltfDocument:
    """A document whose parts are looked up with care: a file may say anything.

    Args:
        tree: What its JSON holds.
        binary: The binary part of a `.glb`.
        path: The file; buffers are read from its folder alone.
    """

    def __init__(self, tree: dict[str, Any], binary: bytes | None, path: Path | None) -> None:
        self.tree = tree
        self._binary, self._path = binary, path
        self._buffers: dict[int, bytes] = {}

    def part(self, kind: str, index: Any) -> dict[str, Any]:
        """Return a part by its list and number: `part("meshes", 0)`.

        Raises:
            ValueError: When there is none.
        """
        parts = self.tree.get(kind)
        if not isinstance(parts, list) or not isinstance(index, int) or isinstance(index, bool):
            raise ValueError(f"it has no {kind} {index!r}")
        if not 0 <= index < len(parts) or not isinstance(parts[index], dict):
            raise ValueError(f"it has no {kind} {index}")
        return dict(parts[index])

    def numbers(self, index: Any) -> DoubleArray:
        """Return the numbers of an accessor, (count, parts), normalized ones as fractions.

        Raises:
            ValueError: When it reaches beyond its buffer, or is none.
        """
        accessor = self.part("accessors", index)
        count, parts = _whole(accessor, "count"), _PARTS.get(str(accessor.get("type")), 0)
        if not parts or count * parts > _MOST_VALUES:
            raise ValueError(f"its accessor {index} has {count} times {accessor.get('type')!r}")
        values = np.zeros((count, parts))
        if "bufferView" in accessor:
            values = self._strided(accessor, "componentType", count, parts).astype(np.float64)
        sparse = accessor.get("sparse")
        if isinstance(sparse, dict):
            some = _whole(sparse, "count")
            given = sparse["values"] | {"componentType": accessor.get("componentType")}
            at = self._strided(sparse["indices"], "componentType", some, 1)[:, 0]
            if some and int(at.max()) >= count:
                raise ValueError(f"its accessor {index} replaces values that it has not")
            values[at.astype(np.intp)] = self._strided(given, "componentType", some, parts)
        if accessor.get("normalized") is True:
            limit = np.iinfo(self._type(accessor, "componentType")).max
            values = np.maximum(values / limit, -1)
        return values

    def _type(self, holder: dict[str, Any], key: str) -> np.dtype[Any]:
        if holder.get(key) not in _TYPES:
            raise ValueError(f"its {key} {holder.get(key)!r} is none of glTF's")
        return np.dtype(_TYPES[holder[key]])

    def _strided(
        self, holder: dict[str, Any], key: str, count: int, parts: int
    ) -> npt.NDArray[Any]:
        """Return (count, parts) numbers of a buffer view."""
        kind = self._type(holder, key)
        view = self.part("bufferViews", holder.get("bufferView"))
        if "EXT_meshopt_compression" in (view.get("extensions") or {}):
            raise ValueError("it is compressed by meshopt; export it without compression")
        start, length = _whole(view, "byteOffset", 0), _whole(view, "byteLength")
        inner, row = _whole(holder, "byteOffset", 0), kind.itemsize * parts
        stride = _whole(view, "byteStride", row)
        buffer = self._buffer(view.get("buffer"))
        needed = inner + (stride * (count - 1) + row if count else 0)
        if stride < row or needed > length or start + length > len(buffer):
            raise ValueError("its numbers reach beyond their buffer")
        rows: npt.NDArray[Any] = np.ndarray(
            (count, parts), kind, buffer, start + inner, strides=(stride, kind.itemsize)
        )
        return rows.copy()

    def _buffer(self, index: Any) -> bytes:
        part = self.part("buffers", index)
        if index not in self._buffers:
            self._buffers[index] = self._loaded(part, index)
        return self._buffers[index]

    def _loaded(self, part: dict[str, Any], index: int) -> bytes:
        length, uri = _whole(part, "byteLength"), part.get("uri")
        if uri is None:
            if index or self._binary is None:
                raise ValueError(f"its buffer {index} is not in it")
            data = self._binary
        elif str(uri).startswith("data:"):
            header, _, body = str(uri).partition(",")
            if not header.endswith(";base64"):
                raise ValueError(f"its buffer {index} is not written in base64")
            data = base64.b64decode(body, validate=True)
        else:
            data = self._beside(str(uri), length)
        if len(data) < length:
            raise ValueError(f"its buffer {index} has {len(data)} of {length} bytes")
        return data[:length]

    def _beside(self, uri: str, length: int) -> bytes:
        """Return the bytes of a file in the document's folder."""
        if self._path is None or ":" in uri:
            raise ValueError(f"its buffer {uri!r} is no file beside it")
        folder = self._path.resolve().parent
        path = (folder / unquote(uri)).resolve()
        if not path.is_relative_to(folder):
            raise ValueError(f"its buffer {uri!r} is outside its folder; put all into a .glb")
        if not path.is_file():
            raise ValueError(f"its buffer {uri!r} is not there")
        if max(length, path.stat().st_size) > _MOST_BYTES:
            raise ValueError(f"its buffer {uri!r} is too large")
        return path.read_bytes()


def _whole(holder: dict[str, Any], key: str, usual: int | None = None) -> int:
    """Return a number that counts something."""
    value = holder.get(key, usual)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 40:
        raise ValueError(f"its {key} is {value!r}")
    return value
