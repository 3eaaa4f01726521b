"""Editing and selecting keyframes, alike in the timeline and in the curve editor."""
