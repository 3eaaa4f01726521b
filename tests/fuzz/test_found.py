"""What fuzzing found, each as small as it can be; README.md tells of it."""

from __future__ import annotations

import io
import json
import re
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

import mien
from mien.consent import read_policy
from mien.consent.ledger import Ledger, read_line
from mien.editorial import list_clips
from mien.editorial.bundle import Bundle
from mien.editorial.otio_file import read_otio
from mien.editorial.urls import path_candidates
from mien.errors import (
    InputError,
    MediaError,
    MienError,
    PolicyError,
    WeightsError,
)
from mien.io.curves import read_curve_file
from mien.io.landmark_file import read_landmarks
from mien.io.project import load_document
from mien.io.relink import _places, find_media, remember
from mien.jobs.journal import ShotJournal
from mien.jobs.shot_task import read_shot_spec
from mien.jobs.yaml import read_jobs
from mien.media.exr import read_exr
from mien.media.sequence import _exr_rate
from mien.path_map import read_rules
from mien.preview import strips
from mien.preview.playback_cache import pack
from mien.preview.proxy_files import ProxyFolder
from mien.rendering.appearance.cache import AppearanceCache
from mien.rendering.reference.shot_lora import read_facts
from mien.session.presets import UserExpressions
from mien.session.recovery import Recovery, recoverable
from mien.speech.files import read_phones
from mien.weights.contents import check_file
from mien.weights.flame_file import KEYS, read_flame
from mien.weights.loaders import safetensors_shapes
from mien.weights.plain import check_claims
from mien.weights.record import Record, read_record
from tests.documents import make_document, make_media

DEEP = "[" * 50_000


