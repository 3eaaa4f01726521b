"""Glasses: whether a face wears them, where their rims are, and that they are kept still."""
