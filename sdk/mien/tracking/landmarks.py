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
from mien.face.rig import load_rig
from mien.model.landmarks import LANDMARKS
from mien.tracking.detect import Detection
from mien.tracking.graphs import INPUT_SIZE, GraphPool

__all__ = ["FaceReader", "Pending", "Reading", "Roi"]

_SKIN = 468

_MARGIN = 1.4
"""Side of the region over the height of the face; the least jitter and error of 1.2 to 1.8."""

_HALF_SURE = 16.0
_EVIDENCE_SLOPE = 3.5
"""Evidence that makes confidence a half, and its slope: 30 gives 0.98, 20 gives 0.76."""

_WIDE_APART = 0.04
"""Distance of both readings that takes confidence to 1/e; uncovered faces have 0.004..0.02."""

_DETECTION_MARGIN = 1.45
"""Side of the first region over the side of the detector's box."""

_CENTRE = (INPUT_SIZE - 1) / 2

_OUTPUTS = {
    "mesh": 3 * _SKIN,
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
node {{
  calculator: "ImageToTensorCalculator"
  input_stream: "IMAGE:picture"
  output_stream: "TENSORS:input"
  options {{ [mediapipe.ImageToTensorCalculatorOptions.ext] {{
    output_tensor_width: {INPUT_SIZE} output_tensor_height: {INPUT_SIZE}
    output_tensor_float_range {{ min: 0 max: 1 }}
  }} }}
}}
node {{
  calculator: "TfLiteCustomOpResolverCalculator"
  output_side_packet: "OP_RESOLVER:operators"
}}
node {{
  calculator: "InferenceCalculatorCpu"
  input_side_packet: "OP_RESOLVER:operators"
  input_stream: "TENSORS:input"
  output_stream: "TENSORS:output"
  options {{ [mediapipe.InferenceCalculatorOptions.ext] {{
    model_path: "mediapipe/modules/face_landmark/face_landmark_with_attention.tflite"
    delegate {{ xnnpack {{ num_threads: 1 }} }}
  }} }}
}}
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


@dataclass(frozen=True, slots=True)
class Roi:
    """A turned square of the picture that holds one face upright.

    Attributes:
        x: Centre, pixels of the picture.
        y: Centre, pixels of the picture.
        side: Length of a side in pixels.
        roll: Angle by which the head is tilted, radians, clockwise as seen.
    """

    x: float
    y: float
    side: float
    roll: float

    @classmethod
    def around_detection(cls, detection: Detection) -> Roi:
        """The first region of a face that was just detected."""
        box, eyes = detection.box, detection.keypoints[:2]
        centre, size = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]).max()
        across = eyes[1] - eyes[0]
        return cls(
            float(centre[0]),
            float(centre[1]),
            float(size * _DETECTION_MARGIN),
            float(np.arctan2(across[1], across[0])),
        )

    @property
    def box(self) -> FloatArray:
        """(4,) the middle of the region, x0, y0, x1, y1: about the face itself."""
        half = self.side / _MARGIN / 2
        return np.array([self.x - half, self.y - half, self.x + half, self.y + half], np.float32)

    def to_picture(self) -> npt.NDArray[np.float64]:
        """(2, 3) affine map from pixels of the region at `INPUT_SIZE` to the picture's."""
        scale = self.side / INPUT_SIZE
        cosine, sine = scale * np.cos(self.roll), scale * np.sin(self.roll)
        turn = np.array([[cosine, -sine], [sine, cosine]])
        shift = np.array([self.x, self.y]) - turn @ np.array([_CENTRE, _CENTRE])
        return np.concatenate([turn, shift[:, None]], axis=1)

    def cut(self, picture: ByteArray) -> ByteArray:
        """The region at `INPUT_SIZE`; the picture's edge is continued beyond it."""
        to_picture = self.to_picture()
        shrink = int(self.side / INPUT_SIZE)
        if shrink >= 2:
            # Bilinear sampling of a large face would skip pixels, and flicker: area first.
            picture, to_picture = _shrunk(picture, to_picture, shrink)
        return np.asarray(
            cv2.warpAffine(
                picture,
                to_picture,
                (INPUT_SIZE, INPUT_SIZE),
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REPLICATE,
            )
        )