def put(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("text", ["media: " + "[" * 5000, "- " * 5000, "media: " + "{a: " * 5000])
def test_brackets_in_a_list_of_shots_end_no_process(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match="nested too deep"):
        read_jobs(put(tmp_path / "jobs.yaml", "shots:\n - " + text))


def test_aliases_that_stand_for_billions_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mien.jobs.yaml_nodes._MOST_NODES", 10_000)
    lines, before = ["a: &a [x, x]"], "a"
    for number in range(8):
        lines.append(f"b{number}: &b{number} [{', '.join(9 * [f'*{before}'])}]")
        before = f"b{number}"
    with pytest.raises(InputError, match="too many values"):
        read_jobs(put(tmp_path / "jobs.yaml", "\n".join([*lines, "shots: *b7", ""])))


def test_thousands_of_events_over_each_other_take_no_minutes(tmp_path: Path) -> None:
    event = "001  A001     V     K  B     01:00:00:00 01:00:02:00 10:00:00:00 10:00:02:00\n"
    path = put(tmp_path / "a.edl", "TITLE: x\nFCM: NON-DROP FRAME\n" + 400 * event)
    assert len(list_clips(path, rate="24").clips) == 400


def _deep_safetensors() -> bytes:
    return struct.pack("<Q", len(DEEP)) + DEEP.encode()


DEEP_JSON: dict[str, Callable[[Path], object]] = {
    "expressions.json": lambda path: UserExpressions(path).import_from(path),
    "phones.json": read_phones,
    "order.json": read_shot_spec,
    "landmarks.json": lambda path: read_landmarks(path, 3, (64, 48)),
    "curves.json": read_curve_file,
    "curves.gltf": read_curve_file,
    "cut.otio": list_clips,
    "rules.json": read_rules,
    "json": lambda path: check_file(path, "json"),
}


@pytest.mark.parametrize("name", DEEP_JSON)
def test_brackets_in_json_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(MienError) as error:
        DEEP_JSON[name](put(tmp_path / name, DEEP))
    assert "unexpected" not in str(error.value)


def _timeline(clip: str) -> dict[str, object]:
    """A cut of one clip of a version, with several references to media."""
    media = {"OTIO_SCHEMA": "ExternalReference.1", "target_url": "a.mov"}
    shown = {"OTIO_SCHEMA": clip, "name": "a", "media_references": {"DEFAULT_MEDIA": media},
             "active_media_reference_key": "DEFAULT_MEDIA"}  # fmt: skip
    track = {"OTIO_SCHEMA": "Track.1", "kind": "Video", "children": [shown]}
    stack = {"OTIO_SCHEMA": "Stack.1", "children": [track]}
    return {"OTIO_SCHEMA": "Timeline.1", "name": "cut", "tracks": stack}


@pytest.mark.parametrize("clip", ["Clip.1", "Clip.0", "Clip.-1", "Clip.1e+308"])
def test_a_clip_of_an_older_version_than_its_media_is_read(clip: str) -> None:
    content, lost = read_otio(json.dumps(_timeline(clip)))
    assert not lost
    assert content.tracks[0][0].media_reference.target_url == "a.mov"


def test_such_a_clip_in_what_is_no_json_is_refused() -> None:
    with pytest.raises(ValueError, match="line 1"):
        read_otio(json.dumps(_timeline("Clip.1"))[:-1])


def test_a_file_without_a_name_in_a_bundle_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.otioz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("content.otio", json.dumps(_timeline("Clip.2")))
        archive.writestr("media/a.mov", b"")
        archive.writestr(zipfile.ZipInfo(""), b"x")
    assert Bundle(path).is_file(path / "media" / "a.mov")
    assert not Bundle(path).is_file(path / "media")


def test_a_note_of_millions_of_places_is_read_as_far_as_one_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    media = make_media(4)
    remember(tmp_path / "a.mov", "content")
    (note,) = (path for path in tmp_path.rglob("*") if path.is_file())
    put(note, b"/a\0" * 2_000_000)
    assert len(_places("content")) < 100_000
    with pytest.raises(MienError, match="was not found"):
        find_media(media.path, "content", tmp_path, "a.mien")


def test_a_ledger_without_a_whole_line_is_looked_through_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    def counted(text: bytes) -> tuple[dict[str, object], str, str] | None:
        read.append(len(text))
        return read_line(text)

    monkeypatch.setattr("mien.consent.ledger.read_line", counted)
    lines = 200_000
    path = put(tmp_path / "ledger.jsonl", b"damaged\n" * lines)
    assert Ledger(path).append({"what": "a render"}).number == 1
    assert len(read) < 3 * lines


def test_brackets_in_a_header_of_safetensors_are_refused(tmp_path: Path) -> None:
    path = put(tmp_path / "a.safetensors", _deep_safetensors())
    for read in (safetensors_shapes, read_facts):
        with pytest.raises(WeightsError, match="cut short or is no"):
            read(path)


@pytest.mark.parametrize("content", [DEEP, '{"size": 1e999}', "[]", "3", "null"])
def test_notes_that_are_no_notes_are_no_notes(tmp_path: Path, content: str) -> None:
    put(tmp_path / "installed.json", content.replace("size", "files"))
    assert read_record(tmp_path) == Record()
    entry = {"size": float("inf"), "sha256": "", "as_is": False}
    put(tmp_path / "installed.json", json.dumps({"licence": "", "files": {"a": entry}}))
    assert read_record(tmp_path) == Record()
    journal = ShotJournal(tmp_path, "shot")
    put(journal.folder / "output.json", content)
    put(journal.folder / "notes.json", content)
    assert journal.record() is None
    assert journal.notes("key") == []


@pytest.mark.parametrize("report", [DEEP, "3", "[]", '{"failed": []}', '{"failed": 1}'])
def test_what_was_measured_of_a_batch_is_whole_or_measured_again(
    tmp_path: Path, report: str
) -> None:
    journal = ShotJournal(tmp_path, "shot")
    put(journal.folder / "report.json", f'{{"key": "key", "report": {report}}}')
    assert journal.report("key") is None
    whole = {"page": "a.html", "data": "a.json", "passed": True, "failed": [], "problem": None}
    journal.keep_report("key", whole)
    assert journal.report("key") == whole
    assert journal.report("another") is None


def test_a_batch_whose_record_counts_to_infinity_has_none(tmp_path: Path) -> None:
    journal = ShotJournal(tmp_path, "shot")
    record = {"key": "", "output": "", "digest": "", "edited": float("inf"), "seconds": 1}
    put(journal.folder / "output.json", json.dumps(record))
    assert journal.record() is None


def test_a_file_of_a_journal_that_is_far_too_large_is_not_read(tmp_path: Path) -> None:
    """As if there were none; a folder of a batch may be written to by anybody."""
    journal = ShotJournal(tmp_path, "shot")
    for name in ("output.json", "notes.json", "report.json"):
        put(journal.folder / name, "{}")
        with (journal.folder / name).open("r+b") as file:
            file.truncate(2 << 30)
    tracemalloc.start()
    try:
        assert journal.record() is None
        assert journal.notes("key") == []
        assert journal.report("key") is None
        assert tracemalloc.get_traced_memory()[1] < 200 << 20
    finally:
        tracemalloc.stop()


def test_records_and_lists_of_a_model_that_are_far_too_large_are_not_read(tmp_path: Path) -> None:
    for name in ("installed.json", "merges.txt"):
        put(tmp_path / name, "{}")
        with (tmp_path / name).open("r+b") as file:
            file.truncate(2 << 30)
    tracemalloc.start()
    try:
        assert read_record(tmp_path) == Record()
        with pytest.raises(WeightsError, match="more than 16 MiB"):
            check_file(tmp_path / "merges.txt", "merges")
        assert tracemalloc.get_traced_memory()[1] < 100 << 20
    finally:
        tracemalloc.stop()


OTHER_KINDS: tuple[object, ...] = ([3], "x", 3, [[]])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (field, value)
        for field in ("occlusion", "curves", "examples", "audio")
        for value in OTHER_KINDS
        # A word is read as its letters' files, which are not there.
        if (field, value) != ("examples", "x")
    ],
)
def test_an_order_with_another_kind_of_value_is_refused(
    tmp_path: Path, field: str, value: object
) -> None:
    from mien.jobs.job import ShotJob
    from mien.jobs.shot_task import ShotSpec
    from mien.timebase import FrameRange

    job = ShotJob("a", tmp_path / "a.mov", set=("jawOpen=1",), renderer="warp")
    spec = ShotSpec.of(job, FrameRange(0, 3), tmp_path / "o.mov", tmp_path)
    text = json.dumps({**json.loads(spec.to_json()), field: value})
    path = put(tmp_path / "order.json", text)
    with pytest.raises(MienError):
        read_shot_spec(path)


