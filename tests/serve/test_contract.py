"""Every method on real footage: results have their documented shape, and mean what they say."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

import mien
from mien.io.curves import read_curve_file
from mien.media.reader import open_reader
from mien.model.curves import ControlCurves
from mien.serve.client import Client, Job, ServeError, pack, unpack
from mien.serve.messages import METHODS
from mien.serve.protocol import schema
from tests.mattes import write_movie
from tests.serve.conftest import COMMAND, FRAMES

DOCS = Path(__file__).parents[2] / "docs"

pytestmark = pytest.mark.slow


class Host:
    """A client that checks every result against its model."""

    def __init__(self) -> None:
        self.client = Client(COMMAND, name="tests")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        found = self.client.call(method, **params)
        METHODS[method].result.model_validate(found)
        return found

    def job(self, method: str, **params: Any) -> dict[str, Any]:
        job = self.client.start(method, **params)
        found = job.result.result(120)
        model = METHODS[method].job
        assert model is not None
        model.model_validate(found)
        return found


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    host = Host()
    yield host
    assert "Traceback" not in host.client.log
    host.client.close()


@pytest.fixture
def shot(host: Host, tracked: Path) -> Iterator[str]:
    handle = host.call("open", path=str(tracked))["shot"]
    yield handle
    host.call("close", shot=handle)


def smile(**more: Any) -> list[dict[str, Any]]:
    track = {"control": "mouthSmile", "start": 8, "values": [0.7] * 10, **more}
    return [{"name": "edit", "tracks": [track]}]


def error_of(job: Job) -> ServeError:
    with pytest.raises(ServeError) as caught:
        job.result.result(60)
    return caught.value


def test_hello_and_controls(host: Host) -> None:
    assert host.client.hello["mien"] == mien.__version__
    assert set(host.client.hello["methods"]) == set(METHODS)
    assert "warp" in host.client.hello["renderers"]
    assert set(host.client.hello["renderer_summaries"]) == set(host.client.hello["renderers"])
    formats = {one["suffixes"][0]: one for one in host.client.hello["curve_formats"]}
    assert (formats[".npz"]["faces"], formats[".json"]["faces"]) == ("one", "many")
    assert formats[".npz"]["reads"]
    assert formats[".npz"]["writes"]
    found = host.call("controls")
    assert [one["name"] for one in found["controls"]] == [one.name for one in mien.CONTROLS]
    assert {one["name"] for one in found["presets"]} == set(mien.PRESETS)


def test_media_are_opened_and_tracked(host: Host, talk: Path, tmp_path: Path) -> None:
    facts = host.call("open", path=str(talk))
    assert not facts["tracked"]
    assert (facts["frames"], facts["rate"], facts["size"]) == (FRAMES, [30, 1], [1280, 720])
    assert facts["audio"]
    handle = facts["shot"]
    found = host.job("track", shot=handle, max_faces=1)
    assert found["shot"] == handle
    assert [face["face"] for face in found["faces"]] == [1]
    face = host.call("faces", shot=handle, thumbnail=96)["faces"][0]
    x0, y0, x1, y1 = face["box"]
    assert 0 < x0 < x1 < 1280
    assert 0 < y0 < y1 < 720
    place = tmp_path / "thumbnail.png"
    place.write_bytes(base64.b64decode(face["thumbnail"]))
    picture = np.asarray(Image.open(place).convert("RGB")).astype(float)
    assert picture.shape == (96, 96, 3)
    assert picture.std() > 20
    again = host.client.start("track", shot=handle)
    assert error_of(again).code == "usage"
    host.call("close", shot=handle)


def test_faces_are_solved_again_and_edits_stay(host: Host, tracked: Path, tmp_path: Path) -> None:
    project = mien.load_project(tracked)
    (face,) = project.shot.faces
    assert project.shot.made_by is not None
    still = ControlCurves(np.zeros_like(face.curves.controls.array))
    old = replace(face, curves=replace(face.curves, controls=still))
    made_by = replace(project.shot.made_by, solver=0)
    mien.save_project(replace(project.shot, faces=(old,), made_by=made_by), tmp_path / "old.mien")
    handle = host.call("open", path=str(tmp_path / "old.mien"))["shot"]
    host.call("set_edits", shot=handle, face=1, layers=smile())
    edits = host.call("get_edits", shot=handle)
    job = host.client.start("solve", shot=handle)
    for method, more in (("solve", {}), ("track", {"replace": True})):
        busy = host.client.start(method, shot=handle, **more)
        assert error_of(busy).cause.endswith("is being solved.")
    jobs = [one for one in host.call("status")["jobs"] if one["shot"] == handle]
    assert [one["kind"] for one in jobs] == ["solve"]
    facts = job.result.result(120)
    assert facts["made_by"]["solver"] == project.shot.made_by.solver
    assert facts["edited"] == [1]
    assert host.call("get_edits", shot=handle) == edits
    wanted = mien.solve(project, progress=False).shot.faces[0].curves.controls
    after = host.call("curves", shot=handle, face=1)["controls"]
    for name, values in after.items():
        np.testing.assert_array_equal(np.float32(values), wanted[name])
    # Which controls move depends on the film.
    assert max(np.abs(values).max() for values in after.values()) > 0.01
    host.call("close", shot=handle)


def test_what_cannot_be_solved_again_is_refused(
    host: Host, talk: Path, tracked: Path, tmp_path: Path
) -> None:
    bare = mien.load_project(tracked).without_raw_landmarks()
    mien.save_project(bare, tmp_path / "bare.mien")
    for path, code in ((talk, "no-face"), (tmp_path / "bare.mien", "nothing-to-do")):
        handle = host.call("open", path=str(path))["shot"]
        assert error_of(host.client.start("solve", shot=handle)).code == code
        host.call("close", shot=handle)


def test_examples_are_given_and_what_is_wrong_with_each_is_told(
    host: Host, talk: Path, tracked: Path, tmp_path: Path
) -> None:
    handle = host.call("open", path=str(tracked))["shot"]
    host.call("set_edits", shot=handle, face=1, layers=smile())
    words = tmp_path / "words.mp4"
    words.write_text("words")
    gone = host.client.start("set_examples", shot=handle, paths=[str(tmp_path / "gone.mp4")])
    assert error_of(gone).code == "media"
    job = host.client.start("set_examples", shot=handle, paths=[str(words), str(talk)])
    facts = job.result.result(120)
    # The clip of the shot itself is no example of it.
    assert facts["examples"] == [{"path": str(words), "problem": "cannot be read"}]
    assert facts["edited"] == [1]
    assert (
        host.client.start("set_examples", shot=handle, paths=[]).result.result(120)["examples"]
        == []
    )
    host.call("close", shot=handle)


def test_sampled_values_arrive_as_they_are(host: Host, shot: str) -> None:
    values = np.random.default_rng(1).normal(0, 0.3, FRAMES).tolist()
    for sent, exact in ((values, 1e-15), (pack(values), 1e-7)):
        host.call("set_edits", shot=shot, face=1, layers=[
            {"name": "edit", "tracks": [{"control": "jawOpen", "values": sent}]},
        ])  # fmt: skip
        edits = host.call("get_edits", shot=shot, sampled=True)["edits"]
        track = edits[0]["layers"][0]["tracks"][0]
        assert track["start"] == 0
        np.testing.assert_allclose(unpack(track["values"]), values, rtol=0, atol=exact)
    before = host.call("curves", shot=shot, face=1, controls=["jawOpen"])
    after = host.call("curves", shot=shot, face=1, controls=["jawOpen"], which="target")
    asked = np.add(before["controls"]["jawOpen"], values)
    # Departures below 1e-4 are none; none of these is so small.
    np.testing.assert_allclose(after["controls"]["jawOpen"], np.clip(asked, -1, 1.5), atol=1e-5)


def test_values_beyond_all_measure_ask_for_nothing(host: Host, shot: str) -> None:
    huge = {"control": "jawOpen", "values": [1e308] * FRAMES}
    none = {"control": "jawOpen", "mode": "scale", "values": [0] * FRAMES}
    layers = [{"name": "edit", "tracks": [huge, huge, none]}]
    assert host.call("set_edits", shot=shot, face=1, layers=layers) == {"active_frames": 0}
    host.call("curves", shot=shot, face=1, which="target")


def test_replaced_values_hold_on_their_frames_alone(host: Host, shot: str) -> None:
    result = host.call("set_edits", shot=shot, face=1, layers=smile(mode="replace"))
    assert result == {"active_frames": 10}
    before = host.call("curves", shot=shot, face=1, controls=["mouthSmileLeft"])
    after = host.call("curves", shot=shot, face=1, controls=["mouthSmileLeft"], which="target")
    source, target = before["controls"]["mouthSmileLeft"], after["controls"]["mouthSmileLeft"]
    np.testing.assert_allclose(target[8:18], 0.7, atol=1e-6)
    assert target[:8] + target[18:] == source[:8] + source[18:]


def test_keys_come_back(host: Host, shot: str) -> None:
    keys = [
        {"frame": 2, "value": 0.0, "interpolation": "bezier", "handle_in": None,
         "handle_out": [3.0, 0.2]},
        {"frame": 12, "value": 0.8, "interpolation": "hold", "handle_in": [-2.0, 0.0],
         "handle_out": None},
    ]  # fmt: skip
    layer = {
        "name": "mine", "weight": 0.5, "muted": False,
        "tracks": [{"control": "smile", "mode": "add", "keys": keys, "span": [1, 20], "fade": 2}],
    }  # fmt: skip
    host.call("set_edits", shot=shot, face=1, layers=[layer])
    found = host.call("get_edits", shot=shot, face=1)
    assert found == {"edits": [{"face": 1, "layers": [layer]}]}
    host.call("set_edits", shot=shot, face=1, layers=[])
    assert host.call("get_edits", shot=shot) == {"edits": []}


def test_curves(host: Host, shot: str, tracked: Path) -> None:
    face = mien.load_project(tracked).shot.faces[0]
    found = host.call(
        "curves", shot=shot, face=1, flame=True, pose=True, frames=[4, 9], encoding="f32"
    )
    assert (found["start"], found["stop"]) == (4, 9)
    assert found["valid"] == face.valid[4:9].tolist()
    np.testing.assert_array_equal(
        unpack(found["controls"]["jawOpen"]), face.curves.controls["jawOpen"][4:9]
    )
    flame = np.reshape(unpack(found["flame"]["values"]), (5, 55))
    np.testing.assert_array_equal(flame, face.curves.flame[4:9])
    assert found["flame"]["basis"] == "mien-rig"
    np.testing.assert_array_equal(unpack(found["pose"]["scale"]), face.curves.pose.scale[4:9])
    raw = host.call("curves", shot=shot, face=1, controls=["jawOpen"], which="raw")
    np.testing.assert_array_equal(raw["controls"]["jawOpen"], face.raw.controls["jawOpen"])


def test_no_coefficients_go_under_another_basis(host: Host, shot: str) -> None:
    with pytest.raises(ServeError) as caught:
        host.call("curves", shot=shot, face=1, flame=True, basis="flame2020")
    assert caught.value.code == "missing-part"


def test_a_preview_is_what_a_render_shows(host: Host, shot: str, tmp_path: Path) -> None:
    host.call("set_edits", shot=shot, face=1, layers=smile())
    output = tmp_path / "edited.mkv"
    report = host.job(
        "render", shot=shot, output=str(output), frames=[10, 12], renderer="warp", lossless=True
    )
    assert (report["frames"], report["frames_edited"], report["faces"]) == (2, 2, [1])
    with open_reader(output) as reader:
        wanted = reader.frame(1).upright_rgb()
    host.call("preview", shot=shot, frame=3, edited=False)
    plain = host.call("preview", shot=shot, frame=11, format="rgba8", to="file")
    assert plain["edited"]
    pixels = np.frombuffer(Path(plain["path"]).read_bytes(), np.uint8).reshape(720, 1280, 4)
    np.testing.assert_array_equal(pixels[..., :3], wanted)
    assert (pixels[..., 3] == 255).all()
    assert Path(plain["path"]).parent.stat().st_mode & 0o077 == 0
    small = host.call("preview", shot=shot, frame=11, max_size=320)
    assert (small["width"], small["height"]) == (320, 180)
    assert base64.b64decode(small["data"])[:4] == b"\x89PNG"
    for frame in (12, 13):
        host.call("preview", shot=shot, frame=frame, to="file")
    assert not Path(plain["path"]).exists()
    with pytest.raises(ServeError) as caught:
        host.call("preview", shot=shot, frame=FRAMES)
    assert caught.value.code == "time"


def test_what_can_be_refused_is_before_a_job_is_made(
    host: Host, shot: str, talk: Path, tmp_path: Path
) -> None:
    taken = tmp_path / "taken.mp4"
    taken.write_bytes(b"mine")
    for code, params in (
        ("output", {"output": str(taken)}),
        ("output", {"output": str(talk), "overwrite": True}),
        ("output", {"output": str(tmp_path / "a.mp4"), "codec": "prores"}),
        ("time", {"output": str(tmp_path / "a.mp4"), "frames": [0, 999]}),
        ("usage", {"output": str(tmp_path / "a.mp4"), "renderer": "nobody"}),
        ("usage", {"output": str(tmp_path / "a.mp4"), "settings": {"steps": 0}}),
        ("missing-part", {"output": str(tmp_path / "a.mp4"), "renderer": "reference"}),
    ):
        assert error_of(host.client.start("render", shot=shot, **params)).code == code
    assert all(job["shot"] != shot for job in host.call("status")["jobs"])
    assert taken.read_bytes() == b"mine"


def test_what_is_in_front_is_said_and_kept(
    host: Host, shot: str, talk: Path, tmp_path: Path
) -> None:
    mattes = np.zeros((FRAMES, 720, 1280), np.float32)
    mattes[:, :, :640] = 1
    path = write_movie(tmp_path / "matte.mkv", mattes, rate=Fraction(30))
    stroke = {"face": 1, "frame": 9, "span": [8, 12], "points": [[640.0, 300.5]], "radius": 12.5}
    glasses = [{"face": 1, "wears": "no"}]
    found = host.call(
        "set_occlusion", shot=shot, fade=False, matte=str(path), strokes=[stroke], glasses=glasses
    )
    assert found["remarks"] == []
    assert found["occlusion"] == {
        "detect": True, "fade": False, "matte": str(path), "matte_online": True,
        "strokes": [stroke | {"erase": False}], "glasses": glasses,
    }  # fmt: skip
    host.call("set_edits", shot=shot, face=1, layers=smile())
    output = tmp_path / "out.mkv"
    host.job("render", shot=shot, output=str(output), frames=[9, 11], lossless=True)
    with open_reader(output) as after, open_reader(talk) as before:
        one, other = after.frame(0).plate().planes[0], before.frame(9).plate().planes[0]
        assert np.array_equal(one[:, :640], other[:, :640])
        assert not np.array_equal(one[:, 640:1280], other[:, 640:1280])
    host.call("save", shot=shot, path=str(tmp_path / "kept.mien"))
    kept = host.call("open", path=str(tmp_path / "kept.mien"))
    assert kept["occlusion"] == found["occlusion"]
    for wrong in ({"matte": str(tmp_path / "gone.mov")}, {"strokes": [stroke | {"face": 7}]},
                  {"strokes": [stroke | {"span": [8, 9999]}]},
                  {"strokes": [stroke | {"frame": 2}]},
                  {"glasses": [{"face": 7, "wears": "yes"}]},
                  {"glasses": [{"face": 1, "wears": "perhaps"}]}):  # fmt: skip
        with pytest.raises(ServeError):
            host.call("set_occlusion", shot=shot, **wrong)
    # What was refused changed nothing; one that is lost is not opened because it is handed on.
    path.unlink()
    lost = host.call("open", path=str(tmp_path / "kept.mien"))
    assert not lost["occlusion"]["matte_online"]
    again = host.call("set_occlusion", shot=lost["shot"], matte=str(path), fade=False)
    assert not again["occlusion"]["matte_online"]
    job = host.client.start("render", shot=lost["shot"], output=str(tmp_path / "x.mkv"))
    assert error_of(job).code == "media"
    free = host.call("set_occlusion", shot=lost["shot"], detect=False)["occlusion"]
    assert (free["matte"], free["detect"], free["fade"]) == (None, False, True)


def test_a_matte(host: Host, shot: str, tmp_path: Path) -> None:
    host.call("set_edits", shot=shot, face=1, layers=smile())
    output = tmp_path / "matte.mkv"
    host.job("render", shot=shot, output=str(output), frames=[7, 9], lossless=True, matte=True)
    with av.open(str(output)) as container:
        first, second = (f.to_ndarray(format="gray") for f in container.decode(video=0))
    assert int(first.max()) == 0
    assert int(second.max()) == 255


def test_a_project_is_saved_whole(host: Host, shot: str, tracked: Path, tmp_path: Path) -> None:
    host.call("set_edits", shot=shot, face=1, layers=smile())
    place = tmp_path / "saved.mien"
    host.call("save", shot=shot, path=str(place))
    host.call("save", shot=shot, path=str(place))  # its own, unchanged since
    other = tmp_path / "other.mien"
    other.write_bytes(b"of somebody else")
    with pytest.raises(ServeError) as caught:
        host.call("save", shot=shot, path=str(other))
    assert caught.value.code == "output"
    facts = host.call("open", path=str(place))
    assert facts["edited"] == [1]
    assert facts["project"] == str(place)
    layers = host.call("get_edits", shot=facts["shot"], sampled=True)["edits"][0]["layers"]
    np.testing.assert_allclose(layers[0]["tracks"][0]["values"], 0.7)
    host.call("close", shot=facts["shot"])


def test_moved_media_are_named(host: Host, tracked: Path, talk: Path, tmp_path: Path) -> None:
    moved, project = tmp_path / "moved.mp4", tmp_path / "moved.mien"
    shutil.copy(talk, moved)
    shutil.copy(tracked, project)
    facts = host.call("open", path=str(project), media=str(moved))
    assert facts["path"] == str(moved)
    host.call("close", shot=facts["shot"])


@pytest.mark.parametrize("ending", [".npz", ".json", ".csv"])
def test_curve_files_go_out_and_in(host: Host, shot: str, tmp_path: Path, ending: str) -> None:
    place = tmp_path / f"curves{ending}"
    written = host.call("export_curves", shot=shot, path=str(place), basis="mien-rig")
    assert written == {"faces": [1], "basis": "mien-rig", "frames": FRAMES}
    wanted = read_curve_file(place).face().controls["jawOpen"]
    result = host.call("import_curves", shot=shot, face=1, path=str(place), at=4)
    assert result["frames"] == [4, FRAMES]
    assert "headYaw" not in result["controls"]
    assert result["unknown"] == []
    after = host.call("curves", shot=shot, face=1, controls=["jawOpen"], which="target")
    np.testing.assert_allclose(after["controls"]["jawOpen"][4:], wanted[: FRAMES - 4], atol=1e-4)


def test_damaged_curve_files_are_refused(host: Host, shot: str, tmp_path: Path) -> None:
    for name, content in (
        ("a.json", b"{}"),
        ("b.json", b"[" * 10_000),
        ("c.json", b'{"schema": "mien-curves", "frames": 2, "faces": [{"number": 1,'
                   b' "controls": {"jawOpen": [1]}}]}'),
        ("d.npz", b"PK"),
        ("e.npz", b""),
    ):  # fmt: skip
        place = tmp_path / name
        place.write_bytes(content)
        with pytest.raises(ServeError) as caught:
            host.call("import_curves", shot=shot, face=1, path=str(place))
        assert caught.value.code == "input", name


def test_the_schema_is_the_committed_one() -> None:
    assert json.loads((DOCS / "serve.schema.json").read_text()) == schema(), (
        "write it anew: mien serve --schema > docs/serve.schema.json"
    )


def test_the_page_tells_of_every_method() -> None:
    page = (DOCS / "serve.md").read_text()
    assert [name for name in METHODS if f"`{name}`" not in page] == []
