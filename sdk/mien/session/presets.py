"""Expressions that the user keeps: named weights of controls, in a file of their own.

    {"schema": "mien-expressions", "version": 1,
     "expressions": [{"name": "half smile", "weights": {"mouthSmileLeft": 0.4}}]}

The file is written aside and renamed, and read again before each change, so that two windows
do not lose each other's. One that cannot be read, as when a newer mien wrote it, is put aside
under another name before the first change, never written over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mien.errors import InputError, OutputError, UsageError
from mien.io.files import check_file, written_whole
from mien.media.atomic_write import reason
from mien.media.lock import Held, Lock
from mien.model.controls import INDEX, nearest
from mien.model.presets import PRESETS

__all__ = ["Expression", "UserExpressions"]

_LARGEST = 8 << 20


@dataclass(frozen=True, slots=True)
class Expression:
    """A named mixture of controls that a user kept.

    Attributes:
        name: The name, unique whatever its case, and not that of a built-in expression.
        weights: Control name (sided) to weight.
    """

    name: str
    weights: tuple[tuple[str, float], ...]

    def __post_init__(self) -> None:
        if not self.name.strip() or self.name != self.name.strip():
            raise UsageError("An expression needs a name.", "Write one.")
        if self.name.casefold() in (name.casefold() for name in PRESETS):
            raise UsageError(
                f"{self.name} is the name of a built-in expression.", "Choose another name."
            )
        if not self.weights:
            raise UsageError(
                f"The expression {self.name} has no control.", "Move one before you keep it."
            )
        for control, _ in self.weights:
            if control not in INDEX:
                guess = nearest(control, tuple(INDEX))
                raise UsageError(
                    f"The expression {self.name} names {control}, which is no control.",
                    f"Did you mean '{guess}'?" if guess else "",
                )

    @classmethod
    def of(cls, name: str, weights: Mapping[str, float]) -> Expression:
        """An expression of weights by control; those of nothing are left out."""
        return cls(name.strip(), tuple((c, float(w)) for c, w in weights.items() if w))


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: Annotated[str, Field(min_length=1, max_length=200)]
    weights: dict[str, float]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    schema_name: Annotated[Literal["mien-expressions"], Field(alias="schema")] = "mien-expressions"
    version: Literal[1] = 1
    expressions: tuple[_Kept, ...]


class UserExpressions:
    """The expressions that the user keeps, in the order in which they were added.

    Args:
        path: Their file; None for the one in the user's configuration folder.

    Attributes:
        path: Their file.
        notice: What is to be told of the file, as that it cannot be read; empty for nothing.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or platformdirs.user_config_path("mien") / "expressions.json"
        self.notice = ""

    def all(self) -> tuple[Expression, ...]:
        """The expressions as they are in the file now; none when it is not there, or broken."""
        try:
            return _read(self.path)
        except FileNotFoundError:
            return ()
        except InputError as error:
            self.notice = error.cause
            return ()

    def add(self, name: str, weights: Mapping[str, float]) -> Expression:
        """Keep an expression; one of the same name is replaced.

        Args:
            name: The name.
            weights: Sided control name to weight.

        Raises:
            UsageError: When the name is empty or built in, there is no weight, or a control
                is none.
            OutputError: When the file cannot be written.
        """
        made = Expression.of(name, weights)
        with _Change(self) as kept:
            kept[made.name.casefold()] = made
        return made

    def rename(self, name: str, new: str) -> Expression:
        """Give an expression another name.

        Raises:
            UsageError: When there is none of that name, or the new one is taken.
            OutputError: When the file cannot be written.
        """
        with _Change(self) as kept:
            old = _existing(kept, name)
            made = Expression(new.strip(), old.weights)
            if made.name.casefold() in kept and made.name.casefold() != name.casefold():
                raise UsageError(f"There is an expression {made.name} already.", "Choose another.")
            renamed = [made if found is old else found for found in kept.values()]
            kept.clear()
            kept.update((found.name.casefold(), found) for found in renamed)
        return made

    def remove(self, name: str) -> None:
        """Forget an expression.

        Raises:
            UsageError: When there is none of that name.
            OutputError: When the file cannot be written.
        """
        with _Change(self) as kept:
            del kept[_existing(kept, name).name.casefold()]

    def export_to(self, path: Path, *, overwrite: bool = False) -> None:
        """Write the expressions to a file that others can import.

        Raises:
            OutputError: When it cannot be put there.
        """
        check_file(path, overwrite=overwrite)
        _write(path, self.all())

    def import_from(self, path: Path) -> tuple[Expression, ...]:
        """Add the expressions of a file; those whose names are taken are numbered.

        Raises:
            InputError: When it cannot be read, or holds something else.
            OutputError: When the user's own file cannot be written.
        """
        try:
            found = _read(path)
        except FileNotFoundError as error:
            raise InputError(f"There is no file {path}.", "Check the name.", path=path) from error
        added = []
        with _Change(self) as kept:
            for expression in found:
                name, number = expression.name, 2
                while name.casefold() in kept and kept[name.casefold()] != expression:
                    name, number = f"{expression.name} {number}", number + 1
                kept[name.casefold()] = Expression(name, expression.weights)
                added.append(kept[name.casefold()])
        return tuple(added)


