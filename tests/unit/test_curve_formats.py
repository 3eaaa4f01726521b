"""Curve formats: which there are, what each can do, and those of other people."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, ClassVar

import numpy as np
import pytest

import mien
from mien import plugins
from mien.errors import InputError, UsageError, WriteError
from mien.io.curves import (
    curve_format_problems,
    curve_formats,
    format_for,
    read_curve_file,
    registry,
    write_curve_file,
)
from mien.io.curves.collect import shot_curves
from mien.model.curve_file import CurveFile, FaceCurves
from tests.documents import make_shot
from tests.plugins import lay_out
from tests.plugins.curve_formats import EXAMPLE, GROUP, install_bad, install_example


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test registers or installs is gone with it."""
    monkeypatch.setattr(registry, "_registered", {})
    before = set(sys.modules)
    plugins.reset()
    yield
    plugins.reset()
    for name in set(sys.modules) - before:
        if name.startswith(("csvx_", "bad_")):
            del sys.modules[name]


def curves(faces: int = 1) -> CurveFile:
    shot = make_shot(24, faces=faces)
    return shot_curves(shot, shot.faces)


class OneWay(mien.CurveFormat):
    api_version = 1
    name = "one way"
    suffixes: ClassVar[tuple[str, ...]] = (".oneway", ".ow")
    faces = "many"

    def write(self, curves: CurveFile, file: IO[bytes]) -> None:
        file.write(b"curves")


class Readable(mien.CurveFormat):
    api_version = 1
    name = "readable"
    suffixes = (".rd",)

    def read(self, file: IO[bytes]) -> CurveFile:
        values = np.frombuffer(file.read(), np.uint8) / 255
        return CurveFile((FaceCurves(1, {"jawOpen": values}, np.ones(len(values), bool)),))


def test_mien_has_formats_of_its_own() -> None:
    own = [(format.suffixes, format.layout) for format in curve_formats()]
    assert own[:2] == [((".npz",), ""), ((".json",), "")]
    assert own[2:4] == [((".csv",), "live-link"), ((".csv",), "plain")]
    endings = {suffix for suffixes, _ in own[4:] for suffix in suffixes}
    assert endings == {".usda", ".usdc", ".usd", ".glb", ".gltf"}
    one_way = [f.name for f in curve_formats() if not (f.can_read and f.can_write)]
    assert one_way == ["glTF text"]
    assert format_for(Path("a b.NPZ"), "read").faces == "one"
    assert not curve_format_problems()


def test_an_unknown_ending_is_refused_and_the_known_ones_listed() -> None:
    with pytest.raises(
        UsageError, match=r"'x\.docx' is no name .* must be \.npz, \.json, .* or \.glb"
    ):
        format_for(Path("x.docx"), "write")


def test_a_registered_format_is_found_by_its_ending(tmp_path: Path) -> None:
    mien.register_curve_format(OneWay())
    write_curve_file(tmp_path / "x.OW", curves(2))
    assert (tmp_path / "x.OW").read_bytes() == b"curves"
    with pytest.raises(UsageError, match=r"\.npz, \.json, \.csv, .*, \.oneway or \.ow"):
        format_for(Path("x.docx"), "write")


def test_what_a_format_cannot_do_is_said(tmp_path: Path) -> None:
    mien.register_curve_format(OneWay())
    mien.register_curve_format(Readable())
    with pytest.raises(UsageError, match="one way files can be written, and not read"):
        read_curve_file(tmp_path / "x.ow")
    with pytest.raises(UsageError, match="readable files can be read, and not written"):
        write_curve_file(tmp_path / "x.rd", curves())
    # Also when a format is used without the registry.
    with pytest.raises(UsageError, match="not read"):
        OneWay().read(io.BytesIO())
    with pytest.raises(UsageError, match="not written"):
        Readable().write(curves(), io.BytesIO())


def test_a_format_with_anothers_ending_is_refused() -> None:
    class Thief(OneWay):
        name = "thief"
        suffixes: ClassVar[tuple[str, ...]] = (".json",)

    with pytest.raises(UsageError, match=r"\.json is that of another curve format, JSON"):
        mien.register_curve_format(Thief())
    before = len(curve_formats())
    mien.register_curve_format(OneWay())
    mien.register_curve_format(OneWay())  # a cell of a notebook that is run again
    assert len(curve_formats()) == before + 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "has no name"),
        ({"suffixes": ".ow"}, "no tuple"),
        ({"suffixes": ("ow",)}, "'ow' does not begin with a dot"),
        ({"suffixes": (".OW",)}, "small letters"),
        ({"faces": "some"}, "'some' faces"),
        ({"api_version": 2}, "made for api_version 2"),
        ({"write": mien.CurveFormat.write}, "neither read nor write"),
    ],
)
def test_a_format_that_is_not_whole_is_refused(changes: dict[str, object], said: str) -> None:
    wrong = type("Wrong", (OneWay,), changes)()
    with pytest.raises(UsageError, match=said):
        mien.register_curve_format(wrong)
    with pytest.raises(UsageError):
        mien.register_curve_format(OneWay)  # type: ignore[arg-type]


