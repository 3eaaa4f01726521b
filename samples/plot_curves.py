"""Plot what a face does: the controls that move most, as solved and smoothed.

python samples/plot_curves.py [CLIP or PROJECT] [PNG]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import mien
from mien.demo import make_footage

MOST = 6


def main(source: Path, picture: Path) -> None:
    if source.suffix == ".mien":
        shot = mien.load_project(source, find_media=False).shot
    else:
        shot = mien.track(source)
    face = shot.faces[0]
    smooth, raw = face.curves.controls, face.raw.controls
    seconds = [float(shot.clock.seconds(frame)) for frame in range(shot.clock.frame_count)]
    weights = [control.name for control in mien.CONTROLS if control.unit == "weight"]
    weights.sort(key=lambda name: float(np.ptp(smooth[name][face.valid])), reverse=True)

    figure = Figure(figsize=(9, 8), layout="constrained")
    for axes, name in zip(figure.subplots(MOST, sharex=True), weights, strict=False):
        axes.plot(seconds, np.where(face.valid, raw[name], np.nan), color="0.7")
        axes.plot(seconds, np.where(face.valid, smooth[name], np.nan))
        axes.set_ylabel(name)
    figure.savefig(picture)
    print(f"wrote {picture}")


if __name__ == "__main__":
    arguments = [Path(argument) for argument in sys.argv[1:]]
    source = arguments[0] if arguments else make_footage("footage.mp4")
    main(source, arguments[1] if len(arguments) > 1 else Path("curves.png"))
