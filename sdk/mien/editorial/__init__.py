"""Cuts: read from what editors write, and written back with the renders in them."""
