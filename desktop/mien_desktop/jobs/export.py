"""The export dialog: what is written, of which frames, by whom and where to."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QRadioButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from mien.errors import MienError, UsageError
from mien.model.document import Project
from mien.model.settings import ReferenceSettings
from mien.model.soundtrack import Soundtrack
from mien.rendering.registry import list_entries
from mien_desktop import theme
from mien_desktop.jobs.presets import (
    PRESETS,
    ExportRequest,
    Preset,
    default_output,
    exists,
    summary,
    trouble,
)
from mien_desktop.jobs.quality_form import QualityForm
from mien_desktop.jobs.queue import JobQueue
from mien_desktop.jobs.reference import ReferenceForm
from mien_desktop.jobs.settings_form import RendererForm, SettingsForm
from mien_desktop.jobs.watermark_form import WatermarkForm
from mien_desktop.settings import settings
from mien_desktop.voices.chosen import VoiceSound, voice_sounds
from mien_desktop.workspace import Workspace

__all__ = ["ExportDialog"]

_WIDTH = 520
_RENDERERS = (
    ("auto", "Automatic", "The reference renderer where it is installed with a GPU, else the"
     " embedded one"),
    ("warp", "Warp", "The embedded renderer: fast, on the CPU, what the viewer shows"),
    ("reference", "Reference", "Regenerates the face; needs its models, and a GPU to be quick"),
)  # fmt: skip


class ExportDialog(QDialog):
    """Asks how to export the current shot, and puts the export in the queue.

    Args:
        workspace: The window's workspace; it has a current shot.
        queue: Takes the export.
        parent: The window that it belongs to.
    """

    def __init__(
        self, workspace: Workspace, queue: JobQueue, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        project = workspace.project
        assert project is not None
        self._project: Project = project
        self._span = project.span
        self._queue = queue
        self._typed = False
        self._folder = _remembered_folder(project, workspace.session.path)
        self.setWindowTitle(f"Export {project.title}")
        self.setAccessibleName("Export")
        self.setMinimumWidth(_WIDTH)
        self._make_what()
        self._make_sound(workspace.state.layer)
        self._make_where()
        self._make_words()
        self._forms = _make_forms(project)
        self._lay_out()
        self._recall()
        for signal in (
            self._quality.changed,
            self._watermark.changed,
            self._preset.currentIndexChanged,
            self._renderer.currentIndexChanged,
            self._part.toggled,
            self._signed.toggled,
            self._voiced.toggled,
            self._keeps.toggled,
            self._voice.currentIndexChanged,
            *(form.changed for form in self._forms.values()),
        ):
            signal.connect(self._refresh)
        self._preset.currentIndexChanged.connect(self._suggest)
        self._output.textEdited.connect(self._note_typed)
        self._output.textChanged.connect(self._refresh)
        self._suggest()
        self._refresh()

    def request(self) -> ExportRequest:
        """Return the export that the fields describe.

        Raises:
            UsageError: When a figure of the quality cannot be meant.
        """
        name = self._renderer.currentData()
        form = self._forms.get(name)
        return ExportRequest(
            preset=self._chosen(),
            output=Path(self._output.text().strip()),
            frames=self._span if self._part.isChecked() else None,
            renderer=name,
            settings=None if form is None else form.settings,
            until_damage=self._until_damage.isChecked(),
            quality=self._quality.quality(),
            audio=self._soundtrack(),
            provenance=self._signed.isChecked(),
            watermark=None if self._chosen().matte else self._watermark.text(),
            open_loop=not self._corrects.isChecked(),
        )

    def accept(self) -> None:
        """Put the export in the queue; what would be replaced is asked about first."""
        problem, request = self._problem()
        if problem is not None or request is None:
            self._refresh()
        elif exists(request):
            self._ask_replace(request)
        else:
            self._begin(request)

    def _make_what(self) -> None:
        self._preset = QComboBox()
        self._preset.setAccessibleName("Preset")
        for preset in PRESETS:
            self._preset.addItem(preset.text, preset.id)
            self._preset.setItemData(
                self._preset.count() - 1, preset.tip, Qt.ItemDataRole.ToolTipRole
            )
        self._tip = _dim_label()
        self._quality = QualityForm()
        self._watermark = WatermarkForm()
        clock, span = self._project.shot.clock, self._span
        self._whole = QRadioButton(f"Whole shot, {clock.frame_count} frames")
        text = "Between in and out" if span is None else f"In to out, {len(span)} frames"
        self._part = QRadioButton(text)
        self._part.setEnabled(span is not None)
        self._part.setToolTip(
            "Set the in and out points first (I and O)" if span is None else
            f"{clock.timecode(span.start)} to {clock.timecode(span.stop - 1)}"
        )  # fmt: skip
        ranges = QButtonGroup(self)
        ranges.addButton(self._whole)
        ranges.addButton(self._part)
        (self._whole if span is None else self._part).setChecked(True)
        self._until_damage = QCheckBox("End before damage")
        self._until_damage.setToolTip(
            "Where frames of the clip cannot be decoded, export what comes before them"
        )
        self._signed = QCheckBox("Signed credentials of what was done (C2PA)")
        self._signed.setChecked(self._project.provenance)
        self._signed.setToolTip(
            "In MP4 and MOV inside, else in a file beside it; mattes have none."
            " mien provenance show reads them"
        )
        self._corrects = QCheckBox("Correct amounts by what is seen")
        self._corrects.setToolTip(
            "Look at a few frames first, and move controls further where less of them is seen than"
            " was asked. Off: amounts as they were asked for"
        )
        self._renderer = QComboBox()
        self._renderer.setAccessibleName("Renderer")
        for index, (name, text, tip) in enumerate(_renderers()):
            self._renderer.addItem(text, name)
            self._renderer.setItemData(index, tip, Qt.ItemDataRole.ToolTipRole)

    def _make_sound(self, layer: str) -> None:
        """The sound of a voice in place of the shot's, where there is one."""
        self._voices = voice_sounds(self._project, layer)
        self._voiced = QCheckBox("In place of the shot's sound")
        self._voiced.setChecked(True)
        self._voice = QComboBox()
        self._voice.setAccessibleName("Sound of the voice")
        for one in self._voices:
            self._voice.addItem(f"{one.path.name}, from {one.start:.2f} s", one)
        self._keeps = QCheckBox("Keep the shot's own as a second track")
        self._keeps.setEnabled(bool(self._project.shot.media.audio_streams))

    def _soundtrack(self) -> Soundtrack | None:
        """The sound in place of the shot's; None for that."""
        if not self._voices or not self._voiced.isChecked() or not self._chosen().has_sound:
            return None
        voice: VoiceSound = self._voice.currentData()
        return Soundtrack(voice.path, voice.start, self._keeps.isChecked())

    def _make_where(self) -> None:
        self._output = QLineEdit()
        self._output.setAccessibleName("Output")
        self._output.setToolTip("The file, or the pattern of an image sequence (name.%04d.exr)")
        self._browse = QPushButton("Browse…")
        self._browse.setAutoDefault(False)
        self._browse.clicked.connect(self._ask_place)

    def _make_words(self) -> None:
        self._cause = QLabel()
        self._cause.setTextFormat(Qt.TextFormat.PlainText)
        self._cause.setWordWrap(True)
        self._cause.setAccessibleName("What is wrong")
        palette = self._cause.palette()
        palette.setColor(QPalette.ColorRole.WindowText, theme.ACCENT)
        self._cause.setPalette(palette)
        self._words = _dim_label()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self._export = buttons.addButton("Export", QDialogButtonBox.ButtonRole.AcceptRole)
        self._export.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self._buttons = buttons

    def _lay_out(self) -> None:
        ranges = QVBoxLayout()
        ranges.setSpacing(4)
        ranges.addWidget(self._whole)
        ranges.addWidget(self._part)
        ranges.addWidget(self._until_damage)
        ranges.addWidget(self._signed)
        ranges.addWidget(self._corrects)
        place = QHBoxLayout()
        place.addWidget(self._output, 1)
        place.addWidget(self._browse)
        form = QFormLayout()
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(8)
        form.addRow("Preset", self._preset)
        form.addRow("", self._tip)
        form.addRow("Encoding", self._quality)
        form.addRow("Watermark", self._watermark)
        self._form = form
        form.addRow("Range", ranges)
        sound = QWidget()
        sounds = QVBoxLayout(sound)
        sounds.setContentsMargins(0, 0, 0, 0)
        sounds.setSpacing(4)
        for widget in (self._voice, self._voiced, self._keeps):
            sounds.addWidget(widget)
        form.addRow("Voice", sound)
        self._sound = sound
        form.addRow("Renderer", self._renderer)
        for settings_form in self._forms.values():
            form.addRow("", settings_form)
        form.addRow("Output", place)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 12)
        column.setSpacing(10)
        column.addLayout(form)
        column.addStretch(1)
        column.addWidget(self._cause)
        column.addWidget(self._words)
        column.addWidget(self._buttons)

    def _chosen(self) -> Preset:
        return PRESETS[self._preset.currentIndex()]

    def _note_typed(self) -> None:
        self._typed = True

    def _suggest(self) -> None:
        """Propose a place; a name that was typed keeps its stem and gets the preset's ending."""
        preset = self._chosen()
        if self._typed:
            place = Path(self._output.text().strip())
            stem = place.name.partition(".")[0]
            self._output.setText(str(place.parent / f"{stem}{preset.suffix}"))
        else:
            self._output.setText(str(default_output(self._project, preset, self._folder)))

    def _refresh(self) -> None:
        """Show what fits the choices, and what is wrong with them."""
        preset = self._chosen()
        self._tip.setText(preset.tip)
        for name, form in self._forms.items():
            form.setVisible(name == self._renderer.currentData())
        with QSignalBlocker(self._quality):
            any_quality = self._quality.show_codec(preset.codec, lossless=preset.lossless)
        self._form.setRowVisible(self._quality, any_quality)
        self._form.setRowVisible(self._watermark, not preset.matte)
        self._form.setRowVisible(self._sound, bool(self._voices) and preset.has_sound)
        own = bool(self._project.shot.media.audio_streams)
        self._keeps.setEnabled(own and self._voiced.isChecked())
        problem, request = self._problem()
        self._export.setEnabled(problem is None)
        self._cause.setVisible(problem is not None)
        if problem is not None or request is None:
            self._cause.setText("" if problem is None else problem.cause)
            self._words.setText("" if problem is None else problem.remedy)
        else:
            self._words.setText(summary(self._project, request))
        self._words.setToolTip(self._words.text())

    def _problem(self) -> tuple[MienError | None, ExportRequest | None]:
        """Why the export cannot be started, and the export, where the fields describe one."""
        try:
            request = self.request()
        except UsageError as error:
            return error, None
        return trouble(self._project, request), request

    def _ask_place(self) -> None:
        preset = self._chosen()
        ending = preset.suffix.rpartition(".")[2]
        dialog = QFileDialog(self, "Export to", self._output.text())
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)  # it is asked about later
        dialog.setNameFilter(f"{preset.text} (*.{ending})")
        dialog.selectFile(self._output.text())
        dialog.fileSelected.connect(self._take_place)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _take_place(self, name: str) -> None:
        place, preset = Path(name), self._chosen()
        if not place.name.lower().endswith(preset.suffix.lower()):
            place = place.with_name(place.name.partition(".")[0] + preset.suffix)
        self._typed = True
        self._output.setText(str(place))

    def _ask_replace(self, request: ExportRequest) -> None:
        kind = "The images" if request.preset.is_sequence else request.output.name
        verb = "are" if request.preset.is_sequence else "is"
        box = QMessageBox(
            QMessageBox.Icon.NoIcon,
            "Export",
            f"{kind} {verb} there already.",
            QMessageBox.StandardButton.Cancel,
            self,
        )
        box.setInformativeText(f"In {request.output.parent}. What is there is kept until the export"
                               " is whole.")  # fmt: skip
        replace = box.addButton("Replace", QMessageBox.ButtonRole.AcceptRole)
        replace.clicked.connect(lambda: self._begin(dataclasses.replace(request, overwrite=True)))
        box.setDefaultButton(QMessageBox.StandardButton.Cancel)
        box.finished.connect(box.deleteLater)
        box.open()

    def _begin(self, request: ExportRequest) -> None:
        kept = settings()
        kept.setValue("export/preset", request.preset.id)
        kept.setValue("export/renderer", request.renderer)
        kept.setValue("export/correct", not request.open_loop)
        if not request.preset.matte:
            self._watermark.remember()
        folder = request.output.parent
        kept.setValue("export/folder", str(folder.parent if request.preset.is_sequence else folder))
        self._queue.export(self._project, request)
        super().accept()

    def _recall(self) -> None:
        for box, key in ((self._preset, "export/preset"), (self._renderer, "export/renderer")):
            place = box.findData(settings().value(key))
            with QSignalBlocker(box):
                box.setCurrentIndex(max(place, 0))
        self._corrects.setChecked(bool(settings().value("export/correct", True, bool)))


