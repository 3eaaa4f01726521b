"""AAF as Avid, Premiere and Resolve write it: speeds, nests, selectors, transitions, odd parts."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import aaf2
import pytest
from aaf2.auid import AUID
from aaf2.cfb import CompoundFileBinary

from mien.editorial import CutClip, CutListing, list_clips, read_cut
from mien.editorial.formats import open_cut
from mien.errors import InputError, NothingToDoError
from tests.unit.test_project import write_movie

HOUR = 86400
RATE = 24
DESCRIPTION = {
    "ComponentWidth": 8, "HorizontalSubsampling": 2, "ImageAspectRatio": "16/9",
    "StoredWidth": 64, "StoredHeight": 48, "FrameLayout": "FullFrame", "VideoLineMap": [42, 0],
    "SampleRate": RATE, "Length": 1000,
}  # fmt: skip
"""What a file's descriptor has to say."""


class Show:
    """An AAF under construction: one picture track of a composition."""

    def __init__(self, file: Any) -> None:
        self.file = file
        self.composition = file.create.CompositionMob("show")
        self.composition.usage = "Usage_TopLevel"
        file.content.mobs.append(self.composition)
        timecode = file.create.TimelineMobSlot(edit_rate=RATE)
        coded = file.create.Timecode(RATE)
        coded.start, coded.length = HOUR, 100_000
        timecode.segment = coded
        timecode.slot_id = 1
        self.composition.slots.append(timecode)
        timecode["PhysicalTrackNumber"].value = 1
        self.track = self.sequence()
        self.add_slot(self.track, 2, "V1")

    def add_slot(self, segment: Any, number: int, name: str) -> None:
        slot = self.file.create.TimelineMobSlot(edit_rate=RATE)
        slot.slot_id, slot.name, slot.segment = number, name, segment
        self.composition.slots.append(slot)

    def sequence(self, *components: Any) -> Any:
        made = self.file.create.Sequence("picture")
        made.components.extend(components)
        made.length = sum(part.length for part in components)
        return made

    def master(self, name: str, url: str = "", start: int = 2 * HOUR, length: int = 1000) -> Any:
        """A master clip of a file of a tape that starts at some timecode."""
        create = self.file.create
        tape = create.SourceMob(f"TAPE {name}")
        tape.create_tape_slots(f"TAPE {name}", RATE, RATE, length=length)
        for slot in tape.slots:
            if isinstance(slot.segment, aaf2.components.Timecode):
                slot.segment.start = start
        self.file.content.mobs.append(tape)
        media = create.SourceMob(f"{name}.mov")
        media.descriptor = create.CDCIDescriptor()
        for field, value in DESCRIPTION.items():
            media.descriptor[field].value = value
        locator = create.NetworkLocator()
        locator["URLString"].value = url or f"file:///media/{name}.mov"
        media.descriptor["Locator"].append(locator)
        picture = next(s for s in tape.slots if s.media_kind == "Picture")
        media_slot = media.create_empty_slot(RATE, "picture", 1)
        media_slot.segment = tape.create_source_clip(picture.slot_id, 0, length, "picture")
        self.file.content.mobs.append(media)
        master = create.MasterMob(name)
        slot = create.TimelineMobSlot(edit_rate=RATE)
        slot.slot_id = 1
        slot.segment = media.create_source_clip(1, 0, length, "picture")
        master.slots.append(slot)
        self.file.content.mobs.append(master)
        return master

    def shot(self, name: str, start: int, length: int, url: str = "") -> Any:
        master = self.master(name, url)
        return master.create_source_clip(1, start, length, "picture")

    def filler(self, length: int) -> Any:
        return self.file.create.Filler("picture", length)

    def operation(
        self, name: str, length: int, *inputs: Any, warp: bool = False, count: int = 1
    ) -> Any:
        definition = self.file.create.OperationDef(AUID(int=zlib.crc32(name.encode())), name)
        definition.media_kind = "picture"
        definition["IsTimeWarp"].value = warp
        definition["NumberInputs"].value = count
        definition["OperationCategory"].value = "OperationCategory_Effect"
        self.file.dictionary.register_def(definition)
        group = self.file.create.OperationGroup(definition, length)
        group.media_kind = "picture"
        group.segments.extend(inputs)
        return group

    def constant(self, group: Any, name: str, value: Any, kind: str = "Rational") -> Any:
        definition = self._parameter(group, name, kind)
        group.parameters.append(self.file.create.ConstantValue(definition, value))
        return group

    def varying(self, group: Any, name: str, points: list[tuple[int, float]]) -> Any:
        definition = self._parameter(group, name, "Rational")
        interpolation = self.file.create.InterpolationDef(
            AUID(int=77), "LinearInterp", "LinearInterp"
        )
        self.file.dictionary.register_def(interpolation)
        varying = self.file.create.VaryingValue(definition, interpolation)
        for at, value in points:
            varying.add_keyframe(Fraction(at), Fraction(value))
        group.parameters.append(varying)
        return group

    def _parameter(self, group: Any, name: str, kind: str) -> Any:
        typedef = self.file.dictionary.lookup_typedef(kind)
        made = self.file.create.ParameterDef(AUID(int=zlib.crc32(name.encode())), name, "", typedef)
        self.file.dictionary.register_def(made)
        group.operation.parameters.append(made)
        return made


