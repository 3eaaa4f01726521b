"""Put edits on the clips of a cut, render them all, and read the cut back with the renders in it.

python samples/batch_a_cut.py [CLIP] [FOLDER]
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import opentimelineio as otio

from mien.demo import make_footage

RATE = 25
EDITS = {"sh010": ["mouthSmile=+0.5"], "sh020": ["browDown=+0.4", "jawOpen=+0.2"]}


def frames(start: int, length: int) -> otio.opentime.TimeRange:
    return otio.opentime.TimeRange(
        otio.opentime.RationalTime(start, RATE), otio.opentime.RationalTime(length, RATE)
    )


def write_cut(clip: Path, path: Path) -> None:
    """Two shots of one clip with half a second between them, each with what is asked of it."""
    timeline = otio.schema.Timeline("show")
    track = otio.schema.Track("V1")
    timeline.tracks.append(track)
    for start, (name, values) in zip((2, 14), EDITS.items(), strict=True):
        media = otio.schema.ExternalReference(clip.absolute().as_uri())
        shot = otio.schema.Clip(name, media, frames(start, 10))
        shot.metadata["mien"] = {"schema": "mien.edit/1", "set": values}
        track.append(shot)
        if name == "sh010":
            track.append(otio.schema.Gap(duration=otio.opentime.RationalTime(12, RATE)))
    otio.adapters.write_to_file(timeline, str(path))


def main(clip: Path, folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    cut = folder / "show.otio"
    write_cut(clip, cut)
    command = [sys.executable, "-m", "mien", "batch", cut, "-o", folder / "renders"]
    done = subprocess.run([*map(str, command), "--handles", "2"], check=False)
    # 1 says that some shots failed; the others are in the cut all the same.
    if done.returncode in (0, 1):
        back = otio.adapters.read_from_file(str(folder / "renders" / "show.mien.otio"))
        for shot in back.find_clips():
            render = shot.media_references().get("mien")
            print(f"{shot.name}: {render.target_url if render else 'not rendered'}")
    return done.returncode


if __name__ == "__main__":
    arguments = [Path(argument) for argument in sys.argv[1:]]
    clip = arguments[0] if arguments else make_footage("footage.mp4", frames=30)
    sys.exit(main(clip, arguments[1] if len(arguments) > 1 else Path("batch")))
