"""Makes the embedded rig from footage: collect, align, learn, author, calibrate, write."""
