"""FLAME coefficients straight from pixels, by SMIRK's expression encoder.

Retsinas et al., "3D Facial Expressions through Analysis-by-Neural-Synthesis", CVPR 2024. The
result is the vector that the Expression Adapter was trained on, in the basis `flame2020`.

Colour order: SMIRK was trained on, and its own demo feeds, R'G'B'. The Arc2Face app reads
R'G'B' pictures but swaps red and blue as if they were B'G'R', so its encoder sees blue skin.
Which of both its adapter was trained with is not published. The default here is `rgb`:
coefficients are also added to, and compared with, those of a FLAME head, for which they must mean
what SMIRK means by them; `bgr` reproduces the app's own numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_dilation

from mien._types import BoolArray, FloatArray
from mien.errors import MissingDependencyError, UsageError, WeightsError
from mien.face.flame_coefficients import EYELIDS, JAW, JAW_SIDEWAYS
from mien.media.planes import Plate
from mien.media.upright import sample_upright
from mien.model.curves import FLAME_SIZE
from mien.model.face import Face
from mien.model.media import Orientation
from mien.model.shot import Shot
from mien.progress import Progress, silent
from mien.signal.gaps import bridge
from mien.signal.smooth import smooth
from mien.weights.sessions import open_session
from mien.weights.store import locate

__all__ = [
    "BASIS",
    "CROP_SIZE",
    "Colour",
    "CropBox",
    "Readings",
    "Runtime",
    "Smirk",
    "crop",
    "crop_for",
    "limited",
    "read_shot",
]

Colour = Literal["rgb", "bgr"]
Runtime = Literal["auto", "torch", "onnx"]

BASIS: Final = "flame2020"
CROP_SIZE: Final = 224

_SCALE: Final = 1.4
"""Side of the crop over the mean of width and height of the landmarks' box; SMIRK's demo."""

_BATCH: Final = {"cpu": 8, "cuda": 64, "mps": 32}
"""Crops that go through the network together."""

_LONGEST_GAP: Final = 1.0
"""Seconds without a reading that are bridged, as the tracker does."""

_CONTEXT: Final = 1.0
"""Seconds that are read about what is wanted: smoothing looks that far, and needs its noise."""


@dataclass(frozen=True, slots=True)
class CropBox:
    """The square that SMIRK looks at, in pixels of the upright picture.

    Attributes:
        x: Left edge, which the centres of the crop's first column lie on.
        y: Top edge.
        side: Whole pixels from the first column to the last.
    """

    x: float
    y: float
    side: int

    def to_crop(self) -> npt.NDArray[np.float64]:
        """Return the similarity (3, 3) from pixels of the picture to those of the crop."""
        scale = (CROP_SIZE - 1) / self.side
        return np.array([[scale, 0, -scale * self.x], [0, scale, -scale * self.y], [0, 0, 1]])


def crop_for(landmarks: npt.ArrayLike) -> CropBox:
    """Return the crop of a face for SMIRK: the landmarks' box, widened, as in its demo.

    Args:
        landmarks: (478, 2 or 3) MediaPipe's landmarks, irises included, upright pixels.
    """
    points = np.asarray(landmarks, dtype=np.float64)[:, :2]
    low, high = points.min(axis=0), points.max(axis=0)
    side = max(int((high - low).sum() / 2 * _SCALE), 1)
    x, y = (low + high) / 2 - side / 2
    return CropBox(float(x), float(y), side)


def crop(
    picture: Plate | npt.NDArray[np.uint8],
    landmarks: npt.ArrayLike,
    orientation: Orientation | None = None,
) -> FloatArray:
    """Return the picture of a face for SMIRK: bilinear, whole 8-bit codes, black outside.

    Args:
        picture: A plate, or an upright picture (H, W, 3) uint8 R'G'B'.
        landmarks: (478, 2 or 3) in pixels of the upright picture.
        orientation: How a plate is turned; upright when not given.

    Returns:
        (224, 224, 3) float32 R'G'B' 0..1.
    """
    plate = picture if isinstance(picture, Plate) else Plate.from_rgb(picture)
    box = crop_for(landmarks)
    at = np.linspace(0.0, box.side, CROP_SIZE)
    upright = orientation or Orientation(plate.width, plate.height)
    sampled = sample_upright(plate, upright, box.x + at, box.y + at)
    return np.floor(sampled).astype(np.float32) / np.float32(255)


class _Network(Protocol):
    """Whatever runs the encoder: (B, 3, 224, 224) float32 to (B, 55) float32, no limits yet."""

    def __call__(self, pictures: FloatArray) -> FloatArray: ...


class Smirk:
    """SMIRK's expression encoder, ready to read crops.

    Args:
        network: What runs it; `Smirk.load` makes one.
        device: Where it runs.
        colour: Order in which the network is fed colours.
    """

    basis = BASIS

    def __init__(self, network: _Network, device: str, colour: Colour) -> None:
        self._network = network
        self.colour = colour
        self.batch = _BATCH.get(device.split(":")[0], _BATCH["cpu"])

    @classmethod
    def load(
        cls,
        device: str = "cpu",
        *,
        colour: Colour = "rgb",
        runtime: Runtime = "auto",
        checkpoint: Path | None = None,
        threads: int = 0,
    ) -> Smirk:
        """Load the installed encoder.

        Args:
            device: torch's name of the device.
            colour: `rgb`, as SMIRK was trained; `bgr`, as the Arc2Face app feeds it.
            runtime: `torch`; `onnx`, onnxruntime on the CPU; `auto`, the faster one:
                onnxruntime on the CPU, torch elsewhere.
            checkpoint: A checkpoint other than the installed one.
            threads: Threads that onnxruntime computes with; 0 for one a core.

        Raises:
            MissingDependencyError: When the model, torch or onnxruntime is not installed.
            WeightsError: When the checkpoint cannot be used.
            UsageError: For another colour order or runtime, or onnx elsewhere than on the CPU.
        """
        on_cpu = device.split(":")[0] == "cpu"
        if colour not in ("rgb", "bgr"):
            raise UsageError(f"SMIRK knows no colour order '{colour}'.", "Use rgb or bgr.")
        if runtime not in ("auto", "torch", "onnx") or (runtime == "onnx" and not on_cpu):
            raise UsageError(
                f"SMIRK cannot run in '{runtime}' on {device}.",
                "Use auto or torch; onnx works on the CPU.",
            )
        path = checkpoint or locate("smirk")["SMIRK_em1.pt"]
        network = _onnx(path, threads) if on_cpu and runtime != "torch" else _torch(path, device)
        return cls(network, device, colour)

    def coefficients(self, crops: FloatArray) -> FloatArray:
        """Return the coefficients of faces.

        Args:
            crops: (B, 224, 224, 3) float32 R'G'B' 0..1, as `crop` makes them.

        Returns:
            (B, 55) float32 in `flame2020`: [expression 50 | eyelids 2 | jaw 3], within SMIRK's
            limits. A row does not depend on the crops that come with it: through onnxruntime
            bit for bit.
        """
        if crops.ndim != 4 or crops.shape[1:] != (CROP_SIZE, CROP_SIZE, 3):
            raise ValueError(f"crops are (B, {CROP_SIZE}, {CROP_SIZE}, 3), not {crops.shape}")
        ordered = crops[..., ::-1] if self.colour == "bgr" else crops
        found = np.empty((len(crops), FLAME_SIZE), dtype=np.float32)
        for start in range(0, len(crops), self.batch):
            rows = slice(start, start + self.batch)
            pictures = np.ascontiguousarray(ordered[rows].transpose(0, 3, 1, 2), dtype=np.float32)
            found[rows] = self._network(pictures)
        return limited(found)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Readings:
    """What SMIRK read of one face over a shot of T frames.

    Attributes:
        flame: (T, 55) float32 in `flame2020`, smoothed over time; zero where not valid.
        raw: (T, 55) float32 before smoothing.
        valid: (T,) bool, frames that were read, or bridged over a short gap.
    """

    flame: FloatArray
    raw: FloatArray
    valid: BoolArray


class Plates(Protocol):
    """Random access to the plates of a shot."""

    def plate(self, frame: int) -> Plate:
        """Return the plate of a frame."""
        ...


def read_shot(
    smirk: Smirk,
    face: Face,
    shot: Shot,
    source: Plates,
    progress: Progress = silent,
    *,
    wanted: BoolArray | None = None,
) -> Readings:
    """Read the coefficients of a face in the frames in which it was seen.

    Args:
        smirk: The encoder.
        face: The face, tracked.
        shot: Its shot.
        source: The shot's plates.
        progress: Called about the stage `read` with the frames read.
        wanted: (T,) bool, frames whose coefficients are asked for: only they are read, and
            a second about them for the smoothing; all frames when not given.
    """
    orientation, rate = shot.media.orientation, float(shot.clock.rate)
    seen = face.valid & ~face.curves.bridged
    if wanted is not None:
        seen &= binary_dilation(wanted, iterations=max(1, round(_CONTEXT * rate)))
    frames = np.flatnonzero(seen)
    raw = np.zeros((len(seen), FLAME_SIZE), dtype=np.float32)
    for start in range(0, len(frames), smirk.batch):
        chunk = frames[start : start + smirk.batch]
        crops = [crop(source.plate(int(i)), face.landmarks[i], orientation) for i in chunk]
        raw[chunk] = smirk.coefficients(np.stack(crops))
        progress("read", min(start + smirk.batch, len(frames)), len(frames))
    valid = seen | bridge(raw, seen, max(1, round(_LONGEST_GAP * rate)), shot.breaks)
    smoothed = smooth(raw, valid, rate=rate, cuts=shot.breaks)
    return Readings(limited(smoothed), raw, valid)


def limited(flame: FloatArray) -> FloatArray:
    """Limit coefficients (n, 55) to SMIRK's range."""
    held = flame.copy()
    held[:, EYELIDS] = np.clip(flame[:, EYELIDS], 0, 1)
    opening, turns = JAW.start, slice(JAW.start + 1, JAW.stop)
    held[:, opening] = np.maximum(flame[:, opening], 0)
    held[:, turns] = np.clip(flame[:, turns], -JAW_SIDEWAYS, JAW_SIDEWAYS)
    return held


def _torch(path: Path, device: str) -> _Network:
    try:
        import torch
    except ImportError as error:
        raise MissingDependencyError(
            "Running SMIRK needs torch.", 'pip install "mien[reference]"'
        ) from error
    from mien.face.smirk_network import load_network

    encoder = load_network(path).expression_encoder
    encoder.encoder.fold()
    for parameter in encoder.to(device).parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)

    def run(pictures: FloatArray) -> FloatArray:
        fed = torch.from_numpy(pictures).to(device, memory_format=torch.channels_last)
        # TensorFloat-32 would cost three digits, for nothing: decoding takes longer.
        exact = torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False)
        with torch.inference_mode(), exact:
            return np.asarray(encoder(fed).cpu().numpy(), dtype=np.float32)

    return run


def _onnx(path: Path, threads: int) -> _Network:
    from mien.face.smirk_onnx import INPUT, OUTPUT, cached_graph

    graph = cached_graph(path)
    try:
        session = open_session(path, graph, threads=threads)
    except WeightsError:
        # The checkpoint was checked when its graph was made, so it is the cache that is spoilt.
        session = open_session(path, cached_graph(path, renew=True), threads=threads)
    return lambda pictures: np.asarray(session.run([OUTPUT], {INPUT: pictures})[0])
