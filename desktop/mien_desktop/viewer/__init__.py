"""The viewer: the picture at the playhead, and what is drawn over it and pulled at in it."""
