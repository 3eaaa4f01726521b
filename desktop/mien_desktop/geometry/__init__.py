"""Geometry of timeline and curve editor: where things lie, and what lies under the pointer; no Qt.

Frames are integers, pixels are logical pixels of the widget, and everything here is a value.
"""
