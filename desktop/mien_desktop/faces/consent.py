"""The form of a consent: on whose word the face of a person is edited."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

import mien
from mien.errors import MienError
from mien.model.consent import CONTROL_GROUPS, Consent, as_date, today
from mien.model.face import Face
from mien.session.commands import clear_consent, set_consent
from mien_desktop.settings import settings
from mien_desktop.workspace import Workspace

__all__ = ["ConsentDialog", "ask_consent"]

_FOLDER = "consent/folder"


def ask_consent(workspace: Workspace, number: int | None = None) -> ConsentDialog | None:
    """Open the form for a face of the current shot; what is kept of it is one step of undo.

    Args:
        workspace: The window's workspace.
        number: Number of the face; None for the current one.

    Returns:
        The form, which is open; None when there is no such face.
    """
    now = workspace.now
    shot = now.state.shot
    faces = now.shot.faces if now.shot is not None else ()
    wanted = now.state.face if number is None else number
    face = next((one for one in faces if one.number == wanted), None)
    if face is None or shot is None:
        workspace.said.emit("The shot has no faces: track it first.")
        return None
    dialog = ConsentDialog(face, QApplication.activeWindow())
    name = face.name

    def keep() -> None:
        consent = dialog.consent
        if consent is None:
            workspace.apply(
                f"Take back the consent of {name}",
                lambda document: clear_consent(document, shot, face.number),
            )
        else:
            workspace.apply(
                f"Consent of {name}",
                lambda document: set_consent(document, shot, face.number, consent),
            )

    dialog.accepted.connect(keep)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog


class ConsentDialog(QDialog):
    """Asks what permits that a face is edited.

    Args:
        face: The face, with what was said of it before.
        parent: Qt's owner.
    """

    def __init__(self, face: Face, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Consent of {face.name}")
        old = face.consent
        self.consent: Consent | None = old
        """What was typed, when the form is accepted; None where it is taken back."""
        first = today() if old is None else old.date
        last = "" if old is None or old.expires is None else str(old.expires)
        self.performer = _line("Performer", "" if old is None else old.performer, "Who it is")
        self.ground = _line(
            "Ground", "" if old is None else old.ground, "As clause 7 of a contract"
        )
        self.date = _line("From", str(first), "As 2026-11-30")
        self.expires = _line("Until", last, "No end")
        self.document = _line(
            "Document", "" if old is None else old.document, "SHA-256; the file itself is not kept"
        )
        self.controls = _line(
            "Controls", "" if old is None else ", ".join(old.controls),
            f"All; or some of {', '.join(CONTROL_GROUPS[:5])}, …",
        )  # fmt: skip
        self.uses = _line("Uses", "" if old is None else ", ".join(old.uses), "Anything")
        self._problem = QLabel()
        self._problem.setWordWrap(True)
        self._problem.setAccessibleName("Problem")
        self._problem.hide()
        box = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(box.Save | box.Cancel)
        self.save = buttons.button(box.Save)
        self.clear = buttons.addButton("Take back", QDialogButtonBox.ButtonRole.DestructiveRole)
        self.clear.setEnabled(old is not None)
        self.clear.clicked.connect(self._take_back)
        buttons.accepted.connect(self._accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addLayout(self._form())
        column.addWidget(self._problem)
        column.addWidget(buttons)
        for line in (self.performer, self.ground):
            line.textChanged.connect(self._look)
        self._look()

    def _form(self) -> QFormLayout:
        form = QFormLayout()
        choose = QPushButton("Choose…")
        choose.clicked.connect(self._ask_document)
        document = QHBoxLayout()
        document.addWidget(self.document)
        document.addWidget(choose)
        rows = ((self.performer, self.performer), (self.ground, self.ground),
                (self.date, self.date), (self.expires, self.expires), (self.document, document),
                (self.controls, self.controls), (self.uses, self.uses))  # fmt: skip
        for line, row in rows:
            form.addRow(line.accessibleName(), row)
        return form

    def hash_document(self, path: Path) -> None:
        """Take the hash of a document; a problem is said in the form."""
        settings().setValue(_FOLDER, str(path.parent))
        try:
            self.document.setText(mien.hash_document(path))
        except MienError as error:
            self._say(error)

    def _ask_document(self) -> None:
        folder = str(settings().value(_FOLDER) or Path.home())
        dialog = QFileDialog(self, "Choose the document", folder)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self.hash_document(Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _accept(self) -> None:
        try:
            last = self.expires.text().strip()
            self.consent = Consent(
                self.performer.text(),
                self.ground.text(),
                as_date(self.date.text()),
                as_date(last) if last else None,
                self.document.text().strip().lower(),
                _listed(self.controls.text()),
                _listed(self.uses.text()),
            )
        except MienError as error:
            self._say(error)
        else:
            self.accept()

    def _take_back(self) -> None:
        self.consent = None
        self.accept()

    def _say(self, error: MienError) -> None:
        self._problem.setText(str(error))
        self._problem.show()

    def _look(self) -> None:
        """Grey out saving while what it takes at least is missing."""
        typed = (self.performer.text().strip(), self.ground.text().strip())
        self.save.setEnabled(all(typed))


def _line(name: str, text: str, placeholder: str) -> QLineEdit:
    line = QLineEdit(text)
    line.setAccessibleName(name)
    line.setPlaceholderText(placeholder)
    line.setMinimumWidth(320)
    return line


def _listed(text: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in text.split(",") if one.strip())
