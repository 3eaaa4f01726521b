"""Hostile input: everything that mien reads, with harm done to it by chance.

    python -m tests.fuzz [TARGET ...] --minutes 20 --seed 7
    python -m tests.fuzz --replay fuzz-found/projects/1f00ab22-a.mien
    python -m tests.fuzz media --minutes 20 --clips ../shared/clips

README.md holds what was tried so far, and what it found.
"""
