"""The same edit on every movie of a folder; one that fails does not stop the others.

python samples/batch_a_folder.py [FOLDER] [OUTPUT FOLDER]
"""

from __future__ import annotations

import sys
from pathlib import Path

import mien
from mien.demo import make_footage

MOVIES = {".mp4", ".mov", ".mkv", ".mxf", ".webm"}


def main(folder: Path, results: Path) -> int:
    results.mkdir(parents=True, exist_ok=True)
    failed = 0
    for clip in sorted(path for path in folder.iterdir() if path.suffix.lower() in MOVIES):
        output = results / clip.name
        if output.exists():
            print(f"{clip.name}: done before")  # outputs are whole or not there
            continue
        try:
            shot = mien.track(clip)
            edits = [mien.Edit(face).set("mouthSmile", 0.4) for face in shot.faces]
            report = mien.render(shot, output, edits=edits)
        except mien.MienError as error:
            failed += 1
            print(f"{clip.name}: {error}", file=sys.stderr)
            continue
        print(f"{clip.name}: {len(shot.faces)} faces, {report.frames_edited} frames edited")
    return 1 if failed else 0


if __name__ == "__main__":
    arguments = [Path(argument) for argument in sys.argv[1:]]
    if arguments:
        folder = arguments[0]
    else:
        folder = Path("clips")
        folder.mkdir(exist_ok=True)
        make_footage(folder / "footage.mp4")
    sys.exit(main(folder, arguments[1] if len(arguments) > 1 else Path("edited")))
