"""Asked for against achieved, seen by a network that did not make the pictures.

Every clip is tracked once, rendered with each edit through the command line and compared by
the Face Landmarker: the mean rise of the asked controls, the mean change of all others and the
median head rotation in degrees. With names of clips as FIDELITY_CLIPS only those are done.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from statistics import mean

from tests.benchmarks.common import MIEN, clip, measure

CLIPS = ("lp_s18", "lp_s29", "lp_s32", "lp_d9", "vretalk_4", "clm_cap12_edit")
# Edit, controls that are asked for, what it has to reach (None: reported only).
EDITS: tuple[tuple[tuple[str, ...], str, float | None], ...] = (
    (("mouthSmile=+0.6",), "mouthSmile", 0.40),
    (("browInnerUp=+0.6", "browOuterUp=+0.6"), "browInnerUp,browOuterUp", 0.40),
    (("jawOpen=+0.4",), "jawOpen", 0.30),
    (("eyeBlink=+0.8",), "eyeBlink", 0.45),
    (("browDown=+0.6",), "browDown", None),
    (("mouthFrown=+0.6",), "mouthFrown", None),
    (("mouthPucker=+0.6",), "mouthPucker", None),
)


def main() -> None:
    """Print a row per edit and clip, and the means."""
    tool = measure()
    names = os.environ.get("FIDELITY_CLIPS", ",".join(CLIPS)).split(",")
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            command: list[str | Path] = [
                MIEN,
                "track",
                clip(f"{name}.mp4"),
                "-o",
                Path(folder, f"{name}.mien"),
            ]
            subprocess.run(command, check=True, capture_output=True)
        for sets, asked, bound in EDITS:
            rows = []
            for name in names:
                out = Path(folder, "out.mp4")
                command = [MIEN, "render", Path(folder, f"{name}.mien"), "-o", out, "--overwrite"]
                for item in sets:
                    command += ["--set", item]
                subprocess.run(command, check=True, capture_output=True)
                got = tool.fidelity(str(clip(f"{name}.mp4")), str(out), asked.split(","))
                rows.append(got)
                print(
                    f"  {' '.join(sets):40} {name:16} asked {got['asked']:+.3f}"
                    f"  others {got['other']:.3f}  head {got['rot']:.2f} deg",
                    flush=True,
                )
            want = f"(at least {bound:.2f})" if bound else ""
            print(
                f"{' '.join(sets):42} {'mean':16}"
                f" asked {mean(r['asked'] for r in rows):+.3f} {want}"
                f"  others {mean(r['other'] for r in rows):.3f} (at most 0.03)",
                flush=True,
            )
