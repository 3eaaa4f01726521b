"""How well an export is encoded, chosen in its dialog."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QPushButton, QWidget

from mien.errors import UsageError
from mien.model.quality import Quality
from mien.session.session import Session
from mien_desktop.jobs.export import ExportDialog
from mien_desktop.jobs.presets import PRESETS
from mien_desktop.jobs.quality_form import QualityForm
from mien_desktop.jobs.queue import JobQueue
from mien_desktop.jobs.serve_process import _said
from mien_desktop.workspace import Workspace
from tests.desktop.driving import named, settle, shown
from tests.plugins.conftest import colour_of, installed, project, saved, site  # noqa: F401

IDS = [one.id for one in PRESETS]


def test_the_form_offers_what_a_codec_has(app: QApplication) -> None:
    form = QualityForm()
    kind, preset = (_field(form, name, QComboBox) for name in ("Encoding", "Encoder preset"))
    value = _field(form, "Value of the quality", QLineEdit)
    assert form.show_codec("h264", lossless=False)
    assert form.quality() == Quality("visually-lossless")
    kind.setCurrentIndex(kind.findData("crf"))
    assert form.quality() == Quality(crf=18)
    value.setText("23.5")
    preset.setCurrentIndex(preset.findData("slow"))
    assert form.quality() == Quality(crf=23.5, preset="slow")
    assert form.show_codec("hevc", lossless=False)  # has both too: what is chosen stays
    assert form.quality() == Quality(crf=23.5, preset="slow")
    kind.setCurrentIndex(kind.findData("bitrate"))
    assert form.quality() == Quality(bitrate=20_000_000, preset="slow")
    for text in ("", "fast", "9"):
        value.setText(text)
        with pytest.raises(UsageError):
            form.quality()
    assert form.show_codec("prores", lossless=False)
    assert form.quality() == Quality("visually-lossless")
    for codec, lossless in ((None, False), ("ffv1", True)):
        assert not form.show_codec(codec, lossless=lossless)
        assert form.quality() == Quality()
    form.close()
    form.deleteLater()
    settle()


def test_the_dialog_says_it_and_refuses_what_cannot_be_meant(
    app: QApplication,
    saved: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    session = Session()
    session.open(saved)
    workspace = Workspace(session)
    queue = JobQueue(workspace)
    dialog = ExportDialog(workspace, queue)
    with shown(dialog):
        kind = _field(dialog, "Encoding", QComboBox)
        value = _field(dialog, "Value of the quality", QLineEdit)
        button = named(dialog, "Export", QPushButton)
        choice = named(dialog, "Preset", QComboBox)
        choice.setCurrentIndex(IDS.index("review"))
        named(dialog, "Output", QLineEdit).setText(str(tmp_path / "a.mp4"))
        assert not value.isVisible()
        kind.setCurrentIndex(kind.findData("small"))
        assert "small, crf 26" in _words(dialog)
        kind.setCurrentIndex(kind.findData("crf"))
        assert value.isVisible()
        value.setText("30")
        assert dialog.request().quality == Quality(crf=30)
        assert "crf 30, preset medium" in _words(dialog)
        assert button.isEnabled()
        if folder := os.environ.get("MIEN_SCREENSHOTS"):
            dialog.grab().save(f"{folder}/export_quality.png")
        for text, cause in (("x", "crf x cannot be meant"), ("60", "none of h264's")):
            value.setText(text)
            assert not button.isEnabled()
            assert cause in named(dialog, "What is wrong", QLabel).text()
        choice.setCurrentIndex(IDS.index("lossless"))
        assert not kind.isVisible()
        assert dialog.request().quality == Quality()
    queue.close()
    workspace.close()
    queue.deleteLater()
    workspace.deleteLater()
    settle()


def test_serve_is_told_in_its_own_fields() -> None:
    assert _said(Quality("small", preset="slow")) == {"quality": "small", "preset": "slow"}
    assert _said(Quality(bitrate=10**6)) == {"bitrate": 10**6}
    assert _said(Quality()) == {}


_Field = TypeVar("_Field", bound=QWidget)


def _field(parent: QWidget, name: str, kind: type[_Field]) -> _Field:
    """A field by its name, seen or not."""
    (found,) = (one for one in parent.findChildren(kind) if one.accessibleName() == name)
    return found


def _words(dialog: ExportDialog) -> str:
    return " ".join(label.text() for label in dialog.findChildren(QLabel))
