"""478 landmarks of a face from the part of the picture that holds it.

The network is MediaPipe's face mesh with attention (Grishchenko et al., "Attention Mesh:
High-fidelity Face Mesh Prediction in Real-time", 2020). Every face is read twice, as it is
and mirrored, and the readings are averaged: the network's left-right bias cancels, its noise
falls, and how far the readings disagree says how far to trust them.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from mien._types import ByteArray, FloatArray
from mien.face.regions import region_weights
from mien.face.rig import load_rig
from mien.model.landmarks import LANDMARKS, MESH, SKIN
from mien.tracking.mean_fit import fit_mean, mean_height
from mien.tracking.mediapipe.graphs import (
    INPUT_SIZE,
    GraphModel,
    inference_node,
    picture_node,
)
from mien.tracking.models import FaceBounds, Reading, Thresholds
from mien.tracking.regions import FACE_MARGIN, Roi

__all__ = ["FaceMesh", "PendingCrops"]

_HALF_SURE = 16.0
_EVIDENCE_SLOPE = 3.5
"""Evidence that makes confidence a half, and its slope: 30 gives 0.98, 20 gives 0.76."""

_WIDE_APART = 0.04
"""Distance of both readings that takes confidence to 1/e; uncovered faces have 0.004..0.02."""

_THRESHOLDS = Thresholds(
    # Real faces that are whole had 15 and 0.03 at worst, in poor light, in profile, behind a hand.
    followed=FaceBounds(min_evidence=6.0, max_spread=0.06),
    # Ghosts have less evidence.
    new=FaceBounds(min_evidence=10.0, max_spread=0.035),
    # Most of the face lies outside the picture, or behind a hand.
    min_confidence=0.05,
    doubtful=0.3,
    credible=0.5,
    # Ghosts have 0.3 at most.
    credible_fraction=0.2,
    sure=0.75,
)
"""What this network's log-odds and spreads mean."""

_OUTPUTS = {
    "mesh": 3 * SKIN,
    "lips": 2 * 80,
    "left_eye": 2 * 71,
    "right_eye": 2 * 71,
    "left_iris": 2 * 5,
    "right_iris": 2 * 5,
    "evidence": 1,
}
"""The network's outputs in their order, and the count of their numbers."""

_ENDS = np.cumsum(list(_OUTPUTS.values()))[:-1]

_NEWLINE = "\n"
_CONFIG = f"""
input_stream: "picture"
output_stream: "numbers"
{picture_node(low=0)}
node {{
  calculator: "TfLiteCustomOpResolverCalculator"
  output_side_packet: "OP_RESOLVER:operators"
}}
{
    inference_node(
        "face_landmark/face_landmark_with_attention.tflite",
        'input_side_packet: "OP_RESOLVER:operators"',
    )
}
node {{
  calculator: "SplitTensorVectorCalculator"
  input_stream: "output"
  {_NEWLINE.join(f'output_stream: "{name}_tensor"' for name in _OUTPUTS)}
  options {{ [mediapipe.SplitVectorCalculatorOptions.ext] {{
    {_NEWLINE.join(f"ranges {{ begin: {i} end: {i + 1} }}" for i in range(len(_OUTPUTS)))}
  }} }}
}}
{
    _NEWLINE.join(
        f'''
node {{
  calculator: "TensorsToFloatsCalculator"
  input_stream: "TENSORS:{name}_tensor"
  output_stream: "FLOATS:{name}"
}}'''
        for name in _OUTPUTS
    )
}
node {{
  calculator: "ConcatenateFloatVectorCalculator"
  {_NEWLINE.join(f'input_stream: "{name}"' for name in _OUTPUTS)}
  output_stream: "numbers"
}}
"""


@dataclass(frozen=True, slots=True, eq=False)
class PendingCrops:
    """Regions that are being read: where, what is in them, and what the graph calls them."""

    rois: tuple[Roi, ...]
    crops: tuple[ByteArray, ...]
    stamps: range


