"""Voices that drive mouths, for the panels: their sounds, and the work that makes them."""
