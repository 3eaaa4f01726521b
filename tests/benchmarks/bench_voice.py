"""How well a voice drives a mouth: phones that are heard, and lips that are seen.

Sentences of espeak-ng, whose phones are known, are heard with and without their text. Then silent
faces say what people in other clips say, and the outside eye (MediaPipe's Face Landmarker) looks at
the render and at the speaker: how far the lips are apart (in distances of the eyes) at P, B and M
and at open vowels, by how many frames the render comes late, how alike both are over time, and
what else of the face changed: by the outside eye, whose reading shifts with the mouth, and as the
share of pixels around eyes and brows that are not the plate's. Beside each speaker stands whether
frames can be told there at all: phones heard in a second, how alike the lips are at the best lag
(where that is no more than unshifted, no lag is better than another), and, without mien, by how
much the speaker's own lips follow how loud the own sound is where instruments have little. Last, a
talking mouth is muted, and a minute of speech is timed.

    python -m tests.benchmarks.bench_voice [SOUND:FACE ...] [--seconds S] [--strips DIR] [--hour]
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from scipy.signal import butter, sosfiltfilt

import mien
from mien._types import AnyArray, DoubleArray
from mien.model.speech import CLOSURES
from mien.progress import silent
from mien.speech.listeners import choose_listener
from mien.speech.sound import SAMPLE_RATE, Sound, load_sound
from tests.benchmarks.bench_apply import tracked
from tests.benchmarks.common import clip, measure
from tests.speaking import FRENCH, SENTENCES, Spoken, espeak, speak

PAIRS = ("vretalk_4:lp_s18", "vretalk_1:lp_s18", "lp_d6:lp_s18", "vretalk_4:lp_s20",
         "vretalk_1:lp_s20", "lp_d6:lp_s20")  # fmt: skip
SECONDS = 6.0
HEARD = frozenset({"P", "B", "M", "F", "V"})
OPEN = frozenset({"AA", "AE", "AO", "AW", "AY"})
APART = 0.08
LATEST = 6
BRIGHT = (2400, 5000)
"""Hertz in which voices are loud, and plucked strings are not."""
ELSEWHERE = (
    "eyeBlinkLeft", "eyeBlinkRight", "eyeSquintLeft", "eyeSquintRight", "browInnerUp",
    "browDownLeft", "browDownRight", "browOuterUpLeft", "browOuterUpRight",
)  # fmt: skip


AROUND_EYES = [33, 133, 362, 263, 70, 300, 105, 334, 159, 386, 145, 374]
"""Landmarks at the corners and lids of the eyes, and on the brows."""


def main(arguments: Sequence[str] = ()) -> None:
    """Print what was heard, a row for each pair, the mute, and the time that it takes."""
    parser = argparse.ArgumentParser(prog="bench_voice")
    parser.add_argument("pairs", nargs="*", default=PAIRS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--keep", type=Path, help="where tracked clips are kept for the next time")
    parser.add_argument("--strips", type=Path, help="where to write speaker above render")
    parser.add_argument("--hour", action="store_true", help="align an hour with its text too")
    asked = parser.parse_args(arguments)
    if espeak() is None:
        print("  sentences are left out: espeak-ng is not installed")
    else:
        _print_heard()
    columns = (
        " shut (0.02)  open (0.08)    late (1)  alike (0.6)  elsewhere      head  eyes' pixels"
    )
    print(f"  {'':20}{columns}")
    with tempfile.TemporaryDirectory() as folder:
        kept = asked.keep or Path(folder)
        told: dict[str, str] = {}
        for pair in asked.pairs:
            speaker, line = _print_pair(pair, kept, asked.seconds, asked.strips)
            told.setdefault(speaker, line)
        for line in told.values():
            print(line)
        _print_mute(kept, asked.seconds, asked.strips)
    _print_time(asked.hour)


def _print_heard() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        for by, language in (
            ("pocketsphinx", "en"), ("hama", "en"), ("soundswallower", "en"),
            ("soundswallower", "fr"),
        ):  # fmt: skip
            said = heard = both = 0
            for text in SENTENCES if language == "en" else FRENCH:
                for rate in (130, 160, 200):
                    spoken = speak(text, rate, "en-us" if language == "en" else language)
                    sound = load_sound(spoken.write(path))
                    words = None if by == "hama" else text
                    speech = choose_listener(by, words, language).hear(sound, words, silent)
                    told = [p.middle for p in spoken.phones if p.name in HEARD]
                    found = [p.middle for p in speech.phones if p.name in HEARD]
                    said, heard, both = (
                        said + len(told), heard + len(found), both + _matched(told, found)
                    )  # fmt: skip
            with_text = "without" if by == "hama" else "with the text"
            print(
                f"  closures of {said} heard by {by} ({language}), {with_text}:"
                f" recall {both / said:.3f}, precision {both / heard:.3f}"
            )


def _matched(told: list[float], found: list[float]) -> int:
    left, count = list(found), 0
    for middle in told:
        near = [one for one in left if abs(one - middle) <= APART]
        if near:
            left.remove(min(near, key=lambda one: abs(one - middle)))
            count += 1
    return count


def _print_pair(
    pair: str, folder: Path, seconds: float, strips: Path | None
) -> tuple[str, str]:  # fmt: skip
    """Print the row of a pair; return the speaker, and a line on the speaker alone."""
    sound, name = pair.split(":")
    target = tracked(name, folder)
    speaker = mien.open_shot(clip(f"{sound}.mp4"))
    frames = min(round(seconds * float(target.clock.rate)), target.clock.frame_count)
    spoken = mien.voice(target, clip(f"{sound}.mp4"), span=f"0:{frames}", ease=0)
    assert spoken.layer.voice is not None
    span = spoken.layer.voice.span
    reached = f"{span.start}:{span.stop}"
    renders = list(mien.render_frames(target, [spoken.edit], reached, renderer="warp"))
    plates = list(mien.render_frames(target, [], reached))
    films = list(mien.render_frames(speaker, [], None))
    times = [float(target.clock.seconds(frame) + target.clock.seconds(frame + 1)) / 2
             for frame in span]  # fmt: skip
    shown = [films[min(speaker.clock.frame_at(_exact(t)), len(films) - 1)] for t in times]
    del films
    driven, said, before = (list(_seen(film)) for film in (renders, shown, plates))
    lips, own = (np.array([_gap(one) for one in film]) for film in (driven, said))
    at = np.array(times)
    shut = [p.middle for p in spoken.speech.spoken if p.name in CLOSURES and p.middle < at[-1]]
    wide = [p.middle for p in spoken.speech.spoken if p.name in OPEN and p.middle < at[-1]]
    gaps, theirs = (
        (_mean([_near(film, at, middle, np.nanmin) for middle in shut]),
         _mean([_near(film, at, middle, np.nanmax) for middle in wide]))
        for film in (lips, own)
    )  # fmt: skip
    late, alike, best = _lag(lips, own)
    moved, turned = _elsewhere(driven, before)
    pixels = _changed_above(target, span.start, renders, plates)
    print(
        f"  {pair:20}{gaps[0]:12.3f}{gaps[1]:13.3f}{late:12d}{alike:13.2f}{moved:11.3f}"
        f"{turned:8.2f} deg{pixels:11.4f}",
        flush=True,
    )
    if strips is not None:
        _write_strip(strips / f"voice_{sound}_{name}.png", shown, renders)
    said_by = f"{theirs[0]:.3f} at P, B and M, {theirs[1]:.3f} at open vowels"
    line = _speaker_line(sound, own, at, len(spoken.speech.spoken), (alike, best))
    return sound, f"{line}; its own gaps are {said_by}"


def _speaker_line(
    name: str, lips: DoubleArray, times: DoubleArray, phones: int, alike: tuple[float, float]
) -> str:
    """How many phones are heard, and by how much lips follow the loudness of their own sound."""
    sound = load_sound(clip(f"{name}.mp4")).cut(0, float(times[-1]))
    bright = butter(4, BRIGHT, "band", fs=SAMPLE_RATE, output="sos")
    loud = Sound(name, sosfiltfilt(bright, sound.samples.astype(float)).astype(np.int16)).loudness()
    at = 0.01 * np.arange(len(loud)) + 0.005
    level = 10 ** (loud / 40)
    seen = np.isfinite(lips)
    lags = np.arange(-10, 11) / 60
    rows = [np.corrcoef(lips[seen], np.interp(times[seen] - lag, at, level))[0, 1] for lag in lags]
    best = int(np.argmax(rows))
    return (
        f"  {name}: {phones / times[-1]:.1f} phones heard a second; driven lips are alike by"
        f" {alike[0]:.2f} unshifted, {alike[1]:.2f} at the best lag; its own lips follow its own"
        f" loudness by {1000 * lags[best]:.0f} ms (correlation {rows[best]:.2f})"
    )


def _exact(seconds: float) -> Any:
    from fractions import Fraction

    return Fraction(seconds).limit_denominator(1_000_000)


def _seen(pictures: Sequence[AnyArray]) -> Iterator[Any]:
    tool = measure()
    detector = tool.landmarker()
    for picture in pictures:
        yield tool.see(detector, picture)


def _gap(seen: Any) -> float:
    if seen is None:
        return float("nan")
    points = seen[1]
    eyes = points[[33, 133]].mean(axis=0) - points[[362, 263]].mean(axis=0)
    return float(np.linalg.norm(points[13] - points[14]) / np.linalg.norm(eyes))


def _near(lips: DoubleArray, times: DoubleArray, second: float, pick: Any) -> float:
    frame = int(np.argmin(np.abs(times - second)))
    return float(pick(lips[max(frame - 1, 0) : frame + 2]))


def _mean(values: Sequence[float]) -> float:
    return float(np.nanmean(values)) if values else float("nan")


def _lag(lips: DoubleArray, own: DoubleArray) -> tuple[int, float, float]:
    """Frames by which the driven lips come late, how alike both are unshifted, and shifted so."""
    seen = np.isfinite(lips) & np.isfinite(own)
    both = np.flatnonzero(seen)
    a, b = (np.interp(np.arange(len(lips)), both, one[both]) for one in (lips, own))
    inner = slice(LATEST, len(a) - LATEST)

    def alike(late: int) -> float:
        return float(np.corrcoef(a[LATEST + late : len(a) - LATEST + late], b[inner])[0, 1])

    late = max(range(-LATEST, LATEST + 1), key=alike)
    return late, float(np.corrcoef(a, b)[0, 1]), alike(late)


def _elsewhere(driven: Sequence[Any], before: Sequence[Any]) -> tuple[float, float]:
    """Mean change of eyes and brows, and median degrees of the head, by the outside eye."""
    pairs = [(a, b) for a, b in zip(driven, before, strict=True) if a and b]
    moved = np.mean([[abs(a[0][name] - b[0][name]) for name in ELSEWHERE] for a, b in pairs])
    turned = [
        np.degrees(np.arccos(np.clip((np.trace(a[2] @ b[2].T) - 1) / 2, -1, 1))) for a, b in pairs
    ]
    return float(moved), float(np.median(turned))


def _changed_above(
    shot: mien.Shot, first: int, driven: Sequence[AnyArray], before: Sequence[AnyArray]
) -> float:
    """Share of the pixels around eyes and brows that differ from the plate's."""
    face, changed = mien.main_face(shot), []
    for index, (picture, plate) in enumerate(zip(driven, before, strict=True)):
        points = face.landmarks[first + index, AROUND_EYES, :2]
        if np.isfinite(points).all():
            (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
            box = slice(int(max(top, 0)), int(bottom)), slice(int(max(left, 0)), int(right))
            changed.append((picture[box] != plate[box]).any(axis=-1).mean())
    return float(np.mean(changed))


def _print_mute(folder: Path, seconds: float, strips: Path | None) -> None:
    shot = tracked("vretalk_4", folder)
    frames = min(round(seconds * float(shot.clock.rate)), shot.clock.frame_count)
    muted = mien.mute_mouth(shot, span=f"0:{frames}", ease=0)
    edit = muted.project.edit(muted.face)
    renders = list(mien.render_frames(shot, [edit], f"0:{frames}", renderer="warp"))
    lips = np.array([_gap(one) for one in _seen(renders)])
    most = float(np.nanmax(lips))
    share = float(np.mean(lips[np.isfinite(lips)] <= 0.02))
    print(
        f"  vretalk_4 muted: lips {np.nanmean(lips):.3f} apart, {most:.3f} at most (0.02),"
        f" at most 0.02 in {share:.0%} of frames"
    )
    if strips is not None:
        plates = list(mien.render_frames(shot, [], f"0:{frames}"))
        _write_strip(strips / "mute_vretalk_4.png", plates, renders)


def _print_time(with_hour: bool) -> None:
    own = load_sound(clip("vretalk_4.mp4"))
    minute = np.tile(own.samples, 10)[: 60 * SAMPLE_RATE]
    start = time.process_time()
    choose_listener("hama", None, "en").hear(Sound("a minute", minute), None, silent)
    heard = time.process_time() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"  60 s of speech heard in {heard:.1f} s of the CPU; {memory:.0f} MB with all of the above"
    )
    with tempfile.TemporaryDirectory() as name:
        hour = np.tile(own.samples, 3600 * SAMPLE_RATE // len(own.samples))
        _print_long(Path(name), hour, (2, 12, 152) if with_hour else (2, 12))


LONG = """
import sys, time
from pathlib import Path
from mien.progress import silent
from mien.speech.hearing import hearing
from mien.speech.sound import load_sound
start, (path, text, until) = time.process_time(), sys.argv[1:]
sound = load_sound(Path(path), float(until))
hearing(text or None, "auto", "en")(sound, 0.0, float(until), silent)
# Of this process alone: what getrusage tells holds that of who started it.
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)
memory = int(peak.split()[1]) / 1024
print(f"{time.process_time() - start:.1f} s of the CPU, {memory:.0f} MB")
"""


def _print_long(folder: Path, samples: AnyArray, repeats: Sequence[int]) -> None:
    """Processes of their own hear parts of an hour, and repeated sentences with their text."""
    path = Spoken(samples, SAMPLE_RATE, ()).write(folder / "hour.wav")
    rows = [("10 s of an hour of speech", path, "", 10.0)]
    if espeak() is not None:
        spoken = [speak(text, 160) for text in SENTENCES]
        once = np.concatenate([one.samples for one in spoken])
        for times in repeats:
            said = Spoken(np.tile(once, times), spoken[0].rate, ())
            seconds = len(said.samples) / said.rate
            text = " ".join(SENTENCES * times)
            name = f"{seconds:.0f} s with their text"
            rows.append((name, said.write(folder / f"{times}.wav"), text, seconds))
    for name, place, text, until in rows:
        done = subprocess.run(
            [sys.executable, "-c", LONG, place, text, str(until)], capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        print(f"  {name}: {(done.stdout or done.stderr).strip().splitlines()[-1]}", flush=True)


def _write_strip(path: Path, *rows: Sequence[AnyArray]) -> None:
    chosen = np.linspace(0, len(rows[0]) - 1, 10).astype(int)
    made = []
    for row in rows:
        size = (256, round(256 * row[0].shape[0] / row[0].shape[1]))
        made.append(
            np.hstack([cv2.resize(row[i], size, interpolation=cv2.INTER_AREA) for i in chosen])
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.vstack(made)[..., ::-1])


if __name__ == "__main__":
    main(sys.argv[1:])
