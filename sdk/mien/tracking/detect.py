"""Where in a picture there are faces: the full-range detector over a frame and its tiles.

The detector is MediaPipe's BlazeFace, full range (Bazarevsky et al., "BlazeFace:
Sub-millisecond Neural Face Detection on Mobile GPUs", 2019). Its input is 192 px wide, in
which a face must be about 18 px tall; small faces are therefore looked for in tiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from mien._types import ByteArray, FloatArray
from mien.tracking.graphs import INPUT_SIZE, GraphPool

__all__ = ["Detection", "FaceDetector", "Region", "Search", "overlap", "tiles", "whole"]

MIN_SCORE = 0.5
"""Detections below are dropped; what they miss, the next scan or the tiles find."""

_TILE_SHARE = 0.58
"""Side of a tile as a share of the frame's short side: a face of 70 px in 1080 becomes 21."""

_TILE_OVERLAP = 0.25
"""Least share of a tile that its neighbour repeats, so that no small face is always cut."""

_SAME_FACE = 0.4
"""Overlap (intersection over the smaller box) from which two detections are one face."""

_CONFIG = f"""
input_stream: "picture"
output_stream: "faces"
node {{
  calculator: "ImageToTensorCalculator"
  input_stream: "IMAGE:picture"
  output_stream: "TENSORS:input"
  options {{ [mediapipe.ImageToTensorCalculatorOptions.ext] {{
    output_tensor_width: {INPUT_SIZE} output_tensor_height: {INPUT_SIZE}
    output_tensor_float_range {{ min: -1 max: 1 }}
  }} }}
}}
node {{
  calculator: "SsdAnchorsCalculator"
  output_side_packet: "anchors"
  options {{ [mediapipe.SsdAnchorsCalculatorOptions.ext] {{
    input_size_width: {INPUT_SIZE} input_size_height: {INPUT_SIZE}
    min_scale: 0.1484375 max_scale: 0.75 anchor_offset_x: 0.5 anchor_offset_y: 0.5
    num_layers: 1 strides: 4 aspect_ratios: 1
    interpolated_scale_aspect_ratio: 0 fixed_anchor_size: true
  }} }}
}}
node {{
  calculator: "InferenceCalculatorCpu"
  input_stream: "TENSORS:input"
  output_stream: "TENSORS:output"
  options {{ [mediapipe.InferenceCalculatorOptions.ext] {{
    model_path: "mediapipe/modules/face_detection/face_detection_full_range_sparse.tflite"
    delegate {{ xnnpack {{ num_threads: 1 }} }}
  }} }}
}}
node {{
  calculator: "TensorsToDetectionsCalculator"
  input_stream: "TENSORS:output"
  input_side_packet: "ANCHORS:anchors"
  output_stream: "DETECTIONS:raw"
  options {{ [mediapipe.TensorsToDetectionsCalculatorOptions.ext] {{
    num_classes: 1 num_boxes: 2304 num_coords: 16
    x_scale: {INPUT_SIZE} y_scale: {INPUT_SIZE} w_scale: {INPUT_SIZE} h_scale: {INPUT_SIZE}
    box_coord_offset: 0 keypoint_coord_offset: 4 num_keypoints: 6 num_values_per_keypoint: 2
    reverse_output_order: true sigmoid_score: true score_clipping_thresh: 100
    min_score_thresh: {MIN_SCORE}
  }} }}
}}
node {{
  calculator: "NonMaxSuppressionCalculator"
  input_stream: "raw"
  output_stream: "faces"
  options {{ [mediapipe.NonMaxSuppressionCalculatorOptions.ext] {{
    min_suppression_threshold: 0.3 overlap_type: INTERSECTION_OVER_UNION algorithm: WEIGHTED
  }} }}
}}
"""