class _Change:
    """Expressions by their folded names, read under a lock and written back when all went well."""

    def __init__(self, store: UserExpressions) -> None:
        self._store = store

    def __enter__(self) -> dict[str, Expression]:
        path = self._store.path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = Lock(path.with_name(f".{path.name}.lock"))
        except Held as error:
            raise OutputError(
                "The expressions are being changed by another window.", "Try again."
            ) from error
        except OSError as error:
            raise OutputError(
                f"{path.parent} cannot be written to: {reason(error)}.",
                "Make room there, or check its permissions.",
                path=path.parent,
            ) from error
        try:
            found = self._read()
        except BaseException:
            self._lock.release()
            raise
        self._kept = {one.name.casefold(): one for one in found}
        return self._kept

    def _read(self) -> tuple[Expression, ...]:
        path = self._store.path
        try:
            return _read(path)
        except FileNotFoundError:
            return ()
        except InputError as error:
            number = 1
            while (aside := path.with_name(f"{path.stem}.unread-{number}.json")).exists():
                number += 1
            try:
                path.rename(aside)
            except OSError:
                raise error from None
            self._store.notice = f"{error.cause} It was put aside as {aside.name}."
            return ()

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        try:
            if kind is None:
                _write(self._store.path, tuple(self._kept.values()))
        finally:
            self._lock.release()


def _existing(kept: Mapping[str, Expression], name: str) -> Expression:
    try:
        return kept[name.casefold()]
    except KeyError:
        raise UsageError(f"There is no expression {name} of yours.", "Check the name.") from None


def _write(path: Path, expressions: tuple[Expression, ...]) -> None:
    parts = tuple(_Kept(name=one.name, weights=dict(one.weights)) for one in expressions)
    with written_whole(path) as file:
        file.write(_File(expressions=parts).model_dump_json(indent=1, by_alias=True).encode())


def _free(name: str, taken: set[str]) -> str:
    """A kept name, numbered where it became the name of a feeling after it was kept."""
    folded, number = name.strip().casefold(), 2
    if folded not in PRESETS or PRESETS[folded].kind != "feeling":
        return name
    while f"{folded} {number}" in taken:
        number += 1
    taken.add(f"{folded} {number}")
    return f"{name.strip()} {number}"


def _read(path: Path) -> tuple[Expression, ...]:
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError("it is too large")
        parts = _File.model_validate_json(path.read_bytes()).expressions
        taken = {part.name.casefold() for part in parts}
        made = tuple(Expression.of(_free(part.name, taken), part.weights) for part in parts)
    except FileNotFoundError:
        raise
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InputError(
            f"{path} holds no expressions ({field or 'JSON'}: {first['msg']}).",
            "Export them again.",
            path=path,
        ) from error
    except (OSError, ValueError, UsageError) as error:
        raise InputError(
            f"{path} holds no expressions ({error}).", "Export them again.", path=path
        ) from error
    if len({one.name.casefold() for one in made}) != len(made):
        raise InputError(
            f"{path} holds two expressions of one name.", "Export them again.", path=path
        )
    return made
