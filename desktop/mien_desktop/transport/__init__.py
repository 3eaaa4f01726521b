"""The transport: time runs, forward and backward, with sound, and is shown and typed."""