@contextmanager
def show(path: Path) -> Iterator[Show]:
    with aaf2.open(str(path), "w") as file:
        yield Show(file)


def listed(folder: Path, build: Callable[[Show], list[Any]]) -> CutListing:
    """What mien sees in a track of some components."""
    path = folder / "a.aaf"
    with show(path) as made:
        parts = build(made)
        made.track.components.extend(parts)
        overlaps = sum(
            part.length * (-1 if isinstance(part, aaf2.components.Transition) else 1)
            for part in parts
        )
        made.track.length = overlaps
    return list_clips(path)


def edge_code(made: Show) -> Any:
    """A component that shows nothing."""
    code = made.file.create.EdgeCode("picture", 24)
    code["Start"].value = 0
    code["FilmKind"].value = "Ft35MM"
    code["CodeFormat"].value = "EtKeycode"
    return code


def times(clip: CutClip) -> tuple[float, ...]:
    return tuple(
        float(n) for n in (clip.record_start, clip.frames, clip.source_start)
    )  # fmt: skip


def test_clips_lie_at_their_times_and_count_by_their_tapes(tmp_path: Path) -> None:
    listing = listed(tmp_path, lambda s: [s.shot("a", 10, 48), s.filler(24), s.shot("b", 5, 12)])
    first, second = listing.clips
    assert times(first) == (HOUR, 48, 2 * HOUR + 10)
    assert times(second) == (HOUR + 72, 12, 2 * HOUR + 5)
    assert (first.name, first.track, first.media) == ("a", "V1", "/media/a.mov")
    assert listing.notices == ()


def test_media_beside_the_file_are_found(tmp_path: Path) -> None:
    write_movie(tmp_path / "a.mov")
    (one,) = listed(tmp_path, lambda s: [s.shot("a", 0, 6, url="file:///gone/a.mov")]).clips
    assert (one.media, one.media_exists) == (str(tmp_path / "a.mov"), True)


SPEEDS = (("1/2", 2, 96), ("2/1", 0.5, 24), ("-1/1", -1, 48), ("48/1", 0, 1), ("1/1", 1, 48))
"""SpeedRatio, the speed that it means, and how many frames 48 then cover."""