def _renderers() -> tuple[tuple[str, str, str], ...]:
    """Name, text and tip of mien's own renderers and of those that other packages bring."""
    own = {name for name, _, _ in _RENDERERS}
    others = sorted((e.name, e.name, e.summary) for e in list_entries() if e.name not in own)
    return (*_RENDERERS, *others)


def _make_forms(project: Project) -> dict[str, RendererForm]:
    """By a renderer's name, a form for its settings, where it has any."""
    reference = ReferenceSettings.from_stored(project.settings)
    forms: dict[str, RendererForm] = {"reference": ReferenceForm(reference)}
    for entry in list_entries():
        kind = entry.settings_type
        if kind is None or entry.name in forms:
            continue
        try:
            start = kind.from_stored(project.settings) or kind()
        except UsageError:  # kept by another version of the renderer: the defaults are shown
            start = kind()
        forms[entry.name] = SettingsForm(start)
    return forms


def _remembered_folder(project: Project, path: Path | None) -> Path:
    """Return the folder of the last export; when there was none, or it is gone, the project file's.

    A clip's own folder comes last: masters are often where nothing may be written.
    """
    last = settings().value("export/folder")
    folder = Path(last) if isinstance(last, str) and last else None
    if folder is not None and folder.is_dir():
        return folder
    return (path or project.shot.media.path).parent


def _dim_label() -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    palette = label.palette()
    palette.setColor(QPalette.ColorRole.WindowText, theme.DIM)
    label.setPalette(palette)
    return label
