"""Write baselines that later versions are held to.

python -m tests.baselines          the project file of a new version of the schema, once
python -m tests.baselines tools    the results of a new version of tracker or solver
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np

from mien.face import SOLVER
from mien.io import project as project_file
from mien.io.schema import VERSION
from mien.model.document import Project
from mien.model.occlusion import MatteStroke, Occlusion
from mien.timebase import FrameRange
from mien.tracking.mediapipe import VERSION as TRACKER_VERSION
from tests.unit import test_tool_versions

FOLDER = Path(__file__).parent


def main() -> None:
    """Write what was asked for."""
    if sys.argv[1:] == ["tools"]:
        write_tools()
    else:
        write_project()


def write_tools() -> None:
    """Write what tracker and solver make now, with their versions."""
    versions = {"tracker_version": np.array(TRACKER_VERSION), "solver": np.array(SOLVER)}
    results = test_tool_versions.tracked() | test_tool_versions.solved()
    np.savez_compressed(test_tool_versions.BASELINE, **versions, **results)


def write_project() -> None:
    """Write what the version before holds, and what this one adds."""
    project = project_file.load(FOLDER / f"project-{VERSION - 1}.mien", find=False)
    project_file.save(with_news(project), FOLDER / f"project-{VERSION}.mien")


def with_news(project: Project) -> Project:
    """Return a project with values for what this version of the schema is the first to keep."""
    shot = project.shot
    frames = shot.clock.frame_count
    seen = np.linspace(0, 1, 4 * frames, dtype=np.float32).reshape(frames, 4)
    faces = tuple(dataclasses.replace(face, region_confidence=seen) for face in shot.faces)
    number = faces[0].number
    stroke = MatteStroke(number, 1, FrameRange(0, 2), ((3.5, 4.0), (5.0, 6.25)), 2.5, erase=True)
    occlusion = Occlusion(
        fade=False, matte=FOLDER / "matte.%04d.png", glasses={number: "yes"}, strokes=(stroke,),
        matte_content="1f-0123456789abcdef", matte_online=False,
    )  # fmt: skip
    news = dataclasses.replace(shot, faces=faces, mixes=(FrameRange(0, 1),), occlusion=occlusion)
    return project.with_faces_of(news)


if __name__ == "__main__":
    main()
