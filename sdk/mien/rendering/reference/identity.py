"""Who a face is, for Arc2Face: an ArcFace embedding, one for a face and shot.

Deng et al., "ArcFace: Additive Angular Margin Loss for Deep Face Recognition", CVPR 2019. The face
is brought onto the published template by five points (both eyes, the nose, the corners of the
mouth) and shown to the network as Arc2Face's own demo does it.

Where antelopev2's detector (SCRFD) is installed, the points are its own, through insightface, as in
the demo. Without it they are taken from the tracked landmarks: over 86 faces of 12 clips these lie
within 1.5 of the template's 112 pixels of another detector's points (YuNet), less than the 2 to 3
pixels by which such points scatter.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from mien._types import FloatArray
from mien.errors import NoFaceError
from mien.media.planes import Plate
from mien.media.upright import sample_upright
from mien.model.face import Face
from mien.model.media import Orientation
from mien.model.shot import Shot
from mien.progress import Progress, silent
from mien.rendering.base import PlateSource
from mien.rendering.geometry.features import open_frames
from mien.weights.contents import check_file
from mien.weights.sessions import open_session
from mien.weights.store import locate

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

__all__ = ["EMBEDDING", "ArcFace", "align_face", "five_points", "identity_of", "crop_face"]

EMBEDDING: Final = 512
FACE_SIZE: Final = 112

TEMPLATE: Final = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ]
)
"""Where ArcFace was trained to find the eyes, the nose and the corners of the mouth, in pixels of
its input; left and right as seen. insightface's `arcface_dst`."""

_LANDMARKS: Final = ((468,), (473,), (1, 4), (61,), (291,))
"""MediaPipe's landmarks whose mean stands for each point: the irises' centres, the nose between its
tip and the place above it, the corners of the mouth."""

_MEAN: Final = 127.5
_DETECTOR_SIZE: Final = (256, 256)
"""Side to which pictures are scaled for SCRFD; the demo's."""
_LEAST_OVERLAP: Final = 0.3
"""Part of the union that a detected box must share with the tracked face to be it."""

_REGION: Final = 2.0
"""Side of the picture that is looked at over the mean size of the landmarks' box."""
_MOST_SIDE: Final = 512
"""Its most pixels; of the aligned square that the demo takes the embedding of."""

CANDIDATES: Final = 16
"""Frames of a shot that are looked at, the best of as many equal spans."""
KEPT: Final = 8
"""Frames whose embeddings are averaged, at most."""
_TRUSTED: Final = 0.75
"""Part of these that agree best with the others; the rest is left out."""


class ArcFace:
    """The recognition network, with the detector when there is one.

    Args:
        session: The network in onnxruntime.
        detector: insightface's SCRFD; None to go by the tracked landmarks.
    """

    def __init__(self, session: InferenceSession, detector: Any | None = None) -> None:
        self._session = session
        self._input = session.get_inputs()[0].name
        self._detector = detector

    @classmethod
    def load(cls, threads: int = 0) -> ArcFace:
        """Open the installed network, and the detector beside it where both it and insightface are.

        Args:
            threads: Threads that they compute with; 0 for one a core.

        Raises:
            MissingDependencyError: When the network or onnxruntime is not installed.
            WeightsError: When a file cannot be used, or is another recognition network's.
        """
        files = locate("arcface-antelopev2")
        check_file(files["arcface.onnx"], "arcface")
        session = open_session(files["arcface.onnx"], threads=threads)
        detector = files.get("scrfd_10g_bnkps.onnx")
        return cls(session, None if detector is None else _scrfd(detector, threads))

    def points(self, picture: npt.NDArray[np.uint8], landmarks: FloatArray) -> FloatArray:
        """The five points of a face: as the detector sees them, else by its landmarks.

        Args:
            picture: (H, W, 3) uint8 R'G'B', upright.
            landmarks: (478, 2 or 3) in its pixels.

        Returns:
            (5, 2) float32: left eye, right eye, nose, left and right corner of the mouth, as seen.
        """
        tracked = five_points(landmarks)
        if self._detector is None:
            return tracked
        boxes, found = self._detector.detect(
            np.ascontiguousarray(picture[..., ::-1]), input_size=_DETECTOR_SIZE
        )
        if not len(boxes) or found is None:
            return tracked
        overlaps = _overlaps(boxes[:, :4], landmarks)
        best = int(np.argmax(overlaps))
        if overlaps[best] < _LEAST_OVERLAP:
            return tracked
        return np.asarray(found[best], dtype=np.float32)

    def embed(self, picture: npt.NDArray[np.uint8], landmarks: FloatArray) -> FloatArray:
        """The embedding of a face in a picture.

        Args:
            picture: (H, W, 3) uint8 R'G'B', upright.
            landmarks: (478, 2 or 3) in its pixels.

        Returns:
            (512,) float32, as the network gives it: not normalised.
        """
        return self.embed_aligned(align_face(picture, self.points(picture, landmarks)))

    def embed_aligned(self, face: npt.NDArray[np.uint8]) -> FloatArray:
        """The embedding (512,) of an aligned face (112, 112, 3) uint8 R'G'B'."""
        fed = (face.astype(np.float32) - np.float32(_MEAN)) / np.float32(_MEAN)
        pictures = np.ascontiguousarray(fed.transpose(2, 0, 1)[None])
        (rows,) = self._session.run(None, {self._input: pictures})
        return np.asarray(rows[0], dtype=np.float32)


