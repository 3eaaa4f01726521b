"""Track a clip, raise the brows and calm the smile of its first face, render it.

    python samples/quickstart.py [CLIP] [OUTPUT]

Without a clip, it makes its own.
"""

from __future__ import annotations

import sys
from pathlib import Path

import mien
from mien.demo import make_footage


def main(clip: Path, output: Path) -> None:
    shot = mien.track(clip)
    edit = mien.Edit(shot.faces[0]).set("browInnerUp", 0.6).set("mouthSmile", -0.4)
    report = mien.render(shot, output, edits=[edit], overwrite=True)
    print(f"wrote {report.output}: {report.frames_edited} of {report.frames} frames edited")


if __name__ == "__main__":
    arguments = [Path(argument) for argument in sys.argv[1:]]
    clip = arguments[0] if arguments else make_footage("footage.mp4")
    main(clip, arguments[1] if len(arguments) > 1 else Path("quickstart.mp4"))