def test_a_constant_speed_is_followed(tmp_path: Path) -> None:
    names = ["Motion Control", "Speed Control", "Video Speed Control", "Motion Control"]
    kinds = list(enumerate(zip(names, (True, True, False, False), strict=True)))

    def build(made: Show) -> list[Any]:
        groups = []
        for ratio, _, _ in SPEEDS:
            for _, (name, warp) in kinds:
                group = made.operation(name, 48, made.shot("a", 100, 96), warp=warp)
                groups.append(made.constant(group, "SpeedRatio", Fraction(ratio)))
        return [*groups, made.shot("b", 0, 24)]

    *retimed, last = listed(tmp_path, build).clips
    for number, clip in enumerate(retimed):
        _, speed, covered = SPEEDS[number // len(kinds)]
        assert (clip.speed, clip.source_frames) == (speed, covered)
        assert times(clip) == (HOUR + 48 * number, 48, 2 * HOUR + 100)
    assert last.record_start == HOUR + 48 * len(retimed)


MAPS: list[tuple[str, list[tuple[int, float]], float | None]] = [
    ("PARAM_SPEED_OFFSET_MAP_U", [(0, 0), (48, 96)], 2),
    ("PARAM_SPEED_OFFSET_MAP_U", [(0, 0), (24, 48), (48, 96)], 2),
    ("PARAM_OFFSET_MAP_U", [(0, 95), (48, 47)], -1),
    ("PARAM_SPEED_MAP_U", [(0, 0.5), (48, 0.5)], 0.5),
    ("PARAM_SPEED_OFFSET_MAP_U", [(0, 0), (24, 12), (48, 96)], None),
    ("PARAM_SPEED_MAP_U", [(0, 0.5), (48, 2)], None),
    ("SpeedRatio", [(0, 0.5), (48, 0.5)], 2),
    ("SpeedRatio", [(0, 0.5), (48, 1)], None),
]


def test_a_map_that_is_straight_is_one_speed(tmp_path: Path) -> None:
    def build(made: Show) -> list[Any]:
        groups = []
        for number, (name, points, _) in enumerate(MAPS):
            shot = made.shot(f"c{number}", 100, 96)
            group = made.operation("Motion Control", 48, shot, warp=True)
            if name != "SpeedRatio":
                made.constant(group, "SpeedRatio", Fraction(1, 9))  # which Avid leaves as it was
            groups.append(made.varying(group, name, points))
        return groups

    listing = listed(tmp_path, build)
    assert [clip.speed for clip in listing.clips] == [speed for _, _, speed in MAPS]
    assert {clip.frames for clip in listing.clips} == {48}
    assert "c4, c5, c7: retimed in a way that cannot be followed" in listing.notices[0]
    # Backwards from the frame that the map names.
    assert listing.clips[2].source_start == 2 * HOUR + 195


def test_a_retime_of_several_clips_retimes_each(tmp_path: Path) -> None:
    def build(made: Show) -> list[Any]:
        inner = made.sequence(made.shot("a", 0, 48), made.shot("b", 10, 48))
        group = made.operation("Motion Control", 48, inner, warp=True)
        return [made.constant(group, "SpeedRatio", Fraction(1, 2))]

    first, second = listed(tmp_path, build).clips
    assert (first.speed, times(first)) == (2, (HOUR, 24, 2 * HOUR))
    assert (second.source_frames, times(second)) == (48, (HOUR + 24, 24, 2 * HOUR + 10))


def test_an_unknown_time_effect_is_said(tmp_path: Path) -> None:
    listing = listed(
        tmp_path, lambda s: [s.operation("Strange Warp", 48, s.shot("a", 0, 48), warp=True)]
    )
    assert listing.clips[0].speed is None
    assert "a: retimed in a way that cannot be followed" in listing.notices[0]


def test_a_dissolve_overlaps_its_neighbours(tmp_path: Path) -> None:
    def build(made: Show) -> list[Any]:
        transition = made.file.create.Transition("picture", 12)
        transition.cutpoint = 4
        transition["OperationGroup"].value = made.operation("Dissolve", 12, count=2)
        return [made.shot("a", 0, 60), transition, made.shot("b", 100, 48)]

    first, second = listed(tmp_path, build).clips
    # It begins 12 frames before a's end; the cut lies four later.
    assert times(first) == (HOUR, 52, 2 * HOUR)
    assert times(second) == (HOUR + 52, 44, 2 * HOUR + 104)
    for clip, name in ((first, "a"), (second, "b")):
        assert clip.name == name


def test_a_nest_shows_what_its_slot_does(tmp_path: Path) -> None:
    def build(made: Show) -> list[Any]:
        nest = made.file.create.CompositionMob("nest")
        made.file.content.mobs.append(nest)
        slot = made.file.create.TimelineMobSlot(edit_rate=RATE)
        slot.slot_id = 7
        slot.segment = made.sequence(made.shot("a", 0, 48), made.shot("b", 10, 48))
        nest.slots.append(slot)
        return [made.filler(10), nest.create_source_clip(7, 24, 48, "picture")]

    first, second = listed(tmp_path, build).clips
    assert times(first) == (HOUR + 10, 24, 2 * HOUR + 24)
    assert times(second) == (HOUR + 34, 24, 2 * HOUR + 10)


def test_nested_scopes_show_all_their_layers(tmp_path: Path) -> None:
    def build(made: Show) -> list[Any]:
        scope = made.file.create.NestedScope("picture", 48)
        scope.slots.append(made.sequence(made.shot("below", 0, 48)))
        reference = made.file.create.ScopeReference("picture", 24)
        reference["RelativeScope"].value = 0
        reference["RelativeSlot"].value = 1
        scope.slots.append(made.sequence(reference, made.shot("above", 5, 24)))
        return [scope, made.shot("after", 0, 12)]

    below, above, after = listed(tmp_path, build).clips
    assert (below.record_start, above.record_start, after.record_start) == (
        HOUR, HOUR + 24, HOUR + 48,
    )  # fmt: skip


def test_a_selector_shows_what_is_selected(tmp_path: Path) -> None:
    def build(made: Show) -> list[Any]:
        multi = made.file.create.Selector("picture", 48)
        multi["Selected"].value = made.shot("camera2", 0, 48)
        multi["Alternates"].append(made.shot("camera1", 0, 48))
        off = made.file.create.Selector("picture", 24)
        off["Selected"].value = made.filler(24)
        off["Alternates"].extend([made.shot("muted", 0, 24), made.filler(24)])
        return [multi, off, made.shot("after", 0, 12)]

    camera, after = listed(tmp_path, build).clips
    assert (camera.name, after.name, after.record_start) == ("camera2", "after", HOUR + 72)


def test_effects_show_their_inputs_and_titles_are_the_editors(tmp_path: Path) -> None:
    def build(made: Show) -> list[Any]:
        blur = made.operation("Blur", 48, made.shot("a", 0, 48))
        over = made.operation(
            "Matte Key", 24, made.shot("b", 0, 24), made.shot("c", 0, 24), count=2
        )
        return [blur, over, made.operation("Title", 24, count=0), made.shot("d", 0, 9)]

    listing = listed(tmp_path, build)
    assert [(one.name, one.record_start - HOUR) for one in listing.clips] == [
        ("a", 0), ("b", 48), ("c", 48), ("d", 96),
    ]  # fmt: skip
    assert listing.notices == ("Title: made by the editor, without media; left out.",)


def test_what_cannot_be_followed_costs_itself_only(tmp_path: Path) -> None:
    def build(made: Show) -> list[Any]:
        lost = made.file.create.SourceClip(0, 24, aaf2.mobid.MobID.new(), 1, "picture")
        odd = edge_code(made)
        return [lost, odd, made.shot("a", 0, 48)]

    listing = listed(tmp_path, build)
    assert [(one.name, one.record_start) for one in listing.clips] == [("a", HOUR + 48)]
    assert "what it shows is not in the file" in listing.notices[0]
    assert "EdgeCode (V1) is left out" in listing.notices[1]


def test_what_is_read_as_gaps_alone_is_a_list_of_nothing(tmp_path: Path) -> None:
    listing = listed(tmp_path, lambda made: [edge_code(made)])
    assert listing.clips == ()
    assert "EdgeCode (V1) is left out" in listing.notices[0]


def test_an_essence_group_and_a_subclip_are_followed(tmp_path: Path) -> None:
    def build(made: Show) -> list[Any]:
        group = made.file.create.EssenceGroup("picture", 1000)
        high = made.shot("high", 0, 1000)
        group["Choices"].append(high)
        master = made.file.create.MasterMob("choice")
        slot = made.file.create.TimelineMobSlot(edit_rate=RATE)
        slot.slot_id, slot.segment = 1, group
        master.slots.append(slot)
        made.file.content.mobs.append(master)
        part = made.file.create.MasterMob("part")
        inner = made.file.create.TimelineMobSlot(edit_rate=RATE)
        inner.slot_id = 1
        inner.segment = made.master("whole").create_source_clip(1, 200, 100, "picture")
        part.slots.append(inner)
        made.file.content.mobs.append(part)
        return [master.create_source_clip(1, 7, 24, "picture"),
                part.create_source_clip(1, 3, 24, "picture")]  # fmt: skip

    first, second = listed(tmp_path, build).clips
    assert (first.name, first.source_start, first.media) == (
        "choice", 2 * HOUR + 7, "/media/high.mov",
    )  # fmt: skip
    assert (second.source_start, second.media) == (2 * HOUR + 203, "/media/whole.mov")


def test_media_say_where_they_begin(tmp_path: Path) -> None:
    path = tmp_path / "a.aaf"
    with show(path) as made:
        master = made.master("a", length=500)
        made.track.components.append(master.create_source_clip(1, 10, 48, "picture"))
        made.track.length = 48
    listing = list_clips(path)
    (item,) = open_cut(path, None).content.find_clips()
    available = item.media_reference.available_range
    assert (available.start_time.value, available.duration.value) == (2 * HOUR, 500)
    assert item.metadata["cmx_3600"]["reel"] == "TAPE a"
    assert listing.clips[0].source_timecode == "02:00:00:10"


def test_a_cut_without_a_composition_shows_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.aaf"
    with aaf2.open(str(path), "w"):
        pass
    with pytest.raises(NothingToDoError, match="shows no clip"):
        read_cut(path)


@pytest.mark.parametrize("kind", ["stream", "empty"])
def test_streams_are_no_larger_than_the_file(tmp_path: Path, kind: str) -> None:
    """Of what is none a size means nothing."""
    path = tmp_path / "a.aaf"
    with show(path) as made:
        made.track.components.append(made.shot("a", 0, 48))
        made.track.length = 48
    with path.open("rb") as file:
        storage = CompoundFileBinary(file)
        entries = range(len(storage.dir_fat_chain) * storage.sector_size // 128)
        one = next(n for n in entries if storage.read_dir_entry(n).type == kind)
        place = storage.dir_entry_pos(one)
    data = bytearray(path.read_bytes())
    data[place + 120 : place + 128] = struct.pack("<Q", 1 << 40)
    path.write_bytes(data)
    if kind == "empty":
        assert list_clips(path).clips
        return
    with pytest.raises(InputError, match="a stream of it would have 1099511627776 bytes"):
        read_cut(path)