def five_points(landmarks: npt.ArrayLike) -> FloatArray:
    """The template's five points (5, 2) of MediaPipe's landmarks (478, 2 or 3)."""
    places = np.asarray(landmarks, dtype=np.float64)[:, :2]
    points = np.stack([places[list(group)].mean(axis=0) for group in _LANDMARKS])
    return np.asarray(points, dtype=np.float32)


def align_face(picture: npt.NDArray[np.uint8], points: FloatArray) -> npt.NDArray[np.uint8]:
    """A face brought onto ArcFace's template, black beyond the picture.

    Args:
        picture: (H, W, 3) uint8 R'G'B'.
        points: (5, 2) the face's points in its pixels.

    Returns:
        (112, 112, 3) uint8 R'G'B'.
    """
    size = (FACE_SIZE, FACE_SIZE)
    return np.asarray(cv2.warpAffine(picture, _similarity(points), size, borderValue=0.0))


@dataclass(frozen=True, slots=True, eq=False)
class _FaceCrop:
    """A face as it is seen in one frame.

    Attributes:
        picture: (h, w, 3) uint8 R'G'B', the surroundings of the face, upright.
        landmarks: (478, 2) float32 in its pixels.
    """

    picture: npt.NDArray[np.uint8]
    landmarks: FloatArray


def crop_face(plate: Plate, orientation: Orientation, landmarks: FloatArray) -> _FaceCrop:
    """Take the surroundings of a face out of a plate; large faces in at most 512 pixels."""
    places = np.asarray(landmarks, dtype=np.float64)[:, :2]
    low, high = places.min(axis=0), places.max(axis=0)
    side = max(int(np.ceil((high - low).mean() * _REGION)), FACE_SIZE)
    step = max(1.0, side / _MOST_SIDE)
    corner = np.rint((low + high) / 2 - side / 2)
    at = np.arange(min(side, _MOST_SIDE)) * step
    codes = sample_upright(plate, orientation, corner[0] + at, corner[1] + at)
    return _FaceCrop(np.rint(codes).astype(np.uint8), ((places - corner) / step).astype(np.float32))


