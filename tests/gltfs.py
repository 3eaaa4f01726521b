"""glTF files for tests: made by hand, and looked at by the rules of glTF 2.0."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import numpy as np

__all__ = ["broken_rules", "glb_of", "simple", "split"]

_SIZES = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}
_PARTS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}


def glb_of(document: Any, binary: bytes = b"") -> bytes:
    """Return a document and its buffer as a `.glb`."""
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    parts = struct.pack("<I4s", len(text), b"JSON") + text
    if binary:
        parts += struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(parts)) + parts


def split(data: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the document and the buffer of a `.glb`."""
    (length,) = struct.unpack_from("<I", data, 12)
    return json.loads(data[20 : 20 + length]), data[20 + length + 8 :]


def simple(
    times: list[float], weights: list[float], names: list[str], **sampler: Any
) -> dict[str, Any]:
    """Return a document with one mesh whose morph targets move; its buffer is in it."""
    numbers = np.array([*times, *weights], "<f4").tobytes()
    start = 4 * len(times)
    uri = "data:application/octet-stream;base64," + base64.b64encode(numbers).decode()
    return {
        "asset": {"version": "2.0"},
        "nodes": [{"name": "Head", "mesh": 0}],
        "meshes": [
            {
                "primitives": [{"attributes": {}, "targets": [{} for _ in names]}],
                "extras": {"targetNames": names},
            }
        ],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": len(times), "type": "SCALAR"},
            {"bufferView": 1, "componentType": 5126, "count": len(weights), "type": "SCALAR"},
        ],
        "bufferViews": [
            {"buffer": 0, "byteLength": start},
            {"buffer": 0, "byteOffset": start, "byteLength": 4 * len(weights)},
        ],
        "buffers": [{"byteLength": len(numbers), "uri": uri}],
        "animations": [
            {
                "channels": [{"sampler": 0, "target": {"node": 0, "path": "weights"}}],
                "samplers": [{"input": 0, "output": 1} | sampler],
            }
        ],
    }


def broken_rules(data: bytes) -> list[str]:
    """Return the rules of glTF 2.0 that a `.glb` breaks: sizes, alignment, bounds, references."""
    broken = []
    magic, version, length = struct.unpack_from("<4sII", data)
    document, binary = split(data)
    if (magic, version, length) != (b"glTF", 2, len(data)) or len(data) % 4:
        broken.append("header")
    if document["buffers"] != [{"byteLength": len(binary)}]:
        broken.append("buffer")
    for number, view in enumerate(document["bufferViews"]):
        if view["byteOffset"] % 4 or view["byteOffset"] + view["byteLength"] > len(binary):
            broken.append(f"view {number}")
    for number, accessor in enumerate(document["accessors"]):
        view = document["bufferViews"][accessor["bufferView"]]
        size = _SIZES[accessor["componentType"]] * _PARTS[accessor["type"]]
        if accessor["count"] < 1 or accessor["count"] * size != view["byteLength"]:
            broken.append(f"accessor {number}")
        if "min" in accessor:
            rows = np.frombuffer(binary, "<f4", view["byteLength"] // 4, view["byteOffset"])
            rows = rows.reshape(accessor["count"], -1)
            if not (
                np.array_equal(rows.min(axis=0), np.array(accessor["min"], "f4"))
                and np.array_equal(rows.max(axis=0), np.array(accessor["max"], "f4"))
            ):
                broken.append(f"bounds {number}")
    broken += _broken_meshes(document) + _broken_animations(document)
    return broken


def _broken_meshes(document: dict[str, Any]) -> list[str]:
    broken, accessors = [], document["accessors"]
    for mesh in document["meshes"]:
        (primitive,) = mesh["primitives"]
        points = accessors[primitive["attributes"]["POSITION"]]
        if len(mesh["weights"]) != len(primitive["targets"]):
            broken.append("weights of the mesh")
        for one in (primitive["attributes"], *primitive["targets"]):
            if "min" not in accessors[one["POSITION"]]:
                broken.append("positions without bounds")
            if any(accessors[index]["count"] != points["count"] for index in one.values()):
                broken.append("attributes of other lengths")
        if accessors[primitive["indices"]]["componentType"] != 5123:
            broken.append("indices")
    return broken


def _broken_animations(document: dict[str, Any]) -> list[str]:
    broken, accessors = [], document["accessors"]
    for animation in document.get("animations", ()):
        seen = set()
        for channel in animation["channels"]:
            sampler, target = animation["samplers"][channel["sampler"]], channel["target"]
            times, values = accessors[sampler["input"]], accessors[sampler["output"]]
            node = document["nodes"][target["node"]]
            each = 1
            if target["path"] == "weights":
                each = len(document["meshes"][node["mesh"]]["weights"])
            if values["count"] != each * times["count"] or "min" not in times:
                broken.append(f"sampler of {target}")
            seen.add((target["node"], target["path"]))
        if len(seen) < len(animation["channels"]) or not animation["channels"]:
            broken.append("channels")
    return broken
