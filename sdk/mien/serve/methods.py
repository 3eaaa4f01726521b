"""What each method of the protocol does, for one client."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import mien
from mien import api
from mien.api.examples import check_examples
from mien.api.occlusion import check_stored_matte, refuse_matte_as_output
from mien.api.track_spans import choose_spans
from mien.api.tracking import check_solvable
from mien.errors import UsageError
from mien.io.changing import is_same_file
from mien.io.curves import curve_formats
from mien.io.files import FileVersion
from mien.io.project import SUFFIX, Project, check_project, describe
from mien.io.saving import save_shot_unchanged
from mien.model.controls import CONTROLS
from mien.model.evaluate import evaluate
from mien.model.presets import PRESETS
from mien.model.quality import Quality
from mien.model.renderer_settings import make_mapping
from mien.rendering.registry import (
    AUTO,
    find_entry,
    get_renderer,
    list_entries,
    merge_settings,
)
from mien.rendering.watermark import make_watermark
from mien.serve import messages as say
from mien.serve import voices
from mien.serve.applying import apply_performance
from mien.serve.curves import read_curves
from mien.serve.edits import make_edit, write_layers
from mien.serve.face_methods import FaceMethods
from mien.serve.folders import check_settings
from mien.serve.images import PictureFiles, encoded, fitted, inline, square
from mien.serve.jobs import Jobs, ServedJob
from mien.serve.protocol import MAX_LINE, PROTOCOL
from mien.serve.readings import read_credentials, read_face
from mien.serve.reporting import report_job
from mien.serve.requests import Requests
from mien.serve.retouching import retouch_face
from mien.serve.shots import (
    OpenShot,
    Shots,
    face_facts,
    make_strokes,
    occlusion_facts,
    shot_facts,
)
from mien.serve.voices import rendered_sound
from mien.serve.worker import ExamplesOrder, RenderOrder, SolveOrder, TrackOrder
from mien.tracking.registry import get_tracker, tracker_names

__all__ = ["Methods"]

_VERBS: Mapping[str, str] = {
    "track": "tracked", "solve": "solved", "retrack": "tracked", "examples": "given examples",
}  # fmt: skip
Handler = Callable[[Any], say.Message]


class Methods:
    """The methods, with the shots and jobs of one client.

    Args:
        send: Takes the events of its jobs.
    """

    def __init__(self, send: Callable[[dict[str, Any]], None]) -> None:
        self._send = send
        self._shots = Shots()
        self._jobs = Jobs()
        self._files = PictureFiles()
        self._begun: list[ServedJob] = []
        self._requests = Requests(send)
        faces = FaceMethods(self._shots, self._check_faces_rest, self._begin, send)
        self.immediate: Mapping[str, Handler] = {
            "hello": self._hello,
            "status": self._status,
            "cancel": self._cancel,
        }
        """Methods that never wait, by name."""
        self.queued: Mapping[str, Handler] = {
            "open": self._open,
            "close": self._close,
            "relink": self._relink,
            "track": self._track,
            "solve": self._solve,
            "set_examples": self._set_examples,
            "set_occlusion": self._set_occlusion,
            "faces": self._faces,
            **faces.queued,
            "curves": self._curves,
            "read": self._read,
            "read_provenance": read_credentials,
            "set_edits": self._set_edits,
            "get_edits": self._get_edits,
            "retouch": lambda params: retouch_face(self._shots, params),
            "preview": self._preview,
            "render": self._render,
            "report": lambda params: self._begin(report_job(self._shots, params, send)),
            "save": self._save,
            "export_curves": self._export_curves,
            "import_curves": self._import_curves,
            "apply": self._apply,
            "voice": self._spoken(voices.speak),
            "mute_mouth": self._spoken(voices.mute),
            "resync_mouth": self._spoken(voices.resync),
            "controls": self._controls,
        }
        """Methods that may take their time, by name."""

    def take_begun(self) -> list[ServedJob]:
        """Jobs that are to be started, once the host has been told of them."""
        begun, self._begun = self._begun, []
        return begun

    def expect(self, request: int | str, params: say.Message) -> None:
        """Know of a request that waits for its turn, so that it can be cancelled."""
        if isinstance(params, say.OpenParams) and params.progress:
            self._requests.expect(request)

    def forget(self, request: int | str) -> None:
        """Know no more of a request, whose turn will not come."""
        self._requests.forget(request)

    def run(self, method: str, request: int | str, params: say.Message) -> say.Message:
        """Do what a request asks for, in its turn.

        Args:
            method: One of `queued`.
            request: Its id.
            params: Its parameters.
        """
        with self._requests.turn(request):
            return self.queued[method](params)

    def stop_jobs(self) -> None:
        """Stop the jobs, and wait until they have cleaned up; no other is started."""
        self._jobs.close()

    def close(self) -> None:
        """Stop the jobs and let go of everything."""
        self._requests.cancel_all()
        self._jobs.close()
        self._shots.close()
        self._files.close()

    def _hello(self, params: say.HelloParams) -> say.HelloResult:
        renderers = [entry for entry in list_entries() if entry.usable()]
        return say.HelloResult(
            protocol=PROTOCOL,
            mien=mien.__version__,
            methods=list(say.METHODS),
            renderers=[entry.name for entry in renderers],
            renderer_summaries={entry.name: entry.summary for entry in renderers},
            trackers=list(tracker_names()),
            curve_formats=[
                say.CurveFormatFacts(
                    name=one.name,
                    suffixes=list(one.suffixes),
                    reads=one.can_read,
                    writes=one.can_write,
                    faces=one.faces,
                    layout=one.layout,
                )
                for one in curve_formats()
            ],
            max_line=MAX_LINE,
            features=["open.progress"],
        )

    def _status(self, params: say.Empty) -> say.StatusResult:
        return say.StatusResult(
            mien=mien.__version__,
            shots=self._shots.status(),
            jobs=[job.facts() for job in self._jobs.all()],
        )

    def _cancel(self, params: say.CancelParams) -> say.CancelResult:
        if params.request is not None:
            waits = self._requests.cancel(params.request)
            return say.CancelResult(request=params.request, state="running" if waits else "done")
        assert params.job is not None
        job = self._jobs.find(params.job)
        state = job.state
        job.cancel()
        return say.CancelResult(job=job.handle, state=state)

    def _open(self, params: say.OpenParams) -> say.ShotFacts:
        path = Path(params.path)
        if path.suffix.lower() == SUFFIX:
            if params.stream is not None:
                raise UsageError(f"`stream` goes with media; {path.name} is a project.")
            version = FileVersion.of(path)
            project = api.load_project(
                path, params.project_shot, media=params.media, progress=self._requests.report
            )
            # A file of several shots is not this shot's alone, to be replaced unasked.
            alone = len(describe(path).shots) == 1
            opened = OpenShot(project, path, version if alone else None)
        elif params.media is not None or params.project_shot is not None:
            raise UsageError(f"`media` and `project_shot` go with a project; {path.name} is none.")
        else:
            shot = api.open_shot(
                path, stream=params.stream, until_damage=params.until_damage,
                missing_frames=params.missing_frames, progress=self._requests.report,
            )  # fmt: skip
            opened = OpenShot(Project(shot), None)
        facts = shot_facts(opened)
        self._shots.add(opened)
        return facts

    def _close(self, params: say.CloseParams) -> say.Empty:
        self._shots.remove(params.shot)
        for job in self._jobs.of_shot(params.shot):
            job.cancel()
        return say.Empty()

    def _relink(self, params: say.RelinkParams) -> say.RelinkResult:
        opened = self._shots.find(params.shot)
        self._check_faces_rest(opened)
        report = api.relink(opened.project, params.media)
        opened.set_media(report.project)
        return say.RelinkResult(
            facts=shot_facts(opened),
            same_content=report.same_content,
            compared=report.compared,
            scale=report.scale,
        )

    def _track(self, params: say.TrackParams) -> say.JobResult:
        opened = self._shots.find(params.shot)
        shot = opened.project.shot
        frames = None
        if params.frames is not None:
            frames = shot.clock.parse_range("{}:{}".format(*params.frames))
        further = frames is not None and bool(shot.faces) and not params.replace
        if further and frames is not None:
            choose_spans(shot, frames)
        elif shot.faces and not params.replace:
            raise UsageError(
                f"{shot.media.path.name} is tracked already.",
                "Ask for `frames` to track further ones, or for `replace` to track it again; its"
                " edits go with its faces then.",
            )
        self._check_faces_rest(opened)

        def finish(tracked: Any) -> say.Message:
            if further:
                opened.set_solved(tracked)
            else:
                opened.set_shot(tracked)
            return shot_facts(opened)

        if params.tracker != "auto":
            get_tracker(params.tracker)
        if not further:
            shot = dataclasses.replace(
                shot, faces=(), cuts=(), mixes=(), damaged=(), made_by=None, tracked_spans=None
            )
        order = TrackOrder(shot, params.max_faces, params.tracker, params.until_damage, frames)
        return self._begin(ServedJob("track", params.shot, order, finish, self._send))

    def _solve(self, params: say.SolveParams) -> say.JobResult:
        opened = self._shots.find(params.shot)
        shot = opened.project.shot
        check_solvable(shot)
        self._check_faces_rest(opened)

        def finish(solved: Any) -> say.Message:
            opened.set_solved(solved)
            return shot_facts(opened)

        return self._begin(ServedJob("solve", params.shot, SolveOrder(shot), finish, self._send))

    def _set_examples(self, params: say.SetExamplesParams) -> say.JobResult:
        opened = self._shots.find(params.shot)
        shot, paths = opened.project.shot, tuple(map(Path, params.paths))
        check_examples(paths, shot)
        self._check_faces_rest(opened)

        def finish(found: Any) -> say.Message:
            opened.set_examples(found.examples)
            return shot_facts(opened)

        order = ExamplesOrder(shot, paths)
        return self._begin(ServedJob("examples", params.shot, order, finish, self._send))

    def _set_occlusion(self, params: say.SetOcclusionParams) -> say.SetOcclusionResult:
        opened = self._shots.find(params.shot)
        self._check_faces_rest(opened)
        shot = opened.project.shot
        remarks: tuple[str, ...] = ()
        old = shot.occlusion
        lost = None if old.matte is None or old.matte_online else str(old.matte)
        # Where a lost matte was is only what a file says: handing it on opens nothing.
        if params.matte is None or params.matte != lost:
            if params.matte is not None:
                remarks = api.check_occlusion_matte(shot, params.matte)
            old = api.set_occlusion_matte(shot, params.matte).occlusion
        strokes = make_strokes(shot, params.strokes)
        glasses = {shot.face(one.face).number: one.wears for one in params.glasses}
        occlusion = dataclasses.replace(
            old, detect=params.detect, fade=params.fade, strokes=strokes, glasses=glasses
        )
        opened.set_occlusion(occlusion)
        return say.SetOcclusionResult(occlusion=occlusion_facts(occlusion), remarks=list(remarks))

    def _check_faces_rest(self, opened: OpenShot) -> None:
        """Refuse a shot whose faces another job is about to replace."""
        for job in self._jobs.of_shot(opened.handle):
            if job.kind not in ("render", "report"):
                name = opened.project.shot.media.path.name
                raise UsageError(f"{name} is being {_VERBS[job.kind]}.", "Wait, or cancel that.")

    def _faces(self, params: say.FacesParams) -> say.FacesResult:
        opened = self._shots.find(params.shot)
        faces = [face_facts(face) for face in opened.project.shot.faces]
        if params.thumbnail is not None:
            faces = [self._pictured(opened.handle, face, params.thumbnail) for face in faces]
        return say.FacesResult(faces=faces)

    def _pictured(self, shot: str, face: say.FaceFacts, side: int) -> say.FaceFacts:
        rgb = self._shots.picture(shot, face.frame, edited=False).rgb
        x0, y0, x1, y1 = face.box
        data = encoded(square(rgb, (x0, y0, x1, y1), side), "png")
        return face.model_copy(update={"thumbnail": inline(data)})

    def _curves(self, params: say.CurvesParams) -> say.CurvesResult:
        return read_curves(self._shots.find(params.shot).project, params)

    def _read(self, params: say.ReadParams) -> say.ReadResult:
        return read_face(self._shots.find(params.shot).project, params)

    def _set_edits(self, params: say.SetEditsParams) -> say.SetEditsResult:
        opened = self._shots.find(params.shot)
        face = opened.project.shot.face(params.face)
        edit = make_edit(face, params.layers)
        cuts = opened.project.shot.breaks
        asked = evaluate(face.curves.controls.array, edit.layers, face.valid, cuts)
        opened.set_edit(edit)
        return say.SetEditsResult(active_frames=int(asked.active.sum()))

    def _get_edits(self, params: say.GetEditsParams) -> say.GetEditsResult:
        project = self._shots.find(params.shot).project
        edits = project.edits
        if params.face is not None:
            asked = project.edit(params.face)
            edits = (asked,) if asked.layers else ()
        return say.GetEditsResult(
            edits=[
                say.EditFacts(
                    face=edit.face.number,
                    layers=write_layers(edit, sampled=params.sampled, encoding=params.encoding),
                )
                for edit in edits
            ]
        )

    def _preview(self, params: say.PreviewParams) -> say.PreviewResult:
        picture = self._shots.picture(params.shot, params.frame, edited=params.edited)
        rgb = fitted(picture.rgb, params.max_size)
        data = encoded(rgb, params.format)
        result = say.PreviewResult(
            frame=params.frame,
            width=rgb.shape[1],
            height=rgb.shape[0],
            format=params.format,
            edited=picture.edited,
        )
        if params.to == "inline":
            return result.model_copy(update={"data": inline(data)})
        path = self._files.write(data, params.format)
        return result.model_copy(update={"path": str(path)})

    def _render(self, params: say.RenderParams) -> say.JobResult:
        from mien.media.outputs import check_output

        project = self._shots.find(params.shot).project
        shot, output = project.shot, Path(params.output)
        settings = merge_settings(params.renderer, project.settings, params.settings)
        said = Quality(params.quality, params.crf, params.bitrate, params.preset)
        quality = Quality.of(said, lossless=params.lossless)
        span = None
        if params.frames is not None:
            span = shot.clock.parse_range(f"{params.frames[0]}:{params.frames[1]}")
        # What can be refused is refused before a process is started for it.
        api.check_consent(project, span, provenance=params.matte or params.provenance)
        check_stored_matte(shot.media, shot.occlusion)
        refuse_matte_as_output(output, shot.occlusion)
        check_output(
            output, shot.media, overwrite=params.overwrite, codec=params.codec,
            quality=quality,
        )  # fmt: skip
        audio = rendered_sound(params, output, shot)
        make_watermark(params.watermark, shot.media, matte=params.matte)
        check_settings(find_entry(params.renderer).settings(settings))
        if params.renderer != AUTO:
            get_renderer(params.renderer, settings)
        order = RenderOrder(
            project=project, output=output, renderer=params.renderer,
            settings=make_mapping(settings), frames=span, codec=params.codec,
            lossless=quality.lossless, overwrite=params.overwrite, matte=params.matte,
            until_damage=params.until_damage, quality=quality, audio=audio,
            provenance=params.provenance, watermark=params.watermark,
            open_loop=params.open_loop,
        )  # fmt: skip
        return self._begin(
            ServedJob(
                "render", params.shot, order, lambda report: say.RenderResult(**report), self._send
            )
        )

    def _begin(self, job: ServedJob) -> say.JobResult:
        self._jobs.add(job)
        self._begun.append(job)
        return say.JobResult(job=job.handle)

    def _save(self, params: say.SaveParams) -> say.Empty:
        opened = self._shots.find(params.shot)
        path = Path(params.path)
        own = opened.version is not None and is_same_file(path, opened.path)
        check_project(path, overwrite=params.overwrite or own)
        replaced = opened.version if own and not params.overwrite else None
        opened.version = save_shot_unchanged(opened.project, path, replaced)
        opened.path = path
        return say.Empty()

    def _export_curves(self, params: say.ExportCurvesParams) -> say.ExportCurvesResult:
        shot = self._shots.find(params.shot).project.shot
        written = api.export_curves(
            shot, params.path, face=params.face, raw=params.raw, basis=params.basis,
            layout=params.layout, fps=params.fps, offset=params.offset, gains=params.gains,
            only=params.only or (), overwrite=params.overwrite,
        )  # fmt: skip
        return say.ExportCurvesResult(
            faces=list(written.faces), basis=written.basis, frames=written.frames
        )

    def _import_curves(self, params: say.ImportCurvesParams) -> say.ImportCurvesResult:
        opened = self._shots.find(params.shot)
        imported = api.import_curves(
            opened.project, params.path, face=params.face, source_face=params.source_face,
            controls=params.controls, layer=params.layer, mode=params.mode, offset=params.at,
            retime=params.retime, only=params.only or (), gains=params.gains, basis=params.basis,
        )  # fmt: skip
        opened.set_edit(imported.edit)
        return say.ImportCurvesResult(
            layer=imported.layer,
            controls=list(imported.controls),
            frames=[imported.frames.start, imported.frames.stop],
            unknown=list(imported.unknown),
            notices=list(imported.notices),
        )

    def _apply(self, params: say.ApplyParams) -> say.ApplyResult:
        opened = self._shots.find(params.shot)
        source = None if params.source is None else self._shots.find(params.source).project.shot
        project, result = apply_performance(opened.project, params, source)
        opened.set_edit(project.edit(params.face))
        return result

    def _spoken(self, change: voices.Change[voices.P, voices.R]) -> Callable[[voices.P], voices.R]:
        def method(params: voices.P) -> voices.R:
            opened = self._shots.find(params.shot)
            project, result = change(opened.project, params)
            opened.set_edit(project.edit(params.face))
            return result

        return method

    def _controls(self, params: say.Empty) -> say.ControlsResult:
        return say.ControlsResult(
            controls=[
                say.ControlFacts(
                    name=one.name, region=one.region, unit=one.unit, low=one.low, high=one.high,
                    mirror=one.mirror,
                )
                for one in CONTROLS
            ],
            presets=[
                say.PresetFacts(
                    name=one.name, kind=one.kind, weights=dict(one.weights), replaces=one.replaces
                )
                for one in PRESETS.values()
            ],
        )  # fmt: skip
