"""Finding a project's media again, without following a path that only the project names.

A project may come from a stranger, so its word is not enough to open a file outside its own
folder. Media are looked for, in this order,

1. where the user says (`--media`);
2. at the project's relative path, when that stays inside the project's folder;
3. where this machine's path map says (path_map.py);
4. beside the project, by content;
5. where this user opened the same content on this machine: at the project's own path, or
   else where they did so last.

Whatever is found must have the content (fingerprint) that was tracked; only with the user's
word may it be another file, as long as it shows the same number of frames at the same rate, in the
same shape, and is mirrored as that was. One of another size is the same picture scaled (a proxy to
edit, the full media to render): so far as what was tracked is at hand, pictures of both are
compared.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import platformdirs

from mien.errors import MediaError, OutsideError, ProjectError, UsageError
from mien.folder_limits import is_within_limits
from mien.media.atomic_write import AtomicFile
from mien.media.fingerprint import content_of_fingerprint, fingerprint
from mien.media.probe import probe
from mien.media.sequence import find_sequence, is_image, probe_image
from mien.model.media import MediaInfo, Orientation
from mien.path_map import machine_map, spelled_on_disk
from mien.progress import Progress, silent
from mien.rendering.matte_shape import same_shape
from mien.timebase import same_count

__all__ = ["content_of", "find_media", "remember", "take_media"]

_MOST_NEIGHBOURS = 1000
"""Shots beside a project that are compared by content, so that a huge folder costs seconds."""
_MOST_PLACES = 8
"""Places of one content that are remembered: the footage, and copies of it."""
_LONGEST_NOTE = 1 << 16
"""Bytes of a note that are read: more than that many places can take."""


def take_media(
    facts: MediaInfo, media: Path, project: str, progress: Progress = silent
) -> MediaInfo:
    """Facts of media that were found, or that the user pointed to; they may be of another size.

    They are looked at afresh: what a project says of its media is not relied upon.

    Raises:
        MediaError: When it cannot be read.
        ProjectError: When it has another length, rate or shape, or lies otherwise.
    """
    found = probe_image(media) if is_image(facts.path) else _probed(media, facts, progress)
    sizes = facts.orientation.upright_size, found.orientation.upright_size
    frames = facts.clock.frame_count, found.clock.frame_count
    if frames[0] != frames[1] or not same_shape(*sizes):
        raise ProjectError(
            f"{media} has {_words(frames[1], sizes[1])}, but {project} was tracked on"
            f" {_words(frames[0], sizes[0])}.",
            "Point to the same material, or to it in another size, or track the new one.",
            path=media,
        )
    rates = facts.clock.rate, found.clock.rate
    # Images say no rate, and may be made for any. Of what was tracked itself the rate is its own.
    other = content_of_fingerprint(facts.fingerprint) != content_of_fingerprint(found.fingerprint)
    if other and "movie" == facts.kind == found.kind and not same_count(*rates):
        raise ProjectError(
            f"{media} has {float(rates[1]):.6g} frames a second, but {project} was tracked on"
            f" {float(rates[0]):.6g}.",
            "Point to the same material, or track the new one.",
            path=media,
        )
    if _lies_otherwise(facts, found):
        raise ProjectError(
            f"{media} is shown {_lie(found.orientation)}, but {project} was tracked on it"
            f" {_lie(facts.orientation)}.",
            "Track it again: its faces lie elsewhere in the picture.",
            path=media,
        )
    return found


def _lies_otherwise(tracked: MediaInfo, found: MediaInfo) -> bool:
    """Whether landmarks that were tracked do not lie on the faces of what was found.

    They lie in the upright picture, so a copy that was made upright is the same to them. But older
    miens took mirrored media for turned ones, and did not turn images by what they say of it.
    """
    old, new = tracked.orientation, found.orientation
    if old.mirrored != new.mirrored:
        return True
    contents = (content_of_fingerprint(one.fingerprint) for one in (tracked, found))
    return len(set(contents)) == 1 and (old.quarter_turns - new.quarter_turns) % 4 != 0


def _lie(orientation: Orientation) -> str:
    """How stored pictures are shown, in words."""
    turned = orientation.quarter_turns % 4 * 90
    words = ["mirrored"] if orientation.mirrored else []
    if turned:
        words.append(f"turned by {turned} degrees")
    return " and ".join(words) or "as it is stored"


def _probed(media: Path, facts: MediaInfo, progress: Progress) -> MediaInfo:
    """Facts of a movie at the stream that was tracked; of a copy of it alone, at its only one."""
    # What was tracked as far as it goes is taken as far as it goes.
    as_far = bool(facts.cut_short)
    if facts.kind != "movie":
        return probe(media, until_damage=as_far, missing_frames=facts.missing_frames)
    try:
        return probe(media, stream=facts.stream, until_damage=as_far, progress=progress)
    except UsageError:
        found = probe(media, until_damage=as_far, progress=progress)
        if sum(stream.kind == "video" for stream in found.streams) > 1:
            # Which of them was tracked nothing tells.
            raise
        return found


def find_media(stored: Path, wanted: str, folder: Path | None, project: str) -> Path:
    """Where the media of a shot are now.

    Args:
        stored: Where the project says that they are.
        wanted: Fingerprint of the media that were tracked.
        folder: Folder of the project file; None when there is none.
        project: Name of the project, for errors.

    Raises:
        ProjectError: When they are nowhere that may be looked at.
    """
    changed, wanted = False, content_of_fingerprint(wanted)
    for candidate in _candidates(stored, wanted, folder):
        if not is_within_limits(candidate):
            continue
        found = content_of(candidate, image=is_image(stored))
        if found == wanted:
            return candidate
        changed |= found is not None and candidate.name == stored.name
    cause = "has another content than the file that was tracked" if changed else "was not found"
    raise ProjectError(
        f"The media of {project}, {stored.name}, {cause}.",
        "Put it beside the project, or say where it is: `--media PATH` of `mien render`, `media`"
        " in a list of shots.",
    )


def remember(path: Path, content: str) -> None:
    """Note on this machine where the user opened media, so that their word is given once.

    Args:
        path: The media, as the user gave them or as they were found.
        content: Fingerprint of what was tracked.
    """
    place, known = path.absolute(), _places(content)
    if known[:1] == [place]:
        return
    places = [place, *(old for old in known if old != place)][:_MOST_PLACES]
    note = _note(content)
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        partial = AtomicFile(note)
        try:
            partial.path.write_bytes(b"\0".join(os.fsencode(place) for place in places))
            partial.commit()
        except BaseException:
            partial.discard()
            raise
    except OSError:
        # A read-only home only costs the convenience: the user is asked for --media later.
        pass


def _candidates(stored: Path, wanted: str, folder: Path | None) -> Iterator[Path]:
    machine_map()  # a wrong one is refused even where media are found without it
    if folder is not None:
        yield from (path for path in _spelled(stored) if _is_inside(path, folder))
    for mapped in _mapped(stored, folder):
        yield from _spelled(mapped)
    if folder is not None:
        yield folder / stored.name
        try:
            neighbours = sorted(folder.glob(f"*{stored.suffix}"))
        except OSError:
            neighbours = []
        shots = neighbours if is_image(stored) else _shots(neighbours)
        yield from islice(shots, _MOST_NEIGHBOURS)
    known = _places(wanted)
    if stored.absolute() in known:
        yield stored
    yield from known


def _spelled(path: Path) -> tuple[Path, ...]:
    """A path, and as the disk spells it where that is otherwise."""
    return tuple(dict.fromkeys((path, spelled_on_disk(path))))


def _is_inside(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _mapped(stored: Path, folder: Path | None) -> Iterator[Path]:
    """Where the user's path map says that a path of another machine is."""
    rules = machine_map()
    if not rules:
        return
    texts = [str(stored)]
    if folder is not None and stored.is_relative_to(folder):
        # On this system a path of Windows is one that counts from the project's folder.
        texts.append(stored.relative_to(folder).as_posix())
    for text in texts:
        mapped = rules.map(text)
        if mapped is not None:
            yield Path(mapped)


