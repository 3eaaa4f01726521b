"""The document that is being edited: commands that change it, undo, recovery after a crash."""
