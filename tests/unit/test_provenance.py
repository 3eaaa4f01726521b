"""Renders say, signed, what was done to them; what they say is read back and checked."""

from __future__ import annotations

import dataclasses
import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import av
import c2pa
import numpy as np
import pytest

import mien
from mien.errors import MediaError, WriteError
from mien.media.probe import probe
from mien.model.edits import Edit
from mien.model.shot import Shot
from mien.provenance.apart import sign_apart
from mien.provenance.claims import EDIT, RenderClaims, manifest_definition
from mien.provenance.identity import Identity, find_identity
from mien.provenance.manifest import Parent, SigningWork, sign
from mien.provenance.places import sidecar_path
from mien.rendering.plans import face_plans
from mien.rendering.warp.renderer import WarpRenderer
from tests.command_line import run_here
from tests.credentials import render_bytes
from tests.documents import make_shot

FRAMES = 4


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("media") / "somebody's name.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        sound = container.add_stream("aac", rate=48000)
        for value in range(FRAMES):
            grey = np.full((48, 64, 3), 60 * value, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(stream.encode())
        tone = av.AudioFrame(format="fltp", layout="stereo", samples=7680)
        for plane in tone.planes:
            plane.update(bytes(plane.buffer_size))
        tone.rate = 48000
        container.mux(sound.encode(tone))
        container.mux(sound.encode())
    return path


def packets(path: Path) -> list[tuple[object, ...]]:
    with av.open(str(path)) as container:
        return [
            (packet.stream_index, packet.pts, packet.dts, packet.duration, bytes(packet))
            for packet in container.demux()
        ]


def rendered(movie: Path, output: Path, **how: object) -> mien.RenderReport:
    return mien.render(movie, output, progress=False, overwrite=True, **how)  # type: ignore[arg-type]


def flipped(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["out.mp4", "out.mov", "out.mkv", "out.mxf"])
def test_a_render_is_signed_and_its_packets_stay(movie: Path, tmp_path: Path, name: str) -> None:
    codec = "prores" if name.endswith("mxf") else None
    signed = rendered(movie, tmp_path / name, codec=codec)
    plain = rendered(movie, tmp_path / f"plain-{name}", codec=codec, provenance=False)
    found = mien.read_provenance(signed.output)
    assert (found.state, found.problems, found.self_made) == ("valid", (), True)
    assert [action["action"] for action in found.actions] == ["c2pa.opened", "c2pa.transcoded"]
    assert [one["relationship"] for one in found.ingredients] == ["parentOf"]
    assert packets(signed.output) == packets(plain.output)
    assert (found.sidecar is None) == (signed.provenance == "embedded")
    # Positions in the file are others, and nothing else is.
    assert len(render_bytes(signed.output)) == len(plain.output.read_bytes())
    assert plain.provenance == "off"
    assert mien.read_provenance(plain.output).state == "none"
    assert "switched off" in " ".join(plain.notes)
    # Nobody's name and no name of a file is in it, and no picture.
    beside = sidecar_path(signed.output)
    told = (beside if beside.exists() else signed.output).read_bytes()
    assert b"somebody" not in told
    assert not {"thumbnail", "title"} & {key for one in found.manifests.values() for key in one}


def test_c2pa_reads_it_itself(movie: Path, tmp_path: Path) -> None:
    rendered(movie, tmp_path / "out.mp4", frames="0:2")
    rendered(movie, tmp_path / "out.mkv")
    embedded = json.loads(c2pa.Reader(str(tmp_path / "out.mp4")).json())
    assert embedded["validation_state"] == "Valid"
    assert [one["code"] for one in embedded["validation_status"]] == ["signingCredential.untrusted"]
    manifest = (tmp_path / "out.mkv.c2pa").read_bytes()
    with (tmp_path / "out.mkv").open("rb") as file:
        beside = json.loads(c2pa.Reader("video/x-matroska", file, manifest).json())
    assert beside["validation_state"] == "Valid"
    active = embedded["manifests"][embedded["active_manifest"]]
    facts = next(one["data"] for one in active["assertions"] if one["label"] == EDIT)
    assert (facts["frames"], facts["faces"], facts["mien"]) == ("0:2", [], mien.__version__)


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv"])
def test_one_bit_changed_is_seen(movie: Path, tmp_path: Path, name: str) -> None:
    rendered(movie, tmp_path / name)
    flipped(tmp_path / name, -200)
    found = mien.read_provenance(tmp_path / name)
    assert found.state == "invalid"
    assert "was changed" in found.problems[0]
    run = run_here("provenance", "show", tmp_path / name, "--json")
    assert run.code == 1
    assert json.loads(run.out)["state"] == "invalid"


def test_a_changed_manifest_is_seen(movie: Path, tmp_path: Path) -> None:
    output = rendered(movie, tmp_path / "out.mp4").output
    flipped(output, output.read_bytes().find(EDIT.encode()) + 40)
    found = mien.read_provenance(output)
    assert found.state == "invalid"
    assert found.problems


def test_a_sequence_has_one_sidecar_that_names_changed_images(movie: Path, tmp_path: Path) -> None:
    report = rendered(movie, tmp_path / "s.%04d.png")
    plain = rendered(movie, tmp_path / "p.%04d.png", provenance=False)
    assert report.provenance == "sidecar"
    assert plain.provenance == "off"
    assert sorted(one.name for one in tmp_path.glob("s*")) == [
        *(f"s.{number:04d}.png" for number in range(FRAMES)),
        "s.@.png.c2pa",
    ]
    pairs = [(tmp_path / f"{one}.0001.png").read_bytes() for one in "sp"]
    assert pairs[0] == pairs[1], "images are as they would be without"
    assert mien.read_provenance(report.output).state == "valid"
    assert mien.read_provenance(tmp_path / "s.@.png.c2pa").state == "valid"
    flipped(tmp_path / "s.0002.png", -20)
    (tmp_path / "s.0003.png").unlink()
    found = mien.read_provenance(report.output)
    assert found.state == "invalid"
    assert found.problems == ("Image 2 was changed.", "Image 3 is missing.")
    assert mien.read_provenance(tmp_path / "s.0001.png").state == "valid"
    assert mien.read_provenance(tmp_path / "s.0002.png").problems == ("Image 2 was changed.",)


@pytest.mark.parametrize("first", ["first.mp4", "first.mkv", "first.%04d.png"])
def test_the_credentials_of_a_source_are_carried_on(
    movie: Path, tmp_path: Path, first: str
) -> None:
    source = rendered(movie, tmp_path / first).output
    second = rendered(source, tmp_path / "second.mkv").output
    found = mien.read_provenance(second)
    assert found.state == "valid"
    assert len(found.manifests) == 2
    assert found.ingredients[0]["active_manifest"] in found.manifests
    off = rendered(source, tmp_path / "off.mp4", provenance=False)
    assert "The source's credentials end here." in off.notes
    assert mien.read_provenance(off.output).state == "none"
    assert b"c2pa" not in off.output.read_bytes()


def test_a_source_that_was_changed_is_carried_on_as_changed(movie: Path, tmp_path: Path) -> None:
    source = rendered(movie, tmp_path / "first.mp4").output
    flipped(source, -200)
    found = mien.read_provenance(rendered(source, tmp_path / "second.mp4").output)
    failures = found.ingredients[0]["validation_results"]["activeManifest"]["failure"]
    assert "assertion.bmffHash.mismatch" in [one["code"] for one in failures]


def test_the_credentials_of_a_movie_of_others_are_carried_on(movie: Path, tmp_path: Path) -> None:
    plain, source = tmp_path / "plain.avi", tmp_path / "first.avi"
    with av.open(str(plain), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        for value in range(FRAMES):
            grey = np.full((48, 64, 3), 60 * value, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(stream.encode())
    sign(embedded(plain, "video/avi", source), find_identity())
    found = mien.read_provenance(rendered(source, tmp_path / "second.mp4").output)
    assert len(found.manifests) == 2
    assert found.ingredients[0]["active_manifest"] in found.manifests


def test_credentials_that_cannot_be_carried_on_are_said_to_end(movie: Path, tmp_path: Path) -> None:
    source = rendered(movie, tmp_path / "s.%04d.png", provenance=False).output
    first = tmp_path / "s.0000.png"
    sign(embedded(first, "image/png", tmp_path / "signed"), find_identity())
    (tmp_path / "signed").replace(first)
    report = rendered(source, tmp_path / "on.mp4")
    assert [note for note in report.notes if "credentials of their own, which end" in note]
    assert mien.read_provenance(report.output).state == "valid"
    off = rendered(source, tmp_path / "off.mp4", provenance=False)
    assert "The source's credentials end here." in off.notes
    (tmp_path / "s.png.c2pa").write_bytes(b"no manifest")
    report = rendered(source, tmp_path / "on.mp4")
    assert [note for note in report.notes if "s.png.c2pa cannot be read" in note]


def embedded(path: Path, kind: str, destination: Path) -> SigningWork:
    """The work of putting a manifest of another program into a file."""
    return SigningWork(
        {"claim_generator_info": [{"name": "other", "version": "1"}], "assertions": []},
        [{"action": "c2pa.transcoded"}], kind, path, Parent(), destination=destination,
    )  # fmt: skip


def test_a_former_sidecar_goes(movie: Path, tmp_path: Path) -> None:
    rendered(movie, tmp_path / "out.mkv")
    assert (tmp_path / "out.mkv.c2pa").exists()
    rendered(movie, tmp_path / "out.mkv", provenance=False)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["out.mkv"]


@pytest.mark.parametrize("how", [{}, {"provenance": False}], ids=["signed", "plain"])
def test_a_link_in_the_place_of_the_sidecar_is_not_followed(
    movie: Path, tmp_path: Path, how: dict[str, bool]
) -> None:
    other = tmp_path / "precious.txt"
    other.write_text("mine")
    (tmp_path / "out.mkv.c2pa").symlink_to(other)
    rendered(movie, tmp_path / "out.mkv", **how)
    assert other.read_text() == "mine"
    assert not (tmp_path / "out.mkv.c2pa").is_symlink()


def test_what_cannot_be_signed_leaves_nothing(
    movie: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: Identity, data: bytes) -> bytes:
        raise WriteError("The token is gone.")

    monkeypatch.setattr(Identity, "sign", fails)
    for name in ("out.mp4", "out.mkv", "out.%04d.png"):
        with pytest.raises(WriteError, match="token is gone"):
            rendered(movie, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv"])
def test_ctrl_c_while_a_command_signs_ends_the_render(
    movie: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    calls = []

    def interrupted(self: Identity, data: bytes) -> bytes:
        calls.append(data)
        raise KeyboardInterrupt

    monkeypatch.setattr(Identity, "sign", interrupted)
    with pytest.raises((KeyboardInterrupt, mien.OperationCancelledError)):
        rendered(movie, tmp_path / name)
    assert len(calls) == 1
    assert list(tmp_path.iterdir()) == []


def test_large_files_are_signed_in_a_process_of_their_own(movie: Path, tmp_path: Path) -> None:
    definition = {"claim_generator_info": [{"name": "mien", "version": "1"}], "assertions": []}
    work = SigningWork(
        definition, [{"action": "c2pa.transcoded"}], "video/mp4", movie,
        Parent(movie, "video/mp4"), destination=tmp_path / "out.mp4",
    )  # fmt: skip
    assert sign_apart(work, find_identity(), tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["out.mp4"]
    assert mien.read_provenance(tmp_path / "out.mp4").state == "valid"
    gone = dataclasses.replace(work, path=tmp_path / "gone.mp4")
    with pytest.raises(FileNotFoundError):
        sign_apart(gone, find_identity(), tmp_path)


def test_the_signing_process_imports_nothing_from_where_mien_is_called(
    movie: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, seen = tmp_path / "footage", tmp_path / "seen.txt"
    folder.mkdir()
    (folder / "json.py").write_text("import os\nos._exit(9)\n")
    monkeypatch.chdir(folder)
    # A command that is a program in another Python must not get mien's modules.
    script = tmp_path / "sign.py"
    script.write_text(
        "import os, sys\n"
        f"open({str(seen)!r}, 'w').write(os.environ.get('PYTHONPATH', ''))\n"
        "sys.exit(3)\n"
    )
    monkeypatch.setenv("PYTHONPATH", "as/it/was")
    own = find_identity()
    by_command = dataclasses.replace(
        own, key_path=None, key=None, command=shlex.join([sys.executable, "-S", str(script)])
    )
    work = SigningWork(
        {"claim_generator_info": [{"name": "mien", "version": "1"}], "assertions": []},
        [{"action": "c2pa.transcoded"}], "video/mp4", movie, Parent(),
        destination=tmp_path / "out.mp4",
    )  # fmt: skip
    assert sign_apart(work, own, tmp_path)
    with pytest.raises(WriteError, match="failed with code 3"):
        sign_apart(work, by_command, tmp_path)
    assert seen.read_text() == "as/it/was"


def test_files_of_all_kinds_are_shown(movie: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no film")
    (tmp_path / "film.mp4").write_text("no film")
    (tmp_path / "alone.mkv.c2pa").write_bytes(b"")
    for name, code in (("notes.txt", 4), ("film.mp4", 1), ("alone.mkv.c2pa", 3), ("gone.mp4", 3)):
        run = run_here("provenance", "show", tmp_path / name)
        assert run.code == code, name
    assert mien.read_provenance(movie).state == "none"
    (tmp_path / "out.mkv").write_bytes(movie.read_bytes())
    (tmp_path / "out.mkv.c2pa").write_bytes(b"no manifest")
    assert mien.read_provenance(tmp_path / "out.mkv").state == "invalid"
    with pytest.raises(MediaError, match="no images"):
        mien.read_provenance(tmp_path / "s.%04d.png")


class Networks(WarpRenderer):
    """A renderer whose pixels come from networks."""

    generative = True

    def models(self) -> dict[str, dict[str, str]]:
        return {"somebody's network": {"weights.safetensors": "ab" * 32}}


@pytest.mark.parametrize(
    ("renderer", "kind"),
    [(WarpRenderer(), "composite"), (Networks(), "compositeWithTrainedAlgorithmicMedia")],
)
def test_what_is_done_to_faces_is_told(renderer: mien.Renderer, kind: str) -> None:
    shot = make_shot(FRAMES, faces=2)
    edit = Edit(shot.faces[1]).set("mouthSmile", 0.5, span=mien.FrameRange(1, 3))
    claims = RenderClaims(shot, face_plans(shot, [edit], shot.clock.all), renderer, "replaced")
    definition, actions = manifest_definition(claims, mien.FrameRange(0, 3))
    assert [one["action"] for one in actions] == [
        "c2pa.trimmed", "c2pa.edited", "c2pa.edited", "c2pa.transcoded",
    ]  # fmt: skip
    assert actions[1]["digitalSourceType"].endswith(f"/{kind}")
    facts = definition["assertions"][0]["data"]
    assert facts["frames"] == "0:3"
    (face,) = facts["faces"]
    assert (face["number"], face["frames"]) == (2, ["1:3"])
    assert {"mouthSmileLeft", "mouthSmileRight"} <= set(face["controls"])
    assert facts["renderer"]["name"] == renderer.name
    assert len(facts["renderer"]["models"]) == len(renderer.models())
    assert facts["sound"] == "replaced"
    # Of an output in which nothing of it shows, nothing is said.
    _, elsewhere = manifest_definition(claims, mien.FrameRange(3, 4))
    assert "digitalSourceType" not in json.dumps(elsewhere)


@pytest.mark.slow
def test_an_edit_of_film_is_told(tracked_360p: Path, tmp_path: Path) -> None:
    project = mien.load_project(tracked_360p)
    edit = Edit(project.shot.faces[0]).set("mouthSmile", 0.5, span=mien.FrameRange(2, 6))
    output = tmp_path / "out.mp4"
    mien.render(project, output, edits=[edit], frames="0:8", progress=False, renderer="warp")
    found = mien.read_provenance(output)
    assert (found.state, found.source_type) == ("valid", "composite")
    assert [one["frames"] for one in found.edit["faces"]] == [["2:6"]]
    shown = run_here("provenance", "show", output).out
    assert "face 1 in frames 2:6" in shown


def test_a_project_says_whether_its_renders_are_signed(
    movie: Path, tmp_path: Path, run_project: Callable[[], Path]
) -> None:
    project = run_project()
    assert mien.load_project(project, media=movie).provenance
    assert run_here("provenance", "switch", project, "off").code == 0
    assert not mien.load_project(project, media=movie).provenance
    off = mien.render(mien.load_project(project, media=movie), tmp_path / "a.mp4", progress=False)
    assert off.provenance == "off"
    assert off.to_dict()["provenance"] == "off"
    run = run_here("render", project, "--media", movie, "--provenance", "-o", tmp_path / "b.mp4")
    assert run.code == 0, run.err
    assert mien.read_provenance(tmp_path / "b.mp4").state == "valid"
    assert run_here("provenance", "switch", project, "on", "--json").code == 0
    assert mien.load_project(project, media=movie).provenance


@pytest.fixture
def run_project(movie: Path, tmp_path: Path) -> Callable[[], Path]:
    def make() -> Path:
        path = tmp_path / "shot.mien"
        mien.save_project(Shot(probe(movie), make_shot(FRAMES, faces=1).faces), path)
        return path

    return make