def _npz_with(header: bytes) -> bytes:
    """An archive with an array whose header is some text."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        array = b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header
        for name in ("digest", "frame", "v_template"):
            archive.writestr(f"{name}.npy", array)
    return file.getvalue()


HEADERS = {
    "open": b"(" * 100, "large": b"{'descr': '<f4', 'fortran_order': False, 'shape': (10**30,)}",
    "long": b"{'descr': '<f4', 'fortran_order': False, 'shape': (999999999999999999999,)}",
    "vast": b"{'descr': '<f4', 'fortran_order': False, 'shape': (999999999999999,)}",
    "objects": b"{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", "none": b"",
}  # fmt: skip


@pytest.mark.parametrize("kind", HEADERS)
def test_arrays_with_headers_of_another_kind(tmp_path: Path, kind: str) -> None:
    path = put(tmp_path / "key.npz", _npz_with(HEADERS[kind]))
    assert AppearanceCache(tmp_path).load("key") is None
    with pytest.raises(WeightsError):
        read_flame(path)
    assert strips._kept(path) is None


def test_a_cache_that_says_another_packing_is_made_again(tmp_path: Path) -> None:
    file = io.BytesIO()
    np.savez(file, digest=np.array("x"), frame=np.zeros(3))
    data = bytearray(file.getvalue())
    for at in (8, data.find(b"PK\1\2") + 10):
        data[at : at + 2] = struct.pack("<H", 99)
    put(tmp_path / "key.npz", bytes(data))
    assert AppearanceCache(tmp_path).load("key") is None


def test_a_recovery_without_a_time_zone_hides_no_other(tmp_path: Path) -> None:
    for _ in range(2):
        session = Recovery(tmp_path)
        session.write(make_document(1, 3, 1), None)
        session.close(keep=True)
    one, _ = sorted(tmp_path.iterdir())
    document = json.loads((one / "document.json").read_text())
    put(one / "document.json", json.dumps({**document, "when": "2024-01-01T00:00:00"}))
    assert len(recoverable(tmp_path)) == 1


def test_a_span_beyond_all_numbers_is_refused(tmp_path: Path) -> None:
    text = f"shots:\n - media: a\n   set: jawOpen=1@0:{10**30}"
    with pytest.raises(InputError, match="lies outside"):
        read_jobs(put(tmp_path / "jobs.yaml", text))


def _exr(path: Path, width: int, height: int) -> Path:
    """An EXR of 8 x 6 pixels that claims another size."""
    import OpenEXR

    channels = {"RGB": np.zeros((6, 8, 3), np.float32)}
    OpenEXR.File({"compression": OpenEXR.ZIP_COMPRESSION}, channels).write(str(path))
    window = struct.pack("<iiii", 0, 0, width - 1, height - 1)
    name = rb"((?:data|display)Window\0box2i\0\x10\0\0\0).{16}"
    data = path.read_bytes()
    return put(path, re.sub(name, lambda match: match[1] + window, data, flags=re.DOTALL))


@pytest.mark.parametrize(("width", "height"), [(100_000, 100_000), (30_000, 30_000), (8, 60)])
def test_an_image_that_claims_more_pixels_than_it_has(
    tmp_path: Path, width: int, height: int
) -> None:
    path = _exr(tmp_path / "a.exr", width, height)
    with pytest.raises(MediaError, match=r"cannot be read as EXR|no picture"):
        read_exr(path)


def test_an_exr_without_a_picture_is_refused(tmp_path: Path) -> None:
    path = put(tmp_path / "a.exr", b"v/1\x01\x02\0\0\0\0")
    with pytest.raises(MediaError):
        read_exr(path)


@pytest.mark.parametrize("field", ["media", "project"])
def test_a_nul_in_a_name_is_refused(tmp_path: Path, field: str) -> None:
    text = f'shots:\n - {field}: "a\\0b.mov"\n   set: jawOpen=1\n'
    with pytest.raises(InputError, match="line 2: a NUL"):
        read_jobs(put(tmp_path / "jobs.yaml", text))
    with pytest.raises(MienError, match="is no name of a file"):
        mien.open_shot("a\0b.mov") if field == "media" else load_document(Path("a\0b.mien"))


def test_a_nul_in_a_url_names_no_file(tmp_path: Path) -> None:
    assert path_candidates("file:///media/a%00b.mov") == ()
    assert path_candidates("a%00b.mov") == (Path("a%00b.mov"),)


def test_devices_without_an_end_are_not_read(tmp_path: Path) -> None:
    with pytest.raises(MienError, match="pipe or a device"):
        load_document(Path("/dev/zero"))
    (tmp_path / "a.json").symlink_to("/dev/zero")
    with pytest.raises(MienError, match="pipe or a device"):
        read_curve_file(tmp_path / "a.json")


def test_pixels_of_no_picture_are_square(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("mpeg4", rate=24)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(2, 1)
        for _ in range(3):
            picture = np.zeros((48, 64, 3), np.uint8)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode())
    data = path.read_bytes()
    for wide, high, aspect in ((2, 1, 2), (2**31 - 1, 1, 1), (65, 1, 1)):
        at = data.index(b"pasp") + 4
        changed = data[:at] + struct.pack(">II", wide, high) + data[at + 8 :]
        shot = mien.open_shot(put(tmp_path / "b.mp4", changed))
        assert shot.media.orientation.pixel_aspect == aspect


@pytest.mark.parametrize("said", [-24.0, 0.0, float("nan"), float("inf"), "x"])
def test_an_exr_with_no_rate_has_the_usual_one(said: object) -> None:
    assert _exr_rate({"framesPerSecond": said}) == 24


def test_a_head_whose_member_is_no_array_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "head.npz", "w") as archive:
        for key in KEYS:
            archive.writestr(f"{key}.npy", b"no array")
    with pytest.raises(WeightsError, match=r"head\.npz cannot be used|more than arrays"):
        read_flame(tmp_path / "head.npz")


@pytest.mark.parametrize("places", [(24, 1 << 60), (1 << 40, 1 << 41), (400, 24), (-9, 24)])
def test_a_proxy_gives_no_picture_that_its_file_does_not_hold(
    tmp_path: Path, places: tuple[int, int]
) -> None:
    proxy = ProxyFolder(tmp_path, make_media(1))
    proxy.used()
    proxy.write(0, [pack(np.zeros((4, 4, 3), np.uint8))])
    assert proxy.picture(0) is not None
    path = proxy.file(0)
    data = bytearray(path.read_bytes())
    data[16:32] = struct.pack("<2q", *places)
    path.write_bytes(data)
    assert ProxyFolder(tmp_path, make_media(1)).picture(0) is None


@pytest.mark.parametrize("name", ["", "arrays", "b.npy"])
def test_a_member_of_any_name_claims_no_more_than_it_has(tmp_path: Path, name: str) -> None:
    """NumPy takes for an array what begins like one, and makes room for what that claims."""
    head = io.BytesIO()
    claim = {"descr": "<f8", "fortran_order": False, "shape": (10_000_000_000,)}
    np.lib.format.write_array_header_1_0(head, claim)  # type: ignore[no-untyped-call]
    path = tmp_path / "arrays.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", _array_file(np.ones(3)))
        archive.writestr(zipfile.ZipInfo(name), head.getvalue())
    with pytest.raises(ValueError, match="says that it is"):
        check_claims(path)


def test_a_member_that_is_said_to_be_large_is_not_believed(tmp_path: Path) -> None:
    head = io.BytesIO()
    claim = {"descr": "<f8", "fortran_order": False, "shape": (400_000_000,)}
    np.lib.format.write_array_header_1_0(head, claim)  # type: ignore[no-untyped-call]
    path = tmp_path / "arrays.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", head.getvalue())
    data = path.read_bytes()
    true = struct.pack("<LL", len(head.getvalue()), len(head.getvalue()))
    lie = struct.pack("<LL", len(head.getvalue()), 3_900_000_000)
    path.write_bytes(data.replace(true, lie))
    assert zipfile.ZipFile(path).infolist()[0].file_size == 3_900_000_000
    with pytest.raises(ValueError, match="says that it is"):
        check_claims(path)


def _array_file(array: npt.NDArray[np.float64]) -> bytes:
    made = io.BytesIO()
    np.save(made, array)
    return made.getvalue()


def test_a_policy_with_a_number_of_thousands_of_digits_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is not passed over: what it demands is not known."""
    path = put(tmp_path / "policy.toml", f"[consent]\nrequired = {'9' * 5000}\n")
    monkeypatch.setenv("MIEN_POLICY", str(path))
    with pytest.raises(PolicyError, match="no TOML"):
        read_policy()
