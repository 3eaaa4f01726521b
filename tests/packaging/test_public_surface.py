"""What `mien` offers: all that its signatures name, the same to Python and to type checkers."""

from __future__ import annotations

import ast
import importlib
import inspect
import typing
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import mien
from mien import api

TREE = ast.parse(Path(mien.__file__).read_text())
PUBLIC = {name: getattr(mien, name) for name in mien.__all__}
# Names that modules import for type checkers alone.
KNOWN = PUBLIC | {"Iterable": Iterable, "Path": Path, "DataFrame": object}
# Readers and `from_rgb` make plates; nobody else needs to name how their pixels lie.
NOT_CONSTRUCTED = {"Plate"}


def for_type_checkers() -> dict[str, str]:
    """The imports that only type checkers see: public name to module."""
    block = next(
        node for node in TREE.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )  # fmt: skip
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    assert len(imports) == len(block.body)
    assert all(alias.asname == alias.name for node in imports for alias in node.names)
    return {alias.name: node.module or "" for node in imports for alias in node.names}


def test_type_checkers_see_what_python_sees() -> None:
    rooms = dict.fromkeys(mien._ROOMS, "mien")
    assert for_type_checkers() == mien._HOMES | rooms


def test_everything_is_there_and_listed() -> None:
    for name, module in mien._HOMES.items():
        assert getattr(importlib.import_module(module), name) is PUBLIC[name]
    for name in mien._ROOMS:
        assert getattr(mien, name) is importlib.import_module(f"mien.{name}")
    assert {*mien.__all__, *mien._ROOMS} == set(dir(mien))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = mien.nothing


def test_the_verbs_are_all_there() -> None:
    assert set(api.__all__) <= set(mien.__all__)


def test_names_of_an_earlier_release_warn() -> None:
    for old, new in mien._RENAMED.items():
        with pytest.warns(DeprecationWarning, match=new):
            assert getattr(mien, old) is PUBLIC[new]


def signatures(value: object) -> Iterator[tuple[str, object]]:
    """Everything public that has annotations: a function, or a class with its methods."""
    if inspect.isfunction(value):
        yield value.__name__, value
    if inspect.isclass(value):
        yield value.__name__, value
        for name, member in vars(value).items():
            if isinstance(member, (classmethod, staticmethod)):
                member = member.__func__
            if isinstance(member, property):
                member = member.fget
            public = not name.startswith("_")
            public |= name == "__init__" and value.__name__ not in NOT_CONSTRUCTED
            if inspect.isfunction(member) and public:
                yield f"{value.__name__}.{name}", member


def classes(hint: object) -> Iterator[type]:
    """The classes of mien in an annotation."""
    if inspect.isclass(hint) and hint.__module__.startswith("mien."):
        yield hint
    for part in typing.get_args(hint):
        yield from classes(part)
    if isinstance(hint, list):  # the arguments of a Callable
        for part in hint:
            yield from classes(part)


def test_what_a_signature_names_is_in_mien() -> None:
    missing = []
    for public in PUBLIC.values():
        for where, value in signatures(public):
            for hint in typing.get_type_hints(value, localns=KNOWN).values():
                for kind in classes(hint):
                    if kind not in PUBLIC.values():
                        missing.append(f"{where} needs {kind.__module__}.{kind.__name__}")
    assert missing == []


def test_a_matte_is_asked_for_as_a_render_is() -> None:
    """Both are written out, for editors and documentation; they must not drift apart."""
    render, matte = (
        inspect.signature(verb).parameters for verb in (mien.render, mien.render_matte)
    )
    # A matte has no sound, no credentials and no watermark.
    own = ("matte", "audio", "provenance", "watermark")
    common = [p for name, p in render.items() if name not in own]
    assert common == list(matte.values())