def test_a_format_that_fails_harms_no_file(tmp_path: Path) -> None:
    class Failing(OneWay):
        def write(self, curves: CurveFile, file: IO[bytes]) -> None:
            file.write(b"half")
            raise ZeroDivisionError("no rate")

        def read(self, file: IO[bytes]) -> CurveFile:
            raise KeyError("rate")

    mien.register_curve_format(Failing())
    path = tmp_path / "x.ow"
    path.write_bytes(b"mine")
    with pytest.raises(WriteError, match="as one way: ZeroDivisionError: no rate"):
        write_curve_file(path, curves())
    assert path.read_bytes() == b"mine"
    with pytest.raises(InputError, match=r"x\.ow cannot be read as one way: it has no 'rate'"):
        read_curve_file(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.ow"]


def test_missing_files_and_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no file"):
        read_curve_file(tmp_path / "none.npz")
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        read_curve_file(tmp_path / "folder.json")


def test_a_package_of_somebody_else_writes_and_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(install_example(tmp_path / "site"))
    plugins.reset()
    assert [format.name for format in curve_formats()][-1] == "CSV with a rate"
    given = curves()
    write_curve_file(tmp_path / "x.csvx", given)
    back = read_curve_file(tmp_path / "x.csvx")
    assert back.name == "x.csvx"
    assert back.clock == given.clock
    np.testing.assert_allclose(
        back.face().controls["jawOpen"], given.face().controls["jawOpen"], atol=1e-6
    )


def test_bad_packages_are_named_and_the_good_one_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = install_bad(install_example(tmp_path / "site"))
    monkeypatch.syspath_prepend(folder)
    plugins.reset()
    problems = curve_format_problems()
    assert set(problems) == {"bad_import", "bad_shape", "bad_version", "bad_suffix"}
    assert "a_package_that_nobody_has" in problems["bad_import"]
    assert "it is no CurveFormat" in problems["bad_shape"]
    assert "api_version 99" in problems["bad_version"]
    assert "its ending .npz is another format's" in problems["bad_suffix"]
    assert format_for(Path("x.npz"), "read") is curve_formats()[0]
    write_curve_file(tmp_path / "x.csvx", curves())
    assert len(read_curve_file(tmp_path / "x.csvx").face()) == 24
    with pytest.raises(UsageError, match=r"The plug-in 'bad_version' is left out: .* 99"):
        format_for(Path("x.fut"), "read")
    (tmp_path / "x.lie").write_bytes(b"")
    with pytest.raises(InputError, match=r"x\.lie cannot be read as liar: .*dict is no CurveFile"):
        read_curve_file(tmp_path / "x.lie")


def test_two_packages_with_one_ending_are_both_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = install_example(tmp_path / "site")
    points = {GROUP: {"other": "csvx_other:CsvxFormat"}}
    lay_out(folder, "other-curves", points, {"csvx_other": EXAMPLE.read_text()})
    monkeypatch.syspath_prepend(folder)
    plugins.reset()
    with pytest.raises(UsageError, match=r"csvx and other both take the ending \.csvx"):
        format_for(Path("x.csvx"), "read")


def test_known_endings_import_no_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(install_example(tmp_path / "site"))
    monkeypatch.delitem(sys.modules, "csvx_curves", raising=False)
    plugins.reset()
    format_for(Path("x.npz"), "read")
    assert "csvx_curves" not in sys.modules
    format_for(Path("x.csvx"), "read")
    assert "csvx_curves" in sys.modules


def test_curves_without_what_a_format_holds_are_refused(tmp_path: Path) -> None:
    bare = CurveFile((FaceCurves(1, {"jawOpen": np.zeros(3)}, np.ones(3, bool)),))
    for name in ("x.npz", "x.json"):
        with pytest.raises(UsageError, match="Write it from a tracked shot"):
            write_curve_file(tmp_path / name, bare)
        assert not (tmp_path / name).exists()


def test_arrays_of_other_lengths_are_no_curves() -> None:
    with pytest.raises(ValueError, match=r"jawOpen is \(2,\), not \(3,\)"):
        FaceCurves(1, {"jawOpen": np.zeros(2)}, np.ones(3, bool))
    with pytest.raises(ValueError, match="bool"):
        FaceCurves(1, {}, np.ones(3))  # type: ignore[arg-type]
    faces = [FaceCurves(n, {}, np.ones(n, bool)) for n in (1, 2)]
    with pytest.raises(ValueError, match="1, 2 frames"):
        CurveFile(tuple(faces))
