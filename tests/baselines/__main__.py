"""Write the baseline of this version's project file: `python -m tests.baselines`.

Once for every version of the schema, when it is new; later versions must read it as it is.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from mien.io import project as project_file
from mien.io.schema import VERSION
from mien.model.document import Project
from mien.model.raw_landmarks import RawLandmarks
from mien.model.shot import ToolVersions

FOLDER = Path(__file__).parent


def main() -> None:
    """Write what the version before holds, and what this one adds."""
    project = project_file.load(FOLDER / f"project-{VERSION - 1}.mien", find=False)
    project_file.save(with_news(project), FOLDER / f"project-{VERSION}.mien")


def with_news(project: Project) -> Project:
    """Return a project with values for what this version of the schema is the first to keep."""
    (face,) = project.shot.faces
    seen = face.confidence > 0
    raw = RawLandmarks.pack(face.landmarks + 0.25, face.landmarks, seen)
    face = dataclasses.replace(face, raw_landmarks=raw)
    made_by = ToolVersions("somebody's", 7, 1)
    shot = dataclasses.replace(project.shot, faces=(face,), made_by=made_by)
    edits = tuple(dataclasses.replace(edit, face=face) for edit in project.edits)
    return dataclasses.replace(project, shot=shot, edits=edits)


if __name__ == "__main__":
    main()
