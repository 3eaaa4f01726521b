"""Controls as sliders, and named expressions as a palette."""
