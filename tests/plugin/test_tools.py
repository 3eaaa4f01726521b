from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

import mien
from mien.model.controls import NAMES
from mien.model.evaluate import evaluate
from mien.weights.flame_file import write_flame
from tests.flame_heads import made_head
from tests.plugin.conftest import Run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(talk_720p: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of the SDK, with an edit that has all modes; beside it one that has only keys."""
    shot = mien.track(talk_720p, progress=False)
    edit = mien.Edit(shot.faces[0])
    for frame, value in ((30, 0.0), (45, 0.45), (75, 0.0)):
        edit = edit.key("mouthSmile", frame, value)
    folder = tmp_path_factory.mktemp("project")
    mixed = edit.set("jawOpen", 0.5, span="40:60", mode="scale")
    mien.save_project(shot, folder / "take.mien", edits=[mixed])
    edit = edit.key("surprise", 80, 0.1, interpolation="bezier", handle_out=(9, 0.4))
    edit = edit.key("surprise", 97, 0.6, interpolation="linear", handle_in=(-4, 0.3))
    edit = edit.key("surprise", 110, 0.0).key("cheekPuff", 20, 0.3, interpolation="hold")
    edit = edit.key("cheekPuff", 33, -0.2, interpolation="hold")
    mien.save_project(shot, folder / "keys.mien", edits=[edit])
    return folder / "take.mien"


def asked(project: mien.Project) -> dict[str, list[float]]:
    """What a project's edit comes to, by control."""
    (edit,) = project.edits
    face = edit.face
    delta = evaluate(face.curves.controls.array, edit.layers, face.valid).delta
    return {NAMES[i]: delta[:, i].tolist() for i in np.flatnonzero(delta.any(axis=0))}


def write_images(clip: Path, folder: Path) -> None:
    folder.mkdir()
    with av.open(str(clip)) as movie:
        for number, frame in zip(range(8), movie.decode(video=0), strict=False):
            rgb = frame.reformat(320, 180, format="rgb24").to_ndarray()
            Image.fromarray(rgb).save(folder / f"plate.{1001 + number:04d}.png")


def write_phone(clip: Path, path: Path) -> None:
    """A face filmed at a rate that varies, as telephones do."""
    with av.open(str(clip)) as movie, av.open(str(path), "w") as phone:
        stream = phone.add_stream("h264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 30)
        for number, frame in zip(range(24), movie.decode(video=0), strict=False):
            picture = frame.reformat(640, 360, format="yuv420p")
            picture.pts, picture.time_base = number + number // 3, Fraction(1, 30)
            picture.pict_type = 0
            phone.mux(stream.encode(picture))
        phone.mux(stream.encode())


def test_everything_around_the_story(
    blender: Run, talk_720p: Path, project: Path, tmp_path: Path
) -> None:
    media = talk_720p
    write_phone(media, tmp_path / "phone.mp4")
    for name in ("take", "keys"):
        expected = asked(mien.load_project(project.with_stem(name)))
        (tmp_path / f"{name}.json").write_text(json.dumps(expected))
    write_images(media, tmp_path / "images")
    told = blender("tools.py", media, project, tmp_path)
    assert told["take"] <= 1e-5
    assert told["keys"] <= 1e-4, "the SDK leaves out what is below, evaluate.NEGLIGIBLE"
    assert told["nla"] <= 1e-5
    assert told["shape_keys"] <= 1e-5
    # The smile changes the lower face and nothing else of the picture.
    assert 0.001 < told["changed"] < 0.1

    exported = asked(mien.load_project(tmp_path / "out.mien", media=media))
    sampled = json.loads((tmp_path / "sampled.json").read_text())
    # The SDK leaves out what no pixel could show (evaluate.NEGLIGIBLE).
    for control, values in sampled.items():
        np.testing.assert_allclose(exported[control], values, atol=1.01e-4)


def test_what_editors_do_to_strips(
    blender: Run, talk_720p: Path, project: Path, tmp_path: Path
) -> None:
    blender("cuts.py", talk_720p, project.with_stem("keys"), tmp_path)


# What a dead server does to Blender does not depend on Blender's version.
@pytest.mark.parametrize("blender", ["5.0"], indirect=True)
def test_killing_the_server_loses_nothing(
    blender: Run, talk_720p: Path, project: Path, tmp_path: Path
) -> None:
    told = blender("kills.py", talk_720p, project, tmp_path)
    assert "Try again." in told["said"]


@pytest.mark.parametrize("blender", ["4.5"], indirect=True)
def test_a_flame_mesh_takes_the_coefficients_of_its_head(
    blender: Run,
    talk_720p: Path,
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "flame2020").mkdir()
    write_flame(made_head(), tmp_path / "flame2020" / "flame.npz")
    monkeypatch.setenv("MIEN_MODELS", str(tmp_path))
    (fit,) = mien.fit_flame(mien.load_project(project).shot, basis="flame2020")
    (tmp_path / "flame.json").write_text(json.dumps(fit.flame[:50].tolist()))
    told = blender("flame.py", talk_720p, project, tmp_path, MIEN_MODELS=str(tmp_path))
    assert told["worst"] <= 1e-5
    assert told["largest"] > 0.01


def test_every_panel_draws(blender: Run, talk_720p: Path, project: Path) -> None:
    told = blender("panels.py", talk_720p, project)
    assert told["empty"] < told["untracked"] < told["newer"] < told["tracked"]
