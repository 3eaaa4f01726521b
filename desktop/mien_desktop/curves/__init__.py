"""The curve editor: performance, edit and result of the chosen controls, with keys and handles."""
