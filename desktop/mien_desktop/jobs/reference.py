"""The settings of the reference renderer that an export asks about."""

from __future__ import annotations

import dataclasses

from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QFormLayout, QSpinBox, QWidget

from mien.model.settings import ReferenceSettings, of_tier
from mien_desktop.jobs.settings_form import LARGEST, RendererForm, decimal_field, whole_field

__all__ = ["ReferenceForm"]

_TIERS = (("final", "Final"), ("preview", "Quick look"))


class ReferenceForm(RendererForm):
    """Fields for quality, steps, guidance, strength and seed; the other settings stay the shot's.

    Args:
        shot: Settings of the shot; None for those of a final render.
        parent: Qt's owner.
    """

    def __init__(self, shot: ReferenceSettings | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shot = shot
        start = shot or ReferenceSettings.final()
        self._tier = QComboBox()
        for name, text in _TIERS:
            self._tier.addItem(text, name)
        self._tier.setAccessibleName("Quality")
        self._tier.setToolTip("Steps, guidance, scheduler and smoothing of a final render, or of a"
                              " quick look")  # fmt: skip
        self._tier.activated.connect(self._take_tier)
        self._steps = self._whole("steps", "Steps")
        self._guidance = self._decimal("guidance", "Guidance")
        self._strength = self._decimal("strength", "Strength")
        self._seed = self._whole("seed", "Seed")
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("Quality", self._tier)
        form.addRow("Steps", self._steps)
        form.addRow("Guidance", self._guidance)
        form.addRow("Strength", self._strength)
        form.addRow("Seed", self._seed)
        self._settings = start
        self._show(start)
        for field in (self._steps, self._guidance, self._strength, self._seed):
            field.valueChanged.connect(self._edited)

    @property
    def settings(self) -> ReferenceSettings:
        """The settings as they stand in the fields."""
        return self._settings

    def _take_tier(self) -> None:
        self._show(of_tier(self._tier.currentData(), self._shot))
        self._edited()

    def _show(self, settings: ReferenceSettings) -> None:
        self._settings = settings
        for field, value in (
            (self._steps, settings.steps),
            (self._guidance, settings.guidance),
            (self._strength, settings.strength),
            (self._seed, min(settings.seed, LARGEST)),
        ):
            field.blockSignals(True)
            field.setValue(value)  # type: ignore[arg-type]
            field.blockSignals(False)

    def _edited(self) -> None:
        self._settings = dataclasses.replace(
            self._settings,
            steps=self._steps.value(),
            guidance=self._guidance.value(),
            strength=self._strength.value(),
            seed=self._seed.value(),
        )
        self.changed.emit()

    def _whole(self, name: str, text: str) -> QSpinBox:
        setting = ReferenceSettings.find(name)
        field = whole_field(setting)
        field.setAccessibleName(text)
        field.setToolTip(setting.metadata["help"])
        return field

    def _decimal(self, name: str, text: str) -> QDoubleSpinBox:
        setting = ReferenceSettings.find(name)
        field = decimal_field(setting)
        field.setAccessibleName(text)
        field.setToolTip(setting.metadata["help"])
        return field
