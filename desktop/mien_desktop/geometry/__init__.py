"""Geometry of timeline, curve editor and viewer, with hit testing and snapping; no Qt.

Frames are integers, pixels are logical pixels of the widget, and everything here is a value.
"""
