"""What is in front of a face: found, taken from the user, and kept as it is."""
