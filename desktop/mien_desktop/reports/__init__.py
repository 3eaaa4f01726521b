"""Reports on exports: what they say in a few lines, and which frames they find trouble in."""
