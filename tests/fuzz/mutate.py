"""Harm done to files that are whole: by their bytes, and by what formats make of them.

Every function takes what is there and a `random.Random`, and gives something else; the same chance
makes the same harm. Most harm that is done to the bytes of a zip archive or of JSON ends at its
checksum or its syntax; so archives are unpacked first, JSON is changed as values, and what
is packed again is whole in form and hostile in content.
"""

from __future__ import annotations

import io
import json
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from typing import Any, Final

__all__ = ["NUMBERS", "TEXTS", "hostile_json", "mutate"]

NUMBERS: Final = (
    0, -1, 1, 2, 255, 65536, 2**31 - 1, 2**31, 2**32, 2**53 + 1, 2**63 - 1, 2**63, 10**30, 10**400,
    -(2**31), -(2**63), 0.5, -0.0, 1e-320, 1e300, 1e308, -1e308, float("inf"), float("-inf"),
    float("nan"),
)  # fmt: skip
"""Numbers at which something ends."""
TEXTS: Final = (
    "", " ", "\0", "a\0b", "../../../etc/passwd", "/etc/passwd", "/dev/zero", "/proc/self/mem",
    "..", ".", "~", "%s%n", "%05d.png", "CON", "C:\\x", "\ud800", "\u202e", "e\u0301", "x" * 300,
    "x" * 70_000, "1/0", "1/3", "0/1", "nan", "inf", "1e999", "-1", "00:00:00:00", "99:99:99:99",
    "01:00:00;00", "file:///etc/passwd", "http://127.0.0.1:9/", "data:;base64,!!", "mouthSmile",
    "jawOpen=9@5:1", "<x/>", "&x;", "]]>", "{", "[", "1" * 5000, "None", "true", "\n", "a\nb", "\r",
)  # fmt: skip
"""Words that are something else than they look."""
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_QUOTED: Final = re.compile(r'"[^"\n]*"')
_DEEP: Final = (500, 5_000, 100_000)
_BOMB: Final = 1200 << 20
"""Bytes that a packed member unpacks to."""


_UNPACKED: Final = 64 << 20
"""Bytes of an archive's members up to which they are changed."""


def mutate(
    data: bytes, chance: random.Random, others: Sequence[bytes] = (), *, bombs: bool = True
) -> bytes:
    """Do harm to a file, once or a few times.

    Args:
        data: A file.
        chance: What is done.
        others: Other files of the kind, of which parts are taken.
        bombs: Whether archives may hold members that unpack to more than memory has.
    """
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        data = _once(data, chance, others, bombs)
    return data


def _once(data: bytes, chance: random.Random, others: Sequence[bytes], bombs: bool) -> bytes:
    if data[:2] == b"PK" and chance.random() < 0.8:
        return _archive(data, chance, bombs)
    if data[:6] == b"\x93NUMPY" and chance.random() < 0.8:
        return _npy(data, chance)
    if data[:4] == b"glTF" and chance.random() < 0.7:
        return _binary_gltf(data, chance)
    if _header_length(data) and chance.random() < 0.7:
        return _safetensors(data, chance)
    if data[:1] in (b"{", b"[") and chance.random() < 0.8:
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            pass
        else:
            return _dumped(hostile_json(value, chance))
    if not data or (b"\0" not in data[:2000] and chance.random() < 0.8):
        return _text(data, chance, others)
    return chance.choice(_BYTES)(data, chance, others)


