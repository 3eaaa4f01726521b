"""The verbs: open a shot, track it, render it, keep it as a project.

Everything here takes and gives values of model/; the work is done in the rooms below.
"""

from __future__ import annotations

from mien._types import PathLike
from mien.api.applying import Applied, apply, open_performance
from mien.api.consent import check_consent, clear_consent, hash_document, set_consent
from mien.api.corrections import correct_landmarks, remove_corrections, set_corrections
from mien.api.curves import (
    ImportedCurves,
    WrittenCurves,
    export_curves,
    fit_flame,
    import_curves,
)
from mien.api.edits import edit_project, redo_edits, undo_edits
from mien.api.examples import example_problems, set_examples
from mien.api.faces import merge_faces, remove_face, rename_face, split_face
from mien.api.info import write_info_page
from mien.api.info_sheet import write_info_sheet
from mien.api.neutral import reset_neutral, set_neutral
from mien.api.occlusion import check_occlusion_matte, set_glasses, set_occlusion_matte
from mien.api.projects import load_document, load_project, save_document, save_project
from mien.api.provenance import read_provenance, switch_provenance
from mien.api.reading import write_reading_picture
from mien.api.relinking import RelinkReport, relink, relink_file
from mien.api.rendering import RenderReport, check_damage, render, render_frames, render_matte
from mien.api.retracking import export_landmarks, import_landmarks, retrack_face
from mien.api.smoothing import smooth_faces
from mien.api.tracking import open_shot, probe, solve, track
from mien.api.voices import MutedMouth, ResyncedMouth, VoicedMouth, mute_mouth, resync_mouth, voice
from mien.io.project import Document, Project
from mien.model.shot import main_face
from mien.model.summary import summarize_project

__all__ = [
    "Applied",
    "Document",
    "ImportedCurves",
    "MutedMouth",
    "PathLike",
    "Project",
    "RelinkReport",
    "RenderReport",
    "ResyncedMouth",
    "VoicedMouth",
    "WrittenCurves",
    "apply",
    "check_consent",
    "check_damage",
    "check_occlusion_matte",
    "clear_consent",
    "correct_landmarks",
    "edit_project",
    "example_problems",
    "export_curves",
    "export_landmarks",
    "fit_flame",
    "hash_document",
    "import_curves",
    "import_landmarks",
    "load_document",
    "load_project",
    "main_face",
    "mute_mouth",
    "merge_faces",
    "open_performance",
    "open_shot",
    "probe",
    "relink",
    "resync_mouth",
    "voice",
    "relink_file",
    "remove_corrections",
    "read_provenance",
    "redo_edits",
    "remove_face",
    "rename_face",
    "render",
    "render_frames",
    "render_matte",
    "reset_neutral",
    "retrack_face",
    "save_document",
    "save_project",
    "set_consent",
    "set_corrections",
    "set_examples",
    "set_glasses",
    "set_neutral",
    "smooth_faces",
    "set_occlusion_matte",
    "solve",
    "split_face",
    "summarize_project",
    "switch_provenance",
    "track",
    "undo_edits",
    "write_info_page",
    "write_reading_picture",
    "write_info_sheet",
]
