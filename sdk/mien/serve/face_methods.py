"""What the methods that put tracking right do, for one client."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mien import api
from mien.api.retracking import check_retracking
from mien.errors import UsageError
from mien.model.consent import Consent
from mien.model.document import Project
from mien.model.smoothing import Smoothing
from mien.serve import messages as say
from mien.serve.jobs import ServedJob
from mien.serve.shots import OpenShot, Shots, shot_facts
from mien.serve.worker import RetrackOrder
from mien.timebase import FrameRange

__all__ = ["FaceMethods"]


class FaceMethods:
    """The methods that put tracking right.

    Args:
        shots: The client's shots.
        rest: Refuses a shot whose faces a job is about to replace.
        begin: Starts a job.
        send: Takes the events of jobs.
    """

    def __init__(
        self,
        shots: Shots,
        rest: Callable[[OpenShot], None],
        begin: Callable[[ServedJob], say.JobResult],
        send: Callable[[dict[str, Any]], None],
    ) -> None:
        self._shots = shots
        self._rest = rest
        self._begin = begin
        self._send = send
        self.queued: Mapping[str, Callable[[Any], say.Message]] = {
            "rename_face": self._rename,
            "merge_faces": self._merge,
            "split_face": self._split,
            "remove_face": self._remove,
            "correct_landmarks": self._correct,
            "remove_corrections": self._remove_corrections,
            "set_neutral": self._set_neutral,
            "smooth_faces": self._smooth,
            "set_consent": self._set_consent,
            "clear_consent": self._clear_consent,
            "retrack_face": self._retrack,
            "import_landmarks": self._import,
            "undo_faces": self._undo,
        }
        """Methods that may take their time, by name."""

    def _change(self, shot: str, change: Callable[[Project], Project]) -> OpenShot:
        opened = self._shots.find(shot)
        self._rest(opened)
        opened.change_faces(change)
        return opened

    def _rename(self, params: say.RenameFaceParams) -> say.FacesResult:
        opened = self._change(
            params.shot, lambda project: api.rename_face(project, params.face, params.name)
        )
        return say.FacesResult(faces=shot_facts(opened).faces)

    def _merge(self, params: say.MergeFacesParams) -> say.ShotFacts:
        return shot_facts(
            self._change(
                params.shot,
                lambda project: api.merge_faces(project, params.faces, progress=False),
            )
        )

    def _split(self, params: say.SplitFaceParams) -> say.ShotFacts:
        frames = _span(params.frames)
        return shot_facts(
            self._change(
                params.shot,
                lambda project: api.split_face(project, params.face, frames, progress=False),
            )
        )

    def _remove(self, params: say.RemoveFaceParams) -> say.ShotFacts:
        return shot_facts(
            self._change(params.shot, lambda project: api.remove_face(project, params.face))
        )

    def _correct(self, params: say.CorrectLandmarksParams) -> say.ShotFacts:
        return shot_facts(
            self._change(
                params.shot,
                lambda project: api.correct_landmarks(
                    project, params.face, params.frame, params.group, params.dx, params.dy,
                    falloff=(params.before, params.after),
                ),
            )
        )  # fmt: skip

    def _remove_corrections(self, params: say.RemoveCorrectionsParams) -> say.ShotFacts:
        return shot_facts(
            self._change(
                params.shot,
                lambda project: api.remove_corrections(
                    project, params.face, frame=params.frame, group=params.group
                ),
            )
        )

    def _set_neutral(self, params: say.SetNeutralParams) -> say.SetNeutralResult:
        notices: list[str] = []
        if params.reset and (params.frame is not None or params.image is not None):
            raise UsageError(
                "What is neutral is said twice.", "Give `reset`, `frame` or `image`, one of them."
            )

        def change(project: Project) -> Project:
            if params.reset:
                return api.reset_neutral(project, params.face, progress=False)
            return api.set_neutral(
                project, params.face, frame=params.frame, image=params.image,
                notice=notices.append, progress=False,
            )  # fmt: skip

        return say.SetNeutralResult(
            facts=shot_facts(self._change(params.shot, change)), notices=notices
        )

    def _smooth(self, params: say.SmoothFacesParams) -> say.ShotFacts:
        how = Smoothing(
            params.method, params.strength, tuple(params.groups.items()), params.seconds
        )
        return shot_facts(
            self._change(params.shot, lambda project: api.smooth_faces(project, how, params.face))
        )

    def _set_consent(self, params: say.SetConsentParams) -> say.ShotFacts:
        said = params.model_dump(exclude={"shot", "face", "document_path"})
        if params.document_path is not None:
            if params.document:
                raise UsageError("The document is given twice.", "Give its path, or its hash.")
            said["document"] = api.hash_document(params.document_path)
        consent = Consent.from_dict(said)
        return shot_facts(
            self._change(
                params.shot, lambda project: api.set_consent(project, params.face, consent)
            )
        )

    def _clear_consent(self, params: say.ClearConsentParams) -> say.ShotFacts:
        return shot_facts(
            self._change(params.shot, lambda project: api.clear_consent(project, params.face))
        )

    def _import(self, params: say.ImportLandmarksParams) -> say.ShotFacts:
        return shot_facts(
            self._change(
                params.shot,
                lambda project: api.import_landmarks(
                    project, params.path, params.face, name=params.name or "", progress=False
                ),
            )
        )

    def _undo(self, params: say.UndoFacesParams) -> say.ShotFacts:
        opened = self._shots.find(params.shot)
        self._rest(opened)
        opened.undo_faces()
        return shot_facts(opened)

    def _retrack(self, params: say.RetrackFaceParams) -> say.JobResult:
        opened = self._shots.find(params.shot)
        self._rest(opened)
        order = RetrackOrder(
            shot=opened.project.shot,
            face=params.face,
            frames=None if params.frames is None else str(_span(params.frames)),
            at=params.at,
            box=None if params.box is None else tuple(params.box),
            point=None if params.point is None else tuple(params.point),
            name=params.name or "",
        )
        # What can be refused is refused before a process is started for it.
        check_retracking(
            order.shot, order.face, order.frames, at=order.at, box=order.box, point=order.point,
            name=order.name,
        )  # fmt: skip

        def finish(tracked: Any) -> say.Message:
            opened.change_faces(lambda project: project.with_faces_of(tracked))
            return shot_facts(opened)

        return self._begin(ServedJob("retrack", params.shot, order, finish, self._send))


def _span(frames: list[int]) -> FrameRange:
    return FrameRange(frames[0], frames[1])
