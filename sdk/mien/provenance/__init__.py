"""Provenance: what was done to a render, signed and kept in it as C2PA Content Credentials.

    certificates.py   the self-made certificate of this machine, and what certificates sign with
    identity.py       whose certificate signs: the user's, by key or by command, or the self-made
    claims.py         what a manifest says of a render
    places.py         where manifests are: in a file, or in a sidecar beside it
    manifest.py       manifests made and signed; large files in a process of their own (apart.py)
    seal.py           the last step of a render, before its output gets its name
    reading.py        manifests of any file read and checked

c2pa and cryptography are imported when a render ends or a file is shown, never before.
"""