def _shots(files: Iterable[Path]) -> Iterator[Path]:
    """The movies among files, and every image sequence once, by its pattern."""
    seen = set()
    for file in files:
        try:
            sequence = find_sequence(file) if file.is_file() else None
        except MediaError:
            continue  # a still image
        place = file if sequence is None else sequence.path
        if place not in seen:
            seen.add(place)
            yield place


def content_of(path: Path, *, image: bool = False) -> str | None:
    """The fingerprint of a movie or sequence; None where there is none to be read.

    Args:
        path: The movie, a pattern, or an image.
        image: Whether an image is meant alone, and not the sequence that it is of.
    """
    try:
        if image:
            return fingerprint([path]) if path.is_file() else None
        sequence = find_sequence(path)
        if sequence is None:
            return fingerprint([path]) if path.is_file() else None
        numbers = sequence.numbers()
        return fingerprint([sequence.file(numbers[0]), sequence.file(numbers[-1])])
    except (MediaError, OutsideError, OSError, IndexError):
        return None


def _places(content: str) -> list[Path]:
    """Where the user opened a content, the last first."""
    try:
        with _note(content).open("rb") as file:
            places = file.read(_LONGEST_NOTE).split(b"\0")
    except OSError:
        return []
    return [Path(os.fsdecode(place)) for place in places if place]


def _note(content: str) -> Path:
    name = hashlib.sha256(content_of_fingerprint(content).encode()).hexdigest()[:32]
    return platformdirs.user_state_path("mien") / "media" / name


def _words(frames: int, size: tuple[int, int]) -> str:
    return f"{frames} frames of {size[0]} x {size[1]}"
