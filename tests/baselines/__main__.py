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
from mien.model.chosen_neutral import ChosenNeutral
from mien.model.document import Project
from mien.model.landmarks import LANDMARKS
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
    shape = np.linspace(0, 1, LANDMARKS * 3, dtype=np.float32).reshape(LANDMARKS, 3)
    face = dataclasses.replace(shot.faces[0], neutral=ChosenNeutral(shape, 1, "", 2))
    return project.with_faces_of(dataclasses.replace(shot, faces=(face, *shot.faces[1:])))


if __name__ == "__main__":
    main()
