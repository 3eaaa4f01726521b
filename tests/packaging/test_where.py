"""docs/where.md leads to files that are there; docs/glossary.md is in order."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "where.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith(("| ---", "| to change"))
]
PATH = re.compile(r"`([\w./-]+/[\w./-]+|README\.md)`")
TERM = re.compile(r"^\*\*(.+?)\*\* — ", re.MULTILINE)


def test_there_are_answers_enough() -> None:
    assert len(ROWS) >= 20
    assert all(len(row) == 3 for row in ROWS)


def test_an_answer_is_a_path_through_three_files_at_most() -> None:
    for question, files, test in ROWS:
        paths = PATH.findall(files)
        assert 1 <= len(paths) <= 3, question
        assert len(PATH.findall(test)) == 1, question
        for path in (*paths, *PATH.findall(test)):
            assert (ROOT / path).is_file(), f"{question}: {path}"


def test_the_glossary_is_alphabetical_and_defines_each_term_once() -> None:
    terms = [term.lower() for term in TERM.findall((ROOT / "docs" / "glossary.md").read_text())]
    assert len(terms) > 50
    assert terms == sorted(set(terms))


def test_terms_of_art_are_defined() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text()
    for term in (
        "plate", "patch", "matte", "mask", "tracklet", "shot", "project", "document", "layer",
        "control", "exemplar", "handle", "conform list", "proxy", "journal", "gesture", "sidecar",
    ):  # fmt: skip
        assert f"**{term}** — " in glossary, term


def test_pages_are_linked_from_the_front_doors() -> None:
    for page in ("sdk", "glossary", "where"):
        for door in ("README.md", "CONTRIBUTING.md"):
            assert f"docs/{page}.md" in (ROOT / door).read_text(), f"{page} in {door}"
