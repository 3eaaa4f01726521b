"""Which picture of a movie is opened, and what becomes of everything beside it."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.stream import Disposition

import mien
from mien.errors import UsageError
from mien.io.parts import media_part
from mien.io.relink import take_media
from mien.media.probe import probe
from mien.media.reader import open_reader
from mien.media.streams import OLD_CHOICE
from mien.model.document import Document, Project
from mien.preview.picture import first_picture
from mien.preview.source import KeyFrames, ShotSource
from mien.preview.strips import thumbnails
from tests.media.mediakit import copy, decoded, make_clip, survivors
from tests.media.streamkit import (
    image,
    packets_of,
    remuxed,
    transport_stream,
    two_clips,
    with_data,
    with_unknown_sound,
)

SMALL, LARGE = (64, 48), (96, 64)


def written(source: Path, target: Path, **options: object) -> tuple[str, ...]:
    """Render a shot as it is; returns what is said of it."""
    return mien.render(mien.open_shot(source), target, progress=False, **options).notes  # type: ignore[arg-type]


def kinds(path: Path) -> list[str]:
    return [one.kind for one in probe(path).streams]


# Which picture


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv"])
def test_the_default_is_the_film(tmp_path: Path, suffix: str) -> None:
    """A proxy before the picture, or a second camera: tracks that are not enabled."""
    source = remuxed(tmp_path / f"a.{suffix}", *two_clips(tmp_path), dispositions=(0, 1, 1))
    info = probe(source)
    assert (info.stream, info.orientation.upright_size) == (1, LARGE)
    assert info.clock.frame_count == 12
    with open_reader(info) as reader:
        assert reader.frame(11).orientation.width == 96


def test_the_first_of_equals_is_the_film(tmp_path: Path) -> None:
    source = remuxed(tmp_path / "a.mkv", *two_clips(tmp_path), dispositions=(1, 1, 1))
    assert probe(source).stream == 0
    neither = remuxed(tmp_path / "b.mkv", *two_clips(tmp_path), dispositions=(0, 0, 1))
    assert probe(neither).stream == 0


@pytest.mark.parametrize("disposition", [Disposition.hearing_impaired, Disposition.visual_impaired])
def test_a_picture_for_some_comes_after_the_film(tmp_path: Path, disposition: Disposition) -> None:
    """A sign language interpreter, or what another stream depends on."""
    choice = int(disposition | Disposition.default)
    source = remuxed(tmp_path / "a.mkv", *two_clips(tmp_path), dispositions=(choice, 0, 1))
    assert probe(source).stream == 1


@pytest.mark.parametrize("cover", ["mjpeg", "png"])
def test_covers_are_no_film(tmp_path: Path, cover: str) -> None:
    source = remuxed(tmp_path / "a.mp4", make_clip(tmp_path / "x.mp4", audio="aac"), cover=cover)
    info = probe(source)
    assert "cover" in kinds(source)
    assert info.orientation.upright_size == LARGE
    assert info.fingerprint == probe(source, stream=info.stream).fingerprint


def test_a_still_that_is_not_marked_as_a_cover_is_no_film(tmp_path: Path) -> None:
    """Both tracks are enabled; the first is one picture in an image codec."""
    still = make_clip(tmp_path / "still.mp4", "mjpeg", "yuvj420p", count=1, size=SMALL)
    film = make_clip(tmp_path / "film.mp4")
    for name in ("a.mov", "a.mkv"):
        source = remuxed(tmp_path / name, still, film, dispositions=(1, 1))
        assert probe(source).stream == 1


def test_a_film_of_images_is_a_film(tmp_path: Path) -> None:
    """Motion JPEG before a proxy."""
    film = make_clip(tmp_path / "film.mov", "mjpeg", "yuvj420p")
    proxy = make_clip(tmp_path / "proxy.mp4", size=SMALL)
    assert probe(remuxed(tmp_path / "a.mov", film, proxy, dispositions=(1, 1))).stream == 0


@pytest.mark.parametrize("m2ts", [False, True])
def test_the_first_program_with_pictures_is_opened(tmp_path: Path, m2ts: bool) -> None:
    """Its tables name the second program first, and a radio program comes before both."""
    clips = two_clips(tmp_path)
    sound = make_clip(tmp_path / "s.mp4", audio="aac")
    source = transport_stream(tmp_path / "a.ts", [*clips, sound], [[4], [1, 2], [0]], m2ts=m2ts)
    info = probe(source)
    assert info.orientation.upright_size == LARGE
    notes = written(source, tmp_path / "b.mkv")
    assert len(notes) == 3
    assert sum("another program" in note for note in notes) == 1  # the radio's sound
    assert sum("is left out: the picture is" in note for note in notes) == 2


def test_another_stream_is_chosen_by_its_number(tmp_path: Path) -> None:
    source = remuxed(tmp_path / "a.mov", *two_clips(tmp_path), dispositions=(0, 1, 1))
    shot = mien.open_shot(source, stream=0)
    assert shot.media.orientation.upright_size == SMALL
    assert shot.media.fingerprint != mien.open_shot(source).media.fingerprint
    report = mien.render(shot, tmp_path / "b.mov", progress=False)
    assert [note.split(" is left out")[0] for note in report.notes] == [
        "Stream 1 (picture, h264, 96 x 64)"
    ]
    again = probe(tmp_path / "b.mov")
    assert (again.orientation.upright_size, again.clock.frame_count) == (SMALL, 8)
    assert again.audio_streams == 1
    with av.open(str(tmp_path / "b.mov")) as container:
        # It was not enabled in the source; in the output it is the only picture.
        assert container.streams.video[0].disposition & Disposition.default


@pytest.mark.parametrize(("number", "why"), [(2, "is audio"), (9, "no stream 9")])
def test_an_impossible_stream_is_refused_with_those_there_are(
    tmp_path: Path, number: int, why: str
) -> None:
    source = remuxed(tmp_path / "a.mov", *two_clips(tmp_path), dispositions=(0, 1, 1))
    with pytest.raises(UsageError) as refusal:
        probe(source, stream=number)
    assert why in refusal.value.cause
    assert "0 (h264, 64 x 48)" in refusal.value.remedy
    assert "1 (h264, 96 x 64)" in refusal.value.remedy


def test_images_have_one_picture(tmp_path: Path) -> None:
    for index in (1, 2):
        (tmp_path / f"a.{index:04}.png").write_bytes(image("png"))
    assert probe(tmp_path / "a.%04d.png", stream=0).stream == 0
    with pytest.raises(UsageError, match="no stream 1"):
        probe(tmp_path / "a.%04d.png", stream=1)


def test_every_way_to_a_frame_takes_the_same_stream(tmp_path: Path) -> None:
    source = remuxed(tmp_path / "a.mkv", *two_clips(tmp_path), dispositions=(0, 1, 1))
    assert first_picture(source).shape[:2] == (64, 96)
    for stream, size in ((0, SMALL), (1, LARGE)):
        info = probe(source, stream=stream)
        frame = ShotSource(info, 1 << 20).frame(3)
        assert (frame.orientation.width, frame.orientation.height) == size
        key = KeyFrames(info).frame(3)
        assert key is not None
        assert key.orientation.width == size[0]
        strip = next(iter(thumbnails(info, [3], 24)))[1]
        assert abs(strip.shape[1] / strip.shape[0] - size[0] / size[1]) < 0.1


def test_a_project_remembers_its_stream(tmp_path: Path) -> None:
    source = remuxed(tmp_path / "a.mkv", *two_clips(tmp_path), dispositions=(0, 1, 1))
    one, other = mien.open_shot(source, stream=0), mien.open_shot(source)
    mien.save_document(Document((Project(one), Project(other))), tmp_path / "p.mien")
    moved = tmp_path / "moved.mkv"
    source.rename(moved)
    shots = mien.load_document(tmp_path / "p.mien").shots
    assert [shot.shot.media.stream for shot in shots] == [0, 1]
    assert [shot.shot.media.orientation.upright_size for shot in shots] == [SMALL, LARGE]
    assert all(shot.shot.media.path.name == "moved.mkv" for shot in shots)


def test_a_project_of_an_older_mien_keeps_the_stream_it_was_tracked_on(tmp_path: Path) -> None:
    """It opened the first picture that is no cover, and did not write down which."""
    source = remuxed(tmp_path / "a.mkv", *two_clips(tmp_path), dispositions=(0, 1, 1))
    tracked = mien.open_shot(source, stream=0)
    part = media_part(tracked.media, tmp_path)
    assert part.stream == 0
    old = dataclasses.replace(tracked.media, stream=OLD_CHOICE)
    assert media_part(old, tmp_path).stream is None
    assert take_media(old, source, "p.mien").stream == 0


# What is beside the picture


@pytest.mark.parametrize("suffix", ["mov", "mp4", "mkv"])
def test_an_unknown_sound_refuses_no_shot(tmp_path: Path, suffix: str) -> None:
    source = with_unknown_sound(tmp_path / "a.mov", make_clip(tmp_path / "x.mp4", audio="aac"))
    notes = written(source, tmp_path / f"b.{suffix}")
    assert sum("(sound, apac) is left out" in note for note in notes) == 1
    assert not any("no sound" in note for note in notes)
    assert packets_of(tmp_path / f"b.{suffix}", lambda s: s.type == "audio") == packets_of(
        source, lambda s: s.index == 1
    )


def test_a_sound_that_the_output_cannot_hold_is_named(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", audio="aac")
    (note,) = written(source, tmp_path / "b.webm")
    assert note.startswith("Stream 1 (sound, aac) is left out: WebM cannot hold it; .mp4 or .mkv")
    assert note.endswith("The output has no sound.")
    assert kinds(tmp_path / "b.webm") == ["video"]


def test_images_hold_no_sound(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mov", audio="aac", timecode="01:00:00:00")
    sound, timecode = written(source, tmp_path / "b.%04d.png")
    assert sound == "Stream 1 (sound, aac) is left out: a sequence of images holds none."
    assert "start timecode 01:00:00:00" in timecode


def test_chapters_are_named_where_they_cannot_go(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "x.mp4", count=24)
    with av.open(str(clip)) as given, av.open(str(tmp_path / "a.mov"), "w") as output:
        twin = output.add_stream_from_template(given.streams.video[0])
        output.set_chapters(
            [
                {
                    "id": 1,
                    "start": 0,
                    "end": 500,
                    "time_base": Fraction(1, 1000),
                    "metadata": {"title": "one"},
                }
            ]
        )
        for packet in given.demux():
            if packet.dts is not None:
                packet.stream = twin
                output.mux(packet)
    assert probe(tmp_path / "a.mov").chapters == 1
    # Its list of chapters is a track of text: it comes as the output's own, and is not named.
    for suffix in ("mov", "mkv"):
        assert written(tmp_path / "a.mov", tmp_path / f"b.{suffix}") == ()
        assert probe(tmp_path / f"b.{suffix}").chapters == 1
    (note,) = written(tmp_path / "a.mov", tmp_path / "b.%04d.png")
    assert note.startswith("the chapters of a.mov are lost")


def test_encrypted_sound_is_named(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", audio="aac")
    data = source.read_bytes()
    at = data.index(b"mp4a", data.rindex(b"stsd"))
    source.write_bytes(data[:at] + b"enca" + data[at + 4 :])
    (note,) = written(source, tmp_path / "b.mp4")
    assert "is left out: " in note
    assert kinds(tmp_path / "b.mp4") == ["video"]


def test_media_that_moved_into_a_file_of_their_own_are_taken(tmp_path: Path) -> None:
    """The user points to a copy of the one stream, which has another number there."""
    small, large = two_clips(tmp_path)
    source = remuxed(tmp_path / "a.mov", small, large, dispositions=(0, 1, 1))
    info = probe(source)
    assert info.stream == 1
    silent = make_clip(tmp_path / "copy.mp4", count=12)
    assert take_media(info, silent, "p.mien").stream == 0


def test_the_telemetry_of_a_camera_is_copied_where_it_can_be(tmp_path: Path) -> None:
    source = with_data(tmp_path / "a.mov", make_clip(tmp_path / "x.mp4"), b"gpmd")
    before = packets_of(source, lambda s: s.type == "data")
    assert before
    for suffix in ("mov", "mp4"):
        assert written(source, tmp_path / f"b.{suffix}") == ()
        assert packets_of(tmp_path / f"b.{suffix}", lambda s: s.type == "data") == before
    (note,) = written(source, tmp_path / "b.mkv")
    assert note == "Stream 1 (data, gpmd) is left out: Matroska cannot hold it; .mp4 or .mov can."


@pytest.mark.parametrize("letters", [b"mebx", b"camm", b"fdsc", b"djmd"])
def test_other_data_is_named_once(tmp_path: Path, letters: bytes) -> None:
    source = with_data(tmp_path / "a.mov", make_clip(tmp_path / "x.mp4"), letters)
    (note,) = written(source, tmp_path / "b.mov")
    assert note.startswith(f"Stream 1 (data, {letters.decode()}) is left out")
    assert kinds(tmp_path / "b.mov") == ["video"]


def test_captions_go_where_they_can(tmp_path: Path) -> None:
    source = with_data(tmp_path / "a.mov", make_clip(tmp_path / "x.mp4"), b"c608")
    assert written(source, tmp_path / "b.mov") == ()
    assert kinds(tmp_path / "b.mov") == ["video", "subtitle"]
    (note,) = written(source, tmp_path / "b.mp4")
    assert "(subtitles, eia_608) is left out: MP4 cannot hold it; .mov can." in note


def test_a_timecode_track_is_not_lost(tmp_path: Path) -> None:
    """Its timecode is carried as that of the first frame, so it is not named."""
    source = make_clip(tmp_path / "a.mov", timecode="01:00:00:00")
    assert "data" in kinds(source)
    for suffix in ("mov", "mkv"):
        assert written(source, tmp_path / f"b.{suffix}") == ()
        assert str(probe(tmp_path / f"b.{suffix}").clock.start) == "01:00:00:00"


@pytest.mark.parametrize("codec", ["mjpeg", "png"])
def test_covers_are_kept_where_they_can_be(tmp_path: Path, codec: str) -> None:
    clip = make_clip(tmp_path / "x.mp4", audio="aac")
    source = remuxed(tmp_path / "a.mp4", clip, cover=codec)
    for suffix in ("mp4", "mkv", "m4v"):
        target = tmp_path / f"b.{suffix}"
        assert written(source, target) == ()
        assert sorted(kinds(target)) == ["audio", "cover", "video"]
        assert packets_of(target, lambda s: bool(s.disposition & Disposition.attached_pic)) == [
            image(codec)
        ]
        assert probe(target).clock.frame_count == 12
    (note,) = written(source, tmp_path / "b.mov")
    assert "(cover picture," in note
    assert "MOV cannot hold it; .mkv can." in note


def test_tags_that_need_a_table_leave_no_room_for_a_cover(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "x.mp4")
    # As FFmpeg writes it there is no such file; Matroska has both, and MP4 cannot.
    cover = [("cover.jpg", "image/jpeg", image())]
    source = remuxed(tmp_path / "a.mkv", clip, attachments=cover, metadata={"my_camera": "three"})
    (note,) = written(source, tmp_path / "b.mp4")
    assert "(cover picture," in note
    assert probe(tmp_path / "b.mp4").metadata["MY_CAMERA"] == "three"
    assert written(source, tmp_path / "b.mkv") == ()


def test_attachments_are_named_where_they_cannot_go(tmp_path: Path) -> None:
    font = ("a.ttf", "application/x-truetype-font", b"123")
    source = remuxed(tmp_path / "a.mkv", make_clip(tmp_path / "x.mp4"), attachments=[font])
    assert written(source, tmp_path / "b.mkv") == ()
    assert kinds(tmp_path / "b.mkv") == ["video", "attachment"]
    (note,) = written(source, tmp_path / "b.mp4")
    assert note == "Stream 1 (attachment, a.ttf) is left out: MP4 holds none; .mkv does."


def test_a_range_says_and_keeps_the_same(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "x.mp4", audio="aac")
    source = remuxed(tmp_path / "a.mp4", clip, cover="mjpeg")
    assert written(source, tmp_path / "b.mp4", frames="3:9") == ()
    assert sorted(kinds(tmp_path / "b.mp4")) == ["audio", "cover", "video"]
    assert len(decoded(tmp_path / "b.mp4")) == 6


def test_what_cannot_be_carried_is_a_fact_of_the_media(tmp_path: Path) -> None:
    source = with_unknown_sound(tmp_path / "a.mov", make_clip(tmp_path / "x.mp4", audio="aac"))
    info = probe(source)
    assert [note.split(" is left out")[0] for note in info.left_out] == [
        "Stream 2 (picture, h264, 96 x 64)",
        "Stream 3 (sound, apac)",
    ]


def test_layers_beside_the_picture_are_named(tmp_path: Path) -> None:
    """Apple's HEVC with alpha, or with a view for each eye: another configuration box."""
    source = make_clip(tmp_path / "a.mov", "libx265", options={"x265-params": "log-level=error"})
    assert probe(source).left_out == ()
    data = source.read_bytes()
    for name in (b"fiel", b"pasp", b"btrt"):
        at = data.find(name, data.index(b"stsd"))
        if at > 0:
            source.write_bytes(data[:at] + b"lhvC" + data[at + 4 :])
            break
    (note,) = probe(source).left_out
    assert "another layer" in note


def test_pcm_that_does_not_say_where_it_is_heard_goes_into_mp4(tmp_path: Path) -> None:
    """MXF has no layouts, and MP4 refuses PCM without one when all is written."""
    source = make_clip(
        tmp_path / "a.mxf", "mpeg2video", rate=Fraction(25), audio="pcm_s16le", count=10
    )
    with av.open(str(source)) as container:
        assert container.streams.audio[0].layout.name == "2 channels"
    copy(source, tmp_path / "b.mp4")
    with av.open(str(tmp_path / "b.mp4")) as container:
        assert container.streams.audio[0].layout.name == "stereo"
    before, after = (survivors(path)["sound"] for path in (source, tmp_path / "b.mp4"))
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    assert after[0][0] == before[0][0]