def _shrunk(
    picture: ByteArray, to_picture: npt.NDArray[np.float64], factor: int
) -> tuple[ByteArray, npt.NDArray[np.float64]]:
    """The part of the picture under a region, `factor` times smaller, and the map to it."""
    height, width = picture.shape[:2]
    ends = np.array([[0, INPUT_SIZE, INPUT_SIZE, 0], [0, 0, INPUT_SIZE, INPUT_SIZE], [1, 1, 1, 1]])
    corners = to_picture @ ends
    # Aligned to the grid of the whole picture, so that the same pixels always average.
    low = np.clip(np.floor(corners.min(axis=1) / factor) - 1, 0, None).astype(int) * factor
    high = (np.ceil(corners.max(axis=1) / factor) + 1).astype(int) * factor
    x1, y1 = min(high[0], width // factor * factor), min(high[1], height // factor * factor)
    x0, y0 = min(low[0], x1 - factor), min(low[1], y1 - factor)
    if x0 < 0 or y0 < 0:
        return picture, to_picture
    size = ((x1 - x0) // factor, (y1 - y0) // factor)
    small = cv2.resize(picture[y0:y1, x0:x1], size, interpolation=cv2.INTER_AREA)
    moved = to_picture / factor
    moved[:, 2] -= (np.array([x0, y0]) + (factor - 1) / 2) / factor
    return small, moved


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What the network says about one region.

    Attributes:
        points: (478, 3) float32 landmarks, pixels of the picture, z away from the camera.
        evidence: Log-odds that the region holds a face, the mean of both readings: about 30
            for a face in the open, 20 with the mouth covered or in profile.
        spread: Mean distance between both readings, over the face's height.
        part_spread: The same over the lips or the eyes, whichever is larger.
        roi: Where the face is by these landmarks, hence where to look next.
        crop: The region that was read, at `INPUT_SIZE`.
    """

    points: FloatArray
    evidence: float
    spread: float
    part_spread: float
    roi: Roi
    crop: ByteArray

    @property
    def confidence(self) -> float:
        """0..1 how surely the landmarks lie on the face, above 0."""
        open_face = 1 / (1 + np.exp((_HALF_SURE - self.evidence) / _EVIDENCE_SLOPE))
        apart = max(self.spread, self.part_spread) / _WIDE_APART
        return float(max(open_face * np.exp(-(apart**2)), 1e-3))


@dataclass(frozen=True, slots=True, eq=False)
class Pending:
    """Regions that are being read: where, what is in them, and what the graph calls them."""

    rois: tuple[Roi, ...]
    crops: tuple[ByteArray, ...]
    stamps: range


class FaceReader:
    """The bundled face mesh with attention, reading each region straight and mirrored."""

    def __init__(self) -> None:
        self._pool = GraphPool(_CONFIG, "numbers")
        parts = _refinements()
        self._places, self._depths = _assembly(parts)
        self._mirror = load_rig().mirror
        eyes = np.concatenate([parts["left_eye"][0], parts["right_eye"][0]])
        # How far both readings lie apart: over the whole face, the lips and the eyes.
        self._over = np.zeros((LANDMARKS, 3), np.float32)
        for column, places in enumerate((np.arange(LANDMARKS), parts["lips"][0], eyes)):
            self._over[:, column] = np.bincount(places, minlength=LANDMARKS) / len(places)

    def read(self, picture: ByteArray, rois: Sequence[Roi]) -> list[Reading]:
        """Read the landmarks in some regions of a picture (H, W, 3) uint8."""
        return self.finish(self.begin(picture, rois))

    def begin(self, picture: ByteArray, rois: Sequence[Roi]) -> Pending:
        """Start to read some regions of a picture, without waiting."""
        crops = [roi.cut(picture) for roi in rois]
        both = [side for crop in crops for side in (crop, cv2.flip(crop, 1))]
        return Pending(tuple(rois), tuple(crops), self._pool.submit(both))

    def finish(self, pending: Pending) -> list[Reading]:
        """Wait for regions that were begun."""
        rois, crops = pending.rois, pending.crops
        if not rois:
            return []
        packets = self._pool.collect_each(pending.stamps)
        numbers = np.stack([self._pool.floats(packet) for packet in packets])
        points = self._landmarks(numbers)
        straight, mirrored = points[::2], points[1::2, self._mirror]
        mirrored[..., 0] = INPUT_SIZE - mirrored[..., 0]
        apart = np.hypot(*np.moveaxis((straight - mirrored)[..., :2], -1, 0)) @ self._over
        middle = (straight + mirrored) / 2
        # The network counts from the corner of the first pixel, we from its centre.
        middle[..., :2] -= 0.5
        evidence = (numbers[::2, -1] + numbers[1::2, -1]) / 2
        return [
            _reading(
                middle[i], float(evidence[i]), (float(far[0]), float(far[1:].max())), roi, crop
            )
            for i, (roi, crop, far) in enumerate(zip(rois, crops, apart, strict=True))
        ]

    def _landmarks(self, numbers: FloatArray) -> FloatArray:
        """(N, 478, 3) landmarks, pixels of the regions, of the network's (N, K) numbers."""
        points = np.empty((len(numbers), LANDMARKS, 3), np.float32)
        points[..., :2] = numbers[:, self._places]
        mesh = numbers[:, : 3 * _SKIN].reshape(-1, _SKIN, 3)
        points[:, :_SKIN, 2] = mesh[..., 2]
        for places, depth_of in self._depths:
            points[:, places, 2] = mesh[:, depth_of, 2].mean(axis=1)[:, None]
        return points

    def close(self) -> None:
        """Free the model."""
        self._pool.close()


def _reading(
    points: FloatArray,
    evidence: float,
    apart: tuple[float, float],
    used: Roi,
    crop: ByteArray,
) -> Reading:
    to_picture = used.to_picture()
    factor = used.side / INPUT_SIZE
    points[:, :2] = points[:, :2] @ to_picture[:, :2].T + to_picture[:, 2]
    points[:, 2] *= factor
    # Size and tilt of the region come from a rigid fit of the mean face to all landmarks, so
    # that neither an opened mouth nor a turned head makes the region breathe.
    rotation, scale = fit_mean(points)
    height = max(scale * _face_height(), 1e-6)
    x, y = points[:_SKIN, :2].mean(axis=0)
    upward = rotation[:2, 1]
    return Reading(
        points,
        evidence,
        spread=float(apart[0]) * factor / height,
        part_spread=float(apart[1]) * factor / height,
        roi=Roi(float(x), float(y), height * _MARGIN, float(np.arctan2(upward[0], upward[1]))),
        crop=crop,
    )


def fit_mean(points: FloatArray) -> tuple[FloatArray, float]:
    """The mean face laid onto landmarks by rotation, scale and shift (Umeyama 1991).

    Args:
        points: (478, 3) landmarks, pixels, y down, z away from the camera.

    Returns:
        Rotation (3, 3) and scale (pixels per canonical unit) from the canonical face to the
        landmarks with y up and z towards the camera.
    """
    mean, size = _centred_mean()
    # The mean face is centred, so that the landmarks need not be.
    seen = (points[:_SKIN].T @ mean) * _UP_AND_NEAR
    u, stretch, vt = np.linalg.svd(seen)
    sign = np.array([1, 1, np.sign(np.linalg.det(u @ vt))], np.float32)
    rotation = (u * sign) @ vt
    return np.asarray(rotation, np.float32), float(stretch @ sign) / size


_UP_AND_NEAR = np.array([[1], [-1], [-1]], np.float32)
"""From pixels, y down and z away, to y up and z towards the camera."""


@functools.cache
def _centred_mean() -> tuple[FloatArray, float]:
    """The mean face about its middle, and the sum of its squares."""
    mean = load_rig().mean
    centred = np.asarray(mean - mean.mean(axis=0), np.float32)
    return centred, float((centred**2).sum())


@functools.cache
def _face_height() -> float:
    return float(np.ptp(load_rig().mean[:, 1]))


def _assembly(parts: _Parts) -> tuple[npt.NDArray[np.intp], list[_Part]]:
    """How landmarks are put together from the network's numbers.

    Returns:
        (478, 2) where among the numbers each x and y is, and which landmarks have the mean depth
        of which others.
    """
    places = np.zeros((LANDMARKS, 2), np.intp)
    places[:_SKIN] = 3 * np.arange(_SKIN)[:, None] + [0, 1]
    starts = dict(zip(_OUTPUTS, (0, *_ENDS), strict=True))
    for name, (refined, _) in parts.items():
        places[refined] = starts[name] + np.arange(2 * len(refined)).reshape(-1, 2)
    return places, [part for part in parts.values() if len(part[1])]


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
