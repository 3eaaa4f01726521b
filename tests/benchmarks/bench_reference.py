"""The reference renderer's networks against the published flow, one still at a time.

On a GPU: Stable Diffusion 1.5's sizes with random weights, 512 px, float16. On a CPU: the
fixtures' small sizes at 128 px, float32. Both flows work with the same weights and settings in
the same run; a frame is encoded, seen by the reference pass, denoised and decoded.
"""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from mien.rendering.reference.denoise import Denoise, draw
from mien.rendering.reference.engine import Engine, Precision
from mien.rendering.reference.schedule import Scheduler
from tests.benchmarks.straight_reference import Straight
from tests.random_models import COEFFICIENTS, FULL, SMALL, random_models

GIB = 2**30


@dataclass(frozen=True)
class Place:
    """Where, how big and how long is measured."""

    device: str
    dtype: Precision
    side: int
    frames: int
    stills: int
    matrix: int


GPU = Place("cuda", "float16", 512, 64, 3, 8192)
CPU = Place("cpu", "float32", 128, 2, 2, 1024)
ROUNDS = 3


@dataclass(frozen=True)
class Setting:
    """Steps, guidance and the way down, as both flows take them."""

    name: str
    steps: int
    guidance: float
    scheduler: Scheduler = "dpm++"


SETTINGS = (
    Setting("25 steps with guidance", 25, 3.0),
    Setting("4 steps without", 4, 1.0, "lcm"),
)


class Film:
    """Random frames of one face."""

    def __init__(self, place: Place) -> None:
        random = np.random.default_rng(0)
        self.place, self.cells = place, place.side // 8
        self.pictures = random.random((place.frames, place.side, place.side, 3), dtype=np.float32)
        self.identity = random.standard_normal(512).astype(np.float32)
        self.coefficients = random.standard_normal((place.frames, COEFFICIENTS)).astype(np.float32)
        self.noise = draw(1, 1, 4, self.cells, self.cells)

    def ours(self, engine: Engine, setting: Setting, frames: int) -> int:
        """Regenerate so many frames in batches; the size of a batch."""
        prompt = engine.prompt(self.identity)
        order = Denoise(
            prompt=prompt,
            noise=self.noise,
            steps=setting.steps,
            guidance=setting.guidance,
            scheduler=setting.scheduler,
        )
        size = min(frames, engine.frames_at_once(guided=order.guided, pixels=self.place.side))
        # Equal batches: a compiled network is compiled for each size.
        size = max(n for n in range(1, size + 1) if frames % n == 0)
        for i in range(0, frames, size):
            rows = slice(i, i + size)
            bank = engine.reference(engine.encode(self.pictures[rows]), prompt)
            request = replace(
                order,
                noise=self.noise.expand(size, -1, -1, -1),
                step_noise=self.noise[None].expand(setting.steps, size, -1, -1, -1),
                expressions=torch.from_numpy(self.coefficients[rows]),
                bank=bank,
            )
            engine.decode(engine.denoise(request))
        return size

    def theirs(self, flow: Straight, setting: Setting, stills: int) -> None:
        for i in range(stills):
            flow.still(
                self.pictures[i : i + 1],
                self.identity,
                self.coefficients[i : i + 1],
                self.noise,
                setting.steps,
                setting.guidance,
                setting.scheduler,
            )


def timed(place: Place, work: Callable[[], object]) -> float:
    """Seconds of one call, the GPU's work included."""
    wait(place)
    start = time.perf_counter()
    work()
    wait(place)
    return time.perf_counter() - start


def wait(place: Place) -> None:
    if place.device == "cuda":
        torch.cuda.synchronize()


def matrix_rate(place: Place) -> float:
    """Operations per second of a big product in the UNet's precision: the best of several."""
    dtype = getattr(torch, place.dtype)
    a, b = (torch.randn(place.matrix, place.matrix, device=place.device).to(dtype) for _ in "ab")
    best = min(timed(place, lambda: a @ b) for _ in range(8))
    return float(2 * place.matrix**3 / best)


def operations(film: Film, engine: Engine, setting: Setting) -> float:
    """Floating-point operations of one frame's products, convolutions and attention."""
    with FlopCounterMode(display=False) as counter:
        film.ours(engine, setting, 1)
    return float(counter.get_total_flops())


def peak(place: Place) -> str:
    if place.device == "cuda":
        return f"{torch.cuda.max_memory_allocated() / GIB:.1f} GiB of the GPU"
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GIB:.1f} GiB"


def main() -> None:
    """Print frames per second of both flows, and what the operations alone would take."""
    place = GPU if torch.cuda.is_available() else CPU
    where = torch.cuda.get_device_name() if place is GPU else "CPU: small networks"
    print(f"{where}, {place.dtype}, {place.side} px, torch {torch.__version__}")
    film = Film(place)
    with tempfile.TemporaryDirectory() as folder:
        files = random_models(Path(folder), FULL if place is GPU else SMALL, place.device)

        def opened(compiled: bool = False) -> Engine:
            return Engine.open(files, device=place.device, dtype=place.dtype, compiled=compiled)

        start = time.perf_counter()
        engine = opened()
        loaded = time.perf_counter() - start
        shown = timed(place, lambda: film.ours(engine, SETTINGS[0], 1))
        print(f"time to first frame: {loaded + shown:.1f} s, of which {loaded:.1f} s is loading")
        rate = matrix_rate(place)
        print(f"matrix products: {rate / 1e12:.3g} T/s")
        flow = Straight(opened())
        film.theirs(flow, SETTINGS[0], 1)
        for setting in SETTINGS:
            compare(place, film, setting, engine, flow, rate)
        if place is GPU:
            del engine, flow
            compiled(place, film, opened(compiled=True))


def compiled(place: Place, film: Film, engine: Engine) -> None:
    """The speed with kernels of torch.compile, and how long these take to make."""
    for setting in SETTINGS:

        def work(setting: Setting = setting) -> None:
            film.ours(engine, setting, place.frames)

        first, second = timed(place, work), timed(place, work)
        print(f"compiled, {setting.name}: {place.frames / second:.2f} frames/s,", end=" ")
        print(f"after {first - second:.0f} s of compiling")


def compare(
    place: Place, film: Film, setting: Setting, engine: Engine, flow: Straight, rate: float
) -> None:
    """One setting's lines: both flows in turns, because machines are shared; medians."""
    work = operations(film, engine, setting)
    if place.device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    size = film.ours(engine, setting, place.frames)
    memory = peak(place)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        theirs.append(timed(place, lambda: film.theirs(flow, setting, place.stills)) / place.stills)
        ours.append(timed(place, lambda: film.ours(engine, setting, place.frames)) / place.frames)
    ratio = median(t / o for t, o in zip(theirs, ours, strict=True))
    ideal = work / rate
    print(
        f"{setting.name}: {1 / median(ours):.2f} frames/s in batches of {size}"
        f" against {1 / median(theirs):.2f}: {ratio:.2f} x\n"
        f"    {work / 1e12:.3g} T operations a frame: {median(ours) / ideal:.1f} x the time that"
        f" they take at the matrix rate; peak {memory}"
    )


if __name__ == "__main__":
    main()
