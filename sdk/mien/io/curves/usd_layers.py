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
            become larger than a scene of faces is.
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
    _Count(folder, layers).check(path.resolve())
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
    except Tf.ErrorException as error:
        first = str(error).strip().splitlines()[-1].strip()
        raise ValueError(f"{path.name} is damaged ({first})") from error
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
    return sorted(assets | {str(clip) for clip in clips})


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


class _Count:
    """How many prims a stage of layers would have at most."""

    def __init__(self, folder: Path, layers: dict[Path, Any]) -> None:
        self._folder, self._layers = folder, layers
        self._known: dict[tuple[Path, Any], int] = {}

    def check(self, root: Path) -> None:
        """Raise ValueError when it would have too many."""
        if self._of(root, self._layers[root].pseudoRoot.path, ()) > _MOST_PRIMS:
            raise ValueError(f"it would have more than {_MOST_PRIMS} prims")

    def _of(self, at: Path, path: Any, above: tuple[Any, ...]) -> int:
        key = (at, path)
        if key in above or len(above) > _DEEPEST:
            return _MOST_PRIMS + 1 if len(above) > _DEEPEST else 0
        if key not in self._known:
            self._known[key] = self._counted(at, path, (*above, key))
        return self._known[key]

    def _counted(self, at: Path, path: Any, above: tuple[Any, ...]) -> int:
        layer = self._layers[at]
        spec = layer.GetPrimAtPath(path) if path != layer.pseudoRoot.path else layer.pseudoRoot
        if spec is None:
            return 0
        total = 1
        for child in spec.nameChildren:
            total += self._of(at, child.path, above)
            if total > _MOST_PRIMS:
                return total
        if spec == layer.pseudoRoot:
            for asset in layer.subLayerPaths:
                below = _within(self._folder, at, asset)
                total += self._of(below, self._layers[below].pseudoRoot.path, above)
            return total
        for variants in spec.variantSets.values():
            for variant in variants.variants.values():
                total += self._of(at, variant.primSpec.path, above)
        for target, inner in self._arcs(at, spec):
            total += self._of(target, inner, above)
            if total > _MOST_PRIMS:
                break
        return total

    def _arcs(self, at: Path, spec: Any) -> list[tuple[Path, Any]]:
        """Return where references, payloads, inherits and specializes of a prim lead."""
        arcs = []
        for listed in (spec.referenceList, spec.payloadList):
            for arc in listed.GetAddedOrExplicitItems():
                target = _within(self._folder, at, arc.assetPath) if arc.assetPath else at
                layer = self._layers[target]
                inner = arc.primPath
                if inner.isEmpty:
                    inner = layer.pseudoRoot.path.AppendChild(layer.defaultPrim or "none")
                arcs.append((target, inner))
        for paths in (spec.inheritPathList, spec.specializesList):
            arcs += [(at, inner) for inner in paths.GetAddedOrExplicitItems()]
        return arcs
