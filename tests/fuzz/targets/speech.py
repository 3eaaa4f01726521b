"""Phones, words and subtitles."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from mien.speech.files import read_phones, read_subtitles, read_text
from tests.fuzz.target import Target

__all__ = ["TARGETS"]

_PHONES = (("", 0.0, 0.1), ("HH", 0.1, 0.2), ("AH0", 0.2, 0.3), ("L", 0.3, 0.4), ("OW1", 0.4, 0.7))


def _long_grid() -> str:
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0 ",
             "xmax = 0.7 ", "tiers? <exists> ", "size = 2 ", "item []: "]  # fmt: skip
    for number, (name, rows) in enumerate(
        (("words", (("hello", 0.1, 0.7),)), ("phones", _PHONES)), 1
    ):
        lines += [f"    item [{number}]:", '        class = "IntervalTier" ',
                  f'        name = "{name}" ', "        xmin = 0 ", "        xmax = 0.7 ",
                  f"        intervals: size = {len(rows)} "]  # fmt: skip
        for i, (text, start, stop) in enumerate(rows, 1):
            lines += [f"        intervals [{i}]:", f"            xmin = {start} ",
                      f"            xmax = {stop} ", f'            text = "{text}" ']  # fmt: skip
    return "\n".join(lines) + "\n"


def _short_grid() -> str:
    rows = [f'{start}\n{stop}\n"{text}"' for text, start, stop in _PHONES]
    head = 'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n0.7\n<exists>\n1\n'
    return head + f'"IntervalTier"\n"phones"\n0\n0.7\n{len(rows)}\n' + "\n".join(rows) + "\n"


def _seeds(folder: Path) -> Mapping[str, bytes]:
    phones = [{"phone": p or "sil", "start": a, "stop": b} for p, a, b in _PHONES]
    words = [{"word": "hello", "start": 0.1, "stop": 0.7}]
    subtitles = (
        "1\n00:00:01,000 --> 00:00:02,500\nHello\nthere\n\n2\n00:00:03,000 --> 00:00:04,0\nx\n"
    )
    return {
        "a.TextGrid": _long_grid().encode(),
        "short.TextGrid": _short_grid().encode(),
        "wide.TextGrid": _long_grid().encode("utf-16"),
        "a.json": json.dumps({"phones": phones, "words": words}).encode(),
        "a.srt": subtitles.encode(),
        "a.vtt": ("WEBVTT\n\n" + subtitles.replace(",", ".")).encode(),
    }


def _read(path: Path) -> None:
    if path.suffix in (".srt", ".vtt"):
        read_text(path)
        read_subtitles(path)
    else:
        read_phones(path)


TARGETS = (Target("speech", _seeds, _read),)
