"""mien's desktop timeline editor: a thin view over the SDK's session.

    document  ─┐                        ┌─> viewer, timeline, curves, controls ...
               ├─> resolve() ─> Resolved ┤      (each shows it; none decides anything)
    view state ┘                        └─<  signals and gestures go to the workspace

The document is the SDK's and can be undone; the view state (where the playhead is, what is
selected, how far the timeline is zoomed) is the window's and cannot. `resolve` brings both
together, once for each change, into a frozen snapshot that the panels compare with the last one.
"""