def identity_of(
    arcface: ArcFace,
    face: Face,
    shot: Shot,
    source: PlateSource,
    progress: Progress = silent,
) -> FloatArray:
    """One embedding of a face over a whole shot, from the frames that show it best.

    Of each of a fixed number of spans the frame is taken in which the face is most frontal, large
    and sure; of these the sharpest are embedded, and the embeddings that agree with the others
    are averaged. It depends on nothing but the shot.

    Args:
        arcface: The network.
        face: The face, tracked.
        shot: Its shot.
        source: The shot's plates.
        progress: Called about the stage `identify` with the frames looked at.

    Returns:
        (512,) float32, not normalised: of the mean direction, and the mean length.

    Raises:
        NoFaceError: When the face was seen in no frame.
    """
    merit = _merit(face)
    seen = np.flatnonzero(merit > 0)
    if not len(seen):
        raise NoFaceError(
            f"{face.name} is seen in no frame of {shot.media.path.name}.",
            "Choose another face, or track the shot again.",
        )
    spans = np.array_split(seen, min(CANDIDATES, len(seen)))
    frames = [int(span[np.argmax(merit[span])]) for span in spans]
    crops, sharp = [], np.empty(len(frames))
    for done, frame in enumerate(frames):
        crop = crop_face(source.plate(frame), shot.media.orientation, face.landmarks[frame])
        crops.append(crop)
        sharp[done] = _sharpness(align_face(crop.picture, five_points(crop.landmarks)))
        progress("identify", done + 1, len(frames))
    value = merit[frames] * np.sqrt(sharp / max(float(sharp.max()), 1e-9))
    best = np.sort(np.argsort(-value, kind="stable")[:KEPT])
    return _agreed(np.stack([arcface.embed(crops[i].picture, crops[i].landmarks) for i in best]))


def _merit(face: Face) -> FloatArray:
    """(T,) how well each frame shows the face: confidence, facing the camera, size; 0 unseen."""
    pose = face.curves.pose
    seen = face.valid & ~face.curves.bridged & (face.confidence > 0)
    if (seen & open_frames(face)).any():
        seen &= open_frames(face)
    frontal = np.clip(pose.rotation[:, 2, 2], 0, 1)
    irises = face.landmarks[:, [_LANDMARKS[0][0], _LANDMARKS[1][0]], :2]
    apart = np.linalg.norm(irises[:, 1] - irises[:, 0], axis=-1)
    # Pixels beyond those of the template tell the network nothing.
    size = np.clip(apart / (TEMPLATE[1, 0] - TEMPLATE[0, 0]), 0, 1)
    merit = face.confidence * frontal * size
    return np.where(seen & np.isfinite(merit), merit, 0).astype(np.float32)


def _sharpness(face: npt.NDArray[np.uint8]) -> float:
    """Variance of the Laplacian (Pech-Pacheco et al. 2000)."""
    gray = cv2.cvtColor(face, cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(gray, cv2.CV_64F).var())


def _agreed(embeddings: FloatArray) -> FloatArray:
    """The mean of the embeddings that agree best with the others: direction, and length."""
    rows = embeddings.astype(np.float64)
    lengths = np.linalg.norm(rows, axis=1)
    directions = rows / np.maximum(lengths, 1e-12)[:, None]
    agreement = (directions @ directions.T).mean(axis=1)
    count = int(np.ceil(_TRUSTED * len(rows)))
    kept = np.sort(np.argsort(-agreement, kind="stable")[:count])
    mean = directions[kept].mean(axis=0)
    scale = lengths[kept].mean() / max(float(np.linalg.norm(mean)), 1e-12)
    return np.asarray(mean * scale, dtype=np.float32)


def _similarity(points: FloatArray) -> npt.NDArray[np.float64]:
    """(2, 3) similarity that best takes five points to the template, by least squares."""
    # In the plane, with points as complex numbers, the fit has one line (Umeyama 1991 in 2D).
    seen = points.astype(np.float64) @ np.array([1, 1j])
    wanted = TEMPLATE @ np.array([1, 1j])
    around, about = seen - seen.mean(), wanted - wanted.mean()
    turn = np.vdot(around, about) / max(np.vdot(around, around).real, 1e-12)
    shift = wanted.mean() - turn * seen.mean()
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def _overlaps(boxes: FloatArray, landmarks: FloatArray) -> FloatArray:
    """(N,) intersection over union of boxes (N, 4) with the landmarks' box."""
    low, high = landmarks[:, :2].min(axis=0), landmarks[:, :2].max(axis=0)
    shared = np.minimum(boxes[:, 2:], high) - np.maximum(boxes[:, :2], low)
    common = np.clip(shared, 0, None).prod(axis=1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return np.asarray(common / (areas + (high - low).prod() - common), dtype=np.float32)


def _scrfd(path: Path, threads: int) -> Any | None:
    """The detector of insightface on a file; None where insightface is not installed."""
    try:
        from insightface.model_zoo.scrfd import SCRFD
    except ImportError:
        return None
    check_file(path, "scrfd")
    return SCRFD(session=open_session(path, threads=threads))