@dataclass(frozen=True, slots=True)
class Region:
    """A square of the picture to look at; it may reach over the picture's edges."""

    x: int
    y: int
    side: int

    def cut(self, picture: ByteArray) -> ByteArray:
        """The region at the detector's size, black where it lies outside the picture."""
        height, width = picture.shape[:2]
        x0, y0 = max(self.x, 0), max(self.y, 0)
        x1, y1 = min(self.x + self.side, width), min(self.y + self.side, height)
        out = np.zeros((INPUT_SIZE, INPUT_SIZE, 3), np.uint8)
        if x1 <= x0 or y1 <= y0:
            return out
        scale = INPUT_SIZE / self.side
        left, top = round((x0 - self.x) * scale), round((y0 - self.y) * scale)
        wide = min(max(round((x1 - x0) * scale), 1), INPUT_SIZE - left)
        tall = min(max(round((y1 - y0) * scale), 1), INPUT_SIZE - top)
        if wide <= 0 or tall <= 0:
            return out
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        out[top : top + tall, left : left + wide] = cv2.resize(
            picture[y0:y1, x0:x1], (wide, tall), interpolation=method
        )
        return out


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """A face as the detector sees it, in pixels of the picture.

    Attributes:
        box: (4,) float32, x0, y0, x1, y1: brows to chin.
        keypoints: (6, 2) float32: right eye, left eye, nose tip, mouth, right ear, left ear.
        score: 0..1.
    """

    box: FloatArray
    keypoints: FloatArray
    score: float


def whole(width: int, height: int) -> Region:
    """The square around a whole picture."""
    side = max(width, height)
    return Region((width - side) // 2, (height - side) // 2, side)


def tiles(width: int, height: int) -> tuple[Region, ...]:
    """Overlapping squares that cover a picture, in which small faces show; row by row."""
    side = min(max(round(_TILE_SHARE * min(width, height)), INPUT_SIZE), min(width, height))

    def starts(length: int) -> list[int]:
        count = int(np.ceil((length - side) / (side * (1 - _TILE_OVERLAP)))) + 1
        return [round(i * (length - side) / max(count - 1, 1)) for i in range(count)]

    return tuple(Region(x, y, side) for y in starts(height) for x in starts(width))


def overlap(a: FloatArray, b: FloatArray) -> float:
    """Intersection of two boxes (x0, y0, x1, y1) as a share of the smaller one."""
    size = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    if size.min() <= 0:
        return 0.0
    areas = (a[2:] - a[:2]).prod(), (b[2:] - b[:2]).prod()
    return float(size.prod() / max(min(areas), 1e-6))


@dataclass(frozen=True, slots=True)
class Search:
    """A search under way."""

    regions: Sequence[Region]
    stamps: range


class FaceDetector:
    """The bundled full-range face detector."""

    def __init__(self) -> None:
        self._pool = GraphPool(_CONFIG, "faces")

    def begin(self, picture: ByteArray, regions: Sequence[Region]) -> Search:
        """Start to look for faces in some regions of a picture (H, W, 3) uint8, upright."""
        return Search(regions, self._pool.submit([region.cut(picture) for region in regions]))

    def finish(self, search: Search) -> list[Detection]:
        """The faces that a search found, each once, the surest first."""
        found: list[Detection] = []
        for region, packet in zip(search.regions, self._pool.collect(search.stamps), strict=True):
            found += [_detection(message, region) for message in self._pool.protos(packet)]
        found.sort(key=lambda d: (-d.score, float(d.box[0]), float(d.box[1])))
        kept: list[Detection] = []
        for detection in found:
            if all(overlap(detection.box, other.box) < _SAME_FACE for other in kept):
                kept.append(detection)
        return kept

    def find(self, picture: ByteArray, regions: Sequence[Region]) -> list[Detection]:
        """Look for faces in some regions and wait for what is found."""
        return self.finish(self.begin(picture, regions))

    def close(self) -> None:
        """Free the model."""
        self._pool.close()


def _detection(message: object, region: Region) -> Detection:
    location = message.location_data  # type: ignore[attr-defined]
    box = location.relative_bounding_box
    corner = np.array([box.xmin, box.ymin], np.float32)
    size = np.array([box.width, box.height], np.float32)
    points = np.array([(p.x, p.y) for p in location.relative_keypoints], np.float32)
    origin = np.array([region.x, region.y], np.float32) - np.float32(0.5)
    return Detection(
        np.concatenate([corner, corner + size]) * region.side + np.tile(origin, 2),
        points * region.side + origin,
        float(message.score[0]),  # type: ignore[attr-defined]
    )
