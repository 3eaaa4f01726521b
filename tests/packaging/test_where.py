"""docs/where.md leads to files that are there; docs/glossary.md is in order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])
def test_an_answer_is_a_path_through_three_files_at_most(row: list[str]) -> None:
    _, files, test = row
    paths = PATH.findall(files)
    assert 1 <= len(paths) <= 3
    assert len(PATH.findall(test)) == 1
    for path in (*paths, *PATH.findall(test)):
        assert (ROOT / path).is_file(), path


def test_the_glossary_is_alphabetical_and_defines_each_term_once() -> None:
    terms = [term.lower() for term in TERM.findall((ROOT / "docs" / "glossary.md").read_text())]
    assert len(terms) > 50
    assert terms == sorted(set(terms))


@pytest.mark.parametrize(
    "term",
    ["plate", "patch", "matte", "mask", "tracklet", "shot", "project", "document", "layer",
     "control", "exemplar", "handle", "conform list", "proxy", "journal", "gesture", "sidecar"],
)  # fmt: skip
def test_a_term_of_art_is_defined(term: str) -> None:
    assert f"**{term}** — " in (ROOT / "docs" / "glossary.md").read_text()


@pytest.mark.parametrize("page", ["sdk", "glossary", "where"])
def test_a_page_is_linked_from_the_front_doors(page: str) -> None:
    for door in ("README.md", "CONTRIBUTING.md"):
        assert f"docs/{page}.md" in (ROOT / door).read_text()
