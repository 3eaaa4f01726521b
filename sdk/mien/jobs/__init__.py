"""Batches: many shots, planned, rendered and kept account of."""
