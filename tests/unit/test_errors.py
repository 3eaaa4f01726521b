"""The error tree: as it is drawn, as Python's own errors, and across processes."""

from __future__ import annotations

import asyncio
import copy
import inspect
import pickle
import re
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

import mien
from mien import errors
from mien.errors import MienError
from mien.jobs.executor import task_failure
from tests.documents import make_document, make_shot

CLASSES: list[type[MienError]] = [
    value
    for value in (getattr(errors, name) for name in errors.__all__)
    if inspect.isclass(value) and issubclass(value, MienError)
]


def drawn() -> dict[str, tuple[str, str | None, int | None]]:
    """By name: parent, base among Python's errors, and exit code, as the docstring draws them."""
    lines = re.findall(
        r"^    ([│├└─ ]*)(\w+Error)(?: \((\w+)\))? +(?:exit code )?(\d)?",
        errors.__doc__ or "",
        re.M,
    )
    path: list[str] = []
    tree = {}
    for branch, name, base, code in lines:
        path = [*path[: len(branch) // 4], name]
        parent = path[-2] if len(path) > 1 else "Exception"
        tree[name] = (parent, base or None, int(code) if code else None)
    return tree


def test_the_tree_is_drawn_as_it_is() -> None:
    tree = drawn()
    assert set(tree) == {kind.__name__ for kind in CLASSES}
    for kind in CLASSES:
        parent, base, code = tree[kind.__name__]
        bases = [one.__name__ for one in kind.__bases__]
        assert bases == [parent] if base is None else bases == [parent, base]
        assert code in (None, kind.exit_code)


def test_every_class_is_listed_and_in_mien() -> None:
    defined = {
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, MienError)
    }
    assert defined == {kind.__name__ for kind in CLASSES}
    assert all(getattr(mien, kind.__name__) is kind for kind in CLASSES)


def test_codes_are_unique_words() -> None:
    codes = [kind.code for kind in CLASSES]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in codes)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_an_error_crosses_processes_whole(kind: type[MienError]) -> None:
    error = kind("It is gone.", "Look for it.")
    error.path, error.frame, error.choices = Path("a.mov"), 7, ("b", "c")
    error.add_note("seen")
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(other) is kind
        assert vars(other) == vars(error)
        assert str(other) == "It is gone. Look for it."
        assert repr(other) == f"{kind.__name__}('It is gone. Look for it.')"


def _fail(kind: type[MienError]) -> None:
    raise kind("It failed.", "Try again.", path=Path("x.mov"), frame=3)


def test_an_error_comes_back_from_a_process() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        error = pool.submit(_fail, errors.MediaError).exception()
    assert isinstance(error, errors.MediaError)
    assert (error.path, error.frame, error.filename) == (Path("x.mov"), 3, "x.mov")


def test_the_fields_of_a_device_that_is_full() -> None:
    error = pickle.loads(pickle.dumps(errors.DeviceMemoryError("Full.", frames=8)))
    assert error.frames == 8


class TestPythonsOwnErrors:
    def test_a_wrong_value(self) -> None:
        with pytest.raises(ValueError, match="sideways") as caught:
            mien.Edit(make_shot().faces[0]).key("jawOpen", 0, 1, mode="sideways")  # type: ignore[arg-type]
        assert caught.value.choices == ("add", "replace", "scale", "smooth")  # type: ignore[attr-defined]

    def test_a_name_that_is_not_there_reads_as_a_sentence(self) -> None:
        controls = make_shot().faces[0].curves.controls
        with pytest.raises(KeyError) as caught:
            controls["jawOpn"]
        assert str(caught.value) == "There is no control named 'jawOpn'. Did you mean 'jawOpen'?"
        assert caught.value.choices == ("jawOpen",)  # type: ignore[attr-defined]
        assert "jawOpn" not in controls
        assert "jawOpen" in controls
        assert controls.get("jawOpn") is None

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        path = tmp_path / "none.mov"
        with pytest.raises(OSError, match="There is no file") as caught:
            mien.open_shot(path)
        assert caught.value.filename == str(path)
        assert caught.value.path == path  # type: ignore[attr-defined]


class TestFields:
    def test_a_face_that_is_not_there(self) -> None:
        with pytest.raises(mien.NoFaceError) as caught:
            make_shot(faces=2).face(7)
        assert caught.value.choices == ("1", "2")

    def test_a_shot_that_is_not_there(self) -> None:
        with pytest.raises(mien.UsageError) as caught:
            make_document(2).choose("three", "film.mien")
        assert caught.value.choices == ("one", "two")

    def test_a_key_outside_the_shot(self) -> None:
        with pytest.raises(mien.TimeError) as caught:
            mien.Edit(make_shot(48).faces[0]).key("jawOpen", 48, 1)
        assert caught.value.frame == 48

    def test_a_project_that_is_none(self, tmp_path: Path) -> None:
        path = tmp_path / "a.mien"
        path.write_text("nothing of the kind")
        with pytest.raises(mien.ProjectError) as caught:
            mien.load_document(path)
        assert caught.value.path == path


def test_what_may_help_to_do_anew_is_said_by_the_class() -> None:
    again = {kind.__name__ for kind in CLASSES if kind.retryable}
    assert again == {
        "MienError", "InputError", "MediaError", "FetchError", "RenderError", "WriteError",
        "WorkerError", "DeviceMemoryError", "OperationCancelledError",
    }  # fmt: skip
    assert task_failure(mien.WriteError("The disk is full.")).retryable
    assert not task_failure(mien.UnknownControlError("There is none.")).retryable
    assert task_failure(ZeroDivisionError()).retryable


def test_memory_that_ran_out_is_told_as_what_it_is() -> None:
    device = task_failure(mien.DeviceMemoryError("The device is full."))
    assert device.cause == "The device is full."
    assert task_failure(MemoryError()).cause == "There is not enough memory for this."


@pytest.mark.parametrize("old", ["CancelledError", "MissingPartError"])
def test_names_of_an_earlier_release_warn(old: str) -> None:
    with pytest.warns(DeprecationWarning, match=old):
        kind = getattr(errors, old)
    assert kind in (mien.OperationCancelledError, mien.MissingDependencyError)


def test_no_error_has_the_name_of_another_library() -> None:
    taken = {*dir(asyncio), *dir(__builtins__)}
    assert not taken & {kind.__name__ for kind in CLASSES}