def _flipped(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 3, 20))):
        if changed:
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _cut(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _hole(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    start = chance.randrange(len(data) + 1)
    length = min(len(data) - start, chance.choice((1, 4, 100, 4000)))
    kept = b"" if chance.random() < 0.5 else bytes([chance.choice((0, 255))]) * length
    return data[:start] + kept + data[start + length :]


def _twice(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    start = chance.randrange(len(data) + 1)
    part = data[start : start + chance.choice((1, 8, 200, 5000))]
    return data[:start] + part * chance.choice((1, 1, 50)) + data[start:]


def _spliced(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    other = chance.choice(others) if others else data
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other) + 1) :]


def _written_over(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    """Whole numbers of any width and order, where there may be a size or a count."""
    code = chance.choice("bBhHiIqQ")
    low = code.islower()
    size = struct.calcsize(code)
    number = chance.choice((0, 1, (1 << (8 * size - 1)) - 1, -1 if low else (1 << 8 * size) - 1))
    packed = struct.pack(chance.choice("<>") + code, number)
    at = chance.randrange(max(1, len(data) - size))
    return data[:at] + packed + data[at + size :]


_LONGEST_TEXT: Final = 32 << 20
"""Bytes of a text that is looked through for numbers and words: with more the fuzzer would hang."""

_BYTES: Final[tuple[Callable[[bytes, random.Random, Sequence[bytes]], bytes], ...]] = (
    _flipped, _cut, _hole, _twice, _spliced, _written_over, _written_over,
)  # fmt: skip


def _text(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    """Numbers, quoted words and lines of a text exchanged; its encoding; elements within others."""
    if len(data) > _LONGEST_TEXT:
        return chance.choice(_BYTES)(data, chance, others)
    text = data.decode("utf-8", "surrogateescape")
    way = chance.randrange(9)
    if way < 3:
        text = _replaced(text, chance, _NUMBER, lambda: str(chance.choice(NUMBERS)))
    elif way == 3:
        text = _replaced(text, chance, _QUOTED, lambda: f'"{chance.choice(TEXTS)}"')
    elif way < 6:
        text = _lines(text, chance)
    elif way == 6:
        text = _elements(text, chance)
    elif way == 7:
        at = chance.randrange(len(text) + 1)
        text = text[:at] + chance.choice(TEXTS) + text[at:]
    else:
        encoding = chance.choice(("utf-16", "utf-8-sig", "latin-1", "utf-32", "cp037"))
        return text.encode(encoding, "replace")
    made = text.encode("utf-8", "surrogatepass" if "\ud800" in text else "surrogateescape")
    if chance.random() < 0.1:
        return chance.choice(_BYTES)(made, chance, others)
    return made


def _replaced(
    text: str, chance: random.Random, pattern: re.Pattern[str], made: Callable[[], str]
) -> str:
    found = list(pattern.finditer(text))
    for match in sorted(
        chance.sample(found, min(len(found), chance.choice((1, 1, 3)))),
        key=lambda one: -one.start(),
    ):
        text = text[: match.start()] + made() + text[match.end() :]
    return text


def _lines(text: str, chance: random.Random) -> str:
    lines = text.splitlines(keepends=True) or [""]
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    way = chance.randrange(5)
    if way == 0:
        del lines[one]
    elif way == 1:
        lines[one], lines[other] = lines[other], lines[one]
    elif way == 2:
        lines[one:one] = [lines[other]] * chance.choice((1, 3, 2000))
    elif way == 3:
        lines[one] = lines[one].replace(chance.choice(' ,:;\t"'), chance.choice(TEXTS), 1)
    else:
        lines[one] = " " * chance.choice((1, 4, 200)) + lines[one]
    return "".join(lines)


def _elements(text: str, chance: random.Random) -> str:
    """A part of a text in itself, many times: elements of XML, brackets of other languages."""
    opened, closed = chance.choice((("<a>", "</a>"), ("[", "]"), ("{", "}"), ("(", ")")))
    names = re.findall(r"<([A-Za-z][\w-]*)[ />]", text)
    if names and chance.random() < 0.7:
        name = chance.choice(names)
        opened, closed = f"<{name}>", f"</{name}>"
    depth, at = chance.choice(_DEEP), chance.randrange(len(text) + 1)
    end = text.find(">", at) + 1 if opened.startswith("<") else at
    rest = text[end:]
    return text[:end] + opened * depth + closed * depth * chance.choice((0, 1)) + rest


def hostile_json(value: Any, chance: random.Random) -> Any:
    """One place of a JSON value with something else in it."""
    places = list(_places(value))
    if not places:
        return chance.choice((None, [], {}, "x", *NUMBERS))
    holder, key = chance.choice(places)
    way = chance.randrange(8)
    if way == 0:
        del holder[key]
    elif way == 1:
        other, name = chance.choice(places)
        # Whatever holds itself ends json.dumps, and cannot be in a file.
        held = (
            json.loads(json.dumps(other[name])) if name in other or isinstance(other, list) else 0
        )
        holder[key] = held
    elif way == 2 and isinstance(holder, list):
        holder[key:key] = [holder[key]] * chance.choice((1, 3, 3000))
    elif way == 3:
        if isinstance(holder, dict):
            holder[chance.choice(TEXTS)] = holder.pop(key)
        else:
            chance.shuffle(holder)
    elif way == 4 and isinstance(holder[key], (int, float)):
        holder[key] = holder[key] * chance.choice((-1, 1000, 1e9)) + chance.choice((0, 1, 0.5))
    else:
        holder[key] = chance.choice((chance.choice(NUMBERS), chance.choice(TEXTS), None, [], {},
                                     True, [[]], [holder[key]], {"a": holder[key]}))  # fmt: skip
    return value


def _places(value: Any) -> Any:
    """Every place in a value: what holds it, and its key or number there."""
    waiting = [value]
    while waiting:
        holder = waiting.pop()
        if isinstance(holder, dict):
            keys: Any = list(holder)
        elif isinstance(holder, list):
            # Of long lists of numbers, the ends.
            keys = [*range(min(len(holder), 20)), *range(max(20, len(holder) - 3), len(holder))]
        else:
            continue
        for key in keys:
            yield holder, key
            waiting.append(holder[key])


def _dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


def _archive(data: bytes, chance: random.Random, bombs: bool) -> bytes:
    """A member changed, renamed, left out, doubled, or packed so that it unpacks to far more."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(one.file_size for one in archive.infolist()) > _UNPACKED:
                return chance.choice(_BYTES)(data, chance, ())
            members = [(one, archive.read(one)) for one in archive.infolist()]
    except (ValueError, OSError, EOFError, NotImplementedError, RuntimeError, zipfile.BadZipFile,
            zipfile.LargeZipFile, struct.error, zlib.error):  # fmt: skip
        return chance.choice(_BYTES)(data, chance, ())
    if not members:
        return chance.choice(_BYTES)(data, chance, ())
    chosen = chance.randrange(len(members))
    documents = [i for i, (one, _) in enumerate(members) if one.filename.endswith(".json")]
    if documents and chance.random() < 0.5:
        chosen = documents[0]
    info, content = members[chosen]
    way = chance.randrange(10)
    name, packing = info.filename, info.compress_type
    if way < 6:
        content = _once(content, chance, (), bombs)
    elif way == 6:
        name = chance.choice(("../" + name, "/" + name, name + "\0", "", name.upper(), "x" * 300))
    elif way == 7:
        packing = zipfile.ZIP_STORED + zipfile.ZIP_DEFLATED - packing if packing in (0, 8) else 0
    elif way == 8 and bombs and chance.random() < 0.1:
        return _bomb(members, chosen)
    else:
        content = content * chance.choice((0, 2))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number, (one, kept) in enumerate(members):
            if number == chosen and way == 9 and chance.random() < 0.5:
                continue
            made = zipfile.ZipInfo(name if number == chosen else one.filename)
            made.compress_type = packing if number == chosen else one.compress_type
            archive.writestr(made, content if number == chosen else kept)
    whole = bytearray(file.getvalue())
    if chance.random() < 0.2:
        # Sizes of the directory, which need not be those of the members.
        at = whole.rfind(b"PK\1\2") + chance.choice((10, 16, 20, 24, 42))
        if at > 60:
            number = chance.choice((0, 1, 2**31 - 1, 2**32 - 1))
            whole[at : at + 4] = struct.pack("<I", number)
    return bytes(whole)


def _bomb(members: list[tuple[zipfile.ZipInfo, bytes]], chosen: int) -> bytes:
    """An archive with a member that goes on for more than memory has, and is small."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number, (one, content) in enumerate(members):
            stored = _endless(content) if number == chosen else content
            archive.writestr(one.filename, stored, zipfile.ZIP_STORED)
        info = archive.infolist()[chosen]
        # Its checksum is wrong: who finds that has unpacked it.
        info.compress_type, info.file_size = zipfile.ZIP_DEFLATED, _BOMB
        start, packed = info.header_offset, info.compress_size
    whole = bytearray(file.getvalue())
    whole[start + 8 : start + 10] = struct.pack("<H", zipfile.ZIP_DEFLATED)
    whole[start + 18 : start + 26] = struct.pack("<II", packed, _BOMB)
    return bytes(whole)


def _endless(content: bytes) -> bytes:
    """A deflated stream of what a member holds, and blanks after it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = packer.compress(content) + packer.flush(zlib.Z_FULL_FLUSH)
    piece = packer.compress(b" " * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + piece * (_BOMB >> 20) + packer.flush()


def _npy(data: bytes, chance: random.Random) -> bytes:
    """An array whose header says something else, or that holds other numbers."""
    start = 10 + int.from_bytes(data[8:10], "little")
    header, content = data[10:start].decode("latin-1"), data[start:]
    way = chance.randrange(6)
    if way == 0:
        header = re.sub(r"\([\d, ]*\)", chance.choice(_SHAPES), header)
    elif way == 1:
        header = re.sub(r"'[<|>=][^']*'", chance.choice(_TYPES), header)
    elif way == 2:
        header = header.replace("False", chance.choice(("True", "0", "None", "[]")))
    elif way == 3:
        header = chance.choice(("{}", "1", "{'descr': 'O'}", "(" * 3000, "[" * 90 + "]" * 90,
                                "{'shape': __import__('os')}"))  # fmt: skip
    elif way == 4 and len(content) >= 8:
        changed = bytearray(content)
        for _ in range(chance.choice((1, 4))):
            code = chance.choice("fd")
            at = chance.randrange(0, max(1, len(changed) - 7), 4)
            values = (float("nan"), float("inf"), -1.0, 0.0, 3e38)
            packed = struct.pack("<" + code, chance.choice(values))
            changed[at : at + len(packed)] = packed
        return data[:start] + bytes(changed)
    else:
        return data[:start] + chance.choice(_BYTES)(content, chance, ())
    made = header.encode("latin-1")
    return data[:8] + len(made).to_bytes(2, "little") + made + content


_SHAPES: Final = (
    "()", "(0,)", "(1,)", "(-1,)", "(0, 59)", "(2, 0)", "(2147483648,)", "(100000, 100000)",
    "(1, 1, 1, 1, 1)", "(18446744073709551616,)", "(3,) * 9", "(1.5,)", "('a',)", "None",
)  # fmt: skip
_TYPES: Final = (
    "'|O'", "'<f8'", "'<f2'", "'>f4'", "'<c8'", "'<i8'", "'<u8'", "'|b1'", "'<U9'", "'|S3'",
    "'<M8[ns]'", "'|V4'", "[('a', '<f4')]", "'<f16'", "'<U0'", "'|V0'", "'x'",
)  # fmt: skip


def _binary_gltf(data: bytes, chance: random.Random) -> bytes:
    """A glTF whose document was changed, packed anew."""
    length = int.from_bytes(data[12:16], "little")
    try:
        value = json.loads(data[20 : 20 + length])
    except (ValueError, RecursionError):
        return chance.choice(_BYTES)(data, chance, ())
    text = _dumped(hostile_json(value, chance))
    text += b" " * (-len(text) % 4)
    rest = data[20 + length :]
    head = struct.pack("<4sIII4s", b"glTF", 2, 20 + len(text) + len(rest), len(text), b"JSON")
    return head + text + rest


def _header_length(data: bytes) -> int:
    """Bytes of the JSON that safetensors begin with; 0 where there is none."""
    length = int.from_bytes(data[:8], "little") if len(data) > 8 else 0
    return length if 2 <= length <= len(data) - 8 and data[8:9] == b"{" else 0


def _safetensors(data: bytes, chance: random.Random) -> bytes:
    length = _header_length(data)
    try:
        value = json.loads(data[8 : 8 + length])
    except (ValueError, RecursionError):
        return chance.choice(_BYTES)(data, chance, ())
    text = _dumped(hostile_json(value, chance))
    return len(text).to_bytes(8, "little") + text + data[8 + length :]
