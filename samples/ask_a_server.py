"""Edit through `mien serve`, as a plug-in of another program does.

python samples/ask_a_server.py [CLIP] [OUTPUT]

The client is one file of the standard library, mien/serve/client.py, to be copied into a host;
docs/serve.md tells the protocol for hosts in other languages.
"""

from __future__ import annotations

import sys
from pathlib import Path

from mien.demo import make_footage
from mien.serve.client import Client


def main(clip: Path, output: Path) -> None:
    with Client([sys.executable, "-m", "mien", "serve"], name="sample 1.0") as client:
        shot = client.call("open", path=str(clip.absolute()))["shot"]
        job = client.start("track", shot=shot)
        # A host with a window does not wait here: it looks at job.stage and job.done.
        found = job.result.result()

        # A value for every frame: what a host's own animation curves come to.
        rise = [0.7 * min(1.0, frame / 12) for frame in range(found["frames"])]
        smile = {"control": "mouthSmile", "mode": "add", "start": 0, "values": rise}
        layers = [{"name": "edit", "tracks": [smile]}]
        face = found["faces"][0]["face"]
        client.call("set_edits", shot=shot, face=face, layers=layers)

        job = client.start("render", shot=shot, output=str(output.absolute()), overwrite=True)
        report = job.result.result()
        print(f"wrote {output}: {report['frames_edited']} frames edited")


if __name__ == "__main__":
    media = Path(sys.argv[1]) if len(sys.argv) > 1 else make_footage(Path("footage.mp4"))
    main(media, Path(sys.argv[2] if len(sys.argv) > 2 else "served.mp4"))
