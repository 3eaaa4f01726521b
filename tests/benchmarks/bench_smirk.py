"""What one reading of a face by SMIRK costs: the crop, and the network in torch and onnxruntime."""

from __future__ import annotations

import functools

import numpy as np

from mien.face.smirk import CROP_SIZE, Smirk, crop
from mien.media.planes import Plate
from tests.benchmarks.common import SHARED, MissingFootageError, paired, seconds

FACES = 32


def main() -> None:
    """Print milliseconds a face, and the ratio by which `auto` chooses on the CPU."""
    checkpoint = SHARED / "fixtures" / "smirk" / "SMIRK_em1.pt"
    if not checkpoint.is_file():
        raise MissingFootageError(f"the fixtures are not at {SHARED}")
    random = np.random.default_rng(0)
    faces = random.random((FACES, CROP_SIZE, CROP_SIZE, 3), dtype=np.float32)
    torch = Smirk.load(checkpoint=checkpoint, runtime="torch")
    onnx = Smirk.load(checkpoint=checkpoint, runtime="onnx")
    apart = np.abs(torch.coefficients(faces) - onnx.coefficients(faces)).max()
    ratio = paired(lambda: onnx.coefficients(faces), lambda: torch.coefficients(faces), runs=5)
    print(f"onnxruntime over torch, {FACES} faces: {ratio}; coefficients {apart:.1e} apart")
    for height, face in ((1080, 400), (2160, 1200)):
        picture = random.integers(0, 255, (height, height * 16 // 9, 3), dtype=np.uint8)
        corner = np.array([200.0, 200.0])
        landmarks = np.stack([corner, corner + face])
        work = functools.partial(crop, Plate.from_rgb(picture), landmarks)
        taken = min(seconds(work) for _ in range(5))
        print(f"crop of a face of {face} pixels: {1000 * taken:.1f} ms")


if __name__ == "__main__":
    main()
