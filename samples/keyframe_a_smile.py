"""Key a smile in layers, keep it as a project, render it.

python samples/keyframe_a_smile.py [CLIP] [OUTPUT]
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import mien
from mien.demo import make_footage


def main(clip: Path, output: Path) -> None:
    shot = mien.track(clip)
    edit = mien.Edit(shot.faces[0])

    # A smile that grows over half a second and fades as the shot ends. Times are seconds,
    # frames or timecode; between keys the curve eases unless told otherwise.
    last = shot.clock.frame_count - 1
    for time, value in (("0.2s", 0.0), ("0.7s", 0.6), (last - 5, 0.6), (last, 0.0)):
        edit = edit.key("mouthSmile", time, value, layer="smile")

    # A smile that reaches the eyes, in a layer of its own: easy to weaken, mute or remove.
    edit = edit.key("cheekSquint", "0.3s", 0.0, layer="eyes", interpolation="bezier")
    edit = edit.key("cheekSquint", "0.8s", 0.7, layer="eyes")
    edit = edit.with_layer(replace(edit.layer("eyes"), weight=0.8))

    mien.save_project(shot, output.with_suffix(".mien"), edits=[edit])
    report = mien.render(shot, output, edits=[edit], overwrite=True)
    print(f"wrote {report.output} and {output.with_suffix('.mien')}")


if __name__ == "__main__":
    arguments = [Path(argument) for argument in sys.argv[1:]]
    clip = arguments[0] if arguments else make_footage("footage.mp4")
    main(clip, arguments[1] if len(arguments) > 1 else Path("smile.mp4"))
