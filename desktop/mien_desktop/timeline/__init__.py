"""The timeline: faces, layers and edited controls over time.

    workspace.changed ─> TimelineScene (what is shown, and where) ─> painting
    mouse, keys       ─> drags, keys, layers, menus       ─> commands of the session

What is asked of the document is decided there; here it is only shown and asked for.
"""
