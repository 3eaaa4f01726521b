"""MediaPipe's full-range face detector.

The detector is BlazeFace, full range (Bazarevsky et al., "BlazeFace:
Sub-millisecond Neural Face Detection on Mobile GPUs", 2019). Its input is 192 px wide, in
which a face must be about 18 px tall; small faces are therefore looked for in tiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mien._types import ByteArray, FloatArray
from mien.tracking.mediapipe.graphs import (
    INPUT_SIZE,
    GraphModel,
    inference_node,
    picture_node,
)
from mien.tracking.models import Detection
from mien.tracking.regions import Region, Roi, overlap

__all__ = ["BlazeFace", "Search"]

MIN_SCORE = 0.5
"""Detections below are dropped; what they miss, the next scan or the tiles find."""

TILE_FRACTION = 0.58
"""Side of a tile over the picture's short side: a face of 70 px in 1080 becomes 21."""

_DETECTION_MARGIN = 1.45
"""Side of a face's first region over the side of the detector's box, brows to chin."""

_SAME_FACE = 0.4
"""Overlap (intersection over the smaller box) from which two detections are one face."""

_CONFIG = f"""
input_stream: "picture"
output_stream: "faces"
{picture_node(low=-1)}
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
{inference_node("face_detection/face_detection_full_range_sparse.tflite")}
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
class Search:
    """A search under way."""

    regions: Sequence[Region]
    stamps: range


class BlazeFace(GraphModel):
    """The full-range face detector that MediaPipe's package carries; a `Detector`.

    Raises:
        MissingDependencyError: When MediaPipe or its models are not installed.
    """

    input_size = INPUT_SIZE
    tile_fraction = TILE_FRACTION

    def __init__(self) -> None:
        super().__init__(_CONFIG, "faces")

    def begin(self, picture: ByteArray, regions: Sequence[Region]) -> Search:
        """Start a search for faces in regions of a picture; see `Detector.begin`."""
        return Search(
            regions, self._pool.submit([region.cut(picture, INPUT_SIZE) for region in regions])
        )

    def finish(self, search: Search) -> list[Detection]:
        """Return the faces of a search; see `Detector.finish`."""
        detections: list[Detection] = []
        for region, packet in zip(search.regions, self._pool.collect(search.stamps), strict=True):
            detections += [_detection(message, region) for message in self._pool.protos(packet)]
        detections.sort(key=lambda d: (-d.score, float(d.box[0]), float(d.box[1])))
        kept: list[Detection] = []
        for detection in detections:
            if all(overlap(detection.box, other.box) < _SAME_FACE for other in kept):
                kept.append(detection)
        return kept

    def find(self, picture: ByteArray, regions: Sequence[Region]) -> list[Detection]:
        """Return the faces in regions of a picture; see `Detector.find`."""
        return self.finish(self.begin(picture, regions))


def _detection(message: object, region: Region) -> Detection:
    location = message.location_data  # type: ignore[attr-defined]
    box = location.relative_bounding_box
    corner = np.array([box.xmin, box.ymin], np.float32)
    size = np.array([box.width, box.height], np.float32)
    points = np.array([(p.x, p.y) for p in location.relative_keypoints], np.float32)
    origin = np.array([region.x, region.y], np.float32) - np.float32(0.5)
    face_box = np.concatenate([corner, corner + size]) * region.side + np.tile(origin, 2)
    return Detection(
        face_box,
        _first_roi(face_box, points * region.side + origin),
        float(message.score[0]),  # type: ignore[attr-defined]
    )


def _first_roi(box: FloatArray, keypoints: FloatArray) -> Roi:
    """Return the region of a face by the detector's box and its (6, 2) points, eyes first."""
    centre, size = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]).max()
    across = keypoints[1] - keypoints[0]
    return Roi(
        float(centre[0]),
        float(centre[1]),
        float(size * _DETECTION_MARGIN),
        float(np.arctan2(across[1], across[0])),
    )
