"""jobs.yaml: what it may say, and how it is told where it is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mien.cli.renderer_options import TypedSettings
from mien.errors import InputError, MienError
from mien.jobs.job import CurvesInput, ShotJob
from mien.jobs.plan import settle_job
from mien.jobs.shot_task import ShotSpec, read_shot_spec
from mien.jobs.yaml import read_jobs
from mien.model.occlusion import OcclusionChoice
from mien.timebase import FrameRange

LIST = """
renderer: auto
shots:
  - name: sh010
    media: plates/sh010.mov
    frames: 1:50
    set: ["mouthSmile=+0.5@20:80", "browDown=+0.3"]
  - project: sh020.mien
    lossless: true
  - name: 030
    media: /plates/sh030.%04d.exr
    set: jawOpen=0.2
    face: 2
    renderer: warp
"""


def read(folder: Path, text: str) -> list[ShotJob]:
    path = folder / "jobs.yaml"
    path.write_text(text)
    return read_jobs(path)


def test_shots_are_read_with_paths_relative_to_the_file(tmp_path: Path) -> None:
    first, second, third = read(tmp_path, LIST)
    assert (first.name, first.media) == ("sh010", tmp_path / "plates/sh010.mov")
    assert first.set == ("mouthSmile=+0.5@20:80", "browDown=+0.3")
    assert first.origin == "jobs.yaml, line 4"
    assert (second.name, second.project, second.media) == ("sh020", tmp_path / "sh020.mien", None)
    assert second.lossless
    assert (third.set, third.face, third.renderer) == (("jawOpen=0.2",), 2, "warp")
    assert third.media == Path("/plates/sh030.%04d.exr")


def test_settings_are_of_the_renderer_that_renders(tmp_path: Path) -> None:
    one, two, three = read(
        tmp_path,
        "settings: {steps: 12, small_vae: yes}\n"
        "shots:\n"
        "  - {media: a, set: jawOpen=0.2}\n"
        "  - {media: b, set: jawOpen=0.2, renderer: reference, settings: {seed: 007}}\n"
        "  - {media: c, set: jawOpen=0.2, renderer: warp}\n",
    )
    assert one.default_settings == {"steps": 12, "small_vae": True}
    assert (two.default_settings, two.settings) == (one.default_settings, {"seed": 7})
    assert (three.default_settings, three.settings) == ({}, {})
    stored = {"reference": {"steps": 30, "guidance": 2.0, "seed": 1}}
    assert settle_job(two, stored) == {"steps": 12, "small_vae": True, "guidance": 2.0, "seed": 7}
    assert settle_job(three, stored) is None
    typed = TypedSettings(None, ("steps=5", "seed=6"))
    settled = settle_job(two, stored, typed.over)
    assert settled is not None
    assert (settled["steps"], settled["seed"], settled["guidance"]) == (5, 7, 2.0)


def test_nothing_typed_is_taken_for_a_number_or_a_yes(tmp_path: Path) -> None:
    # YAML 1.1 reads 1:50 as 110, 030 as 24 and no as false.
    first, _, third = read(tmp_path, LIST)
    assert first.frames == "1:50"
    assert third.name == "030"
    (shot,) = read(tmp_path, "shots: [{name: no, media: on, set: jawOpen=0.2}]")
    assert (shot.name, shot.media) == ("no", tmp_path / "on")


def test_a_shot_speaks_before_the_command_line_and_that_before_the_file(tmp_path: Path) -> None:
    path = tmp_path / "jobs.yaml"
    shots = "shots: [{media: a, set: jawOpen=0.2}, {media: b, set: jawOpen=0.2, renderer: own}]"
    path.write_text(f"renderer: file\ncodec: prores\n{shots}")
    typed = read_jobs(path, renderer="typed")
    assert [job.renderer for job in typed] == ["typed", "own"]
    assert [job.renderer for job in read_jobs(path)] == ["file", "own"]
    assert {job.codec for job in typed} == {"prores"}


def test_glasses_of_a_shot_of_the_command_line_and_of_the_file(tmp_path: Path) -> None:
    text = (
        "occlusion: {glasses: yes}\n"
        "shots:\n"
        "  - {media: a, set: jawOpen=0.2}\n"
        "  - {media: b, set: jawOpen=0.2, occlusion: {glasses: [1=no, 2=auto]}}\n"
    )
    one, two = read(tmp_path, text)
    assert one.occlusion.glasses == ((0, "yes"),)
    assert two.occlusion.glasses == ((0, "yes"), (1, "no"), (2, "auto"))
    typed = OcclusionChoice(glasses=((3, "no"),))
    found = [job.occlusion for job in read_jobs(tmp_path / "jobs.yaml", occlusion=typed)]
    assert found[1].glasses == ((0, "yes"), (3, "no"), (1, "no"), (2, "auto"))
    order = ShotSpec.of(two, FrameRange(0, 1), tmp_path / "o.mov", tmp_path)
    (tmp_path / "order.json").write_text(order.to_json())
    assert read_shot_spec(tmp_path / "order.json").occlusion == two.occlusion
    with pytest.raises(MienError, match="does not say whether a face wears glasses"):
        read(tmp_path, "shots:\n  - {media: a, set: jawOpen=1, occlusion: {glasses: ja}}\n")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 0, "is empty"),
        ("- a", 1, "fields are expected here"),
        ("shots: []", 1, "shots: there are none"),
        ("shots:\n - name: a\n   medai: b", 3, r"shots\[1\] \(a\)\.medai: .*Did you mean media\?"),
        ("shots:\n - media: b\n   set: mouthSmle=1", 3, r"set\[1\]: .*mean 'mouthSmile'\?$"),
        ("shots:\n - media: b\n   set: [jawOpen=0.2@9:3]", 3, r"set\[1\]: .*9:3 runs backwards"),
        ("shots:\n - media: b\n   set:\n    - jawOpen", 4, "cannot be read"),
        ("shots:\n - media: b\n   frames: 5\n   set: jawOpen=1", 3, "frames: '5' is not a span"),
        ("shots:\n - media: [b]\n   set: jawOpen=1", 2, "media: one word or text is expected"),
        ("shots:\n - project: a.mien\n   set: jawOpen=1\n   face: []", 4, "a face's number"),
        ("shots:\n - project: a.mien\n   set: jawOpen=1\n   face: 0", 4, "There is no face 0"),
        ("shots:\n - project: a.mien\n   face: 2", 3, r"face: it says whom set is meant for"),
        ("shots:\n - project: a.mien\n   lossless: maybe", 3, "'maybe' is neither"),
        ("shots:\n - name: x", 2, r"\(x\): it has neither media nor a project"),
        ("shots:\n - media: x", 2, "nothing is asked of it"),
        ("shots:\n - project:", 2, r"project: is empty"),
        ("shots:\n - media: a\n   media: b", 3, "media is given twice"),
        ("shots:\n\t- a", 2, "cannot start any token"),
        ("shots: a\nrenderer: {}\nfoo: 1", 1, "shots: a list is expected.* 2 more are wrong"),
        ("shots: !!python/object/apply:os.getpid []", 1, "shots: there are none"),
        ("settings: [1]\nshots: [{media: b, set: jawOpen=1}]", 1, "settings are expected"),
        ("settings:\n  steps: many\nshots: [{media: b, set: jawOpen=1}]", 2,
         r"settings\.steps: steps cannot be 'many'\. It is a whole number"),
        ("shots:\n - media: b\n   set: jawOpen=1\n   settings:\n    stepps: 1", 5,
         r"shots\[1\]\.settings\.stepps: .*no setting 'stepps'.*Did you mean 'steps'"),
        ("renderer: gone\nsettings: {a: 1}\nshots: [{media: b, set: jawOpen=1}]", 2,
         "no renderer named 'gone'"),
        ("[a]: b", 1, "a field's name must be a word"),
        ("shots: &a\n - *a", 0, "holds itself"),
        ("\x00", 0, "is no YAML"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_line_and_field(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    where = f"line {line}: .*" if line else ".*"
    with pytest.raises(InputError, match=rf"jobs\.yaml.*{where}{said}"):
        read(tmp_path, text)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.yaml cannot be opened: no such file"):
        read_jobs(tmp_path / "none.yaml")


def test_a_few_lines_that_stand_for_billions_are_refused_at_once(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(InputError, match="too many values"):
        read(tmp_path, "\n".join(lines))


def test_curves_are_a_file_or_fields(tmp_path: Path) -> None:
    fields = "{file: b.json, face: 2, offset: -12, mode: add, retime: true, controls: [jawOpen]}"
    shots = f"shots:\n - media: a\n   curves: b.npz\n   face: 2\n - media: a\n   curves: {fields}"
    first, second = read(tmp_path, shots)
    assert (first.curves, first.face) == ((CurvesInput(tmp_path / "b.npz"),), 2)
    expected = CurvesInput(
        tmp_path / "b.json", face=2, controls=("jawOpen",), mode="add", offset=-12, retime=True
    )
    assert second.curves == (expected,)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("{file: b.npz, ofset: 1}", r"curves\.ofset: .*Did you mean offset\?"),
        ("{offset: 1}", r"curves\.file: is missing"),
        ("{file: b.npz, mode: scale}", r"curves\.mode: 'scale' is no choice\. Write 'replace' or"),
        ("{file: b.npz, retime: maybe}", r"curves\.retime: 'maybe' is neither"),
        ("{file: b.npz, offset: x}", r"curves\.offset: 'x' is no whole number"),
        ("[[b.npz]]", r"curves\[1\]: fields are expected here \(file, face"),
    ],
)
def test_wrong_fields_of_curves_are_named(tmp_path: Path, fields: str, said: str) -> None:
    with pytest.raises(InputError, match=rf"line 3: shots\[1\]\.{said}"):
        read(tmp_path, f"shots:\n - media: a\n   curves: {fields}")


def test_curves_reach_the_workers_whole(tmp_path: Path) -> None:
    (job,) = read(tmp_path, "shots: [{media: a, curves: {file: b.npz, controls: jawOpen}}]")
    spec = ShotSpec.of(job, FrameRange(0, 5), tmp_path / "a.mp4", tmp_path)
    path = tmp_path / "a.json"
    path.write_text(spec.to_json())
    assert read_shot_spec(path) == spec
    (one,) = spec.curves
    assert isinstance(one, CurvesInput)
    assert one.controls == ("jawOpen",)


def test_examples_of_a_shot_of_the_command_line_and_of_the_file(tmp_path: Path) -> None:
    text = (
        "examples: all.mov\n"
        "shots:\n"
        "  - {media: a, set: jawOpen=0.2}\n"
        "  - {media: b, set: jawOpen=0.2, examples: [laugh.mov, /me.png]}\n"
        "  - {media: c, set: jawOpen=0.2, examples: []}\n"
    )
    one, two, three = read(tmp_path, text)
    assert one.examples == (tmp_path / "all.mov",)
    assert two.examples == (tmp_path / "laugh.mov", Path("/me.png"))
    assert three.examples == ()
    jobs = read_jobs(tmp_path / "jobs.yaml", examples=[Path("typed.mov")])
    assert [job.examples for job in jobs] == [(Path("typed.mov"),), two.examples, ()]
    order = ShotSpec.of(two, FrameRange(0, 1), tmp_path / "o.mov", tmp_path)
    (tmp_path / "order.json").write_text(order.to_json())
    assert read_shot_spec(tmp_path / "order.json").examples == two.examples


def test_mattes_of_a_shot_of_the_command_line_and_of_the_file(tmp_path: Path) -> None:
    text = (
        "occlusion: {fade: false}\n"
        "shots:\n"
        "  - {media: a, set: jawOpen=0.2}\n"
        "  - {media: b, set: jawOpen=0.2, occlusion: {matte: m.%04d.png, keep: true, fade: true}}\n"
        "  - {media: c, set: jawOpen=0.2, occlusion: {matte: none}}\n"
    )
    one, two, three = read(tmp_path, text)
    assert one.occlusion == OcclusionChoice(fade=False)
    assert two.occlusion == OcclusionChoice(tmp_path / "m.%04d.png", keep=True, fade=True)
    assert three.occlusion == OcclusionChoice(without_matte=True, fade=False)
    typed = OcclusionChoice(Path("typed.mov"), keep=False)
    found = [job.occlusion for job in read_jobs(tmp_path / "jobs.yaml", occlusion=typed)]
    assert found[0] == OcclusionChoice(Path("typed.mov"), keep=False, fade=False)
    assert found[1] == two.occlusion
    assert found[2] == OcclusionChoice(without_matte=True, keep=False, fade=False)
    order = ShotSpec.of(two, FrameRange(0, 1), tmp_path / "o.mov", tmp_path)
    (tmp_path / "order.json").write_text(order.to_json())
    assert read_shot_spec(tmp_path / "order.json").occlusion == two.occlusion
    # An order of an earlier mien says nothing of it.
    older = json.loads(order.to_json())
    del older["occlusion"]
    (tmp_path / "order.json").write_text(json.dumps(older))
    assert read_shot_spec(tmp_path / "order.json").occlusion == OcclusionChoice()


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("{mate: a.mov}", "Did you mean matte?"),
        ("{keep: perhaps}", "'perhaps' is neither true nor false"),
        ("a.mov", "matte, keep, fade"),
    ],
)
def test_a_wrong_field_of_occlusion_is_named(tmp_path: Path, field: str, words: str) -> None:
    with pytest.raises(InputError, match="line 1: shots") as caught:
        read(tmp_path, f"shots: [{{media: a, set: jawOpen=1, occlusion: {field}}}]")
    assert words in str(caught.value)
