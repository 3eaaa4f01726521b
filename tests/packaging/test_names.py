"""The naming rule of CONTRIBUTING, as far as a machine can hold it."""

from __future__ import annotations

import ast
import inspect
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from types import ModuleType

import pytest

import mien
from mien import api, errors, progress, timebase, worker_messages
from mien.model import (
    assignments,
    controls,
    curves,
    document,
    edits,
    evaluate,
    face,
    interpolate,
    joined,
    marker,
    media,
    presets,
    sampled,
    settings,
    shot,
)

SDK = Path(mien.__file__).parent
STANDALONE = Path("serve/client.py")  # copied into hosts, where it names its own


def listed(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\S+", text))


PRIVATE_WORDS = listed("""
    told asked found place places share shares there look looks knows thing things wish wishes
    saying aside innocent
""")
"""Words that say nothing of the field: report, edited, the noun, path or index, weight or
fraction, exists, scan, is_scanned, ... do."""
# ARKit's controls are called eyeLook, and so is what eyes are asked; "in place" is what numpy and
# torch call it.
TERMS = listed("looks_to_degrees degrees_to_looks FULL_LOOK look_at_lens compile_in_place")
MODULES = (
    api, errors, progress, timebase, worker_messages, assignments, controls, curves, document,
    edits, evaluate, face, interpolate, joined, marker, media, presets, sampled, settings, shot,
)  # fmt: skip


def words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)}


def public_names(tree: ast.Module) -> Iterator[str]:
    """Public classes, functions, constants, fields, methods and parameters of a module."""

    def walk(body: list[ast.stmt], within: str) -> Iterator[str]:
        for node in body:
            targets: list[ast.expr] = []
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield within + node.name
                yield from walk(node.body, f"{node.name}.")
            elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                yield within + node.name
                arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                yield from (f"{within}{node.name}({argument.arg}" for argument in arguments)
            elif isinstance(node, ast.AnnAssign):
                targets = [node.target]
            elif isinstance(node, ast.Assign):
                targets = node.targets
            for target in targets:
                if isinstance(target, ast.Name) and not target.id.startswith("_"):
                    yield within + target.id

    return walk(tree.body, "")


@pytest.fixture(scope="module")
def trees() -> dict[Path, ast.Module]:
    """Every module of the package, by its path."""
    return {path.relative_to(SDK): ast.parse(path.read_text()) for path in SDK.rglob("*.py")}


def test_no_two_public_classes_have_one_name(trees: dict[Path, ast.Module]) -> None:
    assert len(trees) > 200
    homes = defaultdict(list)
    for path, tree in trees.items():
        for node in tree.body if path != STANDALONE else []:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(str(path))
    assert {name: paths for name, paths in homes.items() if len(paths) > 1} == {}


def test_no_new_public_name_is_a_private_word(trees: dict[Path, ast.Module]) -> None:
    private = []
    for path, tree in trees.items():
        for name in public_names(tree):
            last = re.split(r"[.(]", name)[-1]
            if last not in TERMS and words(last) & PRIVATE_WORDS:
                private.append(f"{path}: {name}")
    assert private == []


CLAUSES = listed("What Where How Which Who Whom When Why")
NOT_VERBS = CLAUSES | listed("""
    Whether The A An This That These Those One Every All Everything Each It Its
""")
ENDING_IN_S = listed("Pass Press Process Address Focus Express Access")


def documented(owner: object) -> Iterator[tuple[str, str, bool]]:
    """Name, docstring and whether it is called, of what is public in a class or module."""
    for name, member in vars(owner).items():
        if name.startswith("_"):
            continue
        if isinstance(member, (classmethod, staticmethod)):
            member = member.__func__
        if isinstance(member, (property, cached_property)):
            yield name, member.__doc__ or "", False
        elif inspect.isfunction(member):
            yield name, member.__doc__ or "", True


def subjects() -> dict[str, tuple[str, bool]]:
    """By full name the docstring of what is public, and whether it is called."""
    result: dict[str, tuple[str, bool]] = {}
    values = [getattr(mien, name) for name in mien.__all__]
    for module in MODULES:
        values += [getattr(module, name) for name in public(module)]
    for value in values:
        if not isinstance(getattr(value, "__module__", None), str):
            continue
        if inspect.isfunction(value):
            result[f"{value.__module__}.{value.__name__}"] = (value.__doc__ or "", True)
        elif inspect.isclass(value) and value.__module__.startswith("mien."):
            where = f"{value.__module__}.{value.__name__}"
            result[where] = (value.__doc__ or "", False)
            for name, text, called in documented(value):
                result[f"{where}.{name}"] = (text, called)
    return result


def public(module: ModuleType) -> list[str]:
    names: list[str] = module.__all__
    return names


def test_a_first_line_has_a_verb_or_a_noun() -> None:
    """Functions: a verb, as in "Return ..."; classes and properties: a noun phrase."""
    named = subjects()
    assert len(named) > 300
    odd = {}
    for name, (text, called) in named.items():
        first = text.partition("\n")[0]
        word = first.partition(" ")[0].rstrip(".,:;")
        right = first.endswith(".") and word not in CLAUSES
        if called:
            right &= word.isalpha() and word[0].isupper() and word not in NOT_VERBS
            right &= not word.endswith("s") or word in ENDING_IN_S
        if not right:
            odd[name] = first
    assert odd == {}
