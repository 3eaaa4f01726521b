"""A form for the settings of any renderer, made from their fields."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from mien.errors import UsageError
from mien.model.renderer_settings import RendererSettings, SettingValue

__all__ = ["RendererForm", "SettingsForm", "decimal_field", "whole_field"]

LARGEST = 2**31 - 1
"""The largest number that a field for whole numbers takes."""
_LARGEST_DECIMAL = 1e9


class RendererForm(QWidget):
    """A form that holds settings of one renderer."""

    changed = Signal()

    @property
    def settings(self) -> RendererSettings:
        """The settings as they stand in the fields."""
        raise NotImplementedError


class SettingsForm(RendererForm):
    """Fields for every setting of a renderer, named and explained as its type says.

    Args:
        start: The settings that the fields show first.
        parent: Qt's owner.
    """

    def __init__(self, start: RendererSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = start
        self._readers: dict[str, Callable[[], SettingValue]] = {}
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        for setting in dataclasses.fields(start):
            text = setting.name.replace("_", " ").capitalize()
            field = self._field(setting, getattr(start, setting.name))
            field.setAccessibleName(text)
            field.setToolTip(setting.metadata.get("help", ""))
            form.addRow(text, field)

    @property
    def settings(self) -> RendererSettings:
        """The settings as they stand in the fields; the last valid ones."""
        return self._settings

    def _field(self, setting: dataclasses.Field[Any], value: Any) -> QWidget:
        kind: type[Any] = type(setting.default)
        if "choices" in setting.metadata:
            box = QComboBox()
            box.addItems(list(setting.metadata["choices"]))
            box.setCurrentText(value)
            box.activated.connect(self._edited)
            self._readers[setting.name] = box.currentText
            return box
        if kind is bool:
            tick = QCheckBox()
            tick.setChecked(value)
            tick.toggled.connect(self._edited)
            self._readers[setting.name] = tick.isChecked
            return tick
        if kind is str:
            line = QLineEdit(value)
            line.textChanged.connect(self._edited)
            self._readers[setting.name] = line.text
            return line
        spin = whole_field(setting) if kind is int else decimal_field(setting)
        spin.setValue(value)
        spin.valueChanged.connect(self._edited)
        self._readers[setting.name] = spin.value
        return spin

    def _edited(self) -> None:
        values = {name: read() for name, read in self._readers.items()}
        try:
            self._settings = type(self._settings).from_mapping(values)
        except UsageError:  # two that do not go together, while one of them is changed
            return
        self.changed.emit()


def whole_field(setting: dataclasses.Field[Any]) -> QSpinBox:
    """Return a field for a setting that is a whole number, within its limits."""
    field = QSpinBox()
    low, high = setting.metadata.get("low", -LARGEST), setting.metadata.get("high", LARGEST)
    field.setRange(max(int(low), -LARGEST), min(int(high), LARGEST))
    return field


def decimal_field(setting: dataclasses.Field[Any]) -> QDoubleSpinBox:
    """Return a field for a setting that is a number, within its limits."""
    field = QDoubleSpinBox()
    high = setting.metadata.get("high", _LARGEST_DECIMAL)
    field.setDecimals(6 if 0 < high < 1 else 2)
    field.setRange(setting.metadata.get("low", -_LARGEST_DECIMAL), high)
    field.setSingleStep(high / 20 if 0 < high < 1 else 0.05 if high <= 2 else 0.5)
    return field
