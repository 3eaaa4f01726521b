"""What a USD file is composed of, looked at before anything is composed.

Layers are opened one by one, and only from the folder of the file: what is elsewhere, on the
network or named by an expression is refused. Arcs within layers can multiply a small file without
end, so that prims are counted before a stage is made of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["check_layers"]

_MOST_LAYERS = 200
_MOST_PRIMS = 200_000
_LARGEST = 256 << 20
"""Bytes of a layer that are read at most."""
_DEEPEST = 400
"""Brackets within brackets that text may hold; the parser calls itself for each."""


def check_layers(path: Path) -> Any:
    """Return the layer of a file, when everything that it is composed of lies in its folder.

    Args:
        path: The file.

    Raises:
        ValueError: When it is damaged, refers to something that is elsewhere or not there, or would
            become far larger than a scene of faces is.
    """
    folder = path.resolve().parent
    layers: dict[Path, Any] = {}
    waiting = [path.resolve()]
    while waiting:
        at = waiting.pop()
        if at in layers:
            continue
        if len(layers) == _MOST_LAYERS:
            raise ValueError(f"it is composed of more than {_MOST_LAYERS} files")
        layers[at] = layer = _opened(at)
        waiting += [_within(folder, at, asset) for asset in _assets(layer)]
    root = layers[path.resolve()]
    if _Prims(folder, layers).count(path.resolve(), root.pseudoRoot.path) > _MOST_PRIMS:
        raise ValueError(f"it would have more than {_MOST_PRIMS} prims")
    return root


def _opened(path: Path) -> Any:
    from pxr import Sdf, Tf

    if path.stat().st_size > _LARGEST:
        raise ValueError(f"{path.name} is larger than {_LARGEST >> 20} MiB")
    with path.open("rb") as file:
        if not file.read(8).startswith(b"PXR-USDC"):
            file.seek(0)
            _check_depth(file.read(), path.name)
    try:
        layer = Sdf.Layer.FindOrOpen(str(path))
    except (Tf.ErrorException, UnicodeError) as error:
        raise ValueError(f"{path.name} is damaged") from error
    if layer is None:
        raise ValueError(f"{path.name} is no USD layer")
    return layer


def _check_depth(text: bytes, name: str) -> None:
    import numpy as np

    codes = np.frombuffer(text, np.uint8)
    steps = np.zeros(len(codes), np.int8)
    steps[np.isin(codes, np.frombuffer(b"([{", np.uint8))] = 1
    steps[np.isin(codes, np.frombuffer(b")]}", np.uint8))] = -1
    if len(steps) and np.cumsum(steps, dtype=np.int32).max() > _DEEPEST:
        raise ValueError(f"{name} has more than {_DEEPEST} brackets within brackets")


def _assets(layer: Any) -> list[str]:
    """Return what a layer is composed with: sublayers, references, payloads, and value clips."""
    assets = {str(asset) for asset in layer.GetCompositionAssetDependencies()}
    clips: list[Any] = []

    def visit(path: Any) -> None:
        spec = layer.GetObjectAtPath(path)
        if path.IsPrimPath() or path.IsPrimVariantSelectionPath():
            clips.extend(_clip_assets(spec))

    layer.Traverse(layer.pseudoRoot.path, visit)
    # What refers to its own file names no asset.
    return sorted((assets | {str(clip) for clip in clips}) - {""})


def _clip_assets(spec: Any) -> list[str]:
    """Return the files that the value clips of a prim name."""
    if spec is None or not spec.HasInfo("clips"):
        return []
    found = []
    for one in dict(spec.GetInfo("clips")).values():
        for key in ("assetPaths", "manifestAssetPath", "templateAssetPath"):
            value = one.get(key)
            listed = value if key == "assetPaths" else [value]
            found += [getattr(asset, "path", asset) for asset in listed or () if asset]
    return found


def _within(folder: Path, layer: Path, asset: str) -> Path:
    """Return the file in the folder that an asset path of a layer means."""
    if "://" in asset or asset.startswith("`") or "[" in asset or ":SDF_FORMAT_ARGS:" in asset:
        raise ValueError(f"it refers to {asset!r}, which is no file beside it{_REMEDY}")
    path = (layer.parent / asset).resolve()
    if not path.is_relative_to(folder):
        raise ValueError(f"it refers to {asset!r}, which is outside its folder{_REMEDY}")
    if not path.is_file():
        raise ValueError(f"it refers to {asset!r}, which is not there{_REMEDY}")
    return path


_REMEDY = "; make one file of it with `usdcat --flatten`"


class _Prims:
    """How many prims a stage of layers has at most: arcs are followed, and what they bring counted.

    Args:
        folder: The folder of the file.
        layers: Every layer by its place.
    """

    def __init__(self, folder: Path, layers: dict[Path, Any]) -> None:
        self._folder, self._layers = folder, layers
        self._counts: dict[tuple[Path, Any], int] = {}

    def count(self, at: Path, path: Any) -> int:
        """Return how many prims there are at a path of a layer and below; 0 where it is in itself.

        Args:
            at: Place of the layer.
            path: Path of the prim, or of all.
        """
        key = (at, path)
        if key not in self._counts:
            # What leads back to itself is left out by USD.
            self._counts[key] = 0
            parts = self._parts(at, path)
            self._counts[key] = min(1 + sum(self.count(*part) for part in parts), _MOST_PRIMS + 1)
        return self._counts[key]

    def _parts(self, at: Path, path: Any) -> list[tuple[Path, Any]]:
        layer = self._layers[at]
        root = layer.pseudoRoot
        spec = root if path == root.path else layer.GetPrimAtPath(path)
        if not spec:
            return []
        parts = [(at, child.path) for child in spec.nameChildren]
        if spec == root:
            below = [_within(self._folder, at, asset) for asset in layer.subLayerPaths]
            return parts + [(one, self._layers[one].pseudoRoot.path) for one in below]
        for variants in spec.variantSets.values():
            parts += [(at, variant.primSpec.path) for variant in variants.variants.values()]
        for arcs in (spec.referenceList, spec.payloadList):
            parts += [self._target(at, arc) for arc in arcs.GetAddedOrExplicitItems()]
        for paths in (spec.inheritPathList, spec.specializesList):
            parts += [(at, inner) for inner in paths.GetAddedOrExplicitItems()]
        return parts

    def _target(self, at: Path, arc: Any) -> tuple[Path, Any]:
        """Return the layer and the path that a reference or payload means."""
        there = _within(self._folder, at, arc.assetPath) if arc.assetPath else at
        if not arc.primPath.isEmpty:
            return there, arc.primPath
        layer = self._layers[there]
        return there, layer.pseudoRoot.path.AppendChild(layer.defaultPrim or "none")
