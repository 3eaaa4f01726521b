"""Performances of others, what is neutral, and everyday jobs on a face."""