class FaceMesh(GraphModel):
    """The face mesh with attention that MediaPipe's package carries; a `LandmarkModel`.

    Each region is read straight and mirrored.

    Raises:
        MissingDependencyError: When MediaPipe or its models are not installed.
    """

    topology = MESH
    thresholds = _THRESHOLDS

    def __init__(self) -> None:
        super().__init__(_CONFIG, "numbers")
        parts = _refinements()
        self._columns, self._depths = _assembly(parts)
        self._mirror = load_rig().mirror
        eyes = np.concatenate([parts["left_eye"][0], parts["right_eye"][0]])
        # How far both readings lie apart: over the whole face, the lips and the eyes.
        self._over = np.zeros((LANDMARKS, 3), np.float32)
        for column, indices in enumerate((np.arange(LANDMARKS), parts["lips"][0], eyes)):
            self._over[:, column] = np.bincount(indices, minlength=LANDMARKS) / len(indices)
        self._regions = region_weights()

    def read(self, picture: ByteArray, rois: Sequence[Roi]) -> list[Reading]:
        """Return the readings of regions of a picture; see `LandmarkModel.read`."""
        return self.finish(self.begin(picture, rois))

    def begin(self, picture: ByteArray, rois: Sequence[Roi]) -> PendingCrops:
        """Start to read regions of a picture; see `LandmarkModel.begin`."""
        crops = [roi.cut(picture, INPUT_SIZE) for roi in rois]
        both = [side for crop in crops for side in (crop, cv2.flip(crop, 1))]
        return PendingCrops(tuple(rois), tuple(crops), self._pool.submit(both))

    def finish(self, pending: PendingCrops) -> list[Reading]:
        """Return the readings of regions that were begun; see `LandmarkModel.finish`."""
        rois, crops = pending.rois, pending.crops
        if not rois:
            return []
        packets = self._pool.collect_each(pending.stamps)
        numbers = np.stack([self._pool.floats(packet) for packet in packets])
        points = self._landmarks(numbers)
        straight, mirrored = points[::2], points[1::2, self._mirror]
        mirrored[..., 0] = INPUT_SIZE - mirrored[..., 0]
        distance = np.hypot(*np.moveaxis((straight - mirrored)[..., :2], -1, 0))
        apart, regions = distance @ self._over, distance @ self._regions
        middle = (straight + mirrored) / 2
        # The network counts from the corner of the first pixel, we from its centre.
        middle[..., :2] -= 0.5
        evidence = (numbers[::2, -1] + numbers[1::2, -1]) / 2
        return [
            _reading(
                middle[i],
                float(evidence[i]),
                (float(far[0]), float(far[1:].max())),
                regions[i],
                roi,
                crop,
            )
            for i, (roi, crop, far) in enumerate(zip(rois, crops, apart, strict=True))
        ]

    def _landmarks(self, numbers: FloatArray) -> FloatArray:
        """(N, 478, 3) landmarks, pixels of the regions, of the network's (N, K) numbers."""
        points = np.empty((len(numbers), LANDMARKS, 3), np.float32)
        points[..., :2] = numbers[:, self._columns]
        mesh = numbers[:, : 3 * SKIN].reshape(-1, SKIN, 3)
        points[:, :SKIN, 2] = mesh[..., 2]
        for indices, depth_of in self._depths:
            points[:, indices, 2] = mesh[:, depth_of, 2].mean(axis=1)[:, None]
        return points


def confidence_of(evidence: float, spread: float) -> float:
    """Return how surely landmarks lie on a face, above 0 and up to 1.

    Args:
        evidence: Log-odds that the region holds a face, the mean of both readings.
        spread: Mean distance between both readings over the face's height; that of the lips or
            the eyes where it is larger.
    """
    open_face = 1 / (1 + np.exp((_HALF_SURE - evidence) / _EVIDENCE_SLOPE))
    return float(max(open_face * np.exp(-((spread / _WIDE_APART) ** 2)), 1e-3))


def _reading(
    points: FloatArray,
    evidence: float,
    apart: tuple[float, float],
    regions: FloatArray,
    used: Roi,
    crop: ByteArray,
) -> Reading:
    to_picture = used.to_picture(INPUT_SIZE)
    factor = used.side / INPUT_SIZE
    points[:, :2] = points[:, :2] @ to_picture[:, :2].T + to_picture[:, 2]
    points[:, 2] *= factor
    # Size and tilt of the region come from a rigid fit of the mean face to all landmarks, so
    # that neither an opened mouth nor a turned head makes the region breathe.
    rotation, scale = fit_mean(points)
    height = max(scale * mean_height(), 1e-6)
    x, y = points[:SKIN, :2].mean(axis=0)
    upward = rotation[:2, 1]
    spread, part_spread = (float(distance) * factor / height for distance in apart)
    return Reading(
        points,
        confidence_of(evidence, max(spread, part_spread)),
        evidence,
        spread,
        roi=Roi(float(x), float(y), height * FACE_MARGIN, float(np.arctan2(upward[0], upward[1]))),
        crop=crop,
        used=used,
        region_spread=np.asarray(regions * (factor / height), np.float32),
    )


def _assembly(parts: _Parts) -> tuple[npt.NDArray[np.intp], list[_Part]]:
    """How landmarks are put together from the network's numbers.

    Returns:
        (478, 2) where among the numbers each x and y is, and which landmarks have the mean depth
        of which others.
    """
    columns = np.zeros((LANDMARKS, 2), np.intp)
    columns[:SKIN] = 3 * np.arange(SKIN)[:, None] + [0, 1]
    starts = dict(zip(_OUTPUTS, (0, *_ENDS), strict=True))
    for name, (refined, _) in parts.items():
        columns[refined] = starts[name] + np.arange(2 * len(refined)).reshape(-1, 2)
    return columns, [part for part in parts.values() if len(part[1])]


_Part = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]
_Parts = dict[str, _Part]


@functools.cache
def _refinements() -> _Parts:
    """Which landmarks each part refines, and whose depth they take; as MediaPipe defines it."""
    from google.protobuf import text_format  # type: ignore[import-untyped]
    from mediapipe.calculators.util.landmarks_refinement_calculator_pb2 import (
        LandmarksRefinementCalculatorOptions as Options,
    )
    from mediapipe.framework.calculator_pb2 import CalculatorGraphConfig
    from mediapipe.python._framework_bindings import validated_graph_config

    graph = validated_graph_config.ValidatedGraphConfig()
    graph.initialize(
        graph_config="""
        input_stream: "tensors" output_stream: "points"
        node { calculator: "TensorsToFaceLandmarksWithAttention"
               input_stream: "TENSORS:tensors" output_stream: "LANDMARKS:points" }"""
    )
    config = CalculatorGraphConfig()
    text_format.Parse(graph.text_config, config, allow_unknown_extension=True)
    node = next(n for n in config.node if n.calculator == "LandmarksRefinementCalculator")
    table = {}
    parts = node.options.Extensions[Options.ext].refinement
    for name, part in zip(list(_OUTPUTS)[1:-1], parts[1:], strict=True):
        depth = part.z_refinement.assign_average.indexes_for_average
        table[name] = (np.array(part.indexes_mapping, np.intp), np.array(depth, np.intp))
    return table
