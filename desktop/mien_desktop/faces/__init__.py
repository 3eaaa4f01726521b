"""Repairs of who is who: faces merged, split, renamed, removed, tracked again."""
